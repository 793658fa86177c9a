"""Connections, in PostgreSQL."""

from __future__ import annotations

from holdfast.ports.connections import Connection
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Session

_SQL = load("connections")


class ReadingConnections(Session):
    """Questions about connections."""

    async def connections(self) -> list[Connection]:
        return [
            Connection(
                name=name,
                provider=provider,
                medium=medium,
                settings=settings,
                secrets=secrets,
                is_default=is_default,
                created_ms=created_ms,
                changed_ms=changed_ms,
                by=by,
            )
            for (name, provider, medium, settings, secrets, is_default, created_ms, changed_ms, by) in await self._rows(
                _SQL["connections"]
            )
        ]

    async def connection_changes(self) -> int:
        return await self._number(_SQL["connection_changes"])


class ChangingConnections(ReadingConnections):
    """Changes of connections."""

    async def put_connection(self, connection: Connection) -> None:
        if connection.is_default:
            await self._do(_SQL["no_default"], connection.medium)
        await self._do(
            _SQL["put_connection"],
            connection.name,
            connection.provider,
            connection.medium,
            connection.settings,
            connection.secrets,
            connection.is_default,
            connection.created_ms,
            connection.changed_ms,
            connection.by,
        )
        await self._do(_SQL["count_change"])

    async def drop_connection(self, name: str) -> None:
        await self._do(_SQL["drop_connection"], name)
        await self._do(_SQL["count_change"])
