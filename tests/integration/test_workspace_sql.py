"""SQL from Python: tables, the people behind them, values of every kind, progress, and Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

import holdfast
from holdfast.kernel.errors import Invalid
from holdfast.ports.asking import UnderWay
from holdfast.workspace import Workspace

LONG = "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1"


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    directory: Path = tmp_path_factory.mktemp("workspace")
    with holdfast.open(directory / "data") as opened:
        opened.track(
            {
                "user_id": f"u{n}",
                "event": "Order Completed",
                "timestamp": datetime(2026, 3, n, 10, tzinfo=UTC).isoformat(),
                "properties": {"revenue": n * 10, "currency": "EUR"},
            }
            for n in range(1, 5)
        )
        opened.save_segment(
            "spenders", "Spenders", holdfast.did("Order Completed", where=holdfast.prop("revenue") > 20)
        )
        yield opened


def test_a_table_and_the_people_behind_it(ws: Workspace) -> None:
    spent = ws.sql(
        "SELECT person, sum(revenue) AS spent FROM events WHERE event = {event:String} GROUP BY person "
        "HAVING spent > {least:Float64} ORDER BY spent;",
        {"event": "Order Completed", "least": 15},
    )
    assert spent.table["spent"].to_list() == [20.0, 30.0, 40.0]
    assert not spent.truncated
    assert spent.people()["user_id"].to_list() == ["u2", "u3", "u4"]
    with pytest.raises(Invalid):
        ws.sql("SELECT 1 AS one").people()


def test_an_answer_is_drawn(ws: Workspace) -> None:
    drawn = ws.sql(
        "SELECT toDate(timestamp) AS day, sum(revenue) AS spent FROM events GROUP BY day ORDER BY day"
    ).plot()
    assert ">2026-03-04<" in drawn._repr_svg_()
    with pytest.raises(Invalid, match="no column of numbers"):
        ws.sql("SELECT event FROM events").plot()


def test_saved_segments_are_there(ws: Workspace) -> None:
    query = (
        "SELECT user_id FROM people WHERE person IN (SELECT person FROM segment_members WHERE segment = 'spenders') "
        "ORDER BY user_id"
    )
    assert ws.sql(query).table["user_id"].to_list() == ["u3", "u4"]
    (words,) = ws.sql("SELECT words FROM segments WHERE id = 'spenders'").table["words"]
    assert words.startswith("People who did")


@pytest.mark.parametrize(
    ("kind", "value", "times"),
    [
        ("DateTime64(3, 'UTC')", datetime(2026, 3, 2, 10, tzinfo=UTC), 2),
        ("DateTime64(3, 'UTC')", datetime.fromisoformat("2026-03-02T11:00:00+01:00"), 2),
        ("DateTime64(3, 'UTC')", datetime(2026, 3, 2, 10), 2),  # noqa: DTZ001 - As people write them: UTC.
        ("Date", date(2026, 3, 3), 2),
    ],
)
def test_moments_and_days_are_values(ws: Workspace, kind: str, value: object, times: int) -> None:
    found = ws.sql(f"SELECT count() AS n FROM events WHERE timestamp > {{at:{kind}}}", {"at": value}).table
    assert found["n"].to_list() == [times]


def test_lists_are_values(ws: Workspace) -> None:
    query = "SELECT user_id FROM people WHERE user_id IN {ids:Array(String)} ORDER BY user_id"
    for ids in (["u1", "u3", "it's"], ("u1", "u3"), pl.Series(["u1", "u3"])):
        assert ws.sql(query, {"ids": ids}).table["user_id"].to_list() == ["u1", "u3"]


def test_a_limit_is_said(ws: Workspace) -> None:
    cut = ws.sql("SELECT number FROM numbers(9)", limit=4)
    assert (cut.table.height, cut.truncated) == (4, True)
    with pytest.raises(Invalid) as caught:
        ws.sql("SELECT 1", limit=0)
    assert caught.value.path == "$.limit"


def test_ctrl_c_calls_the_question_off(ws: Workspace) -> None:
    told: list[UnderWay] = []

    def interrupting(now: UnderWay) -> None:
        told.append(now)
        if now.rows_read:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ws.sql(LONG, progress=interrupting)
    assert 0 < told[-1].share < 1
    assert ws._wait(ws._app.under_way()) == []
    assert ws.count_everyone() == 4


def test_whatever_is_asked_can_be_watched(ws: Workspace) -> None:
    def interrupting(now: UnderWay) -> None:
        if now.rows_read:
            raise KeyboardInterrupt

    with ws.watched(interrupting):
        assert ws.count(holdfast.did("Order Completed")) == 4
        with pytest.raises(KeyboardInterrupt):
            ws.sql(LONG)
    assert ws.sql("SELECT 1 AS one").table["one"].to_list() == [1]
