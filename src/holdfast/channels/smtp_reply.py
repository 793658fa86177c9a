"""Replies of an SMTP server: read from bytes, without a socket (RFC 5321, 4.2; RFC 3463 for enhanced codes)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Stage = Literal["connect", "greeting", "hello", "tls", "auth", "sender", "recipient", "data", "body"]
"""Where in the dialogue a reply comes. `body` is the answer to the final dot."""

LINE_BYTES_MOST = 2_048
LINES_MOST = 100

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n]*))?\r?\n")
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")


class Garbage(ValueError):
    """What came is no SMTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One complete reply: the code and the text of each of its lines."""

    code: int
    lines: tuple[str, ...] = ("",)

    @property
    def enhanced(self) -> str:
        """The enhanced status code, such as 5.1.1; empty when there is none or it is of another class than the code."""
        match = _ENHANCED.match(self.lines[0])
        return match[1] if match and match[1][0] == str(self.code)[0] else ""

    @property
    def text(self) -> str:
        """All its lines as one, without the enhanced code, printable."""
        words = " ".join(_ENHANCED.sub("", line, count=1) for line in self.lines)
        return "".join(each if each.isprintable() else " " for each in words).strip()[:300]

    def __str__(self) -> str:
        return " ".join(each for each in (str(self.code), self.enhanced, self.text) if each)


class ReplyReader:
    """Puts replies together from whatever pieces they come in."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[str] = []

    @property
    def midway(self) -> bool:
        """Whether part of a reply has come, and its end has not."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> list[Reply]:
        """The replies completed by these bytes. Raises Garbage when they cannot be SMTP."""
        data = self._rest + data
        replies: list[Reply] = []
        at = 0
        while (end := data.find(b"\n", at)) >= 0:
            reply = self._line(data[at : end + 1])
            if reply is not None:
                replies.append(reply)
            at = end + 1
        self._rest = data[at:]
        if len(self._rest) > LINE_BYTES_MOST:
            raise Garbage("a line of the server's answer has no end")
        return replies

    def _line(self, line: bytes) -> Reply | None:
        match = _LINE.fullmatch(line)
        if match is None or len(line) > LINE_BYTES_MOST:
            raise Garbage(f"the server's answer is no SMTP: {line[:80]!r}")
        code = int(match[1])
        if self._lines and code != self._code:
            raise Garbage(f"the server's answer changes its code from {self._code} to {code}")
        self._code = code
        self._lines.append((match[3] or b"").decode("utf-8", "replace"))
        if len(self._lines) > LINES_MOST:
            raise Garbage(f"the server's answer has more than {LINES_MOST} lines")
        if match[2] == b"-":
            return None
        reply = Reply(code, tuple(self._lines))
        self._lines = []
        return reply
