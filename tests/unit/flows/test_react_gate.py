"""The contact gate in real ticks: quiet hours, caps, global holdout; when a contact is asked for and when it goes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from holdfast.decisions.caps import Cap
from holdfast.decisions.gate import GateRules
from holdfast.decisions.holdout import held_out
from holdfast.decisions.quiet import QuietHours
from holdfast.flows.audience.reach import ChannelReach, Wish, reach_of
from holdfast.ports.state import Send, Settlement
from tests.unit.flows.test_react import House, does, identify

DAY = 86_400
NIGHT = QuietHours(from_minute=21 * 60, until_minute=8 * 60)


def says(name: str, *, topic: str = "marketing", transactional: bool = False, event: str = "Seen") -> dict[str, Any]:
    """A journey of one mail, sent at once, as often as the event happens."""
    return {
        "id": name,
        "name": name,
        "goal": {"event": "Order Completed", "within_seconds": DAY},
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": event, "again": "after_exit", "exits": {"entered": "mail"}},
            "mail": {
                "type": "send",
                "channel": "email",
                "topic": topic,
                "transactional": transactional,
                "template": {"subject": "Hello", "html": "<p>Hello.</p>"},
                "exits": {"sent": "done", "withheld": "done"},
            },
            "done": {"type": "exit"},
        },
    }


async def a_house(*journeys: dict[str, Any], rules: GateRules, room: int = 100, **traits: Any) -> House:
    house = House(rules=rules, room=room)
    for each in journeys:
        await house.publish(each)
    await house.happens(identify(**traits))
    return house


async def until(house: House, hour: int, minute: int = 0) -> None:
    """Let time go by to the next time it is so late in UTC."""
    now = house.clock.now().astimezone(UTC)
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    await house.later(seconds=((then - now) % timedelta(days=1)).total_seconds())


async def deliver(house: House) -> None:
    """What was handed over so far is delivered."""
    house.reactor.settle([settled(send) for send in house.handed])
    await house.settle()


def settled(send: Send) -> Settlement:
    return Settlement(key=send.key, state="sent")


async def reasons(house: House) -> list[str]:
    return [each["reason"] for each in await house.told("Message Withheld")]


async def test_what_is_asked_for_at_night_waits_for_the_persons_morning() -> None:
    house = await a_house(says("a"), rules=GateRules(quiet=NIGHT), timezone="Asia/Tokyo")
    await until(house, 13)  # Ten in the evening in Tokyo.
    await house.happens(does("Seen"))
    assert not house.handed
    assert await house.totals() == {"pending": 1}
    [queued] = await house.told("Message Queued")
    assert datetime.fromisoformat(queued["not_before"]).hour == 23
    await until(house, 22, 59)
    assert not house.handed
    await until(house, 23)
    [send] = house.handed
    assert send.attempts == 1
    assert await reasons(house) == []


async def test_what_waits_for_the_morning_is_asked_about_again_then() -> None:
    house = await a_house(says("a"), rules=GateRules(quiet=NIGHT))
    await until(house, 22)
    await house.happens(does("Seen"))
    await house.happens(does("Consent Changed", channel="email", granted=False))
    await until(house, 9)
    assert not house.handed
    assert await reasons(house) == ["no_consent"]
    assert await house.totals() == {"withheld": 1}


async def test_who_has_done_meanwhile_what_a_message_is_for_does_not_get_it_in_the_morning() -> None:
    stays = {**says("stays"), "leave_on_goal": False}
    short = {**says("short"), "goal": {"event": "Order Completed", "within_seconds": 60}}
    house = await a_house(says("a"), stays, short, rules=GateRules(quiet=NIGHT))
    await house.happens(does("Order Completed", message="earlier"))
    await until(house, 22)
    await house.happens(does("Seen"))
    assert await house.totals() == {"pending": 3}
    await house.later(seconds=61)
    await house.happens(does("Order Completed"))
    await until(house, 9)
    assert sorted(send.origin for send in house.handed) == ["short", "stays"]
    assert await reasons(house) == ["goal"]
    assert await house.totals() == {"claimed": 2, "withheld": 1}


async def test_quiet_hours_may_drop_instead_and_never_hold_what_is_transactional() -> None:
    rules = GateRules(quiet=QuietHours(from_minute=21 * 60, until_minute=8 * 60, policy="drop"))
    house = await a_house(says("a"), says("receipt", transactional=True), rules=rules)
    await until(house, 22)
    await house.happens(does("Seen"))
    assert [send.origin for send in house.handed] == ["receipt"]
    assert await reasons(house) == ["quiet_hours"]


@pytest.mark.parametrize("policy", ["defer", "drop"])
async def test_quiet_hours_that_begin_while_a_send_waits_hold_it_too(policy: Any) -> None:
    rules = GateRules(quiet=QuietHours(from_minute=21 * 60, until_minute=8 * 60, policy=policy))
    house = await a_house(says("a"), rules=rules, room=0)
    await until(house, 20, 59)
    await house.happens(does("Seen"))
    await until(house, 21)
    house.lanes.room = 10
    await house.settle()
    assert not house.handed
    await until(house, 8)
    assert [send.attempts for send in house.handed] == ([1] if policy == "defer" else [])
    assert await reasons(house) == ([] if policy == "defer" else ["quiet_hours"])


async def test_sends_of_one_tick_cannot_break_a_cap_together() -> None:
    rules = GateRules(caps=(Cap(most=2, within_seconds=DAY),))
    house = await a_house(*(says(name, topic=name) for name in "abcde"), rules=rules)
    await house.happens(does("Seen"))
    assert len(house.handed) == len(await house.told("Message Queued")) == 2
    assert await reasons(house) == ["capped"] * 3


async def test_sends_of_several_ticks_cannot_break_a_cap_before_they_are_delivered() -> None:
    house = await a_house(says("a"), rules=GateRules(caps=(Cap(most=2, within_seconds=DAY),)), room=0)
    for number in range(4):
        await house.happens(does("Seen", message=f"m{number}"))
    assert await house.totals() == {"pending": 2, "withheld": 2}
    house.lanes.room = 10
    await house.settle()
    assert len(house.handed) == 2


async def test_a_cap_on_a_topic_goes_by_the_topic() -> None:
    house = await a_house(
        says("a", topic="news"),
        says("b", topic="news"),
        says("c", topic="offers"),
        rules=GateRules(caps=(Cap(topic="news", most=1, within_seconds=DAY),)),
    )
    await house.happens(does("Seen"))
    assert sorted(send.topic for send in house.handed) == ["news", "offers"]
    assert await reasons(house) == ["capped"]


async def test_what_is_transactional_takes_no_place_under_a_cap() -> None:
    rules = GateRules(caps=(Cap(most=1, within_seconds=DAY),))
    house = await a_house(says("a", transactional=True), says("b", transactional=True), says("c"), rules=rules)
    await house.happens(does("Seen"))
    assert len(house.handed) == 3


async def test_what_was_held_up_is_not_delivered_all_at_once() -> None:
    """Days apart when they were asked for; but a cap is about what people get."""
    house = await a_house(says("a"), rules=GateRules(caps=(Cap(most=1, within_seconds=DAY),)), room=0)
    for number in range(3):
        await house.happens(does("Seen", message=f"m{number}"))
        await house.later(days=1)
    assert await house.totals() == {"pending": 3}
    house.lanes.room = 10
    await house.settle()
    assert len(house.handed) == 1
    assert await reasons(house) == ["capped", "capped"]
    await deliver(house)
    assert await house.totals() == {"sent": 1, "withheld": 2}


async def test_what_a_late_delivery_crowds_by_a_little_waits_that_little() -> None:
    house = await a_house(says("a"), rules=GateRules(caps=(Cap(most=1, within_seconds=DAY),)), room=0)
    await house.happens(does("Seen", message="m1"))
    house.lanes.room = 10
    await house.later(seconds=90)
    await deliver(house)
    await house.later(seconds=DAY - 90)
    await house.happens(does("Seen", message="m2"))
    assert len(house.handed) == 1
    assert await house.totals() == {"sent": 1, "pending": 1}
    await house.later(seconds=89)
    assert len(house.handed) == 1
    await house.later(seconds=1)
    assert len(house.handed) == 2
    assert await reasons(house) == []


async def test_the_global_holdout_gets_nothing_and_is_in_no_arm_and_reach_agrees() -> None:
    rules = GateRules(global_holdout=0.4)
    house = House(rules=rules)
    await house.publish({**says("a"), "holdout": 0.3})
    await house.publish(says("receipt", transactional=True))
    names = [f"person-{number}" for number in range(30)]
    held = {name for name in names if held_out(name, 0.4)}
    assert 5 < len(held) < 20
    await house.happens(*(identify(name) for name in names), *(does("Seen", name) for name in names))
    entered = [each for each in await house.told("Journey Entered") if each["origin"] == "a"]
    arms = Counter(each["arm"] for each in entered)
    assert arms["global_holdout"] == len(held)
    assert Counter(await reasons(house)) == {"global_holdout": len(held), "holdout": arms["holdout"]}
    receipts = [send.address for send in house.handed if send.origin == "receipt"]
    mailed = {send.address.removesuffix("@example.com") for send in house.handed if send.origin == "a"}
    assert len(receipts) == len(names)
    assert not mailed & held
    assert len(mailed) == arms["treated"]
    async with house.state.view() as view:
        persons = sorted({each.person for each in (await view.identities_by_id(list(range(1, 31)))).values()})
    everybody = np.array(persons, dtype=np.uint32)

    async def by_mail(wish: Wish) -> ChannelReach:
        found = await reach_of(everybody, wish, state=house.state, rules=rules, now=house.clock.now())
        return next(each for each in found if each.channel == "email")

    reach = await by_mail(Wish())
    assert (reach.people, reach.reachable) == (30, 30 - len(held))
    assert reach.reasons == {"global_holdout": len(held)}
    receipt = Wish(transactional=True)
    anyway = await by_mail(receipt)
    assert anyway.reachable == 30


async def test_who_is_drawn_later_gets_no_more_though_a_journey_is_under_way() -> None:
    """The share was raised: what waits to be sent is asked about again."""
    house = await a_house(says("a"), rules=GateRules(), room=0)
    await house.happens(does("Seen"))
    share = next(share for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.99) if held_out("ann", share))
    house.reactor._rules = GateRules(global_holdout=share)
    house.lanes.room = 10
    await house.settle()
    assert not house.handed
    assert await reasons(house) == ["global_holdout"]
