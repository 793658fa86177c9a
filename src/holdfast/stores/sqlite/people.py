"""Who people are, in SQLite."""

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
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, briefly, in_thread, numbers, placed

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
_STALE = msgspec.json.Decoder(list[tuple[int, int]])


class ReadingPeople(Session):
    """Questions about who people are."""

    @in_thread
    def identities(self, keys: Sequence[IdentityKey]) -> dict[IdentityKey, Identity]:
        return self._known(keys)

    @in_thread
    def identities_by_id(self, ids: Sequence[int]) -> dict[int, Identity]:
        return {row[0]: _identity(row) for row in self._rows(_SQL["identities_by_id"], numbers(ids))}

    @in_thread
    def members(self, persons: Sequence[int]) -> dict[int, list[Identity]]:
        found: dict[int, list[Identity]] = defaultdict(list)
        for row in self._rows(_SQL["members"], numbers(set(persons))):
            found[row[3]].append(_identity(row))
        return dict(found)

    @in_thread
    def profiles(self, identities: Sequence[int]) -> dict[int, Profile]:
        rows = self._rows(_SQL["profiles"], numbers(set(identities)))
        return {identity: _PROFILES.decode(body) for identity, body in rows}

    @in_thread
    def outlines(self, identities: Sequence[int]) -> dict[int, Profile]:
        rows = self._rows(_SQL["profiles"], numbers(set(identities)))
        return {identity: _outline(_OUTLINES.decode(body)) for identity, body in rows}

    @in_thread
    def sayings(self, persons: Sequence[int]) -> dict[int, Profile]:
        found: dict[int, Profile] = {}
        for person, body in self._rows(_SQL["sayings"], numbers(set(persons))):
            told = _SAYINGS.decode(body)
            said = Profile(traits=told.traits, consent=told.consent, devices=told.devices)
            found[person] = combine([found[person], said]) if person in found else said
        return found

    @in_thread
    def links(self, identities: Sequence[int]) -> list[Link]:
        return [_link(row) for row in self._rows(_SQL["links"], numbers(set(identities)))]

    @in_thread
    def link(self, link_id: int) -> Link | None:
        row = self._row(_SQL["link"], link_id)
        return _link(row) if row else None

    @in_thread
    def count_people(self) -> int:
        return self._number(_SQL["count_people"])

    @in_thread
    def stale_people(self, *, limit: int) -> list[tuple[int, int]]:
        (told,) = self._rows(_SQL["stale_people"], limit)
        return _STALE.decode(told[0])

    def _known(self, keys: Iterable[IdentityKey]) -> dict[IdentityKey, Identity]:
        return self._known_by({key: _hash(key) for key in keys})

    def _known_by(self, wanted: Mapping[IdentityKey, int]) -> dict[IdentityKey, Identity]:
        """Those of these names that are known, each looked for by its hash."""
        rows = self._rows(_SQL["identities_by_hash"], numbers(set(wanted.values())))
        found = (_identity(row) for row in rows)
        return {identity.key: identity for identity in found if identity.key in wanted}


class ChangingPeople(ReadingPeople):
    """Changes of who people are."""

    @in_thread
    def add_identities(self, keys: Sequence[IdentityKey], at_ms: int) -> dict[IdentityKey, Identity]:
        hashes = {key: _hash(key) for key in keys}
        if len(hashes) < len(keys) or self._known_by(hashes):
            raise Internal("identities to add must be new and distinct")
        first = self._number(_SQL["last_identity"]) + 1
        self._do_all(
            _SQL["add_identity"],
            ((number, hashes[key], key.kind, _encoded(key.value), at_ms) for number, key in enumerate(keys, first)),
        )
        return {key: Identity(id=number, key=key, person=number) for number, key in enumerate(keys, first)}

    @in_thread
    def add_numbered(self, numbers: Mapping[IdentityKey, int], at_ms: int) -> None:
        self._do_all(
            _SQL["add_identity"],
            ((number, _hash(key), key.kind, _encoded(key.value), at_ms) for key, number in numbers.items()),
        )

    async def put_profiles(self, profiles: Mapping[int, Profile]) -> None:
        # In order of number, so that pages are met once.
        bodies = {each: pack(profiles[each]) for each in sorted(profiles)}
        self.leave(_SQL["put_profiles"], *placed(bodies), rows=len(bodies))

    @in_thread
    def add_link(self, link: Link) -> Link:
        return self._link([link])[0]

    @in_thread
    def add_links(self, links: Sequence[Link]) -> list[Link]:
        return self._link(links)

    @in_thread
    def undo_link(self, link_id: int, *, at_ms: int, by: str) -> None:
        self._do(_SQL["undo_link"], link_id, at_ms, by)

    @in_thread
    def assign(self, moves: Mapping[int, int]) -> None:
        self._do_all(_SQL["assign"], moves.items())

    async def touch_people(self, persons: Sequence[int]) -> int:
        if not persons:
            return 0
        change = await self._next_sequence()
        self.leave(_SQL["touch_people"], numbers(set(persons)), change, rows=len(persons))
        return change

    @briefly
    def _next_sequence(self) -> int:
        return self._number(_SQL["next_sequence"])

    def _touch(self, persons: Sequence[int]) -> None:
        self._do(_SQL["touch_people"], numbers(set(persons)), self._number(_SQL["next_sequence"]))

    @in_thread
    def untouch_people(self, told: Sequence[tuple[int, int]]) -> None:
        last = max((change for _, change in told), default=0)
        self._do(_SQL["untouch_people"], msgspec.json.encode(told).decode(), last)

    def _link(self, links: Sequence[Link]) -> list[Link]:
        first = self._number(_SQL["last_link"]) + 1
        added = [replace(link, id=number) for number, link in enumerate(links, first)]
        self._do_all(
            _SQL["add_link"],
            (
                (each.id, each.first, each.second, each.kind, each.at_ms, each.by, each.undone_ms, each.undone_by)
                for each in added
            ),
        )
        return added


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
