"""/api/segments: which people, and how many."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field

from holdfast.flows.explain import explain_person
from holdfast.http.api.people import members_of
from holdfast.http.shapes import NUMBER_MOST, WISH, PeoplePage, PersonShape, Properties, Whole, moment_text
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.ports.state import SavedSegment
from holdfast.segments.codec import decode_condition, encode_condition
from holdfast.segments.condition import Condition, Truth
from holdfast.segments.explain import Explained
from holdfast.wiring import Application

PAGE_MOST = 10_000
_TRUTHS: dict[Truth, Literal["true", "false", "unknown"]] = {
    Truth.TRUE: "true",
    Truth.FALSE: "false",
    Truth.UNKNOWN: "unknown",
}
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A segment definition."""

    __pydantic_config__ = WISH

    definition: Properties


@dataclass(frozen=True, kw_only=True)
class PeopleQuestion:
    """A segment definition, and which page of its people."""

    __pydantic_config__ = WISH

    definition: Properties
    limit: Annotated[Whole, Field(ge=1, le=PAGE_MOST)] = 50
    offset: Annotated[Whole, Field(ge=0, le=NUMBER_MOST)] = 0


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many people it holds for, of how many, and how long the counting took."""

    count: int
    of: int
    took_ms: float
    words: str


@dataclass(frozen=True, kw_only=True)
class SegmentPeople:
    """A page of the people it holds for, in order of when we met them; and how many there are in all."""

    people: list[PersonShape]
    count: int


@dataclass(frozen=True, kw_only=True)
class ExplainQuestion:
    """A segment definition, and the user id or anonymous id of a person."""

    __pydantic_config__ = WISH

    definition: Properties
    person: str


@dataclass(frozen=True, kw_only=True)
class DecidingEvent:
    """An event that counts for a condition."""

    event: str
    timestamp: str
    properties: Properties


@dataclass(frozen=True, kw_only=True)
class ExplainedCondition:
    """One condition: whether it is true of the person, the traits it looks at, and the newest events that count."""

    path: str
    words: str
    truth: Literal["true", "false", "unknown"]
    traits: Properties
    events: list[DecidingEvent]
    event_count: int | None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Every condition of the definition, the outermost first: its truth is that of the whole."""

    conditions: list[ExplainedCondition]


@dataclass(frozen=True, kw_only=True)
class SegmentShape:
    """A saved segment."""

    id: str
    name: str
    definition: Properties
    words: str
    updated_at: str


@dataclass(frozen=True, kw_only=True)
class SegmentWish:
    """A segment to save."""

    __pydantic_config__ = WISH

    name: str
    definition: Properties


@dataclass(frozen=True, kw_only=True)
class SegmentList:
    """Every saved segment."""

    segments: list[SegmentShape]


def condition_of(definition: dict[str, Any]) -> Condition:
    """The condition a definition means; complaints carry its path."""
    return decode_condition(definition)


def _shape(saved: SavedSegment) -> SegmentShape:
    condition = decode_condition(saved.definition)
    return SegmentShape(
        id=saved.id,
        name=saved.name,
        definition=encode_condition(condition),
        words=f"People who {condition.words()}.",
        updated_at=moment_text(saved.updated_ms),
    )


def _explained(each: Explained) -> ExplainedCondition:
    events = [
        DecidingEvent(
            event=found.event,
            timestamp=format_moment(found.past.timestamp),
            properties=dict(found.past.properties),
        )
        for found in each.events
    ]
    return ExplainedCondition(
        path=each.path,
        words=each.condition.words(),
        truth=_TRUTHS[each.truth],
        traits=dict(each.traits),
        events=events,
        event_count=each.event_count,
    )


def segment_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/segments", tags=["Segments"])

    @routes.post("/count")
    async def count(question: Question) -> Counted:
        """Count the people a definition holds for, over all history, now."""
        condition = condition_of(question.definition)
        await app.catch_up()
        as_of_ms = to_millis(app.clock.now())
        started = time.perf_counter()
        found = await app.history.count(condition, as_of_ms=as_of_ms)
        took_ms = (time.perf_counter() - started) * 1000
        everyone = await app.history.count_everyone()
        return Counted(count=found, of=everyone, took_ms=round(took_ms, 2), words=f"People who {condition.words()}.")

    @routes.post("/people")
    async def people(question: PeopleQuestion) -> SegmentPeople:
        """The people a definition holds for, a page at a time."""
        condition = condition_of(question.definition)
        await app.catch_up()
        as_of_ms = to_millis(app.clock.now())
        rows = await app.history.people(condition, as_of_ms=as_of_ms, limit=question.limit, offset=question.offset)
        found = await app.history.count(condition, as_of_ms=as_of_ms)
        return SegmentPeople(people=[PersonShape.of(row) for row in rows], count=found)

    @routes.post("/explain")
    async def why(question: ExplainQuestion) -> Explanation:
        """Why a person is among those a definition holds for, or is not: condition by condition."""
        condition = condition_of(question.definition)
        await app.catch_up()
        async with app.state.view() as view:
            members = await members_of(view, question.person)
            found = await explain_person(
                condition, members, view=view, history=app.history, zone=app.zone, now=app.clock.now()
            )
        return Explanation(conditions=[_explained(each) for each in found])

    @routes.get("")
    async def saved() -> SegmentList:
        """Every saved segment, by name."""
        async with app.state.view() as view:
            shapes = [_shape(each) for each in await view.segments()]
        return SegmentList(segments=sorted(shapes, key=lambda each: (each.name, each.id)))

    @routes.get("/{segment_id}")
    async def one(segment_id: str) -> SegmentShape:
        """One saved segment."""
        return _shape(await find_segment(app, segment_id))

    @routes.get("/{segment_id}/people")
    async def people_of(
        segment_id: str,
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
        offset: Annotated[int, Query(ge=0, le=NUMBER_MOST)] = 0,
    ) -> PeoplePage:
        """The people of a saved segment."""
        condition = decode_condition((await find_segment(app, segment_id)).definition)
        await app.catch_up()
        as_of_ms = to_millis(app.clock.now())
        rows = await app.history.people(condition, as_of_ms=as_of_ms, limit=limit, offset=offset)
        total = await app.history.count(condition, as_of_ms=as_of_ms)
        return PeoplePage(people=[PersonShape.of(row) for row in rows], total=total)

    @routes.put("/{segment_id}")
    async def save(segment_id: str, wish: SegmentWish) -> SegmentShape:
        """Save a definition under an id; what was there is replaced."""
        if not _ID.fullmatch(segment_id):
            hint = "Use small letters, digits and hyphens, at most 100, such as gold-customers."
            raise Invalid(f"{segment_id!r:.120} is no segment id.", path="segment_id", hint=hint)
        if not wish.name.strip():
            raise Invalid("the name is empty.", path="$.name", hint="Give it a name people recognise.")
        condition = condition_of(wish.definition)
        segment = SavedSegment(
            id=segment_id,
            name=wish.name.strip(),
            definition=msgspec.json.encode(encode_condition(condition)),
            updated_ms=to_millis(app.clock.now()),
        )
        async with app.state.begin() as transaction:
            await transaction.put_segment(segment)
        return _shape(segment)

    @routes.delete("/{segment_id}", status_code=204)
    async def delete(segment_id: str) -> None:
        """Forget a saved segment. Nobody in it is changed."""
        await find_segment(app, segment_id)
        async with app.state.begin() as transaction:
            await transaction.delete_segment(segment_id, at_ms=to_millis(app.clock.now()))

    return routes


async def find_segment(app: Application, segment_id: str) -> SavedSegment:
    """The saved segment. Raises NotFound."""
    async with app.state.view() as view:
        for each in await view.segments():
            if each.id == segment_id:
                return each
    raise NotFound(f"there is no segment {segment_id!r:.120}.", hint="GET /api/segments lists them.")
