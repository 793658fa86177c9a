"""Proving that somebody was forgotten: the certificate tried again, and every store searched for the name."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.events.event import IdentityKey
from holdfast.flows.people.erased import Plan, veil_of
from holdfast.flows.people.erasing import Erasing
from holdfast.flows.people.erasure_record import Found, Record, decoded
from holdfast.flows.people.erasure_stores import Stores
from holdfast.kernel.errors import NotFound
from holdfast.ports.state import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A certificate, tried again."""

    record: Record
    genuine: bool
    """Whether it was sealed with this workspace's secret, and not altered since."""
    found: tuple[Found, ...] = ()
    """What a search finds now; empty where no name was given to search for."""

    @property
    def holds(self) -> bool:
        """Whether it is genuine, and nothing was found."""
        return self.genuine and all(each.nothing for each in self.found)


async def prove(stores: Stores, name: str) -> Proof:
    """Find the certificate of whoever went by the name, check its seal, and search every store for the name again.

    Raises NotFound when nobody was ever erased under it.
    """
    await stores.catch_up()
    async with stores.state.view() as view:
        record = await erased_as(view, name, stores.secret)
    if record is None:
        raise NotFound(f"nobody was erased as {name!r:.200}.", code="never_erased", hint="Names are compared exactly.")
    names = [each for each in readings(name) if veil_of(each, stores.secret) in record.names]
    plan = Plan(
        identities=record.identities,
        persons=[],
        names=[(each.kind, each.value) for each in names],
        addresses=[],
        sends=[],
    )
    found = await Erasing(at=stores, record=record, plan=plan).search()
    return Proof(record=record, genuine=record.is_genuine(stores.secret), found=tuple(found))


async def erased_as(view: View, name: str, key: bytes) -> Record | None:
    """The latest erasure of somebody who went by the name; None when nobody who did was ever erased."""
    veils = [veil_of(each, key) for each in readings(name)]
    stones = await view.tombstones(veils)
    if not stones:
        return None
    latest = max(stones.values(), key=lambda each: (each.at_ms, each.until))
    erasure = await view.erasure(latest.erasure)
    return None if erasure is None else decoded(erasure.record)


def readings(name: str) -> tuple[IdentityKey, IdentityKey]:
    """What a name may mean."""
    return IdentityKey(kind="user", value=name), IdentityKey(kind="anonymous", value=name)
