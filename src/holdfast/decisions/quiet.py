"""Quiet hours: the hours of a person's day in which marketing leaves them in peace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from holdfast.kernel.errors import Invalid
from holdfast.segments.zones import DAY_MS, clock_changes, wall_ms

QuietPolicy = Literal["defer", "drop"]
MINUTE_MS = 60_000
DAY_MINUTES = 1_440
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """It is quiet while the clock on the person's wall shows `from_minute` or later, and not yet `until_minute`.

    Both are minutes of the day. When `until` is the smaller, the quiet goes through midnight. What the clock shows is
    all that counts: where it is put back into the quiet hours, they come again.
    """

    from_minute: int
    until_minute: int
    policy: QuietPolicy = "defer"
    """What becomes of a contact within them: `defer`, it waits until they are over; `drop`, it is withheld."""

    def __post_init__(self) -> None:
        for minute in (self.from_minute, self.until_minute):
            if not 0 <= minute < DAY_MINUTES:
                raise ValueError(f"a day has no minute {minute}; use 0 to {DAY_MINUTES - 1}")
        if self.from_minute == self.until_minute:
            raise ValueError("quiet hours that end when they begin are none, or all day; use two times")

    def hold(self, at_ms: int, zone: ZoneInfo) -> bool:
        """Whether it is quiet in the zone at that moment."""
        minute = wall_ms(at_ms, zone) % DAY_MS // MINUTE_MS
        if self.from_minute < self.until_minute:
            return self.from_minute <= minute < self.until_minute
        return minute >= self.from_minute or minute < self.until_minute

    def over_ms(self, at_ms: int, zone: ZoneInfo) -> int:
        """The first moment from `at_ms` on at which it is not quiet.

        It is the time on the wall that ends them, so from one change of the clocks to the next it can be reckoned.
        """
        while self.hold(at_ms, zone):
            over = at_ms + (self.until_minute * MINUTE_MS - wall_ms(at_ms, zone)) % DAY_MS
            at_ms = min((over, *clock_changes(zone, at_ms, over)))
        return at_ms


def decode_quiet(since: str, until: str, policy: QuietPolicy) -> QuietHours | None:
    """Quiet hours as the settings `quiet_from` and `quiet_until` have them, such as 21:00 and 08:00; None for none.

    Raises Invalid.
    """
    if not since and not until:
        return None
    if not since or not until:
        missing = "quiet_until" if since else "quiet_from"
        raise Invalid(
            "is missing: quiet hours have a beginning and an end.",
            path=missing,
            hint="Set quiet_from and quiet_until, or neither.",
        )
    begins, ends = _minute_of(since, "quiet_from"), _minute_of(until, "quiet_until")
    if begins == ends:
        raise Invalid("is the time at which they begin.", path="quiet_until", hint="Set another, or leave both empty.")
    return QuietHours(from_minute=begins, until_minute=ends, policy=policy)


def _minute_of(text: str, path: str) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise Invalid(
            f"{text!r:.50} is no time of day.", path=path, hint="Write one from 00:00 to 23:59, such as 21:30."
        )
    return int(found[1]) * 60 + int(found[2])
