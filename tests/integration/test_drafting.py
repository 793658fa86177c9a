"""A journey while it is written, over HTTP: the kinds of steps, all that is wrong at once, versions, the outlook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.api_server import Server

GOAL = {"event": "Order Completed", "within_seconds": 3_600}


def a_journey(name: str, subject: str = "Hello", **more: Any) -> dict[str, Any]:
    said = {"subject": subject, "text": "It waits."}
    steps = {
        "in": {"type": "trigger", "event": "Draft Asked", "again": "once", "exits": {"entered": "mail"}},
        "mail": {"type": "send", "channel": "email", "template": said, "exits": {"sent": "out", "withheld": "out"}},
        "out": {"type": "exit"},
    }
    return {"id": name, "name": "A draft", "goal": GOAL, "start": "in", "steps": steps} | more


def test_kinds_of_steps_are_told_with_their_forms(server: Server) -> None:
    told = server.got("GET", "/api/steps")
    kinds = {each["name"]: each for each in told["steps"]}
    assert (kinds["branch"]["family"], kinds["branch"]["exits"]) == ("logic", ["yes", "no", "unknown"])
    assert (kinds["trigger"]["family"], kinds["split"]["exits_of"]) == ("start", "shares")
    assert kinds["until"]["fields"]["properties"]["event"]["format"] == "event"
    assert "steps" not in told["journey"]["properties"]
    assert told["journey"]["properties"]["goal"]["properties"]["event"]["format"] == "event"


def test_all_that_is_wrong_is_told_with_the_step_where_it_is(server: Server) -> None:
    draft = a_journey("half-written", holdout=3)
    draft["steps"]["mail"]["exits"] = {"sent": "nowhere"}
    draft["steps"]["mail"]["template"]["subject"] = "{{ person.traits.name"
    told = server.got("POST", "/api/journeys/half-written/check", draft)
    assert {(each["step"], each["code"]) for each in told["problems"]} >= {
        ("", "out_of_range"),
        ("mail", "missing_exit"),
        ("mail", "unknown_step"),
    }
    assert any(each["path"] == "$.steps.mail.template.subject" for each in told["problems"])
    assert told["cards"]["in"] == {"type": "trigger", "title": "Draft Asked", "note": "Once"}
    assert not any(each["id"] == "half-written" for each in server.got("GET", "/api/journeys")["journeys"])


def test_what_it_names_is_looked_for_once_it_can_be_read(server: Server) -> None:
    draft = a_journey("leads-away")
    draft["steps"]["out"] = {"type": "enter_journey", "journey": "nobody-wrote-it", "exits": {"next": "end"}}
    draft["steps"]["end"] = {"type": "exit"}
    (problem,) = server.got("POST", "/api/journeys/leads-away/check", draft)["problems"]
    assert (problem["step"], problem["code"]) == ("out", "unknown_journey")
    whole = server.got("POST", "/api/journeys/leads-away/check", a_journey("leads-away"))
    assert (whole["problems"], set(whole["cards"])) == ([], {"in", "mail", "out"})


def test_versions_can_be_read_and_compared(server: Server) -> None:
    server.got("PUT", "/api/journeys/versioned", a_journey("versioned"))
    changed = a_journey("versioned", subject="Hello again")
    changed["steps"]["nap"] = {"type": "wait", "seconds": 60, "exits": {"waited": "out"}}
    changed["steps"]["mail"]["exits"]["sent"] = "nap"
    server.got("PUT", "/api/journeys/versioned", changed)
    versions = server.got("GET", "/api/journeys/versioned/versions")["versions"]
    assert [(each["version"], each["people"]) for each in versions] == [(2, 0), (1, 0)]
    second = server.got("GET", "/api/journeys/versioned/versions/2?against=1")
    assert {(each["kind"], each["path"]) for each in second["differences"]} == {
        ("changed", "$.steps.mail.template.subject"),
        ("changed", "$.steps.mail.exits.sent"),
        ("added", "$.steps.nap"),
    }
    first = server.got("GET", "/api/journeys/versioned/versions/1")
    assert first["definition"]["steps"]["mail"]["template"]["subject"] == "Hello"
    assert (first["against"], first["differences"], set(first["cards"])) == (None, [], {"in", "mail", "out"})
    assert server.ask("GET", "/api/journeys/versioned/versions/3").status == 404
    assert server.ask("GET", "/api/journeys/versioned/versions/2?against=9").status == 404
    assert server.ask("GET", "/api/campaigns/versioned/versions").status == 404


def test_the_outlook_counts_who_did_lately_what_lets_people_in(server: Server) -> None:
    for name in ("outlook-one", "outlook-two"):
        server.took({"type": "identify", "userId": name, "traits": {"email": f"{name}@example.com", "tier": name}})
        server.took({"type": "track", "userId": name, "event": "Draft Asked", "properties": {}})
    draft = a_journey("looked-at", holdout=0.1)
    told = server.got("POST", "/api/journeys/looked-at/outlook", draft)
    assert (told["people"], told["lately_days"], told["next_at"], told["coming"]) == (2, 7, None, [])
    assert (told["channels"], told["holdout"]) == (["email"], 0.1)
    draft["steps"]["in"]["only_if"] = {"type": "trait", "trait": "tier", "operator": "equals", "value": "outlook-one"}
    assert server.got("POST", "/api/journeys/looked-at/outlook", draft)["people"] == 1
    timed = {"type": "recurring", "at": ["09:00"], "time_zone": "UTC", "exits": {"entered": "mail"}}
    draft["steps"]["in"] = {**timed, "audience": draft["steps"]["in"]["only_if"]}
    told = server.got("POST", "/api/journeys/looked-at/outlook", draft)
    assert (told["people"], told["lately_days"]) == (1, None)
    assert told["next_at"].endswith("T09:00:00.000Z")
    assert [each["wall"][10:] for each in told["coming"]] == ["T09:00:00"] * 12
    assert told["coming"] == sorted(told["coming"], key=lambda each: each["opens"])
    assert told["coming"][0]["opens"] == told["next_at"]
    draft["steps"]["in"] = {**timed, "type": "dates", "at": ["2090-12-20T09:00"], "country": "DE"}
    marked = server.got("POST", "/api/journeys/looked-at/outlook", draft)["marked"]
    assert [each["day"] for each in marked] == ["2090-12-25", "2090-12-26"]
    assert all(not each["closed"] and set(each["holidays"]) == {"DE"} for each in marked)
    draft["steps"]["in"] = {"type": "api", "exits": {"entered": "mail"}}
    assert server.got("POST", "/api/journeys/looked-at/outlook", draft)["people"] is None


def test_what_has_begun_by_peoples_own_clocks_lets_somebody_in_now_and_not_in_the_past(server: Server) -> None:
    asked = datetime.now(UTC)
    # Two hours from now in Greenwich it was twelve hours ago, where the day begins first.
    wall = (asked + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    draft = a_journey("begun-somewhere")
    draft["steps"]["in"] = {"type": "dates", "at": [wall], "time_zone": "person", "exits": {"entered": "mail"}}
    told = server.got("POST", "/api/journeys/begun-somewhere/outlook", draft)
    assert datetime.fromisoformat(told["coming"][0]["opens"]) < asked
    assert asked - timedelta(seconds=1) <= datetime.fromisoformat(told["next_at"]) <= datetime.now(UTC)
