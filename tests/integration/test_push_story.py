"""Push from end to end: an app says which device it runs on, a journey writes to it, and who is gone is let go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from holdfast.flows.delivery.connections import Wish
from holdfast.kernel.moments import to_millis
from holdfast.profiles.devices import Device, devices_of
from holdfast.profiles.profile import combine
from holdfast.testing.house import House
from tests.fcm_server import FcmServer, fcm_server

JOURNEY = {
    "id": "cart-rescue",
    "name": "Cart rescue",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "start": "cart",
    "steps": {
        "cart": {"type": "trigger", "event": "Checkout Started", "again": "after_exit", "exits": {"entered": "say"}},
        "say": {
            "type": "send",
            "channel": "mobile_push",
            "template": {"title": "Hello {{ person.first_name }}", "url": "https://shop.example/cart"},
            "exits": {"sent": "done", "withheld": "done"},
        },
        "done": {"type": "exit"},
    },
}
KEY = rsa.generate_private_key(65537, 2048)


def on_device(user: str, event: str, token: str, message_id: str) -> dict[str, Any]:
    return {
        "type": "track",
        "event": event,
        "userId": user,
        "messageId": message_id,
        "context": {"device": {"token": token, "type": "android"}},
    }


async def connected(house: House, service: FcmServer) -> None:
    file = {
        "project_id": "shop",
        "client_email": service.email,
        "private_key": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "token_uri": service.token_url,
    }
    settings = {"service_account": json.dumps(file), "address": service.server.url}
    await house.app.outgoing.connections.put("phones", Wish(provider="fcm", settings=settings), by="ada")
    assert house.app.offices is not None
    await house.app.offices.refresh()


async def told(house: House, user: str) -> list[str]:
    rows = [row async for batch in house.app.history.export(batch_rows=100) for row in batch.to_pylist()]
    mine = [each for each in rows if each["user_id"] == user and each["event"].startswith(("Message", "Device"))]
    return [each["event"] for each in sorted(mine, key=lambda each: (each["timestamp"], each["event"]))]


async def devices(house: House) -> list[Device]:
    async with house.app.state.view() as view:
        profiles = await view.profiles(range(1, 10))
    return devices_of(combine(profiles.values()).devices, ("android",))


async def test_a_journey_reaches_the_phones_of_a_person_and_lets_go_of_those_that_are_gone(tmp_path: Path) -> None:
    house = await House.build(tmp_path, webhook_private=True)
    service = FcmServer(
        now_seconds=lambda: to_millis(house.clock.now()) // 1_000,
        project="shop",
        email="push@shop.example",
        key=KEY.public_key(),
    )
    async with fcm_server(service):
        await connected(house, service)
        await house.publish(JOURNEY)
        service.devices = {"new-phone"}
        await house.happens(
            {"type": "identify", "userId": "ada", "traits": {"first_name": "Ada"}, "messageId": "m0"},
            {"type": "track", "event": "Checkout Started", "userId": "bob", "messageId": "b0"},
        )
        assert await told(house, "bob") == ["Message Withheld"]
        await house.happens(on_device("ada", "App Opened", "old-phone", "m1"))
        house.clock.advance(minutes=1)
        await house.happens(on_device("ada", "Checkout Started", "new-phone", "m2"))
        (shown,) = service.shown
        notification: Any = shown["notification"]
        assert (shown["token"], notification["title"]) == ("new-phone", "Hello Ada")
        assert await told(house, "ada") == ["Device Gone", "Message Queued", "Message Sent"]
        assert [each.token for each in await devices(house)] == ["new-phone"]

        service.devices.clear()
        await house.later(days=2)
        await house.happens({"type": "track", "event": "Checkout Started", "userId": "ada", "messageId": "m3"})
        assert len(service.shown) == 1
        assert (await told(house, "ada"))[3:] == ["Device Gone", "Message Failed", "Message Queued"]
        assert await devices(house) == []

        await house.later(days=2)
        await house.happens({"type": "track", "event": "Checkout Started", "userId": "ada", "messageId": "m4"})
        assert (await told(house, "ada"))[6:] == ["Message Withheld"]
        await house.happens(on_device("ada", "App Opened", "new-phone", "m5"))
        assert [each.token for each in await devices(house)] == ["new-phone"]
    await house.app.close()
