"""People at past moments, as SQL values: who a condition held for then, how many, and who came and went since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.segments.condition import Condition, Scope
from holdfast.segments.looked_at import trait_names


def people_then(scope: Scope, condition: Condition, at_ms: int) -> Sql:
    """The numbers of the people the condition held for at a moment.

    Traits are reckoned back only where the condition looks at any.
    """
    then = replace(scope, as_of_ms=at_ms, traits_then=tuple(sorted(trait_names(condition))))
    return fill(
        "SELECT person FROM [[people]] WHERE workspace = [[here]] AND first_seen <= [[at]] AND [[holds]]",
        {"people": then.people, "here": then.here, "at": then.moment(at_ms), "holds": condition.sql(then)},
    )


def moved(scope: Scope, condition: Condition, *, into_ms: int, not_at_ms: int) -> Sql:
    """A boolean over people: in the audience at one moment and not at the other."""
    return fill(
        "person IN ([[there]]) AND person NOT IN ([[not_there]])",
        {
            "there": people_then(scope, condition, into_ms),
            "not_there": people_then(scope, condition, not_at_ms),
        },
    )


def sizes(scope: Scope, condition: Condition, moments_ms: Sequence[int]) -> Sql:
    """One row a moment at which there was anybody, or came or went: its place from 1, people, entered, left.

    The sets of all moments are bitmaps of one statement, so that coming and going costs no second look.
    """
    each = (
        sql("SELECT ") + bind("UInt32", place) + sql(" AS place, person FROM (") + then + sql(")")
        for place, then in enumerate((people_then(scope, condition, at_ms) for at_ms in moments_ms), 1)
    )
    return fill(
        """WITH sets AS (
            SELECT place, groupBitmapState(person) AS people FROM ([[each]]) GROUP BY place
        )
        SELECT at, bitmapCardinality(now), bitmapAndnotCardinality(now, before), bitmapAndnotCardinality(before, now)
        FROM (
            SELECT at, groupBitmapMergeStateIf(people, place = at) AS now,
                groupBitmapMergeStateIf(people, place + 1 = at) AS before
            FROM sets ARRAY JOIN [place, place + 1] AS at
            GROUP BY at
        )
        WHERE at <= [[moments]] ORDER BY at""",
        {"each": join(" UNION ALL ", each), "moments": bind("UInt32", len(moments_ms))},
    )
