"""SQL over HTTP, questions followed and called off, and discovery, on the real server."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api_server import API_KEY, Answer, Server

LONG = "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1"


def bought(user: str, price: object, at: str) -> dict[str, object]:
    properties = {"price": price, "revenue": 12.5, "plan": "gold", "tags": ["a"]}
    return {"type": "track", "userId": user, "event": "Sql Bought", "timestamp": at, "properties": properties}


@pytest.fixture(scope="module")
def shop(server: Server) -> Server:
    server.took(bought("sql-1", 10, "2026-03-01T10:00:00Z"), bought("sql-2", "20", "2026-03-02T10:00:00.5Z"))
    definition = {"type": "did", "event": "Sql Bought", "at_least": 1}
    server.got("PUT", "/api/segments/sql-buyers", {"name": "Buyers", "definition": definition})
    return server


def asked(server: Server, query: str, **wish: Any) -> dict[str, Any]:
    answer: dict[str, Any] = server.got("POST", "/api/sql", {"query": query, **wish})
    return answer


def test_rows_are_json(shop: Server) -> None:
    answer = asked(
        shop,
        "SELECT timestamp, number, replaceAll(other['tags'], char(10), '') AS tags, revenue, currency, "
        "0 / 0 AS nan, toDate(timestamp) AS day, NULL AS none, "
        "toDecimal64(1.5, 2) AS exact FROM events WHERE event = {event:String} AND timestamp < {until:DateTime64(3)} "
        "ORDER BY timestamp",
        params={"event": "Sql Bought", "until": "2026-03-02"},
    )
    assert [each["name"] for each in answer["columns"]][:2] == ["timestamp", "number"]
    assert answer["rows"] == [
        ["2026-03-01T10:00:00.000Z", {"price": 10, "revenue": 12.5}, '["a"]', 12.5, "EUR", None,
         "2026-03-01", None, "1.50"],
    ]  # fmt: skip
    assert not answer["truncated"]
    cut = asked(shop, "SELECT number FROM numbers(10)", limit=3)
    assert (cut["rows"], cut["truncated"]) == ([[0], [1], [2]], True)
    assert not asked(shop, "SELECT number FROM numbers(3)", limit=3)["truncated"]


def test_every_view_is_described_and_can_be_asked(shop: Server) -> None:
    views = shop.got("GET", "/api/sql/views")["views"]
    assert [each["name"] for each in views] == ["events", "people", "messages", "segments", "segment_members"]
    assert all(
        column["about"] and "LowCardinality" not in column["type"] for each in views for column in each["columns"]
    )
    for each in views:
        columns = [column["name"] for column in each["columns"]]
        told = asked(shop, f"SELECT * FROM {each['name']} LIMIT 0")["columns"]
        assert [column["name"] for column in told] == columns, each["name"]


def test_saved_segments_and_messages_are_views(shop: Server) -> None:
    query = (
        "SELECT p.user_id, s.name FROM segment_members AS m JOIN people AS p USING (person) "
        "JOIN segments AS s ON s.id = m.segment WHERE m.segment = 'sql-buyers' ORDER BY p.user_id"
    )
    assert asked(shop, query)["rows"] == [["sql-1", "Buyers"], ["sql-2", "Buyers"]]
    written_to = "SELECT count() FROM messages JOIN people AS p USING (person) WHERE p.user_id = 'sql-1'"
    assert asked(shop, written_to)["rows"] == [[0]]


@pytest.mark.parametrize(
    ("wish", "status", "code", "where"),
    [
        ({"query": "SELECT nope FROM events"}, 400, "bad_sql", "$.query"),
        ({"query": "SELECT 1 FROM"}, 400, "bad_sql", "$.query"),
        ({"query": "SELECT * FROM system.tables"}, 400, "not_allowed", "$.query"),
        ({"query": "SELECT {x:UInt8}", "params": {"x": "many"}}, 400, "bad_sql", "$.query"),
        ({"query": "SELECT {x:UInt8}"}, 400, "bad_sql", "$.query"),
        ({"query": "SELECT 1", "params": {"x": 1}}, 400, "invalid", "$.params.x"),
        ({"query": "SELECT {x:String}", "params": {"x": {"a": 1}}}, 400, "invalid", "$.params.x"),
        ({"query": "SELECT 1", "limit": 0}, 400, "invalid", "$.limit"),
        ({"query": "SELECT repeat('x', 1000000) FROM numbers(700)"}, 413, "too_much_answer", ""),
    ],
)
def test_what_is_wrong_is_said(shop: Server, wish: dict[str, Any], status: int, code: str, where: str) -> None:
    said = shop.refused(status, "POST", "/api/sql", wish)
    assert (said["code"], said["path"]) == (code, where)
    assert said["hint"]
    assert "DB::" not in said["message"]


class Waiting:
    """Somebody who asks the long question and waits."""

    def __init__(self, server: Server, query_id: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=90)
        self._thread = threading.Thread(target=self._ask, args=(query_id,))
        self.answer: Answer | None = None
        self._thread.start()

    def _ask(self, query_id: str) -> None:
        headers = {"Authorization": f"Bearer {API_KEY}", "Holdfast-Query": query_id, "Content-Type": "application/json"}
        with contextlib.suppress(OSError, http.client.HTTPException, AttributeError, ValueError):
            self._connection.request("POST", "/api/sql", json.dumps({"query": LONG}), headers)
            reply = self._connection.getresponse()
            self.answer = Answer(reply.status, dict(reply.getheaders()), reply.read())

    def leave(self) -> None:
        sock = self._connection.sock
        assert sock is not None
        sock.shutdown(2)
        self._thread.join(30)
        self._connection.close()

    def join(self) -> Answer:
        self._thread.join(30)
        self._connection.close()
        assert self.answer is not None
        return self.answer


def under_way(server: Server, query_id: str) -> list[dict[str, Any]]:
    queries: list[dict[str, Any]] = server.got("GET", "/api/queries")["queries"]
    return [each for each in queries if each["id"] == query_id]


def until(server: Server, query_id: str, *, there: bool) -> Iterator[dict[str, Any]]:
    for _ in range(300):
        found = [each for each in under_way(server, query_id) if each["rows_read"] or not there]
        if bool(found) == there:
            yield from found
            return
        time.sleep(0.05)
    raise AssertionError(f"{query_id} was never {'there' if there else 'gone'}")


def test_a_question_is_followed_and_called_off(shop: Server) -> None:
    asker = Waiting(shop, "follow.me-1")
    (told,) = until(shop, "follow.me-1", there=True)
    assert told["words"] == "POST /api/sql"
    assert 0 <= told["progress"] < 1
    assert told["rows_total"] >= told["rows_read"] > 0
    assert told["elapsed_ms"] > 0
    assert shop.ask("DELETE", "/api/queries/follow.me-1").status == 204
    answer = asker.join()
    assert answer.status == 409
    assert answer.json["error"]["code"] == "cancelled"
    assert not under_way(shop, "follow.me-1")
    shop.refused(404, "DELETE", "/api/queries/follow.me-1")


def test_who_leaves_asks_no_more(shop: Server) -> None:
    asker = Waiting(shop, "leaver")
    list(until(shop, "leaver", there=True))
    asker.leave()
    assert list(until(shop, "leaver", there=False)) == []


def test_an_id_is_a_plain_word(shop: Server) -> None:
    headers = {"Authorization": f"Bearer {API_KEY}", "Holdfast-Query": "a b", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=120)
    connection.request("POST", "/api/sql", json.dumps({"query": "SELECT 1"}), headers)
    assert connection.getresponse().status == 400
    connection.close()


def test_properties_are_found_while_somebody_types(shop: Server) -> None:
    found = shop.got("GET", "/api/schema/events/Sql%20Bought/properties?text=PR&limit=5")["properties"]
    assert [(each["name"], each["type"], each["types"], each["count"]) for each in found] == [
        ("price", "text", {"number": 1, "text": 1}, 2)
    ]
    assert (found[0]["first"], found[0]["last"]) == ("2026-03-01T10:00:00.000Z", "2026-03-02T10:00:00.500Z")
    values = shop.got("GET", "/api/schema/events/Sql%20Bought/values?property=plan&text=go")["values"]
    assert values == [{"value": "gold", "count": 2}]
    assert shop.got("GET", "/api/schema/traits/values?trait=nothing") == {"values": []}
