"""The collector's door over a real socket: keys, encodings, limits, cross-origin calls, refusals."""

import base64
import gzip
import json
import socket
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from holdfast.events.segment_body import BODY_BYTES_MOST, EVENT_BYTES_MOST, EVENTS_MOST
from holdfast.kernel.errors import Busy
from holdfast.ports.log import Record
from holdfast.stores.memory.log import MemoryLog
from tests.integration.collecting import SOURCE, WRITE_KEY, Collecting, collecting

TRACK = {"type": "track", "event": "Signed Up", "userId": "u1", "messageId": "m1"}
BATCH = {"batch": [TRACK]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    with collecting(tmp_path_factory.mktemp("collect")) as it:
        yield it


@pytest.fixture
def served(server: Collecting) -> Collecting:
    server.forget()
    return server


@pytest.fixture
def client(served: Collecting) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, auth=(WRITE_KEY, ""), trust_env=False) as it:
        yield it


@pytest.mark.parametrize("kind", ["batch", "track", "identify", "page", "screen", "group", "alias", "import"])
def test_every_call_has_its_path(served: Collecting, client: httpx.Client, kind: str) -> None:
    message = {"userId": "u1", "event": "x", "groupId": "g", "previousId": "a", "type": "track"}
    answer = client.post(f"/v1/{kind}", json={"batch": [message]} if kind in ("batch", "import") else message)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert answer.headers["content-type"] == "application/json"
    (entry,) = served.entries()
    assert (entry.record.kind, entry.record.source) == (kind, SOURCE)
    assert len(served.events()) == 1


@pytest.mark.parametrize(("path", "kind"), [("t", "track"), ("i", "identify"), ("p", "page"), ("b", "batch")])
def test_the_browsers_short_paths(served: Collecting, client: httpx.Client, path: str, kind: str) -> None:
    assert client.post(f"/v1/{path}", json={**TRACK, **BATCH}).status_code == 200
    assert served.entries()[0].record.kind == kind


def test_the_answer_comes_when_the_batch_is_durable_and_the_body_is_kept_as_it_came(
    served: Collecting, client: httpx.Client
) -> None:
    body = b' {"batch" : [ {"type":"track","event":"x","userId":"u"} ] , "sentAt" : null } '
    assert client.post("/v1/batch", content=body).status_code == 200
    (entry,) = served.entries()
    assert entry.record.body == body


def test_an_empty_batch_is_taken_and_not_kept(served: Collecting, client: httpx.Client) -> None:
    assert client.post("/v1/batch", json={"batch": []}).status_code == 200
    assert served.entries() == []


# The key.


@pytest.mark.parametrize(
    ("headers", "query", "body"),
    [
        ({"authorization": "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()}, "", {}),
        ({"authorization": "basic " + base64.b64encode(WRITE_KEY.encode()).decode()}, "", {}),
        ({"authorization": f"Bearer {WRITE_KEY}"}, "", {}),
        ({}, f"?writeKey={WRITE_KEY}", {}),
        ({}, "", {"writeKey": WRITE_KEY}),
    ],
)
def test_the_write_key_may_stand_in_several_places(
    served: Collecting, headers: dict[str, str], query: str, body: dict[str, str]
) -> None:
    answer = httpx.post(f"{served.url}/v1/batch{query}", json=BATCH | body, headers=headers, trust_env=False)
    assert answer.status_code == 200
    assert served.entries()[0].record.source == SOURCE


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {}),
        ({}, {"writeKey": "wrong"}),
        ({"authorization": "Basic " + base64.b64encode(b"wrong:").decode()}, {}),
        ({"authorization": "Basic " + base64.b64encode(b"wrong:").decode()}, {"writeKey": WRITE_KEY}),
        ({"authorization": "Basic !!"}, {}),
        ({"authorization": "Basic " + base64.b64encode(b"\xff:").decode()}, {}),
        ({"authorization": "Bearer wrong"}, {}),
        ({"authorization": "Digest x"}, {}),
    ],
)
def test_a_missing_or_wrong_key_is_401(served: Collecting, headers: dict[str, str], body: dict[str, str]) -> None:
    answer = httpx.post(f"{served.url}/v1/batch", json=BATCH | body, headers=headers, trust_env=False)
    assert answer.status_code == 401
    refusal = answer.json()
    assert refusal["success"] is False
    assert refusal["code"] == refusal["error"]["code"] == "unauthorized"
    assert refusal["message"] == refusal["error"]["message"]
    assert refusal["error"]["hint"]
    assert "www-authenticate" not in answer.headers
    assert served.entries() == []


# The body.


@pytest.mark.parametrize(
    "headers",
    [
        {"content-encoding": "gzip"},
        {"content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded"},
        {"content-type": "text/plain"},
    ],
)
def test_gzip_is_told_by_its_bytes(served: Collecting, client: httpx.Client, headers: dict[str, str]) -> None:
    body = json.dumps(BATCH).encode()
    halves = gzip.compress(body[:20]) + gzip.compress(body[20:])
    for sent in (gzip.compress(body), halves):
        assert client.post("/v1/batch", content=sent, headers=headers).status_code == 200
    assert [entry.record.body for entry in served.entries()] == [body, body]


def test_a_body_called_gzip_that_is_not_is_read_as_it_is(served: Collecting, client: httpx.Client) -> None:
    answer = client.post("/v1/batch", content=json.dumps(BATCH), headers={"content-encoding": "gzip"})
    assert answer.status_code == 200
    assert len(served.events()) == 1


def test_json_is_json_whatever_it_is_called(served: Collecting, client: httpx.Client) -> None:
    for label in ("text/plain", "application/x-www-form-urlencoded", "application/octet-stream"):
        answer = client.post("/v1/batch", content=json.dumps(BATCH), headers={"content-type": label})
        assert answer.status_code == 200
    assert len(served.events()) == 3


def test_a_body_in_chunks(served: Collecting, client: httpx.Client) -> None:
    body = json.dumps(BATCH).encode()
    pieces: Sequence[bytes] = [body[start : start + 7] for start in range(0, len(body), 7)]
    answer = client.post("/v1/batch", content=iter(pieces))
    assert answer.status_code == 200
    assert served.entries()[0].record.body == body


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (b"{", {}, "bad_json"),
        (b"", {}, "bad_json"),
        (b"[]", {}, "wrong_type"),
        (gzip.compress(b'{"batch":[]}', mtime=0)[:-4], {}, "bad_gzip"),
        (b"\x1f\x8bnonsense", {}, "bad_gzip"),
        (gzip.compress(b'{"batch":[]}', mtime=0) + b"rest", {}, "bad_gzip"),
        (zlib.compress(b"{}"), {"content-encoding": "deflate"}, "unknown_encoding"),
        (b"{}", {"content-encoding": "br"}, "unknown_encoding"),
    ],
)
def test_a_body_nobody_can_read_is_400(
    served: Collecting, client: httpx.Client, content: bytes, headers: dict[str, str], code: str
) -> None:
    answer = client.post("/v1/batch", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["error"]["hint"]
    assert served.entries() == []


def test_bad_records_do_not_spoil_their_batch(served: Collecting, client: httpx.Client) -> None:
    body = {"batch": [TRACK, {"type": "track"}, 5, {**TRACK, "messageId": "m2"}]}
    assert client.post("/v1/batch", json=body).status_code == 200
    events, bad = served.decoded()
    assert [event.message_id for event in events] == ["m1", "m2"]
    assert [(each.path, each.code) for each in bad] == [
        ("$.batch[1].userId", "no_identity"),
        ("$.batch[2]", "wrong_type"),
    ]


# Limits.


@pytest.mark.parametrize(
    ("body", "path", "limit"),
    [
        ({"batch": [TRACK, {**TRACK, "x": "y" * EVENT_BYTES_MOST}]}, "$.batch[1]", EVENT_BYTES_MOST),
        ({"batch": [{"type": "track"}] * (EVENTS_MOST + 1)}, "$.batch", EVENTS_MOST),
        ({"batch": [TRACK] * 8000}, "$", BODY_BYTES_MOST),
        ({"batch": [{**TRACK, "messageId": "m" * 101}]}, "$.batch[0].messageId", 100),
    ],
)
def test_over_a_limit_is_413_with_the_field_the_limit_and_the_remedy(
    served: Collecting, client: httpx.Client, body: dict[str, Any], path: str, limit: int
) -> None:
    content = json.dumps(body).encode()
    for sent in (content, gzip.compress(content)):
        answer = client.post("/v1/batch", content=sent)
        assert answer.status_code == 413
        error = answer.json()["error"]
        assert (error["code"], error["path"], error["limit"]) == ("too_large", path, limit)
        assert str(limit) in error["message"]
        assert error["hint"]
    assert served.entries() == []


def test_a_body_far_over_the_limit_is_answered_and_not_kept(served: Collecting, client: httpx.Client) -> None:
    for content in (b"x" * 5_000_000, iter([b"x" * 100_000] * 50)):
        assert client.post("/v1/batch", content=content).status_code == 413
    assert client.post("/v1/batch", json=BATCH).status_code == 200


def test_a_small_body_that_grows_without_end_is_stopped(served: Collecting, client: httpx.Client) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 60_000
    assert client.post("/v1/batch", content=bomb).status_code == 413
    assert client.post("/v1/batch", content=gzip.compress(b"") * 10_000 + bomb).status_code == 400


def test_a_client_that_leaves_in_the_middle_leaves_nothing(served: Collecting, client: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(
            b"POST /v1/batch?writeKey=" + WRITE_KEY.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"
        )
    assert client.post("/v1/batch", json=BATCH).status_code == 200
    assert len(served.entries()) == 1


# Cross-origin.

_ORIGIN = {"origin": "https://shop.example"}


def test_a_browser_that_asks_first_may_come(served: Collecting) -> None:
    asked = {
        **_ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,anonymousid",
    }
    for path in ("/v1/t", "/v1/batch", f"/v1/projects/{WRITE_KEY}/settings"):
        answer = httpx.options(served.url + path, headers=asked, trust_env=False)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["access-control-allow-headers"] == "authorization,content-type,anonymousid"
        assert ("POST" in answer.headers["access-control-allow-methods"]) == ("projects" not in path)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/t", json.dumps(TRACK), 200),
        ("POST", "/v1/t", "{", 400),
        ("POST", "/v1/t", " " * (BODY_BYTES_MOST + 1), 413),
        ("PUT", "/v1/t", "", 405),
        ("GET", f"/v1/projects/{WRITE_KEY}/settings", "", 200),
        ("GET", "/v1/projects/wrong/settings", "", 404),
        ("POST", f"/v1/projects/{WRITE_KEY}/settings", "", 405),
    ],
)
def test_every_answer_may_be_read_across_origins(
    client: httpx.Client, method: str, path: str, body: str, status: int
) -> None:
    answer = client.request(method, path, content=body, headers=_ORIGIN)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-expose-headers"] == "Retry-After"
    assert answer.headers["vary"] == "Origin"
    if status >= 400:
        assert answer.json()["error"]["hint"]
    plain = client.request(method, path, content=body)
    assert plain.status_code == status
    assert "access-control-allow-origin" not in plain.headers


def test_the_browsers_settings_name_this_host(served: Collecting) -> None:
    settings = httpx.get(f"{served.url}/v1/projects/{WRITE_KEY}/settings", trust_env=False).json()
    segment = settings["integrations"]["Segment.io"]
    assert (segment["apiKey"], segment["protocol"]) == (WRITE_KEY, "http")
    assert segment["apiHost"] == f"127.0.0.1:{served.port}/v1"
    assert settings["plan"]["track"]["__default"]["enabled"] is True


# When there is no room.


class FullLog(MemoryLog):
    """A log with no room, until there is."""

    full = True

    async def append(self, records: Sequence[Record]) -> int:
        if self.full:
            raise Busy("More than 1 byte is waiting to be written.", hint="Send it again in a second.")
        return await super().append(records)


def test_a_full_log_says_when_to_come_again(tmp_path: Path) -> None:
    log = FullLog()
    with collecting(tmp_path, log=log) as served:
        url = f"{served.url}/v1/track?writeKey={WRITE_KEY}"
        answer = httpx.post(url, json=TRACK, headers=_ORIGIN, trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        log.full = False
        assert httpx.post(url, json=TRACK, trust_env=False).status_code == 200
        assert len(served.events()) == 1
