"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""A Monday morning."""


class FakeClock:
    """Answers `ports.clock.Clock`.

    >>> clock = FakeClock()
    >>> clock.advance(hours=3)
    datetime.datetime(2026, 1, 5, 12, 0, tzinfo=datetime.timezone.utc)
    """

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("a moment needs a time zone; use datetime.now(UTC) or attach one")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """This instant, until the clock is moved."""
        return self._now

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Go on by so much; returns the new instant. Time does not go back."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if step < timedelta(0):
            raise ValueError("time does not go back; make another clock")
        self._now += step
        return self._now
