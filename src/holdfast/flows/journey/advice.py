"""Advice on a journey or campaign that can be published as it is, and probably should not be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.campaign import Campaign
from holdfast.decisions.fields import at, one_of
from holdfast.decisions.medium import medium_called
from holdfast.decisions.paths import endless
from holdfast.decisions.schedule import coming
from holdfast.decisions.steps.api import Api
from holdfast.decisions.steps.adaptive import Adaptive
from holdfast.decisions.steps.enter_journey import EnterJourney
from holdfast.decisions.steps.segment_change import SegmentChange
from holdfast.flows.journey.decision_drafts import DecisionDraft, said_in
from holdfast.messages.blocks import blocks_in
from holdfast.messages.content import parse_content
from holdfast.ports.discovery import Discovery, KnownProperty
from holdfast.ports.state import OVER, DecisionState

PROVIDED: dict[str, tuple[str, ...] | None] = {
    "person": None,
    "event": ("name", "timestamp", "properties"),
    "run": ("id", "occasion", "not_after"),
    "links": ("unsubscribe", "preferences", "start"),
    "workspace": ("name", "time_zone"),
    "send": ("key", "origin", "step", "created_at"),
}
"""What a template is given, with what each holds; None where that is the person's to say."""
KNOWN_MOST = 1_000
"""Traits, or properties of one event, that are looked through."""


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


def _asked(draft: DecisionDraft) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The variables of its templates, each with where its text stands."""
    for where, said in said_in(draft.named):
        if blocks_in(dict(said.content)):
            continue  # What its blocks ask for is looked at when they are saved.
        for part, name in parse_content(medium_called(said.channel, "$.channel"), said.content).variables():
            yield f"{where}.{part}", name


def _unprovided(draft: DecisionDraft) -> Iterator[Advice]:
    for path, name in _asked(draft):
        if not name:
            continue
        if name[0] not in PROVIDED:
            yield _advice(path, f"Nothing provides {'.'.join(name)!r:.120}.", one_of(name[0], tuple(PROVIDED)))
            continue
        inner = PROVIDED[name[0]]
        if inner is None or len(name) == 1 or name[1] in inner:
            continue
        hint = one_of(name[1], inner)
        if name[0] == "event":
            hint = f"What came with the event is in event.properties: write event.properties.{'.'.join(name[1:])}."
        yield _advice(path, f"Nothing provides {'.'.join(name)!r:.120}.", hint)


def _relied_on(draft: DecisionDraft) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Those of the variables for which nothing is said where they are not there."""
    for where, said in said_in(draft.named):
        if not blocks_in(dict(said.content)):
            for part, template in parse_content(medium_called(said.channel, "$.channel"), said.content).templates():
                names = (each.name for each in template.asked() if not each.has_default)
                yield from ((f"{where}.{part}", name) for name in dict.fromkeys(names))


async def _unheard_of(draft: DecisionDraft, discovery: Discovery) -> list[Advice]:
    """Traits and properties that nobody was ever seen to have."""
    start = draft.journey.trigger
    event = next(iter(start.event_names() | start.thing_names()), "")
    traits = await discovery.known_properties(None, limit=KNOWN_MOST)
    # What comes with a call, or with the change of a segment, is nothing people did.
    asked = bool(event) and not isinstance(start, (Api, SegmentChange))
    properties = await discovery.known_properties(event, limit=KNOWN_MOST) if asked else ()
    found: list[Advice] = []
    for path, name in _relied_on(draft):
        match name:
            case ("person", trait, *_) if trait != "user_id" and _unknown(trait, traits):
                found.append(_advice(path, f"Nobody has a trait {trait!r:.120}.", _nearest(trait, traits)))
            case ("event", "properties", key, *_) if _unknown(key, properties):
                message = f"No event {event!r:.120} ever had a property {key!r:.120}."
                found.append(_advice(path, message, _nearest(key, properties)))
            case _:
                pass
    return found


def _unknown(name: str, known: Sequence[KnownProperty]) -> bool:
    # Where nothing is known yet, or not everything was looked through, nothing can be said.
    return 0 < len(known) < KNOWN_MOST and name not in {each.name for each in known}


def _nearest(name: str, known: Sequence[KnownProperty]) -> str:
    near = get_close_matches(name, [each.name for each in known], n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r:.120}?" if near else "It comes out empty; give it a default, or send it."


def _advice(path: str, message: str, hint: str) -> Advice:
    return Advice(code="variable_not_provided", path=path, message=message, hint=hint)
