"""Receipts, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.ports.receipts import Reached, SuppressedAddress
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread

_SQL = load("receipts")
_FIRST = (2**62, "", "")
"""Before any suppressed address."""


class ReadingReceipts(Session):
    """Questions about receipts and suppressed addresses."""

    @in_thread
    def sends_by_provider_id(self, channel: str, ids: Sequence[str]) -> dict[str, str]:
        rows = (self._row(_SQL["send_by_provider_id"], channel, each) for each in ids)
        return dict(row for row in rows if row)

    @in_thread
    def reached(self, channel: str, addresses: Sequence[str]) -> dict[str, Reached]:
        rows = (self._row(_SQL["reached"], channel, each.lower()) for each in addresses)
        return {row[1]: _reached(row) for row in rows if row}

    @in_thread
    def suppressed_addresses(
        self, *, limit: int, channel: str | None = None, before: tuple[int, str, str] | None = None
    ) -> list[SuppressedAddress]:
        rows = self._rows(_SQL["suppressed_addresses"], *(before or _FIRST), channel, limit)
        return [
            SuppressedAddress(channel=channel, address=address, reason=reason, at_ms=at_ms)
            for channel, address, reason, at_ms in rows
        ]

    @in_thread
    def soft_bounces(self, channel: str, address: str, since_ms: int) -> int:
        return self._number(_SQL["soft_bounces"], channel, address.lower(), since_ms)


class ChangingReceipts(ReadingReceipts):
    """Changes of it."""

    @in_thread
    def note_reached(self, reached: Sequence[Reached]) -> None:
        numbered = ((each.channel, each.provider_id, each.send, each.identity, each.at_ms) for each in reached)
        self._do_all(_SQL["note_provider_message"], (each for each in numbered if each[1]))
        self._do_all(
            _SQL["note_reached"],
            ((each.channel, each.address.lower(), each.identity, each.send, each.at_ms) for each in reached),
        )

    @in_thread
    def note_soft_bounce(self, channel: str, address: str, send: str, at_ms: int) -> None:
        self._do(_SQL["note_soft_bounce"], channel, address.lower(), send, at_ms)

    @in_thread
    def lift_suppression(self, channel: str, address: str) -> str | None:
        rows = self._rows(_SQL["lift_suppression"], channel, address.lower())
        return rows[0][0] if rows else None

    @in_thread
    def forget_receipts(self, before_ms: int, *, limit: int) -> int:
        forgotten = ("forget_provider_messages", "forget_soft_bounces")
        return sum(self._change(_SQL[each], before_ms, limit) for each in forgotten)


def _reached(row: Row) -> Reached:
    channel, address, identity, send, at_ms = row
    return Reached(channel=channel, address=address, identity=identity, send=send, at_ms=at_ms)
