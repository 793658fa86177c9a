"""What comes in about messages: whose it is, what is told of it, and what follows; over the whole, in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from holdfast.events.event import NAMES, Event, IdentityKey
from holdfast.flows.delivery.hearing import SOFT_BOUNCE_DAYS, SOFT_BOUNCES_MOST
from holdfast.flows.delivery.inbound import REPLY_MS_MOST, Arrivals, Inlet
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.inbound import Arrival, Challenge, Forged, Inbound, Incoming, Receipt, Told, Unreadable
from holdfast.messages.links import Linker
from holdfast.messages.mail.verp import bounce_address
from holdfast.messages.start_token import start_token
from holdfast.ports.receipts import Reached
from holdfast.ports.state import Settlement
from holdfast.testing import a_send
from holdfast.testing.house import House

ADDRESS = "ada@there.example"
PHONE = "+491701234567"


class Provider:
    """A provider that says what it is told to; calls whose body is `forged` are not its own."""

    def __init__(self) -> None:
        self.things: tuple[Receipt | Incoming, ...] = ()

    def read(self, arrival: Arrival) -> Inbound:
        match arrival.body:
            case b"forged":
                return Forged("the signature is of another")
            case b"garbage":
                return Unreadable("no JSON")
            case b"hello":
                return Challenge("hello yourself")
            case _:
                return Told(things=self.things, answer=b"<ok/>", content_type="text/xml")


class World:
    def __init__(self, house: House) -> None:
        self.house = house
        self.provider = Provider()
        self.medium = "email"
        self.told: list[Event] = []
        self.arrivals = Arrivals(
            state=house.app.state,
            clock=house.clock,
            tell=self.tell,
            key=house.app.secret,
            inlets=self.inlet,
            patience_seconds=0,
        )

    async def tell(self, events: Sequence[Event]) -> None:
        self.told.extend(events)
        await self.house.app.tell(events)

    async def inlet(self, connection: str) -> Inlet | None:
        there = connection in ("acme", "other")
        return Inlet(connection=connection, medium=self.medium, read=self.provider.read) if there else None

    async def arrives(self, *things: Receipt | Incoming, medium: str = "email", by: str = "acme") -> None:
        self.provider.things, self.medium = things, medium
        said = await self.arrivals.take(by, Arrival(method="POST", url=f"https://h.example/in/{by}", body=b"x"))
        assert isinstance(said, Told)
        await self.house.settle()

    async def mailed(self, name: str = "ada") -> str:
        """Somebody gets a mail; its key."""
        await self.house.happens(
            {"type": "identify", "userId": name, "messageId": f"i-{name}", "traits": {"email": ADDRESS}},
            {"type": "track", "userId": name, "messageId": f"t-{len(self.house.carrier.parcels)}", "event": "Asked"},
        )
        return self.house.carrier.parcels[-1].key

    async def texted(self, key: str = "one", number: str = "SM1", name: str = "ada") -> str:
        """Somebody was sent a text message; its key."""
        send, at_ms = effect_key(key), to_millis(self.house.clock.now())
        user = IdentityKey(kind="user", value=name)
        async with self.house.app.state.begin() as transaction:
            known = await transaction.identities([user])
            identity = (known or await transaction.add_identities([user], at_ms))[user].id
            await transaction.add_sends([a_send(send, identity=identity, channel="sms", address=PHONE, state="sent")])
            reached = Reached(
                channel="sms", address=PHONE, identity=identity, send=send, at_ms=at_ms, provider_id=number
            )
            await transaction.note_reached([reached])
        return send

    async def suppressed(self, channel: str = "email", address: str = ADDRESS) -> str | None:
        async with self.house.app.state.view() as view:
            return (await view.suppressed(channel, [address])).get(address)

    async def consents(self, name: str = "ada") -> Mapping[str, bool]:
        user = IdentityKey(kind="user", value=name)
        async with self.house.app.state.view() as view:
            identity = (await view.identities([user]))[user]
            return (await view.profiles([identity.id]))[identity.id].consent_values()

    def names(self) -> list[str]:
        return [each.name for each in self.told]

    def receipt(self, **fields: Any) -> Receipt:
        given: dict[str, Any] = {"kind": "delivered", "id": "r1", "at_ms": to_millis(self.house.clock.now())}
        return Receipt(**(given | fields))

    def incoming(self, text: str, **fields: Any) -> Incoming:
        at_ms = to_millis(self.house.clock.now())
        given: dict[str, Any] = {"medium": "sms", "id": f"in-{text}", "at_ms": at_ms, "address": PHONE}
        return Incoming(text=text, **(given | fields))


ASKED = {
    "id": "asked",
    "name": "Asked",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "trigger": {"event": "Asked", "again": "after_exit"},
    "send": {"channel": "email", "topic": "marketing", "template": {"subject": "Hello", "text": "Hello."}},
}


@pytest.fixture
async def world(tmp_path: Path) -> World:
    house = await House.build(tmp_path, cap_email_per_day=0, cap_email_per_week=0)
    await house.publish(ASKED)
    return World(house)


async def test_a_receipt_is_told_about_its_send_once_however_often_it_comes(world: World) -> None:
    key = await world.mailed()
    delivered = world.receipt(send=key)
    await world.arrives(delivered)
    await world.arrives(delivered, delivered)
    (event, *again) = world.told
    assert (event.name, event.user_id, event.properties["send"]) == ("Message Delivered", "ada", key)
    assert {each.message_id for each in again} == {event.message_id}, "told again, it is the same event"
    assert event.properties["channel"] == "email"


async def test_what_two_connections_call_alike_is_not_the_same(world: World) -> None:
    key = await world.mailed()
    for by in ("acme", "other"):
        await world.arrives(world.receipt(send=key, id="1"), by=by)
    assert len({each.message_id for each in world.told}) == 2


async def test_what_a_provider_calls_a_message_leads_to_it(world: World) -> None:
    key = await world.texted()
    await world.arrives(world.receipt(provider_id="SM1"), world.receipt(id="r2", provider_id="SM9"), medium="sms")
    assert [each.properties["send"] for each in world.told] == [key], "others may send by the same account"


async def test_a_receipt_that_is_quicker_than_we_are_waits_for_its_message(world: World) -> None:
    app = world.house.app
    patient = Arrivals(
        state=app.state,
        clock=world.house.clock,
        tell=world.tell,
        key=app.secret,
        inlets=world.inlet,
        patience_seconds=60,
    )
    said = [world.receipt(provider_id="SM1")]
    telling = asyncio.create_task(patient.told("acme", "sms", said))
    await asyncio.sleep(0)
    key = await world.texted()
    assert await telling == 1
    assert world.told[0].properties["send"] == key
    again = asyncio.create_task(patient.told("acme", "sms", [world.receipt(id="r3", provider_id="SM2", address=PHONE)]))
    await asyncio.sleep(0)
    other = await world.texted("two", "SM2")
    assert await again == 1
    assert world.told[1].properties["send"] == other, "that the number was written to before says nothing of this one"
    old = world.receipt(id="r2", provider_id="SM9", at_ms=0)
    assert await patient.told("acme", "sms", [old]) == 0, "one from long ago waits for nothing"


async def test_events_are_told_in_the_order_of_their_own_time(world: World) -> None:
    key, now_ms = await world.mailed(), to_millis(world.house.clock.now())
    for number, order in enumerate(permutations([("delivered", 1), ("opened", 2), ("clicked", 3)])):
        world.told.clear()
        said = [world.receipt(kind=kind, id=f"{kind}{number}", send=key, at_ms=now_ms - 9 + at) for kind, at in order]
        await world.arrives(*said)
        assert world.names() == ["Message Delivered", "Message Opened", "Message Clicked"]


async def test_what_a_provider_dates_in_the_future_happened_now(world: World) -> None:
    key = await world.mailed()
    await world.arrives(world.receipt(send=key, at_ms=to_millis(world.house.clock.now()) + 9_000_000))
    assert world.told[0].timestamp == world.house.clock.now()


async def test_forged_and_unreadable_calls_tell_nothing(world: World) -> None:
    await world.mailed()
    call = Arrival(method="POST", url="https://h.example/in/acme", body=b"forged")
    assert isinstance(await world.arrivals.take("acme", call), Forged)
    assert await world.arrivals.take("nobody", call) is None
    for _ in range(2):
        said = await world.arrivals.take("acme", Arrival(method="POST", url="", body=b"garbage"))
        assert isinstance(said, Unreadable)
    assert await world.arrivals.take("acme", Arrival(method="GET", url="", body=b"hello")) == Challenge(
        "hello yourself"
    )
    assert world.told == []
    async with world.house.app.state.view() as view:
        kept = await view.bad_records(limit=9, before_id=None, replayed=None)
    assert [(each.code, each.source, each.body) for each in kept] == [("unreadable_arrival", "acme", "garbage")]


async def test_a_dead_address_is_suppressed_by_the_tick_that_reads_of_it(world: World) -> None:
    key = await world.mailed()
    await world.arrives(world.receipt(kind="bounced", send=key, gone=True, reason="550 5.1.1 unknown"))
    assert await world.suppressed() == "bounced"
    assert world.told[0].properties["kind"] == "hard"
    sent = len(world.house.carrier.parcels)
    await world.house.later(days=1)
    await world.house.happens({"type": "track", "userId": "ada", "messageId": "t9", "event": "Asked"})
    assert len(world.house.carrier.parcels) == sent, "nothing goes there any more"


async def test_a_refusal_of_us_and_a_full_mailbox_suppress_nobody_at_once(world: World) -> None:
    key = await world.mailed()
    for number, reason in enumerate(["550 5.7.1 blocked", "552 5.2.2 full", "451 4.4.1 later", "550 5.1.1 unknown"]):
        await world.arrives(world.receipt(kind="bounced", id=f"r{number}", send=key, reason=reason))
    assert await world.suppressed() is None
    assert [each.properties["kind"] for each in world.told] == ["block", "soft", "soft", "soft"]


async def test_mail_that_comes_back_again_and_again_suppresses_within_the_window_only(world: World) -> None:
    async def bounces() -> None:
        key = await world.mailed()
        await world.arrives(world.receipt(kind="bounced", id=key, send=key, reason="552 5.2.2 full"))
        await world.house.later(days=1)

    for _ in range(SOFT_BOUNCES_MOST - 1):
        await bounces()
    assert await world.suppressed() is None
    await world.house.later(days=SOFT_BOUNCE_DAYS)
    await bounces()
    assert await world.suppressed() is None, "the others are too long ago"
    for _ in range(SOFT_BOUNCES_MOST - 1):
        await bounces()
    assert await world.suppressed() == "unreachable"


async def test_a_complaint_ends_all_marketing_and_no_receipts(world: World) -> None:
    key = await world.mailed()
    await world.arrives(world.receipt(kind="complained", send=key))
    assert await world.suppressed() == "complained"
    await world.arrives(world.receipt(kind="bounced", id="r2", send=key, gone=True))
    await world.arrives(world.receipt(kind="complained", id="r3", send=key))
    assert await world.suppressed() == "bounced", "a dead address stays dead, whatever else is said of it"


async def test_only_our_own_word_suppresses(world: World) -> None:
    key = await world.mailed()
    said = {"send": key, "channel": "email", "gone": True, "address": ADDRESS}
    for name in ("Message Bounced", "Message Complained"):
        event = {"type": "track", "userId": "eve", "event": name, "messageId": name, "properties": said}
        await world.house.happens(event)
    assert await world.suppressed() is None


async def test_a_receipt_settles_a_doubt(world: World) -> None:
    key, now_ms = await world.mailed(), to_millis(world.house.clock.now())
    doubted = effect_key("doubted")
    async with world.house.app.state.begin() as transaction:
        identity = (await transaction.sends([key]))[key].identity
        await transaction.add_sends([a_send(doubted, identity=identity, state="claimed", transactional=True)])
        doubt = Settlement(key=doubted, state="in_doubt", reason="lost", dead=True)
        await transaction.settle_sends([doubt], now_ms)
        assert [each.key for each in await transaction.dead_letters(limit=9)] == [doubted]
    await world.arrives(world.receipt(send=doubted))
    async with world.house.app.state.view() as view:
        assert await view.dead_letters(limit=9) == [], "nobody is to send it again"


async def test_stop_ends_it_for_the_number_and_start_takes_it_back(world: World) -> None:
    key = await world.texted()
    await world.arrives(world.incoming("Stop!"), medium="sms")
    assert world.names() == ["Message Received", "Message Replied", "Message Unsubscribed", "Consent Changed"]
    assert world.told[0].properties["keyword"] == "stop"
    assert {each.properties.get("send") for each in world.told[:3]} == {key}
    assert await world.suppressed("sms", PHONE) == "unsubscribed"
    assert await world.consents() == {"sms": False}
    world.told.clear()
    world.house.clock.advance(minutes=1)
    await world.arrives(world.incoming("START"), medium="sms")
    assert world.names() == ["Message Received", "Message Replied"], "the rest follows when it is read"
    assert await world.suppressed("sms", PHONE) is None
    assert await world.consents() == {"sms": True}


async def test_yes_from_somebody_who_never_stopped_grants_nothing(world: World) -> None:
    await world.texted()
    await world.arrives(world.incoming("yes"), world.incoming("when does it end?"), medium="sms")
    assert world.names().count("Consent Changed") == 0
    assert await world.consents() == {}


async def test_start_does_not_bring_back_a_number_that_is_dead(world: World) -> None:
    await world.texted()
    await world.arrives(world.receipt(kind="failed", provider_id="SM1", gone=True), medium="sms")
    await world.arrives(world.incoming("stop"), world.incoming("start"), medium="sms")
    assert await world.suppressed("sms", PHONE) == "bounced"


async def test_a_providers_word_for_stop_is_one(world: World) -> None:
    await world.texted()
    await world.arrives(world.incoming("Basta", extra={"keyword": "stop"}), medium="sms")
    assert await world.suppressed("sms", PHONE) == "unsubscribed"
    assert world.told[0].properties["keyword"] == "stop"


async def test_who_starts_by_a_link_of_ours_is_reached_there(world: World) -> None:
    await world.mailed()
    ada = IdentityKey(kind="user", value="ada")
    async with world.house.app.state.view() as view:
        identity = (await view.identities([ada]))[ada].id
    token = start_token(identity, world.house.app.secret)
    started = world.incoming(f"/start {token}", medium="telegram", address="77", extra={"start": token})
    await world.arrives(started, medium="telegram")
    assert [(each.name, each.user_id) for each in world.told] == [
        ("Message Received", "ada"),
        (NAMES["identify"], "ada"),
    ]
    async with world.house.app.state.view() as view:
        profile = (await view.profiles([identity]))[identity]
    assert profile.trait_values()["telegram_chat"] == "77"
    assert "telegram" not in profile.consent_values(), "coming is no consent"


@pytest.mark.parametrize("token", ["", "a" * 28, "forged"])
async def test_a_forged_start_is_nobodys(world: World, token: str) -> None:
    await world.mailed()
    started = world.incoming(f"/start {token}", medium="telegram", address="77", extra={"start": token})
    await world.arrives(started, medium="telegram")
    assert [(each.name, each.anonymous_id) for each in world.told] == [("Message Received", "telegram:77")]


async def test_who_blocked_the_bot_and_writes_again_is_back(world: World) -> None:
    async with world.house.app.state.begin() as transaction:
        await transaction.suppress("telegram", "77", "bounced", 0)
        await transaction.suppress("telegram", "78", "complained", 0)
    for address in ("77", "78"):
        await world.arrives(world.incoming("Hi", medium="telegram", address=address), medium="telegram")
    assert await world.suppressed("telegram", "77") is None
    assert await world.suppressed("telegram", "78") == "complained"


async def test_what_comes_long_after_answers_nothing(world: World) -> None:
    await world.texted()
    await world.house.later(seconds=REPLY_MS_MOST / 1_000 + 1)
    await world.arrives(world.incoming("hello"), medium="sms")
    assert world.names() == ["Message Received"]
    assert world.told[0].user_id == "ada", "whose number it is, is known all the same"


async def test_a_stranger_is_heard_and_can_say_stop(world: World) -> None:
    await world.arrives(world.incoming("STOP", address="+4930555"), medium="sms")
    assert world.told[0].anonymous_id == "sms:+4930555"
    assert await world.suppressed("sms", "+4930555") == "unsubscribed"


async def test_a_provider_may_say_unsubscribed(world: World) -> None:
    key = await world.mailed()
    await world.arrives(world.receipt(kind="unsubscribed", send=key, address=ADDRESS))
    assert world.names() == ["Message Unsubscribed", "Consent Changed"]
    assert await world.suppressed() == "unsubscribed"


def a_report(world: World, key: str, *, kind: str, fields: str, to: str = "someone@shop.example") -> bytes:
    link = Linker(base_url="https://t.shop.example", key=world.house.app.secret).unsubscribe(key)
    return (
        f'To: {to}\r\nContent-Type: multipart/report; report-type={kind}; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nList-Unsubscribe: <{link}>\r\n\r\n--b--\r\n"
    ).encode()


async def test_a_bounce_by_mail_suppresses_and_is_told_once(world: World) -> None:
    key = await world.mailed()
    fields = f"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822;{ADDRESS}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    to = bounce_address(key, "bounces.shop.example", world.house.app.secret)
    for _ in range(2):
        assert await world.arrivals.mail(a_report(world, key, kind="delivery-status", fields=fields), [to])
        world.house.clock.advance(minutes=1)
    await world.house.settle()
    assert await world.suppressed() == "bounced"
    assert len({each.message_id for each in world.told}) == 1
    assert world.told[0].properties["reason"] == "5.1.1"


async def test_a_complaint_by_mail_needs_something_we_signed(world: World) -> None:
    key = await world.mailed()
    fields = "Feedback-Type: abuse\r\nVersion: 1\r\n"
    forged = a_report(world, key, kind="feedback-report", fields=fields).replace(b"List-Unsubscribe", b"X-Other")
    assert not await world.arrivals.mail(forged, [f"b+{key}-aaaaaaaaaa@bounces.shop.example"])
    assert not await world.arrivals.mail(b"Subject: out of office\r\n\r\nback on Monday", ["b@bounces.shop.example"])
    assert world.told == []
    assert await world.arrivals.mail(a_report(world, key, kind="feedback-report", fields=fields), [])
    await world.house.settle()
    assert await world.suppressed() == "complained"


async def test_what_is_told_can_be_said_in_json(world: World) -> None:
    await world.texted()
    await world.arrives(world.incoming("hi \ud800", extra={"media": ["https://a.example/1.png"]}), medium="sms")
    assert json.loads(json.dumps(dict(world.told[0].properties)))["extra"] == {"media": ["https://a.example/1.png"]}
