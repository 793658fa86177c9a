"""Catalogues brought in: typed, whole or not at all, and never half seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.flows.content import catalogues
from holdfast.flows.content.catalogues import (
    ImportedItems,
    ImportWish,
    Rows,
    find_catalogue,
    import_items,
    remove_catalogue,
    search_items,
    show_item,
    show_items,
)
from holdfast.kernel.errors import Conflict, Exposed, Invalid, NotFound
from holdfast.messages.liquid.catalogue import ITEM_BYTES_MOST, decode_types
from holdfast.testing import FakeClock, MemoryState

CLOCK = FakeClock()


def rows(*each: Mapping[str, Any] | str, is_text: bool = False) -> Rows:
    return Rows(read=lambda: iter(enumerate(each, 1)), is_text=is_text)


async def bring(state: MemoryState, given: Rows, /, **wish: Any) -> ImportedItems:
    CLOCK.advance(seconds=1)
    return await import_items(state, CLOCK, ImportWish(catalogue="products", **wish), given, lambda *_: None)


async def shown(state: MemoryState) -> dict[str, dict[str, Json]]:
    _, items = await show_items(state, "products", limit=10_000)
    return {each.id: dict(each.fields) for each in items}


async def found(state: MemoryState, sought: str, limit: int = 3) -> tuple[list[list[str]], int]:
    """The ids that a search finds, page by page, and how many items were looked at."""
    pages, looked_at, after = [], 0, ""
    while True:
        page = await search_items(state, "products", sought, after=after, limit=limit)
        pages.append([each.id for each in page.items])
        looked_at += page.looked_at
        after = page.next
        if not after:
            return pages, looked_at


async def test_items_are_found_by_words_wherever_they_stand_and_by_their_id_first() -> None:
    state = MemoryState()
    await bring(
        state,
        rows(
            {"id": "a1", "name": "Green Tea", "tags": ["Hot", {"deep": "leaf"}], "price": 590},
            {"id": "b2", "name": "Black tea", "tags": None, "price": 5},
            {"id": "tea", "name": "STRASSE", "tags": [], "price": 7},
            {"id": "z9", "name": "Straße", "tags": [], "price": 8, "on": True},
        ),
    )
    assert (await found(state, " tea "))[0] == [["tea", "a1", "b2"]]
    assert (await found(state, "TEA"))[0] == [["a1", "b2", "tea"]]
    assert (await found(state, "tea green"))[0] == [["a1"]]
    assert (await found(state, "leaf 590"))[0] == [["a1"]]
    assert (await found(state, "straße"))[0] == [["tea", "z9"]]
    assert (await found(state, "true"))[0] == [[]]
    assert (await found(state, "a1 black"))[0] == [[]]
    with pytest.raises(NotFound):
        await search_items(state, "others", "tea")


@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_every_page_of_a_search_goes_on_where_the_last_ended(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "AT_ONCE", 4)
    monkeypatch.setattr(catalogues, "LOOKED_AT_MOST", 8)
    state = MemoryState()
    await bring(state, rows(*({"id": f"{number:03}", "even": str(number % 2 == 0)} for number in range(30))))
    pages, looked_at = await found(state, "true", limit)
    assert [each for page in pages for each in page] == [f"{number:03}" for number in range(0, 30, 2)]
    assert looked_at == 30
    assert all(len(page) <= limit for page in pages)
    pages, looked_at = await found(state, "007")
    assert [each for page in pages for each in page] == ["007"]
    assert pages[0] == ["007"], "at once"
    pages, looked_at = await found(state, "nothing", limit)
    assert (len(pages), looked_at) == (4, 30), "no page looks at more than it may"


async def test_types_are_learnt_from_text_and_kept_from_json() -> None:
    state = MemoryState()
    text = rows(
        {"id": "1", "zip": "01234", "price": "5.90", "left": "7", "on": "TRUE", "tags": '["a"]', "none": ""},
        {"id": "2", "zip": "9", "price": "-1", "left": "", "on": "false", "tags": "[]", "none": ""},
        is_text=True,
    )
    done = await bring(state, text)
    assert done.catalogue.fields == {
        "zip": "text",
        "price": "number",
        "left": "number",
        "on": "boolean",
        "tags": "list",
    }
    assert await shown(state) == {
        "1": {"zip": "01234", "price": 5.9, "left": 7, "on": True, "tags": ["a"], "none": None},
        "2": {"zip": "9", "price": -1, "left": None, "on": False, "tags": [], "none": None},
    }
    done = await bring(state, rows({"id": 1, "zip": "9", "more": {"a": [1]}}))
    assert done.catalogue.fields == {"zip": "text", "more": "object"}
    assert await shown(state) == {"1": {"zip": "9", "more": {"a": [1]}}}


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.8444218515250481", 0.8444218515250481), ("1e-05", 1e-05), ("-8.5e-07", -8.5e-07), ("0", 0), ("7.0", 7.0)],
)
async def test_a_number_is_one_as_programs_write_it(text: str, value: float) -> None:
    state = MemoryState()
    done = await bring(state, rows({"id": "a", "n": text}, is_text=True), ranked_by="n")
    assert done.catalogue.fields == {"n": "number"}
    assert await shown(state) == {"a": {"n": value}}


@pytest.mark.parametrize("text", ["1e5", "00.5", "1,5", "+1", "1.", ".5", "1 000", "1234567890123456", "NaN", "٣"])
async def test_what_may_be_a_code_stays_text(text: str) -> None:
    state = MemoryState()
    await bring(state, rows({"id": "a", "n": text}, is_text=True))
    assert await shown(state) == {"a": {"n": text}}


async def test_what_is_declared_counts() -> None:
    state = MemoryState()
    declared = decode_types("sku=text, tags=list", "fields")
    await bring(state, rows({"id": "1", "sku": "7", "tags": "[1]"}, is_text=True), fields=declared)
    assert await shown(state) == {"1": {"sku": "7", "tags": [1]}}
    await bring(state, rows({"id": "1", "sku": 7, "tags": None}), fields=declared)
    assert await shown(state) == {"1": {"sku": "7", "tags": None}}
    for wrong in ("sku", "sku=words", "=text", "a=number,b"):
        with pytest.raises(Invalid):
            decode_types(wrong, "fields")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"name": "no id"}, "id"),
        ({"id": " "}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"id": True}, "id"),
        ({"id": "a", "price": "dear"}, "price"),
        ({"id": "a", "price": [1]}, "price"),
        ({"id": "a", "price": float("inf")}, "price"),
        ({"id": "a", "text": "x" * ITEM_BYTES_MOST}, "larger"),
        ({"id": "a", "text": "\ud800"}, "no JSON"),
        ({"id": "\ud800"}, "no JSON"),
        ({"id": "a", "x" * 101: 1}, "name"),
        ("is no JSON object", "no JSON object"),
    ],
)
async def test_one_bad_row_changes_nothing_or_is_left_out(row: Mapping[str, Json] | str, why: str) -> None:
    state = MemoryState()
    await bring(state, rows({"id": "old"}))
    given = rows({"id": "fine", "price": 1}, row, {"id": "also", "price": 2})
    with pytest.raises(Invalid) as wrong:
        await bring(state, given)
    assert "row 2" in wrong.value.message
    assert why in wrong.value.message
    assert await shown(state) == {"old": {}}
    done = await bring(state, given, skip_bad=True)
    assert (done.rows, done.kept, done.bad) == (3, 2, 1)
    assert set(await shown(state)) == {"fine", "also"}


async def test_an_update_leaves_the_others_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for at_once in (2_000, 2):  # Directly, and by an edition of its own.
        monkeypatch.setattr(catalogues, "AT_ONCE", at_once)
        state = MemoryState()
        await bring(state, rows(*({"id": str(n), "n": n} for n in range(5))), ranked_by="n")
        done = await bring(state, rows({"id": "1", "n": 10}, {"id": "9", "n": 9}, {"id": "9", "n": 8}), mode="update")
        assert {name: each["n"] for name, each in (await shown(state)).items()} == {
            "0": 0, "1": 10, "2": 2, "3": 3, "4": 4, "9": 8,
        }  # fmt: skip
        assert (done.catalogue.items, done.catalogue.ranked_by) == (6, "n")
        async with state.view() as view:
            assert [each.id for each in await view.top_items("products", limit=2)] == ["1", "9"]
            assert [each.state for each in await view.editions()] == ["published"]


async def test_top_items_go_by_a_field_of_numbers_that_may_change() -> None:
    state = MemoryState()
    await bring(
        state, rows({"id": "a", "n": 1, "m": 2, "t": "x"}, {"id": "b", "n": 2, "m": 1, "t": "x"}), ranked_by="n"
    )
    await bring(state, rows({"id": "c", "n": 0, "m": 9, "t": "y"}), mode="update", ranked_by="m")
    async with state.view() as view:
        assert [each.id for each in await view.top_items("products", limit=9)] == ["c", "a", "b"]
    with pytest.raises(Invalid):
        await bring(state, rows({"id": "a", "t": "x"}), ranked_by="t")
    with pytest.raises(Invalid):
        await bring(state, rows({"id": "a"}), ranked_by="nope")


async def test_readers_see_the_old_whole_until_the_new_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "AT_ONCE", 3)
    state = MemoryState()
    await bring(state, rows(*({"id": str(n), "v": 1} for n in range(10))))
    seen: list[frozenset[tuple[int, int]]] = []
    begin = state.begin

    @asynccontextmanager
    async def watched() -> Any:
        async with begin() as transaction:
            yield transaction
        async with state.view() as view:
            found = await view.catalogue_items("products", [str(n) for n in range(12)])
            versions = [each.fields["v"] for each in found.values()]
            seen.append(frozenset({(len(found), int(str(v))) for v in versions}))

    monkeypatch.setattr(state, "begin", watched)
    await bring(state, rows(*({"id": str(n), "v": 2} for n in range(12))))
    assert len(seen) > 4
    assert set(seen) == {frozenset({(10, 1)}), frozenset({(12, 2)})}


async def test_the_import_that_began_last_counts_and_an_overtaken_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "AT_ONCE", 1)
    state = MemoryState()
    later: list[ImportedItems] = []

    def slowly() -> Iterator[tuple[int, Mapping[str, Json] | str]]:
        yield 1, {"id": "a", "by": "first"}
        yield 2, {"id": "b", "by": "first"}

    begun = 0
    begin = state.begin

    @asynccontextmanager
    async def watched() -> Any:
        nonlocal begun
        begun += 1
        mine = begun
        async with begin() as transaction:
            yield transaction
        if mine == 2:  # The first has kept its first row.
            later.append(await bring(state, rows({"id": "z", "by": "second"})))

    monkeypatch.setattr(state, "begin", watched)
    with pytest.raises(Conflict):
        await bring(state, Rows(read=slowly, is_text=False))
    assert later
    assert await shown(state) == {"z": {"by": "second"}}
    async with state.view() as view:
        assert await view.count_items(1) == 0, "nothing is kept for an edition that is gone"


async def test_an_update_of_what_was_changed_meanwhile_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the change would be lost: the others were copied as they were before it."""
    state = MemoryState()
    await bring(state, rows(*({"id": str(n), "v": 1} for n in range(4))))
    monkeypatch.setattr(catalogues, "AT_ONCE", 1)
    begun = 0
    begin = state.begin

    @asynccontextmanager
    async def watched() -> Any:
        nonlocal begun
        begun += 1
        mine = begun
        async with begin() as transaction:
            yield transaction
        if mine == 7:  # All are kept and copied; it is about to be published.
            await bring(state, rows({"id": "0", "v": 9}), mode="update")

    monkeypatch.setattr(state, "begin", watched)
    with pytest.raises(Conflict):
        await bring(state, rows({"id": "2", "v": 2}, {"id": "3", "v": 2}), mode="update")
    assert begun > 7
    assert {name: each["v"] for name, each in (await shown(state)).items()} == {"0": 9, "1": 1, "2": 1, "3": 1}


async def test_of_two_small_updates_at_once_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the fields that the other learnt would be forgotten."""
    state = MemoryState()
    await bring(state, rows({"id": "a", "v": 1}))
    begin, begun = state.begin, 0

    @asynccontextmanager
    async def watched() -> Any:
        nonlocal begun
        begun += 1
        if begun == 1:
            await bring(state, rows({"id": "b", "new": "x"}), mode="update")
        async with begin() as transaction:
            yield transaction

    monkeypatch.setattr(state, "begin", watched)
    with pytest.raises(Conflict):
        await bring(state, rows({"id": "c", "v": 3}), mode="update")
    found = await find_catalogue(state, "products")
    assert found is not None
    assert (found.items, dict(found.fields)) == (2, {"v": "number", "new": "text"})


async def test_what_is_not_there_is_told() -> None:
    state = MemoryState()
    for asked in (
        show_items(state, "products"),
        show_item(state, "products", "a"),
        remove_catalogue(state, "products"),
    ):
        with pytest.raises(NotFound):
            await asked
    await bring(state, rows({"id": "a"}))
    with pytest.raises(NotFound):
        await show_item(state, "products", "b")
    await remove_catalogue(state, "products")
    assert await find_catalogue(state, "products") is None
    async with state.view() as view:
        assert await view.editions() == []
    with pytest.raises(Invalid):
        await import_items(state, CLOCK, ImportWish(catalogue="no/name"), rows({"id": "a"}), lambda *_: None)


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["id", "a", "b"]), VALUES, max_size=3), max_size=6),
    st.sampled_from(["replace", "update"]),
    st.booleans(),
)
def test_any_rows_are_kept_or_refused_and_kept_ones_are_of_their_types(
    given_rows: list[dict[str, Json]], mode: str, is_text: bool
) -> None:
    async def run() -> None:
        state = MemoryState()
        await bring(state, rows({"id": "x", "a": 1}))
        try:
            done = await bring(state, rows(*given_rows, is_text=is_text), mode=mode, skip_bad=True)
        except Exposed:
            return
        assert done.kept + done.bad == done.rows == len(given_rows)
        _, items = await show_items(state, "products", limit=99)
        kinds = {"text": str, "number": (int, float), "boolean": bool, "list": list, "object": dict}
        for item in items:
            for name, value in item.fields.items():
                assert value is None or isinstance(value, kinds[done.catalogue.fields[name]])  # type: ignore[arg-type]

    asyncio.run(run())
