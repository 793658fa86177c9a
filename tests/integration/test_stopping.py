"""A server that is stopped tells those who wait for an answer, and does not cut them off."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from tests.integration.api_server import STOP_SECONDS, Answer, complaint, serving, until

LONG = "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1"


def test_whoever_asks_while_it_stops_is_told(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        answers: list[Answer] = []

        def ask() -> None:
            answers.append(server.ask("POST", "/api/sql", {"query": LONG}))

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for each in asking:
            each.start()
        until(lambda: len(server.got("GET", "/api/queries")["queries"]) == len(asking), "the questions")
        server.process.send_signal(signal.SIGTERM)
        for each in asking:
            each.join(STOP_SECONDS)
        assert [answer.status for answer in answers] == [503] * len(asking)
        assert {complaint(answer)["code"] for answer in answers} == {"stopping"}
        assert server.process.wait(STOP_SECONDS) == 0
    assert "Cancel" not in server.log
