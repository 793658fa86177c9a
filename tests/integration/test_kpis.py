"""The KPI tree by every way in: kept, reckoned, and opened to the people behind it."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import holdfast
from holdfast.cli.main import app
from holdfast.kernel.errors import Conflict, Invalid, NotFound

TOML = """
[[nodes]]
id = "shop"
name = "The shop"
kind = "company"

[[nodes]]
id = "sales"
name = "Sales"
kind = "department"
parent = "shop"

[[nodes]]
id = "revenue"
name = "Revenue of 30 days"
kind = "kpi"
parent = "sales"
insight = "revenue"
question = { event = "Bought", view = "total", first = "Viewed" }
column = "revenue"
cell = { who = "buyers" }
target = 2500

[[nodes]]
id = "orders"
name = "Orders"
kind = "kpi"
parent = "sales"
insight = "trend"
question = { event = "Bought" }
column = "value"
of = "sum"
target = 1
direction = "down"
horizon = "long"
"""


def events() -> list[dict[str, Any]]:
    """In the last 30 days two people came and bought, in the 30 before one did."""
    now = datetime.now(UTC)
    told = []
    for person, days, revenue in (("ann", 5, 10), ("bob", 10, 20), ("cem", 40, 40)):
        for minutes, event in ((0, "Viewed"), (5, "Bought")):
            at = now - timedelta(days=days) + timedelta(minutes=minutes)
            told.append(
                {"user_id": person, "event": event, "timestamp": at.isoformat(), "properties": {"revenue": revenue}}
            )
    return told


def test_python_and_the_command_line_say_the_same(tmp_path: Path) -> None:
    file, data = tmp_path / "kpis.toml", tmp_path / "data"
    file.write_text(TOML)
    with holdfast.open(data) as ws:
        ws.track(events())
        assert ws.kpis().table.is_empty()
    runner = CliRunner()
    ran = runner.invoke(app, ["kpi", "keep", str(file), "--data", str(data)])
    assert ran.output == "Kept 4 nodes.\n"
    with holdfast.open(data) as ws:
        report = ws.kpis()
        rows = {each["id"]: each for each in report.table.to_dicts()}
        assert list(rows) == ["shop", "sales", "revenue", "orders"]
        money = rows["revenue"]
        assert (money["value"], money["before"], money["change"], money["currency"]) == (3000, 4000, -0.25, "EUR")
        assert (money["status"], money["people"]) == ("met", 2)
        orders = rows["orders"]
        assert (orders["value"], orders["before"], orders["status"], orders["horizon"]) == (2, 1, "missed", "long")
        assert (rows["shop"]["status"], rows["shop"]["met"], rows["shop"]["missed"]) == ("missed", 1, 1)
        assert report.people("revenue")["user_id"].to_list() == ["ann", "bob"]
        with pytest.raises(NotFound, match="revenue"):
            report.people("orders")
        drawn = report.plot()._repr_svg_()
        of_target = f">{3000 / money['target']:.0%}<"
        assert (of_target in drawn, ">before<" in drawn) == (True, True)
        with pytest.raises(Invalid) as refused:
            ws.keep_kpis({"nodes": [{"id": "a", "name": "A", "kind": "kpi"}]})
        assert refused.value.path == "$.nodes[0].insight"
        gone = {"type": "in_segment", "segment": "nowhere"}
        kpi = {"id": "a", "name": "A", "kind": "kpi", "insight": "trend", "column": "value"}
        with pytest.raises(Invalid) as refused:
            ws.keep_kpis({"nodes": [{**kpi, "question": {"event": "A", "segment": gone}}]})
        assert refused.value.path.startswith("$.nodes[0].question.segment")
        assert len(ws.kpis().nodes) == 4
        ws.save_segment("here", "Here", holdfast.did("Bought"))
        here = {"type": "in_segment", "segment": "here"}
        ws.keep_kpis({"nodes": [{**kpi, "of": "sum", "question": {"event": "Bought", "segment": here}}]})
        assert ws.kpis().table["value"].to_list() == [2.0]
        with pytest.raises(Conflict, match="used by the KPI 'a'"):
            ws.delete_segment("here")
        (use,) = ws.segment_used_by("here")
        assert (use.kind, use.id, use.name, use.path) == ("kpi", "a", "A", "$.nodes[0].question.segment.segment")
        ws.keep_kpis(tomllib.loads(TOML))
        ws.delete_segment("here")
    ran = runner.invoke(app, ["kpi", "show", "--data", str(data)])
    assert ran.exit_code == 0, ran.output
    assert "30.00 EUR" in ran.output
    assert "-25.0%" in ran.output
    ran = runner.invoke(app, ["kpi", "show", "--data", str(data), "--json"])
    answer = json.loads(ran.output)
    assert [each["status"] for each in answer["nodes"]] == ["missed", "missed", "met", "missed"]
    ran = runner.invoke(app, ["kpi", "keep", str(tmp_path / "kpis.txt"), "--data", str(data)])
    assert (ran.exit_code, "kpis.txt" in ran.output) == (2, True)
