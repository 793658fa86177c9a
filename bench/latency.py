"""From an event in over HTTP to its message handed to the provider, by the whole server, with an open loop.

Batches of ten events are sent at their appointed time whatever became of those before; a message's wait is counted from
that time to its address being named to the provider. A hundred journeys and a hundred live segments are there; each
event concerns one of the segments and updates the profile of somebody who was there before, but for one in fifty: that
is of a newcomer who enters a journey and is written to at once. Every fourth of those messages is transactional.

What is measured is a rate that lasts: before each, the same comes for some seconds, for what the server has for it (a
door, hands, threads) begins only when it is needed. How the messages of those seconds fared stands beside it.

The load, the provider and the server share the machine. BENCH_RATES names other rates than those of the limits.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench.benchmark import Benchmark, Measured, Row
from bench.ingest_server import WRITE_KEY
from bench.served import Provider, Served, served
from holdfast.events.event import IdentityKey
from holdfast.flows.audience.segment_drafts import drafts_of as segment_drafts_of
from holdfast.flows.audience.segments import apply_segments
from holdfast.flows.journey.decision_drafts import drafts_of
from holdfast.flows.journey.publishing import apply_decisions
from holdfast.profiles.profile import Profile, Stamped
from holdfast.segments.builders import did
from holdfast.stores.sqlite.state import SqliteState

JOURNEYS = SEGMENTS = 100
PEOPLE = 50_000
KNOWN_AT_ONCE = 10_000
BATCH_EVENTS = 10
SHARE_WRITTEN_TO = 50
"""One event in so many has a message sent."""
CONNECTIONS = 64
WARM_SECONDS = 2.0
ONSET_SECONDS = 8.0
"""So long the same rate comes before it is measured."""
SETTLE_SECONDS = 30.0
LIMITS = {2_000: (10.0, 100.0), 10_000: (None, 250.0)}
"""By events a second: the p50 and p99 that are asked, in milliseconds."""
LIMIT_USUAL = (None, 250.0)


@dataclass(slots=True)
class Round:
    """What came of one rate."""

    rate: int
    onset: Round | None = None
    """The seconds before, in which the rate began."""
    sent: dict[str, float] = field(default_factory=dict)
    """By address: when its event was to be sent."""
    answers: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    waits_transactional: list[float] = field(default_factory=list)
    events: int = 0
    processor_seconds: float = 0.0
    seconds: float = 0.0


def run(quick: bool) -> Measured:
    """Measure."""
    return asyncio.run(_run(4.0 if quick else 12.0))


async def _run(seconds: float) -> Measured:
    rates = [int(each) for each in os.environ.get("BENCH_RATES", "2000,10000").split(",")]
    rounds = []
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        data = Path(directory)
        await _publish(data)
        async with Provider.running() as provider:
            settings: dict[str, Any] = {
                "mailbox": "false",
                "smtp_host": "127.0.0.1",
                "smtp_port": provider.port,
                "smtp_tls": "none",
                "cap_email_per_day": 0,
                "cap_email_per_week": 0,
            }
            # Where it is installed, Python has its byte code; here the first start and the first events make it.
            with served(data, **settings) as server:
                await _round(server, provider, rates[0], WARM_SECONDS, name="first")
            with served(data, **settings) as server:
                await _round(server, provider, rates[0], WARM_SECONDS)
                for rate in rates:
                    onset = await _round(server, provider, rate, ONSET_SECONDS, name="onset")
                    rounds.append(await _round(server, provider, rate, seconds))
                    rounds[-1].onset = onset
    return _measured(rounds)


async def _publish(data: Path) -> None:
    state, now = SqliteState(data), datetime.now(UTC)
    await apply_decisions(state, drafts_of([_journey(number) for number in range(JOURNEYS)]), now=now)
    segments = [
        {
            "id": f"s-{n}",
            "name": f"S {n}",
            "definition": did(f"Event {n}", at_least=1 + n % 3, within_days=7),
            "live": True,
        }
        for n in range(SEGMENTS)
    ]
    await apply_segments(state, segment_drafts_of(segments), by="bench", now=now)
    await _know(state)
    await state.close()


async def _know(state: SqliteState) -> None:
    """Those who are no newcomers were here before."""
    for start in range(0, PEOPLE, KNOWN_AT_ONCE):
        keys = [IdentityKey(kind="user", value=f"user-{number}") for number in range(start, start + KNOWN_AT_ONCE)]
        async with state.begin() as transaction:
            added = await transaction.add_identities(keys, 1)
            said = {each.id: Stamped(1, key.value, key.value.title()) for key, each in added.items()}
            await transaction.put_profiles({number: Profile(traits={"name": name}) for number, name in said.items()})


def _journey(number: int) -> dict[str, Any]:
    template = {"subject": "Hello {{ person.name }}", "html": "<p>Thank you, <a href='https://x.example'>look</a>.</p>"}
    send = {
        "type": "send",
        "channel": "email",
        "transactional": number % 4 == 0,
        "template": template,
        "exits": {"sent": "end", "withheld": "end"},
    }
    start = {"type": "trigger", "event": f"Begun {number}", "again": "after_exit", "exits": {"entered": "mail"}}
    return {
        "kind": "journey",
        "id": f"journey-{number}",
        "name": f"Journey {number}",
        "goal": {"event": "Subscribed", "within_seconds": 86_400},
        "start": "start",
        "steps": {"start": start, "mail": send, "end": {"type": "exit"}},
    }


async def _round(server: Served, provider: Provider, rate: int, seconds: float, *, name: str = "") -> Round:
    """Send for so long, then wait until nobody is left to be written to. Rounds alike need names of their own."""
    this = Round(rate=rate)
    draw = random.Random(rate)
    queue: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    used, began = server.processor_seconds(), time.perf_counter()
    senders = [asyncio.create_task(_send(server.port, queue, this)) for _ in range(CONNECTIONS)]
    for number in range(int(rate * seconds / BATCH_EVENTS)):
        at = began + number * BATCH_EVENTS / rate
        body = _batch(draw, this, at, f"{name}{rate}-{int(seconds)}-{number}")
        if (left := at - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        queue.put_nowait((at, body))
    for _ in senders:
        queue.put_nowait(None)
    await asyncio.gather(*senders)
    this.seconds, this.processor_seconds = time.perf_counter() - began, server.processor_seconds() - used
    until = time.perf_counter() + SETTLE_SECONDS
    # Each mail would have to look whether it is the last.
    while time.perf_counter() < until and any(each not in provider.named for each in this.sent):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    for address, at in this.sent.items():
        wait = provider.named.get(address, until) - at
        this.waits.append(wait)
        if address.endswith("@receipts.example"):
            this.waits_transactional.append(wait)
    return this


def _batch(draw: random.Random, this: Round, at: float, name: str) -> bytes:
    events: list[dict[str, object]] = []
    while len(events) < BATCH_EVENTS:
        given = {"messageId": f"{name}-{len(events)}"}
        if draw.randrange(SHARE_WRITTEN_TO) == 0 and len(events) + 2 <= BATCH_EVENTS:
            journey = draw.randrange(JOURNEYS)
            address = f"new-{name}-{len(events)}@{'receipts' if journey % 4 == 0 else 'news'}.example"
            this.sent[address] = at
            someone = {"userId": address}
            events.append({"type": "identify", **someone, "traits": {"email": address, "name": "New"}, **given})
            events.append(
                {"type": "track", **someone, "event": f"Begun {journey}", "messageId": f"{given['messageId']}b"}
            )
        else:
            someone = {"userId": f"user-{draw.randrange(PEOPLE)}"}
            done = {"event": f"Event {draw.randrange(SEGMENTS)}", "properties": {"revenue": 12.5, "currency": "EUR"}}
            events.append({"type": "track", **someone, **done, **given})
    this.events += len(events)
    return msgspec.json.encode({"batch": events})


async def _send(port: int, queue: asyncio.Queue[tuple[float, bytes] | None], this: Round) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    authorization = base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
    head = f"POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {authorization}\r\n"
    while (given := await queue.get()) is not None:
        at, body = given
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        this.answers.append(time.perf_counter() - at)
    writer.close()


def _measured(rounds: list[Round]) -> Measured:
    rows: list[Row] = []
    for each in rounds:
        half, most = LIMITS.get(each.rate, LIMIT_USUAL)
        rows += (
            Row(what=f"{each.rate:,} events/s asked: events", value=each.events / each.seconds, unit="events/s"),
            _wait("message handed over, p50", each.waits, 50, half),
            _wait("message handed over, p90", each.waits, 90, None),
            _wait("message handed over, p99", each.waits, 99, most),
            _wait("transactional ones, p99", each.waits_transactional, 99, None),
            _wait("request answered, p50", each.answers, 50, None),
            _wait("request answered, p99", each.answers, 99, None),
            *(
                _wait(f"at the onset, p{percent}", each.onset.waits, percent, None)
                for percent in (50, 99)
                if each.onset
            ),
            Row(what="  messages", value=len(each.waits) / each.seconds, unit="messages/s"),
            Row(what="  the server's processors", value=each.processor_seconds / each.seconds, unit="cores"),
        )
    worst = max(_percentile(each.waits, 99) * 1000 / (LIMITS.get(each.rate, LIMIT_USUAL)[1] or 1) for each in rounds)
    notes = (
        f"{JOURNEYS} journeys, {SEGMENTS} live segments, {PEOPLE:,} people. Ratio: worst p99 against its limit.",
        "",
    )
    return Measured(headline=worst, rows=tuple(rows), notes=notes)


def _wait(what: str, waits: list[float], percent: int, most: float | None) -> Row:
    value = _percentile(waits, percent) * 1000
    return Row(
        what=f"  {what}",
        value=value,
        unit="ms",
        limit="" if most is None else f"under {most:.0f}",
        met=most is None or value < most,
    )


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


BENCHMARK = Benchmark(
    about="event in over HTTP until its message is handed to the provider, at 2,000 and 10,000/s", run=run
)
