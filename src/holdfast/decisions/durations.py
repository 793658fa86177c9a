"""Lengths of time, in seconds and in words."""

from __future__ import annotations

DAY_SECONDS = 86_400
TEN_YEARS_SECONDS = 3_652 * DAY_SECONDS
"""The longest a person can be made to wait: longer is a slip of the finger."""

_UNITS = (("day", DAY_SECONDS), ("h", 3_600), ("min", 60), ("s", 1))


def in_words(seconds: int) -> str:
    """The duration in at most two units, rounded down.

    >>> in_words(2700), in_words(5400), in_words(259_200)
    ('45 min', '1 h 30 min', '3 days')
    """
    parts: list[str] = []
    for unit, size in _UNITS:
        whole, seconds = divmod(seconds, size)
        if whole:
            parts.append(f"{whole} {unit}s" if unit == "day" and whole > 1 else f"{whole} {unit}")
    return " ".join(parts[:2]) or "0 s"
