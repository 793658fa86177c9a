"""Analysts' SQL, and all that is tried with it, over ClickHouse's HTTP interface."""

from __future__ import annotations

from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.server import Server
from tests.contracts.test_sql_attacks import *  # noqa: F403 - Run here, with the engine from below.
from tests.contracts.test_sql_views import *  # noqa: F403 - The same.

# isort: split
# After the suites, whose own fixture has the same name.
from tests.contracts.http_contract import engine as engine  # noqa: PLC0414 - The fixture.


def test_it_is_a_server_that_is_asked(engine: Engine) -> None:
    """Fixtures of the suites are imported with them: those from here must be the ones that count."""
    assert isinstance(engine.way, Server)
