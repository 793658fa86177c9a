"""Starting steps: what may let somebody into a journey or campaign, and how often.

There are two ways in. An event lets in the person who did it; an occasion (a moment of a schedule, a thing that
happened, a call) lets in an audience, person by person. Either way the step answers for one person at a time, so who
enters is decided alike whatever began it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import ClassVar, Literal, TypeAlias

import msgspec

from holdfast.decisions.closed_days import NEVER_CLOSED, ClosedDays
from holdfast.decisions.step import Go, Outcome, Place, Step
from holdfast.events.event import Event, Json
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import format_moment
from holdfast.segments.condition import Condition, Facts, Truth
from holdfast.segments.conditions.any_of import Any
from holdfast.segments.conditions.did import Did
from holdfast.segments.zones import Standpoint

Again = Literal["once", "after_exit", "per_key"]
AGAINS: tuple[Again, ...] = ("once", "after_exit", "per_key")

NoEntry = Literal[
    "other_event",  # It is not what the trigger waits for.
    "where",  # Its properties are not as wanted.
    "late",  # It happened too long before it reached us.
    "no_key",  # It has no text, number or boolean where the key should be.
    "other_day",  # The day in their trait is another one, or there is none.
    "day_off",  # It is a weekend or a public holiday where they live, or the business is closed.
    "past",  # The hour is past where they live.
    "entered_before",  # Once was enough, or once with this key.
    "still_inside",  # An earlier visit is under way.
    "cool_down",  # The last entry was not long enough ago.
    "condition",  # The person is not as wanted.
    "unknown",  # It cannot be known whether the person is.
    "too_late",  # Their turn would come after the cut-off.
]
"""Why something lets somebody in by no means: the first that applies, in this order."""

KEY_MOST = 200
"""Characters of an entry key; of a longer value its hash is kept."""

OWN_EVENTS = frozenset(
    {"Journey Entered", "Journey Left", "Message Queued", "Message Withheld", "Message Sent", "Message Failed"}
)
"""Events that journeys cause by themselves: a journey that one of them starts could start itself for ever."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Something that is to let in an audience."""

    run: int
    """The run that enters the audience."""
    key: str
    """What tells this occasion from the others of the same campaign."""
    at: datetime
    """When it is, or was: of a schedule the first moment at which it is that time anywhere it is asked for."""
    wall: datetime | None = None
    """Of a schedule: what the clock on the wall says, wherever the person lives; without a zone."""
    name: str = ""
    """The event that happened, of a thing or by a call."""
    properties: Mapping[str, Json] = {}
    """What came with it."""

    @cached_property
    def told(self) -> dict[str, Json]:
        """What whoever it lets in is told of it; put together once for all of them."""
        return {"name": self.name, "timestamp": format_moment(self.at), "properties": dict(self.properties)}


Cause: TypeAlias = Event | Occasion


class Applicant(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Somebody who may be let in."""

    origin: str
    """The id of the journey or campaign."""
    person_key: str
    """A name of the person that lasts."""
    facts: Facts
    now: datetime
    closed: ClosedDays = NEVER_CLOSED
    """When the business is closed."""


class Admitted(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The cause is right for the person; whether they may enter again is asked next."""

    key: str
    """What tells this entry of theirs from their others."""
    due: datetime | None = None
    """When they go on from the start; None for at once."""
    not_after: datetime | None = None
    """Nothing is sent to them later than this."""


class EntryRules(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How often somebody enters, and who."""

    again: Again
    cool_down_seconds: int
    only_if: Condition | None
    """Must be known to hold of them at that moment."""
    not_if_denied: Condition | None = None
    """Must not be known to be false of them at that moment, where an occasion lets them in."""

    def for_named(self) -> EntryRules:
        """For those who come otherwise: a call names them, or another journey hands them over."""
        return self if self.not_if_denied is None else msgspec.structs.replace(self, not_if_denied=None)

    def bar(self, facts: Facts, now: datetime) -> NoEntry | None:
        """What of the person is not as it must be."""
        # Who was chosen a while ago may be another person by now; what cannot be known from here was known then.
        if self.not_if_denied is not None and self.not_if_denied.holds(facts, now) is Truth.FALSE:
            return "condition"
        if self.only_if is None:
            return None
        match self.only_if.holds(facts, now):
            case Truth.TRUE:
                return None
            case Truth.FALSE:
                return "condition"
            case Truth.UNKNOWN:
                return "unknown"


class Start(Step):
    """A step by which people enter. A journey has exactly one, and nothing leads to it."""

    __slots__ = ()

    exits: ClassVar[tuple[str, ...]] = ("entered",)
    starts: ClassVar[bool] = True

    def stand(self, place: Place) -> Outcome:
        """Whoever has to wait for their hour is woken for it; then they go on."""
        return Go("entered")

    def event_names(self) -> frozenset[str]:
        """Names of the events that let in who did them."""
        return frozenset()

    def thing_names(self) -> frozenset[str]:
        """Names of the events about things, whoever tells of them, that let in an audience."""
        return frozenset()

    def occasion_key(self, event: Event, at: Standpoint) -> str | None:  # Only those with `thing_names` are asked.
        """What tells the occasion that an event about a thing is from others; None where it is none."""
        return None

    def prospects(self, days: int) -> Condition | None:
        """Who did in the last so many days what lets them in, so far as the history can tell; None where it cannot."""
        each = tuple(Did(event=name, within_days=days) for name in sorted(self.event_names()))
        if not each:
            return None
        return each[0] if len(each) == 1 else Any(of=each)

    @abstractmethod
    def admits(self, cause: Cause, applicant: Applicant) -> Admitted | NoEntry:
        """Whether the cause is one that lets this person in."""

    @abstractmethod
    def rules(self) -> EntryRules:
        """How often somebody enters, and who."""

    def handed_over_key(self, properties: Mapping[str, Json], person_key: str, key: str) -> str:
        """What tells the entry of somebody whom another journey hands over from their others.

        Args:
            properties: those of the event that led into the other journey.
            key: what tells this handing over from others.
        """
        return person_key if self.rules().again == "once" else key


def bounded_key(key: str) -> str:
    """The key, or the hash of one that is too long."""
    return key if len(key) <= KEY_MOST else effect_key(key)


def is_late(happened: datetime, now: datetime, latest_seconds: int) -> bool:
    """Whether it happened too long ago."""
    return now - happened > timedelta(seconds=latest_seconds)
