"""The desk of a running server: its HTTP API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal
from urllib.parse import quote, urlencode

from holdfast.cli.desk import Answer, not_answering, rows_of
from holdfast.kernel.errors import Busy, Conflict, Exposed, Internal, Invalid, NotFound, TooLarge, Unauthorized

TIMEOUT_SECONDS = 120
PAGE_MOST = 500
"""Rows asked for at a time."""

_ERRORS: Mapping[int, type[Exposed]] = MappingProxyType(
    {each.status: each for each in (Invalid, Unauthorized, NotFound, Conflict, TooLarge, Busy)}
)


class HttpDesk:
    """Asks a running server.

    Args:
        url: where it is, with no slash at the end.
        key: an api key.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key

    def count(self, definition: Answer) -> Answer:
        return self._ask("POST", "/api/segments/count", {"definition": definition})

    def people(self, definition: Answer, *, limit: int) -> Answer:
        found: list[object] = []
        while True:
            wanted = min(limit - len(found), PAGE_MOST)
            page = self._ask(
                "POST",
                "/api/segments/people",
                {"definition": definition, "limit": wanted, "offset": len(found)},
            )
            rows = rows_of(page, "people")
            found += rows
            if len(rows) < wanted or len(found) >= limit:
                return {**page, "people": found}

    def segments(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/segments"), "segments")

    def save_segment(self, segment_id: str, name: str, definition: Answer) -> None:
        self._ask("PUT", f"/api/segments/{_part(segment_id)}", {"name": name, "definition": definition})

    def delete_segment(self, segment_id: str) -> None:
        self._ask("DELETE", f"/api/segments/{_part(segment_id)}")

    def find(self, text: str, *, limit: int) -> Answer:
        return self._ask("GET", "/api/people?" + urlencode({"text": text, "limit": min(limit, PAGE_MOST)}))

    def show(self, user_id: str) -> Answer:
        return self._ask("GET", f"/api/people/{_part(user_id)}")

    def timeline(self, user_id: str, *, limit: int, event: str | None) -> list[Answer]:
        query = {"limit": str(min(limit, PAGE_MOST))} | ({"event": event} if event else {})
        return rows_of(self._ask("GET", f"/api/people/{_part(user_id)}/events?" + urlencode(query)), "events")

    def merge(self, first: str, second: str) -> Answer:
        return self._ask("POST", "/api/people/merge", {"first": first, "second": second})

    def unmerge(self, link_id: int) -> Answer:
        return self._ask("POST", "/api/people/unmerge", {"link_id": link_id})

    def keys(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/keys"), "keys")

    def add_key(self, name: str, kind: Literal["write", "api"]) -> Answer:
        return self._ask("POST", "/api/keys", {"name": name, "kind": kind})

    def revoke_key(self, name: str) -> None:
        self._ask("DELETE", f"/api/keys/{_part(name)}")

    def close(self) -> None:
        """There is nothing to let go of: every question has its own connection."""

    def _ask(self, method: str, path: str, body: Answer | None = None) -> Answer:
        # The address comes from server.json in the caller's own data directory.
        request = urllib.request.Request(  # noqa: S310
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310
                text = reply.read()
        except urllib.error.HTTPError as error:
            raise complaint_of(error.code, error.read()) from error
        except OSError as error:
            raise not_answering(self._url) from error
        if not text:
            return {}
        said = json.loads(text)
        if not isinstance(said, dict):
            raise Internal(f"the server answered {method} {path} with something that is no JSON object")
        return said


def _part(text: str) -> str:
    """One part of a path; a slash in somebody's id must not start another."""
    return quote(text, safe="")


def complaint_of(status: int, body: bytes) -> Exception:
    """The server's complaint, as the error it was there."""
    try:
        said = json.loads(body)["error"]
        kind = _ERRORS[status]
        return kind(said["message"], code=said.get("code", ""), path=said.get("path", ""), hint=said.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        return Internal(f"the server answered with status {status}: {body[:200].decode(errors='replace')}")
