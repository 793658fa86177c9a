"""Asking a server that runs on the data directory."""

from __future__ import annotations

import urllib.error
import urllib.request

from holdfast.cli.desk import not_answering

TIMEOUT_SECONDS = 120


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
        """The status and body of the reply. Raises Busy when there is none."""
        # The address comes from server.json in the caller's own data directory.
        request = urllib.request.Request(  # noqa: S310
            self._url + path,
            method=method,
            data=body,
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError as error:
            raise not_answering(self._url) from error

    def close(self) -> None:
        """There is nothing to let go of: every request has its own connection."""
