"""What the shop looks at every morning: saved insights, and a board they stand on."""

from __future__ import annotations

from importlib import resources
from typing import Any

import msgspec

from holdfast.flows.measure.boards import Wanted, save_analysis
from holdfast.ports.boards import AnalysisKind
from holdfast.wiring import Application

_BY = "demo"
_KINDS: tuple[tuple[AnalysisKind, str, tuple[str, ...]], ...] = (
    ("insight", "insights", ("kind", "question")),
    ("board", "boards", ("period", "segment", "cards")),
)


async def save_boards(app: Application) -> None:
    """Save the insights, then the boards."""
    read = resources.files("holdfast.sim").joinpath("content", "boards.json").read_bytes()
    said = msgspec.json.decode(read, type=dict[str, dict[str, dict[str, Any]]])
    now = app.clock.now()
    for kind, those, parts in _KINDS:
        for saved_id, each in said[those].items():
            wanted = Wanted(
                kind=kind,
                id=saved_id,
                name=each["name"],
                description=each["description"],
                definition={part: each[part] for part in parts},
            )
            await save_analysis(app.state, wanted, by=_BY, now=now)
