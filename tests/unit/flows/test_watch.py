"""Watching what happens: the newest events, and those somebody looks for however many others happen."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import Event
from holdfast.flows.ingest.watch import FOUND_MOST, KEPT, SEARCHES_MOST, Search, Watch, found, named
from holdfast.kernel.errors import TooMany
from holdfast.ports.history import HistoryRow
from holdfast.testing.clock import FakeClock
from holdfast.testing.house import House

NOW = FakeClock().now()
NOW_MS = 0
HOSTILE = '<img src=x onerror="window.pwned=1">\\ \u202e\U0001f600'


def row(name: str = "Viewed", identity: int = 1, **more: Any) -> HistoryRow:
    event = Event(name=name, user_id=f"u{identity}", timestamp=NOW, received_at=NOW, message_id=f"m-{name}", **more)
    return HistoryRow(identity=identity, event=event)


def names(search: Search) -> list[str]:
    return [each.row.event.name for each in search.taken()]


def test_the_newest_are_kept_and_all_are_numbered() -> None:
    watch = Watch()
    watch.added([row() for _ in range(KEPT * 2)], NOW_MS)
    assert watch.number == KEPT * 2
    assert [each.number for each in watch.since(0, most=3)] == [KEPT * 2 - 2, KEPT * 2 - 1, KEPT * 2]
    assert len(watch.since(0, most=KEPT * 2)) == KEPT
    assert watch.since(KEPT * 2, most=3) == []


def test_what_is_looked_for_is_found_before_and_after_however_many_others_happen() -> None:
    watch = Watch()
    watch.added([row("Rang 1"), *(row() for _ in range(KEPT - 1))], NOW_MS)
    with watch.searched("rang") as search:
        assert names(search) == ["Rang 1"]
        watch.added([row("RANG 2"), *(row() for _ in range(KEPT * 3)), row("Rang 3"), *(row() for _ in range(9))], 1)
        assert [each.row.event.name for each in watch.since(0, most=KEPT)].count("RANG 2") == 0
        assert names(search) == ["RANG 2", "Rang 3"]
        assert names(search) == []
    watch.added([row("Rang 4")], NOW_MS)
    assert names(search) == []


@pytest.mark.parametrize(
    "more",
    [
        {"properties": {"door": HOSTILE}},
        {"properties": {HOSTILE: 1}},
        {"properties": {"of": [{"deep": HOSTILE}]}},
        {"context": {"page": {"url": HOSTILE}}},
        {"source": HOSTILE},
        {"name": HOSTILE},
    ],
)
def test_anything_an_event_says_is_found(more: dict[str, Any]) -> None:
    watch = Watch()
    with watch.searched(HOSTILE[5:]) as search, watch.searched("nobody says this") as other:
        watch.added([row(), row(**more)], NOW_MS)
        assert [each.number for each in search.taken()] == [2]
        assert names(other) == []


@given(st.text(min_size=1), st.text(), st.text())
def test_any_part_of_a_value_is_found_in_any_case(middle: str, before: str, after: str) -> None:
    watch = Watch()
    with watch.searched(middle.upper()) as search:
        watch.added([row(properties={"said": before.upper() + middle.upper() + after.upper()})], NOW_MS)
        assert len(search.taken()) == 1


def test_words_are_found_as_they_stand_in_json_too() -> None:
    watch = Watch()
    with watch.searched('"plan":"gold"') as search:
        watch.added([row(properties={"plan": "gold"}), row(properties={"plan": "silver"})], NOW_MS)
        assert [each.number for each in search.taken()] == [1]


def test_only_the_newest_found_wait_and_only_so_many_may_look() -> None:
    watch = Watch()
    with ExitStack() as opened:
        search = opened.enter_context(watch.searched("rang"))
        watch.added([row(f"Rang {number}") for number in range(FOUND_MOST + 5)], NOW_MS)
        assert names(search)[0] == "Rang 5"
        for number in range(1, SEARCHES_MOST):
            watch.let_search()
            opened.enter_context(watch.searched(str(number)))
        with pytest.raises(TooMany, match="20 others"):
            watch.let_search()
    watch.let_search()


async def test_who_was_erased_is_not_shown(tmp_path: Path) -> None:
    watch = Watch()
    with watch.searched("rang") as search:
        watch.added([row("Rang 1", 1), row("Rang 2", 2)], NOW_MS)
        watch.forget(frozenset((1,)))
        assert names(search) == ["Rang 2"]
        assert [each.row.identity for each in watch.since(0, most=9)] == [2]
        # Nor who is unknown by the time that they are named.
        watch.added([row("Rang 1", 99)], NOW_MS)
        house = await House.build(tmp_path)
        assert await found(house.app.state, search, watch.since(0, most=9)) == []
        assert await named(house.app.state, watch.since(0, most=9)) == []


async def test_events_are_found_by_the_name_of_whose_they_are(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    watch = house.app.watch
    await house.happens(
        {"type": "identify", "userId": "u1", "messageId": "i1", "traits": {"first_name": "Ádá", "last_name": "O'L"}},
        {"type": "track", "userId": "u1", "messageId": "t1", "event": "Viewed"},
        {"type": "track", "userId": "u2", "messageId": "t2", "event": "Ádá was written to"},
        {"type": "track", "userId": "u3", "messageId": "t3", "event": "Viewed"},
    )
    with watch.searched("ÁDÁ") as search:
        first = await found(house.app.state, search, watch.since(0, most=KEPT))
        # The first and the last say so themselves, the second only by whose it is; in the order they came.
        assert [each.event.message_id for each in first] == ["i1", "t1", "t2"]
        assert [(each.user_id, each.name) for each in first] == [("u1", "Ádá O'L"), ("u1", "Ádá O'L"), ("u2", "")]
        number = watch.number
        house.clock.advance(seconds=1)
        await house.happens({"type": "track", "userId": "u1", "messageId": "t4", "event": "Viewed"})
        again = await found(house.app.state, search, watch.since(number, most=KEPT))
        assert [each.event.message_id for each in again] == ["t4"]
