"""Catalogues and coupons in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from holdfast.ports.catalogues import Catalogue, CatalogueItem, ClaimedCode, CouponCode, CouponPool, Edition
from holdfast.stores.packing import pack, unpack
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("catalogues")


class ReadingCatalogues(Session):
    """Questions about catalogues and coupons."""

    async def catalogues(self) -> list[Catalogue]:
        return [_catalogue(row) for row in await self._rows(_SQL["catalogues"])]

    async def catalogue_items(self, catalogue: str, ids: Sequence[str]) -> dict[str, CatalogueItem]:
        rows = await self._rows(_SQL["catalogue_items"], catalogue, list(dict.fromkeys(ids)))
        found = {row[0]: _item(row) for row in rows}
        return {each: found[each] for each in dict.fromkeys(ids) if each in found}

    async def top_items(self, catalogue: str, *, limit: int) -> list[CatalogueItem]:
        return [_item(row) for row in await self._rows(_SQL["top_items"], catalogue, limit)]

    async def edition_items(self, edition: int, *, after_id: str, limit: int) -> list[CatalogueItem]:
        return [_item(row) for row in await self._rows(_SQL["edition_items"], edition, after_id, limit)]

    async def count_items(self, edition: int) -> int:
        return await self._number(_SQL["count_items"], edition)

    async def editions(self) -> list[Edition]:
        return [
            Edition(number=number, catalogue=catalogue, state=state, made_ms=made_ms)
            for number, catalogue, state, made_ms in await self._rows(_SQL["editions"])
        ]

    async def coupon_pools(self) -> list[CouponPool]:
        return [
            CouponPool(name=name, codes=codes, given=given, made_ms=made_ms)
            for name, codes, given, made_ms in await self._rows(_SQL["coupon_pools"])
        ]

    async def coupons_of(self, sends: Sequence[str]) -> list[CouponCode]:
        return [_coupon(row) for row in await self._rows(_SQL["coupons_of"], list(sends))]

    async def known_codes(self, codes: Sequence[str]) -> set[str]:
        return {code for (code,) in await self._rows(_SQL["known_codes"], list(codes))}

    async def coupons_after(self, coupon_id: int, *, limit: int) -> list[CouponCode]:
        return [_coupon(row) for row in await self._rows(_SQL["coupons_after"], coupon_id, limit)]


class ChangingCatalogues(ReadingCatalogues):
    """Changes of catalogues and coupons."""

    async def begin_edition(self, catalogue: str, at_ms: int) -> int:
        await self._do(_SQL["retire_filling"], catalogue)
        return await self._number(_SQL["begin_edition"], catalogue, at_ms)

    async def add_items(self, edition: int, items: Sequence[CatalogueItem], *, replace: bool) -> None:
        # One statement changes a row once: of those of one id, the one that counts is picked here.
        wanted = {each.id: each for each in (items if replace else reversed(items))}.values()
        await self._do(
            _SQL["put_items" if replace else "add_items"],
            edition,
            [each.id for each in wanted],
            [each.rank for each in wanted],
            [pack(dict(each.fields)) for each in wanted],
        )

    async def publish_catalogue(self, catalogue: Catalogue) -> None:
        await self._do(_SQL["retire_others"], catalogue.name, catalogue.edition)
        await self._do(_SQL["publish_edition"], catalogue.edition)
        await self._do(
            _SQL["publish_catalogue"],
            catalogue.name,
            catalogue.edition,
            pack(dict(catalogue.fields)),
            catalogue.ranked_by,
            catalogue.items,
            catalogue.changed_ms,
            catalogue.by,
        )

    async def drop_catalogue(self, name: str) -> None:
        await self._do(_SQL["drop_catalogue"], name)
        await self._do(_SQL["retire_others"], name, 0)

    async def clear_edition(self, edition: int, *, limit: int) -> int:
        gone = await self._number(_SQL["clear_items"], edition, limit)
        if gone < limit:
            await self._do(_SQL["clear_edition"], edition)
        return gone

    async def add_coupons(self, pool: str, codes: Sequence[str], at_ms: int) -> int:
        return await self._add_codes([CouponCode(pool=pool, code=each) for each in codes], pool, at_ms)

    async def claim_coupons(self, asks: Sequence[tuple[str, str]], at_ms: int) -> dict[tuple[str, str], ClaimedCode]:
        claimed: dict[tuple[str, str], ClaimedCode] = {}
        for pool, send in dict.fromkeys(asks):
            number = await self._number(_SQL["pool_number"], pool)
            held = await self._row(_SQL["held_coupon"], number, send)
            given = await self._row(_SQL["claim_coupon"], number, send, at_ms) if held is None else None
            if given is not None:
                await self._do(_SQL["count_pool"], number, 0, 1)
            if (found := held or given) is not None:
                claimed[pool, send] = ClaimedCode(code=found[0], fresh=held is None)
        return claimed

    async def return_coupons(self, given: Sequence[tuple[str, str]]) -> None:
        for pool, send in given:
            number = await self._number(_SQL["pool_number"], pool)
            back = await self._number(_SQL["return_coupon"], number, send)
            await self._do(_SQL["count_pool"], number, 0, -back)

    async def forget_coupons(self, sends: Sequence[str]) -> int:
        return await self._number(_SQL["forget_coupons"], list(sends))

    async def withdraw_coupons(self, pool: str) -> int:
        number = await self._number(_SQL["pool_number"], pool)
        gone = await self._number(_SQL["withdraw_coupons"], number)
        await self._do(_SQL["count_pool"], number, -gone, 0)
        await self._do(_SQL["drop_pool"], number)
        return gone

    async def carry_coupons(self, coupons: Sequence[CouponCode], at_ms: int) -> None:
        for pool, those in groupby(coupons, key=lambda each: each.pool):
            await self._add_codes(list(those), pool, at_ms)

    async def _add_codes(self, coupons: Sequence[CouponCode], pool: str, at_ms: int) -> int:
        await self._do(_SQL["make_pool"], pool, at_ms)
        number = await self._number(_SQL["pool_number"], pool)
        row = await self._row(
            _SQL["add_coupons"],
            number,
            [each.code for each in coupons],
            [each.send or None for each in coupons],
            [each.given_ms for each in coupons],
        )
        added, given = row or (0, 0)
        await self._do(_SQL["count_pool"], number, added, given)
        return int(added)


def _catalogue(row: Row) -> Catalogue:
    name, edition, fields, ranked_by, items, changed_ms, by = row
    return Catalogue(
        name=name,
        edition=edition,
        fields=unpack(fields),
        ranked_by=ranked_by,
        items=items,
        changed_ms=changed_ms,
        by=by,
    )


def _item(row: Row) -> CatalogueItem:
    name, rank, body = row
    return CatalogueItem(id=name, fields=unpack(body), rank=rank)


def _coupon(row: Row) -> CouponCode:
    number, pool, code, send, given_ms = row
    return CouponCode(id=number, pool=pool, code=code, send=send or "", given_ms=given_ms)
