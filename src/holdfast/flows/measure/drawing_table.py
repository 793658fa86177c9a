"""Drawing any table: of an answer in SQL, of audiences, of KPIs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from holdfast.flows.measure.drawing import Plot, draw
from holdfast.kernel.errors import Invalid
from holdfast.measures.insight import Answer, Cell, Column, ColumnType
from holdfast.measures.picture import Picture, PictureKind

if TYPE_CHECKING:
    import polars as pl


def draw_table(
    table: pl.DataFrame,
    title: str,
    *,
    across: str | None = None,
    value: str | None = None,
    by: str | None = None,
    kind: PictureKind | None = None,
    shares: bool = False,
) -> Plot:
    """A table as a picture: lines over moments or dates, else bars.

    Args:
        across: the column along the bottom; without it, the first of moments or dates, else the first of text.
        value: the column that is drawn; without it, the first of numbers that does not lie along the bottom.
        by: the column whose values have a line or a colour each.
        shares: whether what is drawn are shares of 1.

    Raises Invalid when there is no such column, or none of the kind.
    """
    answer = answer_of(table)
    types = {each.name: each.type for each in answer.columns}
    across = _column(types, across, ("moment", "text"), "across")
    value = _column({name: each for name, each in types.items() if name != across}, value, ("number",), "value")
    if by is not None:
        by = _column(types, by, ("text", "moment", "number"), "by")
    if shares:
        columns = (
            Column(name=each.name, type="share" if each.name == value else each.type, about="")
            for each in answer.columns
        )
        answer = Answer(columns=tuple(columns), rows=answer.rows, time_zone=answer.time_zone)
    usual: PictureKind = "bars" if types[across] == "text" else "lines"
    return draw(answer, Picture(kind=kind or usual, across=across, value=value, by=by), title)


def answer_of(table: pl.DataFrame, time_zone: str = "UTC") -> Answer:
    """A table as an answer: moments and dates, text, numbers; what is none of these is left out."""
    import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

    columns, cells = [], []
    for series in table.get_columns():
        kind = _type_of(series.dtype)
        if kind is None:
            continue
        told: Iterable[Cell] = series.cast(pl.String) if kind == "text" else series.cast(pl.Float64, strict=False)
        if kind == "moment":
            told = series.cast(pl.Datetime("ms", getattr(series.dtype, "time_zone", None))).dt.epoch("ms")
            time_zone = getattr(series.dtype, "time_zone", None) or time_zone
        columns.append(Column(name=series.name, type=kind, about=""))
        cells.append(list(told))
    return Answer(columns=tuple(columns), rows=tuple(zip(*cells, strict=True)), time_zone=time_zone)


def _column(types: Mapping[str, ColumnType], asked: str | None, kinds: tuple[ColumnType, ...], what: str) -> str:
    """The column that was asked for, or the first of the first kind there is."""
    if asked is not None:
        if asked in types:
            return asked
        known = ", ".join(map(repr, types)) or "none"
        raise Invalid(
            f"No column {asked!r:.100} can be drawn.",
            code="unknown_column",
            path=what,
            hint=f"Those that can: {known}.",
        )
    found = next((name for kind in kinds for name, its in types.items() if its == kind), None)
    if found is None:
        wanted = " or ".join({"moment": "moments", "text": "text", "number": "numbers"}[each] for each in kinds)
        raise Invalid(
            f"There is no column of {wanted} to draw.",
            code="nothing_to_draw",
            path=what,
            hint=f"Select one, or name another column as `{what}`.",
        )
    return found


def _type_of(kind: pl.DataType) -> ColumnType | None:
    import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

    if kind.is_numeric():
        return "number"
    types: Mapping[type[pl.DataType], ColumnType] = {
        pl.Date: "moment", pl.Datetime: "moment", pl.String: "text", pl.Categorical: "text", pl.Enum: "text",
        pl.Boolean: "text",
    }  # fmt: skip
    return types.get(type(kind))
