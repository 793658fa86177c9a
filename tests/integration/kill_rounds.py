"""What is written while processes are killed, and what must be true of it afterwards."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from holdfast.flows.delivery.lanes import ROOM
from tests.cluster_world import Cluster, posted

SETTLE_SECONDS = 180.0
WELCOME = {
    "id": "welcome",
    "name": "Welcome",
    "goal": {"event": "Order Completed", "within_seconds": 86_400},
    "start": "signed-up",
    "steps": {
        "signed-up": {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "wait"}},
        "wait": {"type": "wait", "seconds": 1, "exits": {"waited": "mail"}},
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
class Writer:
    """Sends batches to one collector after the other, and remembers what was acknowledged."""

    name: str
    acknowledged: set[str] = field(default_factory=set)
    sent: int = 0

    def run(self, ports: Sequence[int], stop: threading.Event) -> None:
        """Until told to stop. What was refused is not sent again: it may be there, or not."""
        for turn in itertools.count():
            if stop.is_set():
                return
            batch = self._somebody_new()
            with contextlib.suppress(OSError, http.client.HTTPException):
                there = list(ports)
                if there and posted(there[turn % len(there)], batch) == 200:
                    self.acknowledged.update(str(message["messageId"]) for message in batch)
            time.sleep(0.02)

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
def writing(writers: Sequence[Writer], ports: Sequence[int]) -> Iterator[None]:
    """The writers at work; which ports there are may change meanwhile."""
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(ports, stop)) for each in writers]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        stop.set()
        for each in threads:
            each.join()


def settled(world: Cluster, *, orphans_most: int) -> dict[str, int]:
    """Wait until nothing is on its way but what killed senders had in their hands; the sends by state."""
    deadline = time.monotonic() + SETTLE_SECONDS
    quiet: tuple[object, ...] | None = None
    while True:
        overview = world.overview()
        sends: dict[str, int] = overview["sends"]
        waiting = world.ask("GET", "/api/journeys/welcome")["waiting"]
        now = (overview["events"], *sorted(sends.items()))
        done = not overview["backlog"] and not sends.get("pending") and not waiting
        if done and sends.get("claimed", 0) <= orphans_most and now == quiet:
            return sends
        quiet = now
        assert time.monotonic() < deadline, f"{overview['backlog']} requests wait, {waiting} travellers; sends: {sends}"
        time.sleep(1)


def check_all(world: Cluster, writers: Sequence[Writer], *, killed_senders: int) -> dict[str, int]:
    """Nothing acknowledged is lost, nothing is there twice, and everybody is written to once at most."""
    sends = settled(world, orphans_most=killed_senders * ROOM)
    found = world.ask("POST", "/api/sql", {"query": "SELECT message_id, event, source FROM events", "limit": 100_000})[
        "rows"
    ]
    there = Counter(message_id for message_id, _, _ in found)
    acknowledged = set().union(*(writer.acknowledged for writer in writers))
    assert not acknowledged - there.keys(), f"{len(acknowledged - there.keys())} acknowledged events are lost"
    assert max(there.values()) == 1, f"{sum(each > 1 for each in there.values())} events are there twice"
    ours = {f"{writer.name}-" for writer in writers}
    signed_up = sum(event == "Signed Up" and message_id.startswith(tuple(ours)) for message_id, event, _ in found)
    delivered = {address: count for address, count in world.mail.taken().items() if address.startswith(tuple(ours))}
    assert max(delivered.values()) == 1, "mail was sent twice"
    welcome = world.ask("GET", "/api/journeys/welcome")["sends"]
    queued = sum(welcome.values())
    assert queued == signed_up, "somebody was forgotten, or asked twice"
    # What a killed sender had in its hands may have gone out or not: mail is not sent again.
    orphans = welcome.get("claimed", 0) + welcome.get("in_doubt", 0)
    assert orphans <= killed_senders * ROOM
    assert set(welcome) <= {"sent", "claimed", "in_doubt", "pending"} or not any(
        welcome[each] for each in welcome.keys() - {"sent", "claimed", "in_doubt"}
    ), welcome
    assert queued - orphans <= len(delivered) <= queued
    return {
        "acknowledged": len(acknowledged),
        "events": len(found),
        "queued": queued,
        "delivered": len(delivered),
        "in the hands of the killed": orphans,
        **{f"sends {name}": count for name, count in sends.items()},
    }
