"""A year of groceries (Complete Journey): its published totals, and what Polars says of the same table."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from holdfast.measures.insight_catalogue import decode_question
from holdfast.segments.builders import did
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.real_data import complete_journey, real_history

NOW_MS = int(datetime(2018, 2, 1, tzinfo=UTC).timestamp()) * 1000
YEAR = {"since": "2017-01-01", "until": "2018-01-02"}


@pytest.fixture(scope="module")
def baskets() -> pl.DataFrame:
    return complete_journey()


@pytest.fixture(scope="module")
def history(engine: Engine, baskets: pl.DataFrame) -> ChdbHistory:
    return real_history(engine, baskets)


def asked(history: ChdbHistory, kind: str, question: dict[str, Any]) -> pl.DataFrame:
    answer = asyncio.run(history.insight(decode_question(kind, question), as_of_ms=NOW_MS))
    return pl.DataFrame(list(answer.rows), schema=[each.name for each in answer.columns], orient="row")


def test_the_published_totals(history: ChdbHistory) -> None:
    # 2,469 households, 155,848 baskets, 4,596,039.58 dollars: the summary that comes with the data.
    year = {"event": "Order Completed", "period": "year", "since": "2017-01-01", "until": "2019-01-01"}
    assert asked(history, "trend", year)["value"].sum() == 155_848
    total = asked(history, "revenue", {"event": "Order Completed", "view": "total", **YEAR})
    assert total["revenue"].to_list() == [459_603_958]
    assert asyncio.run(history.count(did("Order Completed"), as_of_ms=NOW_MS)) == 2_469


def test_households_week_by_week(history: ChdbHistory, baskets: pl.DataFrame) -> None:
    weekly = {"event": "Order Completed", "measure": "people", "period": "week", **YEAR}
    table = asked(history, "trend", weekly).select("value").to_series().cast(pl.Int64).to_list()
    start = pl.col("at").dt.truncate("1w")
    wanted = baskets.group_by(start=start).agg(pl.col("person").n_unique()).sort("start")["person"].to_list()
    assert table == wanted


def test_the_steadiest_quarter_of_households_by_segment(history: ChdbHistory, baskets: pl.DataFrame) -> None:
    often = baskets.filter(pl.col("at") >= datetime(2017, 10, 1, tzinfo=UTC)).group_by("person").len()
    wanted = often.filter(pl.col("len") >= 24).height
    steady = did("Order Completed", at_least=24, since="2017-10-01")
    assert asyncio.run(history.count(steady, as_of_ms=NOW_MS)) == wanted
