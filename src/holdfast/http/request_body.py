"""A request body, read within a limit and decompressed within it too."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from starlette.types import Receive

from holdfast.kernel.errors import Exposed, Invalid

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_ONLY = 31  # zlib's window bits for a gzip member.
_MEMBERS_MOST = 16
"""Gzip may be several members in a row; each costs a copy of the rest, so a body of thousands would cost seconds."""
_DRAINED_BYTES_MOST = 8 * 1024 * 1024
"""How much of a body that is refused anyway is still read: clients that write first and read later need the answer."""


class Gone(Exception):
    """The client went away before its body was whole; nobody is left to answer."""


async def read_body(receive: Receive, *, bytes_most: int, too_large: Callable[[], Exposed]) -> bytes:
    """The body as it came over the wire. Raises `too_large` past the limit, Gone when the client left."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise Gone
        if len(body) > bytes_most:
            raise too_large()
        return body
    pieces = [body]
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size <= bytes_most:
            pieces.append(piece)
        elif size > _DRAINED_BYTES_MOST:
            break
    if size > bytes_most:
        raise too_large()
    return b"".join(pieces)


def decompressed(
    body: bytes, headers: Mapping[bytes, bytes], *, bytes_most: int, too_large: Callable[[], Exposed]
) -> bytes:
    """The body without its gzip, whether the headers say so or only its first bytes (some SDKs tell nobody).

    Raises Invalid for broken gzip and for other encodings, `too_large` when it would grow past the limit.
    """
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding not in (b"", b"identity", b"gzip", b"x-gzip"):
        raise Invalid(
            f"The content encoding {encoding.decode('latin-1')!r:.40} is not understood.",
            code="unknown_encoding",
            path="$",
            hint="Send the body as gzip, or as it is.",
        )
    # A client may say gzip of a body that some proxy has already unpacked, so the bytes decide.
    return _inflated(body, bytes_most, too_large) if body.startswith(_GZIP_MAGIC) else body


def _inflated(body: bytes, bytes_most: int, too_large: Callable[[], Exposed]) -> bytes:
    pieces: list[bytes] = []
    size = 0
    rest = body
    for _ in range(_MEMBERS_MOST):
        member = zlib.decompressobj(_GZIP_ONLY)
        try:
            piece = member.decompress(rest, bytes_most - size + 1)
        except zlib.error as error:
            raise _broken_gzip() from error
        pieces.append(piece)
        size += len(piece)
        if size > bytes_most:
            raise too_large()
        if not member.eof:
            raise _broken_gzip()
        rest = member.unused_data
        if not rest:
            return b"".join(pieces)
    raise _broken_gzip()


def _broken_gzip() -> Invalid:
    return Invalid(
        "The body is not whole gzip.", code="bad_gzip", path="$", hint="Compress the body again and resend it."
    )
