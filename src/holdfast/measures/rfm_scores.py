"""The SQL of recency, frequency and monetary value: one pass over the events, one line a person, scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.insight import DAY_MS

A_HAIR = 1e-12
"""Added to levels: the third of five people out of five is 0.6 of 5, which in floats might be a little less than 3."""
ABSENT_CODE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCuts:
    """Cut-offs that are given, each list rising: whole days, times, and the value as it is added up."""

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    value: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How people are scored.

    `acts` has the rows `person`, `at_ms`, `amount` (whole), `foreign` (whether its money is in another currency) and,
    with `by_day`, `day`. `periods` are [since, until) in milliseconds: the one people are scored in, and perhaps one
    more.
    """

    acts: Sql
    rest: Sql
    periods: Sequence[tuple[int, int]]
    bins: int
    by_day: bool
    cuts: FixedCuts | None


def code_of(recency: int, frequency: int, monetary: int) -> int:
    """Three scores as one number; `ABSENT_CODE` is that of whoever did nothing."""
    return recency * 10_000 + frequency * 100 + monetary


def scores_of(code: int) -> tuple[int, int, int]:
    """The three scores in the number."""
    return code // 10_000, code // 100 % 100, code % 100


def scored_people(scoring: Scoring) -> Sql:
    """Everybody: `person`, `code` and `code_before`, whether `gold`, and what the scores are of in the first period.

    People are gathered into a list beside the cut-offs, so that events are added up once, not once for the cut-offs and
    once for the scores.
    """
    names = (sql(""), sql("_before"))[: len(scoring.periods)]
    return fill(
        """SELECT person, [[code]] AS code, [[before]] AS code_before, recency, frequency, value, foreign_events,
            (frequency > 0 AND -recency >= recency_cuts[[last]] AND -frequency < frequency_cuts[[last]]
                AND -value < value_cuts[[last]]) AS gold
        FROM (
            SELECT groupArray((person[[gathered]])) AS everybody[[cuts]] FROM ([[people]])
        ) ARRAY JOIN everybody.1 AS person[[opened]]""",
        {
            "code": _code(scoring, names[0]),
            "before": _code(scoring, names[1]) if len(names) > 1 else sql("0"),
            "last": sql("[") + bind("Int64", scoring.bins) + sql("]"),
            "gathered": join("", (fill(_GATHERED, {"its": its}) for its in names)),
            "cuts": join("", (_cuts(scoring, its) for its in names)),
            "people": _people(scoring, names),
            "opened": join("", (_opened(its, 2 + number * 4) for number, its in enumerate(names))),
        },
    )


_GATHERED = ", recency[[its]], frequency[[its]], value[[its]], foreign_events[[its]]"


def _opened(its: Sql, first: int) -> Sql:
    names = (sql("recency"), sql("frequency"), sql("value"), sql("foreign_events"))
    return join(
        "",
        (
            sql(", tupleElement(everybody, ") + bind("UInt8", first + number) + sql(") AS ") + name + its
            for number, name in enumerate(names)
        ),
    )


def _cuts(scoring: Scoring, its: Sql) -> Sql:
    """The cut-offs of a period, all of negated values: so the lower of two neighbours is the one that is taken.

    Of n values, `quantilesExact` at the level p takes the one with the index floor(p n) of the sorted ones. Of negated
    values at (bins - k) / bins that is the negative of the one with the index ceil(k n / bins) - 1.
    """
    levels = [(scoring.bins - number) / scoring.bins + A_HAIR for number in range(1, scoring.bins)]
    given = {
        "its": its,
        "high": join(", ", (bind("Float64", each) for each in (*levels, 0.75 + A_HAIR))),
        "low": join(", ", (bind("Float64", each) for each in (*levels, 0.25 + A_HAIR))),
    }
    return fill(
        """, quantilesExactIf([[high]])(-recency[[its]], frequency[[its]] > 0) AS recency_cuts[[its]],
        quantilesExactIf([[low]])(-frequency[[its]], frequency[[its]] > 0) AS frequency_cuts[[its]],
        quantilesExactIf([[low]])(-value[[its]], frequency[[its]] > 0) AS value_cuts[[its]]""",
        given,
    )


def _code(scoring: Scoring, its: Sql) -> Sql:
    """The scores of a period as one number.

    Each cut-off is compared by itself: a lambda over the list of them, copied to each person, takes a third longer.
    """
    names = (sql("recency") + its, sql("frequency") + its, sql("value") + its)
    if scoring.cuts is None:
        cuts = (sql("recency_cuts") + its, sql("frequency_cuts") + its, sql("value_cuts") + its)
        above = [
            [
                sql("(-") + name + sql(" < ") + cut + sql("[") + bind("Int64", number) + sql("])")
                for number in range(1, scoring.bins)
            ]
            for name, cut in zip(names, cuts, strict=True)
        ]
    else:
        given = (scoring.cuts.recency, scoring.cuts.frequency, scoring.cuts.value)
        more = (sql(" > "), sql(" >= "), sql(" >= "))
        above = [
            [sql("(") + name + symbol + bind("Float64", cut) + sql(")") for cut in each]
            for name, symbol, each in zip(names, more, given, strict=True)
        ]
    recency, frequency, value = (join(" + ", each) for each in above)
    return fill(
        """if([[name]] = 0, [[absent]],
            ([[bins]] - ([[recency]])) * 10000 + (1 + [[frequency]]) * 100 + 1 + [[value]])""",
        {
            "name": names[1],
            "absent": bind("Int64", ABSENT_CODE),
            "bins": bind("Int64", scoring.bins),
            "recency": recency,
            "frequency": frequency,
            "value": value,
        },
    )


def _people(scoring: Scoring, names: Sequence[Sql]) -> Sql:
    """Everybody who did it: recency in whole days, frequency, value, the value to be ranked by, foreign events."""
    columns = [
        _sums(scoring, its, since_ms, until_ms)
        for its, (since_ms, until_ms) in zip(names, scoring.periods, strict=True)
    ]
    return fill(
        "SELECT person[[columns]] FROM ([[acts]]) WHERE 1[[rest]] GROUP BY person",
        {"columns": join("", columns), "acts": scoring.acts, "rest": scoring.rest},
    )


def _sums(scoring: Scoring, its: Sql, since_ms: int, until_ms: int) -> Sql:
    inside, when, tail = sql(""), sql(""), sql("")
    if len(scoring.periods) > 1:
        bounds = {"since": bind("Int64", since_ms), "until": bind("Int64", until_ms)}
        inside = fill("(at_ms >= [[since]] AND at_ms < [[until]])", bounds)
        when, tail = sql("If"), sql(", ") + inside
    times = sql("count") + when + sql("(") + inside + sql(")")
    if scoring.by_day:
        times = sql("uniqExact") + when + sql("(day") + tail + sql(")")
    return fill(
        """, intDiv([[end]] - max[[if]](at_ms[[tail]]), [[day]]) AS recency[[its]],
        toInt64([[times]]) AS frequency[[its]], sum[[if]](amount[[tail]]) AS value[[its]],
        toInt64(sum[[if]](foreign[[tail]])) AS foreign_events[[its]]""",
        {
            "its": its,
            "if": when,
            "tail": tail,
            "end": bind("Int64", until_ms - 1),
            "day": bind("Int64", DAY_MS),
            "times": times,
        },
    )
