"""The caller: who a request is by, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdfast.flows.accounts.permissions import EVERYTHING, Permission, Role
from holdfast.kernel.errors import Forbidden

CallerKind = Literal["account", "key", "demo", "cli"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who a request is by."""

    kind: CallerKind
    name: str
    """As others see it: a person's name, the name of a key."""
    by: str
    """As it is noted beside what they change: the email address of an account, else the name."""
    permissions: frozenset[Permission]
    account_id: str | None = None
    role: Role | None = None
    session_id: str | None = None
    """The session of a browser it came by; None where it came by a key of its own."""

    def may(self, permission: Permission) -> bool:
        """Whether they may do it."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless they may do it."""
        if permission not in self.permissions:
            raise forbidden(permission, of_a_key=self.kind == "key")


def forbidden(permission: Permission, *, of_a_key: bool = False) -> Forbidden:
    """The answer to whoever may not."""
    hint = "An owner or admin can grant it in Settings → Accounts."
    if of_a_key:
        hint = f"Use an api key with that scope; `holdfast keys add NAME --kind api --scope {permission}` makes one."
    return Forbidden(f"this needs the permission `{permission}`.", hint=hint, needs=permission)


DEMO = Caller(kind="demo", name="Demo", by="console", permissions=EVERYTHING, role="owner")
"""Whoever sits before an open console."""
COMMAND_LINE = Caller(kind="cli", name="command line", by="command line", permissions=EVERYTHING, role="owner")
"""Whoever may open the data directory."""
