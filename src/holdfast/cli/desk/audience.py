"""Which people: segments, lists and what is asked about audiences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlencode

from holdfast.cli.desk.asking import FIND, PAGE_MOST, Answer, Asker, part_of, rows_of

_LIST = "`holdfast segment list` lists them."
_LISTS = "`holdfast list list` shows them."
_VERSIONS = "`holdfast segment versions ID` lists the versions; `holdfast segment list --deleted`, what was deleted."


class AudienceDesk(Asker):
    """Which people: segments, lists and what is asked about audiences."""

    def count(self, definition: Answer) -> Answer:
        return self._ask("POST", "/api/segments/count", {"definition": definition})

    def people(self, definition: Answer, *, limit: int, traits: list[str] | None = None) -> Answer:
        found: list[Answer] = []
        while True:
            wanted = min(limit - len(found), PAGE_MOST)
            question: Answer = {"definition": definition, "limit": wanted, "offset": len(found)}
            if traits is not None:
                question["traits"] = traits
            page = self._ask("POST", "/api/segments/people", question)
            rows = rows_of(page, "people")
            found += rows
            if len(rows) < wanted or len(found) >= limit:
                return {**page, "people": found}

    def explain(self, definition: Answer, person: str) -> list[Answer]:
        said = self._ask("POST", "/api/segments/explain", {"definition": definition, "person": person}, missing=FIND)
        return rows_of(said, "conditions")

    def segments(self, *, deleted: bool = False) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/segments" + ("?deleted=true" if deleted else "")), "segments")

    def segment(self, segment_id: str) -> Answer:
        return self._ask("GET", _segment(segment_id), missing=_LIST)

    def save_segment(self, segment_id: str, wish: Answer, *, dry_run: bool = False) -> Answer:
        return self._ask("PUT", _segment(segment_id) + ("?dry_run=true" if dry_run else ""), wish)

    def delete_segment(self, segment_id: str) -> None:
        self._ask("DELETE", _segment(segment_id), missing=_LIST)

    def segment_members(self, segment_id: str, *, limit: int) -> Answer:
        path = _segment(segment_id, "members?" + urlencode({"limit": min(limit, PAGE_MOST)}))
        return self._ask("GET", path, missing=_LIST)

    def segment_versions(self, segment_id: str, *, limit: int) -> list[Answer]:
        path = _segment(segment_id, "versions?" + urlencode({"limit": min(limit, PAGE_MOST)}))
        return rows_of(self._ask("GET", path, missing=_LIST), "versions")

    def segment_version(self, segment_id: str, version: int) -> Answer:
        return self._ask("GET", _segment(segment_id, f"versions/{version}"), missing=_VERSIONS)

    def segment_diff(self, segment_id: str, before: int | None, after: int | None) -> Answer:
        given = {name: each for name, each in (("before", before), ("after", after)) if each is not None}
        return self._ask("GET", _segment(segment_id, "diff?" + urlencode(given)), missing=_VERSIONS)

    def restore_segment(self, segment_id: str, version: int | None) -> Answer:
        wish: Answer = {} if version is None else {"version": version}
        return self._ask("POST", _segment(segment_id, "restore"), wish, missing=_VERSIONS)

    def segment_used_by(self, segment_id: str) -> list[Answer]:
        return rows_of(self._ask("GET", _segment(segment_id, "used-by"), missing=_LIST), "used_by")

    def apply_segments(self, segments: list[Answer], *, dry_run: bool, prune: bool) -> list[Answer]:
        wish: Answer = {"segments": segments, "dry_run": dry_run, "prune": prune}
        return rows_of(self._ask("POST", "/api/segments/apply", wish), "changes")

    def audience(self, what: Literal["audience", "changes", "history", "overlap", "reach"], question: Answer) -> Answer:
        return self._ask("POST", f"/api/segments/{what}", question)

    def lists(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/lists"), "lists")

    def save_list(self, list_id: str, name: str | None, people: list[str] | None) -> Answer:
        wish = {"name": name, "people": people}
        return self._ask("PUT", _list(list_id), {field: said for field, said in wish.items() if said is not None})

    def change_list(self, list_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Answer:
        wish: Answer = {"add": list(add), "remove": list(remove)}
        return self._ask("POST", f"{_list(list_id)}/people", wish, missing=_LISTS)

    def delete_list(self, list_id: str) -> None:
        self._ask("DELETE", _list(list_id), missing=_LISTS)

    def list_used_by(self, list_id: str) -> list[Answer]:
        return rows_of(self._ask("GET", f"{_list(list_id)}/used-by", missing=_LISTS), "used_by")


def _segment(segment_id: str, rest: str = "") -> str:
    return f"/api/segments/{part_of(segment_id)}" + (f"/{rest}" if rest else "")


def _list(list_id: str) -> str:
    return f"/api/lists/{part_of(list_id)}"
