"""Saved insights and boards, in memory."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.boards import Analysis, AnalysisKind
from holdfast.stores.memory.session import Session


class ReadingBoards(Session):
    """Questions about them."""

    async def analyses(self, kind: AnalysisKind, *, deleted: bool = False) -> list[Analysis]:
        found = (each for each in self._tables.analyses.values() if (each.kind, each.deleted) == (kind, deleted))
        return sorted(found, key=lambda each: each.id)

    async def analysis(self, kind: AnalysisKind, analysis_id: str) -> Analysis | None:
        return self._tables.analyses.get((kind, analysis_id))


class ChangingBoards(ReadingBoards):
    """Changes of them."""

    async def put_analysis(self, analysis: Analysis) -> Analysis:
        name = (analysis.kind, analysis.id)
        before = self._tables.analyses.get(name)
        saved = replace(analysis, version=analysis.version or (before.version if before else 0) + 1)
        self._tables.analyses = self._tables.analyses | {name: saved}
        return saved
