"""The people: who they are, how they behave, and what messages do to them. All of it is known truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from holdfast.events.event import Json
from holdfast.kernel.moments import from_millis
from holdfast.sim.names import FLOURISHES, LONGEST, NAMES, mail_word
from holdfast.sim.phones import phone_numbers, telegram_chat
from holdfast.sim.rhythm import HOUR_MS, Array, Ints, even_of
from holdfast.sim.shop import CATEGORIES, MARKETS, SOURCES

Flags = npt.NDArray[np.bool_]

DEVICES_MOST = 3
DEVICE_KINDS = ("phone", "laptop", "tablet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the population behaves on average; rates are per day of even time (see `rhythm`)."""

    buyers: float = 0.45
    """Share of people who ever buy."""
    rate_shape: float = 0.85
    """Purchase rates are gamma distributed between buyers: the r of BG/NBD ..."""
    rate_scale_days: float = 32.0
    """... and its alpha."""
    dropout_a: float = 0.9
    """After each repeat purchase a buyer is gone with a chance that is beta distributed between buyers: a ..."""
    dropout_b: float = 2.8
    """... and b."""
    browse_rate: float = 0.018
    browse_rate_gone: float = 0.007
    """How often those who have dropped out, or lost interest, still look in."""
    interest_days: float = 35.0
    """How long people who never buy keep coming, on average."""
    abandon_rate: float = 0.014
    """How often a checkout is begun that leads to nothing by itself."""
    abandon_first: float = 0.3
    """Share of purchases before which a checkout was left lying once already."""
    anonymous: float = 0.06
    """Share of people who never say who they are."""
    without_mail: float = 0.03
    """Share of known people who leave no address."""
    refuse: float = 0.08
    """Share of known people who do not want marketing mail."""
    old_shop: float = 0.01
    """Share of known people who once had an account under another number, and are aliased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """The planted truth: the chance that a mail causes a purchase that would not have been, averaged over people.

    Each person has a chance of their own, beta distributed around the average with `spread` as its standard deviation
    over the average.
    """

    cart: float = 0.22
    """A mail about a checkout left lying."""
    win_back: float = 0.1
    """A mail to somebody who has not bought for long."""
    spread: float = 0.6
    opens: float = 0.38
    """Chance that a mail that causes nothing is opened all the same."""
    clicks: float = 0.16
    """Chance that such an opened mail is clicked."""
    unsubscribes: float = 0.006
    """Chance that a mail makes somebody unsubscribe."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """Everybody, as columns; row i is person i. Texts are lists, numbers arrays of shape (people,)."""

    user_ids: list[str]
    """Empty for those who never say who they are."""
    old_ids: list[str]
    """The number they had in the old shop; empty for nearly all."""
    emails: list[str]
    """Empty where they left none."""
    phones: list[str]
    """In E.164; empty where they left none."""
    given: list[str]
    family: list[str]
    device_ids: list[str]
    """Anonymous ids; device d of person i is at i * DEVICES_MOST + d."""
    devices: Ints
    """How many devices each uses, 1 to DEVICES_MOST."""
    device_kinds: Ints
    """Shape (people, DEVICES_MOST), into DEVICE_KINDS."""
    market: Ints
    """Into MARKETS."""
    source: Ints
    """Into SOURCES."""
    favourite: Ints
    """The category they like best, into CATEGORIES."""
    birthday: list[str]
    """ISO date; empty where they did not tell."""
    frame_ms: Ints
    """What to add to UTC for the clock they live by: their zone, and being early or late by nature."""
    arrival: Array
    """When they first come, in even days of their own frame; infinite for those who have yet to come."""
    end: Array
    """Where the history ends, likewise."""
    buyer: Flags
    rate: Array
    """Purchases per even day while alive; 0 for those who never buy."""
    dropout: Array
    """Chance of dropping out after each repeat purchase."""
    refuses: Flags
    cart_effect: Array
    win_back_effect: Array

    def __len__(self) -> int:
        return len(self.user_ids)

    @property
    def known(self) -> Flags:
        """Who says who they are, sooner or later; shape (people,)."""
        return np.array([bool(each) for each in self.user_ids], dtype=np.bool_)

    def traits(self, person: int) -> dict[str, Json]:
        """What an identify call says of them."""
        market = MARKETS[int(self.market[person])]
        traits: dict[str, Json] = {
            "first_name": self.given[person],
            "last_name": self.family[person],
            "country": market.country,
            "locale": market.locale,
            "timezone": market.timezone,
            "currency": market.currency,
            "newsletter": not bool(self.refuses[person]),
            "favourite_category": CATEGORIES[int(self.favourite[person])],
            "acquired_from": SOURCES[int(self.source[person])].name or "direct",
        }
        if self.emails[person]:
            traits["email"] = self.emails[person]
        if self.phones[person]:
            traits["phone"] = self.phones[person]
        if chat := telegram_chat(person):
            traits["telegram_chat"] = chat
        if self.birthday[person]:
            traits["birthday"] = self.birthday[person]
        return traits


def populate(
    rng: np.random.Generator,
    people: int,
    *,
    newcomers: int = 0,
    start_ms: int,
    until_ms: int,
    habits: Habits,
    effects: Effects,
) -> Population:
    """People who first come between the two instants (milliseconds since 1970); after them, newcomers yet to come."""
    count = people + newcomers
    market = rng.choice(len(MARKETS), size=count, p=[each.share for each in MARKETS])
    frame = _frames(rng, market, until_ms)
    first, last = even_of((start_ms + frame).astype(np.float64)), even_of((until_ms + frame).astype(np.float64))
    known = rng.random(count) >= habits.anonymous
    buyer = known & (rng.random(count) < habits.buyers / (1 - habits.anonymous))
    given, family = _names(rng, market)
    user_ids = [f"cust-{10001 + row}" if is_known else "" for row, is_known in enumerate(known)]
    has_mail = known & (rng.random(count) >= habits.without_mail)
    old = known & (rng.random(count) < habits.old_shop)
    devices = np.where(known, 1 + rng.choice(DEVICES_MOST, size=count, p=[0.62, 0.29, 0.09]), 1)
    return Population(
        user_ids=user_ids,
        old_ids=[f"legacy/{7000000 + 13 * row}" if is_old else "" for row, is_old in enumerate(old)],
        emails=[_address(given[row], family[row], row) if has else "" for row, has in enumerate(has_mail)],
        # Seven of ten say it, by their place in the list: a draw would change everything drawn after it.
        phones=phone_numbers(
            [MARKETS[number].country for number in market.tolist()],
            [bool(is_known) and row % 10 < 7 for row, is_known in enumerate(known)],
        ),
        given=given,
        family=family,
        device_ids=_uuids(rng, count * DEVICES_MOST),
        devices=devices.astype(np.int64),
        device_kinds=rng.choice(3, size=(count, DEVICES_MOST), p=[0.58, 0.34, 0.08]).astype(np.int64),
        market=market.astype(np.int64),
        source=rng.choice(len(SOURCES), size=count, p=[each.share for each in SOURCES]).astype(np.int64),
        favourite=rng.integers(0, len(CATEGORIES), size=count),
        birthday=_birthdays(rng, count),
        frame_ms=frame,
        arrival=np.where(np.arange(count) < people, _arrivals(rng, first, last), np.inf),
        end=last,
        buyer=buyer,
        rate=np.where(buyer, rng.gamma(habits.rate_shape, 1 / habits.rate_scale_days, size=count), 0.0),
        dropout=rng.beta(habits.dropout_a, habits.dropout_b, size=count),
        refuses=known & (rng.random(count) < habits.refuse),
        cart_effect=_planted(rng, effects.cart, effects.spread, count),
        win_back_effect=_planted(rng, effects.win_back, effects.spread, count),
    )


def _frames(rng: np.random.Generator, market: Ints, until_ms: int) -> Ints:
    until = from_millis(until_ms)
    offsets = np.array([_utc_offset_ms(each.timezone, until) for each in MARKETS], dtype=np.int64)
    nature = rng.normal(0.0, 1.6, size=len(market)) * HOUR_MS
    return np.asarray(offsets[market] + nature.astype(np.int64), dtype=np.int64)


def _utc_offset_ms(timezone: str, at: datetime) -> int:
    offset = at.astimezone(ZoneInfo(timezone)).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)


def _arrivals(rng: np.random.Generator, first: Array, last: Array) -> Array:
    # A third of the people knew the shop before and show up in its first fortnight; the rest are won evenly since.
    early = rng.random(len(first)) < 0.3
    share = np.where(early, rng.random(len(first)) * 0.15, rng.random(len(first)))
    return np.asarray(first + share * (last - first) * 0.998, dtype=np.float64)


def _planted(rng: np.random.Generator, mean: float, spread: float, count: int) -> Array:
    if mean <= 0.0:
        return np.zeros(count)
    # A beta distribution with this mean and standard deviation `spread * mean`.
    size = (1 - mean) / (mean * spread * spread) - 1
    return rng.beta(mean * size, (1 - mean) * size, size=count)


def _names(rng: np.random.Generator, market: Ints) -> tuple[list[str], list[str]]:
    lists = [NAMES[each.names] for each in MARKETS]
    draws = rng.random((len(market), 3))
    given, family = [], []
    for row, (number, (one, two, oddity)) in enumerate(zip(market.tolist(), draws.tolist(), strict=True)):
        names = lists[number]
        given.append(names.given[int(one * len(names.given))])
        last = names.family[int(two * len(names.family))]
        if oddity < 0.012:
            given[-1] += f" {FLOURISHES[row % len(FLOURISHES)]}"
        elif oddity < 0.013:
            last = LONGEST
        family.append(last)
    return given, family


def _address(given: str, family: str, row: int) -> str:
    words = [word for word in (mail_word(given), mail_word(family)[:24]) if word]
    return f"{'.'.join(words) or 'customer'}.{10001 + row}@post.example"


def _birthdays(rng: np.random.Generator, count: int) -> list[str]:
    first = date(1945, 1, 1).toordinal()
    days = rng.integers(0, 62 * 365, size=count).tolist()
    told = (rng.random(count) < 0.6).tolist()
    return [date.fromordinal(first + day).isoformat() if tells else "" for day, tells in zip(days, told, strict=True)]


def _uuids(rng: np.random.Generator, count: int) -> list[str]:
    digits = rng.bytes(16 * count).hex()
    return [
        f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
        for text in (digits[at : at + 32] for at in range(0, 32 * count, 32))
    ]
