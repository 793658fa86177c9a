"""When people came to be what a condition says: for conditions made of what they did, to the very millisecond.

Such a condition turns true with an event, so the moment is known exactly from the history as it stands now. Traits have
no history, and what may turn false again in between has no first moment that several of them share: those are refused.
"""

from __future__ import annotations

from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.segments.condition import Condition, Scope
from holdfast.segments.conditions.all_of import All
from holdfast.segments.conditions.any_of import Any
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.in_segment import InSegment
from holdfast.segments.operator_row import Takes
from holdfast.segments.spans import Span, days_ms, rows_in


def check_entries(condition: Condition, path: str = "$.first") -> None:
    """Complain where the first moment somebody came to be so cannot be known. Raises Invalid with the path."""
    match condition:
        case InSegment():
            if condition.is_bound:
                check_entries(condition.definition, path)
        case Any() | All() if condition.of:
            for number, each in enumerate(condition.of):
                check_entries(each, f"{path}.of[{number}]")
                if isinstance(condition, All) and not _lasts(each):
                    raise _unknown(
                        f"{path}.of[{number}]",
                        "Inside `all`, ask about the whole history: what lies in a window may be over before the rest.",
                    )
        case Did(at_most=None, since=None, until=None, calendar=None) if condition.least and not _asks_today(condition):
            return
        case _:
            raise _unknown(
                path, "Use `did` with `at_least`, of the whole history or `within_days`, alone or joined by any or all."
            )


def entries(scope: Scope, condition: Condition) -> Sql:
    """Rows of `person` and `began_ms`: the first moment up to now at which the condition was true of them."""
    match condition:
        case InSegment():
            return entries(scope, condition.definition)
        case Any() | All():
            every = isinstance(condition, All)
            return fill(
                """SELECT person, [[moment]] AS began_ms FROM (
                    SELECT person, began_ms AS part_ms FROM ([[parts]])
                ) GROUP BY person[[having]]""",
                {
                    "moment": sql("max(part_ms)") if every else sql("min(part_ms)"),
                    "parts": join(" UNION ALL ", (entries(scope, each) for each in condition.of)),
                    "having": sql(" HAVING count() = ") + bind("UInt64", len(condition.of)) if every else sql(""),
                },
            )
        case Did():
            return _did(scope, condition)
    raise _unknown("$.first", "Use `did`.")


def _did(scope: Scope, condition: Did) -> Sql:
    """The event that made it so many: of the whole history, or the first to end so many within so many days."""
    rows = fill(
        """SELECT [[person]] AS person, arraySort(groupArray(toUnixTimestamp64Milli(ts))) AS moments,
            arraySlice(moments, [[least]]) AS lates [[rows]] GROUP BY person HAVING notEmpty(lates)""",
        {
            "person": scope.person_of(sql("identity")),
            "least": bind("UInt64", condition.least),
            "rows": rows_in(scope, condition.event, condition.where, Span(-1, scope.as_of_ms)),
        },
    )
    if condition.within_days is None:
        return fill("SELECT person, lates[1] AS began_ms FROM ([[rows]])", {"rows": rows})
    return fill(
        """SELECT person, lates[first] AS began_ms FROM (
            SELECT person, lates, arrayFirstIndex((late, early) -> late - early < [[within]],
                lates, arraySlice(moments, 1, length(lates))) AS first FROM ([[rows]])
        ) WHERE first != 0""",
        {"rows": rows, "within": bind("Int64", days_ms(condition.within_days))},
    )


def _lasts(condition: Condition) -> bool:
    """Whether it stays true once it is."""
    match condition:
        case InSegment():
            return not condition.is_bound or _lasts(condition.definition)
        case Any() | All():
            return all(_lasts(each) for each in condition.of)
        case Did():
            return condition.within_days is None
    return False


def _asks_today(condition: Did) -> bool:
    """Whether it compares a date with the day it is, so that it may turn true without anything happening."""
    return any(each.meaning.takes in (Takes.DAYS, Takes.YEAR_DAYS) for each in condition.where)


def _unknown(path: str, hint: str) -> Invalid:
    return Invalid("It is not known when people came to be so.", code="no_entry_moment", path=path, hint=hint)
