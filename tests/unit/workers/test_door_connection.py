"""A connection at the door answers one request after the other, and leaves with every letter that is not answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from holdfast.workers.door_connection import AGAIN_SECONDS, READ_BYTES_MOST, AtTheDoor, ForTheServer
from holdfast.workers.listening import Entrance, web_server

PATIENCE_SECONDS = 10.0


def request(body: bytes, path: str = "/v1/batch") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Pipe(asyncio.Transport):
    """The client's end: what it is told, and whether we read."""

    def __init__(self) -> None:
        super().__init__({"peername": ("10.0.0.1", 1), "sockname": ("10.0.0.2", 2)})
        self.told = b""
        self.unsent = 0
        self.reads = True
        self.closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return None if name == "socket" else super().get_extra_info(name, default)

    def write(self, data: Any) -> None:
        self.told += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


class Client:
    """One connection, whose requests are answered with their body once they may be."""

    def __init__(self) -> None:
        self.pipe = Pipe()
        self.may = asyncio.Semaphore(0)
        self.begun: list[bytes] = []
        self.given_back: list[bytes] = []
        self.can_go = True
        self.connection = AtTheDoor(
            config=web_server(Entrance("")).config,
            server_state=ServerState(),
            app_state={},
            direct=lambda: {b"/v1/batch": self._answer},
            give_back=self._give_back,
        )
        self.connection.connection_made(self.pipe)

    async def _answer(self, _scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        self.begun.append(body)
        await self.may.acquire()
        if body == b"whose?":
            raise ForTheServer
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    def _give_back(self, _connection: AtTheDoor, read: bytes) -> bool:
        if self.can_go:
            self.given_back.append(read)
        return self.can_go

    async def says(self, *said: bytes, seconds: float = 0.0) -> None:
        for each in said:
            self.connection.data_received(each)
        for _ in range(5):
            await asyncio.sleep(seconds)

    async def hears(self) -> list[bytes]:
        """The bodies of the answers so far."""
        await asyncio.sleep(0)
        return [each.rpartition(b"\r\n\r\n")[2] for each in self.pipe.told.split(b"HTTP/1.1 200 OK")[1:]]


def told(story: Callable[[Client], Awaitable[None]]) -> None:
    async def tell() -> None:
        await asyncio.wait_for(story(Client()), PATIENCE_SECONDS)

    asyncio.run(tell())


def test_what_comes_while_a_request_is_answered_waits() -> None:
    async def story(client: Client) -> None:
        await client.says(request(b"one"))
        await client.says(request(b"two")[:20], request(b"two")[20:])
        assert client.begun == [b"one"]
        assert not client.pipe.reads
        client.may.release()
        await client.says()
        assert (await client.hears(), client.begun) == ([b"one"], [b"one", b"two"])
        assert client.pipe.reads
        client.may.release()
        await client.says()
        assert await client.hears() == [b"one", b"two"]
        assert client.given_back == []

    told(story)


def test_it_leaves_with_all_that_is_not_answered() -> None:
    both, other = request(b"one") + request(b"two"), request(b"", "/healthz")
    for said in ([both], [both[:90]], [other], [other[:40], other[40:]], [b"no HTTP\r\n\r\n"]):

        async def story(client: Client, said: list[bytes] = said) -> None:
            client.may.release()
            await client.says(request(b"before"))
            await client.says(*said)
            assert await client.hears() == [b"before"]
            assert client.begun == [b"before"]
            assert client.given_back == [b"".join(said)]
            assert client.pipe.closed

        told(story)


def test_what_waited_leaves_behind_what_is_the_servers_to_answer() -> None:
    async def story(client: Client) -> None:
        await client.says(request(b"whose?"))
        await client.says(request(b"next"))
        client.may.release()
        await client.says()
        assert client.given_back == [request(b"whose?") + request(b"next")]
        assert client.begun == [b"whose?"]
        assert client.pipe.told == b""

    told(story)


def test_it_leaves_once_its_answers_have_gone_out_and_there_is_room() -> None:
    async def story(client: Client) -> None:
        client.pipe.unsent = 5
        await client.says(request(b"", "/healthz"), seconds=AGAIN_SECONDS)
        assert client.given_back == []
        client.pipe.unsent, client.can_go = 0, False
        await client.says(b"and more", seconds=AGAIN_SECONDS)
        assert not client.pipe.closed
        client.can_go = True
        await client.says(seconds=AGAIN_SECONDS)
        assert client.given_back == [request(b"", "/healthz") + b"and more"]
        assert client.pipe.closed

    told(story)


def test_it_holds_no_more_than_it_may() -> None:
    async def story(client: Client) -> None:
        head = b"POST /v1/batch HTTP/1.1\r\nX-Long: "
        await client.says(head + b"x" * READ_BYTES_MOST)
        assert client.given_back == [head + b"x" * READ_BYTES_MOST]

    told(story)


def test_it_ends_where_nothing_comes() -> None:
    async def story(client: Client) -> None:
        timer = client.connection.timeout_keep_alive_task
        assert timer is not None
        timer.cancel()
        client.connection.timeout_keep_alive_handler()
        assert client.pipe.closed

    told(story)
