"""Faults at drawn points: every port of the application is wrapped, and every call passes a point before and after.

A life ends at its crash: from then on every point raises, so nothing more can reach what is durable, whatever `except`
and `finally` try.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Literal, cast

from holdfast.events.event import Event
from holdfast.messages.parcel import Lapsed, Parcel, Verdict
from holdfast.ports.carrier import Carrier
from holdfast.ports.history import History, HistoryRow, PersonRow
from holdfast.ports.log import Log, Record
from holdfast.ports.state import Lane, Send, Settlement, State, Transaction
from tests.simulation.witness import Seen, Witness

Kind = Literal["none", "crash", "trouble", "cancel"]

AGAIN_MOST = 60
"""Calls until the next trouble."""
PAUSES_MOST = 2
"""How often a call lets others go first."""


class CrashError(BaseException):
    """The process is no more. No `except Exception` may live on."""


class TroubleError(OSError):
    """A disk that is full for once: the call fails, the process lives."""


class Faults:
    """The faults of one life: a crash ends it, trouble and cancellations come again. And pauses, so that tasks overtake
    each other."""

    def __init__(self, chance: Random, kind: Kind, at: int, say: Callable[[str], None]) -> None:
        self._chance = chance
        self._kind = kind
        self._at = at
        self._say = say
        self.count = 0
        self.dead = False
        self.asleep: asyncio.Future[None] | None = None
        """Done when the process, which stands still, is let go on."""
        self.works: list[asyncio.Task[object]] = []
        """What a cancellation may hit: a loop, or somebody's request."""

    async def point(self, name: str, *, applied: bool = False, held: bool = False) -> None:
        """One place where things may end.

        Args:
            name: of the call, for the trace.
            applied: whether the call has done its work already; a commit cannot fail after that.
            held: whether others would have to wait with a process that stands still here.
        """
        self._check()
        while self.asleep is not None and not held:
            await asyncio.shield(self.asleep)
            self._check()
        for _ in range(self._chance.randrange(PAUSES_MOST + 1)):
            await asyncio.sleep(0)
            self._check()
        self.count += 1
        if self.count >= self._at and self._kind != "none":
            await self._strike(f"{'after' if applied else 'before'} {name}", applied=applied and name == "commit")

    def _check(self) -> None:
        if self.dead:
            raise CrashError

    async def _strike(self, where: str, *, applied: bool) -> None:
        kind: Kind = self._kind
        if kind == "trouble" and applied:
            return  # At the next point, then.
        works = [each for each in self.works if not each.done()]
        if kind == "cancel" and not works:
            return
        self._at = self.count + self._chance.randint(3, AGAIN_MOST)
        self._say(f"{kind} {where} (call {self.count})")
        if kind == "crash":
            self.dead = True
            raise CrashError
        if kind == "trouble":
            raise TroubleError(where)
        current = asyncio.current_task()
        hit = current if current in works and current is not None else self._chance.choice(works)
        hit.cancel()
        await asyncio.sleep(0)


class Watched:
    """Passes everything on to what it wraps."""

    def __init__(self, inner: Any, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class WatchedState(Watched):
    """Points around each commit; a witness sees what each one changes."""

    def __init__(self, inner: State, faults: Faults, witness: Witness) -> None:
        super().__init__(inner, faults)
        self._witness = witness

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        await self._faults.point("begin")
        async with self._inner.begin() as transaction:
            observed = WatchedTransaction(transaction, self._faults, self._witness)
            yield cast("Any", observed)
            await self._faults.point("commit", held=True)
            # From here to the end of the block nothing waits, so it is committed.
            observed.look_at_new()
            self._witness.commits(observed.noticed)
        await self._faults.point("commit", applied=True)


class WatchedTransaction(Watched):
    """Remembers what was done in it that the witness wants to know of."""

    def __init__(self, inner: Transaction, faults: Faults, witness: Witness) -> None:
        super().__init__(inner, faults)
        self._witness = witness
        self._new: list[str] = []
        self.noticed = Seen(tables=cast("Any", inner)._tables, began=witness.happened())

    async def add_sends(self, sends: Sequence[Send]) -> None:
        self._new += [each.key for each in sends if each.key not in self.noticed.tables.sends]
        await self._inner.add_sends(sends)

    async def claim_sends(self, now_ms: int, rooms: Mapping[Lane, int], **named: Any) -> list[Send]:
        self.look_at_new()
        claims: list[Send] = await self._inner.claim_sends(now_ms, rooms, **named)
        self.noticed.claims += claims
        return claims

    async def settle_sends(self, settlements: Sequence[Settlement], at_ms: int) -> None:
        await self._inner.settle_sends(settlements, at_ms)
        self.noticed.settled += settlements

    async def emit(self, events: Sequence[Event]) -> None:
        await self._inner.emit(events)
        self.noticed.told += events

    async def forget_identities(self, identities: Sequence[int]) -> dict[str, int]:
        self.noticed.forgotten.append(self._witness.forgets(self.noticed.tables, identities))
        held: dict[str, int] = await self._inner.forget_identities(identities)
        return held

    def look_at_new(self) -> None:
        """Hold what was asked for to the caps, before anything is put off at its claim."""
        self._witness.asked_for(self.noticed.tables, self._new)
        self._new = []


class WatchedLog(Watched):
    """Points around each append and rewriting."""

    def __init__(self, inner: Log, faults: Faults, witness: Witness) -> None:
        super().__init__(inner, faults)
        self._witness = witness

    async def append(self, records: Sequence[Record]) -> int:
        await self._faults.point("append")
        first: int = await self._inner.append(records)
        self._witness.appended(first, records)
        await self._faults.point("append", applied=True)
        return first

    async def rewrite(self, before: int, change: Any) -> int:
        await self._faults.point("rewrite")
        rewritten: int = await self._inner.rewrite(before, change)
        await self._faults.point("rewrite", applied=True)
        return rewritten


class WatchedHistory(Watched):
    """Points around everything that changes the history."""

    def __init__(self, inner: History, faults: Faults) -> None:
        super().__init__(inner, faults)

    async def add(self, rows: Sequence[HistoryRow], *, token: str) -> None:
        await self._faults.point("add")
        await self._inner.add(rows, token=token)
        await self._faults.point("add", applied=True)

    async def map_identities(self, persons: Mapping[int, int], *, version: int) -> None:
        await self._faults.point("map")
        await self._inner.map_identities(persons, version=version)
        await self._faults.point("map", applied=True)

    async def put_people(self, rows: Sequence[PersonRow]) -> None:
        await self._faults.point("people")
        await self._inner.put_people(rows)
        await self._faults.point("people", applied=True)

    async def forget(self, whom: Any, **named: Any) -> dict[str, int]:
        await self._faults.point("forget")
        held: dict[str, int] = await self._inner.forget(whom, **named)
        await self._faults.point("forget", applied=True)
        return held


class WatchedCarrier(Watched):
    """Points around each parcel: what was taken before a crash is taken."""

    def __init__(self, inner: Carrier, faults: Faults, witness: Witness, now_ms: Callable[[], int]) -> None:
        super().__init__(inner, faults)
        self._witness = witness
        self._now_ms = now_ms

    async def carry(self, parcel: Parcel) -> Verdict:
        # A connection is waited for, or a token, or the task of a device begins late: hours may go by in this world.
        await self._faults.point("carry")
        if parcel.has_lapsed(self._now_ms()):
            return Lapsed()
        self._witness.hands_over(parcel)
        verdict: Verdict = await self._inner.carry(parcel)
        await self._faults.point("carry", applied=True)
        return verdict

    async def close(self) -> None:
        """Nothing is held."""
