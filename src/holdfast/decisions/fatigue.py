"""Fatigue: who has not answered the last messages gets fewer of them, until they answer.

To answer is to open a message or to click in it, by a person's own hand: what machines open counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.decisions.caps import WITHIN_DAYS_MOST
from holdfast.decisions.rule_texts import DAY_SECONDS, channel_in, rules_in, seconds_of
from holdfast.kernel.errors import Invalid

if TYPE_CHECKING:
    from holdfast.decisions.made import Made

_RULE = re.compile(
    r"after (?P<unanswered>[0-9]{1,6}) in (?P<within>[0-9]{1,6} (?:hour|day|week)s?)"
    r"(?: on (?P<channel>[a-z0-9][a-z0-9_-]{0,63}))?, (?P<most>[0-9]{1,6}) in (?P<rest>[0-9]{1,6} (?:hour|day|week)s?)"
)
_HINT = (
    "Write rules with semicolons between them, such as `after 5 in 30 days, 1 in 14 days; "
    "after 3 in 14 days on sms, 0 in 60 days`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fatigue:
    """Who left so many marketing contacts of the last `within_seconds` unanswered gets `most` in any `rest_seconds`."""

    channel: str = ""
    """Only contacts on this channel are counted, and held back; empty for all channels together."""
    unanswered: int
    within_seconds: int
    most: int
    rest_seconds: int

    def __post_init__(self) -> None:
        if self.unanswered <= 0 or self.most < 0:
            raise ValueError("nobody tires of no contact at all, and fewer than none cannot be made")
        if self.within_seconds <= 0 or self.rest_seconds <= 0:
            raise ValueError("a window without length holds nothing; use 1 second or more")

    def concerns(self, channel: str) -> bool:
        """Whether contacts on the channel are counted and held back."""
        return self.channel in ("", channel)

    def allows(self, recent: Iterable[Made], answered_ms: int, at_ms: int) -> bool:
        """Whether one more contact at that moment is not too much for who last answered at `answered_ms` (0: never)."""
        counted = [each for each in recent if not each.transactional and self.concerns(each.channel)]
        since_ms = max(answered_ms, at_ms - self.within_seconds * 1000)
        if sum(1 for each in counted if since_ms < each.at_ms <= at_ms) < self.unanswered:
            return True
        rest_ms = self.rest_seconds * 1000
        return sum(1 for each in counted if abs(each.at_ms - at_ms) < rest_ms) < self.most


def decode_fatigue(text: str, path: str) -> tuple[Fatigue, ...]:
    """Rules as a setting has them: `after 5 in 30 days, 1 in 14 days`; empty for none.

    Raises Invalid, with `path`.
    """
    return tuple(_fatigue(rule, path) for rule in rules_in(text, "rules", path, _HINT))


def _fatigue(rule: str, path: str) -> Fatigue:
    found = _RULE.fullmatch(rule)
    if found is None:
        raise Invalid(f"{rule!r:.200} is no rule about fatigue.", path=path, hint=_HINT)
    if int(found["unanswered"]) == 0:
        hint = "Say after how many unanswered messages, 1 at least; to limit everybody use contact_caps."
        raise Invalid(f"{rule!r} would tire who was never written to.", path=path, hint=hint)
    windows = [seconds_of(found[name]) for name in ("within", "rest")]
    if not all(0 < each <= WITHIN_DAYS_MOST * DAY_SECONDS for each in windows):
        hint = f"A window is an hour at least and {WITHIN_DAYS_MOST} days at most."
        raise Invalid(f"a window of {rule!r} cannot be.", path=path, hint=hint)
    return Fatigue(
        channel=channel_in(found["channel"], path),
        unanswered=int(found["unanswered"]),
        within_seconds=windows[0],
        most=int(found["most"]),
        rest_seconds=windows[1],
    )
