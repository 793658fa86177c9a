"""Pivots against the same counted cell by cell in Python, on random nasty histories in chDB."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.pivot import Breakdown, Pivot
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import NAMES, NOW_MS, ZONES, Done, Told, amount, label, moment, tell

QUESTIONS_AT_ONCE = 6
VIP = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
SINCE = ("2026-03-01", "2026-03-28", "2026-10-20", "2026-03-29T13:30:00Z", "2026-03-08T05:30:00Z")
Line = tuple[str, str | None]
ALL: Line = ("total", None)


def some_breakdown(draw: random.Random) -> Any:
    return draw.choice(
        (
            draw.choice(("by", "x", "never")),
            {"property": "by", "top": draw.choice((1, 3, 100))},
            {"trait": draw.choice(("vip", "never"))},
            {"period": draw.choice(("day", "week", "month", "year"))},
        )
    )


def some_question(draw: random.Random) -> dict[str, Any]:
    where = draw.choice(([], [{"property": "x", "operator": "at_least", "value": 1}]))
    measure = draw.choice(("count", "people", "sum", "average", "min", "max", "median"))
    question: dict[str, Any] = {
        "event": draw.choice((draw.choice(NAMES), {"events": draw.sample(NAMES, 3), "where": where})),
        "rows": some_breakdown(draw),
        "measure": measure,
        "time_zone": draw.choice(ZONES),
        "since": draw.choice(SINCE),
    }
    if draw.random() < 0.8:
        question["columns"] = some_breakdown(draw)
    if measure not in ("count", "people"):
        question["property"] = "x"
    if draw.random() < 0.6:
        at = datetime.fromisoformat(question["since"]).replace(tzinfo=UTC) + timedelta(days=draw.choice((1, 30, 200)))
        question["until"] = moment(int(at.timestamp()) * 1000)
    if draw.random() < 0.3:
        question["segment"] = VIP
    return question


def date_of(at_ms: int, period: str, zone: str) -> str:
    """The date on which the wall's calendar says the period begins."""
    day = (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone)).date()
    match period:
        case "week":
            day -= timedelta(days=day.weekday())
        case "month":
            day = day.replace(day=1)
        case "year":
            day = day.replace(month=1, day=1)
    return day.isoformat()


def raw_line(each: Done, by: Breakdown, asked: Pivot, told: Told) -> str | None:
    if by.period is not None:
        return date_of(each.at_ms, by.period, asked.time_zone)
    values: Mapping[str, Any] = each.properties if by.property is not None else told.traits[each.person]
    return label(values, str(by.property or by.trait))


def lines_of(done: list[Done], by: Breakdown | None, asked: Pivot, told: Told) -> list[Line]:
    """The line of each event."""
    if by is None:
        return [ALL] * len(done)
    raw = [raw_line(each, by, asked, told) for each in done]
    if by.period is not None:
        return [("value", each) for each in raw]
    numbers = Counter(each for each in raw if each is not None)
    top = sorted(numbers, key=lambda one: (-numbers[one], one.encode("utf-8", "surrogatepass")))[: by.top]
    return [("none", None) if one is None else ("value", one) if one in top else ("other", None) for one in raw]


def order_of(lines: list[Line], by: Breakdown | None) -> list[Line]:
    if by is None:
        return [ALL]
    numbers = Counter(lines)
    return [
        *sorted(
            numbers,
            key=lambda line: (
                ("value", "other", "none").index(line[0]),
                line[1] if by.period is not None else "",
                -numbers[line],
                (line[1] or "").encode("utf-8", "surrogatepass"),
            ),
        ),
        ALL,
    ]


def measured(asked: Pivot, done: list[Done]) -> float | None:
    amounts = [one for each in done if (one := amount(each.properties, "x")) is not None]
    match asked.measure:
        case "count":
            return len(done)
        case "people":
            return len({each.person for each in done})
        case "sum":
            return sum(amounts)
    if not amounts:
        return None
    return {
        "average": lambda: sum(amounts) / len(amounts),
        "min": lambda: min(amounts),
        "max": lambda: max(amounts),
        "median": lambda: median(amounts),
    }[asked.measure]()


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_a_pivot_is_what_one_counts_cell_by_cell(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, people=20, events=250, spread_days=40)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw)
        asked, rows = told.ask("pivot", question)
        assert isinstance(asked, Pivot)
        since_ms, until_ms = asked.span(NOW_MS, days=30)
        done = [
            each
            for each in told.acts(asked.event, since_ms, until_ms)
            if (asked.segment is None or told.traits[each.person]["vip"])
            and (asked.property is None or amount(each.properties, "x") is not None)
        ]
        down, across = (lines_of(done, by, asked, told) for by in (asked.rows, asked.columns))
        check_cells(asked, rows, done, down, across)
        check_people(told, question, rows, done, down=down, across=across, draw=draw)


def cell_of(each: Mapping[str, Any]) -> tuple[Line, Line]:
    return (each["row_part"], each["row"]), (each.get("column_part", "total"), each.get("column"))


def among(done: list[Done], down: list[Line], across: list[Line], cell: tuple[Line, Line]) -> list[Done]:
    return [
        each
        for each, row, column in zip(done, down, across, strict=True)
        if cell[0] in (row, ALL) and cell[1] in (column, ALL)
    ]


def check_cells(asked: Pivot, rows: Any, done: list[Done], down: list[Line], across: list[Line]) -> None:
    shown = [cell_of(each) for each in rows]
    wanted_down, wanted_across = order_of(down, asked.rows), order_of(across, asked.columns)
    found_down, found_across = (list(dict.fromkeys(cell[side] for cell in shown)) for side in (0, 1))
    assert shown == [(row, column) for row in found_down for column in found_across]
    for found, wanted, by in (
        (found_down, wanted_down, asked.rows),
        (found_across, wanted_across, asked.columns),
    ):
        if by is not None and by.period is not None:  # Periods in which nothing happened have a line too.
            assert [each for each in found if each in wanted] == wanted
            assert found[:-1] == sorted(found[:-1])
        else:
            assert found == wanted
    for each in rows:
        those = among(done, down, across, cell_of(each))
        value = measured(asked, those)
        assert each["events"] == len(those), (asked, each)
        assert each["value"] == (None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)), (asked, each)


def check_people(
    told: Told, question: Any, rows: Any, done: list[Done], *, down: list[Line], across: list[Line], draw: random.Random
) -> None:
    each = draw.choice(rows)
    cell = {name: each[name] for name in ("row", "row_part", "column", "column_part") if each.get(name) is not None}
    wanted = sorted({one.person for one in among(done, down, across, cell_of(each))})
    assert told.people("pivot", question, cell) == wanted, (question, cell)
    assert told.people("pivot", question, {}) == sorted({one.person for one in done})


def test_periods_without_anything_are_there_and_averages_of_nothing_are_not(engine: Engine) -> None:
    told = tell(engine, 3, events=1)
    question = {
        "event": "never",
        "rows": {"period": "week"},
        "columns": "by",
        "measure": "average",
        "property": "x",
        "since": "2026-03-25",
        "until": "2026-04-08",
        "time_zone": "Europe/Berlin",
    }
    _, rows = told.ask("pivot", question)
    assert [(each["row"], each["row_part"]) for each in rows] == [
        ("2026-03-23", "value"),
        ("2026-03-30", "value"),
        ("2026-04-06", "value"),
        (None, "total"),
    ]
    assert {(each["value"], each["events"]) for each in rows} == {(None, 0)}
    _, rows = told.ask("pivot", {"event": "never", "rows": "by"})
    assert rows == [{"row": None, "row_part": "total", "value": 0, "events": 0}]


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({"event": "A"}, "$", "missing_field"),
        ({"event": "A", "rows": {}}, "$.rows", "missing_field"),
        ({"event": "A", "rows": {"trait": "a", "property": "b"}}, "$.rows", "contradiction"),
        ({"event": "A", "rows": "a", "columns": {"period": "hour"}}, "$.columns.period", "unknown_choice"),
        ({"event": "A", "rows": {"property": "a", "top": 0}}, "$.rows.top", "out_of_range"),
        ({"event": "A", "rows": "a", "measure": "sum"}, "$.property", "missing_field"),
        ({"event": "A", "rows": "a", "property": "x"}, "$.property", "contradiction"),
        ({"event": "A", "rows": 3}, "$.rows", "wrong_type"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("pivot", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_too_many_periods_are_refused(engine: Engine) -> None:
    with pytest.raises(Exposed) as refused:
        tell(engine, 3, events=1).ask("pivot", {"event": "A", "rows": {"period": "day"}, "since": "2020-01-01"})
    assert refused.value.path == "$.since"


@pytest.mark.parametrize(
    ("rows", "cell", "path"),
    [
        ({"period": "week"}, {"row": "2026-11-17"}, "$.cell.row"),
        ("by", {"column": "a"}, "$.cell.column"),
        ("by", {"column_part": "total"}, "$.cell.column"),
    ],
)
def test_a_cell_that_is_not_there_is_refused(engine: Engine, rows: Any, cell: dict[str, Any], path: str) -> None:
    with pytest.raises(Exposed) as refused:
        tell(engine, 4, events=1).people("pivot", {"event": "A", "rows": rows}, cell)
    assert (refused.value.path, refused.value.code) == (path, "unknown_cell")
