"""A campaign: one message to everybody whom something lets in. It means a journey, and runs as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.budget import Budget
from holdfast.decisions.fields import Holdout, Id, Label, Nested, OrNull, decode_fields, encode_fields, read_object
from holdfast.decisions.journey import Goal, Journey
from holdfast.decisions.nodes import Node, StartStep
from holdfast.decisions.start import Start
from holdfast.decisions.steps.exit import Exit
from holdfast.decisions.steps.send import Send
from holdfast.decisions.steps.until import Until
from holdfast.events.event import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One version of a campaign."""

    id: Annotated[Id, "Its name in addresses and files; lasts for ever."]
    name: Annotated[Label, "Its name for people."]
    holdout: Annotated[Holdout, "The share of people left alone on purpose, to measure the effect on the others."] = 0.0
    goal: Annotated[Goal, Nested(Goal), "What it is for."]
    budget: Annotated[Budget | None, OrNull(Nested(Budget)), "How much its messages may cost; null for no limit."] = (
        None
    )
    trigger: Annotated[Start, StartStep(), "Who gets it, and when: any step by which people enter a journey."]
    unless: Annotated[
        Until | None,
        OrNull(Nested(Until)),
        "What they do in the meantime to get nothing, and how long is waited for it; null to wait for nothing.",
    ] = None
    send: Annotated[Send, Nested(Send), "What they get."]

    def journey(self) -> Journey:
        """The journey it means: `trigger`, `unless` if something is waited for, `send`, `exit`."""
        steps = {"trigger": Node(step=self.trigger, exits={"entered": "send"})}
        if self.unless is not None:
            steps["trigger"] = Node(step=self.trigger, exits={"entered": "unless"})
            steps["unless"] = Node(step=self.unless, exits={"happened": "exit", "expired": "send"})
        steps["send"] = Node(step=self.send, exits={"sent": "exit", "withheld": "exit"})
        steps["exit"] = Node(step=Exit(), exits={})
        return Journey(
            id=self.id,
            name=self.name,
            holdout=self.holdout,
            goal=self.goal,
            budget=self.budget,
            start="trigger",
            steps=steps,
            kind="campaign",
        )


def decode_campaign(data: bytes | str | Mapping[str, object]) -> Campaign:
    """The campaign a definition means.

    Raises:
        Invalid: something in it cannot be; `path` says where, `hint` what to do.
        TooLarge: it is over `fields.DEFINITION_BYTES_MOST`.
    """
    return decode_fields(Campaign, read_object(data), "$")


def encode_campaign(campaign: Campaign) -> dict[str, Json]:
    """The JSON form: every field, defaults too, so that two versions can be compared line by line."""
    return encode_fields(campaign)
