"""Erased: what is kept of people who are forgotten, and who asks it.

Of each of their names and addresses a hash is kept, keyed with the workspace's secret. Nobody can read a name from it;
whoever comes with the name can be told that it was erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from holdfast.decisions.gate import GateRules
from holdfast.events.event import OWN_SOURCE, Event, IdentityKey
from holdfast.flows.ingest.reading import INDEXES, Placed
from holdfast.kernel.moments import to_millis
from holdfast.kernel.veil import veiled
from holdfast.ports.erasure import Tombstone
from holdfast.ports.state import View

ERASED_NOTE = "erased"
"""The state's note of the erasures there were: the last offset they reach to, and a mark that each makes another."""
FEW = 8
"""Addresses that are veiled sooner than it is asked whether anybody was ever erased."""
_ADDRESS = "erased:"
"""What a suppressed address begins with that is only known by its hash."""


class Plan(msgspec.Struct, kw_only=True):
    """Who is erased, and what else of theirs is to be found by. Personal: kept only as long as the erasure takes."""

    identities: list[int]
    persons: list[int]
    names: list[tuple[Literal["user", "anonymous"], str]]
    addresses: list[str]
    sends: list[str]
    events: list[str] | None = None
    """The names of their events in the history; None until they are known."""
    counted: dict[str, int] = {}
    """What the history held of them when its events were named."""
    loading: list[int] = []
    """Hashes of messages a table brought that the state had and the history perhaps not."""

    @property
    def keys(self) -> frozenset[IdentityKey]:
        """Their names."""
        return frozenset(IdentityKey(kind=kind, value=value) for kind, value in self.names)

    @property
    def words(self) -> frozenset[str]:
        """Texts by which a record that is no event is known to be theirs."""
        return frozenset(value for _, value in self.names) | frozenset(self.addresses)


def veil_of(name: IdentityKey, key: bytes) -> str:
    """What stands for a name."""
    return veiled(key, "name", name.kind, name.value)


def veiled_address(channel: str, address: str, key: bytes) -> str:
    """What stands for an address among those that are suppressed."""
    return _ADDRESS + veiled(key, "address", channel, address.lower())


async def suppressed_of(view: View, rules: GateRules, channel: str, addresses: Iterable[str]) -> dict[str, str]:
    """Of these addresses those that are suppressed, with the reason; the erased, who are known by a hash, too."""
    asked = sorted({each.lower() for each in addresses if each})
    if not rules.veil_key or (len(asked) > FEW and await view.note(ERASED_NOTE) is None):
        return await view.suppressed(channel, asked)
    veils = {veiled_address(channel, each, rules.veil_key): each for each in asked}
    found = await view.suppressed(channel, [*asked, *veils])
    return {veils.get(each, each): reason for each, reason in found.items()}


async def without_erased(view: View, placed: Sequence[Placed], key: bytes) -> list[Placed]:
    """Those events that are not of the erased: neither from before their erasure, nor brought back by an import."""
    noted = await view.note(ERASED_NOTE) if placed and key else None
    if not noted:
        return list(placed)
    until = int(noted.split()[0])
    suspects = [each for each in placed if each.position < until * INDEXES or _tells_of_the_past(each)]
    if not suspects:
        return list(placed)
    stones = await view.tombstones([veil_of(name, key) for each in suspects for name in names_of(each.event)])
    gone = {each.position for each in suspects if _is_erased(each, stones, key)}
    return [each for each in placed if each.position not in gone]


def names_of(event: Event) -> list[IdentityKey]:
    """The names under which an event may be of somebody."""
    names = [event.identity]
    if event.kind == "alias" and event.previous_id:
        previous = event.previous_id
        names += [IdentityKey(kind="user", value=previous), IdentityKey(kind="anonymous", value=previous)]
    return names


def _tells_of_the_past(placed: Placed) -> bool:
    """Whether it may be older than an erasure though it came after: our own events, and what an import brings."""
    return placed.imported or placed.event.source == OWN_SOURCE


def _is_erased(placed: Placed, stones: dict[str, Tombstone], key: bytes) -> bool:
    found = [stones[each] for name in names_of(placed.event) if (each := veil_of(name, key)) in stones]
    if any(placed.position < stone.until * INDEXES for stone in found):
        return True
    at_ms = to_millis(placed.event.timestamp)
    return _tells_of_the_past(placed) and any(at_ms <= stone.at_ms for stone in found)


async def under_erasure(view: View) -> list[tuple[int, Plan]]:
    """Whom an erasure under way is about, each with the offset before which everything of theirs goes."""
    return [(each.until, msgspec.json.decode(each.plan, type=Plan)) for each in await view.erasures(open_only=True)]
