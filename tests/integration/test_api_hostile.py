"""Nasty input to every call there is: never a fault of ours, always a complaint that can be read."""

from __future__ import annotations

import http.client
import json
import os
import random
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from holdfast.flows.accounts.local import local_token
from holdfast.flows.accounts.permissions import PERMISSIONS
from holdfast.http.examples import BODIES, PARAMETERS
from tests.integration.api_server import API_KEY, Answer, Server, complaint

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
    "[" * 300 + "]" * 300, '{"a":' * 200 + "1" + "}" * 200, "[" * 90 + "]" * 90, '{"a":' * 90 + "1" + "}" * 90,
    "[" + "1," * 3_000 + "1]",
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
USUAL = {**BODIES, ("POST", "/session"): {"key": API_KEY}}
"""The examples, those that need a key of this very server with it."""
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


def key_to_everything(server: Server) -> str:
    """An api key that may do what no key may of which nothing is said."""
    token = local_token((server.data / "secret.key").read_bytes(), time.time_ns() // 1_000_000)
    wish = {"name": f"everything {time.time_ns()}", "kind": "api", "scopes": list(PERMISSIONS)}
    made = server.call("POST", "/api/keys", wish, headers={"Authorization": f"Bearer {token}"})
    assert made.status == 201, made.body
    return str(made.json["key"])


class Fuzz:
    """Asks, and notes what is not as it should be."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.by_key = {"Authorization": f"Bearer {key_to_everything(server)}"}
        self.faults: list[str] = []
        self.asked = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def send(self, method: str, path: str, body: bytes | None = None) -> None:
        self.asked += 1
        if path.partition("?")[0].endswith("/live"):
            self.judge(method, path, body, self._first_of(method, path))
            return
        headers = {**self.by_key, "Content-Type": "application/json"}
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
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        connection.request(method, path, headers=self.by_key)
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
        {"type": "track", "event": "Seen", "userId": "ana"},
        {"type": "track", "event": "Seen", "userId": "ben"},
    )
    it = Fuzz(server)
    yield it
    it.close()


def calls(server: Server) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every call under /api and /session that the server describes."""
    described = server.call("GET", "/openapi.json").json
    return [
        (method.upper(), path, about)
        for path, each in described["paths"].items()
        if path.startswith(("/api", "/session"))
        for method, about in each.items()
    ]


def usual(path: str, name: str) -> str:
    if name == "decision_id":
        return "spring-sale" if "journeys" in path else "win-back"
    return PARAMETERS.get(name, "")


def filled(path: str, about: dict[str, Any], /, **instead: str) -> str:
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
        body = USUAL.get((method, path))
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
        body = USUAL[method, path]
        usual = server.ask(method, filled(path, about), body, headers=fuzz.by_key)
        # Or all that follows would prove nothing. Of links that work once the examples have none that does.
        expected = {200, 201, 404, 409} | ({401} if path.startswith("/session/") else set())
        assert usual.status in expected, (path, usual.body)
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
