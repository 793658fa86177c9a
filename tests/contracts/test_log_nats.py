"""What the log in NATS promises beyond the contract: how its stream is kept, one message a flush, servers that fail."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
import uuid
from asyncio import StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.aio.transport import TcpTransport

from holdfast.kernel.errors import Busy, Conflict, Internal, TooLarge
from holdfast.ports.log import Entry, Record
from holdfast.stores.nats import NatsLog
from holdfast.stores.nats.connection import Connection, Unreachable
from holdfast.stores.nats.packing import RECORDS_MOST, Summed, pack, unpack
from tests.nats_server import NatsServer, running

SECOND = 1_000_000_000


def a_record(body: bytes = b"{}") -> Record:
    return Record(kind="batch", source="web", received_ms=1, body=body)


async def everything(log: NatsLog) -> list[Entry]:
    found: list[Entry] = []
    while entries := await log.read(found[-1].offset + 1 if found else 0, max_records=1000, max_bytes=1 << 30):
        found += entries
    return found


async def bodies(log: NatsLog) -> list[bytes]:
    return [entry.record.body for entry in await everything(log)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with running(NatsServer(tmp_path_factory.mktemp("nats"))) as it:
        yield it


@pytest.fixture
def own(tmp_path: Path) -> Iterator[NatsServer]:
    """A server that the test may end."""
    with running(NatsServer(tmp_path / "nats")) as it:
        yield it


@pytest.fixture
async def client(shared: NatsServer) -> AsyncIterator[Client]:
    connected = await nats.connect(shared.url)
    yield connected
    await connected.close()


@pytest.fixture
async def log(shared: NatsServer) -> AsyncIterator[NatsLog]:
    opened = await NatsLog.open([shared.url], stream=uuid.uuid4().hex)
    yield opened
    await opened.close()


async def ask(client: Client, subject: str, question: object = None) -> dict[str, Any]:
    payload = b"" if question is None else json.dumps(question).encode()
    answer: dict[str, Any] = json.loads((await client.request(subject, payload, timeout=60)).data)
    return answer


async def succeeding(act: Callable[[], Awaitable[object]]) -> None:
    """Do it as a caller does who is told to try again."""
    async with asyncio.timeout(120):
        while True:
            with contextlib.suppress(Busy):
                await act()
                return


async def bodies_at(server: NatsServer, stream: str = "HOLDFAST") -> list[bytes]:
    """What is stored, as somebody sees it who has time."""
    log = await NatsLog.open([server.url], stream=stream, read_seconds=60)
    try:
        return await bodies(log)
    finally:
        await log.close()


def connections_to(server: NatsServer) -> list[StreamWriter]:
    """Those of this process that nobody has closed."""
    gc.collect()
    open_ones = [each for each in gc.get_objects() if isinstance(each, StreamWriter) and not each.is_closing()]
    return [each for each in open_ones if (each.get_extra_info("peername") or ("", 0))[1] == server.port]


# The stream.


async def test_the_stream_is_made_so_that_it_forgets_nothing(client: Client, log: NatsLog) -> None:
    config = (await ask(client, f"$JS.API.STREAM.INFO.{log._names.stream}"))["config"]
    assert (config["storage"], config["retention"], config["discard"]) == ("file", "limits", "new")
    assert [config[name] for name in ("max_age", "max_bytes", "max_msgs", "max_msgs_per_subject")] == [0, -1, -1, -1]
    assert config["deny_delete"]
    assert config["duplicate_window"] == 120 * SECOND
    assert config["num_replicas"] == 1


async def test_a_stream_that_is_made_anew_begins_beyond_what_was_read(client: Client, shared: NatsServer) -> None:
    """Were it counted from 1 again, what is acknowledged would stand where nobody reads any more."""
    stream = uuid.uuid4().hex
    first = await NatsLog.open([shared.url], stream=stream)
    for _ in range(3):
        await first.append([a_record(b"before")])
    read = (await everything(first))[-1].offset + 1

    async def begins_at() -> int:
        return read

    await ask(client, f"$JS.API.STREAM.DELETE.{stream}")
    second = await NatsLog.open([shared.url], stream=stream, begins_at=begins_at)
    assert await second.end() >= read
    assert await second.waiting(read) == 0
    assert await second.append([a_record(b"after")]) >= read
    assert await first.append([a_record(b"after")]) >= read, "who runs on writes into it as well"
    for each in (first, second):
        found = await each.read(read, max_records=9, max_bytes=9999)
        assert [entry.record.body for entry in found] == [b"after"] * 2
        await each.close()


async def test_a_stream_that_knows_less_than_was_stored_is_not_believed(client: Client, shared: NatsServer) -> None:
    stream = uuid.uuid4().hex
    log = await NatsLog.open([shared.url], stream=stream, read_seconds=0.5)
    for _ in range(3):
        await log.append([a_record()])
    end = await log.end()
    await ask(client, f"$JS.API.STREAM.DELETE.{stream}")
    await (await NatsLog.open([shared.url], stream=stream)).close()
    with pytest.raises(Busy, match="3 messages that were stored"):
        await log.end()
    await log.close()
    assert end > 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("storage", "memory"),
        ("retention", "workqueue"),
        ("max_age", 3600 * SECOND),
        ("max_bytes", 1_000_000),
        ("max_msgs", 1000),
        ("max_msgs_per_subject", 1),
        ("duplicate_window", 1 * SECOND),
        ("allow_direct", False),
        ("deny_delete", False),
        ("deny_purge", True),
        ("persist_mode", "async"),
        ("republish", None),
        ("subjects", ["elsewhere.append"]),
    ],
)
async def test_a_stream_that_could_lose_something_is_refused(
    shared: NatsServer, client: Client, field: str, value: object
) -> None:
    name = f"weak-{field}"
    sound = await NatsLog.open([shared.url], stream=name)
    await sound.close()
    config = (await ask(client, f"$JS.API.STREAM.INFO.{name}"))["config"]
    await ask(client, f"$JS.API.STREAM.DELETE.{name}")
    weak = config | {field: value}
    if field == "retention":
        weak["allow_direct"] = True
    made = await ask(client, f"$JS.API.STREAM.CREATE.{name}", weak)
    assert "error" not in made, made
    with pytest.raises(Conflict, match=field) as refused:
        await NatsLog.open([shared.url], stream=name)
    assert "nats stream edit" in refused.value.hint


async def test_more_copies_than_there_are_servers_are_refused(shared: NatsServer) -> None:
    with pytest.raises(Conflict, match="replicas") as refused:
        await NatsLog.open([shared.url], stream="three", replicas=3)
    assert "one replica" in refused.value.hint


async def test_fewer_copies_than_asked_for_are_refused(shared: NatsServer) -> None:
    await (await NatsLog.open([shared.url], stream="one")).close()
    with pytest.raises(Conflict, match="num_replicas is 1 and must be 3 or more"):
        await NatsLog.open([shared.url], stream="one", replicas=3)


async def test_a_server_whose_messages_are_too_small_is_refused(tmp_path: Path) -> None:
    with running(NatsServer(tmp_path, max_payload=500_000)) as server:
        with pytest.raises(Conflict, match="500000") as refused:
            await NatsLog.open([server.url])
        assert "max_payload" in refused.value.hint


async def test_a_server_without_jetstream_is_refused(tmp_path: Path) -> None:
    with running(NatsServer(tmp_path, jetstream=False)) as server:
        with pytest.raises(Conflict, match="JetStream") as refused:
            await NatsLog.open([server.url])
        assert "sync_interval: always" in refused.value.hint


async def test_opening_where_nobody_listens_says_so(own: NatsServer) -> None:
    own.kill()
    with pytest.raises(Busy, match=str(own.port)) as refused:
        await NatsLog.open([own.url], open_seconds=0.5)
    assert refused.value.code == "log_unreachable"


async def test_many_open_the_same_new_stream_at_once(shared: NatsServer) -> None:
    logs = await asyncio.gather(*(NatsLog.open([shared.url], stream="at-once") for _ in range(8)))
    await asyncio.gather(*(log.append([a_record(b"%d" % number)]) for number, log in enumerate(logs)))
    assert sorted(await bodies(logs[0])) == [b"%d" % number for number in range(8)]
    for log in logs:
        await log.close()


# Appending.


async def test_a_crowd_shares_a_message(log: NatsLog) -> None:
    await asyncio.gather(*(log.append([a_record(b"%d" % number)]) for number in range(500)))
    assert await bodies(log) == [b"%d" % number for number in range(500)]
    assert (await log._reader.state())["messages"] <= 2


async def test_a_message_is_filled_to_its_limit_and_not_beyond(log: NatsLog) -> None:
    sent = [a_record(b"%d" % number) for number in range(RECORDS_MOST - 1)]
    first, second, third = await asyncio.gather(
        log.append(sent), log.append([a_record(b"x")]), log.append([a_record(b"y")])
    )
    assert (first, second, third) == (0, RECORDS_MOST - 1, 2 * RECORDS_MOST - 1)
    assert [entry.offset for entry in await everything(log)] == [*range(RECORDS_MOST), 2 * RECORDS_MOST - 1]


async def test_a_record_that_fits_no_message_is_refused_and_stops_nobody(log: NatsLog) -> None:
    results = await asyncio.gather(
        log.append([a_record(b"before")]),
        log.append([a_record(), a_record(b"x" * 1_048_000)]),
        log.append([a_record(b"after")]),
        return_exceptions=True,
    )
    assert [type(each) for each in results] == [int, TooLarge, int]
    assert await bodies(log) == [b"before", b"after"]


async def test_the_largest_record_that_fits_is_stored(log: NatsLog) -> None:
    appender = log._appender
    room = appender._message_bytes_most
    fitting = room - len(pack([Summed.of(a_record(b""))]))
    await log.append([a_record(b"x" * fitting)])
    with pytest.raises(TooLarge):
        await log.append([a_record(b"x" * (fitting + 1))])
    assert [len(body) for body in await bodies(log)] == [fitting]


async def test_too_much_waiting_is_refused_and_what_waits_is_kept(shared: NatsServer) -> None:
    log = await NatsLog.open([shared.url], stream="narrow", queue_bytes=300)
    results = await asyncio.gather(*(log.append([a_record(b"x" * 100)]) for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [int, int, Busy, Busy, Busy]
    await log.append([a_record(b"y" * 1000)])
    assert [len(body) for body in await bodies(log)] == [100, 100, 1000]
    await log.close()


async def test_an_append_whose_acknowledgement_is_lost_is_stored_once(
    log: NatsLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Connection.ask
    lost = 0

    async def ask(self: Connection, subject: str, *rest: Any) -> bytes:
        nonlocal lost
        answer = await sound(self, subject, *rest)
        if subject == log._names.append and lost < 2:
            lost += 1
            raise Unreachable("the answer was lost")
        return answer

    monkeypatch.setattr(Connection, "ask", ask)
    first = await log.append([a_record(b"a"), a_record(b"b")])
    assert [(entry.offset, entry.record.body) for entry in await everything(log)] == [(first, b"a"), (first + 1, b"b")]
    assert lost == 2


async def test_what_was_refused_takes_no_room_in_the_queue(own: NatsServer) -> None:
    log = await NatsLog.open([own.url], queue_bytes=300, append_seconds=0.3, request_seconds=0.1)
    own.signal(signal.SIGSTOP)
    for _ in range(2):
        refused = await asyncio.gather(*(log.append([a_record(b"x" * 100)]) for _ in range(2)), return_exceptions=True)
        assert all("within 0.3 seconds" in str(each) for each in refused), refused
    own.signal(signal.SIGCONT)
    await log.close()


async def test_closing_writes_what_waits(shared: NatsServer) -> None:
    log = await NatsLog.open([shared.url], stream="closing")
    appending = [asyncio.create_task(log.append([a_record(b"%d" % number)])) for number in range(20)]
    await asyncio.sleep(0)
    await log.close()
    await asyncio.wait_for(asyncio.gather(*appending), 60)
    again = await NatsLog.open([shared.url], stream="closing")
    assert len(await bodies(again)) == 20
    await again.close()


# Reading.


async def test_every_way_of_reading_finds_the_same(log: NatsLog, shared: NatsServer) -> None:
    for count in (1, 7, 300, 2):
        await log.append([a_record(b"%d" % number) for number in range(count)])
    other = await NatsLog.open([shared.url], stream=log._names.stream, cache_bytes=0)
    stored = await everything(log)
    assert await everything(other) == stored
    leader: list[Entry] = []
    for sequence in range(1, 5):
        ((number, message),) = await other._reader._from_leader(sequence)
        leader += unpack(number, message)
    assert leader == stored
    await other.close()


async def test_what_a_replica_does_not_have_yet_the_leader_is_asked_for(
    log: NatsLog, shared: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append([a_record(b"first")])
    end = await log.end()
    await log.append([a_record(b"second")])
    other = await NatsLog.open([shared.url], stream=log._names.stream)

    async def nothing(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(Connection, "ask_several", nothing)
    (entry,) = await other.read(end, max_records=10, max_bytes=1000)
    assert entry.record.body == b"second"
    assert await other.read(await other.end(), max_records=10, max_bytes=1000) == []
    await other.close()


async def test_a_message_lost_on_its_way_ends_the_batch_before_it(
    log: NatsLog, shared: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        await log.append([a_record(b"%d" % number)])
    other = await NatsLog.open([shared.url], stream=log._names.stream, cache_bytes=0)
    sound = Connection.ask_several
    for place in range(5):

        async def ask(self: Connection, *question: Any, place: int = place) -> list[Any]:
            answers = await sound(self, *question)
            del answers[min(place, len(answers) - 2)]
            return answers

        monkeypatch.setattr(Connection, "ask_several", ask)
        assert await bodies(other) == [b"%d" % number for number in range(6)]
    await other.close()


async def test_what_another_program_wrote_is_not_passed_over(client: Client, log: NatsLog) -> None:
    await log.append([a_record(b"ours")])
    await client.request(log._names.append, b"theirs", timeout=60)
    await log.append([a_record(b"ours again")])
    (entry,) = await log.read(0, max_records=1, max_bytes=1)
    assert entry.record.body == b"ours"
    with pytest.raises(Internal, match="message 2 "):
        await log.read(entry.offset + 1, max_records=1, max_bytes=1)


@pytest.mark.parametrize("byte", range(60))
def test_damage_anywhere_in_a_message_is_seen(byte: int) -> None:
    message = pack([Summed.of(a_record(b"a")), Summed.of(a_record(b"b"))])
    damaged = bytes(each ^ (place == byte) for place, each in enumerate(message))
    with pytest.raises(Internal, match="message 7 "):
        unpack(7, damaged)
    with pytest.raises(Internal):
        unpack(7, message[:byte])
    with pytest.raises(Internal):
        unpack(7, message + b"x")


async def test_about_how_many_wait_is_told_of_very_many(log: NatsLog) -> None:
    for _ in range(40):
        await log.append([a_record(b"x" * 100_000)])
    for _ in range(40):
        await log.append([a_record(b"x" * 10_000)] * 50)
    assert 1500 < await log.waiting(0) < 2600
    (entry,) = await log.read(await log.end() - 10, max_records=1, max_bytes=1)
    assert await log.waiting(entry.offset) == 10


async def test_news_of_another_writer_wakes_who_waits_at_once(
    log: NatsLog, shared: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.stores.nats.nats_log.LOOK_SECONDS", 1000)
    other = await NatsLog.open([shared.url], stream=log._names.stream)
    waiting = asyncio.create_task(other.wait(0, timeout_seconds=500))
    await asyncio.sleep(0.01)
    await log.append([a_record()])
    assert await asyncio.wait_for(waiting, 60) is True
    await other.close()


async def test_news_that_was_missed_is_asked_for(
    log: NatsLog, shared: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.stores.nats.nats_log.LOOK_SECONDS", 0.05)

    async def deaf(*_: object) -> None: ...

    monkeypatch.setattr(NatsLog, "_heard", deaf)
    other = await NatsLog.open([shared.url], stream=log._names.stream)
    waiting = asyncio.create_task(other.wait(0, timeout_seconds=500))
    await asyncio.sleep(0.01)
    await log.append([a_record()])
    assert await asyncio.wait_for(waiting, 60) is True
    await other.close()


# Servers that fail.


async def test_what_was_acknowledged_outlives_the_death_of_the_server(own: NatsServer) -> None:
    log = await NatsLog.open([own.url], append_seconds=30)
    acknowledged = []

    async def caller(name: int) -> None:
        for number in range(60):
            body = b"%d.%d" % (name, number)
            acknowledged.append((await log.append([a_record(body)]), body))

    callers = [asyncio.create_task(caller(name)) for name in range(6)]
    for kill in range(3):
        while len(acknowledged) < 60 * (kill + 1):
            await asyncio.sleep(0.001)
        await asyncio.to_thread(own.kill)
        await asyncio.to_thread(own.start)
    await asyncio.gather(*callers)
    await log.close()
    log = await NatsLog.open([own.url])
    assert [(entry.offset, entry.record.body) for entry in await everything(log)] == sorted(acknowledged)
    await log.close()


async def test_a_server_that_stands_still_with_much_on_its_way_to_it_is_left(
    own: NatsServer, shared: NatsServer
) -> None:
    for each in (own, shared):
        await (await NatsLog.open([each.url], stream="either")).close()
    log = await NatsLog.open([own.url, shared.url], stream="either", append_seconds=2, request_seconds=0.2)
    while getattr(log._connection._client.connected_url, "port", None) != own.port:
        await log._connection._client.force_reconnect()
        await succeeding(lambda: log.append([a_record(b"before")]))
    own.signal(signal.SIGSTOP)
    flood = [log._connection.ask("nowhere", b"x" * 1_000_000) for _ in range(40)]
    assert {type(each) for each in await asyncio.gather(*flood, return_exceptions=True)} == {Unreachable}
    await succeeding(lambda: log.append([a_record(b"after")]))
    await log.close()
    log = await NatsLog.open([shared.url], stream="either")
    assert b"after" in await bodies(log)
    await log.close()


async def test_closing_does_not_wait_for_a_server_that_stands_still(own: NatsServer) -> None:
    log = await NatsLog.open([own.url], append_seconds=1, request_seconds=60)
    own.signal(signal.SIGSTOP)
    flood = [asyncio.create_task(log._connection.ask("nowhere", b"x" * 1_000_000)) for _ in range(40)]
    await asyncio.sleep(0.1)
    await asyncio.wait_for(log.close(), 60)
    assert {type(each) for each in await asyncio.gather(*flood, return_exceptions=True)} == {Unreachable}


async def test_a_connection_the_server_ends_for_good_is_made_anew(
    log: NatsLog, shared: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.stores.nats.nats_log.LOOK_SECONDS", 1000)
    await log.append([a_record(b"before")])
    other = await NatsLog.open([shared.url], stream=log._names.stream, append_seconds=0.5)
    for each in (log, other):
        client = each._connection._client
        assert client._transport is not None
        client._transport.write(b"NONSENSE\r\n")
        while not client.is_closed:
            await asyncio.sleep(0.001)
    await succeeding(lambda: other.append([a_record(b"after")]))
    assert await bodies(log) == await bodies(other) == [b"before", b"after"]
    waiting = asyncio.create_task(other.wait(await log.end(), timeout_seconds=500))
    await asyncio.sleep(0.01)
    await log.append([a_record(b"news")])
    assert await asyncio.wait_for(waiting, 60) is True
    await other.close()


async def test_nothing_is_acknowledged_and_nothing_hangs_while_the_server_stands_still(own: NatsServer) -> None:
    log = await NatsLog.open([own.url], append_seconds=0.6, read_seconds=0.6, request_seconds=0.2, cache_bytes=0)
    await succeeding(lambda: log.append([a_record(b"before")]))
    own.signal(signal.SIGSTOP)
    for call in (
        log.append([a_record(b"during")]),
        log.end(),
        log.waiting(0),
        log.trim(1),
        log.read(RECORDS_MOST, max_records=1, max_bytes=1),
    ):
        with pytest.raises(Busy) as refused:
            await asyncio.wait_for(call, 60)
        assert refused.value.hint
    assert await log.wait(99 * RECORDS_MOST, timeout_seconds=0.1) is False
    own.signal(signal.SIGCONT)
    await succeeding(lambda: log.append([a_record(b"after")]))
    stored = await bodies_at(own)
    assert stored[0] == b"before"
    assert b"after" in stored
    # What was refused may have been stored all the same, but once.
    assert stored.count(b"during") <= 1
    await log.close()
    assert connections_to(own) == []


async def test_closing_ends_a_connection_that_is_being_made_anew(
    own: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await NatsLog.open([own.url], request_seconds=0.2)
    await succeeding(lambda: log.append([a_record(b"before")]))
    own.signal(signal.SIGSTOP)
    sound, connected = TcpTransport.connect, asyncio.Event()

    async def connect(self: TcpTransport, *given: Any, **named: Any) -> None:
        await sound(self, *given, **named)
        connected.set()
        # As `wait_for` does, which gives what it has when it is cancelled too late.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(600)

    monkeypatch.setattr(TcpTransport, "connect", connect)
    await log._connection._client.force_reconnect()
    await asyncio.wait_for(connected.wait(), 60)
    others = asyncio.all_tasks()
    await asyncio.wait_for(log.close(), 60)
    assert connections_to(own) == []
    assert [each for each in asyncio.all_tasks() & others if each is not asyncio.current_task()] == []
