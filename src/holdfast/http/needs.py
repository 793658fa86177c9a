"""What each call of the API needs: declared once, where the call is, and checked in one place before it is made.

A router may say it for all its calls, `APIRouter(..., dependencies=[needs("read")])`, and a call for itself,
`@routes.post("", dependencies=[needs("content:write")])`: then that counts. A call under /api for which nothing is said
is refused to everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Depends, Request

from holdfast.flows.accounts.caller import Caller, forbidden
from holdfast.flows.accounts.permissions import Permission
from holdfast.kernel.errors import Forbidden, Internal

if TYPE_CHECKING:
    from starlette.routing import BaseRoute


@dataclass(frozen=True, slots=True)
class Needs:
    """The mark of a call that needs a permission. It does nothing by itself: `permit` looks for it."""

    permission: Permission

    async def __call__(self) -> None:
        """Nothing."""


def needs(permission: Permission) -> Any:  # noqa: ANN401 - FastAPI's own type for it.
    """The declaration that a call, or every call of a router, needs the permission."""
    return Depends(Needs(permission))


def permission_of(route: BaseRoute) -> Permission | None:
    """What a call needs: what it says itself, else what its router says; None when nothing is said."""
    declared = [each.dependency for each in getattr(route, "dependencies", ())]
    return next((each.permission for each in reversed(declared) if isinstance(each, Needs)), None)


async def permit(request: Request) -> None:
    """Refuse a call under /api to whoever may not make it. A dependency of the whole application."""
    route = request.scope["route"]
    if not route.path.startswith("/api/"):
        return
    permission = permission_of(route)
    if permission is None:
        raise Forbidden("nobody may call this: it does not say what it needs.", hint="Tell us; this is our fault.")
    caller = caller_in(request)
    if not caller.may(permission):
        raise forbidden(permission, of_a_key=caller.kind == "key")


def caller_in(request: Request) -> Caller:
    """Who a request that was let through is by."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise Internal("a request came through without anybody having asked who it is by")
    return caller
