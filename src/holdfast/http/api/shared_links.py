"""/api/shared-links: links that open one board or saved insight to who has no account."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request
from pydantic import Field

from holdfast.flows.measure.sharing import DAYS_MOST, end_link, link_token, share
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Whole, moment, moment_text
from holdfast.kernel.moments import to_millis
from holdfast.ports.boards import AnalysisKind
from holdfast.ports.sharing import SharedLink
from holdfast.settings import decode_sites
from holdfast.wiring import Application

ID_BYTES = 9


@dataclass(frozen=True, kw_only=True)
class SharedLinkWish:
    """What to share: the id of a board or a saved insight; and for how many days, null until somebody ends it."""

    __pydantic_config__ = WISH

    kind: AnalysisKind
    about: str
    days: Annotated[Whole, Field(ge=1, le=DAYS_MOST)] | None = None


@dataclass(frozen=True, kw_only=True)
class SharedLinkShape:
    """A link, who made it, and whether it opens anything now."""

    id: str
    kind: AnalysisKind
    about: str
    link: str
    state: Literal["open", "expired", "ended"]
    by: str
    made_at: str
    expires_at: str | None
    ended_at: str | None

    @classmethod
    def of(cls, link: SharedLink, app: Application) -> Self:
        now_ms = to_millis(app.clock.now())
        state: Literal["open", "expired", "ended"] = "expired"
        if link.opens(now_ms):
            state = "open"
        elif link.revoked_ms is not None:
            state = "ended"
        return cls(
            id=link.id,
            kind=link.kind,
            about=link.about,
            link=f"{app.settings.url}/shared/{link_token(app.secret, link.id)}",
            state=state,
            by=link.by,
            made_at=moment_text(link.made_ms),
            expires_at=moment(link.expires_ms),
            ended_at=moment(link.revoked_ms),
        )


@dataclass(frozen=True, kw_only=True)
class SharedLinks:
    """Links, the oldest first; and the sites that may show them in a frame."""

    links: list[SharedLinkShape]
    embed_sites: list[str]


def shared_link_routes(app: Application) -> APIRouter:
    """The routes."""
    # A link opens what it is about to whoever reads it here: so not for everybody who may look.
    routes = APIRouter(prefix="/api/shared-links", tags=["Boards"], dependencies=[needs("analyses:write")])

    @routes.get("")
    async def links(
        kind: Annotated[AnalysisKind | None, Query()] = None, about: Annotated[str, Query(max_length=200)] = ""
    ) -> SharedLinks:
        """The links to one board or saved insight, or all; ended ones too."""
        async with app.state.view() as view:
            found = await view.shared_links(kind if about else None, about)
        told = [SharedLinkShape.of(each, app) for each in found if kind is None or each.kind == kind]
        return SharedLinks(links=told, embed_sites=list(decode_sites(app.settings.embed_sites)))

    @routes.post("")
    async def make(wish: SharedLinkWish, request: Request) -> SharedLinkShape:
        """Make a link that shows a board or a saved insight, as it is whenever it is opened, to whoever has it."""
        link = await share(
            app.state,
            wish.kind,
            wish.about,
            link_id=secrets.token_urlsafe(ID_BYTES),
            days=wish.days,
            by=asked_by(app, request),
            now=app.clock.now(),
        )
        return SharedLinkShape.of(link, app)

    @routes.delete("/{link_id}", status_code=204)
    async def end(link_id: str) -> None:
        """End a link: it opens nothing any more, from now on."""
        await end_link(app.state, link_id, now=app.clock.now())

    return routes
