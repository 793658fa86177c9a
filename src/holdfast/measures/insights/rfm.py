"""`rfm`: how lately, how often and for how much, as scores, named cells, and moves between two periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Annotated, Any, Literal

from holdfast.decisions.fields import Choice, Flag, Nested, OrNull, Text
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
    period_of,
)
from holdfast.measures.insight_fields import Listed, MomentText, Number, Whole
from holdfast.measures.insight_money import Currency, mean_minor, share_of
from holdfast.measures.periods import DAYS_EVER, moment_of, starts
from holdfast.measures.picture import Picture
from holdfast.measures.rfm_grid import NAMES, RfmName, name_of, named, of_five, worth
from holdfast.measures.rfm_scores import ABSENT_CODE, FixedCuts, Scoring, code_of, scored_people, scores_of
from holdfast.segments.amounts import MILLIONTHS, millionths_sql
from holdfast.segments.condition import Scope
from holdfast.segments.operators import Place

BINS_LEAST, BINS_MOST = 2, 10
DAYS_BY_DEFAULT = 365
MONEY = "revenue"
"""The property that is money: see `measures.revenue`."""
ABSENT: Literal["absent"] = "absent"
"""The cell of whoever did nothing in a period."""
View = Literal["cells", "grid", "scores", "moves"]
Times = Literal["times", "days"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Fixed cut-offs, one fewer than there are bins, each list rising."""

    recency_days: Annotated[
        tuple[float, ...],
        Listed(Number(0, 100_000), 1, BINS_MOST - 1),
        "The best score has whoever did it at most so many whole days before the end; the next, the next.",
    ]
    frequency: Annotated[
        tuple[float, ...], Listed(Number(0, 1e12), 1, BINS_MOST - 1), "The second score needs at least the first."
    ]
    monetary: Annotated[
        tuple[float, ...],
        Listed(Number(-1e18, 1e18), 1, BINS_MOST - 1),
        "The same for the value: money in minor units, such as 5000 for 50 euro.",
    ]

    def __post_init__(self) -> None:
        for name in ("recency_days", "frequency", "monetary"):
            cuts: tuple[float, ...] = getattr(self, name)
            if list(cuts) != sorted(set(cuts)):
                raise Invalid(
                    "These cut-offs do not rise.",
                    code="out_of_order",
                    path=f"$.cuts.{name}",
                    hint="Write each once, the smallest first.",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The earlier of two periods."""

    since: Annotated[str, MomentText(), "Its first moment; a date is its midnight."]
    until: Annotated[str, MomentText(), "Its end, itself left out."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rfm(Question):
    """Everybody who did `event` in [since, until), by how lately, how often, and how much it came to.

    Recency is the number of whole days of 24 hours between the last time and the end; 0 is the best. Frequency is how
    many times, or on how many days of the time zone. The value is the sum of `value`: of `revenue` as money, adding up
    what is in `currency` (`other_currency` says how many events are in another and left out); of any other property its
    numbers, to the millionth, one beyond 10^18 as that. An event without it adds nothing.

    Scores go from 1 to `bins`. The cut-offs between bins are, without `cuts`, the least values that 1/bins, 2/bins and
    so on of the people have no more than; whoever has as much as a cut-off is below it. So equal values are in one bin,
    whatever the order of the data; where many are equal, a bin may stay empty. Few days are the best score of recency.
    The names of cells are given by the score of recency and the mean of the other two, halves up, all stretched to 1
    to 5. Gold are the people in the top quarter on all three, by quartiles of the same kind, whatever `bins` is.

    AVM is the average value per member: what the cell's people spent, by how many they are.

    With `moves`, people are scored in two periods, each by its own cut-offs, and counted from cell to cell; who did
    nothing in one of them is `absent` there. Without `before`, the earlier period ends where this one begins, and is as
    long.

    Source: Hughes (1994), "Strategic Database Marketing", for scoring by equal parts; Hyndman & Fan (1996), "Sample
    quantiles in statistical packages", definition 1, for cut-offs.
    """

    event: Annotated[Act, ActKind(), "What is done: the name of an event, or `events` and `where`."]
    value: Annotated[str, Text(most=500), "The property that is added up; `revenue` is money."] = MONEY
    currency: Annotated[str | None, OrNull(Currency()), "The currency of money; without it, the workspace's."] = None
    frequency: Annotated[Times, Choice(("times", "days")), "How many times, or on how many days."] = "times"
    bins: Annotated[int, Whole(BINS_LEAST, BINS_MOST), "How many scores: 4 for quartiles, 5 for quintiles."] = 5
    cuts: Annotated[Cuts | None, OrNull(Nested(Cuts)), "Fixed cut-offs, instead of equal parts of the people."] = None
    view: Annotated[
        View,
        Choice(("cells", "grid", "scores", "moves")),
        "A line for each named cell; for each pair of recency and worth, of 1 to 5; for each three scores; or for each "
        "two cells people moved between.",
    ] = "cells"
    before: Annotated[Before | None, OrNull(Nested(Before)), "With `moves`, the earlier period."] = None

    def __post_init__(self) -> None:
        if self.before is not None and self.view != "moves":
            raise Invalid(
                f"`{self.view}` has no period before.", code="contradiction", path="$.before", hint="Use view `moves`."
            )
        if self.currency is not None and not self.is_money:
            raise Invalid(
                f"`{self.value}` is no money.",
                code="contradiction",
                path="$.currency",
                hint="Leave it out, or use value `revenue`.",
            )
        for name in ("recency_days", "frequency", "monetary") if self.cuts is not None else ():
            if len(getattr(self.cuts, name)) != self.bins - 1:
                raise Invalid(
                    f"These are {len(getattr(self.cuts, name))} cut-offs for {self.bins} bins.",
                    code="contradiction",
                    path=f"$.cuts.{name}",
                    hint=f"Give {self.bins - 1}, or change `bins`.",
                )

    @property
    def is_money(self) -> bool:
        """Whether the value is money."""
        return self.value == MONEY

    def spans(self, as_of_ms: int) -> tuple[tuple[int, int], ...]:
        """The period, and with `moves` the one before it, as [since, until) in milliseconds. Raises Invalid."""
        since_ms, until_ms = self.span(as_of_ms, days=DAYS_BY_DEFAULT)
        if self.view != "moves":
            return ((since_ms, until_ms),)
        if self.before is None:
            return ((since_ms, until_ms), (max(0, since_ms - (until_ms - since_ms)), since_ms))
        first_ms, end_ms = (moment_of(each, self.zone) for each in (self.before.since, self.before.until))
        if first_ms >= end_ms:
            raise Invalid(
                "This stretch of time is empty.",
                code="empty_time",
                path="$.before.until",
                hint="Let it end after it starts.",
            )
        return ((since_ms, until_ms), (first_ms, min(end_ms, as_of_ms + 1)))

    def sql(self, scope: Scope) -> Sql:
        return fill(
            """SELECT code, code_before, count(), countIf(gold), sumIf(recency, code != 0), sum(frequency),
                toString(sum(toInt128(value))), sum(foreign_events)
            FROM ([[scored]]) WHERE code != 0 OR code_before != 0 GROUP BY code, code_before""",
            {"scored": scored_people(self._scoring(scope))},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        groups: dict[tuple[Cell, ...], _Sums] = defaultdict(_Sums)
        if self.view == "cells":
            groups.update({(name,): _Sums() for name in NAMES})
        if self.view == "grid":
            groups.update({(r, w, named(r, w)): _Sums() for r in range(5, 0, -1) for w in range(1, 6)})
        for row in rows:
            groups[self._line(row[0], row[1])].add(row[2:])
        people = sum(each.people for each in groups.values())
        value = sum(each.value for each in groups.values())
        keys = sorted(groups, key=_place) if self.view in ("scores", "moves") else list(groups)
        return Answer(
            columns=self._columns(),
            rows=tuple((*key, *groups[key].cells(people, value, money=self.is_money)) for key in keys),
            time_zone=self.time_zone,
            currency=(self.currency or scope.currency) if self.is_money else "",
        )

    def words(self) -> str:
        scored = {
            "cells": "The named cells of",
            "grid": "Recency by worth of",
            "scores": "The scores of",
            "moves": "Moves between the cells of two periods, of",
        }
        often = "how often" if self.frequency == "times" else "on how many days"
        by = "fixed cut-offs" if self.cuts is not None else f"{self.bins} equal parts"
        who = f"{scored[self.view]} people who did {self.event.words()}"
        return f"{who}: how lately, {often} and for how much {self.value}, by {by}{self.among_words()}."

    def picture(self) -> Picture:
        match self.view:
            case "cells":
                return Picture(kind="bars", across="cell", value="people")
            case "grid":
                return Picture(kind="grid", across="worth", value="people", by="recency", label="cell")
            case "scores":
                return Picture(kind="grid", across="frequency", value="people", by="recency")
            case "moves":
                return Picture(kind="flow", across="from_cell", value="people", by="to_cell")

    def people_sql(self, scope: Scope, cell: RfmCell) -> Sql:
        self._check(cell)
        now = self._codes(lambda scores: self._is_in(cell, scores), absent=cell.to_cell in (ABSENT, None))
        wanted = [sql("code IN ") + bind("Array(Int64)", now)]
        if self.view != "moves":
            wanted.append(sql("code != 0"))
        if cell.from_cell is not None:
            before = self._codes(
                lambda scores: name_of(*scores, self.bins) == cell.from_cell, absent=cell.from_cell == ABSENT
            )
            wanted.append(sql("code_before IN ") + bind("Array(Int64)", before))
        if cell.gold is not None:
            wanted.append(sql("gold = ") + bind("UInt8", int(cell.gold)))
        return fill(
            "SELECT person FROM ([[scored]]) WHERE (code != 0 OR code_before != 0) AND [[wanted]]",
            {"scored": scored_people(self._scoring(scope)), "wanted": join(" AND ", wanted)},
        )

    def _check(self, cell: RfmCell) -> None:
        """Raises Invalid when the table has no such cell."""
        for name in ("cell", "recency", "frequency", "monetary", "worth", "from_cell", "to_cell"):
            if getattr(cell, name) is not None and name not in CELL_FIELDS[self.view]:
                raise Invalid(
                    f"The table of view `{self.view}` has no `{name}`.",
                    code="unknown_cell",
                    path=f"$.cell.{name}",
                    hint=f"Use {', '.join(CELL_FIELDS[self.view])}, gold.",
                )
        most = 5 if self.view == "grid" else self.bins
        for name in ("recency", "frequency", "monetary"):
            if (getattr(cell, name) or 0) > most:
                raise Invalid(
                    f"There is no score {getattr(cell, name)}.",
                    code="unknown_cell",
                    path=f"$.cell.{name}",
                    hint=f"Use 1 to {most}.",
                )

    def _is_in(self, cell: RfmCell, scores: tuple[int, int, int]) -> bool:
        """Whether somebody with these scores is in the cell."""
        recency, frequency, monetary = scores
        shown = of_five(recency, self.bins) if self.view == "grid" else recency
        name = name_of(*scores, self.bins)
        return (
            cell.recency in (None, shown)
            and cell.frequency in (None, frequency)
            and cell.monetary in (None, monetary)
            and cell.worth in (None, worth(frequency, monetary, self.bins))
            and cell.cell in (None, name)
            and cell.to_cell in (None, name)
        )

    def _codes(self, wanted: Callable[[tuple[int, int, int]], bool], *, absent: bool) -> list[int]:
        every = range(1, self.bins + 1)
        return [ABSENT_CODE] * absent + [code_of(*each) for each in product(every, every, every) if wanted(each)]

    def _line(self, code: int, code_before: int) -> tuple[Cell, ...]:
        """What names the line of people with these scores."""
        if self.view == "moves":
            return tuple(
                name_of(*scores_of(each), self.bins) if each != ABSENT_CODE else ABSENT for each in (code_before, code)
            )
        scores = scores_of(code)
        if self.view == "cells":
            return (name_of(*scores, self.bins),)
        if self.view == "scores":
            return (*scores, name_of(*scores, self.bins))
        recency, both = of_five(scores[0], self.bins), worth(scores[1], scores[2], self.bins)
        return recency, both, named(recency, both)

    def _columns(self) -> tuple[Column, ...]:
        left_out = NUMBERS if self.is_money else MONEY_COLUMNS
        keys = (*CELL_FIELDS[self.view], "cell") if self.view != "moves" else CELL_FIELDS["moves"]
        return tuple(each for each in COLUMNS if each.name in keys or each.name not in (*KEYS, *left_out))

    def _scoring(self, scope: Scope) -> Scoring:
        periods = self.spans(scope.as_of_ms)
        since_ms, until_ms = min(first for first, _ in periods), max(end for _, end in periods)
        amount, foreign = millionths_sql(Place(self.value)), sql("false")
        if self.is_money:
            currency = {"currency": bind("String", self.currency or scope.currency)}
            amount = fill("if(currency = [[currency]], revenue_minor, 0)", currency)
            foreign = fill("currency NOT IN ('', [[currency]])", currency)
        columns = fill(", [[amount]] AS amount, [[foreign]] AS foreign", {"amount": amount, "foreign": foreign})
        if self.frequency == "days":
            days = starts(since_ms, until_ms, "day", self.zone, most=DAYS_EVER)
            columns += sql(", ") + period_of(sql("toUnixTimestamp64Milli(ts)"), days) + sql(" AS day")
        unit = 1 if self.is_money else MILLIONTHS
        return Scoring(
            acts=acts_as_people(scope, self.event.sql(scope), columns, since_ms=since_ms, until_ms=until_ms),
            rest=self.among(scope),
            periods=periods,
            bins=self.bins,
            by_day=self.frequency == "days",
            cuts=None
            if self.cuts is None
            else FixedCuts(
                recency=self.cuts.recency_days,
                frequency=self.cuts.frequency,
                value=tuple(each * unit for each in self.cuts.monetary),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RfmCell:
    """A line of the table, or several: what is left out is not asked for."""

    cell: Annotated[RfmName | None, OrNull(Choice(NAMES)), "The name of a cell."] = None
    recency: Annotated[int | None, OrNull(Whole(1, BINS_MOST)), "The score of recency in the line."] = None
    frequency: Annotated[int | None, OrNull(Whole(1, BINS_MOST)), "The score of frequency, with `scores`."] = None
    monetary: Annotated[int | None, OrNull(Whole(1, BINS_MOST)), "The score of the value, with `scores`."] = None
    worth: Annotated[int | None, OrNull(Whole(1, 5)), "The score of both together, with `grid`."] = None
    from_cell: Annotated[
        RfmName | Literal["absent"] | None, OrNull(Choice((*NAMES, ABSENT))), "Where they were, with `moves`."
    ] = None
    to_cell: Annotated[
        RfmName | Literal["absent"] | None, OrNull(Choice((*NAMES, ABSENT))), "Where they are, with `moves`."
    ] = None
    gold: Annotated[bool | None, OrNull(Flag()), "Only those in the top quarter on all three, or only the others."] = (
        None
    )


@dataclass(slots=True)
class _Sums:
    """What the people of a line add up to."""

    people: int = 0
    gold: int = 0
    recency: int = 0
    frequency: int = 0
    value: int = 0
    foreign: int = 0

    def add(self, row: Sequence[Any]) -> None:
        for field, each in zip(fields(self), row, strict=True):
            setattr(self, field.name, getattr(self, field.name) + int(each))

    def cells(self, of_people: int, of_value: int, *, money: bool) -> tuple[Cell, ...]:
        """The line after what names it."""
        mean = mean_minor(self.value, self.people)
        value: tuple[Cell, ...] = (self.value, share_of(self.value, of_value), mean, self.foreign)
        if not money:
            mean_number = self.value / (self.people * MILLIONTHS) if self.people else None
            value = (self.value / MILLIONTHS, share_of(self.value, of_value), mean_number)
        recency = self.recency / self.people if self.people else None
        frequency = self.frequency / self.people if self.people else None
        return self.people, share_of(self.people, of_people), recency, frequency, *value, self.gold


def _place(line: tuple[Cell, ...]) -> tuple[int, ...]:
    """High scores first; cells in the order of their names, absent ones last."""
    order: tuple[Cell, ...] = (*NAMES, ABSENT)
    return tuple(-each if isinstance(each, int) else order.index(each) for each in line)


CELL_FIELDS: Mapping[View, tuple[str, ...]] = {
    "cells": ("cell",),
    "grid": ("recency", "worth", "cell"),
    "scores": ("recency", "frequency", "monetary", "cell"),
    "moves": ("from_cell", "to_cell"),
}
KEYS = ("recency", "worth", "frequency", "monetary", "from_cell", "to_cell", "cell")
MONEY_COLUMNS = ("revenue", "share_of_revenue", "avm", "other_currency")
NUMBERS = ("total", "share_of_total", "average")

COLUMNS = (
    Column(name="recency", type="whole", about="The score of recency, with `grid` (there of 1 to 5) and `scores`."),
    Column(name="worth", type="whole", about="The mean of the other two scores, of 1 to 5, with `grid`."),
    Column(name="frequency", type="whole", about="The score of frequency, with `scores`."),
    Column(name="monetary", type="whole", about="The score of the value, with `scores`."),
    Column(name="from_cell", type="text", about="The cell in the earlier period, or `absent`, with `moves`."),
    Column(name="to_cell", type="text", about="The cell in the period, or `absent`, with `moves`."),
    Column(name="cell", type="text", about="The name of the cell."),
    Column(name="people", type="whole", about="How many people."),
    Column(name="share", type="share", about="Their share of all people in the table."),
    Column(name="average_recency_days", type="number", about="The mean of their whole days since the last time."),
    Column(name="average_frequency", type="number", about="The mean of how often, or on how many days."),
    Column(name="revenue", type="money", about="What they spent in the period."),
    Column(name="share_of_revenue", type="share", about="Its share of all revenue; null where that is nothing."),
    Column(name="avm", type="money", about="The average value per member: revenue by people."),
    Column(name="other_currency", type="whole", about="Events in another currency, left out of the revenue."),
    Column(name="total", type="number", about="What the property adds up to, where it is no money."),
    Column(name="share_of_total", type="share", about="Its share of the total of all; null where that is nothing."),
    Column(name="average", type="number", about="The average value per member: the total by people."),
    Column(name="gold", type="whole", about="How many of them are in the top quarter on all three."),
)

INSIGHT = Declared(
    name="rfm",
    label="RFM",
    about="How lately, how often and for how much people did something: scores, named cells, gold, and moves.",
    shape=Rfm,
    cell=RfmCell,
    columns=COLUMNS,
    examples=(
        {"event": "Order Completed"},
        {"event": "Order Completed", "view": "moves", "bins": 4, "since": "2026-03-01", "until": "2026-06-01"},
        {
            "event": "Lesson Finished",
            "value": "minutes",
            "frequency": "days",
            "view": "grid",
            "bins": 3,
            "cuts": {"recency_days": [7, 30], "frequency": [2, 10], "monetary": [60, 600]},
        },
    ),
)
