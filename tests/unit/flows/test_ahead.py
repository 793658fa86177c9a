"""Ahead: what is made of the next entries while nobody else works is what the tick would make of them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import NAMES, Event, IdentityKey, own_event
from holdfast.events.segment_body import BODY_BYTES_MOST
from holdfast.flows.ingest import ahead as module
from holdfast.flows.ingest.ahead import Ahead
from holdfast.flows.ingest.own import numbered_records
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


async def test_begun_again_it_goes_on_with_what_has_come_since(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = await log_of(batch("A"), batch("B"))
    ahead = Ahead(log)
    ahead.begin(0, records=3)
    await made(ahead)
    await log.append([batch("C"), batch("D")])
    for _ in range(2):  # Three are wanted, and no more of them than that.
        ahead.begin(0, records=3)
        await made(ahead)
    entries = await log.read(0, max_records=100, max_bytes=10**9)
    expected = decoded(entries)
    asked: list[int] = []

    def counted(those: list[Entry]) -> object:
        asked.extend(each.offset for each in those)
        return decoded(those)

    monkeypatch.setattr(module, "decoded", counted)
    assert ahead.events_of(entries) == expected
    assert asked == [entries[3].offset]
    ahead.begin(entries[2].offset, records=3)  # It begins where it is told to, once events were asked for.
    await made(ahead)
    assert [each.offset for each, _, _ in ahead._made.values()] == [each.offset for each in entries[2:]]


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


# What we tell ourselves.


def in_e(_number: int) -> tuple[str, int]:
    return "e", 10**9


def own(number: int, **properties: Any) -> Event:
    return own_event(
        "Message Queued",
        user=IdentityKey(kind="user", value="ada"),
        at=datetime(2026, 11, 23, tzinfo=UTC),
        properties=properties,
        key=(number,),
    )


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often entries are made events from here on."""
    asked: list[int] = []

    def counting(those: list[Entry]) -> object:
        asked.extend(each.offset for each in those)
        return decoded(those)

    monkeypatch.setattr(module, "decoded", counting)
    return asked


async def test_what_is_told_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told = numbered_records([(number, own(number, send=f"s{number}")) for number in range(5, 1_005)], in_e, 7)
    log, entries = await log_of(*(record for record, _ in told), batch("A"))
    ahead, asked = Ahead(log), counted(monkeypatch)
    ahead.told(told)
    assert ahead.events_of(entries) == decoded(entries)
    assert asked == [entries[-1].offset]
    assert ahead.events_of(entries) == decoded(entries)
    assert len(asked) == 1 + len(entries)  # They are remembered until they are read, and no longer.


async def test_what_is_told_and_never_read_is_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOLD_MOST", 3)
    each = [numbered_records([(2 * number, own(number)), (2 * number + 1, own(-number))], in_e, 7) for number in (1, 2)]
    log, entries = await log_of(*(record for told in each for record, _ in told))
    ahead, asked = Ahead(log), counted(monkeypatch)
    for told in each:
        ahead.told(told)
    assert ahead.events_of(entries) == decoded(entries)
    assert asked == [entries[0].offset]


async def test_a_body_that_somebody_else_sends_is_theirs() -> None:
    ((record, events),) = numbered_records([(5, own(5))], in_e, 7)
    log, entries = await log_of(Record(kind="batch", source="web", received_ms=7, body=record.body))
    ahead = Ahead(log)
    ahead.told([(record, events)])
    assert ahead.events_of(entries) == decoded(entries)
    assert [each.event.source for each in ahead.events_of(entries)[0]] == ["web"]


PLAIN: list[object] = ["", "é\u2028\0", 0, True, None, -0.0, 1e308, 5e-324, 2**63 - 1, -(2**63)]
ODD: list[object] = [
    float("nan"),
    float("-inf"),
    2**63,
    2**64,
    -(2**63) - 1,
    [1, float("nan")],
    {"a": {"b": [float("inf")]}},
    (1, 2),
    datetime(2026, 1, 1, tzinfo=UTC),
    "x" * BODY_BYTES_MOST,
]


async def told_and_read(*events: Event) -> None:
    """Tell them, and see that they come back as they would be read."""
    try:
        told = numbered_records(list(enumerate(events, 5)), in_e, 7)
    except (ValueError, OverflowError):
        return  # What cannot be told is not remembered either.
    log, entries = await log_of(*(record for record, _ in told))
    ahead = Ahead(log)
    ahead.told(told)
    # In words: what is no number is not equal to itself.
    assert repr(ahead.events_of(entries)) == repr(decoded(entries))


@pytest.mark.parametrize("value", PLAIN + ODD, ids=lambda value: f"{value!r:.20}")
async def test_what_is_remembered_is_what_would_be_read(value: object) -> None:
    await told_and_read(own(1, said=value), own(2))
    at = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
    user = IdentityKey(kind="anonymous", value="a\u2028b")
    more: dict[str, Any] = {"user": user, "at": at, "properties": {"plan": value}, "key": (1,)}
    await told_and_read(own_event(NAMES["identify"], kind="identify", **more))
    await told_and_read(own_event("Message Queued", **{**more, "properties": {}, "context": {"said": value}}))


@given(
    st.lists(
        st.dictionaries(
            st.text("ab\0 é\u2028", max_size=2),
            st.sampled_from(PLAIN + ODD[:-1]) | st.integers() | st.floats() | st.text("a\0\u2028é", max_size=3),
            max_size=3,
        ),
        min_size=1,
        max_size=3,
    )
)
async def test_so_is_whatever_else_is_told(said: list[dict[str, object]]) -> None:
    await told_and_read(*(own(number, **properties) for number, properties in enumerate(said)))
