"""Text messages and chats, whole: set up, sent, delivered, answered with STOP, and then silence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.connections import Wish
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.inbound import Arrival, Told
from holdfast.messages.start_token import start_token
from holdfast.ports.state import Send
from holdfast.profiles.profile import Profile
from holdfast.testing.house import House
from tests.chat_apis import running as chat_apis
from tests.smsc import OK, Smsc, running

CAMPAIGN = {
    "id": "asked",
    "name": "Asked",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "trigger": {"event": "Asked", "again": "after_exit"},
    "send": {"channel": "sms", "topic": "marketing", "template": {"text": "Grüße, {{ person.name }}!"}},
}


async def until(house: House, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not holds():
            await house.settle()
            await asyncio.sleep(0.01)


async def sends_of(house: House) -> list[Send]:
    ada = IdentityKey(kind="user", value="ada")
    async with house.app.state.view() as view:
        identity = (await view.identities([ada]))[ada]
        return list(await view.sends_of(origin=None, identities=[identity.id], limit=10))


async def profile_of(house: House) -> Profile:
    ada = IdentityKey(kind="user", value="ada")
    async with house.app.state.view() as view:
        identity = (await view.identities([ada]))[ada]
        return (await view.profiles([identity.id]))[identity.id]


async def test_a_text_message_goes_out_and_what_comes_back_is_known(tmp_path: Path) -> None:
    async with running(Smsc(receipts="words")) as smsc:
        house = await House.build(tmp_path)
        settings = {"host": "127.0.0.1", "port": smsc.port, "system_id": "holdfast", "password": "secret"}
        wish = Wish(provider="smpp", settings={**settings, "senders": "+436601111111"})
        await house.app.outgoing.connections.put("texts", wish, by="test")
        await house.settle()
        await until(house, lambda: smsc.binds == 1)
        await house.publish(CAMPAIGN)
        asked = {"type": "track", "userId": "ada", "event": "Asked"}
        traits = {"name": "Ada", "phone": "0664 123 45 67", "country": "AT"}
        await house.happens(
            {"type": "identify", "userId": "ada", "messageId": "i", "traits": traits}, {**asked, "messageId": "t1"}
        )
        await until(house, lambda: len(smsc.answered) == 1)
        (pdu,) = smsc.taken
        assert (pdu.destination_addr, pdu.source_addr) == (b"436641234567", b"436601111111")
        assert smsc.answered[0][1] == OK, "the receipt is durable"
        (send,) = await sends_of(house)
        assert send.state == "sent"
        smsc.deliver(b"Stop.", sender="436641234567")
        await until(house, lambda: len(smsc.answered) == 3)
        await house.settle()
        async with house.app.state.view() as view:
            assert await view.suppressed("sms", ["+436641234567"]) == {"+436641234567": "unsubscribed"}
        await house.happens({**asked, "messageId": "t2"})
        await house.later(minutes=5)
        await until(house, lambda: len(smsc.taken) == 2)
        said = smsc.taken[1]
        assert (said.destination_addr, said.source_addr) == (b"436641234567", b"436601111111")
        assert b"START" in said.short_message, "that they have stopped is confirmed, once"
        smsc.deliver(b"STOP", sender="436641234567")
        await until(house, lambda: len(smsc.answered) == 4)
        await house.later(minutes=5)
        assert len(smsc.taken) == 2, "who has said stop is written to no more"
        tallies = (await profile_of(house)).tallies
        told = {name: tallies[name].count for name in tallies if name.startswith("Message ")}
        assert told == {
            "Message Queued": 2,
            "Message Sent": 2,
            "Message Delivered": 2,
            "Message Received": 2,
            "Message Replied": 2,
            "Message Unsubscribed": 2,
            "Message Withheld": 1,
        }
        await house.app.close()


async def test_who_presses_start_is_reached_in_their_chat_until_they_stop(tmp_path: Path) -> None:
    token = "1:" + "a" * 30
    async with chat_apis() as telegram:
        house = await House.build(tmp_path, webhook_private=True)
        settings = {"token": token, "webhook_secret": "a_secret_of_ours_1", "api_url": telegram.url}
        await house.app.outgoing.connections.put("bot", Wish(provider="telegram_bot", settings=settings), by="test")
        send = {"channel": "telegram", "topic": "marketing", "template": {"text": "Hi {{ person.name }}"}}
        await house.publish({**CAMPAIGN, "send": send})
        asked = {"type": "track", "userId": "ada", "event": "Asked"}
        identify = {"type": "identify", "userId": "ada", "messageId": "i", "traits": {"name": "Ada"}}
        await house.happens(identify, {**asked, "messageId": "t1"})
        assert telegram.calls == [], "nobody knows their chat yet"
        ada = IdentityKey(kind="user", value="ada")
        async with house.app.state.view() as view:
            start = start_token((await view.identities([ada]))[ada].id, house.app.secret)
        await hears(house, 1, f"/start {start}")
        await house.happens({**asked, "messageId": "t2"})
        await until(house, lambda: len(telegram.calls) == 1)
        path, body = telegram.calls[0]
        assert path == f"/bot{token}/sendMessage"
        assert (json.loads(body)["chat_id"], json.loads(body)["text"]) == (77, "Hi Ada")
        await hears(house, 2, "/stop")
        await house.happens({**asked, "messageId": "t3"})
        await house.later(minutes=5)
        assert [json.loads(body)["text"] for _, body in telegram.calls[1:]] == [
            "My workspace: You get no more messages from us. Reply START to get them again."
        ]
        await house.app.close()


async def hears(house: House, number: int, text: str) -> None:
    """Telegram tells the connection what somebody wrote in their chat."""
    chat = {"id": 77, "type": "private"}
    message = {"message_id": number, "chat": chat, "from": {"id": 77}, "date": 1, "text": text}
    said = await house.app.arrivals.take(
        "bot",
        Arrival(
            method="POST",
            url="https://t.example/in/bot",
            headers={"x-telegram-bot-api-secret-token": "a_secret_of_ours_1"},
            body=json.dumps({"update_id": number, "message": message}).encode(),
            at_ms=to_millis(house.clock.now()),
        ),
    )
    assert isinstance(said, Told)
    await house.settle()
