"""Delivery to a real mail server that is slow, busy or broken: whoever is to blame waits, and nobody else."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx

from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.flows.delivery.lanes import ROOM
from holdfast.flows.upkeep.keys import first_keys
from holdfast.http.app import make_http
from holdfast.kernel.moments import to_millis
from holdfast.messages.breaker import FAILURES_MOST, OPEN_MS
from holdfast.outgoing import OWN
from holdfast.testing.house import House
from tests.integration.smtp_servers import ByDomain, running

API_KEY = "ak_of_the_test"
BUSY = b"450 4.2.0 not now\r\n"


def journey(name: str = "welcome", *, transactional: bool = False, event: str = "Signed Up") -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "goal": {"event": "Order Completed", "within_seconds": 3_600},
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": event, "again": "after_exit", "exits": {"entered": "mail"}},
            "mail": {
                "type": "send",
                "channel": "email",
                "transactional": transactional,
                "template": {"subject": "Hello", "text": "Hello."},
                "exits": {"sent": "done", "withheld": "done"},
            },
            "done": {"type": "exit"},
        },
    }


def people(domain: str, count: int, event: str = "Signed Up") -> list[dict[str, Any]]:
    """So many people with an address there, each of whom does something once."""
    users = [f"{event[:1]}{number}-{domain}" for number in range(count)]
    return [
        message
        for number, user in enumerate(users)
        for message in (
            {"type": "identify", "userId": user, "messageId": f"i-{user}", "traits": {"email": f"p{number}@{domain}"}},
            {"type": "track", "userId": user, "messageId": f"t-{user}", "event": event},
        )
    ]


@asynccontextmanager
async def a_house(directory: Path, server: ByDomain, **settings: Any) -> AsyncIterator[House]:
    async with running(server):
        carrier = SmtpCarrier("127.0.0.1", server.port, tls="none")
        house = await House.build(directory, carrier=cast("Any", carrier), cap_email_per_day=0, **settings)
        try:
            yield house
        finally:
            for each in server.held.values():
                each.set()
            await house.app.close()


async def collect(house: House, messages: list[dict[str, Any]]) -> None:
    for start in range(0, len(messages), 500):
        batch: Mapping[str, object] = {"batch": messages[start : start + 500]}
        await house.app.collector.collect("batch", _json(batch), "default")


def _json(value: object) -> bytes:

    return json.dumps(value).encode()


async def until(house: House, holds: Callable[[], bool], *, seconds: float = 0) -> None:
    """Let the server work until that holds; each round lasts that long by its clock."""
    async with asyncio.timeout(120):
        while not holds():
            await house.app.reactor.tick()
            await house.app.reactor.pump()
            if seconds:
                house.clock.advance(seconds=seconds)
            await asyncio.sleep(0.001)


async def totals(house: House) -> dict[str, int]:
    async with house.app.state.view() as view:
        return {str(state): count for state, count in (await view.send_totals(None)).items()}


async def test_a_slow_domain_holds_up_nobody_else(tmp_path: Path) -> None:
    server = ByDomain(held={"slow.example": asyncio.Event()})
    async with a_house(tmp_path, server) as house:
        await house.publish(journey())
        await collect(house, people("slow.example", 200))
        await collect(house, people("quick.example", 60))
        await until(house, lambda: len(server.taken) == 60, seconds=1)
        assert {each.partition("@")[2] for each in server.taken} == {"quick.example"}
        assert (await totals(house))["claimed"] <= ROOM
        server.held["slow.example"].set()
        await until(house, lambda: len(server.taken) == 260, seconds=1)
        assert max(Counter(server.taken).values()) == 1


async def test_a_receipt_goes_out_while_a_flood_waits_for_a_slow_server(tmp_path: Path) -> None:
    domains = [f"d{number}.example" for number in range(8)]
    server = ByDomain(held={each: asyncio.Event() for each in domains})
    async with a_house(tmp_path, server) as house:
        await house.publish(journey())
        await house.publish(journey("receipt", transactional=True, event="Order Completed"))
        for each in domains:
            await collect(house, people(each, 20))
        while (await totals(house)).get("claimed", 0) < ROOM:
            await house.app.reactor.tick()
        await asyncio.sleep(0.05)
        await collect(house, people("shop.example", 1, event="Order Completed"))
        await until(house, lambda: server.taken == ["p0@shop.example"])


async def test_a_domain_that_says_not_now_is_slowed_and_no_other(tmp_path: Path) -> None:
    server = ByDomain(answers={"busy.example": BUSY})
    async with a_house(tmp_path, server) as house:
        await house.publish(journey())
        await collect(house, people("busy.example", 100))
        await collect(house, people("quick.example", 50))
        await until(house, lambda: len(server.taken) == 50)
        asked = sum(line.startswith(b"RCPT") for line in server.heard)
        assert asked <= 50, "it is left alone after the first deferrals"
        slowed = house.app.lanes.carrying(to_millis(house.clock.now()))[0].slowed
        assert [each.domain for each in slowed] == ["busy.example"]
        del server.answers["busy.example"]
        await until(house, lambda: len(server.taken) == 150, seconds=5)
        assert max(Counter(server.taken).values()) == 1


async def test_a_broken_server_is_left_alone_and_then_tried_with_one_mail(tmp_path: Path) -> None:
    server = ByDomain(answers={"*": b"421 4.7.0 go away\r\n"})
    async with a_house(tmp_path, server) as house:
        await house.publish(journey())
        await collect(house, people("a.example", 200))
        lanes, now_ms = house.app.lanes, to_millis(house.clock.now())
        await until(house, lambda: lanes.is_open("email", now_ms))
        while (await totals(house)).get("claimed"):
            await house.app.reactor.tick()
            await asyncio.sleep(0)
        assert {lane.channel for lane in lanes.rooms(now_ms)} == {"webhook", *OWN}
        before = server.connections
        house.clock.advance(seconds=OPEN_MS / 1000)
        ticked = await house.app.reactor.tick()
        assert ticked.claimed == 1, "a probe"
        assert (await house.app.reactor.tick()).claimed == 0
        server.answers.clear()
        await until(house, lambda: len(server.taken) == 200, seconds=10)
        assert before <= FAILURES_MOST + ROOM
        await house.settle()
        assert (await totals(house)) == {"sent": 200}


async def test_a_rate_is_kept_and_the_lanes_share_it(tmp_path: Path) -> None:
    server = ByDomain()
    async with a_house(tmp_path, server, send_rates="email 20/s") as house:
        await house.publish(journey())
        await collect(house, people("a.example", 100))
        for second in range(1, 4):
            for _ in range(10):
                await house.app.reactor.tick()
                await asyncio.sleep(0.01)
                house.clock.advance(seconds=0.1)
            assert len(server.taken) <= 20 * second + 5
        assert len(server.taken) >= 50


async def test_the_lanes_are_shown(tmp_path: Path) -> None:
    server = ByDomain(answers={"busy.example": BUSY})
    async with a_house(tmp_path, server, send_rates="email 5/s") as house, api(house) as client:
        await house.publish(journey())
        await collect(house, people("busy.example", 10))
        await house.app.reactor.tick()
        await until(house, lambda: len(house.app.reactor._settlements) > 0)
        await house.app.reactor.tick()
        house.clock.advance(seconds=30)
        page = (await client.get("/api/lanes")).json()
        [lane] = page["lanes"]
        assert (lane["channel"], lane["urgency"]) == ("email", "journey")
        assert lane["waiting"] + lane["under_way"] == 10
        assert lane["late_seconds"] >= 1
        provider, _ = page["providers"]
        assert (provider["breaker"], provider["rate"]) == ("closed", "5/s")


@asynccontextmanager
async def api(house: House) -> AsyncIterator[httpx.AsyncClient]:
    await first_keys(house.app.state, write_key=None, api_key=API_KEY, now=house.clock.now())
    await house.app.access.refresh(house.app.state)
    transport = httpx.ASGITransport(app=make_http(house.app))
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield client


async def test_a_letter_that_was_refused_is_read_and_replayed(tmp_path: Path) -> None:
    server = ByDomain(answers={"strict.example": b"550 5.7.1 we do not know you\r\n"})
    async with a_house(tmp_path, server) as house, api(house) as client:
        await house.publish(journey())
        await house.happens(*people("strict.example", 3))
        page = (await client.get("/api/dead-letters", params={"limit": 2})).json()
        assert page["total"] == 3
        assert len(page["dead_letters"]) == 2
        rest = (await client.get("/api/dead-letters", params={"before": page["next_before"]})).json()
        assert len(rest["dead_letters"]) == 1
        assert rest["next_before"] is None
        letter = page["dead_letters"][0]
        assert (letter["state"], letter["attempts"], letter["replayable"]) == ("failed", 1, True)
        assert "we do not know you" in letter["answers"][0]["said"]
        assert (await client.get(f"/api/dead-letters/{letter['key']}")).json() == letter
        del server.answers["strict.example"]
        said = await client.post("/api/dead-letters/replay", json={"keys": [letter["key"], "nobody"]})
        assert said.json() == {"replayed": 1, "too_old": 0, "unknown": 1}
        await house.settle()
        assert server.taken == [letter["address"]]
        assert (await client.get(f"/api/dead-letters/{letter['key']}")).status_code == 404
        dropped = await client.post("/api/dead-letters/drop", json={"all": True, "origin": "welcome"})
        assert dropped.json() == {"dropped": 2, "unknown": 0}
        assert (await client.get("/api/dead-letters")).json()["total"] == 0


async def test_who_opted_out_meanwhile_is_not_written_to_by_a_replay(tmp_path: Path) -> None:
    server = ByDomain(answers={"strict.example": b"550 5.7.1 no\r\n"})
    async with a_house(tmp_path, server) as house, api(house) as client:
        await house.publish(journey())
        await house.happens(*people("strict.example", 1))
        server.answers.clear()
        await client.put("/api/people/S0-strict.example/consent", json={"channel": "email", "granted": False})
        assert (await client.post("/api/dead-letters/replay", json={"all": True})).json()["replayed"] == 1
        await house.settle()
        assert server.taken == []
        assert await totals(house) == {"withheld": 1}


async def test_what_is_asked_wrongly_is_said_so(tmp_path: Path) -> None:
    async with a_house(tmp_path, ByDomain()) as house, api(house) as client:
        for wish in ({}, {"keys": ["a"], "all": True}, {"keys": ["a"], "origin": "b"}):
            answer = await client.post("/api/dead-letters/replay", json=wish)
            assert (answer.status_code, answer.json()["error"]["path"]) == (400, "$.keys")
        assert (await client.get("/api/dead-letters", params={"before": "x"})).status_code == 400
