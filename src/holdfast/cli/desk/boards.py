"""Boards, saved insights, and the links that show them to others."""

from __future__ import annotations

from urllib.parse import urlencode

from holdfast.cli.desk.asking import Answer, Asker, part_of


class BoardDesk(Asker):
    """Boards, saved insights, and the links that show them to others."""

    def boards(self) -> Answer:
        return self._ask("GET", "/api/boards")

    def board(self, board_id: str) -> Answer:
        return self._ask("GET", f"/api/boards/{part_of(board_id)}", missing="`holdfast board list` shows them.")

    def saved_insights(self) -> Answer:
        return self._ask("GET", "/api/saved-insights")

    def shared_links(self, kind: str, about: str) -> Answer:
        return self._ask("GET", f"/api/shared-links?{urlencode({'kind': kind, 'about': about})}")

    def share(self, kind: str, about: str, days: int | None) -> Answer:
        missing = "`holdfast board list` and `holdfast board insights` show what there is."
        return self._ask("POST", "/api/shared-links", {"kind": kind, "about": about, "days": days}, missing=missing)

    def end_link(self, link_id: str) -> Answer:
        missing = "`holdfast board links ID` shows those of a board."
        return self._ask("DELETE", f"/api/shared-links/{part_of(link_id)}", missing=missing)
