"""Fatigue, service holds, priorities and budgets in real ticks."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from holdfast.decisions.caps import Cap
from holdfast.decisions.fatigue import Fatigue
from holdfast.decisions.gate import GateRules
from holdfast.decisions.recovery import ServiceHold
from tests.unit.flows import test_react
from tests.unit.flows.test_react import House
from tests.unit.flows.test_react_gate import DAY, NIGHT, a_house, deliver, reasons, says, until

ONE_A_DAY = (Cap(most=1, within_seconds=DAY),)


def weighs(name: str, priority: int, **more: Any) -> dict[str, Any]:
    journey = says(name, **more)
    journey["steps"]["mail"]["priority"] = priority
    return journey


def with_budget(journey: dict[str, Any], minor: int, per: str = "all") -> dict[str, Any]:
    return journey | {"budget": {"minor": minor, "per": per}}


_numbers = count()


def does(event: str, **properties: Any) -> dict[str, Any]:
    """It happens, once more each time."""
    return test_react.does(event, message=f"{event}-{next(_numbers)}", **properties)


async def spent(house: House, origin: str) -> int:
    async with house.state.view() as view:
        return sum((await view.spent([origin])).get(origin, {}).values())


async def test_what_matters_more_takes_the_place_of_what_still_waits() -> None:
    journeys = weighs("news", 10, event="News"), weighs("alarm", 90, event="Alarm")
    house = await a_house(*journeys, rules=GateRules(quiet=NIGHT, caps=ONE_A_DAY))
    await until(house, 22)
    await house.happens(does("News"))
    await house.happens(does("Alarm"))
    await until(house, 9)
    assert [send.origin for send in house.handed] == ["alarm"]
    assert await reasons(house) == ["outranked"]
    assert await house.totals() == {"claimed": 1, "withheld": 1}


async def test_in_one_instant_it_makes_no_difference_who_asks_first() -> None:
    journeys = weighs("a-news", 10), weighs("b-alarm", 90), weighs("c-news", 10)
    house = await a_house(*journeys, rules=GateRules(caps=ONE_A_DAY), room=0)
    await house.happens(does("Seen"))
    house.lanes.room = 10
    await house.settle()
    assert [send.origin for send in house.handed] == ["b-alarm"]
    assert sorted(await reasons(house)) == ["capped", "outranked"]


@pytest.mark.parametrize("events", [("A", "B"), ("B", "A")])
async def test_whose_time_comes_in_one_instant_goes_in_an_order_that_a_state_made_anew_keeps(
    events: tuple[str, str],
) -> None:
    wait = {"type": "wait", "seconds": 3_600, "exits": {"waited": "mail"}}
    journeys = [says(name, event=event) for name, event in (("a", "A"), ("b", "B"))]
    for each in journeys:
        each["steps"] |= {"wait": wait}
        each["steps"]["in"]["exits"] = {"entered": "wait"}
    house = await a_house(*journeys, rules=GateRules(caps=ONE_A_DAY))
    await house.happens(*(does(event) for event in events))  # Their visits are numbered in this order.
    await house.later(seconds=3_600)
    assert [send.origin for send in house.handed] == ["a"]


async def test_what_was_handed_over_is_not_called_off() -> None:
    journeys = weighs("news", 10, event="News"), weighs("alarm", 90, event="Alarm")
    house = await a_house(*journeys, rules=GateRules(caps=ONE_A_DAY))
    await house.happens(does("News"))
    assert [send.origin for send in house.handed] == ["news"]
    await house.happens(does("Alarm"))
    assert await reasons(house) == ["capped"]


@pytest.mark.parametrize("batch_records", [1, 100])
async def test_a_cap_is_asked_at_an_events_own_time_however_late_and_with_whatever_it_is_read(
    batch_records: int,
) -> None:
    house = await a_house(says("a"), rules=GateRules(caps=ONE_A_DAY))
    await house.happens(does("Seen"))
    house.clock.advance(seconds=DAY - 60)
    await house.comes(does("Seen"))
    house.clock.advance(seconds=3_600)
    await house.comes(does("Looked Around"))
    house.start_again(batch_records=batch_records)
    await house.settle()
    assert await reasons(house) == ["capped"]


async def test_who_does_not_answer_gets_less_until_they_do() -> None:
    tiring = Fatigue(unanswered=2, within_seconds=30 * DAY, most=0, rest_seconds=30 * DAY)
    house = await a_house(says("a"), rules=GateRules(fatigue=(tiring,)))
    for _ in range(3):
        await house.happens(does("Seen"))
        await deliver(house)
        await house.later(seconds=DAY)
    assert await reasons(house) == ["fatigued"]
    await house.happens(does("Message Opened", agent="machine"))
    await house.happens(does("Seen"))
    assert await reasons(house) == ["fatigued", "fatigued"]
    await house.happens(does("Message Opened", agent="human"))
    await house.happens(does("Seen"))
    assert len(house.handed) == 3


async def test_who_waits_for_service_gets_no_marketing_also_where_it_was_queued_before() -> None:
    hold = ServiceHold(opened="Ticket Opened", solved="Ticket Solved", most_seconds=14 * DAY)
    journeys = says("a"), says("receipt", transactional=True)
    house = await a_house(*journeys, rules=GateRules(service_holds=(hold,)), room=0)
    await house.happens(does("Seen"))
    await house.happens(does("Ticket Opened"))
    house.lanes.room = 10
    await house.settle()
    assert [send.origin for send in house.handed] == ["receipt"]
    assert await reasons(house) == ["service_hold"]
    await house.happens(does("Ticket Solved"))
    await house.happens(does("Seen"))
    assert [send.origin for send in house.handed].count("a") == 1


@pytest.mark.parametrize("together", [False, True])
async def test_a_budget_is_never_overspent_not_even_within_an_instant(*, together: bool) -> None:
    rules = GateRules(costs={"email": 400})
    house = await a_house(with_budget(says("a"), 1), rules=rules)
    events = [does("Seen") for _ in range(4)]
    for batch in [events] if together else [[event] for event in events]:
        await house.happens(*batch)
    assert len(house.handed) == 2
    assert await reasons(house) == ["over_budget", "over_budget"]
    assert await spent(house, "a") == 800
    async with house.state.view() as view:
        sends = await view.sends_of(origin="a", identities=[1], limit=9)
    assert sum(send.cost for send in sends) == 800, "what is withheld costs nothing"


async def test_a_budget_is_not_overspent_by_two_messages_of_one_walk() -> None:
    journey = with_budget(says("a"), 1)
    journey["steps"]["more"] = journey["steps"]["mail"]
    journey["steps"]["mail"] = journey["steps"]["mail"] | {"exits": {"sent": "more", "withheld": "more"}}
    house = await a_house(journey, rules=GateRules(costs={"email": 600}))
    await house.happens(does("Seen"))
    assert [send.step for send in house.handed] == ["mail"]
    assert await reasons(house) == ["over_budget"]
    assert await spent(house, "a") == 600


async def test_a_budget_for_a_day_begins_anew() -> None:
    house = await a_house(with_budget(says("a"), 1, "day"), rules=GateRules(costs={"email": 1_000}))
    await house.happens(does("Seen"))
    await house.happens(does("Seen"))
    assert await reasons(house) == ["over_budget"]
    await house.later(seconds=DAY)
    await house.happens(does("Seen"))
    assert len(house.handed) == 2


@pytest.mark.parametrize("call_off", ["consent", "outranked"])
async def test_what_was_not_sent_after_all_costs_nothing(call_off: str) -> None:
    journeys = with_budget(weighs("a", 10, event="News"), 1), weighs("alarm", 90, event="Alarm")
    rules = GateRules(costs={"email": 1_000}, caps=ONE_A_DAY, quiet=NIGHT)
    house = await a_house(*journeys, rules=rules)
    await until(house, 22)
    await house.happens(does("News"))
    assert await spent(house, "a") == 1_000
    if call_off == "consent":
        await house.happens(does("Consent Changed", channel="email", granted=False))
        await until(house, 9)
    else:
        await house.happens(does("Alarm"))
    assert await spent(house, "a") == 0
