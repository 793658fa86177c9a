"""What is put in carts, and how it is written in events: Segment's e-commerce names and properties.

Texts that recur are made once and looked up, since a history holds hundreds of thousands of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import msgspec
import numpy as np

from holdfast.events.event import Json
from holdfast.kernel.money import minor_digits, money_of
from holdfast.sim.rhythm import Ints
from holdfast.sim.shop import CATEGORIES, MARKETS, PRODUCTS, SHOP_URL, SOURCES

CURRENCIES: tuple[str, ...] = tuple(dict.fromkeys(market.currency for market in MARKETS))
MARKET_CURRENCY: Ints = np.array([CURRENCIES.index(market.currency) for market in MARKETS], dtype=np.int64)
PRICES: Ints = np.array([[each.price_in(money) for money in CURRENCIES] for each in PRODUCTS], dtype=np.int64)
"""Minor units by product and currency."""
QUANTITY_MOST = 3

CATEGORY_OF: Ints = np.array([CATEGORIES.index(each.category) for each in PRODUCTS], dtype=np.int64)


def amount(minor: int, currency: str) -> int | float:
    """Money as shops write it in events: 24.9, or 4050 where there are no cents."""
    digits = minor_digits(currency)
    return minor / 10**digits if digits else minor


def minor_of(line: Mapping[str, Json]) -> int:
    """What a line of a cart costs, in minor units."""
    price = money_of(line["price"], str(line["currency"]))
    quantity = line["quantity"]
    return price.minor * quantity if price is not None and isinstance(quantity, int) else 0


def item(product: int, currency: str, quantity: int) -> dict[str, Json]:
    """One line of a cart, as it stands in `products`, and as the properties of Product Viewed and Cart Added."""
    what = PRODUCTS[product]
    return {
        "product_id": what.id,
        "product": what.name,
        "category": what.category,
        "price": amount(int(PRICES[product, CURRENCIES.index(currency)]), currency),
        "currency": currency,
        "quantity": quantity,
        "url": f"{SHOP_URL}/products/{what.id.lower()}",
    }


def cart_url(token: str) -> str:
    """Where a cart can be taken up again."""
    return f"{SHOP_URL}/cart/{token}"


def checkout(lines: Sequence[Mapping[str, Json]], minor: int, token: str) -> dict[str, Json]:
    """The properties of Checkout Started: the first line in plain sight, all of them in `products`."""
    return {
        **lines[0],
        "value": amount(minor, str(lines[0]["currency"])),
        "cart_id": token,
        "cart_url": cart_url(token),
        "products": [dict(line) for line in lines],
    }


def order_of(begun: Mapping[str, Json]) -> dict[str, Json]:
    """The properties of the Order Completed that ends this checkout."""
    kept = {name: value for name, value in begun.items() if name not in {"value", "cart_url"}}
    return kept | {"revenue": begun["value"], "order_id": order_id(str(begun["cart_id"]))}


def order_id(token: str) -> str:
    """The number of the order a cart becomes."""
    return f"T-{token[:10].upper()}"


def page(place: int) -> dict[str, Json]:
    """The properties of a page: 0 is the home page, then the categories, last the cart."""
    if place == 0:
        name, path = "Home", "/"
    elif place <= len(CATEGORIES):
        name = CATEGORIES[place - 1]
        path = f"/{name.lower()}"
    else:
        name, path = "Cart", "/cart"
    return {
        "name": name,
        "category": "Shop",
        "path": path,
        "url": SHOP_URL + path,
        "title": f"{name} – Tidewrack & Co.",
    }


CART_PAGE = len(CATEGORIES) + 1


def context(market: int, device: str, source: int) -> dict[str, Json]:
    """What a browser says of itself. `source` 0 is nobody's campaign."""
    where, came = MARKETS[market], SOURCES[source]
    said: dict[str, Json] = {
        "library": {"name": "analytics.js", "version": "2.11.1"},
        "locale": where.locale,
        "timezone": where.timezone,
        "device": {"type": device},
    }
    if came.name:
        campaign: dict[str, Json] = {"source": came.name, "medium": came.medium}
        if came.campaign:
            campaign["name"] = came.campaign
        said["campaign"] = campaign
    return said


def text(value: Json) -> str:
    """JSON text, letters as they are."""
    return msgspec.json.encode(value).decode()


@cache
def item_texts() -> list[str]:
    """Every possible line as JSON: at (product * currencies + currency) * QUANTITY_MOST + quantity - 1."""
    return [
        text(item(product, currency, quantity))
        for product in range(len(PRODUCTS))
        for currency in CURRENCIES
        for quantity in range(1, QUANTITY_MOST + 1)
    ]


def item_number(product: Ints, currency: Ints, quantity: Ints) -> Ints:
    """Where in `item_texts` these lines stand."""
    return (product * len(CURRENCIES) + currency) * QUANTITY_MOST + quantity - 1


def currency_of(number: int) -> str:
    """The currency of the line at that place in `item_texts`."""
    return CURRENCIES[number // QUANTITY_MOST % len(CURRENCIES)]


@cache
def page_texts() -> list[str]:
    """The pages' properties as JSON, by place."""
    return [text(page(place)) for place in range(CART_PAGE + 1)]
