"""Journeys and campaigns made whole: the segments their conditions name bound to them, and checked again with that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from holdfast.decisions.campaign import Campaign
from holdfast.decisions.fields import at, kinds_of, under
from holdfast.decisions.journey import Journey
from holdfast.decisions.nodes import Node, check_exits
from holdfast.decisions.paths import check_paths
from holdfast.decisions.step import Step
from holdfast.decisions.steps.segment_change import SavedSegmentName
from holdfast.kernel.errors import Exposed
from holdfast.segments.condition import Condition
from holdfast.segments.library import resolve_in

StepMade = TypeVar("StepMade", bound=Step)


def resolved_journey(journey: Journey, library: Mapping[str, Condition]) -> Journey:
    """The journey with what its conditions name bound to them; itself, where they name nothing.

    Raises Invalid and TooLarge as `segments.library.resolve` does, and Invalid where what is named cannot be known at
    once and that was not foreseen. Paths are those of the journey's definition.
    """
    steps = {name: _resolved_node(node, library, at("$.steps", name)) for name, node in journey.steps.items()}
    if all(steps[name] is node for name, node in journey.steps.items()):
        return journey
    check_paths(journey.start, steps)
    return replace(journey, steps=steps)


def resolved_campaign(campaign: Campaign, library: Mapping[str, Condition]) -> Campaign:
    """The same of a campaign, with the paths of a campaign's definition."""
    trigger = _resolved_step(campaign.trigger, library, "$.trigger")
    return campaign if trigger is campaign.trigger else replace(campaign, trigger=trigger)


def _resolved_node(node: Node, library: Mapping[str, Condition], path: str) -> Node:
    step = _resolved_step(node.step, library, path)
    if step is node.step:
        return node
    check_exits(step, node.exits, at(path, "exits"))
    return Node(step=step, exits=node.exits)


def _resolved_step(step: StepMade, library: Mapping[str, Condition], path: str) -> StepMade:
    try:
        resolved = resolve_in(step, library, path=path)
    except Exposed as wrong:
        # Where the definition holds a name, the step holds the condition of that name, and its path is one longer.
        names = [name for name, kind in kinds_of(type(step)).items() if isinstance(kind, SavedSegmentName)]
        if wrong.path in {f"{path}.{name}.segment" for name in names}:
            wrong.path = wrong.path.removesuffix(".segment")
        raise
    if resolved is not step:
        with under(path):
            for complaint in resolved.complaints():
                raise complaint
    return resolved
