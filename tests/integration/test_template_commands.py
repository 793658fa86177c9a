"""`holdfast template` and `holdfast block`, asking a server that runs on the data directory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from holdfast.cli.desk import SERVER_FILE
from holdfast.cli.main import app
from tests.integration.api_server import serving, until

Ran = Callable[..., Result]

TEMPLATE = {
    "name": "Hi",
    "medium": "sms",
    "content": {
        "text": "Hi {{ person.first_name | default: 'you' }}, {{ event.properties.total }} € {% block 'foot' %}"
    },
    "languages": {"de": {"text": "Hallo {{ person.first_name }}"}},
}
MAIL = {"name": "M", "medium": "email", "content": {"subject": "Hi", "html": "<p>Hello, this is news.</p>"}}


def test_the_commands_tell_one_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(tmp_path / "data") as server:
        where = {"url": f"http://127.0.0.1:{server.port}", "pid": server.process.pid}
        (tmp_path / "data" / SERVER_FILE).write_text(json.dumps(where))

        def ran(*words: str, code: int = 0) -> Result:
            result = CliRunner().invoke(app, [*words, "--data", "data", "--api-key", server.keys[1]])
            assert result.exit_code == code, (words, result.output, result.exception)
            return result

        server.took({"type": "track", "userId": "ann", "event": "Hi"})
        until(lambda: server.ask("GET", "/api/people/ann").status == 200, "ann")
        saves(ran)
        looks(ran)
        keeps(ran)


def saves(ran: Ran) -> None:
    Path("hi.json").write_text(json.dumps(TEMPLATE))
    Path("mail.json").write_text(json.dumps(MAIL))
    Path("foot.toml").write_text('name = "Foot"\ntext = "Bye"\n')
    assert "There is no block 'foot'" in ran("template", "save", "hi", "hi.json", code=2).output
    assert ran("block", "save", "foot", "foot.toml").output == "Saved foot, version 1.\n"
    for _ in range(2):
        assert ran("template", "save", "hi", "hi.json").output == "Saved hi, version 1.\n"
    ran("template", "save", "mail", "mail.json")
    assert "there is no such file" in ran("template", "save", "hi", "gone.json", code=2).output
    listed = ran("template", "list").output
    assert ("CHANNEL" in listed, "sms" in listed, "email" in listed) == (True, True, True)
    assert "CHANNEL" not in ran("block", "list").output
    assert json.loads(ran("template", "show", "hi").stdout) == TEMPLATE
    assert "Used by the template 'hi'." in ran("block", "show", "foot").stderr


def looks(ran: Ran) -> None:
    said = ran("template", "preview", "hi", "--person", "ann", "--event", "total=12").output
    assert "hi, version 1, variant a" in said
    assert "Hi you, 12 € Bye" in said
    assert "note  text: It takes 1 segment: 17 7-bit characters" in said
    assert "Hallo" in ran("template", "preview", "hi", "--language", "de-AT").output
    assert "1 segment" in ran("template", "check", "hi").output
    assert "Write NAME=VALUE" in ran("template", "check", "hi", "--event", "total", code=2).output
    assert "no link to unsubscribe" in ran("template", "check", "mail", code=1).output
    ran("template", "check", "mail", "--transactional")
    remarks = json.loads(ran("template", "check", "mail", "--json", code=1).output)["remarks"]
    assert remarks[0]["code"] == "no_unsubscribe_link"
    assert ran("template", "test", "mail", "--to", "me@shop.example").output == "Sent to me@shop.example.\n"


def keeps(ran: Ran) -> None:
    assert "use" in ran("block", "delete", "foot", code=2).output
    assert ran("template", "delete", "hi").output == "Deleted hi.\n"
    assert "`holdfast template list`" in ran("template", "show", "hi", code=2).output
    assert ran("template", "restore", "hi", "1").output == "Restored hi, version 3.\n"
    versions = json.loads(ran("template", "versions", "hi", "--json").output)["versions"]
    assert [(each["version"], each["deleted"]) for each in versions] == [(3, False), (2, True), (1, False)]
