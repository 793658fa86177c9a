"""Questions under way: followed, called off, given up, and held to their limits, whatever they are about."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.kernel.errors import Busy, Conflict, Exposed, Internal, TooLarge
from holdfast.kernel.sql import Sql, sql
from holdfast.measures.insight_catalogue import decode_question
from holdfast.ports.asking import Asking, Questions, UnderWay, asked_as, asking_now
from holdfast.segments.builders import did
from holdfast.stores.clickhouse import engine as engine_module
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import AT, DAY, PATIENT, chdb_history, limited, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.

LONG = sql("SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1")
QUICK = sql("SELECT 1")
FAILS_LATE = sql("SELECT number, throwIf(number = 999999) FROM numbers(1000000)")
"""It fails once much of its answer is there."""


async def number(engine: Engine, question: Sql) -> int:
    return await engine.run(lambda handle: handle.number(question))


async def under_way(engine: Engine, asking_id: str) -> UnderWay:
    for _ in range(6_000):
        for each in await engine.under_way():
            if each.id == asking_id and each.rows_read:
                return each
        await asyncio.sleep(0.01)
    raise AssertionError(f"{asking_id} never began")


async def nothing_under_way(engine: Engine) -> bool:
    for _ in range(500):
        if not await engine.under_way() and not engine._tickets:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_a_question_is_followed_and_called_off(engine: Engine) -> None:
    with asked_as(Asking(id="one", words="How many?")):
        asked = asyncio.create_task(number(engine, LONG))
    first = await under_way(engine, "one")
    assert (first.words, first.rows_total) == ("How many?", 1_000_000_000_000)
    assert 0 < first.share < 1
    assert first.memory_bytes >= 0
    later = await under_way(engine, "one")
    assert later.rows_read >= first.rows_read
    assert later.elapsed_seconds > first.elapsed_seconds
    assert await engine.cancel("one")
    with pytest.raises(Conflict) as caught:
        await asked
    assert caught.value.code == "cancelled"
    assert await nothing_under_way(engine)
    assert not await engine.cancel("one")
    assert await number(engine, QUICK) == 1


async def test_only_what_is_meant_is_called_off(engine: Engine) -> None:
    asked = []
    for name in ("left", "right"):
        with asked_as(Asking(id=name)):
            asked.append(asyncio.create_task(number(engine, LONG)))
    await under_way(engine, "left")
    await under_way(engine, "right")
    assert await engine.cancel("left")
    with pytest.raises(Conflict):
        await asked[0]
    assert not asked[1].done()
    await under_way(engine, "right")
    await engine.cancel("right")
    with pytest.raises(Conflict):
        await asked[1]


async def test_whatever_waits_for_a_thread_is_called_off_too(engine: Engine) -> None:
    with asked_as(Asking(id="many")):
        asked = [asyncio.create_task(number(engine, LONG)) for _ in range(9)]
    await under_way(engine, "many")
    assert await engine.cancel("many")
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, Conflict) for each in ended)
    assert await nothing_under_way(engine)


async def test_what_nobody_waits_for_ends(engine: Engine) -> None:
    with asked_as(Asking(id="given up")):
        asked = [asyncio.create_task(number(engine, LONG)) for _ in range(6)]
    await under_way(engine, "given up")
    for each in asked:
        each.cancel()
    assert all(
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*asked, return_exceptions=True)
    )
    assert await nothing_under_way(engine)
    assert await number(engine, QUICK) == 1


async def test_a_second_question_of_what_was_called_off_is_not_asked(engine: Engine) -> None:
    with asked_as(Asking(id="over", cancelled=True)), pytest.raises(Conflict):
        await number(engine, QUICK)


async def test_what_is_called_off_while_it_is_answered_gives_no_answer(engine: Engine) -> None:
    asking = Asking(id="late")
    with asked_as(asking):
        asked = asyncio.create_task(number(engine, sql("SELECT sum(sleepEachRow(0.1)) FROM numbers(10)")))
    while not any(each.statement_since for each in engine._tickets.values()):
        await asyncio.sleep(0.001)
    asking.cancelled = True
    with pytest.raises(Conflict) as refused:
        await asked
    assert refused.value.code == "cancelled"


def test_nothing_of_a_question_that_failed_comes_with_the_next_answer(engine: Engine) -> None:
    def asked(handle: Handle) -> None:
        for way in (handle.rows, handle.table):
            with pytest.raises(Internal):
                way(FAILS_LATE)
            assert handle.rows(QUICK) == [[1]]
            with pytest.raises(Internal):
                way(FAILS_LATE)
            assert handle.table(QUICK).to_pylist() == [{"1": 1}]

    engine.run_here(asked)


async def test_asking_is_said_by_whoever_asks(engine: Engine) -> None:
    assert asking_now() is None
    with asked_as(Asking(id="outer")) as outer:
        with asked_as(Asking(id="inner")) as inner:
            assert asking_now() is inner
        assert asking_now() is outer
    assert asking_now() is None
    assert await number(engine, QUICK) == 1
    assert not engine._tickets


def test_the_history_is_one_whose_questions_are_known(engine: Engine) -> None:
    assert isinstance(chdb_history(engine), Questions)


@pytest.fixture(scope="module")
def world(engine: Engine) -> ChdbHistory:
    history = chdb_history(engine)
    rows = [row(n % 500, "A" if n % 2 else "B", AT + n * 1_000, message_id=f"l{n}") for n in range(20_000)]
    asyncio.run(put(history, [person(n) for n in range(500)], rows))
    return history


Ask = Callable[[ChdbHistory], Coroutine[Any, Any, object]]
FUNNEL = {"steps": ["A", "B"], "within_days": 1, "since": "2026-01-01", "until": "2026-12-31"}
ASKS: dict[str, Ask] = {
    "insight": lambda history: history.insight(decode_question("funnel", FUNNEL), as_of_ms=AT + 30 * DAY),
    "segment": lambda history: history.count(did("A", at_least=2), as_of_ms=AT + 30 * DAY),
    "sql": lambda history: history.ask_sql(
        "SELECT count() FROM events AS a CROSS JOIN events AS b WHERE a.message_id < b.message_id",
        {}, audiences=[], as_of_ms=AT + 30 * DAY, limit=10,
    ),
}  # fmt: skip


@pytest.fixture(
    params=[(Limits(seconds=0.000_001), Busy, "too_slow"), (Limits(memory_bytes=1), TooLarge, "too_much_memory")]
)
def meagre(
    request: pytest.FixtureRequest, engine: Engine, world: ChdbHistory
) -> Iterator[tuple[ChdbHistory, type[Exposed], str]]:
    """The same history with next to no time, or next to no memory."""
    limits, error, code = request.param
    made = limited(engine, limits)
    yield ChdbHistory(made, workspace=world._workspace, currency="USD"), error, code
    made.close()


@pytest.mark.parametrize("what", ASKS)
def test_a_limit_that_is_met_is_said(meagre: tuple[ChdbHistory, type[Exposed], str], what: str) -> None:
    history, error, code = meagre
    with pytest.raises(error) as caught:
        asyncio.run(ASKS[what](history))
    assert isinstance(caught.value, Exposed)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("what", ASKS)
def test_without_a_limit_met_there_is_an_answer(world: ChdbHistory, what: str) -> None:
    if what != "sql":
        assert asyncio.run(ASKS[what](world))


STUCK = "SELECT hasAll(range(350000), range(350000))"
"""A few seconds within one call of one function, in which the engine does not look whether it is to stop."""
ASK_STUCK = """
import asyncio, sys
from pathlib import Path
from holdfast.kernel.errors import Busy
from holdfast.stores.clickhouse import engine
from holdfast.stores.clickhouse.history import ChdbHistory

engine._OVERRUN_SECONDS, engine._CLOSE_SECONDS = 0.2, 0.1


async def ask(history, query):
    try:
        return (await history.ask_sql(query, {}, audiences=[], as_of_ms=1, limit=5)).table.to_pylist()
    except Busy as busy:
        return busy.code


async def story():
    history = await ChdbHistory.open(Path(sys.argv[1]), durable=False, limits=engine.Limits(seconds=0.5))
    asked = [asyncio.create_task(ask(history, sys.argv[2])) for _ in range(5)]
    await asyncio.sleep(0.1)
    print(await history.size(), await asyncio.gather(*asked), await ask(history, "SELECT 1 AS one"))
    await history.close()


asyncio.run(story())
"""


def test_questions_that_do_not_end_hold_nothing_else_up(tmp_path: Path) -> None:
    """In a process of its own: what does not end is left to it."""
    words = [sys.executable, "-c", ASK_STUCK, str(tmp_path / "history"), STUCK.replace("350000", "3000000")]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    # Three or four are given up and keep a core each, for two run at a time; then no more are begun.
    told = re.findall(r"\w+", ran.stdout)
    assert told[:4] == ["0", "too_slow", "too_slow", "too_slow"], (ran.stdout, ran.stderr)
    assert told[-2:] == ["held_up", "held_up"]
    assert ran.returncode == 70, ran.stderr


async def test_a_question_that_ends_late_gives_its_place_back(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_OVERRUN_SECONDS", 0.1)
    small = limited(engine, Limits(seconds=0.2))
    history = ChdbHistory(small, workspace=1, currency="USD")
    try:
        with pytest.raises(Busy) as caught:
            await history.ask_sql(STUCK, {}, audiences=[], as_of_ms=AT, limit=1)
        assert caught.value.code == "too_slow"
        # On a busy machine the quickest question may take longer than what the stuck one was given.
        small._limits = PATIENT
        told = await history.ask_sql("SELECT 1 AS one", {}, audiences=[], as_of_ms=AT, limit=1)
        assert told.table.to_pylist() == [{"one": 1}]
    finally:
        # However this ends: what still runs would keep the next file's tests from the engine.
        for _ in range(9_000):
            if small._apart.is_empty():
                break
            await asyncio.sleep(0.02)
        small.close()
    assert small._apart._lost == 0
