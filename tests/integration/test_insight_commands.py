"""Insights at the terminal: every kind a command, its answers tables, pictures and people."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = str(Path(sys.executable).with_name("holdfast"))
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
SECONDS_MOST = 120
FILL = """
import sys
import holdfast
with holdfast.open(sys.argv[1]) as ws:
    ws.track([
        {"user_id": who, "event": event, "timestamp": f"2026-03-02T10:0{minute}:00Z"}
        for who, events in {"ann": "PCO", "bob": "PC", "eve": "P"}.items()
        for minute, letter in enumerate(events)
        for event in [{"P": "Product Viewed", "C": "Cart Added", "O": "Order Completed"}[letter]]
    ])
"""
STEPS = ("Product Viewed", "Cart Added", "Order Completed")
TIME = ("--since", "2026-03-01", "--until", "2026-03-04")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shop") / "data"
    subprocess.run([sys.executable, "-c", FILL, str(made)], check=True, timeout=SECONDS_MOST, env=ENVIRON)
    return made


def run(data: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *words, "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MOST,
        check=False,
        env=ENVIRON,
        cwd=data.parent,
        input=stdin,
    )


def ask(data: Path, *words: str, stdin: str = "") -> Any:
    ran = run(data, *words, "--json", stdin=stdin)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_funnel_in_one_line_is_the_funnel_as_json(data: Path) -> None:
    said = ask(data, "funnel", *STEPS, "--within-days", "3", *TIME)
    people = [row[[each["name"] for each in said["columns"]].index("people")] for row in said["rows"]]
    assert people == [3, 2, 1]
    whole = json.dumps({"steps": STEPS, "within_days": 3, "since": "2026-03-01", "until": "2026-03-04"})
    for again in (ask(data, "insight", "funnel", whole), ask(data, "insight", "funnel", "-", stdin=whole)):
        assert {**again, "took_ms": 0} == {**said, "took_ms": 0}


def test_a_table_a_picture_and_the_people_behind_a_cell(data: Path) -> None:
    drawn = run(data, "funnel", *STEPS, *TIME, "--plot", str(data.parent / "funnel.svg"))
    assert drawn.returncode == 0, drawn.stderr
    assert "66.7%" in drawn.stdout
    assert "Cart Added" in (data.parent / "funnel.svg").read_text()
    lost = ask(data, "funnel", *STEPS, *TIME, "--people", "step=2,lost=true", "--save", "lost")
    assert [each["user_id"] for each in lost["people"]] == ["eve"]
    assert ask(data, "segment", "count", "lost")["count"] == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("funnel", "Product Viewed"), "$.steps"),
        (("funnel", *STEPS, "--within-days", "soon"), "$.within_days"),
        (("trend", "{"), "no JSON"),
        (("trend", "nowhere.json"), "nowhere.json"),
        (("trend", "Order Completed", "--plot", "picture.exe"), "no kind of picture"),
        (("funnel", *STEPS, "--people", "step"), "names no cell"),
        (("funnel", *STEPS, "--people", "step=9"), "$.cell.step"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(data: Path, words: tuple[str, ...], complaint: str) -> None:
    ran = run(data, *words)
    assert ran.returncode == 2
    assert complaint in ran.stderr
    assert "Traceback" not in ran.stderr
