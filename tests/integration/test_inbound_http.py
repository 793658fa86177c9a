"""The doors of what comes back, over HTTP and SMTP: who may knock, what is let in, and what can be asked about it."""

from __future__ import annotations

import json
import smtplib
from asyncio import to_thread
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from holdfast.flows.delivery.connections import Wish
from holdfast.flows.delivery.inbound import Arrivals, Inlet
from holdfast.flows.upkeep.keys import first_keys
from holdfast.http.app import make_http
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.inbound import Arrival, Challenge, Forged, Inbound, Receipt, ReceiptKind, Told, Unreadable
from holdfast.messages.links import Link, Linker
from holdfast.messages.mail.verp import bounce_address
from holdfast.stores.mailbox.server import MailboxServer
from holdfast.testing.house import House

API_KEY = "ak_of_the_test"
ADDRESS = "ada@there.example"
ECDSA_256 = ec.ECDSA(SHA256())
PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
CAMPAIGN = {
    "id": "asked",
    "name": "Asked",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "trigger": {"event": "Asked", "again": "after_exit"},
    "send": {
        "channel": "email",
        "topic": "marketing",
        "template": {"subject": "Hello", "text": "Hello. {{ links.preferences }}"},
    },
}


class World:
    def __init__(self, house: House) -> None:
        self.house = house
        self.arrived: list[Arrival] = []
        self.says: Inbound = Told()
        house.app.arrivals = Arrivals(
            state=house.app.state,
            clock=house.clock,
            tell=house.app.tell,
            key=house.app.secret,
            inlets=self.inlet,
            patience_seconds=0,
        )
        transport = httpx.ASGITransport(make_http(house.app))
        self.client = httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {API_KEY}"}
        )
        self.outside = httpx.AsyncClient(transport=transport, base_url="https://anybody.example")

    async def inlet(self, connection: str) -> Inlet | None:
        return Inlet(connection="acme", medium="email", read=self.read) if connection == "acme" else None

    def read(self, arrival: Arrival) -> Inbound:
        self.arrived.append(arrival)
        return self.says

    async def mailed(self) -> str:
        await self.house.happens(
            {"type": "identify", "userId": "ada", "messageId": "i", "traits": {"email": ADDRESS}},
            {"type": "track", "userId": "ada", "messageId": "t", "event": "Asked"},
        )
        return self.house.carrier.parcels[-1].key

    def receipt(self, key: str, kind: ReceiptKind, **fields: Any) -> Receipt:
        given: dict[str, Any] = {"id": f"{kind}-{key}", "at_ms": to_millis(self.house.clock.now()), "send": key}
        return Receipt(kind=kind, **(given | fields))

    async def asked(self, path: str, **query: str) -> Any:
        response = await self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    house = await House.build(tmp_path, public_url="https://h.example/behind/")
    await first_keys(house.app.state, write_key=None, api_key=API_KEY, now=house.clock.now())
    await house.app.access.refresh(house.app.state)
    await house.publish(CAMPAIGN)
    world = World(house)
    async with world.client, world.outside:
        yield world


async def test_a_provider_needs_no_key_and_is_given_its_call_as_it_came(world: World) -> None:
    world.says = Told(answer=b"<Response/>", content_type="text/xml")
    body = b'{"text": "\xc3\xa4 \\u00e4 \\ud83d"}\r\n'
    response = await world.outside.post("/in/acme?a=1&a=%C3%BC", content=body, headers={"X-Signature": "abc"})
    assert (response.status_code, response.content) == (200, b"<Response/>")
    assert response.headers["content-type"].startswith("text/xml")
    (arrival,) = world.arrived
    assert arrival.body == body, "the very bytes: a signature is over them"
    assert arrival.url == "https://h.example/behind/in/acme?a=1&a=%C3%BC", "as the provider called it"
    assert arrival.query == {"a": "ü"}
    assert arrival.headers["x-signature"] == "abc"
    assert (arrival.method, arrival.at_ms) == ("POST", to_millis(world.house.clock.now()))


async def test_what_is_forged_is_refused_and_what_is_asked_is_answered(world: World) -> None:
    end = await world.house.app.log.end()
    world.says = Forged("another signature")
    refused = await world.outside.post("/in/acme", content=b"{}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "forged")
    assert "another signature" not in refused.text, "whoever guesses is not told how near they came"
    world.says = Challenge("1158201444")
    assert (await world.outside.get("/in/acme?hub.challenge=1158201444")).text == "1158201444"
    world.says = Unreadable("no JSON")
    assert (await world.outside.post("/in/acme", content=b"?")).status_code == 200
    assert await world.house.app.log.end() == end


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/in/nobody", b"", 404),
        ("POST", "/in/acme/more", b"", 404),
        ("POST", "/in/", b"", 404),
        ("GET", "/in", b"", 404),
        ("PUT", "/in/acme", b"", 405),
        ("DELETE", "/in/acme", b"", 405),
        ("GET", "/in/mail", b"", 404),
        ("POST", "/in/acme", b"x" * (1024 * 1024 + 1), 413),
        ("POST", "/in/mail", b"x" * (10 * 1024 * 1024 + 1), 413),
    ],
)
async def test_other_calls_are_refused(world: World, method: str, path: str, body: bytes, status: int) -> None:
    response = await world.outside.request(method, path, content=body)
    assert response.status_code == status
    assert response.json()["error"]["code"]
    assert world.arrived == []


def dsn(key: str, secret: bytes) -> bytes:
    link = Linker(base_url="https://t.example", key=secret).unsubscribe(key)
    return (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n'
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {ADDRESS}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\n"
        f"Content-Type: text/rfc822-headers\r\n\r\nList-Unsubscribe: <{link}>\r\n\r\n--b--\r\n"
    ).encode()


async def test_a_bounce_comes_in_by_http(world: World) -> None:
    key = await world.mailed()
    response = await world.outside.post("/in/mail?to=x@y.example", content=dsn(key, world.house.app.secret))
    assert response.status_code == 202
    await world.house.settle()
    (listed,) = (await world.asked("/api/suppressions"))["suppressions"]
    assert (listed["channel"], listed["address"], listed["reason"]) == ("email", ADDRESS, "bounced")


async def test_a_bounce_comes_in_by_smtp(world: World) -> None:
    key = await world.mailed()
    server = MailboxServer(world.house.app.arrivals, world.house.clock)
    port = await server.start()

    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            to = bounce_address(key, "bounces.shop.example", world.house.app.secret)
            client.sendmail("", [to], dsn("0" * 32, b"k" * 32))

    try:
        await to_thread(deliver)
    finally:
        await server.close()
    await world.house.settle()
    assert (await world.asked("/api/messages/" + key))["status"] == "bounced"


async def test_the_life_of_a_message_can_be_asked_for(world: World) -> None:
    key = await world.mailed()
    world.house.clock.advance(minutes=5)
    world.says = Told(things=(world.receipt(key, "clicked", agent="human", url="https://s.example", at_ms=0),))
    await world.outside.post("/in/acme")
    at_ms = to_millis(world.house.clock.now())
    world.says = Told(
        things=(
            world.receipt(key, "opened", agent="machine", at_ms=at_ms - 1_000),
            world.receipt(key, "delivered", at_ms=at_ms - 2_000),
        )
    )
    await world.outside.post("/in/acme")
    await world.house.settle()
    life = await world.asked("/api/messages/" + key)
    assert (life["status"], life["state"], life["user_id"], life["address"]) == ("clicked", "sent", "ada", ADDRESS)
    assert {each["status"] for each in life["life"]} == {"queued", "sent", "delivered", "opened", "clicked"}
    assert [each["agent"] for each in life["life"] if each["status"] == "opened"] == ["machine"]
    assert [each["at"] for each in life["life"]] == sorted(each["at"] for each in life["life"])
    assert (await world.client.get("/api/messages/none")).status_code == 404
    trace = await world.asked("/api/trace", person="ada", origin="asked")
    outcomes = [each["outcome"] for each in trace["attempts"][0]["moments"]]
    assert {"delivered", "opened", "clicked"} <= set(outcomes)


async def test_what_is_taken_back_is_a_machines_in_the_life_of_the_message(world: World) -> None:
    key = await world.mailed()
    world.house.clock.advance(minutes=5)
    linker = Linker(base_url="https://anybody.example", key=world.house.app.secret)
    for number in range(2):
        link = linker.url(Link(kind="click", send=key, target=f"https://s.example/{number}"))
        assert (await world.outside.get(link, headers=PERSON)).status_code == 302
        world.house.clock.advance(seconds=1)
    await world.house.settle()
    life = await world.asked("/api/messages/" + key)
    assert [each["agent"] for each in life["life"] if each["status"] == "clicked"] == ["machine", "machine"]
    assert life["status"] == "sent"


async def test_addresses_are_suppressed_and_let_go_of_by_hand(world: World) -> None:
    wish = {"channel": "email", "address": "Ada@There.example"}
    assert (await world.asked("/api/suppressions/check", **wish))["suppressed"] is False
    assert (await world.client.post("/api/suppressions", json=wish)).json()["reason"] == "by_hand"
    assert (await world.client.post("/api/suppressions", json=wish)).json()["reason"] == "by_hand"
    assert (await world.asked("/api/suppressions/check", **wish))["suppressed"] is True
    await world.house.happens(
        {"type": "identify", "userId": "ada", "messageId": "i", "traits": {"email": ADDRESS}},
        {"type": "track", "userId": "ada", "messageId": "t", "event": "Asked"},
    )
    assert world.house.carrier.parcels == []
    lifted = (await world.client.post("/api/suppressions/lift", json=wish)).json()
    assert (lifted["suppressed"], lifted["reason"]) == (False, "by_hand")
    again = await world.client.post("/api/suppressions/lift", json=wish)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "not_suppressed")
    assert (await world.client.post("/api/suppressions", json={**wish, "channel": "pigeon"})).status_code == 400
    assert (await world.client.post("/api/suppressions", json={**wish, "address": " "})).status_code == 400


async def test_suppressions_are_listed_page_by_page(world: World) -> None:
    for number in range(5):
        await world.client.post("/api/suppressions", json={"channel": "email", "address": f"p{number}@a.example"})
        world.house.clock.advance(seconds=number % 2)
    await world.client.post("/api/suppressions", json={"channel": "sms", "address": "+49 170-1"})
    found: list[str] = []
    query: dict[str, str] = {"limit": "2", "channel": "email"}
    while True:
        page = await world.asked("/api/suppressions", **query)
        found += [each["address"] for each in page["suppressions"]]
        if page["next_before"] is None:
            break
        query["before"] = page["next_before"]
    assert sorted(found) == [f"p{number}@a.example" for number in range(5)]
    assert (await world.client.get("/api/suppressions", params={"before": "yesterday"})).status_code == 400


async def test_a_connection_that_is_set_up_is_called_back_and_believed_by_its_key(world: World) -> None:
    app, key = world.house.app, ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    settings = {"sender": "Shop <a@shop.example>", "api_key": "SG.x", "webhook_key": b64encode(public).decode()}
    wish = Wish(provider="sendgrid", settings=settings, default=False)
    await app.outgoing.connections.put("grid", wish, by="ann")
    app.arrivals = Arrivals(
        state=app.state, clock=world.house.clock, tell=app.tell, key=app.secret, inlets=app.outgoing.inlet
    )
    outside = httpx.AsyncClient(transport=httpx.ASGITransport(make_http(app)), base_url="https://anybody.example")
    send = await world.mailed()
    event = {"event": "bounce", "type": "bounce", "status": "5.1.1", "sg_event_id": "e1", "send": send}
    body = json.dumps([event | {"email": ADDRESS, "timestamp": 1}]).encode()
    headers = {
        "X-Twilio-Email-Event-Webhook-Timestamp": "1767603600",
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(key.sign(b"1767603600" + body, ECDSA_256)).decode(),
    }
    async with outside:
        forged = await outside.post("/in/grid", content=body.replace(b"5.1.1", b"5.1.2"), headers=headers)
        assert forged.status_code == 401
        for _ in range(2):
            assert (await outside.post("/in/grid", content=body, headers=headers)).status_code == 200
    await world.house.settle()
    life = await world.asked("/api/messages/" + send)
    assert [each["status"] for each in life["life"]].count("bounced") == 1, "told twice, it happened once"
    assert [each["reason"] for each in (await world.asked("/api/suppressions"))["suppressions"]] == ["bounced"]


async def test_a_mail_leads_to_the_page_where_people_choose(world: World) -> None:
    key = await world.mailed()
    page = Linker(base_url=world.house.app.settings.url, key=world.house.app.secret).preferences(key)
    text = world.house.carrier.parcels[-1].body.replace(b"=\r\n", b"").replace(b"=3D", b"=").decode()
    assert page in text
    shown = await world.outside.get(f"/m/p/{page.rpartition('/')[2]}")
    assert (shown.status_code, "News and offers" in shown.text) == (200, True)
