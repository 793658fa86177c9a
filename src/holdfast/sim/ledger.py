"""What running the shop's journeys over the past came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from holdfast.decisions.visit import Visit
from holdfast.events.event import Event
from holdfast.ports.state import Send, StepCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Caused:
    """A purchase that a mail caused; truth nobody can see."""

    person: int
    at_ms: int
    origin: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that was written.

    Identities in visits and sends are numbers of people in the population, until the store has given its own.
    """

    visits: list[Visit] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    """Every contact that was asked for: those sent, and those withheld with their reason."""
    passed: Counter[tuple[str, int, str, str]] = field(default_factory=Counter)
    events: list[Event] = field(default_factory=list)
    """Holdfast's own events, and those of visits that mails led to."""
    caused: list[Caused] = field(default_factory=list)

    @property
    def mails(self) -> list[Send]:
        """The sends that went out."""
        return [send for send in self.sends if send.state == "sent"]

    def step_counts(self) -> list[StepCount]:
        """How many passed each step, by exit."""
        return [
            StepCount(origin=origin, version=version, step=step, exit=exit_name, count=count)
            for (origin, version, step, exit_name), count in sorted(self.passed.items())
        ]
