"""Our own events on their way into the history: what became of sends, and the log records own events travel in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from holdfast.events.event import OWN_SOURCE, Event, IdentityKey, Json, own_event
from holdfast.events.segment_body import BODY_BYTES_MOST
from holdfast.events.segment_spec import encode_own
from holdfast.kernel.moments import from_millis
from holdfast.messages.parcel import Gone
from holdfast.ports.log import Record
from holdfast.ports.state import Send, SendState, Settlement, Told
from holdfast.profiles.devices import DEVICE_GONE
from holdfast.profiles.variants import VARIANT_ASSIGNED

EVENTS_IN_RECORD = 500

MESSAGE_NAMES: dict[SendState, str] = {
    "sent": "Message Sent",
    "failed": "Message Failed",
    "withheld": "Message Withheld",
    "in_doubt": "Message In Doubt",
}
"""What the history calls the end of a send."""

UNWRITTEN = "unwritten"
"""Of a failed message: it never came to its provider."""


def told_settled(send: Send, settlement: Settlement, user: IdentityKey, at_ms: int) -> Event:
    """The event that tells what became of a send."""
    properties: dict[str, Json] = {
        "send": send.key,
        "origin": send.origin,
        "origin_kind": send.origin_kind,
        "version": send.version,
        "step": send.step,
        "channel": send.channel,
        "topic": send.topic,
        "template": send.template,
    }
    if send.transactional:
        properties["transactional"] = True
    match settlement.state:
        case "sent":
            properties["provider_id"] = settlement.provider_id
        case "failed":
            properties |= {"reason": settlement.reason, "gone": settlement.gone}
            properties |= {UNWRITTEN: True} if settlement.unwritten else {}
        case _:
            properties["reason"] = settlement.reason
    if settlement.told is not None:
        told = settlement.told
        properties |= {"saved": told.template, "saved_version": told.version, "variant": told.variant}
        properties |= {"language": told.language} if told.language else {}
    name = MESSAGE_NAMES[settlement.state]
    # A dead letter that is replayed is tried as if for the first time, and may fail again: that is told of, too.
    key = (send.key,) if send.tried_ms is None else (send.key, str(send.tried_ms))
    return own_event(name, user=user, at=from_millis(at_ms), properties=properties, key=key)


def told_variant(send: Send, told: Told, user: IdentityKey, at_ms: int) -> Event:
    """The event that tells which variant of a saved template somebody was sent first: the template is an experiment."""
    properties: dict[str, Json] = {
        "experiment": told.template,
        "variant": told.variant,
        "propensity": told.propensity,
        "origin": send.origin,
        "origin_kind": send.origin_kind,
        "version": send.version,
        "step": send.step,
        "send": send.key,
    }
    return own_event(
        VARIANT_ASSIGNED,
        user=user,
        at=from_millis(at_ms),
        properties=properties,
        key=(told.template, user.kind, user.value),
    )


def told_lost(send: Send, gone: Gone, user: IdentityKey, at_ms: int) -> Event:
    """The event that tells that a device is gone: as of when its provider says, and no later than now."""
    since_ms = at_ms if gone.since_ms is None else min(gone.since_ms, at_ms)
    properties: dict[str, Json] = {"device": gone.place, "send": send.key, "channel": send.channel}
    return own_event(
        DEVICE_GONE, user=user, at=from_millis(since_ms), properties=properties, key=(gone.place, send.key)
    )


def own_records(events: Sequence[Event], received_ms: int) -> list[Record]:
    """The events as records for the log, in order; each no larger than a request may be, which every log can hold."""
    return [_record(body, received_ms) for body, _ in _bodies(events, "", 0)]


def numbered_records(
    waiting: Sequence[tuple[int, Event]], epoch_of: Callable[[int], tuple[str, int]], received_ms: int
) -> list[tuple[Record, Sequence[Event]]]:
    """The same of events with their numbers, which the records bear; each record with the events in it.

    Args:
        epoch_of: the epoch in which a number is told, and the last number that is told in it; an empty one where
            numbers are not to be told of.
    """
    records: list[tuple[Record, Sequence[Event]]] = []
    start, following, last, epoch = 0, 0, -1, ""
    for index, (number, _) in enumerate(waiting):
        if number > last or (epoch and number != following):
            records += _told(waiting[start:index], epoch, received_ms)
            start = index
            epoch, last = epoch_of(number)
        following = number + 1
    return [*records, *_told(waiting[start:], epoch, received_ms)]


def _told(waiting: Sequence[tuple[int, Event]], epoch: str, received_ms: int) -> list[tuple[Record, Sequence[Event]]]:
    """Records of events whose numbers follow each other."""
    bodies = _bodies([event for _, event in waiting], epoch, waiting[0][0]) if waiting else ()
    return [(_record(body, received_ms), events) for body, events in bodies]


def _record(body: bytes, received_ms: int) -> Record:
    return Record(kind="batch", source=OWN_SOURCE, received_ms=received_ms, body=body)


def _bodies(events: Sequence[Event], epoch: str, first: int) -> Iterator[tuple[bytes, Sequence[Event]]]:
    for start in range(0, len(events), EVENTS_IN_RECORD):
        yield from _fitting(events[start : start + EVENTS_IN_RECORD], epoch, first + start)


def _fitting(events: Sequence[Event], epoch: str, first: int) -> Iterator[tuple[bytes, Sequence[Event]]]:
    body = encode_own(events, epoch=epoch, first=first)
    if len(body) <= BODY_BYTES_MOST or len(events) == 1:
        yield body, events
        return
    half = len(events) // 2
    yield from _fitting(events[:half], epoch, first)
    yield from _fitting(events[half:], epoch, first + half)
