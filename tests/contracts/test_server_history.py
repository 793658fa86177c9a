"""The contract of the history, and what it promises beyond it, over ClickHouse's HTTP interface."""

from __future__ import annotations

from tests.contracts.http_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.http_contract import history as history  # noqa: PLC0414 - The fixture.
from tests.contracts.test_asking import (  # noqa: F401 - Run here, with the engine from above.
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
from tests.contracts.test_history_refers import *  # noqa: F403 - The same.
