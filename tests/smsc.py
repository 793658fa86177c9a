"""A message centre of SMPP 3.4 that throttles, sends receipts and misbehaves on purpose; its PDUs are smpplib's."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from smpplib import consts, smpp  # type: ignore[import-untyped]

OK = 0x00
WRONG_PASSWORD = 0x0E
THROTTLED = 0x58
SILENCE = -1
"""Instead of a status: no answer."""
HANG_UP = -2
"""Instead of a status: the connection is closed."""
NACK = -3
"""Instead of a status: the command itself is refused."""

ReceiptForm = Literal["", "words", "options"]


class Sequence:
    """What smpplib takes its sequence numbers from."""

    def __init__(self) -> None:
        self.sequence = 0

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence


@dataclass
class Smsc:
    """Takes what is submitted, as long as the script says nothing else."""

    system_id: str = "holdfast"
    password: str = "secret"
    per_second: int = 0
    """How many submissions in any second are taken; 0 for all."""
    receipts: ReceiptForm = ""
    state: str = "DELIVRD"
    """What the receipts say."""
    answer: Callable[[int], int] = lambda number: OK
    """The status each submission is answered with, by its number, from 1."""
    bind_status: Callable[[int], int] = lambda number: OK
    """The status each bind is answered with that has the right password."""
    hexadecimal_ids: bool = False
    keeps_link: bool = True
    """Whether enquire_link is answered."""
    port: int = 0
    taken: list[Any] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    """The commands, in the order they came."""
    answered: list[tuple[int, int]] = field(default_factory=list)
    """How our deliveries were answered: sequence number and status."""
    throttled: int = 0
    came: list[float] = field(default_factory=list)
    """When each submission came, by the loop's clock."""
    binds: int = 0
    open_most: int = 0
    """The most submissions that waited for their answer at once."""
    _numbered: int = 0
    _open: int = 0
    _times: deque[float] = field(default_factory=deque)
    _sequence: Sequence = field(default_factory=Sequence)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def texts(self) -> list[bytes]:
        """The short messages taken."""
        return [each.short_message for each in self.taken]

    def hang_up(self) -> None:
        """Break every connection."""
        for each in self._writers:
            each.transport.abort()

    def deliver(
        self, text: bytes, *, sender: str = "436641234567", coding: int = 0, esm_class: int = 0, **options: Any
    ) -> int:
        """Bring a message in; its sequence number."""
        pdu = smpp.make_pdu(
            "deliver_sm",
            client=self._sequence,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr=sender,
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="436601111111",
            data_coding=coding,
            esm_class=esm_class,
            short_message=text,
            **options,
        )
        self._write(pdu)
        return int(pdu.sequence)

    def say(self, command: str) -> None:
        """Any other request of ours."""
        self._write(smpp.make_pdu(command, client=self._sequence))

    def write_raw(self, data: bytes) -> None:
        """Bytes on the newest connection."""
        self._writers[-1].write(data)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        self._writers.append(writer)
        try:
            while True:
                head = await reader.readexactly(4)
                rest = await reader.readexactly(struct.unpack(">L", head)[0] - 4)
                pdu = smpp.parse_pdu(head + rest, client=self._sequence, allow_unknown_opt_params=True)
                self.heard.append(pdu.command)
                if not self._take(pdu, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.remove(writer)
            writer.close()

    def _take(self, pdu: Any, writer: asyncio.StreamWriter) -> bool:
        match pdu.command:
            case "bind_transceiver":
                self.binds += 1
                fits = (pdu.system_id, pdu.password) == (self.system_id.encode(), self.password.encode())
                status = self.bind_status(self.binds) if fits else WRONG_PASSWORD
                self._answer(writer, pdu, status, system_id="smsc")
                return status == OK
            case "submit_sm":
                return self._submit(pdu, writer)
            case "deliver_sm_resp":
                self.answered.append((pdu.sequence, pdu.status))
            case "enquire_link" if self.keeps_link:
                self._answer(writer, pdu, OK)
            case "unbind":
                self._answer(writer, pdu, OK)
                return False
        return True

    def _submit(self, pdu: Any, writer: asyncio.StreamWriter) -> bool:
        self._numbered += 1
        status = self.answer(self._numbered)
        if status == HANG_UP:
            writer.transport.abort()
            return False
        self.came.append(asyncio.get_running_loop().time())
        if status == SILENCE:
            return True
        if status == NACK:
            writer.write(struct.pack(">LLLL", 16, 0x8000_0000, 0, pdu.sequence))
            return True
        if status == OK and self._is_too_much():
            self.throttled += 1
            status = THROTTLED
        self._open += 1
        self.open_most = max(self.open_most, self._open)
        asyncio.get_running_loop().call_later(0.001, self._submitted, pdu, writer, status)
        return True

    def _submitted(self, pdu: Any, writer: asyncio.StreamWriter, status: int) -> None:
        self._open -= 1
        if status != OK:
            self._answer(writer, pdu, status)
            return
        self.taken.append(pdu)
        number = 1_000 + len(self.taken)
        self._answer(writer, pdu, OK, message_id=f"{number:08x}" if self.hexadecimal_ids else str(number))
        if self.receipts and pdu.registered_delivery & 1:
            self._receipt(pdu, str(number))

    def _receipt(self, pdu: Any, message_id: str) -> None:
        dates = "submit date:2611220810 done date:2611220811"
        words = f"id:{message_id} sub:001 dlvrd:001 {dates} stat:{self.state} err:003 text:x"
        options: dict[str, Any] = {}
        if self.receipts == "options":
            options = {"receipted_message_id": message_id, "message_state": consts.SMPP_MESSAGE_STATE_DELIVERED}
            words = ""
        self.deliver(words.encode(), sender=pdu.destination_addr.decode(), esm_class=0x04, **options)

    def _is_too_much(self) -> bool:
        if not self.per_second:
            return False
        now = asyncio.get_running_loop().time()
        while self._times and self._times[0] <= now - 1:
            self._times.popleft()
        if len(self._times) >= self.per_second:
            return True
        self._times.append(now)
        return False

    def _answer(self, writer: asyncio.StreamWriter, pdu: Any, status: int, **said: Any) -> None:
        answer = smpp.make_pdu(
            f"{pdu.command}_resp", client=self._sequence, sequence=pdu.sequence, status=status, **said
        )
        answer.sequence, answer.status = pdu.sequence, status
        writer.write(answer.generate())

    def _write(self, pdu: Any) -> None:
        self._writers[-1].write(pdu.generate())


@asynccontextmanager
async def running(smsc: Smsc) -> AsyncIterator[Smsc]:
    """The message centre on a port of its own, until the block ends."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):  # Else asyncio logs the end of the test as an error.
            await smsc.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
