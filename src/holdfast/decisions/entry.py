"""Entering: whether an event lets a person into a journey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from holdfast.decisions.holdout import arm_of, held_out
from holdfast.decisions.journey import Journey
from holdfast.decisions.steps.trigger import Trigger
from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, Json
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.segments.comparison import all_hold
from holdfast.segments.condition import Facts, Truth
from holdfast.segments.values import element_text
from holdfast.segments.zones import of_facts

NoEntry = Literal[
    "other_event",  # It is not the event the trigger names.
    "where",  # Its properties are not as wanted.
    "late",  # It happened too long before it reached us.
    "no_key",  # It has no text, number or boolean where the key should be.
    "entered_before",  # Once was enough, or once with this key.
    "still_inside",  # An earlier visit is under way.
    "cool_down",  # The last entry was not long enough ago.
    "condition",  # The person is not as wanted.
    "unknown",  # It cannot be known whether the person is.
]


KEY_MOST = 200
"""Characters of an entry key; of a longer value its hash is kept."""


@dataclass(frozen=True, slots=True)
class NotEntered:
    """The event lets the person in by no means, for exactly one reason: the first in the order of `NoEntry`."""

    reason: NoEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryBefore:
    """A person's earlier entries into the journey, all versions of it and all their identities together."""

    count: int
    last_ms: int
    open: bool
    """Whether a visit is still under way."""
    keys: frozenset[str] = frozenset()
    """The entry keys of those entries; only `per_key` asks for them."""


def enter(
    journey: Journey,
    version: int,
    event: Event,
    *,
    identity: int,
    person_key: str,
    facts: Facts,
    before: EntryBefore | None,
    now: datetime,
    global_holdout: float = 0.0,
) -> Visit | NotEntered:
    """The visit the event starts, standing at the trigger and not yet advanced; or why it starts none.

    Args:
        identity: whose visit it will be.
        person_key: a name of the person that lasts: the oldest user id, else the oldest anonymous id.
        before: their earlier entries; None when there are none.
        now: when we heard of the event.
        global_holdout: the share of people who get no marketing of any kind; they are in no arm of the trial.
    """
    entry_key = entry_key_of(journey.trigger, event, person_key)
    reason = (
        _event_bars(journey.trigger, event, facts, now)
        or ("no_key" if entry_key is None else None)
        or _past_bars(journey.trigger, before, entry_key, now)
        or _person_bars(journey.trigger, facts, now)
    )
    if reason is not None or entry_key is None:
        return NotEntered(reason or "no_key")
    return Visit(
        origin=journey.id,
        version=version,
        identity=identity,
        entry_key=entry_key,
        arm="global_holdout"
        if held_out(person_key, global_holdout)
        else arm_of(journey.id, person_key, journey.holdout),
        step=journey.start,
        entered_ms=to_millis(now),
        arrived_ms=to_millis(now),
        variables=_variables(event),
    )


def entry_key_of(trigger: Trigger, event: Event, person_key: str) -> str | None:
    """What tells the person's entries into the journey apart; None when the event lacks the key.

    `once`: the person. `after_exit`: the event's message id. `per_key`: the key's value as JSON, so that 7 and "7" are
    two keys. The same key never lets the same person in twice, by whichever of their identities.
    """
    match trigger.again:
        case "once":
            return person_key
        case "after_exit":
            return event.message_id
        case "per_key":
            value = event.properties.get(trigger.key_property or "")
            return None if value in (None, "") or isinstance(value, (list, dict)) else _short(element_text(value))


def _short(key: str) -> str:
    return key if len(key) <= KEY_MOST else effect_key(key)


def _event_bars(trigger: Trigger, event: Event, facts: Facts, now: datetime) -> NoEntry | None:
    if event.name != trigger.event:
        return "other_event"
    if not all_hold(trigger.where, event.properties, of_facts(facts, now)):
        return "where"
    return "late" if now - event.timestamp > timedelta(seconds=trigger.latest_seconds) else None


def _past_bars(trigger: Trigger, before: EntryBefore | None, entry_key: str | None, now: datetime) -> NoEntry | None:
    if before is None or before.count == 0:
        return None
    if trigger.again == "once" or entry_key in before.keys:
        return "entered_before"
    if trigger.again == "after_exit" and before.open:
        return "still_inside"
    cool = timedelta(seconds=trigger.cool_down_seconds)
    return "cool_down" if now - from_millis(before.last_ms) < cool else None


def _person_bars(trigger: Trigger, facts: Facts, now: datetime) -> NoEntry | None:
    if trigger.only_if is None:
        return None
    match trigger.only_if.holds(facts, now):
        case Truth.TRUE:
            return None
        case Truth.FALSE:
            return "condition"
        case Truth.UNKNOWN:
            return "unknown"


def _variables(event: Event) -> dict[str, Json]:
    return {
        "event": {
            "name": event.name,
            "timestamp": format_moment(event.timestamp),
            "properties": dict(event.properties),
        }
    }
