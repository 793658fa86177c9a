"""`holdfast list` on a data directory, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

STORY = """
import holdfast
from holdfast.cli.main import app

with holdfast.open("data") as ws:
    ws.track([{"user_id": f"u{n}", "event": "Order"} for n in range(4)])

def run(*words):
    if code := app([*words, "--data", "data"], standalone_mode=False):
        print("exit", code)

open("ids.txt", "w", encoding="utf-8-sig").write("u1\\n\\n  u2  \\nnewcomer\\n")
run("list", "list")
run("list", "save", "vip", "ids.txt", "--name", "Our best")
run("list", "add", "vip", "u3,u1")
run("list", "remove", "vip", "u2")
run("list", "rename", "vip", "Regulars")
run("list", "list", "--json")
run("list", "people", "vip")
run("list", "delete", "vip")
run("list", "add", "vip", "u1")
"""


def test_lists_at_the_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", dedent(STORY)], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:6] == [
        "There is no list.",
        "3 people on vip: 3 put on it, 0 taken off.",
        "Nobody goes by 1 of the names yet: newcomer",
        "4 people on vip: 1 put on it, 0 taken off.",
        "3 people on vip: 0 put on it, 1 taken off.",
        "vip is called Regulars.",
    ]
    assert '"name": "Regulars"' in done.stdout
    assert [line.split()[0] for line in said if line.startswith(("u", "newcomer"))] == ["u1", "u3", "newcomer"]
    assert said[-2:] == ["Deleted vip.", "exit 2"]
    assert "there is no list 'vip'." in done.stderr
    assert "`holdfast list list` shows them." in done.stderr
