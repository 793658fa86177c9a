"""A provider that is moody, and remembers for ever what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict

HOUR_MS = 3_600_000
OUTAGES_MOST = 3


class Provider:
    """Answers `ports.carrier.Carrier`; outlives every crash."""

    def __init__(
        self,
        chance: Random,
        say: Callable[[str], None],
        now_ms: Callable[[], int],
        until: Callable[[int], Awaitable[None]],
    ) -> None:
        """Nothing was taken yet.

        Args:
            until: waits for a moment of the world.
        """
        self._chance = chance
        self._say = say
        self._now_ms = now_ms
        self._until = until
        self._outages: list[tuple[int, int]] = []
        self.taken: Counter[str] = Counter()
        self.moody = True

    def plan_outages(self, first_ms: int, last_ms: int) -> None:
        """Draw when it is out of order: for minutes, or for a day."""
        for _ in range(self._chance.randint(0, OUTAGES_MOST)):
            start = self._chance.randint(first_ms, last_ms)
            self._outages.append((start, start + self._chance.choice((HOUR_MS // 6, 3 * HOUR_MS, 30 * HOUR_MS))))

    async def carry(self, parcel: Parcel) -> Verdict:
        """Mostly take it; else defer, refuse, take its time, or lose the answer, with or without having taken it."""
        verdict = self._answer(parcel)
        self._say(f"carried {parcel.key[:8]} to {parcel.to}: {verdict}")
        if self.moody and self._chance.random() < 0.06:
            await self._until(self._now_ms() + self._chance.choice((10_000, 300_000, 1_200_000)))
            self._say(f"  answered about {parcel.key[:8]} after all")
        return verdict

    def _answer(self, parcel: Parcel) -> Verdict:
        if self.moody and any(start <= self._now_ms() < end for start, end in self._outages):
            return Deferred("out of order", after_seconds=self._chance.choice((10, 600)), blame="provider")
        mood = self._chance.random() if self.moody else 1.0
        if mood < 0.10:
            seconds = self._chance.choice((10, 60, 600))
            return Deferred("not now", after_seconds=seconds, blame="provider" if mood < 0.04 else "domain")
        if mood < 0.14:
            return Refused("no", gone=mood < 0.11)
        if mood < 0.17:
            return InDoubt("the line broke before it was taken")
        self.taken[parcel.key] += 1
        return InDoubt("the line broke after it was taken") if mood < 0.21 else Accepted(f"p-{parcel.key}")

    async def holds(self, sends: Sequence[str]) -> set[str]:
        """Those it took: a mailbox can be asked."""
        return set(sends) & self.taken.keys()

    async def close(self) -> None:
        """Nothing is held."""
