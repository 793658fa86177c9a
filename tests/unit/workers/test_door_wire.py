"""Messages between the server and its door arrive whole however they are cut, and connections go with them."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from holdfast.workers.door_wire import (
    Back,
    Come,
    FromDoor,
    Group,
    Kept,
    Keys,
    Ready,
    Stop,
    ToDoor,
    pass_connection,
    passed_connection,
)
from holdfast.workers.wire import Wire

TO_DOOR: list[ToDoor] = [
    Keys({"hash": "web"}),
    Come(),
    Kept(1, []),
    Kept(2, [0, 3], ("full", "busy", "$", "wait")),
    Kept(3, [], failed=True),
    Stop(),
]
FROM_DOOR: list[FromDoor] = [
    Ready(),
    Group(1, [("batch", "web", b"\x00\xff"), ("track", "app", b"")]),
    Back(b"GET / HTTP/1.1\r\n"),
    Group(2, [("batch", "web", b"x" * 100_000)]),
]


class Pipe(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.written += data

    def is_closing(self) -> bool:
        return False


def said(messages: list[ToDoor] | list[FromDoor]) -> bytes:
    wire: Wire[object] = Wire(object, lambda _: None, lambda: None)
    pipe = Pipe()
    wire.connection_made(pipe)
    for each in messages:
        wire.say(each)
    return pipe.written


@pytest.mark.parametrize("step", [1, 3, 4, 5, 17, 4_096, 1 << 20])
def test_messages_arrive_however_they_are_cut(step: int) -> None:
    for hears, messages in ((ToDoor, TO_DOOR), (FromDoor, FROM_DOOR)):
        heard: list[object] = []
        wire: Wire[object] = Wire(hears, heard.append, lambda: None)
        written = said(messages)
        for begin in range(0, min(len(written), 2_000) if step == 1 else len(written), step):
            wire.data_received(written[begin : begin + step])
        assert heard == messages[: len(heard)]
        assert step == 1 or heard == messages


def test_nobody_hears_what_is_said_to_one_who_has_gone() -> None:
    ended: list[bool] = []
    wire: Wire[object] = Wire(ToDoor, lambda _: None, lambda: ended.append(True))
    wire.say(Stop())
    wire.connection_made(Pipe())
    wire.connection_lost(None)
    wire.say(Stop())
    assert ended == [True]


def test_a_connection_that_is_given_away_stays_open_for_the_other() -> None:
    async def tried() -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with socket.create_server(("127.0.0.1", 0)) as listener, ours, theirs:
            with socket.create_connection(listener.getsockname(), timeout=5) as client:
                accepted, _ = listener.accept()
                accepted.setblocking(False)
                transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, accepted)
                assert pass_connection(ours, transport)
                transport.close()
                await asyncio.sleep(0.01)
                given = passed_connection(theirs)
                assert given is not None
                with given:
                    assert not given.get_inheritable()
                    client.sendall(b"question")
                    await asyncio.sleep(0.01)
                    assert given.recv(100) == b"question"
                    given.sendall(b"answer")
                    assert client.recv(100) == b"answer"
            theirs.setblocking(False)
            assert passed_connection(theirs) is None

    asyncio.run(tried())


def test_who_cannot_take_a_connection_is_given_none() -> None:
    async def tried() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        mine, other = socket.socketpair()
        transport, _ = await asyncio.get_running_loop().create_unix_connection(asyncio.Protocol, sock=mine)
        with ours, theirs, other, contextlib.closing(transport):
            given = 0
            while given < 10_000 and pass_connection(ours, transport):
                given += 1
            assert 0 < given < 10_000
            theirs.close()
            assert not pass_connection(ours, transport)

    asyncio.run(tried())


async def test_whoever_says_a_large_message_out_waits_until_all_of_it_has_gone() -> None:
    heard: list[FromDoor] = []
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    wire: Wire[object] = Wire(object, lambda _: None, lambda: None)
    loop = asyncio.get_running_loop()
    await loop.create_unix_connection(lambda: wire, sock=ours)
    large = Group(1, [("batch", "web", b"x" * 5_000_000)])
    saying = asyncio.create_task(wire.say_out(large))
    await asyncio.sleep(0.05)
    assert not saying.done()  # Nobody reads.
    await loop.create_unix_connection(lambda: Wire[FromDoor](FromDoor, heard.append, lambda: None), sock=theirs)
    await asyncio.wait_for(saying, 10)
    async with asyncio.timeout(10):
        while not heard:
            await asyncio.sleep(0)
    assert heard == [large]
    await wire.say_out(Ready())  # What is small goes at once.
    wire.close()


async def test_whoever_waits_for_one_that_has_gone_waits_no_more() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    wire: Wire[object] = Wire(object, lambda _: None, lambda: None)
    await asyncio.get_running_loop().create_unix_connection(lambda: wire, sock=ours)
    saying = asyncio.create_task(wire.say_out(Group(1, [("batch", "web", b"x" * 5_000_000)])))
    await asyncio.sleep(0.05)
    theirs.close()
    await asyncio.wait_for(saying, 10)
    await wire.say_out(Ready())
