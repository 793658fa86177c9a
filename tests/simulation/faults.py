"""Faults at drawn points: every port of the application is wrapped, and every call passes a point before and after.

A life ends at its crash: from then on every point raises, so nothing more can reach what is durable, whatever `except`
and `finally` try.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Literal

from holdfast.messages.parcel import Parcel, Verdict
from holdfast.ports.carrier import Carrier
from holdfast.ports.history import History, HistoryRow, PersonRow
from holdfast.ports.log import Log, Record
from holdfast.ports.state import Lane, Send, State, Transaction

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
        self.works: list[asyncio.Task[object]] = []
        """What a cancellation may hit: a loop, or somebody's request."""

    async def point(self, name: str, *, applied: bool = False) -> None:
        """One place where things may end.

        Args:
            name: of the call, for the trace.
            applied: whether the call has done its work already; a commit cannot fail after that.
        """
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
    """Points around each commit; tells which sends were claimed, and when their transaction began."""

    def __init__(self, inner: State, faults: Faults, claimed: Callable[[Sequence[Send], int], None]) -> None:
        super().__init__(inner, faults)
        self._claimed = claimed
        self.moment: Callable[[], int] = lambda: 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        await self._faults.point("begin")
        began = 0
        async with self._inner.begin() as transaction:
            began = self.moment()
            observed: Any = WatchedTransaction(transaction, self._faults)
            yield observed
            await self._faults.point("commit")
            # From here to the end of the block nothing waits, so it is committed.
            if observed.claims:
                self._claimed(observed.claims, began)
        await self._faults.point("commit", applied=True)


class WatchedTransaction(Watched):
    """Remembers what was claimed."""

    claims: Sequence[Send] = ()

    async def claim_sends(self, now_ms: int, rooms: Mapping[Lane, int], **named: Any) -> list[Send]:
        claims: list[Send] = await self._inner.claim_sends(now_ms, rooms, **named)
        self.claims = [*self.claims, *claims]
        return claims


class WatchedLog(Watched):
    """Points around each append."""

    def __init__(self, inner: Log, faults: Faults) -> None:
        super().__init__(inner, faults)

    async def append(self, records: Sequence[Record]) -> int:
        await self._faults.point("append")
        first: int = await self._inner.append(records)
        await self._faults.point("append", applied=True)
        return first


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


class WatchedCarrier(Watched):
    """Points around each parcel: what was taken before a crash is taken."""

    def __init__(self, inner: Carrier, faults: Faults) -> None:
        super().__init__(inner, faults)

    async def carry(self, parcel: Parcel) -> Verdict:
        await self._faults.point("carry")
        verdict: Verdict = await self._inner.carry(parcel)
        await self._faults.point("carry", applied=True)
        return verdict

    async def close(self) -> None:
        """Nothing is held."""
