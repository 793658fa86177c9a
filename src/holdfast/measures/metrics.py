"""Metrics: what is asked of the people of a trial, and the sums that answer it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from holdfast.kernel.errors import Invalid
from holdfast.measures.statistics.moments import Moments
from holdfast.measures.statistics.sequential import LOOKS
from holdfast.segments.condition import Condition

Measure = Literal["did", "times", "revenue", "sum", "worth"]
"""Whether somebody did it, 1 or 0; how often; what it brought, in minor units of the question's currency; what numbers
of a property add up to; what several events are worth together, in minor units as well."""

Exposure = Literal["sent", "delivered", "opened"]
"""What counts as having got a message: that it was taken by its provider, reached its place, or a person opened it."""
EXPOSURES: tuple[Exposure, ...] = ("sent", "delivered", "opened")
EXPOSED_BY: dict[Exposure, str] = {
    "sent": "Message Sent",
    "delivered": "Message Delivered",
    "opened": "Message Opened",
}
BETWEEN = "between"
"""What stands for the variant of those who were held out of everything for a part of the time."""
METRICS_MOST = 60
"""Metrics in one question."""
SEGMENTS_MOST = 20
"""Segments told apart; whoever is in none of them is in `other`."""
DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
MOMENTS_MOST = 12
"""Moments at which one segment is asked for."""
CAP_SHARE = 0.99
"""A capped metric counts nobody for more than this share of those who brought anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one of several events is worth, in minor units."""

    event: str
    within_seconds: int
    value: str = ""
    """A property whose number is money in major units; empty for none. Another currency's counts for nothing."""
    minor: float = 0.0
    """What it is worth where it has no such number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Something measured of each person, from `after_seconds` after they were assigned until `within_seconds` after."""

    name: str
    events: tuple[str, ...]
    measure: Measure
    within_seconds: int
    after_seconds: int = 0
    cap: float | None = None
    """Nobody counts for more; None for no limit."""
    is_guardrail: bool = False
    """Whether more of it is worse; or less, where `less_is_worse`."""
    less_is_worse: bool = False
    adds_up: str = ""
    """Of `sum`: the property whose numbers are added up."""
    per: tuple[str, ...] = ()
    """Divide by how often these were done in the same time: people stay the unit of chance. Empty for per person."""
    worths: tuple[Worth, ...] = ()
    """Of `worth`: what each of the events is worth."""

    def __post_init__(self) -> None:
        if not self.events or not 0 <= self.after_seconds < self.within_seconds:
            raise Invalid(
                f"{self.name!r:.80} is about no time, or no event.",
                path="$.within_seconds",
                hint="Name an event, and let its time end after it begins.",
            )

    @property
    def ceiling(self) -> float:
        """The most that somebody counts for."""
        return 1.0 if self.measure == "did" else np.inf if self.cap is None else self.cap

    @property
    def is_money(self) -> bool:
        """Whether it is in minor units of the question's currency."""
        return self.measure in {"revenue", "worth"}

    @property
    def is_per_person(self) -> bool:
        """Whether it is told of each person, and not of each time something was done."""
        return not self.per


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The people of a journey or campaign, by the arm of their first entry."""

    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """The people of an experiment, by the variant they were assigned first."""

    experiment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Everyone:
    """Everybody who had been seen by a moment, as though all had been assigned then; in no variant without a draw."""

    at_ms: int
    until_ms: int | None = None
    """Also whoever was seen later, before then: what they did before they were seen is nothing. What they get from then
    on is not counted as got."""
    salt: str = ""
    """Divides them by hash, as `kernel.chance.place` does; empty for not at all. Whoever has no name is left out."""
    held: int = 0
    """Whoever falls below is `holdout`, all others `treated`."""
    free: int = 0
    """Whoever falls between `held` and this is apart, as `between`: held out for a part of the time."""


Whom: TypeAlias = Entered | Assigned | Everyone


@dataclass(frozen=True, slots=True, kw_only=True)
class InAndOut:
    """Tells those in a segment from those who are not, as they were before they were assigned anything."""

    segment: str
    condition: Condition
    """What the segment says, all it names bound to it."""
    moments_ms: tuple[int, ...]
    """In order. Whether somebody was in it is as of the last of these that is not later than their assignment."""

    def __post_init__(self) -> None:
        if not 0 < len(self.moments_ms) <= MOMENTS_MOST or list(self.moments_ms) != sorted(self.moments_ms):
            raise Invalid(
                f"a segment is asked for at {len(self.moments_ms)} moments.",
                path="$.segments",
                hint=f"Ask at 1 to {MOMENTS_MOST}, in order.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """A question about the people of a trial: what each variant did.

    It is answered as it would have been at `as_of_ms`: what happened, or was received, later is left out. A person
    belongs to what they were assigned first of all; people held out of a journey, or of everything, are apart from the
    variants of its steps. Who is asked about is put in order of when they were assigned (ties by person number).
    """

    whom: Whom
    metrics: tuple[Metric, ...]
    as_of_ms: int
    currency: str
    """Only revenue in this currency is counted."""
    since_ms: int = 0
    """Leave out who was assigned before."""
    before_seconds: int = 30 * DAY_SECONDS
    """How far back what people did before is looked at."""
    planned_people: int | None = None
    """Tells apart the looks that people belong to."""
    trait: str | None = None
    """Tells apart the values of this trait, as it was last said by when people were assigned: what a variant did to it
    later must not divide them."""
    among: InAndOut | None = None
    """Tells those in a segment from the others, in place of a trait's values."""
    exposed_by: Exposure = "sent"
    """What counts as having got a message; a value that was fetched always counts."""
    weighted: bool = False
    """Count everybody for one over the chance they had of their variant: for shares that were changed on the way."""

    def __post_init__(self) -> None:
        if not 0 < len(self.metrics) <= METRICS_MOST:
            raise Invalid(
                f"{len(self.metrics)} metrics are asked for.", path="$.metrics", hint=f"Ask for 1 to {METRICS_MOST}."
            )
        if self.planned_people is not None and self.planned_people < LOOKS:
            raise Invalid(
                f"{self.planned_people} people are too few for {LOOKS} looks.",
                path="$.planned_people",
                hint=f"Plan {LOOKS} or more: `holdfast trial plan` says how many it takes.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Some of the people of a trial, and the sums of what they did. Tallies of the same variant add up."""

    variant: str
    apart: bool
    """Whether they are in no comparison: people of the global holdout, or held out of a journey whose step this is."""
    look: int
    """Which look they belong to, from 1; 0 where nobody has planned how many people there are to be."""
    part: str
    """Of a question by trait: `value`, `none`, `other`, or `unknown` where nothing had been said of it by then and they
    have it now; by segment, `value` of those in it, `other` of those not, and
    `none` of those who had not been seen by the moment it is asked at."""
    label: str
    people: int
    """Everybody assigned, also those whose time is not over yet."""
    exposed: int
    """How many of them really got something, until now."""
    chance_least: float
    chance_most: float
    """The chances they had of their variant."""
    first_ms: int
    last_ms: int
    """When the first and the last of them were assigned."""
    moments: tuple[Moments, ...]
    """By metric: of those whose time for it is over.

    `x` is the same before they were assigned; `d` whether they were exposed in that time, or, in a weighted question,
    their weight.
    """
    some: tuple[float, ...]
    """By metric: how many of them have any of it."""
    got: tuple[Moments, ...] = ()
    """By metric: of those in `moments` who were exposed in that time, the sums `people`, `y`, `yy`, `d`, `dd` and `dy`;
    all 0 of metrics that are told per person, for which `d` says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """People one by one, in order of when they were assigned; those whose time is over for every metric."""

    variants: tuple[str, ...]
    keys: tuple[str, ...]
    """The name each is known under, where the question is about everyone; else empty."""
    values: npt.NDArray[np.float64]
    """Shape (people, metrics)."""
    before: npt.NDArray[np.float64]
    """Likewise."""


def capped(metric: Metric, cap: float) -> Metric:
    """The metric with nobody counting for more than `cap`."""
    return Metric(
        name=f"{metric.measure}_capped_{duration(metric.within_seconds)}",
        events=metric.events,
        measure=metric.measure,
        within_seconds=metric.within_seconds,
        after_seconds=metric.after_seconds,
        cap=cap,
    )


def cap_of(values: Iterable[float], share: float = CAP_SHARE) -> float | None:
    """What the top hundredth of those who have anything is brought down to; None where nobody has."""
    positive = sorted(value for value in values if value > 0)
    return float(positive[min(int(share * len(positive)), len(positive) - 1)]) if positive else None


def duration(seconds: int) -> str:
    """A stretch of time as short as it can be said: `7d`, `12h`, `90s`."""
    for length, unit in ((DAY_SECONDS, "d"), (HOUR_SECONDS, "h")):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def in_words(seconds: int) -> str:
    """The same in plain words."""
    for length, unit in ((DAY_SECONDS, "day"), (HOUR_SECONDS, "hour")):
        if seconds % length == 0:
            return f"{seconds // length} {unit}{'' if seconds == length else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
