"""The views analysts ask: the columns they promise, of the types they promise, and what they say."""

from __future__ import annotations

import asyncio

import polars as pl
import pytest

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.ports.analyst import SavedAudience, SqlAnswer, SqlValue
from holdfast.segments.builders import did
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from holdfast.stores.clickhouse.views import VIEWS, View
from tests.contracts.history_contract import AT, HOUR, chdb_history, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.

BUYERS = SavedAudience(
    id="buyers",
    name="Buyers",
    words="People who bought.",
    definition="{}",
    updated_ms=AT,
    condition=did("Order Completed"),
)


def answer(
    history: ChdbHistory, query: str, params: dict[str, SqlValue] | None = None, limit: int = 1_000
) -> SqlAnswer:
    return asyncio.run(history.ask_sql(query, params or {}, audiences=[BUYERS], as_of_ms=AT + HOUR, limit=limit))


def rows(history: ChdbHistory, query: str, params: dict[str, SqlValue] | None = None) -> list[tuple[object, ...]]:
    return pl.DataFrame(answer(history, query, params).table).rows()


@pytest.fixture(scope="module")
def shop(engine: Engine) -> ChdbHistory:
    history = chdb_history(engine)
    events: list[dict[str, Json]] = [
        {"revenue": 59.9, "plan": "a'b\ud800"},
        {"revenue": 1000, "currency": "JPY"},
        {"revenue": "2.5", "currency": "KWD", "vip": True},
    ]

    async def fill() -> None:
        made = [row(n, properties=each, message_id=f"m{n}") for n, each in enumerate(events, 1)]
        await put(history, [person(n, {"age": n, "plan": "gold"}) for n in (1, 2, 3, 4)], made)
        await history.map_identities({2: 1}, version=1)
        await history.put_people([person(2, version=2, gone=True)])

    asyncio.run(fill())
    return history


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_columns_are_of_the_types_they_promise(shop: ChdbHistory, view: View) -> None:
    types = ", ".join(f"toTypeName({each.name})" for each in view.columns)
    # There is a row even where the view has none.
    told = rows(shop, f"SELECT {types} FROM (SELECT 1) AS one LEFT JOIN {view.name} ON 1 = 1 LIMIT 1")
    small = [[str(cell).replace("LowCardinality(String)", "String") for cell in line] for line in told]
    assert small == [[each.type.replace("LowCardinality(String)", "String") for each in view.columns]]
    names = answer(shop, f"SELECT * FROM {view.name}").table.column_names
    assert names == [each.name for each in view.columns]


def test_events_belong_to_whom_they_belong_now(shop: ChdbHistory) -> None:
    assert rows(shop, "SELECT person, count() FROM events GROUP BY person ORDER BY person") == [(1, 2), (3, 1)]
    joined = "SELECT p.user_id, count() FROM events AS e JOIN people AS p USING (person) GROUP BY 1 ORDER BY 1"
    assert rows(shop, joined) == [("u1", 2), ("u3", 1)]


def test_money_is_in_its_currency(shop: ChdbHistory) -> None:
    query = "SELECT currency, revenue, revenue_minor FROM events ORDER BY currency"
    assert rows(shop, query) == [("JPY", 1000.0, 1000), ("KWD", 2.5, 2500), ("USD", 59.9, 5990)]


def test_properties_are_maps_and_json(shop: ChdbHistory) -> None:
    query = (
        "SELECT text['plan'], number['revenue'], other['vip'], properties FROM events ORDER BY timestamp, message_id"
    )
    told = rows(shop, query)
    assert str(told[0][0]).startswith("a'b")
    assert told[2][2] == "true"
    assert told[1][3] == '{"currency":"JPY","revenue":1000}'


def test_people_merged_away_are_not_there(shop: ChdbHistory) -> None:
    assert rows(shop, "SELECT person, number['age'] FROM people ORDER BY person") == [(1, 1.0), (3, 3.0), (4, 4.0)]


def test_segments_and_their_members(shop: ChdbHistory) -> None:
    assert rows(shop, "SELECT id, name, words FROM segments") == [("buyers", "Buyers", "People who bought.")]
    members = "SELECT segment, person FROM segment_members WHERE segment = {id:String} ORDER BY person"
    assert rows(shop, members, {"id": "buyers"}) == [("buyers", 1), ("buyers", 3)]
    assert rows(shop, members, {"id": "others"}) == []


def test_a_message_is_one_row_of_what_became_of_it(engine: Engine) -> None:
    history = chdb_history(engine)
    base: dict[str, Json] = {
        "origin": "cart-rescue", "origin_kind": "journey", "version": 2, "step": "mail", "channel": "email",
    }  # fmt: skip
    told: list[tuple[str, str, int, dict[str, Json]]] = [
        ("s1", "Message Queued", 0, {**base, "topic": "news", "template": "cart-rescue/2/mail"}),
        ("s1", "Message Sent", 1, base),
        ("s1", "Message Opened", 2, {"step": "mail", "agent": "machine"}),
        ("s1", "Message Opened", 3, {"step": "mail", "agent": "human"}),
        ("s1", "Message Clicked", 4, {"step": "mail", "agent": "human"}),
        ("s1", "Message Clicked", 5, {"step": "mail", "agent": "unknown"}),
        ("s1", "Message Clicked", 6, {"step": "mail", "agent": "human"}),
        ("s1", "Message Engagement Reclassified", 7, {"deed": "clicked", "was": "human", "agent": "machine"}),
        ("s1", "Message Engagement Reclassified", 8, {"deed": "clicked", "was": "unknown", "agent": "machine"}),
        ("s4", "Message Sent", 1, base),
        ("s4", "Message Clicked", 2, {"agent": "human"}),
        ("s4", "Message Engagement Reclassified", 3, {"deed": "clicked", "was": "human", "agent": "machine"}),
        ("s2", "Message Withheld", 0, {**base, "reason": "no_consent"}),
        ("s3", "Message Failed", 6, {**base, "reason": "gone", "gone": True}),
    ]
    made = [
        row(7, name, AT + at, properties={"send": send, **more}, source="holdfast", message_id=f"{send}-{name}-{at}")
        for send, name, at, more in told
    ]
    made.append(row(8, "Message Sent", AT, properties={"send": "forged"}, source="shop", message_id="forged"))
    asyncio.run(put(history, [person(7)], made))
    query = (
        "SELECT send, person, origin, version, topic, status, reason, opens, other_opens, clicks, other_clicks, "
        "dateDiff('millisecond', queued_at, opened_at), dateDiff('millisecond', queued_at, clicked_at) "
        "FROM messages ORDER BY send"
    )
    assert rows(history, query) == [
        ("s1", 7, "cart-rescue", 2, "news", "sent", "", 1, 1, 1, 2, 3, 4),
        ("s2", 7, "cart-rescue", 2, "", "withheld", "no_consent", 0, 0, 0, 0, None, None),
        ("s3", 7, "cart-rescue", 2, "", "failed", "gone", 0, 0, 0, 0, None, None),
        ("s4", 7, "cart-rescue", 2, "", "sent", "", 0, 0, 0, 1, None, None),
    ]


def test_late_events_and_merges_change_the_answer_at_once(engine: Engine) -> None:
    history = chdb_history(engine)
    query = "SELECT uniqExact(person), count() FROM events"
    asyncio.run(put(history, [person(1), person(2)], [row(1, message_id="a"), row(2, message_id="b")]))
    assert rows(history, query) == [(2, 2)]
    asyncio.run(history.map_identities({2: 1}, version=1))
    asyncio.run(history.add([row(2, at_ms=AT - 400 * 24 * HOUR, message_id="late")], token="late"))
    assert rows(history, query) == [(1, 3)]


VALUES: tuple[tuple[str, SqlValue, object], ...] = (
    ("String", "ß'\\\n{x:String}", "ß'\\\n{x:String}"),
    ("Nullable(String)", None, None),
    ("UInt64", 2**64 - 1, 2**64 - 1),
    ("UInt64", "17", 17),
    ("Float64", 0.1, 0.1),
    ("Bool", True, True),
    ("Array(String)", ["a", "b'c"], ["a", "b'c"]),
    ("Array(UInt32)", [1, 2], [1, 2]),
    ("Date", "2026-03-01", "2026-03-01"),
    ("DateTime64(3, 'UTC')", "2026-03-01 10:00:00.5", "2026-03-01 10:00:00.500"),
)


@pytest.mark.parametrize(("kind", "value", "wanted"), VALUES)
def test_parameters_are_read_as_their_type(shop: ChdbHistory, kind: str, value: SqlValue, wanted: object) -> None:
    cell = f"toString({{x:{kind}}})" if "Date" in kind else f"{{x:{kind}}}"
    assert rows(shop, f"SELECT {cell} AS x", {"x": value}) == [(wanted,)]


def test_a_parameter_nobody_asks_for_is_a_slip(shop: ChdbHistory) -> None:
    with pytest.raises(Invalid, match="no parameter y") as caught:
        answer(shop, "SELECT {x:UInt8}", {"x": 1, "y": 2})
    assert caught.value.path == "$.params.y"


def test_order_is_kept_and_more_is_said(shop: ChdbHistory) -> None:
    cut = answer(shop, "SELECT number FROM numbers(100000) ORDER BY number DESC", limit=3)
    assert cut.table.column("number").to_pylist() == [99999, 99998, 99997]
    assert cut.truncated
    whole = answer(shop, "SELECT number AS n FROM numbers(50000) ORDER BY intHash32(n)", limit=50_000).table
    again = answer(shop, "SELECT number AS n FROM numbers(50000) ORDER BY intHash32(n)", limit=50_000).table
    assert whole.equals(again)
