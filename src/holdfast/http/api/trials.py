"""/api/trials: whether it worked. Every journey, campaign, step, template and experiment, without anything set up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from holdfast.flows.measure.self_check import SelfCheckWish, self_check
from holdfast.flows.measure.trial_told import trial_of
from holdfast.flows.measure.trials import ORDERS, TrialWish, measure_trial
from holdfast.http.shapes import WISH, Properties, Whole
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.measures.planned import plan_trial
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class TrialShape:
    """A trial as it stands. Money is in minor units of `currency`; an effect is `estimated` or `inconclusive`, and why.

    `comparisons` hold each variant against `base`, metric by metric: what decides it first. `difference` is per person,
    `ratio` the variant's over the base's, `in_all` the difference times the variant's people, `exposed` the difference
    per person who really got something. `mismatch` says whether people are divided as was designed.
    """

    experiment: str
    kind: Literal["journey", "campaign", "step", "experiment"]
    question: Properties
    as_of: str
    code_version: str
    currency: str
    first_assigned: str | None
    last_assigned: str | None
    base: str | None
    variants: list[Properties]
    apart_people: int
    mismatch: Properties | None
    reading: Literal["sequential", "fixed", "bayesian"]
    confidence: float
    look: int | None
    looks: int | None
    planned_people: int | None
    comparisons: list[Properties]
    segments: list[Properties]
    quantiles: list[Properties]
    words: str


@dataclass(frozen=True, kw_only=True)
class PlanWish:
    """What a trial is to show: a share that reaches the goal, and the smallest relative change that matters."""

    __pydantic_config__ = WISH

    base: float
    lift: float
    variants: Whole = 2
    confidence: float = 0.95
    power: float = 0.8
    people_a_day: Annotated[float, Field(gt=0)] | None = None
    within_days: Annotated[float, Field(ge=0, le=3_650)] = 7.0


@dataclass(frozen=True, kw_only=True)
class PlanShape:
    """How many people it takes."""

    base: float
    lift: float
    variants: int
    confidence: float
    power: float
    people_each: int
    people_each_once: int
    planned_people: int
    looks: int
    days: int | None
    words: str


@dataclass(frozen=True, kw_only=True)
class CheckWish:
    """What of the past is divided, and how often."""

    __pydantic_config__ = WISH

    goal: str = ORDERS
    within_seconds: Whole = 604_800
    orders: str = ORDERS
    splits: Whole = 1_000
    people: Whole = 5_000


@dataclass(frozen=True, kw_only=True)
class CheckShape:
    """How often nothing was taken for something."""

    at: str
    people: int
    splits: int
    expected: float
    is_sound: bool
    metrics: list[Properties]
    words: str


def trial_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/trials", tags=["Trials"])

    @routes.get("/{experiment}")
    async def trial(
        experiment: str,
        *,
        goal: str | None = None,
        within_seconds: Annotated[list[int] | None, Query()] = None,
        orders: str = ORDERS,
        returning: str | None = None,
        bracket_seconds: int | None = None,
        reading: Literal["sequential", "fixed", "bayesian"] | None = None,
        confidence: float = 0.95,
        base: str | None = None,
        planned_people: int | None = None,
        trait: str | None = None,
        quantile: Annotated[list[float] | None, Query()] = None,
        as_of: str | None = None,
    ) -> TrialShape:
        """Read a trial: the id of an experiment, or `journey:ID`, `campaign:ID`, `journey:ID.STEP`.

        Nothing need be given. Several `within_seconds` are read at once, the near term first. `trait` tells segments
        apart, `as_of` reads it as it stood then, `quantile` adds quantiles of revenue per person by bootstrap.
        """
        wish = TrialWish(
            goal=goal,
            within_seconds=tuple(within_seconds or ()),
            orders=orders,
            returning=returning,
            bracket_seconds=bracket_seconds,
            reading=reading,
            confidence=confidence,
            base=base,
            planned_people=planned_people,
            trait=trait,
            quantiles=tuple(quantile or ()),
            as_of_ms=None if as_of is None else _moment(as_of),
        )
        await app.catch_up()
        measured = await measure_trial(
            app.state,
            app.history,
            experiment,
            wish,
            now_ms=to_millis(app.clock.now()),
            currency=app.settings.currency,
            zone=app.settings.time_zone,
        )
        told: dict[str, Any] = trial_of(measured).json
        return TrialShape(**told)

    @routes.post("/plan")
    async def plan(wish: PlanWish) -> PlanShape:
        """How many people and days a trial takes to show what it is meant to."""
        # A second's work, which nobody else's question need wait for.
        planned = await asyncio.to_thread(
            plan_trial,
            base=wish.base,
            lift=wish.lift,
            variants=wish.variants,
            confidence=wish.confidence,
            power=wish.power,
            people_a_day=wish.people_a_day,
            within_days=wish.within_days,
        )
        told: dict[str, Any] = planned.as_json()
        return PlanShape(**told)

    @routes.post("/check")
    async def check(wish: CheckWish) -> CheckShape:
        """Divide the past by fresh salts, where nothing was different, and tell how often something was “found”."""
        await app.catch_up()
        asked = SelfCheckWish(
            goal=wish.goal,
            within_seconds=wish.within_seconds,
            orders=wish.orders,
            splits=wish.splits,
            people=wish.people,
        )
        now_ms = to_millis(app.clock.now())
        told: dict[str, Any] = (
            await self_check(app.history, asked, now_ms=now_ms, currency=app.settings.currency)
        ).as_json()
        return CheckShape(**told)

    return routes


def _moment(text: str) -> int:
    try:
        return to_millis(parse_moment(text))
    except ValueError as error:
        raise Invalid(f"{text!r:.60} is no moment.", path="as_of", hint="Write it as 2026-01-31T12:00:00Z.") from error
