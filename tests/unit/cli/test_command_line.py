"""The command line as a whole: quick, with examples, and plain about what went wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from holdfast.cli.main import app
from holdfast.cli.segment import read_definition
from holdfast.kernel.errors import Invalid

RUNNER = CliRunner()
HEAVY = ("chdb", "pyarrow", "polars", "numpy", "scipy", "fastapi", "uvicorn", "msgspec", "pandas")


def commands(command: Any, name: str = "holdfast") -> Iterator[tuple[str, Any]]:
    yield name, command
    for each, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{name} {each}")


EVERY = dict(commands(typer.main.get_command(app)))


def run(*arguments: str) -> Any:
    return RUNNER.invoke(app, list(arguments))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's holdfast.toml and variables get into it."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOLDFAST_API_KEY", "HOLDFAST_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from holdfast.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", EVERY)
def test_every_command_says_what_it_does(name: str) -> None:
    said = run(*name.split()[1:], "--help")
    assert said.exit_code == 0
    assert EVERY[name].help


@pytest.mark.parametrize("name", ["up", "demo", "import", "export", "segment", "people", "keys", "doctor"])
def test_help_shows_examples_on_lines_of_their_own(name: str) -> None:
    lines = run(name, "--help").output.splitlines()
    after = lines[next(index for index, line in enumerate(lines) if "Examples:" in line) + 1 :]
    assert any(line.strip().startswith("holdfast ") for line in after)


def test_the_version_is_said() -> None:
    assert run("--version").output.startswith("holdfast ")


def test_what_the_caller_can_mend_is_one_sentence_and_exit_code_2() -> None:
    said = run("keys", "list", "--data", "nowhere")
    assert said.exit_code == 2
    assert said.output.startswith("nowhere: there is no data directory there.")
    assert "Traceback" not in said.output


def test_a_misspelt_variable_stops_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_PROT", "80")
    said = run("up", "--for", "1")
    assert said.exit_code == 2
    assert "HOLDFAST_PORT" in said.output


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ('{"type":', "is no JSON"),
        ("missing.json", "there is no such file"),
        ("some/where", "there is no such file"),
    ],
)
def test_a_segment_that_cannot_be_read_is_refused(wanted: str, complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        read_definition(wanted)


def test_a_segment_is_json_a_file_or_an_id(tmp_path: Path) -> None:
    definition = {"type": "did", "event": "Signed Up"}
    (tmp_path / "new.json").write_text(json.dumps(definition))
    (tmp_path / "list.json").write_text("[]")

    assert read_definition(json.dumps(definition)) == definition
    assert read_definition("new.json") == definition
    assert read_definition("loyal") is None
    with pytest.raises(Invalid, match="no JSON object"):
        read_definition("list.json")
