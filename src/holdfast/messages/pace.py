"""Pace: how fast a provider, or the servers of a mail domain, are given messages.

Pure functions of time: a bucket is a value, and taking from it gives another. All reckoning is in whole microseconds,
so two processes that read the same bucket agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from holdfast.kernel.errors import Invalid

RATES_MOST = 1_000
"""Rates a text may hold."""
COUNT_MOST = 1_000_000
BURST_MS = 250
"""How much of the rate may go at once: senders work in short rounds, and each makes up for the time since the last."""
SKEW_MS = 5_000
"""How far apart the clocks of processes that take from one bucket may be."""
OTHERS = "others"
"""The name in a table of rates that stands for every name that is not in it."""

_UNITS_MS = {"s": 1_000, "min": 60_000, "h": 3_600_000}
_RATE = re.compile(r"(?P<name>[a-z0-9_](?:[a-z0-9._-]{0,252}[a-z0-9_])?) (?P<count>[0-9]{1,7})/(?P<unit>s|min|h)")
_HINT = "Write rates with semicolons between them, such as `{example}`; s is a second, min a minute, h an hour."


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many in so many milliseconds, evenly."""

    count: int
    within_ms: int

    def __post_init__(self) -> None:
        if self.count <= 0 or self.within_ms <= 0:
            raise ValueError(f"a rate of {self.count} in {self.within_ms} ms lets nothing through; use 1 or more")

    def __str__(self) -> str:
        unit = next((name for name, ms in _UNITS_MS.items() if ms == self.within_ms), f"{self.within_ms} ms")
        return f"{self.count}/{unit}"

    @property
    def spacing_us(self) -> int:
        """Microseconds from one to the next, rounded up so that the rate is never exceeded."""
        return -(-self.within_ms * 1_000 // self.count)

    @property
    def burst(self) -> int:
        """How many may go at once after a rest: what `BURST_MS` allow, and one at least."""
        return max(1, BURST_MS * 1_000 // self.spacing_us)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: in any window of `w` microseconds at most `burst + w / spacing_us` are taken.

    It is kept as the one number that says when it would be full again (the "generic cell rate algorithm", ITU-T I.371).
    """

    rate: Rate
    full_us: int = 0
    """When it is full again."""

    def free(self, now_ms: int) -> int:
        """How many may be taken now."""
        now_us = now_ms * 1_000
        return max(0, (now_us + self._depth_us - self._filled_us(now_us)) // self.rate.spacing_us)

    def taken(self, count: int, now_ms: int) -> Bucket:
        """The bucket after taking so many; no more than `free`. Raises ValueError."""
        if not 0 <= count <= self.free(now_ms):
            raise ValueError(f"{count} cannot be taken; {self.free(now_ms)} are free")
        return replace(self, full_us=self._filled_us(now_ms * 1_000) + count * self.rate.spacing_us)

    def free_at_ms(self, now_ms: int) -> int:
        """The first moment from now on at which one may be taken."""
        wanted_us = self._filled_us(now_ms * 1_000) + self.rate.spacing_us - self._depth_us
        return max(now_ms, -(-wanted_us // 1_000))

    @property
    def _depth_us(self) -> int:
        return self.rate.burst * self.rate.spacing_us

    def _filled_us(self, now_us: int) -> int:
        # Nobody leaves it fuller than its depth. So whoever finds it fuller has a clock that is a little behind that of
        # whoever took last, or that was set back since, and must not wait for the time it went back by.
        return max(self.full_us, now_us) if self.full_us <= now_us + self._depth_us + SKEW_MS * 1_000 else now_us


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates by name, and the one for every other name, if there is one."""

    named: Mapping[str, Rate]

    def of(self, name: str) -> Rate | None:
        """The rate of that name; None when nothing limits it."""
        return self.named.get(name) or self.named.get(OTHERS)


def decode_rates(text: str, path: str, *, example: str) -> Rates:
    """Rates as a setting has them: `gmail.com 20/s; others 300/min`; empty for none.

    Raises Invalid, with `path`; the hint shows `example`.
    """
    hint = _HINT.format(example=example)
    parts = [part for each in text.split(";") if (part := " ".join(each.split()).lower())]
    if len(parts) > RATES_MOST:
        raise Invalid(f"there are {len(parts)} rates, and {RATES_MOST} are the most.", path=path, hint=hint)
    named: dict[str, Rate] = {}
    for part in parts:
        found = _RATE.fullmatch(part)
        if found is None or not 0 < int(found["count"]) <= COUNT_MOST:
            raise Invalid(f"{part!r:.200} is no rate.", path=path, hint=hint)
        if found["name"] in named:
            raise Invalid(f"there are two rates for {found['name']!r}.", path=path, hint="Leave one of them out.")
        named[found["name"]] = Rate(int(found["count"]), _UNITS_MS[found["unit"]])
    return Rates(named)
