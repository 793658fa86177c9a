"""Who people are: identities, the persons they belong to, what is known of each, and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from holdfast.events.event import IdentityKey
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import Profile


class Identity(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A name somebody goes by, its dense number, and the person it belongs to now.

    A person's number is the smallest identity number among those joined into it.
    """

    id: int
    key: IdentityKey
    person: int


class PeopleView(Protocol):
    """Reading who people are."""

    async def identities(self, keys: Sequence[IdentityKey]) -> dict[IdentityKey, Identity]:
        """Those of the keys that are known."""
        ...

    async def identities_by_id(self, ids: Sequence[int]) -> dict[int, Identity]: ...

    async def members(self, persons: Sequence[int]) -> dict[int, list[Identity]]:
        """Each person's identities, in order of id."""
        ...

    async def profiles(self, identities: Sequence[int]) -> dict[int, Profile]:
        """What is known of each identity; identities with nothing known are left out."""
        ...

    async def outlines(self, identities: Sequence[int]) -> dict[int, Profile]:
        """The same of their traits and when they were first and last seen alone; all else is left out."""
        ...

    async def sayings(self, persons: Sequence[int]) -> dict[int, Profile]:
        """What was said of each person, under any identity: traits, consent and devices.

        Those with nothing known are left out. What they did and when is left out of the profiles, which is most of it.
        """
        ...

    async def links(self, identities: Sequence[int]) -> list[Link]:
        """Every link, undone ones too, that touches any of the identities; in order of id."""
        ...

    async def link(self, link_id: int) -> Link | None:
        """One link by its id."""
        ...

    async def stale_people(self, *, limit: int) -> list[tuple[int, int]]:
        """Persons changed since they were last copied to the history: (person, sequence number of the change).

        The longest waiting first, nobody twice. The number is that of their last change; where more changes wait than
        `limit`, it may be of one before it, and they are told of again.
        """
        ...

    async def count_people(self) -> int: ...


class PeopleTransaction(PeopleView, Protocol):
    """Changing who people are."""

    async def add_identities(self, keys: Sequence[IdentityKey], at_ms: int) -> dict[IdentityKey, Identity]:
        """Number new identities densely from 1; each starts as a person of its own. Keys must be new and distinct."""
        ...

    async def put_profiles(self, profiles: Mapping[int, Profile]) -> None: ...

    async def add_link(self, link: Link) -> Link:
        """Record a link; returns it with its id. The person map is changed by `assign`."""
        ...

    async def add_links(self, links: Sequence[Link]) -> list[Link]:
        """Record many links; returns them with their ids, in the same order."""
        ...

    async def undo_link(self, link_id: int, *, at_ms: int, by: str) -> None: ...

    async def assign(self, moves: Mapping[int, int]) -> None:
        """Say which person each identity now belongs to (identity to person)."""
        ...

    async def touch_people(self, persons: Sequence[int]) -> int:
        """Mark persons as changed, so that the history store is told; returns the sequence number of the change.

        It is 0, and no change, where there are none.
        """
        ...

    async def untouch_people(self, told: Sequence[tuple[int, int]]) -> None:
        """Forget the marks of `stale_people`: whoever has changed since is told of again."""
        ...
