"""Bodies of the Segment HTTP specification as nearly all of them are, read in one go.

Whatever is out of the ordinary in a body, in any of its messages, makes it no plain one: then it is read message by
message, and that says what it means. What is plain means the same either way, and takes half the time.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from msgspec import Raw

from holdfast.events.segment_body import EVENT_BYTES_MOST, MANY_KINDS, MESSAGE_ID_CHARACTERS_MOST

if TYPE_CHECKING:
    _Value: TypeAlias = Any  # As in a message that is read by itself.
else:
    _Flat = str | int | float | bool | None
    _Inner = _Flat | list[_Flat] | dict[str, _Flat]
    # What stands in each other no deeper than this cannot be too deep.
    _Value = _Flat | list[_Inner] | dict[str, _Inner]

ID_CHARACTERS_MOST = 1024
"""Of ids and names up to this length, no character can make more than four bytes, and so none is too long."""


class PlainMessage(msgspec.Struct, gc=False, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message of which everything is as it should be: see `segment_message.Message`."""

    type: str | None = None
    event: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    message_id: str
    name: str | None = None
    category: str | None = None
    properties: dict[str, _Value] | None = None
    traits: dict[str, _Value] | None = None
    context: dict[str, _Value] | None = None
    integrations: dict[str, _Value] | None = None
    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    # What clients say beside, and means nothing to us.
    channel: str | None = None
    version: str | int | float | None = None
    write_key: str | None = None
    metadata: dict[str, _Value] | None = msgspec.field(default=None, name="_metadata")


class PlainBody(msgspec.Struct, gc=False, kw_only=True, rename="camel"):
    """The envelope of many messages, or of one."""

    batch: list[PlainMessage]
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    sent_at: Any = None


class _Slices(msgspec.Struct, gc=False):
    batch: list[Raw]


_read_many = msgspec.json.Decoder(PlainBody).decode
_read_one = msgspec.json.Decoder(PlainMessage).decode
_read_slices = msgspec.json.Decoder(_Slices).decode


def read_plain(kind: str, body: bytes) -> PlainBody | None:
    """The body's messages; None when anything in it is out of the ordinary.

    Each has a message id, and neither that nor the message is over its limit; whether they have what a message of their
    kind must have is not looked at.
    """
    try:
        if not body.isascii():
            body.decode()
        if kind in MANY_KINDS:
            read = _read_many(body)
            small = len(body) <= EVENT_BYTES_MOST or _longest(body) <= EVENT_BYTES_MOST
        else:
            message = _read_one(body)
            read = PlainBody(batch=[message], sent_at=message.sent_at)
            small = len(body) <= EVENT_BYTES_MOST
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        return None
    named = all(0 < len(each.message_id) <= MESSAGE_ID_CHARACTERS_MOST for each in read.batch)
    return read if small and named else None


def _longest(body: bytes) -> int:
    return max((len(memoryview(each)) for each in _read_slices(body).batch), default=0)


def is_plain(text: str | None) -> bool:
    """Whether an id or a name can stand as it is; none at all can, too."""
    return text is None or (len(text) <= ID_CHARACTERS_MOST and "\0" not in text and bool(text.strip()))
