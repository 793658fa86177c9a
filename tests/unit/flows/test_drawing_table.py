"""Any table drawn: which columns, when none is named, and what is said when there is none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from holdfast.flows.measure.drawing_table import answer_of, draw_table
from holdfast.kernel.errors import Invalid

TABLE = pl.DataFrame(
    {
        "person": [[1], [2]],
        "town": ["Bonn", None],
        "day": [date(2026, 3, 1), date(2026, 3, 2)],
        "at": [datetime(2026, 3, 1, 23, tzinfo=UTC), None],
        "orders": [3, 4],
        "paid": [Decimal("1.50"), None],
        "vip": [True, False],
    }
)


def test_a_table_is_an_answer_without_what_cannot_be_drawn() -> None:
    answer = answer_of(TABLE.with_columns(pl.col("at").dt.convert_time_zone("Europe/Berlin")))
    types = {each.name: each.type for each in answer.columns}
    assert types == {
        "town": "text", "day": "moment", "at": "moment", "orders": "number", "paid": "number", "vip": "text",
    }  # fmt: skip
    assert answer.rows[0] == ("Bonn", 1_772_323_200_000, 1_772_406_000_000, 3.0, 1.5, "true")
    assert answer.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("columns", "asked", "said"),
    [
        (["town", "day", "orders"], {}, ("2026-03-01", "orders")),
        (["town", "orders"], {}, ("Bonn", "orders")),
        (["town", "orders", "paid"], {"value": "paid", "by": "town"}, ("paid",)),
        (["orders", "paid"], {"across": "orders"}, ("orders", "paid")),
    ],
)
def test_columns_are_found_by_their_types(columns: list[str], asked: dict[str, str], said: tuple[str, ...]) -> None:
    drawn = draw_table(TABLE.select(columns), "The title", **asked)._repr_svg_()  # type: ignore[arg-type]  # Names.
    for each in said:
        assert f">{each}<" in drawn


@pytest.mark.parametrize(
    ("columns", "asked", "path", "code"),
    [
        (["orders", "paid"], {}, "across", "nothing_to_draw"),
        (["town", "day"], {}, "value", "nothing_to_draw"),
        (["person"], {}, "across", "nothing_to_draw"),
        (["town", "orders"], {"value": "order"}, "value", "unknown_column"),
        (["town", "orders"], {"by": "person"}, "by", "unknown_column"),
    ],
)
def test_what_cannot_be_drawn_is_said(columns: list[str], asked: dict[str, str], path: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        draw_table(TABLE.select(columns), "", **asked)  # type: ignore[arg-type]  # As above.
    assert (refused.value.path, refused.value.code) == (path, code)


def test_no_rows_are_nothing_to_draw() -> None:
    assert "Nothing to draw." in draw_table(TABLE.clear(), "")._repr_svg_()
