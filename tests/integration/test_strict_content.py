"""What nobody was seen to have is refused over HTTP and at the command line, until it is allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from holdfast.cli.desk import SERVER_FILE
from holdfast.cli.main import app
from tests.integration.api_server import Server, serving, until


def campaign(text: str) -> dict[str, Any]:
    return {
        "name": "Thanks",
        "trigger": {"type": "trigger", "event": "Order Completed", "again": "once"},
        "send": {"channel": "sms", "template": {"text": text}},
        "goal": {"event": "Order Completed", "within_seconds": 86400},
    }


UNKNOWN = campaign("Thanks for {{ event.properties.totl }}")
TEMPLATE = {"name": "Hi", "medium": "sms", "content": {"text": "Hi\n{{ person.nick_name }}"}}


def test_what_is_unknown_is_refused_until_it_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(tmp_path / "data", linked_hosts="api.shop.example") as server:
        where = {"url": f"http://127.0.0.1:{server.port}", "pid": server.process.pid}
        (tmp_path / "data" / SERVER_FILE).write_text(json.dumps(where))
        server.took(
            {"type": "identify", "userId": "ann", "traits": {"nickname": "Ann"}},
            {"type": "track", "userId": "ann", "event": "Order Completed", "properties": {"total": 12}},
        )
        until(lambda: server.got("GET", "/api/schema/traits")["properties"], "the trait")
        journeys_by_call(server)
        templates_by_call(server)
        by_command(server)


def journeys_by_call(server: Server) -> None:
    complaint = server.refused(400, "PUT", "/api/campaigns/thanks", UNKNOWN)
    assert (complaint["code"], complaint["path"]) == ("unknown_property", "$.send.template.text")
    assert complaint["message"] == "line 1: no event 'Order Completed' ever had a property 'totl'."
    assert complaint["hint"].startswith("Did you mean 'total'?")
    assert "allow_unknown" in complaint["hint"]
    assert server.refused(400, "POST", "/api/campaigns/thanks/preview", UNKNOWN) == complaint
    placed = server.refused(
        400, "POST", "/api/journeys/apply", {"journeys": [{"kind": "campaign", "id": "thanks", **UNKNOWN}]}
    )
    assert placed == {**complaint, "path": "$.journeys[0].send.template.text"}
    hosts = server.refused(400, "PUT", "/api/campaigns/thanks", campaign("{% linked 'https://other.example/' as x %}"))
    assert (hosts["code"], hosts["hint"]) == ("host_not_allowed", "Add other.example to the setting linked_hosts.")
    wrong = server.refused(400, "PUT", "/api/campaigns/thanks", {**UNKNOWN, "allow_unknown": "yes"})
    assert wrong["path"] == "$.allow_unknown"
    server.refused(404, "GET", "/api/campaigns/thanks")
    allowing = {**UNKNOWN, "allow_unknown": True}
    (warning,) = server.got("POST", "/api/campaigns/thanks/preview", allowing)["warnings"]
    assert warning["path"] == "$.send.template.text"
    assert "allow_unknown" not in server.got("PUT", "/api/campaigns/thanks", allowing)["definition"]
    # It says the same: nothing is published, and nothing is asked.
    assert server.got("PUT", "/api/campaigns/thanks", UNKNOWN)["version"] == 1


def templates_by_call(server: Server) -> None:
    complaint = server.refused(400, "PUT", "/api/templates/hi", {"definition": TEMPLATE})
    assert (complaint["code"], complaint["path"]) == ("unknown_trait", "$.content.text")
    assert complaint["message"] == "line 2: nobody has a trait 'nick_name'."
    assert "'nickname'" in complaint["hint"]
    block = {"name": "B", "text": "{{ person.nick_name }}"}
    assert server.refused(400, "PUT", "/api/blocks/b", {"definition": block})["path"] == "$.text"
    server.got("PUT", "/api/blocks/b", {"definition": block, "allow_unknown": True})
    server.got("PUT", "/api/templates/hi", {"definition": TEMPLATE, "allow_unknown": True})
    gone = {**TEMPLATE, "content": {"text": "{% coupon 'GONE' as c %}{{ c }}"}}
    complaint = server.refused(400, "PUT", "/api/templates/hi", {"definition": gone, "allow_unknown": True})
    assert (complaint["code"], complaint["path"]) == ("unknown_pool", "$.content.text")
    server.got("POST", "/api/templates/hi/restore", {"version": 1})
    blocks_by_call(server)


def blocks_by_call(server: Server) -> None:
    """Who changes a block is told who would not hold up with it."""
    saved = server.got("PUT", "/api/blocks/row", {"definition": {"name": "Row", "text": "Bye"}})
    assert (saved["version"], saved["warnings"]) == (1, [])
    putting = {**TEMPLATE, "content": {"text": '{% block "row" %}'}}
    assert server.got("PUT", "/api/templates/rows", {"definition": putting})["warnings"] == []
    asking = {"name": "Row", "text": "{{ row.name }}"}
    complaint = server.refused(409, "PUT", "/api/blocks/row", {"definition": asking})
    assert complaint["code"] == "breaks_others"
    assert "The template 'rows'" in complaint["message"]
    saved = server.got("PUT", "/api/blocks/row", {"definition": asking, "allow_unknown": True})
    (warning,) = saved["warnings"]
    assert (warning["who"], warning["path"]) == ("the template 'rows'", "$.content.text")
    assert server.got("POST", "/api/blocks/row/restore", {"version": 1})["warnings"] == []


def by_command(server: Server) -> None:
    def ran(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, [*words, "--data", "data", "--api-key", server.keys[1]])
        assert result.exit_code == code, (words, result.output, result.exception)
        return result

    Path("second.json").write_text(json.dumps({"kind": "campaign", **UNKNOWN}))
    Path("hi.json").write_text(json.dumps(TEMPLATE))
    said = ran("journey", "apply", "second.json", code=2).output
    assert "second.json" in said
    assert "'totl'" in said
    assert "--allow-unknown" in said
    assert "1 new" in ran("journey", "diff", "second.json").output
    assert "warning" in ran("journey", "apply", "second.json", "--allow-unknown").output
    assert "'nick_name'" in ran("template", "save", "other", "hi.json", code=2).output
    assert ran("template", "save", "other", "hi.json", "--allow-unknown").output == "Saved other, version 1.\n"
    Path("row.json").write_text(json.dumps({"name": "Row", "text": "{{ row.name }}"}))
    assert "'rows'" in ran("block", "save", "row", "row.json", code=2).output
    told = ran("block", "save", "row", "row.json", "--allow-unknown").output
    assert "warning   the template 'rows': $.content.text: line 1: nothing provides 'row.name'." in told
    assert told.endswith("Saved row, version 4.\n")
