"""Locks hold versions by their hashes and name no address: where to fetch from is for the machine to say."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCKS = sorted(
    [*(ROOT / "locks").glob("*.txt"), ROOT / "console/package-lock.json", ROOT / "tests/sdk/package-lock.json"]
)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_a_lock_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "--hash=sha256:" in text or '"integrity": "sha' in text
    assert "://" not in text
    assert '"resolved"' not in text
