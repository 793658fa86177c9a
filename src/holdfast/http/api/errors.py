"""/api/errors: records that could not be events, to be read, mended and replayed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Query

from holdfast.flows.replay import replay
from holdfast.http.shapes import BadRecordShape
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class ErrorPage:
    """Bad records, newest first; `total` and `by_code` speak of those not replayed yet."""

    errors: list[BadRecordShape]
    total: int
    by_code: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class ReplayWish:
    """Which records to try again, and mended bodies for those that need one."""

    ids: list[int] = field(default_factory=list)
    all: bool = False
    bodies: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """How many became events, and how many are still none."""

    replayed: int
    still_bad: int


def error_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/errors", tags=["Errors"])

    @routes.get("")
    async def listed(
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
        before: Annotated[int | None, Query(description="Only records with a smaller id.")] = None,
        replayed: Annotated[bool | None, Query(description="Only those replayed, or not; both when left out.")] = None,
    ) -> ErrorPage:
        """What came in and could not be an event, with the reason and the remedy."""
        await app.catch_up()
        async with app.state.view() as view:
            records = await view.bad_records(limit=limit, before_id=before, replayed=replayed)
            by_code = await view.count_bad_records(by_code=True)
        return ErrorPage(
            errors=[BadRecordShape.of(each) for each in records], total=sum(by_code.values()), by_code=by_code
        )

    @routes.post("/replay")
    async def again(wish: ReplayWish) -> Replayed:
        """Send records through the front door again, mended where a body is given."""
        await app.catch_up()
        done = await replay(
            app.state,
            app.collector,
            ids=None if wish.all else wish.ids,
            bodies={int(each): body for each, body in wish.bodies.items() if each.isdigit()},
            now=app.clock.now(),
        )
        await app.catch_up()
        return Replayed(replayed=done.replayed, still_bad=done.still_bad)

    return routes
