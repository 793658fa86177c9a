"""Templates over HTTP: saved, looked at as a real person, tested at an address, and sent by a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.api_server import Server, serving, until

FOOT = {"name": "Footer", "html": '<p><a href="{{ links.unsubscribe }}">Leave {{ workspace.name }}</a></p>'}
MJML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ person.first_name | default: 'you' }}, "
    "you spent {{ event.properties.total }}.</mj-text><mj-text>{% block 'foot' %}</mj-text></mj-column></mj-section>"
    "</mj-body></mjml>"
)
WELCOME: dict[str, Any] = {
    "name": "Welcome",
    "medium": "email",
    "language": "en",
    "content": {"subject": "Hi {{ person.first_name }}", "mjml": MJML},
    "languages": {"de": {"subject": "Hallo {{ person.first_name }}"}},
}
CAMPAIGN = {
    "id": "welcome",
    "name": "Welcome",
    "trigger": {"type": "trigger", "event": "Signed Up", "again": "once"},
    "send": {"channel": "email", "template": {"saved": "welcome"}},
    "goal": {"event": "Order Completed", "within_seconds": 86400},
}


def save(server: Server, template: dict[str, Any] = WELCOME) -> None:
    server.got("PUT", "/api/blocks/foot", {"definition": FOOT})
    server.got("PUT", "/api/templates/welcome", {"definition": template})


def arrived(server: Server, to: str) -> list[Any]:
    found: list[Any] = server.got("GET", f"/api/mailbox?to={to}")["messages"]
    return found


def test_the_whole_life_of_a_template(tmp_path: Path) -> None:
    with serving(tmp_path / "data", mailbox=True) as server:
        versions(server)
        server.took(
            {
                "type": "identify",
                "userId": "ann",
                "traits": {"first_name": "<Änn>", "email": "ann@shop.example", "locale": "de_AT"},
            },
            {"type": "identify", "userId": "bob", "traits": {"first_name": "Bob", "email": "bob@shop.example"}},
        )
        until(lambda: server.ask("GET", "/api/people/bob").status == 200, "bob")
        previews(server)
        proves(server)
        sends(server)


def versions(server: Server) -> None:
    refused = server.refused(400, "PUT", "/api/templates/welcome", {"definition": WELCOME})
    assert (refused["code"], refused["path"]) == ("unknown_block", "$.content.mjml")
    save(server)
    save(server, {**WELCOME, "name": "Renamed"})
    save(server, {**WELCOME, "name": "Renamed"})
    page = server.got("GET", "/api/templates/welcome/versions")
    assert [(each["version"], each["name"]) for each in page["versions"]] == [(2, "Renamed"), (1, "Welcome")]
    assert server.got("POST", "/api/templates/welcome/restore", {"version": 1})["version"] == 3
    shown = server.got("GET", "/api/templates/welcome")
    assert (shown["heading"]["version"], shown["definition"], shown["used_by"]) == (3, WELCOME, [])
    assert server.got("GET", "/api/templates/welcome?version=2")["definition"]["name"] == "Renamed"
    assert [each["id"] for each in server.got("GET", "/api/templates")["saved"]] == ["welcome"]
    assert server.got("GET", "/api/blocks/foot")["used_by"] == ["the template 'welcome'"]
    assert server.refused(409, "DELETE", "/api/blocks/foot")["code"] == "in_use"
    assert "'welcome'" in server.refused(404, "GET", "/api/templates/welcom")["hint"]
    server.refused(404, "GET", "/api/templates/gone/versions")


def previews(server: Server) -> None:
    wish = {"saved": "welcome", "person": "ann", "event": {"properties": {"total": 12}}}
    shown = server.got("POST", "/api/templates/preview", wish)
    assert (shown["template"], shown["version"], shown["language"], shown["variant"]) == ("welcome", 3, "de", "a")
    assert shown["parts"]["subject"] == "Hallo <Änn>"
    assert "Hello &lt;Änn&gt;, you spent 12." in shown["parts"]["html"]
    used = {each["name"]: (each["value"], each["has_default"]) for each in shown["used"] if each["part"] == "html"}
    assert used["person.first_name"] == ("<Änn>", True)
    assert used["event.properties.total"] == (12, False)
    assert {each["code"] for each in shown["remarks"]} == {"no_preheader"}
    other = server.got("POST", "/api/templates/preview", {**wish, "language": "fr", "person": ""})
    assert (other["parts"]["subject"], other["language"]) == ("Hi", "en")
    text = {"medium": "sms", "content": {"text": "Hi {{ person.first_name }}{% block 'foot' %}"}, "person": "bob"}
    assert server.got("POST", "/api/templates/preview", text)["parts"]["text"].startswith("Hi BobLeave")
    aborted = {"medium": "sms", "content": {"text": "{% abort 'sold out' %}"}}
    said = server.got("POST", "/api/templates/preview", aborted)
    assert (said["parts"], said["reason"]) == (None, "sold out")
    for wrong, status, code in (
        ({"person": "nobody", "saved": "welcome"}, 404, "not_found"),
        ({"saved": "gone"}, 404, "not_found"),
        ({"saved": "welcome", "version": 9}, 404, "not_found"),
        ({"saved": "welcome", "variant": "b"}, 400, "unknown_variant"),
        ({}, 400, "contradiction"),
        ({"saved": "welcome", "medium": "sms", "content": {}}, 400, "contradiction"),
        ({"medium": "sms", "content": {"text": "{{ gone }}"}}, 400, "unknown_variable"),
        ({"medium": "smoke", "content": {}}, 400, "unknown_channel"),
    ):
        assert server.refused(status, "POST", "/api/templates/preview", wrong)["code"] == code, wrong


def proves(server: Server) -> None:
    wish = {"saved": "welcome", "person": "bob", "event": {"properties": {"total": 5}}, "to": "me@shop.example"}
    answer = server.got("POST", "/api/templates/test", wish)
    assert (answer["taken"], answer["preview"]["parts"]["subject"]) == (True, "Hi Bob")
    (mail,) = arrived(server, "me@shop.example")
    assert mail["subject"] == "[Test] Hi Bob"
    told = [each["event"] for each in server.got("GET", "/api/people/bob/events")["events"]]
    assert told == ["Identified"], "a test is told nowhere"
    server.got("POST", "/api/suppressions", {"channel": "email", "address": "Gone@shop.example"})
    gone = server.refused(409, "POST", "/api/templates/test", {**wish, "to": "gone@shop.example"})
    assert (gone["code"], gone["path"]) == ("suppressed", "$.to")
    bad = server.refused(400, "POST", "/api/templates/test", {**wish, "to": "no address"})
    assert (bad["code"], bad["path"]) == ("bad_address", "$.to")


def sends(server: Server) -> None:
    wrong = {**CAMPAIGN, "send": {"channel": "email", "template": {"saved": "welcom"}}}
    refused = server.refused(400, "PUT", "/api/campaigns/welcome", wrong)
    assert (refused["code"], refused["path"]) == ("unknown_template", "$.send.template.saved")
    server.got("PUT", "/api/campaigns/welcome", CAMPAIGN)
    assert server.got("GET", "/api/templates/welcome")["used_by"] == ["the campaign 'welcome'"]
    server.took(
        *({"type": "track", "userId": who, "event": "Signed Up", "properties": {"total": 7}} for who in ("ann", "bob"))
    )
    until(lambda: arrived(server, "ann@shop.example") and arrived(server, "bob@shop.example"), "the mails")
    (ann,), (bob,) = arrived(server, "ann@shop.example"), arrived(server, "bob@shop.example")
    assert (ann["subject"], bob["subject"]) == ("Hallo <Änn>", "Hi Bob")
    until(lambda: sent_to(server, "ann"), "what became of it")
    (sent,) = sent_to(server, "ann")
    told = {name: sent["properties"][name] for name in ("saved", "variant", "language")}
    assert told == {"saved": "welcome", "variant": "a", "language": "de"}
    # Which version it is depends on whether a second has passed since the last was saved.
    assert 1 <= sent["properties"]["saved_version"] <= 3


def sent_to(server: Server, person: str) -> list[Any]:
    events = server.got("GET", f"/api/people/{person}/events")["events"]
    return [each for each in events if each["event"] == "Message Sent"]
