"""The stage of a rebuild: a log that ends where a turn ended, and a state in which nothing is told or begun twice.

What a tick tells of is in the log already and comes in again from there; who entered by a run of a campaign is, too. So
on this stage ticks emit nothing and begin no runs, and everything else about them is as it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, cast

from holdfast.events.event import Event, IdentityKey
from holdfast.kernel.moments import from_millis
from holdfast.ports.log import Entry, Log, Record
from holdfast.ports.runs import Run
from holdfast.ports.state import Identity, PartTransaction, State, Transaction, View
from holdfast.ports.turns import Turn

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

EVERYTHING = 2**40
"""Bytes: how much was taken in at once is for the turn to say."""


class TurnClock:
    """Answers `ports.clock.Clock`; stands where the turn does."""

    def __init__(self) -> None:
        self.now_ms = 0

    def now(self) -> datetime:
        return from_millis(self.now_ms)


class TurnLog:
    """A log as it was when a turn was made: it ends at `limit`. Nothing is added to it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.limit = 0

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        if offset >= self.limit:
            return []
        most = min(max_records, self.limit - offset)
        # The limit of bytes is left out: it was kept when the turn was made, and may be another one today.
        entries = await self._log.read(offset, max_records=most, max_bytes=max(max_bytes, EVERYTHING))
        return [each for each in entries if each.offset < self.limit]

    async def end(self) -> int:
        return self.limit

    async def waiting(self, offset: int) -> int:
        return await self._log.waiting(offset)

    async def size(self) -> int:
        return await self._log.size()

    async def wait(self, offset: int, *, timeout_seconds: float) -> bool:
        return offset < self.limit

    async def append(self, records: Sequence[Record]) -> int:
        raise AssertionError(f"a rebuild adds {len(records)} records to the log")

    async def trim(self, before: int) -> None:
        raise AssertionError(f"a rebuild trims the log to {before}")

    async def close(self) -> None:
        """The log belongs to whoever opened it."""


class Numbers:
    """The numbers identities had, where they cannot come out by counting: somebody before them is forgotten."""

    def __init__(self, before: State) -> None:
        """With the state that is made anew."""
        self._before = before

    async def of(self, transaction: View, keys: Sequence[IdentityKey]) -> dict[IdentityKey, int]:
        """Each one's number: the one it had, where it had one that is free, or one nobody had."""
        async with self._before.view() as view:
            had = await view.identities(keys)
            above = await view.last_identity()
        taken = await transaction.identities_by_id([each.id for each in had.values()])
        following = max(above, await transaction.last_identity())
        given: dict[IdentityKey, int] = {}
        for key in keys:
            if key in had and had[key].id not in taken:
                given[key] = had[key].id
            else:
                following += 1
                given[key] = following
        return given


class _TurnTransaction:
    """A transaction, but for what a rebuild takes from the log or from the state before."""

    def __init__(self, transaction: Transaction, state: TurnState) -> None:
        self._transaction = transaction
        self._state = state

    def __getattr__(self, name: str) -> object:
        return getattr(self._transaction, name)

    async def emit(self, events: Sequence[Event]) -> None:
        self._state.told |= {each.dedup_hash: each for each in events}

    async def add_run(self, run: Run) -> Run | None:
        """The runs there were are carried over."""
        return None

    async def due_runs(self, now_ms: int, *, limit: int, without: Sequence[str] = ()) -> list[Run]:
        """Who entered by them is in the log."""
        return []

    async def add_turn(self, turn: Turn) -> None:
        """The turns there were are carried over."""

    async def add_identities(self, keys: Sequence[IdentityKey], at_ms: int) -> dict[IdentityKey, Identity]:
        if self._state.numbers is None:
            return await self._transaction.add_identities(keys, at_ms)
        numbers = await self._state.numbers.of(self._transaction, keys)
        await self._transaction.add_numbered(numbers, at_ms)
        return {key: Identity(id=number, key=key, person=number) for key, number in numbers.items()}


class TurnState:
    """A state that is made anew. What would have been told gathers in `told`, by dedup hash."""

    def __init__(self, state: State, numbers: Numbers | None = None) -> None:
        self._state = state
        self.numbers = numbers
        self.told: dict[int, Event] = {}

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        told = dict(self.told) if self.told else {}
        async with self._state.begin() as transaction:
            try:
                yield cast("Transaction", _TurnTransaction(transaction, self))
            except BaseException:
                self.told = told
                raise

    def begin_part(self, part: int) -> AbstractAsyncContextManager[PartTransaction | None]:
        raise AssertionError(f"part {part} is moved by somebody else while the state is made anew")

    def view(self) -> AbstractAsyncContextManager[View]:
        return self._state.view()

    async def purge(self) -> bool:
        return await self._state.purge()

    async def close(self) -> None:
        """The state belongs to whoever opened it."""


def heard(told: dict[int, Event], entries: Mapping[int, Event]) -> int:
    """Take what has come in by the log off what was told; returns how much of it was told at all."""
    return sum(told.pop(each, None) is not None for each in entries)
