"""Bulk: take in a table of past events, columns at a time.

The same meaning as the live path, without reactions: events land in the history, identities, links and profiles are
folded exactly as `react` folds them, and nobody enters a journey. Rows that are in the history already change nothing.

A table is taken in chunks. For each, the state is changed first, in one transaction that also notes the chunk by its
content; then the history. A process that dies between the two finds the note, skips the state and completes the
history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from holdfast.events.event import Event, IdentityKey, message_hash
from holdfast.flows.identify import apply_claims
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.ports.columns import EVENT_COLUMNS
from holdfast.ports.history import History
from holdfast.ports.state import Identity, State, Transaction
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
)

CHUNK_ROWS = 25_000
"""Rows folded at a time: a server that answers meanwhile is kept waiting no longer than that takes."""

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
) -> Loaded:
    """Take in the events; the table must have the columns of `EVENT_TABLE` and be valid row by row.

    Args:
        received: when the table reached us; kept as `received_at` of every event.
        progress: told how many rows are done, after each chunk.
    """
    frame = pl.DataFrame(table.select(EVENT_TABLE.names).cast(EVENT_TABLE))
    added = 0
    for start in range(0, frame.height, CHUNK_ROWS):
        chunk = frame.slice(start, CHUNK_ROWS)
        added += await _load_chunk(chunk, state, history, received)
        progress(min(start + CHUNK_ROWS, frame.height))
    return Loaded(rows=frame.height, added=added, known=frame.height - added)


async def _load_chunk(chunk: pl.DataFrame, state: State, history: History, received: datetime) -> int:
    hashes = np.fromiter((message_hash(each) for each in chunk["message_id"]), dtype=np.uint64, count=chunk.height)
    chunk = chunk.with_columns(pl.Series("id", hashes)).unique("id", keep="first", maintain_order=True)
    moments = chunk["timestamp"].dt.epoch("ms")
    ids = chunk["id"].to_list()
    first, last = _bounds(moments)
    there = await history.known(ids, first_ms=first, last_ms=last)
    if there:
        chunk = chunk.filter(~pl.col("id").is_in(list(there)))
    if chunk.is_empty():
        return 0
    token = "bulk:" + effect_key(*(str(each) for each in chunk["id"].sort()))
    identities = await _take_in(chunk, state, token, received)
    await history.add_table(_history_table(chunk, identities, received), token=token)
    return chunk.height


def _bounds(moments: pl.Series) -> tuple[int, int]:
    first, last = moments.min(), moments.max()
    if not isinstance(first, int) or not isinstance(last, int):
        raise TypeError("a chunk has at least one row")
    return first, last


async def _take_in(chunk: pl.DataFrame, state: State, token: str, received: datetime) -> dict[IdentityKey, Identity]:
    """Fold the chunk into the state, unless a process before us did; returns its identities."""
    keys = _keys(chunk)
    claims = _claims(chunk)
    at_ms = int(received.timestamp() * 1000)
    async with state.begin() as transaction:
        known = await transaction.identities(list(keys | {key for claim, _, _ in claims for key in claim.names}))
        claims = [(claim.resolved(known), moment, by) for claim, moment, by in claims]
        wanted = keys | {key for claim, _, _ in claims for key in (claim.first, claim.second)}
        if await transaction.note(token) is not None:
            return known
        new = [key for key in sorted(wanted, key=lambda key: (key.kind != "user", key.value)) if key not in known]
        known |= await transaction.add_identities(new, at_ms)
        await apply_claims(transaction, claims, known)
        await _learn_all(transaction, chunk, known)
        await transaction.set_note(token, str(chunk.height))
    return known


def _keys(chunk: pl.DataFrame) -> set[IdentityKey]:
    users = chunk["user_id"].drop_nulls().unique()
    strangers = chunk.filter(pl.col("user_id").is_null())["anonymous_id"].drop_nulls().unique()
    return {IdentityKey(kind="user", value=each) for each in users} | {
        IdentityKey(kind="anonymous", value=each) for each in strangers
    }


def _claims(chunk: pl.DataFrame) -> list[tuple[Claim, int, str]]:
    """The claims of the chunk in order of time, each once, with when and by which message."""
    ordered = chunk.sort("timestamp", "message_id")
    logins = ordered.filter(pl.col("user_id").is_not_null() & pl.col("anonymous_id").is_not_null())
    rows = pl.concat(
        [
            logins.unique(["anonymous_id", "user_id"], keep="first", maintain_order=True),
            ordered.filter(pl.col("kind") == "alias"),
        ]
    )
    events = sorted(_events(rows), key=lambda event: (event.timestamp, event.message_id))
    return [(claim, to_millis(event.timestamp), event.message_id) for event in events for claim in claims_of(event)]


async def _learn_all(transaction: Transaction, chunk: pl.DataFrame, known: Mapping[IdentityKey, Identity]) -> None:
    lessons = _tallied(chunk, known)
    for event in _telling(chunk):
        identity = known[event.identity].id
        told = learn(EMPTY, event)
        lesson = lessons.get(identity, EMPTY)
        # The tallies count this event already; only what it says is added.
        lessons[identity] = combine([lesson, msgspec.structs.replace(told, tallies={})])
    before = await transaction.profiles(list(lessons))
    await transaction.put_profiles(
        {identity: combine([before.get(identity, EMPTY), lesson]) for identity, lesson in lessons.items()}
    )
    person_of = {each.id: each.person for each in (await transaction.identities_by_id(list(lessons))).values()}
    await transaction.touch_people(sorted(set(person_of.values())))


def _tallied(chunk: pl.DataFrame, known: Mapping[IdentityKey, Identity]) -> dict[int, Profile]:
    """Every identity's tallies and first and last moments in the chunk."""
    is_user = pl.col("user_id").is_not_null()
    groups = (
        chunk.select(
            is_user.alias("is_user"),
            pl.coalesce("user_id", "anonymous_id").alias("value"),
            "name",
            pl.col("timestamp").dt.epoch("ms").alias("at"),
        )
        .group_by("is_user", "value", "name")
        .agg(
            pl.len().alias("count"),
            pl.col("at").min().alias("first"),
            pl.col("at").max().alias("last"),
            pl.col("at").sort().tail(RECENT_MOST).alias("recent"),
        )
        .sort("is_user", "value", "name")
    )
    lessons: dict[int, Profile] = {}
    for user, value, name, count, first, last, recent in groups.iter_rows():
        identity = known[IdentityKey(kind="user" if user else "anonymous", value=value)].id
        lesson = lessons.get(identity)
        if lesson is None:
            lesson = lessons[identity] = Profile(tallies={}, first_seen_ms=first, last_seen_ms=last)
        if len(lesson.tallies) < NAMES_MOST:
            lesson.tallies[name] = Tally(count=count, first_ms=first, recent_ms=tuple(recent))
        lessons[identity] = msgspec.structs.replace(
            lesson,
            crowded=lesson.crowded or name not in lesson.tallies,
            first_seen_ms=min(lesson.first_seen_ms, first),
            last_seen_ms=max(lesson.last_seen_ms, last),
        )
    return lessons


def _telling(chunk: pl.DataFrame) -> list[Event]:
    """The events that say something about a person beside having happened."""
    return _events(chunk.filter((pl.col("kind") == "identify") | (pl.col("name") == CONSENT_CHANGED)))


def _events(rows: pl.DataFrame) -> list[Event]:
    return [
        Event(
            name=row["name"],
            kind=row["kind"],
            user_id=row["user_id"],
            anonymous_id=row["anonymous_id"],
            previous_id=row["previous_id"],
            timestamp=row["timestamp"].astimezone(UTC),
            received_at=row["timestamp"].astimezone(UTC),
            message_id=row["message_id"],
            properties=msgspec.json.decode(row["properties"] or "{}"),
        )
        for row in rows.iter_rows(named=True)
    ]


def _history_table(chunk: pl.DataFrame, identities: Mapping[IdentityKey, Identity], received: datetime) -> pa.Table:
    """The chunk in the columns the history takes."""
    users = {key.value: each.id for key, each in identities.items() if key.kind == "user"}
    strangers = {key.value: each.id for key, each in identities.items() if key.kind == "anonymous"}
    numbered = chunk.with_columns(
        pl.coalesce(
            pl.col("user_id").replace_strict(users, default=None, return_dtype=pl.UInt32),
            pl.col("anonymous_id").replace_strict(strangers, default=None, return_dtype=pl.UInt32),
        ).alias("identity"),
        pl.lit(received).dt.cast_time_unit("ms").alias("received_at"),
        pl.col("properties").fill_null("{}"),
        pl.col("context").fill_null("{}"),
        pl.col("name").alias("event"),
    )
    return numbered.select(EVENT_COLUMNS.names).to_arrow().cast(EVENT_COLUMNS)
