"""Connections, in SQLite."""

from __future__ import annotations

from holdfast.ports.connections import Connection
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, briefly, in_thread

_SQL = load("connections")


class ReadingConnections(Session):
    """Questions about connections."""

    @in_thread
    def connections(self) -> list[Connection]:
        return [
            Connection(
                name=name,
                provider=provider,
                medium=medium,
                settings=settings,
                secrets=secrets,
                is_default=bool(is_default),
                created_ms=created_ms,
                changed_ms=changed_ms,
                by=by,
            )
            for (name, provider, medium, settings, secrets, is_default, created_ms, changed_ms, by) in self._rows(
                _SQL["connections"]
            )
        ]

    @briefly
    def connection_changes(self) -> int:
        return self._number(_SQL["connection_changes"])


class ChangingConnections(ReadingConnections):
    """Changes of connections."""

    @in_thread
    def put_connection(self, connection: Connection) -> None:
        if connection.is_default:
            self._do(_SQL["no_default"], connection.medium)
        self._do(
            _SQL["put_connection"],
            connection.name,
            connection.provider,
            connection.medium,
            connection.settings,
            connection.secrets,
            int(connection.is_default),
            connection.created_ms,
            connection.changed_ms,
            connection.by,
        )
        self._do(_SQL["count_change"])

    @in_thread
    def drop_connection(self, name: str) -> None:
        self._do(_SQL["drop_connection"], name)
        self._do(_SQL["count_change"])
