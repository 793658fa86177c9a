"""Trials on every state store, and made anew from the log: the same assignments, exposures, weights and results."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from holdfast.events.event import IdentityKey
from holdfast.flows.adaptive.telling import standing_of_step
from holdfast.flows.experiment.publishing import save_experiment, stop_experiment
from holdfast.flows.measure.holdout import holdout_settings, read_holdout
from holdfast.flows.measure.trial_told import trial_of
from holdfast.flows.measure.trials import TrialWish, measure_trial
from holdfast.flows.people.identify import merge
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.rebuild import Rebuilding, rebuild
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import History
from holdfast.ports.state import State
from holdfast.stores.memory.history import MemoryHistory
from holdfast.testing.house import House
from holdfast.wiring import rules_of
from tests.contracts.state_contract import STORES, open_state

PEOPLE = 120
TRIALS = ("colour", "hello.fork", "hello.next", "journey:hello")
EXPERIMENT: dict[str, Any] = {
    "id": "colour",
    "name": "Colour",
    "variants": {"red": 0.5, "blue": 0.5},
    "state": "running",
    "goals": [
        {"event": "Bought", "within_seconds": 86_400, "value": "price"},
        {"event": "Signed Up", "within_seconds": 86_400, "worth_minor": 100},
    ],
    "primary": "worth",
    "metrics": [{"name": "prices", "event": "Bought", "measure": "sum", "property": "price", "per": "Bought"}],
}
LEARNS: dict[str, Any] = {"type": "adaptive", "slice": 0.3, "minimum_minutes": 1}
MAIL: dict[str, Any] = {
    "type": "send",
    "channel": "email",
    "template": {"subject": "Hello", "text": "Hello"},
    "exits": {"sent": "end", "withheld": "end"},
}
HELLO: dict[str, Any] = {
    "id": "hello",
    "name": "Hello",
    "holdout": 0.2,
    "goal": {"event": "Bought", "within_seconds": 20_000},
    "start": "start",
    "steps": {
        "start": {"type": "trigger", "event": "Came", "again": "after_exit", "exits": {"entered": "colour"}},
        "colour": {
            "type": "experiment",
            "experiment": "colour",
            "variants": ["red", "blue"],
            "exits": {"red": "fork", "blue": "fork", "apart": "fork"},
        },
        "fork": LEARNS | {"paths": ["a", "b", "c"], "exits": dict.fromkeys("abc", "next")},
        "next": LEARNS | {"paths": ["x", "y"], "exits": {"x": "mail", "y": "end"}},
        "mail": MAIL,
        "end": {"type": "exit"},
    },
}


@pytest.fixture(params=STORES)
async def states(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[State, State]]:
    """Two empty states of one kind."""
    opened = [await open_state(request, tmp_path / name) for name in ("lived", "anew")]
    yield opened[0], opened[1]
    for each in opened:
        await each.close()


def did(event: str, person: str, message: str, **said: object) -> dict[str, object]:
    return {"type": "track", "event": event, "userId": person, "messageId": message, "properties": said}


async def live(house: House, chance: random.Random) -> None:
    """People come in batches, some by an app first, buy, come again, turn out to be one; paths are weighed between."""
    await save_experiment(house.app.state, EXPERIMENT, by="ada", now=house.clock.now())
    await house.publish(HELLO)
    for batch in range(3):
        people = [f"person-{batch}-{number}" for number in range(PEOPLE // 3)]
        for each in people[::2]:
            await house.app.decider.decide(IdentityKey(kind="user", value=each), ["colour"])
        known = [
            {"type": "identify", "userId": each, "messageId": f"i{each}", "traits": {"email": f"{each}@example.com"}}
            for each in people
        ]
        await house.happens(*known, *(did("Came", each, f"c{each}") for each in people))
        await house.later(minutes=7)
        buyers = [each for each in people if chance.random() < 0.4]
        await house.happens(*(did("Bought", each, f"b{each}", price=chance.choice((5, 12.5, 30))) for each in buyers))
        await house.later(hours=9)
        await house.app.adapter.adapt()
    await house.happens(*(did("Came", f"person-0-{number}", f"again-{number}") for number in range(9)))
    await merge(house.app.state, "person-1-0", "person-2-1", by="ada", now=house.clock.now())
    await stop_experiment(house.app.state, "colour", by="ada", now=house.clock.now())
    await house.later(days=3)


async def told(house: House, state: State, history: History) -> dict[str, Any]:
    """Everything that is said of trials and paths, as of one moment."""
    now_ms = to_millis(house.clock.now())
    found: dict[str, Any] = {}
    for each in TRIALS:
        wish = TrialWish(reading="fixed")
        measured = await measure_trial(state, history, each, wish, now_ms=now_ms, currency=house.app.settings.currency)
        found[each] = trial_of(measured).json
    for each in ("hello.fork", "hello.next"):
        found[f"paths of {each}"] = (await standing_of_step(state, history, each, as_of_ms=now_ms)).as_json()
    settings = holdout_settings(house.app.settings)
    found["holdout"] = (await read_holdout(history, settings, TrialWish(), now_ms=now_ms)).json
    return found


async def test_what_was_tried_is_told_the_same_by_a_state_made_anew(
    tmp_path: Path, states: tuple[State, State]
) -> None:
    lived, anew = states
    house = await House.build(tmp_path, state=lived, global_holdout=0.1, global_holdout_rotates="month")
    await live(house, random.Random(3))
    app, history = house.app, MemoryHistory(currency=house.app.settings.currency)
    before = await told(house, lived, app.history)
    assert [each["people"] for each in before["colour"]["variants"]] != [0, 0]
    assert sum(each["exposed"] for each in before["colour"]["variants"]) >= PEOPLE // 2 - 1
    assert before["colour"]["primary"].startswith("worth")
    assert before["hello.fork"]["question"]["weighted"], "shares were changed on the way"
    assert len(before["paths of hello.fork"]["log"]) == 3
    done = await rebuild(
        Rebuilding(
            log=app.log,
            before=lived,
            state=anew,
            history=history,
            rules=rules_of(app.settings),
            zone=ZoneInfo("UTC"),
        )
    )
    found = await compare_states(lived, anew)
    assert {name: each.examples for name, each in found.items() if not each.same} == {}
    assert (found["weighings"].rows, found["experiments"].rows) == (6, 2)
    assert (done.told_otherwise, done.carried["weighings"]) == (0, 0)
    after = await told(house, anew, history)
    for name, said in before.items():
        assert after[name] == said, name
