"""Signature Version 4, by which AWS knows a call for ours: pure, as the moment is given.

Source: docs.aws.amazon.com, "Create a signed AWS API request" (read 2026-11).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKey:
    """Who calls, and where."""

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    """Of keys that last for a while only."""
    region: str
    service: str


def aws_headers(
    key: AwsKey, *, method: str, url: str, headers: Mapping[str, str], body: bytes, at_seconds: int
) -> dict[str, str]:
    """The headers to be added to a call made at that moment: its time, its signature, and the token where there is one.

    Args:
        headers: those of the call that are to be signed; the host is signed by itself.
        at_seconds: the moment, in Unix seconds. A call is good for a few minutes from it.
    """
    parts = urlsplit(url)
    stamp = datetime.fromtimestamp(at_seconds, UTC).strftime("%Y%m%dT%H%M%SZ")
    added = {"X-Amz-Date": stamp, **({"X-Amz-Security-Token": key.token} if key.token else {})}
    signed = {name.lower(): " ".join(value.split()) for name, value in {**headers, **added}.items()}
    signed["host"] = parts.netloc
    names = ";".join(sorted(signed))
    query = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in _pairs(parts.query))
    canonical = "\n".join(
        [
            method,
            # Every service but S3 wants the path encoded once more than it stands in the address.
            quote(parts.path or "/", safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{key.region}/{key.service}/aws4_request"
    said = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(_signing_key(key, stamp[:8]), said.encode(), sha256).hex()
    return {
        **added,
        "Authorization": f"{ALGORITHM} Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}",
    }


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _signing_key(key: AwsKey, day: str) -> bytes:
    made = f"AWS4{key.secret}".encode()
    for part in (day, key.region, key.service, "aws4_request"):
        made = hmac.digest(made, part.encode(), sha256)
    return made
