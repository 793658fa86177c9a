"""Three real NATS servers whose links to each other can be cut."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path

from tests.nats_server import NatsServer, free_port

NAMES = ("n1", "n2", "n3")


class Link:
    """A way from one node to another, over which everything goes that the one sends and is answered."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._cut = False
        self._ends: set[StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Begin to take connections; the port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """End what is open, and let nothing through any more."""
        self._cut = True
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        self._cut = False

    async def close(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            if self._cut:
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            with contextlib.closing(back):
                ends = {writer, back}
                self._ends |= ends
                try:
                    await asyncio.gather(_pour(reader, back), _pour(there, writer))
                finally:
                    self._ends -= ends


class Cluster:
    """The three nodes; `isolate` cuts one off from the others, though not from its clients."""

    def __init__(self, nodes: dict[str, NatsServer], links: dict[tuple[str, str], Link]) -> None:
        self.nodes = nodes
        self._links = links

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.nodes.values()]

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, directory: Path) -> AsyncIterator[Cluster]:
        """A cluster that has just been started; it is ended with the block."""
        cluster_ports = {name: free_port() for name in NAMES}
        links = {(a, b): Link(cluster_ports[b]) for a in NAMES for b in NAMES if a != b}
        ports = {pair: await link.open() for pair, link in links.items()}
        nodes = {
            name: NatsServer(
                directory / name,
                name=name,
                cluster_port=cluster_ports[name],
                routes={other: ports[name, other] for other in NAMES if other != name},
            )
            for name in NAMES
        }
        try:
            await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes.values()))
            yield cls(nodes, links)
        finally:
            for node in nodes.values():
                node.kill()
            for link in links.values():
                await link.close()

    def isolate(self, name: str) -> None:
        for pair, link in self._links.items():
            if name in pair:
                link.cut()

    def join(self) -> None:
        """Mend every link."""
        for link in self._links.values():
            link.mend()


async def _pour(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(1 << 16):
            writer.write(some)
            await writer.drain()
    writer.close()
