"""The contract of the history, and what it promises beyond it, over ClickHouse's HTTP interface."""

from __future__ import annotations

from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.server import Server
from tests.contracts.test_asking import (  # noqa: F401 - Run here, with the engine from below.
    meagre,
    test_a_limit_that_is_met_is_said,
    test_a_question_is_followed_and_called_off,
    test_a_second_question_of_what_was_called_off_is_not_asked,
    test_only_what_is_meant_is_called_off,
    test_what_nobody_waits_for_ends,
    test_whatever_waits_for_a_thread_is_called_off_too,
    world,
)
from tests.contracts.test_discovery import *  # noqa: F403 - The same.
from tests.contracts.test_history import *  # noqa: F403 - The same.
from tests.contracts.test_history_chdb import *  # noqa: F403 - The same.
from tests.contracts.test_history_erasure import (  # noqa: F401 - The same.
    test_again_it_changes_nothing_and_a_repeated_token_brings_nothing_back,
    test_somebody_new_under_the_name_is_left_alone,
    test_their_rows_go_and_their_names_in_those_of_others,
)
from tests.contracts.test_history_refers import *  # noqa: F403 - The same.

# isort: split
# After the suites, whose own fixtures have the same names.
from tests.contracts.http_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.http_contract import history as history  # noqa: PLC0414 - The fixture.


def test_it_is_a_server_that_is_asked(engine: Engine) -> None:
    """Fixtures of the suites are imported with them: those from here must be the ones that count."""
    assert isinstance(engine.way, Server)
