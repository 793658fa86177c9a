"""/api/schema: which events, properties and traits have been seen, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from holdfast.events.event import LIST_TRAITS
from holdfast.flows.measure.dictionary import TEXT_CHARACTERS_MOST, write_meaning
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, moment_text
from holdfast.kernel.moments import to_millis
from holdfast.measures.insight import DAY_MS
from holdfast.ports.dictionary import Meaning
from holdfast.ports.discovery import KnownProperty
from holdfast.ports.history import EXAMPLES_MOST, PropertyType
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class EventNameShape:
    """An event name that was seen, and what it means, where somebody wrote that down."""

    name: str
    count: int
    people: int
    first: str
    last: str
    meaning: str


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
    """A property or trait: what it mostly is, how often it was of which type, and its commonest values.

    `meaning` is what somebody wrote down of it, empty where nobody did.
    """

    name: str
    type: PropertyType
    types: dict[PropertyType, int]
    count: int
    first: str
    last: str
    examples: list[Any]
    values: list[ValueShape]
    meaning: str

    @classmethod
    def of(cls, known: KnownProperty, meanings: Mapping[str, str]) -> PropertyShape:
        return cls(
            name=known.name,
            type=known.type,
            types=dict(known.types),
            count=known.count,
            first=moment_text(known.first_ms),
            last=moment_text(known.last_ms),
            examples=[each.value for each in known.values[:EXAMPLES_MOST]],
            values=[ValueShape(value=each.value, count=each.count) for each in known.values[:VALUES_SHOWN]],
            meaning=meanings.get(known.name, ""),
        )


@dataclass(frozen=True, kw_only=True)
class PropertyList:
    """Properties: those whose name begins with what was typed first, then those seen most."""

    properties: list[PropertyShape]


@dataclass(frozen=True, kw_only=True)
class VolumeShape:
    """How many events of a name there were in each span."""

    name: str
    counts: list[int]


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """The events of late by name, in spans of 24 hours of which the first begins at `since`."""

    since: str
    events: list[VolumeShape]


@dataclass(frozen=True, kw_only=True)
class MeaningWish:
    """What an event, a property of it or, without an event, a trait means. Without a text it is taken out."""

    __pydantic_config__ = WISH

    text: Annotated[str, Field(max_length=TEXT_CHARACTERS_MOST)]
    event: str | None = None
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class MeaningShape:
    """What a name means, who wrote it, and when."""

    event: str | None
    name: str | None
    text: str
    by: str
    saved_at: str

    @classmethod
    def of(cls, meaning: Meaning) -> MeaningShape:
        return cls(
            event=meaning.event or None,
            name=meaning.name or None,
            text=meaning.text,
            by=meaning.by,
            saved_at=moment_text(meaning.saved_ms),
        )


@dataclass(frozen=True, kw_only=True)
class MeaningList:
    """Everything that was written down, in order of event and name; traits come first."""

    meanings: list[MeaningShape]


@dataclass(frozen=True, kw_only=True)
class ValueList:
    """Values of a property, those seen most first."""

    values: list[ValueShape]


VALUES_SHOWN = 10
"""Values told of each property in a list; the values of one property are asked for by themselves."""
LIST_MOST = 1_000
DAYS_MOST = 366
Typed = Annotated[str, Query(max_length=500, description="What was typed: only what contains it, whatever its case.")]
Named = Annotated[str, Query(alias="property", max_length=500, description="The property.")]
Whole = Annotated[bool, Query(description="By days of UTC that are over, of which the last is yesterday.")]
Most = Annotated[int, Query(ge=1, le=LIST_MOST)]


def schema_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/schema", tags=["Schema"], dependencies=[needs("read")])

    @routes.get("/events")
    async def events() -> EventNames:
        """Every event name, most frequent first."""
        await app.catch_up()
        names = await app.history.names()
        async with app.state.view() as view:
            meanings = {each.event: each.text for each in await view.meanings() if not each.name}
        return EventNames(
            events=[
                EventNameShape(
                    name=each.name,
                    count=each.count,
                    people=each.people,
                    first=moment_text(each.first_ms),
                    last=moment_text(each.last_ms),
                    meaning=meanings.get(each.name, ""),
                )
                for each in names
            ]
        )

    @routes.get("/volumes")
    async def volumes(days: Annotated[int, Query(ge=1, le=DAYS_MOST)] = 30, *, whole: Whole = False) -> Volumes:
        """How many events of each name there were of late, by spans of 24 hours that end now, or by whole days."""
        await app.catch_up()
        until_ms = to_millis(app.clock.now()) + 1
        if whole:
            until_ms -= until_ms % DAY_MS
        since_ms = until_ms - days * DAY_MS
        found = await app.history.volumes(since_ms=since_ms, until_ms=until_ms, bucket_seconds=DAY_MS // 1000)
        events = [VolumeShape(name=name, counts=counts) for name, counts in sorted(found.items())]
        return Volumes(since=moment_text(since_ms), events=events)

    @routes.get("/meanings")
    async def meanings() -> MeaningList:
        """What was written down of events, properties and traits."""
        async with app.state.view() as view:
            return MeaningList(meanings=[MeaningShape.of(each) for each in await view.meanings()])

    @routes.put("/meanings", dependencies=[needs("data:write")])
    async def write(wish: MeaningWish, request: Request) -> MeaningShape:
        """Write down what an event, a property or a trait means, in the place of what stood there."""
        written = await write_meaning(
            app.state,
            event=wish.event or "",
            name=wish.name or "",
            text=wish.text,
            by=asked_by(app, request),
            now=app.clock.now(),
        )
        return MeaningShape.of(written)

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
        async with app.state.view() as view:
            meanings = {each.name: each.text for each in await view.meanings(event or "")}
        return PropertyList(properties=[PropertyShape.of(each, meanings) for each in found])

    async def _values(event: str | None, name: str, text: str, limit: int) -> ValueList:
        await app.catch_up()
        found = await app.discovery.known_values(event, name, text=text, limit=limit)
        return ValueList(values=[ValueShape(value=each.value, count=each.count) for each in found])

    return routes
