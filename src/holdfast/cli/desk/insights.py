"""Questions about everybody: insights, KPIs and SQL."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.cli.desk.asking import PAGE_MOST, Answer, Asker, part_of


class InsightDesk(Asker):
    """Questions about everybody: insights, KPIs and SQL."""

    def insight(self, kind: str, question: Answer) -> Answer:
        return self._ask("POST", f"/api/insights/{part_of(kind)}", question)

    def insight_people(self, kind: str, question: Answer, cell: Answer, *, limit: int) -> Answer:
        wish: Answer = {"question": question, "cell": cell, "limit": min(limit, PAGE_MOST)}
        return self._ask("POST", f"/api/insights/{part_of(kind)}/people", wish)

    def save_people(self, kind: str, question: Answer, cell: Answer, segment_id: str) -> Answer:
        wish: Answer = {"question": question, "cell": cell, "id": segment_id}
        return self._ask("POST", f"/api/insights/{part_of(kind)}/save", wish)

    def kpis(self) -> Answer:
        return self._ask("GET", "/api/kpis")

    def keep_kpis(self, definition: Answer) -> Answer:
        return self._ask("PUT", "/api/kpis", definition)

    def sql(self, query: str, params: Mapping[str, str], *, limit: int) -> Answer:
        return self._ask("POST", "/api/sql", {"query": query, "params": dict(params), "limit": limit})
