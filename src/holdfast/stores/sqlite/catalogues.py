"""Catalogues and coupons in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.ports.catalogues import Catalogue, CatalogueItem, ClaimedCode, CouponCode, CouponPool, Edition
from holdfast.stores.packing import pack, unpack
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread

_SQL = load("catalogues")


class ReadingCatalogues(Session):
    """Questions about catalogues and coupons."""

    @in_thread
    def catalogues(self) -> list[Catalogue]:
        return [_catalogue(row) for row in self._rows(_SQL["catalogues"])]

    @in_thread
    def catalogue_items(self, catalogue: str, ids: Sequence[str]) -> dict[str, CatalogueItem]:
        # One by one: an id may hold a NUL, at which SQLite would end a list of them.
        rows = (self._row(_SQL["catalogue_item"], catalogue, each) for each in dict.fromkeys(ids))
        return {row[0]: _item(row) for row in rows if row is not None}

    @in_thread
    def top_items(self, catalogue: str, *, limit: int) -> list[CatalogueItem]:
        return [_item(row) for row in self._rows(_SQL["top_items"], catalogue, limit)]

    @in_thread
    def edition_items(self, edition: int, *, after_id: str, limit: int) -> list[CatalogueItem]:
        return [_item(row) for row in self._rows(_SQL["edition_items"], edition, after_id, limit)]

    @in_thread
    def count_items(self, edition: int) -> int:
        return self._number(_SQL["count_items"], edition)

    @in_thread
    def editions(self) -> list[Edition]:
        return [
            Edition(number=number, catalogue=catalogue, state=state, made_ms=made_ms)
            for number, catalogue, state, made_ms in self._rows(_SQL["editions"])
        ]

    @in_thread
    def coupon_pools(self) -> list[CouponPool]:
        return [
            CouponPool(name=name, codes=codes, given=given, made_ms=made_ms)
            for name, codes, given, made_ms in self._rows(_SQL["coupon_pools"])
        ]

    @in_thread
    def coupons_of(self, sends: Sequence[str]) -> list[CouponCode]:
        rows = [row for send in dict.fromkeys(sends) for row in self._rows(_SQL["coupons_of"], send)]
        return [_coupon(row) for row in sorted(rows)]

    @in_thread
    def known_codes(self, codes: Sequence[str]) -> set[str]:
        # One by one, as items: a code may hold a NUL.
        return {each for each in dict.fromkeys(codes) if self._row(_SQL["known_code"], each) is not None}

    @in_thread
    def coupons_after(self, coupon_id: int, *, limit: int) -> list[CouponCode]:
        return [_coupon(row) for row in self._rows(_SQL["coupons_after"], coupon_id, limit)]


class ChangingCatalogues(ReadingCatalogues):
    """Changes of catalogues and coupons."""

    @in_thread
    def begin_edition(self, catalogue: str, at_ms: int) -> int:
        self._do(_SQL["retire_filling"], catalogue)
        return self._number(_SQL["begin_edition"], catalogue, at_ms)

    @in_thread
    def add_items(self, edition: int, items: Sequence[CatalogueItem], *, replace: bool) -> None:
        rows = [(edition, each.id, each.rank, pack(dict(each.fields))) for each in items]
        self._do_all(_SQL["put_item" if replace else "add_item"], rows)

    @in_thread
    def publish_catalogue(self, catalogue: Catalogue) -> None:
        self._do(_SQL["retire_others"], catalogue.name, catalogue.edition)
        self._do(_SQL["publish_edition"], catalogue.edition)
        self._do(
            _SQL["publish_catalogue"],
            catalogue.name,
            catalogue.edition,
            pack(dict(catalogue.fields)),
            catalogue.ranked_by,
            catalogue.items,
            catalogue.changed_ms,
            catalogue.by,
        )

    @in_thread
    def drop_catalogue(self, name: str) -> None:
        self._do(_SQL["drop_catalogue"], name)
        self._do(_SQL["retire_others"], name, 0)

    @in_thread
    def clear_edition(self, edition: int, *, limit: int) -> int:
        gone = self._change(_SQL["clear_items"], edition, limit)
        if gone < limit:
            self._do(_SQL["clear_edition"], edition)
        return gone

    @in_thread
    def add_coupons(self, pool: str, codes: Sequence[str], at_ms: int) -> int:
        number = self._pool_number(pool, at_ms)
        added = sum(self._change(_SQL["add_coupon"], number, code, None, None) for code in codes)
        self._do(_SQL["count_pool"], number, added, 0)
        return added

    @in_thread
    def claim_coupons(self, asks: Sequence[tuple[str, str]], at_ms: int) -> dict[tuple[str, str], ClaimedCode]:
        claimed: dict[tuple[str, str], ClaimedCode] = {}
        for pool, send in dict.fromkeys(asks):
            number = self._number(_SQL["pool_number"], pool)
            held = self._row(_SQL["held_coupon"], number, send)
            given = self._row(_SQL["claim_coupon"], number, send, at_ms) if held is None else None
            if given is not None:
                self._do(_SQL["count_pool"], number, 0, 1)
            if (found := held or given) is not None:
                claimed[pool, send] = ClaimedCode(code=found[0], fresh=held is None)
        return claimed

    @in_thread
    def return_coupons(self, given: Sequence[tuple[str, str]]) -> None:
        for pool, send in given:
            number = self._number(_SQL["pool_number"], pool)
            back = self._change(_SQL["return_coupon"], number, send)
            self._do(_SQL["count_pool"], number, 0, -back)

    @in_thread
    def forget_coupons(self, sends: Sequence[str]) -> int:
        return sum(self._change(_SQL["forget_coupon"], send) for send in sends)

    @in_thread
    def withdraw_coupons(self, pool: str) -> int:
        number = self._number(_SQL["pool_number"], pool)
        gone = self._change(_SQL["withdraw_coupons"], number)
        self._do(_SQL["count_pool"], number, -gone, 0)
        self._do(_SQL["drop_pool"], number)
        return gone

    @in_thread
    def carry_coupons(self, coupons: Sequence[CouponCode], at_ms: int) -> None:
        for each in coupons:
            number = self._pool_number(each.pool, at_ms)
            values = (number, each.code, each.send or None, each.given_ms)
            added = self._change(_SQL["add_coupon"], *values)
            self._do(_SQL["count_pool"], number, added, added if each.given_ms is not None else 0)

    def _pool_number(self, name: str, at_ms: int) -> int:
        self._do(_SQL["make_pool"], name, at_ms)
        return self._number(_SQL["pool_number"], name)


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
