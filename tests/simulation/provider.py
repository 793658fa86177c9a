"""A provider that is moody, and remembers for ever what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict


class Provider:
    """Answers `ports.carrier.Carrier`; outlives every crash."""

    def __init__(self, chance: Random, say: Callable[[str], None]) -> None:
        self._chance = chance
        self._say = say
        self.taken: Counter[str] = Counter()
        self.moody = True

    async def carry(self, parcel: Parcel) -> Verdict:
        """Mostly take it; else defer, refuse, or lose the answer, with or without having taken it."""
        mood = self._chance.random() if self.moody else 1.0
        verdict: Verdict
        if mood < 0.12:
            verdict = Deferred("not now", after_seconds=self._chance.choice((10, 60, 600)))
        elif mood < 0.17:
            verdict = Refused("no", gone=mood < 0.14)
        elif mood < 0.20:
            verdict = InDoubt("the line broke before it was taken")
        else:
            self.taken[parcel.key] += 1
            verdict = InDoubt("the line broke after it was taken") if mood < 0.24 else Accepted(f"p-{parcel.key}")
        self._say(f"carried {parcel.key[:8]} to {parcel.to}: {verdict}")
        return verdict

    async def holds(self, sends: Sequence[str]) -> set[str]:
        """Those it took: a mailbox can be asked."""
        return set(sends) & self.taken.keys()

    async def close(self) -> None:
        """Nothing is held."""
