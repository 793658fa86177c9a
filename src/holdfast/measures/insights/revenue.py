"""`revenue`: what orders bring, by period, and what people have brought so far, by cohort and by source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from holdfast.decisions.fields import Choice, Nested, OrNull, Text, at
from holdfast.events.event import OWN_SOURCE
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.costs import Cost, check_currency
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
from holdfast.measures.insight_fields import Listed, MomentText, Whole
from holdfast.measures.insight_money import Currency, mean_minor, share_of
from holdfast.measures.periods import DAYS_EVER, Period, index_of, moment_of, starts
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Scope

COSTS_MOST = 1_000
ORDERS_MOST = 10_000
TOP_MOST = 100
DAYS_BY_DEFAULT = 365
PERIODS: tuple[Period, ...] = ("day", "week", "month", "quarter", "year")
View = Literal["periods", "cohorts", "sources", "total"]
VIEWS: tuple[View, ...] = ("periods", "cohorts", "sources", "total")
Part = Literal["value", "none", "other"]
PARTS: tuple[Part, ...] = ("value", "none", "other")
Who = Literal["all", "buyers", "payers", "repeat", "loyal"]
WHO: tuple[Who, ...] = ("all", "buyers", "payers", "repeat", "loyal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revenue(Question):
    """Orders and what they bring, in whole minor units of one currency.

    Money is the property `revenue` of an order. Orders in another currency are counted (`other_currency`) and left out
    of all sums; an order without money counts as an order, and not in AOV. Means of money are rounded to the nearest
    minor unit, halves to the even one.

    `periods`: the orders of each period of the calendar. `people` did `active` in it, or ordered. ARPU is revenue by
    those people, ARPPU by those of them who paid, AOV by the orders that were in the currency; the repeat rate is the
    share of buyers with two orders or more.

    `cohorts`, `sources` and `total` are about people who first did `first` in [since, until), and all they ordered
    until now. LTV is what they brought to date, by all of them: no forecast. Cohorts are by the period of that first
    time, sources by the property of it (at one moment: a value before none, then by code point) or by a trait as it
    stands now; the values of the most people have a line each (equally many: by code point), all others share one.
    Loyal are those with `loyal_orders` orders or more, or, with `loyal_days`, active on so many days from the day they
    began; their share is that of loyal users to installs, where `first` is an installation. CAC is the cost by all
    people of the line, and LTV : CAC what they brought by what they cost. Without `since`, the first period is whole.

    Source: Farris, Bendle, Pfeifer & Reibstein (2010), "Marketing Metrics", chapters 5 and 10, for acquisition cost and
    revenue by customer.
    """

    event: Annotated[Act, ActKind(), "What an order is: the name of an event, or `events` and `where`."]
    view: Annotated[View, Choice(VIEWS), "What the lines are."] = "periods"
    period: Annotated[Period, Choice(PERIODS), "The periods of `periods` and `cohorts`."] = "month"
    first: Annotated[Act | None, OrNull(ActKind()), "What people begin with; without it, their first order."] = None
    active: Annotated[
        Act | None, OrNull(ActKind()), "What makes somebody active; without it, any event but our own."
    ] = None
    source: Annotated[
        str | None, OrNull(Text(most=500)), "With `sources`, the property of the first event that names it."
    ] = None
    source_trait: Annotated[str | None, OrNull(Text(most=500)), "With `sources`, or the trait that names it."] = None
    top: Annotated[int, Whole(1, TOP_MOST), "How many sources have a line of their own."] = 20
    currency: Annotated[str | None, OrNull(Currency()), "Whose money; without it, the workspace's currency."] = None
    loyal_orders: Annotated[int, Whole(1, ORDERS_MOST), "Orders that make somebody loyal."] = 3
    loyal_days: Annotated[int | None, OrNull(Whole(1, 5_000)), "Active days that do, instead."] = None
    costs: Annotated[
        tuple[Cost, ...],
        Listed(Nested(Cost), 0, COSTS_MOST),
        "What winning these people cost. With `cohorts` each says when, with `sources` on which.",
    ] = ()

    def __post_init__(self) -> None:
        by = [each for each in (self.source, self.source_trait) if each is not None]
        if (self.view == "sources") != (len(by) == 1):
            raise Invalid(
                "Sources are told apart by a property or by a trait.",
                code="contradiction",
                path="$.source",
                hint="With view `sources` give one of `source` and `source_trait`; with others, neither.",
            )
        if self.costs and self.view == "periods":
            raise Invalid(
                "Costs are of winning people, and `periods` are of orders.",
                code="contradiction",
                path="$.costs",
                hint="Use view `cohorts`, `sources` or `total`.",
            )
        for index, each in enumerate(self.costs):
            if self.view == "cohorts" and each.at is None:
                raise Invalid(
                    "Which cohort did this win?",
                    code="missing_field",
                    path=at(at("$.costs", index), "at"),
                    hint="Say when it was spent.",
                )

    def money_in(self, scope: Scope) -> str:
        """The currency of the answer."""
        return self.currency or scope.currency

    def edges(self, as_of_ms: int) -> tuple[int, ...]:
        """When the periods of the table start."""
        since_ms, until_ms = self.span(as_of_ms, days=DAYS_BY_DEFAULT)
        return starts(since_ms, until_ms, self.period, self.zone)

    def since_ms(self, as_of_ms: int) -> int:
        """Where it begins: as asked, else with the first period."""
        return self.edges(as_of_ms)[0] if self.since is None else moment_of(self.since, self.zone)

    def sql(self, scope: Scope) -> Sql:
        check_currency(self.costs, self.money_in(scope))
        return fill(
            """SELECT [[line]], count(), countIf(orders > 0), countIf(priced > 0), countIf(orders > 1), countIf(loyal),
                sum(orders), sum(priced), sum(foreign_orders), toString(sum(toInt128(revenue)))
            FROM ([[people]]) GROUP BY line, part""",
            {"line": sql("line, part"), "people": self._lined(scope)},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        sums = {(line, part): _Sums.of(rest) for line, part, *rest in rows}
        told: list[tuple[Cell, ...]] = []
        if self.view == "sources":
            costs = self._costs_by_source(sums)
            for line, part in sorted({*sums, *costs}, key=lambda key: _place(key[0], key[1], sums)):
                cost = costs.get((line, part), 0) if self.costs else None
                told.append((line, part, *sums.get((line, part), _Sums()).cells(cost, lasting=True)))
        elif self.view == "total":
            total = sum((each.minor for each in self.costs), 0) if self.costs else None
            told.append(sums.get((0, "value"), _Sums()).cells(total, lasting=True))
        else:
            edges = self.edges(scope.as_of_ms)
            costs_by_start = self._costs_by_cohort()
            for number, start_ms in enumerate(edges):
                cost = costs_by_start.get(start_ms, 0) if self.costs else None
                cells = sums.get((number, "value"), _Sums()).cells(cost, lasting=self.view == "cohorts")
                told.append((start_ms, *cells))
        wanted = SHOWN[self.view]
        return Answer(
            columns=tuple(each for each in COLUMNS if each.name in wanted),
            rows=tuple(told),
            time_zone=self.time_zone,
            currency=self.money_in(scope),
        )

    def words(self) -> str:
        first = "their first order" if self.first is None else self.first.words()
        who = f"people who began with {first}"
        what = {
            "periods": f"What {self.event.words()} brought, per {self.period}",
            "cohorts": f"What {who} brought to date by {self.event.words()}, per {self.period} they began in",
            "sources": f"What {who} brought to date by {self.event.words()}, by {self.source or self.source_trait}",
            "total": f"What {who} brought to date by {self.event.words()}",
        }
        return f"{what[self.view]}{self.among_words()}."

    def picture(self) -> Picture:
        match self.view:
            case "periods":
                return Picture(kind="lines", across="start", value="revenue")
            case "cohorts":
                return Picture(kind="bars", across="start", value="ltv")
            case "sources":
                return Picture(kind="bars", across="source", value="ltv")
        return Picture(kind="bars", across="people", value="ltv")

    def people_sql(self, scope: Scope, cell: RevenueCell) -> Sql:
        wanted: list[Sql] = [_OF_WHOM[cell.who]]
        by_start, by_source = self.view in ("periods", "cohorts"), self.view == "sources"
        if cell.who == "loyal" and self.view == "periods":
            raise Invalid(
                "Nobody is called loyal here.", code="unknown_cell", path="$.cell.who", hint="Ask with view `cohorts`."
            )
        for name, value, known in (
            ("start", cell.start, by_start),
            ("source", cell.source, by_source),
            ("part", cell.part, by_source),
        ):
            if value is not None and not known:
                raise Invalid(
                    f"The table of view `{self.view}` has no `{name}`.",
                    code="unknown_cell",
                    path=f"$.cell.{name}",
                    hint="Leave it out.",
                )
        if cell.start is not None:
            wanted.append(sql("line = ") + bind("Int64", self._number_of(cell.start, scope.as_of_ms)))
        if cell.source is not None:
            wanted.append(sql("line = ") + bind("String", cell.source))
        if cell.part is not None:
            wanted.append(sql("part = ") + bind("String", cell.part))
        return fill(
            "SELECT DISTINCT person FROM ([[people]]) WHERE [[wanted]]",
            {"people": self._lined(scope), "wanted": join(" AND ", wanted)},
        )

    def _number_of(self, text: str, as_of_ms: int) -> int:
        edges, at_ms = self.edges(as_of_ms), moment_of(text, self.zone)
        if at_ms not in edges:
            raise Invalid(
                f"No line of the table starts at {text}.",
                code="unknown_cell",
                path="$.cell.start",
                hint="Take `start` from a line of the table.",
            )
        return index_of(at_ms, edges)

    def _costs_by_cohort(self) -> dict[int, int]:
        """The cost of each cohort, by when it starts."""
        found: dict[int, int] = {}
        for each in self.costs if self.view == "cohorts" else ():
            at_ms = moment_of(each.at or "", self.zone)
            (start_ms,) = starts(at_ms, at_ms + 1, self.period, self.zone)
            found[start_ms] = found.get(start_ms, 0) + each.minor
        return found

    def _costs_by_source(self, lines: Mapping[tuple[Any, Part], _Sums]) -> dict[tuple[str | None, Part], int]:
        """The cost of each line; a source that won nobody has a line for its cost."""
        found: dict[tuple[str | None, Part], int] = {}
        for each in self.costs:
            key: tuple[str | None, Part] = (None, "none") if each.source is None else (each.source, "value")
            if key not in lines and key[1] == "value" and (None, "other") in lines:
                key = (None, "other")
            found[key] = found.get(key, 0) + each.minor
        return found

    def _lined(self, scope: Scope) -> Sql:
        """People with the line they are in: `person`, `line`, `part`, and what they did."""
        if self.view == "periods":
            return fill("SELECT *, 'value' AS part, false AS loyal FROM ([[p]])", {"p": self._of_periods(scope)})
        people = self._of_people(scope)
        if self.view == "total":
            return fill("SELECT *, toInt64(0) AS line, 'value' AS part FROM ([[people]])", {"people": people})
        if self.view == "cohorts":
            line = period_of(sql("began_ms"), self.edges(scope.as_of_ms))
            return fill("SELECT *, [[line]] AS line, 'value' AS part FROM ([[p]])", {"line": line, "p": people})
        return fill(
            """SELECT * EXCEPT (label), if(part = 'value', label, NULL) AS line FROM (
                SELECT *, dense_rank() OVER (ORDER BY label IS NULL, together DESC, label) AS rank,
                    multiIf(label IS NULL, 'none', rank <= [[top]], 'value', 'other') AS part
                FROM (SELECT *, count() OVER (PARTITION BY label) AS together FROM ([[people]]))
            )""",
            {"people": self._labelled(scope, people), "top": bind("UInt64", self.top)},
        )

    def _labelled(self, scope: Scope, people: Sql) -> Sql:
        if self.source_trait is None:
            return sql("SELECT *, if(entry.2, NULL, toNullable(entry.3)) AS label FROM (") + people + sql(")")
        return fill(
            """SELECT * FROM ([[people]]) AS began LEFT ANY JOIN (
                SELECT person, [[label]] AS label FROM people FINAL WHERE workspace = [[here]]
            ) AS theirs USING (person)""",
            {"people": people, "label": label_of(self.source_trait), "here": scope.here},
        )

    def _of_periods(self, scope: Scope) -> Sql:
        """Everybody in each period they were active in: `person`, `line`, and their orders."""
        _, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        return fill(
            """SELECT person, [[line]] AS line, [[sums]] FROM ([[acts]]) WHERE 1[[among]] GROUP BY person, line""",
            {
                "line": period_of(sql("at_ms"), self.edges(scope.as_of_ms)),
                "sums": _SUMS,
                "acts": acts_as_people(
                    scope,
                    sql("(") + self.event.sql(scope) + sql(" OR ") + self._active(scope) + sql(")"),
                    self._columns(scope),
                    since_ms=self.since_ms(scope.as_of_ms),
                    until_ms=until_ms,
                ),
                "among": self.among(scope),
            },
        )

    def _of_people(self, scope: Scope) -> Sql:
        """Everybody who began in time: `person`, `entry` (when, whether without a label, the label), and orders."""
        first = self.event if self.first is None else self.first
        since_ms = self.since_ms(scope.as_of_ms)
        _, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        label = sql("NULL::Nullable(String)") if self.source is None else label_of(self.source)
        columns = fill(
            "[[columns]], [[first]] AS is_first, [[label]] AS label",
            {"columns": self._columns(scope), "first": first.sql(scope), "label": label},
        )
        acts = [self.event.sql(scope), first.sql(scope)]
        loyal = sql("orders >= ") + bind("UInt64", self.loyal_orders)
        days = sql("")
        if self.loyal_days is not None:
            edges = starts(since_ms, scope.as_of_ms + 1, "day", self.zone, most=DAYS_EVER)
            known = {"day": period_of(sql("at_ms"), edges), "since": bind("Int64", edges[0])}
            acts.append(self._active(scope))
            columns += fill(", [[active]] AS is_active", {"active": self._active(scope)})
            days = fill(", groupUniqArrayIf([[day]], is_active AND at_ms >= [[since]]) AS days", known)
            loyal = fill(
                "arrayCount(each -> each >= [[began]], days) >= [[least]]",
                {"began": period_of(sql("entry.1"), edges), "least": bind("UInt64", self.loyal_days)},
            )
        return fill(
            """SELECT *, entry.1 AS began_ms, [[loyal]] AS loyal FROM (
                SELECT person, minIf((at_ms, label IS NULL, ifNull(label, '')), is_first) AS entry, [[sums]][[days]]
                FROM ([[acts]]) WHERE 1[[among]] GROUP BY person HAVING countIf(is_first) > 0
            ) WHERE began_ms >= [[since]] AND began_ms < [[until]]""",
            {
                "loyal": loyal,
                "sums": _SUMS,
                "days": days,
                "acts": acts_as_people(
                    scope,
                    sql("(") + join(" OR ", acts) + sql(")"),
                    columns,
                    since_ms=0,
                    until_ms=scope.as_of_ms + 1,
                ),
                "among": self.among(scope),
                "since": bind("Int64", since_ms),
                "until": bind("Int64", until_ms),
            },
        )

    def _columns(self, scope: Scope) -> Sql:
        return fill(
            ", [[order]] AS is_order, currency, revenue_minor, currency = [[ours]] AS ours",
            {"order": self.event.sql(scope), "ours": bind("String", self.money_in(scope))},
        )

    def _active(self, scope: Scope) -> Sql:
        if self.active is not None:
            return self.active.sql(scope)
        return sql("(source != ") + bind("String", OWN_SOURCE) + sql(")")


_SUMS = sql(
    "countIf(is_order) AS orders, countIf(is_order AND ours) AS priced, "
    "countIf(is_order AND NOT ours AND currency != '') AS foreign_orders, "
    "sumIf(revenue_minor, is_order AND ours) AS revenue"
)
_OF_WHOM: Mapping[Who, Sql] = {
    "all": sql("1"),
    "buyers": sql("orders > 0"),
    "payers": sql("priced > 0"),
    "repeat": sql("orders > 1"),
    "loyal": sql("loyal"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueCell:
    """A line of the table, or several, and which of its people."""

    start: Annotated[str | None, OrNull(MomentText()), "The start of a period or cohort; without it, all."] = None
    source: Annotated[str | None, OrNull(Text(least=0, most=10_000)), "The source in the line."] = None
    part: Annotated[Part | None, OrNull(Choice(PARTS)), "`value`, `other`, or `none` where it is missing."] = None
    who: Annotated[
        Who,
        Choice(WHO),
        "All its people, or those with an order, an order in the currency, two orders or more, or loyal ones.",
    ] = "all"


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the people of a line add up to."""

    people: int = 0
    buyers: int = 0
    payers: int = 0
    repeat: int = 0
    loyal: int = 0
    orders: int = 0
    priced: int = 0
    foreign: int = 0
    revenue: int = 0

    @classmethod
    def of(cls, row: Sequence[Any]) -> _Sums:
        return cls(**{each.name: int(said) for each, said in zip(fields(cls), row, strict=True)})

    def cells(self, cost: int | None, *, lasting: bool) -> tuple[Cell, ...]:
        """The line after what names it.

        Args:
            cost: None where none was given.
            lasting: whether it is about people and all they brought, not about a period.
        """
        per_person = mean_minor(self.revenue, self.people)
        counts = (self.people, self.buyers, self.payers, self.orders, self.priced, self.foreign, self.revenue)
        repeat = share_of(self.repeat, self.buyers)
        mean_order, per_payer = mean_minor(self.revenue, self.priced), mean_minor(self.revenue, self.payers)
        if not lasting:
            return (*counts, mean_order, per_person, per_payer, repeat)
        cac = None if cost is None else mean_minor(cost, self.people)
        ratio = self.revenue / cost if cost and self.people else None
        loyal = (self.loyal, share_of(self.loyal, self.people))
        return (*counts, mean_order, per_person, repeat, *loyal, cost, cac, ratio)


def _place(label: str | None, part: str, sums: Mapping[tuple[Any, Any], _Sums]) -> tuple[int, int, bytes]:
    """Values first, those of the most people before others; then other values, then none."""
    people = sums.get((label, part), _Sums()).people
    return ("value", "other", "none").index(part), -people, (label or "").encode("utf-8", "surrogatepass")


_COUNTS = ("people", "buyers", "payers", "orders", "priced_orders", "other_currency", "revenue", "aov")
_LASTING = (*_COUNTS, "ltv", "repeat_rate", "loyal", "loyal_share", "cost", "cac", "ltv_to_cac")
SHOWN: Mapping[View, tuple[str, ...]] = {
    "periods": ("start", *_COUNTS, "arpu", "arppu", "repeat_rate"),
    "cohorts": ("start", *_LASTING),
    "sources": ("source", "part", *_LASTING),
    "total": _LASTING,
}

COLUMNS = (
    Column(name="start", type="moment", about="When the period begins, with `periods` and `cohorts`."),
    Column(name="source", type="text", about="The value that names the source, with `sources`."),
    Column(name="part", type="text", about="`value`; `other` for all other sources; `none` where it is missing."),
    Column(name="people", type="whole", about="Active people of the period; or everybody who began."),
    Column(name="buyers", type="whole", about="How many of them ordered."),
    Column(name="payers", type="whole", about="How many of them ordered in the currency of the answer."),
    Column(name="orders", type="whole", about="How many orders."),
    Column(name="priced_orders", type="whole", about="How many of them in the currency of the answer."),
    Column(name="other_currency", type="whole", about="How many of them in another, left out of all sums."),
    Column(name="revenue", type="money", about="What the orders in the currency brought."),
    Column(name="aov", type="money", about="The average order value: revenue by orders in the currency."),
    Column(name="arpu", type="money", about="Revenue by people, with `periods`."),
    Column(name="arppu", type="money", about="Revenue by payers, with `periods`."),
    Column(name="ltv", type="money", about="Lifetime value to date: revenue by everybody who began."),
    Column(name="repeat_rate", type="share", about="The share of buyers with two orders or more."),
    Column(name="loyal", type="whole", about="How many are loyal."),
    Column(name="loyal_share", type="share", about="Loyal people by everybody who began, such as installs."),
    Column(name="cost", type="money", about="What winning them cost; null where no costs were given."),
    Column(name="cac", type="money", about="The customer acquisition cost: cost by everybody who began."),
    Column(name="ltv_to_cac", type="number", about="What they brought to date by what they cost."),
)

INSIGHT = Declared(
    name="revenue",
    label="Revenue",
    about="What orders bring (AOV, ARPU), and what people have brought to date by cohort and source (LTV, LTV : CAC).",
    shape=Revenue,
    cell=RevenueCell,
    columns=COLUMNS,
    examples=(
        {"event": "Order Completed", "period": "week"},
        {"event": "Order Completed", "view": "cohorts", "first": "App Installed", "loyal_days": 5},
        {
            "event": "Order Completed",
            "view": "sources",
            "first": "Signed Up",
            "source": "utm_source",
            "costs": [{"source": "search", "minor": 125000}, {"source": "social", "minor": 80000}],
        },
    ),
)
