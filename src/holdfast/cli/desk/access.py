"""Who may do what, and who did: keys, accounts, approvals and the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

from holdfast.cli.desk.asking import Answer, Asker, part_of, rows_of

_ACCOUNTS = "`holdfast accounts list` shows them."
AUDIT_PAGE_MOST = 500


class AccessDesk(Asker):
    """Who may do what, and who did: keys, accounts, approvals and the audit log."""

    def keys(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/keys"), "keys")

    def token_secret(self, name: str) -> str:
        return str(self._ask("GET", f"/api/keys/{part_of(name)}/token-secret")["secret"])

    def add_key(self, name: str, kind: Literal["write", "api"], scopes: list[str] | None = None) -> Answer:
        wish: Answer = {"name": name, "kind": kind} | ({} if scopes is None else {"scopes": scopes})
        return self._ask("POST", "/api/keys", wish)

    def revoke_key(self, name: str) -> None:
        self._ask("DELETE", f"/api/keys/{part_of(name)}")

    def accounts(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/accounts"), "accounts")

    def invite(self, email: str, role: str) -> Answer:
        return self._ask("POST", "/api/accounts/invitations", {"email": email, "role": role})

    def reset_account(self, email: str) -> Answer:
        return self._ask("POST", f"/api/accounts/{part_of(email)}/reset", missing=_ACCOUNTS)

    def change_account(self, email: str, wish: Answer) -> Answer:
        return self._ask("PUT", f"/api/accounts/{part_of(email)}", wish, missing=_ACCOUNTS)

    def end_second_factor(self, email: str) -> Answer:
        return self._ask("DELETE", f"/api/accounts/{part_of(email)}/two-factor", missing=_ACCOUNTS)

    def remove_account(self, email: str) -> None:
        self._ask("DELETE", f"/api/accounts/{part_of(email)}", missing=_ACCOUNTS)

    def audit(self, query: Mapping[str, str], *, limit: int) -> list[Answer]:
        found: list[Answer] = []
        before: dict[str, object] = {}
        while True:
            wanted = min(limit - len(found), AUDIT_PAGE_MOST)
            page = self._ask("GET", "/api/audit?" + urlencode({**query, **before, "limit": wanted}))
            found += rows_of(page, "entries")
            if page["next"] is None or len(found) >= limit:
                return found
            before = {"before": page["next"]}

    def approvals(self, *, state: str | None, limit: int) -> list[Answer]:
        said = {"limit": str(limit)} | ({} if state is None else {"state": state})
        return rows_of(self._ask("GET", "/api/approvals?" + urlencode(said)), "approvals")
