"""An insight: a question about what people did, its SQL, the table it answers with, and the people behind each cell.

One kind is one file in `insights/` with one declaration, `INSIGHT`. Its fields are its JSON form, by the kinds in their
types, as those of journeys are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from holdfast.decisions.fields import (
    Comparisons,
    Kind,
    Nested,
    OrNull,
    SegmentCondition,
    Text,
    decode_fields,
)
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.measures.insight_fields import Listed, MomentText, TimeZone
from holdfast.measures.periods import moment_of
from holdfast.measures.picture import Picture
from holdfast.segments.comparison import Comparison, all_sql, all_words
from holdfast.segments.condition import Condition, Scope, relative
from holdfast.segments.operators import Place
from holdfast.segments.zones import of_scope

NOTHING_MORE = sql("")
EVENTS_MOST = 50
"""Event names in one step."""
DAY_MS = 86_400_000

Cell: TypeAlias = str | int | float | bool | None
ColumnType = Literal["moment", "text", "whole", "number", "share", "truth", "money"]
"""A moment is whole milliseconds since 1970; a share is of 1; money is whole minor units of the answer's currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of an answer."""

    name: str
    type: ColumnType
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a question: columns, and rows of as many cells."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    time_zone: str
    """Where its moments are to be shown."""
    currency: str = ""
    """What its money is in, as an ISO 4217 code; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something people do: an event of one of these names of which all of `where` holds."""

    events: Annotated[tuple[str, ...], Listed(Text(most=500), 1, EVENTS_MOST), "Names of events; any of them will do."]
    where: Annotated[tuple[Comparison, ...], Comparisons(), "What must hold of the event's properties."] = ()

    def sql(self, scope: Scope) -> Sql:
        """Whether a row of `events` is one."""
        where = all_sql(self.where, of_scope(scope))
        return sql("(event IN ") + bind("Array(String)", list(self.events)) + where + sql(")")

    def words(self) -> str:
        """The act in plain words."""
        names = " or ".join(f"“{each}”" for each in self.events)
        return f"{names} where {all_words(self.where)}" if self.where else names


@dataclass(frozen=True, slots=True)
class ActKind(Kind):
    """An act; the name of an event alone will do, and so will a list of names."""

    def decode(self, value: object, path: str) -> Act:
        if isinstance(value, str):
            return Act(events=(Text(most=500).decode(value, path),))
        if isinstance(value, (list, tuple)):
            return decode_fields(Act, {"events": value}, path.removesuffix(".events"))
        return decode_fields(Act, value, path)

    def encode(self, value: object) -> Json:
        return Nested(Act).encode(value)

    def schema(self) -> dict[str, Json]:
        # The name of an event alone will do, and so will a list of names.
        return {"type": ["string", "array", "object"], "format": "act"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(ABC):
    """What every question has: the time it is about, where its days begin, and whom it is about.

    Subclasses are frozen dataclasses; their fields are their JSON form.
    """

    since: Annotated[str | None, OrNull(MomentText()), "The first moment; a date is its midnight."] = None
    until: Annotated[str | None, OrNull(MomentText()), "The end, itself left out; without it, now."] = None
    time_zone: Annotated[str, TimeZone(), "Whose days and weeks they are; left out, the workspace's."] = "UTC"
    segment: Annotated[Condition | None, OrNull(SegmentCondition()), "Only people of whom this holds now."] = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @abstractmethod
    def sql(self, scope: Scope) -> Sql:
        """The SQL whose rows `answer` is made of."""

    def closer_sql(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Sql | None:
        """What to ask instead, where the rows of `sql` show that it looked too quickly; None where they will do."""
        return None

    @abstractmethod
    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        """The table, from the rows that `sql` of the same scope has."""

    @abstractmethod
    def words(self) -> str:
        """The question in plain words."""

    @abstractmethod
    def picture(self) -> Picture:
        """How the table is drawn."""

    @abstractmethod
    def people_sql(self, scope: Scope, cell: Any) -> Sql:  # noqa: ANN401  # Of the class its declaration names.
        """SQL that selects the column `person`: the people behind a cell of the table. Raises Invalid."""

    def span(self, as_of_ms: int, *, days: int) -> tuple[int, int]:
        """The time it is about as [since, until), in milliseconds; without `since`, so many days up to `until`.

        Raises Invalid when it is empty.
        """
        until_ms = as_of_ms + 1 if self.until is None else min(moment_of(self.until, self.zone), as_of_ms + 1)
        since_ms = max(0, until_ms - days * DAY_MS) if self.since is None else moment_of(self.since, self.zone)
        if since_ms > as_of_ms:
            raise Invalid(
                "This has not begun yet.", code="empty_time", path="$.since", hint="Begin before now, or leave it out."
            )
        if since_ms >= until_ms:
            raise Invalid(
                "This stretch of time is empty.", code="empty_time", path="$.until", hint="Let it end after it starts."
            )
        return since_ms, until_ms

    def among(self, scope: Scope) -> Sql:
        """` AND person IN …` for the segment; nothing where there is none."""
        if self.segment is None:
            return sql("")
        return fill(
            " AND person IN (SELECT person FROM people FINAL WHERE workspace = [[here]] AND [[holds]])",
            {"here": scope.here, "holds": self.segment.sql(scope)},
        )

    def among_words(self) -> str:
        """The segment, to end a sentence."""
        return "" if self.segment is None else f", among people {relative(self.segment.words())}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The declaration of a kind of insight."""

    name: str
    label: str
    about: str
    """One sentence for the reference page."""
    shape: type[Question]
    cell: type[Any]
    """What names a cell of its table, to ask for the people behind it."""
    columns: tuple[Column, ...]
    examples: tuple[dict[str, Json], ...]


def acts_as_people(
    scope: Scope, act: Sql, columns: Sql, *, since_ms: int, until_ms: int, rest: Sql = NOTHING_MORE
) -> Sql:
    """Rows of `person`, `at_ms` and the columns, for each event in [since, until) that is the act."""
    return fill(
        """SELECT [[person]] AS person, toUnixTimestamp64Milli(ts) AS at_ms[[columns]] FROM events
        WHERE workspace = [[here]] AND [[act]] AND ts >= [[since]] AND ts < [[until]][[rest]]""",
        {
            "person": scope.person_of(sql("identity")),
            "columns": columns,
            "here": scope.here,
            "act": act,
            "since": scope.moment(since_ms),
            "until": scope.moment(until_ms),
            "rest": rest,
        },
    )


def label_of(name: str) -> Sql:
    """A property as text to group by; null where it is missing. Values that read the same are one."""
    place = Place(name)
    return fill(
        """multiIf([[has_text]], toNullable(toValidUTF8([[text]])),
            [[other]] NOT IN ('', 'null'), toValidUTF8(replaceAll([[other]], '\n', '')),
            [[has_number]], toString([[number]]), NULL)""",
        {
            "has_text": place.has_text,
            "text": place.text,
            "other": place.other,
            "has_number": place.has_number,
            "number": place.number,
        },
    )


def period_of(at_ms: Sql, edges: Sequence[int]) -> Sql:
    """The number of the period a moment at or after the first edge lies in, from 0."""
    steps = {after - before for before, after in pairwise(edges)}
    if len(steps) == 1:  # All of one length, as days are where no clock is put forward: a division is quicker.
        return fill(
            "least(intDiv([[at]] - [[first]], [[step]]), [[last]])",
            {
                "at": at_ms,
                "first": bind("Int64", edges[0]),
                "step": bind("Int64", steps.pop()),
                "last": bind("Int64", len(edges) - 1),
            },
        )
    known = bind("Array(Int64)", list(edges))
    numbers = bind("Array(Int64)", list(range(len(edges))))
    return fill(
        "transform(roundDown([[at]], [[edges]]), [[edges]], [[numbers]], -1)",
        {"at": at_ms, "edges": known, "numbers": numbers},
    )
