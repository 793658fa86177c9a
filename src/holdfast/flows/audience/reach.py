"""Reach: of an audience, how many the contact gate would let us write to on each channel now, and why not the others.

It is the gate itself that is asked, person by person, with what `travel` would ask it with; only quiet hours and caps
are left out, for they speak of the hour and not of the person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt

from holdfast.decisions.gate import Contact, GateRules, Permit, Reason, gate, standing_of
from holdfast.decisions.medium import address_on, personal_media
from holdfast.flows.people.erased import suppressed_of
from holdfast.flows.people.person import shown_as
from holdfast.ports.state import State, View
from holdfast.profiles.profile import EMPTY, Profile

BATCH_PEOPLE = 2_000
"""People looked at in one snapshot of the state; what was said of so many is held at a time."""


@dataclass(slots=True)
class ChannelReach:
    """How many can be reached on a channel, and why each of the others cannot: exactly one reason a person."""

    channel: str
    people: int = 0
    """In the audience."""
    reachable: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The reach of an audience on every channel."""

    as_of_ms: int
    people: int
    topic: str
    transactional: bool
    channels: tuple[ChannelReach, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What people would be written to about."""

    topic: str = ""
    """Empty for none in particular: then it goes by the channel as a whole."""
    transactional: bool = False


async def reach_of(
    persons: npt.NDArray[np.uint32],
    wish: Wish,
    *,
    state: State,
    rules: GateRules,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[ChannelReach, ...]:
    """The reach among these people, batch by batch.

    Args:
        progress: told people done, and in all, after each batch.
    """
    lasting = rules.of_the_person()
    found = {name: ChannelReach(name) for name in personal_media()}
    for start in range(0, len(persons), BATCH_PEOPLE):
        batch = persons[start : start + BATCH_PEOPLE].tolist()
        async with state.view() as view:
            known = await view.sayings(batch)
            profiles = [known.get(person, EMPTY) for person in batch]
            keys = await _keys(view, batch, lasting)
            for channel, reached in found.items():
                await _count(reached, profiles, keys, wish, view=view, rules=lasting, now=now, channel=channel)
        progress(start + len(batch), len(persons))
    return tuple(found.values())


async def _keys(view: View, persons: Sequence[int], rules: GateRules) -> list[str]:
    """The names by which the global holdout is drawn; where there is none nobody asks, and any will do."""
    if not rules.global_holdout:
        return [str(person) for person in persons]
    members = await view.members(persons)
    return [shown_as(members[person]).value if person in members else "" for person in persons]


async def _count(
    reached: ChannelReach,
    profiles: Sequence[Profile],
    keys: Sequence[str],
    wish: Wish,
    *,
    view: View,
    rules: GateRules,
    now: datetime,
    channel: str,
) -> None:
    addresses = [address_on(channel, each, key) for each, key in zip(profiles, keys, strict=True)]
    suppressed = await suppressed_of(view, rules, channel, addresses)
    contact = Contact(channel=channel, topic=wish.topic, transactional=wish.transactional)
    for profile, key, address in zip(profiles, keys, addresses, strict=True):
        why = suppressed.get(address.lower())
        standing = standing_of(profile, channel, address=address, suppressed=why, person_key=key)
        reached.people += 1
        match gate(contact, standing, rules, now):
            case Permit():
                reached.reachable += 1
            case withheld:
                reached.reasons[withheld.reason] += 1
