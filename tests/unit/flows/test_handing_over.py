"""One journey lets people into another, in real ticks."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.decisions.gate import GateRules
from holdfast.decisions.paths import HOPS_MOST
from holdfast.flows.audience.used_by import entered_from
from holdfast.flows.journey.decide import set_state
from holdfast.flows.journey.decision_drafts import drafts_of
from holdfast.flows.journey.publishing import apply_decisions
from holdfast.kernel.errors import Invalid
from holdfast.testing import START, MemoryState
from tests.unit.flows.test_react import House, does
from tests.unit.flows.test_react_gate import a_house, says


def leads(name: str, to: str, *, again: str = "after_exit", event: str = "Seen") -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "goal": {"event": "Order Completed", "within_seconds": 60},
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": event, "again": again, "exits": {"entered": "hand"}},
            "hand": {"type": "enter_journey", "journey": to, "exits": {"next": "done"}},
            "done": {"type": "exit"},
        },
    }


async def entered(house: House) -> list[str]:
    return [each["origin"] for each in await house.told("Journey Entered")]


async def test_who_is_handed_over_is_in_both_and_the_other_says_what_led_here() -> None:
    house = await a_house(says("b", event="Never"), leads("a", "b"), rules=GateRules())
    await house.happens(does("Seen", colour="red"))
    assert await entered(house) == ["a", "b"]
    [send] = house.handed
    assert send.origin == "b"
    assert send.variables["event"]["properties"] == {"colour": "red"}  # type: ignore[index,call-overload]  # JSON.


async def test_the_other_journey_says_how_often() -> None:
    once = says("b", event="Never")
    once["steps"]["in"]["again"] = "once"
    house = await a_house(once, leads("a", "b"), rules=GateRules())
    await house.happens(does("Seen", message="1"))
    await house.happens(does("Seen", message="2"))
    assert await entered(house) == ["a", "b", "a"]


async def test_only_what_runs_is_entered() -> None:
    house = await a_house(says("b", event="Never"), leads("a", "b"), rules=GateRules())
    await set_state(house.state, "journey", "b", "pause")
    await house.happens(does("Seen"))
    assert await entered(house) == ["a"]


async def test_whom_it_does_not_want_it_does_not_let_in() -> None:
    choosy = says("b", event="Never")
    wanted = {"type": "trait", "trait": "country", "operator": "equals", "value": "DE"}
    choosy["steps"]["in"]["only_if"] = wanted
    house = await a_house(choosy, leads("a", "b"), rules=GateRules())
    await house.happens(does("Seen"))
    assert await entered(house) == ["a"]


async def test_journeys_that_lead_into_each_other_end_in_an_instant() -> None:
    house = House()
    await apply_decisions(
        house.state,
        drafts_of([{"kind": "journey", **leads("a", "b")}, {"kind": "journey", **leads("b", "a", event="Never")}]),
        now=house.clock.now(),
    )
    await house.happens({"type": "identify", "userId": "ann", "traits": {}, "messageId": "i"})
    await house.happens(does("Seen"))
    assert await entered(house) == ["a", "b"]


async def test_what_it_leads_to_must_be_there_or_come_with_it() -> None:
    state = MemoryState()
    with pytest.raises(Invalid) as refused:
        await apply_decisions(state, drafts_of([{"kind": "journey", **leads("a", "b")}]), now=START)
    assert refused.value.path == "$.journeys[0].steps.hand.journey"
    both = drafts_of([{"kind": "journey", **leads("a", "b")}, {"kind": "journey", **says("b")}])
    await apply_decisions(state, both, now=START)


async def test_what_leads_into_it_is_known_as_long_as_anybody_comes_that_way() -> None:
    house = await a_house(says("b", event="Never"), leads("a", "b"), leads("c", "b"), rules=GateRules())
    away = leads("c", "b")
    away["steps"]["in"]["exits"] = {"entered": "wait"}
    away["steps"]["wait"] = {"type": "wait", "seconds": 60, "exits": {"waited": "hand"}}
    await house.publish(away)
    await house.happens(does("Seen"))

    async def named() -> list[tuple[str, str, int | None]]:
        async with house.state.view() as view:
            assert await entered_from(view, "a") == ()
            return [(each.id, each.path, each.version) for each in await entered_from(view, "b")]

    assert await named() == [("a", "$.steps.hand.journey", None), ("c", "$.steps.hand.journey", None)]
    await set_state(house.state, "journey", "a", "stop")
    away["steps"]["wait"]["exits"] = {"waited": "done"}
    del away["steps"]["hand"]
    await house.publish(away)
    assert await named() == [("c", "$.steps.hand.journey", 2)], "somebody is on the earlier version yet"
    await house.later(seconds=61)
    assert await named() == []


async def test_once_for_each_key_is_once_by_whichever_way() -> None:
    keyed = says("b", event="Seen")
    keyed["steps"]["in"] |= {"again": "per_key", "key_property": "order_id"}
    house = await a_house(keyed, leads("a", "b"), rules=GateRules())
    await house.happens(does("Seen", message="1", order_id="o1"))
    assert sorted(await entered(house)) == ["a", "b"]
    await house.happens(does("Seen", message="2", order_id="o1"))
    assert sorted(await entered(house)) == ["a", "a", "b"]
    # Without a key each handing over is one of its own.
    await house.happens(does("Seen", message="3"))
    await house.happens(does("Seen", message="4"))
    assert sorted(await entered(house)) == ["a", "a", "a", "a", "b", "b", "b"]


async def test_journeys_that_lead_several_times_into_the_next_end_nonetheless() -> None:
    """Of five journeys, each of which leads six times into the next, the last would be entered 1,296 times."""

    def six_times(name: str, to: str, event: str) -> dict[str, Any]:
        one = leads(name, to, event=event)
        hands = {f"hand{n}": {**one["steps"]["hand"], "exits": {"next": f"hand{n + 1}"}} for n in range(6)}
        start = {**one["steps"]["in"], "exits": {"entered": "hand0"}}
        return {**one, "steps": {"in": start, **hands, "hand6": {"type": "exit"}}}

    chain = [six_times(name, to, "Seen" if name == "a" else "Never") for name, to in zip("abcd", "bcde", strict=True)]
    house = await a_house(says("e", event="Never"), *reversed(chain), rules=GateRules())
    await house.happens(does("Seen"))
    names = await entered(house)
    assert names.count("a") == 1
    assert names.count("b") == 6, "what else leads on does so"
    assert len(names) == 1 + 6 * HOPS_MOST
