"""Metrics of one's own choice: what an experiment is to be read by, beside what every experiment is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from holdfast.decisions.fields import Choice, Duration, EventName, Id, OrNull, Text
from holdfast.kernel.errors import Invalid

OwnMeasure = Literal["did", "times", "revenue", "sum"]
Worse = Literal["more", "less"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentMetric:
    """Something measured of each person from when they got their variant."""

    name: Annotated[Id, "What it is called, such as searches-per-visit."]
    event: Annotated[EventName, "The event."]
    measure: Annotated[
        OwnMeasure,
        Choice(("did", "times", "revenue", "sum")),
        "`did`: whether somebody did it. `times`: how often. `revenue`: what it brought. `sum`: of `property`.",
    ] = "did"
    property: Annotated[
        str | None, OrNull(Text(most=200)), "Of `sum`: the property of the event whose numbers are added up."
    ] = None
    per: Annotated[
        str | None,
        OrNull(Text(most=200)),
        "Divided by how often this was done, such as revenue per order; people stay the unit of chance.",
    ] = None
    within_seconds: Annotated[int | None, OrNull(Duration()), "In what time; the near term without it."] = None
    worse: Annotated[
        Worse | None, OrNull(Choice(("more", "less"))), "Makes it a guardrail: which way it must not go."
    ] = None

    def __post_init__(self) -> None:
        if (self.measure == "sum") != (self.property is not None):
            raise Invalid(
                "A sum is of a property, and only a sum is.",
                code="contradiction",
                path="$.property",
                hint='Name the property with `measure: "sum"`, and leave it out otherwise.',
            )
        if self.measure == "did" and self.per is not None:
            raise Invalid(
                "Whether somebody did it cannot be divided.",
                code="contradiction",
                path="$.per",
                hint='Use `measure: "times"` to tell how often it was done per another event.',
            )
