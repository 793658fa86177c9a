"""One visit to the shop, event by event: what live customers do, and what a mail makes somebody do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.events.event import Json, Kind
from holdfast.sim import goods
from holdfast.sim.people import Population
from holdfast.sim.shop import CATEGORIES, PRODUCTS
from holdfast.sim.trail import (
    CART,
    CHECKOUT,
    CHOICE_BY_CATEGORY,
    CONSENT,
    EVENT_KINDS,
    EVENT_NAMES,
    LOGIN,
    ORDER,
    PAGE,
    SHELF_ORDER,
    VIEW,
    consent,
    message_ids,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One event of a visit."""

    after_ms: int
    """After the visit began."""
    what: int
    """PAGE ... ORDER, as in `trail`."""
    properties: Mapping[str, Json]

    @property
    def name(self) -> str:
        return EVENT_NAMES[self.what]

    @property
    def kind(self) -> Kind:
        return EVENT_KINDS[self.what]


class Script:
    """Writes visits. One generator, so that the same seed writes the same ones."""

    def __init__(self, rng: np.random.Generator, population: Population, *, gap_ms: int) -> None:
        self._rng = rng
        self._population = population
        self._gap_ms = gap_ms
        """The mean time between two events of a visit."""

    def visit(self, person: int, *, logs_in: bool, checks_out: bool, buys: bool) -> list[Act]:
        """Somebody looks around, and perhaps begins a checkout, and perhaps pays."""
        currency = self._currency(person)
        lines = [self._line(person, currency) for _ in range(1 + int(self._rng.poisson(1.2)))]
        steps: list[tuple[int, Mapping[str, Json]]] = [(PAGE, self._page()), *((VIEW, line) for line in lines)]
        if logs_in:
            refuses = bool(self._population.refuses[person])
            steps += [(LOGIN, self._population.traits(person)), (CONSENT, consent(refuses))]
        if checks_out:
            cart = lines[: 1 + int(self._rng.random() < 0.35)]
            begun = self._checkout(cart)
            steps += [*((CART, line) for line in cart), (CHECKOUT, begun)]
            if buys:
                steps.append((ORDER, goods.order_of(begun)))
        return self._paced(steps)

    def take_up_cart(self, begun: Mapping[str, Json]) -> list[Act]:
        """Somebody comes back to a checkout they had left lying, and pays."""
        return self._paced([(PAGE, goods.page(goods.CART_PAGE)), (ORDER, goods.order_of(begun))])

    def come_back(self, looked_at: Mapping[str, Json]) -> list[Act]:
        """Somebody comes back for what they had looked at, and buys it."""
        begun = self._checkout([looked_at])
        return self._paced([(VIEW, looked_at), (CART, looked_at), (CHECKOUT, begun), (ORDER, goods.order_of(begun))])

    def name(self) -> str:
        """A name for one event, as good as any."""
        return message_ids(self._rng, 1)[0]

    def _currency(self, person: int) -> str:
        return goods.CURRENCIES[int(goods.MARKET_CURRENCY[self._population.market[person]])]

    def _line(self, person: int, currency: str) -> dict[str, Json]:
        if self._rng.random() < 0.55:
            product = int(CHOICE_BY_CATEGORY[self._population.favourite[person], int(self._rng.random() * 64)])
        else:
            product = int(SHELF_ORDER[int(len(PRODUCTS) * self._rng.random() ** 1.7)])
        return goods.item(product, currency, 1 + int(self._rng.random() < 0.18))

    def _page(self) -> dict[str, Json]:
        return goods.page(min(int(self._rng.integers(0, 2 + len(CATEGORIES))), len(CATEGORIES)))

    def _checkout(self, lines: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
        minor = sum(goods.minor_of(line) for line in lines)
        return goods.checkout(lines, minor, message_ids(self._rng, 1)[0])

    def _paced(self, steps: list[tuple[int, Mapping[str, Json]]]) -> list[Act]:
        acts, passed = [], 0
        for what, properties in steps:
            acts.append(Act(after_ms=passed, what=what, properties=properties))
            passed += 1 + int(self._gap_ms * self._rng.lognormal(-0.15, 0.55))
        return acts
