"""The tick: what comes in, who moves, what is sent; all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from holdfast.decisions.caps import Cap
from holdfast.decisions.gate import GateRules
from holdfast.events.event import Event, IdentityKey, message_hash
from holdfast.flows.delivery.lanes import FreeLanes
from holdfast.flows.delivery.receive import Receiver
from holdfast.flows.ingest.collect import Collector
from holdfast.flows.ingest.numbering import numbered_positions
from holdfast.flows.ingest.own import own_records
from holdfast.flows.ingest.react import HOUR_MS, Reactor
from holdfast.flows.ingest.reading import ARCHIVE, REACT
from holdfast.flows.journey.decide import publish, set_state
from holdfast.kernel.errors import Busy, Invalid
from holdfast.kernel.moments import to_millis
from holdfast.messages.links import Link, encode_link
from holdfast.ports.inbox import InboxItem
from holdfast.ports.state import Lane, Send, SendState, Settlement
from holdfast.profiles.profile import learn as learn_for_real
from holdfast.stores.memory.log import MemoryLog
from holdfast.testing import FakeClock, MemoryState, a_send
from tests.unit.flows.test_dispatch import Unconfirmed

KEY = b"k" * 32
RESCUE: dict[str, Any] = {
    "id": "rescue",
    "name": "Cart rescue",
    "goal": {"event": "Order Completed", "within_seconds": 86_400},
    "start": "cart",
    "steps": {
        "cart": {"type": "trigger", "event": "Checkout Started", "again": "after_exit", "exits": {"entered": "wait"}},
        "wait": {
            "type": "until",
            "event": "Order Completed",
            "seconds": 60,
            "exits": {"happened": "bought", "expired": "mail"},
        },
        "mail": {
            "type": "send",
            "channel": "email",
            "template": {"subject": "Your cart", "html": "<p>Still here.</p>"},
            "exits": {"sent": "done", "withheld": "done"},
        },
        "done": {"type": "exit"},
        "bought": {"type": "exit"},
    },
}


class House:
    """A reactor with everything it needs, in memory."""

    def __init__(self, *, caps: tuple[Cap, ...] = (), rules: GateRules | None = None, room: int = 100) -> None:
        self.clock = FakeClock()
        self.log = MemoryLog(stride=1000)  # As the logs of a cluster, whose offsets skip.
        self.state = MemoryState()
        self.handed: list[Send] = []
        self.lanes = FreeLanes(["email"], room)
        self.collector = Collector(self.log, self.clock)
        self.rules = rules or GateRules(caps=caps)
        self.start_again()

    def start_again(self, *, batch_records: int = 100) -> None:
        """Go on with another reactor, as after a crash."""
        self.reactor = Reactor(
            log=self.log,
            state=self.state,
            clock=self.clock,
            rules=self.rules,
            hand_over=self.handed.extend,
            lanes=self.lanes,
            batch_records=batch_records,
        )

    async def tick_and_archive(self) -> None:
        """One tick, and an archive that has copied all that was read."""
        await self.reactor.tick()
        async with self.state.begin() as transaction:
            await transaction.set_offset(ARCHIVE, await transaction.offset(REACT))

    async def publish(self, definition: dict[str, Any]) -> None:
        await publish(self.state, "journey", json.dumps(definition).encode(), now=self.clock.now())

    async def happens(self, *messages: dict[str, Any]) -> None:
        """Collect the messages and let everything that follows follow."""
        await self.collector.collect("batch", json.dumps({"batch": messages}).encode(), "default")
        await self.settle()

    async def comes(self, *messages: dict[str, Any]) -> None:
        """Collect the messages, each by a call of its own; nobody reads them yet."""
        for message in messages:
            await self.collector.collect("batch", json.dumps({"batch": [message]}).encode(), "default")

    async def settle(self) -> None:
        while not (await self.reactor.tick()).idle or await self.reactor.pump():
            pass

    async def later(self, **much: float) -> None:
        self.clock.advance(**much)
        await self.settle()

    async def told(self, name: str) -> list[dict[str, Any]]:
        """The properties of every own event of that name in the log."""
        found = []
        for entry in await self.log.read(0, max_records=100_000, max_bytes=10**9):
            if entry.record.source == "holdfast":
                messages = json.loads(entry.record.body)["batch"]
                found += [each["properties"] for each in messages if each.get("event") == name]
        return found

    async def totals(self) -> dict[SendState, int]:
        async with self.state.view() as view:
            return await view.send_totals(None)


def identify(user: str = "ann", **traits: Any) -> dict[str, Any]:
    return {
        "type": "identify",
        "userId": user,
        "traits": {"email": f"{user}@example.com", **traits},
        "messageId": f"i-{user}",
    }


def does(event: str, user: str = "ann", *, message: str = "", **properties: Any) -> dict[str, Any]:
    key = message or f"{event}-{user}"
    return {"type": "track", "event": event, "userId": user, "messageId": key, "properties": properties}


async def test_who_acts_under_one_name_is_known_by_what_was_said_under_another() -> None:
    house = House()
    send = {**RESCUE["steps"]["mail"], "exits": {"sent": "done", "withheld": "done"}}
    wait = {"type": "until", "event": "Came Back", "seconds": 60, "exits": {"happened": "mail", "expired": "bought"}}
    await house.publish({**RESCUE, "steps": {**RESCUE["steps"], "wait": wait, "mail": send}})
    await house.happens({**identify(), "anonymousId": "phone"}, does("Checkout Started"))
    # Neither message names the user, under whom the address was said.
    await house.happens({"type": "track", "event": "Came Back", "anonymousId": "phone", "messageId": "back"})
    assert [each.address for each in house.handed] == ["ann@example.com"]


async def test_an_abandoned_cart_is_written_to_once() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=59)
    assert not house.handed
    await house.later(seconds=1)
    assert [send.address for send in house.handed] == ["ann@example.com"]
    await house.later(hours=5)
    assert len(house.handed) == 1
    assert await house.told("Message Queued")


async def test_an_order_in_time_ends_the_wait() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    house.clock.advance(seconds=30)
    await house.happens(does("Order Completed"))
    await house.later(hours=1)
    assert not house.handed
    assert [each["by"] for each in await house.told("Journey Left")] == ["bought"]


async def test_an_event_that_comes_twice_happened_once() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"), does("Checkout Started"))
    await house.happens(does("Checkout Started"))
    assert len(await house.told("Journey Entered")) == 1
    async with house.state.view() as view:
        profile = (await view.profiles([1]))[1]
    assert profile.tallies["Checkout Started"].count == 1


@pytest.mark.parametrize("together", [True, False])
async def test_an_alias_means_who_was_known_before_it(together: bool) -> None:
    """Whether it comes in the batch of the anonymous event or in a later one."""
    house = House()
    viewed = {"type": "track", "event": "Viewed", "anonymousId": "phone", "messageId": "v"}
    alias = {"type": "alias", "userId": "ann", "previousId": "phone", "messageId": "a"}
    for batch in [[viewed, alias]] if together else [[viewed], [alias]]:
        await house.happens(*batch)
    async with house.state.view() as view:
        (those,) = (await view.members([1])).values()
    assert {(each.key.kind, each.key.value) for each in those} == {("anonymous", "phone"), ("user", "ann")}


async def test_a_bad_record_is_set_aside_and_the_good_ones_are_kept() -> None:
    house = House()
    await house.happens(identify(), {"type": "track", "userId": "ann"}, does("Order Completed"))
    async with house.state.view() as view:
        bad = await view.bad_records(limit=10, before_id=None, replayed=None)
        profile = (await view.profiles([1]))[1]
    assert [(each.code, each.path, each.origin) for each in bad] == [("no_event_name", "$.batch[1].event", "log:999.1")]
    assert "Order Completed" in profile.tallies


async def test_nothing_of_a_failed_tick_remains() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.collector.collect("batch", json.dumps({"batch": [identify(), does("Checkout Started")]}).encode(), "d")

    class FullDiskError(OSError):
        pass

    def break_down(now_ms: int) -> dict[Lane, int]:
        raise FullDiskError

    sound = house.lanes.rooms
    setattr(house.lanes, "rooms", break_down)  # noqa: B010 - A method is replaced on purpose.
    with pytest.raises(FullDiskError):
        await house.reactor.tick()
    async with house.state.view() as view:
        assert await view.count_people() == 0
        assert await view.offset("react") == 0
    setattr(house.lanes, "rooms", sound)  # noqa: B010
    await house.settle()
    assert len(await house.told("Journey Entered")) == 1


async def test_a_record_nobody_foresaw_is_set_aside_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = learn_for_real

    def learn(profile: Any, event: Event, *more: Any) -> Any:
        if event.name == "Poison":
            raise ValueError("nobody foresaw this")
        return sound(profile, event, *more)

    monkeypatch.setattr("holdfast.flows.ingest.intake.learn", learn)
    house = House()
    for message in (does("Before"), does("Poison"), does("After")):
        await house.collector.collect("batch", json.dumps({"batch": [message]}).encode(), "default")
    set_aside = 0
    while not (done := await house.reactor.tick()).idle:
        set_aside += done.set_aside
    assert set_aside == 1
    async with house.state.view() as view:
        bad = await view.bad_records(limit=10, before_id=None, replayed=None)
        profile = (await view.profiles([1]))[1]
    assert [(each.code, each.origin) for each in bad] == [("unforeseen", "log:1999")]
    assert set(profile.tallies) == {"Before", "After"}


async def test_an_own_event_nobody_foresaw_is_passed_over_by_the_archive_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = learn_for_real

    def learn(profile: Any, event: Event, *more: Any) -> Any:
        if event.name == "Journey Entered":
            raise ValueError("nobody foresaw this")
        return sound(profile, event, *more)

    monkeypatch.setattr("holdfast.flows.ingest.intake.learn", learn)
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    entries = await house.log.read(0, max_records=100, max_bytes=10**9)
    (own,) = [each for each in entries if each.record.source == "holdfast"]
    async with house.state.view() as view:
        assert await view.skipped(0, 2**62) == set(numbered_positions(own)) != set()


async def test_unsubscribing_between_queue_and_claim_is_heard() -> None:
    house = House(room=0)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=60)
    assert await house.totals() == {"pending": 1}
    await house.happens(does("Consent Changed", channel="email", granted=False))
    house.lanes.room = 10
    await house.settle()
    assert not house.handed
    assert [each["reason"] for each in await house.told("Message Withheld")] == ["no_consent"]
    assert await house.totals() == {"withheld": 1}


async def test_while_the_log_is_not_read_to_its_end_nothing_is_claimed_that_needs_consent() -> None:
    house = House(room=0)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=60)
    assert await house.totals() == {"pending": 1}
    await house.comes(does("Seen"), does("Consent Changed", channel="email", granted=False))
    house.lanes.room = 10
    house.start_again(batch_records=1)
    await house.reactor.tick()  # It reads the first of them.
    assert not house.handed
    await house.settle()
    assert not house.handed
    assert await house.totals() == {"withheld": 1}


async def test_a_timer_does_not_overtake_what_came_in_time_and_waits_to_be_read() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"), identify("ben"), does("Checkout Started", "ben"))
    house.clock.advance(seconds=59)
    await house.comes(does("Seen", "ben"), does("Order Completed"))
    house.clock.advance(hours=1)  # Nobody has read the log meanwhile.
    house.start_again(batch_records=1)
    await house.settle()
    assert [send.address for send in house.handed] == ["ben@example.com"]


async def test_what_the_log_refuses_once_is_told_though_nothing_else_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    await house.publish(RESCUE)
    await house.comes(identify(), does("Checkout Started"))
    await house.reactor.tick()

    async def refuse(records: Sequence[object]) -> int:
        raise Busy("The disk is full.")

    with monkeypatch.context() as full:
        full.setattr(house.log, "append", refuse)
        with pytest.raises(Busy):
            await house.reactor.pump()
    assert house.reactor.untold.is_set()
    assert await house.reactor.pump() == 1
    assert len(await house.told("Journey Entered")) == 1


async def test_a_message_is_known_until_the_archive_has_asked_for_it_and_for_a_month() -> None:
    house = House()
    await house.happens(does("Seen"))
    seen = message_hash("Seen-ann")
    await house.later(days=40)
    async with house.state.view() as view:
        assert await view.seen([seen])  # The archive was not there, and asks for it still.
    await house.tick_and_archive()
    await house.later(days=1)
    async with house.state.view() as view:
        assert not await view.seen([seen])


async def test_a_cap_counts_contacts_of_all_a_persons_names() -> None:
    house = House(caps=(Cap(channel="email", most=1, within_seconds=86_400),))
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=60)
    anonymous = {"type": "track", "event": "Checkout Started", "anonymousId": "phone", "messageId": "phone-1"}
    await house.happens({**identify(), "anonymousId": "phone", "messageId": "i-2"}, anonymous)
    await house.later(seconds=60)
    assert [each["reason"] for each in await house.told("Message Withheld")] == ["capped"]
    await house.later(days=1)
    await house.happens(does("Checkout Started", message="again"))
    await house.later(seconds=60)
    assert len(house.handed) == 2


async def test_a_key_lets_somebody_in_once_by_whichever_of_their_names() -> None:
    keyed = json.loads(json.dumps(RESCUE))
    keyed["steps"]["cart"] |= {"again": "per_key", "key_property": "cart_id"}
    house = House()
    await house.publish(keyed)
    await house.happens(identify(), does("Checkout Started", cart_id="c1"))
    await house.later(hours=1)
    phone = {"type": "track", "event": "Checkout Started", "anonymousId": "phone", "properties": {"cart_id": "c1"}}
    await house.happens({**identify(), "anonymousId": "phone", "messageId": "i-2"}, {**phone, "messageId": "p-1"})
    await house.happens(does("Checkout Started", message="twice", cart_id="c1"))
    assert len(await house.told("Journey Entered")) == 1
    await house.happens(does("Checkout Started", message="other", cart_id="c2"))
    assert len(await house.told("Journey Entered")) == 2


async def test_a_template_that_is_no_liquid_is_refused_when_it_is_published() -> None:
    broken = json.loads(json.dumps(RESCUE))
    broken["steps"]["mail"]["template"]["html"] = "<p>{{ person.first_name </p>"
    with pytest.raises(Invalid) as refusal:
        await House().publish(broken)
    assert refusal.value.path == "$.steps.mail.template.html"


async def test_a_paused_journey_holds_everybody_and_goes_on_when_resumed() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await set_state(house.state, "journey", "rescue", "pause")
    await house.later(hours=2)
    await house.happens(identify("ben"), does("Checkout Started", "ben"))
    assert not house.handed
    assert len(await house.told("Journey Entered")) == 1
    await set_state(house.state, "journey", "rescue", "resume")
    await house.settle()
    assert len(house.handed) == 1


async def test_what_people_do_while_a_journey_is_paused_counts() -> None:
    """Whoever has bought meanwhile is not asked whether they forgot something."""
    house = House()
    until_paid = {**RESCUE["steps"]["wait"], "event": "Paid", "seconds": 3600}
    await house.publish({**RESCUE, "steps": {**RESCUE["steps"], "wait": until_paid}})
    people = ("ada", "ben", "cy", "dee")
    await house.happens(*map(identify, people), *(does("Checkout Started", person) for person in people))
    await set_state(house.state, "journey", "rescue", "pause")
    await house.happens(does("Paid", "ada"), does("Order Completed", "ben"))
    assert [each["by"] for each in await house.told("Journey Left")] == ["goal"]
    await house.later(hours=1)
    await house.happens(does("Paid", "cy"))
    assert len(await house.told("Journey Left")) == 1
    await set_state(house.state, "journey", "rescue", "resume")
    await house.settle()
    assert [send.address for send in house.handed] == ["cy@example.com", "dee@example.com"], "cy was too late"
    assert sorted(each["by"] for each in await house.told("Journey Left")) == ["bought", "done", "done", "goal"]


async def test_a_definition_that_is_valid_no_more_holds_its_people_and_nobody_else() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.publish({**RESCUE, "id": "other"})
    await house.happens(identify(), does("Checkout Started"))
    async with house.state.begin() as transaction:
        (other, rescue) = await transaction.decisions()
        await transaction.put_decision(replace(rescue, version=2, definition=b'{"id": "rescue"}'))
    await house.later(seconds=60)
    assert [send.origin for send in house.handed] == [other.id]
    assert (await house.reactor.tick()).idle


async def test_a_stopped_journey_lets_everybody_out_and_writes_to_nobody() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await set_state(house.state, "journey", "rescue", "stop")
    await house.later(hours=2)
    assert not house.handed
    assert [each["by"] for each in await house.told("Journey Left")] == ["stopped"]


async def test_who_was_under_way_when_it_was_stopped_enters_what_runs_anew() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await set_state(house.state, "journey", "rescue", "stop")
    await house.publish({**RESCUE, "name": "Cart rescue, anew"})
    await house.happens(does("Checkout Started", message="again"))  # Before the wait that was stopped is over.
    assert len(await house.told("Journey Entered")) == 2
    assert [each["by"] for each in await house.told("Journey Left")] == ["stopped"]
    await house.later(seconds=60)
    assert len(house.handed) == 1


async def test_pausing_and_stopping_reach_what_is_queued() -> None:
    house = House(room=0)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"), identify("ben"))
    await house.later(seconds=60)
    await set_state(house.state, "journey", "rescue", "pause")
    house.lanes.room = 10
    await house.later(hours=1)
    assert not house.handed
    assert await house.totals() == {"pending": 1}
    await set_state(house.state, "journey", "rescue", "stop")
    await house.settle()
    assert not house.handed
    assert [each["reason"] for each in await house.told("Message Withheld")] == ["stopped"]
    assert await house.totals() == {"withheld": 1}


async def test_who_is_under_way_stays_on_their_version() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    longer = json.loads(json.dumps(RESCUE))
    longer["steps"]["wait"]["seconds"] = 600
    await house.publish(longer)
    await house.happens(identify("ben"), does("Checkout Started", "ben"))
    await house.later(seconds=60)
    assert [(send.address, send.version) for send in house.handed] == [("ann@example.com", 1)]
    await house.later(seconds=540)
    assert [(send.address, send.version) for send in house.handed][1:] == [("ben@example.com", 2)]


async def test_settlements_become_events_and_a_dead_address_is_written_to_no_more() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=60)
    house.reactor.settle([Settlement(key=house.handed[0].key, state="failed", reason="550 5.1.1 unknown", gone=True)])
    await house.settle()
    assert [each["gone"] for each in await house.told("Message Failed")] == [True]
    await house.later(days=2)
    await house.happens(does("Checkout Started", message="again"))
    await house.later(seconds=60)
    assert len(house.handed) == 1
    assert [each["reason"] for each in await house.told("Message Withheld")] == ["suppressed"]


async def test_sends_of_a_process_that_died_are_in_doubt_and_not_sent_again() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=60)
    assert await house.totals() == {"claimed": 1}
    assert await house.reactor.recover() == 1
    await house.later(days=1)
    assert await house.totals() == {"in_doubt": 1}
    assert len(house.handed) == 1
    assert len(await house.told("Message In Doubt")) == 1


async def test_a_claim_whose_commit_is_not_confirmed_is_made_again() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    unconfirmed = Unconfirmed(house.state)
    house.state = unconfirmed  # type: ignore[assignment]  # It passes on all the rest.
    house.start_again()
    await house.settle()
    house.clock.advance(seconds=60)
    unconfirmed.loses = True
    with pytest.raises(Busy):
        await house.reactor.tick()
    assert await house.totals() == {"claimed": 1}
    assert not house.handed
    await house.settle()
    assert await house.totals() == {"claimed": 1}
    assert len(house.handed) == 1


@pytest.mark.parametrize("died_again", [False, True])
async def test_what_is_told_again_however_late_is_known_until_it_is_read(died_again: bool) -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    house.clock.advance(seconds=60)
    await house.reactor.tick()
    await house.reactor.pump()  # And dies before it could write that all of it is told.
    house.start_again(batch_records=1)
    house.clock.advance(days=31)
    for name in "abcd":
        await house.collector.collect("track", json.dumps(does(name)).encode(), "default")
    await house.tick_and_archive()
    await house.reactor.pump()
    await house.tick_and_archive()
    if died_again:
        house.start_again(batch_records=1)
    for _ in range(8):
        house.clock.advance(days=1)
        await house.tick_and_archive()
    assert len(await house.told("Message Queued")) == 2
    async with house.state.view() as view:
        tallies = (await view.profiles([1]))[1].tallies
        remembered = await view.seen([message_hash(does("Checkout Started")["messageId"])])
    assert tallies["Message Queued"].count == 1
    assert not remembered  # Once all of it is read, old ids are let go of.


async def test_a_state_that_was_set_back_hears_of_nothing_twice_and_misses_nothing() -> None:
    """From the log it hears what it told before it was set back, under numbers that it gives to other things now."""
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    before = replace(house.state._committed)
    for user in ("ben", "cem"):
        await house.happens(identify(user), does("Checkout Started", user))
    await house.later(seconds=60)
    told = len(await house.told("Message Queued"))
    assert told == 3
    house.state = MemoryState()
    house.state._committed = before
    house.start_again(batch_records=1)
    await house.happens(identify("dan"), does("Checkout Started", "dan"))
    await house.later(seconds=120)
    async with house.state.view() as view:
        profiles = await view.profiles([1, 2, 3, 4])
    for each in profiles.values():
        assert {name: tally.count for name, tally in each.tallies.items()} == {
            "Identified": 1,
            "Checkout Started": 1,
            "Journey Entered": 1,
            "Journey Left": 1,
            "Message Queued": 1,
        }


async def test_what_has_expired_in_inboxes_is_deleted_though_nothing_else_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("holdfast.flows.ingest.react.EXPIRED_MOST", 2)
    house = House()
    await house.happens(identify())
    now_ms = to_millis(house.clock.now())
    ends = {"a": 10, "b": 20, "c": 30, "d": HOUR_MS + 1, "e": 3 * HOUR_MS}
    async with house.state.begin() as transaction:
        await transaction.add_inbox(
            [
                InboxItem(key=key, identity=1, medium="inbox", words=b"{}", added_ms=now_ms, expires_ms=now_ms + after)
                for key, after in ends.items()
            ]
        )

    async def left() -> list[str]:
        async with house.state.view() as view:
            return [each.key for each in await view.inbox_after("", limit=9)]

    await house.later(seconds=1)
    assert await left() == ["a", "b", "c", "d", "e"], "once an hour is enough"
    await house.later(hours=1)
    assert await left() == ["c", "d", "e"], "so many at a time"
    await house.reactor.tick()
    assert await left() == ["e"]


@pytest.mark.parametrize(
    ("took", "on", "states", "handed"),
    [
        (True, ("email", "sms"), {"sent": 1}, 1),
        (False, ("email", "sms"), {"claimed": 1}, 2),
        (True, ("sms",), {"in_doubt": 1}, 1),
        (False, ("sms",), {"in_doubt": 1}, 1),
    ],
)
async def test_who_took_a_message_is_believed_about_it_on_its_own_channels(
    took: bool, on: tuple[str, ...], states: dict[str, int], handed: int
) -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=60)
    asked: list[str] = []

    async def holds(keys: Sequence[str]) -> set[str]:
        asked.extend(keys)
        return set(keys) if took else set()

    await house.reactor.recover(holds, on=on)
    assert asked == [each.key for each in house.handed if "email" in on]
    await house.later(seconds=120)
    assert (await house.totals(), len(house.handed)) == (states, handed)


async def test_what_one_provider_did_not_take_says_nothing_of_another() -> None:
    house = House()
    orphan = {"state": "claimed", "claimed_ms": 1, "claimed_by": "before#1", "attempts": 1}
    async with house.state.begin() as transaction:
        await transaction.add_identities([IdentityKey(kind="user", value="ann")], 0)
        await transaction.add_sends([a_send("mail", **orphan), a_send("text", channel="sms", **orphan)])

    async def none_of_them(keys: Sequence[str]) -> set[str]:
        return set()

    assert await house.reactor.recover(none_of_them, on=("email",)) == 1
    async with house.state.view() as view:
        sends = await view.sends(["mail", "text"])
    assert {key: send.state for key, send in sends.items()} == {"mail": "pending", "text": "in_doubt"}


async def test_a_deferred_send_is_claimed_again_when_its_time_comes() -> None:
    house = House()
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=60)
    later = to_millis(house.clock.now() + timedelta(seconds=30))
    house.reactor.settle([Settlement(key=house.handed[0].key, state="pending", not_before_ms=later)])
    await house.later(seconds=29)
    assert len(house.handed) == 1
    await house.later(seconds=1)
    assert [send.key for send in house.handed] == [house.handed[0].key] * 2
    assert [send.attempts for send in house.handed] == [1, 2]


async def test_one_click_unsubscribes_and_twice_is_once() -> None:
    house = House()

    async def tell(events: Sequence[Event]) -> None:
        await house.log.append(own_records(events, to_millis(house.clock.now())))

    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await house.later(seconds=60)
    receiver = Receiver(state=house.state, clock=house.clock, tell=tell, key=KEY)
    token = encode_link(Link(kind="unsubscribe", send=house.handed[0].key), KEY)
    assert await receiver.subscription(token) is not None
    await house.settle()
    assert not await house.told("Consent Changed")
    for _ in range(2):
        ended = await receiver.unsubscribed(token)
        assert ended is not None
        assert ended.topic == "marketing"
        await house.later(seconds=5)
    async with house.state.view() as view:
        profile = (await view.profiles([1]))[1]
    assert profile.consents_to("email", "marketing") is False
    assert profile.tallies["Message Unsubscribed"].count == 1
    assert await receiver.unsubscribed(token[:-2] + "AA") is None
