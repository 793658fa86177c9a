"""Of several processes that could react, one writes; and what one waits for that does not react itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from holdfast.decisions.gate import GateRules
from holdfast.flows.ingest.acting import Relieved, begin_acting
from holdfast.flows.ingest.archive import BEGUN, Archivist
from holdfast.flows.ingest.following import caught_up, taken_in
from holdfast.flows.ingest.lag import Lag, lag_of
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.ingest.reading import ARCHIVE, REACT
from holdfast.kernel.errors import Busy
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import HistoryRow
from holdfast.ports.log import Record
from holdfast.ports.state import Send
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState
from holdfast.testing import START, FakeClock


async def test_who_was_relieved_can_change_nothing() -> None:
    state = MemoryState()
    first = await begin_acting(state, "first")
    async with first.begin() as transaction:
        await transaction.set_offset(REACT, 1)
    second = await begin_acting(state, "second")
    with pytest.raises(Relieved):
        async with first.begin() as transaction:
            await transaction.set_offset(REACT, 2)
    async with first.view() as view:
        assert await view.offset(REACT) == 1
    async with second.begin() as transaction:
        await transaction.set_offset(REACT, 3)
    async with state.view() as view:
        assert await view.offset(REACT) == 3


def recorded(number: int, *, at_ms: int = 0) -> Record:
    message = {"type": "track", "userId": "ida", "event": "Seen", "messageId": str(number)}
    return Record(kind="batch", source="web", received_ms=at_ms, body=json.dumps({"batch": [message]}).encode())


async def test_answers_wait_for_what_came_before_them_and_not_for_ever() -> None:
    log, state = MemoryLog(stride=1000), MemoryState()
    assert await caught_up(log, state, seconds=0)
    await log.append([recorded(1)])
    assert not await caught_up(log, state, seconds=0.05)
    waiting = asyncio.create_task(caught_up(log, state, seconds=120))
    await asyncio.sleep(0.02)
    await log.append([recorded(2)])  # Comes after the question: it is not waited for.
    reached = (await log.read(0, max_records=1, max_bytes=1))[0].offset + 1
    await asyncio.sleep(0.05)
    async with state.begin() as transaction:
        await transaction.set_offset(REACT, reached)
    await asyncio.sleep(0.05)
    assert not waiting.done(), "the history is not told yet"
    async with state.begin() as transaction:
        await transaction.touch_people([7])
        await transaction.set_offset(ARCHIVE, reached)
    await asyncio.sleep(0.05)
    assert not waiting.done(), "the history does not know of the person yet"
    async with state.begin() as transaction:
        await transaction.touch_people([8])
        await transaction.untouch_people([each for each in await transaction.stale_people(limit=9) if each[0] == 7])
    assert await waiting


async def test_a_sender_waits_until_what_may_be_an_objection_is_taken_in() -> None:
    log, state = MemoryLog(), MemoryState()
    await log.append([recorded(1)])
    target = await taken_in(log, state, seconds=0.05)
    async with state.view() as view:
        assert await view.offset(REACT) < target
    async with state.begin() as transaction:
        await transaction.set_offset(REACT, target)
    assert await taken_in(log, state, seconds=10) == target


async def test_the_lag_is_what_waits_and_for_how_long() -> None:
    log, state, clock = MemoryLog(stride=1000), MemoryState(), FakeClock()
    assert await lag_of(log, state, clock) == Lag(backlog=0, seconds=0.0)
    await log.append([recorded(number, at_ms=to_millis(START)) for number in range(3)])
    clock.advance(seconds=90)
    assert await lag_of(log, state, clock) == Lag(backlog=3, seconds=90.0)


async def test_a_log_that_ends_before_what_was_read_of_it_stops_who_would_read_on() -> None:
    """Another one is in its place: what is acknowledged into it stands where nobody reads any more."""
    log, state, clock = MemoryLog(), MemoryState(), FakeClock()
    reactor = Reactor(log=log, state=state, clock=clock, rules=GateRules(), hand_over=lambda _: None)
    async with state.begin() as transaction:
        await transaction.set_offset(REACT, 7)
    await log.append([recorded(1)])
    for asked in (reactor.tick(), lag_of(log, state, clock), taken_in(log, state, seconds=0)):
        with pytest.raises(Busy) as refused:
            await asked
        assert refused.value.code == "log_behind"


class Slow(MemoryHistory):
    """A history that goes on adding after whoever asked for it has died, and knows a batch again by its token."""

    def __init__(self) -> None:
        super().__init__(currency="EUR")
        self.dies = False
        self.late: list[tuple[Sequence[HistoryRow], str]] = []
        self.tokens: list[str] = []

    async def add(self, rows: Sequence[HistoryRow], *, token: str) -> None:
        if self.dies:
            self.late.append((rows, token))
            raise ConnectionResetError
        if token not in self.tokens:
            self.tokens.append(token)
            await super().add(rows, token=token)


async def test_a_batch_whose_archivist_died_is_sent_again_as_the_same() -> None:
    """The insert lands after the next archivist has looked whether it did: the token is what makes them one."""
    log, state, clock, history = MemoryLog(stride=1000), MemoryState(), FakeClock(), Slow()

    def nobody(_: Sequence[Send]) -> None:
        raise AssertionError

    reactor = Reactor(log=log, state=state, clock=clock, rules=GateRules(), hand_over=nobody)
    await log.append([recorded(number) for number in range(3)])
    await reactor.tick()
    history.dies = True
    with pytest.raises(ConnectionResetError):
        await Archivist(log=log, state=state, history=history, outlived=True).flush()
    ((_, token),) = history.late
    await log.append([recorded(number) for number in range(3, 6)])
    await reactor.tick()
    history.dies = False
    await Archivist(log=log, state=state, history=history, outlived=True).flush()
    assert history.tokens[0] == token, "it was cut otherwise, and would be there twice"
    for rows, late_token in history.late:
        await history.add(rows, token=late_token)
    assert await history.size() == 6
    async with state.view() as view:
        assert await view.note(BEGUN)
