"""One session with a message centre: bound, then messages out through a window, and what it brings in told and taken.

What the message centre delivers is answered when it has been told, which is when it is durable; until then it is the
message centre's, and is brought again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from holdfast.channels.smpp_pdu import RESPONSE, Command, GarbledError, Message, Pdu, PduReader, pack_bind, read_message
from holdfast.channels.smpp_text import read_text

_log = logging.getLogger(__name__)

READ_BYTES = 65_536
SEQUENCE_MOST = 0x7FFF_FFFF
BROUGHT_MOST = 1_000
"""How many deliveries wait to be told; the message centre is asked to keep what comes beyond."""
BATCH_MOST = 100
_OK, _QUEUE_FULL, _NOT_NOW, _UNKNOWN_COMMAND = 0x00, 0x14, 0x64, 0x03


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppPatience:
    """How long to wait, in seconds."""

    connect: float = 15
    bind: float = 15
    answer: float = 60
    """For the answer to a message."""
    quiet: float = 30
    """Without a word from it, the message centre is asked whether it is there."""
    link: float = 15
    """For the answer to that."""
    pause: float = 1
    """How long nothing is submitted once it says that it was too much for a second."""
    parts: float = 4
    """For the rest of an incoming message in parts."""
    again_least: float = 1
    """Before it is tried to bind again; twice as long each time."""
    again_most: float = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppDoor:
    """Where the message centre is and how to get in."""

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    context: ssl.SSLContext | None = None


class LostError(Exception):
    """The session ended. What was submitted and not answered may have been taken."""


class RefusedBindError(Exception):
    """The message centre would not let us in."""

    def __init__(self, status: int) -> None:
        """Keep its word for why."""
        super().__init__(f"{status:#x}")
        self.status = status


Brought = Callable[[Sequence[Sequence[Message]]], Awaitable[None]]
"""Told what the message centre brought, each message as the parts it came in; when it returns, all of it is taken.
It is brought again when it raises."""


@dataclass(slots=True)
class _Delivery:
    """What is told, and answered, as one."""

    pdus: list[Pdu]
    messages: list[Message]


class SmppSession:
    """Make it with `open_session`. It ends by itself when the connection does: wait for `ended`."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        window: int,
        patience: SmppPatience,
        brought: Brought,
    ) -> None:
        """Not bound yet."""
        self._reader = reader
        self._writer = writer
        self._patience = patience
        self._brought = brought
        self._window = asyncio.Semaphore(window)
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._deliveries: asyncio.Queue[_Delivery] = asyncio.Queue()
        self._untold = 0
        self._partial: dict[tuple[str, str, int, int], _Delivery] = {}
        """Messages of which parts are still to come; what has come is not answered yet."""
        self._pdus = PduReader()
        self._heard = asyncio.get_running_loop().time()
        self._not_before = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why, once it has."""

    async def bind(self, door: SmppDoor) -> None:
        """Get in. Raises LostError, RefusedBindError, and ValueError for words SMPP cannot carry."""
        body = pack_bind(door.system_id, door.password, door.system_type)
        self._tasks = [asyncio.create_task(each) for each in (self._read(), self._tell(), self._watch())]
        answer = await self._ask(Pdu(command=Command.BIND_TRANSCEIVER, body=body), self._patience.bind)
        if answer.status != _OK:
            raise RefusedBindError(answer.status)

    async def submit(self, body: bytes, *, lapsed: Callable[[], bool]) -> Pdu:
        """The answer to one submit_sm. Raises LostError when none came; before it was written, `NotWrittenError`.

        Raises TooLateError, and writes nothing, when it has `lapsed` by the time there is a place in the window.
        """
        async with self._window:
            # The moment may move while it is waited for.
            while (wait := self._not_before - asyncio.get_running_loop().time()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait)
            if self.ended.done():
                raise NotWrittenError(self.ended.result())
            if lapsed():
                raise TooLateError
            return await self._ask(Pdu(command=Command.SUBMIT_SM, body=body), self._patience.answer)

    def pause(self) -> None:
        """Submit nothing for a moment."""
        self._not_before = asyncio.get_running_loop().time() + self._patience.pause

    async def leave(self) -> None:
        """Say goodbye and wait a moment for the answer."""
        with contextlib.suppress(LostError):
            await self._ask(Pdu(command=Command.UNBIND), min(1.0, self._patience.answer))
        self.end("closed")

    def end(self, reason: str) -> None:
        """Close at once: whoever waits for an answer is told that none comes."""
        if self.ended.done():
            return
        self.ended.set_result(reason)
        for each in self._waiting.values():
            if not each.done():
                each.set_exception(LostError(reason))
        self._waiting.clear()
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        self._writer.transport.abort()

    async def _ask(self, pdu: Pdu, seconds: float) -> Pdu:
        """The answer to what is asked. Raises LostError."""
        if self.ended.done():
            raise LostError(self.ended.result())
        self._sequence = self._sequence % SEQUENCE_MOST + 1
        sequence = self._sequence
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        self._write(Pdu(command=pdu.command, sequence=sequence, body=pdu.body))
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            raise LostError(f"no answer for {seconds:g} s") from None
        finally:
            self._waiting.pop(sequence, None)

    def _write(self, pdu: Pdu) -> None:
        if not self.ended.done():
            self._writer.write(pdu.packed())

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(READ_BYTES):
                self._heard = asyncio.get_running_loop().time()
                for pdu in self._pdus.feed(data):
                    self._take(pdu)
            self.end("the message centre closed the connection")
        except GarbledError as error:
            self.end(f"it is no SMPP: {error}")
        except OSError as error:
            self.end(f"the connection was lost: {error}")

    def _take(self, pdu: Pdu) -> None:
        if pdu.is_answer:
            waiting = self._waiting.get(pdu.sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(pdu)
            return
        match pdu.command:
            case Command.DELIVER_SM | Command.DATA_SM:
                self._deliver(pdu)
            case Command.ENQUIRE_LINK:
                self._answer(pdu, _OK)
            case Command.UNBIND:
                self._answer(pdu, _OK)
                self.end("the message centre ended the session")
            case Command.ALERT_NOTIFICATION:
                pass  # It is not answered (4.12.1).
            case _:
                self._write(Pdu(command=Command.GENERIC_NACK, status=_UNKNOWN_COMMAND, sequence=pdu.sequence))

    def _deliver(self, pdu: Pdu) -> None:
        try:
            message = read_message(pdu)
        except GarbledError as error:
            # Brought again it would read no better.
            _log.warning("The message centre delivered %s; it is passed over.", error)
            self._answer(pdu, _OK)
            return
        if self._untold >= BROUGHT_MOST:
            self._answer(pdu, _QUEUE_FULL)
            return
        self._untold += 1
        part = None if message.is_receipt else read_text(message)[1]
        if part is None:
            self._deliveries.put_nowait(_Delivery([pdu], [message]))
            return
        key = (message.source.address, message.destination.address, part.reference, part.of)
        if key not in self._partial:
            self._partial[key] = _Delivery([], [])
            asyncio.get_running_loop().call_later(self._patience.parts, self._complete, key)
        self._partial[key].pdus.append(pdu)
        self._partial[key].messages.append(message)
        if len(self._partial[key].messages) == part.of:
            self._complete(key)

    def _complete(self, key: tuple[str, str, int, int]) -> None:
        """All parts have come; or no more are waited for, since the message centre may wait for our answers."""
        delivery = self._partial.pop(key, None)
        if delivery is not None:
            self._deliveries.put_nowait(delivery)

    def _answer(self, pdu: Pdu, status: int) -> None:
        # The answer to deliver_sm has a message id, which is empty (4.6.2).
        body = b"\x00" if pdu.command in (Command.DELIVER_SM, Command.DATA_SM) else b""
        self._write(Pdu(command=pdu.command | RESPONSE, status=status, sequence=pdu.sequence, body=body))

    async def _tell(self) -> None:
        """Tell what is brought, in the order it came, and answer it when it has been told."""
        while True:
            batch = [await self._deliveries.get()]
            while not self._deliveries.empty() and len(batch) < BATCH_MOST:
                batch.append(self._deliveries.get_nowait())
            status = _OK
            try:
                await self._brought([each.messages for each in batch])
            except Exception:  # noqa: BLE001 - Whatever it was, it was not taken.
                _log.exception("What the message centre brought could not be taken; it keeps it.")
                status = _NOT_NOW
            for pdu in (pdu for each in batch for pdu in each.pdus):
                self._untold -= 1
                self._answer(pdu, status)

    async def _watch(self) -> None:
        """Ask a message centre that is quiet whether it is there: a dead line carries no receipts."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(max(0.01, self._heard + self._patience.quiet - clock()))
            if clock() - self._heard < self._patience.quiet:
                continue
            try:
                await self._ask(Pdu(command=Command.ENQUIRE_LINK), self._patience.link)
            except LostError as lost:
                self.end(f"the message centre is not there: {lost}")


class TooLateError(Exception):
    """What was to be submitted may not be any more."""


class NotWrittenError(LostError):
    """The session had ended before anything was submitted."""


async def open_session(door: SmppDoor, *, window: int, patience: SmppPatience, brought: Brought) -> SmppSession:
    """Connect and bind. Raises LostError, RefusedBindError, and ValueError for words SMPP cannot carry."""
    try:
        async with asyncio.timeout(patience.connect):
            reader, writer = await asyncio.open_connection(
                door.host, door.port, ssl=door.context, server_hostname=door.host if door.context else None
            )
    except TimeoutError:
        raise LostError(f"no connection within {patience.connect:g} s") from None
    except OSError as error:
        raise LostError(f"no connection: {error}") from error
    session = SmppSession(reader, writer, window=window, patience=patience, brought=brought)
    try:
        await session.bind(door)
    except BaseException:
        session.end("not bound")
        raise
    return session
