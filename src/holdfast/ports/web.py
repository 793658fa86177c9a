"""The web, as templates ask it: one call, one answer, within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was answered, whatever the status."""

    status: int
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Unfetched:
    """There is no answer, and why."""

    reason: str
    lasting: bool = False
    """Whether it would be the same another time: such a call may not be made, or not so."""


FetchedOrNot: TypeAlias = Fetched | Unfetched


class Fetcher(Protocol):
    """Makes calls. Never raises for what the other side says or fails to say."""

    async def fetch(self, call: Call) -> FetchedOrNot:
        """Make one call."""
        ...

    async def close(self) -> None:
        """Let go of what is kept open."""
        ...
