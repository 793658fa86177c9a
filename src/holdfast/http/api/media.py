"""/api/media: the channels there are, with a schema of what is said on each; forms are made of it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from holdfast.decisions.medium import media
from holdfast.http.needs import needs
from holdfast.http.shapes import Properties


@dataclass(frozen=True, kw_only=True)
class MediumShape:
    """One way to say something: `content` is a JSON Schema of its parts, `html` those of them that are HTML."""

    name: str
    label: str
    help: str
    content: Properties
    html: list[str]


@dataclass(frozen=True, kw_only=True)
class MediaShape:
    """Every one of them."""

    media: list[MediumShape]


def media_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/media", tags=["Templates"], dependencies=[needs("read")])

    @routes.get("")
    async def known() -> MediaShape:
        """Every channel that messages may be for, and what is said on it."""
        return MediaShape(
            media=[
                MediumShape(
                    name=each.name,
                    label=each.label,
                    help=each.help,
                    content=dict(each.schema()),
                    html=sorted(each.html),
                )
                for each in media().values()
            ]
        )

    return routes
