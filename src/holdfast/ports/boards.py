"""Saved insights, and the boards they stand on, in the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

AnalysisKind = Literal["insight", "board"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One that was saved, as it is now. One that was deleted stays, so that it can be brought back."""

    kind: AnalysisKind
    id: str
    name: str
    description: str = ""
    definition: bytes
    """JSON: the question of an insight, the cards of a board."""
    version: int = 0
    """From 1, one more with every saving, deleting and bringing back; given by the store unless it is said."""
    by: str = ""
    """Who saved it last."""
    saved_ms: int
    deleted: bool = False


class BoardView(Protocol):
    """Reading them."""

    async def analyses(self, kind: AnalysisKind, *, deleted: bool = False) -> list[Analysis]:
        """Those of a kind that are there, or those that were deleted; in order of id."""
        ...

    async def analysis(self, kind: AnalysisKind, analysis_id: str) -> Analysis | None:
        """One of them, a deleted one too."""
        ...


class BoardTransaction(BoardView, Protocol):
    """Changing them."""

    async def put_analysis(self, analysis: Analysis) -> Analysis:
        """Save it in the place of what is there; returns it with its version."""
        ...
