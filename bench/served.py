"""The whole server in a process of its own, as `holdfast up` starts it, and a mail provider in this one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.ingest_server import WRITE_KEY

_SERVE = (
    "import os, sys; from pathlib import Path; from holdfast.settings import Settings;"
    "from holdfast.workers.server import serve;"
    "serve(Settings.load(Path(sys.argv[1]), os.environ, {'port': int(sys.argv[2])}),"
    "on_ready=lambda url: print(url, flush=True),"
    f" write_key={WRITE_KEY!r}, api_key='ak_bench')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that answers."""

    process: subprocess.Popen[str]
    port: int
    start_seconds: float
    """From the start of the process until it said that it is ready."""

    def resident_bytes(self) -> int:
        """The memory it holds (Linux)."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def processor_seconds(self) -> float:
        """What it and the processes it has started have used, threads and system calls included (Linux)."""
        used = time.clock_gettime((~self.process.pid << 3) | 2)
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            with suppress(OSError):  # It has just ended.
                started = (task / "children").read_text(encoding="ascii").split()
                used += sum(time.clock_gettime((~int(each) << 3) | 2) for each in started)
        return used


@contextmanager
def served(data: Path, *, port: int = 0, **settings: object) -> Iterator[Served]:
    """Serve the workspace; settings are those of the environment, without their prefix. Port 0 is any that is free."""
    environment = os.environ | {f"HOLDFAST_{name.upper()}": str(value) for name, value in settings.items()}
    # As where it is installed: Python keeps its byte code. The first of several starts makes it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(data / "byte-code")
    began = time.perf_counter()
    with (data / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(data), str(port)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
        )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, (data / "server.log").read_text(encoding="utf-8")[-4_000:]
        yield Served(process=process, port=int(url.rpartition(":")[2]), start_seconds=time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(60)


@dataclass(slots=True)
class Provider:
    """Takes mail over SMTP, and remembers when each address was first named."""

    named: dict[str, float] = field(default_factory=dict)
    port: int = 0
    _talks: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)
    """Conversations under way."""

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Provider]:
        provider = cls()
        server = await asyncio.start_server(provider._take, "127.0.0.1", 0)
        provider.port = server.sockets[0].getsockname()[1]
        try:
            async with server:
                yield provider
        finally:
            await provider._hang_up()

    async def _hang_up(self) -> None:
        """End what is still being said. The end of the loop would cut it off in the middle, and complain of that."""
        for writer in self._talks.values():
            writer.close()
        await asyncio.gather(*self._talks)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation, until it is over or the line is cut."""
        task = asyncio.current_task()
        assert task is not None
        self._talks[task] = writer
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # Cut in the middle of a mail.
        finally:
            writer.close()
            del self._talks[task]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 bench\r\n")
        while line := await reader.readline():
            match line[:4].upper():
                case b"EHLO":
                    writer.write(b"250-bench\r\n250-8BITMIME\r\n250 PIPELINING\r\n")
                case b"RCPT":
                    self.named.setdefault(line[line.index(b"<") + 1 : line.index(b">")].decode(), time.perf_counter())
                    writer.write(b"250 ok\r\n")
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    writer.write(b"250 taken\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    return
                case _:
                    writer.write(b"250 ok\r\n")
