"""Analysts' SQL, and all that is tried with it, over ClickHouse's HTTP interface."""

from __future__ import annotations

from tests.contracts.http_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.test_sql_attacks import *  # noqa: F403 - Run here, with the engine from above.
from tests.contracts.test_sql_views import *  # noqa: F403 - The same.
