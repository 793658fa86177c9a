"""The log on three real NATS servers: whatever becomes of them, what was acknowledged is there, once, in order."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from holdfast.kernel.errors import Busy
from holdfast.ports.log import Entry, Record
from holdfast.stores.nats import NatsLog
from holdfast.stores.nats.connection import Unreachable
from tests.nats_cluster import Cluster
from tests.nats_server import NatsServer

WRITERS = 3
CALLERS = 4
PROGRESS_SECONDS = 40
TOGETHER_SECONDS = 90
APPEND_SECONDS = 5.0
SEEN_NANOSECONDS = 2_000_000_000
"""A node that has not been heard of for so long does not follow: heartbeats come every second."""


class Writer:
    """A process that writes, with several callers, each of which appends one record after the other."""

    def __init__(self, name: int, log: NatsLog) -> None:
        self.log = log
        self.acknowledged: list[list[tuple[int, bytes]]] = [[] for _ in range(CALLERS)]
        """For each caller, what was acknowledged to it and at which offset, in order."""
        self.refused = 0
        self.tasks = [asyncio.create_task(self._call(name, caller)) for caller in range(CALLERS)]

    @property
    def count(self) -> int:
        return sum(map(len, self.acknowledged))

    async def _call(self, name: int, caller: int) -> None:
        for number in itertools.count():
            body = b"%d.%d.%d" % (name, caller, number)
            try:
                offset = await self.log.append([Record(kind="track", source="s", received_ms=1, body=body)])
            except Busy:
                self.refused += 1
            else:
                self.acknowledged[caller].append((offset, body))
            await asyncio.sleep(0.002)

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        for end in await asyncio.gather(*self.tasks, return_exceptions=True):
            assert isinstance(end, asyncio.CancelledError), end
        await self.log.close()


class Follower:
    """A process that reads what is written, as it comes."""

    def __init__(self, log: NatsLog) -> None:
        self.log = log
        self.entries: list[Entry] = []
        self.offset = 0
        self.task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(Busy):
                while found := await self.log.read(self.offset, max_records=100, max_bytes=1 << 20):
                    self.entries += found
                    self.offset = found[-1].offset + 1
            await self.log.wait(self.offset, timeout_seconds=1)

    async def stop(self) -> None:
        end = await self.log.end()
        await until(lambda: self.offset >= end, "the follower came to the end")
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.log.close()


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until it holds; fail when it does not in time."""
    limit = time.monotonic() + PROGRESS_SECONDS
    while not holds():
        assert time.monotonic() < limit, f"in vain: {what}"
        await asyncio.sleep(0.02)


async def progress(writers: list[Writer], what: str) -> None:
    """Wait until every writer has had much more acknowledged than now."""
    before = [writer.count for writer in writers]
    await until(lambda: all(writer.count >= count + 20 for writer, count in zip(writers, before, strict=True)), what)


async def leader(cluster: Cluster, log: NatsLog, former: NatsServer | None = None) -> NatsServer:
    """The node that leads the stream, once both others follow it again: one failure at a time is what is promised.

    The former leader, back again, for a moment still takes itself for the leader: it is not believed.
    """
    limit = time.monotonic() + TOGETHER_SECONDS
    while time.monotonic() < limit:
        with contextlib.suppress(Unreachable):
            info = (await log._connection.ask_json(log._names.api("STREAM.INFO"))).get("cluster", {})
            if [_follows(each) for each in info.get("replicas", ())] == [True, True]:
                found = cluster.nodes[info["leader"]]
                if found is not former:
                    return found
        await asyncio.sleep(0.1)
    pytest.fail("the three nodes do not come together again")


def _follows(replica: Mapping[str, Any]) -> bool:
    return bool(replica["current"]) and not replica.get("offline") and int(replica["active"]) < SEEN_NANOSECONDS


async def opened(cluster: Cluster) -> NatsLog:
    return await NatsLog.open(
        cluster.urls, append_seconds=APPEND_SECONDS, open_seconds=40, request_seconds=1.0, cache_bytes=1 << 20
    )


async def test_nothing_acknowledged_is_lost_or_doubled_whatever_becomes_of_the_nodes(tmp_path: Path) -> None:
    async with Cluster.running(tmp_path) as cluster:
        asker = await opened(cluster)
        writers = [Writer(name, await opened(cluster)) for name in range(WRITERS)]
        follower = Follower(await opened(cluster))
        await progress(writers, "appending to three nodes")

        node = await leader(cluster, asker)
        node.kill()
        await progress(writers, "appending after the leader was killed")
        node.start()

        node = await leader(cluster, asker, node)
        node.signal(signal.SIGSTOP)
        await progress(writers, "appending while the leader stands still")
        node.signal(signal.SIGCONT)

        node = await leader(cluster, asker, node)
        cluster.isolate(node.name)
        await progress(writers, "appending while the leader is cut off")
        cluster.join()

        first, second, _ = cluster.nodes.values()
        first.kill()
        second.kill()
        refused = [writer.refused for writer in writers]
        await until(
            lambda: all(writer.refused > before for writer, before in zip(writers, refused, strict=True)),
            "every writer is refused while two nodes of three are gone",
        )
        first.start()
        second.start()
        await progress(writers, "appending after they are back")

        for writer in writers:
            await writer.stop()
        await follower.stop()
        await asker.close()
        fresh = await opened(cluster)
        stored = [entry async for entry in everything(fresh)]
        await fresh.close()
    hold(writers, stored)
    assert follower.entries == stored


async def everything(log: NatsLog) -> AsyncIterator[Entry]:
    offset = 0
    while entries := await log.read(offset, max_records=1000, max_bytes=1 << 20):
        for entry in entries:
            yield entry
        offset = entries[-1].offset + 1


def hold(writers: list[Writer], stored: list[Entry]) -> None:
    """What was acknowledged is stored once, where it was said to be, and in the order of each caller."""
    bodies = [entry.record.body for entry in stored]
    assert len(set(bodies)) == len(bodies), "something is stored twice"
    at = {entry.offset: entry.record.body for entry in stored}
    assert sorted(at) == [entry.offset for entry in stored]
    for writer in writers:
        for acknowledged in writer.acknowledged:
            assert len(acknowledged) > 10
            assert [(offset, at.get(offset)) for offset, _ in acknowledged] == acknowledged
            offsets = [offset for offset, _ in acknowledged]
            assert offsets == sorted(offsets)
