"""/api/trials: whether it worked. Every journey, campaign, step, template and experiment, without anything set up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field

from holdfast.decisions.experiment import METRICS_MOST
from holdfast.flows.measure.self_check import SelfCheckWish, self_check
from holdfast.flows.measure.trial_course import course_of_trial
from holdfast.flows.measure.trial_list import TrialListed, every_trial
from holdfast.flows.measure.trial_subject import ORDERS
from holdfast.flows.measure.trial_told import trial_of
from holdfast.flows.measure.trials import SEGMENTS_ASKED_MOST, TrialWish, measure_trial
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Properties, Whole, moment_text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.measures.planned import PEOPLE_MOST, TrialPlan, plan_by_people, plan_trial
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class TrialShape:
    """A trial as it stands. Money is in minor units of `currency`; an effect is `estimated` or `inconclusive`, and why.

    `comparisons` hold each variant against `base`, metric by metric: what decides it, `primary`, first. `guardrail` is
    `broken`, `better`, `unclear` or `unknown` of a metric that is to be guarded. `difference` is per person,
    `ratio` the variant's over the base's, `in_all` the difference times the variant's people, `exposed` the difference
    per person who really got something. `mismatch` says whether people are divided as was designed.
    """

    experiment: str
    kind: Literal["journey", "campaign", "step", "experiment", "holdout"]
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
    primary: str
    comparisons: list[Properties]
    segments: list[Properties]
    quantiles: list[Properties]
    words: str


@dataclass(frozen=True, kw_only=True)
class TrialListedShape:
    """One trial before it is read: `shares` as designed, `goal` the event it is decided by.

    `id` is as `/api/trials/{id}` takes it, `origin` the id of the experiment, template, journey or campaign.
    """

    id: str
    kind: Literal["experiment", "template", "step", "journey", "campaign"]
    name: str
    state: str
    origin: str
    variants: list[str]
    shares: dict[str, float]
    goal: str
    within_seconds: int
    changed_at: str

    @classmethod
    def of(cls, listed: TrialListed) -> Self:
        return cls(
            id=listed.id,
            kind=listed.kind,
            name=listed.name,
            state=listed.state,
            origin=listed.origin,
            variants=list(listed.variants),
            shares=listed.shares,
            goal=listed.goal,
            within_seconds=listed.within_seconds,
            changed_at=moment_text(listed.changed_ms),
        )


@dataclass(frozen=True, kw_only=True)
class TrialList:
    """Every trial there is: experiments and templates with variants, splits of journeys, holdouts."""

    trials: list[TrialListedShape]


@dataclass(frozen=True, kw_only=True)
class CourseVariant:
    """A variant at a moment: everybody assigned by then, who of them got something, and the metric per person."""

    variant: str
    people: int
    exposed: int
    mean: float | None


@dataclass(frozen=True, kw_only=True)
class CourseComparison:
    """A variant beside the base at a moment; an effect is `estimated` or `inconclusive`, and why."""

    variant: str
    base: str
    people: int
    is_sure: bool
    difference: Properties
    ratio: Properties


@dataclass(frozen=True, kw_only=True)
class CoursePointShape:
    """What was to be read at one moment."""

    at: str
    variants: list[CourseVariant]
    comparisons: list[CourseComparison]


@dataclass(frozen=True, kw_only=True)
class CourseShape:
    """One metric of a trial over time. Money is in minor units of `currency`."""

    experiment: str
    metric: str
    measure: str
    within_seconds: int
    reading: Literal["sequential", "fixed", "bayesian"]
    confidence: float
    base: str | None
    currency: str
    points: list[CoursePointShape]


@dataclass(frozen=True, kw_only=True)
class PlanWish:
    """What a trial is to show: a share that reaches the goal, and the smallest relative change that matters.

    With `people` (of all variants) or `days` in place of `lift` it tells the smallest change that they show.
    """

    __pydantic_config__ = WISH

    base: float
    lift: float | None = None
    people: Annotated[Whole, Field(ge=1, le=PEOPLE_MOST)] | None = None
    days: Annotated[float, Field(gt=0, le=36_500)] | None = None
    variants: Whole = 2
    confidence: float = 0.95
    power: float = 0.8
    people_a_day: Annotated[float, Field(gt=0)] | None = None
    within_days: Annotated[float, Field(ge=0, le=3_650)] = 7.0

    def plan(self) -> TrialPlan:
        """What it takes. Raises Invalid where not just one of `lift`, `people` and `days` is given."""
        if sum(each is not None for each in (self.lift, self.people, self.days)) != 1:
            raise Invalid(
                "this does not say what is to be planned by.",
                code="contradiction",
                path="$.lift",
                hint="Give one of `lift`, `people` and `days`.",
            )
        if self.lift is not None:
            return plan_trial(
                base=self.base,
                lift=self.lift,
                variants=self.variants,
                confidence=self.confidence,
                power=self.power,
                people_a_day=self.people_a_day,
                within_days=self.within_days,
            )
        return plan_by_people(
            self.base, self._people(), self.variants, self.confidence, self.power, self.people_a_day, self.within_days
        )

    def _people(self) -> float:
        """How many come in those days, and have been followed by their end. Raises Invalid."""
        if self.people is not None:
            return self.people
        if self.people_a_day is None:
            raise Invalid("days alone say nothing.", path="$.people_a_day", hint="Say how many people come a day.")
        days = (self.days or 0) - self.within_days
        if days <= 0:
            hint = f"Give more days than the {self.within_days:g} that each person is followed."
            raise Invalid("nobody has been followed by then.", path="$.days", hint=hint)
        return days * self.people_a_day


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
    routes = APIRouter(prefix="/api/trials", tags=["Trials"], dependencies=[needs("read")])

    @routes.get("")
    async def trials() -> TrialList:
        """Every trial there is. None of them needs to be set up; read one by its id."""
        async with app.state.view() as view:
            return TrialList(trials=[TrialListedShape.of(each) for each in await every_trial(view)])

    @routes.get("/{experiment}/course")
    async def course(
        experiment: str,
        *,
        metric: str | None = None,
        moments: int = 16,
        goal: str | None = None,
        within_seconds: Annotated[list[int] | None, Query()] = None,
        reading: Literal["sequential", "fixed", "bayesian"] | None = None,
        confidence: float = 0.95,
        base: str | None = None,
        planned_people: int | None = None,
        as_of: str | None = None,
        adjust: bool = True,
    ) -> CourseShape:
        """One metric over time: what was to be read at so many moments, from the first assignment until now.

        Without `metric` it is the one that decides. Each moment takes a question of its own to the history.
        """
        wish = TrialWish(
            goal=goal,
            within_seconds=tuple(within_seconds or ()),
            reading=reading,
            confidence=confidence,
            base=base,
            planned_people=planned_people,
            as_of_ms=None if as_of is None else _moment(as_of),
            adjust=adjust,
        )
        await app.catch_up()
        found = await course_of_trial(
            app.state,
            app.history,
            experiment,
            wish,
            metric=metric,
            moments=moments,
            now_ms=to_millis(app.clock.now()),
            currency=app.settings.currency,
            zone=app.settings.time_zone,
        )
        return msgspec.convert(found.as_json(), CourseShape)

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
        adjust: bool = True,
        segment: Annotated[list[str] | None, Query(max_length=SEGMENTS_ASKED_MOST)] = None,
        metric: Annotated[list[str] | None, Query(max_length=METRICS_MOST)] = None,
        primary: str | None = None,
        exposed_by: Literal["sent", "delivered", "opened"] = "sent",
    ) -> TrialShape:
        """Read a trial: the id of an experiment, or `journey:ID`, `campaign:ID`, `journey:ID.STEP`.

        Nothing need be given. Several `within_seconds` are read at once, the near term first. `trait` tells segments
        apart, `as_of` reads it as it stood then, `quantile` adds quantiles of revenue per person by bootstrap. With
        `adjust` off, what people did before is left in the differences. Each `metric` is JSON as an experiment's
        `metrics` are, such as `{"name": "searches", "event": "Searched", "measure": "times"}`; `primary` says by what
        it is decided; `exposed_by` what counts as having got a message. `segment` tells those who were in a saved
        segment before they were assigned from the others.
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
            segments=tuple(segment or ()),
            metrics=tuple(_object(number, each) for number, each in enumerate(metric or ())),
            primary=primary,
            exposed_by=exposed_by,
            as_of_ms=None if as_of is None else _moment(as_of),
            adjust=adjust,
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
        planned = await asyncio.to_thread(wish.plan)
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


def _object(number: int, text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError as error:
        hint = 'Write it as {"name": "searches", "event": "Searched", "measure": "times"}.'
        raise Invalid("this metric is no JSON object.", path=f"$.metric[{number}]", hint=hint) from error


def _moment(text: str) -> int:
    try:
        return to_millis(parse_moment(text))
    except ValueError as error:
        raise Invalid(f"{text!r:.60} is no moment.", path="as_of", hint="Write it as 2026-01-31T12:00:00Z.") from error
