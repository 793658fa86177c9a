"""A PostgreSQL of the tests' own: a cluster in a directory that goes away, reached by a socket in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from holdfast.stores.postgres.opening import Limits
from holdfast.stores.postgres.state import PostgresState
from tests.lacking import lacking

START_SECONDS = 60
PRISTINE = "pristine"
"""A workspace in which nothing was ever done."""

# No trigger fires, for what they would count is cleared as well.
CLEAR = """
SET LOCAL session_replication_role = replica;
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '{workspace}' LOOP
    EXECUTE format('DELETE FROM {workspace}.%I', name);
    EXECUTE format('INSERT INTO {workspace}.%I OVERRIDING SYSTEM VALUE SELECT * FROM {pristine}.%I', name, name);
  END LOOP;
  PERFORM setval(format('{workspace}.%I', sequencename)::regclass, start_value, false)
  FROM pg_sequences WHERE schemaname = '{workspace}';
END $$;
"""

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "wal_buffers": "16MB",  # As a server has that is not as small.
    "fsync": "on",
    "synchronous_commit": "on",
}


class PostgresServer:
    """A cluster of its own. `start` and `stop` it."""

    def __init__(self, directory: Path, programs: Path) -> None:
        self._data = directory / "data"
        self._log = directory / "log"
        self._sockets = directory
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._given: list[tuple[str, PostgresState]] = []
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync")

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self._sockets}"

    def workspace(self) -> str:
        """A name that was not given before."""
        return f"workspace_{next(self._numbers)}"

    async def open(self, workspace: str | None = None, **limits: Any) -> PostgresState:
        """A state, in an empty workspace unless one is named. Limits are those of `Limits`."""
        name = workspace or await self._empty()
        state = await PostgresState.open(self.url, workspace=name, limits=Limits(**limits))
        if workspace is None:
            self._given.append((name, state))
        return state

    async def _empty(self) -> str:
        """A workspace that nobody has open: to clear one takes a tenth of the time that making one does."""
        for each in self._given:
            if each[1]._closed:
                self._given.remove(each)
                async with self.connected() as connection:
                    await connection.execute(CLEAR.format(workspace=each[0], pristine=PRISTINE))
                return each[0]
        if not self._given:
            await (await PostgresState.open(self.url, workspace=PRISTINE)).close()
        return self.workspace()

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A connection that has nothing to do with Holdfast."""
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            await connection.close()

    def start(self) -> None:
        """Start, and wait until it lets clients in."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._sockets), *settings]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*_as_somebody(), *command], stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{self._log.read_text(encoding='utf-8', errors='replace')}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT ends every connection and shuts down in good order, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)
            self._process = None

    def follow(self) -> None:
        """Be a standby from the next start on."""
        mark = self._data / "standby.signal"
        mark.touch()
        owner = self._data.stat()
        os.chown(mark, owner.st_uid, owner.st_gid)

    def processor_seconds(self) -> float:
        """What the server and the processes it has, or had, have taken of the machine."""
        assert self._process is not None
        # Of its children that are gone the server itself has the account.
        return _spent(self._process.pid, gone=True) + sum(_spent(each) for each in _children_of(self._process.pid))

    def _answers(self) -> bool:
        command = [str(self._programs / "pg_isready"), "--quiet", "--host", str(self._sockets)]
        return subprocess.run(command, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_as_somebody(), str(self._programs / program), "-D", str(self._data), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running server; skips the test when there is no PostgreSQL here, which with CI=true is an error."""
    programs = _programs()
    if programs is None:
        lacking("There is no PostgreSQL here: scripts/bring-system brings it.")
    directory = Path(tempfile.mkdtemp(prefix="holdfast-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        server = PostgresServer(directory, programs)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(directory)


def _children_of(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]


def _spent(process: int, *, gone: bool = False) -> float:
    """Seconds of processor time; with `gone`, of its children that have ended as well. 0 when it has ended itself."""
    try:
        said = Path(f"/proc/{process}/stat").read_text("ascii")
    except FileNotFoundError:
        return 0.0
    of_all = said.rpartition(")")[2].split()[11:15]
    return sum(map(int, of_all if gone else of_all[:2])) / os.sysconf("SC_CLK_TCK")


def _programs() -> Path | None:
    """Where the server's programs are: Debian keeps those of each version apart, and off the path."""
    kept = [each for each in Path("/usr/lib/postgresql").glob("*/bin/postgres") if each.parts[-3].isdecimal()]
    if kept:
        return max(kept, key=lambda each: int(each.parts[-3])).parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def _as_somebody() -> list[str]:
    """What to put before a command so that it is not root's, which PostgreSQL refuses, and ends when we are killed."""
    if shutil.which("setpriv") is None:
        return []
    command = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:
        command += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    return command
