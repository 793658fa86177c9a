"""`retention`: of those who began together, how many are still there, period after period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, cast

from holdfast.decisions.fields import Choice, OrNull, Text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.breakdown import PARTS, Part, place_of, ranked
from holdfast.measures.insight import Answer, Cell, Column, Declared
from holdfast.measures.insight_fields import MomentText, Whole
from holdfast.measures.insight_money import share_of
from holdfast.measures.picture import Picture
from holdfast.measures.retention_cohorts import COUNT_MOST, Cohorts
from holdfast.segments.condition import Condition, Scope, relative


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Cohorts):
    """Cohorts of people by the period in which they first did `first`, and how many of each did `again` later.

    The first time is the first of all, not the first in [since, until): only those are in whose first time lies there.
    Where `first` is a condition, it is the first moment up to now at which it was true of them, reckoned from the whole
    history: conditions of what somebody `did` at least so often, ever or within so many days, alone or joined by `any`
    or `all`, have one; others are refused. `again` counts from after that moment until now.

    Periods are those of the calendar, counted from the cohort's own, which is number 0. `n_day`: did it in that very
    period. `bracket`: did it in one of several periods, whose numbers `brackets` tells. `unbounded`: did it in that
    period or any after it.

    The retention rate is the share of the start cohort that is active; churn is one minus that. The line without a
    cohort adds up cohorts for which the period is over: a share is of those people only.

    With `value`, money is retained: what their acts (`again`, the first one too) brought, in one currency, less what
    `refunds` took back; per person and period never less than nothing. A person starts with what they brought in the
    cohort's own period. Net retention is all they brought by what they started with, more of the same and all; gross
    retention counts no person for more than they started with, and is 1 at most. A bracket of several periods is held
    against as many starts.

    With `breakdown`, a person belongs to the value of their first event (at the same moment: a value before none, then
    by code point), or of their trait; the values the most people have (equally many: by code point) have lines of their
    own.

    Source: the customer retention rate, (E - N) / S: who of S at the start is among the E at the end without the N new
    ones; never (E - S) / S. Revenue, as it is reckoned for subscriptions: net retention = (starting + expansion -
    contraction - churned) / starting revenue of the same customers; gross retention leaves the expansion out, customer
    by customer.
    """

    def sql(self, scope: Scope) -> Sql:
        """Rows of part, label, cohort, bracket, people and money; bracket -1 is the cohort itself, and its start."""
        if self.value is None:
            cells = sql("arrayJoin(arrayPushFront(there, -1)) AS bracket, 0 AS one, 0 AS other")
        else:
            cells = sql(
                "arrayJoin(arrayPushFront(there, (toInt64(-1), start, toInt64(0)))) AS cell, "
                "cell.1 AS bracket, cell.2 AS one, cell.3 AS other"
            )
        lines = fill(
            """(SELECT raw_label, cohort, bracket, count() AS people, sum(one) AS brought, sum(other) AS kept
            FROM (SELECT raw_label, cohort, [[cells]] FROM ([[people]])) GROUP BY raw_label, cohort, bracket)""",
            {"cells": cells, "people": self.labelled(scope)},
        )
        weighed = fill(
            "(SELECT *, sum(if(bracket = -1, people, 0)) OVER (PARTITION BY raw_label) AS weight FROM [[lines]])",
            {"lines": lines},
        )
        return fill(
            """SELECT part, if(part = 'value', raw_label, NULL) AS label, cohort, bracket, sum(people), sum(brought),
                sum(kept)
            FROM [[lines]] GROUP BY part, label, cohort, bracket""",
            {"lines": self._parted(weighed if self.breakdown is not None else lines, sql("weight"))},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        lines: dict[tuple[str, str | None], dict[tuple[int, int], tuple[int, int, int]]] = {}
        for part, label, cohort, bracket, *numbers in rows:
            found = lines.setdefault((part, label), {})
            found[int(cohort), int(bracket)] = cast("tuple[int, int, int]", tuple(map(int, numbers)))
        if self.breakdown is None and not lines:
            lines = {("value", None): {}}
        told: list[tuple[Cell, ...]] = []
        for part, label in sorted(lines, key=lambda line: place_of(line[0], _size(lines[line]), line[1])):
            line = () if self.breakdown is None else (label, part)
            told += (each.row(line, self.value is not None) for each in self._cells(lines[part, label], scope))
        left_out = {
            *(() if self.breakdown is not None else ("breakdown", "part")),
            *(() if self.value is not None else MONEY_COLUMNS),
        }
        columns = tuple(each for each in COLUMNS if each.name not in left_out)
        currency = "" if self.value is None else self.money_in(scope)
        return Answer(columns=columns, rows=tuple(told), time_zone=self.time_zone, currency=currency)

    def _cells(self, found: Mapping[tuple[int, int], tuple[int, int, int]], scope: Scope) -> Iterator[_Cell]:
        """The lines of the table of one value: cohort by cohort, then all cohorts for which a period is over."""
        edges = self.edges(scope.as_of_ms)
        totals: dict[int, _Cell] = {}
        for cohort, start_ms in enumerate(self.cohorts(scope.as_of_ms)):
            size, start, _ = found.get((cohort, -1), (0, 0, 0))
            for number, (first, after) in enumerate(pairwise(self.bounds)):
                if cohort + first >= len(edges) - 1:  # That period has not begun.
                    continue
                people, brought, kept = found.get((cohort, number), (0, 0, 0))
                complete = cohort + after < len(edges) and edges[cohort + after] <= scope.as_of_ms
                cell = _Cell(
                    cohort=start_ms, size=size, first=first, after=after, people=people, complete=complete,
                    start=start, brought=brought, kept=kept,
                )  # fmt: skip
                yield cell
                if complete:
                    totals[number] = cell.added_to(totals.get(number))
        yield from totals.values()

    def words(self) -> str:
        kinds = {"n_day": "in each", "bracket": "in brackets of", "unbounded": "in each or any later"}
        began = (
            f"came to be people {relative(self.first.words())}"
            if isinstance(self.first, Condition)
            else f"first did {self.first.words()}"
        )
        did = f"how many did {self.returning.words()} again"
        if self.value is not None:
            less = "" if self.refunds is None else f" less {self.refunds.words()}"
            did = f"how much of what they brought at first did {self.returning.words()}{less} bring"
        by = "" if self.breakdown is None else f", by {self.breakdown.words()}"
        return (
            f"Of those who {began} in a {self.period}, {did} {kinds[self.kind]} {self.period}{by}{self.among_words()}."
        )

    def picture(self) -> Picture:
        value = "retention" if self.value is None else "net_retention"
        if self.breakdown is not None:  # A line each, of all cohorts together.
            return Picture(kind="lines", across="period", value=value, by="breakdown", only_null="cohort")
        return Picture(kind="grid", across="period", value=value, by="cohort", null="all")

    def people_sql(self, scope: Scope, cell: RetentionCell) -> Sql:
        wanted: list[Sql] = []
        if cell.cohort is not None:
            wanted.append(sql("cohort = ") + bind("Int64", self.cohort_of(cell.cohort, scope.as_of_ms)))
        if cell.period is not None:
            if cell.period not in self.bounds[:-1]:
                raise Invalid(
                    f"No column of the table begins with period {cell.period}.",
                    code="unknown_cell",
                    path="$.cell.period",
                    hint=f"There is {', '.join(map(str, self.bounds[:-1]))}.",
                )
            numbers = sql("there") if self.value is None else sql("arrayMap(each -> each.1, there)")
            held = fill("has([[in]], [[it]])", {"in": numbers, "it": bind("Int64", self.bounds.index(cell.period))})
            wanted.append(sql("NOT ") + held if cell.state == "gone" else held)
        if cell.part is not None:
            wanted.append(sql("part = ") + bind("String", cell.part))
        if cell.breakdown is not None:
            wanted.append(sql("part = 'value' AND raw_label = ") + bind("String", cell.breakdown))
        people = sql("(") + self.labelled(scope) + sql(")")
        if self.breakdown is not None:
            people = fill("(SELECT *, count() OVER (PARTITION BY raw_label) AS weight FROM [[of]])", {"of": people})
        return fill(
            "SELECT person FROM [[people]] WHERE 1[[wanted]]",
            {
                "people": self._parted(people, sql("weight")),
                "wanted": join("", (sql(" AND ") + each for each in wanted)),
            },
        )

    def _parted(self, lines: Sql, by: Sql) -> Sql:
        """The lines with `part`."""
        if self.breakdown is None:
            return fill("(SELECT *, 'value' AS part FROM [[lines]])", {"lines": lines})
        return ranked(lines, by=by, top=self.top)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One line of the table, of a cohort and a bracket; without a cohort, of all."""

    cohort: int | None
    size: int
    first: int
    after: int
    people: int
    complete: bool
    start: int
    brought: int
    kept: int

    def added_to(self, other: _Cell | None) -> _Cell:
        """Both together, of no cohort."""
        return _Cell(
            cohort=None,
            size=self.size + (other.size if other else 0),
            first=self.first,
            after=self.after,
            people=self.people + (other.people if other else 0),
            complete=True,
            start=self.start + (other.start if other else 0),
            brought=self.brought + (other.brought if other else 0),
            kept=self.kept + (other.kept if other else 0),
        )

    def row(self, line: tuple[Cell, ...], money: bool) -> tuple[Cell, ...]:
        """As the columns of the table have it."""
        told = (*line, self.cohort, self.size, self.first, self.after - 1, self.people)
        rates = _rates(self.people, self.size)
        if not money:
            return (*told, *rates, self.complete)
        starts = self.start * (self.after - self.first)
        shares = (share_of(self.kept, starts), share_of(self.brought, starts))
        return (*told, *rates, self.start, self.brought, self.kept, *shares, self.complete)


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
    breakdown: Annotated[str | None, OrNull(Text(least=0, most=10_000)), "The value in the line."] = None
    part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, or `none` where it is missing."] = None


def _size(found: Mapping[tuple[int, int], tuple[int, int, int]]) -> int:
    """How many people are in all cohorts of a line."""
    return sum(people for (_, bracket), (people, _, _) in found.items() if bracket == -1)


def _rates(people: int, size: int) -> tuple[float | None, float | None]:
    """Retention and churn: the share of the start cohort that is active, and the rest."""
    return (people / size, (size - people) / size) if size else (None, None)


MONEY_COLUMNS = ("starting_revenue", "revenue", "kept_revenue", "gross_retention", "net_retention")
COLUMNS = (
    Column(name="breakdown", type="text", about="The value of the property or trait, with `breakdown`."),
    Column(name="part", type="text", about="`value`; `other` for all other values; `none` where it is missing."),
    Column(name="cohort", type="moment", about="When the period begins in which they began; null for all cohorts."),
    Column(name="size", type="whole", about="How many began; for all cohorts, in those for which the period is over."),
    Column(name="period", type="whole", about="The number of the period; the cohort's own is 0."),
    Column(name="last_period", type="whole", about="The number of the last period of the bracket."),
    Column(name="people", type="whole", about="How many of them were there; with `value`, brought anything."),
    Column(name="retention", type="share", about="The share of the start cohort that was there."),
    Column(name="churn", type="share", about="One minus that."),
    Column(name="starting_revenue", type="money", about="With `value`: what they brought in the cohort's own period."),
    Column(name="revenue", type="money", about="With `value`: what they brought in these periods."),
    Column(name="kept_revenue", type="money", about="Of that, no more of anybody than they started with."),
    Column(name="gross_retention", type="share", about="That, by the starting revenue of as many periods."),
    Column(name="net_retention", type="share", about="All they brought, by the same."),
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
        {
            "first": "Order Completed",
            "period": "month",
            "value": "revenue",
            "refunds": "Order Refunded",
            "breakdown": {"trait": "country"},
        },
        {
            "first": {"type": "did", "event": "Order Completed", "at_least": 3, "within_days": 90},
            "again": "Order Completed",
            "period": "month",
        },
    ),
)
