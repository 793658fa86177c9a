"""The Segment HTTP specification: request bodies into events, and our own events into a request body.

What a call becomes: `track` keeps its event name; the others are called as `NAMES` says. `identify` carries its traits
as properties (top-level ones win over `context.traits`, where clients of RudderStack put them); `page` and `screen`
their properties with `name` and `category`; `group` its traits with `group_id`; `alias` the `previous_id`.

When it happened: `received - (sentAt - timestamp)`, so that a wrong client clock does no harm. With no readable
`sentAt`, in an import, and in our own events the timestamp stands as it is. Nothing can have happened after we heard of
it: a later time becomes the time of receipt (our own events excepted). A time before 1970 is a bad record.

What nobody else may say: which lists somebody is on. An identify call with a trait `list/…` is a bad record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, cast

import msgspec
from msgspec import Raw

from holdfast.events.bad import Bad
from holdfast.events.event import NAMES, OWN_SOURCE, Event, Json, Kind, reserved_trait
from holdfast.events.segment_body import (
    ERASED,
    EVENT_BYTES_MOST,
    EVENTS_MOST,
    MANY_KINDS,
    MESSAGE_ID_CHARACTERS_MOST,
    Opened,
    event_over_limit,
    message_id_over_limit,
    open_body,
)
from holdfast.events.segment_message import Message, Unreadable, aware, moment, read_message
from holdfast.events.segment_plain import PlainBody, PlainMessage, is_plain, read_plain
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import EARLIEST, from_millis

ID_BYTES_MOST = 4096
"""The longest user, anonymous, group or previous id, and the longest event name."""

_KINDS: Mapping[str, Kind] = {kind: kind for kind in ("track", *NAMES)}
_NO_IDENTITY_HINT = "Send a userId for somebody known, or an anonymousId for somebody who is not yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What a request body holds: events and bad records, each with its index in the batch."""

    events: tuple[tuple[int, Event], ...]
    bad: tuple[Bad, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What every message of one body shares."""

    opened: Opened
    kind: str
    received: datetime
    sent: datetime | None
    source: str


def decode(kind: str, body: bytes, *, received_ms: int, source: str) -> Decoded:
    """The events of a request body, and the records in it that cannot be events.

    The same arguments give the same events, message ids included.

    Args:
        kind: the call it came by, such as `batch` or `track`.
        body: as it came; that it is within the limits for requests was seen to when it was collected.
        received_ms: when it reached us, in milliseconds since 1970.
        source: the name of the write key it came through.

    Raises Invalid when the whole body is unusable.
    """
    if source == OWN_SOURCE:
        plain = _own_plain(body) if kind == "batch" else None
    else:
        plain = _plain(kind, body, received_ms, source)
    if plain is not None:
        return Decoded(events=tuple(enumerate(plain)), bad=())
    opened = open_body(kind, body)
    around = _Around(
        opened=opened,
        kind=kind,
        received=from_millis(received_ms),
        sent=None if kind == "import" or source == OWN_SOURCE else _moment_or_none(opened.sent_at),
        source=source,
    )
    events: list[tuple[int, Event]] = []
    bad: list[Bad] = []
    for index, raw in enumerate(opened.messages):
        if len(memoryview(raw)) == len(ERASED) and bytes(raw) == ERASED:
            continue
        try:
            events.append((index, _event(read_message(raw), raw, index, around)))
        except Unreadable as unreadable:
            bad.append(unreadable.bad(index, opened.path(index), raw))
    return Decoded(events=tuple(events), bad=tuple(bad))


def _plain(kind: str, body: bytes, received_ms: int, source: str) -> list[Event] | None:
    """The events of a body that is read in one go; None when anything in it is out of the ordinary."""
    read = read_plain(kind, body)
    if read is None:
        return None
    around = _Around(
        opened=Opened(kind=kind, messages=[], context=read.context or {}, integrations=read.integrations or {}),
        kind=kind,
        received=from_millis(received_ms),
        sent=None if kind == "import" or read.sent_at is None else _moment_or_none(read.sent_at),
        source=source,
    )
    try:
        return _plain_events(read, around)
    except Unreadable:
        return None


def _plain_events(read: PlainBody, around: _Around) -> list[Event] | None:
    # One loop, and hardly a call in it for what nearly all messages are: every event comes through here twice.
    many = around.kind in MANY_KINDS
    shared = bool(around.opened.context or around.opened.integrations)
    received, source, events = around.received, around.source, list[Event]()
    for message in read.batch:
        kind: Kind | None = _KINDS.get(message.type or "") if many else _KINDS[around.kind]
        user_id, anonymous_id = message.user_id, message.anonymous_id
        if kind is None or user_id is anonymous_id is None or not (is_plain(user_id) and is_plain(anonymous_id)):
            return None
        if kind == "track":
            name, properties, context = message.event, message.properties or {}, message.context or {}
            if name is None or not is_plain(name):
                return None
        else:
            name, properties, context = NAMES[kind], _properties(kind, message), _context(kind, message, around.opened)
            if kind == "identify":
                _refuse_reserved(message, properties)
        if shared or message.integrations:
            context = _context(kind, message, around.opened)
        untimed = message.timestamp is None and message.original_timestamp is None
        events.append(
            Event(
                name=name,
                kind=kind,
                user_id=user_id,
                anonymous_id=anonymous_id,
                timestamp=received if untimed else _timestamp(message, around),
                received_at=received,
                message_id=message.message_id,
                properties=properties,
                context=context,
                previous_id=_required_id("previousId", message.previous_id, user_id) if kind == "alias" else None,
                group_id=_required_id("groupId", message.group_id) if kind == "group" else None,
                source=source,
            )
        )
    return events


_Flat: TypeAlias = str | int | float | bool | None
"""Values in which nothing stands; what stands in another may stand too deep."""


class _OwnTrack(msgspec.Struct, gc=False, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """What nearly all of our own events say, and nothing else."""

    type: Literal["track"]
    message_id: str
    timestamp: datetime
    received_at: datetime
    event: str
    properties: Mapping[str, _Flat]
    user_id: str | None = None
    anonymous_id: str | None = None


class OwnNumbers(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The numbers of our own events in a body."""

    epoch: str = ""
    """In which epoch they are told; empty where they bear none."""
    first: int = 0
    """The number of the first message; each that follows has the next."""


class _OwnTracks(OwnNumbers, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    batch: list[_OwnTrack]


_read_own = msgspec.json.Decoder(_OwnTracks).decode
_read_numbers = msgspec.json.Decoder(OwnNumbers).decode
_NUMBERED = b'{"epoch":'
NO_NUMBERS = OwnNumbers()


def own_numbers(body: bytes) -> OwnNumbers:
    """What a `batch` of ours says of the numbers of its events."""
    return _read_numbers(body) if body.startswith(_NUMBERED) else NO_NUMBERS


def _own_plain(body: bytes) -> list[Event] | None:
    """The events of a body of ours, read in one go: that is faster, and for every message we send there are three.

    None when anything in it is out of the ordinary. Then it is read as everybody's is, and that says what it means.
    """
    try:
        return [_own_event(each) for each in _read_own(body).batch]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError, ValueError, Unreadable):
        return None


def _own_event(said: _OwnTrack) -> Event:
    """Raises Unreadable or ValueError for what is no event of ours."""
    if not said.event.strip():
        raise ValueError("it has no event name")
    return Event(
        name=_short("event", said.event),
        user_id=_id("userId", said.user_id),
        anonymous_id=_id("anonymousId", said.anonymous_id),
        timestamp=aware(said.timestamp),
        received_at=aware(said.received_at),
        message_id=said.message_id,
        properties=said.properties,
        source=OWN_SOURCE,
    )


def encode_own(events: Sequence[Event], *, epoch: str = "", first: int = 0) -> bytes:
    """Our own events as the body of a `batch`, which decodes (with source `holdfast`) to equal events.

    Args:
        epoch: in which they are told, where they bear numbers.
        first: the number of the first; each that follows has the next.

    Raises ValueError for more events than one batch may hold, and for an event whose kind has another name.
    """
    if len(events) > EVENTS_MOST:
        raise ValueError(f"one batch holds at most {EVENTS_MOST} events, not {len(events)}")
    numbers = {"epoch": epoch, "first": first} if epoch else {}
    return msgspec.json.encode({**numbers, "batch": [_own_message(event) for event in events]})


def _own_message(event: Event) -> _OwnTrack | dict[str, object]:
    # A busy tick tells thousands, nearly all of them plain.
    if event.kind == "track" and not event.context:
        return _OwnTrack(
            type="track",
            message_id=event.message_id,
            timestamp=event.timestamp,
            received_at=event.received_at,
            event=event.name,
            properties=event.properties,  # type: ignore[arg-type]  # Written as they are, whatever stands in them.
            user_id=event.user_id,
            anonymous_id=event.anonymous_id,
        )
    if event.kind != "track" and event.name != NAMES[event.kind]:
        raise ValueError(f"a call of kind {event.kind} is called {NAMES[event.kind]!r}, not {event.name!r}")
    message: dict[str, object] = {
        "type": event.kind,
        "messageId": event.message_id,
        "timestamp": event.timestamp,
        "receivedAt": event.received_at,
        "traits" if event.kind in ("identify", "group") else "properties": event.properties,
    }
    if event.kind == "track":
        message["event"] = event.name
    if event.user_id is not None:
        message["userId"] = event.user_id
    if event.anonymous_id is not None:
        message["anonymousId"] = event.anonymous_id
    if event.previous_id is not None:
        message["previousId"] = event.previous_id
    if event.group_id is not None:
        message["groupId"] = event.group_id
    if event.context:
        message["context"] = event.context
    return message


def _event(message: Message, raw: Raw, index: int, around: _Around) -> Event:
    """The event a message means. Raises Unreadable when it means none."""
    _check_limits(message, raw, around)
    kind = _kind(message, around)
    user_id = _id("userId", message.user_id)
    anonymous_id = _id("anonymousId", message.anonymous_id)
    if user_id is None and anonymous_id is None:
        raise Unreadable("no_identity", "It has neither userId nor anonymousId.", "$.userId", _NO_IDENTITY_HINT)
    own = around.source == OWN_SOURCE
    properties = _properties(kind, message)
    if kind == "identify" and not own:
        _refuse_reserved(message, properties)
    return Event(
        name=_name(message) if kind == "track" else NAMES[kind],
        kind=kind,
        user_id=user_id,
        anonymous_id=anonymous_id,
        timestamp=_timestamp(message, around),
        received_at=aware(message.received_at) if own and message.received_at else around.received,
        message_id=_message_id(message, raw, index, around),
        properties=properties,
        context=_context(kind, message, around.opened),
        previous_id=_required_id("previousId", message.previous_id, user_id) if kind == "alias" else None,
        group_id=_required_id("groupId", message.group_id) if kind == "group" else None,
        source=around.source,
    )


def _check_limits(message: Message, raw: Raw, around: _Around) -> None:
    """Set aside what only a body made to deceive the collector's quick look can still hold."""
    if around.source == OWN_SOURCE:
        return
    over = None
    if len(memoryview(raw)) > EVENT_BYTES_MOST:
        over = event_over_limit("$", len(memoryview(raw)))
    elif isinstance(message.message_id, str) and len(message.message_id) > MESSAGE_ID_CHARACTERS_MOST:
        over = message_id_over_limit("$", len(message.message_id))
    if over is not None:
        raise Unreadable(over.code, over.message, over.path, over.hint)


def _kind(message: Message, around: _Around) -> Kind:
    if around.kind not in MANY_KINDS:
        return _KINDS[around.kind]
    kind = _KINDS.get(message.type or "")
    if kind is None:
        problem = f"The type {message.type!r:.60} is unknown." if message.type else "It has no type."
        raise Unreadable("unknown_type", problem, "$.type", f"Send one of {', '.join(_KINDS)}.")
    return kind


def _name(message: Message) -> str:
    name = message.event
    if not name or not name.strip():
        raise Unreadable("no_event_name", "It has no event name.", "$.event", 'Name it, such as "Order Completed".')
    return _short("event", name)


def _id(field: str, value: str | float | None) -> str | None:
    """An id as text; blank means none. Whole numbers lose no digit and gain no `.0`."""
    if value is None:
        return None
    if not isinstance(value, str):
        return str(int(value)) if value == int(value) else str(value)
    return _short(field, value) if value.strip() else None


def _required_id(field: str, value: str | float | None, other: str | None = "") -> str:
    text = _id(field, value)
    if text is None:
        raise Unreadable(f"no_{field}", f"It has no {field}.", f"$.{field}", f"Send the {field}.")
    if other is None:
        raise Unreadable("no_userId", "It has no userId.", "$.userId", "Send the new name as userId.")
    return text


def _short(field: str, text: str) -> str:
    if len(text) > ID_BYTES_MOST // 4 and len(text.encode()) > ID_BYTES_MOST:
        message = f"{field} is longer than the limit of {ID_BYTES_MOST} bytes."
        raise Unreadable("too_long", message, f"$.{field}", "Send a short one that names one thing.")
    if "\0" in text:
        # Databases downstream cannot hold it in a key, and nobody means it.
        raise Unreadable("bad_character", f"{field} holds a NUL character.", f"$.{field}", "Take the NUL out.")
    return text


def _timestamp(message: Message | PlainMessage, around: _Around) -> datetime:
    claimed = message.original_timestamp or message.timestamp
    if claimed is None:
        return around.received
    try:
        at = aware(claimed)
        if around.source == OWN_SOURCE:
            return at
        sent = None if around.kind == "import" else (message.sent_at or around.sent)
        if sent is not None and (sent := aware(sent)) >= EARLIEST:
            at = around.received - (sent - at)
    except OverflowError:
        at = EARLIEST - timedelta(days=1)
    if at < EARLIEST:
        field = "originalTimestamp" if message.original_timestamp else "timestamp"
        hint = "Send the time at which it happened, or leave it out to have the time of receipt."
        raise Unreadable("bad_timestamp", f"{field} lies before 1970.", f"$.{field}", hint)
    return min(at, around.received)


def _message_id(message: Message, raw: Raw, index: int, around: _Around) -> str:
    """The message's own id; else one made of its content and place.

    Sent again, the same message at the same place gets the same id if it says when it happened. If it does not, nothing
    tells a retry from a second event like it, and losing an event is worse: then the time of receipt is in the id.
    """
    if message.message_id is not None and message.message_id != "":
        return str(message.message_id)
    timed = message.timestamp is not None or message.original_timestamp is not None
    arrival = 0 if timed else int(around.received.timestamp() * 1000)
    return effect_key("message", around.source, around.kind, bytes(raw).decode(), index, arrival)


def _properties(kind: Kind, message: Message | PlainMessage) -> dict[str, Json]:
    match kind:
        case "track":
            return message.properties or {}
        case "identify":
            elsewhere = (message.context or {}).get("traits")
            return {**(elsewhere if isinstance(elsewhere, dict) else {}), **(message.traits or {})}
        case "page" | "screen":
            named = {"name": message.name, "category": message.category}
            return {**(message.properties or {}), **{key: value for key, value in named.items() if value}}
        case "group":
            return {**(message.traits or {}), "group_id": _id("groupId", message.group_id)}
        case "alias":
            return {"previous_id": _id("previousId", message.previous_id)}


def _refuse_reserved(message: Message | PlainMessage, traits: Mapping[str, Json]) -> None:
    """Who is on a list is said by whoever keeps the lists, and not by a write key, which browsers show to everybody."""
    reserved = reserved_trait(traits)
    if reserved is not None:
        where = "$.traits" if reserved in (message.traits or {}) else "$.context.traits"
        raise Unreadable(
            "reserved_trait",
            f"Only lists themselves say {reserved!r:.120}.",
            f"{where}.{reserved:.120}",
            "Leave it out; PUT /api/lists/{id} and POST /api/lists/{id}/people put people on a list.",
        )


def _context(kind: Kind, message: Message | PlainMessage, opened: Opened) -> dict[str, Json]:
    context: dict[str, Any] = message.context or {}
    if opened.context:
        context = {**opened.context, **context}
    if kind == "identify" and isinstance(context.get("traits"), dict):
        context = {key: value for key, value in context.items() if key != "traits"}  # They are the properties now.
    if opened.integrations or message.integrations:
        context = {"integrations": {**opened.integrations, **(message.integrations or {})}, **context}
    return cast("dict[str, Json]", context)


def _moment_or_none(value: object) -> datetime | None:
    try:
        return moment(value)
    except (ValueError, OverflowError):
        return None
