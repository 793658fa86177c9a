"""/api/keys: write keys for collecting, api keys for everything under /api."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request

from holdfast.flows.accounts.caller import Caller
from holdfast.flows.accounts.permissions import OF_A_KEY, Permission, decode_permissions, in_order
from holdfast.flows.upkeep.keys import add_key, revoke_key
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import WISH, moment, moment_text
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.messages.person_token import token_secret
from holdfast.ports.state import AccessKey
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class KeyShape:
    """A key; of an api key only the end is shown."""

    name: str
    kind: Literal["write", "api"]
    shown: str
    created_at: str
    revoked_at: str | None
    used_at: str | None
    """When an api key was used last, to about a minute."""
    scopes: list[Permission]
    """What an api key may do; of a write key empty."""

    @classmethod
    def of(cls, key: AccessKey) -> KeyShape:
        return cls(
            name=key.name,
            kind=key.kind,
            shown=key.shown,
            created_at=moment_text(key.created_ms),
            revoked_at=moment(key.revoked_ms),
            used_at=moment(key.used_ms),
            scopes=_scopes(key),
        )


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A new key. The key itself is shown this once."""

    name: str
    kind: Literal["write", "api"]
    shown: str
    created_at: str
    revoked_at: str | None
    used_at: str | None
    scopes: list[Permission]
    key: str


@dataclass(frozen=True, kw_only=True)
class KeyList:
    """Every key, revoked ones too."""

    keys: list[KeyShape]


@dataclass(frozen=True, kw_only=True)
class TokenSecret:
    """What people's tokens are signed with beside a write key. Keep it on your server."""

    secret: str


@dataclass(frozen=True, kw_only=True)
class KeyWish:
    """A key to make; a write key's name is the source of its events."""

    __pydantic_config__ = WISH

    name: str
    kind: Literal["write", "api"]
    scopes: list[str] | None = None
    """What an api key may do, by permissions; null: all but `accounts:write` and `approve`. Never more than you may."""


def _scopes(key: AccessKey) -> list[Permission]:
    return in_order(OF_A_KEY if key.scopes is None else key.scopes) if key.kind == "api" else []


def _wanted_scopes(wish: KeyWish, caller: Caller) -> tuple[str, ...] | None:
    """What a new key may do. Nobody gives away what they have not. Raises Forbidden and Invalid."""
    if wish.kind == "write":
        if wish.scopes is not None:
            raise Invalid("a write key sends events and nothing else.", path="$.scopes", hint="Leave scopes out.")
        return None
    caller.require("settings:write")
    if wish.scopes is None:
        return None if caller.permissions >= OF_A_KEY else tuple(in_order(OF_A_KEY & caller.permissions))
    wanted = in_order(decode_permissions(wish.scopes, "$.scopes"))
    for each in wanted:
        caller.require(each)
    return tuple(wanted)


def key_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/keys", tags=["Keys"], dependencies=[needs("read")])

    @routes.get("")
    async def listed() -> KeyList:
        """Every key, revoked ones too."""
        async with app.state.view() as view:
            return KeyList(keys=[KeyShape.of(each) for each in await view.keys()])

    @routes.post("", dependencies=[needs("data:write")], status_code=201)
    async def add(wish: KeyWish, request: Request) -> NewKey:
        """Make a key. It is shown in this answer and never again. An api key needs `settings:write` besides."""
        scopes = _wanted_scopes(wish, caller_in(request))
        key, secret = await add_key(app.state, wish.name, wish.kind, now=app.clock.now(), scopes=scopes)
        await app.access.refresh(app.state)
        shape = KeyShape.of(key)
        return NewKey(
            name=shape.name,
            kind=shape.kind,
            shown=shape.shown,
            created_at=shape.created_at,
            revoked_at=shape.revoked_at,
            used_at=shape.used_at,
            scopes=shape.scopes,
            key=secret,
        )

    @routes.get("/{name}/token-secret", dependencies=[needs("settings:write")])
    async def token(name: str) -> TokenSecret:
        """What your server signs people's tokens with, so that an app with this write key may show their inbox."""
        async with app.state.view() as view:
            used = [each for each in await view.keys() if each.revoked_ms is None and each.kind == "write"]
        if not any(each.name == name for each in used):
            hint = "`holdfast keys list` shows them."
            raise NotFound(f"there is no write key {name!r:.120} in use.", hint=hint)
        return TokenSecret(secret=token_secret(app.secret, name))

    @routes.delete("/{name}", dependencies=[needs("data:write")], status_code=204)
    async def revoke(name: str, request: Request) -> None:
        """Revoke a key: it opens nothing any more. What came in by it stays. An api key needs `settings:write` too."""
        async with app.state.view() as view:
            if any(each.name == name and each.kind == "api" for each in await view.keys()):
                caller_in(request).require("settings:write")
        await revoke_key(app.state, name, now=app.clock.now())
        await app.access.refresh(app.state)

    return routes
