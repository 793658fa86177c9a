"""Why somebody got a message or did not: told from the event to the provider, with one reason for each non-send."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holdfast.flows.decide import publish, set_state
from holdfast.flows.trace import Trace, trace
from holdfast.kernel.errors import NotFound
from holdfast.testing.house import House
from tests.unit.flows.test_react import RESCUE, identify
from tests.unit.flows.test_under_way import LONGER, begins, buys


async def a_house(tmp_path: Path) -> House:
    house = await House.build(tmp_path)
    await house.publish(RESCUE)
    return house


async def traced(house: House, person: str = "ann") -> Trace:
    async with house.app.state.view() as view:
        return await trace(view, house.app.history, person, "rescue", house.app.zone)


def told(found: Trace, attempt: int = -1) -> list[tuple[str, str, str, str]]:
    return [(each.stage, each.step, each.outcome, each.reason) for each in found.attempts[attempt].moments]


async def test_a_send_from_the_event_to_the_provider(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    await house.happens(identify("ann"), begins("ann"))
    found = await traced(house)
    assert found.words() == "Entered 1 of 1 times. Last: Entered version 1."
    assert told(found)[:3] == [
        ("event", "", "Checkout Started", ""),
        ("entry", "", "entered", "treated"),
        ("step", "cart", "entered", ""),
    ]
    (stage, step, outcome, reason) = told(found)[3]
    assert (stage, step, outcome) == ("waiting", "wait", "waiting")
    assert reason.startswith("for Order Completed or until 2")
    await house.later(seconds=61)
    found = await traced(house)
    assert [each[:3] for each in told(found)[3:]] == [
        ("step", "wait", "expired"),
        ("gate", "mail", "permitted"),
        ("step", "mail", "sent"),
        ("left", "done", "done"),
        ("send", "mail", "handed_over"),
        ("provider", "mail", "sent"),
    ]
    times = [each.at_ms for each in found.attempts[0].moments]
    assert times == sorted(times)
    assert times[3] - times[2] >= 60_000
    assert len({each.send for each in found.attempts[0].moments if each.send}) == 1


async def test_a_non_send_has_its_one_reason(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    nobody = {**identify("ann"), "traits": {"plan": "gold"}}
    await house.happens(nobody, begins("ann"))
    await house.later(seconds=61)
    assert [each for each in told(await traced(house)) if each[0] in {"gate", "step", "send", "provider"}][-2:] == [
        ("gate", "mail", "withheld", "no_address"),
        ("step", "mail", "withheld", ""),
    ]
    await house.publish({**RESCUE, "holdout": 0.999})
    await house.happens(identify("bea"), begins("bea"))
    await house.later(seconds=61)
    found = await traced(house, "bea")
    assert found.attempts[0].arm == "holdout"
    assert ("gate", "mail", "withheld", "holdout") in told(found)


async def test_why_somebody_did_not_enter(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(identify("ann"), {**begins("ann"), "messageId": "0"})
    wanted: dict[str, Any] = {
        **RESCUE["steps"]["cart"],
        "cool_down_seconds": 3600,
        "where": [{"property": "total", "operator": "greater_than", "value": 5}],
        "only_if": {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"},
    }
    await house.later(seconds=1)
    await house.publish({**RESCUE, "steps": {**RESCUE["steps"], "cart": wanted}})
    for number, properties in enumerate(({"total": 1}, {"total": 9})):
        await house.happens({**begins("ann"), "messageId": f"1{number}", "properties": properties})
        await house.later(seconds=1)
    found = await traced(house)
    assert [each.reason for each in found.attempts] == ["not_published", "where", "condition"]
    assert not any(each.entered for each in found.attempts)
    assert found.words().startswith("Entered 0 of 3 times.")
    await house.happens({"type": "identify", "userId": "ann", "traits": {"plan": "gold"}, "messageId": "i2"})
    for number in range(2):
        await house.happens({**begins("ann"), "messageId": f"2{number}", "properties": {"total": 10 + number}})
        await house.later(seconds=1)
    await house.happens({**buys("ann"), "messageId": "o1"})
    await house.happens({**begins("ann"), "messageId": "3", "properties": {"total": 12}})
    found = await traced(house)
    assert [(each.entered, each.reason) for each in found.attempts[2:]] == [
        (False, "otherwise_then"),  # It was for her plan, which is another by now.
        (True, ""),
        (False, "still_inside"),
        (False, "cool_down"),
    ]
    assert ("left", "bought", "bought", "") in told(found, 3)


async def test_who_never_did_it_and_what_does_not_run(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    await house.happens(identify("ann"))
    assert (await traced(house)).attempts == ()
    assert (await traced(house)).words() == "No event of theirs that could have let them in has reached us."
    await set_state(house.app.state, "journey", "rescue", "pause")
    await house.happens(begins("ann"))
    assert [each.reason for each in (await traced(house)).attempts] == ["paused"]
    with pytest.raises(NotFound) as found:
        await traced(house, "nobody")
    assert found.value.path == "person"
    async with house.app.state.view() as view:
        with pytest.raises(NotFound) as found:
            await trace(view, house.app.history, "ann", "none", house.app.zone)
    assert found.value.path == "origin"


async def test_a_move_to_another_version_is_told(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    await house.happens(identify("ann"), begins("ann"))
    draft = json.dumps(LONGER).encode()
    await publish(house.app.state, "journey", draft, now=house.clock.now(), move={"wait": "wait"})
    assert [each[:2] for each in told(await traced(house))[-2:]] == [("step", "wait"), ("waiting", "wait")]
    await house.later(seconds=121)
    found = await traced(house)
    assert found.attempts[0].version == 2
    steps = [each[1:3] for each in told(found) if each[0] in {"step", "gate"}]
    assert steps == [
        ("cart", "entered"), ("wait", "moved"), ("wait", "expired"), ("mail", "permitted"), ("mail", "sent"),
    ]  # fmt: skip


async def test_others_are_not_told_of(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    await house.happens(identify("ann"), begins("ann"), identify("bea"), begins("bea"))
    await house.later(seconds=61)
    assert len((await traced(house)).attempts) == 1
    sends = {each.send for each in (await traced(house)).attempts[0].moments} - {""}
    others = {each.send for each in (await traced(house, "bea")).attempts[0].moments} - {""}
    assert len(sends) == len(others) == 1
    assert sends != others
    assert replace((await traced(house)), user_id="bea") != await traced(house, "bea")


async def test_two_events_of_one_moment_are_two_attempts(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    wanted = {**RESCUE["steps"]["cart"], "where": [{"property": "total", "operator": "greater_than", "value": 5}]}
    await house.publish({**RESCUE, "steps": {**RESCUE["steps"], "cart": wanted}})
    at = house.clock.now().isoformat()
    small, large = (
        {**begins("ann"), "messageId": f"m{n}", "timestamp": at, "properties": {"total": n}} for n in (1, 9)
    )
    await house.happens(identify("ann"), small, large)
    assert {(each.entered, each.reason) for each in (await traced(house)).attempts} == {(True, ""), (False, "where")}
