"""Real NATS servers for the tests: one, or a cluster whose nodes can be killed, stopped and cut off."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.lacking import lacking

START_SECONDS = 90


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(slots=True)
class NatsServer:
    """One nats-server in a directory of its own, which keeps its port and its data when it is started again."""

    directory: Path
    port: int = field(default_factory=free_port)
    name: str = "n1"
    max_payload: int = 1_048_576
    jetstream: bool = True
    cluster_port: int = 0
    routes: Mapping[str, int] = field(default_factory=dict)
    """The name of each other node, and the port under which this one reaches it."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.directory / "server.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> NatsServer:
        """Run it, and return when it takes connections."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "server.conf"
        path.write_text(self._configuration(), encoding="utf-8")
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(_program()), "-c", str(path)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        until = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                if link.recv(4) == b"INFO":
                    return self
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                pytest.fail("nats-server did not start:\n" + self.log[-4000:])
            time.sleep(0.01)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs. When it is to stand still it does on return: its threads stop one by one."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, number)
            if number == signal.SIGSTOP:
                os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _configuration(self) -> str:
        parts = [f'server_name: {self.name}\nlisten: "127.0.0.1:{self.port}"\nmax_payload: {self.max_payload}\n']
        if self.jetstream:
            store = json.dumps(str(self.directory / "data"))
            parts.append(f"jetstream {{ store_dir: {store}, sync_interval: always, max_file_store: 2GB }}\n")
        if self.routes:
            urls = ", ".join(f'"nats-route://127.0.0.1:{port}"' for port in self.routes.values())
            # What nodes tell each other of their addresses would lead around the links that can be cut: so they tell of
            # one where nobody listens.
            parts.append(
                f'cluster {{ name: trio, listen: "127.0.0.1:{self.cluster_port}", advertise: "127.0.0.1:1",'
                f" no_advertise: true, routes: [{urls}] }}\n"
            )
        return "".join(parts)


@contextlib.contextmanager
def running(server: NatsServer) -> Iterator[NatsServer]:
    """The server, running until the end of the block."""
    try:
        yield server.start()
    finally:
        server.kill()


def _program() -> Path:
    path = Path(sys.executable).parent / "nats-server"
    if not path.exists():
        lacking("nats-server is not installed: `make setup` brings it")
    return path
