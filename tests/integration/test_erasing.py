"""Forgetting a person in a whole workspace on disk: every file is searched for what only they had."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from holdfast.events.event import IdentityKey, own_event
from holdfast.flows.ingest.bulk import EVENT_TABLE, load_table
from holdfast.flows.people.erase import Eraser
from holdfast.flows.people.erased import suppressed_of
from holdfast.flows.people.erasure_record import Record
from holdfast.flows.people.prove_erased import prove
from holdfast.kernel.errors import NotFound
from holdfast.kernel.moments import from_millis
from holdfast.ports.teamwork import AuditEntry, AuditQuery
from holdfast.settings import Settings
from holdfast.stores.log import SegmentLog
from holdfast.testing.clock import FakeClock
from holdfast.wiring import Application, open_application


def files_with(directory: Path, *words: bytes) -> list[str]:
    """The files that hold one of the words, wherever in their bytes."""
    return sorted(
        f"{path.relative_to(directory)}: {word.decode()}"
        for path in directory.rglob("*")
        if path.is_file()
        for word in words
        if word in path.read_bytes()
    )


async def opened(directory: Path) -> Application:
    settings = Settings.load(directory, {}, {"log_segment_bytes": 65_536}, working_dir=directory)
    return await open_application(settings, clock=FakeClock(), serving=False)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Application]:
    made = await opened(tmp_path / "data")
    yield made
    await made.close()


async def happens(app: Application, *messages: Mapping[str, object]) -> None:
    await app.collector.collect("batch", json.dumps({"batch": messages}).encode(), "web")
    await app.settle()


async def lived(app: Application) -> None:
    """Zebra did things under two names, in batches with Olga, who once used the same device."""
    await happens(
        app,
        {"type": "track", "event": "Page Seen", "anonymousId": "zebra-device", "messageId": "z1"},
        {"type": "track", "event": "Page Seen", "userId": "olga", "messageId": "o1", "properties": {"page": "home"}},
        {
            "type": "identify",
            "userId": "zebra-user",
            "anonymousId": "zebra-device",
            "messageId": "z2",
            "traits": {"email": "Zebra@Plains.example", "city": "Zebratown"},
        },
        {"type": "track", "event": "Page Seen", "userId": "olga", "anonymousId": "zebra-device", "messageId": "o2"},
        {"type": "trak", "userId": "zebra-user", "messageId": "z3"},
        {"type": "trak", "userId": "olga", "messageId": "o3"},
    )
    await happens(
        app,
        {
            "type": "track",
            "event": "Zebra Only",
            "userId": "zebra-user",
            "messageId": "z4",
            "properties": {"x": "zebraprop"},
        },
        {"type": "track", "event": "Bought", "userId": "olga", "messageId": "o4", "properties": {"revenue": 5}},
    )
    await app.discovery.known_properties("Page Seen", limit=5)


WORDS = (b"zebra", b"Zebra@Plains", b"Zebratown")


async def erase(app: Application, name: str = "zebra-user") -> Record:
    return await app.eraser.run((await app.eraser.request(name, by="a test")).id)


async def test_nothing_of_them_is_left_in_any_file_and_all_of_others_is(app: Application, tmp_path: Path) -> None:
    await lived(app)
    assert files_with(tmp_path, *WORDS)
    olga_before = await timeline(app, "olga")
    record = await erase(app)
    assert (record.state, record.problem) == ("done", "")
    assert {step.store for step in record.steps} == {"state", "history", "bad records", "mailbox", "log"}
    assert next(step for step in record.steps if step.store == "history").removed["events"] == 3
    assert all(found.nothing for found in record.verified)
    assert [found.store for found in record.verified] == ["state", "history", "mailbox", "log"]
    assert files_with(tmp_path, *WORDS) == []
    assert b"zebra" not in msgspec.json.encode(record)
    assert await timeline(app, "olga") == olga_before
    assert await app.history.count_everyone() == 1
    assert [each.count for each in await app.history.names() if each.name == "Page Seen"] == [2]
    async with app.state.view() as view:
        bad = await view.bad_records(limit=9, before_id=None, replayed=None)
    assert [json.loads(each.body)["userId"] for each in bad] == ["olga"]
    properties = await app.discovery.known_properties("Page Seen", limit=5)
    assert [(each.name, each.count) for each in properties] == [("page", 1)]
    assert await app.discovery.known_properties("Zebra Only", limit=5) == []


async def timeline(app: Application, name: str) -> list[tuple[str, str]]:
    async with app.state.view() as view:
        known = await view.identities([IdentityKey(kind="user", value=name)])
    found = await app.history.timeline([each.id for each in known.values()], limit=99)
    return [(each.message_id, json.dumps(dict(each.properties))) for each in found]


async def test_no_audit_entry_says_their_address_however_it_was_written(app: Application, tmp_path: Path) -> None:
    await lived(app)
    await happens(app, {"type": "identify", "userId": "zebra-user", "traits": {"phone": "+4915112345678"}})
    written = ("ZEBRA@plains.example", " zebra@PLAINS.example", "0049 151 12345678", "olga@plains.example")
    async with app.state.begin() as transaction:
        for each in written:
            action, said = "suppression.added", json.dumps([{"path": "$.address", "after": each}]).encode()
            entry = AuditEntry(at_ms=1, by="ann", action=action, kind="suppression", about=each, changes=said)
            await transaction.add_audit(entry)
    assert (await erase(app)).state == "done"
    async with app.state.view() as view:
        entries = await view.audit(AuditQuery(kind="suppression"), limit=9)
    assert [each.about for each in entries] == ["olga@plains.example", "", "", ""]
    assert files_with(tmp_path, b"ZEBRA", b"PLAINS", b"12345678") == []


async def test_the_proof_holds_and_a_forged_one_does_not(app: Application) -> None:
    await lived(app)
    record = await erase(app)
    proof = await prove(app.eraser.stores, "zebra-device")
    assert proof.holds
    assert proof.record == record
    with pytest.raises(NotFound, match="nobody was erased"):
        await prove(app.eraser.stores, "olga")
    forged = msgspec.structs.replace(record, by="somebody else")
    assert not forged.is_genuine(app.secret)
    assert not record.is_genuine(b"another secret")
    # What is found again breaks it: a message of theirs gets back into the log, as from an old copy.
    body = json.dumps({"batch": [{"type": "track", "event": "Seen", "userId": "zebra-user"}]}).encode()
    assert isinstance(app.log, SegmentLog)
    await app.log.rewrite(1, lambda entry: body)
    assert not (await prove(app.eraser.stores, "zebra-user")).holds


async def test_who_uses_their_device_afterwards_keeps_it_and_breaks_no_proof(app: Application) -> None:
    await lived(app)
    request = await app.eraser.request("zebra-user", by="a test")
    assert isinstance(app.clock, FakeClock)
    app.clock.advance(minutes=2)
    seen = {"type": "track", "event": "Page Seen", "userId": "olga", "anonymousId": "zebra-device", "messageId": "o7"}
    said = {"type": "alias", "userId": "olga", "previousId": "zebra-user", "messageId": "o8"}
    await happens(app, seen, said)
    assert (await app.eraser.run(request.id)).state == "done"
    await happens(app, {**seen, "messageId": "o9"})
    assert {"o7", "o8", "o9"} <= {message_id for message_id, _ in await timeline(app, "olga")}
    for name in ("zebra-user", "zebra-device"):
        proof = await prove(app.eraser.stores, name)
        assert proof.holds, proof.found


async def test_asked_twice_it_is_one_erasure_and_unknown_people_are_told_of(app: Application) -> None:
    await lived(app)
    first = await app.eraser.request("zebra-user", by="one")
    second = await app.eraser.request("zebra-device", by="two")
    assert first == second
    done = await asyncio.gather(app.eraser.run(first.id), app.eraser.run(first.id))
    assert {each.state for each in done} == {"done"}
    assert await app.eraser.request("zebra-user", by="three") == done[0]
    with pytest.raises(NotFound, match="nobody goes by"):
        await app.eraser.request("nobody", by="four")


async def test_whoever_comes_back_is_somebody_new_and_the_past_does_not_come_with_them(app: Application) -> None:
    await lived(app)
    request = await app.eraser.request("zebra-user", by="a test")
    # While it is under way they are back.
    await happens(app, {"type": "track", "event": "Back", "userId": "zebra-user", "messageId": "z9"})
    record = await app.eraser.run(request.id)
    assert record.state == "done"
    assert await timeline(app, "zebra-user") == [("z9", "{}")]
    # The messages from before, sent again as they were, by the same call and as a file of the past.
    old = {"type": "track", "event": "Zebra Only", "userId": "zebra-user", "messageId": "z4"}
    await happens(app, old)
    past = {**old, "messageId": "z4-again", "timestamp": "2020-01-01T00:00:00Z"}
    await app.collector.collect("import", json.dumps({"batch": [past]}).encode(), "web")
    await app.settle()
    columns = (
        "name",
        "kind",
        "user_id",
        "anonymous_id",
        "previous_id",
        "message_id",
        "properties",
        "context",
        "source",
    )
    row: dict[str, object] = dict.fromkeys(columns) | {"name": "Zebra Only", "kind": "track", "source": "file"}
    rows = [
        row | {"user_id": user, "message_id": f"{user}-file", "timestamp": from_millis(1_000_000_000_000)}
        for user in ("zebra-user", "olga")
    ]
    loaded = await load_table(
        pa.Table.from_pylist(rows, schema=EVENT_TABLE),
        state=app.state,
        history=app.history,
        received=app.clock.now(),
        veil_key=app.secret,
    )
    assert (loaded.added, loaded.known) == (1, 1)
    await app.settle()
    assert await timeline(app, "zebra-user") == [("z9", "{}")]
    assert ("olga-file", "{}") in await timeline(app, "olga")
    # And they can be erased again.
    again = await erase(app)
    assert again.id != record.id
    assert (again.state, await timeline(app, "zebra-user")) == ("done", [])
    assert (await prove(app.eraser.stores, "zebra-user")).record == again


async def test_what_is_archived_after_the_request_is_theirs_still(app: Application) -> None:
    """The history is behind: it is told of the past when the name is somebody else's already."""
    await lived(app)

    async def take_in_only() -> None:
        while not (await app.reactor.tick()).idle:
            pass

    async def collect(*messages: Mapping[str, object]) -> None:
        await app.collector.collect("batch", json.dumps({"batch": messages}).encode(), "web")

    await collect({"type": "track", "event": "Late", "userId": "zebra-user", "messageId": "z8"})
    behind = Eraser(replace(app.eraser.stores, catch_up=take_in_only))
    request = await behind.request("zebra-user", by="a test")
    await collect({"type": "track", "event": "Back", "userId": "zebra-user", "messageId": "z9"})
    await take_in_only()
    await app.archivist.flush()
    assert await timeline(app, "zebra-user") == [("z9", "{}")]
    record = await app.eraser.run(request.id)
    assert record.state == "done"
    assert await timeline(app, "zebra-user") == [("z9", "{}")]


async def test_what_was_in_the_log_before_the_request_is_theirs_however_far_behind_we_are(app: Application) -> None:
    await lived(app)
    body = json.dumps({"batch": [{"type": "track", "event": "Late", "userId": "zebra-user", "messageId": "z8"}]})
    ticks = 0

    async def slowly() -> None:
        nonlocal ticks
        ticks += 1
        if ticks > 2:
            await app.catch_up()

    await app.collector.collect("batch", body.encode(), "web")
    eraser = Eraser(replace(app.eraser.stores, catch_up=slowly))
    record = await eraser.request("zebra-user", by="a test")
    assert (ticks, record.until) == (3, await app.log.end())
    assert (await app.eraser.run(record.id)).state == "done"
    await app.settle()
    assert await timeline(app, "zebra-user") == []


async def test_an_opt_out_outlives_them(app: Application) -> None:
    await lived(app)
    await happens(
        app,
        {
            "type": "track",
            "event": "Consent Changed",
            "userId": "zebra-user",
            "properties": {"channel": "email", "granted": False},
        },
    )
    await erase(app)
    rules = app.rules
    async with app.state.view() as view:
        asked = ["zebra@plains.example", "ZEBRA@plains.example", "olga@plains.example"]
        found = await suppressed_of(view, rules, "email", asked)
        among_many = await suppressed_of(view, rules, "email", [*asked, *(f"p{n}@plains.example" for n in range(50))])
    assert found == among_many == {"zebra@plains.example": "unsubscribed"}


async def test_own_events_on_their_way_do_not_bring_them_back(app: Application, tmp_path: Path) -> None:
    await lived(app)
    at = app.clock.now()
    zebra = IdentityKey(kind="user", value="zebra-user")
    own = own_event("Message Sent", user=zebra, at=at, properties={}, key=("x",))
    waiting = own_event("Message Sent", user=zebra, at=at, properties={}, key=("y",))
    async with app.state.begin() as transaction:
        await transaction.emit([waiting])
    request = await app.eraser.request("zebra-user", by="a test")
    await app.tell([own])  # It was read before the erasure, and reaches the log after it.
    record = await app.eraser.run(request.id)
    assert record.state == "done"
    assert await timeline(app, "zebra-user") == []
    assert files_with(tmp_path, *WORDS) == []


async def test_cut_off_after_any_step_it_is_completed(tmp_path: Path) -> None:
    """Each round one more call to a store is let through before the process is taken to be dead."""
    app = await opened(tmp_path / "data")
    await lived(app)
    record = await app.eraser.request("zebra-user", by="a test")
    rounds = 0
    while True:
        left = [rounds]
        history, log = _Dying(app.history, left), _Dying(app.log, left)
        eraser = Eraser(replace(app.eraser.stores, history=history, log=log))
        try:
            record = await eraser.run(record.id)
            break
        except _DeadError:
            rounds += 1
    assert rounds > 5
    assert (record.state, record.problem) == ("done", "")
    assert files_with(tmp_path, *WORDS) == []
    await app.close()


class _DeadError(Exception):
    """The process would have died here."""


class _Dying:
    """A store that answers so many calls, and then no more."""

    def __init__(self, store: object, left: list[int]) -> None:
        self._store = store
        self._left = left

    def __getattr__(self, name: str) -> Any:
        answer = getattr(self._store, name)

        async def answering(*args: Any, **kwargs: Any) -> Any:
            if not self._left[0]:
                raise _DeadError
            self._left[0] -= 1
            return await answer(*args, **kwargs)

        return answering


KILLED = """
import asyncio, os, sys
from pathlib import Path
import holdfast.flows.people.erase as erase
from tests.integration.test_erasing import lived, opened

async def main(directory, calls):
    app = await opened(Path(directory))
    if calls == "0":
        await lived(app)
    record = await app.eraser.request("zebra-user", by="a test")
    left = int(calls)

    def trace(frame, event, arg):
        nonlocal left
        if event == "call" and frame.f_code.co_filename in files:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), 9)
        return None

    import threading
    import holdfast.flows.people.erasing as run
    import holdfast.flows.people.erasure_log as cut
    import holdfast.stores.log.rewriting as log
    import holdfast.stores.clickhouse.erasing as erasing
    files = {each.__file__ for each in (erase, run, cut, log, erasing)}
    sys.setprofile(trace)
    threading.setprofile(trace)
    record = await app.eraser.run(record.id)
    sys.setprofile(None)
    print(record.state)
    await app.close()

asyncio.run(main(*sys.argv[1:]))
"""


def test_killed_in_the_middle_it_is_completed_by_the_next_process(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    killed = 0
    for calls in (0, 6, 14, 24, 36, 100_000):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(directory), str(calls)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        if done.returncode == -signal.SIGKILL:
            killed += 1
            continue
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == "done"
    assert killed >= 3
    assert files_with(directory, *WORDS) == []
