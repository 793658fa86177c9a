"""Kill the server with no warning, again and again, while it takes in and sends; then count.

Nothing it acknowledged may be lost, nothing may be there twice, and every mail must be in the mailbox exactly once.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import pytest

from tests.integration.api_server import serving, until
from tests.integration.hands_world import HELP, a_crowd, a_journey, address, hands_of, lives

ROUNDS = int(os.environ.get("TEST_KILLS", "12"))
WRITERS = 3
GROUP = 200
"""People who sign up in one round with hands."""
START_SECONDS = 90.0
SETTLE_SECONDS = 180.0
JOURNEY = {
    "id": "welcome",
    "name": "Welcome",
    "goal": {"event": "Order Completed", "within_seconds": 86_400},
    "start": "signed-up",
    "steps": {
        "signed-up": {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "mail"}},
        "mail": {
            "type": "send",
            "channel": "email",
            "topic": "welcome",
            "template": {"subject": "Welcome, {{ person.user_id }}", "html": "<p>Hello.</p>"},
            "exits": {"sent": "end", "withheld": "end"},
        },
        "end": {"type": "exit"},
    },
}


@dataclass
class Server:
    """One life of the server."""

    process: subprocess.Popen[bytes]
    port: int

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self._gone(10)

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._gone(30)

    def _gone(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One API request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            headers = {"Authorization": "Bearer ak_test", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")


def start(data: Path) -> Server:
    """Start the server and wait until it answers."""
    environment = {**os.environ, "HOLDFAST_CAP_EMAIL_PER_DAY": "0"}
    script = (
        "from pathlib import Path; from holdfast.settings import Settings; from holdfast.workers.server import serve;"
        "import os, sys;"
        "serve(Settings.load(Path(sys.argv[1]), os.environ, {'port': 0}), on_ready=lambda url: print(url, flush=True),"
        " write_key='wk_test', api_key='ak_test')"
    )
    with (data / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(data)], stdout=subprocess.PIPE, stderr=log, env=environment
        )
    said = process.stdout
    assert said is not None
    line: list[bytes] = []
    reader = threading.Thread(target=lambda: line.append(said.readline()), daemon=True)
    reader.start()
    reader.join(START_SECONDS)
    if not line or not line[0]:
        process.kill()
        process.wait()
        pytest.fail("the server did not start:\n" + (data / "server.log").read_text()[-4000:])
    return Server(process, urlsplit(line[0].decode().strip()).port or 0)


@dataclass
class Writer:
    """Sends batches as fast as the server takes them, and remembers what was acknowledged."""

    name: str
    acknowledged: set[str] = field(default_factory=set)
    sent: int = 0

    def run(self, port: int, stop: threading.Event) -> None:
        """Until told to stop or the server is gone."""
        authorization = "Basic " + base64.b64encode(b"wk_test:").decode()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not stop.is_set():
            batch = self._somebody_new()
            try:
                connection.request("POST", "/v1/batch", json.dumps({"batch": batch}), {"Authorization": authorization})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                break
            if answer.status == 200:
                self.acknowledged.update(str(message["messageId"]) for message in batch)
            time.sleep(0.01)
        connection.close()

    def _somebody_new(self) -> list[dict[str, object]]:
        self.sent += 1
        user = f"{self.name}-{self.sent}"
        common = {"userId": user, "anonymousId": f"anonymous-{user}"}
        return [
            {"type": "identify", "traits": {"email": f"{user}@example.com"}, "messageId": f"{user}.0", **common},
            {"type": "track", "event": "Signed Up", "messageId": f"{user}.1", **common},
            {"type": "track", "event": "Page Read", "messageId": f"{user}.2", **common},
            # Said twice, as a client does whose answer was lost.
            {"type": "track", "event": "Page Read", "messageId": f"{user}.2", **common},
        ]


@contextlib.contextmanager
def writing(writers: list[Writer], port: int) -> Iterator[None]:
    """The writers at work."""
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(port, stop)) for each in writers]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        stop.set()
        for each in threads:
            each.join()


def settle(server: Server) -> dict[str, int]:
    """Wait until nothing is on its way; the sends by state."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        _, overview = server.ask("GET", "/api/overview")
        sends: dict[str, int] = overview["sends"]
        if not overview["backlog"] and not sends.get("pending") and not sends.get("claimed"):
            return sends
        assert time.monotonic() < until, f"{overview['backlog']} requests wait, sends are stuck: {sends}"
        time.sleep(0.2)


def mails(server: Server) -> Counter[str]:
    """How often each address got its mail."""
    found: Counter[str] = Counter()
    before = ""
    while True:
        _, page = server.ask("GET", f"/api/mailbox?limit=500{before}")
        messages = page["messages"]
        found.update(message["to"] for message in messages)
        if len(messages) < 500:
            return found
        before = f"&before={messages[-1]['id']}"


def exported(data: Path) -> pl.DataFrame:
    """Every event, read by a process of its own: one process can open one history."""
    target = data / "export.parquet"
    script = "import sys, holdfast; holdfast.open(sys.argv[1]).export(sys.argv[2], 'parquet')"
    subprocess.run([sys.executable, "-c", script, str(data), str(target)], check=True, timeout=120)
    return pl.read_parquet(target)


def test_killed_again_and_again_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """Kill -9 at random moments during ingest and sending."""
    chance = random.Random(20261121)
    writers = [Writer(f"w{number}") for number in range(WRITERS)]
    for number in range(ROUNDS):
        server = start(tmp_path)
        if number == 0:
            status, answer = server.ask("PUT", "/api/journeys/welcome", JOURNEY)
            assert status == 200, answer
        with writing(writers, server.port):
            time.sleep(chance.uniform(0.05, 0.8))
            server.kill()
    server = start(tmp_path)
    sends = settle(server)
    delivered = mails(server)
    assert server.stop() == 0
    events = exported(tmp_path)

    acknowledged = set().union(*(writer.acknowledged for writer in writers))
    assert len(acknowledged) > ROUNDS * 10, "the rounds were too short to prove anything"
    there = Counter(events["message_id"].to_list())
    assert not acknowledged - there.keys(), "acknowledged events are lost"
    assert max(there.values()) == 1, "events are there twice"
    assert max(delivered.values()) == 1, "mail was sent twice"

    signed_up = events.filter(pl.col("event") == "Signed Up").height
    queued = events.filter(pl.col("event") == "Message Queued").height
    assert queued == signed_up, "somebody was forgotten, or asked twice"
    # The mailbox can be asked what it took, so that no mail stays in doubt: every one is there, once.
    assert len(delivered) == queued
    assert sends == {"sent": queued}


def test_killed_with_hands_at_work_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """Kill -9 at random moments of the server, or of a hand and then of the server, while hands do most of the work."""
    chance = random.Random(20261122)
    signed_up: list[str] = []
    hands: list[int] = []
    with serving(tmp_path, hand_events=1, cap_email_per_day=0) as server:
        crowd = a_crowd(server, GROUP * ROUNDS)
        server.got("PUT", "/api/journeys/welcome", a_journey("welcome", "Signed Up"))
        crowd.come()
    for number in range(ROUNDS):
        group, killed = crowd.names[GROUP * number : GROUP * (number + 1)], False
        # That it did not end well is of no interest here.
        with pytest.raises(AssertionError), serving(tmp_path, hand_events=1, cap_email_per_day=0) as server:  # noqa: PT012
            crowd.server = server
            before = server.log.count(HELP)
            with crowd.reading():
                until(lambda: server.log.count(HELP) > before, "hands that are ready")  # noqa: B023  # It is called here.
                hands = hands_of(server)
                crowd.do("Signed Up", group)
                # Their timers are due a second later.
                time.sleep(chance.uniform(0, 1.5))
                if hands and chance.random() < 0.4:
                    os.kill(chance.choice(hands), signal.SIGKILL)
                    time.sleep(chance.uniform(0, 0.3))
                server.process.kill()
                server.process.wait()
            killed = True
        assert killed, server.log[-4000:]
        assert hands
        signed_up += group
        until(lambda: not any(map(lives, hands)), "the end of the hands")  # noqa: B023
    with serving(tmp_path, hand_events=1, cap_email_per_day=0) as server:
        crowd.server = server
        wanted = {f"{name}/Signed Up/" for name in signed_up}
        acknowledged = {each.rpartition("/")[0] + "/" for each in crowd.acknowledged if "/Signed Up/" in each}
        assert wanted == acknowledged
        until(lambda: not server.got("GET", "/api/journeys/welcome")["waiting"], "the end of all timers")
        sends = crowd.settled()
        assert sends == {"sent": len(signed_up)}
        assert crowd.mails() == Counter(("welcome", address(name)) for name in signed_up)
        crowd.check_kept()
