"""Helping: letting timers of journeys fire for whoever acts, of one part of the people at a time.

Most of what a reactor does is to move people whose time has come, and that asks for nothing but the people themselves.
So others can do it besides the one that acts: each takes the parts that nobody is at (see `ports.parts`). What remains
with the one that acts is whatever is about more than one person: events as they come in, people who are joined, live
segments, audiences, claims.

A timer does not overtake an event that came in time: it fires no later than the first event that was not taken in yet
was received. Who it was that fired is kept as a turn, so that the state can be made anew.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from holdfast.decisions.gate import GateRules
from holdfast.events.event import Json
from holdfast.flows.audience.live_segments import LiveKeeper
from holdfast.flows.ingest.acting import ACTING, HELPED
from holdfast.flows.ingest.intake import Intake, waiting_without
from holdfast.flows.ingest.reading import BYTES_MOST, REACT
from holdfast.flows.journey.playbook import Playbook, PlaybookKeeper
from holdfast.flows.upkeep.chosen_settings import chosen_settings
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log
from holdfast.ports.parts import PARTS, part_of
from holdfast.ports.state import PartTransaction, State, View
from holdfast.ports.turns import Turn
from holdfast.segments.condition import UTC_ZONE

DUE_MOST = 500
"""Visits due that are looked at in one transaction: whoever takes an event in waits for it."""


class Helper:
    """Lets timers fire, as one of several."""

    def __init__(
        self,
        *,
        log: Log,
        state: State,
        clock: Clock,
        rules: GateRules,
        revision: int = 0,
        zone: ZoneInfo = UTC_ZONE,
        first: int = 0,
    ) -> None:
        """Nothing is read or written yet.

        Args:
            revision: of the settings that were chosen, by which the rules are; under others nobody is moved.
            first: the part to begin with; helpers who begin with different ones are in each other's way less.
        """
        self._log = log
        self._state = state
        self._clock = clock
        self.revision = revision
        self._live = LiveKeeper(zone)
        self._intake = Intake(rules, zone, self._live)
        self._playbook = PlaybookKeeper()
        self._next = first % PARTS
        self.fired = 0
        """Visits woken so far."""
        self.wanted = False
        """Whether whoever acts knows of helpers, as of when there was last something to do."""
        self.in_vain = False
        """Whether there was something to do, and nothing that could be done: others were at it, or it has to wait."""

    def adopt(self, rules: GateRules) -> None:
        """Go by other contact rules from now on. Not while it helps."""
        self._intake.adopt(rules)

    async def help(self) -> int:
        """Let timers fire in every part where any is due and that nobody is at; returns how many visits were woken."""
        now_ms = to_millis(self._clock.now())
        self.in_vain = False
        async with self._state.view() as view:
            due = await view.due_parts(now_ms)
            if self.wanted and not due:
                return 0  # As nearly always; it is asked many times a second.
            self.wanted = await self._is_wanted(view)
            playbook = await self._playbook.load(view)
            if due and playbook.paused:
                due = await view.due_parts(now_ms, without=sorted(playbook.paused))
        fired = 0
        for part in sorted(due if self.wanted else (), key=lambda part: (part - self._next) % PARTS):
            fired += await self._help(part)
            self._next = (part + 1) % PARTS
        self.fired += fired
        self.in_vain = not fired
        return fired

    async def _is_wanted(self, view: View) -> bool:
        """Whether whoever acts knows of helpers, as one of an earlier Holdfast does not, and our rules are in force."""
        if await view.note(HELPED) != await view.note(ACTING):
            return False
        return (await chosen_settings(view)).revision == self.revision

    async def _help(self, part: int) -> int:
        at_ms = await self._watermark()
        async with self._state.begin_part(part) as transaction:
            if transaction is None or not await self._is_wanted(transaction):
                return 0
            playbook = await self._playbook.load(transaction)
            await self._live.look(transaction)
            offset = await transaction.offset(REACT)
            spends = bool(playbook.to_budgets) and await transaction.take_budgets()
            persons = await _due(transaction, playbook, part, at_ms, spends=spends)
            if not persons:
                return 0
            fired = await self._intake.fire_of(transaction, playbook, persons, at_ms, spends=spends)
            said: dict[str, Json] = {"people": list(persons), "spends": spends}
            await transaction.add_turn(Turn(kind="people", start=offset, next=offset, at_ms=at_ms, said=said))
        return fired

    async def _watermark(self) -> int:
        """Up to when timers may fire.

        The log is not asked within the transaction: should it not answer, nobody is to wait for us. What is taken in
        after we have asked makes this earlier than it had to be, and never too late.
        """
        clock_ms = to_millis(self._clock.now())  # Before the log is looked at: what comes after it was not in time.
        async with self._state.view() as view:
            offset = await view.offset(REACT)
        waiting = await self._log.read(offset, max_records=1, max_bytes=BYTES_MOST)
        return min([clock_ms, *(each.record.received_ms - 1 for each in waiting)])


async def _due(transaction: PartTransaction, playbook: Playbook, part: int, now_ms: int, *, spends: bool) -> list[int]:
    """The persons whose time has come, found by identities of a part: those who are held by nobody else."""
    without = sorted(waiting_without(playbook, spends=spends))
    due = await transaction.due_visits(now_ms, limit=DUE_MOST, without=without, part=part)
    if not due:
        return []
    owners = await transaction.identities_by_id([visit.identity for visit in due])
    persons = sorted({owner.person for owner in owners.values()})
    # Somebody of several identities is of the part of the first of them.
    held = {each: await transaction.take_part(each) for each in sorted({part_of(person) for person in persons})}
    return [person for person in persons if held[part_of(person)]]
