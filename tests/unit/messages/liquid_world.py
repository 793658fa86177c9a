"""The person and the world that the examples of tags and filters are written for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from holdfast.events.event import Json
from holdfast.messages.liquid.needs import (
    ROUNDS_MOST,
    CatalogueItems,
    Coupon,
    Linked,
    Need,
    Recommended,
    Wanting,
)
from holdfast.messages.liquid.template import Template, parse_template

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
PRODUCTS: Mapping[str, Mapping[str, Json]] = {
    "sku-1": {"id": "sku-1", "name": "Green tea", "price": 590},
    "sku-2": {"id": "sku-2", "name": "Teapot", "price": 3900},
    "sku-3": {"id": "sku-3", "name": "Honey", "price": 850},
    "sku-4": {"id": "sku-4", "name": "Cup", "price": 1200},
}
BEST = ("sku-4", "sku-2", "sku-1", "sku-3")
ZOE: dict[str, Json] = {
    "person": {
        "first_name": "Zoë",
        "locale": "en-US",
        "timezone": "Europe/Berlin",
        "seen": ["sku-2", "gone", "sku-1"],
        "recommended": ["sku-3", "sku-2"],
    },
    "event": {
        "name": "Product Viewed",
        "timestamp": "2026-11-26T10:00:00.000Z",
        "properties": {"sku": "sku-1", "revenue": 59.9, "left": 2},
    },
    "workspace": {"name": "Tideline"},
}


def fetched(need: Need) -> Json:
    """What the world of the examples has for a need."""
    match need:
        case CatalogueItems(ids=ids):
            return [dict(PRODUCTS[each]) for each in ids if each in PRODUCTS]
        case Recommended(ids=ids, without=without, count=count):
            wanted = [each for each in dict.fromkeys((*ids, *BEST)) if each in PRODUCTS and each not in without]
            return [dict(PRODUCTS[each]) for each in wanted[:count]]
        case Coupon():
            return "TEA-7F3K"
        case Linked():
            return {"left": 12}


def rounds(template: Template, variables: Mapping[str, Json] | None = None) -> tuple[object, list[tuple[Need, ...]]]:
    """The end of a rendering, and what each round before it asked for."""
    known: dict[Need, Json] = {}
    asked: list[tuple[Need, ...]] = []
    for _ in range(ROUNDS_MOST):
        said = template.render(ZOE if variables is None else variables, now=NOW, known=known)
        if not isinstance(said, Wanting):
            return said, asked
        asked.append(said.needs)
        known |= {need: fetched(need) for need in said.needs}
    raise AssertionError("it asks without end")


def said(source: str, variables: Mapping[str, Json] | None = None, *, html: bool = False) -> object:
    """What a template says in that world."""
    return rounds(parse_template(source, html=html), variables)[0]


def text(source: str, variables: Mapping[str, Json] | None = None, *, html: bool = False) -> str:
    """The same, which is text."""
    end = said(source, variables, html=html)
    assert isinstance(end, str), end
    return end
