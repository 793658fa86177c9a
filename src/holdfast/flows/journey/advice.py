"""Advice on a journey or campaign that can be published as it is, and probably should not be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.campaign import Campaign
from holdfast.decisions.fields import at
from holdfast.decisions.medium import medium_called
from holdfast.decisions.paths import endless
from holdfast.decisions.schedule import coming
from holdfast.decisions.steps.adaptive import Adaptive
from holdfast.decisions.steps.enter_journey import EnterJourney
from holdfast.flows.content.naming import event_behind
from holdfast.flows.content.strictness import seen_by, unheard_in
from holdfast.flows.journey.decision_drafts import DecisionDraft, said_in
from holdfast.messages.content import parse_content
from holdfast.messages.liquid.template import Template
from holdfast.messages.provided import PROVIDED, unprovided_in
from holdfast.messages.saved.blocks import blocks_in
from holdfast.ports.discovery import Discovery
from holdfast.ports.state import OVER, DecisionState

LOOKED_AT = frozenset({"Message Opened", "Message Clicked"})
"""Events that are no reason to prefer a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing that looks wrong; nothing is refused for it."""

    code: str
    path: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a draft is published into."""

    now: datetime
    zone: ZoneInfo
    """The workspace's time zone."""
    costs: Mapping[str, int] = field(default_factory=dict)
    """What a message costs by channel."""
    states: Mapping[str, DecisionState] = field(default_factory=dict)
    """The journeys and campaigns there are by id, as they will be once it is published."""


async def advice_on(
    draft: DecisionDraft, discovery: Discovery | None = None, around: Around | None = None
) -> list[Advice]:
    """What looks wrong with a draft: steps nobody ever leaves, template variables that nothing provides.

    Args:
        discovery: what is known of traits and properties; None leaves those unquestioned.
        around: what it is published into; None leaves unquestioned what depends on that.
    """
    found = [*_no_way_out(draft), *_for_looks(draft), *_unprovided(draft)]
    if around is not None:
        found += [*_never_again(draft, around), *_free(draft, around), *_dead_ends(draft, around)]
    if discovery is not None:
        found += await _unheard_of(draft, discovery)
    return [replace(each, path=draft.path + each.path.removeprefix("$")) for each in found]


def _no_way_out(draft: DecisionDraft) -> Iterator[Advice]:
    journey = draft.named
    if isinstance(journey, Campaign):
        return
    stuck = endless(journey.steps)
    if stuck:
        spared = ", unless they reach the goal in time" if journey.leave_on_goal else ""
        yield Advice(
            code="no_way_out",
            path=at("$.steps", stuck[0]),
            message=f"Whoever comes to {stuck[0]!r} never leaves the journey{spared}.",
            hint="Lead an exit to a step of type 'exit'.",
        )


def _for_looks(draft: DecisionDraft) -> Iterator[Advice]:
    """Paths that are to bring opens or clicks: what is looked at is not what is wanted."""
    for name, node in draft.journey.steps.items():
        goals = node.step.goals if isinstance(node.step, Adaptive) else ()
        for index, goal in enumerate(goals):
            if goal.event in LOOKED_AT:
                yield Advice(
                    code="goal_is_a_look",
                    path=f"{at('$.steps', name)}.goals[{index}]",
                    message=f"{goal.event!r} says that a message was looked at, by people or by their mail program.",
                    hint="Name what it is for, such as an order; a path that is opened more may bring less.",
                )


def _never_again(draft: DecisionDraft, around: Around) -> Iterator[Advice]:
    """A schedule all of whose times are past."""
    start = draft.journey.trigger
    if not isinstance(start, Timed) or coming(start, around.now, around.zone, 1):
        return
    path = "$.trigger" if isinstance(draft.named, Campaign) else at("$.steps", draft.journey.start)
    yield Advice(
        code="never_again",
        path=path,
        message="All its times are past, so it lets nobody in.",
        hint="Name a time that is yet to come.",
    )


def _free(draft: DecisionDraft, around: Around) -> Iterator[Advice]:
    """A budget that nothing is ever taken from."""
    sayings = (node.step.says() for node in draft.journey.steps.values())
    channels = {each.channel for each in sayings if each is not None}
    if draft.journey.budget is None or any(around.costs.get(channel) for channel in channels):
        return
    said = " or ".join(sorted(channels)) or "nothing it sends"
    yield Advice(
        code="budget_without_costs",
        path="$.budget",
        message=f"A message by {said} costs nothing, so the budget is never used up.",
        hint="Say in the setting message_costs what one costs, such as `email 0.08`.",
    )


def _dead_ends(draft: DecisionDraft, around: Around) -> Iterator[Advice]:
    """Steps that lead into what nobody enters."""
    for name, node in draft.journey.steps.items():
        if not isinstance(node.step, EnterJourney):
            continue
        to, path = node.step.journey, at("$.steps", name) + ".journey"
        state = around.states.get(to)
        if to == draft.id:
            hint = "Name another journey, or lead an exit back to an earlier step."
            yield Advice(code="leads_to_itself", path=path, message="Nobody enters a journey from itself.", hint=hint)
        elif state in OVER:
            yield Advice(
                code="leads_to_stopped",
                path=path,
                message=f"{to!r:.120} was {state}, so nobody enters it.",
                hint="Publish it again, or take the step out.",
            )


def _texts(draft: DecisionDraft) -> Iterator[tuple[str, list[tuple[str, Template]]]]:
    """What it says itself, each with where it stands."""
    for where, said in said_in(draft.named):
        if not blocks_in(dict(said.content)):  # Blocks are not at hand here.
            yield where, list(parse_content(medium_called(said.channel, "$.channel"), said.content).templates())


def _unprovided(draft: DecisionDraft) -> Iterator[Advice]:
    """Variables that nothing provides; those without a default are refused when it is published."""
    for where, texts in _texts(draft):
        found = {(each.part, each.asked.name): each for each in unprovided_in(texts, PROVIDED)}
        for each in found.values():
            yield _advice(f"{where}.{each.part}", each.message, each.hint)


async def _unheard_of(draft: DecisionDraft, discovery: Discovery) -> list[Advice]:
    """Traits and properties that nobody was ever seen to have, where that was allowed."""
    event = event_behind(draft)
    seen = await seen_by(discovery, () if event is None else (event,))
    found: dict[tuple[str, tuple[str, ...]], Advice] = {}
    for where, texts in _texts(draft):
        for each in unheard_in(texts, seen, event):
            path = f"{where}.{each.part}"
            near = f"Did you mean {each.near!r:.120}?" if each.near else ""
            hint = near or "It comes out empty; give it a default, or send it."
            found[path, each.asked.name] = _advice(path, each.message, hint)
    return list(found.values())


def _advice(path: str, message: str, hint: str) -> Advice:
    return Advice(code="variable_not_provided", path=path, message=message[0].upper() + message[1:], hint=hint)
