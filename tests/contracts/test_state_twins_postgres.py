"""PostgreSQL is a twin of memory too: the machines that hold SQLite to it, on PostgreSQL."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import settings

from tests.contracts import test_state_twins as on_sqlite
from tests.contracts.test_state_twins import DEPTH, Twins
from tests.postgres_server import PostgresServer


@pytest.fixture(autouse=True)
def _server(postgres: PostgresServer) -> None:
    OnPostgres.server = postgres


class OnPostgres(Twins):
    """Puts PostgreSQL where SQLite was."""

    server: ClassVar[PostgresServer]

    def __init__(self) -> None:
        super().__init__()
        memory, sqlite = self.states
        self.loop.run_until_complete(sqlite.close())
        self.states = [memory, self.loop.run_until_complete(self.server.open())]


FEWER = settings(DEPTH, max_examples=8)
MACHINES = [each for each in vars(on_sqlite).values() if isinstance(each, type) and issubclass(each, Twins)]


def on_postgres(machine: type[Twins]) -> Any:
    moved: Any = type(f"{machine.__name__}OnPostgres", (OnPostgres, machine), {"__module__": __name__})
    case = moved.TestCase
    case.settings = FEWER
    return case


globals().update({f"Test{each.__name__}": on_postgres(each) for each in MACHINES if each is not Twins})
