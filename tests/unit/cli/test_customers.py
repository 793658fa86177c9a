"""How often the demo's customers act: one by one while somebody looks, else all at once now and then."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from holdfast.cli import customers as at_work
from holdfast.cli.customers import ALONE_SECONDS, TICK_SECONDS, Customers, Line
from holdfast.flows.ingest.watch import LOOKED_MS, Watch
from holdfast.sim.bustle import Bustle
from holdfast.sim.live import Crowd, Pace
from holdfast.sim.people import Effects, Habits, populate
from holdfast.sim.rhythm import DAY_MS

NOW_MS = 1_700_000_000_000


def turns(customers: Customers, *, begins: float, seconds: float) -> int:
    """How often they act in that time."""
    moments = np.arange(begins, begins + seconds, TICK_SECONDS)
    return sum(customers.is_turn(float(moment)) for moment in moments)


def test_customers_act_at_every_tick_while_somebody_looks_and_seldom_else() -> None:
    looked_at, rng = False, np.random.default_rng(1)
    people = populate(
        rng, 20, newcomers=2, start_ms=NOW_MS - DAY_MS, until_ms=NOW_MS, habits=Habits(), effects=Effects()
    )
    crowd = Crowd(rng, people, now_ms=NOW_MS, effects=Effects(), pace=Pace())
    customers = Customers(
        crowd,
        Bustle(usual_per_second=1.0),
        url="http://127.0.0.1:9",
        write_key="w",
        api_key="a",
        looked_at=lambda: looked_at,
    )
    alone = turns(customers, begins=1_000.0, seconds=60.0)
    assert 60 / ALONE_SECONDS - 1 <= alone <= 60 / ALONE_SECONDS + 1
    looked_at = True
    assert turns(customers, begins=1_060.0, seconds=60.0) == len(np.arange(0, 60, TICK_SECONDS))
    looked_at = False
    assert turns(customers, begins=1_120.0, seconds=60.0) <= 60 / ALONE_SECONDS + 1


def test_somebody_looks_on_for_a_while_after_they_looked() -> None:
    watch = Watch()
    assert not watch.is_looked_at(NOW_MS)
    watch.look(NOW_MS)
    watch.look(NOW_MS - 5)
    assert watch.is_looked_at(NOW_MS + LOOKED_MS - 1)
    assert not watch.is_looked_at(NOW_MS + LOOKED_MS)


def test_a_connection_the_server_closed_meanwhile_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Semaphore(0)

    class OneAnswer(BaseHTTPRequestHandler):
        """Keeps the connection by its word, and closes it all the same, as servers do with those that are idle."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            self.close_connection = True

        def finish(self) -> None:
            super().finish()
            self.connection.close()
            closed.release()

        def log_message(self, *_: object) -> None:
            """Nothing of it."""

    monkeypatch.setattr(at_work, "IDLE_SECONDS", 0.0)
    with ThreadingHTTPServer(("127.0.0.1", 0), OneAnswer) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            line = Line(f"http://127.0.0.1:{server.server_port}")
            for _ in range(3):
                assert line.ask("GET", "/") == (200, b"{}")
                assert closed.acquire(timeout=30)
            line.close()
        finally:
            server.shutdown()
            serving.join()
