"""`trend`: how often something is done, by how many, and how much of a property, period by period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, LiteralString
from zoneinfo import ZoneInfo

from holdfast.decisions.fields import Choice, OrNull, Text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
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
MEASURES: Mapping[Measure, LiteralString] = {
    "count": "count()",
    "people": "uniqExact(person)",
    "sum": "sum(amount)",
    "average": "avg(amount)",
    "min": "min(amount)",
    "max": "max(amount)",
    "percentile": "quantileExactInclusive",
}
OF_EVENTS: tuple[Measure, ...] = ("count", "people")
"""Measures that need no property, and are 0 where nothing happened."""
TOP_MOST = 100
DAYS_BY_DEFAULT: Mapping[Period, int] = {
    "minute": 1, "hour": 3, "day": 30, "week": 84, "month": 365, "quarter": 730, "year": 1_825,
}  # fmt: skip
Part = Literal["value", "none", "other"]
PARTS: tuple[Part, ...] = ("value", "none", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(Question):
    """A number per period of the calendar, each period there even where nothing happened.

    `sum`, `average`, `min`, `max` and `percentile` are of the property's numbers; events that have no number there are
    left out, and `events` says how many were used. With `breakdown`, the values the most events have (equally many: by
    code point) have a line each, all others share one, and so do events without the property. Values that read the same
    are one. Without `since`, the first period is whole.
    """

    event: Annotated[Act, ActKind(), "What is done: the name of an event, or `events` and `where`."]
    measure: Annotated[Measure, Choice(tuple(MEASURES)), "What to measure."] = "count"
    property: Annotated[str | None, OrNull(Text(most=500)), "The property whose numbers are measured."] = None
    percentile: Annotated[float, Number(0, 100), "Which percentile; 50 is the median. Between two numbers, linear."] = (
        50
    )
    period: Annotated[Period, Choice(PERIODS), "What each line of the table is about."] = "day"
    breakdown: Annotated[str | None, OrNull(Text(most=500)), "A property to tell values of apart."] = None
    top: Annotated[int, Whole(1, TOP_MOST), "How many values of the breakdown have a line of their own."] = 10

    def __post_init__(self) -> None:
        needs = self.measure not in OF_EVENTS
        if needs and self.property is None:
            raise Invalid(
                f"`{self.measure}` of what?",
                code="missing_field",
                path="$.property",
                hint="Name a property of the event.",
            )
        if not needs and self.property is not None:
            raise Invalid(
                f"`{self.measure}` is not of a property.",
                code="contradiction",
                path="$.property",
                hint="Leave it out, or measure its sum, average, min, max or percentile.",
            )

    def edges(self, as_of_ms: int) -> tuple[int, ...]:
        """When the periods start."""
        since_ms, until_ms = self.span(as_of_ms, days=DAYS_BY_DEFAULT[self.period])
        return starts(since_ms, until_ms, self.period, self.zone)

    def sql(self, scope: Scope) -> Sql:
        edges = self.edges(scope.as_of_ms)
        return fill(
            """SELECT period, label, part, [[value]], count()
            FROM (SELECT person, amount, [[period]] AS period, [[line]] FROM ([[acts]]) WHERE 1[[among]])
            GROUP BY period, label, part""",
            {
                "value": self._value(),
                "period": period_of(sql("at_ms"), edges),
                "line": self._line(scope),
                "acts": self._acts(scope),
                "among": self.among(scope),
            },
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        edges = self.edges(scope.as_of_ms)
        found = {(period, label, part): (value, events) for period, label, part, value, events in rows}
        lines = sorted({(part, label) for _, label, part in found}, key=lambda line: self._place(line, found))
        if self.breakdown is None:
            lines = [("value", None)]
        empty = (0.0, 0) if self.measure in (*OF_EVENTS, "sum") else (None, 0)
        told: list[tuple[Cell, ...]] = []
        for part, label in lines:
            for period, start_ms in enumerate(edges):
                value, events = found.get((period, label, part), empty)
                line = () if self.breakdown is None else (label, part)
                told.append((start_ms, *line, None if value is None else float(value), events))
        columns = tuple(
            each for each in COLUMNS if self.breakdown is not None or each.name not in ("breakdown", "part")
        )
        return Answer(columns=columns, rows=tuple(told), time_zone=self.time_zone)

    def words(self) -> str:
        what = {"count": "How often people did", "people": "How many people did"}.get(
            self.measure, f"The {self._measure_words()} of {self.property} of"
        )
        by = f", by {self.breakdown}" if self.breakdown is not None else ""
        return f"{what} {self.event.words()}, per {self.period}{by}{self.among_words()}."

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
        return fill(
            """SELECT person FROM (
                SELECT person, [[period]] AS period, [[line]] FROM ([[acts]]) WHERE 1[[among]]
            ) WHERE 1[[wanted]]""",
            {
                "period": period_of(sql("at_ms"), edges),
                "line": self._line(scope),
                "acts": self._acts(scope),
                "among": self.among(scope),
                "wanted": join("", (sql(" AND ") + each for each in wanted)),
            },
        )

    def _measure_words(self) -> str:
        return f"{self.percentile:g}th percentile" if self.measure == "percentile" else self.measure

    def _value(self) -> Sql:
        if self.measure == "percentile":
            return fill("quantileExactInclusive([[level]])(amount)", {"level": bind("Float64", self.percentile / 100)})
        return sql(MEASURES[self.measure])

    def _acts(self, scope: Scope) -> Sql:
        """Every event that counts: `person`, `at_ms`, `amount`, `raw_label`."""
        columns, rest = sql(", 0. AS amount"), sql("")
        if self.property is not None:
            place = Place(self.property)
            columns = sql(", ") + place.number + sql(" AS amount")
            rest = sql(" AND ") + place.has_number + sql(" AND isFinite(") + place.number + sql(")")
        label = sql("NULL::Nullable(String)") if self.breakdown is None else label_of(self.breakdown)
        columns += sql(", ") + label + sql(" AS raw_label")
        _, until_ms = self.span(scope.as_of_ms, days=1)
        since_ms = self._since_ms(scope.as_of_ms)
        return acts_as_people(scope, self.event.sql(), columns, since_ms=since_ms, until_ms=until_ms, rest=rest)

    def _since_ms(self, as_of_ms: int) -> int:
        """Where it begins: as asked, else with the first period."""
        return self.edges(as_of_ms)[0] if self.since is None else moment_of(self.since, self.zone)

    def _line(self, scope: Scope) -> Sql:
        """The columns `part` and `label` of a row."""
        if self.breakdown is None:
            return sql("'value' AS part, raw_label AS label")
        top = fill(
            """(SELECT raw_label FROM ([[acts]]) WHERE raw_label IS NOT NULL[[among]]
                GROUP BY raw_label ORDER BY count() DESC, raw_label LIMIT [[top]])""",
            {"acts": self._acts(scope), "among": self.among(scope), "top": bind("UInt64", self.top)},
        )
        return fill(
            "multiIf(raw_label IS NULL, 'none', raw_label IN [[top]], 'value', 'other') AS part, "
            "if(part = 'value', raw_label, NULL) AS label",
            {"top": top},
        )

    @staticmethod
    def _place(line: tuple[Part, str | None], found: Mapping[tuple[int, str | None, Part], tuple[Any, int]]) -> Any:  # noqa: ANN401  # A key to sort by.
        """Values first, those of the most events before others; then other values, then none."""
        part, label = line
        events = sum(count for (_, its, of), (_, count) in found.items() if (of, its) == line)
        return ("value", "other", "none").index(part), -events, (label or "").encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendCell:
    """A line of the table, or several: what is left out is not asked for."""

    start: Annotated[str | None, OrNull(MomentText()), "The start of a period; without it, all periods."] = None
    breakdown: Annotated[str | None, OrNull(Text(least=0, most=10_000)), "The value in the line."] = None
    part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, or `none` where it is missing."] = None


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


COLUMNS = (
    Column(name="start", type="moment", about="When the period begins."),
    Column(name="breakdown", type="text", about="The value of the property, with `breakdown`."),
    Column(name="part", type="text", about="`value`; `other` for all other values; `none` where it is missing."),
    Column(name="value", type="number", about="What was measured; null where there is no number to measure."),
    Column(name="events", type="whole", about="How many events it was measured on."),
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
    ),
)
