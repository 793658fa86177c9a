"""What only the history in chDB promises: limits, values as they are, and questions side by side."""

from __future__ import annotations

import asyncio

import pyarrow as pa
import pytest

from holdfast.kernel.errors import Busy, Internal, TooLarge
from holdfast.kernel.sql import Sql, bind, sql
from holdfast.segments.builders import all_of
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits, spelt
from tests.contracts.history_contract import AT, chdb_history, limited, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.


def test_a_question_that_takes_too_long_is_stopped(engine: Engine) -> None:
    impatient = limited(engine, Limits(seconds=0.2))
    try:
        with pytest.raises(Busy, match=r"longer than 0\.2 s") as caught:
            impatient.run_here(lambda handle: handle.number(sql("SELECT sum(sleepEachRow(0.05)) FROM numbers(60)")))
    finally:
        impatient.close()
    assert caught.value.code == "too_slow"
    assert caught.value.hint


def test_a_question_that_needs_too_much_memory_is_stopped(engine: Engine) -> None:
    small = limited(engine, Limits(memory_bytes=20 * 1024**2))
    try:
        with pytest.raises(TooLarge, match="20 MiB") as caught:
            small.run_here(lambda handle: handle.number(sql("SELECT length(groupArray(number)) FROM numbers(9000000)")))
    finally:
        small.close()
    assert caught.value.code == "too_much_memory"


def test_limits_are_more_than_nothing() -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        Limits(seconds=0)


def test_what_the_engine_refuses_is_ours_to_mend(engine: Engine) -> None:
    with pytest.raises(Internal, match="nonsense"):
        engine.run_here(lambda handle: handle.number(sql("SELECT nonsense")))


def test_rows_that_cannot_be_written_are_not_taken_for_written(engine: Engine) -> None:
    """As on a full disk. chDB's own way to insert says of such rows that they were written."""

    def insert(handle: Handle, number: int) -> None:
        handle.insert("picky", ["a"], pa.table({"a": pa.array([number], pa.uint64())}), token=str(number))

    engine.run_here(
        lambda handle: handle.command(
            "CREATE TABLE picky (a UInt64, CONSTRAINT few CHECK a < 5) ENGINE = MergeTree ORDER BY a"
        )
    )
    engine.run_here(lambda handle: insert(handle, 4))
    with pytest.raises(Internal, match="few"):
        engine.run_here(lambda handle: insert(handle, 5))
    assert engine.run_here(lambda handle: handle.rows(sql("SELECT a FROM picky"))) == [[4]]
    engine.run_here(lambda handle: handle.command("DROP TABLE picky"))


def test_values_reach_the_engine_as_they_are(engine: Engine) -> None:
    texts = ["", "plain", "'", "\\", "\\x41", "\\N", "\t\n\r\0", "{p0:String}", "😀İß", "\ud800", "[']", "a,b"]
    for text in texts:
        assert _echoed(engine, bind("String", text)) == text
    assert _echoed(engine, bind("Array(String)", texts)) == texts
    numbers = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 2.0**53, 1 / 3]
    assert _echoed(engine, bind("Array(Float64)", numbers)) == numbers
    assert (spelt(True), spelt(2**64 - 1), spelt(float("-inf")), spelt([])) == (
        "1",
        "18446744073709551615",
        "-inf",
        "[]",
    )


def _echoed(engine: Engine, value: Sql) -> object:
    ((found,),) = engine.run_here(lambda handle: handle.rows(sql("SELECT ") + value))
    return found


async def test_asking_and_adding_side_by_side(engine: Engine) -> None:
    history = chdb_history(engine)
    await history.put_people([person(n) for n in range(50)])
    seen: list[int] = []

    async def add() -> None:
        for batch in range(5):
            await history.add([row(n, message_id=f"{batch}-{n}") for n in range(50)], token=f"b{batch}")

    async def ask() -> None:
        seen.extend([await history.size() for _ in range(10)])

    await asyncio.gather(add(), ask(), *(history.count(all_of(), as_of_ms=AT) for _ in range(8)))
    assert seen == sorted(seen)
    assert all(size % 50 == 0 for size in seen)
    assert await history.size() == 250
