"""Journeys and campaigns over HTTP: published, followed, halted; their mail read, clicked and ended."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.api_server import Server, person, until

GOAL = {"event": "Order Completed", "within_seconds": 3600}
TEMPLATE = {
    "subject": 'Hello {{ person.name | default: "you" }}',
    "html": """<p>Welcome</p><a href="https://shop.example/?a=1&b=ü">shop</a>
        <a href="{{ links.unsubscribe }}">leave</a>""",
    "text": "Welcome. {{ links.unsubscribe }}",
}


def journey(name: str, event: str, **also: object) -> dict[str, object]:
    return {
        "id": name,
        "name": name.capitalize(),
        "goal": GOAL,
        "start": "start",
        "steps": {
            "start": {"type": "trigger", "event": event, "again": "after_exit", "exits": {"entered": "mail"}},
            "mail": {
                "type": "send",
                "channel": "email",
                "topic": "marketing",
                "template": TEMPLATE,
                "exits": {"sent": "end", "withheld": "end"},
            },
            "end": {"type": "exit"},
        },
        **also,
    }


def campaign(name: str, event: str) -> dict[str, object]:
    send = {"channel": "email", "topic": "marketing", "template": TEMPLATE}
    return {"id": name, "name": name, "goal": GOAL, "trigger": {"event": event, "again": "after_exit"}, "send": send}


DEFINITIONS = {"journey": journey, "campaign": campaign}


def somebody(server: Server, name: str) -> str:
    """Their address; they are known from now on."""
    server.took({"type": "identify", "userId": name, "traits": {"email": f"{name}@example.com", "name": name.title()}})
    return f"{name}@example.com"


def mails(server: Server, to: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = server.got("GET", f"/api/mailbox?to={to}")["messages"]
    return messages


def happened(server: Server, name: str, event: str) -> list[dict[str, Any]]:
    """The properties of what happened; what follows from an event is told a moment after it."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        events = server.got("GET", person(name, "events", event=event))["events"]
        found[:] = [each["properties"] for each in events]
        return bool(found)

    until(there, f"{event} of {name}")
    return found


@pytest.mark.parametrize("kind", ["journey", "campaign"])
def test_a_life_from_publishing_to_stopping(server: Server, kind: str) -> None:
    name, event = f"life-{kind}", f"Life Of {kind}"
    root = f"/api/{kind}s"
    published = server.got("PUT", f"{root}/{name}", DEFINITIONS[kind](name, event))
    assert (published["state"], published["version"], published["entered"]) == ("live", 1, 0)
    again = server.got("PUT", f"{root}/{name}", DEFINITIONS[kind](name, event))
    assert again["version"] == 1, "the same once more is no new version"

    address = somebody(server, f"{kind}-traveller")
    enter = {"type": "track", "userId": f"{kind}-traveller", "event": event}
    server.took(enter)
    until(lambda: mails(server, address), "the mail")
    run = next(each for each in server.got("GET", root)[f"{kind}s"] if each["id"] == name)
    assert (run["entered"], run["waiting"], run["sent"]) == (1, 0, 1)
    detail = server.got("GET", f"{root}/{name}")
    assert detail["definition"]["id"] == name
    assert detail["sends"] == {"sent": 1}
    by_type = {each["type"]: each for each in detail["steps"]}
    assert by_type["trigger"]["exits"] == {"entered": 1}
    assert by_type["send"]["exits"] == {"sent": 1}
    assert by_type["exit"]["entered"] == 1
    visit = server.got("GET", f"/api/people/{kind}-traveller")["visits"][0]
    assert (visit["origin"], visit["left_by"], visit["arm"]) == (
        name,
        "end" if kind == "journey" else "exit",
        "treated",
    )

    assert server.got("POST", f"{root}/{name}/pause")["state"] == "paused"
    server.took(enter)
    assert server.got("GET", f"{root}/{name}")["entered"] == 1, "nobody enters what is paused"
    assert server.got("POST", f"{root}/{name}/resume")["state"] == "live"
    assert server.got("POST", f"{root}/{name}/stop")["state"] == "stopped"
    assert server.refused(409, "POST", f"{root}/{name}/resume")["hint"]
    revived = server.got("PUT", f"{root}/{name}", DEFINITIONS[kind](name, event))
    assert (revived["state"], revived["version"]) == ("live", 2)

    other = "campaign" if kind == "journey" else "journey"
    server.refused(409, "PUT", f"/api/{other}s/{name}", DEFINITIONS[other](name, event))
    server.refused(404, "GET", f"/api/{other}s/{name}")
    server.refused(404, "POST", f"/api/{other}s/{name}/stop")
    server.got("POST", f"{root}/{name}/stop")


@pytest.mark.parametrize("root", ["journeys", "campaigns"])
@pytest.mark.parametrize(
    ("method", "rest"), [("GET", ""), ("GET", "/results"), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/stop")]
)
def test_there_is_no_such_run(server: Server, root: str, method: str, rest: str) -> None:
    assert "/api/" + root in server.refused(404, method, f"/api/{root}/none{rest}")["hint"]


def test_definitions_that_cannot_be(server: Server) -> None:
    good = journey("wrong", "E")
    steps: dict[str, Any] = good["steps"]  # type: ignore[assignment]
    for wrong, where in (
        ({**good, "id": "other"}, "$.id"),
        ({**good, "surprise": 1}, "$.surprise"),
        ({**good, "goal": {"event": "", "within_seconds": 1}}, "$.goal.event"),
        ({**good, "holdout": 2}, "$.holdout"),
        ({**good, "start": "nowhere"}, "$.start"),
        ({**good, "steps": {**steps, "end": {"type": "leave"}}}, "$.steps.end.type"),
        ({**good, "steps": {**steps, "mail": {**steps["mail"], "exits": {"sent": "end"}}}}, "$.steps.mail.exits"),
        (
            {**good, "steps": {**steps, "mail": {**steps["mail"], "template": {"subject": "{{ x", "html": "x"}}}},
            "$.steps.mail.template.subject",
        ),
    ):
        error = server.refused(400, "PUT", "/api/journeys/wrong", wrong)
        assert error["path"].startswith(where), (where, error)
    server.refused(404, "GET", "/api/journeys/wrong")


def test_results_of_everybody_and_of_those_held_out(server: Server) -> None:
    """Forty people, about half of them held out."""
    definition = journey("proof", "Proof Begun", holdout=0.5, goal={"event": "Proof Bought", "within_seconds": 86_400})
    server.got("PUT", "/api/journeys/proof", definition)
    people = [f"proof-{number}" for number in range(40)]
    for name in people:
        somebody(server, name)
    server.took(*({"type": "track", "userId": name, "event": "Proof Begun"} for name in people))
    arms = {name: happened(server, name, "Journey Entered")[0]["arm"] for name in people}
    treated = [name for name in people if arms[name] == "treated"]
    assert 5 < len(treated) < 35
    held = next(name for name in people if arms[name] == "holdout")
    assert [each["reason"] for each in happened(server, held, "Message Withheld")] == ["holdout"]
    result = server.got("GET", "/api/journeys/proof/results")
    assert result["goal"] == {"event": "Proof Bought", "within_seconds": 86_400}
    open_people = {each["arm"]: each["open_people"] for each in result["arms"]}
    assert open_people == {"treated": len(treated), "holdout": 40 - len(treated)}
    assert result["conversion"]["status"] == "inconclusive"
    assert result["conversion"]["reason"]
    assert result["words"]
    until(lambda: server.got("GET", "/api/journeys/proof")["sends"].get("sent") == len(treated), "every mail")
    assert server.got("GET", "/api/journeys/proof")["result"]["arms"] == result["arms"]


def links_of(mail: dict[str, Any]) -> tuple[str, str]:
    """Where the shop's link and the unsubscribe link lead, without the server."""
    tokens = [urlsplit(each).path for each in mail["links"]]
    clicks = [each for each in tokens if each.startswith("/m/c/")]
    leaves = [each for each in tokens if each.startswith("/m/u/")]
    return clicks[0], leaves[0]


def test_a_mail_is_read_clicked_and_ended(server: Server) -> None:
    server.got("PUT", "/api/journeys/letter", journey("letter", "Letter Wanted"))
    address = somebody(server, "reader")
    want = {"type": "track", "userId": "reader", "event": "Letter Wanted"}
    server.took(want)
    until(lambda: mails(server, address), "the mail")
    listed = mails(server, address)[0]
    assert listed["subject"] == "Hello Reader"
    assert listed["from"]
    mail = server.got("GET", f"/api/mailbox/{listed['id']}")
    assert "Welcome" in mail["html"]
    assert "Welcome" in mail["text"]
    headers = {name.lower(): value for name, value in mail["headers"].items()}
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    click, leave = links_of(mail)
    assert leave in headers["list-unsubscribe"]
    assert server.got("GET", "/api/mailbox?text=hello%20reader")["total"] == 1

    browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    followed = server.call("GET", click, headers={"User-Agent": browser})
    assert followed.status == 302
    assert followed.headers["location"] == "https://shop.example/?a=1&b=%C3%BC"
    assert [each["url"] for each in happened(server, "reader", "Message Clicked")] == ["https://shop.example/?a=1&b=ü"]
    pixel = re.search(r"/m/o/[\w.~-]+", mail["html"])
    assert pixel
    assert server.call("GET", pixel[0], headers={"User-Agent": browser}).headers["content-type"] == "image/gif"
    assert len(happened(server, "reader", "Message Opened")) == 1

    page = server.call("GET", leave)
    assert page.status == 200
    assert address in page.text
    assert "<form" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert server.got("GET", "/api/people/reader")["consent"] == {}, "to look at the page changed something"
    assert server.call("HEAD", leave).status == 200
    done = server.call("POST", leave, raw=b"List-Unsubscribe=One-Click", headers={"Content-Type": "text/plain"})
    assert done.status == 200
    assert server.got("GET", "/api/people/reader")["consent"] == {"email/marketing": False}
    assert len(happened(server, "reader", "Message Unsubscribed")) == 1

    server.took(want)
    assert [each["reason"] for each in happened(server, "reader", "Message Withheld")] == ["no_consent"]
    assert len(mails(server, address)) == 1
    server.got("PUT", "/api/people/reader/consent", {"channel": "email", "topic": "marketing", "granted": True})
    server.took(want)
    until(lambda: len(mails(server, address)) == 2, "the mail after coming back")


@pytest.mark.parametrize("token", ["x", "x.y", "%00", "%F0%9F%98%80", "a" * 5000, "..%2f..%2f", "AAAA.BBBB"])
def test_links_that_were_not_made_here(server: Server, token: str) -> None:
    assert server.call("GET", f"/m/o/{token}").status in {200, 404}
    for method, path in (("GET", "c"), ("GET", "u"), ("POST", "u")):
        answer = server.call(method, f"/m/{path}/{token}")
        assert answer.status == 404
        assert "location" not in answer.headers


def test_pages_of_the_mailbox(server: Server) -> None:
    server.got("PUT", "/api/campaigns/pages", campaign("pages", "Pages Wanted"))
    address = somebody(server, "pager")

    def arrived(count: int) -> bool:
        return len(mails(server, address)) == count

    for count in range(1, 6):
        server.took({"type": "track", "userId": "pager", "event": "Pages Wanted"})
        until(partial(arrived, count), "the mail")
    seen: list[int] = []
    before = ""
    while True:
        page = server.got("GET", f"/api/mailbox?to={address}&limit=2{before}")
        assert page["total"] == 5
        seen += [each["id"] for each in page["messages"]]
        if not page["messages"]:
            break
        before = f"&before={seen[-1]}"
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
    assert server.refused(404, "GET", "/api/mailbox/999999")["hint"]
    server.refused(400, "GET", "/api/mailbox/one")
