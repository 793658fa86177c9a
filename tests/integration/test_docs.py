"""Every example in the docs is run: shell, Python and SQL, each page against a shop of a few customers.

What is shown and only read (JSON, TOML, YAML) is in tests/unit/docs/test_examples.py; tests/docs_blocks.py says how a
block says that it is not run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs_blocks import BLOCKS, Block, blocks_with, pages_with
from tests.integration.api_server import Server, serving

SECONDS_MOST = 120
ENVIRON = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("HOLDFAST_") and name != "PYTHONDONTWRITEBYTECODE"
}

SHOP = """
import sys
from datetime import UTC, datetime, timedelta
import holdfast
import polars as pl
from holdfast import did, trait

now = datetime.now(UTC)
people = ("ada", "ben", "eve", "ann", "joe", "kim")
walk = ("Signed Up", "App Opened", "Product Viewed", "Cart Added", "Checkout Started", "Order Completed")
with holdfast.open("my-data") as ws:
    ws.track([
        {"type": "identify", "userId": who, "messageId": f"i-{who}", "traits": {
            "email": f"{who}@example.com", "first_name": who.title(), "country": ("DE", "FR")[n % 2],
            "plan": ("gold", "free")[n % 2], "birthday": "1990-05-04", "app_version": f"2.{n}.0"}}
        for n, who in enumerate(people)
    ])
    ws.track([
        {"user_id": who, "event": event, "timestamp": now - timedelta(days=7 * week + n, minutes=60 - step),
         "properties": {"category": ("shoes", "hats")[n % 2], "revenue": 20.5 * (n + 1), "currency": "EUR",
                        "product_id": f"p{n}", "price": 9.5}}
        for n, who in enumerate(people)
        for week in range(8)
        for step, event in enumerate(walk[: 6 - n % 3])
        if week == 0 or event != "Signed Up"
    ])
    ws.save_list("vip", "Our best", ["ada", "ben"])
    ws.save_segment("loyal", "Loyal", did("Order Completed"))
    for name, condition in {
        "loyal": did("Order Completed", at_least=2),
        "gold": trait("plan") == "gold",
        "german": trait("country") == "DE",
        "newsletter": trait("email").is_set(),
        "gold-customers": (trait("plan") == "gold") & did("Order Completed"),
    }.items():
        ws.save_segment(name, name.title(), condition)
pl.DataFrame({
    "customer_id": ["ada", "ben"], "ordered_at": ["2026-01-02T10:00:00Z", "2026-01-03T11:00:00Z"],
    "revenue": [12.5, 30.0], "currency": ["EUR", "EUR"],
}).write_parquet("orders.parquet")
"""

PYTHON = """
import json, sys, traceback
import holdfast
from holdfast.segments.condition import Condition


def run(page, blocks):
    names = {}
    try:
        for line, text in blocks:
            exec(compile("\\n" * (line - 1) + text, page, "exec"), names)
    finally:
        for ws in [each for each in names.values() if isinstance(each, holdfast.Workspace)]:
            ws.close()
    asked = [each for each in names.values() if isinstance(each, Condition)]
    if asked:
        # A condition that is only built would hide that it cannot be asked.
        with holdfast.open("my-data") as ws:
            for each in asked:
                ws.count(each)


said = sys.stdout
sys.stdout = sys.stderr
told = {}
for page, blocks in json.loads(sys.argv[1]).items():
    try:
        run(page, blocks)
        told[page] = ""
    except Exception:
        told[page] = traceback.format_exc()
json.dump(told, said)
"""
"""Runs the pages one after the other, for a process may open one workspace; what went wrong, by page."""

FILES = {
    "vips.txt": "ada\neve\n",
    "report.sql": "SELECT count() AS people FROM people WHERE text['country'] = {country:String}",
}
"""Files the reader is taken to have."""
VALUES = {"event": "Order Completed", "since": "2020-01-01", "country": "DE"}
"""Of parameters in the SQL that is shown."""


def run(words: list[str], folder: Path, **also: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{ENVIRON['PATH']}"
    # The commands are many and short: what the first compiles serves them all.
    compiled = next(each for each in folder.parents if each.name.startswith("pytest-")) / "compiled"
    return subprocess.run(
        words,
        cwd=folder,
        env={**ENVIRON, "PATH": path, "PYTHONPYCACHEPREFIX": str(compiled), **also},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MOST,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shop in `my-data`, which nobody has open, and files beside it."""
    made = tmp_path_factory.mktemp("shop")
    ran = run([sys.executable, "-c", SHOP], made)
    assert ran.returncode == 0, ran.stderr
    for name, said in FILES.items():
        (made / name).write_text(said, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def open_shop(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The shop, served."""
    data = tmp_path_factory.mktemp("served") / "my-data"
    shutil.copytree(shop / "my-data", data, symlinks=True)
    with serving(data) as server:
        yield server


@pytest.fixture(scope="module")
def python_told(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What went wrong with the Python of each page; nothing, if it is well."""
    folder = tmp_path_factory.mktemp("python") / "here"
    shutil.copytree(shop, folder, symlinks=True)
    pages = {page: [(each.line, each.text) for each in blocks_with(page, "python")] for page in pages_with("python")}
    for page in pages:
        files_of(page, folder)
    ran = run([sys.executable, "-c", PYTHON, json.dumps(pages)], folder)
    assert ran.returncode == 0, ran.stderr
    told: dict[str, str] = json.loads(ran.stdout)
    return told


@pytest.mark.parametrize("page", pages_with("python"))
def test_python(page: str, python_told: dict[str, str]) -> None:
    assert python_told[page] == ""


@pytest.mark.parametrize("page", pages_with("sh", "console"))
def test_shell(page: str, shop: Path, open_shop: Server, tmp_path: Path) -> None:
    for name in (*FILES, "orders.parquet"):
        shutil.copy(shop / name, tmp_path)
    for name in ("my-data", "holdfast-data"):
        # The second is where commands look that are told of no other.
        (tmp_path / name).symlink_to(open_shop.data)
    files_of(page, tmp_path)
    for block in blocks_with(page, "sh", "console"):
        script = 'curl() { command curl --silent --fail-with-body "$@"; }\n' + typed(block, open_shop)
        ran = run(["bash", "-euo", "pipefail", "-c", script], tmp_path, HOLDFAST_API_KEY=open_shop.keys[1])
        assert ran.returncode == 0, f"{block}\n{script}\n{ran.stdout}\n{ran.stderr}"


def typed(block: Block, server: Server) -> str:
    """What a reader types, who has the keys and the address of that server."""
    text = block.text
    if block.language == "console":
        text = "\n".join(re.findall(r"^\$ ((?:.*\\\n)*.*)$", text, re.MULTILINE))
    for shown, meant in {
        ".venv/bin/holdfast": "holdfast",
        "http://127.0.0.1:8787": f"http://127.0.0.1:{server.port}",
        "WRITE_KEY": server.keys[0],
        "ak_…": server.keys[1],
    }.items():
        text = text.replace(shown, meant)
    return text


def files_of(page: str, folder: Path) -> None:
    """Write the files the page shows."""
    for each in BLOCKS:
        if each.page == page and each.file:
            (folder / each.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / each.file).write_text(each.text, encoding="utf-8")


@pytest.mark.parametrize("page", pages_with("sql"))
def test_sql(page: str, open_shop: Server) -> None:
    for block in blocks_with(page, "sql"):
        params = {name: VALUES[name] for name in re.findall(r"\{(\w+):", block.text)}
        told = open_shop.got("POST", "/api/sql", {"query": block.text, "params": params})
        assert told["columns"], str(block)
