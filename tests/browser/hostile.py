"""A workspace in which every name, value and text was written to break the page that shows it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.browser.console import WRITE_KEY

IMAGE = "<img src=x onerror=window.hit=1>"
SCRIPT = '"><script>window.hit=1</script>'
BRACES = "{{7*7}}"
ADDRESS = "javascript:window.hit=1"
BACKWARDS = "\u202etxt.exe"
UNPRINTABLE = "\x01\x1b[31m\x7f\ufffe"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FORMULA = "=cmd|'/C calc'!A0"
HEBREW = "\u05e9\u05dc\u05d5\u05dd"
NAME = f"{IMAGE}{SCRIPT}{BRACES}\U0001f4a3{HEBREW}"
"""Short enough to be the name of anything, and of letters that may stand in one."""
VALUE = f"{NAME}{FAMILY}{BACKWARDS}{UNPRINTABLE}"
"""What only customers send: of any letters there are."""
LONG = "W" * 4_000
"""Four thousand letters without a place to break."""
WORDS = f"{NAME} {ADDRESS} {FORMULA}"
USER = f"{SCRIPT}/..?&#%{BACKWARDS}"
"""Of a person's id."""

GOAL = {"event": NAME, "within_seconds": 3_600}
IS_EVIL = {"type": "trait", "trait": NAME, "operator": "equals", "value": NAME}
DID_EVIL = {
    "type": "did",
    "event": NAME,
    "at_least": 1,
    "where": [{"property": NAME, "operator": "contains", "value": IMAGE}],
}
HTML = f"""<h1 onclick="window.hit=1">{{{{ person.name }}}}</h1>{IMAGE}<script>window.hit=1</script>
<a href="{ADDRESS}">a link</a><iframe src="{ADDRESS}"></iframe><form action="https://elsewhere.example"><input></form>
<img src="https://elsewhere.example/pixel.gif" alt="pixel"><meta http-equiv="refresh" content="0;url={ADDRESS}">
<svg onload="window.hit=1"></svg><style>@import url(https://elsewhere.example/a.css);</style>
<p style="background: url(https://elsewhere.example/b.gif)">styled</p>"""
MAIL = {
    "subject": f"{{{{ person.name }}}} {WORDS}".replace(BRACES, f"{{% raw %}}{BRACES}{{% endraw %}}"),
    "html": HTML,
    "text": "Hello",
}
SEND = {"channel": "email", "template": MAIL}


def _journey() -> dict[str, Any]:
    ways = {"calm": 0.5, "eager": 0.5}
    return {
        "id": "evil",
        "name": NAME,
        "holdout": 0.1,
        "goal": GOAL,
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": NAME, "again": "after_exit", "exits": {"entered": "ways"}},
            "ways": {"type": "split", "shares": ways, "exits": dict.fromkeys(ways, "asked")},
            "asked": {
                "type": "branch",
                "condition": DID_EVIL,
                "exits": {"yes": "mark", "no": "mark", "unknown": "mark"},
            },
            "mark": {
                "type": "update_trait",
                "trait": NAME,
                "change": "set",
                "value": NAME,
                "exits": {"updated": "mail", "unchanged": "mail"},
            },
            "mail": {"type": "send", **SEND, "exits": {"sent": "done", "withheld": "done"}},
            "done": {"type": "exit"},
        },
    }


class Hostile:
    """Fills a workspace by its API; what it refuses is remembered with what it said."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api
        self.refused: list[str] = []

    def put(self, path: str, body: object, *, method: str = "PUT") -> Any:
        """Ask for something to be made."""
        answer = self.api.request(method, path, json=body)
        if answer.is_success:
            return answer.json() if answer.content else None
        self.refused.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return None

    def happen(self) -> None:
        """Events, people and records that are none."""
        evil = {
            NAME: VALUE,
            VALUE: NAME,
            IMAGE: [IMAGE, {SCRIPT: SCRIPT}],
            "url": ADDRESS,
            "name": LONG,
            FORMULA: FORMULA,
        }
        batch: list[dict[str, Any]] = [
            {"type": "identify", "userId": USER, "traits": {**evil, "name": NAME, "email": "evil@shop.example"}},
            {"type": "identify", "userId": LONG[:300], "traits": {"name": LONG, "first_name": UNPRINTABLE}},
            {"type": "identify", "userId": FORMULA, "traits": {"name": FORMULA, "first_name": FAMILY * 40}},
            {"type": "identify", "anonymousId": IMAGE, "traits": {"first_name": BACKWARDS, "last_name": BRACES}},
            {
                "type": "track",
                "userId": USER,
                "event": "Order Completed",
                "properties": {"revenue": 9, "currency": "EUR"},
            },
            {"type": "track", "userId": USER, "event": IMAGE, "properties": {"name": IMAGE}},
            {"type": "track", "userId": FORMULA, "event": FORMULA, "properties": evil},
            {"type": "page", "anonymousId": IMAGE, "name": SCRIPT, "properties": {"url": ADDRESS, "title": IMAGE}},
            {"type": "track", "userId": SCRIPT, "event": NAME, "timestamp": f"never {NAME}", "properties": evil},
            {"type": "track", "userId": IMAGE, "event": LONG, "timestamp": LONG},
        ]
        batch += [{"type": "track", "userId": user, "event": NAME, "properties": evil} for user in (USER, FORMULA) * 4]
        for each in batch:
            each["messageId"] = uuid4().hex
        self.api.post("/v1/batch", json={"batch": batch}, auth=(WRITE_KEY, "")).raise_for_status()

    def analyse(self) -> None:
        """Segments, lists, insights, boards and KPIs."""
        every = {"type": "any", "of": [IS_EVIL, DID_EVIL, {"type": "not", "of": IS_EVIL}]}
        self.put("/api/segments/evil", {"name": NAME, "definition": every, "description": WORDS})
        self.put("/api/segments/evil-live", {"name": NAME, "definition": IS_EVIL, "live": True})
        self.put("/api/lists/evil-list", {"name": NAME, "people": [USER, FORMULA]})
        asked = {"event": {"events": [NAME]}, "period": "day", "when": {"last_days": 30}, "breakdown": {"trait": NAME}}
        self.put("/api/saved-insights/evil", {"name": NAME, "description": WORDS, "kind": "trend", "question": asked})
        rows = {"query": f"SELECT user_id AS `{FORMULA}`, text AS traits FROM people -- {NAME}"}
        self.put("/api/saved-insights/evil-rows", {"name": NAME, "kind": "sql", "question": rows})
        kpi = {
            "id": "evil",
            "name": NAME,
            "kind": "kpi",
            "parent": "all",
            "insight": "trend",
            "question": {"event": NAME, "period": "day"},
            "days": 7,
            "column": "value",
            "target": 1,
        }
        self.put("/api/kpis", {"nodes": [{"id": "all", "name": NAME, "kind": "company"}, kpi]})
        cards = [
            {"type": "insight", "id": "a", "width": 3, "insight": "evil"},
            {"type": "text", "id": "b", "text": f"{WORDS}\n{LONG[:1_500]}"},
            {"type": "insight", "id": "c", "width": 2, "insight": "evil-rows"},
            {"type": "kpi", "id": "d", "kpi": "evil"},
        ]
        self.put("/api/boards/evil", {"name": NAME, "description": WORDS, "segment": "evil", "cards": cards})

    def write(self) -> None:
        """Templates, blocks, items and codes."""
        of = {"name": NAME, "medium": "email", "language": "en", "content": MAIL}
        self.put("/api/templates/evil", {"definition": of})
        text = {"name": NAME, "medium": "sms", "content": {"text": f"{IMAGE} {{{{ person.name }}}} {ADDRESS}"}}
        self.put("/api/templates/evil-text", {"definition": text})
        app = {"name": NAME, "medium": "in_app", "content": {"title": IMAGE, "body": SCRIPT}}
        self.put("/api/templates/evil-app", {"definition": app})
        self.put("/api/blocks/evil", {"definition": {"name": NAME, "html": HTML, "text": IMAGE}})
        items = f'id,name,"{IMAGE}"\n{FORMULA.replace(",", "")},{IMAGE},{ADDRESS}\nlong,{LONG},x\n'
        self._bring("/api/catalogues/evil/import", "items.csv", items)
        self._bring("/api/coupons/EVIL/import", "codes.txt", f"{IMAGE}\n{FORMULA}\n")

    def _bring(self, path: str, name: str, text: str) -> None:
        answer = self.api.post(path, params={"name": name}, content=text.encode())
        if not answer.is_success:
            self.refused.append(f"POST {path}: {answer.status_code} {answer.text[:300]}")

    def decide(self) -> None:
        """Journeys, campaigns and experiments, with messages that went out by them."""
        self.put("/api/journeys/evil", _journey())
        later = {"type": "dates", "at": ["2099-03-20T09:00"], "audience": IS_EVIL}
        self.put(
            "/api/campaigns/evil-later",
            {"id": "evil-later", "name": NAME, "goal": GOAL, "trigger": later, "send": SEND},
        )
        called = {"id": "evil-call", "name": NAME, "goal": GOAL, "trigger": {"type": "api"}, "send": SEND}
        self.put("/api/campaigns/evil-call", called)
        wish = {
            "name": NAME,
            "hypothesis": WORDS,
            "variants": {"a": 0.5, "b": 0.5},
            "goals": [{"event": NAME, "within_seconds": 60}],
            "audience": IS_EVIL,
            "state": "running",
        }
        self.put("/api/experiments/evil-trial", {"definition": wish})
        people = [{"user_id": USER, "properties": {NAME: NAME}}, {"user_id": FORMULA}]
        self.put("/api/campaigns/evil-call/trigger", {"people": people}, method="POST")

    def work(self) -> None:
        """Who works here and what they say to each other; the workspace's own name; keys and addresses."""
        self.put("/api/settings", {"values": {"workspace_name": NAME}})
        for about in ("segment:evil", "journey:evil", "campaign:evil-later", "experiment:evil-trial", "template:evil"):
            self.put("/api/comments", {"about": about, "text": f"{WORDS} @{IMAGE}\n{LONG[:1_500]}"}, method="POST")
        self.put("/api/drafts/segment/evil", {"definition": {"name": NAME}, "based_on": 1, "revision": 0})
        self.put("/api/suppressions", {"channel": "email", "address": f'"{IMAGE}"@x.example'}, method="POST")
        self.put("/api/keys", {"name": "evil", "kind": "api", "scopes": ["read"]}, method="POST")


def fill(api: httpx.Client) -> list[str]:
    """Fill the workspace; gives what was refused, each with the answer."""
    hostile = Hostile(api)
    for act in (hostile.happen, hostile.analyse, hostile.write, hostile.decide, hostile.work):
        act()
    return hostile.refused
