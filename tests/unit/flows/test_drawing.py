"""Pictures of answers: what is drawn says what the table says, whatever stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.flows.drawing import draw
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
    assert "12.34 EUR" in svg(
        answer(columns, ("a", 1234), currency="EUR"), "bars", across="name", value="revenue_minor"
    )
    assert "1,234 JPY" in svg(
        answer(columns, ("a", 1234), currency="JPY"), "bars", across="name", value="revenue_minor"
    )


def test_a_grid_says_shares_and_whose_they_are() -> None:
    columns: dict[str, ColumnType] = {"cohort": "moment", "period": "whole", "retention": "share"}
    midnight_in_berlin = 1_779_919_200_000
    drawn = svg(
        answer(columns, (midnight_in_berlin, 0, 1.0), (None, 1, 0.25)),
        "grid",
        across="period",
        value="retention",
        by="cohort",
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
