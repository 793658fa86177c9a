"""What journeys tell the history: own events, under keys that make a retry tell the same one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from holdfast.decisions.gate import Answer, Contact, Withheld
from holdfast.decisions.journey import Journey
from holdfast.decisions.step import Assign
from holdfast.decisions.visit import Visit
from holdfast.events.event import NAMES, Event, IdentityKey, Json, own_event
from holdfast.kernel.moments import format_moment
from holdfast.profiles.variants import VARIANT_ASSIGNED

JOURNEY_ENTERED = "Journey Entered"
JOURNEY_LEFT = "Journey Left"
MESSAGE_QUEUED = "Message Queued"
MESSAGE_WITHHELD = "Message Withheld"


class Told(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An event to be told about a person, before it is settled under which of their names."""

    name: str
    properties: Mapping[str, Json]
    key: tuple[str | int, ...]
    """What makes it unique beside its name."""
    kind: Literal["track", "identify"] = "track"
    """Of an identify call the properties are traits."""
    context: Mapping[str, Json] = {}

    @property
    def is_learnt_at_once(self) -> bool:
        """Whether the person's profile must know of it before it has come back by the log."""
        return self.kind == "identify" or self.name == VARIANT_ASSIGNED

    def event(self, user: IdentityKey, at: datetime) -> Event:
        """The event, told under that identity."""
        return own_event(
            self.name, user=user, at=at, properties=self.properties, key=self.key, kind=self.kind, context=self.context
        )


def told_entered(journey: Journey, visit: Visit) -> Told:
    """Somebody entered: from here on their outcome counts for their arm."""
    properties = _about(journey, visit) | {"arm": visit.arm, "entry_key": visit.entry_key}
    return Told(name=JOURNEY_ENTERED, properties=properties, key=(visit.origin, visit.identity, visit.entry_key))


def told_left(journey: Journey, visit: Visit, by: str) -> Told:
    """Somebody left."""
    properties = _about(journey, visit) | {"arm": visit.arm, "by": by}
    return Told(name=JOURNEY_LEFT, properties=properties, key=(visit.origin, visit.identity, visit.entry_key))


def told_contact(
    journey: Journey, visit: Visit, contact: Contact, verdict: Answer, *, key: str, step: str, template: str
) -> Told:
    """A contact was asked for under that key, and permitted or not."""
    properties = _about(journey, visit) | {
        "send": key,
        "step": step,
        "channel": contact.channel,
        "topic": contact.topic,
        "template": template,
    }
    if isinstance(verdict, Withheld):
        return Told(name=MESSAGE_WITHHELD, properties=properties | {"reason": verdict.reason}, key=(key,))
    if verdict.not_before is not None:
        properties |= {"not_before": format_moment(verdict.not_before)}
    return Told(name=MESSAGE_QUEUED, properties=properties, key=(key,))


def told_changed(journey: Journey, visit: Visit, trait: str, value: Json, *, key: str, step: str) -> Told:
    """A step gave the person's trait a value."""
    context = _about(journey, visit) | {"step": step}
    return Told(name=NAMES["identify"], kind="identify", properties={trait: value}, context=context, key=(key,))


def told_assigned(journey: Journey, visit: Visit, assign: Assign, *, key: str, step: str) -> Told:
    """A step gave somebody their variant of an experiment."""
    properties = _about(journey, visit) | {
        "step": step,
        "arm": visit.arm,
        "experiment": assign.experiment,
        "variant": assign.variant,
        "propensity": assign.propensity,
    }
    # Not under the name of the person: of somebody who was erased and comes again it is told anew.
    return Told(name=VARIANT_ASSIGNED, properties={**assign.about, **properties}, key=(assign.experiment, key))


def _about(journey: Journey, visit: Visit) -> dict[str, Json]:
    return {"origin": visit.origin, "origin_kind": journey.kind, "version": visit.version}
