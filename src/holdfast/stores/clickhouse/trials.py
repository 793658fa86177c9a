"""Questions about trials, as SQL values, and the tallies their rows mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from holdfast.decisions.told import JOURNEY_ENTERED
from holdfast.events.event import OWN_SOURCE
from holdfast.kernel.chance import place_prefix
from holdfast.kernel.money import minor_digits
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.breakdown import ranked
from holdfast.measures.insight import label_of
from holdfast.measures.metrics import (
    BETWEEN,
    EXPOSED_BY,
    SEGMENTS_MOST,
    Assigned,
    Entered,
    Everyone,
    InAndOut,
    Lives,
    Metric,
    Outcomes,
    Tally,
    Worth,
)
from holdfast.measures.outcome import ARMS
from holdfast.measures.statistics.moments import NOBODY, Moments
from holdfast.measures.statistics.sequential import LOOKS
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.segments.condition import Scope
from holdfast.stores.clickhouse.then import people_then

VARIANT_SEEN = "Variant Seen"
NO_CEILING = 1e300
_PLACED = sql("row_number() OVER (PARTITION BY apart ORDER BY entered_ms, person)")
SUMS = ("people", "y", "yy", "x", "xx", "xy", "d", "dd", "dy", "dx")
GOT_SUMS = ("people", "y", "yy", "d", "dd", "dy")


def tallies(scope: Scope, question: Outcomes) -> Sql:
    """Rows for `tally`."""
    return fill(
        """SELECT variant, apart, look, part, label, count(), sum(exposed_ms >= 0), min(chance), max(chance),
            min(entered_ms), max(entered_ms), sumForEach(closed), sumForEach(y), sumForEach(arrayMap(a -> a * a, y)),
            sumForEach(x), sumForEach(arrayMap(a -> a * a, x)), sumForEach(arrayMap((a, b) -> a * b, x, y)),
            sumForEach(d), sumForEach(arrayMap(a -> a * a, d)), sumForEach(arrayMap((a, b) -> a * b, d, y)),
            sumForEach(arrayMap((a, b) -> a * b, d, x)), sumForEach(arrayMap(a -> toFloat64(a != 0), y)),
            sumForEach(got), sumForEach(got_y), sumForEach(arrayMap(a -> a * a, got_y)), sumForEach(got_d),
            sumForEach(arrayMap(a -> a * a, got_d)), sumForEach(arrayMap((a, b) -> a * b, got_d, got_y))
        FROM (
            SELECT variant, apart, look, part, label, exposed_ms, chance, entered_ms, unders,
                arrayMap(each -> toFloat64(entered_ms + each * 1000 <= [[as_of_ms]]), [[untils]]) AS closed,
                [[weight]] AS weight,
                arrayMap((value, over) -> value * over * weight, ys, closed) AS y,
                arrayMap((value, over) -> value * over, xs, closed) AS x,
                arrayMap(
                    (until, over, under, divided) -> over * if(divided, under * weight, [[divisor]]),
                    [[untils]], closed, unders, [[divided]]
                ) AS d,
                arrayMap(
                    at -> closed[at] * toFloat64(exposed_ms >= 0 AND exposed_ms <= entered_ms + [[untils]][at] * 1000),
                    [[ratios]]
                ) AS got,
                arrayMap((at, has) -> y[at] * has, [[ratios]], got) AS got_y,
                arrayMap((at, has) -> d[at] * has, [[ratios]], got) AS got_d
            FROM ([[labelled]])
        )
        GROUP BY variant, apart, look, part, label ORDER BY variant, apart, look, part, label""",
        {
            "as_of_ms": bind("Int64", question.as_of_ms),
            "untils": _seconds(each.within_seconds for each in question.metrics),
            "weight": sql("1 / chance") if question.weighted else sql("1."),
            "divisor": sql("weight")
            if question.weighted
            else sql("toFloat64(exposed_ms >= 0 AND exposed_ms <= entered_ms + until * 1000)"),
            "divided": bind("Array(UInt8)", [int(bool(each.per)) for each in question.metrics]),
            # Only of ratios: for the others `d` says who was exposed, and most sums are of others.
            "ratios": bind("Array(UInt8)", [place for place, each in enumerate(question.metrics, 1) if each.per]),
            "labelled": _labelled(scope, question),
        },
    )


def lives(scope: Scope, question: Outcomes, *, first_people: int) -> Sql:
    """Rows for `lives_of`."""
    return fill(
        """SELECT variant, key, ys, xs FROM ([[lived]])
        WHERE NOT apart AND place <= [[first]]
            AND entered_ms + arrayMax([[untils]]) * 1000 <= [[as_of_ms]]
        ORDER BY place""",
        {
            "lived": _lived(scope, question, placed=True),
            "first": bind("UInt64", first_people),
            "untils": _seconds(each.within_seconds for each in question.metrics),
            "as_of_ms": bind("Int64", question.as_of_ms),
        },
    )


def cap(scope: Scope, question: Outcomes, *, first_people: int | None) -> Sql:
    """One row for the first metric: how many have any, and what `metrics.cap_of` says of them (`CAP_SHARE`)."""
    return fill(
        """SELECT countIf(y > 0), quantileExactIf(0.99)(y, y > 0)
        FROM (
            SELECT ys[1] AS y FROM ([[lived]])
            WHERE NOT apart AND place <= [[first]] AND entered_ms + [[until]] * 1000 <= [[as_of_ms]]
        )""",
        {
            "lived": _lived(scope, question, placed=first_people is not None),
            "first": bind("UInt64", 0 if first_people is None else first_people),
            "until": bind("Int64", question.metrics[0].within_seconds),
            "as_of_ms": bind("Int64", question.as_of_ms),
        },
    )


def tally(row: Sequence[Any], question: Outcomes) -> Tally:
    """A row of `tallies`."""
    variant, apart, look, part, label, people, exposed, least, most, first_ms, last_ms, *sums = row
    sums, some, of_ratios = sums[: len(SUMS)], sums[len(SUMS)], sums[len(SUMS) + 1 :]
    moments = tuple(Moments(**dict(zip(SUMS, map(float, each), strict=True))) for each in zip(*sums, strict=True))
    got = (Moments(**dict(zip(GOT_SUMS, map(float, each), strict=True))) for each in zip(*of_ratios, strict=True))
    return Tally(
        variant=variant,
        apart=bool(apart),
        look=int(look),
        part=part,
        label=label,
        people=int(people),
        exposed=int(exposed),
        chance_least=float(least),
        chance_most=float(most),
        first_ms=int(first_ms),
        last_ms=int(last_ms),
        moments=moments,
        some=tuple(map(float, some)),
        got=tuple(next(got) if each.per else NOBODY for each in question.metrics),
    )


def lives_of(rows: Sequence[Sequence[Any]], metrics: int) -> Lives:
    """Rows of `lives`."""
    return Lives(
        variants=tuple(row[0] for row in rows),
        keys=tuple(row[1] for row in rows),
        values=np.array([row[2] for row in rows], dtype=np.float64).reshape(len(rows), metrics),
        before=np.array([row[3] for row in rows], dtype=np.float64).reshape(len(rows), metrics),
    )


def _labelled(scope: Scope, question: Outcomes) -> Sql:
    """`_lived`, with `part` and `label`."""
    lived = _lived(scope, question, placed=question.planned_people is not None)
    if question.among is not None:
        return fill(
            "SELECT *, if(part = 'value', [[segment]], '') AS label FROM (SELECT *, [[part]] AS part FROM ([[lived]]))",
            {
                "segment": bind("String", question.among.segment),
                "part": _in_and_out(scope, question.among),
                "lived": lived,
            },
        )
    if question.trait is None:
        return fill("SELECT *, '' AS part, '' AS label FROM ([[lived]])", {"lived": lived})
    counted = fill(
        "(SELECT *, count() OVER (PARTITION BY raw_label) AS weight_of_label FROM [[told]])",
        {"told": _with_trait_then(scope, question, lived, question.trait)},
    )
    return fill(
        """SELECT * REPLACE (if(part = 'none' AND NOT is_told AND has_now, 'unknown', part) AS part),
            if(part = 'value', assumeNotNull(raw_label), '') AS label
        FROM [[ranked]]""",
        {"ranked": ranked(counted, by=sql("weight_of_label"), top=SEGMENTS_MOST)},
    )


def _with_trait_then(scope: Scope, question: Outcomes, lived: Sql, trait: str) -> Sql:
    """The rows with `raw_label`, the trait as it was last said by when they were assigned; null where it was missing.

    Beside it `is_told`, whether anything had been said of it by then, and `has_now`, whether they have it now.
    """
    return fill(
        """(SELECT * FROM (
            SELECT * FROM ([[lived]]) AS told LEFT ANY JOIN (
                SELECT person, true AS is_told, argMax(tuple(its_label), (ts, message_id)).1 AS raw_label
                FROM (
                    SELECT [[person]] AS person, ts, message_id, [[label]] AS its_label
                    FROM events
                    WHERE workspace = [[here]] AND event = 'Identified' AND kind = 'identify' AND ts <= [[as_of]]
                        AND received_at <= [[as_of]] AND (
                            mapContains(text, [[name]]) OR mapContains(number, [[name]]) OR mapContains(other, [[name]])
                        )
                ) AS said
                INNER JOIN (SELECT person, entered_ms FROM ([[entries]])) AS those USING (person)
                WHERE toUnixTimestamp64Milli(ts) <= entered_ms
                GROUP BY person
            ) AS theirs USING (person)
        ) AS then LEFT ANY JOIN (
            SELECT person, [[label]] IS NOT NULL AS has_now FROM people FINAL WHERE workspace = [[here]]
        ) AS now USING (person))""",
        {
            "lived": lived,
            "person": scope.person_of(sql("identity")),
            "label": label_of(trait),
            "name": bind("String", trait),
            "entries": _entries(scope, question, placed=False),
            "here": scope.here,
            "as_of": scope.moment(question.as_of_ms),
        },
    )


def _in_and_out(scope: Scope, among: InAndOut) -> Sql:
    """The part somebody belongs to, by who was in the segment at the last moment before they were assigned."""
    cases = (
        fill(
            """entered_ms >= [[at_ms]], multiIf(person IN ([[inside]]), 'value', person IN (
                SELECT person FROM people FINAL WHERE workspace = [[here]] AND first_seen <= [[at]]
            ), 'other', 'none')""",
            {
                "at_ms": bind("Int64", at_ms),
                "inside": people_then(scope, among.condition, at_ms),
                "here": scope.here,
                "at": scope.moment(at_ms),
            },
        )
        for at_ms in reversed(among.moments_ms)
    )
    return fill("multiIf([[cases]], 'none')", {"cases": join(", ", cases)})


def _lived(scope: Scope, question: Outcomes, *, placed: bool) -> Sql:
    """Everybody assigned: `person`, what they were assigned, `look`, `exposed_ms` (-1 for never), `ys`, `xs`."""
    metrics = question.metrics
    needs_number = any(each.measure in {"sum", "worth"} for each in metrics)
    return fill(
        """WITH entries AS ([[entries]])
        SELECT person, variant, apart, chance, entered_ms, place, key, [[look]] AS look,
            if(notEmpty(had), first_exposed_ms, -1) AS exposed_ms,
            arrayMap((a, most) -> least(a, most), if(notEmpty(had), had, [[nothing]]), [[ceilings]]) AS ys,
            arrayMap((a, most) -> least(a, most), if(notEmpty(had), had_before, [[nothing]]), [[ceilings]]) AS xs,
            if(notEmpty(had), had_under, [[nothing]]) AS unders
        FROM entries LEFT JOIN (
            SELECT person, sumForEach([ [[after]] ]) AS had, sumForEach([ [[before]] ]) AS had_before,
                [[under]] AS had_under,
                if(countIf(exposing AND at_ms >= entered_ms) > 0, minIf(at_ms, exposing AND at_ms >= entered_ms), -1)
                    AS first_exposed_ms
            FROM (
                SELECT person, event, at_ms, entered_ms, minor, [[number]] [[exposing]] AS exposing
                FROM (
                    SELECT [[person]] AS person, event, toUnixTimestamp64Milli(ts) AS at_ms,
                        text['origin'] AS its_origin, text['experiment'] AS its_experiment,
                        other['transactional'] = 'true' AS is_transactional, text['agent'] AS agent, [[amounts]]
                        toFloat64(if(currency = [[currency]], revenue_minor, 0)) AS minor
                    FROM events
                    WHERE workspace = [[here]] AND event IN [[names]] AND ts <= [[as_of]] AND received_at <= [[as_of]]
                ) AS acts
                INNER JOIN (SELECT person, entered_ms, origin FROM entries) AS those USING (person)
                WHERE (at_ms > entered_ms - [[span]] AND at_ms <= entered_ms + [[longest]]) OR exposing
            )
            GROUP BY person
        ) AS did USING (person)""",
        {
            "entries": _entries(scope, question, placed=placed),
            "look": sql("0")
            if question.planned_people is None
            else fill(
                "least(intDiv((place - 1) * [[looks]], [[planned]]) + 1, [[looks]] + 1)",
                {"looks": bind("UInt64", LOOKS), "planned": bind("UInt64", question.planned_people)},
            ),
            "nothing": bind("Array(Float64)", [0.0] * len(metrics)),
            "ceilings": bind("Array(Float64)", [min(each.ceiling, NO_CEILING) for each in metrics]),
            "after": join(", ", (after(scope, each, question) for each in metrics)),
            "before": join(", ", (before(scope, each, question) for each in metrics)),
            "under": _under(metrics),
            "amounts": sql("number, text['currency'] AS its_currency,") if needs_number else sql(""),
            "number": sql("number, its_currency,") if needs_number else sql(""),
            "exposing": exposing(question),
            # What is too early or too late for every metric is most of what people ever did.
            "span": bind("Int64", question.before_seconds * 1000),
            "longest": bind("Int64", max(each.within_seconds for each in metrics) * 1000),
            "person": scope.person_of(sql("identity")),
            "currency": bind("String", question.currency),
            "here": scope.here,
            "names": bind("Array(String)", names(question)),
            "as_of": scope.moment(question.as_of_ms),
        },
    )


def _entries(scope: Scope, question: Outcomes, *, placed: bool) -> Sql:
    """Rows of `person`, `variant`, `apart`, `chance`, `origin`, `entered_ms`, `key` and `place`, from 1.

    To put a million people in order takes as long as all else; so `place` is 0 unless it is asked for.
    """
    return fill(
        "SELECT *, [[place]] AS place FROM ([[assigned]]) WHERE entered_ms >= [[since]]",
        {
            "place": _PLACED if placed else sql("toUInt64(0)"),
            "assigned": assigned(scope, question),
            "since": bind("Int64", question.since_ms),
        },
    )


def assigned(scope: Scope, question: Outcomes) -> Sql:
    """Rows of `person`, `variant`, `apart`, `chance`, `origin`, `entered_ms` and `key`."""
    if isinstance(question.whom, Everyone):
        return _everyone(scope, question.whom)
    return fill(
        """SELECT person, toValidUTF8(variant) AS variant, [[apart]] AS apart, [[chance]] AS chance, origin, entered_ms,
            '' AS key
        FROM (
            SELECT [[person]] AS person, [[variant]] AS variant, text['arm'] AS arm, text['origin'] AS origin,
                number['propensity'] AS propensity, toUnixTimestamp64Milli(ts) AS entered_ms
            FROM events
            WHERE workspace = [[here]] AND [[wanted]] AND ts <= [[as_of]] AND received_at <= [[as_of]]
            ORDER BY person, ts, message_id
            LIMIT 1 BY person
        )""",
        {
            **assigning(question.whom),
            "person": scope.person_of(sql("identity")),
            "here": scope.here,
            "as_of": scope.moment(question.as_of_ms),
        },
    )


def assigning(whom: Entered | Assigned) -> dict[str, Sql]:
    """Which events assign (`wanted`), and what of them is the `variant`, who is `apart`, and the `chance` they had."""
    match whom:
        case Entered(origin=origin):
            return {
                "variant": sql("text['arm']"),
                "apart": fill(
                    "NOT has([[arms]], variant)", {"arms": bind("Array(String)", [str(each) for each in ARMS])}
                ),
                "chance": sql("toFloat64(1)"),
                "wanted": fill(
                    "event = [[name]] AND text['origin'] = [[origin]]",
                    {"name": bind("String", JOURNEY_ENTERED), "origin": bind("String", origin)},
                ),
            }
        case Assigned(experiment=experiment):
            return {
                "variant": sql("text['variant']"),
                "apart": sql("arm NOT IN ('', 'treated')"),
                "chance": sql("if(propensity > 0 AND propensity <= 1, propensity, 1)"),
                "wanted": fill(
                    "event = [[name]] AND source = [[ours]] AND text['experiment'] = [[experiment]]",
                    {
                        "name": bind("String", VARIANT_ASSIGNED),
                        "ours": bind("String", OWN_SOURCE),
                        "experiment": bind("String", experiment),
                    },
                ),
            }


def _everyone(scope: Scope, whom: Everyone) -> Sql:
    lot = fill(
        "reinterpretAsUInt64(substring(SHA256(concat([[prefix]], user_id)), 1, 8))",
        {"prefix": bind("String", place_prefix(whom.salt))},
    )
    arms = fill(
        "multiIf([[lot]] < [[held]], 'holdout', [[lot]] < [[free]], [[between]], 'treated')",
        {
            "lot": lot,
            "held": bind("UInt64", whom.held),
            "free": bind("UInt64", whom.free),
            "between": bind("String", BETWEEN),
        },
    )
    seen = fill("first_seen <= [[at]]", {"at": scope.moment(whom.at_ms)})
    if whom.until_ms is not None:
        seen = fill("first_seen < [[until]]", {"until": scope.moment(whom.until_ms)})
    return fill(
        """SELECT person, [[variant]] AS variant, variant = [[between]] AS apart, toFloat64(1) AS chance, '' AS origin,
            [[at_ms]] AS entered_ms, toValidUTF8(user_id) AS key
        FROM people FINAL WHERE workspace = [[here]] AND [[seen]] [[named]]""",
        {
            "variant": arms if whom.salt else sql("''"),
            "between": bind("String", BETWEEN),
            "at_ms": bind("Int64", whom.at_ms),
            "here": scope.here,
            "seen": seen,
            "named": sql("AND user_id != ''") if whom.salt else sql(""),
        },
    )


def exposing(question: Outcomes) -> Sql:
    """Whether an act, beside which is the `origin` of the person's entry, is something they really got."""
    got = fill("event = [[got]]", {"got": bind("String", EXPOSED_BY[question.exposed_by])})
    if question.exposed_by == "opened":  # What a mail program fetches by itself is no reading.
        got += sql(" AND agent = 'human'")
    if isinstance(question.whom, Everyone):
        until_ms = question.as_of_ms if question.whom.until_ms is None else question.whom.until_ms
        return fill(
            "([[sent]] AND NOT is_transactional AND at_ms < [[until_ms]])",
            {"sent": got, "until_ms": bind("Int64", until_ms)},
        )
    sent = fill("([[sent]] AND origin != '' AND its_origin = origin)", {"sent": got})
    if not isinstance(question.whom, Assigned):
        return sent
    seen = fill(
        "(event = [[seen]] AND its_experiment = [[experiment]])",
        {"seen": bind("String", VARIANT_SEEN), "experiment": bind("String", question.whom.experiment)},
    )
    return sent + sql(" OR ") + seen


def after(scope: Scope, metric: Metric, question: Outcomes) -> Sql:
    """What an act adds to a metric."""
    return join(
        " + ",
        (
            fill(
                """if(has([[events]], event) AND at_ms > entered_ms + [[from]] AND at_ms <= entered_ms + [[until]],
                    [[amount]], 0.)""",
                {
                    "events": bind("Array(String)", list(events)),
                    "from": bind("Int64", metric.after_seconds * 1000),
                    "until": bind("Int64", within_seconds * 1000),
                    "amount": amount,
                },
            )
            for events, within_seconds, amount in _parts(scope, metric, question)
        ),
    )


def before(scope: Scope, metric: Metric, question: Outcomes) -> Sql:
    """What an act added before its person was assigned; a goal's own window plays no part then."""
    return join(
        " + ",
        (
            fill(
                "if(has([[events]], event) AND at_ms <= entered_ms AND at_ms > entered_ms - [[span]], [[amount]], 0.)",
                {
                    "events": bind("Array(String)", list(events)),
                    "span": bind("Int64", question.before_seconds * 1000),
                    "amount": amount,
                },
            )
            for events, _, amount in _parts(scope, metric, question)
        ),
    )


def _under(metrics: Sequence[Metric]) -> Sql:
    """How often people did what each metric is divided by; nothing is asked where none is."""
    if not any(each.per for each in metrics):
        return bind("Array(Float64)", [0.0] * len(metrics))
    return fill("sumForEach([ [[counts]] ])", {"counts": join(", ", map(under, metrics))})


def under(metric: Metric) -> Sql:
    """Whether an act is one of those that a metric is divided by."""
    return fill(
        "toFloat64(has([[events]], event) AND at_ms > entered_ms + [[from]] AND at_ms <= entered_ms + [[until]])",
        {
            "events": bind("Array(String)", list(metric.per)),
            "from": bind("Int64", metric.after_seconds * 1000),
            "until": bind("Int64", metric.within_seconds * 1000),
        },
    )


def names(question: Outcomes) -> list[str]:
    """The events that are looked at."""
    metrics = question.metrics
    return sorted(
        {EXPOSED_BY[question.exposed_by], VARIANT_SEEN}.union(*((*each.events, *each.per) for each in metrics))
    )


def _parts(scope: Scope, metric: Metric, question: Outcomes) -> Iterator[tuple[Sequence[str], int, Sql]]:
    """What a metric adds up: which events, in what time, and what each is."""
    match metric.measure:
        case "revenue":
            yield metric.events, metric.within_seconds, sql("minor")
        case "sum":
            yield (
                metric.events,
                metric.within_seconds,
                fill("number[ [[name]] ]", {"name": bind("String", metric.adds_up)}),
            )
        case "worth":
            for each in metric.worths:
                yield (each.event,), each.within_seconds, _worth(scope, each, question.currency)
        case _:
            yield metric.events, metric.within_seconds, sql("1.")


def _worth(scope: Scope, worth: Worth, currency: str) -> Sql:
    if not worth.value:
        return bind("Float64", worth.minor)
    return fill(
        """if(mapContains(number, [[name]]),
            if(if(its_currency = '', [[usual]], upper(trimBoth(its_currency))) = [[currency]],
                number[ [[name]] ] * [[units]], 0.),
            [[minor]])""",
        {
            "name": bind("String", worth.value),
            "usual": bind("String", scope.currency),
            "currency": bind("String", currency),
            "units": bind("Float64", float(10 ** minor_digits(currency))),
            "minor": bind("Float64", worth.minor),
        },
    )


def _seconds(lengths: Iterable[int]) -> Sql:
    return bind("Array(Int64)", list(lengths))
