"""Holdfast in several processes: over real PostgreSQL, NATS and SMTP, and chDB behind ClickHouse's interface."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from tests.clickhouse_facade import served
from tests.integration.smtp_servers import Scripted, running
from tests.nats_server import NatsServer, free_port
from tests.postgres_server import PostgresServer, postgres_server

READY_SECONDS = 90.0
STOP_SECONDS = 60.0
WRITE_KEY, API_KEY = "wk_test", "ak_test"
_TO = re.compile(rb"^To: .*?([^\s<>]+@[^\s<>]+)", re.MULTILINE)


class MailServer:
    """An SMTP server in a thread, which keeps what it takes."""

    def __init__(self) -> None:
        self._scripted = Scripted(script={"EHLO": b"250-mail\r\n250 8BITMIME\r\n"})
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready, self._stop = threading.Event(), asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def port(self) -> int:
        return self._scripted.port

    def taken(self) -> Counter[str]:
        """How often each address got mail."""
        found = [_TO.search(mail) for mail in list(self._scripted.mails)]
        return Counter(each.group(1).decode() for each in found if each is not None)

    def mails(self) -> list[bytes]:
        return list(self._scripted.mails)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with running(self._scripted):
            self._ready.set()
            await self._stop.wait()


@dataclass(slots=True)
class Member:
    """One process of a role."""

    role: str
    process: subprocess.Popen[bytes]
    port: int = 0

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def health(self) -> dict[str, Any]:
        return dict(asked(self.port, "GET", "/healthz")[1])

    def kill(self) -> None:
        """End it with no warning."""
        self.process.send_signal(signal.SIGKILL)
        self.gone()

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.gone()

    def gone(self) -> int:
        code = self.process.wait(STOP_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def asked(port: int, method: str, path: str, body: object = None, *, key: str = API_KEY) -> tuple[int, Any]:
    """One request, and its answer as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with contextlib.closing(connection):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")


def posted(port: int, batch: Sequence[Mapping[str, object]], *, key: str = WRITE_KEY) -> int:
    """Send events as an SDK does; the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with contextlib.closing(connection):
        login = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        connection.request("POST", "/v1/batch", json.dumps({"batch": batch}), {"Authorization": login})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class Cluster:
    """The servers, and the processes of Holdfast over them."""

    directory: Path
    postgres: PostgresServer
    nats: Sequence[NatsServer]
    history_url: str
    mail: MailServer
    settings: Mapping[str, str] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    api_port: int = field(default_factory=free_port)
    """Given beforehand, to the first of its role: the links in messages lead there."""

    def environment(self) -> dict[str, str]:
        ours = {
            "HOLDFAST_STATE_URL": self.postgres.url,
            "HOLDFAST_LOG_URL": "nats://" + ",".join(f"127.0.0.1:{each.port}" for each in self.nats),
            "HOLDFAST_HISTORY_URL": f"{self.history_url}/shop",
            "HOLDFAST_PUBLIC_URL": f"http://127.0.0.1:{self.api_port}",
            "HOLDFAST_MAILBOX": "false",
            "HOLDFAST_SMTP_HOST": "127.0.0.1",
            "HOLDFAST_SMTP_PORT": str(self.mail.port),
            "HOLDFAST_SMTP_TLS": "none",
            "HOLDFAST_CAP_EMAIL_PER_DAY": "0",
            "HOLDFAST_ARCHIVE_FLUSH_MS": "100",
            **self.settings,
        }
        others = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
        return others | ours

    def launch(self, role: str, *arguments: str) -> Member:
        """Start a process and do not wait for it."""
        words = [role, "--data", str(self.directory / f"{role}-data"), *arguments]
        port = str(self.api_port) if role == "api" and not self.of("api") else "0"
        words += ["--port", port, *(["--write-key", WRITE_KEY, "--api-key", API_KEY] if role == "api" else [])]
        script = "from holdfast.cli.main import app; app()"
        with (self.directory / f"{role}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", script, *words], stdout=subprocess.PIPE, stderr=log, env=self.environment()
            )
        member = Member(role, process)
        self.members.append(member)
        return member

    def ready(self, member: Member) -> Member:
        """Wait until it says where it is."""
        said = member.process.stdout
        assert said is not None
        line: list[bytes] = []
        reader = threading.Thread(target=lambda: line.append(said.readline()), daemon=True)
        reader.start()
        reader.join(READY_SECONDS)
        if not line or not line[0]:
            pytest.fail(f"{member.role} did not start:\n" + self.log_of(member.role)[-4000:])
        member.port = urlsplit(line[0].decode().split(": ", 1)[1].strip()).port or 0
        return member

    def start(self, *roles: str) -> list[Member]:
        """Start processes side by side."""
        members = [self.launch(role) for role in roles]
        return [self.ready(each) for each in members]

    def of(self, role: str) -> list[Member]:
        """The processes of a role that run."""
        return [each for each in self.members if each.role == role and each.is_alive]

    def acting(self) -> Member | None:
        """The process that reacts."""
        for each in self.of("react"):
            with contextlib.suppress(OSError, http.client.HTTPException):
                if each.health()["acting"]:
                    return each
        return None

    def log_of(self, role: str) -> str:
        return (self.directory / f"{role}.log").read_text(encoding="utf-8", errors="replace")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A question to the API that is answered."""
        status, answer = asked(self.api_port, method, path, body)
        assert status < 300, (status, answer)
        return answer

    def overview(self) -> dict[str, Any]:
        return dict(self.ask("GET", "/api/overview"))


@contextlib.contextmanager
def cluster(directory: Path, *, nodes: int = 1, **settings: str) -> Iterator[Cluster]:
    """Servers that run; processes are started by the test, and ended with the block."""
    with contextlib.ExitStack() as opened:
        mail = opened.enter_context(MailServer())
        postgres = opened.enter_context(postgres_server())
        nats = nats_nodes(directory, nodes)
        for each in nats:
            opened.callback(each.kill)
        starting = [threading.Thread(target=each.start) for each in nats]
        for thread in starting:
            thread.start()
        history_url = opened.enter_context(served(directory / "history"))
        for thread in starting:
            thread.join()
        made = Cluster(directory, postgres, nats, history_url, mail, settings)
        try:
            yield made
        finally:
            for member in made.members:
                member.kill()


def nats_nodes(directory: Path, count: int) -> list[NatsServer]:
    """Servers that are not started yet; several of them know one another."""
    names = [f"n{number}" for number in range(1, count + 1)]
    ports = {name: free_port() for name in names}
    return [
        NatsServer(
            directory / name,
            name=name,
            cluster_port=ports[name],
            routes={other: ports[other] for other in names if other != name},
        )
        for name in names
    ]
