"""Reading: many messages for one request, from whichever server has them, and the newest from memory."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from nats.aio.msg import Msg

from holdfast.kernel.errors import Busy
from holdfast.ports.log import Entry
from holdfast.stores.nats.connection import Connection, Unreachable, retry_seconds
from holdfast.stores.nats.packing import sequence_of, unpack
from holdfast.stores.nats.stream import StreamNames

FETCH_BYTES = 2 * 1024 * 1024
"""How much is asked for at a time; a reader that is far behind does the next while the servers rest."""
FETCH_MESSAGES = 1_000
COUNTED_BYTES = 1024 * 1024
"""How much is read whole to tell how many records wait."""
SAMPLES = 10
"""How many messages are looked at beyond that."""

Answer = TypeVar("Answer")


class Recent:
    """The messages that were last written or read, unpacked; about `bytes_most` of them."""

    def __init__(self, bytes_most: int) -> None:
        self._bytes_most = bytes_most
        self._bytes = 0
        self._messages: OrderedDict[int, tuple[Sequence[Entry], int]] = OrderedDict()

    def put(self, sequence: int, entries: Sequence[Entry]) -> None:
        """Remember a message; forget the oldest when there are too many."""
        if sequence in self._messages:
            return
        size = sum(len(entry.record.body) for entry in entries)
        self._messages[sequence] = (entries, size)
        self._bytes += size
        while self._bytes > self._bytes_most and len(self._messages) > 1:
            self._bytes -= self._messages.popitem(last=False)[1][1]

    def following(self, sequence: int, records: int, size: int) -> Iterator[Sequence[Entry]]:
        """The entries of that message and those after it, as far as they are remembered and wanted."""
        while records >= 0 and size >= 0 and (message := self._messages.get(sequence)):
            yield message[0]
            records -= len(message[0])
            size -= message[1]
            sequence += 1

    def forget(self, before: int) -> None:
        """Let go of messages below that number."""
        for sequence in [each for each in self._messages if each < before]:
            self._bytes -= self._messages.pop(sequence)[1]


class Reader:
    """The reading side of the log.

    Args:
        seconds: how long a call may take, asked again and again if need be.
        learned: told of the stream's last sequence number, whenever it is heard of.
        last: the highest sequence number known to be stored.
    """

    def __init__(
        self,
        connection: Connection,
        names: StreamNames,
        recent: Recent,
        *,
        seconds: float,
        learned: Callable[[int], None],
        last: Callable[[], int],
    ) -> None:
        self._connection = connection
        self._names = names
        self._recent = recent
        self._seconds = seconds
        self._learned = learned
        self._last = last

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        """The entries at `offset` or above within the limits, at least one if there is one."""
        sequence = sequence_of(offset)
        messages = list(self._recent.following(sequence, max_records, max_bytes)) or [
            entries for _, entries in await self._fetch(sequence, messages=max_records, size=max_bytes)
        ]
        found: list[Entry] = []
        size = 0
        for entry in chain.from_iterable(messages):
            if entry.offset < offset:
                continue
            size += len(entry.record.body)
            if found and (len(found) >= max_records or size > max_bytes):
                break
            found.append(entry)
        return found

    async def state(self) -> Mapping[str, Any]:
        """What the stream's leader says of it: `first_seq`, `last_seq`, `messages`, `bytes`."""

        async def ask() -> Mapping[str, Any]:
            said = await self._connection.ask_json(self._names.api("STREAM.INFO"))
            if "error" in said:
                raise Unreachable(str(said["error"].get("description")))
            state: Mapping[str, Any] = said["state"]
            if int(state["last_seq"]) < self._last():
                # A leader that is not there yet; or another stream in the place of the one we knew.
                raise Unreachable(f"of {self._last()} messages that were stored it knows {state['last_seq']}")
            return state

        state = await self._until_reached(ask)
        self._learned(int(state["last_seq"]))
        return state

    async def waiting(self, offset: int) -> int:
        """How many records there are at `offset` or above: exactly, if they are in a megabyte of messages.

        Of more, a few messages spread over the rest are looked at, and the others are taken to be like those.
        """
        state = await self.state()
        sequence = max(sequence_of(offset), int(state["first_seq"]))
        left = int(state["last_seq"]) - sequence + 1
        if left <= 0:
            return 0
        count = seen = size = 0
        while seen < left and size < COUNTED_BYTES:
            messages = await self._fetch(sequence, messages=FETCH_MESSAGES, size=COUNTED_BYTES - size)
            if not messages:
                break
            for _, entries in messages:
                count += sum(entry.offset >= offset for entry in entries)
                size += sum(len(entry.record.body) for entry in entries)
            seen, sequence = seen + len(messages), messages[-1][0] + 1
        if seen >= left:
            return count
        step = max(1, (left - seen) // SAMPLES)
        samples = [await self._fetch(sequence + step * place, messages=1, size=1) for place in range(SAMPLES)]
        counts = [len(entries) for sample in samples for _, entries in sample[:1]]
        return count + (left - seen) * sum(counts) // max(len(counts), 1)

    async def trim(self, before: int) -> None:
        """Give back the space of messages all of whose records are below `before`."""
        keep = min(sequence_of(before), int((await self.state())["last_seq"]) + 1)

        async def purge() -> None:
            said = await self._connection.ask_json(self._names.api("STREAM.PURGE"), {"seq": keep})
            if "error" in said:
                raise Unreachable(str(said["error"].get("description")))

        if keep > 1:
            await self._until_reached(purge)
            self._recent.forget(keep)

    # Fetching.

    async def _fetch(self, sequence: int, *, messages: int, size: int) -> list[tuple[int, Sequence[Entry]]]:
        """Some messages from that number on, with their numbers; at least one if there is one."""

        async def ask() -> list[tuple[int, bytes]]:
            wanted = {
                "seq": sequence,
                "batch": max(1, min(messages, FETCH_MESSAGES)),
                "max_bytes": max(1, min(size, FETCH_BYTES)),
            }
            answers = await self._connection.ask_several(self._names.api("DIRECT.GET"), json.dumps(wanted).encode())
            found = _in_a_row(answers)
            # A server that has just come back, or lags, may not have what is acknowledged: then the leader has.
            return found or (await self._from_leader(sequence) if sequence <= self._last() else [])

        found: list[tuple[int, Sequence[Entry]]] = [
            (number, unpack(number, message)) for number, message in await self._until_reached(ask)
        ]
        for number, entries in found:
            self._recent.put(number, entries)
            self._learned(number)
        return found

    async def _from_leader(self, sequence: int) -> list[tuple[int, bytes]]:
        wanted = {"seq": sequence, "next_by_subj": self._names.append}
        said = await self._connection.ask_json(self._names.api("STREAM.MSG.GET"), wanted)
        match said:
            case {"message": {"seq": int(number), "data": str(data)}}:
                return [(number, base64.b64decode(data))]
            case {"error": {"code": 404}}:
                return []  # All of it was trimmed.
            case _:
                raise Unreachable(str(said.get("error")))

    async def _until_reached(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """What `ask` comes to, asked again until it is reached. Raises Busy when the time is up."""
        until = asyncio.get_running_loop().time() + self._seconds
        tries = 0
        while True:
            try:
                return await ask()
            except Unreachable as error:
                pause = retry_seconds(tries)
                if asyncio.get_running_loop().time() + pause > until:
                    raise Busy(
                        f"The log could not be read within {self._seconds:g} seconds: {error}.",
                        hint="Try again in a few seconds; if it stays so, look at the NATS servers.",
                    ) from error
            await asyncio.sleep(pause)
            tries += 1


def _in_a_row(answers: Sequence[Msg]) -> list[tuple[int, bytes]]:
    """The messages among the answers, up to the first that was lost on its way."""
    found: list[tuple[int, bytes]] = []
    for answer in answers:
        headers = answer.headers or {}
        if "Status" in headers:
            break
        if int(headers["Nats-Last-Sequence"]) != (found[-1][0] if found else 0):
            break
        found.append((int(headers["Nats-Sequence"]), answer.data))
    return found
