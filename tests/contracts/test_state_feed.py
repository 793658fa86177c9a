"""The state contract: what comes in. Reading positions, messages seen, bad records, own events; and small things."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from holdfast.ports.state import AccessKey, BadRecord, State
from holdfast.testing import an_event
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


async def test_a_new_group_reads_from_the_start(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.offset("react") == 0
        await transaction.set_offset("react", 7)
        await transaction.set_offset("react", 2**40)
    async with state.view() as view:
        assert await view.offset("react") == 2**40
        assert await view.offset("archive") == 0


async def test_a_message_is_remembered_where_it_was_first_seen(state: State) -> None:
    hashes = [0, 1, 2**63 - 1, 2**63, 2**64 - 1]
    async with state.begin() as transaction:
        await transaction.mark_seen({number: index for index, number in enumerate(hashes)}, 100)
        await transaction.mark_seen({hashes[0]: 99, 5: 6}, 200)
    async with state.view() as view:
        assert await view.seen([*hashes, 5, 77]) == {0: 0, 1: 1, 2**63 - 1: 2, 2**63: 3, 2**64 - 1: 4, 5: 6}
    async with state.begin() as transaction:
        await transaction.forget_seen(200)
        assert await transaction.seen([*hashes, 5]) == {5: 6}


async def test_what_was_skipped_is_told_between_two_positions(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.mark_skipped([7, 2**53, 8, 40], 100)
        await transaction.mark_skipped([8, 9], 200)
        await transaction.mark_skipped([], 200)
    async with state.view() as view:
        assert await view.skipped(8, 40) == {8, 9, 40}
        assert await view.skipped(0, 2**62) == {7, 8, 9, 40, 2**53}
        assert await view.skipped(10, 39) == frozenset()
        assert await view.seen([7, 8, 9]) == {}
    async with state.begin() as transaction:
        await transaction.forget_seen(200)
        assert await transaction.skipped(0, 2**62) == {9}


def a_bad_record(**fields: Any) -> BadRecord:
    given: dict[str, Any] = {
        "at_ms": 5,
        "source": "web",
        "code": "no_person",
        "message": "names nobody",
        "path": "$.batch[0]",
        "hint": "Send a userId.",
        "body": '{"a": "\\ud800", "b": 😀}',
    }
    return BadRecord(**(given | fields))


async def test_bad_records_are_kept_once_by_where_they_came_from(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_bad_records([a_bad_record(origin="log:1.0"), a_bad_record(origin="log:1.1", code="x")])
        await transaction.add_bad_records([a_bad_record(origin="log:1.0"), a_bad_record(origin="log:1.0")])
        await transaction.add_bad_records([a_bad_record(), a_bad_record()])  # Of unknown origin: no two are the same.
    async with state.view() as view:
        kept = await view.bad_records(limit=10, before_id=None, replayed=None)
        assert [each.origin for each in kept] == ["", "", "log:1.1", "log:1.0"]
        assert kept[3] == a_bad_record(id=1, origin="log:1.0")
        assert await view.bad_records_by_id([kept[1].id, 1, 99]) == [kept[3], kept[1]]


async def test_bad_records_are_listed_newest_first_page_by_page(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_bad_records([a_bad_record(origin=f"file:{n}", code=f"c{n % 2}") for n in range(5)])
        await transaction.mark_replayed([2, 4, 99], 50)
    async with state.view() as view:

        async def ids(**how: Any) -> list[int]:
            return [each.id for each in await view.bad_records(**({"before_id": None, "replayed": None} | how))]

        assert await ids(limit=2) == [5, 4]
        assert await ids(limit=2, before_id=4) == [3, 2]
        assert await ids(limit=9, replayed=False) == [5, 3, 1]
        assert await ids(limit=9, replayed=True) == [4, 2]
        assert await ids(limit=9, before_id=3, replayed=True) == [2]
        assert (await view.bad_records_by_id([2]))[0].replayed_ms == 50
        assert await view.count_bad_records() == {"all": 3}
        assert await view.count_bad_records(by_code=True) == {"c0": 3}


async def test_nothing_bad_counts_as_nothing(state: State) -> None:
    async with state.view() as view:
        assert await view.count_bad_records() == {"all": 0}
        assert await view.count_bad_records(by_code=True) == {}


async def test_own_events_wait_in_order(state: State) -> None:
    odd = an_event(
        "Message Sent",
        message_id="m1",
        timestamp=datetime(2024, 2, 29, 23, 59, 59, 999000, tzinfo=UTC),
        properties={"giant": 2**80, "list": [1, {"deep": None}], "😀": "\0"},
        context={"ip": "::1"},
        source="holdfast",
    )
    async with state.begin() as transaction:
        await transaction.emit([odd, an_event(message_id="m2")])
        await transaction.emit([an_event(message_id="m3")])
    async with state.view() as view:
        waiting = await view.emitted(limit=10)
        assert [event.message_id for _, event in waiting] == ["m1", "m2", "m3"]
        assert waiting[0][1] == odd
        assert await view.emitted(limit=1) == waiting[:1]
        ids = [number for number, _ in waiting]
        assert ids == sorted(set(ids))
        assert await view.emitted(limit=1, after_id=ids[0]) == waiting[1:2]
        assert await view.emitted(limit=10, after_id=ids[-1]) == []
        assert await view.last_emitted() == ids[-1]
    async with state.begin() as transaction:
        await transaction.forget_emitted(ids[-1])
        assert await transaction.last_emitted() == 0


async def test_forgetting_own_events_never_takes_later_ones(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.emit([an_event(message_id="m1"), an_event(message_id="m2")])
        last = (await transaction.emitted(limit=10))[-1][0]
        await transaction.forget_emitted(last)
        await transaction.emit([an_event(message_id="m1")])
        ((number, _),) = await transaction.emitted(limit=10)
        assert number > last
        await transaction.forget_emitted(last)
        assert len(await transaction.emitted(limit=10)) == 1


async def test_any_number_of_own_events_is_forgotten_at_once(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.emit([an_event(message_id=f"m{number}") for number in range(200)])
        ids = [number for number, _ in await transaction.emitted(limit=500)]
        for forgotten in (3, 67, 131, 132, 199):
            await transaction.forget_emitted(ids[forgotten])
            assert [number for number, _ in await transaction.emitted(limit=500)] == ids[forgotten + 1 :]


async def test_keys_are_replaced_by_name_and_revoked_once(state: State) -> None:
    key = AccessKey(name="web", kind="write", hash="h", shown="wk_1", created_ms=5)
    async with state.begin() as transaction:
        await transaction.put_key(key)
        await transaction.put_key(AccessKey(name="ops", kind="api", hash="h2", shown="ak_…", created_ms=4))
        await transaction.revoke_key("web", 9)
        await transaction.revoke_key("web", 10)
        await transaction.revoke_key("nobody", 10)
        keys = await transaction.keys()
        assert [(each.name, each.revoked_ms) for each in keys] == [("ops", None), ("web", 9)]
        await transaction.put_key(key)
        assert (await transaction.keys())[1] == key


async def test_notes(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.set_note("name", "one")
        await transaction.set_note("name", "")
        await transaction.set_note("other", "\0😀")
    async with state.view() as view:
        assert [await view.note(name) for name in ("name", "other", "third")] == ["", "\0😀", None]
