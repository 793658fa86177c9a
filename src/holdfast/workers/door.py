"""The door: a process of its own that reads requests which bring events, checks them and answers them for the server.

The server has the log, and gives the door connections that bring many such requests. What the door takes in goes to the
server in groups, and is answered once the server says that it is durable. It does nothing else and keeps nothing: it
may end at any time, and what was not answered is sent again by whoever sent it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from uvicorn.server import ServerState

from holdfast.events.segment_body import check
from holdfast.flows.ingest.collect import Collected
from holdfast.flows.upkeep.keys import key_hash
from holdfast.http.collect import collect_first, collect_routes
from holdfast.kernel.errors import Busy
from holdfast.ports.log import RecordKind
from holdfast.workers.door_connection import AtTheDoor, ForTheServer
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
from holdfast.workers.listening import GOODBYE_SECONDS, Entrance, loop_factory, web_server
from holdfast.workers.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP_BYTES_MOST = 1024 * 1024
"""A group is closed once it holds more."""
GATHER_SECONDS = 0.002
"""How long the next group waits for each body in the last one: where hundreds come each second they come to be
larger, for one group costs the server as much as five requests would. One by one, bodies wait for nothing."""
GATHER_SECONDS_MOST = 0.01
"""How long it waits at most."""
_DATE_SECONDS = 1.0
_LOOK_SECONDS = 0.05
"""How often it is looked whether all is answered once the door is to end."""


class Gathering:
    """Takes bodies as the server's own collector does, and has the server keep them, a group at a time.

    One group is under way at a time. So a server that is slow gets larger groups, and no more of them.

    Args:
        say: tells the server.
        queue_bytes: bodies are refused with Busy while more than this waits.
    """

    def __init__(self, say: Callable[[FromDoor], None], queue_bytes: int) -> None:
        self._say = say
        self._queue_bytes = queue_bytes
        self._loop = asyncio.get_running_loop()
        self._bodies: list[tuple[RecordKind, str, bytes]] = []
        self._answers: list[asyncio.Future[None]] = []
        self._waiting_bytes = 0
        self._number = 0
        self._under_way: list[asyncio.Future[None]] = []
        self._under_way_bytes = 0
        self._is_due = False
        self._next_at = 0.0

    async def collect(self, kind: RecordKind, body: bytes, source: str) -> Collected:
        """Take a request body; when this returns, its messages are durable.

        Raises what `flows.ingest.collect.Collector.collect` does, and ForTheServer when the key is none any more.
        """
        messages = check(kind, body)
        if not messages:
            return Collected(messages=0, offset=None)
        if self._waiting_bytes and self._waiting_bytes + len(body) > self._queue_bytes:
            raise Busy(
                f"More than {self._queue_bytes} bytes are waiting to be written.", hint="Send it again in a second."
            )
        answer = self._loop.create_future()
        self._bodies.append((kind, source, body))
        self._answers.append(answer)
        self._waiting_bytes += len(body)
        self._plan()
        await answer
        return Collected(messages=messages, offset=None)

    def _plan(self) -> None:
        """Have the next group go at the end of this turn of the loop, or when it is time."""
        if self._bodies and not self._under_way and not self._is_due:
            self._is_due = True
            if (left := self._next_at - self._loop.time()) > 0:
                self._loop.call_later(left, self._send)
            else:
                self._loop.call_soon(self._send)

    def _send(self) -> None:
        self._is_due = False
        size = count = 0
        for _, _, body in self._bodies:
            size += len(body)
            count += 1
            if size > GROUP_BYTES_MOST:
                break
        self._number += 1
        self._say(Group(self._number, self._bodies[:count]))
        self._under_way, self._under_way_bytes = self._answers[:count], size
        del self._bodies[:count], self._answers[:count]
        self._next_at = self._loop.time() + min(count * GATHER_SECONDS, GATHER_SECONDS_MOST)

    def kept(self, said: Kept) -> None:
        """The server says what became of the group that is under way."""
        answers, self._under_way = self._under_way, []
        self._waiting_bytes -= self._under_way_bytes
        not_ours = set(said.not_ours)
        for place, answer in enumerate(answers):
            if answer.done():
                continue  # Whoever asked was called off.
            if place in not_ours:
                answer.set_exception(ForTheServer())
            elif said.refusal is not None:
                message, code, path, hint = said.refusal
                answer.set_exception(Busy(message, code=code, path=path, hint=hint))
            elif said.failed:
                answer.set_exception(RuntimeError("the server could not keep it"))
            else:
                answer.set_result(None)
        self._plan()


class Door:
    """The connections there are, and how they are answered.

    Args:
        connections: where connections come and go.
        queue_bytes: as the log's.
    """

    def __init__(self, connections: socket.socket, queue_bytes: int) -> None:
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._sources: dict[str, str] = {}
        self._wire: Wire[ToDoor] = Wire(ToDoor, self._heard, _end)
        self._gathering = Gathering(self._wire.say, queue_bytes)
        self._state = ServerState()
        self._coming: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()
        entrance = Entrance("")  # Its answers are never needed: the door has its routes from the beginning.
        entrance.inner = collect_first(collect_routes(self._gathering, self._source_of), entrance.starting)
        self._config = web_server(entrance).config
        self._protocol = partial(
            AtTheDoor,
            config=self._config,
            server_state=self._state,
            app_state={},
            direct=entrance.direct,
            give_back=self._give_back,
        )

    async def serve(self, wire: socket.socket) -> None:
        """Answer until told to stop."""
        self._set_date()
        await self._loop.create_unix_connection(lambda: self._wire, sock=wire)
        self._wire.say(Ready())
        await self._stopped.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._goodbye()
        self._wire.close()
        await self._loop.create_future()  # Until what was said last has gone out: then we end, as when the server does.

    async def _goodbye(self) -> None:
        while self._coming:
            await asyncio.wait(self._coming)
        for each in list(self._state.connections):
            each.shutdown()
        while self._state.connections or self._state.tasks:  # noqa: ASYNC110 - Each would have to look whether it is the last.
            await asyncio.sleep(_LOOK_SECONDS)

    def _heard(self, said: ToDoor) -> None:
        match said:
            case Kept():
                self._gathering.kept(said)
            case Come():
                self._come()
            case Keys():
                self._sources = said.sources
            case Stop():
                self._stopped.set()

    def _come(self) -> None:
        connection = passed_connection(self._connections)
        if connection is not None:
            coming = self._loop.create_task(self._welcome(connection))
            self._coming.add(coming)
            coming.add_done_callback(self._coming.discard)

    async def _welcome(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # It may have been closed on its way.
            await self._loop.connect_accepted_socket(self._protocol, connection)

    def _give_back(self, connection: AtTheDoor, read: bytes) -> bool:
        if not pass_connection(self._connections, connection.transport):
            return False
        self._wire.say(Back(read))
        return True

    def _source_of(self, write_key: str) -> str:
        """The name of a write key. Raises ForTheServer for one that is unknown: it may just have been made."""
        source = self._sources.get(key_hash(write_key))
        if source is None:
            raise ForTheServer
        return source

    def _set_date(self) -> None:
        """The date stands in every answer; uvicorn's own server says it anew each second, too."""
        self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
        self._loop.call_later(_DATE_SECONDS, self._set_date)


def _end() -> NoReturn:
    """The server is no more, or all is said: nothing that is under way could be kept."""
    os._exit(0)


async def _serve(wire: socket.socket, connections: socket.socket, queue_bytes: int) -> None:
    await Door(connections, queue_bytes).serve(wire)


def main() -> None:
    """Serve on the sockets whose numbers are given."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    wire, connections = (socket.socket(fileno=int(each)) for each in sys.argv[1:3])
    for each in (wire, connections):
        each.setblocking(False)
        each.set_inheritable(False)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(wire, connections, int(sys.argv[3])))


if __name__ == "__main__":
    main()
