"""/api/errors: records that could not be events, to be read, mended and replayed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from holdfast.flows.ingest.replay import replay
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, BadRecordShape, Truth, Whole
from holdfast.kernel.errors import Invalid
from holdfast.wiring import Application

AT_ONCE_MOST = 10_000
"""How many records may be named in one call."""

_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
RowNumber = Annotated[Whole, Field(ge=1, le=NUMBER_MOST)]


@dataclass(frozen=True, kw_only=True)
class ErrorPage:
    """Bad records, newest first; `total` and `by_code` speak of those not replayed yet."""

    errors: list[BadRecordShape]
    total: int
    by_code: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class ReplayWish:
    """Which records to try again, and mended bodies for those that need one."""

    __pydantic_config__ = WISH

    ids: Annotated[list[RowNumber], Field(max_length=AT_ONCE_MOST)] = field(default_factory=list)
    all: Truth = False
    bodies: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """How many became events, and how many are still none."""

    replayed: int
    still_bad: int


def error_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/errors", tags=["Errors"], dependencies=[needs("people:read")])

    @routes.get("")
    async def listed(
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
        before: Annotated[
            int | None, Query(ge=0, le=NUMBER_MOST, description="Only records with a smaller id.")
        ] = None,
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

    @routes.post("/replay", dependencies=[needs("data:write")])
    async def again(wish: ReplayWish) -> Replayed:
        """Send records through the front door again, mended where a body is given."""
        if wish.all == bool(wish.ids):
            raise Invalid("which records is not said.", path="$.ids", hint="Give their ids, or `all`: true, not both.")
        await app.catch_up()
        done = await replay(
            app.state,
            app.collector,
            ids=None if wish.all else wish.ids,
            bodies=_by_number(wish.bodies),
            now=app.clock.now(),
        )
        await app.catch_up()
        return Replayed(replayed=done.replayed, still_bad=done.still_bad)

    return routes


def _by_number(bodies: Mapping[str, str]) -> dict[int, str]:
    """JSON can only name a field by text."""
    for each in bodies:
        if not _NUMBER.fullmatch(each):
            raise Invalid(
                f"{each!r:.60} is no record's id.", path="$.bodies", hint="Name each body by the id it mends."
            )
    return {int(each): body for each, body in bodies.items()}
