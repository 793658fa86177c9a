"""The trigger: which event lets somebody into the journey, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

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
from holdfast.decisions.start import (
    AGAINS,
    OWN_EVENTS,
    Admitted,
    Again,
    Applicant,
    Cause,
    EntryRules,
    NoEntry,
    Start,
    bounded_key,
    is_late,
)
from holdfast.decisions.step import contradiction
from holdfast.events.event import Event, Json
from holdfast.kernel.errors import Invalid
from holdfast.segments.comparison import all_hold
from holdfast.segments.condition import Condition
from holdfast.segments.conditions.did import Did
from holdfast.segments.library import is_resolved
from holdfast.segments.values import element_text
from holdfast.segments.zones import of_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Start):
    """Let in who does `event`, if the event and the person are of the wanted kind, as often as `again` says."""

    event: Annotated[EventName, "The event that lets somebody in."]
    where: Annotated[Where, "What must be true of the event's properties."] = ()
    only_if: Annotated[LiveConditionOrNone, "What must be true of the person at that moment; null for everybody."] = (
        None
    )
    again: Annotated[
        Again,
        Choice(AGAINS),
        "Who was here before: `once` never again, `after_exit` when they have left, `per_key` for another key.",
    ]
    key_property: Annotated[
        str | None,
        OrNull(Text(most=200, format="property")),
        "For `per_key`: the property that holds the key, such as order_id.",
    ] = None
    cool_down_seconds: Annotated[int, Duration(least=0), "How long after the last entry nobody enters again."] = 0
    latest_seconds: Annotated[Seconds, "An event older than this when it reaches us lets nobody in."] = 3_600

    def event_names(self) -> frozenset[str]:
        return frozenset({self.event})

    def prospects(self, days: int) -> Condition | None:
        return Did(event=self.event, within_days=days, where=self.where)

    def admits(self, cause: Cause, applicant: Applicant) -> Admitted | NoEntry:
        if not isinstance(cause, Event) or cause.name != self.event:
            return "other_event"
        if not all_hold(self.where, cause.properties, of_facts(applicant.facts, applicant.now)):
            return "where"
        if is_late(cause.timestamp, applicant.now, self.latest_seconds):
            return "late"
        key = self.entry_key(cause, applicant.person_key)
        return "no_key" if key is None else Admitted(key=key)

    def entry_key(self, event: Event, person_key: str) -> str | None:
        """What tells the person's entries into the journey apart; None when the event lacks the key.

        `once`: the person. `after_exit`: the event's message id. `per_key`: the key's value as JSON, so that 7 and "7"
        are two keys. The same key never lets the same person in twice, by whichever of their identities.
        """
        match self.again:
            case "once":
                return person_key
            case "after_exit":
                return event.message_id
            case "per_key":
                return self._key_in(event.properties)

    def handed_over_key(self, properties: Mapping[str, Json], person_key: str, key: str) -> str:
        # Whoever has entered with an order does not enter with it once more by another way.
        named = self._key_in(properties) if self.again == "per_key" else None
        return Start.handed_over_key(self, properties, person_key, key) if named is None else named

    def _key_in(self, properties: Mapping[str, Json]) -> str | None:
        value = properties.get(self.key_property or "")
        none = value in (None, "") or isinstance(value, (list, dict))
        return None if none else bounded_key(element_text(value))

    def rules(self) -> EntryRules:
        return EntryRules(again=self.again, cool_down_seconds=self.cool_down_seconds, only_if=self.only_if)

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
