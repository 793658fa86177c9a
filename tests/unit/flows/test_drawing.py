"""Pictures of answers: what is drawn says what the table says, whatever stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from holdfast.flows.measure.drawing import draw
from holdfast.flows.measure.drawn import Drawn
from holdfast.kernel.errors import Invalid
from holdfast.measures.insight import Answer, Cell, Column, ColumnType
from holdfast.measures.insight_catalogue import declared_insights, decode_question
from holdfast.measures.picture import Picture, PictureKind
from holdfast.segments.condition import Scope

NASTY = "a'b<&>$x$ 😀\0\n" + "long " * 30


def answer(columns: dict[str, ColumnType], *rows: tuple[Cell, ...], currency: str = "") -> Answer:
    named = tuple(Column(name=name, type=kind, about="") for name, kind in columns.items())
    return Answer(columns=named, rows=rows, time_zone="Europe/Berlin", currency=currency)


def svg(told: Answer, kind: PictureKind, **columns: str) -> str:
    return draw(told, Picture(kind=kind, **columns), "The title")._repr_svg_()


def test_bars_say_their_values_in_the_currency_and_its_minor_units() -> None:
    columns: dict[str, ColumnType] = {"name": "text", "revenue_minor": "money"}
    for currency, said in (("EUR", ">12.34<"), ("JPY", ">1,234<")):
        told = answer(columns, ("a", 1234), currency=currency)
        drawn = svg(told, "bars", across="name", value="revenue_minor")
        assert said in drawn
        assert f"revenue minor ({currency})" in drawn


def test_a_grid_says_shares_and_whose_they_are() -> None:
    columns: dict[str, ColumnType] = {"cohort": "moment", "period": "whole", "retention": "share"}
    midnight_in_berlin = 1_779_919_200_000
    drawn = svg(
        answer(columns, (midnight_in_berlin, 0, 1.0), (None, 1, 0.25)),
        "grid",
        across="period",
        value="retention",
        by="cohort",
        null="all",
    )
    assert "2026-05-28" in drawn
    assert "25%" in drawn
    assert ">all<" in drawn


def test_a_line_for_each_value_and_none_for_what_has_no_number() -> None:
    columns: dict[str, ColumnType] = {"start": "moment", "by": "text", "value": "number"}
    drawn = svg(
        answer(columns, (1, "DE", 5.0), (2, None, 6.0), (3, "gone", None)),
        "lines",
        across="start",
        value="value",
        by="by",
    )
    assert "DE" in drawn
    assert "(none)" in drawn
    assert "gone" not in drawn


def test_a_flow_of_two_steps_goes_on_from_where_the_first_led() -> None:
    columns: dict[str, ColumnType] = {"step": "whole", "from": "text", "to": "text", "people": "whole"}
    drawn = svg(
        answer(columns, (1, "A", "B", 30), (1, "A", "C", 20), (2, "B", "D", 10)),
        "flow",
        across="from",
        value="people",
        by="to",
        step="step",
    )
    for node in ("A (50)", "B (30)", "C (20)", "D (10)"):
        assert node in drawn


def test_a_flow_in_both_directions_goes_through_the_act_once() -> None:
    columns: dict[str, ColumnType] = {"step": "whole", "from": "text", "to": "text", "people": "whole"}
    rows = ((-1, "before", "the act", 30), (1, "the act", "after", 20))
    drawn = svg(answer(columns, *rows), "flow", across="from", value="people", by="to", step="step")
    assert drawn.count("the act (30)") == 1


def test_other_values_and_none_are_told_apart_and_what_falls_together_is_added_up() -> None:
    columns: dict[str, ColumnType] = {"name": "text", "breakdown": "text", "part": "text", "people": "whole"}
    rows: tuple[tuple[Cell, ...], ...] = (
        ("a", "DE", "value", 1), ("a", None, "other", 20), ("a", None, "none", 300), ("a", "DE", "value", 4_000),
    )  # fmt: skip
    drawn = svg(answer(columns, *rows), "bars", across="name", value="people", by="breakdown")
    for said in ("(other)", "(none)", ">20<", ">300<", ">4,001<"):
        assert said in drawn


def asked(kind: str, question: Mapping[str, object], *rows: Mapping[str, Cell], currency: str = "EUR") -> str:
    """The picture of a kind's own question, with these rows in its table; cells not named are null."""
    one = decode_question(kind, question)
    columns = one.answer([], Scope(workspace=1, as_of_ms=1_780_000_000_000)).columns
    cells = tuple(tuple(row.get(each.name) for each in columns) for row in rows)
    told = Answer(columns=columns, rows=cells, time_zone="UTC", currency=currency)
    return draw(told, one.picture(), "The title")._repr_svg_()


def test_the_same_step_again_has_a_bar_of_its_own() -> None:
    steps: tuple[dict[str, Cell], ...] = tuple(
        {"step": step, "name": "Bought", "people": people} for step, people in ((1, 700), (2, 50), (3, 6))
    )
    drawn = asked("funnel", {"steps": ["Bought"] * 3}, *steps)
    for said in (">1. Bought<", ">2. Bought<", ">3. Bought<", ">700<", ">50<", ">6<"):
        assert said in drawn
    times: dict[str, Cell] = {"name": "Bought", "from_seconds": 3_600.0, "to_seconds": 10_800.0}
    rows = [{**times, "step": step, "people": 30 + step} for step in (2, 3)]
    drawn = asked("funnel", {"steps": ["Bought"] * 3, "show": "times"}, *rows)
    for said in (">2. Bought<", ">3. Bought<", ">32<", ">33<", ">1 h<"):
        assert said in drawn


def test_the_times_of_those_compared_are_not_added_up() -> None:
    times: dict[str, Cell] = {"step": 2, "name": "Bought", "from_seconds": 60.0, "to_seconds": 300.0}
    question = {"steps": ["Bought"] * 2, "show": "times", "compare": {"All": {"type": "all", "of": []}}}
    drawn = asked("funnel", question, {**times, "segment": "All", "people": 7}, {**times, "segment": "DE", "people": 5})
    for said in (">2. Bought, All<", ">2. Bought, DE<", ">7<", ">5<"):
        assert said in drawn
    assert ">12<" not in drawn


def test_a_pivot_is_drawn_with_other_values_and_none_and_without_totals() -> None:
    parts: tuple[tuple[str | None, str, float], ...] = (
        ("tea", "value", 1.0), (None, "other", 20.0), (None, "none", 300.0), (None, "total", 321.0),
    )  # fmt: skip
    rows: list[dict[str, Cell]] = [{"row": row, "row_part": part, "value": value} for row, part, value in parts]
    drawn = asked("pivot", {"event": "Bought", "rows": "x"}, *rows)
    for said in (">tea<", ">(other)<", ">(none)<", ">20<", ">300<"):
        assert said in drawn
    assert ">321<" not in drawn
    months: list[dict[str, Cell]] = [
        {**row, "column": column, "column_part": part}
        for row in rows
        for column, part in (("May", "value"), (None, "total"))
    ]
    drawn = asked("pivot", {"event": "Bought", "rows": "x", "columns": {"period": "month"}}, *months)
    assert (">(other)<" in drawn, drawn.count(">20<"), ">321<" in drawn) == (True, 1, False)


def test_shares_of_several_values_are_lines_and_never_added_up() -> None:
    rows: list[dict[str, Cell]] = [
        {"breakdown": label, "part": "value", "cohort": cohort, "period": period, "retention": 0.75, "complete": True}
        for label in ("DE", "FR")
        for cohort in (1_779_919_200_000, None)
        for period in (0, 1)
    ]
    drawn = asked("retention", {"first": "Bought", "breakdown": "x"}, *rows)
    assert (">DE<" in drawn, ">FR<" in drawn, "150%" in drawn) == (True, True, False)


def test_what_is_not_over_is_marked() -> None:
    cell: dict[str, Cell] = {"cohort": 1_779_919_200_000, "period": 0, "retention": 0.5}
    assert ">50%<" in asked("retention", {"first": "Bought"}, {**cell, "complete": True})
    assert ">50%…<" in asked("retention", {"first": "Bought"}, {**cell, "complete": False})
    days: list[dict[str, Cell]] = [
        {"start": 1_779_919_200_000 + day * 86_400_000, "stage": "new", "people": 5, "complete": day < 2}
        for day in range(3)
    ]
    dotted = "stroke-dasharray"
    assert dotted in asked("lifecycle", {"event": "Bought"}, *days)
    assert dotted not in asked("lifecycle", {"event": "Bought"}, *days[:2])


def test_cells_of_the_grid_say_their_names_and_scores_rise() -> None:
    rows: list[dict[str, Cell]] = [
        {"recency": 5, "worth": worth, "cell": name, "people": people}
        for worth, name, people in ((5, "champions", 4), (1, "new", 3))
    ]
    drawn = asked("rfm", {"event": "Bought", "view": "grid"}, *rows)
    for said in ("champions", "new"):
        assert f">{said}<" in drawn
    scores = answer({"worth": "whole", "people": "whole"}, (5, 4), (1, 3), (2, 0))
    assert Drawn(scores, Picture(kind="grid", across="worth", value="people")).acrosses == [1, 2, 5]


def test_a_path_back_begins_where_nothing_came_before() -> None:
    row: dict[str, Cell] = {"step": -1, "from_event": "(end)", "from_part": "end", "to_event": "Bought", "times": 3}
    drawn = asked("flow", {"event": "Bought", "direction": "before"}, row)
    assert ("(start) (3)" in drawn, "(end)" in drawn) == (True, False)


def test_what_is_left_out_of_a_crowd_is_said() -> None:
    columns: dict[str, ColumnType] = {"town": "text", "people": "whole"}
    drawn = svg(answer(columns, *((f"town {n}", n) for n in range(50))), "bars", across="town", value="people")
    assert "The first 40 of 50 town." in drawn


@pytest.mark.parametrize(
    ("value", "said", "short"),
    [(0.0, "0", "0"), (0.004, "0.004", "0.004"), (12.5, "12.50", "12"), (1_234.5, "1,234.50", "1,234"),
     (301_000.4, "301,000.40", "301k"), (-2_500_000, "-2,500,000", "-2.5M"), (1e17, "1e+17", "1e+17"),
     (1e300, "1e+300", "1e+300")],
)  # fmt: skip
def test_numbers_are_short_where_there_is_no_room(value: float, said: str, short: str) -> None:
    drawn = Drawn(answer({"a": "text", "b": "number"}), Picture(kind="bars", across="a", value="b"))
    assert (drawn.value_label(value), drawn.value_label(value, short=True)) == (said, short)


@pytest.mark.parametrize("kind", ["lines", "bars", "grid", "flow"])
def test_whatever_stands_in_the_answer_is_drawn(kind: PictureKind, tmp_path: Path) -> None:
    columns: dict[str, ColumnType] = {"across": "text", "by": "text", "value": "number"}
    rows = [(f"{NASTY}{number % 60}", f"{NASTY}{number % 7}", float(-number)) for number in range(300)]
    picture = Picture(kind=kind, across="across", value="value", by="by")
    plot = draw(answer(columns, *rows), picture, NASTY * 5)
    plot.save(tmp_path / "picture.PNG")
    assert (tmp_path / "picture.PNG").read_bytes().startswith(b"\x89PNG")
    assert "Nothing to draw." in draw(answer(columns), picture, "")._repr_svg_()


@pytest.mark.parametrize("name", ["picture", "picture.exe"])
def test_a_file_that_is_no_picture_is_refused(name: str, tmp_path: Path) -> None:
    plot = draw(answer({"x": "text", "y": "number"}, ("a", 1.0)), Picture(kind="bars", across="x", value="y"), "")
    with pytest.raises(Invalid, match="no kind of picture"):
        plot.save(tmp_path / name)
    assert not (tmp_path / name).exists()


CASES = [(kind, example) for kind, each in declared_insights().items() for example in each.examples]


@pytest.mark.parametrize(("kind", "example"), CASES)
def test_every_question_is_drawn_by_columns_it_has(kind: str, example: dict[str, object]) -> None:
    question = decode_question(kind, example)
    told, picture = question.answer([], Scope(workspace=1, as_of_ms=1_780_000_000_000)), question.picture()
    names = {each.name for each in told.columns}
    assert {each for each in (picture.across, picture.value, picture.by, picture.step) if each} <= names
    draw(told, picture, question.words())._repr_svg_()
