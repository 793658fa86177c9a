"""The one answer to STOP, START and HELP: who gets it, what it says, and who gets none; over the whole, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from holdfast.events.event import IdentityKey, Json, own_event
from holdfast.flows.delivery.confirming import ANSWERED_MOST, KEYWORDS, LATE_MS, confirmation_for
from holdfast.flows.delivery.inbound import Arrivals, Inlet
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.rebuild import Rebuilding, rebuild
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.messages.heard.inbound import Arrival, Incoming, Told
from holdfast.profiles.devices import device_id
from holdfast.profiles.profile import EMPTY
from holdfast.settings import Settings
from holdfast.stores.mailbox.mailbox import SqliteMailbox
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.clock import FakeClock
from holdfast.testing.house import House
from holdfast.wiring import Mail, assemble, rules_of

PHONE = "+491701234567"
STRANGER = IdentityKey(kind="anonymous", value=f"sms:{PHONE}")
STOPPED = "Tea & Cup: You get no more messages from us. Reply START to get them again."
STARTED = "Tea & Cup: You get messages from us again. Reply STOP to end them."
HELP = "Tea & Cup: Help: help@shop.example. Reply STOP to get no more."


class World:
    """A house to whose number, chats and mail people write."""

    def __init__(self, house: House, mailbox: SqliteMailbox) -> None:
        self.house = house
        self.mailbox = mailbox
        self.count = 0
        self.things: Sequence[Incoming] = ()
        self.arrivals = Arrivals(
            state=house.app.state,
            clock=house.clock,
            tell=house.app.tell,
            key=house.app.secret,
            inlets=self.inlet,
            patience_seconds=0,
        )

    async def inlet(self, _connection: str) -> Inlet | None:
        return Inlet(connection="acme", medium=self.things[0].medium, read=lambda _: Told(things=tuple(self.things)))

    async def hears(self, *texts: str, medium: str = "sms", address: str = PHONE, **said: Any) -> None:
        """Somebody writes these, one after the other."""
        self.count += 1
        at_ms = to_millis(self.house.clock.now())
        self.things = [
            Incoming(medium=medium, id=f"{self.count}:{index}", at_ms=at_ms, address=address, text=text, **said)
            for index, text in enumerate(texts)
        ]
        await self.arrivals.take("acme", Arrival(method="POST", url="https://h.example/in/acme"))
        async with asyncio.timeout(120):
            await self.house.settle()

    async def said(self, medium: str = "sms", to: str = PHONE) -> list[Json]:
        """What we wrote to them, in order."""
        mails, _ = await self.mailbox.find(to=to, text="", limit=99, before=None, medium=medium)
        opened = [await self.mailbox.read(each.id) for each in reversed(mails)]
        return [each.words["text"] for each in opened if each is not None and each.words is not None]

    async def suppressed(self) -> str | None:
        async with self.house.app.state.view() as view:
            return (await view.suppressed("sms", [PHONE])).get(PHONE)

    async def consents(self) -> bool | None:
        """What whoever writes from the number said of text messages."""
        async with self.house.app.state.view() as view:
            identity = (await view.identities([STRANGER]))[STRANGER]
            return (await view.profiles([identity.id]))[identity.id].consent_values().get("sms")

    async def suppress(self, reason: str) -> None:
        async with self.house.app.state.begin() as transaction:
            await transaction.suppress("sms", PHONE, reason, 0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    mailbox, clock, carrier = SqliteMailbox(tmp_path), FakeClock(), KeptParcels()
    names = {"workspace_name": "Tea & Cup", "help_contact": "help@shop.example"}
    app = await assemble(
        Settings.load(tmp_path, {}, names, working_dir=tmp_path),
        clock=clock,
        log=MemoryLog(),
        state=MemoryState(),
        history=MemoryHistory(),
        mail=Mail(carrier=carrier, mailbox=mailbox),
    )
    yield World(House(app, clock, carrier), mailbox)
    await app.close()


@pytest.mark.parametrize(("medium", "address"), [("sms", PHONE), ("whatsapp", PHONE), ("telegram", "77")])
async def test_who_stops_and_starts_is_told_so_once(world: World, medium: str, address: str) -> None:
    for text in ("STOP", "stop", "START", "yes"):
        await world.hears(text, medium=medium, address=address)
        world.house.clock.advance(seconds=1)
    assert await world.said(medium, address) == [STOPPED, STARTED]


@pytest.mark.parametrize("all_at_once", [True, False])
@pytest.mark.parametrize(
    ("texts", "answers", "stopped"),
    [
        (("STOP", "START"), {STOPPED, STARTED}, False),
        (("STOP", "stop", "START", "yes"), {STOPPED, STARTED}, False),
        (("STOP", "START", "STOP"), {STOPPED, STARTED}, True),
        (("START", "STOP"), {STOPPED}, True),
    ],
)
async def test_what_was_said_last_stands(
    world: World, texts: Sequence[str], answers: set[str], stopped: bool, all_at_once: bool
) -> None:
    """However quickly they follow each other: within one call of a provider they are of the same moment."""
    for each in [texts] if all_at_once else [(each,) for each in texts]:
        await world.hears(*each)
    said = await world.said()
    assert set(said) == answers
    assert len(said) == len(texts) - sum(each in ("stop", "yes") for each in texts) - (texts[0] == "START")
    assert await world.suppressed() == ("unsubscribed" if stopped else None)
    if not stopped:
        assert await world.consents() is True


async def test_help_says_where_it_is_to_be_had(world: World) -> None:
    await world.hears("HELP")
    await world.hears("STOP")
    await world.hears("?help!")
    await world.hears("help")
    assert await world.said() == [
        HELP,
        STOPPED,
        "Tea & Cup: Help: help@shop.example. Reply START to get messages again.",
    ]


async def test_what_is_no_keyword_is_not_answered(world: World) -> None:
    await world.hears("when does the sale end?", "please stop texting me", "yes")
    assert await world.said() == []


async def test_a_provider_that_answers_by_itself_is_left_to_it(world: World) -> None:
    await world.hears("STOP", confirmed=True)
    assert await world.said() == []
    assert await world.suppressed() == "unsubscribed"


@pytest.mark.parametrize("reason", ["bounced", "unreachable"])
async def test_nothing_goes_to_a_dead_number(world: World, reason: str) -> None:
    await world.suppress(reason)
    await world.hears("STOP", "HELP", "START")
    assert await world.said() == []
    async with world.house.app.state.view() as view:
        assert not await view.sends_of(origin=KEYWORDS, identities=None, limit=9), "nothing is asked for either"


async def test_who_complained_is_told_that_they_have_stopped(world: World) -> None:
    await world.suppress("complained")
    await world.hears("STOP")
    assert await world.said() == [STOPPED]


async def test_machines_that_answer_each_other_come_to_an_end(world: World) -> None:
    for _ in range(ANSWERED_MOST + 5):
        await world.hears("INFO")
        world.house.clock.advance(seconds=10)
    assert await world.said() == [HELP] * ANSWERED_MOST
    await world.hears("STOP")
    assert (await world.said())[-1] == STOPPED, "that somebody has stopped is confirmed whatever came before"
    await world.house.later(hours=2)
    await world.hears("START")
    assert (await world.said())[-1] == STARTED


async def test_only_our_own_events_are_answered(world: World) -> None:
    said = {"channel": "sms", "from": PHONE, "text": "STOP", "keyword": "stop"}
    forged = {"type": "track", "userId": "eve", "event": "Message Received", "messageId": "f", "properties": said}
    await world.house.happens(forged)
    assert await world.said() == []


async def test_a_confirmation_has_a_life_as_every_message_has(world: World) -> None:
    await world.hears("STOP")
    async with world.house.app.state.view() as view:
        (send,) = await view.sends_of(origin=KEYWORDS, identities=None, limit=9)
        profile = (await view.profiles([send.identity]))[send.identity]
    assert (send.state, send.step, send.transactional, send.origin_kind) == ("sent", "stop", True, "keyword")
    told = {name: tally.count for name, tally in profile.tallies.items() if name.startswith("Message ")}
    assert told == {"Message Received": 1, "Message Queued": 1, "Message Sent": 1}


async def test_nobody_is_answered_days_later(world: World) -> None:
    """As when the channel was down, or the state is made anew from a log of before there were answers."""
    await world.hears("hello")
    now_ms = to_millis(world.house.clock.now())
    said: dict[str, Json] = {"keyword": "help", "channel": "sms", "from": PHONE}
    async with world.house.app.state.begin() as transaction:
        identity = (await transaction.identities([STRANGER]))[STRANGER].id
        for at_ms in (now_ms - LATE_MS - 1, now_ms - LATE_MS + 60_000):
            at = from_millis(at_ms)
            event = own_event("Message Received", user=STRANGER, at=at, properties=said, key=(at_ms,))
            send = confirmation_for(event, identity, EMPTY, stopped=False, at_ms=at_ms)
            assert send is not None
            await transaction.add_sends([send])
    await world.house.settle()
    assert await world.said() == [HELP]


async def test_a_call_that_is_made_again_is_answered_once(world: World) -> None:
    await world.hears("HELP")
    world.count = 0
    await world.hears("HELP")
    assert await world.said() == [HELP]


async def test_made_anew_from_the_log_it_is_the_same_and_nobody_is_answered_twice(world: World) -> None:
    phone = {"device": {"token": "fcm-token", "type": "android"}}
    for at, user in enumerate(("ada", "bob")):
        opened = {"type": "track", "userId": user, "event": "App Opened", "messageId": user, "context": phone}
        world.house.clock.advance(seconds=at)
        await world.house.happens(opened)
    for text in ("STOP", "START", "HELP", "stop"):
        await world.hears(text)
        world.house.clock.advance(minutes=1)
    await world.house.settle()
    app, state = world.house.app, MemoryState()
    rules, zone = rules_of(app.settings), ZoneInfo(app.settings.time_zone)
    given: dict[str, Any] = {"log": app.log, "before": app.state, "state": state, "history": MemoryHistory()}
    done = await rebuild(Rebuilding(**given, rules=rules, zone=zone))
    found = await compare_states(app.state, state)
    assert {table: each.examples for table, each in found.items() if not each.same} == {}
    assert found["sends"].rows == 4
    assert (done.told_otherwise, done.settled) == (0, 4)
    assert len(await world.said()) == 4
    device = device_id("fcm-token")
    async with app.state.view() as before, state.view() as after:
        assert await after.device_owners([device]) == await before.device_owners([device]) != {}
