"""Who people are, in PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from holdfast.events.event import IdentityKey
from holdfast.kernel.errors import Internal
from holdfast.kernel.ids import hash64
from holdfast.ports.state import Identity
from holdfast.profiles.devices import Devices
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import Profile, Stamped, combine
from holdfast.stores.packing import decoder, pack, signed
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session, numbers

_SQL = load("people")
_PROFILES = decoder(Profile)


class _Sayings(msgspec.Struct, frozen=True, gc=False):
    """The part of a profile that tells what was said; the rest is passed over unread."""

    traits: dict[str, Stamped] = {}
    consent: dict[str, Stamped] = {}
    devices: Devices = {}


class _Outline(msgspec.Struct, frozen=True, gc=False):
    """The part of a profile that the history is told; the rest, which is most of it, is passed over unread."""

    traits: dict[str, Stamped] = {}
    first_seen_ms: int = 0
    last_seen_ms: int = 0


_SAYINGS = decoder(_Sayings)
_OUTLINES = decoder(_Outline)


class ReadingPeople(Session):
    """Questions about who people are."""

    async def identities(self, keys: Sequence[IdentityKey]) -> dict[IdentityKey, Identity]:
        return await self._known(keys)

    async def identities_by_id(self, ids: Sequence[int]) -> dict[int, Identity]:
        return {row[0]: _identity(row) for row in await self._rows(_SQL["identities_by_id"], numbers(ids))}

    async def members(self, persons: Sequence[int]) -> dict[int, list[Identity]]:
        found: dict[int, list[Identity]] = defaultdict(list)
        for row in await self._rows(_SQL["members"], numbers(persons)):
            found[row[3]].append(_identity(row))
        return dict(found)

    async def profiles(self, identities: Sequence[int]) -> dict[int, Profile]:
        rows = await self._rows(_SQL["profiles"], numbers(identities))
        return {identity: _PROFILES.decode(body) for identity, body in rows}

    async def outlines(self, identities: Sequence[int]) -> dict[int, Profile]:
        rows = await self._rows(_SQL["profiles"], numbers(identities))
        return {identity: _outline(_OUTLINES.decode(body)) for identity, body in rows}

    async def sayings(self, persons: Sequence[int]) -> dict[int, Profile]:
        found: dict[int, Profile] = {}
        for person, body in await self._rows(_SQL["sayings"], numbers(persons)):
            told = _SAYINGS.decode(body)
            said = Profile(traits=told.traits, consent=told.consent, devices=told.devices)
            found[person] = combine([found[person], said]) if person in found else said
        return found

    async def links(self, identities: Sequence[int]) -> list[Link]:
        return [_link(row) for row in await self._rows(_SQL["links"], numbers(identities))]

    async def link(self, link_id: int) -> Link | None:
        row = await self._row(_SQL["link"], link_id)
        return _link(row) if row else None

    async def count_people(self) -> int:
        return await self._number(_SQL["count_people"])

    async def stale_people(self, *, limit: int) -> list[tuple[int, int]]:
        return [(person, sequence) for person, sequence in await self._rows(_SQL["stale_people"], limit)]

    async def _known(self, keys: Iterable[IdentityKey]) -> dict[IdentityKey, Identity]:
        wanted = {key: _hash(key) for key in keys}
        rows = await self._rows(_SQL["identities_by_hash"], numbers(wanted.values()))
        found = (_identity(row) for row in rows)
        return {identity.key: identity for identity in found if identity.key in wanted}


class ChangingPeople(ReadingPeople):
    """Changes of who people are."""

    async def add_identities(self, keys: Sequence[IdentityKey], at_ms: int) -> dict[IdentityKey, Identity]:
        if len(set(keys)) < len(keys) or await self._known(keys):
            raise Internal("identities to add must be new and distinct")
        first = await self._number(_SQL["last_identity"]) + 1
        ids = list(range(first, first + len(keys)))
        hashes = [_hash(key) for key in keys]
        values = [_encoded(key.value) for key in keys]
        await self._do(_SQL["add_identities"], ids, hashes, [key.kind for key in keys], values, at_ms)
        return {key: Identity(id=number, key=key, person=number) for number, key in enumerate(keys, first)}

    async def add_numbered(self, numbers: Mapping[IdentityKey, int], at_ms: int) -> None:
        hashes = [_hash(key) for key in numbers]
        values = [_encoded(key.value) for key in numbers]
        await self._do(
            _SQL["add_identities"], list(numbers.values()), hashes, [key.kind for key in numbers], values, at_ms
        )

    async def put_profiles(self, profiles: Mapping[int, Profile]) -> None:
        # In order of number, so that pages are met once.
        await self._do_all(_SQL["put_profiles"], [(each, pack(profiles[each])) for each in sorted(profiles)])

    async def add_link(self, link: Link) -> Link:
        (added,) = await self.add_links([link])
        return added

    async def add_links(self, links: Sequence[Link]) -> list[Link]:
        first = await self._number(_SQL["last_link"]) + 1
        added = [replace(link, id=number) for number, link in enumerate(links, first)]
        await self._do_all(
            _SQL["add_links"],
            [
                (each.id, each.first, each.second, each.kind, each.at_ms, each.by, each.undone_ms, each.undone_by)
                for each in added
            ],
        )
        return added

    async def undo_link(self, link_id: int, *, at_ms: int, by: str) -> None:
        await self._do(_SQL["undo_link"], link_id, at_ms, by)

    async def assign(self, moves: Mapping[int, int]) -> None:
        await self._do_all(_SQL["assign"], sorted(moves.items()))

    async def touch_people(self, persons: Sequence[int]) -> int:
        return await self._number(_SQL["touch_people"], numbers(persons)) if persons else 0

    async def untouch_people(self, told: Sequence[tuple[int, int]]) -> None:
        await self._do_all(_SQL["untouch_people"], told)


def _hash(key: IdentityKey) -> int:
    return signed(hash64(key.kind, key.value))


def _encoded(value: str) -> bytes:
    # A client's id may hold anything, half of a surrogate pair and NUL too; as bytes it comes back as it was.
    return value.encode("utf-8", "surrogatepass")


def _identity(row: Row) -> Identity:
    number, kind, value, person = row
    return Identity(id=number, key=IdentityKey(kind=kind, value=value.decode("utf-8", "surrogatepass")), person=person)


def _outline(told: _Outline) -> Profile:
    return Profile(traits=told.traits, first_seen_ms=told.first_seen_ms, last_seen_ms=told.last_seen_ms)


def _link(row: Row) -> Link:
    number, first, second, kind, at_ms, by, undone_ms, undone_by = row
    return Link(
        id=number,
        first=first,
        second=second,
        kind=kind,
        at_ms=at_ms,
        by=by,
        undone_ms=undone_ms,
        undone_by=undone_by,
    )
