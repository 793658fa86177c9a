"""A hand: works out what a tick comes to for some of its people, over a state that it only reads.

It does so by the same code as the tick. What it goes by besides the people, journeys, live segments and settings, it
reads itself, and says nothing where that is not what the tick goes by.
"""

from __future__ import annotations

import logging
from collections import Counter
from zoneinfo import ZoneInfo

from holdfast.decisions.gate import GateRules
from holdfast.flows.audience.live_segments import LiveKeeper
from holdfast.flows.ingest.intake import Intake
from holdfast.flows.ingest.reading import Placed
from holdfast.flows.ingest.tasks import Found, Learn, LetIn, Task, Wake, decode_task, encode
from holdfast.flows.journey.broadcasts import occasion_of
from holdfast.flows.journey.playbook import Playbook, PlaybookKeeper
from holdfast.flows.journey.travel import LettingIn
from holdfast.flows.people.devices import Came
from holdfast.flows.upkeep.chosen_settings import chosen_settings
from holdfast.kernel.moments import from_millis
from holdfast.ports.hands import Recorded, Recorder, UnknownHere
from holdfast.ports.state import Identity

_log = logging.getLogger(__name__)


class Hand:
    """Does what it is given, one task after the other."""

    def __init__(self, recorder: Recorder, *, rules: GateRules, revision: int, zone: ZoneInfo) -> None:
        """Nothing is read yet.

        Args:
            revision: of the settings that were chosen, by which the rules are.
            zone: the workspace's time zone.
        """
        self._recorder = recorder
        self._live = LiveKeeper(zone)
        self._intake = Intake(rules, zone, self._live)
        self._playbook = PlaybookKeeper()
        self.revision = revision

    def adopt(self, rules: GateRules, revision: int) -> None:
        """Go by other contact rules from now on. Not while it does anything."""
        self._intake.adopt(rules)
        self.revision = revision

    async def get_ready(self) -> None:
        """Read what it goes by besides the people: the first task is not to wait for that."""
        await self.do(encode(Wake(self.revision, 0, [])))

    async def do(self, task: bytes) -> bytes | None:
        """What comes of the task, or None where it cannot be known here: whoever gave it does it then."""
        try:
            async with self._recorder.begin() as transaction:
                found = await self._do(transaction, decode_task(task))
        except UnknownHere:
            return None
        except Exception:  # noqa: BLE001 - It says nothing of whose fault it is; the tick meets the same, and tells.
            _log.exception("a task could not be done")
            return None
        return None if found is None else encode(found)

    async def _do(self, transaction: Recorded, task: Task) -> Found | None:
        if task.revision != self.revision or (await chosen_settings(transaction)).revision != self.revision:
            return None
        playbook = await self._playbook.load(transaction)
        await self._live.begin(transaction, playbook.live_segments, from_millis(task.now_ms))
        if not transaction.written():
            await self._live.watch(transaction, playbook)
        if transaction.written():
            return None  # It is to be brought up to date first.
        turned_up, counts = list[Came](), Counter[str]()
        match task:
            case Learn():
                turned_up = await self._learn(transaction, playbook, task)
            case Wake():
                due = await transaction.visits_by_id(task.visits)
                await self._intake.wake(transaction, playbook, due, task.now_ms)
            case LetIn():
                counts = await self._let_in(transaction, playbook, task)
        self._live.keep()
        return Found(transaction.written(), turned_up, counts)

    async def _learn(self, transaction: Recorded, playbook: Playbook, task: Learn) -> list[Came]:
        share = []
        for number, person, received_ms, event in task.events:
            name = event.identity
            placed = Placed(position=0, received_ms=received_ms, event=event, identity=name, dedup_hash=0)
            share.append((Identity(id=number, key=name, person=person), placed))
        new = set(task.new)
        transaction.presume([owner for owner, _ in share if owner.id in new])
        learnt = await self._intake.learn(transaction, share, playbook, task.first_ms)
        return learnt.turned_up

    async def _let_in(self, transaction: Recorded, playbook: Playbook, task: LetIn) -> Counter[str]:
        run = await transaction.run(task.run)
        play = None if run is None else playbook.find(run.origin, run.version)
        if run is None or play is None:
            raise LookupError(f"run {task.run} or what it is of is not there")
        owners = await transaction.identities_by_id(task.persons)
        by = LettingIn(play=play, occasion=occasion_of(run))
        return await self._intake.admit(transaction, playbook, task.persons, owners, task.now_ms, by=by)
