"""A plan of a trial: how many people and days it takes to show what it is meant to show."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.measures.statistics.planning import days_for, looks_cost, people_for_shares, sequential_people
from holdfast.measures.statistics.sequential import LOOKS

PEOPLE_MOST = 10_000_000_000
_HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPlan:
    """How many people each variant takes, and all of them."""

    base: float
    lift: float
    variants: int
    confidence: float
    power: float
    people_each: int
    """With looks at any time."""
    people_each_once: int
    """With one look, at the end."""
    days: int | None
    """How long until they have come and been followed; None where nobody says how many come."""

    @property
    def people(self) -> int:
        """Of all variants: what to write as `planned_people`."""
        return self.people_each * self.variants

    def words(self) -> str:
        """The plan in plain words."""
        days = "" if self.days is None else f", which takes {self.days:,} days"
        return (
            f"To find {self.base:.2%} become {self.base * (1 + self.lift):.2%} in {self.power:.0%} of trials, give "
            f"each of {self.variants} variants {self.people_each:,} people{days}; looked at once, at the end, "
            f"{self.people_each_once:,}. Write {self.people:,} as planned_people, and look whenever you like."
        )

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {
            "base": self.base,
            "lift": self.lift,
            "variants": self.variants,
            "confidence": self.confidence,
            "power": self.power,
            "people_each": self.people_each,
            "people_each_once": self.people_each_once,
            "planned_people": self.people,
            "looks": LOOKS,
            "days": self.days,
            "words": self.words(),
        }


def plan_trial(
    *,
    base: float,
    lift: float,
    variants: int = 2,
    confidence: float = 0.95,
    power: float = 0.8,
    people_a_day: float | None = None,
    within_days: float = 7.0,
) -> TrialPlan:
    """Plan a trial of shares.

    Args:
        base: the share that reaches the goal without a change; 0 to 1.
        lift: the smallest relative change that matters, such as 0.1 for a tenth more; -0.1 for a tenth less.
        variants: the base among them. Each is held against the base; with more than one, Holm's correction for their
            number is planned for as though all of them had to pass its strictest step.
        people_a_day: how many are assigned a day, all variants together.
        within_days: how long each is followed.

    Raises Invalid.
    """
    share = base * (1 + lift)
    if not (0 < base < 1 and 0 < share < 1 and lift != 0):
        raise Invalid(
            f"a share of {base:g} cannot change by {lift:+.0%}.",
            path="$.lift",
            hint="Give a base between 0 and 1, and a lift that leaves it there.",
        )
    if not (2 <= variants <= 50 and 0.5 <= confidence < 1 and 0 < power < 1):
        raise Invalid(
            "this cannot be planned.",
            path="$.variants",
            hint="Give 2 to 50 variants, a confidence such as 0.95 and a power such as 0.8.",
        )
    each_confidence = 1 - (1 - confidence) / (variants - 1)
    once = people_for_shares(base, share, confidence=each_confidence, power=power)
    many = sequential_people(once, confidence=each_confidence, power=power)
    if many == inf or many * variants > PEOPLE_MOST:
        raise Invalid("nobody has so many people.", path="$.lift", hint="Ask for a larger lift.")
    days = None if people_a_day is None else days_for(many * variants, people_a_day, within_days)
    return TrialPlan(
        base=base,
        lift=lift,
        variants=variants,
        confidence=confidence,
        power=power,
        people_each=ceil(many),
        people_each_once=ceil(once),
        days=None if days is None or days == inf else ceil(days),
    )


def plan_by_people(  # noqa: PLR0917 - What a plan is made of, but for the lift that is looked for.
    base: float,
    people: float,
    variants: int = 2,
    confidence: float = 0.95,
    power: float = 0.8,
    people_a_day: float | None = None,
    within_days: float = 7.0,
) -> TrialPlan:
    """The plan of the smallest lift that so many people, of all variants together, show with looks at any time.

    Raises Invalid where they are too few for any.
    """
    if not (0 < base < 1 and 2 <= variants <= 50 and 0.5 <= confidence < 1 and 0 < power < 1):
        raise Invalid(
            "this cannot be planned.",
            path="$.base",
            hint="Give a base between 0 and 1, 2 to 50 variants, a confidence such as 0.95 and a power such as 0.8.",
        )
    each_confidence = 1 - (1 - confidence) / (variants - 1)
    once = people / variants / looks_cost(confidence=each_confidence, power=power)

    def shows(lift: float) -> bool:
        return people_for_shares(base, base * (1 + lift), confidence=each_confidence, power=power) <= once

    least, most = 0.0, (1 - base) / base * (1 - 1e-6)
    if not shows(most):
        raise Invalid(
            f"{people:,.0f} people are too few to show any rise of {base:.2%}.",
            code="too_few_people",
            path="$.people",
            hint="Give it more people, or more days.",
        )
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        least, most = (least, middle) if shows(middle) else (middle, most)
    return plan_trial(
        base=base,
        lift=most,
        variants=variants,
        confidence=confidence,
        power=power,
        people_a_day=people_a_day,
        within_days=within_days,
    )
