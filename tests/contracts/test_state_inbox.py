"""The state contract: inboxes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from holdfast.ports.inbox import InboxItem
from holdfast.ports.state import State, View
from tests.contracts.state_contract import people
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


def an_item(key: str, identity: int = 1, **fields: Any) -> InboxItem:
    given: dict[str, Any] = {"medium": "inbox", "words": b'{"title":"\xc3\x9f"}', "added_ms": 10, "expires_ms": 1_000}
    return InboxItem(key=key, identity=identity, **(given | fields))


async def seen(view: View, *identities: int, now_ms: int = 0, limit: int = 99) -> list[str]:
    return [each.key for each in await view.inbox(identities, now_ms=now_ms, limit=limit)]


async def test_what_was_sent_to_somebody_comes_newest_first_until_it_expires(state: State) -> None:
    items = [
        an_item("b", 1, added_ms=5),
        an_item("a", 2, added_ms=5, medium="in_app"),
        an_item("late", 1, added_ms=9, expires_ms=11),
        an_item("other", 3),
    ]
    async with state.begin() as transaction:
        await transaction.add_inbox([])
        await transaction.add_inbox(items)
    async with state.view() as view:
        assert await seen(view, 1, 2) == ["late", "a", "b"]
        assert await seen(view, 2, 2) == ["a"]
        assert await seen(view, 1, 2, now_ms=10, limit=2) == ["late", "a"]
        assert await seen(view, 1, 2, now_ms=11) == ["a", "b"]
        assert await seen(view, 7) == await seen(view) == []
        assert await view.inbox([2], now_ms=0, limit=9) == [items[1]]


async def test_a_send_is_kept_once(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_inbox([an_item("a"), an_item("a", words=b"second")])
        await transaction.add_inbox([an_item("a", words=b"third"), an_item("b")])
    async with state.view() as view:
        assert await view.inbox_items(["b", "a", "a", "c"]) == {"a": an_item("a"), "b": an_item("b")}
        assert await view.inbox_items([]) == {}


async def test_what_happened_to_one_is_written_and_nothing_else(state: State) -> None:
    said = an_item("a", 9, words=b"", delivered_ms=1, opened_ms=2, clicked_ms=3, dismissed_ms=4)
    async with state.begin() as transaction:
        await transaction.add_inbox([an_item("a"), an_item("b")])
        await transaction.mark_inbox([])
        await transaction.mark_inbox([said, an_item("nobody", opened_ms=1), an_item("b", clicked_ms=2**41)])
    async with state.view() as view:
        assert await view.inbox_items(["a", "b", "nobody"]) == {
            "a": replace(an_item("a"), delivered_ms=1, opened_ms=2, clicked_ms=3, dismissed_ms=4),
            "b": replace(an_item("b"), clicked_ms=2**41),
        }


async def test_the_newest_so_many_of_a_person_are_kept(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_inbox([an_item(f"{at}", 1 + at % 2, added_ms=at) for at in range(6)])
        await transaction.add_inbox([an_item("z", 1, added_ms=5), an_item("other", 3, added_ms=0)])
        await transaction.trim_inbox([1, 2], 3)
        await transaction.trim_inbox([], 0)
        assert await seen(transaction, 1, 2, 3) == ["5", "z", "4", "other"]
        await transaction.trim_inbox([1, 2], 0)
        assert await seen(transaction, 1, 2, 3) == ["other"]


async def test_what_has_expired_is_deleted_the_first_to_go_first(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_inbox([an_item(f"{at}", expires_ms=at) for at in (30, 10, 20, 40)])
        assert await transaction.expire_inbox(30, limit=2) == 2
        assert await seen(transaction, 1) == ["30", "40"]
        assert await transaction.expire_inbox(30, limit=2) == 1
        assert await transaction.expire_inbox(30, limit=2) == 0
        assert await seen(transaction, 1) == ["40"]


async def test_all_of_it_can_be_read_page_by_page(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_inbox([an_item(key, number) for number, key in enumerate("cab", 1)])
    async with state.view() as view:
        assert [each.key for each in await view.inbox_after("", limit=2)] == ["a", "b"]
        assert [each.key for each in await view.inbox_after("b", limit=2)] == ["c"]


async def test_it_goes_with_whom_it_was_for(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = (each.id for each in await people(transaction, "ada", "bob"))
        await transaction.add_inbox([an_item("a", ada), an_item("b", bob), an_item("c", ada)])
        assert (await transaction.held([ada]))["inbox"] == 2
        assert (await transaction.forget_identities([ada]))["inbox"] == 2
    async with state.view() as view:
        assert (await view.held([ada]))["inbox"] == 0
        assert await seen(view, ada, bob) == ["b"]
