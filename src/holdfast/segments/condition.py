"""A condition: something that is true of a person or not, said twice: in SQL for everyone, in Python for one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from operator import ne
from typing import TYPE_CHECKING, Annotated, NamedTuple, Never, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql

# Comparisons stand on their own, conditions only name them; and settings, which ask for time zones, need not load what
# events take.
if TYPE_CHECKING:
    from holdfast.events.event import Json
    from holdfast.segments.comparison import Comparison
    from holdfast.segments.leaf import Leaf, Seen

UTC_ZONE = ZoneInfo("UTC")


class Truth(Enum):
    """True, false, or not to be known from here. Unknown is never guessed away."""

    FALSE = 0
    TRUE = 1
    UNKNOWN = 2

    @staticmethod
    def of(value: bool) -> Truth:
        return Truth.TRUE if value else Truth.FALSE

    def negated(self) -> Truth:
        """Not; unknown stays unknown."""
        if self is Truth.UNKNOWN:
            return self
        return Truth.FALSE if self is Truth.TRUE else Truth.TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """One event of a person, as conditions see it."""

    timestamp: datetime
    properties: Mapping[str, Json]
    source: str = ""
    """Whence it came, where that is known; `holdfast` for our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How many times something happened, as far as is known: at least this, and at most that where there is a bound."""

    least: int
    most: int | None

    @staticmethod
    def exactly(count: int) -> Times:
        return _FEW[count] if count < _FEW_MOST else Times(least=count, most=count)


_FEW_MOST = 64
_FEW = tuple(Times(least=count, most=count) for count in range(_FEW_MOST))
"""Made once: live segments ask for one with every event."""


def both(one: Truth, other: Truth) -> Truth:
    """And: false if one is false; else unknown if one is unknown."""
    if Truth.FALSE in (one, other):
        return Truth.FALSE
    return Truth.UNKNOWN if Truth.UNKNOWN in (one, other) else Truth.TRUE


class Moments(NamedTuple):
    """When something happened, in milliseconds, oldest first; what lies in the future too.

    A tuple: live segments make one with every event, and it is made in half of a dataclass's time.
    """

    first_ms: int | None
    """The very first time; None where it never happened."""
    recent_ms: Sequence[int]
    """The last times, or all."""
    whole: bool
    """Whether these are all."""

    def every(self) -> Sequence[int]:
        """All that are known."""
        return self.recent_ms if self.whole or self.first_ms is None else (self.first_ms, *self.recent_ms)


class Facts(Protocol):
    """What is known of one person."""

    @property
    def user_id(self) -> str:
        """The name they are shown under: their oldest user id, else their oldest anonymous one."""
        ...

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone. Their own, where they have one, is in their traits."""
        ...

    @property
    def traits(self) -> Mapping[str, Json]:
        """Their traits as they stand."""
        ...

    def groups(self) -> Sequence[Mapping[str, Json]] | None:
        """The traits of every group (account) they joined, `group_id` among them; None when not known from here."""
        ...

    def past(self, event: str) -> Iterable[PastEvent] | None:
        """Every event of that name, in any order; None when not all are at hand."""
        ...

    def times(self, event: str, *, after_ms: int, until_ms: int) -> Times:
        """How many events of that name after the one millisecond and up to the other, as far as is known from here.

        After -1 is since ever.
        """
        ...

    def moments(self, event: str) -> Moments | None:
        """When events of that name happened; None when not known from here."""
        ...

    def seen(self, leaf: Leaf) -> Seen | None:
        """What is known of the events of a leaf; None where they are not watched, or not yet for this person."""
        ...

    def variant(self, experiment: str, *, until_ms: int | None = None) -> str | None:
        """The variant of an experiment they were assigned first; empty for none, None when not known from here.

        Args:
            until_ms: nothing later counts; None: everything does.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a condition is asked in SQL: the workspace and the moment. Both go in as bound values."""

    workspace: int
    as_of_ms: int
    joined: bool = True
    """Whether any identity belongs to another's person. Where none does, the map of identities is not looked at."""
    zone: ZoneInfo = UTC_ZONE
    """The workspace's time zone."""
    currency: str = "USD"
    """The workspace's currency, as an ISO 4217 code."""
    traits_then: tuple[str, ...] = ()
    """Traits that are taken as they were at `as_of_ms`, and no others with them; with none, all are as they stand."""

    @property
    def people(self) -> Sql:
        """The people, to be read from with `WHERE workspace = …`: the table `people`, or its columns as they were."""
        if not self.traits_then:
            return sql("people FINAL")
        return fill(
            """(
            SELECT workspace, person, user_id, known, first_seen, last_seen, version, said.text AS text,
                said.number AS number, said.other AS other
            FROM (
                SELECT workspace, person, user_id, known, first_seen, last_seen, version
                FROM people FINAL WHERE workspace = [[here]]
            ) AS those
            LEFT JOIN ([[said]]) AS said USING (person)
            )""",
            {"here": self.here, "said": self._said()},
        )

    def _said(self) -> Sql:
        """What was said of each person by `as_of_ms`: of each trait the last, ties by message id; null says nothing."""
        last = (
            fill(
                """argMaxIf((mapContains(text, [[name]]), text[ [[name]] ], mapContains(number, [[name]]),
                    number[ [[name]] ], other[ [[name]] ]), (ts, message_id),
                    mapContains(text, [[name]]) OR mapContains(number, [[name]]) OR mapContains(other, [[name]]))""",
                {"name": bind("String", name)},
            )
            for name in self.traits_then
        )
        return fill(
            """SELECT person,
                arrayFilter((each, last) -> last.1, [[names]], lasts) AS texts,
                mapFromArrays(texts, arrayMap(last -> last.2, arrayFilter(last -> last.1, lasts))) AS text,
                arrayFilter((each, last) -> last.3, [[names]], lasts) AS numbers,
                mapFromArrays(numbers, arrayMap(last -> last.4, arrayFilter(last -> last.3, lasts))) AS number,
                arrayFilter((each, last) -> last.5 NOT IN ('', 'null'), [[names]], lasts) AS others,
                mapFromArrays(others, arrayFilter(each -> each NOT IN ('', 'null'), lasts.5)) AS other
            FROM (
                SELECT [[person]] AS person, [ [[last]] ] AS lasts
                FROM events
                WHERE workspace = [[here]] AND event = 'Identified' AND kind = 'identify' AND ts <= [[as_of]]
                GROUP BY person
            )""",
            {
                "person": self.person_of(sql("identity")),
                "names": bind("Array(String)", list(self.traits_then)),
                "last": join(", ", last),
                "here": self.here,
                "as_of": self.moment(self.as_of_ms),
            },
        )

    @property
    def here(self) -> Sql:
        """The workspace, as a value."""
        return bind("UInt32", self.workspace)

    def moment(self, millis: int) -> Sql:
        """A moment, as a value. Nothing happened before 1970, so an earlier one is as good as the moment before it."""
        return sql("fromUnixTimestamp64Milli(") + bind("Int64", max(millis, -1)) + sql(", 'UTC')")

    def person_of(self, identity: Sql) -> Sql:
        """The person an identity belongs to: itself, unless the map of identities says another."""
        if not self.joined:
            return identity
        return fill(
            "if((joinGet('identity_person', 'person', [[here]], [[identity]]) AS joined_into) = 0, "
            "[[identity]], joined_into)",
            {"here": self.here, "identity": identity},
        )


Standing: TypeAlias = "tuple[Truth, datetime | None]"
"""Whether something holds, and until when nothing but something new can change that; None for ever."""


class Condition(ABC):
    """Something that is true of a person or not.

    Subclasses are frozen dataclasses; their fields are their JSON form, under `type`. They combine with `&`, `|`, `~`.
    """

    __slots__ = ()

    @abstractmethod
    def sql(self, scope: Scope) -> Sql:
        """A boolean ClickHouse expression over one row of the people table (column `person`, maps of traits)."""

    @abstractmethod
    def holds(self, facts: Facts, now: datetime) -> Truth:
        """Whether it holds for one person at `now`."""

    @abstractmethod
    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        """Until when nothing but something new can change whether it holds: before then `holds` says what it says now.

        Later than `now`; perhaps earlier than need be, never too late. None: time alone never changes it.
        """

    def standing(self, facts: Facts, now: datetime) -> Standing:
        """What `holds` and `turns_at` say; those that are made of others ask each of them once for both."""
        return self.holds(facts, now), self.turns_at(facts, now)

    @abstractmethod
    def words(self) -> str:
        """The condition in plain words, to follow `People who `, or `People ` where they begin with who or whose."""

    def denied_words(self) -> str:
        """Its opposite in plain words, in the same way."""
        return f"are not among those {relative(self.words())}"

    def hidden_traits(self) -> tuple[str, ...]:
        """Traits it looks at that stand in none of its fields, such as the time zone a person lives in."""
        return ()

    def hidden_events(self) -> tuple[str, ...]:
        """Events that change whether it holds, and stand in none of its fields."""
        return ()

    def events_asked(self) -> Sequence[tuple[str, tuple[Comparison, ...]]] | None:
        """The events that decide it, each with what must hold of them; None: its fields `event` and `where` say."""
        return None

    def decided_by(self, past: PastEvent) -> bool:
        """Whether an event of those it asks for decides it; of a name alone it may be anybody's."""
        return True

    def leaves(self) -> Sequence[Leaf]:
        """What a profile is to keep of single events for it to be decided live; of itself, not of those inside it."""
        return ()

    def not_live(self, path: str = "$") -> Invalid | None:
        """Why a live profile alone cannot decide it, with the path of the part; None when it always can."""
        return None

    def __and__(self, other: Condition) -> Condition:
        from holdfast.segments.conditions.all_of import All  # noqa: PLC0415  # All is itself made of conditions.

        return All.joined(self, other)

    def __or__(self, other: Condition) -> Condition:
        from holdfast.segments.conditions.any_of import Any  # noqa: PLC0415  # As above.

        return Any.joined(self, other)

    def __invert__(self) -> Condition:
        from holdfast.segments.conditions.not_of import Not  # noqa: PLC0415  # As above.

        return Not(of=self)

    def __bool__(self) -> Never:
        raise TypeError("a condition is not true or false by itself; write & for and, | for or, ~ for not")


def relative(words: str) -> str:
    """A condition's words as a clause: `who did “Signed Up”`, `whose plan is "gold"`."""
    return words if words.lstrip("(").startswith(("who ", "whose ")) else f"who {words}"


_WHOLE = {"are anybody at all": "Everybody", "are nobody": "Nobody"}


def people_words(condition: Condition) -> str:
    """The people a condition holds of, in plain words: `People who did “Signed Up”`."""
    words = condition.words()
    return _WHOLE.get(words) or f"People {relative(words)}"


def joined_words(parts: Sequence[str], between: str) -> str:
    """Several conditions' words in a row; where one needs `whose`, each of the others says `who` again."""
    clauses = [relative(each) for each in parts]
    return between.join(parts if all(map(ne, parts, clauses)) else clauses)


def standing_of_parts(parts: Sequence[Condition], deciding: Truth, facts: Facts, now: datetime) -> Standing:
    """What several conditions come to, where one that is `deciding` settles it, and until when that is so.

    As long as one of those that settle it now stays as it is, so does the whole: the last of them to turn counts.
    """
    unknown = False
    turns: list[datetime] = []
    settled: list[datetime] = []
    for each in parts:
        truth, turn = each.standing(facts, now)
        unknown = unknown or truth is Truth.UNKNOWN
        if truth is deciding:
            if turn is None:
                return deciding, None
            settled.append(turn)
        elif turn is not None:
            turns.append(turn)
    if settled:
        return deciding, max(settled)
    return Truth.UNKNOWN if unknown else deciding.negated(), min(turns, default=None)


class Part(ABC):
    """A piece of a condition with fields of its own: subclasses are frozen dataclasses, their fields the JSON form."""

    __slots__ = ()

    @abstractmethod
    def words(self) -> str:
        """The piece in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The declaration of a condition: what a form, a reference page and a generated test need to know of it."""

    name: str
    """What its JSON form carries as `type`."""
    label: str
    about: str
    """One sentence for the reference page."""
    shape: type[Condition]
    examples: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class FieldKind:
    """What kind of thing a field holds, beyond its Python type: the codec, forms and generators go by it."""

    name: str
    about: str
    tries: tuple[object, ...] = ()
    """Values worth trying, near to one another: tests draw from them. Those of the common kinds are the tests' own."""
    choices: tuple[str, ...] = ()
    """All there are, where they are few: a form offers them."""


EventName: TypeAlias = Annotated[str, FieldKind("event", "the name of an event")]
TraitName: TypeAlias = Annotated[str, FieldKind("trait", "the name of a trait")]
PropertyName: TypeAlias = Annotated[str, FieldKind("property", "the name of a property")]
OperatorName: TypeAlias = Annotated[str, FieldKind("operator", "how to compare")]
Count: TypeAlias = Annotated[int, FieldKind("count", "how many times")]
Days: TypeAlias = Annotated[float, FieldKind("days", "days back from now; parts of a day are allowed")]
DaysAgo: TypeAlias = Annotated[
    float,
    FieldKind("days_ago", "at least so many days before now", tries=(1, 7, 0.5, 1 / 86_400_000, 30, 36_525)),
]
Moment: TypeAlias = Annotated[str, FieldKind("moment", "a day or a moment, in ISO 8601; UTC where it names no zone")]
SegmentId: TypeAlias = Annotated[
    str,
    FieldKind("segment", "the id of a saved segment", tries=("gold", "gold-customers", "silver", "nobody", "x")),
]
