"""What a state made anew takes over of catalogues and coupons: all of it, given codes above all."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.flows.upkeep import carry_content as carrying
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.carry_content import carry_content
from holdfast.ports.catalogues import Catalogue, CatalogueItem, ClaimedCode
from holdfast.ports.state import State
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import MemoryState


async def filled(state: State) -> None:
    async with state.begin() as transaction:
        edition = await transaction.begin_edition("products", 1)
        items = [CatalogueItem(id=f"p{n}", fields={"n": n}, rank=n if n % 2 else None) for n in range(7)]
        await transaction.add_items(edition, items, replace=True)
        await transaction.publish_catalogue(
            Catalogue(name="products", edition=edition, fields={"n": "number"}, ranked_by="n", items=7, changed_ms=1)
        )
        await transaction.add_coupons("WELCOME", ["A1", "A2", "A3"], 2)
        await transaction.add_coupons("SORRY", ["B1"], 3)
        await transaction.add_coupons("WELCOME", ["A4"], 4)
        await transaction.claim_coupons([("WELCOME", "s1"), ("WELCOME", "s2"), ("SORRY", "s1")], 5)
        await transaction.forget_coupons(["s2"])
        await transaction.add_coupons("EMPTY", [], 6)


async def test_what_no_log_tells_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "AT_ONCE", 3)
    was = MemoryState()
    await filled(was)
    now = SqliteState(tmp_path)
    async with was.view() as view, now.begin() as transaction:
        assert await carry_content(view, transaction) == {"catalogues": 1, "coupons": 5}
    differing = await compare_states(was, now)
    assert differing["catalogues"].rows == 1
    assert differing["coupons"].rows == 3
    assert all(each.same for each in differing.values()), differing
    async with was.view() as before, now.view() as after:
        assert await after.coupons_after(0, limit=9) == await before.coupons_after(0, limit=9)
        assert await after.top_items("products", limit=9) == await before.top_items("products", limit=9)
    async with now.begin() as transaction:
        given = await transaction.claim_coupons([("WELCOME", "s1"), ("WELCOME", "s9"), ("SORRY", "s9")], 7)
    assert given == {
        ("WELCOME", "s1"): ClaimedCode(code="A1", fresh=False),
        ("WELCOME", "s9"): ClaimedCode(code="A3", fresh=True),
    }
    await now.close()


async def test_what_differs_is_told() -> None:
    was, now = MemoryState(), MemoryState()
    await filled(was)
    await filled(now)
    async with now.begin() as transaction:
        await transaction.claim_coupons([("WELCOME", "s7")], 9)
    differing = await compare_states(was, now)
    assert (differing["coupons"].changed, differing["catalogues"].same) == (1, True)
