"""/api/coupons: codes that messages hand out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request

from holdfast.flows.content.coupon_codes import make_codes
from holdfast.flows.content.coupons import add_codes, coupon_pools, withdraw_codes
from holdfast.http.api.files import FILE_BODY, kept_file, shown_progress
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Whole, moment_text
from holdfast.integrations.files.items import read_codes
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class PoolShape:
    """A pool: how many codes it has, how many were given, and how many are left."""

    name: str
    codes: int
    given: int
    left: int
    made_at: str


@dataclass(frozen=True, kw_only=True)
class PoolsShape:
    """Every pool, by name."""

    pools: list[PoolShape]


@dataclass(frozen=True, kw_only=True)
class AddedCodesShape:
    """What became of codes: added, known already (in this pool or another), or no codes, with some of those."""

    added: int
    known: int
    bad: int
    examples: list[str]


@dataclass(frozen=True, kw_only=True)
class CodesWish:
    """Which codes are to be made, such as 500 of `SPRING-####-####`."""

    __pydantic_config__ = WISH

    count: Whole
    pattern: str


@dataclass(frozen=True, kw_only=True)
class MadeCodesShape:
    """The codes that were made."""

    codes: list[str]


@dataclass(frozen=True, kw_only=True)
class WithdrawnShape:
    """How many codes were deleted that nobody had."""

    withdrawn: int


def coupon_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/coupons", tags=["Content"], dependencies=[needs("read")])

    @routes.get("")
    async def pools() -> PoolsShape:
        """Every pool, and how many codes are left in it."""
        found = await coupon_pools(app.state)
        return PoolsShape(
            pools=[
                PoolShape(
                    name=each.name,
                    codes=each.codes,
                    given=each.given,
                    left=each.left,
                    made_at=moment_text(each.made_ms),
                )
                for each in found
            ]
        )

    @routes.post("/{pool}/import", dependencies=[needs("content:write")], openapi_extra=FILE_BODY)
    async def take(
        request: Request,
        pool: str,
        name: Annotated[str, Query(description="What the file is called, for the progress.")] = "codes.txt",
    ) -> AddedCodesShape:
        """Add the codes in the file that is the body, one a line. Again changes nothing; no code is ever in two pools.

        `GET /api/overview` shows the progress under `loading`.
        """
        async with kept_file(app, request.stream(), name) as file:
            done = await add_codes(app.state, app.clock, pool, read_codes(file), shown_progress(app))
        return AddedCodesShape(added=done.added, known=done.known, bad=done.bad, examples=list(done.examples))

    @routes.post("/{pool}/codes", dependencies=[needs("content:write")])
    async def make(pool: str, wish: CodesWish) -> MadeCodesShape:
        """Make codes of a pattern and add them to a pool: all of them, or none. No pool has had any of them before.

        Each `#` of the pattern becomes a letter or a digit that looks like no other. Keep the answer: it is how whoever
        redeems the codes comes to know them.
        """
        return MadeCodesShape(codes=list(await make_codes(app.state, app.clock, pool, wish.pattern, wish.count)))

    @routes.delete("/{pool}", dependencies=[needs("content:write")])
    async def withdraw(
        pool: str,
        *,
        allow_unknown: Annotated[bool, Query(description="Delete them though words hand them out.")] = False,
    ) -> WithdrawnShape:
        """Delete the codes of a pool that nobody has. Those that were given stay, so that none is given again.

        While templates, or journeys and campaigns that run, hand out codes of it, that is refused, unless
        `allow_unknown`.
        """
        return WithdrawnShape(withdrawn=await withdraw_codes(app.state, pool, allow_unknown=allow_unknown))

    return routes
