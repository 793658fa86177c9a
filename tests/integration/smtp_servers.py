"""SMTP servers that misbehave on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HELLO = b"250-scripted\r\n250 8BITMIME\r\n"
PIPELINING = b"250-scripted\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
CLOSE = b"<close>"
SILENCE = b"<silence>"


@dataclass
class Scripted:
    """Answers each stage with what the script says, else with what a good server says."""

    script: Mapping[str, bytes] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    once: bool = False
    """The script holds for the first connection only."""
    stammers: bool = False
    """What it says comes byte by byte."""
    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._say("greeting", b"220 scripted\r\n", writer):
            return
        while line := await reader.readline():
            self.heard.append(line)
            verb = line.split(b" ")[0].strip().upper().decode()
            usual = {"EHLO": HELLO, "DATA": b"354 go on\r\n", "AUTH": b"235 yes\r\n", "STARTTLS": b"220 go on\r\n"}
            if not await self._say(verb, usual.get(verb, b"250 fine\r\n"), writer):
                return
            if verb == "STARTTLS" and self.tls is not None:
                await writer.start_tls(self.tls)
            if verb == "QUIT":
                return
            if verb == "DATA" and self._reply("DATA", b"354").startswith(b"354"):
                if "BODY" in self.script and self.script["BODY"] == CLOSE and self._holds:
                    await reader.read(1000)
                    writer.transport.abort()
                    return
                lines = [await reader.readuntil(b"\r\n")]
                while lines[-1] != b".\r\n":
                    lines.append(await reader.readuntil(b"\r\n"))
                self.mails.append(b"".join(lines))
                if not await self._say("DOT", b"250 2.0.0 Ok: queued as A1\r\n", writer):
                    return

    @property
    def _holds(self) -> bool:
        return not self.once or self.connections == 1

    def _reply(self, stage: str, usual: bytes) -> bytes:
        return self.script.get(stage, usual) if self._holds else usual

    async def _say(self, stage: str, usual: bytes, writer: asyncio.StreamWriter) -> bool:
        said = self._reply(stage, usual)
        if said == CLOSE:
            return False
        if said == SILENCE:
            await asyncio.sleep(60)
        for piece in [said] if not self.stammers else [said[at : at + 1] for at in range(len(said))]:
            writer.write(piece)
            await writer.drain()
            if self.stammers:
                await asyncio.sleep(0)
        return not said.startswith(b"421")


@asynccontextmanager
async def running(scripted: Scripted) -> AsyncIterator[Scripted]:
    """The server on a port of its own, until the block ends."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):  # Else asyncio logs the end of the test as an error.
            await scripted.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class ByDomain(Scripted):
    """Answers each recipient by the domain it is at, and keeps some domains waiting until they are let go."""

    answers: dict[str, bytes] = field(default_factory=dict)
    """What is said to a recipient of that domain, else that it is fine."""
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    """A recipient of that domain is answered once the event is set."""
    taken: list[str] = field(default_factory=list)
    """The recipients of mails that were taken, in order."""

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 by domain\r\n")
        to = ""
        while line := await reader.readline():
            verb = line.split(b" ")[0].strip().upper()
            said = {b"EHLO": HELLO, b"DATA": b"354 go on\r\n"}.get(verb, b"250 fine\r\n")
            if verb == b"RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
                domain = to.partition("@")[2]
                if domain in self.held:
                    await self.held[domain].wait()
                said = self.answers.get(domain, said)
            if "*" in self.answers and verb == b"MAIL":
                said = self.answers["*"]
            writer.write(said)
            if verb == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                self.taken.append(to)
                writer.write(b"250 2.0.0 Ok: queued as A1\r\n")
