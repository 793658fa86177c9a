"""What tests share for as long as none of them fails on it.

A test that failed may have left anything behind, at whatever line it ended: a change that waits, a name that is taken.
Whoever comes next, be it the same test tried again, is not to meet that, so they get another one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, TypeVar

import pytest
from _pytest.tmpdir import tmppath_result_key

T = TypeVar("T")


class Failures:
    """How many tests have failed so far in this process, each attempt counted."""

    count = 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a test that is tried again have a directory of its own: pytest looks at its end for how the test went.

    It writes that down with the reports of a test, and what tries again makes one report of all attempts.
    """
    item.stash.setdefault(tmppath_result_key, {})


# Around all others, since what they raise is the test's failure too.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Count the tests that fail, tried again or not."""
    try:
        return (yield)
    except pytest.skip.Exception:
        raise
    except BaseException:
        Failures.count += 1
        raise


class Shared(Generic[T]):
    """One thing for many tests, made when it is first asked for, and anew when a test has failed since."""

    def __init__(self, make: Callable[[], AbstractContextManager[T]]) -> None:
        self._make = make
        self._opened = ExitStack()
        self._made: T | None = None
        self._failures = 0
        self._wrong: list[Exception] = []

    def get(self) -> T:
        """The one there is, on which no test has failed."""
        if self._made is not None and self._failures != Failures.count:
            self._put_away()
        if self._made is None:
            self._failures = Failures.count
            self._made = self._opened.enter_context(self._make())
        return self._made

    def close(self) -> None:
        """Put it away for good. Raises what went wrong in putting any of them away."""
        self._put_away()
        if self._wrong:
            raise ExceptionGroup("what the tests shared did not end well", self._wrong)

    def _put_away(self) -> None:
        self._made = None
        try:
            self._opened.close()
        except Exception as error:  # noqa: BLE001 - It is told at the end: the test that comes next is not at fault.
            self._wrong.append(error)
