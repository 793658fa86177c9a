"""A request body of the Segment HTTP specification: opened, and held against the specification's limits.

Both read the whole body as JSON (grammar, UTF-8, surrogate pairs) but build only the envelope: messages stay slices of
the body. So the collector refuses what must be refused at a fraction of the price of building the events.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from msgspec import Raw

from holdfast.events.bad import OverLimit
from holdfast.kernel.errors import Invalid

BODY_BYTES_MOST = 500 * 1024
EVENT_BYTES_MOST = 32 * 1024
EVENTS_MOST = 2500
MESSAGE_ID_CHARACTERS_MOST = 100
MANY_KINDS = frozenset({"batch", "import"})
"""The calls whose body holds many messages under `batch`; the body of any other call is one message."""
ERASED = b'{"holdfast":"erased"}'
"""What stands in the log in the place of a message that was erased: no event, and nothing to complain of."""


class _Label(msgspec.Struct, gc=False, rename="camel"):
    """What a message says of itself, whatever its types."""

    message_id: Any = None
    sent_at: Any = None
    write_key: Any = None


class _Named(msgspec.Struct, gc=False, rename="camel"):
    message_id: Annotated[str, msgspec.Meta(max_length=MESSAGE_ID_CHARACTERS_MOST)] | None = None


class _Names(msgspec.Struct, gc=False, rename="camel"):
    batch: list[_Named]
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


class _Envelope(msgspec.Struct, gc=False, rename="camel"):
    batch: list[Raw]
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    sent_at: Any = None
    write_key: Any = None


_read_label = msgspec.json.Decoder(_Label).decode
_read_names = msgspec.json.Decoder(_Names).decode
_read_envelope = msgspec.json.Decoder(_Envelope).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A body whose JSON is whole and whose envelope is right. The messages are not looked into yet."""

    kind: str
    messages: list[Raw]
    """A single call is its own only message."""
    context: dict[str, Any] = field(default_factory=dict)
    integrations: dict[str, Any] = field(default_factory=dict)
    sent_at: object = None
    write_key: str | None = None

    def path(self, index: int) -> str:
        """Where message `index` stands in the body."""
        return _path(self.kind, index)


def open_body(kind: str, body: bytes) -> Opened:
    """The envelope of a body. Raises Invalid when it is not JSON, or not a body for this call."""
    try:
        return _open(kind, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if isinstance(error, msgspec.ValidationError):
            raise _wrong_envelope(kind, error) from error
        refusal = _not_json(error)
    mended = _mended(body)
    if mended is None:
        raise refusal
    try:
        return _open(kind, mended)
    except msgspec.ValidationError as error:
        raise _wrong_envelope(kind, error) from error
    except (msgspec.DecodeError, RecursionError):
        raise refusal from None


def check(kind: str, body: bytes) -> int:
    """How many messages the body holds, once it has been held against every limit of the specification.

    Raises Invalid when it is not a body for this call, OverLimit when it passes a limit. A message that cannot be an
    event is neither: it is set aside when the batch is read.
    """
    if len(body) > BODY_BYTES_MOST:
        raise body_over_limit()
    named = _names(kind, body)
    if named is not None and len(named) <= EVENTS_MOST and _surely_small(body, named):
        return len(named)
    opened = open_body(kind, body)
    if len(opened.messages) > EVENTS_MOST:
        raise _count_over_limit(len(opened.messages))
    for index, raw in enumerate(opened.messages):
        _check_message(raw, opened.path(index))
    return len(opened.messages)


def _names(kind: str, body: bytes) -> list[_Named] | None:
    """The message ids of a batch in one go; None when the body needs a closer look."""
    if kind not in MANY_KINDS:
        return None
    try:
        _check_utf8(body)
        return _read_names(body).batch
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _check_message(raw: Raw, path: str) -> None:
    size = len(memoryview(raw))
    if size > EVENT_BYTES_MOST:
        raise event_over_limit(path, size)
    try:
        message_id = _read_label(raw).message_id
    except msgspec.ValidationError:
        return  # Not an object: a bad record, not a bad batch.
    if isinstance(message_id, str) and len(message_id) > MESSAGE_ID_CHARACTERS_MOST:
        raise message_id_over_limit(path, len(message_id))


def _surely_small(body: bytes, named: list[_Named]) -> bool:
    """Whether message ids stand so densely in the body that no event can be over its limit; False means: measure them.

    Slicing out every event to measure it would double the price of a check, and hardly any event is near the limit. A
    body made to deceive this (one event quoting the ids of others) gains nothing: its large event is set aside when the
    batch is read.
    """
    if len(body) <= EVENT_BYTES_MOST:
        return True
    # An event over the limit lies across at most two gaps between ids, so one of them is over half the limit.
    gap_most = EVENT_BYTES_MOST // 2
    step = max(len(named) * (gap_most // 2) // len(body), 1)
    position = 0
    for label in named[step - 1 :: step]:
        if not label.message_id:
            return False
        found = body.find(label.message_id.encode(), position)
        if found < 0 or found - position > gap_most:
            return False
        position = found
    return len(body) - position <= gap_most


def body_over_limit() -> OverLimit:
    """The complaint about a body that is too large."""
    return OverLimit(
        f"The body is larger than the limit of {BODY_BYTES_MOST} bytes ({BODY_BYTES_MOST // 1024} KB) per request.",
        path="$",
        hint="Send the events in several smaller batches.",
        limit=BODY_BYTES_MOST,
        unit="bytes",
    )


def event_over_limit(path: str, size: int) -> OverLimit:
    """The complaint about an event that is too large."""
    return OverLimit(
        f"The event is {size} bytes; the limit is {EVENT_BYTES_MOST} bytes ({EVENT_BYTES_MOST // 1024} KB) per event.",
        path=path,
        hint="Take long values out of its properties, or send what they hold as several events.",
        limit=EVENT_BYTES_MOST,
        unit="bytes",
    )


def _count_over_limit(count: int) -> OverLimit:
    return OverLimit(
        f"The batch holds {count} events; the limit is {EVENTS_MOST} events.",
        path="$.batch",
        hint="Send them in several batches.",
        limit=EVENTS_MOST,
        unit="events",
    )


def message_id_over_limit(path: str, length: int) -> OverLimit:
    """The complaint about the id of the message at `path`, which is too long."""
    return OverLimit(
        f"The messageId has {length} characters; the limit is {MESSAGE_ID_CHARACTERS_MOST} characters.",
        path=f"{path}.messageId",
        hint="Use a UUID, or another id that is short and the same on every retry.",
        limit=MESSAGE_ID_CHARACTERS_MOST,
        unit="characters",
    )


def _path(kind: str, index: int) -> str:
    return f"$.batch[{index}]" if kind in MANY_KINDS else "$"


def _check_utf8(body: bytes) -> None:
    """Raises UnicodeDecodeError. What msgspec passes over it does not decode, so broken text would get through."""
    if not body.isascii():
        body.decode()


def _open(kind: str, body: bytes) -> Opened:
    _check_utf8(body)
    if kind in MANY_KINDS:
        envelope = _read_envelope(body)
        return Opened(
            messages=envelope.batch,
            kind=kind,
            context=envelope.context or {},
            integrations=envelope.integrations or {},
            sent_at=envelope.sent_at,
            write_key=_text(envelope.write_key),
        )
    label = _read_label(body)
    return Opened(messages=[Raw(body)], kind=kind, sent_at=label.sent_at, write_key=_text(label.write_key))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _mended(body: bytes) -> bytes | None:
    """The body as strict JSON when it is JSON as JavaScript and Python really write it; None when it is neither.

    JavaScript writes half an emoji as a lone surrogate and Python writes NaN. One such value must not cost its
    neighbours in the batch: lone surrogates become U+FFFD, NaN and the infinities null. A byte order mark is dropped.
    """
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None, parse_float=_finite)
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _not_json(error: Exception) -> Invalid:
    if isinstance(error, RecursionError):
        return Invalid("The body is nested too deeply.", code="too_deep", path="$", hint="Send flat properties.")
    if isinstance(error, UnicodeDecodeError):
        return Invalid(
            f"The body is not UTF-8 (byte {error.start}).", code="bad_json", path="$", hint="Encode the JSON as UTF-8."
        )
    return Invalid(
        f"The body is not JSON: {error}.", code="bad_json", path="$", hint="Send one JSON object, as UTF-8 text."
    )


def _wrong_envelope(kind: str, error: msgspec.ValidationError) -> Invalid:
    message, path = complaint(error)
    if kind not in MANY_KINDS:
        return Invalid(message, code="wrong_type", path=path, hint="Send one JSON object: the event.")
    return Invalid(
        message,
        code="wrong_type",
        path=path,
        hint='Send a JSON object like {"batch": [{"type": "track", "event": "Signed Up", "userId": "u1"}]}.',
    )


def complaint(error: msgspec.ValidationError) -> tuple[str, str]:
    """What msgspec complains of, as a sentence and a path, such as `$.properties`."""
    message, _, where = str(error).partition(" - at `")
    return f"{message.replace('`', '')}.", where.rstrip("`") or "$"
