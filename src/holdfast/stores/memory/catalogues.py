"""Catalogues and coupons in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace as changed
from itertools import islice

from holdfast.ports.catalogues import Catalogue, CatalogueItem, ClaimedCode, CouponCode, CouponPool, Edition
from holdfast.stores.memory.session import Session


class ReadingCatalogues(Session):
    """Questions about catalogues and coupons."""

    async def catalogues(self) -> list[Catalogue]:
        return [each for _, each in sorted(self._tables.catalogues.items())]

    async def catalogue_items(self, catalogue: str, ids: Sequence[str]) -> dict[str, CatalogueItem]:
        items = self._published_items(catalogue)
        return {each: items[each] for each in ids if each in items}

    async def top_items(self, catalogue: str, *, limit: int) -> list[CatalogueItem]:
        ranked = [
            (-each.rank, name) for name, each in self._published_items(catalogue).items() if each.rank is not None
        ]
        items = self._published_items(catalogue)
        return [items[name] for _, name in sorted(ranked)[:limit]]

    async def edition_items(self, edition: int, *, after_id: str, limit: int) -> list[CatalogueItem]:
        items = self._tables.catalogue_items.get(edition, {})
        return [items[each] for each in sorted(each for each in items if each > after_id)[:limit]]

    async def count_items(self, edition: int) -> int:
        return len(self._tables.catalogue_items.get(edition, {}))

    async def editions(self) -> list[Edition]:
        return list(self._tables.editions.values())

    async def coupon_pools(self) -> list[CouponPool]:
        return [each for _, each in sorted(self._tables.coupon_pools.items())]

    async def coupons_of(self, sends: Sequence[str]) -> list[CouponCode]:
        wanted = set(sends) - {""}
        return [each for each in self._tables.coupons.values() if each.send in wanted]

    async def known_codes(self, codes: Sequence[str]) -> set[str]:
        return {each.code for each in self._tables.coupons.values()} & set(codes)

    async def coupons_after(self, coupon_id: int, *, limit: int) -> list[CouponCode]:
        return list(islice((each for each in self._tables.coupons.values() if each.id > coupon_id), limit))

    def _published_items(self, catalogue: str) -> dict[str, CatalogueItem]:
        found = self._tables.catalogues.get(catalogue)
        return {} if found is None else self._tables.catalogue_items.get(found.edition, {})


class ChangingCatalogues(ReadingCatalogues):
    """Changes of catalogues and coupons."""

    async def begin_edition(self, catalogue: str, at_ms: int) -> int:
        filling = (each for each in self._tables.editions.values() if each.state == "filling")
        self._retire_editions(each for each in filling if each.catalogue == catalogue)
        self._tables.edition_last += 1
        number = self._tables.edition_last
        made = Edition(number=number, catalogue=catalogue, state="filling", made_ms=at_ms)
        self._tables.editions = self._tables.editions | {number: made}
        return number

    async def add_items(self, edition: int, items: Sequence[CatalogueItem], *, replace: bool) -> None:
        before = self._tables.catalogue_items.get(edition, {})
        added = {each.id: each for each in (items if replace else reversed(items))}
        together = before | added if replace else added | before
        self._tables.catalogue_items = self._tables.catalogue_items | {edition: together}

    async def publish_catalogue(self, catalogue: Catalogue) -> None:
        tables = self._tables
        others = (each for each in tables.editions.values() if each.catalogue == catalogue.name)
        self._retire_editions(each for each in others if each.number != catalogue.edition)
        if catalogue.edition in tables.editions:
            published = changed(tables.editions[catalogue.edition], state="published")
            tables.editions = tables.editions | {catalogue.edition: published}
        tables.catalogues = tables.catalogues | {catalogue.name: catalogue}

    async def drop_catalogue(self, name: str) -> None:
        tables = self._tables
        tables.catalogues = {each: kept for each, kept in tables.catalogues.items() if each != name}
        self._retire_editions(each for each in tables.editions.values() if each.catalogue == name)

    async def clear_edition(self, edition: int, *, limit: int) -> int:
        tables = self._tables
        if edition not in tables.editions or tables.editions[edition].state != "retired":
            return 0
        items = tables.catalogue_items.get(edition, {})
        left = dict(islice(items.items(), limit, None))
        tables.catalogue_items = tables.catalogue_items | {edition: left}
        gone = len(items) - len(left)
        if gone < limit:
            tables.editions = {number: each for number, each in tables.editions.items() if number != edition}
            tables.catalogue_items = {each: kept for each, kept in tables.catalogue_items.items() if each != edition}
        return gone

    async def add_coupons(self, pool: str, codes: Sequence[str], at_ms: int) -> int:
        return self._add_codes([CouponCode(pool=pool, code=each) for each in codes], pool, at_ms)

    async def claim_coupons(self, asks: Sequence[tuple[str, str]], at_ms: int) -> dict[tuple[str, str], ClaimedCode]:
        claimed: dict[tuple[str, str], ClaimedCode] = {}
        coupons = dict(self._tables.coupons)
        for pool, send in dict.fromkeys(asks):
            those = [each for each in coupons.values() if each.pool == pool]
            held = next((each for each in those if each.send == send), None)
            found = held or next((each for each in those if each.given_ms is None), None)
            if found is not None:
                claimed[pool, send] = ClaimedCode(code=found.code, fresh=held is None)
            if found is not None and held is None:
                coupons[found.id] = changed(found, send=send, given_ms=at_ms)
                self._count_codes(pool, codes=0, given=1)
        self._tables.coupons = coupons
        return claimed

    async def return_coupons(self, given: Sequence[tuple[str, str]]) -> None:
        wanted = set(given)
        for each in [each for each in self._tables.coupons.values() if (each.pool, each.send) in wanted]:
            free = changed(each, send="", given_ms=None)
            self._tables.coupons = self._tables.coupons | {each.id: free}
            self._count_codes(each.pool, codes=0, given=-1)

    async def forget_coupons(self, sends: Sequence[str]) -> int:
        theirs = await self.coupons_of(sends)
        self._tables.coupons = self._tables.coupons | {each.id: changed(each, send="") for each in theirs}
        return len(theirs)

    async def withdraw_coupons(self, pool: str) -> int:
        tables = self._tables
        free = {each.id for each in tables.coupons.values() if each.pool == pool and each.given_ms is None}
        tables.coupons = {number: each for number, each in tables.coupons.items() if number not in free}
        self._count_codes(pool, codes=-len(free), given=0)
        tables.coupon_pools = {name: each for name, each in tables.coupon_pools.items() if name != pool or each.given}
        return len(free)

    async def carry_coupons(self, coupons: Sequence[CouponCode], at_ms: int) -> None:
        for each in coupons:
            self._add_codes([each], each.pool, at_ms)

    def _add_codes(self, coupons: Sequence[CouponCode], pool: str, at_ms: int) -> int:
        tables = self._tables
        made = CouponPool(name=pool, codes=0, given=0, made_ms=at_ms)
        tables.coupon_pools = {pool: made} | tables.coupon_pools
        known = {each.code for each in tables.coupons.values()}
        new = {each.code: each for each in reversed(coupons) if each.code not in known}
        ordered = [new[code] for code in dict.fromkeys(each.code for each in coupons) if code in new]
        first = tables.coupon_last + 1
        tables.coupon_last += len(ordered)
        tables.coupons = tables.coupons | {n: changed(each, id=n) for n, each in enumerate(ordered, first)}
        self._count_codes(pool, codes=len(ordered), given=sum(each.given_ms is not None for each in ordered))
        return len(ordered)

    def _count_codes(self, pool: str, *, codes: int, given: int) -> None:
        before = self._tables.coupon_pools.get(pool)
        if before is not None:
            now = changed(before, codes=before.codes + codes, given=before.given + given)
            self._tables.coupon_pools = self._tables.coupon_pools | {pool: now}

    def _retire_editions(self, editions: Iterable[Edition]) -> None:
        retired = {each.number: changed(each, state="retired") for each in list(editions)}
        self._tables.editions = self._tables.editions | retired
