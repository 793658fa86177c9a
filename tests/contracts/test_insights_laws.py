"""What must hold of every kind of insight, whatever is asked: sums, orders, shares, and people behind each number."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.measures.insight_catalogue import declared_insights
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import NAMES, ZONES, Told, moment, some_money, tell

Row = dict[str, Any]
Cells = Iterator[tuple[dict[str, Any], int]]
"""What names a cell, and how many people its number says there are."""
ANYTHING: dict[str, Any] = {"events": list(NAMES)}
CELLS_AT_ONCE = 3


def of_line(row: Row) -> dict[str, Any]:
    """What names a line of a breakdown."""
    return {name: row[name] for name in ("breakdown", "part", "source", "segment") if row.get(name) is not None}


def of_flow(row: Row) -> dict[str, Any]:
    named = {name: row[name] for name in ("step", "from_part", "to_part")}
    ends = {f"{end}_event": row[f"{end}_event"] for end in ("from", "to") if row[f"{end}_part"] == "value"}
    return named | ends


def flow(question: Row, rows: list[Row]) -> Cells:
    links: dict[Any, float] = defaultdict(float)
    for row in rows:
        near, part = ("from_event", "from_part") if row["step"] > 0 else ("to_event", "to_part")
        links[row["step"], row[near], row[part]] += row["share"]
        assert 1 <= row["people"] <= row["times"]
        yield of_flow(row), row["people"]
    assert all(math.isclose(share, 1) for share in links.values()), links
    assert math.isclose(sum(row["share_of_all"] for row in rows if row["step"] == 1), 1) or not rows


def funnel(question: Row, rows: list[Row]) -> Cells:
    for before, row in pairwise(rows):
        if row["step"] > 1:
            assert row["people"] <= before["people"]
            lost = {"step": row["step"], "lost": True, **of_line(row)}
            yield lost, before["people"] - row["people"]
    for row in rows:
        of_before = row["share_of_step_before"]  # Of nobody, there is no share.
        assert row["share"] is None or 0 <= row["share"] <= (1 if of_before is None else of_before) <= 1
        yield {"step": row["step"], **of_line(row)}, row["people"]


def interval(question: Row, rows: list[Row]) -> Cells:
    shares = [row["share"] for row in rows if row["share"] is not None]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    for row in rows if question["gap"] != "every" else ():
        yield {"days": row["days"], "state": "came_back"}, row["came_back"]
        yield {"days": row["days"], "state": "at_risk"}, row["at_risk"]


def lifecycle(question: Row, rows: list[Row]) -> Cells:
    periods: dict[int, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        periods[row["start"]][row["stage"]] = row
        yield {"start": moment(row["start"]), "stage": row["stage"]}, row["people"]
    before: dict[str, Row] = {}
    for stages in periods.values():
        counts = {name: row["people"] for name, row in stages.items()}
        assert counts["active"] == counts["new"] + counts["returning"] + counts["resurrected"]
        assert counts["dormant"] == stages["active"]["lost"]
        assert stages["active"]["before"] == counts["returning"] + counts["dormant"]
        everybody = sum(counts.values()) - counts["active"]
        if before:
            assert all(row["before"] == before[name]["people"] for name, row in stages.items())
            assert everybody == sum(row["people"] for name, row in before.items() if name != "active") + counts["new"]
        before = stages


def pivot(question: Row, rows: list[Row]) -> Cells:
    events: dict[Any, int] = defaultdict(int)
    for row in rows:
        column_part = row.get("column_part", "total")
        if row["row_part"] != "total":
            events[row.get("column"), column_part] += row["events"]
        cell = {name: row[name] for name in ("row", "row_part", "column", "column_part") if row.get(name) is not None}
        if question["measure"] == "people":
            yield cell, int(row["value"])
    for row in rows:
        if row["row_part"] == "total":
            assert row["events"] == events[row.get("column"), row.get("column_part", "total")]


def retention(question: Row, rows: list[Row]) -> Cells:
    for row in rows:
        assert 0 <= row["people"] <= row["size"]
        assert row["retention"] is None or math.isclose(row["retention"] + row["churn"], 1)
        assert (row.get("gross_retention") or 0) <= min(1, row.get("net_retention") or 0) + 1e-12
        if row["cohort"] is not None:
            cell = {"cohort": moment(row["cohort"]), **of_line(row)}
            yield cell, row["size"]
            yield {**cell, "period": row["period"]}, row["people"]
            yield {**cell, "period": row["period"], "state": "gone"}, row["size"] - row["people"]
    if question["kind"] == "unbounded":
        for before, row in pairwise(rows):
            together = before["cohort"] == row["cohort"] is not None and of_line(before) == of_line(row)
            assert row["people"] <= before["people"] or not together or row["period"] == 0


def revenue(question: Row, rows: list[Row]) -> Cells:
    for row in rows:
        assert row["payers"] <= row["buyers"] <= row["people"]
        assert row["priced_orders"] + row["other_currency"] <= row["orders"]
        cell = of_line(row) | ({"start": moment(row["start"])} if "start" in row else {})
        for who, name in (("all", "people"), ("buyers", "buyers"), ("payers", "payers"), ("loyal", "loyal")):
            if name in row:
                yield {**cell, "who": who}, row[name]


def rfm(question: Row, rows: list[Row]) -> Cells:
    keys = {"cells": ("cell",), "grid": ("recency", "worth"), "scores": ("recency", "frequency", "monetary")}
    assert math.isclose(sum(row["share"] or 0 for row in rows), 1) or not sum(row["people"] for row in rows)
    for row in rows:
        assert 0 <= row["gold"] <= row["people"]
        cell = {name: row[name] for name in keys[question["view"]]}
        yield cell, row["people"]
        yield {**cell, "gold": True}, row["gold"]
    yield {}, sum(row["people"] for row in rows)


def stickiness(question: Row, rows: list[Row]) -> Cells:
    for row in rows:
        if question["show"] == "rolling":
            assert row["daily"] <= row["weekly"] <= row["monthly"]
            for window, name in (("day", "daily"), ("week", "weekly"), ("month", "monthly")):
                yield {"start": moment(row["start"]), "window": window}, row[name]
        else:
            yield {"days": row["days"]}, row["people"]
            yield {"days": row["days"], "or_more": True}, row["people_or_more"]
    if question["show"] == "power_users" and rows:
        assert sum(row["people"] for row in rows) == rows[0]["people_or_more"]


def sticky(question: Row, rows: list[Row]) -> Cells:
    for row in rows:
        yield {"behaviour": row["behaviour"], "times": row["times"]}, row["people"]


def trend(question: Row, rows: list[Row]) -> Cells:
    for row in rows:
        cell = {"start": moment(row["start"]), **of_line(row)}
        if question["measure"] == "people":
            assert row["value"] <= row["events"]
            yield cell, int(row["value"])
        elif row["events"] == 0:
            yield cell, 0


LAWS: Mapping[str, Callable[[Row, list[Row]], Cells]] = {
    "flow": flow, "funnel": funnel, "interval": interval, "lifecycle": lifecycle, "pivot": pivot,
    "retention": retention, "revenue": revenue, "rfm": rfm, "stickiness": stickiness, "sticky": sticky, "trend": trend,
}  # fmt: skip


def some_question(kind: str, draw: random.Random) -> dict[str, Any]:
    """A question of the kind."""
    by = draw.choice((None, "by", {"trait": "home"}))
    month = draw.choice(("week", "month"))
    since = draw.choice(("2026-03-01", "2026-03-29", "2026-09-01T07:30:00Z"))
    more: dict[str, dict[str, Any]] = {
        "flow": {"event": draw.choice(NAMES), "direction": draw.choice(("after", "both")), "top": draw.choice((1, 3)),
                 "start": draw.choice(("first", "each")), "by": draw.choice((None, "by")), "within_days": 40},
        "funnel": {"steps": draw.choices((*NAMES, ANYTHING), k=draw.choice((2, 3, 5))), "breakdown": by, "top": 2,
                   "order": draw.choice(("loose", "strict")), "within_days": draw.choice((1, 30))},
        "interval": {"event": ANYTHING, "gap": draw.choice(("nth", "every", "median")), "within_days": 20},
        "lifecycle": {"event": draw.choice((ANYTHING, "A")), "period": draw.choice(("day", month))},
        "pivot": {"event": ANYTHING, "rows": {"property": "by", "top": 3}, "measure": draw.choice(("count", "people")),
                  "columns": draw.choice((None, {"period": month}, {"trait": "home", "top": 2}))},
        "retention": {"first": draw.choice(("A", ANYTHING)), "again": ANYTHING, "period": month, "periods": 5,
                      "kind": draw.choice(("n_day", "bracket", "unbounded")), "breakdown": by, "top": 2},
        "revenue": {"event": draw.choice(("A", ANYTHING)), "period": "month",
                    **draw.choice(({}, {"view": "cohorts"}, {"view": "total"}, {"view": "sources", "source": "by"}))},
        "rfm": {"event": ANYTHING, "bins": draw.choice((2, 4, 5)), "view": draw.choice(("cells", "grid", "scores"))},
        "stickiness": {"event": ANYTHING, "show": draw.choice(("rolling", "power_users"))},
        "sticky": {"people_least": 10, "false_discovery_rate": 0.5, "times": [1]},
        "trend": {"event": ANYTHING, "measure": draw.choice(("count", "people")), "period": month, "breakdown": by,
                  "top": 2},
    }  # fmt: skip
    if kind == "retention" and more[kind]["kind"] != "unbounded" and draw.random() < 0.5:
        more[kind]["value"] = "revenue"
    return {"since": since, "time_zone": draw.choice(ZONES), **more[kind]}


def test_every_kind_has_its_laws() -> None:
    assert set(LAWS) == set(declared_insights())


@pytest.mark.parametrize("kind", sorted(LAWS))
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_numbers_agree_with_one_another_and_with_the_people_behind_them(engine: Engine, kind: str, seed: int) -> None:
    draw = random.Random(seed)
    told: Told = tell(engine, seed, people=draw.choice((1, 25)), events=draw.choice((1, 200)), more=some_money)
    for _ in range(3):
        question = some_question(kind, draw)
        _, rows = told.ask(kind, question)
        assert all(not isinstance(cell, float) or math.isfinite(cell) for row in rows for cell in row.values())
        cells = list(LAWS[kind](question, rows))
        for cell, people in draw.sample(cells, min(CELLS_AT_ONCE, len(cells))):
            found = told.people(kind, question, cell)
            assert len(found) == len(set(found)) == people, (question, cell)
