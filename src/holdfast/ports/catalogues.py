"""Catalogues and coupons in the state: what messages look up, and codes of which each goes to one send.

The items of a catalogue stand in editions. Readers see the published one; an import fills another, and publishing it is
one change. Codes are never forgotten once they are given, so that none is ever given twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from holdfast.events.event import Json
from holdfast.messages.liquid.catalogue import FieldType


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A catalogue, as it is published."""

    name: str
    edition: int
    fields: Mapping[str, FieldType] = field(default_factory=dict)
    """What its items hold besides their id."""
    ranked_by: str = ""
    """The number field by which its top items are found, highest first; empty for none."""
    items: int = 0
    changed_ms: int
    by: str = ""
    """Who changed it last, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """One item."""

    id: str
    fields: Mapping[str, Json]
    rank: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One set of items of a catalogue."""

    number: int
    """Given by the store; never given again."""
    catalogue: str
    state: Literal["filling", "published", "retired"]
    made_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponPool:
    """Codes that messages hand out."""

    name: str
    codes: int
    """How many there are, given ones too."""
    given: int
    made_ms: int

    @property
    def left(self) -> int:
        """How many nobody has."""
        return self.codes - self.given


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponCode:
    """One code."""

    id: int = 0
    """Given by the store; later ones have higher numbers."""
    pool: str
    code: str
    send: str = ""
    """The key of the send it was given to; empty when nobody has it, or whoever has it is forgotten."""
    given_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedCode:
    """The code a send has."""

    code: str
    fresh: bool
    """Whether it was given just now; else the send had it before."""


class CatalogueView(Protocol):
    """Reading catalogues and coupons."""

    async def catalogues(self) -> list[Catalogue]:
        """Every published one, in order of name."""
        ...

    async def catalogue_items(self, catalogue: str, ids: Sequence[str]) -> dict[str, CatalogueItem]:
        """The published items of these ids; those that are not there are left out."""
        ...

    async def top_items(self, catalogue: str, *, limit: int) -> list[CatalogueItem]:
        """The published items that have a rank, highest first."""
        ...

    async def edition_items(self, edition: int, *, after_id: str, limit: int) -> list[CatalogueItem]:
        """Items of an edition, in order of id, those after one."""
        ...

    async def count_items(self, edition: int) -> int: ...

    async def editions(self) -> list[Edition]:
        """Every edition there is, in order of number."""
        ...

    async def coupon_pools(self) -> list[CouponPool]:
        """Every pool, in order of name."""
        ...

    async def coupons_of(self, sends: Sequence[str]) -> list[CouponCode]:
        """The codes these sends have, in order of id."""
        ...

    async def known_codes(self, codes: Sequence[str]) -> set[str]:
        """Those of the codes that are in any pool."""
        ...

    async def coupons_after(self, coupon_id: int, *, limit: int) -> list[CouponCode]:
        """Codes of all pools, in order of id."""
        ...


class CatalogueTransaction(CatalogueView, Protocol):
    """Changing catalogues and coupons."""

    async def begin_edition(self, catalogue: str, at_ms: int) -> int:
        """Begin to fill an edition; whatever else of the catalogue is being filled is retired. Returns its number."""
        ...

    async def add_items(self, edition: int, items: Sequence[CatalogueItem], *, replace: bool) -> None:
        """Put items into an edition; of those whose id is in it already, they take the place, or are passed over."""
        ...

    async def publish_catalogue(self, catalogue: Catalogue) -> None:
        """Make it what readers see, with its edition; every other edition is retired, one that is being filled too."""
        ...

    async def drop_catalogue(self, name: str) -> None:
        """Take it away; all its editions are retired."""
        ...

    async def clear_edition(self, edition: int, *, limit: int) -> int:
        """Delete up to so many items of a retired edition, and the edition with the last; returns how many went."""
        ...

    async def add_coupons(self, pool: str, codes: Sequence[str], at_ms: int) -> int:
        """Put codes into a pool, making it as needed; returns how many are new. What is in any pool stays there."""
        ...

    async def claim_coupons(self, asks: Sequence[tuple[str, str]], at_ms: int) -> dict[tuple[str, str], ClaimedCode]:
        """Give codes to sends, by pool and send key; a send that has one of the pool keeps it.

        Those for which there is none left, or no such pool, are left out.
        """
        ...

    async def return_coupons(self, given: Sequence[tuple[str, str]]) -> None:
        """Take codes back, by pool and send key, that nobody has seen: they may be given again."""
        ...

    async def forget_coupons(self, sends: Sequence[str]) -> int:
        """Forget whose codes these were; they stay given. Returns how many."""
        ...

    async def withdraw_coupons(self, pool: str) -> int:
        """Delete the codes of a pool that nobody has; returns how many. The pool goes too, unless any was given."""
        ...

    async def carry_coupons(self, coupons: Sequence[CouponCode], at_ms: int) -> None:
        """Add codes as they were elsewhere, given or not, in order; they are numbered anew."""
        ...
