"""Bulk: take in a table of past events, columns at a time.

The same meaning as the live path, without reactions: what comes of a table is what would have come of its events sent
one by one, in the order of its rows, but nobody enters a journey. Events that are in the history already change
nothing.

A table is taken in chunks. For each, the state is changed first, in one transaction; then the history. That transaction
also notes which events are in the state and perhaps not in the history yet: should the process die between the two,
loading the table again finds them there, and completes the history without folding them twice.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.event import OWN_SOURCE, Event, IdentityKey
from holdfast.flows.audience.live_segments import look_again
from holdfast.flows.audience.watching import load_watching
from holdfast.flows.people.erased import ERASED_NOTE, veil_of
from holdfast.flows.people.identify import Said, apply_claims
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.moments import LATEST, from_millis, to_millis
from holdfast.ports.columns import EVENT_COLUMNS, Column
from holdfast.ports.history import History
from holdfast.ports.state import Identity, State, Transaction, View
from holdfast.profiles.devices import DEVICE_GONE, PUSH_SUBSCRIBED, PUSH_UNSUBSCRIBED
from holdfast.profiles.identity import Claim, claims_of
from holdfast.profiles.profile import (
    CONSENT_CHANGED,
    EMPTY,
    NAMES_MOST,
    RECENT_MOST,
    Profile,
    Tally,
    combine,
    learn,
    watch,
)
from holdfast.profiles.variants import VARIANT_ASSIGNED

CHUNK_ROWS = 100_000
"""Rows folded at a time, unless said otherwise."""
LOADED = -1
"""The position of an event that came in a table: it stands nowhere in the log."""
REMEMBERED_MS = 30 * 86_400_000
"""A message id that comes again within so long of its first event is that event, whatever time it names."""

_TEXT_COLUMNS = (
    "name",
    "kind",
    "user_id",
    "anonymous_id",
    "previous_id",
    "message_id",
    "properties",
    "context",
    "source",
)
_FIELDS: list[pa.Field[Any]] = [pa.field(name, pa.string()) for name in _TEXT_COLUMNS]
EVENT_TABLE = pa.schema([*_FIELDS, pa.field("timestamp", pa.timestamp("ms", tz="UTC"))])
"""What a table of past events looks like: properties and context are JSON objects as text; `name` is as it is kept."""

_NOTE = "bulk"
"""The state's note of events that are in the state and perhaps not in the history: their dedup hashes."""

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What became of a table."""

    rows: int
    added: int
    known: int
    """Rows that were in the history before, or stood twice in the table."""


async def load_table(
    table: pa.Table,
    *,
    state: State,
    history: History,
    received: datetime,
    progress: Callable[[int], None] = lambda rows: None,
    chunk_rows: int = CHUNK_ROWS,
    veil_key: bytes = b"",
    as_it_happened: bool = False,
) -> Loaded:
    """Take in the events; the table must have the columns of `EVENT_TABLE` and be valid row by row.

    Tables may be loaded side by side if no event is in two of them.

    Args:
        received: when the table reached us; kept as `received_at` of every event.
        progress: told how many rows are done, after each chunk.
        chunk_rows: rows folded at a time. Larger is faster; whoever else changes the state waits for a chunk.
        veil_key: what the names of the erased are hashed with. What somebody did before they were erased is left out,
            and counts as known: no file brings them back.
        as_it_happened: let `received_at` of each event be when it happened: of a past that is made up, so that it can
            be asked what was known in the midst of it.
    """
    rows = await asyncio.to_thread(_distinct, table)
    added = 0
    for start in range(0, rows.table.num_rows, chunk_rows):
        added += await _load_chunk(rows.part(start, chunk_rows), state, history, received, veil_key, as_it_happened)
        progress(min(start + chunk_rows, table.num_rows))
    return Loaded(rows=table.num_rows, added=added, known=table.num_rows - added)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Events and their dedup hashes."""

    table: pa.Table
    ids: Hashes

    def part(self, start: int, length: int) -> _Rows:
        return _Rows(table=self.table.slice(start, length).combine_chunks(), ids=self.ids[start : start + length])

    def chosen(self, wanted: Flags) -> _Rows:
        if wanted.all():
            return self
        return _Rows(table=self.table.filter(pa.array(wanted)).combine_chunks(), ids=self.ids[wanted])


def _distinct(table: pa.Table) -> _Rows:
    """The events of the table; of those with one message id, the first."""
    plain = table.select(EVENT_TABLE.names).cast(EVENT_TABLE)
    for place, name in enumerate(EVENT_TABLE.names):
        if name in ("user_id", "anonymous_id", "previous_id"):
            plain = plain.set_column(place, EVENT_TABLE.field(name), _named(plain[name]))
    ids = _hashes(plain["message_id"])
    _, first = np.unique(ids, return_index=True)
    wanted = np.zeros(len(ids), dtype=np.bool_)
    wanted[first] = True
    return _Rows(table=plain, ids=ids).chosen(wanted)


def _named(column: Column) -> Column:
    """The ids, an empty one being none."""
    return pc.if_else(pc.equal(column, pa.scalar("")), pa.scalar(None, pa.string()), column)


def _hashes(message_ids: Column) -> Hashes:
    """`message_hash` of each: the first eight bytes of the SHA-256, little-endian."""
    # All digests as one text, of which every fourth number is wanted: twice as fast as number by number.
    digests = b"".join([hashlib.sha256(each).digest() for each in message_ids.cast(pa.binary()).to_pylist()])
    return np.frombuffer(digests, dtype="<u8")[::4].astype(np.uint64)


async def _load_chunk(  # noqa: PLR0917 - What `load_table` was given.
    rows: _Rows, state: State, history: History, received: datetime, veil_key: bytes, as_it_happened: bool
) -> int:
    while True:
        erased, fresh = await _without_erased(await _unknown(rows, history), state, veil_key)
        try:
            loaded = await _load_fresh(fresh, state, history, received, erased, as_it_happened)
            await _completed(rows, state, veil_key)
        except _ErasedMeanwhileError:
            continue  # Of this nothing was written: look again who is to be left out.
        return loaded


class _ErasedMeanwhileError(Exception):
    """Somebody was erased between looking who was and folding the chunk."""


async def _without_erased(rows: _Rows, state: State, veil_key: bytes) -> tuple[str, _Rows]:
    """The state's note of the last erasure, and the rows without what the erased did before it."""
    async with state.view() as view:
        noted = await view.note(ERASED_NOTE) or ""
        if not noted or not veil_key or not rows.table.num_rows:
            return noted, rows
        codes, keys = _whose(rows.table)
        veils = [veil_of(key, veil_key) for key in keys]
        stones = await view.tombstones(veils)
    if not stones:
        return noted, rows
    erased_ms = np.array([stones[veil].at_ms if veil in stones else -1 for veil in veils], dtype=np.int64)
    return noted, rows.chosen(_millis(rows.table) > erased_ms[codes])


async def _load_fresh(  # noqa: PLR0917 - What `load_table` was given, and who was erased.
    fresh: _Rows, state: State, history: History, received: datetime, erased: str, as_it_happened: bool
) -> int:
    if fresh.table.num_rows:
        lesson = await asyncio.to_thread(_lesson, fresh)
        identities = await _take_in(fresh, lesson, state, received, erased)
        numbers = np.array([identities[key].id for key in lesson.keys], dtype=np.uint32)
        table = await asyncio.to_thread(
            _history_table, fresh.table, numbers[lesson.who], None if as_it_happened else received
        )
        await history.add_table(table, token="")
    return fresh.table.num_rows


async def _unknown(rows: _Rows, history: History) -> _Rows:
    moments = _millis(rows.table)
    first_ms = max(int(moments.min()) - REMEMBERED_MS, 0)
    last_ms = min(int(moments.max()) + REMEMBERED_MS, to_millis(LATEST))
    there = await history.known(rows.ids.tolist(), first_ms=first_ms, last_ms=last_ms)
    if not there:
        return rows
    return rows.chosen(~np.isin(rows.ids, np.fromiter(there, dtype=np.uint64, count=len(there))))


# What the events say.


_TELLING = (CONSENT_CHANGED, PUSH_SUBSCRIBED, PUSH_UNSUBSCRIBED, DEVICE_GONE, VARIANT_ASSIGNED)
"""Events that say something of people beside having happened; identify calls do, and those that name a device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asserted:
    """An event that says who is who, and the row it stands in."""

    row: int
    event: Event
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lesson:
    """What a chunk says, before anybody has a number."""

    keys: Sequence[IdentityKey]
    """Whose the events are, in order of their first event."""
    first_rows: Sequence[int]
    """The row of each key's first event."""
    who: Ints
    """For each row, its place in `keys`."""
    profiles: Sequence[Profile]
    """What the chunk says of each key."""
    asserted: Sequence[_Asserted]
    """Events with claims in order of rows; those that repeat a login are left out."""
    ours: bool
    """Whether we say all of it, such as who is on a list: then it is told who enters and leaves live segments by it.
    What somebody else did long ago is not."""


def _lesson(rows: _Rows) -> _Lesson:
    who, keys = _whose(rows.table)
    _, first_rows = np.unique(who, return_index=True)
    return _Lesson(
        keys=keys,
        first_rows=first_rows.tolist(),
        who=who,
        profiles=_profiles(rows.table, who, keys),
        asserted=_asserted(rows.table),
        ours=bool(pc.all(_is(rows.table["source"], OWN_SOURCE)).as_py()),
    )


def _whose(table: pa.Table) -> tuple[Ints, list[IdentityKey]]:
    """For each row the number of its identity, in order of appearance; and the identities."""
    # The letter keeps a user and a stranger of one name apart.
    users = _lettered("u", table["user_id"])
    strangers = _lettered("a", table["anonymous_id"])
    codes, names = _coded(pc.coalesce(users, strangers))
    keys = [IdentityKey(kind="user" if name[0] == "u" else "anonymous", value=name[1:]) for name in names]
    return codes, keys


def _coded(texts: Column) -> tuple[Ints, list[str]]:
    """Each text as a number, in order of appearance, and what the numbers mean; null is −1."""
    encoded: Any = pc.dictionary_encode(texts)
    codes: Ints = np.asarray(pc.fill_null(encoded.indices, -1), dtype=np.int64)
    return codes, encoded.dictionary.to_pylist()


def _lettered(letter: str, texts: Column) -> Column:
    joined: Column = pc.binary_join_element_wise(pa.scalar(letter), texts.combine_chunks(), pa.scalar(""))
    return joined


def _is(texts: Column, word: str) -> Column:
    return pc.equal(texts, pa.scalar(word))


def _millis(table: pa.Table) -> Ints:
    return np.asarray(table["timestamp"].combine_chunks().cast(pa.int64()))


def _profiles(table: pa.Table, who: Ints, keys: Sequence[IdentityKey]) -> list[Profile]:
    names, words = _coded(table["name"].combine_chunks())
    moments = _millis(table)
    order = np.lexsort((moments, names, who))
    who, names, moments = who[order], names[order], moments[order]
    tallies = _tallies(who, names, moments, words, len(keys))
    begins = np.flatnonzero(np.diff(who, prepend=-1))
    firsts = np.minimum.reduceat(moments, begins).tolist()
    lasts = np.maximum.reduceat(np.where(_are_our_sayings(table)[order], 0, moments), begins).tolist()
    told = _told(table)
    return [
        Profile(
            traits=said.traits,
            consent=said.consent,
            tallies=counted
            if len(counted) <= NAMES_MOST
            else {name: counted[name] for name in sorted(counted)[:NAMES_MOST]},
            crowded=len(counted) > NAMES_MOST,
            first_seen_ms=first,
            last_seen_ms=last,
            devices=said.devices,
            variants=said.variants,
        )
        for counted, first, last, said in zip(
            tallies, firsts, lasts, (told.get(key, EMPTY) for key in keys), strict=True
        )
    ]


def _are_our_sayings(table: pa.Table) -> Flags:
    """Of each row what `Event.is_our_saying` says."""
    ours: Column = pc.and_(_is(table["kind"], "identify"), pc.fill_null(_is(table["source"], OWN_SOURCE), False))
    return np.asarray(ours, dtype=np.bool_)


def _tallies(who: Ints, names: Ints, moments: Ints, words: Sequence[str], people: int) -> list[dict[str, Tally]]:
    """Each one's tallies; the rows are in order of who, name and moment."""
    begins = np.flatnonzero((np.diff(who, prepend=-1) != 0) | (np.diff(names, prepend=-1) != 0))
    ends = np.append(begins[1:], len(who)).tolist()
    at_ms = moments.tolist()
    tallies: list[dict[str, Tally]] = [{} for _ in range(people)]
    for begin, end, each, name in zip(begins.tolist(), ends, who[begins].tolist(), names[begins].tolist(), strict=True):
        recent = tuple(at_ms[max(begin, end - RECENT_MOST) : end])
        tallies[each][words[name]] = Tally(count=end - begin, first_ms=at_ms[begin], recent_ms=recent)
    return tallies


def _told(table: pa.Table) -> dict[IdentityKey, Profile]:
    """What events say of people beside having happened. The tallies in it count only these events."""
    telling: Column = pc.or_(_is(table["kind"], "identify"), pc.is_in(table["name"], value_set=pa.array(_TELLING)))
    # What is written in escapes may be a token, too; to learn from one event too many changes nothing.
    tokens: Column = pc.match_substring_regex(table["context"], r'"token"|\\u')
    telling = pc.or_(telling, pc.fill_null(tokens, False))
    told: dict[IdentityKey, Profile] = {}
    for event in _events(table.filter(telling)):
        told[event.identity] = learn(told.get(event.identity, EMPTY), event)
    return told


def _asserted(table: pa.Table) -> list[_Asserted]:
    user, _ = _coded(table["user_id"].combine_chunks())
    stranger, strangers = _coded(table["anonymous_id"].combine_chunks())
    logins = np.flatnonzero((user >= 0) & (stranger >= 0))
    _, first = np.unique(user[logins] * max(len(strangers), 1) + stranger[logins], return_index=True)
    aliases = np.flatnonzero(np.asarray(_is(table["kind"], "alias")))
    rows: Ints = np.union1d(logins[first], aliases)
    events = _events(table.take(rows))
    return [
        _Asserted(row=row, event=event, claims=claims_of(event))
        for row, event in zip(rows.tolist(), events, strict=True)
    ]


def _events(table: pa.Table) -> list[Event]:
    columns = (
        "name",
        "kind",
        "user_id",
        "anonymous_id",
        "previous_id",
        "message_id",
        "properties",
        "context",
        "source",
    )
    return [
        Event(
            name=name,
            kind=kind,
            user_id=user,
            anonymous_id=stranger,
            previous_id=previous,
            timestamp=moment,
            received_at=moment,
            message_id=message,
            properties=msgspec.json.decode(properties or "{}"),
            context=msgspec.json.decode(context or "{}"),
            source=source or "",
        )
        for name, kind, user, stranger, previous, message, properties, context, source, moment in zip(
            *(table[column].to_pylist() for column in columns), map(from_millis, _millis(table).tolist()), strict=True
        )
    ]


# Into the state.


async def _take_in(
    rows: _Rows, lesson: _Lesson, state: State, received: datetime, erased: str
) -> dict[IdentityKey, Identity]:
    """Fold the chunk into the state, but for events a process before us folded; returns the chunk's identities."""
    async with state.begin() as transaction:
        if (await transaction.note(ERASED_NOTE) or "") != erased:
            raise _ErasedMeanwhileError
        folded = await _noted(transaction)
        doubled = np.isin(rows.ids, folded)
        if doubled.any():
            rows = rows.chosen(~doubled)
            known = await transaction.identities(lesson.keys)
            if not rows.table.num_rows:
                return known
            await _see(transaction, rows, received)
            await note_turn(transaction, "table", {"rows": rows.table.num_rows}, at_ms=to_millis(received))
            rest = _lesson(rows)
            return known | await _fold(transaction, rest, received)
        await _see(transaction, rows, received)
        identities = await _fold(transaction, lesson, received)
        await _note(transaction, np.concatenate([folded, rows.ids]))
        await note_turn(transaction, "table", {"rows": rows.table.num_rows}, at_ms=to_millis(received))
    return identities


async def _see(transaction: Transaction, rows: _Rows, received: datetime) -> None:
    """Remember the message ids, so that an event that comes again by the front door is dropped there."""
    await transaction.mark_seen(dict.fromkeys(rows.ids.tolist(), LOADED), to_millis(received))


async def _fold(transaction: Transaction, lesson: _Lesson, received: datetime) -> dict[IdentityKey, Identity]:
    claimed = {name for each in lesson.asserted for claim in each.claims for name in claim.names}
    known = await transaction.identities(list(claimed.union(lesson.keys)))
    claims, names = _resolved(lesson, known)
    new = [key for key in names if key not in known]
    people = known | await transaction.add_identities(new, to_millis(received))
    await apply_claims(transaction, claims, people, told=lesson.ours)
    before = await transaction.profiles([known[key].id for key in lesson.keys if key in known])
    profiles = {people[key].id: profile for key, profile in zip(lesson.keys, lesson.profiles, strict=True)}
    await transaction.put_profiles(
        {each: combine([before[each], profile]) if each in before else profile for each, profile in profiles.items()}
    )
    persons = sorted({people[key].person for key in lesson.keys})
    await transaction.touch_people(persons)
    await look_again(transaction, persons, told=lesson.ours)
    return people


def _resolved(lesson: _Lesson, known: Iterable[IdentityKey]) -> tuple[list[Said], list[IdentityKey]]:
    """The claims, each with the names it means given what was known before its event; and every name, in order."""
    names: dict[IdentityKey, None] = dict.fromkeys(known)
    claims: list[Said] = []
    arrivals = iter(zip(lesson.first_rows, lesson.keys, strict=True))
    arrival = next(arrivals, None)
    for each in lesson.asserted:
        while arrival is not None and arrival[0] < each.row:
            names.setdefault(arrival[1])
            arrival = next(arrivals, None)
        said = [claim.resolved(names) for claim in each.claims]
        claims += [(claim, to_millis(each.event.timestamp), each.event.message_id) for claim in said]
        names.update(
            dict.fromkeys([each.event.identity, *(key for claim in said for key in (claim.first, claim.second))])
        )
    names.update(dict.fromkeys(lesson.keys))
    return claims, list(names)


# Between the state and the history.


async def _completed(rows: _Rows, state: State, veil_key: bytes) -> None:
    """Forget that events may be missing from the history: they are there."""
    async with state.view() as view:
        if not await view.note(_NOTE):
            return
    erased, allowed = await _without_erased(rows, state, veil_key)
    async with state.begin() as transaction:
        if (await transaction.note(ERASED_NOTE) or "") != erased:
            raise _ErasedMeanwhileError
        folded = await _noted(transaction)
        await _note(transaction, folded[~np.isin(folded, rows.ids)])
        await _watch(transaction, allowed.table)


async def _watch(transaction: Transaction, table: pa.Table) -> None:
    """Keep of the events what is watched.

    Not before they are in the history: what is watched from now on is gathered from there, and lacks none.
    """
    watching = await load_watching(transaction)
    looked_at = pc.is_in(table["name"], value_set=pa.array(list(watching.by_event), pa.string()))
    events = _events(table.filter(looked_at)) if watching.numbers else []
    if not events:
        return
    known = await transaction.identities(list({each.identity for each in events}))
    profiles = await transaction.profiles([each.id for each in known.values()])
    for each in events:
        identity = known.get(each.identity)
        if identity is not None and identity.id in profiles:
            profiles[identity.id] = watch(profiles[identity.id], each, watching)
    await transaction.put_profiles(profiles)
    await look_again(transaction, sorted({each.person for each in known.values()}), told=False)


async def being_loaded(view: View) -> list[int]:
    """The dedup hashes of events that are in the state and perhaps not in the history."""
    return [int(each) for each in await _noted(view)]


async def _noted(view: View) -> Hashes:
    return np.frombuffer(base64.b64decode(await view.note(_NOTE) or ""), dtype="<u8").astype(np.uint64)


async def _note(transaction: Transaction, ids: Hashes) -> None:
    await transaction.set_note(_NOTE, base64.b64encode(ids.astype("<u8").tobytes()).decode())


def _history_table(table: pa.Table, identities: npt.NDArray[np.uint32], received: datetime | None) -> pa.Table:
    """The chunk in the columns the history takes; without `received`, each event came when it happened."""
    columns: dict[str, Column] = {name: table[name] for name in EVENT_COLUMNS.names if name in table.column_names}
    columns |= {
        "event": table["name"],
        "identity": pa.array(identities),
        "received_at": table["timestamp"]
        if received is None
        else pa.repeat(pa.scalar(received, EVENT_COLUMNS.field("received_at").type), table.num_rows),
    }
    columns |= {name: pc.fill_null(columns[name], "{}") for name in ("properties", "context")}
    return pa.table({name: columns[name] for name in EVENT_COLUMNS.names}).cast(EVENT_COLUMNS)
