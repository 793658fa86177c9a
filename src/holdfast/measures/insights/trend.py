"""`trend`: how often something is done, by how many, and how much of a property, period by period."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, LiteralString
from zoneinfo import ZoneInfo

from holdfast.decisions.fields import Choice, Flag, Nested, OrNull, Text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.breakdown import PARTS, TOP_MOST, Breakdown, BreakdownKind, Part, place_of, ranked, with_trait
from holdfast.measures.insight import (
    Act,
    ActKind,
    Answer,
    Cell,
    Column,
    Declared,
    Question,
    acts_as_people,
    label_of,
    period_of,
)
from holdfast.measures.insight_fields import MomentText, Number, Whole
from holdfast.measures.periods import PERIODS, Period, index_of, moment_of, starts
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Scope
from holdfast.segments.operators import Place

Measure = Literal["count", "people", "sum", "average", "min", "max", "percentile"]
_MERGED: LiteralString = "[[merged]]"
MEASURES: Mapping[Measure, tuple[LiteralString, LiteralString, LiteralString]] = {
    "count": ("countIfState([[it]])", "countIfMergeIf", _MERGED),
    "people": ("uniqExactIfState(person, [[it]])", "uniqExactIfMergeIf", _MERGED),
    "sum": ("sumIfState([[amount]], [[it]])", "sumIfMergeIf", _MERGED),
    "average": ("avgIfState([[amount]], [[it]])", "avgIfMergeIf", _MERGED),
    "min": ("minIfState([[amount]], [[it]])", "minIfMergeIf", _MERGED),
    "max": ("maxIfState([[amount]], [[it]])", "maxIfMergeIf", _MERGED),
    "percentile": (
        "quantileExactInclusiveIfState([[level]])([[amount]], [[it]])",
        "quantileExactInclusiveIfMergeIf([[level]])",
        _MERGED,
    ),
}
"""How each is worked out value by value, how that is put together where values share a line, and what is told of it."""
PEOPLE_SOON: tuple[LiteralString, LiteralString, LiteralString] = (
    "groupArrayIfState(person, [[it]])", "groupArrayIfMergeIf", "arrayUniq([[merged]])",
)  # fmt: skip
"""`people` where periods are so short that few do the same many times over.

To gather them first, and then see who is there twice, takes half of the time of one growing set a line; but it holds
whoever did so a hundred times a hundred times.
"""
SOON: tuple[Period, ...] = ("minute", "hour", "day", "week")
OF_EVENTS: tuple[Measure, ...] = ("count", "people")
"""Measures that need no property, and are 0 where nothing happened."""
CUMULABLE: tuple[Measure, ...] = ("count", "sum")
Formula = Literal["a / b", "a - b", "a + b", "a * b"]
FORMULAS: Mapping[Formula, Callable[[float, float], float | None]] = {
    "a / b": lambda a, b: None if b == 0 else a / b,
    "a - b": operator.sub,
    "a + b": operator.add,
    "a * b": operator.mul,
}
DAYS_BY_DEFAULT: Mapping[Period, int] = {
    "minute": 1, "hour": 3, "day": 30, "week": 84, "month": 365, "quarter": 730, "year": 1_825,
}  # fmt: skip
Side = Literal["a", "b"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Something to measure."""

    event: Annotated[Act, ActKind(), "What is done: the name of an event, or `events` and `where`."]
    measure: Annotated[Measure, Choice(tuple(MEASURES)), "What to measure."] = "count"
    property: Annotated[str | None, OrNull(Text(most=500)), "The property whose numbers are measured."] = None
    percentile: Annotated[float, Number(0, 100), "Which percentile; 50 is the median. Between two numbers, linear."] = (
        50
    )

    def check(self, path: str) -> None:
        """Complain of a measure that lacks its property, or has no use for it."""
        needs = self.measure not in OF_EVENTS
        if needs and self.property is None:
            raise Invalid(
                f"`{self.measure}` of what?",
                code="missing_field",
                path=f"{path}.property",
                hint="Name a property of the event.",
            )
        if not needs and self.property is not None:
            raise Invalid(
                f"`{self.measure}` is not of a property.",
                code="contradiction",
                path=f"{path}.property",
                hint="Leave it out, or measure its sum, average, min, max or percentile.",
            )

    def sql(self, scope: Scope) -> Sql:
        """Whether a row of `events` is to be measured."""
        if self.property is None:
            return self.event.sql(scope)
        place = Place(self.property)
        return fill(
            "([[act]] AND [[there]] AND isFinite([[number]]))",
            {"act": self.event.sql(scope), "there": place.has_number, "number": place.number},
        )

    def words(self) -> str:
        """What is measured, to begin a sentence."""
        measure = f"{self.percentile:g}th percentile" if self.measure == "percentile" else self.measure
        what = {"count": "How often people did", "people": "How many people did"}.get(
            self.measure, f"The {measure} of {self.property} of"
        )
        return f"{what} {self.event.words()}"

    def told(self, value: float | None, events: int) -> float | None:
        """The value of so many events; of none, nothing of what adds up, else null."""
        if events == 0:
            return 0.0 if self.measure in (*OF_EVENTS, "sum") else None
        return None if value is None else float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(Question):
    """A number per period of the calendar, each period there even where nothing happened.

    `sum`, `average`, `min`, `max` and `percentile` are of the property's numbers; events that have no number there are
    left out, and `events` says how many were used. With `breakdown`, the values the most events have (equally many: by
    code point) have a line each, all others share one, and so do events without the property. Values that read the same
    are one. Without `since`, the first period is whole.

    With `formula`, two acts are measured: `a`, which is the question's own, and `b`; division by zero is null, and so
    is anything with null. Lines are those of the values the most events of `a` have. With `cumulative`, each period has
    all before it in the table added; what is measured must add up, as `count` and `sum` do.
    """

    event: Annotated[Act, ActKind(), "What is done: the name of an event, or `events` and `where`."]
    measure: Annotated[Measure, Choice(tuple(MEASURES)), "What to measure."] = "count"
    property: Annotated[str | None, OrNull(Text(most=500)), "The property whose numbers are measured."] = None
    percentile: Annotated[float, Number(0, 100), "Which percentile; 50 is the median. Between two numbers, linear."] = (
        50
    )
    formula: Annotated[
        Formula | None, OrNull(Choice(tuple(FORMULAS))), "What to make of this, `a`, and another measure, `b`."
    ] = None
    b: Annotated[
        Measured | None, OrNull(Nested(Measured)), "The other: `event`, `measure`, `property` and `percentile`."
    ] = None
    cumulative: Annotated[bool, Flag(), "Whether each period has all before it added."] = False
    period: Annotated[Period, Choice(PERIODS), "What each line of the table is about."] = "day"
    breakdown: Annotated[
        Breakdown | None, OrNull(BreakdownKind()), "A property of the event, or a trait, to tell values of apart."
    ] = None
    top: Annotated[int, Whole(1, TOP_MOST), "How many values of the breakdown have a line of their own."] = 10

    def __post_init__(self) -> None:
        self.a.check("$")
        if (self.formula is None) != (self.b is None):
            raise Invalid(
                "A formula is of two measures.",
                code="contradiction",
                path="$.b" if self.b is None else "$.formula",
                hint='Give both, such as "formula": "a / b" and "b": {"event": "Order Completed"}.',
            )
        if self.b is not None:
            self.b.check("$.b")
        if self.cumulative and any(each.measure not in CUMULABLE for _, each in self.sides):
            raise Invalid(
                "Only what adds up can be added up.",
                code="contradiction",
                path="$.cumulative",
                hint="Measure `count` or `sum`, or leave it out.",
            )

    @builtins.property
    def a(self) -> Measured:
        """What is measured; with a formula, the first of two."""
        return Measured(event=self.event, measure=self.measure, property=self.property, percentile=self.percentile)

    @builtins.property
    def sides(self) -> tuple[tuple[Side, Measured], ...]:
        """What is measured, by its name."""
        return (("a", self.a),) if self.b is None else (("a", self.a), ("b", self.b))

    def edges(self, as_of_ms: int) -> tuple[int, ...]:
        """When the periods start."""
        since_ms, until_ms = self.span(as_of_ms, days=DAYS_BY_DEFAULT[self.period])
        return starts(since_ms, until_ms, self.period, self.zone)

    def sql(self, scope: Scope) -> Sql:
        return self._sql(scope, quick=True)

    def closer_sql(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Sql | None:
        """Where some event has no text there: it may have a number, an empty text or nothing, and then these differ."""
        return self._sql(scope, quick=False) if any(row[3] for row in rows) else None

    def _sql(self, scope: Scope, *, quick: bool) -> Sql:
        """Rows of period, part, label, whether to look closer, and for each measure its value and how many events.

        Args:
            quick: look for the property among texts alone, as most are. The engine reads the maps of other values at
                twice the cost, and only what it finds tells whether that was needed.
        """
        quick = quick and self.breakdown is not None and self.breakdown.property is not None
        lines = fill(
            """(SELECT period, [[label]] AS raw_label, [[doubt]] AS doubt, [[alone]] AS alone, * EXCEPT (period, told),
                sum(events_a) OVER (PARTITION BY raw_label) AS weight
            FROM (
                SELECT period, told, [[states]] FROM (SELECT *, raw_label AS told, [[period]] AS period FROM ([[rows]]))
                GROUP BY period, told
            ))""",
            {
                "label": sql("toNullable(toValidUTF8(told))" if quick else "told"),
                "doubt": sql("told = ''" if quick else "0"),
                # What is no UTF-8 may read the same as another value; all of it reads with a replacement character.
                "alone": sql("position(told, '\ufffd') = 0 AND isValidUTF8(told)" if quick else "1"),
                "states": join(", ", (self._state(side, each) for side, each in self.sides)),
                "period": period_of(sql("at_ms"), self.edges(scope.as_of_ms)),
                "rows": self._rows(scope, quick=quick),
            },
        )
        parted = (
            fill("(SELECT *, 'value' AS part FROM [[lines]])", {"lines": lines})
            if self.breakdown is None
            else ranked(lines, by=sql("weight"), top=self.top)
        )
        return fill(
            """SELECT period, part, if(part = 'value', raw_label, NULL) AS label, max(doubt), [[values]]
            FROM [[lines]] GROUP BY period, part, label""",
            {"values": join(", ", (self._merged(side, each) for side, each in self.sides)), "lines": parted},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        edges = self.edges(scope.as_of_ms)
        found: dict[tuple[str, str | None], dict[int, Sequence[Any]]] = {}
        for period, part, label, _, *numbers in rows:
            found.setdefault((part, label), {})[int(period)] = numbers
        if self.breakdown is None:
            found = {("value", None): next(iter(found.values()), {})}
        told: list[tuple[Cell, ...]] = []
        for (part, label), its in sorted(found.items(), key=_place):
            line: tuple[Cell, ...] = () if self.breakdown is None else (label, part)
            told += (
                (start_ms, *line, *cells) for start_ms, cells in zip(edges, self._cells(its, len(edges)), strict=True)
            )
        left_out = {
            *(() if self.breakdown is not None else ("breakdown", "part")),
            *(() if self.formula is not None else FORMULA_COLUMNS),
        }
        columns = tuple(each for each in COLUMNS if each.name not in left_out)
        return Answer(columns=columns, rows=tuple(told), time_zone=self.time_zone)

    def _cells(self, found: Mapping[int, Sequence[Any]], periods: int) -> Iterator[tuple[Cell, ...]]:
        """What a line has in each period: value and events; with a formula, also both measures, and events of b."""
        sums = [0.0] * len(self.sides)
        for period in range(periods):
            numbers = found.get(period, (None, 0) * len(self.sides))
            values: list[float | None] = []
            for index, (_, each) in enumerate(self.sides):
                value = each.told(numbers[2 * index], int(numbers[2 * index + 1]))
                sums[index] += value or 0.0
                values.append(sums[index] if self.cumulative else value)
            if self.formula is None:
                yield (values[0], int(numbers[1]))
                continue
            a, b = values
            made = None if a is None or b is None else FORMULAS[self.formula](a, b)
            yield (made, int(numbers[1]), a, b, int(numbers[3]))

    def words(self) -> str:
        by = f", by {self.breakdown.words()}" if self.breakdown is not None else ""
        by += ", added up" if self.cumulative else ""
        what = self.a.words()
        if self.b is not None and self.formula is not None:
            sign = {"a / b": "divided by", "a - b": "less", "a + b": "plus", "a * b": "times"}[self.formula]
            second = self.b.words()
            what = f"{what} {sign} {second[0].lower()}{second[1:]}"
        return f"{what}, per {self.period}{by}{self.among_words()}."

    def picture(self) -> Picture:
        return Picture(kind="lines", across="start", value="value", by=None if self.breakdown is None else "breakdown")

    def people_sql(self, scope: Scope, cell: TrendCell) -> Sql:
        edges = self.edges(scope.as_of_ms)
        wanted: list[Sql] = []
        if cell.start is not None:
            wanted.append(sql("period = ") + bind("Int64", index_of(_known_start(cell.start, edges, self.zone), edges)))
        if cell.part is not None:
            wanted.append(sql("part = ") + bind("String", cell.part))
        if cell.breakdown is not None:
            wanted.append(sql("label = ") + bind("String", cell.breakdown))
        if cell.of is not None:
            if cell.of == "b" and self.b is None:
                raise Invalid(
                    "There is no b.", code="unknown_cell", path="$.cell.of", hint="Ask for `a`, or leave it out."
                )
            wanted.append(sql("is_a") if cell.of == "a" else sql("is_b"))
        return fill(
            """SELECT person FROM (SELECT person, is_a, is_b, [[period]] AS period, [[line]] FROM ([[rows]]))
            WHERE 1[[wanted]]""",
            {
                "period": period_of(sql("at_ms"), edges),
                "line": self._line(scope),
                "rows": self._rows(scope, quick=False),
                "wanted": join("", (sql(" AND ") + each for each in wanted)),
            },
        )

    def _ways(self, measure: Measure) -> tuple[LiteralString, LiteralString, LiteralString]:
        return PEOPLE_SOON if measure == "people" and self.period in SOON else MEASURES[measure]

    def _state(self, side: Side, each: Measured) -> Sql:
        """One measure of the events of a value, to be put together with that of others, and how many they are."""
        names = {"a": ("is_a", "amount_a", "value_a", "events_a"), "b": ("is_b", "amount_b", "value_b", "events_b")}
        it, amount, value, events = (sql(name) for name in names[side])
        given = {"it": it, "amount": amount, "level": bind("Float64", each.percentile / 100)}
        state = fill(self._ways(each.measure)[0], given)
        return state + sql(" AS ") + value + sql(", countIf(") + it + sql(") AS ") + events

    def _merged(self, side: Side, each: Measured) -> Sql:
        """One measure of a line. Where the line is one value's alone, it is known: to merge would be to do it twice."""
        value, events = (sql(name) for name in (("value_a", "events_a") if side == "a" else ("value_b", "events_b")))
        _, merge, told = self._ways(each.measure)
        merged = {
            "value": value,
            "merge": fill(merge, {"level": bind("Float64", each.percentile / 100)}),
        }
        return fill(
            """if(max(part = 'value' AND alone), anyIf([[alone]], part = 'value' AND alone), [[together]]),
                sum([[events]])""",
            {
                "alone": fill(told, {"merged": fill("finalizeAggregation([[value]])", {"value": value})}),
                "together": fill(
                    told, {"merged": fill("[[merge]]([[value]], NOT (part = 'value' AND alone))", merged)}
                ),
                "events": events,
            },
        )

    def _rows(self, scope: Scope, *, quick: bool) -> Sql:
        """Every event that counts: `person`, `at_ms`, `is_a`, `amount_a`, the same of b, and `raw_label`."""
        columns = sql("")
        for side, each in self.sides:
            amount = sql("0.") if each.property is None else Place(each.property).number
            is_it = sql("1") if self.b is None else each.sql(scope)  # Of one measure, each row is one.
            columns += sql(", ") + is_it + sql(" AS is_a, " if side == "a" else " AS is_b, ")
            columns += amount + sql(" AS amount_a" if side == "a" else " AS amount_b")
        if self.b is None:
            columns += sql(", 0 AS is_b")
        by = self.breakdown
        if by is None or by.property is None:
            label = sql("NULL::Nullable(String)")
        else:
            label = Place(by.property).text if quick else label_of(by.property)
        if by is None or by.trait is None:
            columns += sql(", ") + label + sql(" AS raw_label")
        _, until_ms = self.span(scope.as_of_ms, days=1)
        since_ms = self._since_ms(scope.as_of_ms)
        acts = join(" OR ", (each.sql(scope) for _, each in self.sides))
        found = acts_as_people(scope, sql("(") + acts + sql(")"), columns, since_ms=since_ms, until_ms=until_ms)
        if by is not None and by.trait is not None:
            found = with_trait(scope, found, by.trait)
        among = self.among(scope)
        return (
            fill("SELECT * FROM ([[found]]) WHERE 1[[among]]", {"found": found, "among": among})
            if among.parts != ("",)
            else found
        )

    def _since_ms(self, as_of_ms: int) -> int:
        """Where it begins: as asked, else with the first period."""
        return self.edges(as_of_ms)[0] if self.since is None else moment_of(self.since, self.zone)

    def _line(self, scope: Scope) -> Sql:
        """The columns `part` and `label` of a row."""
        if self.breakdown is None:
            return sql("'value' AS part, raw_label AS label")
        top = fill(
            """(SELECT raw_label FROM ([[rows]]) WHERE raw_label IS NOT NULL
                GROUP BY raw_label ORDER BY countIf(is_a) DESC, raw_label LIMIT [[top]])""",
            {"rows": self._rows(scope, quick=False), "top": bind("UInt64", self.top)},
        )
        return fill(
            "multiIf(raw_label IS NULL, 'none', raw_label IN [[top]], 'value', 'other') AS part, "
            "if(part = 'value', raw_label, NULL) AS label",
            {"top": top},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendCell:
    """A line of the table, or several: what is left out is not asked for."""

    start: Annotated[str | None, OrNull(MomentText()), "The start of a period; without it, all periods."] = None
    breakdown: Annotated[str | None, OrNull(Text(least=0, most=10_000)), "The value in the line."] = None
    part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, or `none` where it is missing."] = None
    of: Annotated[
        Side | None, OrNull(Choice(("a", "b"))), "With `formula`: those who did `a`, or `b`; without it, either."
    ] = None


def _place(line: tuple[tuple[str, str | None], Mapping[int, Sequence[Any]]]) -> tuple[int, float, bytes]:
    """Values first, those of the most events before others; then other values, then none."""
    (part, label), found = line
    return place_of(part, sum(int(numbers[1]) for numbers in found.values()), label)


def _known_start(text: str, edges: Sequence[int], zone: ZoneInfo) -> int:
    at_ms = moment_of(text, zone)
    if at_ms not in edges:
        raise Invalid(
            f"No period of the table starts at {text}.",
            code="unknown_cell",
            path="$.cell.start",
            hint="Take `start` from a line of the table.",
        )
    return at_ms


FORMULA_COLUMNS = ("a", "b", "events_b")
COLUMNS = (
    Column(name="start", type="moment", about="When the period begins."),
    Column(name="breakdown", type="text", about="The value of the property or trait, with `breakdown`."),
    Column(name="part", type="text", about="`value`; `other` for all other values; `none` where it is missing."),
    Column(name="value", type="number", about="What was measured; null where there is no number to measure."),
    Column(name="events", type="whole", about="How many events it was measured on; with `formula`, those of a."),
    Column(name="a", type="number", about="With `formula`: the first measure."),
    Column(name="b", type="number", about="With `formula`: the second."),
    Column(name="events_b", type="whole", about="With `formula`: how many events b was measured on."),
)

INSIGHT = Declared(
    name="trend",
    label="Trend",
    about="How often something is done, by how many people, and how much of a property, period by period.",
    shape=Trend,
    cell=TrendCell,
    columns=COLUMNS,
    examples=(
        {"event": "Order Completed", "measure": "people", "period": "week", "time_zone": "Europe/Berlin"},
        {"event": "Order Completed", "measure": "sum", "property": "revenue", "breakdown": "currency", "top": 3},
        {
            "event": {
                "events": ["Product Viewed", "Product Clicked"],
                "where": [{"property": "price", "operator": "at_least", "value": 50}],
            },
            "since": "2026-01-01",
            "until": "2026-02-01",
        },
        {
            "event": "Order Completed",
            "measure": "sum",
            "property": "revenue",
            "formula": "a / b",
            "b": {"event": "Order Completed"},
            "period": "month",
            "breakdown": {"trait": "country"},
        },
    ),
)
