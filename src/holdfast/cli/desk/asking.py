"""One question to the API: what carries it, what it answers, and what it complains of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, TypeAlias
from urllib.parse import quote

from holdfast.cli.desk.running import KEYS_FILE
from holdfast.kernel.errors import (
    Busy,
    Conflict,
    Exposed,
    Forbidden,
    Internal,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthorized,
)

PAGE_MOST = 1_000
"""Rows asked for at a time."""
FIND = "`holdfast people find TEXT` looks for people."
_WHICH_KEY = f"Give another by --api-key or HOLDFAST_API_KEY; the first one is in {KEYS_FILE} in the data directory."
Answer: TypeAlias = dict[str, object]
_ERRORS: Mapping[int, type[Exposed]] = MappingProxyType(
    {each.status: each for each in (Invalid, Unauthorized, Forbidden, NotFound, Conflict, TooLarge, TooMany, Busy)}
)
ACCEPTED = 202
"""The status of what is not done yet."""


class AwaitsApproval(Conflict):
    """It would contact people, and waits for a second person to agree."""

    default_code = "awaits_approval"

    def __init__(self, approval: Mapping[str, object]) -> None:
        number = approval["id"]
        super().__init__(
            f"nothing was done yet: approval {number} waits for a second person.",
            hint="Somebody with the permission `approve` agrees in the console, under Act → Approvals.",
        )


class Transport(Protocol):
    """Takes one request to the API and brings back the reply."""

    def ask(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """The status and body of the reply."""
        ...

    def close(self) -> None: ...


class Asker:
    """Asks the HTTP API, over whichever transport, in the API's own shapes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def close(self) -> None:
        """Let go of what the transport holds."""
        self._transport.close()

    def _ask(self, method: str, path: str, body: Answer | None = None, *, missing: str = "") -> Answer:
        """The answer. The remedies for a 404 (`missing`) and a 401 are said as commands, not as calls of the API."""
        status, text = self._transport.ask(method, path, None if body is None else json.dumps(body).encode())
        if not 200 <= status < 300:
            said = complaint_of(status, text)
            if isinstance(said, Unauthorized):
                raise Unauthorized("the server does not take this api key.", code=said.code, hint=_WHICH_KEY)
            if isinstance(said, NotFound) and missing and said.code != "deleted":
                raise NotFound(said.message, code=said.code, path=said.path, hint=missing)
            raise said
        if not text:
            return {}
        said = json.loads(text)
        if status == ACCEPTED and "approval" in said:
            raise AwaitsApproval(said["approval"])
        if not isinstance(said, dict):
            raise Internal(f"the answer to {method} {path} is no JSON object")
        return said


def complaint_of(status: int, body: bytes) -> Exception:
    """The API's complaint, as the error it was there."""
    try:
        said = json.loads(body)["error"]
        kind = _ERRORS[status]
        return kind(said["message"], code=said.get("code", ""), path=said.get("path", ""), hint=said.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        return Internal(f"the answer has status {status}: {body[:200].decode(errors='replace')}")


def rows_of(answer: Answer, name: str) -> list[Answer]:
    """The list of that name in an answer."""
    rows = answer.get(name)
    if not isinstance(rows, list):
        raise Internal(f"the answer has no list {name!r}")
    return rows


def part_of(text: str) -> str:
    """One part of a path; a slash in somebody's id must not start another."""
    return quote(text, safe="")
