"""`pivot`: a measure of what people did, by one thing down the side and another across the top, with totals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, LiteralString, TypeAlias

from holdfast.decisions.fields import Choice, Kind, Nested, OrNull, Text, decode_fields, under
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.moments import from_millis
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
from holdfast.measures.insight_fields import Whole
from holdfast.measures.periods import Period, starts
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Scope
from holdfast.segments.operators import Place

Measure = Literal["count", "people", "sum", "average", "min", "max", "median"]
MEASURES: Mapping[Measure, LiteralString] = {
    "count": "count()",
    "people": "uniqExact(person)",
    "sum": "sum(amount)",
    "average": "avg(amount)",
    "min": "min(amount)",
    "max": "max(amount)",
    "median": "quantileExactInclusive(0.5)(amount)",
}
OF_EVENTS: tuple[Measure, ...] = ("count", "people")
"""Measures that need no property."""
CALENDAR: tuple[Period, ...] = ("day", "week", "month", "quarter", "year")
"""Periods that a date can name."""
PERIODS_MOST = 366
TOP_MOST = 100
DAYS_BY_DEFAULT = 30
Part = Literal["value", "other", "none", "total"]
PARTS: tuple[Part, ...] = ("value", "other", "none", "total")
Line: TypeAlias = tuple[Part, str]
"""A row or a column: its part, and its label, which is empty unless it is a value; of a period, its number."""
TOTAL: Line = ("total", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """What tells events apart: one of their properties, one of the traits of who did them, or when it was."""

    property: Annotated[str | None, OrNull(Text(most=500)), "A property of the event."] = None
    trait: Annotated[str | None, OrNull(Text(most=500)), "A trait of the person, as it stands now."] = None
    period: Annotated[Period | None, OrNull(Choice(CALENDAR)), "The period of the calendar it was done in."] = None
    top: Annotated[int, Whole(1, TOP_MOST), "How many values have a line of their own; periods all have."] = 10

    def __post_init__(self) -> None:
        given = [each for each in (self.property, self.trait, self.period) if each is not None]
        if len(given) != 1:
            raise Invalid(
                "A breakdown is by one thing.",
                code="contradiction" if given else "missing_field",
                path="$",
                hint="Give one of `property`, `trait` and `period`.",
            )

    def words(self) -> str:
        """The breakdown in plain words, to follow `by`."""
        if self.period is not None:
            return self.period
        return f"the person's {self.trait}" if self.trait is not None else str(self.property)


@dataclass(frozen=True, slots=True)
class BreakdownKind(Kind):
    """A breakdown; the name of a property alone will do."""

    def decode(self, value: object, path: str) -> Breakdown:
        if isinstance(value, str):
            value = {"property": value}
        with under(path):
            return decode_fields(Breakdown, value, "$")

    def encode(self, value: object) -> Json:
        return Nested(Breakdown).encode(value)

    def schema(self) -> dict[str, Json]:
        return Nested(Breakdown).schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot(Question):
    """A measure of the events in [since, until), for each value of one breakdown and each of another, with totals.

    `sum`, `average`, `min`, `max` and `median` are of the property's numbers; events that have no number there are left
    out, and `events` says how many were used. Of properties and traits the values that the most of these events have
    (equally many: by code point) have a line each, all others share one, and so do events where it is missing. Values
    that read the same are one. A period is named by the date it begins on. Totals are measured anew, not added up: who
    is in two lines is one of the people of their total. Each line meets each column, even where nothing happened.
    """

    event: Annotated[Act, ActKind(), "What is done: the name of an event, or `events` and `where`."]
    rows: Annotated[Breakdown, BreakdownKind(), "Down the side: a property's name, or `property`, `trait` or `period`."]
    columns: Annotated[
        Breakdown | None, OrNull(BreakdownKind()), "Across the top, likewise; without it, the total."
    ] = None
    measure: Annotated[Measure, Choice(tuple(MEASURES)), "What to measure."] = "count"
    property: Annotated[str | None, OrNull(Text(most=500)), "The property whose numbers are measured."] = None

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
                hint="Leave it out, or measure its sum, average, min, max or median.",
            )

    def sql(self, scope: Scope) -> Sql:
        row, column = sql("row_part, row_label"), sql("column_part, column_label")
        both = [row + sql(", ") + column, row, column, sql("")] if self.columns is not None else [row, sql("")]
        return fill(
            """SELECT if(grouping(row_part) = 1, 'total', row_part), row_label, [[column_part]], [[column_label]],
                [[value]], count()
            FROM ([[lines]]) GROUP BY GROUPING SETS ([[sets]])""",
            {
                "column_part": sql("if(grouping(column_part) = 1, 'total', column_part)")
                if self.columns is not None
                else sql("'total'"),
                "column_label": sql("column_label") if self.columns is not None else sql("''"),
                "value": sql(MEASURES[self.measure]),
                "lines": self._lines(scope),
                "sets": join(", ", (sql("(") + each + sql(")") for each in both)),
            },
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        found: dict[tuple[Line, Line], tuple[Any, int]] = {}
        for row_part, row_label, column_part, column_label, value, events in rows:
            found[(row_part, row_label), (column_part, column_label)] = (value, events)
        of_rows = {row: events for (row, column), (_, events) in found.items() if column == TOTAL}
        of_columns = {column: events for (row, column), (_, events) in found.items() if row == TOTAL}
        down = self._lines_shown(self.rows, of_rows, scope)
        across = {TOTAL: None} if self.columns is None else self._lines_shown(self.columns, of_columns, scope)
        nothing = 0.0 if self.measure in (*OF_EVENTS, "sum") else None
        told: list[tuple[Cell, ...]] = []
        for row, row_shown in down.items():
            for column, column_shown in across.items():
                value, events = found.get((row, column), (nothing, 0))
                side = () if self.columns is None else (column_shown, column[0])
                # The total of nothing is there as well, and has no average.
                told.append((row_shown, row[0], *side, _number(value) if events else nothing, events))
        columns = tuple(
            each for each in COLUMNS if self.columns is not None or each.name not in ("column", "column_part")
        )
        return Answer(columns=columns, rows=tuple(told), time_zone=self.time_zone)

    def words(self) -> str:
        what = {"count": "How often people did", "people": "How many people did"}.get(
            self.measure, f"The {self.measure} of {self.property} of"
        )
        across = "" if self.columns is None else f" and by {self.columns.words()}"
        return f"{what} {self.event.words()}, by {self.rows.words()}{across}{self.among_words()}."

    def picture(self) -> Picture:
        if self.columns is None:
            return Picture(kind="bars", across="row", value="value")
        return Picture(kind="grid", across="column", value="value", by="row")

    def people_sql(self, scope: Scope, cell: PivotCell) -> Sql:
        if self.columns is None and (cell.column is not None or cell.column_part is not None):
            raise Invalid(
                "This table has no columns.", code="unknown_cell", path="$.cell.column", hint="Ask for a row alone."
            )
        wanted: list[Sql] = []
        for breakdown, part, text, side in (
            (self.rows, cell.row_part, cell.row, sql("row")),
            (self.columns, cell.column_part, cell.column, sql("column")),
        ):
            if part is not None and part != "total":
                wanted.append(side + sql("_part = ") + bind("String", part))
            if text is not None and breakdown is not None:
                label = self._label_of(breakdown, text, scope) if breakdown.period is not None else text
                wanted.append(side + sql("_part = 'value' AND ") + side + sql("_label = ") + bind("String", label))
        return fill(
            "SELECT person FROM ([[lines]]) WHERE 1[[wanted]]",
            {"lines": self._lines(scope), "wanted": join("", (sql(" AND ") + each for each in wanted))},
        )

    def _lines(self, scope: Scope) -> Sql:
        """Every event that counts: `person`, `amount`, and of each side its part and its label."""
        row = self._side(self.rows, scope, part=sql(" AS row_part"), label=sql(" AS row_label"), raw=sql("row_raw"))
        column = sql("")
        if self.columns is not None:
            column = sql(", ") + self._side(
                self.columns, scope, part=sql(" AS column_part"), label=sql(" AS column_label"), raw=sql("column_raw")
            )
        return fill(
            "SELECT person, amount, [[row]][[column]] FROM ([[raw]])",
            {"row": row, "column": column, "raw": self._raw(scope)},
        )

    def _side(self, breakdown: Breakdown, scope: Scope, *, part: Sql, label: Sql, raw: Sql) -> Sql:
        """The part and the label of a side; the label is empty unless it is a value."""
        pieces = {"raw": raw, "part": part, "label": label}
        if breakdown.period is not None:
            pieces["number"] = period_of(sql("at_ms"), self._edges(breakdown.period, scope))
            return fill("'value'[[part]], toString([[number]])[[label]]", pieces)
        pieces["top"] = fill(
            """(SELECT [[raw]] FROM ([[all]]) WHERE [[raw]] IS NOT NULL
                GROUP BY [[raw]] ORDER BY count() DESC, [[raw]] LIMIT [[top]])""",
            {"raw": raw, "all": self._raw(scope), "top": bind("UInt64", breakdown.top)},
        )
        return fill(
            "multiIf([[raw]] IS NULL, 'none', [[raw]] IN [[top]], 'value', 'other')[[part]], "
            "if([[raw]] IS NOT NULL AND [[raw]] IN [[top]], assumeNotNull([[raw]]), '')[[label]]",
            pieces,
        )

    def _raw(self, scope: Scope) -> Sql:
        """Every event that counts: `person`, `at_ms`, `amount`, and the values of each side, null where missing."""
        columns, rest = sql(", 0. AS amount"), sql("")
        if self.property is not None:
            place = Place(self.property)
            columns = sql(", ") + place.number + sql(" AS amount")
            rest = sql(" AND ") + place.has_number + sql(" AND isFinite(") + place.number + sql(")")
        traits = sql("")
        for breakdown, name in ((self.rows, sql(" AS row_raw")), (self.columns, sql(" AS column_raw"))):
            if breakdown is None or breakdown.period is not None:
                continue
            if breakdown.property is not None:
                columns += sql(", ") + label_of(breakdown.property) + name
            if breakdown.trait is not None:
                traits += sql(", ") + label_of(breakdown.trait) + name
        since_ms, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        joined = fill(
            " LEFT JOIN (SELECT person[[traits]] FROM people FINAL WHERE workspace = [[here]]) AS them USING (person)",
            {"traits": traits, "here": scope.here},
        )
        return fill(
            "SELECT * FROM ([[acts]]) AS done[[joined]] WHERE 1[[among]]",
            {
                "acts": acts_as_people(
                    scope, self.event.sql(scope), columns, since_ms=since_ms, until_ms=until_ms, rest=rest
                ),
                "joined": joined if traits.parts else sql(""),
                "among": self.among(scope),
            },
        )

    def _edges(self, period: Period, scope: Scope) -> tuple[int, ...]:
        since_ms, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        found = starts(since_ms, until_ms, period, self.zone)
        if len(found) > PERIODS_MOST:
            raise TooLarge(
                f"These are {len(found)} {period}s.", path="$.since", hint=f"Ask for {PERIODS_MOST} or fewer."
            )
        return found

    def _lines_shown(self, breakdown: Breakdown, events: Mapping[Line, int], scope: Scope) -> dict[Line, str | None]:
        """What each line shows: values first, those of the most events before others; then other, none, the total."""
        if breakdown.period is not None:
            dates = self._dates(breakdown.period, scope)
            return {**{("value", str(number)): date for number, date in enumerate(dates)}, TOTAL: None}
        lines = sorted(
            (each for each in events if each != TOTAL),
            key=lambda line: (PARTS.index(line[0]), -events[line], line[1].encode("utf-8", "surrogatepass")),
        )
        return {line: line[1] if line[0] == "value" else None for line in (*lines, TOTAL)}

    def _dates(self, period: Period, scope: Scope) -> tuple[str, ...]:
        return tuple(from_millis(each).astimezone(self.zone).date().isoformat() for each in self._edges(period, scope))

    def _label_of(self, breakdown: Breakdown, text: str, scope: Scope) -> str:
        """The number of a period by its date. Raises Invalid when it has no line."""
        dates = () if breakdown.period is None else self._dates(breakdown.period, scope)
        if text not in dates:
            raise Invalid(
                f"No period of the table begins on {text!r:.60}.",
                code="unknown_cell",
                path="$.cell.row" if breakdown is self.rows else "$.cell.column",
                hint="Take the date from the table, such as 2026-03-02.",
            )
        return str(dates.index(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class PivotCell:
    """A cell of the table, or several: what is left out is not asked for."""

    row: Annotated[str | None, OrNull(Text(least=0, most=10_000)), "The value of the row; of a period, its date."] = (
        None
    )
    row_part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, `none`, or `total` for all rows."] = None
    column: Annotated[
        str | None, OrNull(Text(least=0, most=10_000)), "The value of the column; of a period, its date."
    ] = None
    column_part: Annotated[
        Part | None, OrNull(Choice(PARTS)), "`value`, `other`, `none`, or `total` for all columns."
    ] = None


def _number(value: Any) -> float | None:  # noqa: ANN401  # As the engine gives it.
    """A number one can write: a sum may have grown out of all bounds."""
    return float(value) if value is not None and math.isfinite(value) else None


COLUMNS = (
    Column(name="row", type="text", about="The value of the row; of a period, the date it begins on."),
    Column(
        name="row_part",
        type="text",
        about="`value`; `other` for all other values; `none` where it is missing; `total` for all rows.",
    ),
    Column(name="column", type="text", about="The value of the column, with `columns`."),
    Column(name="column_part", type="text", about="The same as `row_part`, of the column."),
    Column(name="value", type="number", about="What was measured; null where there is no number to measure."),
    Column(name="events", type="whole", about="How many events it was measured on."),
)

INSIGHT = Declared(
    name="pivot",
    label="Pivot",
    about="A measure of what people did, by one thing down the side and another across the top, with totals.",
    shape=Pivot,
    cell=PivotCell,
    columns=COLUMNS,
    examples=(
        {"event": "Order Completed", "rows": "category", "columns": {"period": "month"}, "since": "2026-01-01"},
        {
            "event": "Order Completed",
            "rows": {"trait": "country", "top": 5},
            "columns": "payment_method",
            "measure": "sum",
            "property": "revenue",
            "time_zone": "Europe/Berlin",
        },
        {"event": "App Opened", "rows": {"period": "week"}, "measure": "people"},
    ),
)
