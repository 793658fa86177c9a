"""Questions under way: followed, called off, given up, and held to their limits, whatever they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from holdfast.kernel.errors import Busy, Conflict, Exposed, TooLarge
from holdfast.kernel.sql import Sql, sql
from holdfast.measures.insight_catalogue import decode_question
from holdfast.ports.asking import Asking, Questions, UnderWay, asked_as, asking_now
from holdfast.segments.builders import did
from holdfast.stores.clickhouse.engine import Engine, Limits
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import AT, DAY, chdb_history, limited, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.

LONG = sql("SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1")
QUICK = sql("SELECT 1")


async def number(engine: Engine, question: Sql) -> int:
    return await engine.run(lambda handle: handle.number(question))


async def under_way(engine: Engine, asking_id: str) -> UnderWay:
    for _ in range(500):
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
