"""Campaigns that let in an audience, over HTTP and at the terminal's desk: next times, runs, calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.api_server import Server, until

GOAL = {"event": "Order Completed", "within_seconds": 3600}
SEND = {"channel": "email", "template": {"subject": "Hello", "text": "Hello {{ event.properties.title }}."}}


def a_campaign(name: str, **trigger: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "goal": GOAL, "trigger": trigger, "send": SEND}


def somebody(server: Server, name: str, **traits: Any) -> str:
    server.took({"type": "identify", "userId": name, "traits": {"email": f"{name}@example.com", **traits}})
    return f"{name}@example.com"


def test_a_held_run_is_confirmed_and_goes_out(server: Server) -> None:
    at = (datetime.now(UTC) - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%S")
    club = {"type": "trait", "trait": "club", "operator": "equals", "value": "runs"}
    # Half a minute ago is not too late.
    to = somebody(server, "run-held", club="runs", timezone="UTC")
    definition = a_campaign("held", type="dates", at=[at], audience=club, hold_above=0)
    server.got("PUT", "/api/campaigns/held", definition)
    until(
        lambda: [run["state"] for run in server.got("GET", "/api/campaigns/held/runs")["runs"]] == ["held"], "the run"
    )
    (run,) = server.got("GET", "/api/campaigns/held/runs")["runs"]
    assert (run["people"], run["asked"], run["counts"]) == (1, 0, {})
    (held,) = (each for each in server.got("GET", "/api/overview")["held"] if each["id"] == "held")
    assert held == {"kind": "campaign", "id": "held", "name": "held", "run": run["id"], "people": 1}
    server.got("POST", f"/api/campaigns/held/runs/{run['id']}/confirm")
    until(lambda: len(server.got("GET", f"/api/mailbox?to={to}")["messages"]) == 1, "the mail")
    (run,) = server.got("GET", "/api/campaigns/held/runs")["runs"]
    assert (run["state"], run["counts"]) == ("done", {"treated": 1})
    assert [each for each in server.got("GET", "/api/overview")["held"] if each["id"] == "held"] == []


def test_the_next_times_are_told(server: Server) -> None:
    definition = a_campaign("weekly", type="recurring", at=["09:00"], days=["monday"], time_zone="UTC")
    server.got("PUT", "/api/campaigns/weekly", definition)
    found = server.got("GET", "/api/campaigns/weekly/next?count=3")["occurrences"]
    walls = [datetime.fromisoformat(each["wall"]) for each in found]
    assert [(each.weekday(), each.hour) for each in walls] == [(0, 9)] * 3
    assert walls[1] - walls[0] == timedelta(days=7)
    assert all(each["opens"] == each["closes"] for each in found)


def test_a_call_tells_what_became_of_people_and_can_be_said_again(server: Server) -> None:
    to = somebody(server, "called")
    server.got("PUT", "/api/campaigns/receipts", a_campaign("receipts", type="api"))
    call = {"people": [{"user_id": "called"}], "properties": {"title": "you"}, "idempotency_key": "order-1"}
    (became,) = server.got("POST", "/api/campaigns/receipts/trigger", call)["people"]
    assert (became["user_id"], became["outcome"], became["arm"]) == ("called", "entered", "treated")
    until(lambda: len(server.got("GET", f"/api/mailbox?to={to}")["messages"]) == 1, "the mail")
    (again,) = server.got("POST", "/api/campaigns/receipts/trigger", call)["people"]
    assert (again["outcome"], again["send"]) == ("entered", "sent")
    assert len(server.got("GET", f"/api/mailbox?to={to}")["messages"]) == 1


def test_whoever_stops_what_others_lead_into_is_told_of_them(server: Server) -> None:
    steps = {
        "in": {"type": "trigger", "event": "Led", "again": "once", "exits": {"entered": "hand"}},
        "hand": {"type": "enter_journey", "journey": "led-to", "exits": {"next": "out"}},
        "out": {"type": "exit"},
    }
    server.got("PUT", "/api/campaigns/led-to", a_campaign("led-to", event="Never", again="once"))
    leading = {"id": "leading", "name": "Leading", "goal": GOAL, "start": "in", "steps": steps}
    server.got("PUT", "/api/journeys/leading", leading)
    stopped = server.got("POST", "/api/campaigns/led-to/stop")
    lead = {"id": "leading", "name": "Leading", "path": "$.steps.hand.journey", "version": None}
    assert (stopped["state"], stopped["entered_from"]) == ("stopped", [lead])
    warned = server.got("POST", "/api/journeys/leading/preview", leading)["warnings"]
    assert [(each["code"], each["path"]) for each in warned] == [("leads_to_stopped", "$.steps.hand.journey")]
    both = [{"kind": "journey", **leading}, {"kind": "campaign", **a_campaign("led-to", event="Never", again="once")}]
    assert server.got("POST", "/api/journeys/apply", {"journeys": both, "dry_run": True})["warnings"] == []
