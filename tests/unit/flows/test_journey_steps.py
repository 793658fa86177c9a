"""Steps of journeys through the real tick: what they decide is written down, and told to the history."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from holdfast.events.event import IdentityKey
from tests.unit.flows.test_react import House, does, identify

START: dict[str, Any] = {
    "type": "trigger",
    "event": "Signed Up",
    "again": "after_exit",
    "exits": {"entered": "first"},
}


def a_journey(**steps: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "hello",
        "name": "Hello",
        "goal": {"event": "Order Completed", "within_seconds": 864_000},
        "start": "start",
        "steps": {"start": START, **steps},
    }


def a_mail(to: str = "end") -> dict[str, Any]:
    template = {"subject": "Hello", "html": "<p>Good day.</p>"}
    return {"type": "send", "channel": "email", "template": template, "exits": {"sent": to, "withheld": to}}


END: dict[str, Any] = {"type": "exit"}


async def left(house: House) -> list[Any]:
    return [each["by"] for each in await house.told("Journey Left")]


async def test_a_split_sends_each_the_same_way_every_time() -> None:
    house = House()
    fork = {"type": "split", "shares": {"mail": 0.5, "none": 0.5}, "exits": {"mail": "mail", "none": "without"}}
    await house.publish(a_journey(first=fork, mail=a_mail("written"), written=END, without=END))
    people = [f"person-{number}" for number in range(20)]
    await house.happens(*(identify(person) for person in people))
    ways = []
    for time in ("once", "twice"):
        await house.happens(*(does("Signed Up", person, message=f"{time}-{person}") for person in people))
        ways.append((await left(house))[-len(people) :])
    assert ways[0] == ways[1]
    assert set(ways[0]) == {"written", "without"}
    assert len(house.handed) == 2 * ways[0].count("written")
    async with house.state.view() as view:
        counts = {each.exit: each.count for each in await view.step_counts("hello") if each.step == "first"}
    assert counts == {"entered": 40, "mail": len(house.handed), "none": 40 - len(house.handed)}


FORK: dict[str, Any] = {"type": "split", "shares": {"a": 0.5, "b": 0.5}, "exits": {"a": "a", "b": "b"}}


async def test_a_variant_is_told_once_of_a_person() -> None:
    house = House()
    await house.publish(a_journey(first=FORK, a=END, b=END))
    people = [f"person-{number}" for number in range(20)]
    for time in ("once", "twice"):
        await house.happens(*(does("Signed Up", person, message=f"{time}-{person}") for person in people))
    told = await house.told("Variant Assigned")
    ways = (await left(house))[: len(people)]
    assert [each["variant"] for each in told] == ways
    wanted = {"experiment": "hello.first", "propensity": 0.5, "origin": "hello", "origin_kind": "journey"}
    wanted |= {"version": 1, "step": "first", "arm": "treated"}
    assert {**told[0], "variant": ""} == {**wanted, "variant": ""}


async def test_two_devices_of_one_person_go_on_the_way_of_the_one_that_came_first() -> None:
    house = House()
    await house.publish(a_journey(first=FORK, a=END, b=END))
    for number in range(12):
        phone = {"type": "track", "event": "Signed Up", "anonymousId": f"phone-{number}", "messageId": f"p-{number}"}
        await house.happens(phone)
        await house.later(seconds=1)
        await house.happens(does("Signed Up", f"user-{number}"))
        first, second = (await left(house))[-2:]
        login = {"type": "identify", "userId": f"user-{number}", "anonymousId": f"phone-{number}"}
        await house.happens({**login, "messageId": f"l-{number}"})
        told = len(await house.told("Variant Assigned"))
        again = {**phone, "userId": f"user-{number}", "messageId": f"a-{number}"}
        await house.happens(again)
        assert (await left(house))[-1] == first, "they are shown under the name that went the second way"
        assert len(await house.told("Variant Assigned")) == told
        if first != second:
            return
    raise AssertionError("nobody went both ways")


async def test_two_splits_in_one_instant_are_two_experiments() -> None:
    house = House()
    both = {"a": "second", "b": "second"}
    await house.publish(a_journey(first={**FORK, "exits": both}, second=FORK, a=END, b=END))
    await house.happens(does("Signed Up"))
    told = await house.told("Variant Assigned")
    assert sorted(each["experiment"] for each in told) == ["hello.first", "hello.second"]


async def test_a_branch_sees_at_once_which_way_a_split_led() -> None:
    house = House()
    asked = {"type": "variant", "experiment": "hello.first", "variant": "a"}
    branch = {"type": "branch", "condition": asked, "exits": {"yes": "a", "no": "b"}}
    both = {"a": "second", "b": "second"}
    await house.publish(a_journey(first={**FORK, "exits": both}, second=branch, a=END, b=END))
    people = [f"person-{number}" for number in range(10)]
    await house.happens(*(does("Signed Up", person) for person in people))
    ways = await left(house)
    assert ways == [each["variant"] for each in await house.told("Variant Assigned")]
    assert set(ways) == {"a", "b"}


async def test_a_wait_ends_at_the_hour_of_their_own_clock() -> None:
    house = House()
    morning = {"type": "wait_until", "at": "09:00", "exits": {"waited": "mail"}}
    await house.publish(a_journey(first=morning, mail=a_mail(), end=END))
    await house.happens(
        identify("ann", timezone="America/New_York"),
        identify("bob", timezone="Europe/Berlin"),
        does("Signed Up", "ann"),
        does("Signed Up", "bob"),
    )
    now = house.clock.now()
    waits = {}
    for name, zone in (("bob", "Europe/Berlin"), ("ann", "America/New_York")):
        local = now.astimezone(ZoneInfo(zone))
        due = local.replace(hour=9, minute=0, second=0, microsecond=0)
        waits[name] = ((due if due > local else due + timedelta(days=1)) - local).total_seconds()
    assert waits["ann"] != waits["bob"]
    for name, wait in sorted(waits.items(), key=lambda each: each[1]):
        before = len(house.handed)
        await house.later(seconds=wait - 1 - (house.clock.now() - now).total_seconds())
        assert len(house.handed) == before
        await house.later(seconds=1)
        assert [send.address for send in house.handed[before:]] == [f"{name}@example.com"]


async def test_a_day_that_is_changed_moves_the_wait() -> None:
    house = House()
    renewal = {
        "type": "wait_until_date",
        "date_trait": "renews_on",
        "offset_days": -1,
        "at": "12:00",
        "exits": {"waited": "mail", "past": "late", "missing": "unknown"},
    }
    await house.publish(a_journey(first=renewal, mail=a_mail(), end=END, late=END, unknown=END))
    today = house.clock.now().replace(hour=12, minute=0, second=0, microsecond=0)

    def on(days: int) -> str:
        return (today + timedelta(days=days)).date().isoformat()

    await house.happens(identify("ann", renews_on=on(10)), identify("bob"), identify("cat", renews_on=on(-10)))
    await house.happens(*(does("Signed Up", name) for name in ("ann", "bob", "cat")))
    assert sorted(await left(house)) == ["late", "unknown"]
    await house.later(days=2)
    await house.happens({**identify("ann", renews_on=on(20)), "messageId": "renewed"})
    await house.later(seconds=(today + timedelta(days=19) - house.clock.now()).total_seconds() - 1)
    assert not house.handed
    await house.later(seconds=1)
    assert [send.address for send in house.handed] == ["ann@example.com"]


def counts_up(to: str, by: float = 1) -> dict[str, Any]:
    return {"type": "update_trait", "trait": "points", "change": "increment", "value": by, "exits": {"updated": to}}


async def traits(house: House, user: str = "ann") -> dict[str, Any]:
    async with house.state.view() as view:
        key = IdentityKey(kind="user", value=user)
        identity = (await view.identities([key]))[key]
        return (await view.profiles([identity.id]))[identity.id].trait_values()


async def test_a_trait_is_changed_at_once_and_told_to_the_history() -> None:
    house = House()
    await house.publish(a_journey(first=counts_up("again"), again=counts_up("end", 10), end=END))
    await house.happens(identify(points=5))
    await house.collector.collect("batch", json.dumps({"batch": [does("Signed Up")]}).encode(), "default")
    await house.reactor.tick()
    assert (await traits(house))["points"] == 16, "before it has come back by the log"
    await house.settle()
    assert (await traits(house))["points"] == 16
    async with house.state.view() as view:
        profile = (await view.profiles([1]))[1]
    assert profile.tallies["Identified"].count == 3, "learnt once each"
    assert await own_traits(house) == [{"points": 6}, {"points": 16}]


async def own_traits(house: House) -> list[dict[str, Any]]:
    """What our identify calls in the log say."""
    entries = await house.log.read(0, max_records=100_000, max_bytes=10**9)
    ours = [
        each
        for entry in entries
        if entry.record.source == "holdfast"
        for each in json.loads(entry.record.body)["batch"]
    ]
    return [each["traits"] for each in ours if each["type"] == "identify"]


async def test_no_count_is_lost_however_close_they_come() -> None:
    """In one batch, in one millisecond, in several ticks before the first has come back by the log."""
    house = House()
    await house.publish(a_journey(first=counts_up("end"), end=END))
    await house.happens(identify())
    for batch in range(3):
        messages = [does("Signed Up", message=f"{batch}-{number}") for number in range(5)]
        await house.collector.collect("batch", json.dumps({"batch": messages}).encode(), "default")
        await house.reactor.tick()
    assert (await traits(house))["points"] == 15
    await house.settle()
    assert (await traits(house))["points"] == 15
    assert len(await own_traits(house)) == 15


async def test_the_last_word_is_the_steps_though_a_clock_ran_ahead() -> None:
    house = House()
    await house.publish(a_journey(first={**counts_up("end"), "change": "set"}, end=END))
    ahead = (house.clock.now() + timedelta(minutes=5)).isoformat()
    await house.happens({**identify(points=7), "timestamp": ahead}, does("Signed Up"))
    assert (await traits(house))["points"] == 1


async def test_what_the_person_says_later_stands() -> None:
    house = House()
    await house.publish(a_journey(first={**counts_up("end"), "change": "set"}, end=END))
    await house.happens(identify(points=7), does("Signed Up"))
    house.clock.advance(seconds=1)
    await house.happens({**identify(points=8), "messageId": "later"})
    assert (await traits(house))["points"] == 8


async def test_a_changed_trait_starts_no_journey_and_ends_no_wait() -> None:
    house = House()
    identified = {**START, "event": "Identified"}
    until = {"type": "until", "event": "Identified", "seconds": 60, "exits": {"happened": "first", "expired": "end"}}
    loop = a_journey(start=identified, first=counts_up("until"), until=until, end=END)
    await house.publish(loop)
    for times in range(1, 3):
        await house.collector.collect(
            "identify", json.dumps(identify() | {"messageId": str(times)}).encode(), "default"
        )
        for _ in range(10):
            await house.reactor.tick()
            await house.reactor.pump()
        assert (await traits(house))["points"] == times
    await house.later(seconds=60)
    assert await left(house) == ["end"]
    assert len(await own_traits(house)) == 2


async def test_a_changed_trait_is_no_goal_that_somebody_reached() -> None:
    house = House()
    wait = {"type": "wait", "seconds": 3600, "exits": {"waited": "end"}}
    goal = {"event": "Identified", "within_seconds": 86_400}
    await house.publish({**a_journey(first=counts_up("wait"), wait=wait, end=END), "goal": goal})
    await house.happens(does("Signed Up"))
    await house.later(seconds=60)
    assert await left(house) == []
    await house.happens(identify())
    assert await left(house) == ["goal"]


async def test_a_changed_trait_does_not_let_its_own_journey_start_again() -> None:
    house = House()
    await house.publish(a_journey(start={**START, "event": "Identified"}, first=counts_up("end"), end=END))
    for times in range(1, 3):
        await house.collector.collect(
            "identify", json.dumps(identify() | {"messageId": str(times)}).encode(), "default"
        )
        for _ in range(10):
            await house.reactor.tick()
            await house.reactor.pump()
        assert (await traits(house))["points"] == times


async def test_who_is_held_out_is_changed_too() -> None:
    house = House()
    await house.publish({**a_journey(first=counts_up("end"), end=END), "holdout": 0.5})
    people = [f"person-{number}" for number in range(20)]
    await house.happens(*(identify(person) for person in people), *(does("Signed Up", person) for person in people))
    assert {each["arm"] for each in await house.told("Journey Entered")} == {"treated", "holdout"}
    assert [(await traits(house, person))["points"] for person in people] == [1] * len(people)


async def test_who_reaches_the_goal_leaves_and_is_written_to_no_more() -> None:
    """Whoever it is: those held out too, or the two could not be compared."""
    house = House()
    wait = {"type": "wait", "seconds": 3600, "exits": {"waited": "mail"}}
    await house.publish({**a_journey(first=wait, mail=a_mail(), end=END), "holdout": 0.5})
    people = [f"person-{number}" for number in range(20)]
    await house.happens(*(identify(person) for person in people), *(does("Signed Up", person) for person in people))
    await house.later(seconds=60)
    await house.happens(*(does("Order Completed", person) for person in people[:10]))
    assert await left(house) == ["goal"] * 10
    await house.later(seconds=3600)
    assert not {f"{person}@example.com" for person in people[:10]} & {send.address for send in house.handed}
    assert sorted(await left(house)) == ["end"] * 10 + ["goal"] * 10
    entered = await house.told("Journey Entered")
    assert len(entered) == 20, "everybody who entered is measured, however they left"
    arms = {each["arm"] for each in await house.told("Journey Left") if each["by"] == "goal"}
    assert arms == {"treated", "holdout"}


async def test_what_happened_long_before_they_came_is_neither_waited_for_nor_the_goal() -> None:
    """As when orders of years past are imported while people are under way."""
    house = House()
    wait = {"type": "until", "event": "Paid", "seconds": 3600, "exits": {"happened": "paid", "expired": "mail"}}
    await house.publish(a_journey(first=wait, mail=a_mail(), paid=END, end=END))
    people = ("ada", "ben", "cy")
    await house.happens(*map(identify, people), *(does("Signed Up", person) for person in people))
    now = house.clock.now()
    before, lately = ((now - timedelta(minutes=minutes)).isoformat() for minutes in (61, 60))
    await house.happens(
        {**does("Order Completed", "ada"), "timestamp": before},
        {**does("Paid", "ben"), "timestamp": before},
        {**does("Paid", "cy"), "timestamp": lately},
    )
    assert await left(house) == ["paid"]
    await house.happens(does("Order Completed", "ada", message="now"))
    assert await left(house) == ["paid", "goal"]
    await house.later(seconds=3600)
    assert [send.address for send in house.handed] == ["ben@example.com"]


async def test_who_reaches_the_goal_may_stay_if_the_journey_says_so() -> None:
    house = House()
    wait = {"type": "wait", "seconds": 3600, "exits": {"waited": "mail"}}
    await house.publish({**a_journey(first=wait, mail=a_mail(), end=END), "leave_on_goal": False})
    await house.happens(identify(), does("Signed Up"), does("Order Completed"))
    await house.later(seconds=3600)
    assert await left(house) == ["end"]
    assert len(house.handed) == 1
