"""Calls of templates over real sockets: what is answered, what is too much, too slow, and where nobody may go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from holdfast.channels.carriers.web import ANSWER_BYTES_MOST, WebFetcher
from holdfast.ports.web import Call, Fetched, Unfetched


@asynccontextmanager
async def a_host(answer: bytes, *, pause_seconds: float = 0.0) -> AsyncIterator[tuple[str, list[bytes]]]:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"length" in line.lower()), 0)
        asked.append(head + await reader.readexactly(length))
        try:
            await asyncio.sleep(pause_seconds)
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x?y=1", asked
    finally:
        server.close()


def reply(body: bytes, *, status: str = "200 OK", more: str = "Content-Type: application/json\r\n") -> bytes:
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_call_is_made_as_it_is_written_and_its_answer_read() -> None:
    fetcher = WebFetcher(allow_private=True)
    async with a_host(reply(b'{"left": 3}')) as (url, asked):
        said = await fetcher.fetch(Call(url=url, method="POST", headers={"authorization": "Bearer t"}, body=b"what"))
    assert said == Fetched(status=200, content_type="application/json", body=b'{"left": 3}')
    assert asked[0].startswith(b"POST /x?y=1 HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer t\r\n" in asked[0]
    assert asked[0].endswith(b"\r\n\r\nwhat")
    await fetcher.close()


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    fetcher = WebFetcher(allow_private=True)
    async with a_host(reply(b"", status="302 Found", more="Location: http://127.0.0.1:1/\r\n")) as (url, asked):
        assert await fetcher.fetch(Call(url=url)) == Fetched(status=302)
    assert len(asked) == 1
    await fetcher.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://10.0.0.1/"])
async def test_nobody_calls_into_a_private_network(url: str) -> None:
    fetcher = WebFetcher(allow_private=False)
    said = await fetcher.fetch(Call(url=url))
    assert isinstance(said, Unfetched)
    assert said.lasting
    assert "private network" in said.reason
    await fetcher.close()


async def test_too_much_is_not_read_and_too_slow_not_waited_for() -> None:
    fetcher = WebFetcher(allow_private=True, seconds_most=0.3)
    async with a_host(reply(b"x" * (ANSWER_BYTES_MOST + 1))) as (url, _):
        said = await fetcher.fetch(Call(url=url))
        assert isinstance(said, Unfetched)
        assert said.lasting
    async with a_host(reply(b"1"), pause_seconds=30) as (url, _):
        said = await fetcher.fetch(Call(url=url))
        assert isinstance(said, Unfetched)
        assert not said.lasting
    await fetcher.close()


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", b"\x00" * 99]
)
async def test_whatever_comes_back_is_a_value(answer: bytes) -> None:
    fetcher = WebFetcher(allow_private=True)
    async with a_host(answer) as (url, _):
        assert isinstance(await fetcher.fetch(Call(url=url)), Unfetched)
    await fetcher.close()


@pytest.mark.parametrize(
    "call",
    [
        Call(url="http://127.0.0.1:1/"),
        Call(url="https://nowhere.invalid/"),
        Call(url="ftp://a.example/"),
        Call(url="http://a b/"),
        Call(url="http:///"),
        Call(url="http://ß\ud800.example/"),
        Call(url="http://127.0.0.1:1/", headers={"x": "a\r\nb"}),
        Call(url="http://127.0.0.1:1/", headers={"x": "\u4e2d"}),
    ],
)
async def test_a_call_that_cannot_be_made_is_a_value(call: Call) -> None:
    fetcher = WebFetcher(allow_private=True)
    assert isinstance(await fetcher.fetch(call), Unfetched)
    await fetcher.close()
