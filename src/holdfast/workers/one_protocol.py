"""Requests that offer to go on in another protocol: they are answered in the one they came in.

Java's client offers HTTP/2 in every request over a plain connection. The parser stops behind the head of such a one,
for what follows may be the other protocol. It never is, since nobody accepted, so the head is read again without the
offer, as RFC 9110 (7.8) has it; its body would be lost otherwise.
"""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OF_THE_OFFER = frozenset({b"upgrade", b"http2-settings"})
_TUNNEL = b"CONNECT"


class OneProtocol(HttpToolsProtocol):
    """HTTP/1.1, whatever else is offered."""

    def data_received(self, data: bytes) -> None:
        """Some bytes of a connection."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            if self.parser.get_method() == _TUNNEL:
                self.send_400_response("This is no proxy.")
                return
            head, rest = self._head_without_offer(), data[stopped.args[0] :]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # As that of the class above is.
            self.data_received(head + rest)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head is read again."""
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Add to its body."""
        if not self.parser.should_upgrade():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End its body."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                kept = [each for each in value.split(b",") if each.strip().lower() not in _OF_THE_OFFER]
                lines += [b"connection: " + b",".join(kept)] if kept else []
            elif name not in _OF_THE_OFFER:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])
