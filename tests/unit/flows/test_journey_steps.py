"""Steps of journeys through the real tick: what they decide is written down, and told to the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
