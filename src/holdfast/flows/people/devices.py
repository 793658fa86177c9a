"""Devices that change hands: a telephone or a browser is one person's at a time.

Whoever was heard of on it last has it, and what is meant for who had it before does not turn up on it any more: they
may have lent it, sold it, or logged out without anybody saying so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from holdfast.events.event import Event, own_event
from holdfast.kernel.moments import from_millis
from holdfast.ports.state import Identity, Transaction
from holdfast.profiles.devices import DEVICE_GONE, Heard
from holdfast.profiles.profile import EMPTY, Profile


@dataclass(frozen=True, slots=True)
class Came:
    """A device turned up with somebody: it was not theirs, or was gone."""

    device: str
    identity: int


def came(identity: int, before: Profile, after: Profile) -> Iterator[Came]:
    """The devices that turned up with somebody by one event."""
    for device, heard in after.devices.items():
        known = before.devices.get(device)
        if heard.device is not None and (known is None or known.device is None):
            yield Came(device, identity)


async def hand_over(transaction: Transaction, arrivals: Sequence[Came]) -> None:
    """Take devices from who had them until now, where that is somebody else; the profiles are written by now."""
    if not arrivals:
        return
    owners = await transaction.device_owners(sorted({each.device for each in arrivals}))
    concerned = sorted({each.identity for each in arrivals} | set(owners.values()))
    people = await transaction.identities_by_id(concerned)
    profiles = await transaction.profiles(concerned)
    gone = []
    for each in arrivals:
        owner = owners.get(each.device)
        if owner is None or owner == each.identity or owner not in people:
            owners[each.device] = each.identity
            continue
        loser = _loser(each, owner, profiles)
        owners[each.device] = owner if loser == each.identity else each.identity
        heard = _heard(loser, each.device, profiles)
        if people[owner].person != people[each.identity].person and heard is not None and heard.device is not None:
            gone.append(_gone(each.device, heard, people[loser]))
    await transaction.put_device_owners({each.device: owners[each.device] for each in arrivals})
    await transaction.emit(gone)


def _loser(each: Came, owner: int, profiles: Mapping[int, Profile]) -> int:
    """Who was heard of on the device earlier, whatever order that came in."""
    theirs, others = _heard(each.identity, each.device, profiles), _heard(owner, each.device, profiles)
    if theirs is None or others is None or others.device is None:
        return owner
    return owner if others.beaten_by(theirs) else each.identity


def _heard(identity: int, device: str, profiles: Mapping[int, Profile]) -> Heard | None:
    return profiles.get(identity, EMPTY).devices.get(device)


def _gone(device: str, heard: Heard, loser: Identity) -> Event:
    """It is gone from the moment after they were heard of on it.

    Not later: it would be gone for both, should they turn out to be one person.
    """
    return own_event(
        DEVICE_GONE,
        user=loser.key,
        at=from_millis(heard.at_ms + 1),
        properties={"device": device, "moved": True},
        key=(device, "moved", heard.message_id),
    )
