"""Broadcasts: what begins by a schedule, by a thing or by a call, and lets in an audience.

Each occasion is a run. A tick begins the runs that are due and lets in a few people of each run under way, in the same
transaction as how far the run has come: a process that dies at any line goes on exactly there, and nobody enters twice.
Asking the history who is in the audience takes longer than a tick may; that is done between ticks (`Preparer`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from holdfast.decisions.broadcast import Broadcast, Timed
from holdfast.decisions.pace import Places, Throttle
from holdfast.decisions.schedule import Occurrence, first_after, next_day, next_occurrence
from holdfast.decisions.start import Occasion, bounded_key
from holdfast.events.event import OWN_SOURCE
from holdfast.flows.ingest.archive import Archivist
from holdfast.flows.ingest.intake import Intake
from holdfast.flows.ingest.reading import Placed
from holdfast.flows.journey.playbook import Play, Playbook, load_playbook
from holdfast.flows.journey.travel import LettingIn
from holdfast.kernel.errors import Exposed
from holdfast.kernel.ids import hash64
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.audiences import HasAudiences
from holdfast.ports.clock import Clock
from holdfast.ports.history import History
from holdfast.ports.runs import OPEN, Planned, Run, RunState
from holdfast.ports.state import State, Transaction
from holdfast.segments.condition import Condition
from holdfast.segments.zones import Standpoint

_log = logging.getLogger(__name__)

ENTER_MOST = 250
"""People let in by one tick, all runs together, as long as nothing else happens: so many take about 40 ms. With hands
there are as many more for each of them."""
BESIDE_MOST = 150
"""The same while events wait, or came lately: what somebody has just done waits for the tick that is under way, and
for what the one before has told. The tick that takes it in lets nobody in, unless the one before did not either."""
LATELY_MS = 1_000
"""How long what others did is taken for a sign that more follows."""
RUNS_MOST = 20
"""Runs that go on in one tick, or are prepared at a time."""
OPEN_MOST = 1_000
"""The newest runs of a campaign that are looked through for those that are not over."""
BESIDE_RUNS_MOST = 100
"""The newest runs of a campaign that share a throttle with one under way."""
BEGIN_MOST = 50
"""Occasions of one schedule that are begun, or found to be missed, in one tick."""
DUE = "Campaign Due"
"""What templates and traces call a time of a schedule."""
FULL_MS = 60_000
"""How long a run rests that has planned far ahead."""
CAMPAIGN_STOPPED = "The campaign was stopped."


class Broadcasts:
    """Begins runs and lets people in, within the transaction of a tick."""

    def __init__(self, intake: Intake, zone: ZoneInfo, wanted: Callable[[], None]) -> None:
        """For the workspace's time zone.

        Args:
            wanted: told that there are runs to be prepared.
        """
        self._intake = intake
        self._zone = zone
        self._wanted = wanted
        self._began = False
        self._beside_until_ms = 0
        self._came = self._gave_way = False
        """Whether others did anything that this tick takes in; and whether the last tick let nobody in for that."""

    def committed(self) -> None:
        """The tick was written: what it began can be seen now, and prepared."""
        if self._began:
            self._began = False
            self._wanted()

    async def begin(self, transaction: Transaction, playbook: Playbook, now_ms: int) -> int:
        """Begin the runs whose time has come; returns how many, those that were missed with them."""
        if not playbook.scheduled:
            return 0
        planned = await transaction.planned()
        begun = 0
        for play in playbook.scheduled:
            kept = planned.get(play.id)
            if kept is None or kept.version != play.version:
                kept = self._planned(play, first_after(_schedule(play), from_millis(play.published_ms)))
                await transaction.plan(kept)
            for _ in range(BEGIN_MOST):
                if kept.next_ms is None or kept.next_ms > now_ms:
                    break
                begun += await self._begin(transaction, _of_schedule(play, kept, now_ms))
                kept = self._planned(play, from_millis(kept.next_ms))
                await transaction.plan(kept)
        return begun

    async def happened(self, transaction: Transaction, playbook: Playbook, placed: Sequence[Placed]) -> int:
        """Begin the runs that events about things ask for; returns how many."""
        if placed and any(each.event.source != OWN_SOURCE for each in placed):
            self._beside_until_ms = placed[-1].received_ms + LATELY_MS
            self._came = True
        begun = 0
        for each in placed:
            for play in playbook.by_thing.get(each.event.name, ()):
                key = play.journey.trigger.occasion_key(each.event, Standpoint(each.received_ms, self._zone))
                if key is not None:
                    run = Run(
                        origin=play.id,
                        version=play.version,
                        key=bounded_key(key),
                        created_ms=each.received_ms,
                        at_ms=to_millis(each.event.timestamp),
                        name=each.event.name,
                        properties=each.event.properties,
                    )
                    begun += await self._begin(transaction, run)
        return begun

    async def go_on(self, transaction: Transaction, playbook: Playbook, now_ms: int, *, behind: bool = False) -> int:
        """Let in the next people of the runs under way; returns how many were asked.

        Args:
            behind: whether events wait to be taken in; then runs leave them more room.
        """
        came, self._came = self._came, False
        self._gave_way = came and not self._gave_way
        if self._gave_way:
            return 0
        beside = behind or now_ms < self._beside_until_ms
        # Hands let in far more than can be told of meanwhile, and what others do stands in the log behind what is told.
        most = BESIDE_MOST if beside else ENTER_MOST * (1 + self._intake.hands)
        due = await transaction.due_runs(now_ms, limit=RUNS_MOST, without=sorted(playbook.paused))
        asked = 0
        for run in due:
            play = playbook.find(run.origin, run.version)
            if run.state == "stopped" or playbook.is_stopped(run.origin, run.version) or play is None:
                await end_run(transaction, run, "stopped", now_ms, reason=CAMPAIGN_STOPPED)
            else:
                asked += await self._let_in(
                    transaction, playbook, run, now_ms, play=play, most=max(1, most // len(due))
                )
        return asked

    async def _begin(self, transaction: Transaction, run: Run) -> int:
        added = await transaction.add_run(run)
        self._began = self._began or (added is not None and added.state == "preparing")
        return 0 if added is None else 1

    def _planned(self, play: Play, after: datetime) -> Planned:
        found = next_occurrence(_schedule(play), after, self._zone)
        return Planned(
            origin=play.id,
            version=play.version,
            wall="" if found is None else found.key,
            next_ms=None if found is None else to_millis(found.opens),
        )

    async def _let_in(
        self, transaction: Transaction, playbook: Playbook, run: Run, now_ms: int, *, play: Play, most: int
    ) -> int:
        throttle = broadcast_of(play).throttle
        others = Counter[int]() if throttle is None else await _taken_beside(transaction, playbook, run, throttle)
        places = None if throttle is None else Places(throttle, others + Counter(run.places), now_ms)
        if places is not None and places.is_full:
            await transaction.put_run(replace(run, wake_ms=now_ms + FULL_MS))
            return 0
        persons = await transaction.run_members(run.id, run.cursor, most)
        came = Counter(run.counts)
        came.update(
            await self._intake.let_in(
                transaction,
                playbook,
                persons,
                now_ms,
                by=LettingIn(play=play, occasion=occasion_of(run), places=places),
            )
        )
        run = replace(run, cursor=run.cursor + len(persons), counts=dict(came))
        if places is not None:
            run = replace(run, places=dict(Counter(places.taken) - others))
        if not persons or run.cursor >= run.chosen:
            await end_run(transaction, run, "done", now_ms)
            return len(persons)
        await transaction.put_run(replace(run, wake_ms=now_ms))
        return len(persons)


class Preparer:
    """Asks the history who is in the audience of runs that have begun."""

    def __init__(
        self,
        *,
        state: State,
        history: History,
        archivist: Archivist,
        clock: Clock,
        zone: ZoneInfo,
        wanted: asyncio.Event,
    ) -> None:
        """Nothing is asked yet.

        Args:
            zone: the workspace's time zone.
            wanted: set whenever there is something to prepare.
        """
        self._state = state
        self._history = history
        self._archivist = archivist
        self._clock = clock
        self._zone = zone
        self._turn = asyncio.Lock()
        self.wanted = wanted
        wanted.set()  # What a process that is no more began.

    async def prepare(self) -> int:
        """Find the audience of every run that waits for it; returns how many did."""
        async with self._turn:
            self.wanted.clear()
            async with self._state.view() as view:
                runs = await view.runs_in(("preparing",), limit=RUNS_MOST)
                playbook = await load_playbook(view) if runs else Playbook()
            if not runs:
                return 0
            # An audience is of everything that reached us before its run began.
            await self._archivist.flush()
            failed: Exception | None = None
            for run in runs:
                stopped = playbook.is_stopped(run.origin, run.version)
                try:
                    await self._prepare(run, None if stopped else playbook.find(run.origin, run.version))
                except Exception as fault:  # noqa: BLE001 - Asked for again; it must not keep the others waiting.
                    failed = failed or fault
            if failed is not None:
                raise failed
            if len(runs) == RUNS_MOST:
                self.wanted.set()
            return len(runs)

    async def _prepare(self, run: Run, play: Play | None) -> None:
        now = self._clock.now()
        now_ms = to_millis(now)
        if play is None:
            await self._keep(run, "stopped", now_ms, reason=CAMPAIGN_STOPPED)
            return
        start = broadcast_of(play)
        condition = start.everybody(occasion_of(run), now, self._zone)
        try:
            persons = await audience_of(self._history, condition, as_of_ms=now_ms)
        except Exposed as refusal:
            _log.warning("The audience of run %d of %s cannot be asked for: %s", run.id, run.origin, refusal)
            await self._keep(run, "stopped", now_ms, reason=f"Its audience cannot be asked for: {refusal.message}")
            return
        found = len(persons)
        if start.most_people is not None:
            persons = chosen(persons, start.most_people, run.origin)
        run = replace(run, found=found, chosen=len(persons), as_of_ms=now_ms)
        too_many = start.hold_above is not None and found > start.hold_above
        reason = f"{found:,} people are more than {start.hold_above:,}." if too_many else ""
        await self._keep(run, "held" if too_many else "running", now_ms, reason=reason, persons=persons)

    async def _keep(
        self,
        run: Run,
        state: RunState,
        now_ms: int,
        *,
        reason: str = "",
        persons: npt.NDArray[np.uint32] | None = None,
    ) -> None:
        """Write what was found, unless somebody has stopped the run meanwhile."""
        async with self._state.begin() as transaction:
            states = await transaction.run_states([run.id])
            if states.get(run.id) != "preparing":
                return
            if persons is None:
                await end_run(transaction, run, state, now_ms, reason=reason)
                return
            await transaction.put_members(run.id, persons.astype("<u4").tobytes())
            wake_ms = now_ms if state == "running" else None
            await transaction.put_run(replace(run, state=state, reason=reason, wake_ms=wake_ms))


async def _taken_beside(transaction: Transaction, playbook: Playbook, run: Run, throttle: Throttle) -> Counter[int]:
    """The places that other runs of the campaign have taken in each minute or hour: it is one throttle for all."""
    taken = Counter[int]()
    for each in await transaction.runs_of(run.origin, limit=BESIDE_RUNS_MOST):
        play = playbook.find(each.origin, each.version) if each.places and each.id != run.id else None
        theirs = None if play is None else broadcast_of(play).throttle
        if theirs is not None and theirs.per == throttle.per:
            taken.update(each.places)
    return taken


async def end_run(transaction: Transaction, run: Run, state: RunState, now_ms: int, *, reason: str = "") -> Run:
    """Write that nobody enters by the run any more. The places of those who have entered stay taken."""
    places = run.places if state == "done" else {}
    ended = replace(run, state=state, wake_ms=None, ended_ms=now_ms, places=places, reason=reason)
    await transaction.put_run(ended)
    await transaction.forget_members(run.id)
    return ended


async def stop_runs(transaction: Transaction, origin: str) -> None:
    """Stop every run of a journey or campaign that is stopped; the next tick says when they ended."""
    for run in await transaction.runs_of(origin, limit=OPEN_MOST):
        if run.state in OPEN:
            await transaction.put_run(replace(run, state="stopped", wake_ms=0, reason=CAMPAIGN_STOPPED))
            await transaction.forget_members(run.id)


async def audience_of(history: History, condition: Condition, *, as_of_ms: int) -> npt.NDArray[np.uint32]:
    """The numbers of the people a condition holds for, in order."""
    if isinstance(history, HasAudiences):
        return await history.audiences.members(condition, as_of_ms=as_of_ms)
    table = await history.people_table(condition, as_of_ms=as_of_ms)
    return np.asarray(table.column("person").to_numpy(), dtype=np.uint32)


def chosen(persons: npt.NDArray[np.uint32], most: int, origin: str) -> npt.NDArray[np.uint32]:
    """At most so many of the people, in order: the same ones each time, by a hash of their number and the origin.

    Source: the finaliser of SplitMix64; Steele, Lea & Flood (2014), "Fast splittable pseudorandom number generators".
    """
    if len(persons) <= most:
        return persons
    mixed = persons.astype(np.uint64) + np.uint64(hash64("most_people", origin))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    kept: npt.NDArray[np.uint32] = np.sort(persons[np.argsort(mixed, kind="stable")[:most]])
    return kept


def occasion_of(run: Run) -> Occasion:
    """What a run lets people in by."""
    return Occasion(
        run=run.id,
        key=run.key,
        at=from_millis(run.at_ms),
        wall=datetime.fromisoformat(run.wall) if run.wall else None,
        name=run.name,
        properties=run.properties,
    )


def broadcast_of(play: Play) -> Broadcast:
    """How a play that has runs begins."""
    return cast("Broadcast", play.journey.trigger)


def _schedule(play: Play) -> Timed:
    return cast("Timed", play.journey.trigger)


def _of_schedule(play: Play, planned: Planned, now_ms: int) -> Run:
    """The run of an occasion of a schedule; over before it began, where that is too long ago."""
    start, at_ms = _schedule(play), planned.next_ms or 0
    run = Run(
        origin=play.id,
        version=play.version,
        key=planned.wall,
        created_ms=now_ms,
        at_ms=at_ms,
        wall=planned.wall,
        name=DUE,
    )
    closes = Occurrence.opening(datetime.fromisoformat(planned.wall), from_millis(at_ms), start).closes
    if from_millis(now_ms) - closes <= max(timedelta(seconds=start.latest_seconds), next_day(start)):
        return run
    return replace(run, state="missed", ended_ms=now_ms, reason="It was past for too long when it could have begun.")
