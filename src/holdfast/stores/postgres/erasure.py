"""Forgetting people, in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from holdfast.ports.erasure import Erasure, Suppression, Tombstone
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session, numbers

_SQL = load("erasure")
_KINDS = ("identities", "profiles", "links", "visits", "sends", "memberships", "inbox", "receipts", "devices")
_FORGET = ("answers", "words", *_KINDS, "members", "reviews", "numbers")
"""In this order: answers and words are found by the sends they are of."""


class ReadingErasure(Session):
    """Questions about what was erased."""

    async def erasures(self, *, open_only: bool = False) -> list[Erasure]:
        return [_erasure(row) for row in await self._rows(_SQL["erasures_open" if open_only else "erasures"])]

    async def erasure(self, erasure_id: str) -> Erasure | None:
        row = await self._row(_SQL["erasure"], erasure_id)
        return _erasure(row) if row else None

    async def tombstones(self, names: Sequence[str]) -> dict[str, Tombstone]:
        rows = await self._rows(_SQL["tombstones"], list(names))
        return {
            name: Tombstone(name=name, erasure=erasure, until=until, at_ms=at_ms)
            for name, erasure, until, at_ms in rows
        }

    async def suppressions(self, addresses: Sequence[str]) -> list[Suppression]:
        rows = await self._rows(_SQL["suppressions"], _digests(addresses))
        return [Suppression(channel=channel, address=address, reason=reason) for channel, address, reason in rows]

    async def last_identity(self) -> int:
        return await self._number(_SQL["last_identity"])

    async def held(self, identities: Sequence[int]) -> dict[str, int]:
        row = await self._row(_SQL["held"], numbers(identities))
        return dict(zip(_KINDS, row or (0,) * len(_KINDS), strict=True))


class ChangingErasure(ReadingErasure):
    """Forgetting."""

    async def put_erasure(self, erasure: Erasure) -> None:
        await self._do(
            _SQL["put_erasure"],
            erasure.id,
            erasure.requested_ms,
            erasure.until,
            erasure.done_ms,
            erasure.plan,
            erasure.record,
        )

    async def add_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        rows = [(each.name, each.erasure, each.until, each.at_ms) for each in tombstones]
        await self._do_all(_SQL["add_tombstones"], rows)

    async def forget_identities(self, identities: Sequence[int]) -> dict[str, int]:
        wanted = numbers(identities)
        counted = await self.held(wanted)
        await self._do(_SQL["note_forgotten"], wanted)
        for kind in _FORGET:
            await self._do(_SQL[f"forget_{kind}"], wanted)
        return counted

    async def drop_emitted(self, ids: Sequence[int]) -> None:
        await self._do(_SQL["drop_emitted"], numbers(ids))

    async def drop_bad_records(self, ids: Sequence[int]) -> None:
        await self._do(_SQL["drop_bad_records"], numbers(ids))

    async def drop_suppressions(self, addresses: Sequence[str]) -> None:
        await self._do(_SQL["drop_suppressions"], _digests(addresses))
        await self._do(_SQL["drop_bounces"], sorted({each.lower() for each in addresses}))


def _digests(addresses: Sequence[str]) -> list[bytes]:
    return sorted({hashlib.sha256(each.lower().encode("utf-8", "surrogatepass")).digest() for each in addresses})


def _erasure(row: Row) -> Erasure:
    erasure_id, requested_ms, until, done_ms, plan, record = row
    return Erasure(id=erasure_id, requested_ms=requested_ms, until=until, done_ms=done_ms, plan=plan, record=record)
