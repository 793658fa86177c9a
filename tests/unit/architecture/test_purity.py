"""The stages are pure: no input or output, no clock, no chance, no waiting. What they need, they are given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast

ROOT = Path(holdfast.__file__).parent
PURE = ("kernel", "events", "profiles", "segments", "decisions", "messages", "measures", "models")
FORBIDDEN_MODULES = {
    *("asyncio", "concurrent", "threading", "multiprocessing", "queue", "selectors", "signal"),
    *("os", "io", "pathlib", "shutil", "tempfile", "glob", "subprocess", "sys", "platform"),
    *("socket", "ssl", "http", "smtplib", "urllib.request", "requests", "httpx", "aiohttp"),
    *("time", "random", "secrets", "uuid", "logging", "warnings", "sqlite3", "chdb", "clickhouse_connect"),
}
FORBIDDEN_CALLS = {"open", "print", "input", "now", "utcnow", "today", "default_rng", "RandomState", "exec", "eval"}
"""By the last part of the name: `datetime.now(UTC)` and `now(UTC)` alike."""
SEEDED = {"default_rng", "RandomState"}
"""With a seed these say the same whenever they are asked: that is reckoning, and no draw."""
PURE_FILES = sorted(path for package in PURE for path in (ROOT / package).rglob("*.py"))


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{each.name}") for each in node.names)


def is_forbidden(name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:length]) in FORBIDDEN_MODULES for length in range(1, len(parts) + 1))


def calls_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if not (name in SEEDED and node.args):
                yield node.lineno, name


def impurities(source: str) -> list[str]:
    tree = ast.parse(source)
    found = [f"line {line}: imports {name}" for line, name in imports_of(tree) if is_forbidden(name)]
    found += [f"line {line}: calls {name}()" for line, name in calls_of(tree) if name in FORBIDDEN_CALLS]
    found += [
        f"line {node.lineno}: waits"
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    ]
    return found


@pytest.mark.parametrize("path", PURE_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_stage_does_nothing_but_think(path: Path) -> None:
    assert impurities(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os.path",
        "from os import environ",
        "from urllib.request import urlopen",
        "import random as chance",
        "from datetime import datetime\nat = datetime.now()",
        "import numpy\ndraw = numpy.random.default_rng()",
        "open('x')",
        "async def wait() -> None: ...",
    ],
)
def test_the_check_sees_what_it_should(source: str) -> None:
    assert impurities(source)


@pytest.mark.parametrize(
    "source",
    [
        "from urllib.parse import quote",
        "def act(now: int) -> int:\n    return now",
        "import numpy\ndrawn = numpy.random.default_rng(7)",
    ],
)
def test_the_check_lets_thinking_through(source: str) -> None:
    assert impurities(source) == []


def test_the_check_looks_at_the_stages() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in PURE_FILES} >= {"kernel", "events", "profiles", "segments"}
