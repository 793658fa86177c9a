"""Journeys that ask for segments, lists and buckets: bound as they are saved now, and held where they cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.flows.audience.lists import change_list, save_list
from holdfast.kernel.chance import place
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import SavedSegment
from holdfast.segments.builders import did, group, in_list, in_segment, trait
from holdfast.segments.codec import encode_condition
from holdfast.segments.condition import Condition
from holdfast.testing.house import House

LOYAL = {"type": "in_segment", "segment": "loyal"}


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return await House.build(tmp_path)


async def save(house: House, segment_id: str, condition: Condition) -> None:
    definition = json.dumps(encode_condition(condition)).encode()
    saved = SavedSegment(id=segment_id, name=segment_id, definition=definition, updated_ms=to_millis(house.clock.now()))
    async with house.app.state.begin() as transaction:
        await transaction.put_segment(saved)


def fork(condition: dict[str, Any], only_if: dict[str, Any] | None = None, **exits: str) -> dict[str, Any]:
    """Whoever signs up waits an hour and then parts ways."""
    trigger = {"type": "trigger", "event": "Signed Up", "again": "after_exit", "only_if": only_if}
    parted = {"yes": "yes", "no": "no", **exits}
    return {
        "id": "fork",
        "name": "Fork",
        "goal": {"event": "Order Completed", "within_seconds": 60},
        "start": "in",
        "steps": {
            "in": {**trigger, "exits": {"entered": "wait"}},
            "wait": {"type": "wait", "seconds": 3_600, "exits": {"waited": "fork"}},
            "fork": {"type": "branch", "condition": condition, "exits": parted},
            "yes": {"type": "exit"},
            "no": {"type": "exit"},
        },
    }


def signs_up(user: str, message: str = "") -> dict[str, Any]:
    return {"type": "track", "event": "Signed Up", "userId": user, "messageId": f"in-{user}{message}"}


def is_called(user: str, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "traits": traits, "messageId": f"i-{user}-{traits}"}


async def parted(house: House) -> dict[str, int]:
    """How many left the fork by which exit."""
    async with house.app.state.view() as view:
        return {each.exit: each.count for each in await view.step_counts("fork") if each.step == "fork"}


async def test_a_branch_asks_for_a_segment_as_it_is_saved_now(house: House) -> None:
    await save(house, "loyal", trait("plan") == "gold")
    await house.publish(fork(LOYAL))
    await house.happens(is_called("ann", plan="gold"), signs_up("ann"))
    await house.later(hours=1)
    assert (await parted(house)).get("yes") == 1
    await house.happens(signs_up("ann", "2"))
    await save(house, "loyal", trait("plan") == "lead")
    await house.later(hours=1)
    assert (await parted(house)).get("no") == 1, "who was under way already is asked for what is saved now"


async def test_what_a_segment_names_may_change_too(house: House) -> None:
    await save(house, "rich", trait("plan") == "gold")
    await save(house, "loyal", in_segment("rich") & did("Signed Up"))
    await house.publish(fork(LOYAL))
    await house.happens(is_called("ann", plan="gold"), signs_up("ann"))
    await save(house, "rich", trait("plan") == "lead")
    await house.later(hours=1)
    assert (await parted(house)).get("no") == 1


async def test_a_segment_lets_people_in_or_not(house: House) -> None:
    await save(house, "loyal", trait("plan") == "gold")
    await house.publish(fork({"type": "all", "of": []}, only_if=LOYAL))
    await house.happens(is_called("ann", plan="gold"), is_called("ben", plan="tin"), signs_up("ann"), signs_up("ben"))
    await house.later(hours=1)
    assert (await parted(house)).get("yes") == 1


async def test_lists_and_buckets_are_known_to_a_journey(house: House) -> None:
    await save_list(house.app, "vip", people=["ann"])
    drawn = {"type": "bucket", "salt": "s", "to_percent": 50}
    await house.publish(fork({"type": "in_list", "list": "vip"}, only_if=drawn))
    names = ["ann", *(f"u{number}" for number in range(20))]
    await house.happens(*(signs_up(name) for name in names))
    drawn_names = [name for name in names if place("s", name) < 2**63]
    assert 4 < len(drawn_names) < 17
    await change_list(house.app, "vip", add=["u3", drawn_names[-1]], remove=["ann"])
    await house.later(hours=1)
    on_it = {"u3", drawn_names[-1]} & set(drawn_names)
    found = await parted(house)
    assert (found["yes"], found["no"]) == (len(on_it), len(drawn_names) - len(on_it))


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        (fork({"type": "not", "of": {"type": "in_segment", "segment": "loyl"}}), "$.steps.fork.condition.of.segment"),
        (fork({"type": "all", "of": []}, {"type": "in_segment", "segment": "loyl"}), "$.steps.in.only_if.segment"),
        (fork({"type": "in_list", "list": "vpi"}), "$.steps.fork.condition.list"),
        (fork({"type": "all", "of": []}, {"type": "in_segment", "segment": "rich"}), "$.steps.in.only_if.segment"),
        (fork({"type": "in_segment", "segment": "rich"}), "$.steps.fork.exits"),
    ],
)
async def test_what_cannot_be_asked_is_refused_when_it_is_published(
    house: House, definition: dict[str, Any], path: str
) -> None:
    await save(house, "loyal", trait("plan") == "gold")
    await save(house, "rich", did("Order", at_least=40, within_days=7))
    await save_list(house.app, "vip")
    with pytest.raises(Invalid) as caught:
        await house.publish(definition)
    assert caught.value.path == path


async def test_a_branch_that_foresees_not_knowing_may_ask_anything(house: House) -> None:
    await save(house, "rich", group("plan") == "gold")
    await house.publish(fork({"type": "in_segment", "segment": "rich"}, unknown="no"))
    joined = {"type": "group", "userId": "ann", "groupId": "acme", "traits": {"plan": "gold"}, "messageId": "g"}
    await house.happens(joined, signs_up("ann"), signs_up("ben"))
    await house.later(hours=1)
    found = await parted(house)
    assert (found.get("unknown"), found.get("no")) == (1, 1)


async def test_a_journey_whose_segment_is_gone_holds_its_people_until_it_is_back(house: House) -> None:
    await save(house, "loyal", trait("plan") == "gold")
    await house.publish(fork(LOYAL))
    await house.happens(is_called("ann", plan="gold"), signs_up("ann"))
    async with house.app.state.begin() as transaction:
        await transaction.delete_segment("loyal", at_ms=1, by="test")
    await house.later(hours=2)
    assert not {"yes", "no"} & (await parted(house)).keys()
    await save(house, "loyal", trait("plan") == "gold")
    await house.settle()
    assert (await parted(house)).get("yes") == 1


async def test_a_campaign_is_refused_with_the_paths_of_a_campaign(house: House) -> None:
    campaign = {
        "id": "hello",
        "name": "Hello",
        "goal": {"event": "Order Completed", "within_seconds": 60},
        "trigger": {"event": "Signed Up", "again": "once", "only_if": {"type": "in_segment", "segment": "loyl"}},
        "send": {"channel": "email", "template": {"subject": "Hi", "html": "<p>Hi</p>"}},
    }
    with pytest.raises(Invalid) as caught:
        await house.publish(campaign)
    assert caught.value.path == "$.trigger.only_if.segment"


async def test_the_application_makes_conditions_and_questions_whole(tmp_path: Path) -> None:
    house = await House.build(tmp_path, time_zone="Europe/Berlin")
    await save(house, "loyal", trait("plan") == "gold")
    await house.happens(is_called("ann", plan="gold"), is_called("ben", plan="tin"))
    condition = await house.app.condition({"type": "not", "of": LOYAL})
    as_of_ms = to_millis(house.clock.now())
    rows = await house.app.history.people(condition, as_of_ms=as_of_ms, limit=5)
    assert [row.user_id for row in rows] == ["ben"]
    asked = await house.app.question("trend", {"event": "Order", "segment": LOYAL})
    assert asked.time_zone == "Europe/Berlin"
    assert asked.segment is not None
    assert asked.segment.not_live() is None, "it is bound"
    assert (await house.app.question("trend", {"event": "Order", "time_zone": "UTC"})).time_zone == "UTC"
    with pytest.raises(Invalid) as caught:
        await house.app.question("trend", {"event": "Order", "segment": {"type": "in_segment", "segment": "loyl"}})
    assert caught.value.path == "$.segment.segment"
    with pytest.raises(Invalid) as caught:
        await house.app.condition(in_list("vip"))
    assert caught.value.code == "unknown_list"
