"""Kinds of fields that speak of the web: an address to call, and headers to call it with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from holdfast.decisions.fields import Text
from holdfast.decisions.step import contradiction

URL_MOST = 2_000
HEADERS_MOST = 8_000
HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}): *([\x20-\x7e]*)")
OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "idempotency-key"})


@dataclass(frozen=True, slots=True)
class WebAddress(Text):
    """An address that starts with http or https, without a name or password in it; empty where `least` is 0."""

    most: int = URL_MOST

    def decode(self, value: object, path: str) -> str:
        said = Text.decode(self, value, path)
        if said and not _is_address(said):
            hint = "Write one such as https://crm.example/hooks."
            raise contradiction(path, f"{said!r:.100} cannot be called.", hint=hint)
        return said


def header_pairs(lines: str) -> dict[str, str]:
    """Headers written one a line, by name."""
    found = map(HEADER.fullmatch, lines.splitlines())
    return {match[1]: match[2].strip() for match in found if match is not None}


def _is_address(said: str) -> bool:
    try:
        parts = urlsplit(said)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return is_one and said.isascii() and said.isprintable() and " " not in said and "@" not in parts.netloc


@dataclass(frozen=True, slots=True)
class HeaderLines(Text):
    """Headers of HTTP, one a line, none of which is one of ours."""

    least: int = 0
    most: int = HEADERS_MOST

    def decode(self, value: object, path: str) -> str:
        said = Text.decode(self, value, path)
        for line in said.splitlines():
            match = HEADER.fullmatch(line)
            name = "" if match is None else match[1].lower()
            if line.strip() and (match is None or name in OURS or name.startswith("webhook-")):
                hint = "Write one a line, such as X-Shop: tea."
                raise contradiction(path, f"{line!r:.100} cannot be a header here.", hint=hint)
        return said
