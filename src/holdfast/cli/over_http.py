"""Asking a server that runs on the data directory."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import IO, BinaryIO
from uuid import uuid4

from holdfast.cli.desk import complaint_of, not_answering
from holdfast.cli.progress_line import Told, progress_line
from holdfast.kernel.errors import Exposed

TIMEOUT_SECONDS = 120
ASIDE_SECONDS = 5
"""How long the server has to say how a question stands, or to call it off."""
FILE_TIMEOUT_SECONDS = 3_600
"""A file may be large, and is answered when all of it is taken in."""


class OverHttp:
    """Requests over the network.

    Args:
        url: where the server is, with no slash at the end.
        key: an api key.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key

    def ask(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """The status and body of the reply. Raises Busy when there is none.

        On a terminal a long question tells how far it has come; interrupted, it is called off.
        """
        query = uuid4().hex
        headers = {"Content-Type": "application/json", "Holdfast-Query": query}
        try:
            with progress_line(lambda: self._progress(query)):
                return self._send(self._request(method, path, body, headers), TIMEOUT_SECONDS)
        except KeyboardInterrupt:
            with contextlib.suppress(Exposed):
                self._send(self._request("DELETE", f"/api/queries/{query}", None, {}), ASIDE_SECONDS)
            raise

    def send_file(self, method: str, path: str, file: BinaryIO, size: int) -> tuple[int, bytes]:
        """The same, with a file of so many bytes as the body; it is read as it is sent."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        return self._send(self._request(method, path, file, headers), FILE_TIMEOUT_SECONDS)

    @contextlib.contextmanager
    def fetch(self, path: str) -> Iterator[IO[bytes]]:
        """The body of the reply, to be read piece by piece. Raises what the server complains of."""
        request = self._request("GET", path, None, {})
        try:
            reply = urllib.request.urlopen(request, timeout=FILE_TIMEOUT_SECONDS)  # noqa: S310 - see `_request`.
        except urllib.error.HTTPError as error:
            with error:
                raise complaint_of(error.code, error.read()) from error
        except OSError as error:
            raise not_answering(self._url) from error
        with reply:
            yield reply

    def close(self) -> None:
        """There is nothing to let go of: every request has its own connection."""

    def _progress(self, query: str) -> Told | None:
        _, body = self._send(self._request("GET", "/api/queries", None, {}), ASIDE_SECONDS)
        for each in json.loads(body)["queries"]:
            if each["id"] == query:
                elapsed_seconds = each["elapsed_ms"] / 1000
                return Told(share=each["progress"], rows_read=each["rows_read"], elapsed_seconds=elapsed_seconds)
        return None

    def _request(
        self, method: str, path: str, body: bytes | BinaryIO | None, headers: dict[str, str]
    ) -> urllib.request.Request:
        # The address comes from server.json in the caller's own data directory.
        return urllib.request.Request(  # noqa: S310
            self._url + path, method=method, data=body, headers={"Authorization": f"Bearer {self._key}", **headers}
        )

    def _send(self, request: urllib.request.Request, timeout_seconds: float) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=timeout_seconds) as reply:  # noqa: S310 - see `_request`.
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError as error:
            raise not_answering(self._url) from error
