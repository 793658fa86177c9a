"""How values are kept by every store on a database: bodies as msgpack, hashes as signed integers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from holdfast.kernel.errors import Invalid

_GIANT = 1
"""The msgpack extension for whole numbers beyond 64 bits, which JSON may carry and msgpack may not: decimal text."""


def pack(value: object) -> bytes:
    """The value as msgpack. Raises Invalid for text that no file can hold (half of a surrogate pair)."""
    try:
        return _ENCODER.encode(value)
    except OverflowError:
        return _ENCODER.encode(_without_giants(msgspec.to_builtins(value, builtin_types=(datetime,))))
    except UnicodeEncodeError as error:
        raise bad_text(error) from error


def unpack(body: bytes) -> Any:  # noqa: ANN401 - What was packed is what comes back; the caller knows its type.
    """The plain value that was packed."""
    return _DECODER.decode(body)


def decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:  # noqa: ANN401 - A type is the argument.
    """A decoder of what was packed, to `kind`."""
    return msgspec.msgpack.Decoder(kind, ext_hook=_extended)


def signed(unsigned: int) -> int:
    """A 64-bit hash as the signed integer that databases have."""
    return unsigned - (1 << 64) if unsigned >= 1 << 63 else unsigned


def unsigned(number: int) -> int:
    """The hash that `signed` was given."""
    return number + (1 << 64) if number < 0 else number


def bad_text(error: UnicodeEncodeError) -> Invalid:
    """The complaint about text that is no text."""
    return Invalid(
        f"text has half of a surrogate pair at character {error.start}, which is no character",
        code="bad_text",
        hint="Send text as valid Unicode.",
    )


def _without_giants(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_giants(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_giants(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return msgspec.msgpack.Ext(_GIANT, str(value).encode())
    return value


def _extended(code: int, data: memoryview) -> object:
    if code != _GIANT:
        raise ValueError(f"msgpack extension {code} is not ours")
    return int(bytes(data))


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(ext_hook=_extended)
