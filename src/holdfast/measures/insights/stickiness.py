"""`stickiness`: how many are active in a day, a week and a month, and on how many days each of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, Any, Literal

from holdfast.decisions.fields import Choice, Flag, OrNull
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
from holdfast.measures.insight_fields import MomentText, Whole
from holdfast.measures.periods import index_of, moment_of, starts
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Scope

DAYS_MOST = 366
DAYS_BY_DEFAULT = 30
Show = Literal["rolling", "power_users"]
Window = Literal["day", "week", "month"]
WINDOWS: Mapping[Window, int] = {"day": 1, "week": 7, "month": 30}
"""How many days each window has, the one it ends with among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stickiness(Question):
    """How often people are active: day by day in windows, or how many are active on how many days.

    Active on a day is who did the act on it, however often. `rolling`: for each day that [since, until) touches, how
    many different people were active on it, in the 7 days that end with it, and in the 30 days that end with it, though
    these may begin before `since`; and the shares of one in another, of which `daily_of_monthly` is known as
    stickiness, or DAU/MAU. `power_users`: of all who were active on one of the days that [since, until) touches, how
    many were on exactly 1, 2, … of them; without `since`, of the last 30, and with the first of a month and the first
    of the next, of that month. Events at `until` or later never count, so a day may not be whole yet; the last is not
    when the question ends with now.

    Sources: DAU/MAU over 30 days, as Facebook reported it from 2009 on; the power user curve, also called activity
    histogram or L30, Jin & Chen (2018), "The Power User Curve".
    """

    event: Annotated[Act, ActKind(), "What makes active: the name of an event, or `events` and `where`."]
    show: Annotated[
        Show, Choice(("rolling", "power_users")), "Windows day by day, or people by their number of active days."
    ] = "rolling"

    def days(self, as_of_ms: int) -> tuple[int, ...]:
        """When the days start that it is about. Raises Invalid when `power_users` is asked of too many."""
        _, until_ms = self.span(as_of_ms, days=DAYS_BY_DEFAULT)
        if self.since is None:  # So many days of the calendar, however many hours they have.
            begun = starts(max(0, until_ms - (DAYS_BY_DEFAULT + 2) * DAY_MS), until_ms, "day", self.zone)
            return begun[-DAYS_BY_DEFAULT:]
        found = starts(moment_of(self.since, self.zone), until_ms, "day", self.zone)
        if self.show == "power_users" and len(found) > DAYS_MOST:
            raise Invalid(
                f"These are {len(found)} days.",
                code="out_of_range",
                path="$.since",
                hint=f"Ask for {DAYS_MOST} or fewer.",
            )
        return found

    def sql(self, scope: Scope) -> Sql:
        if self.show == "power_users":
            return fill(
                "SELECT active, count() FROM ([[people]]) GROUP BY active", {"people": self._active_days(scope)}
            )
        # A day of activity keeps its windows up until they end, or until the next day of activity starts them anew.
        return fill(
            """SELECT change.1 AS day, sum(change.2), sum(change.3), sum(change.4) FROM (
                SELECT arrayJoin(arrayFlatten(arrayMap((day, next) -> [
                    (day, toInt64(1), toInt64(1), toInt64(1)),
                    (least(next, day + [[week]]), 0, -1, 0),
                    (least(next, day + [[month]]), 0, 0, -1)
                ], days, arrayPushBack(arrayPopFront(days), [[never]])))) AS change
                FROM ([[people]])
            ) GROUP BY day""",
            {
                "week": bind("Int64", WINDOWS["week"]),
                "month": bind("Int64", WINDOWS["month"]),
                "never": bind("Int64", 1 << 40),
                "people": self._days_of_activity(scope),
            },
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        days = self.days(scope.as_of_ms)
        told = self._curve(rows, len(days)) if self.show == "power_users" else self._windows(rows, days, scope)
        columns = CURVE_COLUMNS if self.show == "power_users" else WINDOW_COLUMNS
        return Answer(columns=columns, rows=tuple(told), time_zone=self.time_zone)

    def words(self) -> str:
        who = f"{self.event.words()}{self.among_words()}"
        if self.show == "power_users":
            return f"On how many days people did {who}."
        return f"How many people a day, in 7 days and in 30 days did {who}."

    def picture(self) -> Picture:
        if self.show == "power_users":
            return Picture(kind="bars", across="days", value="people")
        return Picture(kind="lines", across="start", value="daily_of_monthly")

    def people_sql(self, scope: Scope, cell: StickinessCell) -> Sql:
        days = self.days(scope.as_of_ms)
        if self.show == "power_users":
            if cell.days is None or cell.start is not None or cell.days > len(days):
                raise Invalid(
                    "The table is of numbers of days.",
                    code="unknown_cell",
                    path="$.cell.days",
                    hint=f"Give `days`, from 1 to {len(days)}, and no `start`.",
                )
            wanted = sql("active >= ") if cell.or_more else sql("active = ")
            return fill(
                "SELECT person FROM ([[people]]) WHERE [[wanted]]",
                {"people": self._active_days(scope), "wanted": wanted + bind("UInt64", cell.days)},
            )
        if cell.start is None or cell.days is not None or moment_of(cell.start, self.zone) not in days:
            raise Invalid(
                "No day of the table starts then.",
                code="unknown_cell",
                path="$.cell.start",
                hint="Take `start` from a line of the table, and give no `days`.",
            )
        last = index_of(moment_of(cell.start, self.zone), days)
        return fill(
            "SELECT person FROM ([[people]]) WHERE arrayExists(day -> day > [[after]] AND day <= [[last]], days)",
            {
                "people": self._days_of_activity(scope),
                "after": bind("Int64", last - WINDOWS[cell.window]),
                "last": bind("Int64", last),
            },
        )

    def _windows(self, rows: Sequence[Sequence[Any]], days: Sequence[int], scope: Scope) -> list[tuple[Cell, ...]]:
        before = WINDOWS["month"] - 1
        daily, *changes = ([0] * (before + len(days)) for _ in range(3))
        for day, active, of_week, of_month in rows:
            if int(day) < len(days):
                daily[before + int(day)] += int(active)
                changes[0][before + int(day)] += int(of_week)
                changes[1][before + int(day)] += int(of_month)
        weekly, monthly = (list(accumulate(each)) for each in changes)
        _, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        ends = (*days[1:], starts(days[-1], days[-1] + 3 * DAY_MS, "day", self.zone)[1])
        told: list[tuple[Cell, ...]] = []
        for start_ms, end_ms, day, week, month in zip(
            days, ends, daily[before:], weekly[before:], monthly[before:], strict=True
        ):
            shares = (_share(day, month), _share(day, week), _share(week, month))
            told.append((start_ms, day, week, month, *shares, end_ms <= until_ms))
        return told

    @staticmethod
    def _curve(rows: Sequence[Sequence[Any]], number: int) -> list[tuple[Cell, ...]]:
        found = {int(active): int(people) for active, people in rows}
        everybody = sum(found.values())
        or_more = list(accumulate(found.get(days, 0) for days in range(number, 0, -1)))[::-1]
        return [
            (days, found.get(days, 0), _share(found.get(days, 0), everybody), more, _share(more, everybody))
            for days, more in enumerate(or_more, 1)
        ]

    def _active_days(self, scope: Scope) -> Sql:
        """Everybody who was active on one of the days: `person`, and `active`, on how many."""
        return fill(
            "SELECT person, uniqExact(day) AS active FROM ([[days]]) GROUP BY person",
            {"days": self._person_days(scope, before=0)},
        )

    def _days_of_activity(self, scope: Scope) -> Sql:
        """The same with the days before that windows reach back to: `person`, and `days`, their numbers in order."""
        return fill(
            "SELECT person, arraySort(groupUniqArray(day)) AS days FROM ([[days]]) GROUP BY person",
            {"days": self._person_days(scope, before=WINDOWS["month"] - 1)},
        )

    def _person_days(self, scope: Scope, *, before: int) -> Sql:
        """Rows of `person` and `day`, numbered from the first it is about; so many before it are below 0."""
        days = self.days(scope.as_of_ms)
        earlier = starts(max(0, days[0] - (before + 2) * DAY_MS), days[0], "day", self.zone) if before else ()
        edges = (*earlier[-before:], *days) if before else days
        _, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        return fill(
            "SELECT person, [[day]] - [[before]] AS day FROM ([[acts]]) WHERE 1[[among]]",
            {
                "day": period_of(sql("at_ms"), edges),
                "before": bind("Int64", len(edges) - len(days)),
                "acts": acts_as_people(scope, self.event.sql(scope), sql(""), since_ms=edges[0], until_ms=until_ms),
                "among": self.among(scope),
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StickinessCell:
    """A number of a line: of `rolling` by its day and window, of `power_users` by its number of days."""

    start: Annotated[str | None, OrNull(MomentText()), "With `rolling`, the start of the day."] = None
    window: Annotated[
        Window, Choice(tuple(WINDOWS)), "Active on that `day`, or in the `week` or `month` that ends with it."
    ] = "day"
    days: Annotated[int | None, OrNull(Whole(1, DAYS_MOST)), "With `power_users`, active on so many days."] = None
    or_more: Annotated[bool, Flag(), "On so many days or more."] = False


def _share(people: int, of: int) -> float | None:
    return people / of if of else None


WINDOW_COLUMNS = (
    Column(name="start", type="moment", about="When the day begins, with `rolling`."),
    Column(name="daily", type="whole", about="How many were active on it."),
    Column(name="weekly", type="whole", about="How many were in the 7 days that end with it."),
    Column(name="monthly", type="whole", about="How many were in the 30 days that end with it."),
    Column(name="daily_of_monthly", type="share", about="Stickiness: the daily of the monthly ones."),
    Column(name="daily_of_weekly", type="share", about="The daily of the weekly ones."),
    Column(name="weekly_of_monthly", type="share", about="The weekly of the monthly ones."),
    Column(name="complete", type="truth", about="Whether the day is over by the end of the question."),
)
CURVE_COLUMNS = (
    Column(name="days", type="whole", about="On how many days, with `power_users`."),
    Column(name="people", type="whole", about="How many were active on exactly so many."),
    Column(name="share", type="share", about="The share of all who were active."),
    Column(name="people_or_more", type="whole", about="How many were active on so many or more."),
    Column(name="share_or_more", type="share", about="The share of all who were active."),
)

INSIGHT = Declared(
    name="stickiness",
    label="Stickiness",
    about="How many people are active in a day, a week and a month, and on how many days each of them is.",
    shape=Stickiness,
    cell=StickinessCell,
    columns=(*WINDOW_COLUMNS, *CURVE_COLUMNS),
    examples=(
        {"event": "App Opened", "time_zone": "Europe/Berlin"},
        {"event": "App Opened", "show": "power_users", "since": "2026-02-01", "until": "2026-03-01"},
    ),
)
