"""What messages are made of: templates, blocks, catalogues and coupons."""

from __future__ import annotations

from urllib.parse import urlencode

from holdfast.cli.desk.asking import PAGE_MOST, Answer, Asker, part_of, rows_of


class ContentDesk(Asker):
    """What messages are made of: templates, blocks, catalogues and coupons."""

    def saved(self, kind: str) -> list[Answer]:
        return rows_of(self._ask("GET", f"/api/{kind}s"), "saved")

    def saved_one(self, kind: str, saved_id: str, version: int | None) -> Answer:
        which = "" if version is None else f"?version={version}"
        return self._ask("GET", f"/api/{kind}s/{part_of(saved_id)}{which}", missing=_saved(kind))

    def save_saved(self, kind: str, saved_id: str, definition: Answer, *, allow_unknown: bool) -> Answer:
        wish: Answer = {"definition": definition, "allow_unknown": allow_unknown}
        return self._ask("PUT", f"/api/{kind}s/{part_of(saved_id)}", wish)

    def saved_versions(self, kind: str, saved_id: str, *, limit: int) -> list[Answer]:
        path = f"/api/{kind}s/{part_of(saved_id)}/versions?limit={min(limit, PAGE_MOST)}"
        return rows_of(self._ask("GET", path, missing=_saved(kind)), "versions")

    def restore_saved(self, kind: str, saved_id: str, version: int) -> Answer:
        missing = f"`holdfast {kind} versions ID` lists the versions."
        return self._ask("POST", f"/api/{kind}s/{part_of(saved_id)}/restore", {"version": version}, missing=missing)

    def delete_saved(self, kind: str, saved_id: str) -> None:
        self._ask("DELETE", f"/api/{kind}s/{part_of(saved_id)}", missing=_saved(kind))

    def preview_template(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/templates/preview", wish)

    def test_template(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/templates/test", wish)

    def catalogues(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/catalogues"), "catalogues")

    def catalogue(self, name: str, *, after: str, limit: int, search: str = "") -> Answer:
        wish = urlencode({"after": after, "limit": limit, "search": search})
        return self._ask("GET", f"/api/catalogues/{part_of(name)}?{wish}")

    def catalogue_item(self, name: str, item: str) -> Answer:
        return self._ask("GET", f"/api/catalogues/{part_of(name)}/items/{part_of(item)}")

    def remove_catalogue(self, name: str, *, allow_unknown: bool) -> None:
        self._ask("DELETE", f"/api/catalogues/{part_of(name)}{_allowing(allow_unknown)}")

    def coupon_pools(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/coupons"), "pools")

    def make_coupons(self, pool: str, *, count: int, pattern: str) -> Answer:
        return self._ask("POST", f"/api/coupons/{part_of(pool)}/codes", {"count": count, "pattern": pattern})

    def withdraw_coupons(self, pool: str, *, allow_unknown: bool) -> Answer:
        return self._ask("DELETE", f"/api/coupons/{part_of(pool)}{_allowing(allow_unknown)}")


def _saved(kind: str) -> str:
    return f"`holdfast {kind} list` shows what is saved."


def _allowing(allow_unknown: bool) -> str:
    return "?allow_unknown=true" if allow_unknown else ""
