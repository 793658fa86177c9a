"""The mailbox's SMTP server (RFC 5321): takes mail for anybody, keeps it, and passes none of it on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from dataclasses import dataclass, field

from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.mailbox import TakesMail

_log = logging.getLogger(__name__)

SIZE_BYTES_MOST = 10 * 1024 * 1024
LINE_BYTES_MOST = 1024 * 1024
RECIPIENTS_MOST = 100
CONNECTIONS_MOST = 200
COMMAND_SECONDS = 60.0
"""How long a client may stay silent."""
MISTAKES_MOST = 20

_PATH = re.compile(rb"^(?:FROM|TO):\s*<([^<>]*)>(.*)$", re.IGNORECASE)
_SIZE = re.compile(rb"\bSIZE=(\d{1,15})\b", re.IGNORECASE)
_HELLO = b"250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE %d\r\n"


@dataclass(slots=True)
class _Envelope:
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)


class _QuitError(Exception):
    """The client is done, or has been."""


class MailboxServer:
    """Listens on loopback unless told otherwise; `start` says on which port."""

    def __init__(self, mailbox: TakesMail, clock: Clock, *, kept_bytes_most: int = SIZE_BYTES_MOST) -> None:
        """Nothing listens yet.

        Args:
            kept_bytes_most: as much of a mail is handed on as its beginning; what is beyond is taken and let go.
        """
        self._mailbox = mailbox
        self._clock = clock
        self._kept_bytes_most = kept_bytes_most
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Begin to listen; returns the port."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=LINE_BYTES_MOST)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop listening and end the sessions. Mail that was not acknowledged was not taken."""
        if self._server is not None:
            self._server.close()
        for each in list(self._sessions):
            each.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._sessions.add(task)
        try:
            if len(self._sessions) > CONNECTIONS_MOST:
                writer.write(b"421 4.7.0 Too many connections; come again later.\r\n")
                return
            await _Session(reader, writer, self._mailbox, self._clock, self._kept_bytes_most).run()
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, _QuitError):
            pass
        except asyncio.CancelledError:
            pass  # `close` ended it. Raised on, asyncio would log the end of every session as an error.
        except Exception:  # noqa: BLE001 - One session must not end the others.
            _log.exception("A mailbox session broke.")
        finally:
            if task is not None:
                self._sessions.discard(task)
            with contextlib.suppress(ConnectionError, OSError):
                await writer.drain()
            writer.close()


class _Session:
    """One client."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        mailbox: TakesMail,
        clock: Clock,
        kept_bytes_most: int,
    ) -> None:
        self._kept_bytes_most = kept_bytes_most
        self._reader = reader
        self._writer = writer
        self._mailbox = mailbox
        self._clock = clock
        self._envelope = _Envelope()
        self._greeted = False
        self._mistakes = 0

    async def run(self) -> None:
        """Until the client is done."""
        self._say(b"220 holdfast ESMTP mailbox")
        while True:
            verb, _, rest = (await self._line()).partition(b" ")
            match verb.upper():
                case b"EHLO" | b"HELO":
                    self._hello(verb.upper())
                case b"MAIL":
                    self._mail(rest.strip())
                case b"RCPT":
                    self._rcpt(rest.strip())
                case b"DATA":
                    await self._data()
                case b"RSET":
                    self._envelope = _Envelope()
                    self._say(b"250 2.0.0 Begun anew.")
                case b"NOOP":
                    self._say(b"250 2.0.0 Yes.")
                case b"VRFY":
                    self._say(b"252 2.1.5 Send it and see.")
                case b"QUIT":
                    self._say(b"221 2.0.0 Goodbye.")
                    raise _QuitError
                case _:
                    self._mistake(b"500 5.5.2 That is no command known here.")

    async def _line(self) -> bytes:
        # Answers to pipelined commands go out together: once nothing more is waiting to be read.
        await self._writer.drain()
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                line = await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError:
            self._say(b"500 5.5.6 That line is too long.")
            raise _QuitError from None
        except TimeoutError:
            self._say(b"421 4.4.2 Nothing was said for too long.")
            raise
        return line[:-2]

    def _say(self, answer: bytes) -> None:
        self._writer.write(answer + b"\r\n")

    def _mistake(self, answer: bytes) -> None:
        self._mistakes += 1
        if self._mistakes > MISTAKES_MOST:
            self._say(b"421 4.7.0 Too many mistakes.")
            raise _QuitError
        self._say(answer)

    def _hello(self, verb: bytes) -> None:
        self._greeted = True
        self._envelope = _Envelope()
        if verb == b"HELO":
            self._say(b"250 holdfast")
        else:
            self._writer.write(b"250-holdfast\r\n" + _HELLO % SIZE_BYTES_MOST)

    def _mail(self, rest: bytes) -> None:
        path = _PATH.match(rest)
        if not self._greeted:
            self._mistake(b"503 5.5.1 Say EHLO first.")
        elif self._envelope.sender is not None:
            self._mistake(b"503 5.5.1 A sender was named already.")
        elif path is None or rest[:4].upper() != b"FROM":
            self._mistake(b"501 5.5.4 Write MAIL FROM:<address>.")
        elif (size := _SIZE.search(path[2])) is not None and int(size[1]) > SIZE_BYTES_MOST:
            self._say(b"552 5.3.4 That message is too large.")
        else:
            self._envelope.sender = path[1].decode("utf-8", "replace")
            self._say(b"250 2.1.0 Sender taken.")

    def _rcpt(self, rest: bytes) -> None:
        path = _PATH.match(rest)
        if self._envelope.sender is None:
            self._mistake(b"503 5.5.1 Say MAIL FROM first.")
        elif path is None or rest[:2].upper() != b"TO" or not path[1]:
            self._mistake(b"501 5.5.4 Write RCPT TO:<address>.")
        elif len(self._envelope.recipients) >= RECIPIENTS_MOST:
            self._say(b"452 4.5.3 Too many recipients.")
        else:
            self._envelope.recipients.append(path[1].decode("utf-8", "replace"))
            self._say(b"250 2.1.5 Recipient taken.")

    async def _data(self) -> None:
        envelope = self._envelope
        if envelope.sender is None or not envelope.recipients:
            self._mistake(b"503 5.5.1 Say MAIL FROM and RCPT TO first.")
            return
        self._say(b"354 Go on; end with a dot on a line of its own.")
        raw = await self._content()
        self._envelope = _Envelope()
        if raw is None:
            self._say(b"552 5.3.4 That message is too large.")
            return
        try:
            await self._mailbox.put(
                sender=envelope.sender,
                recipients=envelope.recipients,
                raw=raw,
                received_ms=to_millis(self._clock.now()),
            )
        except Exception:  # noqa: BLE001 - Whatever it was, the mail was not kept, and the client is told.
            _log.exception("The mailbox could not keep a message.")
            self._say(b"451 4.3.0 It could not be kept; try again.")
            return
        self._say(b"250 2.0.0 Kept.")

    async def _content(self) -> bytes | None:
        """The message, its dots unstuffed; None when it is over the limit (it is read to its end all the same)."""
        kept = bytearray()  # Not a list of lines: short ones would take twenty times what they hold.
        size = 0
        await self._writer.drain()
        while True:
            try:
                async with asyncio.timeout(COMMAND_SECONDS):
                    line = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError:
                self._say(b"500 5.5.6 A line of the message is too long.")
                raise _QuitError from None
            if line == b".\r\n":
                return bytes(kept) if size <= SIZE_BYTES_MOST else None
            size += len(line)
            if size > SIZE_BYTES_MOST:
                kept.clear()
            elif len(kept) < self._kept_bytes_most:
                kept += line[1:] if line.startswith(b".") else line
