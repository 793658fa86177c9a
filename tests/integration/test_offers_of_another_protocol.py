"""Requests that offer to go on in HTTP/2, as Java's client does: their bodies are read, however they arrive."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Sequence

import pytest

from tests.integration.api_server import WRITE_KEY, Server

OFFER = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)
BASIC = f"Authorization: Basic {base64.b64encode(f'{WRITE_KEY}:'.encode()).decode()}"


def request(message_id: str, *, chunked: bool, headers: Sequence[str] = OFFER) -> tuple[bytes, bytes]:
    """Head and body."""
    said = {"type": "track", "event": "Offered", "userId": "java", "messageId": message_id}
    body = json.dumps({"batch": [said | {"properties": {"long": "x" * 20_000}}]}).encode()
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = "\r\n".join(["POST /v1/batch HTTP/1.1", "Host: here", *headers, BASIC, size, "", ""])
    if chunked:
        body = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (body[:1_000], body[1_000:])) + b"0\r\n\r\n"
    return head.encode(), body


def answers(server: Server, pieces: Sequence[bytes], *, count: int) -> list[bytes]:
    """The first lines of what is answered on one connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)
        told = b""
        while told.count(b"HTTP/1.1 ") < count and (more := connection.recv(65_536)):
            told += more
    return [b"HTTP/1.1 " + each.partition(b"\r\n")[0] for each in told.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_what_is_offered_with_an_event_does_not_cost_the_event(server: Server, *, apart: bool, chunked: bool) -> None:
    message_id = f"offered-{apart}-{chunked}"
    head, body = request(message_id, chunked=chunked)
    # Cut in the middle of the head and of the body, or all of it at once.
    pieces = [head[:90], head[90:], body[:10], body[10:]] if apart else [head + body]
    assert answers(server, pieces, count=1) == [b"HTTP/1.1 200 OK"]
    assert took_in(server, message_id)


def test_what_follows_on_the_same_connection_is_read_too(server: Server) -> None:
    first, second = request("first", chunked=False), request("second", chunked=False, headers=())
    third = request("third", chunked=True, headers=("Connection: close, Upgrade", "Upgrade: h2c"))
    told = answers(server, [b"".join(first + second + third)], count=3)
    assert told == [b"HTTP/1.1 200 OK"] * 3
    assert took_in(server, "first", "second", "third")


@pytest.mark.parametrize("offer", ["websocket", "h2c", "anything"])
def test_a_question_with_an_offer_is_answered(server: Server, offer: str) -> None:
    head = f"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: {offer}\r\n\r\n".encode()
    assert answers(server, [head], count=1) == [b"HTTP/1.1 200 OK"]


def test_nothing_is_reached_through_us(server: Server) -> None:
    assert answers(server, [b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n"], count=1) == [
        b"HTTP/1.1 400 Bad Request"
    ]


def took_in(server: Server, *message_ids: str) -> bool:
    """Whether all of them come to stand among what the person did."""
    for _ in range(600):
        found = server.ask("GET", "/api/people/java/events?limit=100")
        if found.status == 200 and set(message_ids) <= {each["message_id"] for each in found.json["events"]}:
            return True
        time.sleep(0.1)
    return False
