"""The line that says how far a question has come."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from holdfast.cli import progress_line
from holdfast.cli.progress_line import Told


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """No fixture: pytest puts its own standard error in place when the test begins."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setattr(progress_line, "FIRST_AFTER_SECONDS", 0)
    monkeypatch.setattr(progress_line, "EVERY_SECONDS", 0)
    return made


def test_it_tells_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, told = a_terminal(monkeypatch), threading.Event()

    def ask() -> Told:
        if terminal.getvalue():
            told.set()
        return Told(share=0.42, rows_read=12_000_000, elapsed_seconds=3.2)

    with progress_line.progress_line(ask):
        assert told.wait(30)
    assert "Asking… 42%, 12,000,000 rows read, 3 s (Ctrl-C stops it)" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_what_goes_wrong_with_it_is_nobodys_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, asked = a_terminal(monkeypatch), threading.Event()

    def ask() -> Told:
        asked.set()
        raise OSError("gone")

    with progress_line.progress_line(ask):
        assert asked.wait(30)
    assert terminal.getvalue() == ""


def test_no_terminal_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)

    def ask() -> Told:
        raise AssertionError("nobody is there to be told")

    with progress_line.progress_line(ask):
        assert threading.active_count() >= 1
    assert pipe.getvalue() == ""


def test_a_share_that_is_not_known_is_not_told() -> None:
    assert Told(share=0, rows_read=5, elapsed_seconds=1).line() == "Asking… 5 rows read, 1 s (Ctrl-C stops it)"
