"""`funnel`: how many get from one step to the next, in order and in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from holdfast.decisions.fields import Choice, Flag, OrNull, Text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.insight import (
    DAY_MS,
    Act,
    ActKind,
    Answer,
    Cell,
    Column,
    Declared,
    Question,
    acts_as_people,
    label_of,
)
from holdfast.measures.insight_fields import Listed, Number, Whole
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Scope

STEPS_LEAST, STEPS_MOST = 2, 20
WITHIN_DAYS_MOST = 3_653
TOP_MOST = 100
DAYS_BY_DEFAULT = 30
Order = Literal["loose", "strict"]
Part = Literal["value", "none", "other"]
PARTS: tuple[Part, ...] = ("value", "none", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel(Question):
    """How many people took each step, one after the other, within so many days of the first.

    Whoever takes the first step in [since, until) is in; later steps may follow until now. One event is one step only.
    At the same moment, events come in the order of the first step they could be; of two that could be the same, the one
    that could not be a later one comes first. A person counts once, with the attempt that went furthest. With `strict`,
    no other event of the funnel may come between two steps.

    The time to a step is that from the first step to the first moment the step was reached, of the attempt that began
    last. With `breakdown`, a person belongs to the value of their first event of the first step (at the same moment:
    a value before none, then by code point); the values the most people have (equally many: by code point) have lines
    of their own, all others share theirs.
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
    breakdown: Annotated[
        str | None, OrNull(Text(most=500)), "A property of the first step to tell values of apart."
    ] = None
    top: Annotated[int, Whole(1, TOP_MOST), "How many values of the breakdown have lines of their own."] = 10

    @property
    def within_ms(self) -> int:
        """The longest it may take, in whole milliseconds."""
        return max(1, round(self.within_days * DAY_MS))

    def sql(self, scope: Scope) -> Sql:
        return fill(
            """SELECT [[line]], sumForEach(arrayMap(each -> each != -1, took)),
                quantileExactInclusiveOrNullIfForEach(0.5)(took, arrayMap(each -> each != -1, took))
            FROM ([[attempts]]) GROUP BY part, label""",
            {"line": self._line(scope), "attempts": self._attempts(scope)},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        lines = sorted(rows, key=_place)
        if self.breakdown is None and not lines:
            lines = [("value", None, [0] * len(self.steps), [None] * len(self.steps))]
        told: list[tuple[Cell, ...]] = []
        for part, label, people, medians in lines:
            line = () if self.breakdown is None else (label, part)
            for number, step in enumerate(self.steps):
                shares = (_share(people[number], people[0]), _share(people[number], people[max(0, number - 1)]))
                seconds = None if medians[number] is None else medians[number] / 1_000
                told.append((number + 1, step.words(), *line, people[number], *shares, seconds))
        columns = tuple(
            each for each in COLUMNS if self.breakdown is not None or each.name not in ("breakdown", "part")
        )
        return Answer(columns=columns, rows=tuple(told), time_zone=self.time_zone)

    def words(self) -> str:
        first, *rest = (each.words() for each in self.steps)
        strictly = ", and nothing else of these between" if self.order == "strict" else ""
        by = f", by {self.breakdown}" if self.breakdown is not None else ""
        then = ", then ".join(rest)
        how_many = f"Of those who did {first}, how many then did {then}, within {self.within_days:g} days"
        return f"{how_many}{strictly}{by}{self.among_words()}."

    def picture(self) -> Picture:
        return Picture(kind="bars", across="name", value="people", by=None if self.breakdown is None else "breakdown")

    def people_sql(self, scope: Scope, cell: FunnelCell) -> Sql:
        if cell.step > len(self.steps):
            raise Invalid(
                f"There is no step {cell.step}.",
                code="unknown_cell",
                path="$.cell.step",
                hint=f"Use 1 to {len(self.steps)}.",
            )
        depth = bind("Int64", cell.step - 1 if cell.lost else cell.step)
        wanted = [sql("depth = ") + depth if cell.lost else sql("depth >= ") + depth]
        if cell.part is not None:
            wanted.append(sql("part = ") + bind("String", cell.part))
        if cell.breakdown is not None:
            wanted.append(sql("label = ") + bind("String", cell.breakdown))
        return fill(
            """SELECT person FROM (
                SELECT person, toInt64(countEqual(arrayMap(each -> each != -1, took), 1)) AS depth, [[line]]
                FROM ([[attempts]])
            ) WHERE [[wanted]]""",
            {"line": self._line(scope), "attempts": self._attempts(scope), "wanted": join(" AND ", wanted)},
        )

    def _attempts(self, scope: Scope) -> Sql:
        """Everybody who took the first step: `person`, `raw_label`, and `took`, the time to each step; -1 for never."""
        within = bind("Int64", self.within_ms)
        # What this event makes of each step: when the attempt began that reaches it now; -1 where none does.
        here = fill(
            """arrayMap((step, before) -> if(
                bitTest(act.3, step) AND (step = 0 OR (before != -1 AND act.1 <= before + [[within]])),
                if(step = 0, act.1, before), toInt64(-1)
            ), range([[steps]]), arrayPushFront(arrayPopBack(so_far.1), toInt64(-1)))""",
            {"within": within, "steps": bind("UInt64", len(self.steps))},
        )
        kept = (
            here
            if self.order == "strict"
            else fill("arrayMap((now, own) -> if(now = -1, own, now), [[here]], so_far.1)", {"here": here})
        )
        return fill(
            """SELECT person, if(entry.2, NULL, toNullable(entry.3)) AS raw_label, arrayFold(
                (so_far, act) -> (
                    [[kept]],
                    arrayMap((now, took) -> if(took = -1 AND now != -1, act.1 - now, took), [[here]], so_far.2)
                ), acts, ([[nothing]], [[nothing]])).2 AS took
            FROM ([[entered]])""",
            {
                "kept": kept,
                "here": here,
                "nothing": bind("Array(Int64)", [-1] * len(self.steps)),
                "entered": self._entered(scope, sql(", arraySort(groupArray((at_ms, lowest, mask))) AS acts")),
            },
        )

    def _entered(self, scope: Scope, columns: Sql) -> Sql:
        """Everybody who took the first step: `person`, and `entry`: when, whether without a value, and the value."""
        since_ms, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        first = fill("([[act]] AND ts < [[until]])", {"act": self.steps[0].sql(), "until": scope.moment(until_ms)})
        acts = (first, *(each.sql() for each in self.steps[1:]))
        bits = (
            fill("if([[act]], [[bit]], 0)", {"act": act, "bit": bind("UInt32", 1 << n)}) for n, act in enumerate(acts)
        )
        label = sql("NULL::Nullable(String)") if self.breakdown is None else label_of(self.breakdown)
        return fill(
            """SELECT person, minIf((at_ms, label IS NULL, ifNull(label, '')), bitTest(mask, 0)) AS entry[[columns]]
            FROM (
                SELECT person, at_ms, toUInt32(mask) AS mask, label, bitCount(bitXor(mask, mask - 1)) AS lowest
                FROM ([[acts]]) WHERE 1[[among]]
            )
            GROUP BY person HAVING countIf(bitTest(mask, 0)) > 0""",
            {
                "columns": columns,
                "acts": acts_as_people(
                    scope,
                    sql("(") + join(" OR ", acts) + sql(")"),
                    fill(
                        ", toUInt32([[mask]]) AS mask, [[label]] AS label", {"mask": join(" + ", bits), "label": label}
                    ),
                    since_ms=since_ms,
                    until_ms=min(until_ms + self.within_ms, scope.as_of_ms + 1),
                ),
                "among": self.among(scope),
            },
        )

    def _line(self, scope: Scope) -> Sql:
        """The columns `part` and `label` of a person."""
        if self.breakdown is None:
            return sql("'value' AS part, raw_label AS label")
        top = fill(
            """(SELECT entry.3 FROM ([[entered]]) WHERE NOT entry.2
                GROUP BY entry.3 ORDER BY count() DESC, entry.3 LIMIT [[top]])""",
            {"entered": self._entered(scope, sql("")), "top": bind("UInt64", self.top)},
        )
        return fill(
            "multiIf(raw_label IS NULL, 'none', raw_label IN [[top]], 'value', 'other') AS part, "
            "if(part = 'value', raw_label, NULL) AS label",
            {"top": top},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelCell:
    """A step of a line, or of all lines together: those who reached it, or those who were lost just before it."""

    step: Annotated[int, Whole(1, STEPS_MOST), "Which step, from 1."]
    lost: Annotated[bool, Flag(), "Those who took the step before it and went no further, instead."] = False
    breakdown: Annotated[str | None, OrNull(Text(least=0, most=10_000)), "The value in the line."] = None
    part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, or `none` where it is missing."] = None

    def __post_init__(self) -> None:
        if self.lost and self.step == 1:
            raise Invalid(
                "Nobody is lost before the first step.", code="unknown_cell", path="$.cell.step", hint="Use 2 or more."
            )


def _place(row: Sequence[Any]) -> tuple[int, int, bytes]:
    """Values first, those of the most people before others; then other values, then none."""
    part, label, people, _ = row
    return ("value", "other", "none").index(part), -people[0], (label or "").encode("utf-8", "surrogatepass")


def _share(people: int, of: int) -> float | None:
    return people / of if of else None


COLUMNS = (
    Column(name="step", type="whole", about="Which step, from 1."),
    Column(name="name", type="text", about="The step in words."),
    Column(name="breakdown", type="text", about="The value of the property, with `breakdown`."),
    Column(name="part", type="text", about="`value`; `other` for all other values; `none` where it is missing."),
    Column(name="people", type="whole", about="How many reached it."),
    Column(name="share", type="share", about="How many of those who took the first step."),
    Column(name="share_of_step_before", type="share", about="How many of those who took the step before."),
    Column(
        name="median_seconds", type="number", about="Half of those who reached it took no longer from the first step."
    ),
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
    ),
)
