"""Requests that bring events are answered alike whichever way they are read: whole, or piece by piece as all others.

With a question mark behind its path a request means the same, and goes the way of all others.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from holdfast.workers.whole_requests import WHOLE_BYTES_MOST, WholeRequests
from tests.integration.collecting import WRITE_KEY, Collecting, collecting

BASIC = f"Authorization: Basic {base64.b64encode(f'{WRITE_KEY}:'.encode()).decode()}"
TRACK = {"type": "track", "event": "Read", "userId": "ann", "messageId": "one"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    with collecting(Path(tmp_path_factory.mktemp("whole"))) as it:
        yield it


@pytest.fixture
def wholes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The targets of requests that were read to their end before they were begun."""
    found: list[bytes] = []
    sound = WholeRequests.on_message_complete

    def noted(self: WholeRequests) -> None:
        if self._reading is not None:
            found.append(self.url)
        sound(self)

    monkeypatch.setattr(WholeRequests, "on_message_complete", noted)
    return found


def request(
    path: str, body: bytes, *headers: str, version: str = "1.1", method: str = "POST", chunked: bool = False
) -> bytes:
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    if chunked:
        body = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (body[:7], body[7:]) if each) + b"0\r\n\r\n"
    head = "\r\n".join([f"{method} {path} HTTP/{version}", "Host: here", *headers, size, "", ""])
    return head.encode("latin-1") + body


def batch(*messages: object) -> bytes:
    return json.dumps({"batch": messages}).encode()


def told(server: Collecting, *pieces: bytes, answers: int = 1) -> bytes:
    """All that is answered on one connection until there are so many answers and the last is whole, or it is closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        for piece in pieces:
            connection.sendall(piece)
        said = b""
        while not is_whole(said, answers) and (more := connection.recv(65_536)):
            said += more
        return said


def is_whole(said: bytes, answers: int) -> bool:
    for _ in range(answers):
        head, between, rest = said.partition(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", head)
        if not between or size is None or len(rest) < int(size[1]):
            return False
        said = rest[int(size[1]) :]
    return True


def undated(said: bytes) -> list[bytes]:
    """The lines of an answer in no order, without what changes by the second."""
    return sorted(line for line in said.split(b"\r\n") if not line.startswith(b"date: "))


KNOWN = (BASIC, "Content-Type: application/json")
CASES: dict[str, tuple[bytes, Sequence[str]]] = {
    "plain": (batch(TRACK), KNOWN),
    "of another page": (batch(TRACK), (*KNOWN, "Origin: https://shop.example")),
    "packed": (gzip.compress(batch(TRACK)), (*KNOWN, "Content-Encoding: gzip")),
    "broken packing": (gzip.compress(batch(TRACK))[:-9], (*KNOWN, "Content-Encoding: gzip")),
    "no JSON": (b'{"batch": [', KNOWN),
    "nothing": (b"", KNOWN),
    "nobody's key": (batch(TRACK), ("Authorization: Basic d2tfbm9ib2R5Og==",)),
    "no key": (batch(TRACK), ()),
    "key within": (json.dumps({"writeKey": WRITE_KEY, "batch": [TRACK]}).encode(), ()),
    "too many": (batch(*[{}] * 2_501), KNOWN),
    "to be closed": (batch(TRACK), (*KNOWN, "Connection: close")),
    "as large as may be whole": (batch(TRACK).ljust(WHOLE_BYTES_MOST), KNOWN),
    "larger": (batch(TRACK).ljust(WHOLE_BYTES_MOST + 1), KNOWN),
    "too large": (batch(TRACK).ljust(600_000), KNOWN),
}


@pytest.mark.parametrize("case", CASES)
def test_both_ways_give_the_same_answer(server: Collecting, wholes: list[bytes], case: str) -> None:
    body, headers = CASES[case]
    whole, usual = (told(server, request(path, body, *headers)) for path in ("/v1/batch", "/v1/batch?"))
    assert undated(whole) == undated(usual)
    assert whole.count(b"\r\ndate: ") == 1
    assert wholes == ([b"/v1/batch"] if len(body) <= WHOLE_BYTES_MOST else [])


@pytest.mark.parametrize("case", ["plain", "no key"])
def test_requests_cut_anywhere_are_put_together(server: Collecting, wholes: list[bytes], case: str) -> None:
    body, headers = CASES[case]
    whole = request("/v1/batch", body, *headers)
    usual = told(server, request("/v1/batch?", body, *headers))
    for cut in (1, 30, len(whole) - len(body), len(whole) - 1):
        assert undated(told(server, whole[:cut], whole[cut:])) == undated(usual)
    assert wholes == [b"/v1/batch"] * 4


def test_what_asks_for_more_care_goes_the_usual_way(server: Collecting, wholes: list[bytes]) -> None:
    said = batch(TRACK)
    for each in (
        request("/v1/batch", said, *KNOWN, chunked=True),
        request("/v1/batch", said, *KNOWN, version="1.0"),
        request("http://here/v1/batch", said, *KNOWN),
    ):
        assert told(server, each).startswith(b"HTTP/1.1 200 OK\r\n")
    awaited = told(server, request("/v1/batch", said, *KNOWN, "Expect: 100-continue"), answers=2)
    assert b"HTTP/1.1 200 OK\r\n" in awaited
    closed = "Connection: close"
    assert told(server, request("/v1/batch", b"", closed, method="OPTIONS")).startswith(b"HTTP/1.1 204 ")
    assert told(server, request("/v1/batch", b"", closed, method="PUT")).startswith(b"HTTP/1.1 405 ")
    assert wholes == []
    # One that offers another protocol is read again without the offer, and is like any other then.
    offer = request("/v1/batch", said, *KNOWN, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")
    assert told(server, offer).startswith(b"HTTP/1.1 200 OK\r\n")
    assert wholes == [b"/v1/batch"]


def test_requests_in_one_go_are_answered_in_their_order(server: Collecting) -> None:
    paths = ["/v1/batch", "/v1/track", "/v1/unknown", "/v1/batch?", "/v1/batch", "/v1/projects/none/settings"]
    bodies = [batch(TRACK), json.dumps(TRACK).encode(), b"", b"no JSON", b'{"batch": 1}', b""]
    methods = ["POST"] * 5 + ["GET"]
    each = [
        request(path, body, *KNOWN, method=method) for path, body, method in zip(paths, bodies, methods, strict=True)
    ]
    said = told(server, b"".join(each) * 3, answers=18)
    found = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", said)]
    assert found == [200, 200, 404, 400, 400, 404] * 3


def test_a_connection_goes_on_after_each_answer(server: Collecting, wholes: list[bytes]) -> None:
    said = request("/v1/batch", batch(TRACK), *KNOWN)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        for _ in range(5):
            connection.sendall(said)
            answer = b""
            while not is_whole(answer, 1):
                answer += connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert wholes == [b"/v1/batch"] * 5


def test_on_a_connection_that_is_to_be_closed_nothing_more_is_answered(server: Collecting, wholes: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request("/v1/batch", batch(TRACK), *KNOWN, "Connection: close"))
        said = b""
        while not is_whole(said, 1):
            said += connection.recv(65_536)
        with contextlib.suppress(ConnectionError):
            connection.sendall(request("/v1/batch", batch(TRACK), *KNOWN))
            said += connection.recv(65_536)
    assert said.count(b"HTTP/1.1 200 OK\r\n") == 1
    assert b"\r\nconnection: close\r\n" in said
    assert wholes == [b"/v1/batch"]


def test_whoever_leaves_in_the_middle_leaves_nothing_behind(server: Collecting) -> None:
    server.forget()
    whole = request("/v1/batch", batch(TRACK | {"messageId": "gone"}), *KNOWN)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(whole[:-5])
    assert told(server, request("/v1/batch", batch(TRACK), *KNOWN)).startswith(b"HTTP/1.1 200 OK\r\n")
    assert [event.message_id for event in server.events()] == ["one"]


def test_what_breaks_is_answered_and_the_connection_closed(server: Collecting, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise OSError("nobody foresaw this")

    monkeypatch.setattr(server.log, "append", broken)
    whole, usual = (told(server, request(path, batch(TRACK), *KNOWN)) for path in ("/v1/batch", "/v1/batch?"))
    assert undated(whole) == undated(usual)
    assert whole.startswith(b"HTTP/1.1 500 ")
