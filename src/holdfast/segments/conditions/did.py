"""`did`: what the person has done, how often, when, and with which properties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.profiles.profile import RECENT_MOST
from holdfast.segments.comparison import Comparison, all_hold, all_sql, all_words, check_name
from holdfast.segments.condition import Condition, Count, Days, Declared, EventName, Facts, Scope, Times, Truth

COUNT_MOST = 1_000_000_000
"""The highest number of times that may be asked for."""
DAYS_MOST = 36_525
"""The longest window: a hundred years."""
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Did(Condition):
    """Events of one name, counted: `at_least` (1 when neither is given) and `at_most` times.

    The window is (now - within_days, now], in whole milliseconds; without it, the whole history up to now. Whoever
    never did it counts as zero. All of `where` must hold of an event for it to count.
    """

    event: EventName
    at_least: Count | None = None
    at_most: Count | None = None
    within_days: Days | None = None
    where: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.event, "$.event")
        for name in ("at_least", "at_most"):
            _check_count(getattr(self, name), f"$.{name}")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise Invalid(
                f"Nobody can have done it at least {self.at_least} and at most {self.at_most} times.",
                code="never_true",
                path="$.at_most",
                hint="Make `at_most` no smaller than `at_least`.",
            )
        _check_days(self.within_days)
        object.__setattr__(self, "where", tuple(self.where))

    @property
    def least(self) -> int:
        """The least number of times that will do."""
        if self.at_least is not None:
            return self.at_least
        return 1 if self.at_most is None else 0

    @property
    def within_ms(self) -> int | None:
        """The length of the window in whole milliseconds; None for the whole history."""
        return None if self.within_days is None else max(1, round(self.within_days * DAY_MS))

    def sql(self, scope: Scope) -> Sql:
        if self.least == 0 and self.at_most is None:
            return sql("1")
        # Those who never did it have no rows, so where zero will do, it is asked who did it too often.
        if self.least == 0:
            too_often = sql(" >= ") + _count((self.at_most or 0) + 1)
            return sql("(person NOT IN (") + self._doers(scope, too_often) + sql("))")
        wanted: tuple[Sql, ...] = (sql(" >= ") + _count(self.least),)
        if self.at_most is not None:
            wanted += (sql(" <= ") + _count(self.at_most),)
        return sql("(person IN (") + self._doers(scope, *wanted) + sql("))")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        times = self._times(facts, now)
        most = self.at_most
        if times.least >= self.least and (most is None or (times.most is not None and times.most <= most)):
            return Truth.TRUE
        if (times.most is not None and times.most < self.least) or (most is not None and times.least > most):
            return Truth.FALSE
        return Truth.UNKNOWN

    def words(self) -> str:
        if self.least == 0 and self.at_most == 0:
            return self._denied()
        return f"did “{self.event}”{self._how_often()}{self._circumstances()}"

    def denied_words(self) -> str:
        if self.least == 1 and self.at_most is None:
            return self._denied()
        return f"did not do “{self.event}”{self._how_often()}{self._circumstances()}"

    def not_live(self, path: str = "$") -> Invalid | None:
        if self.where:
            return Invalid(
                "Properties of past events are not kept in the live profile.",
                code="not_live",
                path=f"{path}.where",
                hint="Leave `where` out, or say what happens to those of whom it is not known.",
            )
        if self.within_days is not None and (self.least > RECENT_MOST or (self.at_most or 0) >= RECENT_MOST):
            return Invalid(
                f"The live profile remembers the last {RECENT_MOST} times of an event.",
                code="not_live",
                path=f"{path}.at_least" if self.least > RECENT_MOST else f"{path}.at_most",
                hint=f"Count to less than {RECENT_MOST}, or leave `within_days` out.",
            )
        return None

    def _times(self, facts: Facts, now: datetime) -> Times:
        until_ms = to_millis(now)
        since_ms = -1 if self.within_ms is None else until_ms - self.within_ms
        if not self.where:
            since = None if self.within_ms is None else from_millis(since_ms)
            return facts.times(self.event, since=since, until=from_millis(until_ms))
        past = facts.past(self.event)
        if past is None:
            since = from_millis(since_ms)
            return Times(least=0, most=facts.times(self.event, since=since, until=from_millis(until_ms)).most)
        return Times.exactly(
            sum(
                1
                for each in past
                if since_ms < to_millis(each.timestamp) <= until_ms and all_hold(self.where, each.properties)
            )
        )

    def _doers(self, scope: Scope, *wanted: Sql) -> Sql:
        """The people who did it so many times.

        Rows are counted by person at once. To count by identity first, and then add up, looks up fewer identities, but
        the second adding up costs more than that saves, unless people do the same thing more than a dozen times.
        """
        window = sql(" AND ts <= ") + scope.moment(scope.as_of_ms)
        if self.within_ms is not None:
            window += sql(" AND ts > ") + scope.moment(scope.as_of_ms - self.within_ms)
        return fill(
            "SELECT [[person]] AS doer FROM events "
            "WHERE workspace = [[here]] AND event = [[event]][[window]][[where]] GROUP BY doer[[having]]",
            {
                "person": scope.person_of(sql("identity")),
                "here": scope.here,
                "event": bind("String", self.event),
                "window": window,
                "where": all_sql(self.where),
                # Whoever has a row did it once; then there is nothing to count.
                "having": sql("")
                if wanted == _AT_LEAST_ONCE
                else sql(" HAVING ") + join(" AND ", (sql("count()") + each for each in wanted)),
            },
        )

    def _how_often(self) -> str:
        if self.at_most is None:
            return "" if self.least == 1 else f" at least {self.least} times"
        if self.least == self.at_most:
            return f" exactly {_times_words(self.least)}"
        if self.least == 0:
            return f" at most {_times_words(self.at_most)}"
        return f" {self.least} to {self.at_most} times"

    def _circumstances(self) -> str:
        window = "" if self.within_days is None else f" in the last {_days_words(self.within_days)}"
        return window + (f", where {all_words(self.where)}" if self.where else "")

    def _denied(self) -> str:
        return f"did not do “{self.event}”{self._circumstances()}"


def _count(times: int) -> Sql:
    return bind("UInt64", times)


_AT_LEAST_ONCE = (sql(" >= ") + _count(1),)


def _times_words(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _days_words(days: float) -> str:
    return "day" if days == 1 else f"{days:g} days"


def _check_count(value: object, path: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("This is not a whole number.", code="wrong_type", path=path, hint="Write a number such as 3.")
    if not 0 <= value <= COUNT_MOST:
        raise Invalid(
            f"{value} is not a number of times.", code="out_of_range", path=path, hint=f"Use 0 to {COUNT_MOST}."
        )


def _check_days(value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(
            "This is not a number of days.", code="wrong_type", path="$.within_days", hint="Write a number such as 30."
        )
    if not 0 < value <= DAYS_MOST:
        raise Invalid(
            f"{value} is not a length of time to look back over.",
            code="out_of_range",
            path="$.within_days",
            hint=f"Use more than 0 and at most {DAYS_MOST} days, or leave it out for the whole history.",
        )


CONDITION = Declared(
    name="did",
    label="Did",
    about="Counts the events of one name, in a stretch of time up to now, that have the given properties.",
    shape=Did,
    examples=(
        Did(event="Order Completed"),
        Did(
            event="Order Completed",
            at_least=3,
            within_days=30,
            where=(Comparison(name="revenue", operator="greater_than", value=50),),
        ),
        Did(event="App Uninstalled", at_most=0, within_days=90),
    ),
)
