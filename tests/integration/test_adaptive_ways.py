"""Adaptive paths from Python, at the terminal and over HTTP: one answer, whoever is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_server import Server, until

COMMAND = str(Path(sys.executable).with_name("holdfast"))
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
SECONDS_MOST = 120
JOURNEY: dict[str, Any] = {
    "id": "hello",
    "name": "Hello",
    "goal": {"event": "Bought", "within_seconds": 3600},
    "start": "start",
    "steps": {
        "start": {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "fork"}},
        "fork": {"type": "adaptive", "paths": ["mail", "push"], "exits": {"mail": "end", "push": "end"}},
        "end": {"type": "exit"},
    },
}
STORY = """
import json
import sys
import holdfast
with holdfast.open(sys.argv[1]) as ws:
    ws.apply_journey_documents([{"kind": "journey", **json.loads(sys.argv[2])}])
    print(ws.adaptive_steps())
    ws.track([{"user_id": f"u{n}", "event": "Signed Up"} for n in range(60)])
    ws.track([{"user_id": f"u{n}", "event": "Bought"} for n in range(9)])
    print(ws.weigh_paths(), ws.weigh_paths())
    found = ws.adaptive("hello.fork")
    found.plot().save(sys.argv[1] + ".svg")
    print(found.table.columns)
    print(found.table["people"].sum(), len(found.log), found.log[0].reason)
    print(ws.share_paths("hello.fork", {"mail": 0.25, "push": 0.75}).weights.shares)
    print(json.dumps(ws.adaptive("hello.fork").json))
"""


def run(data: Path, *words: str) -> str:
    ran = subprocess.run(
        [COMMAND, *words, "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MOST,
        check=False,
        env=ENVIRON,
        cwd=data.parent,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_python_and_the_terminal_tell_the_same(tmp_path: Path) -> None:
    data = tmp_path / "data"
    told = subprocess.run(
        [sys.executable, "-c", STORY, str(data), json.dumps(JOURNEY)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MOST,
        env=ENVIRON,
    )
    assert told.returncode == 0, told.stderr
    steps, weighed, columns, counts, shares, said = told.stdout.splitlines()
    assert steps == "{'hello.fork': None}"
    assert weighed == "1 0"
    assert columns.startswith("['path', 'share', 'people', 'believed'")
    assert counts == "60 1 60 more people: no share moved by as much as 0.5%." or counts.startswith(
        "60 1 60 more people:"
    )
    assert shares == "{'mail': 0.25, 'push': 0.75}"
    assert (tmp_path / "data.svg").read_text().startswith("<?xml")
    asked = json.loads(run(data, "adaptive", "show", "hello.fork", "--json"))
    assert {**asked, "as_of": ""} == {**json.loads(said), "as_of": ""}
    listed = run(data, "adaptive", "list")
    assert "hello.fork" in listed
    assert "manual" in listed
    assert run(data, "adaptive", "declare", "hello.fork", "push") == (
        "push was declared the winner: everybody who comes takes it.\n"
    )
    shown = run(data, "adaptive", "show", "hello.fork", "--log", "2")
    assert shown.startswith("push was declared the winner.")
    assert "Set by hand: mail 25%, push 75%." in shown
    assert run(data, "adaptive", "manual", "hello.fork", "push=0.4", "mail=0.6").startswith("Set by hand")
    assert run(data, "adaptive", "learn", "hello.fork") == "Learning again.\n"
    assert run(data, "adaptive", "freeze", "hello.fork").startswith("Frozen")


def test_over_http(server: Server) -> None:
    server.got("PUT", "/api/journeys/paths", {**JOURNEY, "id": "paths"})
    server.took(*({"type": "track", "event": "Signed Up", "userId": f"path-{n}"} for n in range(30)))

    def weighed() -> bool:
        return bool(sum(each["people"] for each in server.got("GET", "/api/adaptive/paths.fork")["paths"]) == 30)

    until(weighed, "everybody's path is told")
    found = server.got("GET", "/api/adaptive/paths.fork?log=1")
    assert found["goals"] == [{"event": "Bought", "within_seconds": 3600, "worth": 1.0, "value": ""}]
    assert found["gain"]["status"] == "inconclusive"
    said = server.got("PUT", "/api/adaptive/paths.fork", {"mode": "declared", "winner": "push"})
    assert said["shares"] == {"mail": 0.0, "push": 1.0}
    listed = {each["experiment"]: each for each in server.got("GET", "/api/adaptive")["steps"]}
    assert listed["paths.fork"]["last"]["number"] == said["number"]


@pytest.mark.parametrize(
    ("experiment", "wish", "code", "path"),
    [
        ("nothing.fork", {"mode": "frozen"}, "not_found", None),
        ("refused.fork", {"mode": "declared"}, "unknown_choice", "$.winner"),
        ("refused.fork", {"mode": "manual", "shares": {"mail": 0.9}}, "not_one", "$.shares"),
        ("refused.fork", {"mode": "resting"}, None, "$.mode"),
    ],
)
def test_what_cannot_be_is_said(server: Server, experiment: str, wish: Any, code: str | None, path: str | None) -> None:
    server.got("PUT", "/api/journeys/refused", {**JOURNEY, "id": "refused"})
    refused = server.refused(404 if code == "not_found" else 400, "PUT", f"/api/adaptive/{experiment}", wish)
    assert code is None or refused["code"] == code
    assert path is None or refused["path"].endswith(path.removeprefix("$."))
