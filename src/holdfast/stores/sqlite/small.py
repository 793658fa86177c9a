"""Small things in SQLite: keys and named notes."""

from __future__ import annotations

from holdfast.ports.state import AccessKey
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, briefly, in_thread

_SQL = load("small")


class ReadingSmall(Session):
    """Questions about small things."""

    @in_thread
    def keys(self) -> list[AccessKey]:
        return [
            AccessKey(
                name=name,
                kind=kind,
                hash=hashed,
                shown=shown,
                created_ms=created_ms,
                revoked_ms=revoked_ms,
                scopes=None if scopes is None else tuple(scopes.split(",")),
                used_ms=used_ms,
            )
            for name, kind, hashed, shown, created_ms, revoked_ms, scopes, used_ms in self._rows(_SQL["keys"])
        ]

    @briefly
    def note(self, name: str) -> str | None:
        row = self._row(_SQL["note"], name)
        return row[0] if row else None


class ChangingSmall(ReadingSmall):
    """Changes of small things."""

    @in_thread
    def put_key(self, key: AccessKey) -> None:
        scopes = None if key.scopes is None else ",".join(key.scopes)
        given = (key.name, key.kind, key.hash, key.shown, key.created_ms, key.revoked_ms, scopes, key.used_ms)
        self._do(_SQL["put_key"], *given)

    @in_thread
    def revoke_key(self, name: str, at_ms: int) -> None:
        self._do(_SQL["revoke_key"], name, at_ms)

    @in_thread
    def note_key_used(self, name: str, at_ms: int) -> None:
        self._do(_SQL["note_key_used"], name, at_ms)

    async def set_note(self, name: str, value: str) -> None:
        self.leave(_SQL["set_note"], name, value, rows=1)
