"""Who changed what, a second person's word, comments, drafts and presence: over the API, in one process."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Message

from holdfast.flows.accounts.caller import COMMAND_LINE, Caller
from holdfast.flows.accounts.permissions import EVERYTHING, OF_A_KEY, permissions_of
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.carry_teamwork import carry_teamwork
from holdfast.http import app as http
from holdfast.http.deeds import ACTS, ASKS
from holdfast.http.examples import BODIES
from holdfast.ports.accounts import Account
from holdfast.ports.teamwork import Approval, AuditEntry, Comment, Draft
from holdfast.settings import Settings
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.tables import Tables
from holdfast.testing import FakeClock, MemoryState
from holdfast.wiring import Application, assemble

ANN = Caller(kind="account", name="Ann", by="ann@shop.example", permissions=permissions_of("marketer"))
BEN = Caller(kind="account", name="Ben", by="ben@shop.example", permissions=EVERYTHING)
CAT = Caller(kind="account", name="Cat", by="cat@shop.example", permissions=permissions_of("viewer"))
CAT_WHO_WRITES = replace(CAT, permissions=permissions_of("marketer"))
KEY = Caller(kind="key", name="shop", by="shop", permissions=OF_A_KEY)
SEEN = {"type": "did", "event": "Seen", "at_least": 1}
SEGMENT = {"name": "Seen", "definition": SEEN}
JOURNEY: dict[str, Any] = {
    "name": "Cart",
    "holdout": 0.1,
    "goal": {"event": "Bought", "within_seconds": 3600},
    "start": "start",
    "steps": {
        "start": {"type": "trigger", "event": "Left", "again": "after_exit", "exits": {"entered": "end"}},
        "end": {"type": "exit"},
    },
}
CAMPAIGN = {key: each for key, each in BODIES["PUT", "/api/campaigns/{decision_id}"].items() if key != "id"}  # type: ignore[attr-defined]
EXPERIMENT = {
    "definition": {"name": "Button", "variants": {"a": 0.5, "b": 0.5}, "goals": [{"event": "A", "within_seconds": 60}]}
}
TWO = {"rule": "second_person"}


class Answer(SimpleNamespace):
    """A reply: its status, and its body as JSON or text."""

    status: int
    json: Any
    text: str


class Office:
    """The API in this process, with whoever asks."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self._runner = asyncio.Runner()
        self.clock, self.state = FakeClock(), MemoryState()
        self.app: Application = self._runner.run(
            assemble(
                Settings.load(directory, {}, settings, working_dir=directory),
                clock=self.clock,
                log=MemoryLog(),
                state=self.state,
                history=MemoryHistory(),
                mail=None,
            )
        )
        self._api: ASGIApp = http.make_http(self.app)

    def ask(self, by: Caller, method: str, path: str, body: object = None, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        scope = _scope(by, method, path, headers)
        return self._runner.run(_asked(self._api, scope, raw))

    def did(self, by: Caller, method: str, path: str, body: object = None, **headers: str) -> Any:
        answer = self.ask(by, method, path, body, **headers)
        assert answer.status in {200, 201, 202, 204}, (path, answer.text)
        return answer.json

    def entries(self, **query: str) -> list[dict[str, Any]]:
        """The audit log, oldest first."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return list(reversed(self.did(BEN, "GET", f"/api/audit?limit=500&{asked}")["entries"]))

    def actions(self) -> list[str]:
        return [each["action"] for each in self.entries()]

    def hire(self, *callers: Caller) -> None:
        """They have accounts here."""

        async def put() -> None:
            async with self.state.begin() as transaction:
                for each in callers:
                    account = Account(
                        id=each.by, email=each.by, name=each.name, role="viewer", state="active", created_ms=1
                    )
                    await transaction.put_account(account)

        self._runner.run(put())

    def clear(self) -> None:
        self.state._committed = Tables()

    def close(self) -> None:
        self._runner.run(self.app.close())
        self._runner.close()


def _scope(by: Caller, method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
    target, _, query = path.partition("?")
    said = {"host": "there.example", "content-type": "application/json", "authorization": "Bearer -", **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()],
        "server": ("there.example", 80),
        "client": ("192.0.2.7", 1),
        "state": {"caller": by},
    }


async def _asked(api: ASGIApp, scope: dict[str, Any], body: bytes) -> Answer:
    status, given, parts = 0, False, []

    async def receive() -> Message:
        nonlocal given
        if given:
            await asyncio.Event().wait()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await api(scope, receive, send)
    text = b"".join(parts).decode()
    return Answer(status=status, text=text, json=json.loads(text) if text[:1] in ("{", "[") else None)


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    opened = Office(tmp_path_factory.mktemp("office"))
    yield opened
    opened.close()


@pytest.fixture
def office(building: Office) -> Office:
    """Nothing has happened in it yet: to empty it takes no time, to build it does."""
    building.clear()
    return building


def calls(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every call that may change something."""
    made: list[FastAPI] = []

    class Noted(FastAPI):
        def setup(self) -> None:
            made.append(self)
            super().setup()

    monkeypatch.setattr(http, "FastAPI", Noted)
    parts = SimpleNamespace(
        **dict.fromkeys(("collector", "receiver", "preferences", "arrivals", "clock", "state")),
        settings=Settings(),
        access=SimpleNamespace(source_of=None),
        mailbox=object(),
    )
    http.make_http(cast("Application", parts))
    return {
        f"{method} {each.path}"
        for each in iter_route_contexts(made[0].routes)
        for method in each.methods or ()
        if method not in {"GET", "HEAD", "OPTIONS"} and (each.path or "").startswith(("/api/", "/session"))
    }


def test_every_call_says_what_it_does_or_that_it_only_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    there = calls(monkeypatch)
    declared = ACTS.keys() | ASKS.keys()
    assert ACTS.keys() & ASKS.keys() == set()
    assert there - declared == set(), "say in http/deeds.py what these do"
    assert declared - there == set(), "these are not there any more"


LEAVES: list[tuple[str, str, object]] = [
    ("PUT /api/segments/{segment_id}", "/api/segments/seen", SEGMENT),
    ("POST /api/segments/{segment_id}/restore", "/api/segments/seen/restore", {"version": 1}),
    ("POST /api/segments/apply", "/api/segments/apply", {"segments": [{"id": "other", **SEGMENT}]}),
    ("DELETE /api/segments/{segment_id}", "/api/segments/other", None),
    ("PUT /api/lists/{list_id}", "/api/lists/vips", {"name": "VIPs", "people": ["ann"]}),
    ("POST /api/lists/{list_id}/people", "/api/lists/vips/people", {"add": ["ben"]}),
    ("DELETE /api/lists/{list_id}", "/api/lists/vips", None),
    ("PUT /api/journeys/{decision_id}", "/api/journeys/cart", JOURNEY),
    ("POST /api/journeys/{decision_id}/{verb}", "/api/journeys/cart/pause", None),
    ("POST /api/journeys/apply", "/api/journeys/apply", {"journeys": [{"kind": "journey", "id": "b", **JOURNEY}]}),
    ("PUT /api/campaigns/{decision_id}", "/api/campaigns/spring", CAMPAIGN),
    ("POST /api/campaigns/{decision_id}/{verb}", "/api/campaigns/spring/stop", None),
    ("PUT /api/templates/{saved_id}", "/api/templates/hi", BODIES["PUT", "/api/templates/{saved_id}"]),
    ("POST /api/templates/{saved_id}/restore", "/api/templates/hi/restore", {"version": 1}),
    ("DELETE /api/templates/{saved_id}", "/api/templates/hi", None),
    ("PUT /api/blocks/{saved_id}", "/api/blocks/foot", BODIES["PUT", "/api/blocks/{saved_id}"]),
    ("POST /api/blocks/{saved_id}/restore", "/api/blocks/foot/restore", {"version": 1}),
    ("DELETE /api/blocks/{saved_id}", "/api/blocks/foot", None),
    ("PUT /api/experiments/{experiment_id}", "/api/experiments/button", EXPERIMENT),
    (
        "PUT /api/experiments/{experiment_id}",
        "/api/experiments/button",
        {"definition": {**EXPERIMENT["definition"], "state": "running"}},
    ),
    ("POST /api/experiments/{experiment_id}/winner", "/api/experiments/button/winner", {"variant": "b"}),
    ("POST /api/experiments/{experiment_id}/stop", "/api/experiments/button/stop", None),
    ("POST /api/catalogues/{catalogue}/import", "/api/catalogues/items/import?name=a.csv", b"id,price\n1,2\n"),
    ("DELETE /api/catalogues/{catalogue}", "/api/catalogues/items", None),
    ("POST /api/coupons/{pool}/import", "/api/coupons/ten/import?name=a.txt", b"A1\nA2\n"),
    ("DELETE /api/coupons/{pool}", "/api/coupons/ten", None),
    ("PUT /api/kpis", "/api/kpis", BODIES["PUT", "/api/kpis"]),
    ("POST /api/keys", "/api/keys", {"name": "other", "kind": "write"}),
    ("DELETE /api/keys/{name}", "/api/keys/other", None),
    ("PUT /api/connections/{name}", "/api/connections/relay", BODIES["PUT", "/api/connections/{name}"]),
    ("POST /api/connections/reseal", "/api/connections/reseal", {}),
    ("DELETE /api/connections/{name}", "/api/connections/relay", None),
    ("POST /api/suppressions", "/api/suppressions", {"channel": "email", "address": "a@there.example"}),
    ("POST /api/suppressions/lift", "/api/suppressions/lift", {"channel": "email", "address": "a@there.example"}),
    ("POST /api/errors/replay", "/api/errors/replay", {"all": True}),
    ("POST /api/dead-letters/replay", "/api/dead-letters/replay", {"all": True}),
    ("POST /api/dead-letters/drop", "/api/dead-letters/drop", {"all": True}),
    ("POST /api/comments", "/api/comments", {"about": "segment:seen", "text": "Look"}),
    ("PUT /api/comments/{comment_id}", "/api/comments/1", {"resolved": True}),
    ("DELETE /api/comments/{comment_id}", "/api/comments/1", None),
    ("PUT /api/approvals/rule", "/api/approvals/rule", {"rule": "none"}),
]
"""Calls that change something, made one after the other; and with what."""


def test_every_change_leaves_one_entry_that_says_who_and_what(office: Office) -> None:
    for before, (call, path, body) in enumerate(LEAVES):
        method = call.partition(" ")[0]
        office.did(BEN, method, path, body)
        entries = office.entries()
        assert len(entries) == before + 1, (call, [each["action"] for each in entries[before:]])
        last = entries[-1]
        assert last["by"] == {"id": BEN.by, "name": "Ben", "kind": "account"}
        assert last["source"] == "192.0.2.7"
        assert last["action"].startswith(ACTS[call].kind + "."), call
        assert last["about"]["kind"] == ACTS[call].kind
        assert "{" not in last["action"]
        assert bool(last["about"]["id"]) == bool(ACTS[call].about), call


def test_what_only_asks_and_what_fails_leaves_none(office: Office) -> None:
    office.did(BEN, "PUT", "/api/segments/seen", SEGMENT)
    office.did(BEN, "PUT", "/api/segments/seen?dry_run=true", {**SEGMENT, "name": "Else"})
    office.did(BEN, "POST", "/api/segments/apply", {"segments": [{"id": "b", **SEGMENT}], "dry_run": True})
    office.did(BEN, "POST", "/api/segments/count", {"definition": SEEN})
    office.did(BEN, "PUT", "/api/drafts/segment/seen", {"definition": {}})
    office.did(BEN, "POST", "/api/presence", {"about": "segment:seen"})
    office.did(BEN, "GET", "/api/segments")
    assert office.ask(BEN, "PUT", "/api/segments/seen", {"name": "", "definition": {"type": "what"}}).status == 400
    assert office.ask(BEN, "DELETE", "/api/segments/nothing").status == 404
    assert office.ask(CAT, "PUT", "/api/segments/seen", SEGMENT).status == 403
    assert office.ask(BEN, "POST", "/api/journeys/nothing/pause").status == 404
    assert office.actions() == ["segment.saved"]


def test_an_entry_tells_what_differs_and_no_secret(office: Office) -> None:
    office.did(ANN, "PUT", "/api/segments/seen", SEGMENT)
    office.did(KEY, "PUT", "/api/segments/seen", {**SEGMENT, "definition": {**SEEN, "at_least": 2}})
    changed = office.entries()[-1]
    assert changed["changes"] == [{"path": "$.definition.at_least", "before": 1, "after": 2}]
    assert (changed["by"]["kind"], changed["about"]["name"]) == ("key", "Seen")
    relay = {"sender": "a@there.example", "host": "relay.example", "user": "me", "password": "swordfish"}
    office.did(BEN, "PUT", "/api/connections/relay", {"provider": "email_smtp", "settings": relay})
    office.did(
        BEN, "PUT", "/api/connections/relay", {"provider": "email_smtp", "settings": {**relay, "password": "hunter2"}}
    )
    saved, again = office.entries()[-2:]
    assert "relay.example" in json.dumps(saved["changes"])
    assert [each["path"] for each in again["changes"]] == ["$.sealed"], "that it changed is told, not to what"
    made = office.did(BEN, "POST", "/api/keys", {"name": "new", "kind": "api"})
    exported = office.ask(BEN, "GET", "/api/audit/export").text
    assert "swordfish" not in exported
    assert "hunter2" not in exported
    assert made["key"] not in exported


def test_the_log_is_found_by_who_what_and_when_and_exported_whole(office: Office) -> None:
    office.did(ANN, "PUT", "/api/segments/a", SEGMENT)
    office.did(BEN, "PUT", "/api/segments/b", {**SEGMENT, "name": "=cmd()"})
    office.did(BEN, "PUT", "/api/journeys/a", JOURNEY)
    assert [each["about"]["id"] for each in office.entries(who=BEN.by)] == ["b", "a"]
    assert [each["by"]["id"] for each in office.entries(kind="segment")] == [ANN.by, BEN.by]
    assert [each["by"]["id"] for each in office.entries(kind="segment", about="a")] == [ANN.by]
    assert office.entries(since="2199-01-01") == []
    assert len(office.entries(until="2199-01-01")) == 3
    assert office.ask(BEN, "GET", "/api/audit?about=a").status == 400
    assert office.ask(BEN, "GET", "/api/audit?since=soon").status == 400
    assert office.ask(ANN, "GET", "/api/audit").status == 403
    page = office.did(BEN, "GET", "/api/audit?limit=2")
    assert [each["id"] for each in page["entries"]] == [3, 2]
    assert [each["id"] for each in office.did(BEN, "GET", f"/api/audit?before={page['next']}")["entries"]] == [1]
    rows = list(csv.DictReader(io.StringIO(office.ask(BEN, "GET", "/api/audit/export?kind=segment").text)))
    assert [(each["who"], each["about"]) for each in rows] == [(BEN.by, "b"), (ANN.by, "a")]
    assert rows[0]["name"] == "'=cmd()", "no spreadsheet takes a name for a formula"


def test_campaigns_published_together_and_what_is_pruned_are_told_as_what_they_are(office: Office) -> None:
    both = [{"kind": "journey", "id": "j", **JOURNEY}, {"kind": "campaign", "id": "c", **CAMPAIGN}]
    office.did(BEN, "POST", "/api/journeys/apply", {"journeys": both})
    assert sorted(office.actions()) == ["campaign.published", "journey.published"]
    office.did(BEN, "POST", "/api/journeys/apply", {"journeys": [both[0], {**both[1], "name": "Other"}]})
    assert [each["about"]["id"] for each in office.entries()[2:]] == ["c"], "one of them changed"
    office.did(BEN, "PUT", "/api/segments/gone", SEGMENT)
    office.did(BEN, "POST", "/api/segments/apply", {"segments": [{"id": "kept", **SEGMENT}], "prune": True})
    assert {(each["action"], each["about"]["id"]) for each in office.entries()[-2:]} == {
        ("segment.saved", "kept"),
        ("segment.deleted", "gone"),
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/segments/a", SEGMENT),
        ("/api/journeys/a", JOURNEY),
        ("/api/campaigns/a", CAMPAIGN),
        ("/api/templates/a", BODIES["PUT", "/api/templates/{saved_id}"]),
        ("/api/blocks/a", BODIES["PUT", "/api/blocks/{saved_id}"]),
        ("/api/experiments/a", EXPERIMENT),
    ],
)
def test_nobody_saves_over_what_they_have_not_read(office: Office, path: str, body: dict[str, Any]) -> None:
    def named(name: str) -> dict[str, Any]:
        return (
            {**body, "definition": {**body["definition"], "name": name}}
            if "definition" in body and "name" not in body
            else {**body, "name": name}
        )

    office.did(ANN, "PUT", path, {**named("One"), "based_on": 0})
    office.did(ANN, "PUT", path, {**named("Two"), "based_on": 1})
    late = office.ask(BEN, "PUT", path, {**named("Three"), "based_on": 1})
    assert (late.status, late.json["error"]["code"], late.json["error"]["by"]) == (409, "moved_on", ANN.by)
    assert late.json["error"]["version"] == 2
    late = office.ask(BEN, "PUT", path, named("Three"), if_match='"1"')
    assert (late.status, late.json["error"]["code"]) == (409, "moved_on")
    assert office.ask(BEN, "PUT", path, {**named("Three"), "based_on": 0}).status == 409
    office.did(BEN, "PUT", path, named("Three"), if_match='W/"2"')
    office.did(BEN, "PUT", path, named("Four"))  # Whoever says nothing is held to nothing.
    assert office.ask(BEN, "PUT", path, {**named("Five"), "based_on": "4"}).status == 400
    assert office.ask(BEN, "PUT", path, named("Five"), if_match="abc").status == 400
    assert len(office.entries()) == 4


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/journeys/rescue", JOURNEY),
        ("/api/segments/gold", SEGMENT),
        ("/api/templates/a", BODIES["PUT", "/api/templates/{saved_id}"]),
    ],
)
def test_whoever_says_again_what_stands_there_is_not_refused(office: Office, path: str, body: dict[str, Any]) -> None:
    first = office.did(ANN, "PUT", path, {**body, "based_on": 0})
    # The answer got lost on the way, or they pressed twice.
    again = office.did(ANN, "PUT", path, {**body, "based_on": 0})
    assert again["version"] == first["version"] == 1


def standing(office: Office) -> list[tuple[object, ...]]:
    """What there is, and how it stands."""
    return [
        (each["id"], each["name"], each["version"], each["state"])
        for kind in ("journeys", "campaigns", "experiments")
        for each in office.did(BEN, "GET", f"/api/{kind}")[kind]
    ]


CONTACTING: list[tuple[str, str, object]] = [
    ("PUT", "/api/journeys/cart", {**JOURNEY, "name": "Changed"}),
    ("PUT", "/api/campaigns/spring", {**CAMPAIGN, "name": "Changed"}),
    ("POST", "/api/journeys/cart/resume", None),
    ("POST", "/api/journeys/apply", {"journeys": [{"kind": "journey", "id": "new", **JOURNEY}]}),
    ("PUT", "/api/experiments/button", {"definition": {**EXPERIMENT["definition"], "state": "running"}}),
    ("POST", "/api/experiments/going/winner", {"variant": "b"}),
]


@pytest.mark.parametrize(("method", "path", "body"), CONTACTING)
def test_what_contacts_people_waits_for_another_person_and_is_done_once(
    office: Office, method: str, path: str, body: object
) -> None:
    office.did(ANN, "PUT", "/api/journeys/cart", JOURNEY)
    office.did(ANN, "POST", "/api/journeys/cart/pause")
    office.did(ANN, "PUT", "/api/campaigns/spring", CAMPAIGN)
    office.did(ANN, "PUT", "/api/experiments/button", EXPERIMENT)
    office.did(ANN, "PUT", "/api/experiments/going", {"definition": {**EXPERIMENT["definition"], "state": "running"}})
    office.did(BEN, "PUT", "/api/approvals/rule", TWO)
    before = standing(office)
    asked = office.ask(ANN, method, path, body)
    assert asked.status == 202
    approval = asked.json["approval"]
    assert (approval["state"], approval["by"], approval["id"]) == ("waiting", ANN.by, 1)
    assert approval["changes"]
    assert standing(office) == before, "nothing was done yet"
    assert office.actions()[-1] == "approval.asked"
    count = len(office.entries())
    done = office.did(BEN, "POST", "/api/approvals/1", {"say": "approve", "words": "Go"})
    assert (done["state"], done["decided_by"], done["words"]) == ("approved", BEN.by, "Go")
    assert standing(office) != before
    made, agreed = office.entries()[count:]
    assert (made["by"]["id"], agreed["by"]["id"], agreed["action"]) == (ANN.by, BEN.by, "approval.approved")
    assert {"path": "approved_by", "before": None, "after": BEN.by} in made["changes"]
    again = office.ask(BEN, "POST", "/api/approvals/1", {"say": "approve"})
    assert (again.status, again.json["error"]["code"]) == (409, "decided")
    assert len(office.entries()) == count + 2


def test_a_call_for_the_whole_audience_waits_and_one_for_somebody_does_not(office: Office) -> None:
    body = {**CAMPAIGN, "trigger": {"type": "api", "whole_audience": True, "audience": SEEN}}
    office.did(ANN, "PUT", "/api/campaigns/news", body)
    office.did(BEN, "PUT", "/api/approvals/rule", TWO)
    count = len(office.entries())
    office.did(KEY, "POST", "/api/campaigns/news/trigger", {"people": [{"user_id": "zoe"}]})
    assert len(office.entries()) == count, "programs do so as things happen; the runs tell of it"
    asked = office.ask(KEY, "POST", "/api/campaigns/news/trigger", {"idempotency_key": "k"})
    assert asked.status == 202
    assert office.did(BEN, "GET", "/api/campaigns/news/runs")["runs"] == []
    office.did(BEN, "POST", "/api/approvals/1", {"say": "approve"})
    assert [each["key"] for each in office.did(BEN, "GET", "/api/campaigns/news/runs")["runs"]] == ["k"]


def test_who_may_decide_on_it(office: Office) -> None:
    office.did(BEN, "PUT", "/api/approvals/rule", TWO)
    office.did(BEN, "PUT", "/api/journeys/cart", JOURNEY)
    own = office.ask(BEN, "POST", "/api/approvals/1", {"say": "approve"})
    assert (own.status, own.json["error"]["code"]) == (403, "own_request")
    for caller in (ANN, CAT, KEY):
        refused = office.ask(caller, "POST", "/api/approvals/1", {"say": "approve"})
        assert (refused.status, refused.json["error"]["needs"]) == (403, "approve")
        assert office.ask(caller, "POST", "/api/approvals/1", {"say": "withdraw"}).status == 403
    assert office.did(CAT, "GET", "/api/approvals")["waiting"] == 1
    office.did(BEN, "POST", "/api/approvals/1", {"say": "withdraw"})
    assert office.did(CAT, "GET", "/api/approvals?state=withdrawn")["approvals"][0]["decided_by"] == BEN.by
    office.did(ANN, "PUT", "/api/journeys/cart", JOURNEY)
    office.did(BEN, "POST", "/api/approvals/2", {"say": "refuse", "words": "Not now"})
    assert office.ask(BEN, "GET", "/api/journeys/cart").status == 404
    assert office.did(CAT, "GET", "/api/approvals")["waiting"] == 0
    assert office.actions()[-1] == "approval.refused"


def test_what_cannot_be_is_refused_at_once_and_the_same_asked_anew_takes_its_place(office: Office) -> None:
    office.did(BEN, "PUT", "/api/approvals/rule", TWO)
    assert office.ask(ANN, "PUT", "/api/journeys/cart", {**JOURNEY, "start": "nowhere"}).status == 400
    assert office.ask(ANN, "POST", "/api/journeys/cart/resume").status == 404
    assert office.did(BEN, "GET", "/api/approvals")["approvals"] == []
    office.did(ANN, "PUT", "/api/journeys/cart", JOURNEY)
    office.did(ANN, "PUT", "/api/journeys/cart", {**JOURNEY, "name": "Better"})
    office.did(KEY, "PUT", "/api/journeys/cart", JOURNEY)
    states = {each["id"]: each["state"] for each in office.did(BEN, "GET", "/api/approvals")["approvals"]}
    assert states == {1: "withdrawn", 2: "waiting", 3: "waiting"}
    office.did(BEN, "POST", "/api/approvals/2", {"say": "approve"})
    assert office.did(BEN, "GET", "/api/journeys/cart")["name"] == "Better"
    # The other was asked of a journey that was not there; by now it is.
    late = office.ask(BEN, "POST", "/api/approvals/3", {"say": "approve"})
    assert (late.status, late.json["error"]["code"]) == (409, "overtaken")
    assert office.did(BEN, "GET", "/api/approvals/3")["state"] == "overtaken"
    assert office.did(BEN, "GET", "/api/journeys/cart")["name"] == "Better"


def test_a_draft_that_was_asked_for_is_gone_once_it_is_published_and_one_written_on_since_stays(office: Office) -> None:
    path = "/api/drafts/journey/cart"
    office.did(BEN, "PUT", "/api/approvals/rule", TWO)
    kept = office.did(ANN, "PUT", path, {"definition": JOURNEY})
    office.clock.advance(seconds=1)
    office.did(ANN, "PUT", "/api/journeys/cart", JOURNEY)
    office.did(BEN, "POST", "/api/approvals/1", {"say": "approve"})
    assert office.did(ANN, "GET", "/api/drafts")["drafts"] == []
    office.did(ANN, "PUT", "/api/journeys/cart", {**JOURNEY, "name": "Better"})
    office.clock.advance(seconds=1)
    later = office.did(ANN, "PUT", path, {"definition": {**JOURNEY, "name": "Better still"}})
    office.did(BEN, "POST", "/api/approvals/2", {"say": "approve"})
    assert [each["revision"] for each in office.did(ANN, "GET", "/api/drafts")["drafts"]] == [later["revision"]]
    assert later["revision"] > kept["revision"]
    # Another's draft of the same thing is theirs.
    office.did(ANN, "DELETE", path)
    office.did(CAT_WHO_WRITES, "PUT", path, {"definition": {"name": "Theirs"}})
    office.clock.advance(seconds=1)
    office.did(ANN, "PUT", "/api/journeys/cart", {**JOURNEY, "name": "Best"})
    office.did(BEN, "POST", "/api/approvals/3", {"say": "approve"})
    assert [each["by"] for each in office.did(ANN, "GET", "/api/drafts")["drafts"]] == [CAT.by]


def test_what_waited_for_two_weeks_has_expired(office: Office) -> None:
    office.did(BEN, "PUT", "/api/approvals/rule", TWO)
    office.did(ANN, "PUT", "/api/journeys/cart", JOURNEY)
    office.clock.advance(days=14)
    late = office.ask(BEN, "POST", "/api/approvals/1", {"say": "approve"})
    assert (late.status, late.json["error"]["code"]) == (409, "decided")
    page = office.did(BEN, "GET", "/api/approvals")
    assert (page["approvals"][0]["state"], page["waiting"]) == ("expired", 0)


def test_the_settings_of_the_server_can_ask_for_a_second_person(tmp_path: Path) -> None:
    office = Office(tmp_path, approval="second_person")
    try:
        assert office.did(BEN, "GET", "/api/approvals/rule") == {"rule": "second_person", "fixed": True}
        assert office.ask(BEN, "PUT", "/api/approvals/rule", {"rule": "none"}).status == 409
        assert office.ask(COMMAND_LINE, "PUT", "/api/journeys/cart", JOURNEY).status == 202
    finally:
        office.close()


def test_who_may_change_the_rule(office: Office) -> None:
    for caller in (ANN, CAT, KEY):
        assert office.ask(caller, "PUT", "/api/approvals/rule", TWO).status == 403


def test_comments_are_said_answered_and_settled(office: Office) -> None:
    office.did(BEN, "PUT", "/api/segments/seen", SEGMENT)
    about = "segment:seen"
    first = office.did(ANN, "POST", "/api/comments", {"about": about, "text": " Is this right, @ben@shop.example? "})
    assert (first["text"], first["mentions"], first["own"]) == (
        "Is this right, @ben@shop.example?",
        ["ben@shop.example"],
        True,
    )
    office.did(CAT, "POST", "/api/comments", {"about": about, "text": "<img src=x onerror=alert(1)>"})
    told = office.did(BEN, "GET", f"/api/comments?about={about}")["comments"]
    assert [(each["by_name"], each["own"]) for each in told] == [("Ann", False), ("Cat", False)]
    assert office.ask(BEN, "PUT", "/api/comments/1", {"text": "Mine now"}).status == 403
    assert office.ask(BEN, "DELETE", "/api/comments/1").status == 403
    settled = office.did(BEN, "PUT", "/api/comments/1", {"resolved": True})
    assert settled["resolved_by"] == BEN.by
    assert office.did(BEN, "PUT", "/api/comments/1", {"resolved": False})["resolved_at"] is None
    assert office.did(ANN, "PUT", "/api/comments/1", {"text": "Never mind"})["edited_at"] is not None
    office.did(ANN, "DELETE", "/api/comments/1")
    assert len(office.did(BEN, "GET", f"/api/comments?about={about}")["comments"]) == 1
    for bad in ({"about": "segment:none", "text": "x"}, {"about": about, "text": " "}, {"about": "seen", "text": "x"}):
        assert office.ask(BEN, "POST", "/api/comments", bad).status in {400, 404}
    assert office.ask(BEN, "POST", "/api/comments", {"about": about, "text": "x" * 4_001}).status == 413


def test_whom_a_comment_turns_to_finds_it_until_they_have_read_it(office: Office) -> None:
    office.hire(ANN, BEN, CAT)
    office.did(BEN, "PUT", "/api/segments/seen", SEGMENT)
    about = "segment:seen"
    first = office.did(
        ANN, "POST", "/api/comments", {"about": about, "text": f"@{BEN.by} @{ANN.by} @nobody@shop.example: is it?"}
    )
    office.did(CAT, "POST", "/api/comments", {"about": about, "text": f"Look, @{BEN.by.upper()}"})

    def told(to: Caller) -> list[tuple[str, str, str]]:
        found = office.did(to, "GET", "/api/mentions")["mentions"]
        assert office.did(to, "GET", "/api/approvals")["mentions"] == len(found)
        return [(each["by"], each["about"], each["name"]) for each in found]

    assert told(BEN) == [(CAT.by, about, "Seen"), (ANN.by, about, "Seen")]
    assert told(ANN) == [], "nobody turns to themselves"
    # What it says of them is told to them alone; what is read by another is not read by them.
    office.did(CAT, "DELETE", f"/api/mentions/{first['id']}")
    assert len(told(BEN)) == 2
    office.did(BEN, "DELETE", f"/api/mentions/{first['id']}")
    assert told(BEN) == [(CAT.by, about, "Seen")]
    # Said differently it turns to somebody else; what was read stays read.
    office.did(ANN, "PUT", f"/api/comments/{first['id']}", {"text": f"@{BEN.by} @{CAT.by}: is it not?"})
    assert told(BEN) == [(CAT.by, about, "Seen")]
    assert told(CAT) == [(ANN.by, about, "Seen")]
    office.did(ANN, "PUT", f"/api/comments/{first['id']}", {"text": "Never mind"})
    assert told(CAT) == []
    office.did(BEN, "PUT", "/api/comments/2", {"resolved": True})
    assert told(BEN) == []
    assert office.ask(BEN, "DELETE", "/api/mentions/99").status == 204
    assert office.actions() == ["segment.saved", *["comment.said"] * 2, *["comment.changed"] * 3]


def test_two_people_never_overwrite_each_others_draft(office: Office) -> None:
    path = "/api/drafts/journey/cart"
    assert office.ask(ANN, "GET", path).status == 404
    first = office.did(ANN, "PUT", path, {"definition": {"name": "A"}, "based_on": 0, "revision": 0})
    second = office.did(ANN, "PUT", path, {"definition": {"name": "AB"}, "revision": first["revision"]})
    assert second["revision"] > first["revision"]
    late = office.ask(BEN, "PUT", path, {"definition": {"name": "B"}, "revision": first["revision"]})
    error = late.json["error"]
    assert (late.status, error["code"], error["by"]) == (409, "draft_moved_on", ANN.by)
    assert error["draft"]["definition"] == {"name": "AB"}
    assert office.ask(BEN, "DELETE", f"{path}?revision={first['revision']}").status == 409
    kept = office.did(BEN, "PUT", path, {"definition": {"name": "B"}, "revision": error["draft"]["revision"]})
    assert office.did(BEN, "PUT", path, {"definition": {"name": "B"}, "revision": kept["revision"]}) == kept
    assert [each["by"] for each in office.did(CAT, "GET", "/api/drafts")["drafts"]] == [BEN.by]
    assert [each["name"] for each in office.did(CAT, "GET", "/api/drafts")["drafts"]] == ["B"]
    assert office.ask(CAT, "PUT", path, {"definition": {}}).status == 403
    office.did(ANN, "DELETE", path)
    office.did(ANN, "DELETE", path)
    gone = office.ask(BEN, "PUT", path, {"definition": {}, "revision": kept["revision"]})
    assert (gone.status, gone.json["error"]["draft"]) == (409, None)
    office.clock.advance(seconds=1)
    anew = office.did(BEN, "PUT", path, {"definition": {}, "revision": 0})
    assert anew["revision"] > kept["revision"], "no revision comes twice"


@pytest.mark.parametrize("definition", [{}, {"name": 7}, {"name": ["x"]}, {"name": None}, {"x" * 300: 1}])
def test_a_draft_that_says_no_name_has_none_in_the_list(office: Office, definition: dict[str, object]) -> None:
    office.did(ANN, "PUT", "/api/drafts/journey/cart", {"definition": definition})
    assert [(each["id"], each["name"]) for each in office.did(CAT, "GET", "/api/drafts")["drafts"]] == [("cart", "")]


def test_people_see_who_else_has_the_same_thing_open(office: Office) -> None:
    about = {"about": "journey:cart"}
    assert office.did(ANN, "POST", "/api/presence", about)["others"] == []
    (other,) = office.did(BEN, "POST", "/api/presence", about)["others"]
    assert (other["name"], other["email"]) == ("Ann", ANN.by)
    assert office.did(BEN, "POST", "/api/presence", {"about": "journey:other"})["others"] == []
    office.did(ANN, "DELETE", "/api/presence?about=journey:cart")
    assert office.did(CAT, "POST", "/api/presence", about)["others"][0]["email"] == BEN.by
    office.clock.advance(minutes=1)
    assert office.did(ANN, "POST", "/api/presence", about)["others"] == []


def test_who_is_erased_is_named_by_no_entry(office: Office) -> None:
    office.did(BEN, "PUT", "/api/lists/all", {"name": "All", "people": ["zoe", "zoe-2", "yan", "yan-2"]})
    for name in ("zoe", "yan"):
        office.did(BEN, "POST", "/api/people/merge", {"first": name, "second": f"{name}-2"})
    office.did(BEN, "PUT", "/api/people/zoe-2/consent", {"channel": "email", "topic": "zoe-topic", "granted": False})
    office.did(BEN, "POST", "/api/erasures", {"person": "zoe"})
    entries = office.entries()
    assert [(each["action"], each["about"]["id"]) for each in entries[1:]] == [
        ("person.merged", ""),
        ("person.merged", "yan"),
        ("person.consent_changed", ""),
        ("erasure.requested", ""),
    ]
    assert "zoe" not in json.dumps(entries)


async def test_all_of_it_is_carried_to_a_state_made_anew(building: Office) -> None:
    building.clear()
    state, other = building.state, MemoryState()
    entry = AuditEntry(at_ms=1, by="ann", action="journey.published", kind="journey", about="cart", changes=b"[]")
    async with state.begin() as transaction:
        for each in range(3):
            await transaction.add_audit(replace(entry, at_ms=each))
            said = Comment(kind="journey", about="cart", by="ann", at_ms=each, text="x")
            await transaction.put_comment(said)
        await transaction.drop_comment(2)
        await transaction.put_mention("ben", 3)
        asked = Approval(action="a", kind="journey", about="cart", by="ann", asked_ms=1, request=b"{}", before="")
        await transaction.put_approval(asked)
        await transaction.put_draft(
            Draft(kind="journey", about="cart", definition=b"{}", based_on=1, revision=9, by="ann", updated_ms=3)
        )
    tables = ("audit entries", "approvals", "comments", "mentions", "drafts")
    found = await compare_states(state, other)
    assert [found[each].missing for each in tables] == [3, 1, 2, 2, 1]
    async with state.view() as view, other.begin() as transaction:
        carried = await carry_teamwork(view, transaction)
    assert carried == {
        "audit entries": 3,
        "approvals": 1,
        "comments": 2,
        "drafts": 1,
        "saved insights and boards": 0,
        "meanings": 0,
        "shared links": 0,
    }
    found = await compare_states(state, other)
    assert all(found[each].same for each in tables)


def test_the_name_a_caller_goes_by_is_the_one_it_had_then(office: Office) -> None:
    office.did(ANN, "PUT", "/api/segments/seen", SEGMENT)
    office.did(replace(ANN, name="Ann Other"), "PUT", "/api/segments/seen", {**SEGMENT, "name": "B"})
    assert [each["by"]["name"] for each in office.entries()] == ["Ann", "Ann Other"]
