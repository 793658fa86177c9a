"""A broadcast to everybody, decided and queued by the real tick; and receipts that are asked for meanwhile.

People are 100,000, with `--quick` 20,000, or as many as BENCH_PEOPLE says; times are given for a million. The state is
SQLite and the log segment files, each commit on disk. Nobody takes the broadcast's messages, so that its lane fills and
the rest of it waits in the queue; receipts are taken at once. What is handed over is written in a part of its own, by
one core: senders write as they send.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.benchmark import Benchmark, Measured, Row
from bench.hands import lent
from holdfast.channels.email_smtp import email_channel
from holdfast.decisions.medium import media
from holdfast.events.event import IdentityKey, Json
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.journey.decision_drafts import drafts_of
from holdfast.flows.journey.playbook import load_playbook
from holdfast.flows.journey.publishing import apply_decisions
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.messages.content import Words, parse_content
from holdfast.messages.doubt import ONCE
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Parcel
from holdfast.ports.log import Record
from holdfast.ports.runs import Run
from holdfast.ports.state import Send, Settlement
from holdfast.profiles.profile import Profile, Stamped
from holdfast.settings import Settings
from holdfast.stores.log import SegmentLog
from holdfast.stores.sqlite.state import SqliteState
from holdfast.wiring import rules_of
from holdfast.workers.garbage import spare_ticks

PEOPLE, PEOPLE_QUICK = 100_000, 20_000
MILLION = 1_000_000
SECONDS_MOST = 180.0
RECEIPT_EVERY_SECONDS = 0.05
RECEIPTS_ALONE = 60
WRITTEN = 2_000
FILL_AT_ONCE = 10_000
DOMAINS = 50
"""Where people have their addresses: at one alone its places would be taken before the lane is full, and every tick
would put others off."""
HTML = "<p>Dear {{ person.name }},</p><p>everything is <a href='https://shop.example/sale'>on sale</a>.</p>"
CAMPAIGN: dict[str, Any] = {
    "kind": "campaign",
    "id": "sale",
    "name": "Sale",
    "goal": {"event": "Order Completed", "within_seconds": 86_400},
    "trigger": {"type": "api", "whole_audience": True},
    "send": {"channel": "email", "template": {"subject": "Sale, {{ person.name }}", "html": HTML}},
}
RECEIPT: dict[str, Any] = {
    "kind": "journey",
    "id": "receipt",
    "name": "Receipt",
    "goal": {"event": "Order Completed", "within_seconds": 86_400},
    "start": "start",
    "steps": {
        "start": {"type": "trigger", "event": "Order Paid", "again": "after_exit", "exits": {"entered": "mail"}},
        "mail": {
            "type": "send",
            "channel": "email",
            "transactional": True,
            "template": {"subject": "Your receipt", "html": "<p>Thank you.</p>"},
            "exits": {"sent": "end", "withheld": "end"},
        },
        "end": {"type": "exit"},
    },
}


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class World:
    """A workspace, and the receipts that are under way in it."""

    state: SqliteState
    log: SegmentLog
    lanes: Lanes
    reactor: Reactor = field(init=False)
    asked: dict[str, float] = field(default_factory=dict)
    """By address: when the receipt was asked for."""
    waits: list[float] = field(default_factory=list)

    def hand_over(self, sends: Sequence[Send]) -> None:
        """As a sender whose provider takes receipts at once, and nothing else."""
        now_ms = to_millis(datetime.now(UTC))
        self.lanes.take(sends, now_ms)
        for send in sends:
            if send.transactional:
                self.waits.append(time.perf_counter() - self.asked.pop(send.address))
                self.lanes.ended(send, Accepted(), now_ms)
                self.reactor.settle([Settlement(key=send.key, state="sent", claimed_by=send.claimed_by)])


def run(quick: bool) -> Measured:
    """Measure."""
    people = int(os.environ.get("BENCH_PEOPLE", PEOPLE_QUICK if quick else PEOPLE))
    spare_ticks()  # As a server does.
    return asyncio.run(_run(people))


async def _run(people: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        folder = Path(directory)
        settings = Settings.load(folder, {}, {"cap_email_per_day": 0, "cap_email_per_week": 0}, working_dir=folder)
        world = World(state=SqliteState(folder), log=SegmentLog(folder / "log"), lanes=Lanes({"email": ONCE}))
        world.reactor = Reactor(
            log=world.log,
            state=world.state,
            clock=SystemClock(),
            rules=rules_of(settings),
            hand_over=world.hand_over,
            lanes=world.lanes,
        )
        await apply_decisions(world.state, drafts_of([CAMPAIGN, RECEIPT]), now=datetime.now(UTC))
        await fill(world.state, people)
        async with lent(world.reactor, settings) as hands:
            going = asyncio.Event()
            ticking = asyncio.gather(_tick(world, going), _tell(world))
            alone = await _receipts(world, "alone", lambda number: number >= RECEIPTS_ALONE)
            began, used = time.perf_counter(), time.process_time()
            await _begin(world.state, people)
            meanwhile = await _receipts(world, "meanwhile", lambda _: going.is_set())
            seconds, processor = time.perf_counter() - began, time.process_time() - used
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
        async with world.state.view() as view:
            totals = await view.send_totals("sale")
        assert sum(totals.values()) == people, totals
        written = await _write(world.state)
        await world.log.close()
        await world.state.close()
    return _measured(people, hands, seconds, processor, written, alone, meanwhile)


async def fill(state: SqliteState, people: int) -> None:
    for start in range(0, people, FILL_AT_ONCE):
        keys = [IdentityKey(kind="user", value=f"user-{n}") for n in range(start, min(start + FILL_AT_ONCE, people))]
        async with state.begin() as transaction:
            added = await transaction.add_identities(keys, 1)
            await transaction.put_profiles({added[key].id: _profile(key.value) for key in keys})


def _profile(name: str) -> Profile:
    domain = sum(name.encode()) % DOMAINS
    said = {"email": f"{name}@{domain}.example.com", "name": name.title(), "plan": "gold"}
    return Profile(traits={trait: Stamped(1, f"{name}/{trait}", value) for trait, value in said.items()})


async def _begin(state: SqliteState, people: int) -> None:
    now_ms = to_millis(datetime.now(UTC))
    run = Run(id=0, origin="sale", version=1, key="now", created_ms=now_ms, at_ms=now_ms, name="Campaign Called")
    async with state.begin() as transaction:
        added = await transaction.add_run(run)
        assert added is not None
        await transaction.put_members(added.id, np.arange(1, people + 1, dtype="<u4").tobytes())
        chosen = replace(added, state="running", found=people, chosen=people, as_of_ms=now_ms, wake_ms=now_ms)
        await transaction.put_run(chosen)


async def _tick(world: World, done: asyncio.Event) -> None:
    """As a server does, until the run is over; then on, for receipts that are still under way."""
    while True:
        ticked = await world.reactor.tick()
        if ticked.let_in or ticked.begun:
            async with world.state.view() as view:
                if not await view.runs_in(("preparing", "running"), limit=1):
                    done.set()
        if ticked.idle:
            await asyncio.sleep(0.001)


async def _tell(world: World) -> None:
    """Move own events into the log, as a server does while it ticks."""
    while True:
        await world.reactor.untold.wait()
        await world.reactor.pump()


async def _receipts(world: World, name: str, is_over: Callable[[int], bool]) -> list[float]:
    """Ask for a receipt every so often, each by a newcomer, until it is over."""
    world.waits, number = [], 0
    while not is_over(number):
        number += 1
        address = f"{name}-{number}@example.com"
        said = {"type": "identify", "userId": address, "traits": {"email": address}, "messageId": f"i-{address}"}
        paid = {"type": "track", "userId": address, "event": "Order Paid", "messageId": f"t-{address}"}
        body = msgspec.json.encode({"batch": [said, paid]})
        world.asked[address] = time.perf_counter()
        record = Record(kind="batch", source="web", received_ms=to_millis(datetime.now(UTC)), body=body)
        await world.log.append([record])
        await asyncio.sleep(RECEIPT_EVERY_SECONDS)
    return list(world.waits)


async def _write(state: SqliteState) -> float:
    """Write some of the messages; how many a second of processor."""
    linker = Linker(base_url="https://shop.example", key=b"k" * 32)
    channel = email_channel("Shop <shop@example.com>", linker=linker, workspace_name="Shop")
    async with state.view() as view:
        sends = await view.sends_of(origin="sale", identities=None, limit=WRITTEN)
        play = (await load_playbook(view)).find("sale", 1)
    assert play is not None
    began = time.process_time()
    for send in sends:
        variables: dict[str, Json] = {
            **send.variables,
            "person": {"name": f"Person {send.identity}", "email": send.address},
            "links": {"unsubscribe": linker.unsubscribe(send.key)},
            "workspace": {"name": "Shop"},
        }
        said = play.journey.steps[send.step].step.says()
        assert said is not None
        words = parse_content(media()[said.channel], said.content).render(variables, now=from_millis(send.created_ms))
        assert isinstance(words, Words)
        assert isinstance(channel.parcel(send, words), Parcel)
    return len(sends) / (time.process_time() - began)


def _measured(  # noqa: PLR0917 - What was measured, in order.
    people: int,
    hands: int,
    seconds: float,
    processor: float,
    written: float,
    alone: list[float],
    meanwhile: list[float],
) -> Measured:
    million = seconds * MILLION / people
    rows = (
        Row(what=f"{people:,} people: decided and queued", value=people / seconds, unit="people/s"),
        Row(
            what="  a million would take",
            value=million,
            unit="s",
            limit=f"under {SECONDS_MOST:.0f}",
            met=million < SECONDS_MOST,
        ),
        Row(what="  by a second of processor", value=people / processor, unit="people/s"),
        Row(what="messages written, by one core", value=written, unit="messages/s"),
        Row(what="  a million, by four", value=MILLION / written / 4, unit="s"),
        Row(what="receipt handed over, alone, p50", value=_percentile(alone, 50), unit="ms"),
        Row(what="  p99", value=_percentile(alone, 99), unit="ms"),
        Row(what="receipt handed over, meanwhile, p50", value=_percentile(meanwhile, 50), unit="ms"),
        Row(
            what="  p99",
            value=_percentile(meanwhile, 99),
            unit="ms",
            ratio=_percentile(meanwhile, 99) / _percentile(alone, 99),
        ),
    )
    return Measured(
        headline=SECONDS_MOST / million, rows=rows, notes=(f"{hands} hands; {len(meanwhile):,} receipts meanwhile.", "")
    )


def _percentile(waits: list[float], percent: int) -> float:
    ordered = sorted(waits)
    return 1_000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


BENCHMARK = Benchmark(about="a broadcast decided, written and queued, and receipts meanwhile", run=run)
