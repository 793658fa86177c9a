"""Steps of journeys through the real tick: what they decide is written down, and told to the history."""

from __future__ import annotations

from typing import Any

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
