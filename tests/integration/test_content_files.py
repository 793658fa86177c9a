"""Templates and blocks beside the journeys that send them: as files, over HTTP, at the terminal and from Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import holdfast
from holdfast.cli.desk import SERVER_FILE
from holdfast.cli.main import app
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from tests.integration.api_server import Server, serving

FOOT = {"kind": "block", "name": "Foot", "text": "Bye"}
MAIL = {"kind": "template", "name": "Welcome", "medium": "sms", "content": {"text": 'Hi. {% block "foot" %}'}}
WELCOME: dict[str, Any] = {
    "kind": "campaign",
    "name": "Welcome",
    "trigger": {"type": "trigger", "event": "Signed Up", "again": "once"},
    "send": {"channel": "sms", "template": {"saved": "welcome"}},
    "goal": {"event": "Order Completed", "within_seconds": 86400},
}


def write(folder: Path) -> None:
    """The three of them; the template has the id of the campaign that sends it."""
    for name, document in (("welcome", WELCOME), ("templates/welcome", MAIL), ("blocks/foot", FOOT)):
        file = folder / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document))


def test_what_runs_and_what_it_says_are_files_of_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("files"))
    with serving(tmp_path / "data") as server:
        where = {"url": f"http://127.0.0.1:{server.port}", "pid": server.process.pid}
        (tmp_path / "data" / SERVER_FILE).write_text(json.dumps(where))
        by_command(server)
        by_call(server)


def by_command(server: Server) -> None:
    def ran(*words: str, code: int = 0) -> str:
        result: Result = CliRunner().invoke(app, ["journey", *words, "--data", "data", "--api-key", server.keys[1]])
        assert result.exit_code == code, (words, result.output, result.exception)
        return result.output

    assert ran("diff", "files").splitlines()[:3] == [
        "new       block foot, version 1",
        "new       template welcome, version 1",
        "new       campaign welcome, version 1",
    ]
    assert server.got("GET", "/api/blocks")["saved"] == []
    assert "3 new." in ran("apply", "files")
    assert server.got("GET", "/api/templates/welcome")["used_by"] == ["the campaign 'welcome'"]
    assert "3 unchanged." in ran("apply", "files")
    Path("files/blocks/foot.json").write_text(json.dumps({**FOOT, "text": "Ciao"}))
    changed = ran("apply", "files")
    assert "changed   block foot, version 2" in changed
    assert "$.text" in changed
    Path("files/templates/welcome.json").write_text(json.dumps({**MAIL, "content": {"text": "{{ persn.x }}"}}))
    wrong = ran("apply", "files", code=2)
    assert "templates/welcome.json" in wrong
    assert "$.content.text" in wrong
    assert "3 files written" in ran("pull", "pulled", "--format", "yaml")
    assert sorted(str(each) for each in Path("pulled").rglob("*.yaml")) == [
        "pulled/blocks/foot.yaml",
        "pulled/templates/welcome.yaml",
        "pulled/welcome.yaml",
    ]
    assert "3 unchanged." in ran("apply", "pulled")
    assert "0 files written, 3 left" in ran("pull", "pulled")


def by_call(server: Server) -> None:
    name = "publisher"
    made = server.got(
        "POST", "/api/keys", {"name": name, "kind": "api", "scopes": ["read", "decisions:publish"]}, status=201
    )
    as_publisher = {"Authorization": f"Bearer {made['key']}"}
    wish = {"journeys": [], "content": [{**FOOT, "id": "foot", "text": "Arrivederci"}]}
    refused = server.refused(403, "POST", "/api/journeys/apply", wish, headers=as_publisher)
    assert refused["needs"] == "content:write"
    assert server.got("POST", "/api/journeys/apply", {"journeys": []}, headers=as_publisher)["content"] == []
    (change,) = server.got("POST", "/api/journeys/apply", {**wish, "dry_run": True})["content"]
    assert (change["change"], change["kind"], change["id"], change["version"]) == ("changed", "block", "foot", 3)
    assert [each["path"] for each in change["differences"]] == ["$.text"]
    assert server.got("GET", "/api/blocks/foot")["heading"]["version"] == 2


def test_templates_and_blocks_from_python(tmp_path: Path) -> None:
    write(tmp_path / "files")
    with holdfast.open(tmp_path / "data") as ws:
        definition = {name: each for name, each in FOOT.items() if name != "kind"}
        assert ws.save_block("foot", definition).version == 1
        assert ws.save_block("foot", definition).version == 1
        mail = {name: each for name, each in MAIL.items() if name != "kind"}
        saved = ws.save_template("welcome", mail)
        assert (saved.version, saved.by, saved.medium) == (1, "python", "sms")
        assert ([each.id for each in ws.templates()], [each.id for each in ws.blocks()]) == (["welcome"], ["foot"])
        assert (ws.template("welcome"), ws.block("foot", 1)) == (mail, definition)
        with pytest.raises(Invalid) as refused:
            ws.save_template("welcome", {**mail, "content": {"text": "{{ persn.x }}"}})
        assert refused.value.path == "$.content.text"
        with pytest.raises(Conflict):
            ws.save_block("foot", {**definition, "text": "{{ row.x }}"})
        assert ws.save_block("foot", {**definition, "text": "{{ row.x }}"}, allow_unknown=True).version == 2
        with pytest.raises(NotFound):
            ws.template("nobody")
        assert [each.kind for each in ws.apply_journeys(tmp_path / "files", dry_run=True)] == ["new"]
        assert [each.kind for each in ws.apply_journeys(tmp_path / "files")] == ["new"]
        assert ws.block("foot") == definition
        assert len(ws.pull_journeys(tmp_path / "pulled", "toml").written) == 3
        assert [each.kind for each in ws.apply_journeys(tmp_path / "pulled")] == ["unchanged"]
        with pytest.raises(Invalid) as wrong:
            ws.apply_journeys([{**FOOT, "id": "foot", "text": "{{ links.nope }}"}])
        assert wrong.value.path == "$.content[0].text"
