"""Questions about years long past are answered as those about last month are: real data is seldom of this year."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.measures.insight_catalogue import decode_cell, decode_question
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import chdb_history, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import NOW_MS

START_MS = 946_684_800_000
"""The year 2000 began, in UTC: more days ago than a table may have lines."""
DAY_MS = 86_400_000
THEN: dict[str, Any] = {"event": "Bought", "since": "2000-01-01", "until": "2001-01-01"}
ZONES = ("UTC", "Europe/Berlin")


@pytest.fixture
def history(engine: Engine) -> ChdbHistory:
    """Forty people, each buying at noon of the first day of 2000, five days later, and again another ten days later."""
    found = chdb_history(engine)
    bought = [(n, START_MS + DAY_MS // 2 + day * DAY_MS) for n in range(1, 41) for day in (0, 5, 15)]
    rows = [row(n, "Bought", at, properties={"revenue": 10}, message_id=f"m{n}-{at}") for n, at in bought]

    async def load() -> None:
        await found.put_people([person(n) for n in range(1, 41)])
        await found.add(rows, token="then")

    asyncio.run(load())
    return found


def table(history: ChdbHistory, kind: str, question: dict[str, Any]) -> list[dict[str, Any]]:
    answer = asyncio.run(history.insight(decode_question(kind, question), as_of_ms=NOW_MS))
    return [dict(zip((each.name for each in answer.columns), one, strict=True)) for one in answer.rows]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("gap", "days"), [("nth", 5), ("every", 10), ("median", 8)])
def test_the_interval(history: ChdbHistory, zone: str, gap: str, days: int) -> None:
    question = {**THEN, "time_zone": zone, "gap": gap, "share": 0.9, "within_days": 30}
    assert table(history, "interval", question)[0]["interval_days"] == days
    cell = decode_cell("interval", {"days": days, "state": "within"})
    asked = decode_question("interval", question)
    assert asyncio.run(history.insight_count(asked, cell, as_of_ms=NOW_MS)) == 40


@pytest.mark.parametrize("zone", ZONES)
def test_the_third_time(history: ChdbHistory, zone: str) -> None:
    found = table(history, "interval", {**THEN, "time_zone": zone, "nth": 2, "within_days": 30})
    assert [each["days"] for each in found if each["came_back"]] == [10]


@pytest.mark.parametrize("zone", ZONES)
def test_retention_by_day(history: ChdbHistory, zone: str) -> None:
    question = {"first": "Bought", "period": "day", "periods": 6, "since": "2000-01-01", "until": "2000-01-02"}
    found = table(history, "retention", {**question, "time_zone": zone})
    assert [each["people"] for each in found if each["cohort"] is not None] == [0, 0, 0, 0, 0, 40]


@pytest.mark.parametrize("zone", ZONES)
def test_loyal_days_and_days_of_frequency(history: ChdbHistory, zone: str) -> None:
    (total,) = table(history, "revenue", {**THEN, "view": "total", "loyal_days": 3, "time_zone": zone})
    assert (total["loyal"], total["revenue"]) == (40, 40 * 3 * 1_000)
    found = table(history, "rfm", {"event": "Bought", "frequency": "days", "since": "2000-01-01", "time_zone": zone})
    assert [each["average_frequency"] for each in found if each["people"]] == [3.0]
