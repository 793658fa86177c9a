"""/api/presence: who has the same thing open at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request

from holdfast.flows.teamwork.presence import AGAIN_SECONDS, be_present, leave
from holdfast.flows.teamwork.things import decode_thing
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import WISH, moment_text
from holdfast.kernel.moments import to_millis
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class PresenceWish:
    """What one has open, by its kind and id, such as `journey:cart-rescue`."""

    __pydantic_config__ = WISH

    about: str


@dataclass(frozen=True, kw_only=True)
class OtherShape:
    """Somebody else who has it open."""

    name: str
    email: str
    since: str


@dataclass(frozen=True, kw_only=True)
class PresentShape:
    """Who else has it open, whoever came first first; say so again within so many seconds."""

    others: list[OtherShape]
    again_seconds: int


def presence_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/presence", tags=["Teamwork"], dependencies=[needs("read")])

    @routes.post("")
    async def present(wish: PresenceWish, request: Request) -> PresentShape:
        """Say that one has something open; hear who else has."""
        caller = caller_in(request)
        others = await be_present(
            app.state,
            decode_thing(wish.about, "$.about"),
            by=caller.by,
            by_name=caller.name,
            now_ms=to_millis(app.clock.now()),
        )
        shapes = [OtherShape(name=each.by_name, email=each.by, since=moment_text(each.since_ms)) for each in others]
        return PresentShape(others=shapes, again_seconds=AGAIN_SECONDS)

    @routes.delete("", status_code=204)
    async def gone(about: Annotated[str, Query(max_length=300)], request: Request) -> None:
        """Say that one has closed it."""
        await leave(app.state, decode_thing(about, "about"), by=caller_in(request).by)

    return routes
