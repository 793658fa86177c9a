"""Every condition of a journey or campaign, with the path it has in the JSON form."""

from __future__ import annotations

from typing import Any

from holdfast.decisions.campaign import decode_campaign, encode_campaign
from holdfast.decisions.conditions import conditions_of
from holdfast.decisions.journey import decode_journey, encode_journey
from holdfast.segments.codec import encode_condition

HAS = {"type": "trait", "trait": "plan", "operator": "is_set"}
DID = {"type": "did", "event": "B"}
GOAL = {"event": "Order Completed", "within_seconds": 3600}
TRIGGER: dict[str, Any] = {"event": "A", "again": "once", "only_if": HAS}


def test_those_of_a_journey() -> None:
    ends = {"yes": "end", "no": "end", "unknown": "end"}
    steps = {
        "start": {"type": "trigger", **TRIGGER, "exits": {"entered": "fork"}},
        "fork": {"type": "branch", "condition": {"type": "not", "of": DID}, "exits": ends},
        "end": {"type": "exit"},
    }
    journey = decode_journey({"id": "j", "name": "J", "goal": GOAL, "start": "start", "steps": steps})
    found = {path: encode_condition(each) for path, each in conditions_of(journey)}
    assert list(found) == ["$.steps.start.only_if", "$.steps.fork.condition"]
    told: Any = encode_journey(journey)["steps"]
    assert found["$.steps.fork.condition"] == told["fork"]["condition"]
    assert found["$.steps.start.only_if"] == told["start"]["only_if"]


def test_those_of_a_campaign() -> None:
    send = {"channel": "email", "topic": "news", "template": {"subject": "s", "html": "<p>h</p>", "text": ""}}
    campaign = decode_campaign({"id": "c", "name": "C", "goal": GOAL, "trigger": TRIGGER, "send": send})
    ((path, found),) = conditions_of(campaign)
    told: Any = encode_campaign(campaign)
    assert (path, encode_condition(found)) == ("$.trigger.only_if", told["trigger"]["only_if"])
    without = decode_campaign({**told, "trigger": {**TRIGGER, "only_if": None}})
    assert list(conditions_of(without)) == []
