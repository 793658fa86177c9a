"""/api/suppressions: addresses nobody may write to, why, and by hand more or fewer of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from pydantic import Field

from holdfast.flows.delivery.suppressing import as_compared, lift_by_hand, suppress_by_hand
from holdfast.flows.people.erased import suppressed_of
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, moment_text
from holdfast.kernel.errors import Invalid
from holdfast.ports.receipts import ADDRESS_CHARACTERS_MOST, SuppressedAddress
from holdfast.wiring import Application

_PLACE = re.compile(r"(?P<at>[0-9]{1,15})-(?P<channel>[a-z_]{1,40})-(?P<address>.{1,2000})", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class SuppressionShape:
    """One address. Of people who are erased only a hash of it is kept, which begins with `erased:`."""

    channel: str
    address: str
    reason: str
    """`bounced`, `unreachable`, `complained`, `unsubscribed` or `by_hand`."""
    at: str

    @classmethod
    def of(cls, each: SuppressedAddress) -> Self:
        return cls(channel=each.channel, address=each.address, reason=each.reason, at=moment_text(each.at_ms))


@dataclass(frozen=True, kw_only=True)
class SuppressionPage:
    """Suppressed addresses, the newest first; `next_before` asks for the next page."""

    suppressions: list[SuppressionShape]
    next_before: str | None


@dataclass(frozen=True, kw_only=True)
class SuppressionWish:
    """An address, on a channel."""

    __pydantic_config__ = WISH

    channel: Annotated[str, Field(min_length=1, max_length=40)]
    address: Annotated[str, Field(min_length=1, max_length=ADDRESS_CHARACTERS_MOST)]


@dataclass(frozen=True, kw_only=True)
class SuppressionAnswer:
    """Whether the address is suppressed, and why; for one that was let go of, why it had been."""

    channel: str
    address: str
    suppressed: bool
    reason: str


def suppression_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/suppressions", tags=["Suppressions"], dependencies=[needs("people:read")])

    @routes.get("")
    async def listed(
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
        channel: Annotated[str | None, Query(max_length=40, description="Only those of this channel.")] = None,
        before: Annotated[str | None, Query(max_length=2_100, description="`next_before` of the page before.")] = None,
    ) -> SuppressionPage:
        """Addresses nobody may write to."""
        await app.catch_up()
        async with app.state.view() as view:
            found = await view.suppressed_addresses(limit=limit, channel=channel, before=_place(before))
        last = found[-1] if len(found) == limit else None
        return SuppressionPage(
            suppressions=[SuppressionShape.of(each) for each in found],
            next_before=None if last is None else f"{last.at_ms}-{last.channel}-{last.address}",
        )

    @routes.get("/check")
    async def checked(
        channel: Annotated[str, Query(min_length=1, max_length=40)],
        address: Annotated[str, Query(min_length=1, max_length=ADDRESS_CHARACTERS_MOST)],
    ) -> SuppressionAnswer:
        """Whether an address may be written to; that of somebody who was erased is known by its hash."""
        await app.catch_up()
        async with app.state.view() as view:
            forms = [address, as_compared(channel, address)]
            found = await suppressed_of(view, app.rules, channel, forms)
        reason = next((found[each.lower()] for each in forms if each.lower() in found), None)
        return SuppressionAnswer(channel=channel, address=address, suppressed=reason is not None, reason=reason or "")

    @routes.post("", dependencies=[needs("people:write")])
    async def added(wish: SuppressionWish, request: Request) -> SuppressionAnswer:
        """Forbid an address: nothing goes there any more, receipts neither."""
        await app.catch_up()
        reason = await suppress_by_hand(
            app.state,
            wish.channel,
            wish.address,
            by=asked_by(app, request),
            now=app.clock.now(),
            veil_key=app.rules.veil_key,
        )
        return SuppressionAnswer(channel=wish.channel, address=wish.address, suppressed=True, reason=reason)

    @routes.post("/lift", dependencies=[needs("people:write")])
    async def lifted(wish: SuppressionWish, request: Request) -> SuppressionAnswer:
        """Let an address be written to again. What comes back from it later suppresses it again."""
        await app.catch_up()
        reason = await lift_by_hand(
            app.state,
            wish.channel,
            wish.address,
            by=asked_by(app, request),
            now=app.clock.now(),
            veil_key=app.rules.veil_key,
        )
        return SuppressionAnswer(channel=wish.channel, address=wish.address, suppressed=False, reason=reason)

    return routes


def _place(text: str | None) -> tuple[int, str, str] | None:
    if text is None:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Invalid(
            f"{text!r:.60} is no place in the list.", path="before", hint="Give `next_before` of the last page."
        )
    return int(found["at"]), found["channel"], found["address"]
