"""What is said of a draft with paths that learn: opens are no goal, and a simulation divides evenly."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.flows.journey.advice import advice_on
from holdfast.flows.journey.decision_drafts import draft_of


def draft(goal: str) -> dict[str, Any]:
    goals = [{"event": "Bought", "within_seconds": 60}, {"event": goal, "within_seconds": 60}]
    fork = {"type": "adaptive", "paths": ["a", "b"], "goals": goals, "exits": {"a": "end", "b": "end"}}
    trigger = {"type": "trigger", "event": "Came", "again": "once", "exits": {"entered": "fork"}}
    return {
        "name": "Hello",
        "goal": {"event": "Bought", "within_seconds": 60},
        "start": "start",
        "steps": {"start": trigger, "fork": fork, "end": {"type": "exit"}},
    }


@pytest.mark.parametrize("event", ["Message Opened", "Message Clicked"])
async def test_whoever_learns_for_opens_and_clicks_is_told_what_they_are(event: str) -> None:
    (told,) = await advice_on(draft_of("journey", {"id": "hello", **draft(event)}))
    assert (told.code, told.path) == ("goal_is_a_look", "$.steps.fork.goals[1]")
    assert event in told.message


async def test_other_goals_are_fine() -> None:
    assert await advice_on(draft_of("journey", {"id": "hello", **draft("Subscribed")})) == []
