"""A file that goes in for as long as a test wants: its body comes to its end when it is told to."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

SECONDS = 120


class HeldUpload:
    """`POST /api/import` whose body has begun, and ends with `finish`."""

    def __init__(self, url: str, key: str, *, name: str, mapping: Mapping[str, str], begins: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
        query = urlencode({"name": name, "mapping": json.dumps(dict(mapping))})
        self._connection.putrequest("POST", f"/api/import?{query}")
        self._connection.putheader("Authorization", f"Bearer {key}")
        self._connection.putheader("Content-Type", "application/octet-stream")
        self._connection.putheader("Transfer-Encoding", "chunked")
        self._connection.endheaders()
        self._send(begins)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _send(self, text: str) -> None:
        body = text.encode()
        self._connection.send(b"%x\r\n%b\r\n" % (len(body), body))

    def finish(self, ends: str) -> dict[str, Any]:
        """Send the rest; gives what became of the file."""
        self._send(ends)
        self._connection.send(b"0\r\n\r\n")
        reply = self._connection.getresponse()
        said = reply.read()
        assert reply.status == 200, said
        told: dict[str, Any] = json.loads(said)
        return told
