"""Connections, in the state: the providers that are set up to carry messages, each with its settings and secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A provider, set up."""

    name: str
    provider: str
    """Which one: the name of its declaration."""
    medium: str
    """What it carries, such as `sms`."""
    settings: bytes
    """What is set of it and is no secret: a JSON object."""
    secrets: bytes = field(default=b"", repr=False)
    """What is secret, sealed: msgpack of the sealed text of each field. Empty where there is none."""
    is_default: bool
    """Whether messages of its medium go out by it. One connection of a medium is."""
    created_ms: int
    changed_ms: int
    by: str = ""
    """Who changed it last, where that is known."""


class ConnectionView(Protocol):
    """Reading connections."""

    async def connections(self) -> Sequence[Connection]:
        """Every connection, in order of name."""
        ...

    async def connection_changes(self) -> int:
        """How often any was ever changed: what was read before is current as long as this stays the same."""
        ...


class ConnectionTransaction(ConnectionView, Protocol):
    """Changing connections."""

    async def put_connection(self, connection: Connection) -> None:
        """Keep it, in the place of the one of its name. If it is the default, no other of its medium is from then."""
        ...

    async def drop_connection(self, name: str) -> None:
        """Forget it, secrets and all; one that is not there is passed over."""
        ...
