"""What a folder takes up, told while others make and remove what is in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdfast.http import disk
from holdfast.http.disk import folder_bytes


def test_everything_below_counts(tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"x" * 10)
    (tmp_path / "deep" / "deeper" / "two").write_bytes(b"x" * 300)
    assert folder_bytes(tmp_path) == 310


def test_a_folder_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    assert folder_bytes(tmp_path / "never") == 0


def test_what_goes_while_we_look_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that merges its parts removes their folders, and one may go after it was listed and before it is read."""
    for name in ("stays", "goes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x" * 7)
    real = os.scandir

    def removing(path: str) -> object:
        if Path(path).name == "goes":
            (tmp_path / "goes" / "file").unlink()
            (tmp_path / "goes").rmdir()
        return real(path)

    monkeypatch.setattr(os, "scandir", removing)
    assert folder_bytes(tmp_path) == 7


def test_a_file_that_goes_while_we_look_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "goes").write_bytes(b"x")
    (tmp_path / "stays").write_bytes(b"x" * 5)
    real = os.lstat

    def removing(path: str) -> os.stat_result:
        if path.endswith("goes"):
            Path(path).unlink()
        return real(path)

    monkeypatch.setattr(os, "lstat", removing)
    assert folder_bytes(tmp_path) == 5


def test_no_more_files_are_looked_at_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        (tmp_path / str(number)).write_bytes(b"x")
    monkeypatch.setattr(disk, "FILES_MOST", 3)
    assert folder_bytes(tmp_path) == 3
