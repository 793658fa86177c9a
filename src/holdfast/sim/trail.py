"""The trail a visit leaves: its events, all sessions at once, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.event import Json, Kind
from holdfast.profiles.profile import CONSENT_CHANGED
from holdfast.sim import goods
from holdfast.sim.behaviour import ABANDON, BROWSE, PURCHASE, Sessions
from holdfast.sim.people import DEVICE_KINDS, DEVICES_MOST, Flags, Population
from holdfast.sim.rhythm import Ints
from holdfast.sim.shop import CATEGORIES, PRODUCTS, SOURCES

PAGE, VIEW, LOGIN, ALIAS, CONSENT, CART, CHECKOUT, ORDER = range(8)
"""What can happen in a session, in the order it does."""

EVENT_NAMES = (
    "Page Viewed",
    "Product Viewed",
    "Identified",
    "Aliased",
    CONSENT_CHANGED,
    "Cart Added",
    "Checkout Started",
    "Order Completed",
)
EVENT_KINDS: tuple[Kind, ...] = ("page", "track", "identify", "alias", "track", "track", "track", "track")
SHOP_SOURCE = "default"
"""The name of the write key the shop sends with: the one a fresh workspace begins with."""

_GAP_SECONDS = np.array([11.0, 32.0, 14.0, 0.4, 3.0, 12.0, 9.0, 14.0])
_CHECKOUT_MOST_MS = 25_000
"""Who pays, pays soon: it must not look like a checkout left lying."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visits:
    """Sessions with what is to be known of each: device, login, contents. Columns of equal length."""

    sessions: Sessions
    device: Ints
    known_before: Flags
    """Whether the device is logged in from the start."""
    aliased_before: Flags
    source: Ints
    counts: Ints
    """Shape (sessions, 8): how many events of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trail:
    """Events as columns of equal length, in session order."""

    person: Ints
    what: Ints
    """PAGE ... ORDER."""
    at_ms: Ints
    """UTC."""
    user_id: pa.StringArray
    anonymous_id: pa.StringArray
    previous_id: pa.StringArray
    message_id: list[str]
    properties: pa.StringArray
    """JSON text."""
    context: pa.StringArray
    """JSON text."""


def plan(rng: np.random.Generator, population: Population, sessions: Sessions) -> Visits:
    """Give every session its device, its logins and its contents. Sessions are ordered by person and time."""
    person, kind = sessions.person, sessions.kind
    count = len(person)
    first = np.concatenate([[True], person[1:] != person[:-1]]) if count else np.empty(0, dtype=np.bool_)
    other = rng.integers(0, DEVICES_MOST, size=count) % population.devices[person]
    device = np.where(first | (rng.random(count) < 0.6), 0, other)
    known = population.known[person]
    old = np.array([bool(each) for each in population.old_ids])[person]
    fresh = _first_of(person * DEVICES_MOST + device)
    counts = np.zeros((count, 8), dtype=np.int64)
    deep = (kind != BROWSE) | (rng.random(count) < 0.13)
    counts[:, PAGE] = 1 + rng.poisson(0.25, size=count)
    counts[:, CART] = np.where(deep, np.minimum(1 + rng.poisson(0.45, size=count), 4), 0)
    counts[:, VIEW] = np.maximum(counts[:, CART], rng.poisson(1.1, size=count)) + (rng.random(count) < 0.5)
    counts[:, LOGIN] = fresh & known
    counts[:, ALIAS] = first & old
    counts[:, CONSENT] = first & known
    counts[:, CHECKOUT] = kind >= ABANDON
    counts[:, ORDER] = kind == PURCHASE
    return Visits(
        sessions=sessions,
        device=device,
        known_before=known & ~fresh,
        aliased_before=old & ~first,
        source=np.where(first, population.source[person], 0),
        counts=counts,
    )


def _first_of(keys: Ints) -> Flags:
    flags = np.zeros(len(keys), dtype=np.bool_)
    flags[np.unique(keys, return_index=True)[1]] = True
    return flags


def leave_trail(rng: np.random.Generator, population: Population, visits: Visits, *, until_ms: int) -> Trail:
    """The events of the visits, up to `until_ms`."""
    session, what = _flattened(visits.counts)
    at_ms = _moments(rng, visits.sessions.start_ms, session, what)
    properties = _properties(rng, population, visits, session, what)
    kept = np.flatnonzero(at_ms < until_ms)
    session, what = session[kept], what[kept]
    person = visits.sessions.person[session]
    user_id, previous_id = _names(population, visits, session, what, person)
    device_row = person * DEVICES_MOST + visits.device[session]
    return Trail(
        person=person,
        what=what,
        at_ms=at_ms[kept],
        user_id=user_id,
        anonymous_id=pa.array(population.device_ids, pa.string()).take(device_row),
        previous_id=previous_id,
        message_id=message_ids(rng, len(kept)),
        properties=properties.take(kept),
        context=_contexts(population, visits, session, person),
    )


def _flattened(counts: Ints) -> tuple[Ints, Ints]:
    """One row an event: which session, and what happens."""
    flat = counts.ravel()
    session = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    what = np.repeat(np.tile(np.arange(counts.shape[1]), len(counts)), flat)
    return session, what


def _moments(rng: np.random.Generator, start_ms: Ints, session: Ints, what: Ints) -> Ints:
    gaps = (_GAP_SECONDS[what] * rng.lognormal(0.0, 0.6, size=len(what)) * 1000).astype(np.int64) + 1
    gaps = np.where(what == ORDER, np.minimum(gaps, _CHECKOUT_MOST_MS), gaps)
    passed = np.cumsum(gaps)
    begins = np.searchsorted(session, np.arange(len(start_ms)))
    before = np.concatenate([[0], passed])[begins]
    first_gap = gaps[begins] if len(gaps) else gaps
    return np.asarray(start_ms[session] + passed - (before + first_gap)[session], dtype=np.int64)


def _names(
    population: Population, visits: Visits, session: Ints, what: Ints, person: Ints
) -> tuple[pa.StringArray, pa.StringArray]:
    """The user id and the previous id of each event."""
    users = pa.array([name or None for name in population.user_ids], pa.string())
    olds = pa.array([name or None for name in population.old_ids], pa.string())
    user = users.take(person)
    named = pa.array(visits.known_before[session] | (what >= LOGIN))
    # In the session that takes over the old account, the login is still under the old number.
    by_old = pa.array((what == LOGIN) & (visits.counts[session, ALIAS] > 0))
    user = pc.if_else(by_old, olds.take(person), pc.if_else(named, user, pa.scalar(None, pa.string())))
    previous = pc.if_else(pa.array(what == ALIAS), olds.take(person), pa.scalar(None, pa.string()))
    return user, previous


def _contexts(population: Population, visits: Visits, session: Ints, person: Ints) -> pa.StringArray:
    texts = pa.array(
        [
            goods.text(goods.context(market, device, source))
            for market in range(len(goods.MARKET_CURRENCY))
            for device in DEVICE_KINDS
            for source in range(len(SOURCES))
        ],
        pa.string(),
    )
    device_kind = population.device_kinds[person, visits.device[session]]
    number = (population.market[person] * len(DEVICE_KINDS) + device_kind) * len(SOURCES) + visits.source[session]
    return texts.take(number)


def _properties(
    rng: np.random.Generator, population: Population, visits: Visits, session: Ints, what: Ints
) -> pa.StringArray:
    """The properties of each event as JSON text."""
    person = visits.sessions.person[session]
    currency = goods.MARKET_CURRENCY[population.market[person]]
    product, quantity = _choices(rng, population, visits, session, what)
    lines = goods.item_number(product, currency, quantity)
    texts = [*goods.page_texts(), *goods.item_texts()]
    place = np.minimum(rng.integers(0, 2 + len(CATEGORIES), size=len(what)), len(CATEGORIES))
    number = np.where(what == PAGE, place, len(goods.page_texts()) + lines)
    worth = goods.PRICES[product, currency] * quantity
    begun = _checkouts(rng, visits, session=session, what=what, lines=lines, worth=worth)
    said = _said_once(population, person, what) | begun
    rows = np.fromiter(said.keys(), dtype=np.int64, count=len(said))
    number[rows] = len(texts) + np.arange(len(rows))
    return pa.array([*texts, *said.values()], pa.string()).take(number)


def _choices(
    rng: np.random.Generator, population: Population, visits: Visits, session: Ints, what: Ints
) -> tuple[Ints, Ints]:
    """Product and quantity of each event. The first products looked at are those put in the cart."""
    person = visits.sessions.person[session]
    liked = CHOICE_BY_CATEGORY[population.favourite[person], (rng.random(len(what)) * 64).astype(np.int64)]
    any_product = (len(PRODUCTS) * rng.random(len(what)) ** 1.7).astype(np.int64)
    product = np.where(rng.random(len(what)) < 0.55, liked, SHELF_ORDER[any_product])
    nth = np.arange(len(what)) - np.searchsorted(session, np.arange(len(visits.counts)))[session]
    begins = np.arange(len(what)) - nth
    # Cart line j is about the product of look j; checkout and order show line 0.
    line = np.where(what == CART, nth - visits.counts[session, :CART].sum(axis=1), 0)
    look = begins + visits.counts[session, PAGE] + line
    product = np.where(what >= CART, product[np.minimum(look, len(product) - 1)], product)
    quantity = np.where(what == CART, 1 + (rng.random(len(what)) < 0.18), 1)
    return product, quantity


def _choice_by_category() -> Ints:
    """For each category 64 products of it, the popular ones more often."""
    rows = []
    for category in range(len(CATEGORIES)):
        shelf = np.flatnonzero(category == goods.CATEGORY_OF)
        rows.append(shelf[(len(shelf) * (np.arange(64) / 64) ** 1.6).astype(np.int64)])
    return np.array(rows, dtype=np.int64)


CHOICE_BY_CATEGORY = _choice_by_category()
SHELF_ORDER: Ints = np.argsort((np.arange(len(PRODUCTS)) * 29) % len(PRODUCTS)).astype(np.int64)
"""Products by how popular they are in the whole shop."""


def _said_once(population: Population, person: Ints, what: Ints) -> dict[int, str]:
    """What identify and consent events say, by row."""
    said: dict[int, str] = {}
    for row in np.flatnonzero((what == LOGIN) | (what == CONSENT) | (what == ALIAS)).tolist():
        match int(what[row]):
            case 2:  # LOGIN
                said[row] = goods.text(population.traits(int(person[row])))
            case 3:  # ALIAS
                said[row] = "{}"
            case _:
                said[row] = goods.text(consent(bool(population.refuses[person[row]])))
    return said


def consent(refuses: bool) -> dict[str, Json]:
    """What somebody answers when asked whether they want marketing mail."""
    return {"channel": "email", "topic": "marketing", "granted": not refuses}


def _checkouts(
    rng: np.random.Generator, visits: Visits, *, session: Ints, what: Ints, lines: Ints, worth: Ints
) -> dict[int, str]:
    """What checkouts and orders say, by row: all lines of the session's cart and their sum.

    Args:
        lines: what each event is about, as in `goods.item_number`.
        worth: what that line costs, in minor units.
    """
    in_cart = np.flatnonzero(what == CART)
    count = len(visits.counts)
    sums = np.bincount(session[in_cart], weights=worth[in_cart].astype(np.float64), minlength=count).astype(np.int64)
    first_line = np.searchsorted(session[in_cart], np.arange(count))
    texts = goods.item_texts()
    cart = lines[in_cart].tolist()
    checkouts = np.flatnonzero(what == CHECKOUT)
    said: dict[int, str] = {}
    for row, token in zip(checkouts.tolist(), message_ids(rng, len(checkouts)), strict=True):
        of = int(session[row])
        start = int(first_line[of])
        numbers = cart[start : start + int(visits.counts[of, CART])]
        bought = [texts[each] for each in numbers]
        total = goods.text(goods.amount(int(sums[of]), goods.currency_of(numbers[0])))
        head, tail = bought[0][:-1], f'"products":[{",".join(bought)}]'
        said[row] = f'{head},"value":{total},"cart_id":"{token}","cart_url":"{goods.cart_url(token)}",{tail}}}'
        if visits.counts[of, ORDER]:
            number = goods.order_id(token)
            said[row + 1] = f'{head},"cart_id":"{token}",{tail},"revenue":{total},"order_id":"{number}"}}'
    return said


def message_ids(rng: np.random.Generator, count: int) -> list[str]:
    """As many different names, of 32 hexadecimal digits."""
    digits = rng.bytes(16 * count).hex()
    return [digits[at : at + 32] for at in range(0, 32 * count, 32)]
