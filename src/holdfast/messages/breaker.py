"""The circuit breaker: when a provider is left alone, and how it is found out that it is well again.

A pure state machine of time. Closed, messages go. After `FAILURES_MOST` failures in a row within `WINDOW_MS` it opens
and nothing goes. When its time is up, one message goes as a probe: an answer closes it, another failure opens it for
twice as long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

FAILURES_MOST = 5
"""Failures in a row that open it."""
WINDOW_MS = 60_000
"""Failures further apart than this are each a bad moment."""
OPEN_MS = 15_000
"""How long it stays open the first time; twice as long after each probe that fails."""
OPEN_MS_MOST = 600_000
PROBE_MS_MOST = 1_500_000
"""After so long without an answer a probe is given up, and another may go."""

Standing = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What is known of one provider's health. A new one is closed."""

    failures: tuple[int, ...] = ()
    """When it failed since its last answer, fewer than `FAILURES_MOST`; in milliseconds since 1970."""
    opened: int = 0
    """How often it opened since it last answered."""
    until_ms: int | None = None
    """When the next probe may go; None while closed."""
    probed_ms: int | None = None
    """When the probe under way was sent; None when there is none."""

    def standing(self, now_ms: int) -> Standing:
        """How it stands."""
        if self.until_ms is None:
            return "closed"
        # It opens for no longer than `OPEN_MS_MOST`: what lies further ahead was said before the clock was set back.
        return "open" if now_ms < self.until_ms <= now_ms + OPEN_MS_MOST else "half_open"

    def room(self, now_ms: int) -> int | None:
        """How many may go: None for as many as one likes, 0 while open, 1 as a probe."""
        match self.standing(now_ms):
            case "closed":
                return None
            case "open":
                return 0
            case "half_open":
                return 0 if self._is_probing(now_ms) else 1

    def opens_ms(self, now_ms: int) -> int | None:
        """When a probe may go that may not go now; None when nothing is to be waited for."""
        return self.until_ms if self.standing(now_ms) == "open" else None

    def sent(self, now_ms: int) -> Breaker:
        """One message is on its way: a probe, unless it is closed."""
        return self if self.until_ms is None else replace(self, probed_ms=now_ms)

    def answered(self) -> Breaker:
        """The provider answered, whatever it said: it is well."""
        return _WELL

    def failed(self, now_ms: int) -> Breaker:
        """It did not answer, or said that it cannot work."""
        if self.until_ms is not None:
            # What was under way when it opened tells nothing new; the probe does.
            return self if self.probed_ms is None else _opened(self.opened, now_ms)
        recent = tuple(each for each in self.failures if abs(now_ms - each) < WINDOW_MS)
        if len(recent) + 1 >= FAILURES_MOST:
            return _opened(self.opened, now_ms)
        return replace(self, failures=(*recent, now_ms))

    def let_go(self) -> Breaker:
        """The probe was not made after all."""
        return replace(self, probed_ms=None)

    def _is_probing(self, now_ms: int) -> bool:
        return self.probed_ms is not None and 0 <= now_ms - self.probed_ms < PROBE_MS_MOST


def _opened(times: int, now_ms: int) -> Breaker:
    lasts_ms = min(OPEN_MS_MOST, OPEN_MS << min(times, 16))
    return Breaker(opened=times + 1, until_ms=now_ms + lasts_ms)


_WELL = Breaker()
