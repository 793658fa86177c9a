"""Those under way when a version is published: told beforehand, left where they are, or moved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holdfast.flows.journey import under_way as module
from holdfast.flows.journey.decide import publish, set_state
from holdfast.flows.journey.decision_drafts import draft_of
from holdfast.flows.journey.publishing import Publication, apply_decisions
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import StepCount
from tests.unit.flows.test_react import RESCUE, House, identify


def changed(**steps: Any) -> dict[str, Any]:
    """The journey with other steps; None takes one out."""
    whole = {**RESCUE["steps"], **steps}
    return {**RESCUE, "steps": {name: step for name, step in whole.items() if step is not None}}


def wait(seconds: int, to: str = "mail") -> dict[str, Any]:
    return {"type": "wait", "seconds": seconds, "exits": {"waited": to}}


def entering(to: str) -> dict[str, Any]:
    return {**RESCUE["steps"]["cart"], "exits": {"entered": to}}


ELSEWHERE = changed(cart=entering("pause"), pause=wait(600), wait=None, bought=None)
LONGER = changed(wait={**RESCUE["steps"]["wait"], "seconds": 120})
OTHER_WORDS = changed(
    mail={**RESCUE["steps"]["mail"], "template": {"subject": "Come back", "html": "<p>Still here.</p>"}}
)


async def a_house(*users: str) -> House:
    house = House()
    await house.publish(RESCUE)
    for user in users:
        await house.happens(identify(user), begins(user))
    return house


def begins(user: str) -> dict[str, Any]:
    return {"type": "track", "userId": user, "event": "Checkout Started", "messageId": f"c-{user}"}


def buys(user: str) -> dict[str, Any]:
    return {"type": "track", "userId": user, "event": "Order Completed", "messageId": f"o-{user}"}


async def planned(house: House, definition: dict[str, Any], **move: str) -> Publication:
    draft = draft_of("journey", definition, move=move)
    (plan,) = await apply_decisions(house.state, [draft], now=house.clock.now(), dry_run=True, whole=False, start=True)
    return plan


async def published(house: House, definition: dict[str, Any], **move: str) -> None:
    body = json.dumps(definition).encode()
    await publish(house.state, "journey", body, now=house.clock.now(), move=move)


async def standing(house: House) -> dict[tuple[int, str], int]:
    async with house.state.view() as view:
        return await view.standing("rescue")


async def test_a_preview_says_who_would_go_another_way() -> None:
    house = await a_house("ann", "bea")
    (place,) = (await planned(house, ELSEWHERE)).under_way
    assert (place.version, place.step, place.people, place.exists, place.moves_to) == (1, "wait", 2, False, None)
    assert place.goes_elsewhere
    assert [(each.step, each.kind) for each in place.ahead] == [("wait", "gone"), ("bought", "gone")]
    (place,) = (await planned(house, LONGER)).under_way
    assert (place.exists, place.goes_elsewhere) == (True, True)
    assert [(each.step, each.kind) for each in place.ahead] == [("wait", "fields")]
    (place,) = (await planned(house, OTHER_WORDS)).under_way
    assert (place.exists, place.goes_elsewhere) == (True, False)
    assert [(each.step, each.kind) for each in place.ahead] == [("mail", "words")]
    other_goal = {**RESCUE, "goal": {"event": "Order Completed", "within_seconds": 60}}
    (place,) = (await planned(house, other_goal)).under_way
    assert (place.goes_elsewhere, [(each.step, each.kind) for each in place.ahead]) == (True, [("goal", "goal")])
    behind = changed(cart=entering("first"), first=wait(60, "wait"))
    (place,) = (await planned(house, behind)).under_way
    assert (place.exists, place.ahead) == (True, ()), "what lies behind them is nothing to them"
    assert await standing(house) == {(1, "wait"): 2}
    async with house.state.view() as view:
        assert [each.version for each in await view.decisions(latest=False)] == [1]


async def test_whoever_is_under_way_stays_on_their_version() -> None:
    house = await a_house("ann")
    await published(house, ELSEWHERE)
    assert await standing(house) == {(1, "wait"): 1}
    await house.later(seconds=61)
    assert [each["version"] for each in await house.told("Message Queued")] == [1]


async def test_people_are_moved_as_the_mapping_says() -> None:
    house = await a_house("ann", "bea")
    plan = await planned(house, ELSEWHERE, wait="pause")
    assert [each.moves_to for each in plan.under_way] == ["pause"]
    await house.later(seconds=30)
    await published(house, ELSEWHERE, wait="pause")
    assert await standing(house) == {(2, "pause"): 2}
    await house.later(seconds=599)
    assert await house.told("Message Queued") == []
    await house.later(seconds=2)
    assert [each["version"] for each in await house.told("Message Queued")] == [2, 2]
    assert await standing(house) == {}
    async with house.state.view() as view:
        counted = {(each.version, each.step, each.exit): each.count for each in await view.step_counts("rescue")}
    assert counted[1, "wait", "moved"] == counted[1, "wait", "entered"] == 2
    assert counted[2, "pause", "entered"] == counted[2, "pause", "waited"] == 2


async def test_being_moved_restarts_no_wait_of_the_same_name() -> None:
    house = await a_house("ann")
    await house.later(seconds=50)
    await published(house, LONGER, wait="wait")
    await house.later(seconds=60)
    assert await house.told("Message Queued") == []
    await house.later(seconds=11)
    assert [each["version"] for each in await house.told("Message Queued")] == [2]


async def test_an_event_right_after_the_move_is_not_missed() -> None:
    house = await a_house("ann")
    await published(house, LONGER, wait="wait")
    await house.happens(buys("ann"))
    assert [(each["by"], each["version"]) for each in await house.told("Journey Left")] == [("bought", 2)]
    assert await house.told("Message Queued") == []


async def test_whose_time_is_up_in_the_new_version_goes_on_at_once() -> None:
    house = await a_house("ann")
    await house.later(seconds=50)
    await published(house, changed(wait={**RESCUE["steps"]["wait"], "seconds": 20}), wait="wait")
    await house.settle()
    assert [each["version"] for each in await house.told("Message Queued")] == [2]


async def test_people_can_be_moved_out_and_later_ones_follow() -> None:
    house = await a_house("ann")
    await published(house, LONGER)
    await house.happens(identify("bea"), begins("bea"))
    await published(house, LONGER, wait="wait")  # It says the same: only people are moved.
    assert await standing(house) == {(2, "wait"): 2}
    await published(house, ELSEWHERE, wait="done")
    await house.settle()
    assert await standing(house) == {}
    assert [each["by"] for each in await house.told("Journey Left")] == ["done", "done"]
    assert await house.told("Message Queued") == []


async def test_of_what_is_paused_people_are_moved_and_wait() -> None:
    house = await a_house("ann")
    await set_state(house.state, "journey", "rescue", "pause")
    draft = draft_of("journey", ELSEWHERE, move={"wait": "mail"})
    await apply_decisions(house.state, [draft], now=house.clock.now())
    await house.later(days=1)
    assert await standing(house) == {(2, "mail"): 1}
    await set_state(house.state, "journey", "rescue", "resume")
    await house.settle()
    assert [each["version"] for each in await house.told("Message Queued")] == [2]


async def test_who_was_in_what_was_stopped_leaves_though_it_is_published_anew() -> None:
    house = await a_house("ann", "bea")
    await set_state(house.state, "journey", "rescue", "stop")
    assert (await planned(house, LONGER)).under_way == ()
    await published(house, LONGER)
    await published(house, OTHER_WORDS)
    # She enters the new one, though she has not moved in the old one since it was stopped.
    await house.happens({**begins("bea"), "messageId": "c2-bea"})
    assert await standing(house) == {(1, "wait"): 1, (3, "wait"): 1}
    await house.later(days=1)
    assert [each["version"] for each in await house.told("Message Queued")] == [3]
    assert sorted((each["version"], each["by"]) for each in await house.told("Journey Left")) == [
        (1, "stopped"),
        (1, "stopped"),
        (3, "done"),
    ]


async def test_out_of_what_was_stopped_people_can_be_moved() -> None:
    house = await a_house("ann")
    await set_state(house.state, "journey", "rescue", "stop")
    (place,) = (await planned(house, LONGER, wait="wait")).under_way
    assert (place.version, place.people, place.moves_to) == (1, 1, "wait")
    await published(house, LONGER, wait="wait")
    await house.later(days=1)
    assert [each["version"] for each in await house.told("Message Queued")] == [2]


@pytest.mark.parametrize(
    ("move", "code", "path"),
    [
        ({"wiat": "pause"}, "unknown_step", "$.move.wiat"),
        ({"pause": "wait"}, "unknown_step", "$.move.pause"),
        ({"wait": "bought"}, "unknown_step", "$.move.wait"),
        ({"wait": "cart"}, "leads_to_trigger", "$.move.wait"),
    ],
)
async def test_a_move_that_cannot_be_is_named_and_nothing_is_done(move: dict[str, str], code: str, path: str) -> None:
    house = await a_house("ann")
    for attempt in (planned, published):
        with pytest.raises(Invalid) as found:
            await attempt(house, ELSEWHERE, **move)
        assert (found.value.code, found.value.path) == (code, path)
    assert await standing(house) == {(1, "wait"): 1}
    async with house.state.view() as view:
        assert [each.version for each in await view.decisions()] == [1]


async def test_so_many_are_moved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await a_house("ann", "bea", "cyd")
    monkeypatch.setattr(module, "MOVED_MOST", 2)
    with pytest.raises(TooLarge):
        await published(house, ELSEWHERE, wait="pause")
    monkeypatch.setattr(module, "MOVED_MOST", 3)
    monkeypatch.setattr(module, "BATCH", 2)
    await published(house, ELSEWHERE, wait="pause")
    assert await standing(house) == {(2, "pause"): 3}
    async with house.state.view() as view:
        (visit,) = await view.visits_at("rescue", 2, "pause", limit=1)
        assert visit.due_ms == to_millis(house.clock.now())
        counted = await view.step_counts("rescue")
    assert StepCount(origin="rescue", version=1, step="wait", exit="moved", count=3) in counted
