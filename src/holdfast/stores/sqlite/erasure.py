"""Forgetting people, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.ports.erasure import Erasure, Suppression, Tombstone
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread, numbers, texts

_SQL = load("erasure")
_KINDS = ("identities", "profiles", "links", "visits", "sends", "memberships", "inbox", "receipts", "devices")
_FORGET = ("answers", "words", *_KINDS, "members", "reviews", "numbers")
"""In this order: answers and words are found by the sends they are of."""


class ReadingErasure(Session):
    """Questions about what was erased."""

    @in_thread
    def erasures(self, *, open_only: bool = False) -> list[Erasure]:
        return [_erasure(row) for row in self._rows(_SQL["erasures_open" if open_only else "erasures"])]

    @in_thread
    def erasure(self, erasure_id: str) -> Erasure | None:
        row = self._row(_SQL["erasure"], erasure_id)
        return _erasure(row) if row else None

    @in_thread
    def tombstones(self, names: Sequence[str]) -> dict[str, Tombstone]:
        rows = self._rows(_SQL["tombstones"], texts(names))
        return {
            name: Tombstone(name=name, erasure=erasure, until=until, at_ms=at_ms)
            for name, erasure, until, at_ms in rows
        }

    @in_thread
    def suppressions(self, addresses: Sequence[str]) -> list[Suppression]:
        found = [
            Suppression(channel=channel, address=address, reason=reason)
            for each in {address.lower() for address in addresses}
            for channel, address, reason in self._rows(_SQL["suppressions"], each)
        ]
        return sorted(found, key=lambda each: (each.channel, each.address))

    @in_thread
    def last_identity(self) -> int:
        return self._number(_SQL["last_identity"])

    @in_thread
    def held(self, identities: Sequence[int]) -> dict[str, int]:
        row = self._row(_SQL["held"], numbers(set(identities)))
        return dict(zip(_KINDS, row or (0,) * len(_KINDS), strict=True))


class ChangingErasure(ReadingErasure):
    """Forgetting."""

    @in_thread
    def put_erasure(self, erasure: Erasure) -> None:
        self._do(
            _SQL["put_erasure"],
            erasure.id,
            erasure.requested_ms,
            erasure.until,
            erasure.done_ms,
            erasure.plan,
            erasure.record,
        )

    @in_thread
    def add_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        self._do_all(_SQL["add_tombstone"], ((each.name, each.erasure, each.until, each.at_ms) for each in tombstones))

    @in_thread
    def forget_identities(self, identities: Sequence[int]) -> dict[str, int]:
        wanted = numbers(set(identities))
        self._do(_SQL["note_forgotten"], wanted)
        gone = {kind: self._change(_SQL[f"forget_{kind}"], wanted) for kind in _FORGET}
        gone["memberships"] += gone["members"]
        gone["receipts"] += gone["numbers"]
        return {kind: gone[kind] for kind in _KINDS}

    @in_thread
    def drop_emitted(self, ids: Sequence[int]) -> None:
        self._do(_SQL["drop_emitted"], numbers(ids))

    @in_thread
    def drop_bad_records(self, ids: Sequence[int]) -> None:
        self._do(_SQL["drop_bad_records"], numbers(ids))

    @in_thread
    def drop_suppressions(self, addresses: Sequence[str]) -> None:
        gone = [(each.lower(),) for each in set(addresses)]
        self._do_all(_SQL["drop_suppressions"], gone)
        self._do_all(_SQL["drop_bounces"], gone)


def _erasure(row: Row) -> Erasure:
    erasure_id, requested_ms, until, done_ms, plan, record = row
    return Erasure(id=erasure_id, requested_ms=requested_ms, until=until, done_ms=done_ms, plan=plan, record=record)
