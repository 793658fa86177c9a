"""/api/schema: which events, properties and traits have been seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from holdfast.http.shapes import moment_text
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class EventNameShape:
    """An event name that was seen."""

    name: str
    count: int
    people: int
    last: str


@dataclass(frozen=True, kw_only=True)
class EventNames:
    """Every event name, most frequent first."""

    events: list[EventNameShape]


@dataclass(frozen=True, kw_only=True)
class PropertyShape:
    """A property or trait, what it usually is, and a few values."""

    name: str
    type: str
    examples: list[Any]


@dataclass(frozen=True, kw_only=True)
class PropertyList:
    """Properties, by name."""

    properties: list[PropertyShape]


def schema_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/schema", tags=["Schema"])

    @routes.get("/events")
    async def events() -> EventNames:
        """Every event name, most frequent first."""
        await app.catch_up()
        names = await app.history.names()
        return EventNames(
            events=[
                EventNameShape(name=each.name, count=each.count, people=each.people, last=moment_text(each.last_ms))
                for each in names
            ]
        )

    @routes.get("/events/{name:name}/properties")
    async def properties(name: str) -> PropertyList:
        """The properties events of that name came with."""
        await app.catch_up()
        found = await app.history.event_properties(name)
        return PropertyList(
            properties=[PropertyShape(name=each.name, type=each.type, examples=list(each.examples)) for each in found]
        )

    @routes.get("/traits")
    async def traits() -> PropertyList:
        """The traits people have."""
        await app.catch_up()
        found = await app.history.trait_properties()
        return PropertyList(
            properties=[PropertyShape(name=each.name, type=each.type, examples=list(each.examples)) for each in found]
        )

    return routes
