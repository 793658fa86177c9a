"""A picture: which columns of an answer are drawn, and how. Whoever draws (Python, the console) needs no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PictureKind = Literal["lines", "bars", "grid", "flow"]
"""Lines over time or order; bars side by side; a grid of shaded cells; bands from one thing to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How an answer is drawn. Columns go by their names.

    Rows in which `value` or `across` is null are left out, and so are totals: rows of which a part says `total`.
    """

    kind: PictureKind
    across: str
    """What lies along the bottom; of a grid, its columns; of a flow, where it comes from."""
    value: str
    """What is drawn."""
    step: str | None = None
    """The column that numbers steps. Of a flow, what a step leads to, the next comes from; elsewhere it tells apart
    what is called the same: in `across` where that is text, else in `by`."""
    by: str | None = None
    """What has a line or a colour of its own; of a grid, its rows; of a flow, where it goes."""
    also_by: str | None = None
    """A second column that tells lines apart."""
    only_null: str | None = None
    """A column of which only the rows without a value are drawn, as those of all cohorts together."""
    null: str = "(none)"
    """How a missing value of `by` reads."""
    label: str | None = None
    """Of a grid, what stands in a cell beside its value."""
