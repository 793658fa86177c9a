"""The views analysts write SQL on: what each column says, and the SQL behind it.

They are put before a query as `WITH events AS (…)`, so what is meant by a name is settled there and nowhere else. Every
view is scoped by workspace and sees events through the map of identities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import LiteralString

from holdfast.kernel.money import unusual_digits
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.ports.analyst import SavedAudience
from holdfast.segments.condition import Scope
from holdfast.stores.clickhouse.questions import JSON_OBJECT

MEMBERS = sql("_members")
"""The temporary table `segment_members` is read from."""

_MOMENT: LiteralString = "DateTime64(3, 'UTC')"
_TEXTS: LiteralString = "Map(String, String)"
_NUMBERS: LiteralString = "Map(String, Float64)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a view."""

    name: LiteralString
    type: LiteralString
    about: str
    sql: LiteralString
    """Over a row of the view's source. `[[person]]` stands for whom the row belongs to, `[[digits]]` for how many
    decimal digits the minor unit of its currency has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view: a row is what, its columns, and where they come from."""

    name: LiteralString
    about: str
    columns: tuple[Column, ...]
    source: Callable[[Scope, Sequence[SavedAudience], Sql], Sql]
    """What follows the columns, from `FROM` on, with the database our tables are in."""

    def definition(self, scope: Scope, audiences: Sequence[SavedAudience], database: Sql) -> Sql:
        """`name AS (SELECT …)`."""
        pieces = {"person": person_of(scope, database), "digits": _digits()}
        columns = join(", ", (fill(each.sql, pieces) + sql(" AS ") + sql(each.name) for each in self.columns))
        return sql(self.name) + sql(" AS (SELECT ") + columns + self.source(scope, audiences, database) + sql(")")


def person_of(scope: Scope, database: Sql) -> Sql:
    """The person the column `identity` belongs to; the tables are named with their database."""
    if not scope.joined:
        return sql("identity")
    return fill(
        "if((joinGet('[[database]].identity_person', 'person', [[here]], identity) AS joined_into) = 0, "
        "identity, joined_into)",
        {"here": scope.here, "database": database},
    )


def _events(scope: Scope, _audiences: Sequence[SavedAudience], database: Sql) -> Sql:
    return sql(" FROM ") + database + sql(".events WHERE workspace = ") + scope.here


def _people(scope: Scope, _audiences: Sequence[SavedAudience], database: Sql) -> Sql:
    return sql(" FROM ") + database + sql(".people FINAL WHERE workspace = ") + scope.here


def _messages(scope: Scope, _audiences: Sequence[SavedAudience], database: Sql) -> Sql:
    return fill(
        """ FROM (
        SELECT text['send'] AS send, min(identity) AS identity,
            maxIf(text['origin'], text['origin'] != '') AS origin,
            maxIf(text['origin_kind'], text['origin_kind'] != '') AS origin_kind,
            toUInt32(max(number['version'])) AS version, max(text['step']) AS step, max(text['channel']) AS channel,
            max(text['topic']) AS topic, max(text['template']) AS template,
            minOrNullIf(ts, event = 'Message Queued') AS queued_at,
            minOrNullIf(ts, event = 'Message Withheld') AS withheld_at,
            minOrNullIf(ts, event = 'Message Sent') AS sent_at,
            minOrNullIf(ts, event = 'Message Failed') AS failed_at,
            minOrNullIf(ts, event = 'Message In Doubt') AS doubted_at,
            argMaxIf(text['reason'], ts, event IN ('Message Withheld', 'Message Failed', 'Message In Doubt')) AS reason,
            minOrNullIf(ts, event = 'Message Delivered') AS delivered_at,
            minOrNullIf(ts, event = 'Message Bounced') AS bounced_at,
            toUInt64(greatest(0, toInt64(countIf(event = 'Message Opened' AND text['agent'] = 'human'))
                - toInt64(countIf(event = 'Message Engagement Reclassified' AND text['was'] = 'human'
                    AND text['deed'] = 'opened')))) AS opens,
            if(opens > 0, minOrNullIf(ts, event = 'Message Opened' AND text['agent'] = 'human'), NULL) AS opened_at,
            toUInt64(countIf(event = 'Message Opened') - opens) AS other_opens,
            toUInt64(greatest(0, toInt64(countIf(event = 'Message Clicked' AND text['agent'] = 'human'))
                - toInt64(countIf(event = 'Message Engagement Reclassified' AND text['was'] = 'human'
                    AND text['deed'] = 'clicked')))) AS clicks,
            if(clicks > 0, minOrNullIf(ts, event = 'Message Clicked' AND text['agent'] = 'human'), NULL) AS clicked_at,
            toUInt64(countIf(event = 'Message Clicked') - clicks) AS other_clicks,
            minOrNullIf(ts, event = 'Message Replied') AS replied_at,
            minOrNullIf(ts, event = 'Message Complained') AS complained_at,
            minOrNullIf(ts, event = 'Message Unsubscribed') AS unsubscribed_at
        FROM [[database]].events
        WHERE workspace = [[here]] AND source = 'holdfast' AND event IN ('Message Queued', 'Message Withheld',
            'Message Sent', 'Message Failed', 'Message In Doubt', 'Message Delivered', 'Message Bounced',
            'Message Opened', 'Message Clicked', 'Message Engagement Reclassified', 'Message Replied',
            'Message Complained', 'Message Unsubscribed') AND text['send'] != ''
        GROUP BY send)""",
        {"here": scope.here, "database": database},
    )


def _segments(_scope: Scope, audiences: Sequence[SavedAudience], _database: Sql) -> Sql:
    lists = (
        bind("Array(String)", [each.id for each in audiences]),
        bind("Array(String)", [each.name for each in audiences]),
        bind("Array(String)", [each.words for each in audiences]),
        bind("Array(String)", [each.definition for each in audiences]),
        bind("Array(Int64)", [each.updated_ms for each in audiences]),
    )
    return sql(" FROM (SELECT arrayJoin(arrayZip(") + join(", ", lists) + sql(")) AS each)")


def _members(_scope: Scope, _audiences: Sequence[SavedAudience], _database: Sql) -> Sql:
    return sql(" FROM ") + MEMBERS


def _digits() -> Sql:
    unusual = unusual_digits()
    return fill(
        "transform(toString(currency), [[codes]], [[digits]], 2)",
        {"codes": bind("Array(String)", list(unusual)), "digits": bind("Array(UInt8)", list(unusual.values()))},
    )


EVENTS = View(
    name="events",
    about="A row is an event. Filter by `event` and `timestamp`: the rows are kept in their order.",
    source=_events,
    columns=(
        Column(name="event", type="LowCardinality(String)", about="What happened.", sql="event"),
        Column(name="timestamp", type=_MOMENT, about="When.", sql="ts"),
        Column(name="person", type="UInt32", about="Whom it belongs to now; see `people`.", sql="[[person]]"),
        Column(name="text", type=_TEXTS, about="Properties that are text: `text['plan']`.", sql="text"),
        Column(
            name="number", type=_NUMBERS, about="Properties that are numbers: `number['price']`.", sql="number"
        ),
        Column(
            name="other", type=_TEXTS, about="All other properties, as JSON: `other['vip'] = 'true'`.", sql="other"
        ),
        Column(
            name="properties", type="String", about="All properties as one JSON object. Slower than the maps.",
            sql=JSON_OBJECT,
        ),
        Column(
            name="revenue", type="Nullable(Float64)", about="The money it brought, in `currency`.",
            sql="if(currency = '', NULL, revenue_minor / exp10([[digits]]))",
        ),
        Column(
            name="revenue_minor", type="Int64", about="The same in whole minor units; 0 without money.",
            sql="revenue_minor",
        ),
        Column(
            name="currency", type="LowCardinality(String)", about="What its money is in; empty without money.",
            sql="currency",
        ),
        Column(name="user_id", type="String", about="The user id it came with; empty if none.", sql="user_id"),
        Column(
            name="anonymous_id", type="String", about="The anonymous id it came with; empty if none.",
            sql="anonymous_id",
        ),
        Column(
            name="source", type="LowCardinality(String)",
            about="The write key it came by; `holdfast` for what we did ourselves.", sql="source",
        ),
        Column(name="kind", type="LowCardinality(String)", about="`track`, `identify`, `page`…", sql="kind"),
        Column(name="message_id", type="String", about="Its id: the same twice is one event.", sql="message_id"),
        Column(name="received_at", type=_MOMENT, about="When it reached us.", sql="received_at"),
        Column(name="context", type="String", about="The device and the page, as JSON.", sql="context"),
    ),
)  # fmt: skip

PEOPLE = View(
    name="people",
    about="A row is a person. Those merged into another are not here.",
    source=_people,
    columns=(
        Column(name="person", type="UInt32", about="Their number, as in `events`.", sql="person"),
        Column(name="user_id", type="String", about="The name they are shown under.", sql="user_id"),
        Column(name="known", type="Bool", about="Whether they have a user id.", sql="known"),
        Column(name="first_seen", type=_MOMENT, about="Their first event.", sql="first_seen"),
        Column(name="last_seen", type=_MOMENT, about="Their last event.", sql="last_seen"),
        Column(name="text", type=_TEXTS, about="Traits that are text: `text['country']`.", sql="text"),
        Column(name="number", type=_NUMBERS, about="Traits that are numbers: `number['age']`.", sql="number"),
        Column(name="other", type=_TEXTS, about="All other traits, as JSON: `other['vip'] = 'true'`.", sql="other"),
        Column(
            name="traits", type="String", about="All traits as one JSON object. Slower than the maps.", sql=JSON_OBJECT
        ),
    ),
)


def _own(name: LiteralString, kind: LiteralString, about: str) -> Column:
    return Column(name=name, type=kind, about=about, sql=name)


MESSAGES = View(
    name="messages",
    about="A row is a message that somebody was to get, and what became of it. What machines open and click is counted "
    "apart, and with it what nobody knows who did.",
    source=_messages,
    columns=(
        _own("send", "String", "Its key."),
        Column(name="person", type="UInt32", about="Whom it was for; see `people`.", sql="[[person]]"),
        _own("origin", "String", "The journey or campaign."),
        _own("origin_kind", "String", "`journey`, `campaign`, or `keyword` for the answer to a word such as STOP."),
        _own("version", "UInt32", "Which version of it."),
        _own("step", "String", "The step that sent it."),
        _own("channel", "String", "`email`."),
        _own("topic", "String", "What it is about, as people consent to it."),
        _own("template", "String", "The template, as `origin/version/step`."),
        Column(
            name="status",
            type="String",
            about="`withheld`, `failed`, `in_doubt`, `sent` or `queued`.",
            sql="multiIf(sent_at IS NOT NULL, 'sent', withheld_at IS NOT NULL, 'withheld', "
            "failed_at IS NOT NULL, 'failed', doubted_at IS NOT NULL, 'in_doubt', 'queued')",
        ),
        _own("reason", "String", "Why it was withheld, failed or is in doubt; else empty."),
        _own("queued_at", f"Nullable({_MOMENT})", "When it was decided."),
        _own("withheld_at", f"Nullable({_MOMENT})", "When the gate held it back."),
        _own("sent_at", f"Nullable({_MOMENT})", "When it was handed over."),
        _own("failed_at", f"Nullable({_MOMENT})", "When it was refused for good."),
        _own("delivered_at", f"Nullable({_MOMENT})", "When the provider says it arrived, where it does."),
        _own("bounced_at", f"Nullable({_MOMENT})", "When it came back after all."),
        _own("opened_at", f"Nullable({_MOMENT})", "When a person first opened it."),
        _own("opens", "UInt64", "How often people opened it."),
        _own("other_opens", "UInt64", "How often machines did, or nobody knows who."),
        _own("clicked_at", f"Nullable({_MOMENT})", "When a person first followed a link in it."),
        _own("clicks", "UInt64", "How often people followed links in it."),
        _own("other_clicks", "UInt64", "How often machines did, or nobody knows who."),
        _own("replied_at", f"Nullable({_MOMENT})", "When somebody first answered it."),
        _own("complained_at", f"Nullable({_MOMENT})", "When somebody called it spam."),
        _own("unsubscribed_at", f"Nullable({_MOMENT})", "When somebody unsubscribed by it."),
    ),
)

SEGMENTS = View(
    name="segments",
    about="A row is a saved segment.",
    source=_segments,
    columns=(
        Column(name="id", type="String", about="Its id.", sql="each.1"),
        Column(name="name", type="String", about="What it is called.", sql="each.2"),
        Column(name="words", type="String", about="Its definition in plain words.", sql="each.3"),
        Column(name="definition", type="String", about="Its definition, as JSON.", sql="each.4"),
        Column(
            name="updated_at", type=_MOMENT, about="When it was last saved.",
            sql="fromUnixTimestamp64Milli(each.5, 'UTC')",
        ),
    ),
)  # fmt: skip

SEGMENT_MEMBERS = View(
    name="segment_members",
    about="A row is a person in a saved segment, now. All saved segments are worked out when it is asked for.",
    source=_members,
    columns=(
        _own("segment", "LowCardinality(String)", "The segment's id."),
        _own("person", "UInt32", "Who is in it."),
    ),
)

VIEWS: Mapping[str, View] = MappingProxyType(
    {each.name: each for each in (EVENTS, PEOPLE, MESSAGES, SEGMENTS, SEGMENT_MEMBERS)}
)
