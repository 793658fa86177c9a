"""What only a server makes possible: connections that break, logins, other processes, values of any length."""

from __future__ import annotations

import asyncio
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyarrow as pa
import pytest

from holdfast.kernel.errors import Busy, Conflict, Exposed, Invalid, TooLarge
from holdfast.kernel.sql import Sql, bind, sql
from holdfast.ports.asking import Asking, asked_as
from holdfast.segments.builders import all_of, did
from holdfast.stores.clickhouse import server as server_module
from holdfast.stores.clickhouse.declared import behind
from holdfast.stores.clickhouse.engine import Engine, Limits
from holdfast.stores.clickhouse.history import ChdbHistory
from holdfast.stores.clickhouse.server import VALUES_MOST, Server, _check_release
from tests.clickhouse_facade import served
from tests.contracts.history_contract import AT, DAY, chdb_history, person, put, row
from tests.contracts.http_contract import engine as engine  # noqa: PLC0414 - The fixture.

NASTY = 'it\'s \\ "so" \\x41 {p0:String} \t\n\r\0 😀İß \ud800 `'


def url_of(engine: Engine) -> str:
    assert isinstance(engine.way, Server)
    return engine.way._urls[False].geturl()


def with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{quote(user)}:{quote(password)}@{parts.hostname}:{parts.port}").geturl()


async def again(engine: Engine, **more: object) -> ChdbHistory:
    """The same history as another process would have it open."""
    return await ChdbHistory.open_server(url_of(engine), database=engine.way.database, **more)  # type: ignore[arg-type]  # What tests give.


@pytest.mark.parametrize("length", [0, 1, VALUES_MOST // 4, VALUES_MOST * 3])
def test_values_of_any_length_come_as_they_are(engine: Engine, length: int) -> None:
    text = (NASTY * (length // len(NASTY) + 1))[:length]
    words = [NASTY] * (length // len(NASTY)) + ["", "\\N", "]"]
    numbers = list(range(length // 4))

    def echoed(value: Sql) -> object:
        question = sql("SELECT ") + bind("String", NASTY) + sql(", ") + value + sql(", ") + bind("String", NASTY)
        ((before, found, after),) = engine.run_here(lambda handle: handle.rows(question))
        assert (before, after) == (NASTY, NASTY)
        return found

    assert echoed(bind("String", text)) == text
    assert echoed(bind("Array(String)", words)) == words
    assert echoed(bind("Array(UInt32)", numbers)) == numbers
    assert echoed(bind("Array(Float64)", [0.1] * length)) == [0.1] * length


async def test_a_long_value_of_an_analyst_is_refused_in_words(engine: Engine) -> None:
    history = chdb_history(engine)
    query = "SELECT length({words:Array(String)}) AS n"
    told = await history.ask_sql(query, {"words": ["a'b"] * 9_000}, audiences=[], as_of_ms=AT, limit=1)
    assert told.table.to_pylist() == [{"n": 9_000}]
    with pytest.raises(TooLarge) as caught:
        await history.ask_sql(query, {"words": ["a'b"] * 90_000}, audiences=[], as_of_ms=AT, limit=1)
    assert (caught.value.code, bool(caught.value.hint)) == ("value_too_long", True)


async def test_a_table_goes_in_whole_in_several_requests_and_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "BULK_ROWS_MOST", 7)
    one, other = chdb_history(engine), chdb_history(engine)
    await one.add([row(n, message_id=f"{NASTY}{n}", at_ms=AT + n * 40 * DAY) for n in range(30)], token="t")
    tables = [batch async for batch in one.export(batch_rows=100)]
    table = pa.Table.from_batches(tables)
    assert await other.add_table(table, token="a") == 30
    assert await other.add_table(table, token="a") == 0
    assert await other.size() == 30


async def test_who_is_joined_by_another_process_is_seen_at_once(engine: Engine) -> None:
    ours = await again(engine, workspace=chdb_history(engine)._workspace)
    await put(ours, [person(1), person(2)], [row(1, "A"), row(2, "A")])
    theirs = await again(engine, workspace=ours._workspace)
    twice = did("A", at_least=2)
    assert await ours.count(twice, as_of_ms=AT) == 0
    await theirs.map_identities({2: 1}, version=1)
    await theirs.put_people([person(2, gone=True, version=2)])
    assert await ours.count(twice, as_of_ms=AT) == 1
    await theirs.close()
    # And by one that opens it when whoever joined them is long gone.
    later = await again(engine, workspace=ours._workspace)
    assert await later.count(twice, as_of_ms=AT) == 1
    await later.close()
    await ours.close()


async def test_a_map_that_was_not_finished_is_finished_when_it_is_opened(engine: Engine) -> None:
    ours = chdb_history(engine)
    await put(ours, [person(1), person(2)], [row(1, "A"), row(2, "A")])
    truth = f"INSERT INTO identity_map SELECT {ours._workspace}, number, number - 1, 1 FROM numbers(2, 400000)"
    await engine.run(lambda handle: handle.command(truth))
    assert await ours.count(did("A", at_least=2), as_of_ms=AT) == 0
    lacking = Sql((f"SELECT count() FROM ({behind(engine.way.database)})",))
    assert await engine.run(lambda handle: handle.number(lacking)) == 400_000
    await (await again(engine)).close()
    assert await engine.run(lambda handle: handle.number(lacking)) == 0
    assert await ours.count(did("A", at_least=2), as_of_ms=AT) == 1


async def test_sets_and_questions_of_others_are_left_alone(engine: Engine) -> None:
    ours = chdb_history(engine)
    await put(ours, [person(1), person(2)], [row(1, "A")])
    theirs = await again(engine, workspace=ours._workspace)
    async with ours.audiences._holding([did("A")], AT) as held:
        number = held.listed()[0]
        assert (await theirs.audiences.audience(did("B"), as_of_ms=AT)).people == 0
        theirs.audiences._kept.clear()
        await theirs.audiences.audience(all_of(), as_of_ms=AT + DAY)
        question = sql("SELECT count() FROM people_sets WHERE number = ") + bind("UInt64", number)
        assert await engine.run(lambda handle: handle.number(question)) == 1
    long = sql("SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1")
    with asked_as(Asking(id="long")):
        asked = asyncio.create_task(engine.run(lambda handle: handle.number(long)))
    while not any(each.rows_read for each in await ours.under_way()):
        await asyncio.sleep(0.01)
    assert await theirs.under_way() == []
    assert not await theirs.cancel("long")
    # To close is to end what analysts ask by it, and nothing else.
    with asked_as(Asking(id="analyst")):
        query = "SELECT count() AS n FROM numbers(1000000000000) WHERE cityHash64(number) = 1"
        lost = asyncio.create_task(theirs.ask_sql(query, {}, audiences=[], as_of_ms=AT, limit=1))
    while not any(each.rows_read for each in await theirs.under_way()):
        await asyncio.sleep(0.01)
    await theirs.close()
    with pytest.raises(Conflict):
        await lost
    assert not asked.done()
    assert [each.id for each in await ours.under_way()] == ["long"]
    assert await ours.cancel("long")
    with pytest.raises(Conflict):
        await asked


async def test_a_login_that_is_wrong_is_said(engine: Engine) -> None:
    with pytest.raises(Busy) as caught:
        await ChdbHistory.open_server(with_login(url_of(engine), "ingrid", "wrong"))
    assert caught.value.code == "store_login"
    assert "wrong" not in str(caught.value.__cause__)


async def test_what_analysts_write_is_asked_by_their_own_user(engine: Engine) -> None:
    history = await again(engine, analyst_url=with_login(url_of(engine), "reader", "forgotten"))
    assert await history.size() >= 0
    with pytest.raises(Busy) as caught:
        await history.ask_sql("SELECT 1 AS one", {}, audiences=[], as_of_ms=AT, limit=1)
    assert caught.value.code == "store_login"
    await history.close()


@pytest.mark.parametrize("url", ["", "clickhouse:9000", "ftp://here", "http://", "http://here:port"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        Server(url)


@pytest.mark.parametrize("name", ["", "a b", "a;b", "1", "a`b", "ä", "x" * 64])
def test_what_is_no_name_is_refused(name: str) -> None:
    for given in ({"database": name}, {"cluster": name}):
        with pytest.raises(Invalid):
            Server("http://here", **given)  # type: ignore[arg-type]  # One of two names.


def test_a_server_that_is_too_old_is_refused() -> None:
    for said in ("25.12.3.4", "26.7.9", "", None):
        with pytest.raises(Conflict) as caught:
            _check_release(said)
        assert caught.value.code == "store_too_old"
    for said in ("26.8.1.1", "27.1"):
        _check_release(said)


async def test_a_server_that_is_not_there_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Busy) as caught:
        await ChdbHistory.open_server(f"http://127.0.0.1:{port}")
    assert (caught.value.code, isinstance(caught.value, Exposed)) == ("store_unreachable", True)


async def test_a_server_that_goes_and_comes_back(tmp_path: Path) -> None:
    with served(tmp_path / "data") as url:
        history = await ChdbHistory.open_server(url)
        await history.add([row(1)], token="a")
    for _ in range(2):
        with pytest.raises(Busy) as caught:
            await history.size()
        assert caught.value.code == "store_unreachable"
    with pytest.raises(Busy):
        await history.add([row(2)], token="b")
    await history.close()
    with served(tmp_path / "data") as url:
        history = await ChdbHistory.open_server(url)
        assert await history.size() == 1
        await history.close()


async def test_an_answer_that_is_lost_doubles_nothing(engine: Engine) -> None:
    with losing(url_of(engine)) as (url, lose):
        history = await ChdbHistory.open_server(
            url, database=engine.way.database, workspace=chdb_history(engine)._workspace, limits=Limits(seconds=5)
        )
        rows = [row(n, message_id=secrets.token_hex(4)) for n in range(20)]
        for after in (1, 2, 3):
            lose.append(after)
            with suppress(Busy):
                await history.add(rows, token="once")
            # In another order: it is the token that counts, not that the rows are the same.
            await history.add(rows[::-1], token="once")
            assert not lose
            assert await history.size() == 20
        lose.append(1)
        assert await history.size() == 20  # A question is asked once more without anybody noticing.
        assert not lose
        await history.close()


@contextmanager
def losing(url: str) -> Iterator[tuple[str, list[int]]]:
    """A way to the server that loses an answer for each number in the list: the server has done what was asked."""
    parts = urlsplit(url)
    lose: list[int] = []
    door = socket.create_server(("127.0.0.1", 0))

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection((parts.hostname or "", parts.port or 0)) as there:
            threading.Thread(target=pump, args=(client, there), daemon=True).start()
            while answer := there.recv(65536):
                if lose and answer.startswith(b"HTTP/1.1 200"):
                    lose.pop()
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while sent := source.recv(65536):
                sink.sendall(sent)
            sink.shutdown(socket.SHUT_WR)

    def listen() -> None:
        with suppress(OSError):
            while True:
                client, _ = door.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    netloc = parts.netloc.rpartition("@")[0]
    try:
        yield parts._replace(netloc=f"{netloc}@127.0.0.1:{door.getsockname()[1]}").geturl(), lose
    finally:
        door.close()


def test_the_client_is_not_loaded_in_process() -> None:
    """Whoever has no server does not wait for its client."""
    words = "import sys; import holdfast.stores.clickhouse.history; print('clickhouse_connect' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
