"""The trigger: which event lets somebody into the journey, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from holdfast.decisions.durations import in_words
from holdfast.decisions.fields import (
    Choice,
    Duration,
    EventName,
    LiveConditionOrNone,
    OrNull,
    Seconds,
    Text,
    Where,
)
from holdfast.decisions.step import Go, Outcome, Place, Step, contradiction
from holdfast.kernel.errors import Invalid
from holdfast.segments.library import is_resolved

Again = Literal["once", "after_exit", "per_key"]

OWN_EVENTS = frozenset(
    {"Journey Entered", "Journey Left", "Message Queued", "Message Withheld", "Message Sent", "Message Failed"}
)
"""Events that journeys cause by themselves: a journey that one of them starts could start itself for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Step):
    """Let in who does `event`, if the event and the person are of the wanted kind, as often as `again` says."""

    event: Annotated[EventName, "The event that lets somebody in."]
    where: Annotated[Where, "What must be true of the event's properties."] = ()
    only_if: Annotated[LiveConditionOrNone, "What must be true of the person at that moment; null for everybody."] = (
        None
    )
    again: Annotated[
        Again,
        Choice(("once", "after_exit", "per_key")),
        "Who was here before: `once` never again, `after_exit` when they have left, `per_key` for another key.",
    ]
    key_property: Annotated[
        str | None, OrNull(Text(most=200)), "For `per_key`: the property that holds the key, such as order_id."
    ] = None
    cool_down_seconds: Annotated[int, Duration(least=0), "How long after the last entry nobody enters again."] = 0
    latest_seconds: Annotated[Seconds, "An event older than this when it reaches us lets nobody in."] = 3_600

    exits = ("entered",)
    starts = True

    def stand(self, place: Place) -> Outcome:
        return Go("entered")

    def title(self) -> str:
        return self.event

    def note(self) -> str:
        often = {"once": "Once", "after_exit": "Again after leaving", "per_key": f"Once per {self.key_property}"}
        spaced = f", {in_words(self.cool_down_seconds)} apart" if self.cool_down_seconds else ""
        return often[self.again] + spaced

    def complaints(self) -> Iterator[Invalid]:
        if self.again == "per_key" and self.key_property is None:
            yield contradiction(
                "$.key_property", "Entering once per key needs a key.", hint="Name the property that holds it."
            )
        if self.again != "per_key" and self.key_property is not None:
            yield contradiction(
                "$.key_property", f"{self.again!r} uses no key.", hint="Remove it, or set again to 'per_key'."
            )
        if self.event in OWN_EVENTS and self.again != "once" and not self.cool_down_seconds:
            yield contradiction(
                "$.cool_down_seconds",
                f"{self.event!r} is made by journeys, so this one could start itself for ever.",
                hint="Give a cool-down, or set again to 'once'.",
            )
        # Whether what it names can be known is asked again once that is bound to it.
        if self.only_if is not None and is_resolved(self.only_if):
            complaint = self.only_if.not_live("$.only_if")
            if complaint is not None:
                yield complaint


STEP = Trigger
