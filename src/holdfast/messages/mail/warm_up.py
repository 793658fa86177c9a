"""Warming up: a domain nobody has heard from sends little at first, and more each day, until it is trusted.

Mailbox providers judge a domain by what it sent before. One that has sent nothing and now sends fifty thousand is taken
for a spammer's. So there is a limit for each day; what is over it waits for the next. It is for marketing: a receipt or
a password goes out whenever it is asked for, and counts. Each domain mail is from is judged, and warmed up, by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis, to_millis

COUNT_MOST = 100_000_000
DAYS_MOST = 366
"""How long a warm-up may last."""
EXAMPLE = "from 2026-12-01: 50, doubling, to 50000"
EXAMPLE_OF_TWO = f"news.shop.example {EXAMPLE}; shop.example from 2026-12-10: 200, +30%, to 100000"
SCHEDULES_MOST = 100
"""Domains a text may name."""

_TEXT = re.compile(
    r"(?:(?P<domain>[a-z0-9_](?:[a-z0-9._-]{0,252}[a-z0-9_])?) )?"
    r"from (?P<first>[0-9]{4}-[0-9]{2}-[0-9]{2}): (?P<start>[0-9]{1,9}), "
    r"(?:(?P<twice>doubling)|\+(?P<percent>[0-9]{1,3})%), to (?P<full>[0-9]{1,9})"
)
_HINT = (
    f"Write it as in `{EXAMPLE}`, or for each domain as in `{EXAMPLE_OF_TWO}`; in the place of `doubling` a daily "
    "growth such as `+30%` may stand."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """A schedule of daily limits. Days are those of UTC, as mailbox providers count them."""

    first: date
    start: int
    """Mails on the first day."""
    growth: Fraction
    """How many times as many each day; more than 1."""
    full: int
    """From the day this is reached, nothing is limited any more."""

    def __post_init__(self) -> None:
        if not (0 < self.start < self.full <= COUNT_MOST and self.growth > 1):
            raise ValueError("a warm-up grows, from one mail at least; say a larger `full` or `growth`")

    def limit(self, day: date) -> int | None:
        """How many mails may go out on that day; 0 before the first, None once the domain is warm."""
        passed = (day - self.first).days
        if passed < 0:
            return 0
        if passed > DAYS_MOST:
            return None
        count = int(self.start * self.growth**passed)
        return count if count < self.full else None

    @property
    def days(self) -> int:
        """How many days are limited."""
        return next(passed for passed in range(DAYS_MOST + 2) if self.limit(self.first + timedelta(passed)) is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUps:
    """The schedules of the domains mail is from."""

    named: Mapping[str, WarmUp] = field(default_factory=dict)
    others: WarmUp | None = None
    """Of every domain that is not named, each by itself."""

    def of(self, domain: str) -> WarmUp | None:
        """The domain's schedule; None where nothing limits it."""
        return self.named.get(domain.lower(), self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How many went out on one day, as it is kept: `2026-12-01 37`."""

    day: date
    count: int = 0

    def __str__(self) -> str:
        return f"{self.day} {self.count}"

    def plus(self, count: int) -> Sent:
        """So many more."""
        return replace(self, count=self.count + count)

    def on(self, day: date) -> Sent:
        """What it is on that day: nothing, if it was counted on another."""
        return self if day == self.day else Sent(day=day)


def day_of_millis(now_ms: int) -> date:
    """The day it is, in UTC."""
    return from_millis(now_ms).date()


def next_day_ms(now_ms: int) -> int:
    """When the next day begins."""
    following = day_of_millis(now_ms) + timedelta(days=1)
    return to_millis(datetime(following.year, following.month, following.day, tzinfo=UTC))


def read_sent(text: str | None, day: date) -> Sent:
    """What was kept, as of that day."""
    if not text:
        return Sent(day=day)
    kept, _, count = text.partition(" ")
    return Sent(day=date.fromisoformat(kept), count=int(count)).on(day)


def decode_warm_ups(text: str, path: str) -> WarmUps | None:
    """The schedules a setting asks for, with semicolons between them; None for none.

    One without a domain is that of every domain that has none of its own. Raises Invalid, with `path`.
    """
    parts = [part for each in text.split(";") if (part := " ".join(each.split()).lower())]
    if len(parts) > SCHEDULES_MOST:
        raise Invalid(f"there are {len(parts)} warm-ups, and {SCHEDULES_MOST} are the most.", path=path, hint=_HINT)
    found: dict[str, WarmUp] = {}
    for part in parts:
        domain, schedule = _decoded(part, path)
        if domain in found:
            whose = repr(domain) if domain else "all other domains"
            raise Invalid(f"there are two warm-ups for {whose}.", path=path, hint="Leave one of them out.")
        found[domain] = schedule
    others = found.pop("", None)
    return WarmUps(named=found, others=others) if parts else None


def _decoded(said: str, path: str) -> tuple[str, WarmUp]:
    """One schedule, and its domain; empty where it names none."""
    found = _TEXT.fullmatch(said)
    if found is None:
        raise Invalid(f"{said!r:.200} is no warm-up.", path=path, hint=_HINT)
    try:
        growth = Fraction(2) if found["twice"] else 1 + Fraction(int(found["percent"]), 100)
        made = WarmUp(
            first=date.fromisoformat(found["first"]), start=int(found["start"]), growth=growth, full=int(found["full"])
        )
    except ValueError as error:
        raise Invalid(f"{said!r:.200} is no warm-up: {error}.", path=path, hint=_HINT) from error
    if made.limit(made.first + timedelta(days=DAYS_MOST)) is not None:
        raise Invalid(f"{said!r:.200} takes more than {DAYS_MOST} days.", path=path, hint="Let it grow faster.")
    return found["domain"] or "", made
