"""What the integration tests share: one server for all stories of a worker that need no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.api_server import Server, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server") / "data", cap_email_per_day=0) as it:
        yield it
