"""`retention`: of those who began together, how many are still there, period after period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Annotated, Any, Literal, cast

from holdfast.decisions.fields import Choice, Kind, OrNull, SegmentCondition, Text
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.breakdown import PARTS, TOP_MOST, Breakdown, BreakdownKind, Part, place_of, ranked, with_trait
from holdfast.measures.entries import check_entries, entries
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
    period_of,
)
from holdfast.measures.insight_fields import Listed, MomentText, Whole
from holdfast.measures.insight_money import Currency, share_of
from holdfast.measures.periods import DAYS_EVER, Period, index_of, moment_of, starts
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Condition, Scope

LENGTHS: dict[Period, int] = {"day": 1, "week": 7, "month": 31}
"""The periods cohorts are made of, with the most days each has."""
COUNT_MOST = 400
BRACKETS_MOST = 50
Meaning = Literal["n_day", "bracket", "unbounded"]
Value = Literal["revenue"]


@dataclass(frozen=True, slots=True)
class BeginningKind(Kind):
    """What people begin with: an act, or a condition, which has a `type`."""

    def decode(self, value: object, path: str) -> Act | Condition:
        if isinstance(value, Mapping) and "type" in value:
            found = SegmentCondition().decode(value, path)
            check_entries(found, path)
            return found
        return ActKind().decode(value, path)

    def encode(self, value: object) -> Json:
        return SegmentCondition().encode(value) if isinstance(value, Condition) else ActKind().encode(value)

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "act or condition"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Question):
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

    first: Annotated[
        Act | Condition,
        BeginningKind(),
        "What people begin with: the name of an event, or `events` and `where`; or a condition they came to meet.",
    ]
    again: Annotated[Act | None, OrNull(ActKind()), "What they come back for; without it, the same."] = None
    period: Annotated[Period, Choice(tuple(LENGTHS)), "The period cohorts are made of, and counted in."] = "week"
    kind: Annotated[Meaning, Choice(("n_day", "bracket", "unbounded")), "What it means to be there."] = "n_day"
    periods: Annotated[int, Whole(1, COUNT_MOST), "How many periods from the cohort's own on, that one with them."] = 12
    brackets: Annotated[
        tuple[int, ...],
        Listed(Whole(1, COUNT_MOST), 0, BRACKETS_MOST),
        "With `bracket`, how many periods each is of; without, 1, 1, 2, 4, 8 and so on, as far as `periods`.",
    ] = ()
    value: Annotated[
        Value | None, OrNull(Choice(("revenue",))), "Ask what people brought, and not only whether they were there."
    ] = None
    refunds: Annotated[Act | None, OrNull(ActKind()), "With `value`: events whose `revenue` was given back."] = None
    currency: Annotated[str | None, OrNull(Currency()), "With `value`: whose money; without it, the workspace's."] = (
        None
    )
    breakdown: Annotated[
        Breakdown | None, OrNull(BreakdownKind()), "A property of the first event, or a trait, to tell values of apart."
    ] = None
    top: Annotated[int, Whole(1, TOP_MOST), "How many values of the breakdown have lines of their own."] = 10

    def __post_init__(self) -> None:
        for complaint in self._contradictions():
            raise complaint
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

    def _contradictions(self) -> Iterator[Invalid]:
        """What cannot be asked for together."""
        entered = isinstance(self.first, Condition)
        if entered and self.again is None:
            yield _contradiction("again", "Nobody does a condition again.", "Say in `again` what they come back for.")
        if entered and self.breakdown is not None and self.breakdown.trait is None:
            yield _contradiction("breakdown", "A condition has no properties.", 'Use a trait: {"trait": "country"}.')
        if self.value is not None and self.kind == "unbounded":
            yield _contradiction(
                "value", "Money of a period or any later one says nothing.", "Use `n_day` or `bracket`."
            )
        if self.value is None and (self.refunds is not None or self.currency is not None):
            field = "refunds" if self.refunds is not None else "currency"
            yield _contradiction(field, "No money is asked for.", "Add `value`: `revenue`.")

    @property
    def returning(self) -> Act:
        """What they come back for."""
        return self.again if self.again is not None else cast("Act", self.first)

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
        begun = starts(since_ms, as_of_ms + 1, self.period, self.zone, most=DAYS_EVER)
        # A day is no longer than 26 hours, and the next period begins within so many of them.
        ahead_ms = as_of_ms + (LENGTHS[self.period] + 2) * DAY_MS
        return starts(since_ms, ahead_ms, self.period, self.zone, most=DAYS_EVER)[: len(begun) + 1]

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
            {"cells": cells, "people": self._labelled(scope)},
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
        currency = "" if self.value is None else self._money_in(scope)
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

    def _money_in(self, scope: Scope) -> str:
        return self.currency or scope.currency

    def words(self) -> str:
        kinds = {"n_day": "in each", "bracket": "in brackets of", "unbounded": "in each or any later"}
        began = (
            f"came to be people who {self.first.words()}"
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
            wanted.append(sql("cohort = ") + bind("Int64", self._cohort_of(cell.cohort, scope.as_of_ms)))
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
        people = sql("(") + self._labelled(scope) + sql(")")
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

    def _labelled(self, scope: Scope) -> Sql:
        """Everybody in a cohort: `person`, `raw_label`, `cohort`, `there`, and with money `start`."""
        people = self._paying(scope) if self.value is not None else self._there(scope)
        if self.breakdown is not None and self.breakdown.trait is not None:
            return with_trait(
                scope, fill("SELECT * EXCEPT raw_label FROM ([[of]])", {"of": people}), self.breakdown.trait
            )
        return people

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

    def _there(self, scope: Scope) -> Sql:
        """Everybody in a cohort, and `there`: the numbers of the brackets they were there in."""
        edges = self.edges(scope.as_of_ms)
        # One pass over what they did: -1 for what was before they began. No `if`, which would be many times slower.
        periods = fill(
            "arrayMap(at -> ([[period]] - cohort + 1) * (at > began_ms) - 1, later)",
            {"period": period_of(sql("at"), edges)},
        )
        last = bind("Int64", self.bounds[-1])
        if self.kind == "unbounded":
            there = fill(
                "arrayMap(each -> toInt64(each), range(toUInt64(least(arrayMax([[periods]]) + 1, [[last]]))))",
                {"periods": fill("arrayPushBack([[periods]], -1)", {"periods": periods}), "last": last},
            )
        else:
            there = fill(
                "arrayDistinct(arrayFilter(each -> each >= 0 AND each < [[last]], [[periods]]))",
                {"periods": periods, "last": last},
            )
        if self.kind == "bracket":
            there = fill(
                "arrayDistinct(arrayMap(each -> [[bracket]], [[there]]))",
                {"bracket": period_of(sql("each"), self.bounds[:-1]), "there": there},
            )
        return fill(
            "SELECT person, raw_label, cohort, [[there]] AS there FROM ([[begun]])",
            {"there": there, "begun": self._begun(scope, sql("at_ms"))},
        )

    def _paying(self, scope: Scope) -> Sql:
        """Everybody in a cohort, with what they started with, and `there`: (bracket, brought, kept) where they paid."""
        number = period_of(sql("each.1"), self.edges(scope.as_of_ms))
        lengths = bind("Array(Int64)", [after - first for first, after in pairwise(self.bounds)])
        return fill(
            """SELECT person, raw_label, cohort, start, arrayFilter(each -> each.2 > 0, arrayMap(
                    each -> (each.1, each.2, least(each.2, start * [[lengths]][each.1 + 1])), brackets)) AS there
            FROM (
                SELECT person, any(raw_label) AS raw_label, any(cohort) AS cohort, greatest(sum(opening), 0) AS start,
                    groupArrayIf((bracket, brought), bracket >= 0) AS brackets
                FROM (
                    SELECT person, any(raw_label) AS raw_label, any(cohort) AS cohort, sum(each.2) AS brought, if(
                            period < 0 OR period >= [[last]], -1, [[bracket]]) AS bracket,
                        sumIf(each.2, period = 0) AS opening
                    FROM (
                        SELECT person, raw_label, cohort, each, if(each.1 < began_ms, -1, [[number]] - cohort) AS period
                        FROM (
                            SELECT * EXCEPT later, arrayJoin(arrayPushFront(later, (toInt64(-1), toInt64(0)))) AS each
                            FROM ([[begun]])
                        )
                    ) GROUP BY person, bracket
                ) GROUP BY person
            )""",
            {
                "number": number,
                "last": bind("Int64", self.bounds[-1]),
                "bracket": period_of(sql("period"), self.bounds[:-1]),
                "lengths": lengths,
                "begun": self._begun(scope, sql("(at_ms, money)")),
            },
        )

    def _begun(self, scope: Scope, later: Sql) -> Sql:
        """Everybody in a cohort: `person`, `raw_label`, `began_ms`, `cohort`, and `later`: what they did since then."""
        since_ms, until_ms = self._cohort_span(scope.as_of_ms)
        if self.since is None:
            since_ms = self.cohorts(scope.as_of_ms)[0]
        people = (
            self._entered(scope, later, since_ms)
            if isinstance(self.first, Condition)
            else self._did(scope, self.first, later, since_ms)
        )
        return fill(
            """SELECT person, raw_label, began_ms, later, [[cohort]] AS cohort FROM ([[people]])
            WHERE began_ms >= [[since]] AND began_ms < [[until]]""",
            {
                "people": people,
                "cohort": period_of(sql("began_ms"), self.edges(scope.as_of_ms)),
                "since": bind("Int64", since_ms),
                "until": bind("Int64", until_ms),
            },
        )

    def _did(self, scope: Scope, first: Act, later: Sql, since_ms: int) -> Sql:
        """Everybody who ever did the first act, in one pass over all they did."""
        named = None if self.breakdown is None else self.breakdown.property
        columns = fill(", [[first]] AS is_first", {"first": first.sql(scope)}) + self._later_columns(scope, since_ms)
        label = sql("NULL::Nullable(String)")
        if named is not None:
            columns += sql(", ") + label_of(named) + sql(" AS label")
            label = sql(
                "minIf((at_ms, label IS NULL, ifNull(label, '')), is_first) AS entry, "
                "if(entry.2, NULL, toNullable(entry.3))"
            )
        acts = [first.sql(scope), *self._later_acts(scope, since_ms)]
        return fill(
            """SELECT person, [[label]] AS raw_label, minIf(at_ms, is_first) AS began_ms, [[later]] AS later
            FROM ([[acts]]) WHERE 1[[among]] GROUP BY person HAVING countIf(is_first) > 0""",
            {
                "label": label,
                "later": self._gathered(later),
                "acts": acts_as_people(
                    scope,
                    sql("(") + join(" OR ", acts) + sql(")"),
                    columns,
                    since_ms=0,
                    until_ms=scope.as_of_ms + 1,
                ),
                "among": self.among(scope),
            },
        )

    def _entered(self, scope: Scope, later: Sql, since_ms: int) -> Sql:
        """Everybody who ever met the condition, with what they did."""
        return fill(
            """SELECT person, NULL::Nullable(String) AS raw_label, began_ms, later FROM (
                SELECT person, began_ms FROM ([[entries]]) WHERE 1[[among]]
            ) AS entered LEFT ANY JOIN (
                SELECT person, [[later]] AS later FROM ([[acts]]) GROUP BY person
            ) AS theirs USING (person)""",
            {
                "entries": entries(scope, cast("Condition", self.first)),
                "among": self.among(scope),
                "later": self._gathered(later),
                "acts": acts_as_people(
                    scope,
                    sql("(") + join(" OR ", self._later_acts(scope, since_ms)) + sql(")"),
                    self._later_columns(scope, since_ms),
                    since_ms=since_ms,
                    until_ms=scope.as_of_ms + 1,
                ),
            },
        )

    def _gathered(self, later: Sql) -> Sql:
        """What they did since the first cohort; where any later period will do, only the last of it."""
        if self.kind == "unbounded":
            return sql("arrayFilter(at -> at != 0, [maxIf(at_ms, is_later)])")
        return sql("groupArrayIf(") + later + sql(", is_later)")

    def _later_acts(self, scope: Scope, since_ms: int) -> list[Sql]:
        """What counts from the first cohort on."""
        acts = (self.returning, *(() if self.refunds is None else (self.refunds,)))
        return [
            fill("([[act]] AND ts >= [[since]])", {"act": each.sql(scope), "since": scope.moment(since_ms)})
            for each in acts
        ]

    def _later_columns(self, scope: Scope, since_ms: int) -> Sql:
        """`is_later`, and with a value `money`: refunds are taken off."""
        again, *refunds = self._later_acts(scope, since_ms)
        columns = sql(", (") + join(" OR ", (again, *refunds)) + sql(") AS is_later")
        if self.value is None:
            return columns
        return columns + fill(
            ", if(currency = [[ours]], revenue_minor * [[again]] - abs(revenue_minor) * [[refund]], 0) AS money",
            {
                "ours": bind("String", self._money_in(scope)),
                "again": again,
                "refund": refunds[0] if refunds else sql("0"),
            },
        )


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


def _contradiction(field: str, message: str, hint: str) -> Invalid:
    return Invalid(message, code="contradiction", path=f"$.{field}", hint=hint)


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
