"""Forgetting somebody whose messages lie in a log that cannot be rewritten: it stays open until they are dropped."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from holdfast.events.event import IdentityKey, own_event
from holdfast.flows.people.prove_erased import prove
from holdfast.flows.upkeep.trim import DAY_MS, trim
from holdfast.kernel.moments import to_millis
from holdfast.settings import Settings
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.nats import NatsLog
from holdfast.testing import FakeClock, MemoryState
from holdfast.wiring import Application, assemble
from tests.nats_server import NatsServer, running

KEEP_DAYS = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with running(NatsServer(tmp_path_factory.mktemp("nats"))) as it:
        yield it


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def app(server: NatsServer, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Application]:
    settings = Settings.load(tmp_path, {}, {"log_keep_days": KEEP_DAYS}, working_dir=tmp_path)
    log = await NatsLog.open([server.url], stream=uuid.uuid4().hex)
    made = await assemble(settings, clock=clock, log=log, state=MemoryState(), history=MemoryHistory(), mail=None)
    yield made
    await made.close()
    await log.close()


async def happens(app: Application, *messages: Mapping[str, object]) -> None:
    await app.collector.collect("batch", json.dumps({"batch": messages}).encode(), "web")
    await app.settle()


async def words_in_log(app: Application) -> str:
    entries = await app.log.read(0, max_records=1_000, max_bytes=1 << 30)
    return b" ".join(each.record.body for each in entries).decode()


async def drop_what_is_old(app: Application, clock: FakeClock) -> None:
    """What the server does every hour."""
    await trim(app.log, app.state, clock, keep_days=KEEP_DAYS)


async def test_it_stays_open_until_the_last_of_theirs_is_dropped(app: Application, clock: FakeClock) -> None:
    await happens(app, {"type": "track", "event": "Seen", "userId": "zebra", "messageId": "z1"})
    await happens(app, {"type": "track", "event": "Seen", "userId": "olga", "messageId": "o1"})
    request = await app.eraser.request("zebra", by="a test")
    record = await app.eraser.run(request.id)
    assert (record.state, record.problem) == ("running", "Something of theirs was found again in: log.")
    assert record.log_gone_by_ms == to_millis(clock.now()) + KEEP_DAYS * DAY_MS
    async with app.state.view() as view:
        # Everything else of theirs is gone at once.
        assert set((await view.held(record.identities)).values()) == {0}
    assert await app.history.timeline(record.identities, limit=9) == []
    assert "zebra" in await words_in_log(app)

    clock.advance(days=1)
    await happens(app, {"type": "track", "event": "Seen", "userId": "olga", "messageId": "o2"})
    await drop_what_is_old(app, clock)
    assert await app.eraser.resume() == 1, "it is not old enough yet"

    clock.advance(days=1, hours=1)
    await drop_what_is_old(app, clock)
    assert "zebra" not in await words_in_log(app)
    assert await app.eraser.resume() == 0
    proof = await prove(app.eraser.stores, "zebra")
    assert (proof.holds, proof.record.state, proof.record.problem) == (True, "done", "")
    assert "o2" in await words_in_log(app), "what others did since is kept"


async def test_what_we_said_of_them_while_it_began_is_waited_for_too(app: Application, clock: FakeClock) -> None:
    """An event of ours that was on its way to the log as they were forgotten comes to lie after all they did."""
    await happens(app, {"type": "track", "event": "Seen", "userId": "zebra", "messageId": "z1"})
    zebra = IdentityKey(kind="user", value="zebra")
    late = own_event("Message Sent", user=zebra, at=clock.now(), properties={"campaign": "c"}, key=("late",))
    request = await app.eraser.request("zebra", by="a test")
    clock.advance(hours=1)
    async with app.state.begin() as transaction:
        await transaction.emit([late])
    await app.settle()
    clock.advance(days=2, minutes=-30)
    await drop_what_is_old(app, clock)
    words = await words_in_log(app)
    assert "z1" not in words
    assert "zebra" in words
    assert (await app.eraser.run(request.id)).state == "running"
    clock.advance(hours=1)
    await drop_what_is_old(app, clock)
    assert (await app.eraser.run(request.id)).state == "done"
