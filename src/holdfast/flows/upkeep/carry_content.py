"""Carry: the catalogues and coupons that a state made anew takes from the one before, because no log tells them.

Which codes were given is what keeps one from being given twice, so they are taken over as they are, given or not.
"""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.catalogues import Catalogue
from holdfast.ports.state import Transaction, View

AT_ONCE = 5_000


async def carry_content(view: View, transaction: Transaction) -> dict[str, int]:
    """Take over every catalogue and every code; returns how many of each."""
    catalogues = await view.catalogues()
    for catalogue in catalogues:
        await _carry_catalogue(view, transaction, catalogue)
    pools = {each.name: each.made_ms for each in await view.coupon_pools()}
    for name, made_ms in pools.items():
        await transaction.add_coupons(name, [], made_ms)
    last = codes = 0
    while page := await view.coupons_after(last, limit=AT_ONCE):
        last = page[-1].id
        codes += len(page)
        await transaction.carry_coupons(page, page[0].given_ms or 0)
    return {"catalogues": len(catalogues), "coupons": codes}


async def carry_weighings(view: View, transaction: Transaction) -> int:
    """Take over weighings of adaptive paths that no turn tells of any more; returns how many."""
    carried, known = 0, await transaction.weighed()
    for experiment, last in (await view.weighed()).items():
        missing = [number for number in range(1, last + 1) if number > known.get(experiment, 0)]
        for number in missing:
            weighing = await view.weighing(experiment, number)
            carried += weighing is not None and await transaction.add_weighing(weighing)
    return carried


async def _carry_catalogue(view: View, transaction: Transaction, catalogue: Catalogue) -> None:
    edition, last = await transaction.begin_edition(catalogue.name, catalogue.changed_ms), ""
    while page := await view.edition_items(catalogue.edition, after_id=last, limit=AT_ONCE):
        last = page[-1].id
        await transaction.add_items(edition, page, replace=True)
    await transaction.publish_catalogue(replace(catalogue, edition=edition))
