"""`holdfast board` on a data directory, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

STORY = """
import json
import holdfast
from holdfast.cli.desk import desk
from holdfast.cli.main import app
from pathlib import Path

with holdfast.open("data") as ws:
    ws.track([{"user_id": "u1", "event": "Order"}])

def run(*words):
    if code := app([*words, "--data", "data"], standalone_mode=False):
        print("exit", code)

run("board", "list")
run("board", "insights")
with desk(Path("data"), None) as at:
    question = {"event": {"events": ["Order"]}}
    at._ask("PUT", "/api/saved-insights/orders", {"name": "Orders", "kind": "trend", "question": question})
    at._ask("PUT", "/api/boards/mornings", {"name": "Mornings", "cards": []})
run("board", "list")
run("board", "insights")
run("board", "show", "mornings")
run("board", "share", "orders", "--insight", "--days", "3")
run("board", "links", "orders", "--insight", "--json")
with desk(Path("data"), None) as at:
    (link,) = at.shared_links("insight", "orders")["links"]
run("board", "end", link["id"])
run("board", "links", "orders", "--insight")
run("board", "links", "mornings")
run("board", "share", "nothing")
"""


def test_boards_at_the_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", dedent(STORY)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:2] == ["There is no board.", "No insight is saved."]
    assert any(line.split()[:2] == ["mornings", "Mornings"] for line in said)
    assert any(line.split()[:3] == ["orders", "Orders", "trend"] for line in said)
    assert '"name": "Mornings"' in done.stdout
    assert "/shared/" in done.stdout
    assert '"state": "open"' in done.stdout
    assert any(line.startswith("Ended ") for line in said)
    assert any(line.split()[1:2] == ["ended"] for line in said)
    assert said[-2:] == ["Nobody shared it.", "exit 2"]
    assert "there is no board 'nothing'." in done.stderr
    assert "`holdfast board list`" in done.stderr
