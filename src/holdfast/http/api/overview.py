"""/api/overview and the live streams: what is going on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from holdfast.flows.accounts.caller import Caller
from holdfast.flows.accounts.permissions import Permission
from holdfast.flows.ingest.watch import KEPT, Happened, Seen, found, named
from holdfast.http.api.decisions import run_shapes
from holdfast.http.api.people import members_of
from holdfast.http.auth import caller_of
from holdfast.http.needs import needs
from holdfast.http.reckoned_once import ReckonedOnce
from holdfast.http.shapes import ActivityShape, EventShape, HeldShape, Loading, Overview, RunShape, moment_text
from holdfast.kernel.errors import NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import SendState
from holdfast.wiring import Application

DAY_SECONDS = 86_400
ACTIVITY_DAYS = 90
TICK_SECONDS = 1.0
SHOWN_AT_ONCE = 30
"""At most this many events are shown a second; nobody reads faster."""
HELD_MOST = 20
"""Runs that wait to be confirmed are told of, at most."""
BACKLOG = 12
"""How many events somebody who has just come is shown."""
SOUGHT_CHARACTERS_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counters:
    as_of: str
    events: int
    people: int
    events_per_minute: int
    sends: dict[SendState, int]
    errors_open: int
    backlog: int
    loading: Loading | None


async def _counters(app: Application) -> _Counters:
    now_ms = to_millis(app.clock.now())
    async with app.state.view() as view:
        people = await view.count_people()
        sends = await view.send_totals(None)
        bad = await view.count_bad_records()
    doing = app.progress
    return _Counters(
        as_of=moment_text(now_ms),
        events=await app.history.size(),
        people=people,
        events_per_minute=app.watch.per_minute(now_ms),
        sends=sends,
        errors_open=sum(bad.values()),
        backlog=await app.backlog(),
        loading=None if doing is None else Loading(label=doing.label, done=doing.done, total=doing.total),
    )


async def _activity(app: Application, now_ms: int) -> list[ActivityShape]:
    """Ninety days of UTC; the last one is today and not over."""
    day_ms = DAY_SECONDS * 1000
    tomorrow = (now_ms // day_ms + 1) * day_ms
    buckets = await app.history.activity(
        since_ms=tomorrow - ACTIVITY_DAYS * day_ms, until_ms=tomorrow, bucket_seconds=DAY_SECONDS
    )
    return [ActivityShape(start=moment_text(each.start_ms), events=each.events, people=each.people) for each in buckets]


async def _active_today(app: Application, now_ms: int) -> int:
    day_ms = DAY_SECONDS * 1000
    buckets = await app.history.activity(since_ms=now_ms - day_ms, until_ms=now_ms, bucket_seconds=DAY_SECONDS)
    return max((each.people for each in buckets), default=0)


async def _held(app: Application, running: Sequence[RunShape]) -> list[HeldShape]:
    async with app.state.view() as view:
        held = await view.runs_in(("held",), limit=HELD_MOST)
    by_id = {each.id: each for each in running}
    return [
        HeldShape(kind=its.kind, id=its.id, name=its.name, run=each.id, people=each.found or 0)
        for each in held
        if (its := by_id.get(each.origin)) is not None
    ]


def _line(name: str, data: object) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"


def _shown(seen: Seen) -> dict[str, object]:
    return {**asdict(EventShape.of(seen.event)), "person": {"user_id": seen.user_id, "name": seen.name}}


async def _happened(app: Application, happened: list[Happened]) -> bytes:
    return _told(await named(app.state, happened))


def _told(seen: Sequence[Seen]) -> bytes:
    return _line("happened", {"events": [_shown(each) for each in seen]})


def _stream(lines: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


async def _listener(app: Application, request: Request, needed: Permission) -> Caller | None:
    """Who listens still, and may. A key that was revoked meanwhile opens nothing, a stream neither."""
    if app.closing.is_set() or await request.is_disconnected():
        return None
    caller = await caller_of(app, request)
    if caller is None or not caller.may(needed):
        return None
    app.watch.look(to_millis(app.clock.now()))
    return caller


def overview_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", tags=["Overview"], dependencies=[needs("read")])
    # A little less than a tick, so that whoever looks on alone is told the newest each time.
    counted = ReckonedOnce(partial(_counters, app), every_seconds=0.9 * TICK_SECONDS)

    @routes.get("/overview")
    async def overview() -> Overview:
        """Counts, ninety days of activity, and what runs with its results."""
        now_ms = to_millis(app.clock.now())
        counters, running = await _counters(app), await run_shapes(app)
        return Overview(
            as_of=counters.as_of,
            people=counters.people,
            events=counters.events,
            active_people_24h=await _active_today(app, now_ms),
            events_per_minute=counters.events_per_minute,
            sends=counters.sends,
            errors_open=counters.errors_open,
            backlog=counters.backlog,
            loading=counters.loading,
            activity=await _activity(app, now_ms),
            running=running,
            held=await _held(app, running),
        )

    async def everything(request: Request) -> AsyncIterator[bytes]:
        number = max(0, app.watch.number - BACKLOG)
        while (listener := await _listener(app, request, "read")) is not None:
            yield _line("tick", asdict(await counted.answer()))
            happened = app.watch.since(number, most=SHOWN_AT_ONCE)
            if happened:
                number = happened[-1].number
            if happened and listener.may("people:read"):
                yield await _happened(app, happened)
            await app.pause(TICK_SECONDS)

    async def about(request: Request, user_id: str) -> AsyncIterator[bytes]:
        number = app.watch.number
        yield b": connected\n\n"
        while await _listener(app, request, "people:read") is not None:
            # Before asking who they are: what is archived meanwhile may be theirs by a login not seen here yet.
            newest = app.watch.number
            try:
                async with app.state.view() as view:
                    # Asked anew each time: a login may just have joined another of their names.
                    identities = frozenset(each.id for each in await members_of(view, user_id))
            except NotFound:
                return  # They were erased while somebody looked on.
            happened = app.watch.since(number, until=newest, most=SHOWN_AT_ONCE, identities=identities)
            number = newest
            yield await _happened(app, happened) if happened else b": nothing new\n\n"
            await app.pause(TICK_SECONDS)

    async def sought(request: Request, text: str) -> AsyncIterator[bytes]:
        with app.watch.searched(text) as search:
            number, first = 0, True
            while await _listener(app, request, "people:read") is not None:
                newest, number = app.watch.since(number, most=KEPT), app.watch.number
                seen = await found(app.state, search, newest)
                # That nothing was found so far is told as well.
                yield _told(seen) if seen or first else b": nothing new\n\n"
                first = False
                await app.pause(TICK_SECONDS)

    @routes.get("/live", response_class=StreamingResponse)
    async def live(request: Request) -> StreamingResponse:
        """Server-sent events: `tick` with the counters every second, `happened` with what just happened."""
        return _stream(everything(request))

    @routes.get("/events/live", dependencies=[needs("people:read")], response_class=StreamingResponse)
    async def live_sought(
        request: Request,
        text: Annotated[
            str,
            Query(
                min_length=1,
                max_length=SOUGHT_CHARACTERS_MOST,
                description="Part of whatever an event says or of the name of whose it is, in any case.",
            ),
        ],
    ) -> StreamingResponse:
        """Server-sent events: `happened` with the events that have a text in them.

        First with those among the newest 500, be they none; then with each that arrives, however many others do.
        """
        app.watch.let_search()
        return _stream(sought(request, text))

    @routes.get("/people/{user_id:name}/live", dependencies=[needs("people:read")], response_class=StreamingResponse)
    async def live_person(user_id: str, request: Request) -> StreamingResponse:
        """Server-sent events: `happened` with what this person just did."""
        await app.catch_up()
        async with app.state.view() as view:
            await members_of(view, user_id)
        return _stream(about(request, user_id))

    return routes
