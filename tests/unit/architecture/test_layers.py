"""The folders are the sentence: a package imports only what stands before it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import holdfast

ROOT = Path(holdfast.__file__).resolve().parents[2]


def test_imports_flow_one_way() -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]


def test_a_new_package_fails_until_somebody_says_where_it_belongs() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = table["tool"]["importlinter"]["contracts"]
    assert [each["exhaustive"] for each in contracts if each["type"] == "layers"] == [True]
