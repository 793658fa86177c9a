"""Catalogues and coupons in every store: readers see one edition, whole; and no code is ever given twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.ports.catalogues import Catalogue, CatalogueItem, ClaimedCode, CouponCode
from holdfast.ports.state import State
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import MemoryState
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.
from tests.postgres_server import PostgresServer


def item(name: str, rank: float | None = None, /, **fields: Json) -> CatalogueItem:
    return CatalogueItem(id=name, fields=fields, rank=rank)


async def publish(state: State, name: str, *items: CatalogueItem, at_ms: int = 5) -> int:
    async with state.begin() as transaction:
        edition = await transaction.begin_edition(name, at_ms)
        await transaction.add_items(edition, items, replace=True)
        count = await transaction.count_items(edition)
        await transaction.publish_catalogue(
            Catalogue(name=name, edition=edition, fields={"name": "text"}, items=count, changed_ms=at_ms, by="ann")
        )
    return edition


async def looked_up(state: State, name: str, *ids: str) -> dict[str, Json]:
    async with state.view() as view:
        found = await view.catalogue_items(name, ids)
    assert all(each == kept.id for each, kept in found.items())
    return {each: kept.fields.get("name") for each, kept in found.items()}


# Catalogues.


async def test_items_come_back_as_they_were(state: State) -> None:
    nasty = item("a\0ß", 2.5, name="Té", more=[1, {"x": None}], giant=2**80)
    edition = await publish(state, "products", nasty, item("b"))
    async with state.view() as view:
        assert await view.catalogue_items("products", ["b", "nope", "a\0ß", "b"]) == {"b": item("b"), "a\0ß": nasty}
        assert await view.catalogue_items("others", ["b"]) == {}
        (found,) = await view.catalogues()
    assert found == Catalogue(
        name="products", edition=edition, fields={"name": "text"}, items=2, changed_ms=5, by="ann"
    )


async def test_readers_see_nothing_of_what_is_being_filled(state: State) -> None:
    await publish(state, "products", item("a", name="old"), item("b", name="old"))
    async with state.begin() as transaction:
        edition = await transaction.begin_edition("products", 6)
        await transaction.add_items(edition, [item("a", name="new")], replace=True)
    assert await looked_up(state, "products", "a", "b") == {"a": "old", "b": "old"}
    async with state.begin() as transaction:
        await transaction.publish_catalogue(Catalogue(name="products", edition=edition, items=1, changed_ms=6))
    assert await looked_up(state, "products", "a", "b") == {"a": "new"}


async def test_a_snapshot_keeps_the_edition_it_began_with(state: State) -> None:
    before = await publish(state, "products", item("a", name="old"))
    async with state.view() as view:
        await view.catalogues()
        await publish(state, "products", item("a", name="new"))
        async with state.begin() as transaction:
            await transaction.clear_edition(before, limit=10)
        assert (await view.catalogue_items("products", ["a"]))["a"].fields == {"name": "old"}
    assert await looked_up(state, "products", "a") == {"a": "new"}


async def test_an_item_takes_the_place_of_another_or_is_passed_over(state: State) -> None:
    async with state.begin() as transaction:
        edition = await transaction.begin_edition("products", 5)
        await transaction.add_items(edition, [item("a", 1, n=1), item("a", 2, n=2)], replace=True)
        await transaction.add_items(edition, [item("b", 1, n=1), item("b", 2, n=2)], replace=False)
        await transaction.add_items(edition, [item("a", 3, n=3), item("c", n=3)], replace=False)
        await transaction.add_items(edition, [], replace=True)
        found = await transaction.edition_items(edition, after_id="", limit=9)
    assert found == [item("a", 2, n=2), item("b", 1, n=1), item("c", n=3)]


async def test_an_edition_is_read_page_by_page_in_order_of_bytes(state: State) -> None:
    edition = await publish(state, "products", *(item(each) for each in ("b", "ß", "B", "a", "10", "9")))
    seen: list[str] = []
    async with state.view() as view:
        while page := await view.edition_items(edition, after_id=seen[-1] if seen else "", limit=2):
            seen += [each.id for each in page]
        assert await view.count_items(edition) == 6
    assert seen == ["10", "9", "B", "a", "b", "ß"]


async def test_top_items_go_by_rank_and_then_by_id(state: State) -> None:
    await publish(state, "products", item("c", 2), item("b", 5.5), item("a", 2), item("x"), item("z", -1))
    async with state.view() as view:
        assert [each.id for each in await view.top_items("products", limit=9)] == ["b", "a", "c", "z"]
        assert [each.id for each in await view.top_items("products", limit=2)] == ["b", "a"]
        assert await view.top_items("others", limit=2) == []


async def test_what_another_import_began_is_given_up(state: State) -> None:
    async with state.begin() as transaction:
        first = await transaction.begin_edition("products", 5)
        other = await transaction.begin_edition("content", 5)
        second = await transaction.begin_edition("products", 6)
        assert {each.number: each.state for each in await transaction.editions()} == {
            first: "retired",
            other: "filling",
            second: "filling",
        }


async def test_what_is_being_filled_is_given_up_when_what_is_published_changes(state: State) -> None:
    published = await publish(state, "products", item("a"))
    async with state.begin() as transaction:
        filling = await transaction.begin_edition("products", 6)
        other = await transaction.begin_edition("content", 6)
        await transaction.publish_catalogue(Catalogue(name="products", edition=published, items=1, changed_ms=7))
        states = {each.number: each.state for each in await transaction.editions()}
    assert states == {published: "published", filling: "retired", other: "filling"}


async def test_retired_editions_are_cleared_bit_by_bit_and_published_ones_never(state: State) -> None:
    first = await publish(state, "products", *(item(str(n)) for n in range(5)))
    second = await publish(state, "products", item("a"))
    async with state.begin() as transaction:
        assert await transaction.clear_edition(second, limit=9) == 0
        assert [await transaction.clear_edition(first, limit=2) for _ in range(4)] == [2, 2, 1, 0]
        assert [(each.number, each.state) for each in await transaction.editions()] == [(second, "published")]
        await transaction.drop_catalogue("products")
        assert await transaction.catalogues() == []
        assert await transaction.clear_edition(second, limit=9) == 1
        assert await transaction.editions() == []
        assert await transaction.begin_edition("products", 9) > second


# Coupons.


async def pools(state: State) -> list[tuple[str, int, int]]:
    async with state.view() as view:
        return [(each.name, each.codes, each.left) for each in await view.coupon_pools()]


async def add(state: State, pool: str, *codes: str) -> int:
    async with state.begin() as transaction:
        return await transaction.add_coupons(pool, codes, 5)


async def claim(state: State, *asks: tuple[str, str]) -> dict[tuple[str, str], ClaimedCode]:
    async with state.begin() as transaction:
        return await transaction.claim_coupons(asks, 7)


async def test_codes_are_given_in_order_and_a_send_keeps_its_own(state: State) -> None:
    assert await add(state, "welcome", "A1", "A2") == 2
    asks = [("welcome", "s1"), ("welcome", "s1"), ("welcome", "s2"), ("welcome", "s3"), ("nope", "s1")]
    assert await claim(state, *asks) == {
        ("welcome", "s1"): ClaimedCode(code="A1", fresh=True),
        ("welcome", "s2"): ClaimedCode(code="A2", fresh=True),
    }
    assert await claim(state, ("welcome", "s2"), ("welcome", "s3")) == {
        ("welcome", "s2"): ClaimedCode(code="A2", fresh=False)
    }
    assert await pools(state) == [("welcome", 2, 0)]
    async with state.view() as view:
        assert await view.coupons_of(["s2", "s1", "nobody"]) == [
            CouponCode(id=1, pool="welcome", code="A1", send="s1", given_ms=7),
            CouponCode(id=2, pool="welcome", code="A2", send="s2", given_ms=7),
        ]


async def test_a_code_is_in_one_pool_once(state: State) -> None:
    assert await add(state, "welcome", "A1", "A1", "ß\0") == 2
    assert await add(state, "sorry", "A1", "B1") == 1
    assert await add(state, "welcome", "A1") == 0
    assert await pools(state) == [("sorry", 1, 1), ("welcome", 2, 2)]
    given = await claim(state, ("welcome", "s"), ("sorry", "s"), ("welcome", "t"))
    assert [each.code for each in given.values()] == ["A1", "B1", "ß\0"]


async def test_a_code_that_came_back_is_given_again_and_another_is_not(state: State) -> None:
    await add(state, "welcome", "A1", "A2")
    await claim(state, ("welcome", "s1"), ("welcome", "s2"))
    async with state.begin() as transaction:
        await transaction.return_coupons([("welcome", "s1"), ("welcome", "nobody"), ("nope", "s2")])
    assert await pools(state) == [("welcome", 2, 1)]
    assert await claim(state, ("welcome", "s3")) == {("welcome", "s3"): ClaimedCode(code="A1", fresh=True)}
    assert await claim(state, ("welcome", "s1")) == {}


async def test_what_was_given_stays_given_though_nobody_knows_to_whom(state: State) -> None:
    await add(state, "welcome", "A1")
    await claim(state, ("welcome", "s1"))
    async with state.begin() as transaction:
        assert await transaction.forget_coupons(["s1", "nobody"]) == 1
        assert await transaction.coupons_of(["s1", ""]) == []
    assert await claim(state, ("welcome", "s1"), ("welcome", "s2")) == {}
    assert await add(state, "welcome", "A1") == 0
    assert await pools(state) == [("welcome", 1, 0)]


async def test_a_pool_is_withdrawn_but_for_what_was_given(state: State) -> None:
    await add(state, "welcome", "A1", "A2", "A3")
    await add(state, "unused", "U1")
    await claim(state, ("welcome", "s1"))
    async with state.begin() as transaction:
        assert await transaction.withdraw_coupons("welcome") == 2
        assert await transaction.withdraw_coupons("unused") == 1
        assert await transaction.withdraw_coupons("nope") == 0
    assert await pools(state) == [("welcome", 1, 0)]
    assert await add(state, "other", "A1", "A2") == 1, "A1 is somebody's"


async def test_codes_are_carried_as_they_were(state: State) -> None:
    await add(state, "welcome", "A1", "A2", "A3")
    await add(state, "sorry", "B1")
    await claim(state, ("welcome", "s1"), ("welcome", "s2"))
    async with state.begin() as transaction:
        await transaction.forget_coupons(["s2"])
        all_of_them = await transaction.coupons_after(0, limit=9)
        assert await transaction.coupons_after(all_of_them[1].id, limit=1) == [all_of_them[2]]
    other = MemoryState()
    async with other.begin() as transaction:
        await transaction.carry_coupons(all_of_them, 5)
        assert await transaction.coupons_after(0, limit=9) == all_of_them
    assert await pools(other) == await pools(state) == [("sorry", 1, 1), ("welcome", 3, 1)]
    async with state.begin() as transaction:
        await transaction.carry_coupons([CouponCode(pool="new", code="N1", send="s9", given_ms=1)], 5)
    assert (await pools(state))[0] == ("new", 1, 0)


async def test_what_is_undone_gives_nothing(state: State) -> None:
    await add(state, "welcome", "A1")

    async def broken() -> None:
        async with state.begin() as transaction:
            assert await transaction.claim_coupons([("welcome", "s1")], 7)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    assert await pools(state) == [("welcome", 1, 1)]
    assert await claim(state, ("welcome", "s2"))


async def races(states: Sequence[State], codes: int, sends: Sequence[int]) -> None:
    """Many sends claim at once, some of them twice and some giving theirs back unseen."""
    await add(states[0], "welcome", *(f"C{n:04}" for n in range(codes)))
    seen: list[tuple[int, str]] = []

    async def one(place: int, send: int) -> None:
        at = states[place % len(states)]
        found = (await claim(at, ("welcome", f"s{send}"))).get(("welcome", f"s{send}"))
        if found is None:
            return
        if found.fresh and send % 5 == 0:
            async with at.begin() as transaction:
                await transaction.return_coupons([("welcome", f"s{send}")])
        else:
            seen.append((send, found.code))

    await asyncio.gather(*(one(place, send) for place, send in enumerate(sends)))
    by_code = sorted({(code, send) for send, code in seen})
    doubled = [pair for pair in pairwise(by_code) if pair[0][0] == pair[1][0] and pair[0][1] % 5 and pair[1][1] % 5]
    assert doubled == [], "one code, two people"
    kept = {send: code for send, code in seen if send % 5}
    assert len(set(kept.values())) == len(kept) <= codes


async def test_processes_that_race_on_one_database_never_give_a_code_twice(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    states = [await postgres.open(workspace) for _ in range(3)]
    await races(states, 25, [n % 40 for n in range(90)])
    async with states[1].view() as view:
        (pool,) = await view.coupon_pools()
        every = await view.coupons_after(0, limit=99)
    assert pool.given == sum(each.given_ms is not None for each in every)
    assert len({each.send for each in every if each.send}) == sum(bool(each.send) for each in every)
    for each in states:
        await each.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codes=st.integers(0, 8), sends=st.lists(st.integers(0, 12), max_size=25))
def test_whoever_races_in_one_file_never_gets_anothers_code(
    tmp_path_factory: pytest.TempPathFactory, codes: int, sends: list[int]
) -> None:
    async def run(directory: Path) -> None:
        state = SqliteState(directory)
        try:
            await races([state], codes, sends)
        finally:
            await state.close()

    asyncio.run(run(tmp_path_factory.mktemp("race")))


async def test_codes_are_known_whatever_pool_has_them_and_given_or_not(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_coupons("A", ["A1", "A2", "ä'\"%"], 1)
        await transaction.add_coupons("B", ["B1"], 1)
        await transaction.claim_coupons([("A", "send")], 2)
        assert await transaction.known_codes(["A1", "B1", "a1", "C", "ä'\"%"]) == {"A1", "B1", "ä'\"%"}
    async with state.view() as view:
        assert await view.known_codes(["A2", "A2", ""]) == {"A2"}
        assert await view.known_codes([]) == set()
