"""Questions to the history, as SQL values. Every one is scoped by workspace here, and takes values only by `bind`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import LiteralString

from holdfast.events.event import OWN_SOURCE
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.measures.insight import Question
from holdfast.measures.outcome import ENTERED, OutcomeQuestion
from holdfast.ports.history import EXAMPLES_MOST, LATE_MOMENTS_MOST, SAMPLE_ROWS, PeopleOrder, Sought
from holdfast.segments.condition import Condition, Scope
from holdfast.segments.groups import GROUP_ID, GROUP_JOINED
from holdfast.segments.operators import Place

JSON_OBJECT: LiteralString = """toValidUTF8(concat('{', arrayStringConcat(arrayConcat(
    arrayMap((k, v) -> concat(toJSONString(toString(k)), ':', toJSONString(v)), mapKeys(text), mapValues(text)),
    arrayFilter(each -> each != '', arrayMap(
        (k, v) -> if(mapContains(other, k), '', concat(toJSONString(toString(k)), ':', toString(v))),
        mapKeys(number), mapValues(number))),
    arrayMap((k, v) -> concat(toJSONString(toString(k)), ':', replaceAll(v, '\n', '')),
        mapKeys(other), mapValues(other))
), ','), '}'))"""
"""One JSON object of a row's three maps, on one line. What is not UTF-8 (lone surrogates) becomes replacement signs."""


def timeline(scope: Scope, identities: Sequence[int], *, limit: int, before_ms: int | None, name: str | None) -> Sql:
    """The newest events of these identities.

    Not `WITH TIES`: with it the engine reads all columns of all their events, not of the newest alone, for three times
    the work. Whoever asks for one more than is wanted sees whether the last millisecond is cut, and asks `happened_at`.
    """
    rest = _of_identities(identities, name)
    if before_ms is not None:
        rest += sql(" AND ts < ") + scope.moment(before_ms)
    return _events(scope, rest + sql(" ORDER BY ts DESC LIMIT ") + bind("UInt64", limit))


def happened_at(scope: Scope, identities: Sequence[int], *, at_ms: int, name: str | None) -> Sql:
    """Events of these identities in one millisecond."""
    return _events(scope, _of_identities(identities, name) + sql(" AND ts = ") + scope.moment(at_ms))


def _of_identities(identities: Sequence[int], name: str | None) -> Sql:
    rest = sql(" AND identity IN ") + bind("Array(UInt32)", list(identities))
    return rest if name is None else rest + sql(" AND event = ") + bind("String", name)


def recent(scope: Scope, *, limit: int, since_ms: int) -> Sql:
    """The newest events by when they were received."""
    rest = sql(" AND received_at >= ") + scope.moment(since_ms)
    return _events(
        scope, rest + sql(" ORDER BY received_at DESC, ts DESC, message_id DESC LIMIT ") + bind("UInt64", limit)
    )


def _events(scope: Scope, rest: Sql) -> Sql:
    """Rows for `rows.timeline_event`."""
    return fill(
        """SELECT [[person]], event, kind, toUnixTimestamp64Milli(ts), toUnixTimestamp64Milli(received_at), message_id,
            user_id, anonymous_id, source, text, number, other, context
        FROM events WHERE workspace = [[here]][[rest]]""",
        {"person": scope.person_of(sql("identity")), "here": scope.here, "rest": rest},
    )


def said_of_groups(scope: Scope, identities: Sequence[int]) -> Sql:
    """What was said by then of the groups these identities joined, a row each: moment, message id, the three maps."""
    return fill(
        """SELECT toUnixTimestamp64Milli(ts), message_id, text, number, other FROM events
        WHERE workspace = [[here]] AND event = [[joined]] AND ts <= [[now]] AND [[group]] IN (
            SELECT [[group]] FROM events
            WHERE workspace = [[here]] AND event = [[joined]] AND ts <= [[now]] AND identity IN [[identities]]
                AND [[group]] != ''
        )""",
        {
            "here": scope.here,
            "joined": bind("String", GROUP_JOINED),
            "now": scope.moment(scope.as_of_ms),
            "group": Place(GROUP_ID).text,
            "identities": bind("Array(UInt32)", list(identities)),
        },
    )


def count(scope: Scope, condition: Condition | None) -> Sql:
    """How many people, of whom the condition holds."""
    return _people(scope, sql("count()"), sql("") if condition is None else sql(" AND ") + condition.sql(scope))


def people(scope: Scope, condition: Condition, *, limit: int, offset: int) -> Sql:
    """Rows for `rows.person_row`, in order of person number."""
    page = sql(" ORDER BY person LIMIT ") + bind("UInt64", limit) + sql(" OFFSET ") + bind("UInt64", offset)
    return _people(scope, _PERSON, sql(" AND ") + condition.sql(scope) + page)


def people_table(scope: Scope, condition: Condition) -> Sql:
    """People with their traits as one JSON object."""
    return _people_table(scope, condition.sql(scope))


def people_behind(scope: Scope, question: Question, cell: object, *, limit: int | None, offset: int) -> Sql:
    """The same for the people behind a cell of an insight, or a page of them."""
    return people_page(scope, _behind(scope, question, cell), limit=limit, offset=offset)


def people_page(scope: Scope, wanted: Sql, *, limit: int | None, offset: int) -> Sql:
    """The same for whoever the boolean over people holds of."""
    found = _people_table(scope, wanted)
    if limit is None:
        return found
    return found + sql(" LIMIT ") + bind("UInt64", limit) + sql(" OFFSET ") + bind("UInt64", offset)


def members(scope: Scope, condition: Condition) -> Sql:
    """The numbers of the people, in order."""
    return _people(scope, sql("person"), sql(" AND ") + condition.sql(scope) + sql(" ORDER BY person"))


def count_behind(scope: Scope, question: Question, cell: object) -> Sql:
    """How many people are behind a cell of an insight."""
    return _people(scope, sql("count()"), sql(" AND ") + _behind(scope, question, cell))


def _behind(scope: Scope, question: Question, cell: object) -> Sql:
    return sql("person IN (") + question.people_sql(scope, cell) + sql(")")


def _people_table(scope: Scope, wanted: Sql) -> Sql:
    columns = sql("person, toValidUTF8(user_id) AS user_id, first_seen, last_seen, ") + sql(JSON_OBJECT)
    return _people(scope, columns + sql(" AS traits"), sql(" AND ") + wanted + sql(" ORDER BY person"))


def sought_count(scope: Scope, sought: Sought) -> Sql:
    """How many people are looked for."""
    return _people(scope, sql("count()"), sql(" AND ") + wanted(scope, sought))


def seek(scope: Scope, sought: Sought, *, limit: int, offset: int) -> Sql:
    """Rows for `rows.person_row`: a page of those looked for, in their order.

    Their numbers are found first, and all that is known of them is read of that page alone: what people are known by
    is most of the table, and to sort it all would be reading all of it.
    """
    order = _ORDERS[sought.order] + sql("" if sought.ascending else " DESC") + sql(", person")
    page = sql(" LIMIT ") + bind("UInt64", limit) + sql(" OFFSET ") + bind("UInt64", offset)
    numbers = _people(scope, sql("person"), sql(" AND ") + wanted(scope, sought) + sql(" ORDER BY ") + order + page)
    return _people(scope, _PERSON, sql(" AND person IN (") + numbers + sql(") ORDER BY ") + order)


def wanted(scope: Scope, sought: Sought) -> Sql:
    """Whether somebody is looked for: a boolean over people."""
    found = sql("true") + _found(sought.text)
    if sought.known is not None:
        found += sql(" AND known") if sought.known else sql(" AND NOT known")
    return found if sought.among is None else found + sql(" AND ") + sought.among.sql(scope)


_ORDERS: Mapping[PeopleOrder, Sql] = {
    "last_seen": sql("last_seen"),
    "first_seen": sql("first_seen"),
    "user_id": sql("lowerUTF8(user_id)"),
}

_PERSON = sql(
    "person, user_id, known, toUnixTimestamp64Milli(first_seen), toUnixTimestamp64Milli(last_seen), "
    "text, number, other, version"
)


def _people(scope: Scope, columns: Sql, rest: Sql) -> Sql:
    return fill(
        "SELECT [[columns]] FROM people FINAL WHERE workspace = [[here]][[rest]]",
        {"columns": columns, "here": scope.here, "rest": rest},
    )


def _found(text: str) -> Sql:
    if not text:
        return sql("")
    return fill(
        " AND (position(lowerUTF8(user_id), [[text]]) > 0"
        " OR arrayExists(each -> position(lowerUTF8(each), [[text]]) > 0, mapValues(text)))",
        {"text": bind("String", text.lower())},
    )


def names(scope: Scope) -> Sql:
    """Every event name, most frequent first: name, count, people, first and last moment."""
    return fill(
        """SELECT event, sum(times), uniqExact([[person]]), toUnixTimestamp64Milli(min(first)),
            toUnixTimestamp64Milli(max(last))
        FROM (
            SELECT event, identity, count() AS times, min(ts) AS first, max(ts) AS last
            FROM events WHERE workspace = [[here]] GROUP BY event, identity
        )
        GROUP BY event ORDER BY sum(times) DESC, event""",
        {"person": scope.person_of(sql("identity")), "here": scope.here},
    )


def volumes(scope: Scope, *, since_ms: int, until_ms: int, bucket_ms: int) -> Sql:
    """Of [since, until): name, number of the bucket, events."""
    return fill(
        """SELECT event, intDiv(toUnixTimestamp64Milli(ts) - [[since_ms]], [[bucket_ms]]) AS bucket, count()
        FROM events WHERE workspace = [[here]] AND ts >= [[since]] AND ts < [[until]]
        GROUP BY event, bucket""",
        {
            "since_ms": bind("Int64", since_ms),
            "bucket_ms": bind("Int64", bucket_ms),
            "here": scope.here,
            "since": scope.moment(since_ms),
            "until": scope.moment(until_ms),
        },
    )


def activity(scope: Scope, *, since_ms: int, until_ms: int, bucket_ms: int) -> Sql:
    """Buckets of [since, until) in which anything happened: number of the bucket, events, people.

    What we said of people, such as that they are on a list, is nothing they did.
    """
    return fill(
        """SELECT intDiv(toUnixTimestamp64Milli(ts) - [[since_ms]], [[bucket_ms]]) AS bucket, count(),
            uniqExact([[person]])
        FROM events WHERE workspace = [[here]] AND ts >= [[since]] AND ts < [[until]]
            AND NOT (source = [[ours]] AND kind = 'identify')
        GROUP BY bucket""",
        {
            "since_ms": bind("Int64", since_ms),
            "bucket_ms": bind("Int64", bucket_ms),
            "person": scope.person_of(sql("identity")),
            "here": scope.here,
            "since": scope.moment(since_ms),
            "until": scope.moment(until_ms),
            "ours": bind("String", OWN_SOURCE),
        },
    )


def known(scope: Scope, ids: Sequence[int], *, first_ms: int, last_ms: int) -> Sql:
    """Those of the dedup hashes that are there with a timestamp in [first, last]."""
    return fill(
        """SELECT DISTINCT id FROM events
        WHERE workspace = [[here]] AND ts >= [[first]] AND ts <= [[last]] AND id IN [[ids]]""",
        {
            "here": scope.here,
            "first": scope.moment(first_ms),
            "last": scope.moment(last_ms),
            "ids": bind("Array(UInt64)", list(ids)),
        },
    )


def size(scope: Scope) -> Sql:
    """How many events."""
    return sql("SELECT count() FROM events WHERE workspace = ") + scope.here


def any_joined(scope: Scope) -> Sql:
    """1 when any identity belongs to another's person, else 0."""
    return (
        sql("SELECT count() > 0 FROM (SELECT 1 FROM identity_map WHERE identity != person AND workspace = ")
        + scope.here
        + sql(" LIMIT 1)")
    )


def refresh_persons(scope: Scope, identities: Sequence[int], into: Sql) -> Sql:
    """Bring the map in memory up to the truth for these identities."""
    return (
        sql("INSERT INTO ")
        + into
        + sql(" SELECT workspace, identity, person FROM identity_map FINAL WHERE workspace = ")
        + scope.here
        + sql(" AND identity IN ")
        + bind("Array(UInt32)", list(identities))
    )


def outcomes(scope: Scope, question: OutcomeQuestion) -> Sql:
    """One row an arm: arm, people, open people, converted, orders, revenue, sum of its squares, other orders.

    Who entered is reckoned with their first entry of all, so leaving out those before `since_ms` moves nobody.
    """
    return fill(
        """WITH
            [[within_ms]] AS within_ms,
            entries AS (
                SELECT person, arm, entered_ms, entered_ms + within_ms <= [[as_of_ms]] AS closed
                FROM (
                    SELECT [[person]] AS person, argMin(text['arm'], (ts, message_id)) AS arm,
                        toUnixTimestamp64Milli(min(ts)) AS entered_ms
                    FROM events
                    WHERE workspace = [[here]] AND event = [[entered]] AND text['origin'] = [[origin]]
                        AND ts <= [[as_of]]
                    GROUP BY person
                )
                WHERE entered_ms >= [[since_ms]]
            ),
            reached AS (
                SELECT person, count() AS orders, sumIf(revenue_minor, currency = [[currency]]) AS revenue,
                    countIf(currency != '' AND currency != [[currency]]) AS other_orders
                FROM (
                    SELECT [[person]] AS person, toUnixTimestamp64Milli(ts) AS at_ms, revenue_minor, currency
                    FROM events
                    WHERE workspace = [[here]] AND event = [[goal]] AND ts > [[since]] AND ts <= [[as_of]]
                ) AS goals
                INNER JOIN entries USING (person)
                WHERE closed AND at_ms > entered_ms AND at_ms <= entered_ms + within_ms
                GROUP BY person
            )
        SELECT arm, countIf(closed), countIf(NOT closed), countIf(orders > 0), sum(orders), sum(revenue),
            sum(toFloat64(revenue) * toFloat64(revenue)), sum(other_orders)
        FROM entries LEFT JOIN reached USING (person)
        GROUP BY arm""",
        {
            "within_ms": bind("Int64", question.within_seconds * 1000),
            "person": scope.person_of(sql("identity")),
            "here": scope.here,
            "entered": bind("String", ENTERED),
            "origin": bind("String", question.origin),
            "as_of": scope.moment(question.as_of_ms),
            "as_of_ms": bind("Int64", question.as_of_ms),
            "since": scope.moment(question.since_ms),
            "since_ms": bind("Int64", question.since_ms),
            "currency": bind("String", question.currency),
            "goal": bind("String", question.goal_event),
        },
    )


def seen_properties(scope: Scope, event: str | None) -> Sql:
    """Properties of the newest events of a name, or traits: name, type, example as text, how often type and example."""
    return fill(
        """SELECT name, type, example, sum(times) OVER (PARTITION BY name, type) AS all_times, times
        FROM (
            SELECT each.1 AS name, each.2 AS type, each.3 AS example, count() AS times
            FROM (
                SELECT arrayJoin(arrayConcat(
                    arrayMap((k, v) -> (toString(k), 'text', v), mapKeys(text), mapValues(text)),
                    arrayMap((k, v) -> (toString(k), if(mapContains(other, k), '', 'number'), toString(v)),
                        mapKeys(number), mapValues(number)),
                    arrayMap((k, v) -> (toString(k), multiIf(
                            v IN ('true', 'false'), 'truth', startsWith(v, '['), 'list', startsWith(v, '{'), 'object',
                            v = 'null', '', 'number'), v),
                        mapKeys(other), mapValues(other))
                )) AS each
                FROM ([[sample]])
            )
            WHERE type != ''
            GROUP BY name, type, example
        )
        ORDER BY name, all_times DESC, type, times DESC, example
        LIMIT [[examples]] BY name""",
        {
            "sample": _sample_people(scope) if event is None else _sample_events(scope, event),
            "examples": bind("UInt64", EXAMPLES_MOST),
        },
    )


def _sample_events(scope: Scope, event: str) -> Sql:
    return (
        sql("SELECT text, number, other FROM events WHERE workspace = ")
        + scope.here
        + sql(" AND event = ")
        + bind("String", event)
        + sql(" ORDER BY ts DESC LIMIT ")
        + bind("UInt64", SAMPLE_ROWS)
    )


def _sample_people(scope: Scope) -> Sql:
    return _people(
        scope, sql("text, number, other"), sql(" ORDER BY last_seen DESC LIMIT ") + bind("UInt64", SAMPLE_ROWS)
    )


def busy_hours(scope: Scope) -> Sql:
    """Hours in which anything happened, oldest first: start of the hour in milliseconds, events."""
    return (
        sql(
            "SELECT intDiv(toUnixTimestamp64Milli(ts), 3600000) * 3600000 AS hour, count() FROM events "
            "WHERE workspace = "
        )
        + scope.here
        + sql(" GROUP BY hour ORDER BY hour")
    )


def export(scope: Scope, *, since_ms: int, until_ms: int) -> Sql:
    """Events of [since, until) as `ports.columns.EVENT_COLUMNS` and `person`, oldest first."""
    window = fill(
        " AND ts >= [[since]] AND ts < [[until]] ORDER BY ts, message_id",
        {"since": scope.moment(since_ms), "until": scope.moment(until_ms)},
    )
    return _exported(scope, window)


def events_of(scope: Scope, identities: Sequence[int]) -> Sql:
    """The same of everything stored under these identities, in the order in which it was received."""
    return _exported(scope, _of_identities(identities, None) + sql(" ORDER BY received_at, ts, message_id"))


def _exported(scope: Scope, rest: Sql) -> Sql:
    return fill(
        """SELECT toString(event) AS event, identity, ts AS timestamp, received_at,
            toValidUTF8(message_id) AS message_id, toString(kind) AS kind, toString(source) AS source,
            toValidUTF8(user_id) AS user_id,
            toValidUTF8(anonymous_id) AS anonymous_id, [[properties]] AS properties,
            if(context = '', '{}', toValidUTF8(context)) AS context, [[person]] AS person
        FROM events WHERE workspace = [[here]][[rest]]""",
        {
            "properties": sql(JSON_OBJECT),
            "person": scope.person_of(sql("identity")),
            "here": scope.here,
            "rest": rest,
        },
    )


def received_long_after(scope: Scope, lag_ms: int) -> Sql:
    """Moments in milliseconds at which anything was received that had happened more than so long before."""
    return fill(
        """SELECT DISTINCT toUnixTimestamp64Milli(received_at) AS moment FROM events
        WHERE workspace = [[here]] AND toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(ts) > [[lag]]
        ORDER BY moment DESC LIMIT [[most]]""",
        {"here": scope.here, "lag": bind("Int64", lag_ms), "most": bind("UInt64", LATE_MOMENTS_MOST)},
    )
