"""What an event, a person, a visit and a message cost in processes over servers: seconds of a core, and bytes on disk.

One process of each role over one PostgreSQL, one NATS that syncs every message and chDB behind ClickHouse's
interface, all on this machine. Events come over HTTP, a hundred in a request: five kinds with six properties each, by
people who were identified first. Every twentieth event begins a visit that waits an hour; one in ten people gets a
message. Seconds are those the processes had of a core, so that what else the machine does matters little.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from bench.benchmark import Benchmark, Measured, Row
from tests.cluster_world import Cluster, Member, cluster, posted, until

EVENTS, EVENTS_QUICK = 200_000, 40_000
EVENTS_A_PERSON = 20
BATCH = 100
CLIENTS = 4
SETTLE_SECONDS = 600.0
NAMES = ("Product Viewed", "Page Viewed", "Cart Changed", "Search Made", "Order Completed")
HALF = 0.5
"""The headline is how many events a second of a core takes in, against ten thousand: half of it should be had."""


def journey(name: str, event: str, steps: dict[str, Any]) -> dict[str, Any]:
    """A journey that begins with an event and ends after these steps."""
    first = {"type": "trigger", "event": event, "again": "after_exit", "exits": {"entered": "then"}}
    goal = {"event": "Order Completed", "within_seconds": 86_400}
    return {
        "id": name,
        "name": name,
        "goal": goal,
        "start": "first",
        "steps": {"first": first, **steps, "end": {"type": "exit"}},
    }


WAITING = journey("waiting", "Cart Left", {"then": {"type": "wait", "seconds": 3_600, "exits": {"waited": "end"}}})
GREETING = journey(
    "greeting",
    "Signed Up",
    {
        "then": {
            "type": "send",
            "channel": "email",
            "template": {"subject": "Welcome", "html": "<p>Hello {{ person.first_name }}, this is your shop.</p>"},
            "exits": {"sent": "end", "withheld": "end"},
        }
    },
)


def batches(events: int) -> Iterator[list[dict[str, object]]]:
    """Everybody is identified, and then does things in turn."""
    people = events // EVENTS_A_PERSON
    batch: list[dict[str, object]] = []
    for number in range(people + events):
        user = f"customer-{number % people:09d}"
        if number < people:
            traits = {"email": f"{user}@example.com", "first_name": "Ida", "country": "PT", "plan": "free"}
            batch.append({"type": "identify", "userId": user, "messageId": f"i{number}", "traits": traits})
        else:
            name = "Cart Left" if number % 20 == 0 else NAMES[number % len(NAMES)]
            name = "Signed Up" if number < 2 * people and number % 10 == 1 else name
            properties = {
                "sku": f"sku-{number % 5_000}",
                "category": f"category-{number % 40}",
                "price": number % 20_000 / 100,
                "quantity": number % 4,
                "list": "search",
                "position": number % 30,
            }
            batch.append(
                {"type": "track", "userId": user, "event": name, "messageId": f"e{number}", "properties": properties}
            )
        if len(batch) == BATCH:
            yield batch
            batch = []


def core_seconds(member: Member) -> float:
    """What a process has had of a core so far."""
    said = Path(f"/proc/{member.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def timed(member: Member, took: dict[str, float]) -> Iterator[None]:
    """Notes what the process had of a core within the block."""
    before = core_seconds(member)
    yield
    took[member.role] = core_seconds(member) - before


def post_all(port: int, events: int) -> float:
    """Post all events by several clients; the seconds it took."""
    waiting, lock = batches(events), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                batch = next(waiting, None)
            if batch is None:
                return
            while posted(port, batch) != 200:
                time.sleep(0.1)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    started = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return time.perf_counter() - started


async def table_bytes(url: str) -> dict[str, tuple[int, int]]:
    """Of each table of the state: its bytes, indexes and all, and its rows."""
    connection = await asyncpg.connect(url)
    try:
        names = [
            row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname='holdfast'")
        ]
        found = {}
        for name in names:
            size = await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", f"holdfast.{name}")
            # The name comes from the database's own catalogue.
            rows = await connection.fetchval(f"SELECT count(*) FROM holdfast.{name}")
            found[name] = (size, rows)
        return found
    finally:
        await connection.close()


def disk_bytes(directory: Path) -> int:
    """What lies in a directory."""
    return sum(each.stat().st_blocks * 512 for each in directory.rglob("*") if each.is_file())


def run(quick: bool) -> Measured:
    """Take everything in, role by role."""
    events = EVENTS_QUICK if quick else EVENTS
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as world:
        return measured(world, events)


def measured(world: Cluster, events: int) -> Measured:
    """Collect everything; then take it in; then send."""
    took: dict[str, float] = {}
    total, people = events + events // EVENTS_A_PERSON, events // EVENTS_A_PERSON
    world.start("api")
    for each in (WAITING, GREETING):
        world.ask("PUT", f"/api/journeys/{each['id']}", each)
    (collect,) = world.start("collect")
    until(lambda: posted(collect.port, []) == 200, 30, "the keys")
    with timed(collect, took):
        collecting = post_all(collect.port, events)
    (react,) = world.start("react")
    started = time.perf_counter()
    with timed(react, took):
        until(lambda: react.health()["backlog"] == 0, SETTLE_SECONDS, "the backlog")
        reacting = time.perf_counter() - started
        until(lambda: world.overview()["events"] >= total, SETTLE_SECONDS, "the history")
    messages = world.overview()["sends"]["pending"]
    (send,) = world.start("send")
    started = time.perf_counter()
    with timed(send, took):
        until(lambda: len(world.mail.mails()) == messages, SETTLE_SECONDS, "the mail")
    sending = time.perf_counter() - started
    until(lambda: not world.overview()["sends"].get("claimed"), SETTLE_SECONDS, "the settlements")
    sizes = asyncio.run(table_bytes(world.postgres.url))
    stored = world.overview()["events"]
    log_bytes = sum(disk_bytes(each.directory / "data") for each in world.nats)
    history_bytes = disk_bytes(world.directory / "history")
    return Measured(
        headline=total / took["react"] / 10_000,
        rows=(
            Row(what="collect: events a second of a core", value=total / took["collect"], unit="1/s"),
            Row(what="collect: events a second, as it went", value=total / collecting, unit="1/s"),
            Row(
                what="react and archive: events a second of a core",
                value=total / took["react"],
                unit="1/s",
                ratio=total / took["react"] / 10_000,
                limit=f"at least {HALF}",
                met=total / took["react"] / 10_000 >= HALF,
            ),
            Row(what="react: events a second, as it went", value=total / reacting, unit="1/s"),
            Row(what="send: messages a second of a core", value=messages / took["send"], unit="1/s"),
            Row(what="send: messages a second, as it went", value=messages / sending, unit="1/s"),
            Row(what="log: bytes an event", value=log_bytes / total, unit="B"),
            Row(what="history: bytes an event", value=history_bytes / stored, unit="B"),
            *state_rows(sizes, people),
        ),
        notes=(f"{total:,} events in, {people:,} people, {messages:,} messages; {stored:,} events in the history.",),
    )


def state_rows(sizes: dict[str, tuple[int, int]], people: int) -> list[Row]:
    """What a row of the larger tables takes, and a person in all."""
    rows = [
        Row(what=f"state: bytes a row of {name}", value=size / count, unit="B")
        for name, (size, count) in sorted(sizes.items(), key=lambda each: -each[1][0])
        if count >= people // 20
    ]
    whole = sum(size for size, _ in sizes.values())
    return [*rows, Row(what="state: bytes a person, all tables", value=whole / people, unit="B")]


BENCHMARK = Benchmark(about="seconds of a core and bytes of an event, a person and a message, over servers", run=run)
