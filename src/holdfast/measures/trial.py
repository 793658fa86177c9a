"""Trials: what the treated did beyond the holdout, with an interval. From sufficient statistics alone.

Sources:
    Newcombe (1998), "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17, 873-890: method 10, for shares.
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22, 209-212: the
    interval of one share that method 10 is made of.
    Welch (1947), "The generalization of Student's problem when several different population variances are involved",
    Biometrika 34, 28-35: for revenue per person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal, TypeAlias

from holdfast.decisions.visit import Arm
from holdfast.events.event import Json
from holdfast.measures.outcome import ArmOutcome

CONFIDENCE = 0.95
PEOPLE_LEAST = 10
"""People in each arm, before their shares are compared."""
BUYERS_LEAST = 20
"""People with an order in each arm, before revenue per person is compared. Revenue is nothing for most people and a
lot for a few, and with fewer of those the interval would hold the truth less often than it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """A difference, treated less holdout, that lies between `low` and `high` with this confidence."""

    difference: float
    low: float
    high: float
    confidence: float
    relative: float | None
    """The difference as a share of the holdout's figure; None where that is 0."""

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {
            "status": "estimated",
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
            "relative": self.relative,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconclusive:
    """Nothing can be said, and why, in words."""

    reason: str

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {"status": "inconclusive", "reason": self.reason}


Effect: TypeAlias = Estimated | Inconclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """Both arms, and what the treated did beyond the holdout, per person."""

    treated: ArmOutcome
    holdout: ArmOutcome
    conversion: Effect
    """In shares of people, 0 to 1."""
    revenue_per_person: Effect
    """In minor units of the question's currency."""

    def words(self) -> str:
        """One plain sentence on conversion."""
        effect = self.conversion
        if isinstance(effect, Inconclusive):
            return f"Nothing can be said yet: {effect.reason}."
        shares = (
            f"{_percent(conversion_rate(self.treated))} of {self.treated.people:,} treated people converted, against "
            f"{_percent(conversion_rate(self.holdout))} of {self.holdout.people:,} held out"
        )
        low, high, sure = _points(effect.low), _points(effect.high), f"{effect.confidence * 100:g}% interval"
        if not effect.beyond_chance:
            return f"{shares}; this may be chance: the difference lies between {low} and {high} points ({sure})."
        direction = "more" if effect.difference > 0 else "fewer"
        return (
            f"{shares}: {_points(abs(effect.difference), signed=False)} points {direction}, beyond what chance "
            f"explains ({sure} {low} to {high} points)."
        )


def compare(arms: Iterable[ArmOutcome], *, confidence: float = CONFIDENCE) -> TrialResult:
    """The treated against the holdout. An arm that is not given has nobody in it."""
    if not 0 < confidence < 1:
        raise ValueError("a confidence lies between 0 and 1, such as 0.95")
    by_arm = {each.arm: each for each in arms}
    treated, holdout = by_arm.get("treated") or _nobody("treated"), by_arm.get("holdout") or _nobody("holdout")
    return TrialResult(
        treated=treated,
        holdout=holdout,
        conversion=_conversion(treated, holdout, confidence),
        revenue_per_person=_revenue(treated, holdout, confidence),
    )


def conversion_rate(outcome: ArmOutcome) -> float:
    """The share of people who converted; 0 when there is nobody."""
    return outcome.converted / outcome.people if outcome.people else 0.0


def revenue_rate(outcome: ArmOutcome) -> float:
    """Revenue per person in minor units, with those who brought none; 0 when there is nobody."""
    return outcome.revenue_minor / outcome.people if outcome.people else 0.0


def wilson(successes: int, people: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of one share. Source: Wilson (1927)."""
    z = _z(confidence)
    share = successes / people
    middle = (share + z * z / (2 * people)) / (1 + z * z / people)
    half = z * sqrt(share * (1 - share) / people + z * z / (4 * people * people)) / (1 + z * z / people)
    # Rounding must not push the limit of nothing below 0 or of all above 1, or off the share itself.
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def newcombe(
    successes: int, people: int, other_successes: int, other_people: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """The interval of the difference of two shares, first less second. Source: Newcombe (1998), method 10."""
    share, other = successes / people, other_successes / other_people
    low, high = wilson(successes, people, confidence)
    other_low, other_high = wilson(other_successes, other_people, confidence)
    difference = share - other
    below = sqrt((share - low) ** 2 + (other_high - other) ** 2)
    above = sqrt((high - share) ** 2 + (other - other_low) ** 2)
    return difference - below, difference + above


@dataclass(frozen=True, slots=True)
class Sample:
    """What a mean is known from."""

    mean: float
    variance: float
    """With n - 1; more than 0."""
    size: int


def welch(sample: Sample, other: Sample, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of the difference of two means, first less second. Source: Welch (1947)."""
    from scipy.special import stdtrit  # noqa: PLC0415  # A fifth of a second, which a server's start need not wait for.

    part, other_part = sample.variance / sample.size, other.variance / other.size
    spread = part + other_part
    freedom = spread**2 / (part**2 / (sample.size - 1) + other_part**2 / (other.size - 1))
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * sqrt(spread)
    difference = sample.mean - other.mean
    return difference - half, difference + half


def _conversion(treated: ArmOutcome, holdout: ArmOutcome, confidence: float) -> Effect:
    too_few = _too_few(treated, holdout)
    if too_few is not None:
        return too_few
    low, high = newcombe(treated.converted, treated.people, holdout.converted, holdout.people, confidence)
    share, other = conversion_rate(treated), conversion_rate(holdout)
    return Estimated(
        difference=share - other, low=low, high=high, confidence=confidence, relative=_relative(share - other, other)
    )


def _revenue(treated: ArmOutcome, holdout: ArmOutcome, confidence: float) -> Effect:
    too_few = _too_few(treated, holdout)
    if too_few is not None:
        return too_few
    for arm in (treated, holdout):
        if arm.converted < BUYERS_LEAST:
            return Inconclusive(
                reason=f"only {_people(arm.converted)} of {_called(arm)} had an order, and revenue varies too much to "
                f"compare before {BUYERS_LEAST} have"
            )
        if not _variance(arm):
            return Inconclusive(reason=f"all of {_called(arm)} brought the same revenue, so chance cannot be gauged")
    mean, other = revenue_rate(treated), revenue_rate(holdout)
    low, high = welch(
        Sample(mean, _variance(treated), treated.people), Sample(other, _variance(holdout), holdout.people), confidence
    )
    return Estimated(
        difference=mean - other, low=low, high=high, confidence=confidence, relative=_relative(mean - other, other)
    )


def _too_few(treated: ArmOutcome, holdout: ArmOutcome) -> Inconclusive | None:
    for arm in (treated, holdout):
        if not arm.people:
            all_waiting = f" ({arm.open_people:,} still in theirs)" if arm.open_people else ""
            return Inconclusive(
                reason=f"nobody of {_called(arm)} has been through the whole time for the goal yet{all_waiting}; it "
                f"takes {PEOPLE_LEAST}"
            )
        if arm.people < PEOPLE_LEAST:
            waiting = f" ({arm.open_people:,} more still in theirs)" if arm.open_people else ""
            return Inconclusive(
                reason=f"only {_people(arm.people)} of {_called(arm)} have been through the whole time for the goal"
                f"{waiting}; it takes {PEOPLE_LEAST}"
            )
    return None


def _variance(arm: ArmOutcome) -> float:
    """The variance of revenue among people, with n - 1; 0 where rounding would make it less."""
    spread = arm.revenue_minor_squares - arm.revenue_minor * arm.revenue_minor / arm.people
    # A spread within the rounding of the sum of squares is none.
    return spread / (arm.people - 1) if spread > 1e-12 * arm.revenue_minor_squares else 0.0


def _relative(difference: float, base: float) -> float | None:
    return difference / base if base else None


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _nobody(arm: Arm) -> ArmOutcome:
    return ArmOutcome(
        arm=arm,
        people=0,
        open_people=0,
        converted=0,
        orders=0,
        revenue_minor=0,
        revenue_minor_squares=0.0,
        other_currency_orders=0,
    )


def _called(arm: ArmOutcome) -> Literal["the treated", "the holdout"]:
    return "the treated" if arm.arm == "treated" else "the holdout"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}%"


def _points(share: float, *, signed: bool = True) -> str:
    """A difference of shares in percentage points."""
    number = f"{share * 100:+.1f}" if signed else f"{share * 100:.1f}"
    return number.replace("-", "−")
