"""Worlds in which people are reached on other media than mail: texts they stop, devices that die, and the inbox."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from holdfast.channels.carriers.each_device import EachDevice
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.connections import Wish
from holdfast.flows.delivery.inbox import Asker, Inboxes
from holdfast.flows.journey.decide import publish, set_state
from holdfast.messages.heard.inbound import Incoming, Receipt
from holdfast.messages.parcel import Parcel
from holdfast.ports.carrier import Carrier
from holdfast.ports.state import Send
from holdfast.profiles.devices import devices_of
from holdfast.stores.memory.tables import Tables
from holdfast.wiring import Application
from tests.simulation import promises
from tests.simulation.acts import Actor
from tests.simulation.faults import WatchedCarrier
from tests.simulation.life import Life, live_through
from tests.simulation.phones import APP, SAYS, TO_DEVICES, PhoneChatter, Phones, decisions, phone_of
from tests.simulation.plans import USERS
from tests.simulation.promises import Ends
from tests.simulation.witness import Seen, Witness, whole_of
from tests.simulation.world import HOUR_MS, World, brought_about

DAYS = 10.0
APPLE_KEY = ec.derive_private_key(11, ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
CONNECTIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "texts": ("twilio", {"account_sid": "AC0", "auth_token": "secret", "senders": "+436601111111"}),
    "apples": (
        "apns",
        {"team_id": "TEAM123456", "key_id": "KEY1234567", "topic": APP, "private_key": APPLE_KEY.decode()},
    ),
    "browsers": ("web_push", {"contact": "mailto:push@shop.example"}),
}
ACTS = {"say": 60, "again": 8, "retry": 8, "receipt": 14, "word": 8, "dies": 6, "looks": 10, "letters": 2, "pause": 2}
IDEMPOTENT_MS = HOUR_MS
"""How long a device shows what it is given again in the place of what it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """STOP or START, as somebody wrote it."""

    phone: str
    stops: bool
    at_ms: int
    heard: int | None
    """When it was durable, in the order of the world; None: nobody said so."""


class MediaWitness(Witness):
    """Knows besides which devices a person had when they were about to be written to."""

    def __init__(self, *given: Any, committed: Callable[[], Tables]) -> None:
        super().__init__(*given)
        self._committed = committed
        self._living: dict[str, set[str]] = {}
        self.lost: dict[str, int] = {}
        """Devices that were written down as gone, and as of when."""

    def hands_over(self, parcel: Parcel) -> None:
        super().hands_over(parcel)
        send = self._sends.get(parcel.key)
        if send is None or send.channel not in TO_DEVICES:
            return
        # A device that died meanwhile is not yet known to who has the message in hand; one that came may be.
        known = self._living[parcel.key] | _devices(self._committed(), send)
        self._hold(parcel.to in known, f"{parcel.key} goes to the device {parcel.to}, which was known to be gone")

    def commits(self, seen: Seen) -> None:
        super().commits(seen)
        for gone in (gone for each in seen.settled for gone in each.lost):
            since_ms = self._now_ms() if gone.since_ms is None else gone.since_ms
            self.lost[gone.place] = max(since_ms, self.lost.get(gone.place, 0))

    def _claimed(self, tables: Tables, send: Send, now_ms: int) -> None:
        super()._claimed(tables, send, now_ms)
        if send.channel in TO_DEVICES:
            self._living[send.key] = _devices(tables, send)


def _devices(tables: Tables, send: Send) -> set[str]:
    if send.identity not in tables.identities:
        return set()
    return {each.id for each in devices_of(whole_of(tables, send).devices, ("ios", "web"))}


class MediaWorld(World):
    """One in which nothing is mailed."""

    witness: MediaWitness
    provider: Phones

    def __init__(self, seed: int, data_dir: Path, days: float) -> None:
        super().__init__(seed, data_dir, days)
        self.senders_apart = self.can_be_asked = False
        self.provider = Phones(Random(seed * 7 + 3), self.say, lambda: self.clock.now_ms, self.until)
        self.provider.plan_outages(self.clock.now_ms, self.end_ms)
        self.chatter = PhoneChatter(Random(seed * 7 + 4), self.provider)
        self.witness = MediaWitness(self.rules, lambda: self.clock.now_ms, self.say, committed=lambda: self.tables)
        self.receipts: dict[str, bool] = {}
        """Texts that were told to have arrived, and whether that was ever acknowledged."""
        self.words: list[Word] = []


class MediaActor(Actor):
    """People with telephones, and who carries messages to them."""

    world: MediaWorld

    async def act(self) -> None:
        """One act, drawn."""
        act: Any = self.chance.choices(list(ACTS), list(ACTS.values()))[0]
        match act:
            case "receipt":
                await self._arrived()
            case "word":
                await self._writes()
            case "dies":
                self._dies()
            case "looks":
                await self._looks()
            case _:
                await self._tolerated(act)

    async def _decide(self, act: Any) -> None:
        """Pause, or resume."""
        del act
        name = self.chance.choice(list(decisions()))
        verb: Any = self.chance.choice(("pause", "resume", "resume"))
        self.world.say(f"the shop lets {name} {verb}")
        await set_state(self.app.state, "campaign", name, verb)

    async def _arrived(self) -> None:
        """An operator tells that a text has arrived, perhaps twice, perhaps long after."""
        sends = self.world.tables.sends
        young = [key for key in self.world.provider.texts() if key in sends and self._is_young(sends[key].created_ms)]
        if not young:
            return
        key = self.chance.choice(young)
        at_ms = self.world.clock.now_ms
        receipt = Receipt(kind="delivered", id=f"{key}:delivered", at_ms=at_ms, send=key, provider_id=f"p-{key}")
        self.world.receipts.setdefault(key, False)
        for _ in range(self.chance.choice((1, 1, 2))):
            self.world.say(f"{key[:8]} is told to have arrived")
            await self.app.arrivals.told("texts", "sms", [receipt])
            self.world.receipts[key] = True

    async def _writes(self) -> None:
        """Somebody writes STOP, or START; it may be brought twice."""
        phone, stops = phone_of(self.chance.choice(USERS)), self.chance.random() < 0.6
        at_ms = self.world.clock.now_ms
        word = Incoming(
            medium="sms",
            id=f"in-{len(self.world.words)}",
            at_ms=at_ms,
            address=phone,
            to="+436601111111",
            text="Stop." if stops else "start",
        )
        place = len(self.world.words)
        self.world.words.append(Word(phone=phone, stops=stops, at_ms=at_ms, heard=None))
        for _ in range(self.chance.choice((1, 1, 2))):
            self.world.say(f"{phone} writes {word.text}")
            told = await self.app.arrivals.told("texts", "sms", [word])
            if told and self.world.words[place].heard is None:
                self.world.words[place] = replace(self.world.words[place], heard=self.world.witness.happened())

    def _dies(self) -> None:
        """Somebody removes the app, or their browser forgets us: only whoever carries messages there knows."""
        tables = self.world.tables
        there = sorted(
            {
                each.id
                for profile in tables.profiles.values()
                for each in devices_of(profile.devices, ("ios", "web"))
                if each.id not in self.world.provider.dead
            }
        )
        if there:
            gone = self.chance.choice(there)
            self.world.say(f"the device {gone} is no more")
            self.world.provider.dead[gone] = self.world.clock.now_ms

    async def _looks(self) -> None:
        """Somebody opens the app and sees what waits for them."""
        inboxes = Inboxes(state=self.app.state, clock=self.world.clock, told=self.app.wake.set)
        asker = Asker(key=IdentityKey(kind="user", value=self.chance.choice(USERS)), signed_for=True)
        page = await inboxes.shown(asker)
        if page.messages:
            item = self.chance.choice(page.messages).item
            await inboxes.happened(asker, item.key, self.chance.choice(("read", "clicked", "dismissed")))


class MediaLife(Life):
    """The process that reacts, and carries what goes to telephones, browsers and the inbox."""

    actors = MediaActor
    world: MediaWorld

    async def _start(self) -> Application:
        app = await super()._start()
        assert app.sender is not None
        assert app.offices is not None
        carrier = WatchedCarrier(
            cast("Any", self.world.provider), self.faults, self.world.witness, lambda: self.world.clock.now_ms
        )
        each_device = EachDevice(dict.fromkeys(("apns", "web_push"), cast("Carrier", carrier)))
        carriers = {"sms": carrier, "mobile_push": each_device, "web_push": each_device}
        app.sender._offices = {
            medium: replace(office, carrier=cast("Any", carriers.get(medium, office.carrier)))
            for medium, office in app.offices.items()
        }
        return app

    async def _set_up(self, app: Application) -> None:
        """The shop connects what is not connected yet, and publishes what is not there."""
        there = {each.name for each in await app.outgoing.connections.listed()}
        for name, (provider, settings) in CONNECTIONS.items():
            if name not in there:
                await app.outgoing.connections.put(name, Wish(provider=provider, settings=settings), by="a test")
        assert app.offices is not None
        await app.offices.refresh()
        assert set(app.offices) >= SAYS.keys(), app.offices.broken
        async with app.state.view() as view:
            published = {each.id for each in await view.decisions()}
        for name, (kind, document) in decisions().items():
            if name not in published:
                await publish(app.state, kind, json.dumps(document).encode(), now=self.world.clock.now())


def simulate_media(seed: int, data_dir: Path, *, days: float = DAYS) -> tuple[list[str], MediaWorld]:
    """Live through the seed's world; what was promised and not kept, and the world."""
    world = MediaWorld(seed, data_dir, days)
    return brought_about(world, lambda: live_through(world, MediaLife), check), world


async def check(world: MediaWorld) -> list[str]:
    """Every promise that was not kept, in words."""
    ends = await promises.ends_of(world)
    for each in promises.OF_EVERY_WORLD:
        each(ends)
    await promises.sizes(ends)
    for told in (_no_text_twice, _no_device_shows_two, _no_text_after_stop, _the_gone_are_gone):
        told(world, ends)
    for told in (_inbox_is_what_was_sent, _told_once):
        told(world, ends)
    return ends.broken


def _no_text_twice(world: MediaWorld, ends: Ends) -> None:
    for (key, to), times in world.provider.handed.items():
        send = ends.tables.sends[key]
        if send.channel == "sms":
            ends.hold(len(times) == 1, f"the text {key} came {len(times)} times to {to}")
            ends.hold(send.state in ("sent", "in_doubt"), f"the text {key} came, and is {send.state}")
    for send in ends.tables.sends.values():
        handed = (send.key, send.address) in world.provider.handed
        ends.hold(send.channel != "sms" or send.state != "sent" or handed, f"{send.key} is sent and was never taken")


def _no_device_shows_two(world: MediaWorld, ends: Ends) -> None:
    """What a device is given again takes the place of the first: it is the same, and comes while that may still be."""
    for (key, to), times in world.provider.handed.items():
        if ends.tables.sends[key].channel in TO_DEVICES:
            ends.hold(len({body for _, body in times}) == 1, f"{key} said two things to {to}")
            apart_ms = max(at for at, _ in times) - min(at for at, _ in times)
            ends.hold(apart_ms <= IDEMPOTENT_MS, f"{key} came to {to} again after {apart_ms} ms")


def _no_text_after_stop(world: MediaWorld, ends: Ends) -> None:
    """But for what is part of what they bought, and the answer to the word itself."""
    for key in world.provider.texts():
        send = ends.tables.sends[key]
        if send.transactional or send.origin_kind == "keyword":
            continue
        began = world.witness.claims[key][-1]
        theirs = [each for each in world.words if each.phone == send.address]
        stops = [each.at_ms for each in theirs if each.stops and each.heard is not None and each.heard < began]
        lifted = any(not each.stops and each.at_ms >= max(stops, default=0) for each in theirs)
        ends.hold(not stops or lifted, f"{send.address} had said STOP and was written {key}")


def _inbox_is_what_was_sent(world: MediaWorld, ends: Ends) -> None:
    """What waits for people is what was delivered to them, each once; nothing of it is lost."""
    sent = {
        each.key for each in ends.tables.sends.values() if each.channel in ("in_app", "inbox") and each.state == "sent"
    }
    doubtful = {each.key for each in ends.tables.sends.values() if each.state == "in_doubt"}
    here = ends.tables.inbox.keys()
    ends.hold(sent <= here, f"{sent - here} were sent and wait for nobody")
    ends.hold(here <= sent | doubtful, f"{here - sent} wait for somebody and were not sent")
    assert world.provider.media.keys().isdisjoint(here), "nobody else carries these"


def _the_gone_are_gone(world: MediaWorld, ends: Ends) -> None:
    """A device that was written down as gone is nobody's any more, unless it was heard of since."""
    for profile in ends.tables.profiles.values():
        for place, heard in profile.devices.items():
            since_ms = world.witness.lost.get(place)
            back = since_ms is None or heard.device is None or heard.at_ms > since_ms
            ends.hold(back, f"the device {place} was gone as of {since_ms}, and is written to: {heard}")
    for row in (each for each in ends.rows if each["event"] == "Device Gone"):
        ends.hold(row["properties"]["device"] in world.provider.dead, f"{row['properties']} is told, and lives")


def _told_once(world: MediaWorld, ends: Ends) -> None:
    """Of every text it is told once that it arrived, if that was told to us; and of no other."""
    told = Counter(row["properties"]["send"] for row in ends.rows if row["event"] == "Message Delivered")
    for key in world.provider.texts():
        known = world.receipts.get(key)
        least, most = (1 if known else 0), (0 if known is None else 1)
        ends.hold(least <= told[key] <= most, f"{key} was told {told[key]} times to have arrived")
