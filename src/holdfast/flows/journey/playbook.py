"""The playbook: every published journey and campaign, decoded once, and which events they begin with.

The segments their conditions name are bound to them as they are saved now: a segment that is changed is seen by the
next tick, also by those under way.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.campaign import Campaign, decode_campaign
from holdfast.decisions.experiment import Experiment
from holdfast.decisions.journey import Journey, decode_journey
from holdfast.decisions.resolving import resolved_journey
from holdfast.decisions.step import step_experiment
from holdfast.decisions.steps.adaptive import Adaptive
from holdfast.decisions.steps.enter_journey import EnterJourney
from holdfast.decisions.steps.experiment import Experiment as ExperimentStep
from holdfast.decisions.steps.segment_change import SegmentChange
from holdfast.flows.audience.library import load_library
from holdfast.flows.audience.list_registry import lists_of
from holdfast.flows.experiment.loading import load_experiments
from holdfast.kernel.errors import Exposed
from holdfast.ports.state import OVER, Decision, DecisionState, View
from holdfast.segments.library import Library, refers

_log = logging.getLogger(__name__)

NO_LIBRARY = Library({})
"""Where nothing is saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One version of a journey, or of a campaign as the journey it means."""

    id: str
    kind: Literal["journey", "campaign"]
    version: int
    state: DecisionState
    journey: Journey
    published_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """Looked up by version for those under way, by event for those who may enter."""

    plays: dict[tuple[str, int], Play] = field(default_factory=dict)
    by_event: dict[str, list[Play]] = field(default_factory=dict)
    by_thing: dict[str, list[Play]] = field(default_factory=dict)
    """By the events about things that let in an audience."""
    scheduled: tuple[Play, ...] = ()
    """What begins by a schedule."""
    live_segments: frozenset[str] = frozenset()
    """The ids of saved segments by whose changes something begins."""
    handed_to: Mapping[str, Play] = field(default_factory=dict)
    """By id: what runs and is entered from other journeys."""
    paused: frozenset[str] = frozenset()
    """Nobody moves in these."""
    channels: tuple[str, ...] = ()
    """On which anything is said, in order of name."""
    stirring: frozenset[str] = frozenset()
    """Names of the events that may move somebody: by which they enter, or for which somebody under way may wait."""
    asks_experiments: bool = False
    """Whether any version has a step that goes by an experiment."""
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    """By id, as they are saved now; none where no step goes by one."""
    adaptive: tuple[str, ...] = ()
    """The experiments of adaptive steps in any version, in order of name."""

    to_budgets: frozenset[str] = frozenset()
    """The ids of what has a budget, and of all from which people are handed on into it."""

    @property
    def budgeted(self) -> list[str]:
        """The ids of what has a budget."""
        return sorted({play.id for play in self.plays.values() if play.journey.budget is not None})

    def is_stopped(self, origin: str, version: int) -> bool:
        """Whether it was stopped for good; what is not there any more was, too."""
        play = self.find(origin, version)
        return play is None or play.state in OVER

    def find(self, origin: str, version: int) -> Play | None:
        """The version a visit is on."""
        return self.plays.get((origin, version))


@lru_cache(maxsize=4096)
def _decoded(kind: str, definition: bytes) -> Journey:
    # A version never changes, so what it decodes to never does either.
    return decode_campaign(definition).journey() if kind == "campaign" else decode_journey(definition)


@lru_cache(maxsize=4096)
def _refers(kind: str, definition: bytes) -> bool:
    return refers(_decoded(kind, definition))


@lru_cache(maxsize=4096)
def _whole(kind: str, definition: bytes, behind: tuple[tuple[str, bytes], ...]) -> Journey:
    # What is saved under the names changes; with the same saved it is the same journey.
    return resolved_journey(_decoded(kind, definition), Library(dict(behind)))


class PlaybookKeeper:
    """The playbook, decoded anew only when something in it has changed: a tick asks for it each time."""

    def __init__(self) -> None:
        self._playbook = Playbook()
        self._made_of: object = None

    async def load(self, view: View) -> Playbook:
        """The playbook as the state has it."""
        # A version's definition never changes, and every change of a segment is counted.
        changed = await view.experiment_changes() if self._playbook.asks_experiments else 0
        made_of = (await view.decision_states(), await view.segment_changes(), sorted(await lists_of(view)), changed)
        if made_of != self._made_of:
            self._playbook, self._made_of = await load_playbook(view), made_of
        return self._playbook


async def load_playbook(view: View) -> Playbook:
    """The playbook as the state has it."""
    decisions = await view.decisions(latest=False)
    library = await load_library(view) if any(map(_names_segments, decisions)) else NO_LIBRARY
    playbook = playbook_of(decisions, library)
    return replace(playbook, experiments=await load_experiments(view)) if playbook.asks_experiments else playbook


def _names_segments(decision: Decision) -> bool:
    with suppress(Exposed):
        return _refers(decision.kind, decision.definition)
    return False


def play_of(decision: Decision) -> Play:
    """The decision, decoded; what it names is not bound to it. Raises Invalid when it is not valid (any more)."""
    return Play(
        id=decision.id,
        kind=decision.kind,
        version=decision.version,
        state=decision.state,
        journey=_decoded(decision.kind, decision.definition),
        published_ms=decision.published_ms,
    )


def playbook_of(decisions: Sequence[Decision], library: Library = NO_LIBRARY) -> Playbook:
    """The playbook of all versions. People enter the newest version of what is live.

    A definition that an older Holdfast took and this one does not, or that names a segment that is not there any more,
    is set aside with everybody in it: they wait, as in a paused journey, until it is mended.
    """
    plays: dict[tuple[str, int], Play] = {}
    broken: set[str] = set()
    for each in decisions:
        try:
            plays[each.id, each.version] = _whole_play(each, library)
        except Exposed as refusal:
            _log.error("Version %d of %s is not valid any more: %s", each.version, each.id, refusal)
            broken.add(each.id)
    newest: dict[str, Play] = {}
    for play in plays.values():
        if play.id not in newest or newest[play.id].version < play.version:
            newest[play.id] = play
    by_event: dict[str, list[Play]] = {}
    by_thing: dict[str, list[Play]] = {}
    live = [play for play in newest.values() if play.state == "live" and play.id not in broken]
    for play in live:
        for name in play.journey.trigger.event_names():
            by_event.setdefault(name, []).append(play)
        for name in play.journey.trigger.thing_names():
            by_thing.setdefault(name, []).append(play)
    starts = [play.journey.trigger for play in live]
    scheduled = tuple(play for play in live if isinstance(play.journey.trigger, Timed))
    changing = frozenset(each.segment.segment for each in starts if isinstance(each, SegmentChange))
    named = {step.journey for play in plays.values() for step in _handing_over(play.journey)}
    paused = frozenset(play.id for play in newest.values() if play.state == "paused") | broken
    # A version's own state is that of when it was newest; whether it runs is for the newest to say. But what was
    # stopped stays so for those who were in it, also when it is published anew before they would have moved.
    ended = stopped_until(decisions)
    plays = {
        key: _in_state(play, _state_of(play, newest[play.id].state, ended.get(play.id, 0)))
        for key, play in plays.items()
    }
    return Playbook(
        plays=plays,
        by_event=by_event,
        by_thing=by_thing,
        scheduled=scheduled,
        live_segments=changing,
        handed_to={play.id: play for play in live if play.id in named},
        paused=paused,
        channels=tuple(sorted({each for play in plays.values() for each in _channels(play.journey)})),
        stirring=frozenset(by_event).union(*(_wakes(play.journey) for play in plays.values())),
        asks_experiments=any(_asks_experiments(play.journey) for play in plays.values()),
        adaptive=tuple(sorted({each for play in plays.values() for each in adaptive_steps(play)})),
        to_budgets=_leading_to_budgets(plays.values()),
    )


def _leading_to_budgets(plays: Collection[Play]) -> frozenset[str]:
    """The ids of what has a budget, and of what leads there over however many others."""
    found = {play.id for play in plays if play.journey.budget is not None}
    while found:
        more = {play.id for play in plays if any(step.journey in found for step in _handing_over(play.journey))} - found
        if not more:
            break
        found |= more
    return frozenset(found)


def adaptive_steps(play: Play) -> dict[str, Adaptive]:
    """The adaptive steps of a version, by experiment."""
    return {
        step_experiment(play.id, name): node.step
        for name, node in play.journey.steps.items()
        if isinstance(node.step, Adaptive)
    }


def _wakes(journey: Journey) -> frozenset[str]:
    """Names of the events that somebody under way may wait for."""
    goal = {journey.goal.event} if journey.leave_on_goal else ()
    return frozenset(goal).union(*(node.step.wakes() for node in journey.steps.values()))


def _asks_experiments(journey: Journey) -> bool:
    return any(isinstance(node.step, ExperimentStep) for node in journey.steps.values())


def _channels(journey: Journey) -> Iterator[str]:
    sayings = (node.step.says() for node in journey.steps.values())
    return (said.channel for said in sayings if said is not None)


def _handing_over(journey: Journey) -> Iterator[EnterJourney]:
    return (node.step for node in journey.steps.values() if isinstance(node.step, EnterJourney))


def _whole_play(decision: Decision, library: Library) -> Play:
    """The decision with the segments it names bound to it. Raises Invalid when that cannot be."""
    play = play_of(decision)
    if not _refers(decision.kind, decision.definition):
        return play
    return replace(play, journey=_whole(decision.kind, decision.definition, library.behind(play.journey)))


def stopped_until(decisions: Sequence[Decision]) -> dict[str, int]:
    """By id: the newest of the versions that were stopped."""
    until: dict[str, int] = {}
    for each in decisions:
        if each.state in OVER:
            until[each.id] = max(each.version, until.get(each.id, 0))
    return until


def _state_of(play: Play, newest: DecisionState, stopped: int) -> DecisionState:
    return newest if newest in OVER or play.version > stopped else "stopped"


def _in_state(play: Play, state: DecisionState) -> Play:
    return replace(play, state=state)


def definition_of(decision: Decision) -> Campaign | Journey:
    """The definition as its author wrote it."""
    return decode_campaign(decision.definition) if decision.kind == "campaign" else decode_journey(decision.definition)
