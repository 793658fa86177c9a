"""Cells named at the terminal: what is text in a table is text, though it reads as a number or as true."""

from __future__ import annotations

import pytest

from holdfast.cli.insight_kinds import _cell
from holdfast.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("kind", "text", "cell"),
    [
        ("funnel", "step=2,breakdown=30,lost=true", {"step": 2, "breakdown": "30", "lost": True}),
        ("pivot", "row=true,column=2026-03-02", {"row": "true", "column": "2026-03-02"}),
        ("flow", "step=-1,to_event=1.0", {"step": -1, "to_event": "1.0"}),
        ("rfm", '{"cell": "lost", "gold": false}', {"cell": "lost", "gold": False}),
        ("trend", "strat=2026-03-02", {"strat": "2026-03-02"}),
        ("trend", "", {}),
    ],
)
def test_a_cell_is_what_the_table_has(kind: str, text: str, cell: dict[str, object]) -> None:
    assert _cell(kind, text) == cell


def test_what_names_no_cell_is_refused() -> None:
    with pytest.raises(Invalid, match="names no cell"):
        _cell("funnel", "step")
