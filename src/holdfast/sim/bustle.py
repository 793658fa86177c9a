"""How much goes on in a shop that is shown to somebody: much at first, less and less, and as always while nobody looks.

One hour as lively as the first minutes would hold more than a week of the shop's past: every chart by day would be
flat but for today.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SHOWN_PER_SECOND = 6.0
"""Events a second for whoever comes to look. What Holdfast tells of its own accord comes on top of them."""
SHOWN_LEAST_PER_SECOND = 0.8
"""Less than this does not become of it while somebody looks: there is something to see at any moment."""
HALF_SECONDS = 300.0
"""In this time half of what is more than that goes."""
ARRIVES_SECONDS = 600.0
"""From the start, so long it is taken that somebody looks: who started it is about to come."""


@dataclass(slots=True)
class Bustle:
    """How lively it is. Nothing here knows what time it is: whoever asks says how much has passed."""

    usual_per_second: float
    """Events a second that people did by themselves in the shop's past, on average."""
    _passed_seconds: float = 0.0
    _shown_seconds: float = 0.0

    def per_second(self, passed_seconds: float, *, looked_at: bool) -> float:
        """Events a second from now on; so much time has passed since this was asked last, or since the start."""
        self._passed_seconds += passed_seconds
        if not looked_at and self._passed_seconds > ARRIVES_SECONDS:
            return self.usual_per_second
        self._shown_seconds += passed_seconds
        more = (SHOWN_PER_SECOND - SHOWN_LEAST_PER_SECOND) * math.exp2(-self._shown_seconds / HALF_SECONDS)
        return max(self.usual_per_second, SHOWN_LEAST_PER_SECOND + more)
