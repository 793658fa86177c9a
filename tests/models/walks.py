"""How long the models walk: a little by default, long by the environment variable MODEL_STEPS."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine

from holdfast.ports.state import State
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import MemoryState

T = TypeVar("T")

LONG = os.environ.get("MODEL_STEPS") == "long"


def walks(examples: int, steps: int) -> settings:
    """So many walks of so many steps, or many times as many."""
    return settings(
        max_examples=examples * (40 if LONG else 1),
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not LONG,
    )


class OverStores(RuleBasedStateMachine):
    """Walks over a state store; one class for each."""

    store: ClassVar[str] = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp())
        self.state: State = MemoryState() if self.store == "memory" else SqliteState(self.directory)

    def teardown(self) -> None:
        self.run(self.state.close())
        self.loop.close()
        shutil.rmtree(self.directory)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it now."""
        return self.loop.run_until_complete(work)
