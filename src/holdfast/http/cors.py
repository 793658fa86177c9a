"""Cross-origin headers: a browser SDK runs on the customer's pages, and its calls come to us."""

from __future__ import annotations

from collections.abc import Mapping

Headers = list[tuple[bytes, bytes]]

_PREFLIGHT_SECONDS = b"86400"


def cors_headers(request: Mapping[bytes, bytes]) -> Headers:
    """What every answer to a page of another origin needs, errors too; nothing for a request that is not from one.

    The origin is echoed, not `*`: beacons and some SDKs send cookies, and browsers refuse `*` with those.
    """
    origin = request.get(b"origin")
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Retry-After"),
        (b"vary", b"Origin"),
    ]


def preflight_headers(request: Mapping[bytes, bytes], methods: bytes) -> Headers:
    """The answer to a browser that asks first: yes, with whatever headers it names."""
    return [
        *cors_headers(request),
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", request.get(b"access-control-request-headers", b"content-type")),
        (b"access-control-max-age", _PREFLIGHT_SECONDS),
    ]
