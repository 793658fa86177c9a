"""Insights by every way in: Python, HTTP and the command line give the same numbers, and the people behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

import holdfast
from holdfast import did, in_segment, prop
from holdfast.cli.main import app
from holdfast.kernel.errors import Conflict, Invalid, NotFound

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[holdfast.Workspace]:
    with holdfast.open(tmp_path / "data") as opened:
        opened.track([*events()])
        yield opened


def events() -> Iterator[dict[str, Any]]:
    """Ann looks and buys each week, Bob looks and buys once, Cem looks."""
    for person, weeks in (("ann", (0, 1, 2)), ("bob", (0,)), ("cem", ())):
        yield {"user_id": person, "event": "Viewed", "timestamp": MONDAY.isoformat(), "properties": {"from": person[0]}}
        for week in weeks:
            at = MONDAY + timedelta(weeks=week, minutes=10)
            yield {
                "user_id": person,
                "event": "Bought",
                "timestamp": at.isoformat(),
                "properties": {"revenue": 10 + week},
            }


def test_the_people_behind_a_number_are_kept_as_a_segment(ws: holdfast.Workspace) -> None:
    funnel = ws.funnel(["Viewed", "Bought"], since="2026-03-01")
    kept = funnel.save_people("lost", "Lost on the way", step=2, lost=True)
    assert (kept.segment.name, kept.people) == ("Lost on the way", 1)
    assert ws.people(in_segment("lost"))["user_id"].to_list() == ["cem"]
    ws.track([{"user_id": "cem", "event": "Bought", "timestamp": (MONDAY + timedelta(hours=1)).isoformat()}])
    assert ws.people(in_segment("lost"))["user_id"].to_list() == ["cem"], "they are kept as they were"
    assert funnel.save_people("lost", step=2).people == 3
    ws.save_segment("buyers", "Buyers", did("Bought"))
    with pytest.raises(Conflict, match="another kind"):
        funnel.save_people("buyers", step=2)
    with pytest.raises(Invalid, match="no segment id"):
        funnel.save_people("No id", step=2)
    assert ws.count(in_segment("buyers")) == 3


def test_python_gives_tables_and_the_people_behind_them(ws: holdfast.Workspace) -> None:
    trend = ws.trend(
        "Bought", where=prop("revenue") > 10, measure="sum", property="revenue", period="week", since=date(2026, 3, 2)
    )
    assert trend.table.columns == ["start", "value", "events"]
    assert trend.table.filter(pl.col("events") > 0)["value"].to_list() == [11.0, 12.0]
    assert trend.table["start"][1] == datetime(2026, 3, 9, tzinfo=UTC)
    assert trend.people(start=trend.table["start"][1])["user_id"].to_list() == ["ann"]
    funnel = ws.funnel(["Viewed", "Bought"], within_days=7, since="2026-03-01", value=None)
    assert funnel.table["people"].to_list() == [3, 2]
    assert funnel.table["median_seconds"].to_list() == [0.0, 600.0]
    assert funnel.people(step=2, lost=True)["user_id"].to_list() == ["cem"]
    those = ws.funnel(["Viewed", ["Bought", "Signed"]], segment=did("Bought", at_least=2), since="2026-03-01")
    assert those.table["people"].to_list() == [1, 1]
    assert ws.funnel(["Viewed", "Bought"], breakdown="from", since="2026-03-01").table["breakdown"].to_list() == [
        *"aabbcc"
    ]
    retention = ws.retention(first="Bought", period="week", kind="bracket", since="2026-03-02", until="2026-03-09")
    assert retention.table["retention"].to_list()[:3] == [0.0, 0.5, 0.5]
    assert retention.people(period=1, state="gone")["user_id"].to_list() == ["bob"]
    assert retention.words.startswith("Of those who first did “Bought” in a week")


def test_a_moment_in_the_table_is_where_the_days_begin(ws: holdfast.Workspace) -> None:
    trend = ws.trend("Bought", since="2026-03-02", until="2026-03-04", time_zone="Asia/Kathmandu")
    assert trend.table["start"].dt.to_string("%F %R").to_list() == ["2026-03-02 00:00", "2026-03-03 00:00"]
    assert trend.people(start="2026-03-02")["user_id"].to_list() == ["ann", "bob"]


def test_what_is_tracked_and_merged_later_counts_at_once(ws: holdfast.Workspace) -> None:
    def people() -> list[int]:
        return list(ws.funnel(["Viewed", "Bought"], since="2026-03-01").table["people"])

    assert people() == [3, 2]
    late = {"user_id": "cem", "event": "Bought", "timestamp": (MONDAY + timedelta(days=6)).isoformat()}
    ws.track([late])
    assert people() == [3, 3]
    merged = ws.merge("ann", "bob")
    assert people() == [2, 2]
    ws.unmerge(merged.link.id)
    assert people() == [3, 3]


def test_what_is_wrong_is_said_in_python(ws: holdfast.Workspace) -> None:
    with pytest.raises(Invalid) as refused:
        ws.trend("Bought", perod="week")
    assert (refused.value.path, refused.value.code) == ("$.perod", "unknown_field")
    with pytest.raises(Invalid) as refused:
        ws.funnel(["Viewed", "Bought"]).people(stop=2)
    assert refused.value.path == "$.cell.stop"
    with pytest.raises(NotFound, match="funnel"):
        ws.insight("funel", {})


def test_the_command_line_and_http_say_the_same(ws: holdfast.Workspace, tmp_path: Path) -> None:
    ws.close()
    question = {"steps": ["Viewed", "Bought"], "since": "2026-03-01"}
    file = tmp_path / "question.json"
    file.write_text(json.dumps(question))
    there = ["--data", str(tmp_path / "data")]
    runner = CliRunner()
    ran = runner.invoke(app, ["insight", "funnel", str(file), "--json", *there])
    assert ran.exit_code == 0, ran.output
    answer = json.loads(ran.output)
    names = [each["name"] for each in answer["columns"]]
    assert [dict(zip(names, each, strict=True))["people"] for each in answer["rows"]] == [3, 2]
    ran = runner.invoke(app, ["insight", "trend", '{"event":"Bought","since":"2026-03-02","period":"week"}', *there])
    assert "START" in ran.output
    assert ["2026-03-02", "2", "2"] in [line.split() for line in ran.output.splitlines()]
    ran = runner.invoke(app, ["insight", "trend", "{}", *there])
    assert (ran.exit_code, "event" in ran.output) == (2, True)
