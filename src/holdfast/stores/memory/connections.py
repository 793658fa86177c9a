"""Connections, in memory."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.connections import Connection
from holdfast.stores.memory.session import Session


class ReadingConnections(Session):
    """Questions about connections."""

    async def connections(self) -> list[Connection]:
        return [each for _, each in sorted(self._tables.connections.items())]

    async def connection_changes(self) -> int:
        return self._tables.connection_changes


class ChangingConnections(ReadingConnections):
    """Changes of connections."""

    async def put_connection(self, connection: Connection) -> None:
        kept = {
            name: replace(each, is_default=False) if connection.is_default and _alike(each, connection) else each
            for name, each in self._tables.connections.items()
        }
        self._tables.connections = kept | {connection.name: connection}
        self._tables.connection_changes += 1

    async def drop_connection(self, name: str) -> None:
        self._tables.connections = {each: it for each, it in self._tables.connections.items() if each != name}
        self._tables.connection_changes += 1


def _alike(one: Connection, other: Connection) -> bool:
    return one.medium == other.medium
