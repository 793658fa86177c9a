"""/api/segments: which people, and how many."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from holdfast.flows.audience.live_members import live_members
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import delete_segment, find_segment, save_segment
from holdfast.flows.audience.used_by import users_of
from holdfast.flows.people.explain import explain_person
from holdfast.http.api.people import members_of
from holdfast.http.api.segment_shapes import ConditionKind, ConditionKinds, SegmentShape
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, PeoplePage, PersonShape, Properties, Whole, moment_text
from holdfast.http.shapes import Truth as Boolean
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.segments.catalogue import declared
from holdfast.segments.condition import Condition, Truth, people_words
from holdfast.segments.explain import Explained
from holdfast.wiring import Application

PAGE_MOST = 10_000
TRAITS_MOST = 1_000
_TRUTHS: dict[Truth, Literal["true", "false", "unknown"]] = {
    Truth.TRUE: "true",
    Truth.FALSE: "false",
    Truth.UNKNOWN: "unknown",
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A segment definition."""

    __pydantic_config__ = WISH

    definition: Properties


@dataclass(frozen=True, kw_only=True)
class PeopleQuestion:
    """A segment definition, and which page of its people.

    With `traits`, each person is told with those and no others: null where they have none.
    """

    __pydantic_config__ = WISH

    definition: Properties
    traits: Annotated[list[str], Field(max_length=TRAITS_MOST)] | None = None
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
    """One condition: whether it is true of the person, and what decided it: traits, the newest events, groups."""

    path: str
    words: str
    truth: Literal["true", "false", "unknown"]
    traits: Properties
    events: list[DecidingEvent]
    event_count: int | None
    groups: list[Properties]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Every condition of the definition, the outermost first: its truth is that of the whole."""

    conditions: list[ExplainedCondition]


@dataclass(frozen=True, kw_only=True)
class SegmentWish:
    """A segment to save. Without a description, the one that is saved stays; and so it does with `live`."""

    __pydantic_config__ = WISH

    name: str
    definition: Properties
    description: str | None = None
    live: Boolean | None = None


@dataclass(frozen=True, kw_only=True)
class LiveMemberShape:
    """Somebody in a live segment, and since when; whoever was before it was live, since they were first looked at."""

    person: int
    user_id: str
    since: str


@dataclass(frozen=True, kw_only=True)
class LiveMembersShape:
    """How many are in a live segment, and a page of them; `next_after` asks for those after them.

    `filled` is the share, 0 to 1, that has been looked at of those who were there before it was live, or changed.
    """

    segment: str
    version: int
    size: int
    live_since: str
    filled: float
    members: list[LiveMemberShape]
    next_after: int | None


@dataclass(frozen=True, kw_only=True)
class SegmentList:
    """Saved segments."""

    segments: list[SegmentShape]


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
        groups=[dict(group) for group in each.groups],
    )


def segment_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/segments", tags=["Segments"], dependencies=[needs("read")])

    @routes.get("/kinds")
    async def kinds() -> ConditionKinds:
        """Every kind of condition, with what a form asks for."""
        return ConditionKinds(kinds=[ConditionKind.of(each) for each in declared().values()])

    @routes.post("/count")
    async def count(question: Question) -> Counted:
        """Count the people a definition holds for, over all history, now."""
        condition = await app.condition(question.definition)
        await app.catch_up()
        as_of_ms = to_millis(app.clock.now())
        started = time.perf_counter()
        found = await app.history.count(condition, as_of_ms=as_of_ms)
        took_ms = (time.perf_counter() - started) * 1000
        everyone = await app.history.count_everyone()
        return Counted(count=found, of=everyone, took_ms=round(took_ms, 2), words=f"{people_words(condition)}.")

    @routes.post("/people", dependencies=[needs("people:read")])
    async def people(question: PeopleQuestion) -> SegmentPeople:
        """The people a definition holds for, a page at a time."""
        condition = await app.condition(question.definition)
        await app.catch_up()
        as_of_ms = to_millis(app.clock.now())
        rows = await app.history.people(condition, as_of_ms=as_of_ms, limit=question.limit, offset=question.offset)
        found = await app.history.count(condition, as_of_ms=as_of_ms)
        return SegmentPeople(people=[PersonShape.of(row, question.traits) for row in rows], count=found)

    @routes.post("/explain", dependencies=[needs("people:read")])
    async def why(question: ExplainQuestion) -> Explanation:
        """Why a person is among those a definition holds for, or is not: condition by condition."""
        return await explained(await app.condition(question.definition), question.person)

    async def explained(condition: Condition, person: str) -> Explanation:
        await app.catch_up()
        async with app.state.view() as view:
            members = await members_of(view, person)
            found = await explain_person(
                condition, members, view=view, history=app.history, zone=app.zone, now=app.clock.now()
            )
        return Explanation(conditions=[_explained(each) for each in found])

    async def saved_condition(segment_id: str) -> Condition:
        async with app.state.view() as view:
            definition = (await find_segment(view, segment_id)).definition
        return await app.condition(definition)

    @routes.get("")
    async def saved(
        deleted: Annotated[bool, Query(description="Those that were deleted, instead; each can be restored.")] = False,
    ) -> SegmentList:
        """Every saved segment, by name."""
        async with app.state.view() as view:
            segments = await view.segments()
            users = await users_of(view, segments)
            listed = await view.deleted_segments() if deleted else segments
        shapes = [SegmentShape.of(each, users.of(each.id)) for each in listed]
        return SegmentList(segments=sorted(shapes, key=lambda each: (each.name, each.id)))

    @routes.get("/{segment_id}")
    async def one(segment_id: str) -> SegmentShape:
        """One saved segment, and who uses it."""
        async with app.state.view() as view:
            segment = await find_segment(view, segment_id)
            users = await users_of(view, await view.segments())
        return SegmentShape.of(segment, users.of(segment_id))

    @routes.get("/{segment_id}/people", dependencies=[needs("people:read")])
    async def people_of(
        segment_id: str,
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
        offset: Annotated[int, Query(ge=0, le=NUMBER_MOST)] = 0,
    ) -> PeoplePage:
        """The people of a saved segment."""
        condition = await saved_condition(segment_id)
        await app.catch_up()
        as_of_ms = to_millis(app.clock.now())
        rows = await app.history.people(condition, as_of_ms=as_of_ms, limit=limit, offset=offset)
        total = await app.history.count(condition, as_of_ms=as_of_ms)
        return PeoplePage(people=[PersonShape.of(row) for row in rows], total=total)

    @routes.get("/{segment_id}/members", dependencies=[needs("people:read")])
    async def live_members_of(
        segment_id: str,
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
        after: Annotated[int, Query(ge=0, le=NUMBER_MOST, description="Members numbered above this person.")] = 0,
    ) -> LiveMembersShape:
        """How many are in a live segment at this moment, and who; nothing is counted for it."""
        await app.catch_up()
        async with app.state.view() as view:
            found = await live_members(view, segment_id, limit=limit, after_person=after)
        live, members = found.segment, found.members
        return LiveMembersShape(
            segment=live.segment,
            version=live.version,
            size=live.size,
            live_since=moment_text(live.since_ms),
            filled=round(found.filled, 4),
            members=[
                LiveMemberShape(person=each.person, user_id=each.name.value, since=moment_text(each.since_ms))
                for each in members
            ],
            next_after=members[-1].person if len(members) == limit else None,
        )

    @routes.get("/{segment_id}/explain", dependencies=[needs("people:read")])
    async def why_in(
        segment_id: str,
        person: Annotated[str, Query(description="The user id or anonymous id of a person.")],
    ) -> Explanation:
        """Why a person is in a saved segment, or is not: condition by condition."""
        return await explained(await saved_condition(segment_id), person)

    @routes.put("/{segment_id}", dependencies=[needs("analyses:write")])
    async def save(
        segment_id: str,
        wish: SegmentWish,
        request: Request,
        dry_run: Annotated[
            bool, Query(description="Change nothing; tell what would be saved and who uses it.")
        ] = False,
    ) -> SegmentShape:
        """Save a definition under an id, as a new version; what was there is kept as an older one."""
        draft = replace(draft_of(segment_id, wish.name, wish.definition, wish.description), live=wish.live)
        change = await save_segment(app.state, draft, by=asked_by(app, request), now=app.clock.now(), dry_run=dry_run)
        return SegmentShape.of(change.segment, change.used_by)

    @routes.delete("/{segment_id}", dependencies=[needs("analyses:write")], status_code=204)
    async def delete(segment_id: str, request: Request) -> None:
        """Delete a saved segment that nothing uses. Nobody in it is changed, and it can be restored."""
        await delete_segment(app.state, segment_id, by=asked_by(app, request), now=app.clock.now())

    return routes
