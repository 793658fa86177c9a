"""Receipts, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from holdfast.ports.receipts import Reached, SuppressedAddress
from holdfast.stores.memory.session import Session

_K = TypeVar("_K")


class ReadingReceipts(Session):
    """Questions about receipts and suppressed addresses."""

    async def sends_by_provider_id(self, channel: str, ids: Sequence[str]) -> dict[str, str]:
        kept = self._tables.provider_messages
        return {each: kept[channel, each].send for each in ids if (channel, each) in kept}

    async def reached(self, channel: str, addresses: Sequence[str]) -> dict[str, Reached]:
        asked, kept = [each.lower() for each in addresses], self._tables.reached
        return {each: kept[channel, each] for each in asked if (channel, each) in kept}

    async def suppressed_addresses(
        self, *, limit: int, channel: str | None = None, before: tuple[int, str, str] | None = None
    ) -> list[SuppressedAddress]:
        since = self._tables.suppressed_ms
        every = [
            SuppressedAddress(channel=each[0], address=each[1], reason=reason, at_ms=since.get(each, 0))
            for each, reason in self._tables.suppressions.items()
            if channel is None or each[0] == channel
        ]
        every.sort(key=_order)
        if before is not None:
            after = (-before[0], before[1], before[2])
            every = [each for each in every if _order(each) > after]
        return every[:limit]

    async def soft_bounces(self, channel: str, address: str, since_ms: int) -> int:
        at = (channel, address.lower())
        return sum(each[:2] == at and at_ms >= since_ms for each, at_ms in self._tables.soft_bounces.items())


class ChangingReceipts(ReadingReceipts):
    """Changes of it."""

    async def note_reached(self, reached: Sequence[Reached]) -> None:
        tables = self._tables
        numbered = {(each.channel, each.provider_id): each for each in reversed(reached) if each.provider_id}
        tables.provider_messages = numbered | tables.provider_messages
        kept = dict(tables.reached)
        for each in reached:
            at = (each.channel, each.address.lower())
            if at not in kept or each.at_ms >= kept[at].at_ms:
                kept[at] = replace(each, address=at[1], provider_id="")
        tables.reached = kept

    async def note_soft_bounce(self, channel: str, address: str, send: str, at_ms: int) -> None:
        self._tables.soft_bounces = {(channel, address.lower(), send): at_ms} | self._tables.soft_bounces

    async def lift_suppression(self, channel: str, address: str) -> str | None:
        at, kept = (channel, address.lower()), self._tables.suppressions
        self._tables.suppressions = {each: reason for each, reason in kept.items() if each != at}
        return kept.get(at)

    async def forget_receipts(self, before_ms: int, *, limit: int) -> int:
        tables = self._tables
        numbers = _oldest({key: each.at_ms for key, each in tables.provider_messages.items()}, before_ms, limit)
        bounces = _oldest(tables.soft_bounces, before_ms, limit)
        tables.provider_messages = {key: each for key, each in tables.provider_messages.items() if key not in numbers}
        tables.soft_bounces = {key: at_ms for key, at_ms in tables.soft_bounces.items() if key not in bounces}
        return len(numbers) + len(bounces)


def _oldest(times: Mapping[_K, int], before_ms: int, limit: int) -> set[_K]:
    old = sorted((key for key, at_ms in times.items() if at_ms < before_ms), key=lambda key: times[key])
    return set(old[:limit])


def _order(each: SuppressedAddress) -> tuple[int, str, str]:
    return (-each.at_ms, each.channel, each.address)
