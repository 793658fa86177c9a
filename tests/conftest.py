"""What every test shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.afresh import pytest_runtest_call, pytest_runtest_setup
from tests.postgres_server import PostgresServer, postgres_server

__all__ = ["pytest_runtest_call", "pytest_runtest_setup"]

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("holdfast", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("holdfast")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this worker's own."""
    with postgres_server() as server:
        yield server
