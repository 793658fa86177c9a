"""/api/schema: which events, properties and traits have been seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query

from holdfast.events.event import LIST_TRAITS
from holdfast.http.needs import needs
from holdfast.http.shapes import moment_text
from holdfast.ports.discovery import KnownProperty
from holdfast.ports.history import EXAMPLES_MOST, PropertyType
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
class ValueShape:
    """A value, and how often it was seen; where there are very many values, at most so often."""

    value: Any
    count: int


@dataclass(frozen=True, kw_only=True)
class PropertyShape:
    """A property or trait: what it mostly is, how often it was of which type, and its commonest values."""

    name: str
    type: PropertyType
    types: dict[PropertyType, int]
    count: int
    first: str
    last: str
    examples: list[Any]
    values: list[ValueShape]

    @classmethod
    def of(cls, known: KnownProperty) -> PropertyShape:
        return cls(
            name=known.name,
            type=known.type,
            types=dict(known.types),
            count=known.count,
            first=moment_text(known.first_ms),
            last=moment_text(known.last_ms),
            examples=[each.value for each in known.values[:EXAMPLES_MOST]],
            values=[ValueShape(value=each.value, count=each.count) for each in known.values[:VALUES_SHOWN]],
        )


@dataclass(frozen=True, kw_only=True)
class PropertyList:
    """Properties: those whose name begins with what was typed first, then those seen most."""

    properties: list[PropertyShape]


@dataclass(frozen=True, kw_only=True)
class ValueList:
    """Values of a property, those seen most first."""

    values: list[ValueShape]


VALUES_SHOWN = 10
"""Values told of each property in a list; the values of one property are asked for by themselves."""
LIST_MOST = 1_000
Typed = Annotated[str, Query(max_length=500, description="What was typed: only what contains it, whatever its case.")]
Named = Annotated[str, Query(alias="property", max_length=500, description="The property.")]
Most = Annotated[int, Query(ge=1, le=LIST_MOST)]


def schema_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/schema", tags=["Schema"], dependencies=[needs("read")])

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
    async def properties(name: str, text: Typed = "", limit: Most = 200) -> PropertyList:
        """The properties events of that name came with."""
        return await _properties(name, text, limit)

    @routes.get("/events/{name:name}/values", dependencies=[needs("people:read")])
    async def values(name: str, property_name: Named, text: Typed = "", limit: Most = 20) -> ValueList:
        """The values a property of that event came with."""
        return await _values(name, property_name, text, limit)

    @routes.get("/traits")
    async def traits(text: Typed = "", limit: Most = 200) -> PropertyList:
        """The traits people have, but for those that say which lists they are on: GET /api/lists has these."""
        found = (await _properties(None, text, limit)).properties
        return PropertyList(properties=[each for each in found if not each.name.startswith(LIST_TRAITS)])

    @routes.get("/traits/values", dependencies=[needs("people:read")])
    async def trait_values(trait: str, text: Typed = "", limit: Most = 20) -> ValueList:
        """The values a trait has."""
        return await _values(None, trait, text, limit)

    async def _properties(event: str | None, text: str, limit: int) -> PropertyList:
        await app.catch_up()
        found = await app.discovery.known_properties(event, text=text, limit=limit)
        return PropertyList(properties=[PropertyShape.of(each) for each in found])

    async def _values(event: str | None, name: str, text: str, limit: int) -> ValueList:
        await app.catch_up()
        found = await app.discovery.known_values(event, name, text=text, limit=limit)
        return ValueList(values=[ValueShape(value=each.value, count=each.count) for each in found])

    return routes
