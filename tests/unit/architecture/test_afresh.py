"""What tests share is another one after a test that failed: tried out with tests that are tried again as ours are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SHARING = """
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.afresh import Shared, pytest_runtest_call, pytest_runtest_setup

NUMBERS = count(1)

@contextmanager
def made():
    number = next(NUMBERS)
    yield [number]
    Path(__file__).with_name("ended").open("a").write(f"{number} ")
    if WRONG == number:
        raise RuntimeError(f"{number} ended badly")

@pytest.fixture(scope="session")
def all_of_them():
    shared = Shared(made)
    yield shared
    shared.close()

@pytest.fixture(scope="module")
def thing(all_of_them):
    return all_of_them.get()

@pytest.fixture(scope="module")
def prepared(thing):
    thing.append("prepared")
"""
FIRST = """
def test_leaves_something_behind_and_is_tried_again(prepared, thing, tmp_path):
    assert list(tmp_path.iterdir()) == []
    (tmp_path / 'left').touch()
    assert "left" not in thing
    thing.append("left")
    assert thing == [2, "prepared", "left"]

def test_the_next_has_the_one_that_was_tried_again(thing):
    assert thing == [2, "prepared", "left"]

def test_skipped_is_not_failed():
    import pytest
    pytest.skip("for now")
"""
SECOND = """
def test_nobody_failed_since(thing):
    assert thing == [2, "prepared", "left"]

def test_it_fails_for_good(thing):
    thing.append("wrong")
    assert False

def test_it_stays_for_what_the_module_prepared(thing):
    assert thing[-1] == "wrong"
"""
THIRD = """
def test_the_next_module_has_another(thing):
    assert thing == [4]
"""


def ran(folder: Path, *, wrong: int = 0) -> str:
    """Run the tests above, tried again once; gives what they said, and then which of what they shared has ended."""
    (folder / "conftest.py").write_text(f"WRONG = {wrong}\n{SHARING}")
    for name, tests in (("test_1.py", FIRST), ("test_2.py", SECOND), ("test_3.py", THIRD)):
        (folder / name).write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "pytest_retry.retry_plugin", "--retries", "1"]
    done = subprocess.run(
        [*command, "-o", f"pythonpath={ROOT}", str(folder)],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr + (folder / "ended").read_text()


def test_a_test_that_failed_leaves_what_it_touched_to_nobody(tmp_path: Path) -> None:
    said = ran(tmp_path)
    assert "1 failed, 5 passed, 1 skipped, 2 retried" in said
    assert "FAILED test_2.py::test_it_fails_for_good" in said


def test_each_is_ended_once_and_what_went_wrong_in_it_is_told_at_the_end(tmp_path: Path) -> None:
    said = ran(tmp_path, wrong=1)
    assert "1 ended badly" in said
    assert "5 passed" in said
    assert "1 error" in said
    assert said.endswith("1 2 3 4 ")
