"""The history: every event for ever, and the people they add up to, ready for questions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
import pyarrow as pa

from holdfast.events.event import Event, IdentityKey, Json
from holdfast.kernel.errors import Invalid
from holdfast.measures.learning.question import CompanyQuestion, CompanyRow, TriedQuestion, TriedRow
from holdfast.measures.outcome import ArmOutcome, OutcomeQuestion
from holdfast.ports.erasure import Forgetting
from holdfast.ports.trials import Trials
from holdfast.profiles.watched import Kept
from holdfast.segments.condition import Condition
from holdfast.segments.leaf import Leaf


class HistoryRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An event with the number of the identity it is stored under."""

    identity: int
    event: Event
    hashed: int | None = None
    """The hash of its message id, where it is known: who knew it need not hash again."""

    @property
    def id(self) -> int:
        """By what the history tells it from others."""
        return self.event.dedup_hash if self.hashed is None else self.hashed


class PersonRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A person as segments see them: one row per person, the newest version wins."""

    person: int
    user_id: str
    """The name they are shown under: the oldest user identity, else the oldest anonymous one."""
    known: bool
    """Whether any identity is a user's."""
    traits: Mapping[str, Json]
    first_seen_ms: int
    last_seen_ms: int
    version: int
    """The sequence number of the change; higher wins."""
    gone: bool = False
    """True when the person was merged into another."""


PeopleOrder = Literal["last_seen", "first_seen", "user_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which people are looked for, and in which order they are told; all of it must be true of them."""

    text: str = ""
    """Part of their user id or of a text trait, whatever its case."""
    known: bool | None = None
    """Whether any identity is a user's; None: either."""
    among: Condition | None = None
    as_of_ms: int = 0
    """The moment at which the condition is asked."""
    order: PeopleOrder = "last_seen"
    ascending: bool = False
    """Ties are in order of person number either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """An event as it is read back."""

    person: int
    name: str
    kind: str
    timestamp_ms: int
    received_ms: int
    message_id: str
    identity: IdentityKey
    source: str
    properties: Mapping[str, Json] = field(default_factory=dict)
    context: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameCount:
    """How often an event name was seen, by how many people, and when first and last."""

    name: str
    count: int
    people: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityBucket:
    """What happened in one stretch of time."""

    start_ms: int
    events: int
    people: int


PropertyType = Literal["text", "number", "truth", "list", "object"]

EXAMPLES_MOST = 5
"""Examples of a property."""
LATE_MOMENTS_MOST = 1_000_000
"""Moments told of by one `received_long_after`."""
SAMPLE_ROWS = 10_000
"""Rows looked at to learn which properties there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProperty:
    """A property or trait that was seen, of the type it mostly has, with its commonest values."""

    name: str
    type: PropertyType
    examples: tuple[Json, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What profiles are to keep of the past of some identities."""

    kept: Mapping[int, Kept]
    """By identity; those of whom nothing is to be kept are left out."""
    to: int | None
    """Up to which identity this tells of everybody; None: of everybody there is."""


BUCKETS_MOST = 10_000
"""Buckets of one `activity`."""


def bucket_starts(since_ms: int, until_ms: int, bucket_seconds: int) -> range:
    """The starts of the buckets of [since, until), in milliseconds. Raises Invalid when there are none, or too many."""
    if bucket_seconds <= 0 or until_ms <= since_ms:
        raise Invalid("This stretch of time is empty.", path="$.until", hint="Let it end after it starts.")
    starts = range(since_ms, until_ms, bucket_seconds * 1000)
    if len(starts) > BUCKETS_MOST:
        raise Invalid(
            f"{len(starts)} buckets are too many.",
            path="$.bucket_seconds",
            hint=f"Use at most {BUCKETS_MOST}: make the buckets longer or the time shorter.",
        )
    return starts


class History(Forgetting, Trials, Protocol):
    """Adding and asking. What `add` returned from is in every answer after it."""

    async def add(self, rows: Sequence[HistoryRow], *, token: str) -> None:
        """Add events. A token that was added before changes nothing, so a retry is safe."""
        ...

    async def add_table(self, table: pa.Table, *, token: str) -> int:
        """Add many events at once; columns as `ports.columns.EVENT_COLUMNS`. Returns the rows added.

        Rows whose (timestamp, message id) is in the history already, or earlier in the table, are left out.
        """
        ...

    async def known(self, ids: Sequence[int], *, first_ms: int, last_ms: int) -> set[int]:
        """Those of the dedup hashes that are in the history with a timestamp in [first, last]."""
        ...

    async def map_identities(self, persons: Mapping[int, int], *, version: int) -> None:
        """Tell which person identities belong to, where it is not themselves, or no longer is (identity to person)."""
        ...

    async def put_people(self, rows: Sequence[PersonRow]) -> None: ...

    async def count(self, condition: Condition, *, as_of_ms: int) -> int:
        """How many people the condition holds for."""
        ...

    async def people(self, condition: Condition, *, as_of_ms: int, limit: int, offset: int = 0) -> list[PersonRow]:
        """The people the condition holds for, in order of person number."""
        ...

    async def people_table(
        self, condition: Condition, *, as_of_ms: int, traits: Sequence[str] | None = None
    ) -> pa.Table:
        """All of them, in order of person number.

        Columns as `ports.columns.PEOPLE_COLUMNS`. With `traits`, those alone, and `traits` is a struct with a field
        each, in that order, typed by what those people have as `ports.columns.trait_column` says: much cheaper.
        """
        ...

    async def count_everyone(self) -> int: ...

    async def find(self, text: str, *, limit: int, offset: int = 0) -> tuple[list[PersonRow], int]:
        """People whose user id or a text trait contains the text, whatever its case, last seen first; and how many."""
        ...

    async def seek(self, sought: Sought, *, limit: int, offset: int = 0) -> tuple[list[PersonRow], int]:
        """A page of the people looked for; and how many they are."""
        ...

    async def sought_table(self, sought: Sought) -> pa.Table:
        """All of them, in order of person number. Columns as `ports.columns.PEOPLE_COLUMNS`."""
        ...

    async def timeline(
        self, identities: Sequence[int], *, limit: int, before_ms: int | None = None, name: str | None = None
    ) -> list[TimelineEvent]:
        """Events stored under these identities, newest first (ties by message id).

        All events of the last millisecond are given, even beyond the limit: asking on with `before_ms` misses none.
        """
        ...

    async def groups(self, identities: Sequence[int], *, as_of_ms: int) -> list[dict[str, Json]]:
        """The groups (accounts) that any of these identities joined by then, in order of id.

        Each is its traits as anybody said them last by then, its `group_id` among them.
        """
        ...

    async def recent(self, *, limit: int, since_ms: int) -> list[TimelineEvent]:
        """The newest events of anybody, by when they were received."""
        ...

    async def names(self) -> list[NameCount]:
        """Every event name, most frequent first."""
        ...

    async def volumes(self, *, since_ms: int, until_ms: int, bucket_seconds: int) -> dict[str, list[int]]:
        """Events of each name that there is one of then, in every bucket of [since, until), empty ones too."""
        ...

    async def activity(self, *, since_ms: int, until_ms: int, bucket_seconds: int) -> list[ActivityBucket]:
        """Events and active people per bucket of time; every bucket is there, empty ones with zeros.

        What we said of people ourselves, such as that they are on a list, is left out: it is nothing they did.
        """
        ...

    async def outcomes(self, question: OutcomeQuestion) -> list[ArmOutcome]:
        """What became of each arm of a trial: sufficient statistics, one row an arm.

        Both arms that are compared are there; `global_holdout` is when somebody entered as that.
        """
        ...

    async def tried(self, question: TriedQuestion) -> list[TriedRow]:
        """Who an adaptive step sent where, and what came of it; in order of variant, batch, cell, half and chance."""
        ...

    async def company(self, question: CompanyQuestion) -> list[CompanyRow]:
        """Which paths people had at two adaptive steps, for each two and both ways; in order of what names a row."""
        ...

    async def size(self) -> int:
        """How many events."""
        ...

    def export(self, *, batch_rows: int) -> AsyncIterator[pa.RecordBatch]:
        """Every event, oldest first, with the person it belongs to now.

        Columns as `ports.columns.EVENT_COLUMNS`, and `person` (uint32).
        """
        ...

    async def events_of(self, identities: Sequence[int]) -> pa.Table:
        """Every event stored under these identities, in order of when it was received, when it happened, and its id.

        Columns as `ports.columns.EXPORT_COLUMNS`.
        """
        ...

    async def received_long_after(self, lag_ms: int) -> list[int]:
        """The moments at which anything was received that had happened more than `lag_ms` before; each once, in order.

        Of more than `LATE_MOMENTS_MOST`, the latest.
        """
        ...

    async def gather(self, leaf: Leaf, *, after: int, limit: int) -> Gathered:
        """The latest events of a leaf, as profiles keep them, of the next `limit` identities that ever did the like.

        Args:
            after: only identities numbered above it, in order.
        """
        ...

    async def close(self) -> None: ...

    async def event_properties(self, name: str) -> list[SeenProperty]:
        """The properties of the newest events of that name, by name."""
        ...

    async def trait_properties(self) -> list[SeenProperty]:
        """The traits of the people seen last, by name."""
        ...
