"""What the integration tests share: one server for all stories of a worker that need no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.afresh import Shared
from tests.integration.api_server import Server, serving


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared[Server]]:
    """The server of this worker, and another one after a test that failed."""
    shared = Shared(lambda: serving(tmp_path_factory.mktemp("server") / "data", cap_email_per_day=0))
    yield shared
    shared.close()


# Of a module, since what a module prepares on it has to be prepared anew where it is another one: a test that is tried
# again is given anew all that is not the session's.
@pytest.fixture(scope="module")
def server(servers: Shared[Server]) -> Server:
    """The server, on which no test has failed before this module began or this test was tried again."""
    return servers.get()
