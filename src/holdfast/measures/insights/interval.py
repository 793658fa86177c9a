"""`interval`: how long people take to come back by themselves, and the period to measure their staying in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, Any, Literal

from holdfast.decisions.fields import Choice
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, sql
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
from holdfast.measures.insight_fields import Number, Whole
from holdfast.measures.periods import DAYS_EVER, PERIODS_MOST, Period, index_of, starts
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Scope

WITHIN_DAYS_MOST = 731
NTH_MOST = 100
DAYS_BY_DEFAULT = 365
WEEK_DAYS, MONTH_DAYS = 7, 31
BEFORE_ALL = -1
"""The day of what was done before the days that are told apart."""
Gap = Literal["nth", "every", "median"]
State = Literal["came_back", "within", "at_risk", "not_yet"]
STATES: tuple[State, ...] = ("came_back", "within", "at_risk", "not_yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(Question):
    """How many days go by between one day on which people do something and the next, and what most of them need.

    However often it is done in a day, that is one day of use. Only whole days count, so today does once it is over. A
    gap belongs to [since, until) when its first day lies there; the next day of use may come later, until now. `nth`:
    one gap per person, from their nth day of use (of all, the first being number 1) to the one after. `every`: every
    gap of everybody, so that those who come often weigh more. `median`: of everybody with two days of use or more, the
    median of their gaps, rounded up to a whole day; a gap that has not ended yet is not in it.

    Some have not come back yet, but may. With `nth` and `every` they count for as many days as they were watched and
    no longer: `returned` is one minus the Kaplan-Meier estimate of those still away. `share` is that of those who come
    back within `within_days`, the repeaters: `returned` at each day, divided by what it is at the end of the curve.
    The interval is the first day at which `share` is as high as asked. There is none, and `finding` says why, when too
    few came back, or when nobody has been watched to the end of the curve.

    The period it implies is for `retention`: `day` for 1 day, `week` for up to 7, else `month`, of which
    `bracket_periods` make a bracket: as many as the interval needs, 31 days each.

    Sources: the product usage interval, the time within which 80% of those who do the critical event again do so, from
    Amplitude, "Mastering Retention", chapter 2; `median` is that of its usage interval chart. Kaplan & Meier (1958),
    "Nonparametric Estimation from Incomplete Observations".
    """

    event: Annotated[Act, ActKind(), "What counts as use: the name of an event, or `events` and `where`."]
    gap: Annotated[Gap, Choice(("nth", "every", "median")), "Which gaps between days of use."] = "nth"
    nth: Annotated[int, Whole(1, NTH_MOST), "With `nth`, the day of use after which they come back."] = 1
    share: Annotated[float, Number(0.01, 0.99), "How many of the repeaters are to be back."] = 0.8
    within_days: Annotated[
        int, Whole(1, WITHIN_DAYS_MOST), "How long the curve is; who comes back later is no repeater."
    ] = 90
    least_people: Annotated[int, Whole(1, 1_000_000), "With fewer repeaters, no interval is told."] = 30

    def __post_init__(self) -> None:
        if self.gap != "nth" and self.nth != 1:
            raise Invalid(
                f"`{self.gap}` is of all gaps.", code="contradiction", path="$.nth", hint="Leave it out, or use `nth`."
            )

    def sql(self, scope: Scope) -> Sql:
        return fill(
            """SELECT grouping(days, came) AS total, days, came, count(), uniqExactIf(person, came AND days <= [[end]])
            FROM (SELECT person, gap.1 AS days, gap.2 AS came FROM ([[gaps]]))
            GROUP BY GROUPING SETS ((days, came), ())""",
            {"end": bind("Int64", self.within_days), "gaps": self._gaps(scope)},
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        repeaters = sum(int(people) for total, _, _, _, people in rows if total)
        curve = _curve([(int(days), bool(came), int(gaps)) for total, days, came, gaps, _ in rows if not total])
        lines, away, known = [], 1.0, True
        for days in range(1, self.within_days + 1):
            at_risk, came_back = curve(days)
            known = known and (at_risk > 0 or away == 0)
            away *= 1 - came_back / at_risk if at_risk else 1.0
            lines.append((days, at_risk, came_back, 1 - away if known else None))
        last = lines[-1][3]
        shares = [returned / last if returned is not None and last else None for *_, returned in lines]
        found, finding = self._finding(shares, repeaters, watched=sum(at_risk > 0 for _, at_risk, *_ in lines))
        period, number = (None, None) if found is None else bracket_of(found)
        told: list[tuple[Cell, ...]] = [
            (*line, share, found, period, number, finding) for line, share in zip(lines, shares, strict=True)
        ]
        return Answer(columns=COLUMNS, rows=tuple(told), time_zone=self.time_zone)

    def words(self) -> str:
        which = {
            "nth": f"after the {_ordinal(self.nth)} day with",
            "every": "between days with",
            "median": "as a rule between days with",
        }[self.gap]
        return (
            f"How many days go by {which} {self.event.words()} until the next, "
            f"and within how many {self.share:.0%} of those who come back do{self.among_words()}."
        )

    def picture(self) -> Picture:
        return Picture(kind="lines", across="days", value="share")

    def people_sql(self, scope: Scope, cell: IntervalCell) -> Sql:
        if cell.days > self.within_days:
            raise Invalid(
                f"The curve does not go as far as {cell.days} days.",
                code="unknown_cell",
                path="$.cell.days",
                hint=f"Use 1 to {self.within_days}.",
            )
        days = bind("Int64", cell.days)
        wanted = {
            "came_back": fill("gap.2 AND gap.1 = [[days]]", {"days": days}),
            "within": fill("gap.2 AND gap.1 <= [[days]]", {"days": days}),
            "at_risk": fill("gap.1 >= [[days]]", {"days": days}),
            "not_yet": fill("NOT gap.2 AND gap.1 >= [[days]]", {"days": days}),
        }[cell.state]
        return fill("SELECT person FROM ([[gaps]]) WHERE [[wanted]]", {"gaps": self._gaps(scope), "wanted": wanted})

    def _finding(self, shares: Sequence[float | None], repeaters: int, *, watched: int) -> tuple[int | None, str]:
        """The interval in days, or None; and what was found, or why nothing was."""
        if repeaters < self.least_people:
            return None, (
                f"Too few came back within {_days(self.within_days)} to tell: {repeaters}, "
                f"where {self.least_people} are needed."
            )
        # A product of shares is off by a hair: twelve of fifteen are to be 80%.
        enough = self.share - 1e-12
        found = next((day for day, share in enumerate(shares, 1) if share is not None and share >= enough), None)
        if found is None:
            return None, (
                f"Nobody has been watched for {_days(self.within_days)} yet: "
                f"ask for a curve of {_days(watched)} or fewer."
            )
        period, number = bracket_of(found)
        periods = f"{period}s" if number == 1 else f"brackets of {number} {period}s"
        return found, (
            f"{self.share:.0%} of those who come back do so within {_days(found)}: measure retention in {periods}."
        )

    def _gaps(self, scope: Scope) -> Sql:
        """Rows of `person` and `gap`: its days, and whether it has ended; else the days it was watched for."""
        since_ms, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        edges, end_ms = self._whole_days(since_ms, scope.as_of_ms)
        first, after = max(0, index_of(since_ms, edges)), index_of(min(until_ms, end_ms) - 1, edges) + 1
        pieces = {
            "inside": fill(
                "day >= [[first]] AND day < [[after]]",
                {"first": bind("Int64", first), "after": bind("Int64", after)},
            ),
            "last": bind("Int64", index_of(end_ms - 1, edges)),
            "nth": bind("UInt64", self.nth),
            "uses": self._days_of_use(scope, edges, edges[0] if self.gap != "nth" else 0, end_ms),
        }
        return fill(
            {
                "nth": """SELECT person, if(next = -1, ([[last]] - day, false), (next - day, true)) AS gap
                    FROM (SELECT person, arrayElement(days, [[nth]]) AS day,
                        if(length(days) > [[nth]], arrayElement(days, [[nth]] + 1), -1) AS next
                        FROM ([[uses]]) WHERE length(days) >= [[nth]])
                    WHERE [[inside]]""",
                "every": """SELECT person, if(next = -1, ([[last]] - day, false), (next - day, true)) AS gap
                    FROM (SELECT person, days AS day, arrayPushBack(arrayPopFront(days), -1) AS next FROM ([[uses]]))
                    ARRAY JOIN day, next WHERE [[inside]]""",
                "median": """SELECT person, (intDiv(
                        gaps[intDiv(length(gaps) + 1, 2)] + gaps[intDiv(length(gaps), 2) + 1] + 1, 2), true) AS gap
                    FROM (
                        SELECT person, arraySort(arrayFilter(each -> each != -1, arrayMap(
                            (day, next) -> if([[inside]] AND next != -1, next - day, -1),
                            days, arrayPushBack(arrayPopFront(days), -1)))) AS gaps
                        FROM ([[uses]])
                    ) WHERE notEmpty(gaps)""",
            }[self.gap],
            pieces,
        )

    def _days_of_use(self, scope: Scope, edges: Sequence[int], since_ms: int, end_ms: int) -> Sql:
        """Everybody with a day of use: `person`, and `days`, the numbers of theirs in order."""
        return fill(
            """SELECT person, arraySort(groupUniqArray(day)) AS days FROM (
                SELECT person, if(at_ms < [[start]], [[before]], [[day]]) AS day FROM ([[acts]]) WHERE 1[[among]]
            ) GROUP BY person""",
            {
                "start": bind("Int64", edges[0]),
                "before": bind("Int64", BEFORE_ALL),
                "day": period_of(sql("at_ms"), edges),
                "acts": acts_as_people(scope, self.event.sql(scope), sql(""), since_ms=since_ms, until_ms=end_ms),
                "among": self.among(scope),
            },
        )

    def _whole_days(self, since_ms: int, as_of_ms: int) -> tuple[tuple[int, ...], int]:
        """When each day starts that is told apart and over, and when the last of them ends."""
        if self.gap == "nth" and self.nth > 1:
            # Days of use before `since` are counted. Those of more than a dozen years ago are as one.
            since_ms = min(since_ms, max(0, as_of_ms - (PERIODS_MOST - 10) * DAY_MS))
        found = starts(since_ms, as_of_ms + 3 * DAY_MS, "day", self.zone, most=DAYS_EVER)
        begun = [each for each in found if each <= as_of_ms + 1]
        return tuple(begun[:-1] or begun), begun[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalCell:
    """A line of the table."""

    days: Annotated[int, Whole(1, WITHIN_DAYS_MOST), "The day of the curve."]
    state: Annotated[
        State,
        Choice(STATES),
        "`came_back` after just so many days, or `within` them; `at_risk` up to that day, or watched for so many days "
        "and `not_yet` back.",
    ] = "within"


def bracket_of(days: int) -> tuple[Period, int]:
    """The period of the calendar that an interval implies, and how many of them."""
    if days == 1:
        return "day", 1
    return ("week", 1) if days <= WEEK_DAYS else ("month", -(-days // MONTH_DAYS))


def _curve(gaps: Sequence[tuple[int, bool, int]]) -> Callable[[int], tuple[int, int]]:
    """For each day, how many were still away and watched when it came, and how many came back on it."""
    longest = max((days for days, _, _ in gaps), default=0)
    ended, of_length = [0] * (longest + 2), [0] * (longest + 2)
    for days, came, number in gaps:
        of_length[days] += number
        ended[days] += number if came else 0
    at_risk = [*accumulate(reversed(of_length))][::-1]
    return lambda day: (at_risk[day], ended[day]) if day <= longest else (0, 0)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return "first" if number == 1 else f"{number}{ending}"


COLUMNS = (
    Column(name="days", type="whole", about="How many days after a day of use."),
    Column(
        name="at_risk",
        type="whole",
        about="How many were still away when it came, and watched; with `every`, how many gaps.",
    ),
    Column(
        name="came_back", type="whole", about="How many of them came back on it; with `every`, how many gaps ended."
    ),
    Column(
        name="returned", type="share", about="How many of all come back by then; null once nobody was watched so long."
    ),
    Column(name="share", type="share", about="How many of the repeaters come back by then."),
    Column(name="interval_days", type="whole", about="The interval, the same in each line; null where there is none."),
    Column(name="period", type="text", about="The period it implies, for retention."),
    Column(name="bracket_periods", type="whole", about="How many of these periods make a bracket."),
    Column(name="finding", type="text", about="What was found, or why nothing was."),
)

INSIGHT = Declared(
    name="interval",
    label="Natural usage interval",
    about="How long people take to come back by themselves, and the period their retention is to be measured in.",
    shape=Interval,
    cell=IntervalCell,
    columns=COLUMNS,
    examples=(
        {"event": "Order Completed"},
        {"event": "App Opened", "gap": "every", "within_days": 60, "time_zone": "Europe/Berlin"},
        {"event": {"events": ["Ride Booked", "Ride Offered"]}, "nth": 3, "share": 0.75, "least_people": 100},
    ),
)
