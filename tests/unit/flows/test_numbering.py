"""Own events are known by their numbers: told again they come to nothing, and no number of another state counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.cut import Knife
from holdfast.events.event import OWN_SOURCE, Event, IdentityKey, own_event
from holdfast.events.segment_body import BODY_BYTES_MOST
from holdfast.events.segment_spec import own_numbers
from holdfast.flows.ingest.numbering import (
    EPOCHS_MOST,
    STRANGE_MS,
    TOLD_ONCE,
    Epoch,
    Numbering,
    keep_numbering,
    numbered_positions,
    numbering_of,
    sift,
    tell_on,
)
from holdfast.flows.ingest.own import EVENTS_IN_RECORD, numbered_records, own_records
from holdfast.flows.ingest.reading import Placed, decoded
from holdfast.ports.log import Entry, Record
from holdfast.profiles.devices import DEVICE_GONE
from holdfast.segments.live import SEGMENT_ENTERED, SEGMENT_LEFT
from holdfast.testing import MemoryState

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ONCE = min(TOLD_ONCE)


def in_e(_number: int) -> tuple[str, int]:
    return "e", 10**9


def in_f(_number: int) -> tuple[str, int]:
    return "f", 10**9


def told(number: int, name: str = ONCE, *, size: int = 0, user: str = "") -> Event:
    said = {"said": "x" * size}
    return own_event(
        name, user=IdentityKey(kind="user", value=user or f"p{number}"), at=NOW, properties=said, key=(number,)
    )


def records_of(
    waiting: Sequence[tuple[int, Event]], epoch_of: Callable[[int], tuple[str, int]], received_ms: int
) -> list[Record]:
    return [record for record, _ in numbered_records(waiting, epoch_of, received_ms)]


def entries_of(records: Sequence[Record], start: int = 0) -> list[Entry]:
    return [Entry(offset=start + index, record=each) for index, each in enumerate(records)]


def numbered(*numbers: int, epoch: str = "e", start: int = 0, received_ms: int = 7, name: str = ONCE) -> list[Placed]:
    """These own events as they are read, told under their numbers."""
    waiting = [(number, told(number, name)) for number in numbers]
    return decoded(entries_of(records_of(waiting, lambda _: (epoch, 10**9), received_ms), start))[0]


async def taken(state: MemoryState, placed: Sequence[Placed]) -> list[int]:
    """The numbers of those that are new; all of which is remembered."""
    async with state.begin() as transaction:
        sifted = await sift(transaction, placed)
        await sifted.remember(transaction, sifted.fresh, 7)
    return [each.number for each in sifted.fresh]


async def with_numbering(numbering: Numbering) -> MemoryState:
    state = MemoryState()
    async with state.begin() as transaction:
        await keep_numbering(transaction, numbering)
    return state


# Records.


@pytest.mark.parametrize(
    ("numbers", "records"),
    [
        ([], []),
        ([1, 2, 3], [1]),
        ([4, 5, 9, 10, 12], [4, 9, 12]),
        (list(range(7, 7 + EVENTS_IN_RECORD + 3)), [7, 7 + EVENTS_IN_RECORD]),
    ],
)
def test_each_record_bears_the_numbers_of_its_events(numbers: list[int], records: list[int]) -> None:
    found = records_of([(each, told(each)) for each in numbers], in_e, 7)
    assert [own_numbers(each.body).first for each in found] == records
    placed, bad = decoded(entries_of(found))
    assert not bad
    assert [(each.epoch, each.number) for each in placed] == [("e", each) for each in numbers]
    assert [each.event for each in placed] == [told(each) for each in numbers]


def test_a_record_that_is_too_large_is_parted_and_the_numbers_with_it() -> None:
    found = records_of([(each, told(each, size=30_000)) for each in range(5, 45)], in_e, 7)
    assert len(found) > 1
    assert all(len(each.body) <= BODY_BYTES_MOST for each in found)
    assert [each.number for each in decoded(entries_of(found))[0]] == list(range(5, 45))


def test_no_record_is_of_two_epochs_and_none_tells_numbers_from_before_there_were_any() -> None:
    numbering = Numbering(epochs=(Epoch("a", 4, 5), Epoch("b", 5)))
    found = records_of([(each, told(each)) for each in (1, 2, 4, 5, 6, 7)], numbering.epoch_of, 7)
    assert [(each.epoch, each.first) for each in map(own_numbers, (record.body for record in found))] == [
        ("", 0),
        ("a", 5),
        ("b", 6),
    ]


def test_what_is_out_of_the_ordinary_keeps_its_number() -> None:
    odd = own_event(
        "Trait Changed",
        user=IdentityKey(kind="user", value="p"),
        at=NOW,
        properties={"deep": {"er": [1]}},
        key=(2,),
        context={"by": "x"},
    )
    found = records_of([(1, told(1)), (2, odd), (3, told(3))], in_e, 7)
    placed = decoded(entries_of(found))[0]
    assert [(each.number, each.event.properties) for each in placed] == [
        (1, told(1).properties),
        (2, odd.properties),
        (3, told(3).properties),
    ]


def test_who_is_cut_out_of_a_record_leaves_the_others_their_numbers() -> None:
    (record,) = records_of([(each, told(each)) for each in (7, 8, 9)], in_e, 7)
    knife = Knife(names=frozenset({IdentityKey(kind="user", value="p8")}))
    cut = knife.cut(record.kind, record.body, received_ms=7, source=OWN_SOURCE)
    assert cut is not None
    placed, _ = decoded([Entry(offset=0, record=replace(record, body=cut))])
    assert [(each.epoch, each.number, each.event.user_id) for each in placed] == [("e", 7, "p7"), ("e", 9, "p9")]


def test_nobody_else_says_numbers() -> None:
    (record,) = records_of([(7, told(7))], in_e, 7)
    others = [replace(record, source="web"), replace(record, kind="import")]
    assert {each.epoch for each in decoded(entries_of(others))[0]} == {""}


def test_the_positions_of_an_entry_that_bears_numbers() -> None:
    waiting = [(1, told(1)), (2, told(2))]
    assert numbered_positions(Entry(offset=3, record=records_of(waiting, in_e, 7)[0])) == [
        3 * 4096,
        3 * 4096 + 1,
    ]
    assert numbered_positions(Entry(offset=3, record=own_records([told(1)], 7)[0])) == []
    assert numbered_positions(Entry(offset=3, record=replace(own_records([told(1)], 7)[0], body=b"{"))) == []


# Epochs.


def test_an_epoch_begins_above_all_that_was_given_and_ends_the_one_before() -> None:
    first = Numbering().begun("a", 4)
    assert first.epochs == (Epoch("a", 4),)
    second = replaced(first, taken=9, told=7).begun("b", 8)
    assert second.epochs == (Epoch("a", 4, 9), Epoch("b", 9))
    assert (second.told_in("a"), second.told_in("c")) == (range(5, 10), range(0))
    assert 10 in second.told_in("b")
    assert 10**12 in second.told_in("b")
    assert [second.epoch_of(each) for each in (4, 5, 9)] == [("", 4), ("a", 9), ("a", 9)]
    assert second.epoch_of(10)[0] == "b"
    assert second.epoch_of(10)[1] > 10**12


def test_what_another_state_told_in_an_epoch_without_own_events_is_not_ours() -> None:
    """The state was set back to when the epoch had told nothing: whatever is told in it, is of the other."""
    again = Numbering().begun("a", 4).begun("b", 4)
    assert again.epochs == (Epoch("b", 4),)
    assert not again.told_in("a")


def test_epochs_are_kept_for_so_many_processes_and_no_more() -> None:
    numbering = Numbering()
    for last in range(EPOCHS_MOST + 5):
        numbering = numbering.begun(f"e{last}", last)
    assert len(numbering.epochs) == EPOCHS_MOST
    assert numbering.epochs[-1] == Epoch(f"e{EPOCHS_MOST + 4}", EPOCHS_MOST + 4)
    assert numbering.epochs[0].name == "e5"


def replaced(numbering: Numbering, **fields: int) -> Numbering:
    return Numbering(
        taken=fields.get("taken", numbering.taken),
        told=fields.get("told", numbering.told),
        strange_until_ms=numbering.strange_until_ms,
        epochs=numbering.epochs,
    )


async def test_whoever_tells_on_keeps_its_epoch_until_another_told() -> None:
    state = MemoryState()
    async with state.begin() as transaction:
        await transaction.emit([told(1), told(2), told(3)])
        first = await tell_on(transaction, None, upto=0)
    assert first.epoch_of(3) == ("", 3)  # Nothing was told in an epoch before there were any.
    assert first.epoch_of(4)[0] == first.epoch != ""
    async with state.begin() as transaction:
        assert await tell_on(transaction, first.epoch, upto=2) == replaced(first, told=2)
        assert [number for number, _ in await transaction.emitted(limit=9)] == [3]
    async with state.begin() as transaction:
        await transaction.emit([told(4)])
        other = await tell_on(transaction, None, upto=0)
    assert other.epoch != first.epoch
    assert [other.epoch_of(each)[0] for each in (3, 4, 5)] == ["", first.epoch, other.epoch]
    async with state.begin() as transaction:
        third = await tell_on(transaction, first.epoch, upto=3)
    assert third.epoch not in (first.epoch, other.epoch)
    assert third.told == 3


async def test_what_is_taken_in_is_not_told_again() -> None:
    state = await with_numbering(Numbering(taken=2, told=1, epochs=(Epoch("e", 0),)))
    async with state.begin() as transaction:
        await transaction.emit([told(1), told(2), told(3)])
        begun = await tell_on(transaction, None, upto=0)
        assert [number for number, _ in await transaction.emitted(limit=9)] == [3]
    assert begun.told == 2
    assert begun.epochs[0] == Epoch("e", 0, 3)


# What is new.


@given(
    count=st.integers(1, 12),
    lives=st.lists(st.tuples(st.integers(0, 12), st.lists(st.integers(1, 5), max_size=6)), max_size=4),
    batch=st.integers(1, 7),
)
async def test_whatever_is_told_how_often_and_in_whatever_slices_is_taken_in_once(
    count: int, lives: list[tuple[int, list[int]]], batch: int
) -> None:
    """Each life tells from some number that was told, or the first that was not, in slices of its own."""
    state = await with_numbering(Numbering(epochs=(Epoch("e", 0),)))
    stream: list[int] = []
    highest = 0
    for start, slices in [*lives, (0, [count])]:
        at = min(start, highest)
        for size in slices:
            stream += range(at + 1, min(at + size, count) + 1)
            at = min(at + size, count)
        highest = max(highest, at)
    placed = [each for offset, number in enumerate(stream) for each in numbered(number, start=offset)]
    found = [
        each for start in range(0, len(placed), batch) for each in await taken(state, placed[start : start + batch])
    ]
    assert found == list(range(1, count + 1))
    positions = {each.position for each in placed}
    async with state.view() as view:
        skipped = await view.skipped(0, max(positions))
        assert await view.seen([each.dedup_hash for each in placed]) == {}
    assert [each.number for each in placed if each.position not in skipped] == list(range(1, count + 1))


async def test_numbers_that_were_given_to_nothing_are_no_gap() -> None:
    state = await with_numbering(Numbering(epochs=(Epoch("e", 0),)))
    assert await taken(state, numbered(3, 4, 9)) == [3, 4, 9]
    assert await taken(state, numbered(4, 9, 30, start=10)) == [30]


@pytest.mark.parametrize("name", [DEVICE_GONE, SEGMENT_ENTERED, SEGMENT_LEFT])
async def test_what_two_transactions_may_tell_counts_once(name: str) -> None:
    state = await with_numbering(Numbering(epochs=(Epoch("e", 0),)))
    again = [(5, told(1, name)), (6, told(1, name))]
    assert await taken(state, numbered(1, name=name)) == [1]
    assert await taken(state, decoded(entries_of(records_of(again, in_e, 7), 4))[0]) == []
    async with state.view() as view:
        assert await view.skipped(0, 10**6) == {4 * 4096, 4 * 4096 + 1}
        assert (await numbering_of(view)).taken == 6


@pytest.mark.parametrize(
    "numbering",
    [
        Numbering(taken=4, epochs=(Epoch("e", 0, 4),)),
        Numbering(taken=4, epochs=(Epoch("other", 0),)),
        Numbering(taken=4),
    ],
    ids=["beyond the end of an epoch", "another epoch", "none at all"],
)
async def test_what_this_state_never_told_is_known_by_its_id(numbering: Numbering) -> None:
    state = await with_numbering(numbering)
    strange = numbered(5, 6)
    assert await taken(state, strange) == [5, 6]
    assert await taken(state, numbered(5, 6, start=9)) == []
    async with state.view() as view:
        assert await view.seen([each.dedup_hash for each in strange]) == {
            each.dedup_hash: each.position for each in strange
        }
        assert (await numbering_of(view)).taken == 4


async def test_a_number_of_another_state_hides_none_of_ours() -> None:
    """Set back to before 5 and 6, the state comes to other things, and gives them these numbers."""
    state = await with_numbering(Numbering(taken=4, epochs=(Epoch("e", 0, 4), Epoch("f", 4))))
    assert await taken(state, numbered(5, 6)) == [5, 6]
    ours = [(5, told(50)), (6, told(6)), (7, told(7))]
    placed = decoded(entries_of(records_of(ours, in_f, 7), 9))[0]
    assert await taken(state, placed) == [5, 7]  # The sixth it had heard of, and came to again by itself.


async def test_what_was_told_without_a_number_is_not_told_anew_with_one() -> None:
    """As in a replay of the past, where what came of it is read and comes of it again; or by an earlier Holdfast."""
    state = await with_numbering(Numbering(epochs=(Epoch("e", 0),)))
    before = decoded(entries_of(own_records([told(1)], 7)))[0]
    assert len(await taken(state, before)) == 1
    assert await taken(state, numbered(1, 2, start=3)) == [2]


async def test_what_is_told_without_the_state_makes_ours_no_strangers() -> None:
    state = await with_numbering(Numbering(epochs=(Epoch("e", 0),)))
    assert len(await taken(state, decoded(entries_of(own_records([told(9, "Message Opened")], 7)))[0])) == 1
    placed = numbered(1, start=3)
    assert await taken(state, placed) == [1]
    async with state.view() as view:
        assert await view.seen([placed[0].dedup_hash]) == {}


async def test_ids_are_asked_for_as_long_as_the_state_may_come_to_the_same() -> None:
    state = await with_numbering(Numbering(epochs=(Epoch("f", 0),)))
    assert await taken(state, numbered(3, received_ms=7)) == [3]
    again = decoded(entries_of(records_of([(1, told(3))], in_f, 6 + STRANGE_MS), 9))[0]
    assert await taken(state, again) == []
    later = decoded(entries_of(records_of([(2, told(3))], in_f, 7 + STRANGE_MS), 10))[0]
    assert await taken(state, later) == [2]


async def test_the_archive_is_told_of_what_is_new_and_not_taken_in_all_the_same() -> None:
    """As what the erased did: they are forgotten between what they did and when it is told."""
    state = await with_numbering(Numbering(epochs=(Epoch("e", 0),)))
    placed = numbered(1, 2, 3)
    async with state.begin() as transaction:
        sifted = await sift(transaction, placed)
        await sifted.remember(transaction, [placed[1]], 7)
        assert await transaction.skipped(0, 9) == {0, 2}
    assert await taken(state, numbered(3, start=6)) == []


async def test_others_are_known_by_their_ids_beside_ours() -> None:
    state = await with_numbering(Numbering(epochs=(Epoch("e", 0),)))
    (theirs,) = decoded([Entry(offset=5, record=replace(own_records([told(77)], 7)[0], source="web"))])[0]
    assert await taken(state, [*numbered(1, 2), theirs, *numbered(2, 3, start=6)]) == [1, 2, 0, 3]
    assert await taken(state, [replaced_position(theirs), *numbered(3, 4, start=8)]) == [4]


def replaced_position(placed: Placed) -> Placed:
    return Placed(
        position=placed.position + 4096,
        received_ms=placed.received_ms,
        event=placed.event,
        identity=placed.identity,
        dedup_hash=placed.dedup_hash,
    )
