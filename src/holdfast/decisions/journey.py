"""A journey: what happens to people from the event that lets them in until they leave. Immutable once published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from holdfast.decisions.budget import Budget
from holdfast.decisions.fields import (
    EventName,
    Holdout,
    Id,
    Label,
    Nested,
    OrNull,
    Seconds,
    Truthy,
    decode_fields,
    encode_fields,
    read_object,
)
from holdfast.decisions.nodes import Node, Nodes
from holdfast.decisions.paths import check_paths
from holdfast.decisions.start import Start
from holdfast.events.event import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the journey is for: an event, and how long after entering it still counts."""

    event: Annotated[EventName, "The event that means success."]
    within_seconds: Annotated[Seconds, "How long after entering it counts."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """One version of a journey, or of a campaign as the journey it means."""

    id: Annotated[Id, "Its name in addresses and files; lasts for ever."]
    name: Annotated[Label, "Its name for people."]
    holdout: Annotated[Holdout, "The share of people left alone on purpose, to measure the effect on the others."] = 0.0
    goal: Annotated[Goal, Nested(Goal), "What it is for."]
    budget: Annotated[Budget | None, OrNull(Nested(Budget)), "How much its messages may cost; null for no limit."] = (
        None
    )
    leave_on_goal: Annotated[Truthy, "Whether who reaches the goal in time leaves at once, wherever they wait."] = True
    start: Annotated[Id, "The id of the trigger."]
    steps: Annotated[Mapping[str, Node], Nodes(), "The steps by id."]
    kind: Literal["journey", "campaign"] = "journey"

    @property
    def trigger(self) -> Start:
        """The step by which people enter."""
        return cast("Start", self.steps[self.start].step)


def decode_journey(data: bytes | str | Mapping[str, object]) -> Journey:
    """The journey a definition means, checked through.

    Raises:
        Invalid: something in it cannot be; `path` says where, `hint` what to do.
        TooLarge: it is over `fields.DEFINITION_BYTES_MOST`.
    """
    journey = decode_fields(Journey, read_object(data), "$")
    check_paths(journey.start, journey.steps)
    return journey


def encode_journey(journey: Journey) -> dict[str, Json]:
    """The JSON form: every field, defaults too, so that two versions can be compared line by line."""
    return encode_fields(journey)
