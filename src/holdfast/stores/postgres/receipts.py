"""Receipts, in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from holdfast.ports.receipts import Reached, SuppressedAddress
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("receipts")
_FIRST = (2**62, "", "")
"""Before any suppressed address."""


class ReadingReceipts(Session):
    """Questions about receipts and suppressed addresses."""

    async def sends_by_provider_id(self, channel: str, ids: Sequence[str]) -> dict[str, str]:
        return dict(await self._rows(_SQL["sends_by_provider_id"], channel, list(ids)))

    async def reached(self, channel: str, addresses: Sequence[str]) -> dict[str, Reached]:
        rows = await self._rows(_SQL["reached"], channel, [each.lower() for each in addresses])
        return {row[1]: _reached(row) for row in rows}

    async def suppressed_addresses(
        self, *, limit: int, channel: str | None = None, before: tuple[int, str, str] | None = None
    ) -> list[SuppressedAddress]:
        rows = await self._rows(_SQL["suppressed_addresses"], *(before or _FIRST), channel, limit)
        return [
            SuppressedAddress(channel=channel, address=address, reason=reason, at_ms=at_ms)
            for channel, address, reason, at_ms in rows
        ]

    async def soft_bounces(self, channel: str, address: str, since_ms: int) -> int:
        return await self._number(_SQL["soft_bounces"], channel, address.lower(), since_ms)


class ChangingReceipts(ReadingReceipts):
    """Changes of it."""

    async def note_reached(self, reached: Sequence[Reached]) -> None:
        numbered = [(each.channel, each.provider_id, each.send, each.identity, each.at_ms) for each in reached]
        await self._do_all(_SQL["note_provider_messages"], [each for each in numbered if each[1]])
        # One statement may write a row once: of several to an address, the last.
        last = {(each.channel, each.address.lower()): each for each in sorted(reached, key=lambda each: each.at_ms)}
        rows = [(*address, each.identity, each.send, each.at_ms) for address, each in sorted(last.items())]
        await self._do_all(_SQL["note_reached"], rows)

    async def note_soft_bounce(self, channel: str, address: str, send: str, at_ms: int) -> None:
        await self._do(_SQL["note_soft_bounce"], channel, address.lower(), send, at_ms)

    async def lift_suppression(self, channel: str, address: str) -> str | None:
        digest = hashlib.sha256(address.lower().encode("utf-8", "surrogatepass")).digest()
        row = await self._row(_SQL["lift_suppression"], channel, digest)
        return row[0] if row else None

    async def forget_receipts(self, before_ms: int, *, limit: int) -> int:
        numbers = await self._rows(_SQL["forget_provider_messages"], before_ms, limit)
        return len(numbers) + len(await self._rows(_SQL["forget_soft_bounces"], before_ms, limit))


def _reached(row: Row) -> Reached:
    channel, address, identity, send, at_ms = row
    return Reached(channel=channel, address=address, identity=identity, send=send, at_ms=at_ms)
