"""The cohorts of `retention`: who began together, when they were there again, and what they brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Annotated, Literal, cast

from holdfast.decisions.fields import Choice, Kind, OrNull, SegmentCondition
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.breakdown import TOP_MOST, Breakdown, BreakdownKind, with_trait
from holdfast.measures.entries import check_entries, entries
from holdfast.measures.insight import DAY_MS, Act, ActKind, Question, acts_as_people, label_of, period_of
from holdfast.measures.insight_fields import Listed, Whole
from holdfast.measures.insight_money import Currency
from holdfast.measures.periods import DAYS_EVER, Period, index_of, moment_of, starts
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
class Cohorts(Question):
    """Who is in which cohort, and in which periods they were there again, or what they brought."""

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

    def _cohort_span(self, as_of_ms: int) -> tuple[int, int]:
        return self.span(as_of_ms, days=LENGTHS[self.period] * 12)

    def cohort_of(self, text: str, as_of_ms: int) -> int:
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

    def money_in(self, scope: Scope) -> str:
        return self.currency or scope.currency

    def labelled(self, scope: Scope) -> Sql:
        """Everybody in a cohort: `person`, `raw_label`, `cohort`, `there`, and with money `start`."""
        people = self._paying(scope) if self.value is not None else self._there(scope)
        if self.breakdown is not None and self.breakdown.trait is not None:
            return with_trait(
                scope, fill("SELECT * EXCEPT raw_label FROM ([[of]])", {"of": people}), self.breakdown.trait
            )
        return people

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
                "ours": bind("String", self.money_in(scope)),
                "again": again,
                "refund": refunds[0] if refunds else sql("0"),
            },
        )


def _contradiction(field: str, message: str, hint: str) -> Invalid:
    return Invalid(message, code="contradiction", path=f"$.{field}", hint=hint)
