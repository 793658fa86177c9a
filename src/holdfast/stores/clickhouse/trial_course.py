"""How a trial stood at several moments, by one look at the history, as a SQL value.

What is asked is what `trials.tallies` asks at each moment. There nothing counts that happened, or reached us, later. So
everything is told with the first of the moments at which it was known; what somebody had done by each of them follows
from that, person by person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.measures.metrics import Assigned, Entered, Metric, Outcomes, Tally
from holdfast.measures.statistics.sequential import LOOKS
from holdfast.segments.condition import Scope
from holdfast.stores.clickhouse import trials


def course(scope: Scope, question: Outcomes, moments_ms: Sequence[int]) -> Sql:
    """Rows for `tallies_by_moment`.

    Args:
        question: of one metric, for everybody: without a trait, and without a segment.
        moments_ms: in order.
    """
    metric = question.metrics[0]
    return fill(
        """SELECT at, variant, apart, look, '', '', count(), countIf(any_known <= at), min(chance), max(chance),
            min(entered_ms), max(entered_ms), [sum(closed)], [sum(y)], [sum(y * y)], [sum(x)], [sum(x * x)],
            [sum(x * y)], [sum(d)], [sum(d * d)], [sum(d * y)], [sum(d * x)], [toFloat64(countIf(y != 0))],
            [[of_ratio]]
        FROM (
            SELECT at, variant, apart, look, any_known, chance, entered_ms, [[weight]] AS weight,
                toFloat64(entered_ms + [[within_ms]] <= moment) AS closed, had * closed * weight AS y,
                had_before * closed AS x, toFloat64(in_known <= at) AS exposed, closed * ([[divisor]]) AS d,
                closed * exposed AS got
            FROM ([[lived]])
            ARRAY JOIN arrayEnumerate([[moments]]) AS at, [[moments]] AS moment, looks AS look, hads AS had,
                hads_before AS had_before, unders AS under, ins AS is_in
            WHERE is_in
        )
        GROUP BY at, variant, apart, look ORDER BY at, variant, apart, look""",
        {
            "weight": sql("1 / chance") if question.weighted else sql("1."),
            "within_ms": bind("Int64", metric.within_seconds * 1000),
            "divisor": sql("under * weight" if metric.per else "weight" if question.weighted else "exposed"),
            # As `trials.tallies` tells it: of a ratio alone.
            "of_ratio": sql(
                "[sum(got)], [sum(got * y)], [sum(got * y * y)], [sum(got * d)], [sum(got * d * d)], [sum(got * d * y)]"
            )
            if metric.per
            else sql(", ".join(["emptyArrayFloat64()"] * len(trials.GOT_SUMS))),
            "moments": bind("Array(Int64)", list(moments_ms)),
            "lived": _lived(scope, question, metric, moments_ms),
        },
    )


def tallies_by_moment(rows: Sequence[Sequence[Any]], question: Outcomes, moments: int) -> list[list[Tally]]:
    """The tallies of each moment."""
    found: list[list[Tally]] = [[] for _ in range(moments)]
    for at, *row in rows:
        found[at - 1].append(trials.tally(row, question))
    return found


def _lived(scope: Scope, question: Outcomes, metric: Metric, moments_ms: Sequence[int]) -> Sql:
    """Everybody assigned, with what they had done by each moment.

    `any_known` and `in_known` are the first moment at which they were known to have got something, at all and in time;
    one more than there are moments for never.
    """
    return fill(
        """WITH entries AS ([[entries]])
        SELECT variant, apart, chance, entered_ms, ins, [[looks]] AS looks,
            if(was_any > 0, was_any, [[never]]) AS any_known, if(was_in > 0, was_in, [[never]]) AS in_known,
            arrayMap(at -> least(arraySum(act -> act.2 * (act.1 <= at), acts), [[ceiling]]), [[places]]) AS hads,
            arrayMap(at -> least(arraySum(act -> act.3 * (act.1 <= at), acts), [[ceiling]]), [[places]])
                AS hads_before,
            arrayMap(at -> arraySum(act -> act.4 * (act.1 <= at), acts), [[places]]) AS unders
        FROM entries LEFT JOIN (
            SELECT person, pick, groupArrayIf((known, after, before, under), after != 0 OR before != 0 OR under != 0)
                    AS acts,
                minIf(known, exposing AND at_ms >= entered_ms) AS was_any,
                minIf(known, exposing AND at_ms >= entered_ms AND at_ms <= entered_ms + [[within_ms]]) AS was_in
            FROM (
                SELECT person, pick, at_ms, entered_ms, known, [[after]] AS after, [[before]] AS before,
                    [[under]] AS under, [[exposing]] AS exposing
                FROM (
                    SELECT [[person]] AS person, event, toUnixTimestamp64Milli(ts) AS at_ms,
                        [[known]] AS known,
                        text['origin'] AS its_origin, text['experiment'] AS its_experiment,
                        other['transactional'] = 'true' AS is_transactional, text['agent'] AS agent,
                        number, text['currency'] AS its_currency,
                        toFloat64(if(currency = [[currency]], revenue_minor, 0)) AS minor
                    FROM events
                    WHERE workspace = [[here]] AND event IN [[names]] AND ts <= [[last]] AND received_at <= [[last]]
                ) AS happened
                INNER JOIN (SELECT person, pick, entered_ms, origin FROM entries) AS those USING (person)
                WHERE (at_ms > entered_ms - [[span]] AND at_ms <= entered_ms + [[within_ms]]) OR exposing
            )
            GROUP BY person, pick
        ) AS did USING (person, pick)""",
        {
            "entries": _placed(scope, question, moments_ms),
            "looks": sql("arrayMap(each -> 0, ins)")
            if question.planned_people is None
            else fill(
                """arrayMap(place -> least(intDiv((greatest(toInt64(place), 1) - 1) * [[looks]], [[planned]]) + 1,
                    [[looks]] + 1), standing)""",
                {"looks": bind("Int64", LOOKS), "planned": bind("Int64", question.planned_people)},
            ),
            "never": bind("UInt64", len(moments_ms) + 1),
            "places": bind("Array(UInt64)", list(range(1, len(moments_ms) + 1))),
            "ceiling": bind("Float64", min(metric.ceiling, trials.NO_CEILING)),
            "within_ms": bind("Int64", metric.within_seconds * 1000),
            "after": trials.after(scope, metric, question),
            "before": trials.before(scope, metric, question),
            "under": trials.under(metric) if metric.per else sql("0."),
            "exposing": trials.exposing(question),
            "person": scope.person_of(sql("identity")),
            "known": _known(moments_ms),
            "currency": bind("String", question.currency),
            "here": scope.here,
            "names": bind("Array(String)", trials.names(question)),
            "last": scope.moment(moments_ms[-1]),
            "span": bind("Int64", question.before_seconds * 1000),
        },
    )


def _known(moments_ms: Sequence[int]) -> Sql:
    """The place, from 1, of the first moment by which an event had happened and reached us."""
    return fill(
        "arrayFirstIndex(moment -> moment >= toUnixTimestamp64Milli(greatest(ts, received_at)), [[moments]])",
        {"moments": bind("Array(Int64)", list(moments_ms))},
    )


def _placed(scope: Scope, question: Outcomes, moments_ms: Sequence[int]) -> Sql:
    """Rows of `person`, `pick`, `variant`, `apart`, `chance`, `origin`, `entered_ms`, `ins` and `standing`.

    A person has one row for each assignment that was the first known of theirs at some moment: nearly always one. `ins`
    says at which; `standing`, where looks are planned, how many had been assigned by theirs as was known at each.
    """
    standing = sql("emptyArrayUInt64()")
    if question.planned_people is not None:
        standing = sql(
            "sumForEach(ins) OVER (PARTITION BY apart ORDER BY entered_ms, person "
            "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
        )
    return fill(
        "SELECT *, [[standing]] AS standing FROM ([[assigned]]) WHERE entered_ms >= [[since]]",
        {
            "standing": standing,
            "assigned": _assigned(scope, question, moments_ms),
            "since": bind("Int64", question.since_ms),
        },
    )


def _assigned(scope: Scope, question: Outcomes, moments_ms: Sequence[int]) -> Sql:
    if not isinstance(question.whom, (Assigned, Entered)):
        return fill(
            """SELECT person, toUInt64(1) AS pick, variant, apart, chance, origin, entered_ms, [[ins]] AS ins
            FROM ([[all]])""",
            {
                "ins": bind("Array(UInt64)", [1] * len(moments_ms)),
                "all": trials.assigned(scope, question),
            },
        )
    return fill(
        """SELECT person, pick, toValidUTF8(raw.3) AS variant, raw.4 AS arm, raw.5 AS origin, raw.6 AS propensity,
            [[apart]] AS apart, [[chance]] AS chance, raw.1 AS entered_ms,
            arrayMap(each -> toUInt64(each = pick), picks) AS ins, all[pick] AS raw
        FROM (
            SELECT person, all, arrayMap(at -> arrayFirstIndex(each -> each.7 <= at, all), [[places]]) AS picks,
                arrayJoin(arrayDistinct(arrayFilter(each -> each > 0, picks))) AS pick
            FROM (
                SELECT person, arraySort(each -> (each.1, each.2), groupArray(
                    (at_ms, message_id, variant, arm, origin, propensity, known)
                )) AS all
                FROM (
                    SELECT [[person]] AS person, [[variant]] AS variant, text['arm'] AS arm, text['origin'] AS origin,
                        number['propensity'] AS propensity, toUnixTimestamp64Milli(ts) AS at_ms, message_id,
                        [[known]] AS known
                    FROM events
                    WHERE workspace = [[here]] AND [[wanted]] AND ts <= [[last]] AND received_at <= [[last]]
                )
                GROUP BY person
            )
        )""",
        {
            **trials.assigning(question.whom),
            "places": bind("Array(UInt64)", list(range(1, len(moments_ms) + 1))),
            "person": scope.person_of(sql("identity")),
            "known": _known(moments_ms),
            "here": scope.here,
            "last": scope.moment(moments_ms[-1]),
        },
    )
