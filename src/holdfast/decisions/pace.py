"""Pace: so many people a minute or an hour, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from holdfast.decisions.fields import Choice, Whole

PEOPLE_MOST = 1_000_000_000
PER_MS: Mapping[str, int] = {"minute": 60_000, "hour": 3_600_000}
AHEAD_MOST = 3_000
"""Minutes or hours planned ahead at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """At most so many people in each minute or hour."""

    people: Annotated[int, Whole(least=1, most=PEOPLE_MOST), "How many people at most."]
    per: Annotated[
        Literal["minute", "hour"], Choice(("minute", "hour")), "In each minute, or in each hour, of the clock."
    ]

    @property
    def per_ms(self) -> int:
        """How long that is."""
        return PER_MS[self.per]


class Places:
    """The places taken in each minute or hour; taking one changes it."""

    def __init__(self, throttle: Throttle, taken: Mapping[int, int], now_ms: int) -> None:
        """What lies before now is let go of.

        Args:
            taken: people by the number of the minute or hour since 1970.
        """
        self._throttle = throttle
        self._taken = {number: count for number, count in taken.items() if number >= now_ms // throttle.per_ms}
        self._full: dict[int, int] = {}

    @property
    def taken(self) -> Mapping[int, int]:
        """People by the number of the minute or hour since 1970."""
        return self._taken

    @property
    def is_full(self) -> bool:
        """Whether so much is planned ahead that the rest is better planned later."""
        return len(self._taken) >= AHEAD_MOST

    def take(self, at_ms: int) -> int:
        """The first moment from `at_ms` on that has a place; it is taken. People are spread over the minute or hour."""
        per_ms, most = self._throttle.per_ms, self._throttle.people
        number = self._free(at_ms // per_ms)
        before = self._taken.get(number, 0)
        self._taken[number] = before + 1
        return max(at_ms, number * per_ms + before * per_ms // most)

    def _free(self, number: int) -> int:
        """The first minute or hour from that one on with a place in it."""
        passed = []
        while self._taken.get(number, 0) >= self._throttle.people:
            passed.append(number)
            number = self._full.get(number, number + 1)
        for each in passed:
            self._full[each] = number  # So that a long queue is walked once.
        return number
