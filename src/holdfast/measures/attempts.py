"""Attempts at a sequence of steps: for each person, how long it took to get to each of them.

An attempt stands at the step it took last. Of all attempts that stand at one step only the one that began last matters:
whatever the others can still reach in time, it can too. So one number per step says it all, and each event changes it.
Here that is done not event by event but step by step, for all events of many people at once, which is as quick as the
engine's own `windowFunnel` and, unlike it, exact where one event could be two steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, LiteralString

from holdfast.decisions.fields import Comparisons, Kind, Nested, OrNull, Text, decode_fields
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.insight import EVENTS_MOST, Act, acts_as_people, label_of
from holdfast.measures.insight_fields import Listed, Whole
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Scope

STEPS_MOST = 20
WITHIN_DAYS_MOST = 3_653
WITHOUT_MOST = 8
"""Kinds of events that may not come between. With the steps, no more than 31: each has a number of five bits."""
BLOCK_PEOPLE = 8_192
"""People looked at in one go: the arrays of all their events and steps are in memory at the same time."""
NOTHING_MS = 2**63 - 1
_NUMBERED: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("level_1", "first_1"), ("level_2", "first_2"), ("level_3", "first_3"), ("level_4", "first_4"),
    ("level_5", "first_5"), ("level_6", "first_6"), ("level_7", "first_7"), ("level_8", "first_8"),
    ("level_9", "first_9"), ("level_10", "first_10"), ("level_11", "first_11"), ("level_12", "first_12"),
    ("level_13", "first_13"), ("level_14", "first_14"), ("level_15", "first_15"), ("level_16", "first_16"),
    ("level_17", "first_17"), ("level_18", "first_18"), ("level_19", "first_19"), ("level_20", "first_20"),
)  # fmt: skip
LEVELS = tuple(sql(each) for each, _ in _NUMBERED)
FIRSTS = tuple(sql(each) for _, each in _NUMBERED)
"""Names of columns, one a step each."""
_NOWHERE = bind("UInt8", 31)
"""The number of an event that is nothing of all this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """What may not happen once step `after` was taken and before step `before` is."""

    events: Annotated[tuple[str, ...], Listed(Text(most=500), 1, EVENTS_MOST), "Names of events."]
    where: Annotated[tuple[Comparison, ...], Comparisons(), "What holds of the event's properties."] = ()
    after: Annotated[int, Whole(1, STEPS_MOST), "The number of a step, from 1."] = 1
    before: Annotated[int | None, OrNull(Whole(2, STEPS_MOST)), "The number of a later step; without it, the last."] = (
        None
    )

    @property
    def act(self) -> Act:
        """The events."""
        return Act(events=self.events, where=self.where)

    def words(self) -> str:
        """What may not happen, in plain words."""
        if self.before is not None:
            return f"{self.act.words()} between steps {self.after} and {self.before}"
        return self.act.words() if self.after == 1 else f"{self.act.words()} after step {self.after}"

    def end(self, steps: int) -> int:
        """The number of the step it must not come before, of so many steps."""
        return steps if self.before is None else self.before

    def check(self, steps: int, path: str) -> None:
        """Complain where these are not two of so many steps, one after the other."""
        if not self.after < self.end(steps) <= steps:
            raise Invalid(
                f"Nothing comes after step {self.after} and before step {self.end(steps)} of {steps}.",
                code="out_of_range",
                path=f"{path}.after" if self.before is None else f"{path}.before",
                hint="Give two steps there are, the earlier one as `after`.",
            )


@dataclass(frozen=True, slots=True)
class WithoutKind(Kind):
    """What may not come between; the name of an event alone will do."""

    def decode(self, value: object, path: str) -> Without:
        if isinstance(value, str):
            return Without(events=(Text(most=500).decode(value, path),))
        return decode_fields(Without, value, path)

    def encode(self, value: object) -> Json:
        return Nested(Without).encode(value)

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "act, after and before"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Attempts at the steps; what they mean, `funnel` tells."""

    steps: tuple[Act, ...]
    within_ms: int
    strict: bool = False
    without: tuple[Without, ...] = ()
    holding: str | None = None
    """A property all of an attempt has the same value of."""
    label: str | None = None
    """A property of the first step, to tell people apart by."""

    def sql(self, scope: Scope, *, since_ms: int, until_ms: int, among: Sql) -> Sql:
        """Everybody who took the first step in [since, until): `person`, `raw_label` and `took`.

        `took` has the time to each step after the first in milliseconds, -1 for never. It is empty where the second was
        never reached: most are, and nothing more is reckoned of them.
        """
        people = fill(
            """SELECT person[[entry]], arrayResize(array([[took]]), [[later]] * ([[second]] != 0)) AS took FROM (
                SELECT *, [[levels]], [[firsts]] FROM (
                    SELECT *, arrayMap(each -> [[moment]], acts) AS moments, arrayMap(each -> [[place]], acts) AS places
                    FROM ([[entered]])
                )
            )""",
            {
                "entry": sql("") if self.label is None else sql(", entry"),
                "took": join(", ", (self._took(step) for step in range(1, len(self.steps)))),
                "later": bind("UInt64", len(self.steps) - 1),
                "second": FIRSTS[1],
                "levels": join(", ", self._levels()),
                "firsts": join(", ", self._firsts()),
                "moment": sql("toInt64(bitShiftRight(each, 5))" if self._apart else "each.1"),
                "place": sql("toUInt8(bitAnd(each, 31))" if self._apart else "each.3"),
                "entered": self._entered(scope, since_ms, until_ms, among),
            },
        )
        label = "NULL::Nullable(String)" if self.label is None else "if(entry.2, NULL, toNullable(entry.3))"
        return fill(
            "SELECT person, took, [[label]] AS raw_label FROM ([[people]])",
            {"label": sql(label), "people": people if self.holding is None else self._first_of_values(people)},
        )

    @property
    def _places(self) -> tuple[Act, ...]:
        """All that an event can be: a step, or what may not come between."""
        return (*self.steps, *(each.act for each in self.without))

    @property
    def _apart(self) -> bool:
        """Whether its name alone makes sure that an event is one of these at most: then a number says which."""
        names = [name for each in self._places for name in set(each.events)]
        return len(names) == len(set(names))

    def _took(self, step: int) -> Sql:
        """The time to the first moment the step was reached; with a property held, that moment and the time."""
        # No `if`: the engine would work out the columns for some of the rows at a time, at ten times the cost.
        given = {"first": FIRSTS[step], "level": LEVELS[step], "nothing": bind("Int64", NOTHING_MS)}
        took = fill("(moments[ [[first]] ] - [[level]][ [[first]] ] + 1) * ([[first]] != 0) - 1", given)
        if self.holding is None:
            return took
        reached = fill("moments[ [[first]] ] + ([[first]] = 0) * [[nothing]]", given)
        return sql("(") + reached + sql(", ") + took + sql(")")

    def _firsts(self) -> Iterator[Sql]:
        """For each step after the first a column: the number of the event that reached it first, from 1; 0 for none."""
        for first, level in zip(FIRSTS[1 : len(self.steps)], LEVELS[1:], strict=False):
            yield fill("arrayFirstIndex(began -> began >= 0, [[level]]) AS [[first]]", {"level": level, "first": first})

    def _levels(self) -> Iterator[Sql]:
        """For each step a column: for each event, when the attempt began that takes the step with it.

        -1 where none does, -2 where the event ends attempts that stand there.
        """
        first = {"is_it": self._is(0), "else": self._else(0), "level": LEVELS[0]}
        yield fill("arrayMap((at, place) -> if([[is_it]], at, [[else]]), moments, places) AS [[level]]", first)
        for step in range(1, len(self.steps)):
            # Who stands at the step before with each event: who took it last, unless that attempt was ended since.
            stands = sql("arrayFill(each -> each != -1, ") + LEVELS[step - 1] + sql(")")
            if not self._apart or self.strict:
                # One event is one step only: who took the step before with this very event has to wait for another.
                stands = sql("arrayPopBack(arrayPushFront(") + stands + sql(", -1))")
            yield fill(
                """arrayMap(
                    (at, place, began) -> if([[is_it]] AND began >= 0 AND at <= began + [[within]], began, [[else]]),
                    moments, places, [[stands]]) AS [[level]]""",
                {
                    "is_it": self._is(step),
                    "else": self._else(step),
                    "within": bind("Int64", self.within_ms),
                    "stands": stands,
                    "level": LEVELS[step],
                },
            )

    def _is(self, place: int) -> Sql:
        """Whether the event is this."""
        return fill(
            "place = [[number]]" if self._apart else "bitTest(place, [[number]])", {"number": bind("UInt8", place)}
        )

    def _else(self, step: int) -> Sql:
        """What an event that does not take the step makes of those who stand there: it ends their attempts, or not."""
        steps = len(self.steps)
        ends = [
            self._is(steps + number)
            for number, each in enumerate(self.without)
            if each.after <= step + 1 < each.end(steps)
        ]
        if self.strict:
            ends.append(
                sql("place < ") + bind("UInt8", steps)
                if self._apart
                else sql("bitAnd(place, ") + bind("UInt32", (1 << steps) - 1) + sql(") != 0")
            )
        if not ends:
            return sql("toInt64(-1)")
        return fill("if([[ends]], toInt64(-2), toInt64(-1))", {"ends": join(" OR ", ends)})

    def _first_of_values(self, people: Sql) -> Sql:
        """For each person and step, of all values the attempt that reached it first; of those, that began last."""
        return fill(
            """SELECT person, arrayMap(each -> each.2, minForEach(took)) AS took[[entry]]
            FROM (SELECT person AS person[[its]], took FROM ([[people]])) GROUP BY person""",
            {
                "entry": sql("") if self.label is None else sql(", min(its) AS entry"),
                "its": sql("") if self.label is None else sql(", entry AS its"),
                "people": people,
            },
        )

    def _entered(self, scope: Scope, since_ms: int, until_ms: int, among: Sql) -> Sql:
        """Everybody who took the first step, by value where one is held: `person`, `entry` and `acts`, in order.

        `entry` is when they first took it, whether without a label, and the label. An act is a moment and what it is:
        both in one number, or the moment, the first step it could be, and a bit for each of all it could be.
        """
        by = sql("person") if self.holding is None else sql("person, held")
        act, seen, first = (
            ("at_ms * 32 + place", "bitShiftLeft(toUInt32(1), place)", "place = 0")
            if self._apart
            else ("(at_ms, bitCount(bitXor(place, place - 1)), place)", "place", "bitTest(place, 0)")
        )
        entry = sql("")
        if self.label is not None:
            entry = fill(
                ", minIf((at_ms, label IS NULL, ifNull(label, '')), [[first]]) AS entry", {"first": sql(first)}
            )
        return fill(
            """SELECT person[[entry]], arraySort(if(bitAnd(seen, 3) = 3, acts, [])) AS acts FROM (
                SELECT [[by]], groupArray([[act]]) AS acts, groupBitOr([[seen]]) AS seen[[entries]]
                FROM ([[rows]]) WHERE place != [[nowhere]][[among]]
                GROUP BY [[by]] HAVING bitTest(seen, 0)
                [[block]]
            )""",
            {
                "entry": sql("") if self.label is None else sql(", entry"),
                "entries": entry,
                "by": by,
                "act": sql(act),
                "seen": sql(seen),
                "rows": self._rows(scope, since_ms, until_ms),
                "block": sql("SETTINGS max_block_size = 8192"),
                "nowhere": _NOWHERE if self._apart else bind("UInt32", 0),
                "among": among if self.holding is None else sql(" AND held IS NOT NULL") + among,
            },
        )

    def _rows(self, scope: Scope, since_ms: int, until_ms: int) -> Sql:
        """The events: `person`, `at_ms`, `place`, `label` and `held`."""
        first, *others = (each.sql(scope) for each in self._places)
        first = fill("([[act]] AND ts < [[until]])", {"act": first, "until": scope.moment(until_ms)})
        columns = sql(", ") + self._place((first, *others)) + sql(" AS place")
        if self.label is not None:
            columns += sql(", ") + label_of(self.label) + sql(" AS label")
        if self.holding is not None:
            columns += sql(", ") + label_of(self.holding) + sql(" AS held")
        names = [name for each in self._places for name in each.events]
        return acts_as_people(
            scope,
            sql("event IN ") + bind("Array(String)", sorted(set(names))),
            columns,
            since_ms=since_ms,
            until_ms=min(until_ms + self.within_ms, scope.as_of_ms + 1),
        )

    def _place(self, acts: tuple[Sql, ...]) -> Sql:
        """What an event is: a number, or a bit for each of all that it is."""
        if self._apart:
            choices = (fill("[[act]], [[n]]", {"act": act, "n": bind("UInt8", n)}) for n, act in enumerate(acts))
            return sql("multiIf(") + join(", ", choices) + sql(", ") + _NOWHERE + sql(")")
        bits = (
            fill("if([[act]], [[bit]], 0)", {"act": act, "bit": bind("UInt32", 1 << n)}) for n, act in enumerate(acts)
        )
        return sql("toUInt32(") + join(" + ", bits) + sql(")")
