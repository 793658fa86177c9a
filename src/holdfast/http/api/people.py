"""/api/people: who they are, what they did, and which names are one person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import Field

from holdfast.events.event import Json, own_event
from holdfast.flows.people.identify import find_identity, merge, unmerge
from holdfast.flows.people.person import person_row, shown_as
from holdfast.http.needs import needs
from holdfast.http.shapes import (
    NUMBER_MOST,
    WISH,
    AssignedShape,
    DeviceShape,
    EventPage,
    EventShape,
    IdentityShape,
    LinkShape,
    PeoplePage,
    PersonDetail,
    PersonShape,
    Truth,
    VisitShape,
    Whole,
    moment_text,
)
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.ports.state import Identity, View
from holdfast.profiles.devices import Devices
from holdfast.profiles.profile import CONSENT_CHANGED, combine
from holdfast.wiring import Application

PAGE_MOST = 1_000
VISITS_MOST = 100
_WORD = re.compile(r"[^\s/]([^/]{0,98}[^\s/])?")


@dataclass(frozen=True, kw_only=True)
class MergeWish:
    """Two names that are one person; each any identity's value."""

    __pydantic_config__ = WISH

    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class UnmergeWish:
    """Which link to undo: by its id, or by the two names it joined."""

    __pydantic_config__ = WISH

    link_id: Annotated[Whole, Field(ge=1, le=NUMBER_MOST)] | None = None
    first: str | None = None
    second: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConsentWish:
    """What the person agreed to, or no longer does."""

    __pydantic_config__ = WISH

    channel: str
    granted: Truth
    topic: str = ""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The person two names now are."""

    link_id: int
    person: PersonShape


@dataclass(frozen=True, kw_only=True)
class Unmerged:
    """The links undone, and the people there are now."""

    undone: list[int]
    people: list[PersonShape]


@dataclass(frozen=True, kw_only=True)
class ConsentShape:
    """Consent as it stands: by `channel` and `channel/topic`."""

    consent: dict[str, bool]


async def members_of(view: View, user_id: str) -> list[Identity]:
    """The identities of the person somebody names. Raises NotFound."""
    identity = await find_identity(view, user_id)
    if identity is None:
        raise NotFound(f"nobody goes by {user_id!r:.200}.", hint="GET /api/people?text= finds people.")
    return (await view.members([identity.person]))[identity.person]


async def shown_person(view: View, user_id: str) -> PersonShape:
    """The person somebody names, as in a list. Raises NotFound."""
    members = await members_of(view, user_id)
    profiles = await view.profiles([each.id for each in members])
    return PersonShape.of(person_row(members[0].person, members, profiles))


async def _detail(app: Application, user_id: str) -> PersonDetail:
    async with app.state.view() as view:
        members = await members_of(view, user_id)
        ids = [each.id for each in members]
        profiles = await view.profiles(ids)
        links = await view.links(ids)
        others = await view.identities_by_id(sorted({end for link in links for end in (link.first, link.second)}))
        visits = await view.visits_of(ids, limit=VISITS_MOST)
        names = {each.id: each.name for each in await app.decision_names(view)}
    row = person_row(members[0].person, members, profiles)
    whole = combine(profiles.values())
    return PersonDetail(
        person=row.person,
        user_id=row.user_id,
        known=row.known,
        traits=dict(row.traits),
        first_seen=moment_text(row.first_seen_ms),
        last_seen=moment_text(row.last_seen_ms),
        identities=[IdentityShape.of(each) for each in members],
        devices=_devices(whole.devices),
        consent=whole.consent_values(),
        links=[LinkShape.of(link, others) for link in links],
        event_counts={name: tally.count for name, tally in sorted(whole.tallies.items())},
        visits=[VisitShape.of(visit, names.get(visit.origin, visit.origin)) for visit in visits],
        variants=[
            AssignedShape(experiment=name, variant=each.variant, at=moment_text(each.at_ms))
            for name, each in sorted(whole.variants.items())
        ],
    )


def _devices(devices: Devices) -> list[DeviceShape]:
    """Those that are there, the one last heard of first."""
    there = [(heard.at_ms, name, heard.device) for name, heard in devices.items() if heard.device is not None]
    return [
        DeviceShape(id=name, type=device.type, app=device.app, heard_at=moment_text(at_ms))
        for at_ms, name, device in sorted(there, reverse=True)
    ]


def people_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/people", tags=["People"], dependencies=[needs("people:read")])

    @routes.get("")
    async def find(
        text: Annotated[str, Query(description="Part of a user id or of any text trait, such as a mail address.")] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
        offset: Annotated[int, Query(ge=0, le=NUMBER_MOST)] = 0,
    ) -> PeoplePage:
        """Find people; whoever was seen last comes first."""
        await app.catch_up()
        rows, total = await app.history.find(text, limit=limit, offset=offset)
        return PeoplePage(people=[PersonShape.of(row) for row in rows], total=total)

    @routes.post("/merge", dependencies=[needs("people:write")])
    async def join(wish: MergeWish) -> Merged:
        """Say that two names are one person. Reversible: events and traits stay with the name they came under."""
        await app.catch_up()
        merged = await merge(app.state, wish.first, wish.second, by="api", now=app.clock.now())
        await app.catch_up()
        async with app.state.view() as view:
            return Merged(link_id=merged.link.id, person=await shown_person(view, wish.first))

    @routes.post("/unmerge", dependencies=[needs("people:write")])
    async def part(wish: UnmergeWish) -> Unmerged:
        """Undo a link; everybody is exactly who they were without it."""
        await app.catch_up()
        if wish.link_id is not None:
            which: int | tuple[str, str] = wish.link_id
        elif wish.first is not None and wish.second is not None:
            which = (wish.first, wish.second)
        else:
            raise Invalid("nothing says which link to undo.", path="$", hint="Give link_id, or first and second.")
        parted = await unmerge(app.state, which, by="api", now=app.clock.now())
        await app.catch_up()
        async with app.state.view() as view:
            members = await view.members(sorted(set(parted.persons)))
            profiles = await view.profiles([each.id for those in members.values() for each in those])
            rows = [PersonShape.of(person_row(person, those, profiles)) for person, those in members.items() if those]
        return Unmerged(undone=[link.id for link in parted.undone], people=rows)

    @routes.get("/{user_id:name}/events")
    async def timeline(
        user_id: str,
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 100,
        before: Annotated[str | None, Query(description="Only events before this instant.")] = None,
        event: Annotated[str | None, Query(description="Only events of this name.")] = None,
    ) -> EventPage:
        """What the person did and what was done to reach them, newest first."""
        await app.catch_up()
        async with app.state.view() as view:
            ids = [each.id for each in await members_of(view, user_id)]
        found = await app.history.timeline(ids, limit=limit, before_ms=_before(before), name=event)
        following = moment_text(found[-1].timestamp_ms) if len(found) >= limit else None
        return EventPage(events=[EventShape.of(each) for each in found], next_before=following)

    @routes.put("/{user_id:name}/consent", dependencies=[needs("people:write")])
    async def consent(user_id: str, wish: Annotated[ConsentWish, Body()]) -> ConsentShape:
        """Grant or take back consent, for a channel or one topic on it."""
        _check_word(wish.channel, "$.channel", "email")
        if wish.topic:
            _check_word(wish.topic, "$.topic", "marketing")
        await app.catch_up()
        now = app.clock.now()
        async with app.state.view() as view:
            key = shown_as(await members_of(view, user_id))
        said: dict[str, Json] = {"channel": wish.channel, "granted": wish.granted}
        if wish.topic:
            said["topic"] = wish.topic
        change = own_event(
            CONSENT_CHANGED,
            user=key,
            at=now,
            properties=said,
            key=(key.kind, key.value, wish.channel, wish.topic, to_millis(now), int(wish.granted)),
        )
        await app.tell([change])
        await app.catch_up()
        return ConsentShape(consent=(await _detail(app, user_id)).consent)

    @routes.get("/{user_id:name}")
    async def person(user_id: str) -> PersonDetail:
        """One person, by any of their names."""
        await app.catch_up()
        return await _detail(app, user_id)

    return routes


def _check_word(word: str, path: str, example: str) -> None:
    """What consent is about stands in one line with others, parted by slashes."""
    if not _WORD.fullmatch(word) or not word.isprintable():
        hint = f"Write up to 100 letters with no slash and no space at the ends, such as {example}."
        raise Invalid(f"{word!r:.120} names nothing to agree to.", path=path, hint=hint)


def _before(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return to_millis(parse_moment(text))
    except ValueError as error:
        hint = "Write ISO 8601, such as 2026-11-21T21:08:08.849Z."
        raise Invalid(f"{text!r:.60} is no instant.", path="before", hint=hint) from error
