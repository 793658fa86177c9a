"""A server with hands, people it knows, and others who do much beside."""

from __future__ import annotations

import contextlib
import http.client
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.api_server import Server, until

GIVEN = 200
"""Events in a batch: enough for a tick to give them away."""
HELP = "help from now on"


def a_journey(name: str, event: str, *, seconds: int = 1) -> dict[str, Any]:
    """Who does it once gets one mail a little later."""
    return {
        "id": name,
        "name": name,
        "goal": {"event": "Order Completed", "within_seconds": 86_400},
        "start": "begins",
        "steps": {
            "begins": {"type": "trigger", "event": event, "again": "once", "exits": {"entered": "wait"}},
            "wait": {"type": "wait", "seconds": seconds, "exits": {"waited": "mail"}},
            "mail": {
                "type": "send",
                "channel": "email",
                "template": {"subject": name, "html": "<p>Hello.</p>"},
                "exits": {"sent": "end", "withheld": "end"},
            },
            "end": {"type": "exit"},
        },
    }


def hands_of(server: Server) -> list[int]:
    """The processes of its hands, in order."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{server.process.pid}/task").iterdir():
            for each in (task / "children").read_text().split():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    if "holdfast.workers.hand\0" in Path(f"/proc/{each}/cmdline").read_text():
                        found.append(int(each))
    return sorted(found)


def lives(pid: int) -> bool:
    """Whether the process goes on; who has ended may wait to be seen to."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def worked(pid: int) -> int:
    """How long the process has had a processor, in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@dataclass
class Crowd:
    """People whom the server knows, and all that was acknowledged of them."""

    server: Server
    names: Sequence[str]
    acknowledged: set[str] = field(default_factory=set)
    said: int = 0

    def come(self) -> None:
        """They are made known, and what is to be done about it is done."""
        self._say(
            [
                {"type": "identify", "userId": name, "messageId": f"{name}/known", "traits": {"email": address(name)}}
                for name in self.names
            ]
        )
        self.settled()

    def do(self, event: str, names: Sequence[str] | None = None) -> None:
        """Each of them does it once."""
        self.said += 1
        wanted = self.names if names is None else names
        self._say(
            [
                {"type": "track", "event": event, "userId": name, "messageId": f"{name}/{event}/{self.said}"}
                for name in wanted
            ]
        )

    def _say(self, messages: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(messages), GIVEN):
            batch = messages[start : start + GIVEN]
            if self.server.collect(*batch) == 200:
                self.acknowledged.update(each["messageId"] for each in batch)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Meanwhile they read, one page after the other."""
        stop = threading.Event()

        def read() -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):  # The server may be killed.
                while not stop.is_set():
                    self.do("Read", self.names[:GIVEN])
                    time.sleep(0.1)

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def helped(self) -> list[int]:
        """Wait until there are hands and they do something; their processes. Only while these people read."""
        until(lambda: self.server.log.count(HELP) and hands_of(self.server), "hands that are ready")
        pids = hands_of(self.server)
        before = {pid: worked(pid) for pid in pids}
        until(lambda: all(worked(pid) > before[pid] + 1 for pid in pids), "hands that work")
        return pids

    def settled(self) -> dict[str, int]:
        """Wait until nothing is on its way; the sends by state."""

        def quiet() -> bool:
            overview = self.server.got("GET", "/api/overview")
            sends = overview["sends"]
            return not (overview["backlog"] or sends.get("pending") or sends.get("claimed"))

        until(quiet, "the end of all sends")
        found: dict[str, int] = self.server.got("GET", "/api/overview")["sends"]
        return found

    def mails(self) -> Counter[tuple[str, str]]:
        """How often each address got which mail."""
        found: Counter[tuple[str, str]] = Counter()
        before = ""
        while True:
            messages = self.server.got("GET", f"/api/mailbox?limit=500{before}")["messages"]
            found.update((each["subject"], each["to"]) for each in messages)
            if len(messages) < 500:
                return found
            before = f"&before={messages[-1]['id']}"

    def check_kept(self) -> None:
        """All that was acknowledged is in the history, once."""
        until(lambda: not self.server.got("GET", "/api/overview")["backlog"], "the end of the backlog")
        query = "SELECT count(), uniqExact(message_id), uniqExactIf(message_id, source != 'holdfast') FROM events"

        def all_there() -> bool:
            (row,) = self.server.got("POST", "/api/sql", {"query": query})["rows"]
            rows, ids, theirs = map(int, row)
            assert rows == ids, "something is there twice"
            return theirs >= len(self.acknowledged)

        until(all_there, "the last of what was acknowledged")


def a_crowd(server: Server, count: int = 600) -> Crowd:
    return Crowd(server, [f"p{number:04}" for number in range(count)])


def address(name: str) -> str:
    return f"{name}@example.com"


def end_all(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
