"""The real server in a process of its own, for tests that speak to it as anybody would: over HTTP."""

from __future__ import annotations

import base64
import contextlib
import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

WRITE_KEY = "wk_of_the_test"
API_KEY = "ak_of_the_test"
START_SECONDS = 90.0
STOP_SECONDS = 90.0
WAIT_SECONDS = 120.0

_PROGRAM = """
import asyncio, json, os, sys
from pathlib import Path
from holdfast.settings import Settings
from holdfast.workers.server import serve

data, overrides, held, write_key, api_key = json.loads(sys.argv[1])

async def hold(app):
    # The server listens by now and is not ready: it becomes so when a line comes in.
    print(app.settings.url, flush=True)
    await asyncio.to_thread(sys.stdin.readline)

serve(
    Settings.load(Path(data), os.environ, {"port": 0, **overrides}),
    on_ready=lambda url: print(url, flush=True),
    write_key=write_key,
    api_key=api_key,
    prepare=hold if held else None,
)
"""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Server:
    """One life of the server."""

    process: subprocess.Popen[str]
    port: int
    data: Path
    keys: tuple[str, str] = (WRITE_KEY, API_KEY)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        seconds: float = 60,
    ) -> Answer:
        """One request that carries what it is given and nothing else."""
        given = dict(headers or {})
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            given.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        with contextlib.closing(connection):
            connection.request(method, path, raw, given)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())

    def ask(self, method: str, path: str, body: object = None, **also: Any) -> Answer:
        """One request by the api key."""
        headers = {"Authorization": f"Bearer {self.keys[1]}", **also.pop("headers", {})}
        return self.call(method, path, body, headers=headers, **also)

    def got(self, method: str, path: str, body: object = None, *, status: int = 200, **also: Any) -> Any:
        """The JSON of an answer that must have this status."""
        answer = self.ask(method, path, body, **also)
        assert answer.status == status, (method, path, answer.status, answer.body[:2000])
        return answer.json

    def refused(self, status: int, method: str, path: str, body: object = None, **also: Any) -> dict[str, str]:
        """The complaint of an answer that must be one."""
        answer = self.ask(method, path, body, **also)
        assert answer.status == status, (method, path, answer.status, answer.body[:2000])
        return complaint(answer)

    def collect(self, *messages: Mapping[str, object], key: str | None = None) -> int:
        """Send messages in one batch; the status."""
        basic = base64.b64encode(f"{key or self.keys[0]}:".encode()).decode()
        said = [{"messageId": f"m{next(self._numbers)}", **message} for message in messages]
        return self.call("POST", "/v1/batch", {"batch": said}, headers={"Authorization": f"Basic {basic}"}).status

    def took(self, *messages: Mapping[str, object]) -> None:
        """Send messages that must be taken."""
        assert self.collect(*messages) == 200

    def kill(self) -> None:
        """End it whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self._closed()

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._closed()

    def _closed(self) -> int:
        code = self.process.wait(STOP_SECONDS)
        for each in (self.process.stdin, self.process.stdout):
            if each is not None:
                each.close()
        return code

    @property
    def log(self) -> str:
        """What the server said of itself."""
        return (self.data / "server.log").read_text(encoding="utf-8", errors="replace")


def complaint(answer: Answer) -> dict[str, str]:
    """The error in an answer, which must have the one shape all errors have."""
    said = answer.json
    assert set(said) >= {"error"}, said
    error: dict[str, str] = said["error"]
    assert set(error) >= {"code", "message", "path", "hint"}, error
    assert all(isinstance(each, str) for name, each in error.items() if name in {"code", "message", "path", "hint"})
    assert error["code"]
    assert error["message"]
    return error


@contextlib.contextmanager
def serving(data: Path, *, held: bool = False, spotless: bool = True, **overrides: object) -> Iterator[Server]:
    """A server on the directory.

    Args:
        held: listening, and not ready before a line reaches its standard input.
        spotless: fail when it logged an error by the end.
        overrides: settings.
    """
    data.mkdir(parents=True, exist_ok=True)
    told = json.dumps([str(data), overrides, held, WRITE_KEY, API_KEY])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    with (data / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            text=True,
        )
    server = Server(process, 0, data)
    try:
        server.port = urlsplit(_line(server)).port or 0
        yield server
        assert server.stop() == 0, server.log[-4000:]
    finally:
        server.kill()
    if spotless:
        assert "Traceback" not in server.log, server.log[-6000:]


def _line(server: Server) -> str:
    """The next line the server prints."""
    said = server.process.stdout
    assert said is not None
    line: list[str] = []
    reader = threading.Thread(target=lambda: line.append(said.readline()), daemon=True)
    reader.start()
    reader.join(START_SECONDS)
    if not line or not line[0]:
        pytest.fail("the server did not start:\n" + server.log[-4000:])
    return line[0].strip()


def until(true: Callable[[], object], what: str) -> None:
    """Wait for it; the limit is so far off that only a fault reaches it."""
    end = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < end, f"{what} did not come about"
        time.sleep(0.05)


def person(name: str, *rest: str, **query: object) -> str:
    """The path of somebody, whatever they are called."""
    path = "/".join(["/api/people", quote(name, safe=""), *rest])
    return f"{path}?{urlencode(query)}" if query else path


class Stream:
    """Server-sent events of one request."""

    def __init__(self, server: Server, path: str, *, key: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_SECONDS)
        headers = {"Authorization": f"Bearer {key or server.keys[1]}", "Accept": "text/event-stream"}
        self._connection.request("GET", path, headers=headers)
        self.answer = self._connection.getresponse()
        if self.answer.status != 200:
            said = self.answer.read()
            self._connection.close()
            raise AssertionError(said)

    def next(self, name: str, where: Callable[[Any], bool] = lambda _: True) -> Any:
        """The data of the next event of that name for which it holds."""
        end = time.monotonic() + WAIT_SECONDS
        event = ""
        while time.monotonic() < end:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == name:
                data = json.loads(line.removeprefix("data: "))
                if where(data):
                    return data
        raise AssertionError(f"no {name} came")

    def happened(self, names: set[str]) -> list[dict[str, Any]]:
        """Everything that happened until all of these have."""
        seen: list[dict[str, Any]] = []

        def all_there(data: Any) -> bool:
            seen.extend(data["events"])
            return names <= {each["event"] for each in seen}

        self.next("happened", all_there)
        return seen

    def comment(self) -> str:
        """The next comment line: what is sent when there is nothing to say."""
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith(":"):
                return line

    def ended(self) -> bool:
        """Whether the server ends the stream."""
        end = time.monotonic() + WAIT_SECONDS
        while self.answer.readline():
            if time.monotonic() > end:
                return False
        return True

    def close(self) -> None:
        self._connection.close()
