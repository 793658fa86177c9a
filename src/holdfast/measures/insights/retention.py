"""`retention`: of those who began together, how many are still there, period after period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Annotated, Any, Literal

from holdfast.decisions.fields import Choice, OrNull
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
    period_of,
)
from holdfast.measures.insight_fields import Listed, MomentText, Whole
from holdfast.measures.periods import Period, index_of, moment_of, starts
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Scope

LENGTHS: dict[Period, int] = {"day": 1, "week": 7, "month": 31}
"""The periods cohorts are made of, with the most days each has."""
COUNT_MOST = 400
BRACKETS_MOST = 50
Kind = Literal["n_day", "bracket", "unbounded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Question):
    """Cohorts of people by the period in which they first did `first`, and how many of each did `again` later.

    The first time is the first of all, not the first in [since, until): only those are in whose first time lies there.
    `again` counts from after that moment until now. Periods are those of the calendar, counted from the cohort's own,
    which is number 0. `n_day`: did it in that very period. `bracket`: did it in one of several periods, whose numbers
    `brackets` tells. `unbounded`: did it in that period or any after it.

    The retention rate is the share of the start cohort that is active; churn is one minus that. The line without a
    cohort adds up cohorts for which the period is over: a share is of those people only.

    Source: the customer retention rate, (E - N) / S: who of S at the start is among the E at the end without the N new
    ones; never (E - S) / S.
    """

    first: Annotated[Act, ActKind(), "What people begin with: the name of an event, or `events` and `where`."]
    again: Annotated[Act | None, OrNull(ActKind()), "What they come back for; without it, the same."] = None
    period: Annotated[Period, Choice(tuple(LENGTHS)), "The period cohorts are made of, and counted in."] = "week"
    kind: Annotated[Kind, Choice(("n_day", "bracket", "unbounded")), "What it means to be there."] = "n_day"
    periods: Annotated[int, Whole(1, COUNT_MOST), "How many periods from the cohort's own on, that one with them."] = 12
    brackets: Annotated[
        tuple[int, ...],
        Listed(Whole(1, COUNT_MOST), 0, BRACKETS_MOST),
        "With `bracket`, how many periods each is of; without, 1, 1, 2, 4, 8 and so on, as far as `periods`.",
    ] = ()

    def __post_init__(self) -> None:
        if self.brackets and self.kind != "bracket":
            raise Invalid(
                f"`{self.kind}` has no brackets.", code="contradiction", path="$.brackets", hint="Use kind `bracket`."
            )
        if sum(self.brackets) > COUNT_MOST:
            raise Invalid(
                f"These brackets are of {sum(self.brackets)} periods.",
                code="out_of_range",
                path="$.brackets",
                hint=f"Use at most {COUNT_MOST} in all.",
            )

    @property
    def bounds(self) -> tuple[int, ...]:
        """The number of the first period of each bracket, and the number after the last; a period is one by itself."""
        if self.kind != "bracket":
            return tuple(range(self.periods + 1))
        if self.brackets:
            return (0, *accumulate(self.brackets))
        found = [0, 1]
        while found[-1] < self.periods:
            found.append(min(found[-1] * 2, self.periods))
        return tuple(found)

    def cohorts(self, as_of_ms: int) -> tuple[int, ...]:
        """When the periods of the cohorts start."""
        since_ms, until_ms = self._cohort_span(as_of_ms)
        return starts(since_ms, until_ms, self.period, self.zone)

    def edges(self, as_of_ms: int) -> tuple[int, ...]:
        """When all periods start that have begun, and the one that will begin next."""
        since_ms, _ = self._cohort_span(as_of_ms)
        begun = starts(since_ms, as_of_ms + 1, self.period, self.zone)
        # A day is no longer than 26 hours, and the next period begins within so many of them.
        ahead_ms = as_of_ms + (LENGTHS[self.period] + 2) * DAY_MS
        return starts(since_ms, ahead_ms, self.period, self.zone)[: len(begun) + 1]

    def sql(self, scope: Scope) -> Sql:
        per_person = self._per_person(scope)
        number = bind("UInt64", len(self.bounds) - 1)
        return fill(
            """SELECT cohort, count(), sumForEach(arrayMap(each -> toUInt64(has(there, each)), range([[number]])))
            FROM ([[people]]) GROUP BY cohort ORDER BY cohort""",
            {"people": per_person, "number": number},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        cohorts, edges = self.cohorts(scope.as_of_ms), self.edges(scope.as_of_ms)
        found = {int(cohort): (size, there) for cohort, size, there in rows}
        lines: list[tuple[Cell, ...]] = []
        totals: dict[tuple[int, int], list[int]] = {}
        for cohort, start_ms in enumerate(cohorts):
            size, there = found.get(cohort, (0, [0] * (len(self.bounds) - 1)))
            for number, (first, after) in enumerate(pairwise(self.bounds)):
                if cohort + first >= len(edges) - 1:  # That period has not begun.
                    continue
                complete = cohort + after < len(edges) and edges[cohort + after] <= scope.as_of_ms
                lines.append((start_ms, size, first, after - 1, there[number], *_rates(there[number], size), complete))
                if complete:
                    total = totals.setdefault((first, after), [0, 0])
                    total[0] += size
                    total[1] += there[number]
        summed = [
            (None, size, first, after - 1, people, *_rates(people, size), True)
            for (first, after), (size, people) in totals.items()
        ]
        return Answer(columns=COLUMNS, rows=(*lines, *summed), time_zone=self.time_zone)

    def words(self) -> str:
        again = self.first if self.again is None else self.again
        kinds = {"n_day": "in each", "bracket": "in brackets of", "unbounded": "in each or any later"}
        who = f"Of those who first did {self.first.words()} in a {self.period}"
        return f"{who}, how many did {again.words()} again {kinds[self.kind]} {self.period}{self.among_words()}."

    def picture(self) -> Picture:
        return Picture(kind="grid", across="period", value="retention", by="cohort")

    def people_sql(self, scope: Scope, cell: RetentionCell) -> Sql:
        wanted: list[Sql] = []
        if cell.cohort is not None:
            wanted.append(sql("cohort = ") + bind("Int64", self._cohort_of(cell.cohort, scope.as_of_ms)))
        if cell.period is not None:
            if cell.period not in self.bounds[:-1]:
                raise Invalid(
                    f"No column of the table begins with period {cell.period}.",
                    code="unknown_cell",
                    path="$.cell.period",
                    hint=f"There is {', '.join(map(str, self.bounds[:-1]))}.",
                )
            held = sql("has(there, ") + bind("Int64", self.bounds.index(cell.period)) + sql(")")
            wanted.append(sql("NOT ") + held if cell.state == "gone" else held)
        return fill(
            "SELECT person FROM ([[people]]) WHERE 1[[wanted]]",
            {"people": self._per_person(scope), "wanted": join("", (sql(" AND ") + each for each in wanted))},
        )

    def _cohort_span(self, as_of_ms: int) -> tuple[int, int]:
        return self.span(as_of_ms, days=LENGTHS[self.period] * 12)

    def _cohort_of(self, text: str, as_of_ms: int) -> int:
        cohorts = self.cohorts(as_of_ms)
        at_ms = moment_of(text, self.zone)
        if at_ms not in cohorts:
            raise Invalid(
                f"No cohort of the table starts at {text}.",
                code="unknown_cell",
                path="$.cell.cohort",
                hint="Take `cohort` from a line of the table.",
            )
        return index_of(at_ms, cohorts)

    def _per_person(self, scope: Scope) -> Sql:
        """Everybody in a cohort: `person`, `cohort`, and `there`, the numbers of the brackets they were there in."""
        since_ms, until_ms = self._cohort_span(scope.as_of_ms)
        if self.since is None:
            since_ms = self.cohorts(scope.as_of_ms)[0]
        edges = self.edges(scope.as_of_ms)
        after = bind("Int64", self.bounds[-1])
        bracket = period_of(sql("later"), self.bounds[:-1])
        inside = sql("has_come AND later < ") + after
        kept = (
            fill(
                "if(countIf(has_come) = 0, [], range(toUInt64(least(maxIf(later, has_come), [[last]]) + 1)))",
                {"last": bind("Int64", self.bounds[-1] - 1)},
            )
            if self.kind == "unbounded"
            else fill("groupUniqArrayIf([[bracket]], [[inside]])", {"bracket": bracket, "inside": inside})
        )
        again = self.first if self.again is None else self.again
        as_of = scope.as_of_ms + 1
        return fill(
            """SELECT person, cohort, arrayMap(each -> toInt64(each), [[kept]]) AS there FROM (
                SELECT person, cohort, again.last_ms > began_ms AS has_come, again.at_period - cohort AS later
                FROM (
                    SELECT person, began_ms, [[cohort]] AS cohort FROM (
                        SELECT person, min(at_ms) AS began_ms FROM ([[firsts]]) WHERE 1[[among]] GROUP BY person
                    ) WHERE began_ms >= [[since]] AND began_ms < [[until]]
                ) AS began
                LEFT JOIN (
                    SELECT person, [[at_period]] AS at_period, max(at_ms) AS last_ms FROM ([[agains]])
                    GROUP BY person, at_period
                ) AS again USING (person)
            ) GROUP BY person, cohort""",
            {
                "kept": kept,
                "at_period": period_of(sql("at_ms"), edges),
                "cohort": period_of(sql("began_ms"), edges),
                "firsts": acts_as_people(scope, self.first.sql(), sql(""), since_ms=0, until_ms=as_of),
                "among": self.among(scope),
                "since": bind("Int64", since_ms),
                "until": bind("Int64", until_ms),
                "agains": acts_as_people(scope, again.sql(), sql(""), since_ms=since_ms, until_ms=as_of),
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionCell:
    """A cell of the table, a line or a column: what is left out is not asked for."""

    cohort: Annotated[str | None, OrNull(MomentText()), "The start of a cohort; without it, all cohorts."] = None
    period: Annotated[
        int | None, OrNull(Whole(0, COUNT_MOST)), "The first period of a column; without it, the cohort itself."
    ] = None
    state: Annotated[Literal["there", "gone"], Choice(("there", "gone")), "Those who were there, or were not."] = (
        "there"
    )


def _rates(people: int, size: int) -> tuple[float | None, float | None]:
    """Retention and churn: the share of the start cohort that is active, and the rest."""
    return (people / size, (size - people) / size) if size else (None, None)


COLUMNS = (
    Column(name="cohort", type="moment", about="When the period begins in which they began; null for all cohorts."),
    Column(name="size", type="whole", about="How many began; for all cohorts, in those for which the period is over."),
    Column(name="period", type="whole", about="The number of the period; the cohort's own is 0."),
    Column(name="last_period", type="whole", about="The number of the last period of the bracket."),
    Column(name="people", type="whole", about="How many of them were there."),
    Column(name="retention", type="share", about="The share of the start cohort that was there."),
    Column(name="churn", type="share", about="One minus that."),
    Column(
        name="complete", type="truth", about="Whether the period is over for the cohort; else the share may still rise."
    ),
)

INSIGHT = Declared(
    name="retention",
    label="Retention",
    about="Of the people who began in the same period, how many are still there, period after period.",
    shape=Retention,
    cell=RetentionCell,
    columns=COLUMNS,
    examples=(
        {"first": "Signed Up", "again": "Order Completed", "period": "week"},
        {"first": "Order Completed", "period": "month", "kind": "unbounded", "time_zone": "Europe/Berlin"},
        {"first": "App Opened", "period": "day", "kind": "bracket", "brackets": [1, 6, 7, 16], "since": "2026-01-01"},
    ),
)
