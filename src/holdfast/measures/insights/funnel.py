"""`funnel`: how many get from one step to the next, in order and in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from holdfast.decisions.fields import Choice, Flag, OrNull, SegmentCondition, Text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.attempts import STEPS_MOST, WITHIN_DAYS_MOST, WITHOUT_MOST, Attempts, Without, WithoutKind
from holdfast.measures.breakdown import PARTS, TOP_MOST, Breakdown, BreakdownKind, Part, place_of, ranked, with_trait
from holdfast.measures.insight import DAY_MS, Act, ActKind, Answer, Cell, Column, Declared, Question, period_of
from holdfast.measures.insight_fields import Listed, Named, Number, Whole
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Condition, Scope

STEPS_LEAST = 2
COMPARED_MOST = 20
DAYS_BY_DEFAULT = 30
MINUTE, HOUR, DAY = 60, 3_600, 86_400
STRETCHES = (
    0, 1, 10, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY,
    7 * DAY, 14 * DAY, 30 * DAY, 60 * DAY, 90 * DAY, 180 * DAY, 365 * DAY, 730 * DAY, 1_461 * DAY,
)  # fmt: skip
"""Where the stretches of time begin that tell how long steps took, in seconds."""
QUANTILES: tuple[float, ...] = (0.5, 0.9)
Order = Literal["loose", "strict"]
Show = Literal["steps", "times"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel(Question):
    """How many people took each step, one after the other, within so many days of the first.

    Whoever takes the first step in [since, until) is in; later steps may follow until now. One event is one step only.
    At the same moment, events come in the order of the first step they could be; of two that could be the same, the one
    that could not be a later one comes first. A person counts once, with the attempt that went furthest. With `strict`,
    no other event of the funnel may come between two steps.

    `without` ends an attempt that has taken step `after` and not yet step `before` when the event happens; the step
    that was reached counts, and a new attempt may begin. An event that is itself the next step is that first. At the
    same moment, an event that is no step comes last. With `holding`, all steps of an attempt have the same value of
    that property, and so has what may not come between: each value's events are a history of their own, and events
    without the property are in none.

    The time to a step is that from the first step to the first moment the step was reached, of the attempt that began
    last. With `breakdown`, a person belongs to the value of their first event of the first step (at the same moment:
    a value before none, then by code point), or of their trait; the values the most people have (equally many: by code
    point) have lines of their own, all others share theirs. With `compare`, each name has a line: the people of whom
    its condition holds now; the same people may be in several.
    """

    steps: Annotated[
        tuple[Act, ...],
        Listed(ActKind(), STEPS_LEAST, STEPS_MOST),
        "The steps: names of events, or `events`, any of which will do, and `where`.",
    ]
    within_days: Annotated[
        float, Number(1 / DAY_MS, WITHIN_DAYS_MOST), "How long it may take, from the first step."
    ] = 7.0
    order: Annotated[Order, Choice(("loose", "strict")), "Whether other steps may come between."] = "loose"
    holding: Annotated[
        str | None, OrNull(Text(most=500)), "A property that all steps must have the same value of, such as product_id."
    ] = None
    without: Annotated[
        tuple[Without, ...],
        Listed(WithoutKind(), 0, WITHOUT_MOST),
        "What may not come between: names of events, or `events`, `where`, `after` and `before` (numbers of steps).",
    ] = ()
    breakdown: Annotated[
        Breakdown | None, OrNull(BreakdownKind()), "A property of the first step, or a trait, to tell values of apart."
    ] = None
    top: Annotated[int, Whole(1, TOP_MOST), "How many values of the breakdown have lines of their own."] = 10
    compare: Annotated[
        tuple[tuple[str, Condition], ...],
        Named(SegmentCondition(), COMPARED_MOST),
        "Conditions by name, such as those of segments: a line each.",
    ] = ()
    show: Annotated[
        Show, Choice(("steps", "times")), "How many took each step, or how long those who took it needed."
    ] = "steps"

    def __post_init__(self) -> None:
        if self.compare and self.breakdown is not None:
            raise Invalid(
                "A funnel is broken down or compared, not both.",
                code="contradiction",
                path="$.compare",
                hint="Leave `breakdown` out, or put its values into conditions to compare.",
            )
        for number, each in enumerate(self.without):
            each.check(len(self.steps), f"$.without[{number}]")

    @property
    def within_ms(self) -> int:
        """The longest it may take, in whole milliseconds."""
        return max(1, round(self.within_days * DAY_MS))

    @property
    def stretches_ms(self) -> tuple[int, ...]:
        """Where the stretches of time begin, and at last where they end: with the longest it may take."""
        return (*(each * 1_000 for each in STRETCHES if each * 1_000 < self.within_ms), self.within_ms)

    def sql(self, scope: Scope) -> Sql:
        return self._times_sql(scope) if self.show == "times" else self._steps_sql(scope)

    def _steps_sql(self, scope: Scope) -> Sql:
        """Rows of part, label, people, people who reached each later step, and mean and quantiles of their times."""
        reached = sql("arrayMap(each -> each != -1, took)")
        lines = fill(
            """(SELECT raw_label, count() AS people,
                sumForEachState(arrayMap(each -> toUInt64(each != -1), took)) AS there,
                sumForEachState(arrayMap(each -> greatest(each, 0), took)) AS spent,
                quantilesExactInclusiveIfForEachState([[quantiles]])(took, [[reached]]) AS times
            FROM [[people]] GROUP BY raw_label)""",
            {"people": self._lines(scope), "reached": reached, "quantiles": _quantiles()},
        )
        return fill(
            """SELECT part, if(part = 'value', raw_label, NULL) AS label, sum(people), sumForEachMerge(there),
                sumForEachMerge(spent), quantilesExactInclusiveIfForEachMerge([[quantiles]])(times)
            FROM [[lines]] GROUP BY part, label""",
            {"lines": self._parted(lines, sql("people")), "quantiles": _quantiles()},
        )

    def _times_sql(self, scope: Scope) -> Sql:
        """Rows of part, label, people, and how many took each later step in each stretch: [(step, stretch), people]."""
        lines = fill(
            """(SELECT raw_label, count() AS people, sumMapState(arrayMap(
                (each, step) -> (toUInt16(step), toUInt16([[stretch]])), arrayFilter(each -> each != -1, took),
                arrayFilter((step, each) -> each != -1, arrayEnumerate(took), took)
            ) AS keys, arrayMap(each -> toUInt64(1), keys)) AS there
            FROM [[people]] GROUP BY raw_label)""",
            {"people": self._lines(scope), "stretch": period_of(sql("each"), self.stretches_ms[:-1])},
        )
        return fill(
            """SELECT part, if(part = 'value', raw_label, NULL) AS label, sum(people), sumMapMerge(there)
            FROM [[lines]] GROUP BY part, label""",
            {"lines": self._parted(lines, sql("people"))},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        lines = sorted(((part, label, int(people), *rest) for part, label, people, *rest in rows), key=_place)
        if self.compare:
            found = {label: line for _, label, *line in lines}
            lines = [("value", name, *found.get(name, (0, *self._nothing))) for name, _ in self.compare]
        elif self.breakdown is None and not lines:
            lines = [("value", None, 0, *self._nothing)]
        told: list[tuple[Cell, ...]] = []
        for part, label, people, *rest in lines:
            line: tuple[Cell, ...] = (label,) if self.compare else () if self.breakdown is None else (label, part)
            if self.show == "times":
                told += self._stretches(line, *rest)
            else:
                told += self._steps(line, people, *rest)
        left_out = {
            *(() if self.compare else ("segment",)),
            *(() if self.breakdown is not None else ("breakdown", "part")),
            *(STEP_COLUMNS if self.show == "times" else TIME_COLUMNS),
        }
        columns = tuple(each for each in COLUMNS if each.name not in left_out)
        return Answer(columns=columns, rows=tuple(told), time_zone=self.time_zone)

    @property
    def _nothing(self) -> tuple[Any, ...]:
        """What a line of nobody has."""
        return (([], []),) if self.show == "times" else ([], [], [])

    def _steps(
        self, line: tuple[Cell, ...], people: int, later: Sequence[int], spent: Sequence[int], times: Sequence[Any]
    ) -> list[tuple[Cell, ...]]:
        """The lines of the table, a step each."""
        reached = [people, *later, *(0 for _ in range(len(self.steps) - 1 - len(later)))]
        means = [0, *spent]
        told: list[tuple[Cell, ...]] = []
        for number, step in enumerate(self.steps):
            shares = (_share(reached[number], people), _share(reached[number], reached[max(0, number - 1)]))
            seconds: tuple[float | None, ...] = (None, None, None)
            if reached[number]:
                middle, late = (0, 0) if number == 0 else times[number - 1]
                seconds = (middle / 1_000, means[number] / reached[number] / 1_000, late / 1_000)
            told.append((number + 1, step.words(), *line, reached[number], *shares, *seconds))
        return told

    def _stretches(self, line: tuple[Cell, ...], found: tuple[Any, Any]) -> list[tuple[Cell, ...]]:
        """The lines of the table, a step after the first and a stretch of time each."""
        there = {(int(step), int(stretch)): int(people) for (step, stretch), people in zip(*found, strict=True)}
        edges = self.stretches_ms
        told: list[tuple[Cell, ...]] = []
        for number, step in enumerate(self.steps[1:], start=1):
            counts = [there.get((number, stretch), 0) for stretch in range(len(edges) - 1)]
            for stretch, people in enumerate(counts):
                span = (edges[stretch] / 1_000, edges[stretch + 1] / 1_000)
                told.append((number + 1, step.words(), *line, people, *span, _share(people, sum(counts))))
        return told

    def words(self) -> str:
        first, *rest = (each.words() for each in self.steps)
        strictly = ", and nothing else of these between" if self.order == "strict" else ""
        without = "".join(f", and not {each.words()}" for each in self.without)
        held = f", all with the same {self.holding}" if self.holding is not None else ""
        by = f", by {self.breakdown.words()}" if self.breakdown is not None else ""
        by += ", compared between " + ", ".join(name for name, _ in self.compare) if self.compare else ""
        then = ", then ".join(rest)
        how_many = "how long did it take to do" if self.show == "times" else "how many then did"
        asked = f"Of those who did {first}, {how_many} {then}, within {self.within_days:g} days"
        return f"{asked}{strictly}{without}{held}{by}{self.among_words()}."

    def picture(self) -> Picture:
        by = "segment" if self.compare else None if self.breakdown is None else "breakdown"
        if self.show == "times":
            return Picture(kind="bars", across="from_seconds", value="people", by="name", also_by=by, step="step")
        return Picture(kind="bars", across="name", value="people", by=by, step="step")

    def people_sql(self, scope: Scope, cell: FunnelCell) -> Sql:
        self._check_cell(cell)
        depth = bind("Int64", cell.step - 1 if cell.lost else cell.step)
        wanted = [sql("depth = ") + depth if cell.lost else sql("depth >= ") + depth]
        if cell.part is not None:
            wanted.append(sql("part = ") + bind("String", cell.part))
        wanted += [
            sql("part = 'value' AND raw_label = ") + bind("String", asked)
            for asked in (cell.breakdown, cell.segment)
            if asked is not None
        ]
        if cell.from_seconds is not None:
            number = self.stretches_ms.index(round(cell.from_seconds * 1_000))
            taken = sql("took[") + bind("UInt64", cell.step - 1) + sql("]")
            wanted.append(period_of(taken, self.stretches_ms[:-1]) + sql(" = ") + bind("Int64", number))
        people = self._lines(scope)
        if self.breakdown is not None:
            people = fill("(SELECT *, count() OVER (PARTITION BY raw_label) AS people FROM [[of]])", {"of": people})
        return fill(
            """SELECT person FROM (
                SELECT person, raw_label, took, part, 1 + toInt64(arrayCount(each -> each != -1, took)) AS depth
                FROM [[people]]
            ) WHERE [[wanted]]""",
            {"people": self._parted(people, sql("people")), "wanted": join(" AND ", wanted)},
        )

    def _check_cell(self, cell: FunnelCell) -> None:
        """Complain of a cell the table has not."""
        if cell.step > len(self.steps):
            raise _unknown(f"There is no step {cell.step}.", "step", f"Use 1 to {len(self.steps)}.")
        if cell.segment is not None and cell.segment not in dict(self.compare):
            raise _unknown("That name is not compared.", "segment", "Use a name of `compare`.")
        if cell.from_seconds is None:
            return
        if cell.step == 1 or cell.lost or cell.from_seconds not in (each / 1_000 for each in self.stretches_ms[:-1]):
            raise _unknown(
                "No line of that step begins there.", "from_seconds", "Take `step` and `from_seconds` from a line."
            )

    def _lines(self, scope: Scope) -> Sql:
        """Everybody who took the first step: `person`, `raw_label` and `took`; with `compare`, once for each name."""
        by = self.breakdown
        since_ms, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        people = Attempts(
            steps=self.steps,
            within_ms=self.within_ms,
            strict=self.order == "strict",
            without=self.without,
            holding=self.holding,
            label=None if by is None else by.property,
        ).sql(scope, since_ms=since_ms, until_ms=until_ms, among=self.among(scope))
        if self.compare:
            return self._compared(scope, people)
        if by is not None and by.trait is not None:
            return with_trait(scope, fill("SELECT person, took FROM ([[people]])", {"people": people}), by.trait)
        return sql("(") + people + sql(")")

    def _compared(self, scope: Scope, people: Sql) -> Sql:
        named = (
            fill(
                """if(person IN (SELECT person FROM people FINAL WHERE workspace = [[here]] AND [[holds]]),
                    [[name]], [])""",
                {"here": scope.here, "holds": each.sql(scope), "name": bind("Array(String)", [name])},
            )
            for name, each in self.compare
        )
        return fill(
            """(SELECT person, toNullable(arrayJoin(names)) AS raw_label, took
            FROM (SELECT person, took, arrayConcat([]::Array(String), [[named]]) AS names FROM ([[people]])))""",
            {"named": join(", ", named), "people": people},
        )

    def _parted(self, lines: Sql, by: Sql) -> Sql:
        """The lines with `part`."""
        if self.breakdown is None:
            return fill("(SELECT *, 'value' AS part FROM [[lines]])", {"lines": lines})
        return ranked(lines, by=by, top=self.top)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelCell:
    """A step of a line, or of all lines together: those who reached it, or those who were lost just before it."""

    step: Annotated[int, Whole(1, STEPS_MOST), "Which step, from 1."]
    lost: Annotated[bool, Flag(), "Those who took the step before it and went no further, instead."] = False
    breakdown: Annotated[str | None, OrNull(Text(least=0, most=10_000)), "The value in the line."] = None
    part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, or `none` where it is missing."] = None
    segment: Annotated[str | None, OrNull(Text(least=0)), "The name in the line, with `compare`."] = None
    from_seconds: Annotated[
        float | None,
        OrNull(Number(0, WITHIN_DAYS_MOST * DAY)),
        "Where the line's stretch of time begins, with `times`.",
    ] = None

    def __post_init__(self) -> None:
        if self.lost and self.step == 1:
            raise Invalid(
                "Nobody is lost before the first step.", code="unknown_cell", path="$.cell.step", hint="Use 2 or more."
            )


def _unknown(message: str, field: str, hint: str) -> Invalid:
    return Invalid(message, code="unknown_cell", path=f"$.cell.{field}", hint=hint)


def _quantiles() -> Sql:
    return join(", ", (bind("Float64", each) for each in QUANTILES))


def _place(row: Sequence[Any]) -> tuple[int, float, bytes]:
    part, label, people, *_ = row
    return place_of(part, people, label)


def _share(people: int, of: int) -> float | None:
    return people / of if of else None


STEP_COLUMNS = ("share", "share_of_step_before", "median_seconds", "average_seconds", "percentile_90_seconds")
TIME_COLUMNS = ("from_seconds", "to_seconds", "share_of_step")
COLUMNS = (
    Column(name="step", type="whole", about="Which step, from 1."),
    Column(name="name", type="text", about="The step in words."),
    Column(name="segment", type="text", about="The name of the condition, with `compare`."),
    Column(name="breakdown", type="text", about="The value of the property or trait, with `breakdown`."),
    Column(name="part", type="text", about="`value`; `other` for all other values; `none` where it is missing."),
    Column(name="people", type="whole", about="How many reached it; with `times`, in this stretch of time."),
    Column(name="share", type="share", about="How many of those who took the first step."),
    Column(name="share_of_step_before", type="share", about="How many of those who took the step before."),
    Column(
        name="median_seconds", type="number", about="Half of those who reached it took no longer from the first step."
    ),
    Column(name="average_seconds", type="number", about="How long they took on average."),
    Column(name="percentile_90_seconds", type="number", about="Nine tenths of them took no longer."),
    Column(name="from_seconds", type="number", about="With `times`: they took as long as this, or longer."),
    Column(name="to_seconds", type="number", about="With `times`: and less than this; at last, no longer."),
    Column(name="share_of_step", type="share", about="With `times`: how many of those who reached the step."),
)

INSIGHT = Declared(
    name="funnel",
    label="Funnel",
    about="How many people get from one step to the next, in order and in time, and how long it takes them.",
    shape=Funnel,
    cell=FunnelCell,
    columns=COLUMNS,
    examples=(
        {"steps": ["Product Viewed", "Cart Added", "Order Completed"], "within_days": 7},
        {
            "steps": [
                {"events": ["Signed Up", "Invited"], "where": [{"property": "plan", "operator": "is_set"}]},
                "Order Completed",
            ],
            "order": "strict",
            "breakdown": "source",
        },
        {
            "steps": ["Product Viewed", "Cart Added", "Order Completed"],
            "holding": "product_id",
            "without": [{"events": ["Product Removed"], "after": 2, "before": 3}],
            "breakdown": {"trait": "country"},
        },
        {
            "steps": ["Signed Up", "Order Completed"],
            "show": "times",
            "compare": {
                "Germany": {"type": "trait", "trait": "country", "operator": "equals", "value": "DE"},
                "Everybody": {"type": "all", "of": []},
            },
        },
    ),
)
