"""The self-check as a table and a picture."""

from __future__ import annotations

import polars as pl

from holdfast.flows.measure.drawing import Plot
from holdfast.flows.measure.drawing_table import draw_table
from holdfast.flows.measure.self_check import SelfCheck

_SCHEMA: dict[str, pl.DataType] = {
    "metric": pl.String(),
    "adjusted": pl.Boolean(),
    **dict.fromkeys(("share", "low", "high"), pl.Float64()),
    "as_expected": pl.Boolean(),
}


def check_table(checked: SelfCheck) -> pl.DataFrame:
    """A row for each metric, plain and adjusted."""
    rows = [
        {
            "metric": each.metric,
            "adjusted": each.adjusted,
            "share": each.found / checked.splits,
            "low": each.low,
            "high": each.high,
            "as_expected": each.as_expected,
        }
        for each in checked.checked
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


def check_plot(checked: SelfCheck) -> Plot:
    """Bars: how often a difference was “found” of each metric, plain and adjusted."""
    named = pl.when("adjusted").then(pl.lit("adjusted")).otherwise(pl.lit("plain")).alias("reckoned")
    drawn = check_table(checked).select("metric", named, pl.col("share").alias("found"))
    return draw_table(drawn, checked.words, across="metric", value="found", by="reckoned", kind="bars", shares=True)
