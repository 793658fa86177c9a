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
    # Nearly everybody has one name; and whoever did something is written anew.
    one = members[0] if len(members) == 1 else None
    whole = combine(profiles.get(each.id, EMPTY) for each in members) if one is None else profiles.get(one.id, EMPTY)
    return PersonRow(
        person=person,
        user_id=shown_as(members).value if members else "",
        known=any(each.key.kind == "user" for each in members) if one is None else one.key.kind == "user",
        traits=whole.trait_values(),
        first_seen_ms=whole.first_seen_ms,
        # Somebody put on a list who did nothing yet was seen when we first heard of them.
        last_seen_ms=max(whole.first_seen_ms, whole.last_seen_ms),
        version=version,
        gone=not members,
    )
