"""What a web server answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

SAID_CHARACTERS_MOST = 200
LATER_SECONDS = 60
LATER_SECONDS_MOST = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One answer, as much of it as was read."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name, in small letters."""
    body: bytes = b""

    def json(self) -> Mapping[str, object]:
        """The body, if it is a JSON object; else an empty one."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    def said(self) -> str:
        """The beginning of the body as one printable line."""
        text = self.body[: 4 * SAID_CHARACTERS_MOST].decode("utf-8", "replace")
        printable = "".join(each if each.isprintable() else " " for each in text)
        return " ".join(printable.split())[:SAID_CHARACTERS_MOST]

    def retry_after(self, usual: int = LATER_SECONDS) -> int:
        """The seconds the server asks to be left alone for (RFC 9110, 10.2.3), where it says them as a number."""
        asked = self.headers.get("retry-after", "").strip()
        seconds = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 0
        return min(seconds or usual, LATER_SECONDS_MOST)
