"""Adaptive paths from events in to shares out: who comes, what they do, what is weighed, and what people say of it."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from holdfast.decisions.drawing import draw
from holdfast.decisions.weights import Weights
from holdfast.events.event import IdentityKey
from holdfast.flows.adaptive.saying import AdaptiveWish, say_weights
from holdfast.flows.adaptive.telling import AdaptiveStanding, every_adaptive_step, standing_of_step
from holdfast.flows.rehearsal.simulate import SimulationWish
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.rebuild import Rebuilding, rebuild
from holdfast.http.api.adaptive import AdaptiveShape
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.measures.trial import Estimated
from holdfast.ports.adaptive import Weighing
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.house import House
from holdfast.wiring import rules_of

END: dict[str, Any] = {"type": "exit"}
RATES = {"a": 0.05, "b": 0.35, "c": 0.05}


def journey(*paths: str, **step: Any) -> dict[str, Any]:
    fork = {"type": "adaptive", "paths": list(paths), "exits": dict.fromkeys(paths, "end"), "slice": 0.3} | step
    trigger = {"type": "trigger", "event": "Signed Up", "again": "after_exit", "exits": {"entered": "fork"}}
    return {
        "id": "hello",
        "name": "Hello",
        "goal": {"event": "Bought", "within_seconds": 12_000},
        "start": "start",
        "steps": {"start": trigger, "fork": fork, "end": END},
    }


def did(event: str, person: str, message: str = "") -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": person, "messageId": message or f"{event}-{person}"}


async def assigned(house: House) -> list[dict[str, Any]]:
    names = await house.app.history.recent(limit=100_000, since_ms=0)
    return [dict(each.properties) for each in reversed(names) if each.name == "Variant Assigned"]


async def come(house: House, first: int, count: int, chance: random.Random) -> Counter[str]:
    """People sign up, and buy as often as their path makes them; returns who went where."""
    people = [f"person-{number}" for number in range(first, first + count)]
    before = len(await assigned(house))
    await house.happens(*(did("Signed Up", person) for person in people))
    told = (await assigned(house))[before:]
    await house.later(minutes=5)
    ways: dict[str, str] = {}
    for person in people:
        (one,) = await house.app.history.timeline(await numbers(house, person), limit=1, name="Variant Assigned")
        ways[person] = str(one.properties["variant"])
    buyers = [person for person, way in ways.items() if chance.random() < RATES[way]]
    await house.happens(*(did("Bought", person) for person in buyers))
    assert len(told) == count
    return Counter(ways.values())


async def numbers(house: House, person: str) -> list[int]:
    async with house.app.state.view() as view:
        return [each.id for each in (await view.identities([IdentityKey(kind="user", value=person)])).values()]


async def last(house: House) -> Weighing:
    async with house.app.state.view() as view:
        return (await view.last_weighings(["hello.fork"]))["hello.fork"]


async def stands(house: House) -> AdaptiveStanding:
    now_ms = to_millis(house.clock.now())
    return await standing_of_step(house.app.state, house.app.history, "hello.fork", as_of_ms=now_ms)


async def say(house: House, **wish: Any) -> Weighing:
    return await say_weights(house.app.state, house.clock, "hello.fork", AdaptiveWish(**wish), by="ada")


async def test_more_and_more_people_take_the_path_that_works(tmp_path: Path) -> None:
    house, chance = await House.build(tmp_path), random.Random(1)
    await house.publish(journey("a", "b", "c"))
    assert await house.app.adapter.adapt() == 0, "nobody has come yet"
    assert "divided evenly" in (await stands(house)).words
    shares = []
    for batch in range(5):
        went = await come(house, 200 * batch, 200, chance)
        await house.later(hours=6)
        shares.append(went["b"] / 200)
        assert await house.app.adapter.adapt() == 1
        assert await house.app.adapter.adapt() == 0, "it was weighed just now"
    assert shares[0] < 0.45
    assert shares[-1] > 0.7
    weighing = await last(house)
    assert weighing.number == 5
    assert weighing.weights.shares["b"] > 0.95
    assert weighing.reason.startswith("200 more people")
    standing = await stands(house)
    assert standing.paths[1].learnt.best > 0.95
    assert standing.paths[1].learnt.loss < 0.001 < standing.paths[0].learnt.loss
    low, high = standing.paths[1].unbiased.interval()
    assert low < RATES["b"] < high
    assert isinstance(standing.gain, Estimated)
    assert standing.gain.low > 0, "it brought more than dividing evenly would have"
    assert [each.number for each in standing.log] == [5, 4, 3, 2, 1]
    told = msgspec.convert(standing.as_json(), AdaptiveShape)
    assert (told.gain.status, told.gain.low) == ("estimated", standing.gain.low)


async def test_whoever_was_sent_somewhere_can_be_told_why_from_the_log(tmp_path: Path) -> None:
    house, chance = await House.build(tmp_path), random.Random(2)
    await house.publish(journey("a", "b", "c"))
    for batch in range(2):
        await come(house, 100 * batch, 100, chance)
        await house.later(hours=6)
        await house.app.adapter.adapt()
    await come(house, 300, 60, chance)
    for number in range(300, 360):
        person = f"person-{number}"
        (event,) = await house.app.history.timeline(await numbers(house, person), limit=1, name="Variant Assigned")
        async with house.app.state.view() as view:
            weighing = await view.weighing("hello.fork", int(str(event.properties["weighing"])))
        assert weighing is not None
        again = draw(weighing.weights, ["a", "b", "c"], "hello.fork", person)
        assert (again.path, again.propensity) == (event.properties["variant"], event.properties["propensity"])
        assert again.evenly is event.properties["evenly"]


async def test_somebody_who_comes_again_goes_the_same_way_whatever_was_weighed(tmp_path: Path) -> None:
    house, chance = await House.build(tmp_path), random.Random(3)
    await house.publish(journey("a", "b", "c"))
    went = await come(house, 0, 60, chance)
    await say(house, mode="declared", winner="b")
    await house.happens(*(did("Signed Up", f"person-{number}", f"again-{number}") for number in range(60)))
    async with house.app.state.view() as view:
        counts = {each.exit: each.count for each in await view.step_counts("hello") if each.step == "fork"}
    assert {path: counts[path] for path in RATES} == {path: 2 * went[path] for path in RATES}
    assert len(await assigned(house)) == 60
    assert set(await come(house, 100, 40, chance)) == {"b"}


async def test_what_people_say_holds_until_they_say_something_else(tmp_path: Path) -> None:
    house, chance = await House.build(tmp_path), random.Random(4)
    await house.publish(journey("a", "b", "c"))
    await come(house, 0, 60, chance)
    frozen = await say(house, mode="frozen")
    assert (frozen.number, frozen.by) == (1, "ada")
    assert await say(house, mode="frozen") == frozen, "said twice is said once"
    await house.later(hours=6)
    assert await house.app.adapter.adapt() == 0
    by_hand = await say(house, mode="manual", shares={"a": 0.5, "c": 0.5})
    assert by_hand.weights == Weights(number=2, shares={"a": 0.5, "b": 0.0, "c": 0.5}, slice=0.0)
    assert (await come(house, 100, 50, chance))["b"] == 0
    learning = await say(house, mode="learning")
    assert learning.weights.slice == 0.3
    await house.later(hours=2)
    assert await house.app.adapter.adapt() == 1
    assert (await last(house)).mode == "learning"


@pytest.mark.parametrize(
    "wish",
    [
        {"mode": "declared"},
        {"mode": "declared", "winner": "z"},
        {"mode": "manual"},
        {"mode": "manual", "shares": {"a": 0.5}},
        {"mode": "manual", "shares": {"z": 1.0}},
        {"mode": "frozen", "winner": "a"},
        {"mode": "learning", "shares": {"a": 1.0}},
    ],
)
async def test_what_cannot_be_is_refused(tmp_path: Path, wish: dict[str, Any]) -> None:
    house = await House.build(tmp_path)
    await house.publish(journey("a", "b", "c"))
    with pytest.raises(Invalid):
        await say(house, **wish)
    with pytest.raises(NotFound):
        await say_weights(house.app.state, house.clock, "hello.start", AdaptiveWish(mode="frozen"), by="ada")
    async with house.app.state.view() as view:
        assert await view.weighed() == {}


async def test_a_new_version_goes_on_with_what_was_learnt_of_the_same_paths(tmp_path: Path) -> None:
    house, chance = await House.build(tmp_path), random.Random(5)
    await house.publish(journey("a", "b", "c"))
    for batch in range(2):
        await come(house, 200 * batch, 200, chance)
        await house.later(hours=6)
        await house.app.adapter.adapt()
    await house.publish(journey("b", "c", "d"))
    standing = await stands(house)
    assert [each.learnt.path for each in standing.paths] == ["b", "c", "d"]
    assert standing.paths[0].learnt.people > 50
    assert standing.paths[0].share > 0.6
    assert standing.paths[2].share == pytest.approx(1 / 3)
    ((step, weighing),) = await every_adaptive_step(house.app.state)
    assert (step.play.version, weighing) == (2, await last(house))


async def test_a_weighing_that_was_overtaken_changes_nothing(tmp_path: Path) -> None:
    """Somebody freezes the shares while the history is asked: what was reckoned meanwhile is let go."""
    house, chance = await House.build(tmp_path), random.Random(6)
    await house.publish(journey("a", "b", "c"))
    await come(house, 0, 60, chance)
    await house.later(hours=6)
    adapter, tried = house.app.adapter, house.app.history.tried

    class Slow:
        async def tried(self, question: Any) -> Any:
            await say(house, mode="frozen")
            return await tried(question)

    adapter._history = Slow()  # type: ignore[assignment]
    assert await adapter.adapt() == 0
    assert (await last(house)).mode == "frozen"
    assert (await last(house)).number == 1


async def test_a_state_made_anew_from_the_log_sends_everybody_the_same_way(tmp_path: Path) -> None:
    house, chance = await House.build(tmp_path), random.Random(7)
    await house.publish(journey("a", "b", "c"))
    for batch in range(3):
        await come(house, 40 * batch, 40, chance)
        await house.later(hours=6)
        await house.app.adapter.adapt()
    await say(house, mode="manual", shares={"c": 1.0})
    await come(house, 200, 20, chance)
    app, again = house.app, MemoryState()
    given = Rebuilding(
        log=app.log,
        before=app.state,
        state=again,
        history=MemoryHistory(currency="USD"),
        rules=rules_of(app.settings),
        zone=ZoneInfo("UTC"),
    )
    done = await rebuild(given)
    found = await compare_states(app.state, again)
    assert {name: each.examples for name, each in found.items() if not each.same} == {}
    assert found["weighings"].rows == 4
    assert done.carried["weighings"] == 0, "all were told of by turns, each before whom it sent"
    assert done.told_otherwise == 0


async def test_a_simulation_divides_evenly_and_says_so(tmp_path: Path) -> None:
    """What a journey has learnt is not replayed: a draft is as it would be before anything is known."""
    house, chance = await House.build(tmp_path), random.Random(8)
    await house.publish(journey("a", "b"))
    await come(house, 0, 80, chance)
    await say(house, mode="manual", shares={"a": 1.0})
    await house.later(hours=3)
    draft = journey("a", "b") | {"id": "draft"}
    told = await house.app.simulator.simulate(SimulationWish(definition=draft, over="1d", people=None))
    assert "divided evenly" in told.words
    (fork,) = (each for each in told.steps if each.id == "fork")
    assert 25 < fork.exits["a"].count < 55
    assert fork.exits["a"].count + fork.exits["b"].count == 80


async def test_five_steps_of_seven_paths_each_are_weighed_in_one_go(tmp_path: Path) -> None:
    house, chance = await House.build(tmp_path), random.Random(9)
    paths = [f"p{number}" for number in range(7)]
    definition = journey(*paths)
    fork = definition["steps"].pop("fork")
    for number in range(5):
        to = f"fork{number + 1}" if number < 4 else "end"
        definition["steps"][f"fork{number}"] = fork | {"exits": dict.fromkeys(paths, to)}
    definition["steps"]["start"] |= {"exits": {"entered": "fork0"}}
    await house.publish(definition)
    people = [f"person-{number}" for number in range(150)]
    await house.happens(*(did("Signed Up", person) for person in people))
    told = await assigned(house)
    assert len(told) == 5 * len(people)
    assert {each["experiment"] for each in told} == {f"hello.fork{number}" for number in range(5)}
    await house.happens(*(did("Bought", person) for person in people if chance.random() < 0.2))
    await house.later(hours=6)
    assert await house.app.adapter.adapt() == 5
    async with house.app.state.view() as view:
        last = await view.last_weighings([f"hello.fork{number}" for number in range(5)])
    assert {len(each.weights.shares) for each in last.values()} == {7}
    assert len({tuple(each.weights.shares.values()) for each in last.values()}) == 5


async def test_steps_of_one_journey_do_not_take_what_another_did_for_their_own(tmp_path: Path) -> None:
    """Whoever was sent down the first step's good path was mostly sent down `y` at the second, which does nothing."""
    house = await House.build(tmp_path)
    definition = journey("a", "b")
    fork = definition["steps"]["fork"]
    definition["steps"]["fork"] = fork | {"exits": dict.fromkeys("ab", "next")}
    definition["steps"]["next"] = fork | {"paths": ["x", "y"], "exits": dict.fromkeys("xy", "end")}
    await house.publish(definition)
    number = 0
    for one, other, people, buyers in (("a", "x", 200, 10), ("b", "y", 200, 60), ("a", "y", 60, 3), ("b", "x", 60, 18)):
        for step, way in (("hello.fork", one), ("hello.next", other)):
            wish = AdaptiveWish(mode="declared", winner=way)
            await say_weights(house.app.state, house.clock, step, wish, by="ada")
        came = [f"person-{number + each}" for each in range(people)]
        number += people
        await house.happens(*(did("Signed Up", each) for each in came))
        await house.later(minutes=5)
        await house.happens(*(did("Bought", each) for each in came[:buyers]))
    for step in ("hello.fork", "hello.next"):
        await say_weights(house.app.state, house.clock, step, AdaptiveWish(mode="learning"), by="ada")
    await house.later(hours=6)
    assert await house.app.adapter.adapt() == 2
    async with house.app.state.view() as view:
        last = await view.last_weighings(["hello.fork", "hello.next"])
    (a, b), (x, y) = (last[name].learnt for name in ("hello.fork", "hello.next"))
    assert (y.rate or 0) - (x.rate or 0) > 0.1, "as it was seen, y looks far better"
    assert abs(y.mean - x.mean) < 0.05
    assert 0.1 < x.best < 0.9
    assert b.mean - a.mean > 0.15
    assert b.best > 0.99
    standing = await standing_of_step(
        house.app.state, house.app.history, "hello.next", as_of_ms=to_millis(house.clock.now())
    )
    assert [each.learnt.mean for each in standing.paths] == pytest.approx([x.mean, y.mean])
