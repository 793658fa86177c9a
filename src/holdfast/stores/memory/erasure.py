"""Forgetting people, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from holdfast.ports.erasure import Erasure, Suppression, Tombstone
from holdfast.stores.memory.session import Session

_K = TypeVar("_K")
_V = TypeVar("_V")
_UNSETTLED = ("pending", "claimed")


class ReadingErasure(Session):
    """Questions about what was erased."""

    async def erasures(self, *, open_only: bool = False) -> list[Erasure]:
        every = sorted(self._tables.erasures.values(), key=lambda each: (each.requested_ms, each.id))
        return [each for each in every if each.done_ms is None or not open_only]

    async def erasure(self, erasure_id: str) -> Erasure | None:
        return self._tables.erasures.get(erasure_id)

    async def tombstones(self, names: Sequence[str]) -> dict[str, Tombstone]:
        return {name: self._tables.tombstones[name] for name in names if name in self._tables.tombstones}

    async def suppressions(self, addresses: Sequence[str]) -> list[Suppression]:
        wanted = {address.lower() for address in addresses}
        return [
            Suppression(channel=channel, address=address, reason=reason)
            for (channel, address), reason in sorted(self._tables.suppressions.items())
            if address in wanted
        ]

    async def last_identity(self) -> int:
        return self._highest()

    async def held(self, identities: Sequence[int]) -> dict[str, int]:
        tables, wanted = self._tables, set(identities)
        return {
            "identities": len(wanted & tables.identities.keys()),
            "profiles": len(wanted & tables.profiles.keys()),
            "links": sum(link.first in wanted or link.second in wanted for link in tables.links.values()),
            "visits": sum(visit.identity in wanted for visit in tables.visits.values()),
            "sends": sum(send.identity in wanted for send in tables.sends.values()),
            "memberships": len(wanted & tables.memberships.keys())
            + sum(person in wanted for _, person in tables.segment_members),
            "inbox": sum(item.identity in wanted for item in tables.inbox.values()),
            "receipts": sum(
                each.identity in wanted for each in (*tables.reached.values(), *tables.provider_messages.values())
            ),
            "devices": sum(each in wanted for each in tables.devices.values()),
        }

    def _highest(self) -> int:
        return max(max(self._tables.identities, default=0), self._tables.identities_forgotten)


class ChangingErasure(ReadingErasure):
    """Forgetting."""

    async def put_erasure(self, erasure: Erasure) -> None:
        self._tables.erasures = self._tables.erasures | {erasure.id: erasure}

    async def add_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        self._tables.tombstones = self._tables.tombstones | {each.name: each for each in tombstones}

    async def forget_identities(self, identities: Sequence[int]) -> dict[str, int]:
        gone, tables = set(identities), self._tables
        held = await self.held(identities)
        tables.identities_forgotten = self._highest()
        names = {each.key for each in tables.identities.values() if each.id in gone}
        sent = [send for send in tables.sends.values() if send.identity in gone and send.state not in _UNSETTLED]
        totals = dict(tables.totals_forgotten)
        for send in sent:
            totals[send.origin, send.state] = totals.get((send.origin, send.state), 0) + 1
        tables.totals_forgotten = totals
        tables.identities = _without(tables.identities, gone)
        tables.numbers = {key: number for key, number in tables.numbers.items() if key not in names}
        tables.profiles = _without(tables.profiles, gone)
        tables.links = {
            each: link for each, link in tables.links.items() if link.first not in gone and link.second not in gone
        }
        tables.visits = {each: visit for each, visit in tables.visits.items() if visit.identity not in gone}
        tables.answers = {key: said for key, said in tables.answers.items() if tables.sends[key].identity not in gone}
        theirs = {key for key, send in tables.sends.items() if send.identity in gone}
        tables.kept_words = _without(tables.kept_words, theirs)
        tables.sends = {key: send for key, send in tables.sends.items() if send.identity not in gone}
        tables.memberships = _without(tables.memberships, gone)
        tables.segment_members = {each: since for each, since in tables.segment_members.items() if each[1] not in gone}
        tables.inbox = {key: item for key, item in tables.inbox.items() if item.identity not in gone}
        tables.reached = {at: each for at, each in tables.reached.items() if each.identity not in gone}
        tables.devices = {each: owner for each, owner in tables.devices.items() if owner not in gone}
        numbers = tables.provider_messages
        tables.provider_messages = {at: each for at, each in numbers.items() if each.identity not in gone}
        tables.member_reviews = _without(tables.member_reviews, gone)
        return held

    async def drop_emitted(self, ids: Sequence[int]) -> None:
        self._tables.emitted = _without(self._tables.emitted, set(ids))

    async def drop_bad_records(self, ids: Sequence[int]) -> None:
        self._tables.bad_records = _without(self._tables.bad_records, set(ids))

    async def drop_suppressions(self, addresses: Sequence[str]) -> None:
        gone = {address.lower() for address in addresses}
        kept = {each: reason for each, reason in self._tables.suppressions.items() if each[1] not in gone}
        self._tables.suppressions = kept
        bounced = self._tables.soft_bounces
        self._tables.soft_bounces = {each: at_ms for each, at_ms in bounced.items() if each[1] not in gone}


def _without(table: Mapping[_K, _V], gone: set[_K]) -> dict[_K, _V]:
    return {key: value for key, value in table.items() if key not in gone}
