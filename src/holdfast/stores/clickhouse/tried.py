"""Who was sent down which path, and what came of it: the question as SQL, and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from holdfast.events.event import OWN_SOURCE
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.measures.learning.question import BINS, CompanyQuestion, CompanyRow, TriedQuestion, TriedRow
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.segments.condition import Scope


def tried(scope: Scope, question: TriedQuestion) -> Sql:
    """Rows for `tried_row`. People are reckoned with what they were assigned first of all.

    `LIMIT 1 BY`, not `argMin`: keeping several texts for each of a million people takes that four times as long.
    """
    goals = question.goals
    return fill(
        """WITH
            assigned AS (
                SELECT person, at_ms, variant, cell, evenly, propensity,
                    intDiv(at_ms, [[bin_ms]]) AS batch,
                    least([[bins]], greatest(0, intDiv([[as_of_ms]], [[bin_ms]]) - batch - 1)) AS age
                FROM (
                    SELECT [[person]] AS person, toUnixTimestamp64Milli(ts) AS at_ms, text['variant'] AS variant,
                        text['cell'] AS cell, other['evenly'] = 'true' AS evenly,
                        number['propensity'] AS propensity, text['arm'] AS arm
                    FROM events
                    WHERE workspace = [[here]] AND event = [[told]] AND source = [[own]]
                        AND text['experiment'] = [[experiment]] AND ts <= [[as_of]]
                    ORDER BY person, ts, variant, message_id
                    LIMIT 1 BY person
                )
                WHERE at_ms >= [[since_ms]] AND arm IN ('', 'treated')
            ),
            brought AS (
                SELECT person, groupArray(bin) AS in_bins, groupArray(worth) AS worths
                FROM (
                    SELECT person, any(age) AS its_age, argMin(worth, (reached_ms, message_id)) AS worth,
                        intDiv(min(reached_ms) - any(at_ms) - 1, [[bin_ms]]) AS bin
                    FROM (
                        SELECT [[person]] AS person, indexOf([[goals]], toString(event)) AS goal,
                            toUnixTimestamp64Milli(ts) AS reached_ms, message_id,
                            [[worths]][goal]
                                * if([[values]][goal] = '', 1, number[ [[values]][goal] ]) AS worth
                        FROM events
                        WHERE workspace = [[here]] AND event IN [[goals]] AND ts > [[since]] AND ts <= [[as_of]]
                    ) AS happened
                    INNER JOIN assigned USING (person)
                    WHERE reached_ms > at_ms AND reached_ms <= at_ms + [[windows]][goal]
                    GROUP BY person, goal
                )
                WHERE bin < its_age
                GROUP BY person
            )
        SELECT variant, batch, cell, evenly, propensity, count(),
            sumMap(in_bins, arrayResize(CAST([], 'Array(UInt64)'), length(in_bins), 1)),
            sumMap(in_bins, worths), sum(pow(arraySum(worths), 2))
        FROM assigned LEFT JOIN brought USING (person)
        GROUP BY variant, batch, cell, evenly, propensity
        ORDER BY variant, batch, cell, evenly, propensity""",
        {
            "person": scope.person_of(sql("identity")),
            "here": scope.here,
            "told": bind("String", VARIANT_ASSIGNED),
            "own": bind("String", OWN_SOURCE),
            "experiment": bind("String", question.experiment),
            "as_of": scope.moment(question.as_of_ms),
            "as_of_ms": bind("Int64", question.as_of_ms),
            "since": scope.moment(question.since_ms),
            "since_ms": bind("Int64", question.since_ms),
            "bin_ms": bind("Int64", question.bin_ms),
            "bins": bind("Int64", BINS),
            "goals": bind("Array(String)", [each.event for each in goals]),
            "worths": bind("Array(Float64)", [float(each.worth) for each in goals]),
            "values": bind("Array(String)", [each.value for each in goals]),
            "windows": bind("Array(Int64)", [each.within_seconds * 1000 for each in goals]),
        },
    )


def company(scope: Scope, question: CompanyQuestion) -> Sql:
    """Rows for `company_row`. People are reckoned with what each step assigned them first of all."""
    weight = (
        sql("1.")
        if question.half_life_bins is None
        else fill("pow(0.5, greatest(0, passed) / [[half]])", {"half": bind("Float64", float(question.half_life_bins))})
    )
    return fill(
        """SELECT one.1 AS step, other.1 AS beside, one.2 AS path, one.3 AS aged, other.2 AS its_path, sum(one.4)
        FROM (
            SELECT person, arrayJoin(those) AS one, those
            FROM (
                SELECT person, groupArray((step_at, variant, age, weight)) AS those
                FROM (
                    SELECT person, step_at, variant, least([[bins]], greatest(0, passed - 1)) AS age,
                        [[weight]] AS weight
                    FROM (
                        SELECT person, step_at, variant, arm, at_ms,
                            intDiv([[as_of_ms]], [[bin_ms]]) - intDiv(at_ms, [[bin_ms]]) AS passed
                        FROM (
                            SELECT [[person]] AS person,
                                indexOf([[experiments]], toString(text['experiment'])) AS step_at,
                                toUnixTimestamp64Milli(ts) AS at_ms, text['variant'] AS variant, text['arm'] AS arm
                            FROM events
                            WHERE workspace = [[here]] AND event = [[told]] AND source = [[own]]
                                AND text['experiment'] IN [[experiments]] AND ts <= [[as_of]]
                            ORDER BY person, step_at, ts, variant, message_id
                            LIMIT 1 BY person, step_at
                        )
                        WHERE at_ms >= [[since_ms]] AND arm IN ('', 'treated')
                    )
                )
                GROUP BY person HAVING length(those) > 1
            )
        )
        ARRAY JOIN those AS other
        WHERE step != beside
        GROUP BY step, beside, path, aged, its_path
        ORDER BY step, beside, path, aged, its_path""",
        {
            "person": scope.person_of(sql("identity")),
            "here": scope.here,
            "told": bind("String", VARIANT_ASSIGNED),
            "own": bind("String", OWN_SOURCE),
            "experiments": bind("Array(String)", list(question.experiments)),
            "as_of": scope.moment(question.as_of_ms),
            "as_of_ms": bind("Int64", question.as_of_ms),
            "since_ms": bind("Int64", question.since_ms),
            "bin_ms": bind("Int64", question.bin_ms),
            "bins": bind("Int64", BINS),
            "weight": weight,
        },
    )


def company_row(row: Sequence[Any]) -> CompanyRow:
    """A row of the answer."""
    step, other, variant, age, other_variant, people = row
    return CompanyRow(
        step=int(step) - 1,
        other=int(other) - 1,
        variant=variant,
        age=int(age),
        other_variant=other_variant,
        people=float(people),
    )


def tried_row(row: Sequence[Any]) -> TriedRow:
    """A row of the answer."""
    variant, batch, cell, evenly, propensity, people, reached, worth, squares = row
    return TriedRow(
        variant=variant,
        batch=batch,
        cell=cell,
        evenly=bool(evenly),
        propensity=propensity,
        people=people,
        reached=tuple(int(each) for each in _by_bin(reached)),
        worth=tuple(float(each) for each in _by_bin(worth)),
        squares=float(squares),
    )


def _by_bin(summed: Sequence[Sequence[Any]]) -> list[Any]:
    keys, values = summed
    found = dict(zip(keys, values, strict=True))
    return [found.get(bin_, 0) for bin_ in range(BINS)]
