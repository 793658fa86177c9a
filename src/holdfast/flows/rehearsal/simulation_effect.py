"""What effect to expect of a simulated journey: never made up, either measured before or the least that would show."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.events.event import Json
from holdfast.flows.measure.results import Result
from holdfast.measures.power import CONFIDENCE, POWER, least_difference
from holdfast.measures.trial import Estimated, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Of those who entered in the replay, how many reached the goal in time anyway: nothing was sent."""

    people: int
    """Whose time for the goal is over by now."""
    reached: int
    open_people: int
    """Who still have time."""

    @property
    def share(self) -> float | None:
        """The share that reached it; None where there is nobody."""
        return self.reached / self.people if self.people else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between what the share lies with a confidence of 95 %. Source: Wilson (1927), see `measures.trial`."""
        return wilson(self.reached, self.people) if self.people else None

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        low, high = self.interval or (None, None)
        return {
            "people": self.people,
            "reached": self.reached,
            "open_people": self.open_people,
            "share": self.share,
            "low": low,
            "high": high,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the journey's own trial says so far, and what that comes to over the simulated period."""

    conversion: Estimated
    treated: int

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        low, high = self.conversion.low * self.treated, self.conversion.high * self.treated
        return {
            "status": "measured",
            "words": self.words(),
            "conversion": self.conversion.as_json(),
            "treated": self.treated,
            "more_people": {"low": round(low, 1), "high": round(high, 1)},
        }

    def words(self) -> str:
        low, high = (round(each * self.treated) for each in (self.conversion.low, self.conversion.high))
        points = f"{self.conversion.low * 100:+.1f} to {self.conversion.high * 100:+.1f} points"
        return (
            f"Its own trial so far: {points} of people reach the goal because of it (95% interval). "
            f"Of {self.treated:,} treated people that is {low:,} to {high:,} more who do."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """Nothing was measured yet: the smallest rise of the share that a trial of these people would show."""

    base: float
    treated: int
    holdout: int
    difference: float

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {
            "status": "detectable",
            "words": self.words(),
            "base": self.base,
            "treated": self.treated,
            "holdout": self.holdout,
            "difference": self.difference,
            "confidence": CONFIDENCE,
            "power": POWER,
        }

    def words(self) -> str:
        return (
            f"No effect was measured yet. With {self.treated:,} treated and {self.holdout:,} held out, of whom "
            f"{self.base * 100:.1f}% reach the goal anyway, a rise of {self.difference * 100:.1f} points or more would "
            f"show (power {POWER * 100:.0f}%, confidence {CONFIDENCE * 100:.0f}%)."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaid:
    """Nothing can be said, and why."""

    reason: str

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {"status": "unknown", "words": self.words()}

    def words(self) -> str:
        return f"Nothing can be said of an effect: {self.reason}."


Effect = Measured | Detectable | Unsaid


def effect_of(baseline: Baseline, *, treated: int, holdout: int, past: Result | None) -> Effect:
    """What to expect.

    Args:
        treated: people who would be treated in the period.
        holdout: people who would be held out of it to compare with.
        past: what the journey's own trial came to, where it has one.
    """
    if past is not None and isinstance(past.trial.conversion, Estimated):
        return Measured(conversion=past.trial.conversion, treated=treated)
    if not treated:
        return Unsaid(reason="nobody would be treated")
    if not holdout:
        return Unsaid(reason="nobody is held out to compare with; give the journey a holdout")
    if baseline.share is None:
        return Unsaid(reason="of those who entered, everybody still has time for the goal")
    found = least_difference(baseline.share, treated, holdout)
    if found is None:
        return Unsaid(reason=f"{treated + holdout:,} people are too few to show any")
    return Detectable(base=baseline.share, treated=treated, holdout=holdout, difference=found)
