"""Who people are, what they did, and forgetting them."""

from __future__ import annotations

from urllib.parse import urlencode

from holdfast.cli.desk.asking import FIND, PAGE_MOST, Answer, Asker, part_of, rows_of

_SHOW = "`holdfast people show PERSON` lists somebody's joins."
_ERASED = "Names are compared exactly; `holdfast people erased` lists every erasure."


class PeopleDesk(Asker):
    """Who people are, what they did, and forgetting them."""

    def find(self, text: str, *, limit: int) -> Answer:
        return self._ask("GET", "/api/people?" + urlencode({"text": text, "limit": min(limit, PAGE_MOST)}))

    def show(self, user_id: str) -> Answer:
        return self._ask("GET", f"/api/people/{part_of(user_id)}", missing=FIND)

    def timeline(self, user_id: str, *, limit: int, event: str | None) -> list[Answer]:
        query = {"limit": str(min(limit, PAGE_MOST))} | ({"event": event} if event else {})
        path = f"/api/people/{part_of(user_id)}/events?" + urlencode(query)
        return rows_of(self._ask("GET", path, missing=FIND), "events")

    def merge(self, first: str, second: str) -> Answer:
        return self._ask("POST", "/api/people/merge", {"first": first, "second": second}, missing=FIND)

    def unmerge(self, link_id: int) -> Answer:
        return self._ask("POST", "/api/people/unmerge", {"link_id": link_id}, missing=_SHOW)

    def erase(self, person: str) -> Answer:
        return self._ask("POST", "/api/erasures", {"person": person}, missing=FIND)

    def erasures(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/erasures"), "erasures")

    def prove_erased(self, person: str) -> Answer:
        return self._ask("POST", "/api/erasures/prove", {"person": person}, missing=_ERASED)
