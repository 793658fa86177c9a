"""Doubt: what becomes of a message when nobody can know whether it was taken.

The answer differs by channel, and each declares its own. A provider that knows a repeated key may be asked again under
it; where a repeat would be a second message, it is not repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Remedy = Literal["drop", "resend", "ask"]
"""`drop` leaves it at that, `resend` hands it over again under the same key, `ask` waits among the dead letters for
somebody to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtPolicy:
    """A channel's policy."""

    idempotent_seconds: int = 0
    """How long the provider knows a key it has seen: all attempts at a message end within it. 0 when it knows none."""
    marketing: Remedy = "drop"
    transactional: Remedy = "ask"

    def __post_init__(self) -> None:
        if self.idempotent_seconds == 0 and "resend" in (self.marketing, self.transactional):
            raise ValueError("sending again without a key that is known would be a second message; say drop or ask")

    def remedy(self, *, transactional: bool) -> Remedy:
        """What to do about a message in doubt."""
        return self.transactional if transactional else self.marketing

    def repeats(self, *, transactional: bool) -> bool:
        """Whether a message in doubt may be handed over once more: at once, or when somebody says so."""
        return self.remedy(transactional=transactional) != "drop"


ONCE = DoubtPolicy()
"""At most once: nothing is ever repeated."""
