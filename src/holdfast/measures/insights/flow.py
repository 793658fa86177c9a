"""`flow`: what people do next after something, and what they did before it, step by step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, LiteralString

from holdfast.decisions.fields import Choice, Flag, OrNull, Text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.insight import (
    DAY_MS,
    EVENTS_MOST,
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

STEPS_MOST = 10
TOP_MOST = 50
WITHIN_DAYS_MOST = 366
GAP_MINUTES_MOST = 1_440 * WITHIN_DAYS_MOST
MINUTE_MS = 60_000
DAYS_BY_DEFAULT = 30
OURS = "holdfast"
"""The source of events of our own, such as a message sent."""
BETWEEN = " · "
NEXT: tuple[LiteralString, ...] = (
    "next.1", "next.2", "next.3", "next.4", "next.5", "next.6", "next.7", "next.8", "next.9", "next.10",
)  # fmt: skip
"""The steps that follow one, of which there are at most `STEPS_MOST`."""
Direction = Literal["after", "before", "both"]
Start = Literal["first", "each"]
Part = Literal["value", "other", "end"]
PARTS: tuple[Part, ...] = ("value", "other", "end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Question):
    """The paths people take from an act on, or on which they come to it: how many go from each event to each next.

    A path starts at the first time in [since, until) that a person does the act, or with `each` at each time. It goes
    through all events that follow, or that came before, with names among `events`; without these, all but our own
    (messages sent, journeys entered) and those in `leave_out`; the act itself always. It ends after `steps` of them,
    with the last within `within_days` of the act, and where two events next to each other are more than `gap_minutes`
    apart. With `collapse`, of events next to each other that read the same only the one nearest to the act is a step.

    An event reads as its name, and with `by` as its name and the value of that property, where it has it. Events at the
    same moment come in the order of the code points of how they read, and those that read the same in that of the act
    before others.

    Steps are numbered from the act: step 1 leads from the act to what came next, step -1 from what came before to the
    act. At each step the events that the most paths come to (equally many: by code point) are told apart, all others
    are one. `end` is where a path ends before its last step. `times` counts paths, `people` those who took one of them.
    """

    event: Annotated[Act, ActKind(), "Where paths start: the name of an event, or `events` and `where`."]
    direction: Annotated[Direction, Choice(("after", "before", "both")), "What comes after it, before it, or both."] = (
        "after"
    )
    steps: Annotated[int, Whole(1, STEPS_MOST), "How many steps, in each direction."] = 3
    start: Annotated[Start, Choice(("first", "each")), "At a person's first time, or at each of them."] = "first"
    events: Annotated[
        tuple[str, ...], Listed(Text(most=500), 0, EVENTS_MOST), "Which events paths go through; with none, all."
    ] = ()
    leave_out: Annotated[
        tuple[str, ...], Listed(Text(most=500), 0, EVENTS_MOST), "Events that paths never go through."
    ] = ()
    by: Annotated[str | None, OrNull(Text(most=500)), "A property whose values tell events of a name apart."] = None
    collapse: Annotated[bool, Flag(), "Whether the same again and again is one step."] = True
    within_days: Annotated[float, Number(1 / DAY_MS, WITHIN_DAYS_MOST), "How far from the act a path goes."] = 7.0
    gap_minutes: Annotated[
        float | None,
        OrNull(Number(1 / MINUTE_MS, GAP_MINUTES_MOST)),
        "The longest pause within a path; without it, any, so that no sessions are needed.",
    ] = None
    top: Annotated[int, Whole(1, TOP_MOST), "How many events are told apart at each step."] = 10

    def __post_init__(self) -> None:
        if self.events and self.leave_out:
            raise Invalid(
                "What is not among `events` is left out already.",
                code="contradiction",
                path="$.leave_out",
                hint="Give `events` or `leave_out`, and not both.",
            )

    @property
    def within_ms(self) -> int:
        """How far from the act a path goes, in whole milliseconds."""
        return max(1, round(self.within_days * DAY_MS))

    @property
    def gap_ms(self) -> int:
        """The longest pause within a path, in whole milliseconds; without one, longer than any."""
        return 1 << 60 if self.gap_minutes is None else max(1, round(self.gap_minutes * MINUTE_MS))

    def sql(self, scope: Scope) -> Sql:
        # How many paths come to an event at a step is known from the links that leave it as well as from those that
        # lead to it, so one look at the links ranks both ends alike.
        return fill(
            """SELECT step, near_part, near_label, far_part, far_label, sum(times), uniqExactMerge(people) FROM (
                SELECT step, times, people,
                    if(near_rank <= [[top]], 'value', 'other') AS near_part,
                    if(near_part = 'value', near, '') AS near_label,
                    multiIf(ended, 'end', far_rank <= [[top]], 'value', 'other') AS far_part,
                    if(far_part = 'value', far, '') AS far_label
                FROM (
                    SELECT *,
                        dense_rank() OVER (PARTITION BY step ORDER BY near_times DESC, near) AS near_rank,
                        dense_rank() OVER (PARTITION BY step, ended ORDER BY far_times DESC, far) AS far_rank
                    FROM (
                        SELECT *,
                            sum(times) OVER (PARTITION BY step, near) AS near_times,
                            sum(times) OVER (PARTITION BY step, ended, far) AS far_times
                        FROM (
                            SELECT step, near, ended, far, count() AS times, uniqExactState(person) AS people
                            FROM ([[links]]) GROUP BY step, near, ended, far
                        )
                    )
                )
            ) GROUP BY step, near_part, near_label, far_part, far_label""",
            {"top": bind("UInt64", self.top), "links": self._links(scope)},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        at_near: dict[tuple[int, Part, str], int] = defaultdict(int)
        starts: dict[int, int] = defaultdict(int)
        for step, near_part, near, _, _, times, _ in rows:
            at_near[step, near_part, near] += times
            starts[step] += times
        told: list[tuple[Cell, ...]] = []
        for step, near_part, near, far_part, far, times, people in sorted(rows, key=_place):
            ends = ((_shown(near_part, near), near_part), (_shown(far_part, far), far_part))
            (one, one_part), (two, two_part) = ends if step > 0 else ends[::-1]
            of_all = starts[1 if step > 0 else -1]
            shares = (times / at_near[step, near_part, near], times / of_all)
            told.append((step, one, one_part, two, two_part, people, times, *shares))
        return Answer(columns=COLUMNS, rows=tuple(told), time_zone=self.time_zone)

    def words(self) -> str:
        what = {
            "after": f"What people do next after {self.event.words()}",
            "before": f"What people do before {self.event.words()}",
            "both": f"What people do before and after {self.event.words()}",
        }[self.direction]
        steps = "1 step" if self.steps == 1 else f"{self.steps} steps"
        times = "the first time" if self.start == "first" else "each time"
        by = f", by {self.by}" if self.by is not None else ""
        return f"{what}, {times}, in {steps} and {self.within_days:g} days{by}{self.among_words()}."

    def picture(self) -> Picture:
        return Picture(kind="flow", across="from_event", value="times", by="to_event", step="step")

    def people_sql(self, scope: Scope, cell: FlowCell) -> Sql:
        there = {"after": cell.step > 0, "before": cell.step < 0, "both": True}[self.direction]
        if not there or not 1 <= abs(cell.step) <= self.steps:
            known = {"after": f"1 to {self.steps}", "before": f"-{self.steps} to -1"}
            raise Invalid(
                f"There is no step {cell.step}.",
                code="unknown_cell",
                path="$.cell.step",
                hint=f"Use {known.get(self.direction, ' or '.join(known.values()))}.",
            )
        links = self._links(scope)
        ends = ((cell.from_event, cell.from_part), (cell.to_event, cell.to_part))
        (near, near_part), (far, far_part) = ends if cell.step > 0 else ends[::-1]
        step = bind("Int64", cell.step)
        wanted = [sql("step = ") + step]
        for label, part, end, goes_on in (
            (near, near_part, sql("near"), sql("true")),
            (far, far_part, sql("far"), sql("NOT ended")),
        ):
            if part == "end":
                wanted.append(sql("NOT ") + goes_on)
                continue
            if label is not None or part is not None:
                wanted.append(goes_on)
            if label is not None and part in (None, "value"):
                wanted.append(end + sql(" = ") + bind("String", label))
            if part is not None:
                pieces = {"end": end, "links": links, "step": step, "top": bind("UInt64", self.top), "on": goes_on}
                top = fill(
                    "[[end]] IN (SELECT [[end]] FROM ([[links]]) WHERE step = [[step]] AND [[on]] "
                    "GROUP BY [[end]] ORDER BY count() DESC, [[end]] LIMIT [[top]])",
                    pieces,
                )
                wanted.append(top if part == "value" else sql("NOT ") + top)
        return fill(
            "SELECT person FROM ([[links]]) WHERE [[wanted]]", {"links": links, "wanted": join(" AND ", wanted)}
        )

    def _links(self, scope: Scope) -> Sql:
        """A row for each link of each path: `person`, `step`, `near` and `far` from the act, and if it `ended`."""
        return fill(
            """SELECT person, way * toInt64(link.1) AS step,
                link.2 AS near, link.1 > length(path) AS ended, link.3 AS far
            FROM (
                SELECT person, way, near_label, arrayMap(node -> node.1, arrayFilter(
                    node -> node.2 - start_ms <= [[within]], nodes)) AS path
                FROM ([[starts]])
            )
            ARRAY JOIN arrayZip(
                range(1, least(length(path), [[last]]) + 2),
                arraySlice(arrayPushFront(path, near_label), 1, least(length(path), [[last]]) + 1),
                arraySlice(arrayPushBack(path, ''), 1, least(length(path), [[last]]) + 1)
            ) AS link""",
            {
                "within": bind("Int64", self.within_ms),
                "last": bind("UInt64", self.steps - 1),
                "starts": self._starts(scope),
            },
        )

    def _starts(self, scope: Scope) -> Sql:
        """A row for each path: `person`, `way`, `near_label`, `start_ms`, and `nodes`, the events it may lead through.

        Events next to each other that are one step are a run; a path leads from run to run. Going back is going on with
        time turned round.
        """
        next_steps = (
            fill("arrayShiftLeft(nodes, [[number]], ('', toInt64(0), toInt64(-1)))", {"number": bind("UInt64", number)})
            for number in range(1, self.steps + 1)
        )
        return fill(
            """SELECT person, way, run.1 AS near_label, start_ms, run.3 AS nodes
            FROM (
                SELECT person, way, arrayJoin(arrayFilter(run -> notEmpty(run.2), arrayMap(
                    (node, starts, next) -> (node.1, starts, arrayFilter(each -> each.3 = node.3, array([[next]]))),
                    nodes, starts, arrayZip([[next_steps]])
                ))) AS run
                FROM (
                    SELECT person, way,
                        arrayCumSum(arrayMap((run, before) -> toInt64(run[1].1 - before[-1].1 > [[gap]]),
                            runs, arrayShiftRight(runs, 1))) AS sittings,
                        arrayMap((run, sitting) -> (run[1].2, run[1].1, sitting), runs, sittings) AS nodes,
                        arrayMap(run -> arrayMap(act -> act.1, arrayFilter(act -> act.4, run)), runs) AS starts
                    FROM ([[runs]])
                )
            )
            ARRAY JOIN run.2 AS start_ms""",
            {
                "next": join(", ", (sql(each) for each in NEXT[: self.steps])),
                "next_steps": join(", ", next_steps),
                "gap": bind("Int64", self.gap_ms),
                "runs": self._runs(scope),
            },
        )

    def _runs(self, scope: Scope) -> Sql:
        """Rows of `person`, `way` (1 forward, -1 back) and `runs`, of events as in `acts`; back, time is negative."""
        forward, back = (
            sql("(toInt64(1), acts)"),
            sql("(toInt64(-1), arrayMap(act -> (-act.1, act.2, act.3, act.4), arrayReverse(acts)))"),
        )
        ways = {"after": [forward], "before": [back], "both": [forward, back]}[self.direction]
        return fill(
            """SELECT person, there.1 AS way, arraySplit(
                (act, before) -> [[apart]] OR act.1 - before.1 > [[gap]], there.2, arrayShiftRight(there.2, 1)
            ) AS runs
            FROM (SELECT person, arrayJoin([ [[ways]] ]) AS there FROM ([[acts]]))""",
            {
                "apart": sql("act.2 != before.2") if self.collapse else sql("true"),
                "gap": bind("Int64", self.gap_ms),
                "ways": join(", ", ways),
                "acts": self._acts(scope),
            },
        )

    def _acts(self, scope: Scope) -> Sql:
        """Everybody with a path: `person`, and `acts` in order: when, how it reads, whether not the act, if a start."""
        since_ms, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        starts = fill(
            "is_act AND at_ms >= [[since]] AND at_ms < [[until]]",
            {"since": bind("Int64", since_ms), "until": bind("Int64", until_ms)},
        )
        with_the_act = acts_as_people(scope, self.event.sql(scope), sql(""), since_ms=since_ms, until_ms=until_ms)
        label = sql("toValidUTF8(toString(event))")
        if self.by is not None:
            pieces = {"name": label, "value": label_of(self.by), "between": bind("String", BETWEEN)}
            label = fill("ifNull(concat([[name]], [[between]], [[value]]), [[name]])", pieces)
        is_first = sql("(act.1, act.2, act.3, act.4 AND number = 1)")
        return fill(
            """SELECT person, arrayMap((act, number) -> [[kept]], found, arrayCumSum(act -> act.4, found)) AS acts
            FROM (
                SELECT person, arraySort(groupArray((at_ms, label, NOT is_act, [[starts]]))) AS found
                FROM ([[acts]]) WHERE 1[[among]] GROUP BY person
            )""",
            {
                "kept": is_first if self.start == "first" else sql("act"),
                "starts": starts,
                "acts": acts_as_people(
                    scope,
                    fill("([[act]] OR [[counts]])", {"act": self.event.sql(scope), "counts": self._counts()}),
                    fill(", [[act]] AS is_act, [[label]] AS label", {"act": self.event.sql(scope), "label": label}),
                    since_ms=since_ms if self.direction == "after" else max(0, since_ms - self.within_ms),
                    until_ms=until_ms
                    if self.direction == "before"
                    else min(until_ms + self.within_ms, scope.as_of_ms + 1),
                    rest=fill(" AND person IN (SELECT person FROM ([[with_the_act]]))", {"with_the_act": with_the_act}),
                ),
                "among": self.among(scope),
            },
        )

    def _counts(self) -> Sql:
        """Whether a row of `events` is one that paths go through."""
        if self.events:
            return sql("event IN ") + bind("Array(String)", list(self.events))
        ours = sql("source != ") + bind("String", OURS)
        if not self.leave_out:
            return ours
        return sql("(") + ours + sql(" AND event NOT IN ") + bind("Array(String)", list(self.leave_out)) + sql(")")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCell:
    """A line of the table, or several of a step: what is left out is not asked for."""

    step: Annotated[int, Whole(-STEPS_MOST, STEPS_MOST), "Which step; below 0 before the act."]
    from_event: Annotated[
        str | None, OrNull(Text(least=0, most=10_000)), "What it leads from, as it reads, if a `value`."
    ] = None
    from_part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, or `end`."] = None
    to_event: Annotated[
        str | None, OrNull(Text(least=0, most=10_000)), "What it leads to, as it reads, if a `value`."
    ] = None
    to_part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, or `end`."] = None


def _shown(part: Part, label: str) -> str:
    return label if part == "value" else f"({part})"


def _place(row: Sequence[Any]) -> tuple[Any, ...]:
    """Steps after the act first, then those before it, from the nearest; links of the most paths before others."""
    step, near_part, near, far_part, far, times, _ = row
    ends = (PARTS.index(near_part), near, PARTS.index(far_part), far)
    return step < 0, abs(step), -times, *(_code_points(each) if isinstance(each, str) else each for each in ends)


def _code_points(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


COLUMNS = (
    Column(name="step", type="whole", about="Which step: 1 leads on from the act, -1 leads up to it."),
    Column(name="from_event", type="text", about="What it leads from, as it reads; `(other)`, or `(end)`."),
    Column(
        name="from_part",
        type="text",
        about="`value`; `other` for all other events; `end` where a path back ends, for nothing came before.",
    ),
    Column(name="to_event", type="text", about="What it leads to, as it reads; `(other)`, or `(end)`."),
    Column(
        name="to_part",
        type="text",
        about="`value`; `other` for all other events; `end` where a path ends, for nothing came after.",
    ),
    Column(name="people", type="whole", about="How many people took it."),
    Column(name="times", type="whole", about="How many paths did."),
    Column(name="share", type="share", about="The share of the paths that got to its end nearer to the act."),
    Column(name="share_of_all", type="share", about="The share of all paths."),
)

INSIGHT = Declared(
    name="flow",
    label="Flow",
    about="What people do next after something, and what they did before it, step by step.",
    shape=Flow,
    cell=FlowCell,
    columns=COLUMNS,
    examples=(
        {"event": "Signed Up", "steps": 3, "top": 5},
        {"event": "Order Completed", "direction": "before", "by": "category", "leave_out": ["Page Viewed"]},
        {
            "event": {
                "events": ["Checkout Started"],
                "where": [{"property": "value", "operator": "at_least", "value": 50}],
            },
            "direction": "both",
            "start": "each",
            "gap_minutes": 30,
            "events": ["Product Viewed", "Cart Added", "Order Completed"],
            "since": "2026-01-01",
        },
    ),
)
