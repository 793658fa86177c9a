"""When people are about: by hour and weekday, in their own time.

Behaviour is drawn in *even* time, in which every hour is alike; then each even moment is moved to the clock moment by
which as much of the week's activity has passed. A Poisson process stays one, with the week's rhythm, and days stay
days.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 4 * DAY_MS  # 5 January 1970 was a Monday.

_HOURS = (1, 0.6, 0.4, 0.3, 0.3, 0.5, 1.2, 2.6, 4, 5, 5.5, 5.8, 6.2, 6, 5.2, 5, 5.2, 6, 7.2, 8.6, 9.4, 8.2, 5.2, 2.4)
_WEEKDAYS = (1.0, 0.94, 0.92, 0.97, 1.0, 1.1, 1.22)

_WEIGHTS = np.outer(np.array(_WEEKDAYS), np.array(_HOURS)).ravel()
_CLOCK = np.arange(169, dtype=np.float64) * HOUR_MS
_EVEN = np.concatenate([[0.0], np.cumsum(_WEIGHTS)]) * (_WEEK_MS / float(_WEIGHTS.sum()))


def even_of(clock_ms: Array) -> Array:
    """The even time, in days, of local clock times in milliseconds since 1970."""
    weeks, rest = np.divmod(clock_ms - _MONDAY_MS, _WEEK_MS)
    return np.asarray((weeks * _WEEK_MS + np.interp(rest, _CLOCK, _EVEN)) / DAY_MS, dtype=np.float64)


def clock_of(even_days: Array) -> Array:
    """The local clock time, in milliseconds since 1970, of even times in days. The inverse of `even_of`."""
    weeks, rest = np.divmod(even_days * DAY_MS, _WEEK_MS)
    return np.asarray(weeks * _WEEK_MS + np.interp(rest, _EVEN, _CLOCK) + _MONDAY_MS, dtype=np.float64)
