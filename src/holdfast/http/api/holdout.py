"""/api/holdout: what marketing as a whole brings, by the people whom all of it leaves alone."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from holdfast.flows.measure.holdout import PERIODS, PERIODS_MOST, HoldoutReading, holdout_settings, read_holdout
from holdfast.flows.measure.trial_subject import ORDERS
from holdfast.flows.measure.trials import TrialWish, trial_wish
from holdfast.http.api.trials import TrialShape
from holdfast.http.needs import needs
from holdfast.http.shapes import Properties
from holdfast.kernel.moments import to_millis
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class HoldoutShareShape:
    """The share that was in force from a moment on."""

    since: str
    share: float


@dataclass(frozen=True, kw_only=True)
class HoldoutPeriodShape:
    """One period with a draw of its own. Where it was not `in_force`, the held out were written to like others.

    `shares` are those in force in the period; where they changed, those held out all along are compared with those who
    never were, and the others are the trial's `apart_people`. Where they were not `noted` at the time, they are taken
    for the first that was noted later.
    """

    period: str
    since: str
    until: str
    is_over: bool
    in_force: bool
    shares: list[HoldoutShareShape]
    noted: bool
    trial: TrialShape


@dataclass(frozen=True, kw_only=True)
class HoldoutPooled:
    """One metric over periods: the difference per person in a period, and the ratio."""

    metric: str
    periods: int
    difference: Properties
    ratio: Properties


@dataclass(frozen=True, kw_only=True)
class HoldoutShape:
    """Everybody who is written to against the global holdout. Money is in minor units of `currency`.

    `periods` are oldest first. `pooled` is over those that are over and were in force; while there is none, of the one
    that runs.
    """

    share: float
    rotates: Literal["quarter", "month", "never"]
    currency: str
    as_of: str
    periods: list[HoldoutPeriodShape]
    pooled: list[HoldoutPooled]
    words: str


OLD_SECONDS_MOST = 3_600
"""How old an answer may be that somebody is content with."""
KEPT_MOST = 20
"""Answers that are kept for those who are."""


def holdout_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/holdout", tags=["Trials"], dependencies=[needs("read")])
    turn = asyncio.Lock()
    kept: dict[Hashable, tuple[int, HoldoutShape]] = {}

    @routes.get("")
    async def holdout(
        *,
        goal: str | None = None,
        orders: str = ORDERS,
        reading: Literal["sequential", "fixed", "bayesian"] | None = None,
        confidence: float = 0.95,
        as_of: str | None = None,
        adjust: bool = True,
        periods: Annotated[int, Query(ge=1, le=PERIODS_MOST)] = PERIODS,
        max_age: Annotated[
            int, Query(ge=0, le=OLD_SECONDS_MOST, description="An answer of so many seconds ago will do.")
        ] = 0,
    ) -> HoldoutShape:
        """What marketing as a whole brings: by period, and over all that are over.

        It counts what everybody did in every period. Who only wants to know about how it stands says a `max_age`.
        """
        wish: TrialWish = trial_wish(
            {"goal": goal, "orders": orders, "reading": reading, "confidence": confidence, "as_of": as_of}
            | {"adjust": adjust}
        )
        await app.catch_up()
        now_ms, settings = to_millis(app.clock.now()), holdout_settings(app.settings)
        async with app.state.view() as view:
            draws = await view.holdout_draws()
        asked = (wish, periods, settings, tuple(draws))
        # One after the other: who comes while it is reckoned for somebody else is told the same.
        async with turn:
            before = kept.pop(asked, None)
            if before is not None and now_ms < before[0] + max(1, max_age * 1000):
                kept[asked] = before
                return before[1]
            found = await read_holdout(app.history, settings, wish, now_ms=now_ms, periods=periods, draws=draws)
            while len(kept) >= KEPT_MOST:
                del kept[next(iter(kept))]
            kept[asked] = (now_ms, _shape(found))
            return kept[asked][1]

    return routes


def _shape(found: HoldoutReading) -> HoldoutShape:
    told: dict[str, Any] = found.json
    return HoldoutShape(
        **{name: each for name, each in told.items() if name not in {"periods", "pooled"}},
        periods=[_period(each) for each in told["periods"]],
        pooled=[HoldoutPooled(**each) for each in told["pooled"]],
    )


def _period(told: dict[str, Any]) -> HoldoutPeriodShape:
    shares = [HoldoutShareShape(**each) for each in told["shares"]]
    return HoldoutPeriodShape(**{**told, "shares": shares, "trial": TrialShape(**told["trial"])})
