"""Saved insights and boards, in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.boards import Analysis, AnalysisKind
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("boards")


class ReadingBoards(Session):
    """Questions about them."""

    async def analyses(self, kind: AnalysisKind, *, deleted: bool = False) -> list[Analysis]:
        return [_analysis(row) for row in await self._rows(_SQL["analyses"], kind, deleted)]

    async def analysis(self, kind: AnalysisKind, analysis_id: str) -> Analysis | None:
        row = await self._row(_SQL["analysis"], kind, analysis_id)
        return _analysis(row) if row else None


class ChangingBoards(ReadingBoards):
    """Changes of them."""

    async def put_analysis(self, analysis: Analysis) -> Analysis:
        version = await self._number(
            _SQL["put_analysis"],
            analysis.kind,
            analysis.id,
            analysis.name,
            analysis.description,
            analysis.definition,
            analysis.version,
            analysis.by,
            analysis.saved_ms,
            analysis.deleted,
        )
        return replace(analysis, version=version)


def _analysis(row: Row) -> Analysis:
    kind, analysis_id, name, description, definition, version, by, saved_ms, deleted = row
    return Analysis(
        kind=kind,
        id=analysis_id,
        name=name,
        description=description,
        definition=definition,
        version=version,
        by=by,
        saved_ms=saved_ms,
        deleted=bool(deleted),
    )
