"""Ahead: what is made of the next entries while nobody else works is what the tick would make of them."""

from __future__ import annotations

import asyncio
import json

import pytest

from holdfast.flows.ingest import ahead as module
from holdfast.flows.ingest.ahead import Ahead
from holdfast.flows.ingest.reading import decoded
from holdfast.ports.log import Entry, Record
from holdfast.stores.memory.log import MemoryLog


def batch(*names: str) -> Record:
    said = [{"type": "track", "userId": "ada", "event": each, "messageId": each} for each in names]
    return Record(kind="batch", source="web", received_ms=7, body=json.dumps({"batch": said}).encode())


BROKEN = Record(kind="batch", source="web", received_ms=7, body=b"{")
NO_EVENT = Record(kind="batch", source="web", received_ms=7, body=b'{"batch": [{"type": "track"}]}')


async def log_of(*records: Record) -> tuple[MemoryLog, list[Entry]]:
    log = MemoryLog(stride=10)
    await log.append(records)
    return log, await log.read(0, max_records=100, max_bytes=10**9)


async def made(ahead: Ahead) -> None:
    """Let it go on to its end."""
    while ahead._going is not None and not ahead._going.done():
        await asyncio.sleep(0)


async def test_what_was_made_ahead_is_what_would_be_made_and_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    log, entries = await log_of(batch("A", "B"), BROKEN, NO_EVENT, batch("C"))
    expected = decoded(entries)
    assert [each.event.name for each in expected[0]] == ["A", "B", "C"]
    assert len(expected[1]) == 2
    ahead = Ahead(log)
    ahead.begin(0, records=3)
    await made(ahead)
    asked: list[int] = []

    def counted(those: list[Entry]) -> object:
        asked.extend(each.offset for each in those)
        return decoded(those)

    monkeypatch.setattr(module, "decoded", counted)
    assert ahead.events_of(entries) == expected
    assert asked == [entries[3].offset]  # The first three were there.
    assert ahead.events_of(entries) == expected
    assert len(asked) == 5  # They are asked for once, and kept no longer.


async def test_asked_too_soon_it_makes_the_rest_at_once_and_reads_on_no_more() -> None:
    log, entries = await log_of(*(batch(*(f"{of}-{number}" for number in range(60))) for of in "ABC"))
    ahead = Ahead(log)
    ahead.begin(0, records=100)
    going = ahead._going
    assert going is not None
    await asyncio.sleep(0)
    assert len(ahead._made) == 1  # Whoever waits has a turn after each of them.
    assert ahead.events_of(entries) == decoded(entries)
    await asyncio.gather(going, return_exceptions=True)
    assert going.cancelled()
    assert not ahead._made


async def test_an_entry_that_was_rewritten_meanwhile_is_made_again() -> None:
    log, _ = await log_of(batch("A"), batch("B"))
    ahead = Ahead(log)
    ahead.begin(0, records=100)
    await made(ahead)
    assert await log.rewrite(10, lambda _: batch("Erased").body) == 1
    placed, _ = ahead.events_of(await log.read(0, max_records=100, max_bytes=10**9))
    assert [each.event.name for each in placed] == ["Erased", "B"]


async def test_what_cannot_be_read_ahead_is_for_the_tick_to_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    log, entries = await log_of(batch("A"), batch("B"))

    def breaks(those: list[Entry]) -> object:
        if those[0].offset != entries[0].offset:
            raise ValueError("nobody foresaw it")
        return decoded(those)

    monkeypatch.setattr(module, "decoded", breaks)
    ahead = Ahead(log)
    ahead.begin(0, records=100)
    await made(ahead)
    with pytest.raises(ValueError, match="foresaw"):
        ahead.events_of(entries)
    assert [each.event.name for each in ahead.events_of(entries[:1])[0]] == ["A"]
