"""The second way in: the suites of the history, over ClickHouse's HTTP interface.

The server is a facade over chDB, unless HOLDFAST_TEST_CLICKHOUSE is the URL of a real one whose user may make
databases: then the same tests are run there, in a database of their own that is dropped at the end.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from holdfast.ports.history import History
from holdfast.stores.clickhouse.engine import Engine, Handle
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.clickhouse_facade import served
from tests.contracts.history_contract import PATIENT, chdb_history

CONFIG = """<clickhouse><merge_tree>
    <cleanup_delay_period>1</cleanup_delay_period>
    <max_cleanup_delay_period>1</max_cleanup_delay_period>
    <cleanup_delay_period_random_add>0</cleanup_delay_period_random_add>
</merge_tree></clickhouse>"""
"""Parts without those who are forgotten are tidied up at once; a server otherwise waits for half a minute."""
SERVER = os.environ.get("HOLDFAST_TEST_CLICKHOUSE", "")


@contextmanager
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server."""
    if SERVER:
        yield SERVER
        return
    place = tmp_path_factory.mktemp("server")
    (place / "config.xml").write_text(CONFIG)
    with served(place / "data", config=place / "config.xml") as url:
        yield url


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with server(tmp_path_factory) as url:
        database = f"holdfast_{secrets.token_hex(4)}"
        first = asyncio.run(ChdbHistory.open_server(url, database=database, limits=PATIENT))
        yield first._engine
        for name in (database, first._engine.way.empty_database):
            asyncio.run(first._engine.run(partial(Handle.command, text=f"DROP DATABASE IF EXISTS {name}")))
        asyncio.run(first.close())


@pytest.fixture
def history(engine: Engine) -> History:
    return chdb_history(engine)
