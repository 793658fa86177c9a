"""Saved insights and boards, in SQLite."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.boards import Analysis, AnalysisKind
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread

_SQL = load("boards")


class ReadingBoards(Session):
    """Questions about them."""

    @in_thread
    def analyses(self, kind: AnalysisKind, *, deleted: bool = False) -> list[Analysis]:
        return [_analysis(row) for row in self._rows(_SQL["analyses"], kind, deleted)]

    @in_thread
    def analysis(self, kind: AnalysisKind, analysis_id: str) -> Analysis | None:
        row = self._row(_SQL["analysis"], kind, analysis_id)
        return _analysis(row) if row else None


class ChangingBoards(ReadingBoards):
    """Changes of them."""

    @in_thread
    def put_analysis(self, analysis: Analysis) -> Analysis:
        version = self._number(
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
