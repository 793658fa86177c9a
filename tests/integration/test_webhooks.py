"""The webhook step from the event to a real HTTP server, and everything that server may do."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from holdfast.channels.carriers import http
from holdfast.channels.carriers.http import HttpCarrier
from holdfast.channels.webhook import read
from holdfast.kernel.errors import Invalid
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.testing.house import House

SECRET = "a secret of the test"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Hook:
    """A server that says what it is told to, and keeps what it was asked."""

    answers: list[bytes] = field(default_factory=list)
    """Said in turn, then `OK`; an empty one closes the connection."""
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                pairs = (line.partition(": ") for line in head[1:] if line)
                headers = {name.lower(): value for name, _, value in pairs}
                body = await reader.readexactly(int(headers["content-length"]))
                self.calls.append((head[0], headers, body))
                answer = self.answers.pop(0) if self.answers else OK
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def a_hook(*answers: bytes) -> AsyncIterator[Hook]:
    hook = Hook(answers=list(answers))
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0)
    hook.port = server.sockets[0].getsockname()[1]
    try:
        yield hook
    finally:
        server.close()


def journey(url: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": "tell",
        "name": "Tell",
        "holdout": 0.0,
        "goal": {"event": "Order Completed", "within_seconds": 3_600},
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": "Checkout Started", "again": "once", "exits": {"entered": "call"}},
            "call": {"type": "webhook", "url": url, **fields, "exits": {"sent": "done", "withheld": "done"}},
            "done": {"type": "exit"},
        },
    }


ADA = (
    {"type": "identify", "userId": "ada", "messageId": "1", "traits": {"name": 'Ada "the" first', "points": 3}},
    {"type": "track", "userId": "ada", "messageId": "2", "event": "Checkout Started", "properties": {"cart": [1, 2]}},
)


@asynccontextmanager
async def a_house(directory: Path, **settings: object) -> AsyncIterator[House]:
    directory.mkdir(exist_ok=True)
    given: dict[str, Any] = {"webhook_private": True, "webhook_secret": SECRET} | settings
    house = await House.build(directory, **given)
    yield house
    await house.app.close()


async def state_of(house: House) -> tuple[str, str]:
    async with house.app.state.view() as view:
        (send,) = await view.sends_of(origin="tell", identities=None, limit=9)
    return send.state, send.reason


async def settled(house: House) -> None:
    async with asyncio.timeout(120):
        await house.settle()


async def test_a_call_says_what_the_step_says_and_is_signed(tmp_path: Path) -> None:
    body = '{"who": {{ person.name | json }}, "cart": {{ event.properties.cart | json }}, "no": {{ person.no | json }}}'
    async with a_hook() as hook, a_house(tmp_path) as house:
        await house.publish(journey(hook.url, body=body, headers="X-Shop: tea"))
        await house.happens(*ADA)
        await settled(house)
        [(asked, headers, sent)] = hook.calls
        assert asked == "POST /hooks HTTP/1.1"
        assert json.loads(sent) == {"who": 'Ada "the" first', "cart": [1, 2], "no": None}
        assert (headers["x-shop"], headers["content-type"]) == ("tea", "application/json")
        assert headers["idempotency-key"] == headers["webhook-id"]
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + sent
        signature = base64.b64encode(hmac.new(SECRET.encode(), said, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{signature}"
        assert await state_of(house) == ("sent", "")


async def test_without_a_body_it_tells_what_is_known(tmp_path: Path) -> None:
    async with a_hook() as hook, a_house(tmp_path) as house:
        await house.publish(journey(hook.url))
        await house.happens(*ADA)
        await settled(house)
        told = json.loads(hook.calls[0][2])
        assert (told["journey"], told["step"], told["person"]["points"]) == ("tell", "call", 3)
        assert told["event"]["name"] == "Checkout Started"


@pytest.mark.parametrize("first", [b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", b""])
async def test_a_call_that_failed_is_made_again_under_the_same_key(tmp_path: Path, first: bytes) -> None:
    async with a_hook(first) as hook, a_house(tmp_path) as house:
        await house.publish(journey(hook.url))
        await house.happens(*ADA)
        await settled(house)
        assert (await state_of(house))[0] == "pending"
        house.clock.advance(minutes=5)
        await settled(house)
        assert await state_of(house) == ("sent", (await state_of(house))[1])
        one, two = hook.calls
        assert (one[1]["idempotency-key"], one[2]) == (two[1]["idempotency-key"], two[2])


async def test_it_is_no_marketing_unless_it_is_said_to_be(tmp_path: Path) -> None:
    opted_out = {"type": "track", "userId": "ada", "messageId": "3", "event": "Checkout Started"}
    for marketing, expected in ((False, "sent"), (True, "withheld")):
        async with a_hook() as hook, a_house(tmp_path / str(marketing), consent_default="required") as house:
            await house.publish(journey(hook.url, marketing=marketing))
            await house.happens(ADA[0], opted_out)
            await settled(house)
            assert (await state_of(house))[0] == expected


async def test_what_is_no_json_or_not_allowed_is_a_dead_letter_with_its_reason(tmp_path: Path) -> None:
    for name, fields, settings, reason in (
        ("json", {"body": '{"who": {{ person.name }}}'}, {}, "no JSON"),
        ("private", {}, {"webhook_private": False}, "private network"),
    ):
        async with a_hook() as hook, a_house(tmp_path / name, **settings) as house:
            await house.publish(journey(hook.url, **fields))
            await house.happens(*ADA)
            await settled(house)
            state, said = await state_of(house)
            assert state == "failed"
            assert reason in said
            assert hook.calls == []
            async with house.app.state.view() as view:
                assert len(await view.dead_letters(limit=9)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://a.example"},
        {"url": "https://"},
        {"url": "https://user:secret@a.example"},
        {"url": "https://a.example/ö"},
        {"headers": "no colon"},
        {"headers": "Host: b.example"},
        {"headers": "webhook-signature: v1,x"},
        {"body": "{{ person.name "},
    ],
)
async def test_what_cannot_be_called_is_refused_when_it_is_published(tmp_path: Path, fields: dict[str, str]) -> None:
    async with a_house(tmp_path) as house:
        with pytest.raises(Invalid) as refused:
            await house.publish(journey(**{"url": "https://a.example", **fields}))
        assert refused.value.path.startswith("$.steps.call.")


def parcel(url: str) -> Parcel:
    return Parcel(key="k", channel="webhook", sender="", to=url, url=url, body=b"{}")


async def test_the_carrier_answers_whatever_happens() -> None:
    carrier = HttpCarrier(read=read, allow_private=True, seal=lambda _: {})
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 200_000
    away = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with a_hook(OK, away, b"garbage\r\n\r\n", b"", huge) as hook:
        assert await carrier.carry(parcel(hook.url)) == Accepted("200")
        assert isinstance(await carrier.carry(parcel(hook.url)), Refused)
        assert isinstance(await carrier.carry(parcel(hook.url)), InDoubt)
        assert isinstance(await carrier.carry(parcel(hook.url)), InDoubt)
        assert await carrier.carry(parcel(hook.url)) == Accepted("200")
        port = hook.port
    await asyncio.sleep(0)
    assert isinstance(await carrier.carry(parcel(f"http://127.0.0.1:{port}/")), Deferred)
    assert isinstance(await carrier.carry(parcel("gopher://a.example/")), Refused)
    await carrier.close()


PRIVATE = (
    *("127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:10.0.0.1]"),
    # The same written otherwise: in decimal, octal and hexadecimal, shortened, as nothing at all.
    *("2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0.0.0.0", "0", "[::]"),
    # By a translator, by 6to4, as a "compatible" address; of the site, of the link, of many.
    *("[64:ff9b::a00:1]", "[2002:7f00:1::1]", "[::7f00:1]", "[fec0::1]", "[fd00::1]", "224.0.0.251", "[ff0e::1]"),
    *("100.64.0.1", "192.0.0.8", "255.255.255.255", "240.0.0.1"),
)


@pytest.mark.parametrize("host", PRIVATE)
async def test_nothing_private_is_called(host: str) -> None:
    carrier = HttpCarrier(read=read, allow_private=False, seal=lambda _: {})
    answer = await carrier.carry(parcel(f"http://{host}:9/"))
    assert isinstance(answer, Refused)
    assert "webhook_private" in answer.reason
    await carrier.close()


Found = list[tuple[Any, ...]]


def looking_up(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> list[str]:
    """From now on every name has these addresses; returns the names that are asked for."""
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    found = loop.getaddrinfo

    async def told(host: str, port: int, **how: Any) -> Found:
        if host.replace(".", "").isdigit() or ":" in host:
            return list(await found(host, port, **how))
        asked.append(host)
        return [each for address in addresses for each in await found(address, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(loop, "getaddrinfo", told)
    return asked


async def test_a_name_with_one_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = HttpCarrier(read=read, allow_private=False, seal=lambda _: {})
    for addresses in (["192.0.2.1", "127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"]):
        looking_up(monkeypatch, addresses)
        answer = await carrier.carry(parcel("http://hook.example:9/"))
        assert isinstance(answer, Refused)
    await carrier.close()


async def test_the_address_that_was_looked_at_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is looked up again may lead elsewhere the second time. And one dead address is not the end."""
    carrier = HttpCarrier(read=read, allow_private=True, seal=lambda _: {})
    async with a_hook() as hook:
        asked = looking_up(monkeypatch, ["127.0.0.2", "127.0.0.1"])
        answer = await carrier.carry(parcel(f"http://hook.example:{hook.port}/"))
        assert answer == Accepted("200")
        assert asked == ["hook.example"]
        assert hook.calls[0][1]["host"].startswith("hook.example")
        await carrier.close()
        await asyncio.sleep(0.01)  # The server hears of it.


async def test_who_says_nothing_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CALL_SECONDS_MOST", 0.05)
    carrier = HttpCarrier(read=read, allow_private=True, seal=lambda _: {})
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # Until the other side goes.
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with asyncio.timeout(120):
        answer = await carrier.carry(parcel(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
    assert isinstance(answer, InDoubt)
    await carrier.close()
    await hung_up.wait()
    server.close()


def answered(status: int, retry_after: str = "") -> Verdict:
    return read(HttpReply(status=status, headers={"retry-after": retry_after}), parcel("https://hook.example/"))


def test_every_status_is_a_verdict() -> None:
    kinds = {status: type(answered(status)).__name__ for status in range(100, 600)}
    assert {kinds[status] for status in range(200, 300)} == {"Accepted"}
    assert {kinds[status] for status in (408, 425, 429, 500, 502, 503, 504)} == {"Deferred"}
    assert {kinds[status] for status in (301, 307, 400, 401, 404, 410, 422, 501)} == {"Refused"}
    assert answered(429, "7") == Deferred("The answer was 429", 7)
    assert answered(429, "9999999") == Deferred("The answer was 429", 86_400)
    assert answered(429, "soon") == Deferred("The answer was 429", 60)
