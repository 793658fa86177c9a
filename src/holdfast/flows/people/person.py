"""A person, gathered from their identities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.events.event import IdentityKey
from holdfast.ports.history import PersonRow
from holdfast.ports.state import Identity
from holdfast.profiles.profile import EMPTY, Profile, combine


def shown_as(members: Sequence[Identity]) -> IdentityKey:
    """The name a person is shown under and drawn by: the oldest user identity, else the oldest of all."""
    if len(members) == 1:
        return members[0].key
    users = [each for each in members if each.key.kind == "user"]
    return min(users or members, key=lambda each: each.id).key


def person_row(
    person: int, members: Sequence[Identity], profiles: Mapping[int, Profile], *, version: int = 0
) -> PersonRow:
    """A person as the history keeps them; one without members is gone: merged into another."""
    if not members:
        return PersonRow(
            person=person,
            user_id="",
            known=False,
            traits={},
            first_seen_ms=0,
            last_seen_ms=0,
            version=version,
            gone=True,
        )
    if len(members) == 1:
        return lone_row(person, members[0].key, profiles.get(members[0].id, EMPTY), version)
    whole = combine(profiles.get(each.id, EMPTY) for each in members)
    # Whoever has a user identity is shown under one.
    return lone_row(person, shown_as(members), whole, version)


def lone_row(person: int, shown: IdentityKey, whole: Profile, version: int) -> PersonRow:
    """The same of a person who is shown under that name and of whom that is known: nearly everybody has one name."""
    first_ms, last_ms = whole.first_seen_ms, whole.last_seen_ms
    return PersonRow(
        person=person,
        user_id=shown.value,
        known=shown.kind == "user",
        traits={name: said.value for name, said in whole.traits.items() if said.value is not None},
        first_seen_ms=first_ms,
        # Somebody put on a list who did nothing yet was seen when we first heard of them.
        last_seen_ms=max(first_ms, last_ms),
        version=version,
    )
