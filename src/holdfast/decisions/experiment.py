"""An experiment: a question, its variants, who takes part, and what is to come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec

from holdfast.decisions.experiment_metrics import ExperimentMetric
from holdfast.decisions.fields import (
    Choice,
    EventName,
    Id,
    Kind,
    Label,
    LiveConditionOrNone,
    Many,
    Nested,
    OrNull,
    Seconds,
    Text,
    Whole,
    as_object,
    at,
    decode_fields,
    encode_fields,
    one_of,
    read_object,
)
from holdfast.decisions.layers import LayerStretch, Stretch
from holdfast.decisions.shares import Shares
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, TooLarge

ExperimentState = Literal["draft", "running", "stopped"]
Reading = Literal["sequential", "fixed", "bayesian"]
VALUE_BYTES_MOST = 20_000
"""Bytes of one variant's value, as JSON: every page that asks is sent it."""
GOALS_MOST = 20
METRICS_MOST = 20
USUAL = ("conversion", "orders", "revenue", "revenue_capped", "revenue_per_order")
"""What every experiment is read by, and may be decided by."""
WORTH = "worth"
"""What its goals are worth together, where any is worth anything."""


@dataclass(frozen=True, slots=True)
class Values(Kind):
    """Any JSON, by the name of a variant."""

    def decode(self, value: object, path: str) -> Mapping[str, Json]:
        given = as_object(value, path)
        for name, each in given.items():
            if _json_bytes(each, at(path, name)) > VALUE_BYTES_MOST:
                hint = f"{VALUE_BYTES_MOST:,} bytes of JSON are allowed at most; name what is large by an address."
                raise TooLarge("The value is too long.", path=at(path, name), hint=hint)
        return MappingProxyType(dict(given))  # type: ignore[arg-type]  # It was read as JSON.

    def encode(self, value: object) -> Json:
        return dict(value)  # type: ignore[call-overload, no-any-return]  # What `decode` gave.

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "values"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentGoal:
    """What a variant should bring about."""

    event: Annotated[EventName, "The event, such as Order Completed."]
    within_seconds: Annotated[Seconds, "In what time, from when somebody got their variant."]
    value: Annotated[str | None, OrNull(Text(most=200)), "A property of it that is a sum of money."] = None
    worth_minor: Annotated[
        int | None, OrNull(Whole()), "What one is worth where it has no such property, in minor units."
    ] = None

    @property
    def is_worth(self) -> bool:
        """Whether it is said what one is worth."""
        return self.value is not None or self.worth_minor is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A question with variants. Who gets which is drawn by hash, and what somebody got first stands."""

    id: Annotated[Id, "Its id, such as checkout-colour."]
    name: Annotated[Label, "What it is called."]
    variants: Annotated[Mapping[str, float], Shares(), "The share of people by variant; they add up to 1."]
    hypothesis: Annotated[str, Text(least=0, most=2_000), "What is expected, and why."] = ""
    layer: Annotated[
        Stretch | None, OrNull(LayerStretch()), "The stretch it takes of a layer; no two in one layer share anybody."
    ] = None
    audience: Annotated[LiveConditionOrNone, "Who can take part; everybody without it."] = None
    values: Annotated[Mapping[str, Json], Values(), "What an app or site is given, by variant: any JSON."] = field(
        default_factory=dict
    )
    goals: Annotated[
        tuple[ExperimentGoal, ...], Many(Nested(ExperimentGoal), most=GOALS_MOST), "What it is for, first things first."
    ] = ()
    guardrails: Annotated[
        tuple[str, ...], Many(Text(most=200), most=GOALS_MOST), "Events that must not become more."
    ] = ("Message Unsubscribed",)
    metrics: Annotated[
        tuple[ExperimentMetric, ...],
        Many(Nested(ExperimentMetric), most=METRICS_MOST),
        "What else it is read by; those with `worse` are guardrails.",
    ] = ()
    primary: Annotated[
        str,
        Text(least=0, most=200),
        "What decides it: a goal's event, one of `metrics`, `worth` (of all goals together), `conversion`, `orders`, "
        "`revenue`, `revenue_capped` or `revenue_per_order`; without it, the first goal.",
    ] = ""
    planned_people: Annotated[
        int | None, OrNull(Whole(least=1)), "How many people are to take part; the looks are planned by it."
    ] = None
    reading: Annotated[
        Reading,
        Choice(("sequential", "fixed", "bayesian")),
        "`sequential`: look whenever you like. `fixed`: once, when all are there. `bayesian`: chances.",
    ] = "sequential"
    state: Annotated[
        ExperimentState,
        Choice(("draft", "running", "stopped")),
        "`draft`: nobody takes part yet. `running`. `stopped`: nobody takes part any more.",
    ] = "draft"
    salt: Annotated[
        str, Text(least=0, most=200), "The name of the draw, where it is to be another experiment's; else the id."
    ] = ""

    def __post_init__(self) -> None:
        for name in self.values:
            if name not in self.variants:
                raise Invalid(
                    f"There is no variant {name!r:.80}.",
                    code="unknown_variant",
                    path=at("$.values", name),
                    hint=one_of(name, tuple(self.variants)),
                )
        names = [each.name for each in self.metrics]
        if len(set(names)) < len(names):
            raise Invalid("Two metrics have one name.", code="contradiction", path="$.metrics", hint="Rename one.")
        deciding = self.deciding
        if self.primary and self.primary not in deciding:
            raise Invalid(
                f"There is nothing {self.primary!r:.80} to decide by.",
                code="unknown_metric",
                path="$.primary",
                hint=one_of(self.primary, deciding),
            )

    @property
    def deciding(self) -> tuple[str, ...]:
        """What it may be decided by."""
        worth = (WORTH,) if any(each.is_worth for each in self.goals) else ()
        return (*(each.event for each in self.goals), *(each.name for each in self.metrics), *worth, *USUAL)

    @property
    def drawn_by(self) -> str:
        """The salt of its draw."""
        return self.salt or self.id


def decode_experiment(data: bytes | str | Mapping[str, object]) -> Experiment:
    """The experiment a definition means. Raises Invalid and TooLarge, with the path."""
    return decode_fields(Experiment, read_object(data), "$")


def encode_experiment(experiment: Experiment) -> dict[str, Json]:
    """Its JSON form: every field, defaults too."""
    return encode_fields(experiment)


def _json_bytes(value: object, path: str) -> int:
    """How long it is as JSON. Raises Invalid for what is none, such as half of a surrogate pair."""
    try:
        return len(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        hint = "Use texts of whole characters, numbers of 64 bits, lists and objects."
        raise Invalid("This is no JSON.", code="wrong_type", path=path, hint=hint) from error
