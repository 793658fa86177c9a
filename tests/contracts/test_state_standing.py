"""The state contract: where those under way stand, by version and step."""

from __future__ import annotations

from msgspec import structs

from holdfast.ports.state import State
from holdfast.testing import a_visit
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


async def test_where_people_stand_is_told_by_version_and_step(state: State) -> None:
    async with state.begin() as transaction:
        one, two, three, left, other, elsewhere = await transaction.add_visits(
            [
                a_visit(1, origin="a", version=1, step="wait"),
                a_visit(2, origin="a", version=1, step="wait"),
                a_visit(3, origin="a", version=2, step="wait"),
                a_visit(4, origin="a", version=1, step="wait", left_ms=5, left_by="goal"),
                a_visit(5, origin="b", version=1, step="wait"),
                a_visit(6, origin="a", version=1, step="mail"),
            ]
        )
        assert left.left_ms == 5
        assert await transaction.standing("a") == {(1, "wait"): 2, (2, "wait"): 1, (1, "mail"): 1}
        assert await transaction.standing("c") == {}
        assert await transaction.visits_at("a", 1, "wait", limit=9) == [one, two]
        assert await transaction.visits_at("a", 1, "wait", limit=1) == [one]
        assert await transaction.visits_at("a", 1, "wait", limit=9, after_id=one.id) == [two]
        assert await transaction.visits_at("a", 2, "wait", limit=9) == [three]
        assert await transaction.visits_at("b", 1, "wait", limit=9) == [other]
        assert await transaction.visits_at("a", 1, "mail", limit=9) == [elsewhere]
        await transaction.put_visits([structs.replace(one, version=2, step="pause", seq=1)])
        assert await transaction.standing("a") == {(1, "wait"): 1, (2, "wait"): 1, (2, "pause"): 1, (1, "mail"): 1}
        assert await transaction.waiting("a") == {"wait": 2, "pause": 1, "mail": 1}


async def test_the_way_somebody_took_comes_back_as_it_was_put(state: State) -> None:
    trail = (("cart", "entered", 5), ("wait", "expired", 65_005))
    async with state.begin() as transaction:
        (visit,) = await transaction.add_visits([a_visit(1, trail=trail[:1])])
        await transaction.put_visits([structs.replace(visit, trail=trail)])
        assert [each.trail for each in await transaction.visits_of([1], limit=9)] == [trail]
