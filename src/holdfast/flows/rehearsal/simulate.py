"""Simulate: replay the history through a journey, published or a draft, and tell what it would have done.

Only who did what the trigger names, within the period or a little before, can have entered; they are found in the
history. Of very many a sample is replayed, drawn by hash, so that asking again asks the same people. People are taken a
few hundred at a time, and each in a world of their own: what one person does concerns nobody else's decisions.
"""

from __future__ import annotations

import asyncio
import heapq
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

from holdfast.decisions.gate import GateRules
from holdfast.decisions.journey import Journey
from holdfast.decisions.medium import medium_called
from holdfast.decisions.resolving import resolved_journey
from holdfast.events.event import IdentityKey
from holdfast.flows.audience.library import load_library
from holdfast.flows.audience.list_registry import every_list, note_lists
from holdfast.flows.audience.used_by import entered_from
from holdfast.flows.journey.decision_drafts import DecisionDraft, draft_of
from holdfast.flows.journey.playbook import play_of, playbook_of
from holdfast.flows.measure.results import Result, result_of
from holdfast.flows.rehearsal.simulation import Simulation, baseline_of
from holdfast.flows.rehearsal.simulation_count import PEOPLE, Scale, Tally, counted
from holdfast.flows.rehearsal.simulation_effect import effect_of
from holdfast.flows.rehearsal.simulation_others import trigger_of
from holdfast.flows.rehearsal.simulation_past import LATE_MS, PeoplePast, circles_of, pasts_of, table_of
from holdfast.flows.rehearsal.simulation_world import Setting, Stage, replay_people
from holdfast.kernel.chance import place
from holdfast.kernel.errors import Busy, Conflict, Invalid, NotFound, TooLarge
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.measures.periods import moment_of
from holdfast.ports.asking import Asking, UnderWay, asking_now
from holdfast.ports.clock import Clock
from holdfast.ports.history import History
from holdfast.ports.state import Decision, SavedSegment, State
from holdfast.segments.conditions.did import Did

PEOPLE_AT_ONCE = 500
"""People whose past is held in memory at a time."""
PEOPLE_USUAL = 5_000
"""People replayed unless said otherwise."""
PEOPLE_MOST = 1_000_000
"""People that may be asked for by number."""
AT_ONCE_MOST = 2
"""Simulations under way at a time; each keeps a core busy."""
SECONDS_MOST = 1_800.0
"""How long one may take."""
DAYS_MOST = 3_660
COST_MINOR_MOST = 1_000_000.0
_DAYS = re.compile(r"([0-9]{1,9})d")
_OVER_HINT = "Write a number of days, such as 30d, or two days, such as 2026-10-01..2026-11-01."
_SALT = "simulation"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationWish:
    """What somebody wants to see simulated."""

    definition: Mapping[str, object] | str
    """The id of what is published, or a definition; of a campaign, that is one without `steps`."""
    over: str = "30d"
    """The period: `30d` up to now, or `2026-10-01..2026-11-01`, the second day not in it."""
    people: int | None = PEOPLE_USUAL
    """How many people are replayed at most; None for all."""
    costs: Mapping[str, float] | None = None
    """What one message costs by channel, in minor units of the workspace's currency; None for what the setting says."""


class Stages(Protocol):
    """Builds stages for small worlds."""

    def __call__(self, numbers: Mapping[IdentityKey, int], like: Stage | None) -> Stage:
        """A stage whose state begins as that of `like` stands; identities get these numbers once they are met."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class _Running:
    """A simulation under way."""

    asking: Asking
    began: float
    people: int = 0
    done: int = 0


@dataclass(slots=True, kw_only=True)
class Simulator:
    """Simulates journeys over a history; a few at a time."""

    state: State
    history: History
    clock: Clock
    rules: GateRules
    zone: ZoneInfo
    currency: str
    costs: Mapping[str, float]
    """Of one message by channel, in minor units of the currency."""
    stages: Stages
    _running: list[_Running] = field(default_factory=list)

    def under_way(self) -> list[UnderWay]:
        """What is being simulated; the rows are people."""
        return [
            UnderWay(
                id=each.asking.id,
                words=each.asking.words,
                elapsed_seconds=time.monotonic() - each.began,
                rows_read=each.done,
                rows_total=each.people,
                memory_bytes=0,
            )
            for each in list(self._running)
        ]

    def cancel(self, asking_id: str) -> bool:
        """Call off what is simulated under that id; False when nothing is."""
        meant = [each for each in self._running if each.asking.id == asking_id]
        for each in meant:
            each.asking.cancelled = True
        return bool(meant)

    async def simulate(self, wish: SimulationWish) -> Simulation:
        """Replay the history through a journey.

        Raises Invalid, TooLarge and NotFound for what cannot be simulated, Busy when too much is, and Conflict with the
        code `cancelled` when it is called off.
        """
        if len(self._running) >= AT_ONCE_MOST:
            raise Busy(f"{AT_ONCE_MOST} simulations are under way.", hint="Ask again when one of them is done.")
        running = _Running(asking=asking_now() or Asking(id=uuid4().hex), began=time.monotonic())
        self._running.append(running)
        try:
            return await self._simulate(wish, running)
        finally:
            running.asking.cancelled = True  # Should it be cancelled, the thread that replays stops too.
            self._running.remove(running)

    async def _simulate(self, wish: SimulationWish, running: _Running) -> Simulation:
        now_ms = to_millis(self.clock.now())
        since_ms, until_ms = period_of(wish.over, now_ms, self.zone)
        costs = self.costs if wish.costs is None else checked_costs(wish.costs)
        setting, published = await self._setting(wish, since_ms, until_ms, now_ms)
        everybody = await self._who_could_enter(setting)
        chosen = sample_of(everybody, wish.people)
        running.people = len(chosen)
        tally = await self._replay(setting, chosen, running)
        scale = Scale(sampled=len(chosen), everybody=len(everybody))
        baseline = baseline_of(tally)
        treated, holdout = (scale.of(tally, (PEOPLE, arm)).count for arm in ("treated", "holdout"))
        past = await self._past_trial(setting.journey, now_ms) if published else None
        return Simulation(
            journey=setting.journey,
            version=setting.decision.version,
            published=published,
            since_ms=since_ms,
            until_ms=until_ms,
            zone=self.zone,
            scale=scale,
            tally=tally,
            baseline=baseline,
            effect=effect_of(baseline, treated=treated, holdout=holdout, past=past),
            costs=costs,
            currency=self.currency,
            led_from=await self._led_from(setting.decision.id),
        )

    async def _led_from(self, decision_id: str) -> tuple[str, ...]:
        """The names of the journeys that let people into it."""
        async with self.state.view() as view:
            return tuple(sorted({each.name for each in await entered_from(view, decision_id)}))

    async def _setting(self, wish: SimulationWish, since_ms: int, until_ms: int, now_ms: int) -> tuple[Setting, bool]:
        """What all the small worlds share, and whether it is published word for word."""
        async with self.state.view() as view:
            decisions = await view.decisions(latest=False)
            library = await load_library(view)
            segments, lists = await view.segments(), await every_list(view)
        newest = {each.id: each for each in decisions}
        if isinstance(wish.definition, str):
            if wish.definition not in newest:
                raise NotFound(f"there is no journey {wish.definition!r:.120}.", hint="GET /api/journeys lists them.")
            decision = newest[wish.definition]
            journey = play_of(decision).journey
        else:
            draft = _draft_of(wish.definition)
            decision, journey = _as_decision(draft, newest.get(draft.id), since_ms), draft.journey
        published = newest.get(decision.id) is not None and newest[decision.id].definition == decision.definition
        decision = Decision(
            id=decision.id,
            kind=decision.kind,
            version=decision.version,
            state="live",
            definition=decision.definition,
            published_ms=since_ms,
        )
        trigger_of(journey)  # Or nothing can be replayed.
        blank = await self._blank_stage(segments, lists)
        playbook = playbook_of(decisions, library)

        def journey_of(origin: str, version: int) -> Journey | None:
            play = playbook.find(origin, version)
            return None if play is None else play.journey

        setting = Setting(
            decision=decision,
            journey=resolved_journey(journey, library),
            since_ms=since_ms,
            until_ms=until_ms,
            known_ms=now_ms,
            rules=self.rules,
            zone=self.zone,
            stage=lambda numbers: self.stages(numbers, blank),
            journey_of=journey_of,
        )
        return setting, published

    async def _blank_stage(self, segments: Sequence[SavedSegment], lists: Mapping[str, object]) -> Stage:
        """A stage on which nothing has happened, with the saved segments and the lists there are."""
        blank = self.stages({}, None)
        async with blank.state.begin() as transaction:
            for segment in segments:
                await transaction.put_segment(segment)
            async with self.state.view() as view:
                for experiment in await view.experiments():
                    await transaction.put_experiment(experiment)
            if lists:
                async with self.state.view() as view:
                    await note_lists(transaction, await every_list(view))
        return blank

    async def _who_could_enter(self, setting: Setting) -> list[int]:
        """Everybody who did what the trigger names, as far back as it may have reached us within the period."""
        trigger = trigger_of(setting.journey)
        back_ms = max(LATE_MS, trigger.latest_seconds * 1000)
        since_ms = max(0, setting.since_ms - back_ms)
        wanted = Did(
            event=trigger.event,
            since=format_moment(from_millis(since_ms)),
            until=format_moment(from_millis(setting.until_ms)),
        )
        table = await self.history.people_table(wanted, as_of_ms=max(setting.until_ms, setting.known_ms), traits=())
        persons: list[int] = table["person"].to_pylist()  # type: ignore[assignment]  # No person is null.
        return persons

    async def _replay(self, setting: Setting, persons: Sequence[int], running: _Running) -> Tally:
        tally = Tally()
        brought_in = frozenset(await self.history.received_long_after(LATE_MS))
        for start in range(0, len(persons), PEOPLE_AT_ONCE):
            _check(running)
            async with self.state.view() as view:
                # Who was ever joined with somebody is replayed with them.
                circles = await circles_of(view, persons[start : start + PEOPLE_AT_ONCE])
            table = await table_of(self.history, circles)

            def told(people: int) -> None:
                running.done += people
                _check(running)

            def replay() -> Tally:
                pasts = pasts_of(circles, table, brought_in)  # noqa: B023 - It is run before they change.
                return asyncio.run(replay_pasts(setting, pasts, told))

            # In a thread of its own: it is work for the processor alone, and others are to be answered meanwhile.
            for_these = await asyncio.to_thread(replay)
            tally.join(for_these)
        return tally

    async def _past_trial(self, journey: Journey, now_ms: int) -> Result:
        return await result_of(self.history, journey.id, journey, as_of_ms=now_ms, currency=self.currency)


async def replay_pasts(setting: Setting, pasts: Sequence[PeoplePast], told: Callable[[int], None]) -> Tally:
    """Replay these, one after another; `told` how many people are done after each."""
    tally = Tally()
    for past in pasts:
        replayed = await replay_people(setting, past)
        tally.add(counted(replayed, past.persons, setting.zone))
        told(len(past.persons))
    return tally


def sample_of(persons: Sequence[int], most: int | None) -> list[int]:
    """At most so many of them, drawn by hash: the same on every asking. In order of number."""
    if most is None or len(persons) <= most:
        return list(persons)
    return sorted(heapq.nsmallest(most, persons, key=lambda person: place(_SALT, str(person))))


def period_of(over: str, now_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """The first moment of a period and the first after it. Raises Invalid.

    Args:
        over: `30d`, up to now; or `2026-10-01..2026-11-01`, days of the zone or moments, the second not in it.
    """
    days = _DAYS.fullmatch(over.strip())
    if days is not None:
        since_ms, until_ms = now_ms - int(days[1]) * 86_400_000, now_ms
    else:
        first, _, last = over.strip().partition("..")
        try:
            since_ms, until_ms = moment_of(first, zone), moment_of(last, zone)
        except ValueError as error:
            raise Invalid(f"{over!r:.80} is no period.", path="$.over", hint=_OVER_HINT) from error
    if until_ms - since_ms > timedelta(days=DAYS_MOST) // timedelta(milliseconds=1):
        raise Invalid("this period is too long.", path="$.over", hint=f"{DAYS_MOST:,} days are the most.")
    if not 0 <= since_ms < until_ms:
        raise Invalid("this period is empty.", code="empty_time", path="$.over", hint="Let it end after it begins.")
    if since_ms >= now_ms:
        raise Invalid("this period has not begun.", code="empty_time", path="$.over", hint="Begin before now.")
    return since_ms, min(until_ms, now_ms)


def definition_or_id(definition: Mapping[str, object] | None, decision_id: str | None) -> Mapping[str, object] | str:
    """What is to be simulated, of two ways to say it. Raises Invalid unless exactly one is taken."""
    if (definition is None) == (decision_id is None):
        hint = "Give the id of what is published, or a definition, and not both."
        raise Invalid("This says not what to simulate.", code="missing_field", path="$.definition", hint=hint)
    return definition if definition is not None else decision_id or ""


def checked_costs(costs: Mapping[str, float]) -> Mapping[str, float]:
    """The costs of one message by channel. Raises Invalid."""
    for channel, minor in costs.items():
        medium_called(channel, f"$.costs.{channel:.120}")  # Or the price of what is sent would be left out.
        if not 0 <= minor <= COST_MINOR_MOST:
            hint = "Say what one message costs in minor units, such as 0.08 of a cent."
            raise Invalid(f"a message cannot cost {minor!r}.", path=f"$.costs.{channel:.120}", hint=hint)
    return costs


def _draft_of(document: Mapping[str, object]) -> DecisionDraft:
    kind = document.get("kind", "journey" if "steps" in document else "campaign")
    if kind not in ("journey", "campaign"):
        raise Invalid(
            f"there is no kind called {kind!r:.120}.",
            code="unknown_kind",
            path="$.definition.kind",
            hint="It is journey or campaign.",
        )
    definition = {name: value for name, value in document.items() if name != "kind"}
    return draft_of("journey" if kind == "journey" else "campaign", definition, path="$.definition")


def _as_decision(draft: DecisionDraft, before: Decision | None, at_ms: int) -> Decision:
    """The draft as if it were published: under its version, or the one that says the same."""
    if before is not None and before.definition == draft.definition:
        return before
    return Decision(
        id=draft.id,
        kind=draft.kind,
        version=1 if before is None else before.version + 1,
        state="live",
        definition=draft.definition,
        published_ms=at_ms,
    )


def _check(running: _Running) -> None:
    """Raises Conflict when it was called off, TooLarge when it takes too long."""
    if running.asking.cancelled:
        hint = "Ask it again if it is still wanted."
        raise Conflict("This simulation was cancelled.", code="cancelled", hint=hint)
    if time.monotonic() - running.began > SECONDS_MOST:
        hint = "Replay fewer people, or a shorter period."
        raise TooLarge(f"this takes longer than {SECONDS_MOST / 60:.0f} minutes.", path="$.people", hint=hint)
