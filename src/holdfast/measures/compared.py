"""What a reading of a trial is made of: effects, figures and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from holdfast.events.event import Json
from holdfast.measures.statistics.mismatch import Mismatch
from holdfast.measures.trial import CONFIDENCE, Inconclusive

Way = Literal["sequential", "fixed", "bayesian"]
"""`sequential` holds however often it is looked at; `fixed`, for one look; `bayesian` says what to believe."""
WAYS: tuple[Way, ...] = ("sequential", "fixed", "bayesian")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A figure that lies between `low` and `high` with this confidence."""

    value: float
    low: float
    high: float
    confidence: float
    p_value: float | None
    """How often chance alone moves it as far; valid however often it is looked at where the reading is sequential."""
    nothing: float = 0.0
    """What it is where there is no difference: 0, of a ratio 1."""

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves out no difference."""
        return self.low > self.nothing or self.high < self.nothing

    def scaled(self, factor: float) -> Found:
        """The same in other units."""
        return replace(self, value=self.value * factor, low=self.low * factor, high=self.high * factor)

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {
            "status": "estimated",
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
            "p_value": self.p_value,
        }


Effect: TypeAlias = Found | Inconclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What to believe, where the reading is Bayesian."""

    better: float
    """The chance that the variant has more of it than the base; of a guardrail, less."""
    loss: float
    """What is lost on average per person if the variant is chosen, in the metric's units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One metric of one variant."""

    metric: str
    people: int
    """Those whose time for it is over, of the looks that are read."""
    open_people: int
    """Those who are still in it, or came after the last look."""
    total: float
    mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantReading:
    """What became of one variant."""

    variant: str
    people: int
    """Everybody assigned."""
    exposed: int
    """How many of them really got something."""
    designed: float | None
    """The share it was to have; None where that changed on the way."""
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric of a variant beside the base's."""

    variant: str
    base: str
    metric: str
    people: int
    """Those of both whose time is over, of the looks that are read."""
    look: int
    """The look it is read at; 0 where no people are planned, or before the first."""
    difference: Effect
    """Per person."""
    ratio: Effect
    """The variant's over the base's."""
    exposed: Effect
    """The difference per person who really got something."""
    in_all: Effect
    """The difference times the variant's people: what it brought in all."""
    adjusted: bool
    """Whether what people did before was taken out of the difference."""
    variance_cut: float
    """The share of the variance that this took away."""
    p_adjusted: float | None = None
    """Among several variants, the p-value raised for their number (Holm); among segments, so that of those found few
    are false (Benjamini and Hochberg)."""
    belief: Belief | None = None
    segment: str | None = None
    """The value of the trait, where segments are told apart."""

    @property
    def is_sure(self) -> bool:
        """Whether there is a difference, also considering how many were looked for."""
        found = isinstance(self.difference, Found) and self.difference.beyond_chance
        return found and (self.p_adjusted is None or self.p_adjusted <= 1 - self.confidence)

    @property
    def confidence(self) -> float:
        """Of its interval."""
        return self.difference.confidence if isinstance(self.difference, Found) else CONFIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a trial is to be read."""

    reading: Way = "sequential"
    confidence: float = CONFIDENCE
    base: str | None = None
    """The variant the others are held against; None for the holdout, `control`, or the first by name."""
    shares: Mapping[str, float] | None = None
    """How large a share of people each variant was to have; None where propensities tell, or nothing does."""
    adjust: bool = True
    """Whether what people did before is taken out of differences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a trial says."""

    variants: tuple[VariantReading, ...]
    base: str | None
    mismatch: Mismatch | None
    """None where shares were changed on the way, so that there is no one share to hold people against."""
    comparisons: tuple[Comparison, ...]
    segments: tuple[Comparison, ...]
    apart_people: int
    first_ms: int | None
    """When the first person was assigned."""
    last_ms: int | None
