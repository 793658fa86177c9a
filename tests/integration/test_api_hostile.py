"""Nasty input to every call there is: never a fault of ours, always a complaint that can be read."""

from __future__ import annotations

import http.client
import json
import os
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.api_server import API_KEY, Answer, Server, complaint

DID: dict[str, Any] = {"type": "did", "event": "Seen", "at_least": 1, "at_most": 9, "within_days": 30}
WHERE = {"property": "plan", "operator": "equals", "value": "gold"}
SEGMENT = {"type": "all", "of": [{**DID, "where": [WHERE]}, {"type": "trait", "trait": "a", "operator": "is_set"}]}
GOAL = {"event": "Order Completed", "within_seconds": 3600}
TRIGGER = {"event": "Never Happens", "again": "after_exit", "cool_down_seconds": 60}
TEMPLATE = {"subject": "Hello {{ person.name | default: 1 }}", "html": "<p>Hello</p>", "text": "Hello"}
SEND = {"channel": "email", "topic": "news", "template": TEMPLATE}
JOURNEY = {
    "id": "fuzzed",
    "name": "Fuzzed",
    "holdout": 0.1,
    "goal": GOAL,
    "start": "start",
    "steps": {
        "start": {"type": "trigger", **TRIGGER, "where": [WHERE], "only_if": DID, "exits": {"entered": "wait"}},
        "wait": {"type": "wait", "seconds": 5, "exits": {"waited": "until"}},
        "until": {"type": "until", "event": "B", "seconds": 5, "exits": {"happened": "fork", "expired": "fork"}},
        "fork": {
            "type": "branch",
            "condition": DID,
            "exits": {"yes": "send", "no": "end", "unknown": "end"},
        },
        "send": {"type": "send", **SEND, "exits": {"sent": "end", "withheld": "end"}},
        "end": {"type": "exit"},
    },
}
CAMPAIGN = {"id": "fuzzed-too", "name": "Fuzzed", "holdout": 0.1, "goal": GOAL, "trigger": TRIGGER, "send": SEND}

TREND = {"event": "Bought", "measure": "count", "period": "day", "since": "2026-01-01", "until": "2026-01-03"}
CALL: dict[str, object] = {
    "people": [{"user_id": "fuzz-one", "properties": {"order": 7}}],
    "properties": {"title": "Yours"},
    "idempotency_key": "order-7",
}
BODIES: dict[tuple[str, str], object] = {
    ("POST", "/api/dead-letters/replay"): {"keys": ["nobody"], "all": False},
    ("POST", "/api/dead-letters/drop"): {"all": True, "origin": "nothing", "channel": "email"},
    ("POST", "/session"): {"key": API_KEY},
    ("PUT", "/api/adaptive/{experiment}"): {"mode": "manual", "winner": None, "shares": {"a": 0.5, "b": 0.5}},
    ("POST", "/api/suppressions"): {"channel": "email", "address": "fuzz@there.example"},
    ("POST", "/api/suppressions/lift"): {"channel": "email", "address": "fuzz@there.example"},
    ("POST", "/api/people/merge"): {"first": "fuzz-one", "second": "fuzz-two"},
    ("POST", "/api/people/unmerge"): {"link_id": 1, "first": "fuzz-one", "second": "fuzz-two"},
    ("POST", "/api/erasures"): {"person": "fuzz-erased", "wait": True},
    ("POST", "/api/erasures/prove"): {"person": "fuzz-erased"},
    ("PUT", "/api/people/{user_id}/consent"): {"channel": "email", "topic": "news", "granted": True},
    ("POST", "/api/segments/count"): {"definition": SEGMENT},
    ("POST", "/api/segments/people"): {"definition": SEGMENT, "limit": 10, "offset": 0},
    ("POST", "/api/segments/explain"): {"definition": SEGMENT, "person": "fuzz-one"},
    ("POST", "/api/segments/audience"): {"segment": SEGMENT, "at": "2026-01-01", "limit": 10, "offset": 0},
    ("POST", "/api/segments/changes"): {
        "segment": SEGMENT,
        "since": "2026-01-01",
        "until": "2026-02-01",
        "side": "left",
        "limit": 10,
        "offset": 0,
    },
    ("POST", "/api/segments/history"): {"segment": DID, "period": "month", "last": 2, "time_zone": "Europe/Berlin"},
    ("POST", "/api/segments/overlap"): {"segments": [DID, {"type": "trait", "trait": "a", "operator": "is_set"}]},
    ("POST", "/api/segments/reach"): {"segment": DID, "topic": "news", "transactional": False},
    ("POST", "/api/insights/{kind}"): TREND,
    ("POST", "/api/insights/{kind}/people"): {"question": TREND, "cell": {}, "limit": 10, "offset": 0},
    ("POST", "/api/insights/{kind}/save"): {"question": TREND, "cell": {}, "id": "kept", "name": "Kept"},
    ("POST", "/api/trials/plan"): {"base": 0.05, "lift": 0.1, "variants": 3, "power": 0.8, "people_a_day": 100},
    ("POST", "/api/trials/check"): {"goal": "Bought", "within_seconds": 3600, "splits": 10, "people": 300},
    ("POST", "/api/simulate"): {"definition": JOURNEY, "over": "30d", "people": 10, "costs": {"email": 0.1}},
    ("POST", "/api/journeys/{decision_id}/trigger"): CALL,
    ("POST", "/api/campaigns/{decision_id}/trigger"): CALL,
    ("PUT", "/api/experiments/{experiment_id}"): {
        "definition": {
            "name": "Fuzz",
            "variants": {"a": 0.5, "b": 0.5},
            "layer": {"id": "l", "from": 0.25, "to": 0.5},
            "audience": SEGMENT,
            "values": {"a": {"x": [1, None]}},
            "goals": [{"event": "A", "within_seconds": 60, "value": "total", "worth_minor": 5}],
            "guardrails": ["B"],
            "planned_people": 100,
            "state": "running",
        }
    },
    ("POST", "/api/experiments/decide"): {"user_id": "fuzz-one", "anonymous_id": "fuzz-two", "experiments": []},
    ("PUT", "/api/templates/{saved_id}"): {
        "definition": {
            "name": "T",
            "medium": "sms",
            "content": {"text": "Hi {{ person.a | default: 1 }}"},
            "languages": {"de": {}},
        }
    },
    ("POST", "/api/templates/{saved_id}/restore"): {"version": 1},
    ("POST", "/api/templates/preview"): {
        "medium": "sms",
        "content": {"text": "Hi {{ person.a | default: 1 }}"},
        "person": "fuzz-one",
        "event": {"name": "A", "properties": {"b": 1}},
        "language": "de",
        "variant": "a",
        "transactional": False,
    },
    ("POST", "/api/templates/test"): {"medium": "sms", "content": {"text": "Hi"}, "to": "+4915112345678", "event": {}},
    ("PUT", "/api/blocks/{saved_id}"): {"definition": {"name": "B", "html": "<p>x</p>", "text": "x"}},
    ("POST", "/api/blocks/{saved_id}/restore"): {"version": 1},
    ("PUT", "/api/kpis"): {
        "nodes": [
            {"id": "shop", "name": "The shop", "kind": "company"},
            {
                "id": "orders",
                "name": "Orders",
                "kind": "kpi",
                "parent": "shop",
                "horizon": "long",
                "insight": "trend",
                "question": {"event": "Bought", "period": "day"},
                "days": 7,
                "column": "value",
                "rows": {},
                "of": "sum",
                "cell": {},
                "target": 10,
                "direction": "up",
            },
        ],
    },
    ("POST", "/api/sql"): {"query": "SELECT event, {n:UInt8} FROM events", "params": {"n": 1}, "limit": 10},
    ("PUT", "/api/segments/{segment_id}"): {"name": "Fuzzed", "definition": SEGMENT, "description": "For trying."},
    ("POST", "/api/segments/apply"): {
        "segments": [
            {"id": "fuzzed", "name": "Fuzzed", "definition": SEGMENT, "description": "For trying."},
            {"id": "fuzzed-2", "name": "Fuzzed", "definition": {"type": "in_segment", "segment": "fuzzed"}},
        ],
        "dry_run": True,
        "prune": False,
    },
    ("POST", "/api/segments/{segment_id}/restore"): {"version": 1},
    ("PUT", "/api/lists/{list_id}"): {"name": "Fuzzed", "people": ["fuzz-one", {"kind": "anonymous", "value": "x"}, 1]},
    ("POST", "/api/lists/{list_id}/people"): {"add": ["fuzz-one"], "remove": ["fuzz-two", 7]},
    ("POST", "/api/journeys/apply"): {
        "journeys": [{"kind": "journey", **JOURNEY}, {"kind": "campaign", **CAMPAIGN}],
        "move": {"fuzzed": {}},
        "dry_run": True,
    },
    ("POST", "/api/journeys/{decision_id}/preview"): {**JOURNEY, "move": {}},
    ("POST", "/api/campaigns/{decision_id}/preview"): {**CAMPAIGN, "move": {}},
    ("POST", "/api/journeys/{decision_id}/check"): {**JOURNEY, "move": {}},
    ("POST", "/api/campaigns/{decision_id}/check"): {**CAMPAIGN, "move": {}},
    ("POST", "/api/journeys/{decision_id}/outlook"): JOURNEY,
    ("POST", "/api/campaigns/{decision_id}/outlook"): CAMPAIGN,
    ("PUT", "/api/journeys/{decision_id}"): JOURNEY,
    ("PUT", "/api/campaigns/{decision_id}"): CAMPAIGN,
    ("POST", "/api/errors/replay"): {"ids": [1], "all": False, "bodies": {"1": "{}"}},
    ("POST", "/api/email-domains"): {"domain": "shop.example", "connection": "relay", "ed25519": True},
    ("POST", "/api/keys"): {"name": "fuzzed", "kind": "write"},
    ("PUT", "/api/connections/{name}"): {
        "provider": "email_smtp",
        "settings": {"sender": "fuzz@there.example", "host": "relay.there.example", "password": "fuzzed"},
        "default": False,
    },
    ("POST", "/api/connections/{name}/test"): {"to": "fuzz@there.example", "content": None},
    ("POST", "/api/connections/reseal"): {"old_key": None},
}
"""A body each call takes. A call that takes one and stands not here fails the test: say what it takes."""
PARAMETERS = {
    "user_id": "fuzz-one",
    "segment_id": "fuzzed",
    "list_id": "fuzzed",
    "catalogue": "fuzzed",
    "item_id": "fuzzed",
    "pool": "fuzzed",
    "saved_id": "fuzzed",
    "experiment_id": "fuzzed",
    "mail_id": "1",
    "name": "fuzzed",
    "query_id": "fuzzed",
    "verb": "pause",
    "kind": "trend",
    "person": "fuzz-one",
    "origin": "fuzzed",
    "format": "jsonl",
    "mapping": json.dumps({"person": "who", "time": "at", "event_name": "Bought"}),
}
"""What each parameter of a path or query usually is."""

EVERYTHING = bool(os.environ.get("FUZZ_EVERYTHING"))
AT_MOST = 160
"""Mutations of one body that are tried; the same ones each time, unless everything is asked for."""
HUGE = "1" + "0" * 400
NASTY_JSON = (
    "null", "true", "false", "0", "-1", "1.5", "1e308", "-1e400", "NaN", "Infinity", HUGE, "1" * 5_000, "-" + HUGE,
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e18", "0.000001",
    '""', '" "', '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u202e%s{{ x }}"', '"' + "x" * 70_000 + '"', '"²"',
    '"../../etc/passwd"', "\"' OR 1=1 --\"", '"{{ person.x | upcase }"', '"42"', '"true"',
    "[]", "{}", "[null]", "[[[[]]]]", '{"\\ud800": 1}', '{"\\u0000": 1}', '{"": null}', '{"type": "did"}',
    "[" * 300 + "]" * 300, '{"a":' * 200 + "1" + "}" * 200, "[" + "1," * 3_000 + "1]",
)  # fmt: skip
NASTY_BODIES = (
    b"", b"{", b"null", b"[]", b'"x"', b"1", b"\xff\xfe", b"\x00", b"{}" * 2, b"[" * 100_000, b'{"a":' * 100_000,
    b'{"key": "\xed\xa0\x80"}', b'{"a": 1, "a": 2}', b"\xef\xbb\xbf{}", b"\x1f\x8b" + b"\x00" * 30,
)  # fmt: skip
NASTY_TEXTS = (
    "", "%20", "%00", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f", "%F0%9F%98%80", "%ED%A0%80", "%FF", "x" * 3_000, HUGE,
    "1" * 5_000, "-1", "-" + HUGE, "0", "9223372036854775808", "18446744073709551616", "1.5", "NaN", "true", "%C2%B2",
    "%25", "a%2Fevents", "a%0d%0aX-Evil:%20y", "%27%20OR%201=1", "null", "[]", "%7B%7D", "%E2%80%AE", "2026-13-45",
    "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "2026-11-21T00:00:00Z", "x.csv", "%2F.csv", "x%00.csv",
    "x" * 300 + ".csv", "..csv", "x.parquet", "{%22person%22:1}",
)  # fmt: skip
SENTINEL = "\u241e"


def mutations(body: object) -> Iterator[str]:
    """JSON texts with one value of the body replaced by something nasty, or one field too many, or too few."""
    for path in list(places(body)):
        template = json.dumps(replaced(body, path))
        for nasty in NASTY_JSON:
            yield template.replace(json.dumps(SENTINEL), nasty)
    if isinstance(body, dict):
        yield json.dumps({**body, "surprise": 1})
        for name in body:
            yield json.dumps({key: value for key, value in body.items() if key != name})


def places(body: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def replaced(body: Any, path: tuple[str | int, ...]) -> object:
    if not path:
        return SENTINEL
    first, *rest = path
    if isinstance(body, dict):
        return {key: replaced(value, tuple(rest)) if key == first else value for key, value in body.items()}
    return [replaced(value, tuple(rest)) if index == first else value for index, value in enumerate(body)]


class Fuzz:
    """Asks, and notes what is not as it should be."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.faults: list[str] = []
        self.asked = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def send(self, method: str, path: str, body: bytes | None = None) -> None:
        self.asked += 1
        if path.partition("?")[0].endswith("/live"):
            self.judge(method, path, body, self._first_of(method, path))
            return
        headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            self.judge(method, path, body, Answer(answer.status, told, answer.read()))
        except (OSError, http.client.HTTPException) as error:
            self.faults.append(f"{method} {path[:150]} {(body or b'')[:200]!r}: {error!r}")
            self._connection.close()

    def _first_of(self, method: str, path: str) -> Answer:
        """The answer's beginning: a stream never ends."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request(method, path, headers={"Authorization": f"Bearer {API_KEY}"})
        answer = connection.getresponse()
        body = b"" if answer.status == 200 else answer.read()
        connection.close()
        return Answer(answer.status, {}, body)

    def judge(self, method: str, path: str, body: bytes | None, answer: Answer) -> None:
        try:
            assert answer.status < 500
            if answer.status >= 400:
                complaint(answer)
            elif answer.body and answer.headers.get("content-type") == "application/json":
                json.loads(answer.body, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        except (AssertionError, ValueError, AttributeError, TypeError):
            said = f"{answer.status} {answer.body[:150]!r}"
            self.faults.append(f"{method} {path[:150]} {(body or b'')[:300]!r}: {said}")

    def close(self) -> None:
        self._connection.close()

    def finish(self, *, at_least: int) -> None:
        listed = "\n".join(self.faults[:400])
        assert not self.faults, f"{len(self.faults)} of {self.asked} went wrong:\n{listed}"
        assert self.asked >= at_least, "the fuzzing has run dry"


@pytest.fixture
def fuzz(server: Server) -> Iterator[Fuzz]:
    server.took(
        {"type": "track", "event": "Seen", "userId": "fuzz-one"},
        {"type": "track", "event": "Seen", "userId": "fuzz-two"},
    )
    it = Fuzz(server)
    yield it
    it.close()


def calls(server: Server) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every call the server describes."""
    described = server.call("GET", "/openapi.json").json
    return [
        (method.upper(), path, about) for path, each in described["paths"].items() for method, about in each.items()
    ]


def usual(path: str, name: str) -> str:
    if name == "decision_id":
        return "fuzzed" if "journeys" in path else "fuzzed-too"
    return PARAMETERS.get(name, "")


def filled(path: str, about: dict[str, Any], **instead: str) -> str:
    """The path with its usual parameters, and these instead."""
    query = []
    for each in about.get("parameters", []):
        name = each["name"]
        value = instead.get(name, quote(usual(path, name), safe=""))
        if each["in"] == "path":
            path = path.replace("{" + name + "}", value)
        elif name in instead or each.get("required"):
            query.append(f"{name}={value}")
    return path + ("?" + "&".join(query) if query else "")


def test_nasty_parameters(server: Server, fuzz: Fuzz) -> None:
    for method, path, about in calls(server):
        body = BODIES.get((method, path))
        raw = json.dumps(body).encode() if body is not None else b"who,at\na,2026-01-01\n" if "import" in path else None
        for parameter in about.get("parameters", []):
            for nasty in NASTY_TEXTS:
                fuzz.send(method, filled(path, about, **{parameter["name"]: nasty}), raw)
    fuzz.finish(at_least=500)


def test_nasty_bodies(server: Server, fuzz: Fuzz) -> None:
    chance = random.Random(20261122)
    for method, path, about in calls(server):
        if "application/json" not in about.get("requestBody", {}).get("content", {}):
            continue
        body = BODIES[method, path]
        usual = server.ask(method, filled(path, about), body)
        assert usual.status in {200, 201, 404, 409}, (path, usual.body)  # Or all that follows would prove nothing.
        texts = list(mutations(body))
        for text in texts if EVERYTHING else chance.sample(texts, min(len(texts), AT_MOST)):
            fuzz.send(method, filled(path, about), text.encode())
        for raw in NASTY_BODIES:
            fuzz.send(method, filled(path, about), raw)
    for ending in ("csv", "csv.gz", "jsonl", "parquet"):
        path = f"/api/import?name=nasty.{ending}&mapping={quote(PARAMETERS['mapping'])}"
        for raw in NASTY_BODIES:
            fuzz.send("POST", path, raw)
    fuzz.finish(at_least=1_000)
    # What was stored of all this must not spoil what is read afterwards.
    for path in ("/api/overview", "/api/segments", "/api/journeys", "/api/campaigns", "/api/keys", "/api/errors"):
        server.got("GET", path)
