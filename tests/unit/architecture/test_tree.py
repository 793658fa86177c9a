"""What the tree promises, checked: settings that do something, no machine's paths, locks that name no host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import holdfast
from holdfast.settings import NAMES

SOURCE = Path(holdfast.__file__).parent
ROOT = SOURCE.parents[1]


def read_all(folder: Path, but: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")) if path != but)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_used_by_something(name: str) -> None:
    others = read_all(SOURCE, but=SOURCE / "settings.py")
    own = (SOURCE / "settings.py").read_text(encoding="utf-8").partition("\n    @property\n    def url")[2]
    used = rf"settings\.{name}\b|self\.{name}\b"
    assert re.search(used, others) or re.search(used, own.partition("def shown")[0]), f"nothing reads {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "locks").glob("*.txt")), ids=lambda path: path.name)
def test_locks_hold_by_hash_and_name_no_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    pins = re.findall(r"^[a-z0-9][^\s]*==[^\s]+", text, re.MULTILINE)
    assert pins
    assert len(re.findall(r"==[^\n]+\\\n    --hash=sha256:", text)) == len(pins)


@pytest.mark.parametrize("folder", ["console", "tests/sdk"])
def test_locks_of_npm_name_no_host(folder: str) -> None:
    lock = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"integrity": "sha512-' in lock
    assert "omit-lockfile-registry-resolved=true" in (ROOT / folder / ".npmrc").read_text(encoding="utf-8")
