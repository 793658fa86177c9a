"""Service recovery: who waits for their trouble to be solved gets no marketing meanwhile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.decisions.rule_texts import DAY_SECONDS, rules_in, seconds_of
from holdfast.kernel.errors import Invalid

if TYPE_CHECKING:  # It brings the decoder of profiles, which settings must not wait for.
    from holdfast.profiles.profile import Tally

HOLD_DAYS_MOST = 365
_RULE = re.compile(
    r"from (?P<opened>\S.{0,199}?) until (?P<solved>\S.{0,199}?), at most (?P<most>[0-9]{1,6} (?:hour|day|week)s?)"
)
_HINT = (
    "Write rules with semicolons between them, such as `from Support Ticket Opened until Support Ticket Solved, "
    "at most 14 days`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHold:
    """No marketing from the event `opened` until it is `solved`, and no longer than `most_seconds` after the last one.

    Two that were opened within that time want two solutions. One that nobody ever solved holds no longer than that.
    """

    opened: str
    solved: str
    most_seconds: int

    def holds(self, tallies: Mapping[str, Tally], at_ms: int) -> bool:
        """Whether somebody who did these things waits at that moment."""
        opened, solved = _moments(tallies, self.opened), _moments(tallies, self.solved)
        since_ms = at_ms - self.most_seconds * 1000
        if not opened or opened[-1] <= since_ms:
            return False
        if not solved or solved[-1] < opened[-1]:
            return True
        return sum(each > since_ms for each in opened) > sum(each > since_ms for each in solved)


def _moments(tallies: Mapping[str, Tally], event: str) -> tuple[int, ...]:
    tally = tallies.get(event)
    return () if tally is None else tally.recent_ms


def decode_holds(text: str, path: str) -> tuple[ServiceHold, ...]:
    """Rules as a setting has them: `from A until B, at most 14 days`; empty for none.

    Raises Invalid, with `path`.
    """
    return tuple(_hold(rule, path) for rule in rules_in(text, "rules", path, _HINT))


def _hold(rule: str, path: str) -> ServiceHold:
    found = _RULE.fullmatch(rule)
    if found is None:
        raise Invalid(f"{rule!r:.200} is no rule about service.", path=path, hint=_HINT)
    seconds = seconds_of(found["most"])
    if not 0 < seconds <= HOLD_DAYS_MOST * DAY_SECONDS:
        hint = f"Hold for an hour at least and {HOLD_DAYS_MOST} days at most."
        raise Invalid(f"the time of {rule!r} cannot be.", path=path, hint=hint)
    if found["opened"] == found["solved"]:
        hint = "Name the event that ends it."
        raise Invalid(f"{rule!r} begins and ends with the same event.", path=path, hint=hint)
    return ServiceHold(opened=found["opened"], solved=found["solved"], most_seconds=seconds)
