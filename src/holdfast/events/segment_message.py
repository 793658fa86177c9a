"""One message of the Segment HTTP specification, read into typed fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw

from holdfast.events.bad import Bad
from holdfast.events.segment_body import complaint
from holdfast.kernel.moments import parse_moment

NESTING_MOST = 32
"""How deep objects and lists may stand in each other in one message. What is far deeper cannot be written again."""

_OBJECT_FIELDS = ("properties", "traits", "context", "integrations")
_MOMENT_FIELDS = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
_HINTS = {
    "properties": "Send a JSON object.",
    "traits": "Send a JSON object.",
    "context": "Send a JSON object.",
    "integrations": "Send a JSON object.",
    "event": "Send the event's name as text.",
    "type": "Send track, identify, page, screen, group or alias.",
    "messageId": "Send a text of at most 100 characters.",
}
_MOMENT_HINT = "Write the time in ISO 8601, such as 2026-11-21T21:08:08.849Z."


class Message(msgspec.Struct, gc=False, kw_only=True, rename="camel"):
    """The fields that mean something to us; whatever else a message holds is passed over."""

    type: str | None = None
    event: str | None = None
    user_id: str | int | float | None = None
    anonymous_id: str | int | float | None = None
    previous_id: str | int | float | None = None
    group_id: str | int | float | None = None
    message_id: str | int | None = None
    name: str | None = None
    category: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None


_read = msgspec.json.Decoder(Message).decode


class Unreadable(Exception):
    """One message cannot be an event. Where the batch is read it becomes a Bad; it never leaves this package."""

    def __init__(self, code: str, message: str, path: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint

    def bad(self, index: int, path: str, raw: Raw) -> Bad:
        """The complaint about message `index`, which stands at `path` of the body."""
        return Bad(
            index=index,
            code=self.code,
            message=self.message,
            path=path + self.path.removeprefix("$"),
            hint=self.hint,
            body=bytes(raw).decode("utf-8", "replace"),
        )


def read_message(raw: Raw) -> Message:
    """The message in typed fields. Raises Unreadable when a field has the wrong type."""
    _refuse_deep(raw)
    try:
        return _read(raw)
    except (msgspec.DecodeError, RecursionError):
        return _read_leniently(raw)


def moment(value: object) -> datetime:
    """The instant a JSON value names. Raises ValueError unless it is an ISO 8601 text between 1970 and 2199."""
    return parse_moment(value.strip() if isinstance(value, str) else "")


def _read_leniently(raw: Raw) -> Message:
    """The message once more, with the habits of real clients understood.

    Times that are ISO 8601 but not RFC 3339 (a date alone) are read; an empty text where a time should be means none;
    an empty list where an object should be is how PHP writes an empty object.
    """
    try:
        fields = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable("bad_json", f"The record is not JSON we can read: {error}.", "$", "Mend the JSON.") from error
    if not isinstance(fields, dict):
        raise Unreadable("wrong_type", "The record is not a JSON object.", "$", "Send each event as a JSON object.")
    for name in _OBJECT_FIELDS:
        if fields.get(name) == []:
            fields[name] = {}
    for name in _MOMENT_FIELDS:
        fields[name] = _moment_field(name, fields.get(name))
    try:
        return msgspec.convert(fields, Message)
    except msgspec.ValidationError as error:
        message, path = complaint(error)
        hint = _HINTS.get(path.removeprefix("$."), "Send a text or a number.")
        raise Unreadable("wrong_type", message, path, hint) from error


def _moment_field(name: str, value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        return moment(value)
    except (ValueError, OverflowError) as error:
        if name in ("sentAt", "receivedAt"):
            return None  # It only helps to correct a clock; without it the event's own time stands.
        raise Unreadable(
            "bad_timestamp", f"{name} is not a time we can read: {value!r:.60}.", f"$.{name}", _MOMENT_HINT
        ) from error


def aware(at: datetime) -> datetime:
    """The instant in UTC; one without a zone is taken as UTC."""
    if at.tzinfo is UTC:
        return at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _refuse_deep(raw: Raw) -> None:
    text = bytes(raw)
    if text.count(b"{") + text.count(b"[") <= NESTING_MOST:
        return  # The usual case, told apart at the price of two scans.
    if _depth(text) > NESTING_MOST:
        raise Unreadable(
            "too_deep", f"Values are nested more than {NESTING_MOST} levels deep.", "$", "Send flat properties."
        )


def _depth(text: bytes) -> int:
    """How deep objects and lists stand in each other; brackets inside strings do not count."""
    depth = deepest = 0
    inside = False
    skip = False
    for byte in text:
        if skip:
            skip = False
        elif byte == 0x5C and inside:
            skip = True
        elif byte == 0x22:
            inside = not inside
        elif not inside and byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif not inside and byte in b"}]":
            depth -= 1
    return deepest
