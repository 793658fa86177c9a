"""A picture: which columns of an answer are drawn, and how. Whoever draws (Python, the console) needs no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PictureKind = Literal["lines", "bars", "grid", "flow"]
"""Lines over time or order; bars side by side; a grid of shaded cells; bands from one thing to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How an answer is drawn. Columns go by their names; rows in which `value` or `across` is null are left out."""

    kind: PictureKind
    across: str
    """What lies along the bottom; of a grid, its columns; of a flow, where it comes from."""
    value: str
    """What is drawn."""
    step: str | None = None
    """Of a flow over several steps, the column that numbers them: what a step leads to, the next comes from."""
    by: str | None = None
    """What has a line or a colour of its own; of a grid, its rows; of a flow, where it goes."""
