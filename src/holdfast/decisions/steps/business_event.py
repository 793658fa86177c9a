"""Starting by something that happened to a thing, not to a person: a new episode, a price drop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from holdfast.decisions.broadcast import Broadcast
from holdfast.decisions.fields import EventName, OrNull, PropertyName, Seconds, Text, Where, Whole
from holdfast.decisions.start import OWN_EVENTS, Admitted, Applicant, Cause, NoEntry, Occasion, is_late
from holdfast.decisions.step import contradiction, cut
from holdfast.events.event import Event, Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis
from holdfast.segments.comparison import Comparison, all_hold
from holdfast.segments.condition import Condition
from holdfast.segments.conditions.any_of import Any
from holdfast.segments.conditions.did import Did
from holdfast.segments.values import element_text
from holdfast.segments.zones import Standpoint

DAYS_MOST = 3_652


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessEvent(Broadcast):
    """Let in everybody in the audience who did `their_event` with what the event `event` is about.

    The property `their_property` of theirs must be the same as the property `property` of it: who did `Show Followed`
    with the show_id of the `Episode Released`. Who they are is asked of everything that reached us before the event.
    It does not matter under whose name the event is told.
    """

    event: Annotated[EventName, "The event that happened to the thing, such as Episode Released."]
    where: Annotated[Where, "What must be true of its properties."] = ()
    event_property: Annotated[PropertyName, "Its property that names the thing, such as show_id."]
    their_event: Annotated[EventName, "What people did with the thing before, such as Show Followed."]
    their_property: Annotated[PropertyName, "The property of theirs that names the thing."]
    their_where: Annotated[Where, "What else must be true of the properties of theirs."] = ()
    within_days: Annotated[
        int | None, OrNull(Whole(least=1, most=DAYS_MOST)), "How long ago theirs may be; null for ever."
    ] = None
    key_property: Annotated[
        str | None,
        OrNull(Text(most=200)),
        "The property of the event that tells one from another, such as episode_id; null for the message id.",
    ] = None
    latest_seconds: Annotated[Seconds, "An event older than this when it reaches us starts nothing."] = 3_600

    def thing_names(self) -> frozenset[str]:
        return frozenset({self.event})

    def occasion_key(self, event: Event, at: Standpoint) -> str | None:
        if event.name != self.event or not all_hold(self.where, event.properties, at):
            return None
        if is_late(event.timestamp, from_millis(at.now_ms), self.latest_seconds):
            return None
        key = scalar(event.properties.get(self.key_property or ""))
        return event.message_id if key is None else element_text(key)

    def admits(self, cause: Cause, applicant: Applicant) -> Admitted | NoEntry:  # All alike.
        if isinstance(cause, Event):
            return "other_event"
        return Admitted(key=cause.key, not_after=self.not_after(cause.at))

    def everybody(self, occasion: Occasion, as_of: datetime, zone: ZoneInfo) -> Condition:  # As above.
        thing = scalar(occasion.properties.get(self.event_property))
        if thing is None:
            return Any(of=())
        same = Comparison(name=self.their_property, operator="equals", value=thing)
        return self.narrowed(Did(event=self.their_event, within_days=self.within_days, where=(same, *self.their_where)))

    def prospects(self, days: int) -> Condition | None:  # With whatever thing it was.
        return self.narrowed(Did(event=self.their_event, within_days=self.within_days, where=self.their_where))

    def complaints(self) -> Iterator[Invalid]:
        yield from Broadcast.complaints(self)
        if self.event in OWN_EVENTS:
            yield contradiction(
                "$.event", f"{self.event!r} is made by journeys.", hint="Name an event about a thing of yours."
            )

    def title(self) -> str:
        return self.event

    def note(self) -> str:
        return cut(f"To who did {self.their_event} with the same {self.their_property}")


def scalar(value: Json) -> str | int | float | bool | None:
    """The value, where it can name a thing."""
    return None if value in ("", None) or isinstance(value, (list, dict)) else value


STEP = BusinessEvent
