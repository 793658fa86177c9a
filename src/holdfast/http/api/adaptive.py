"""/api/adaptive: how adaptive paths stand, why, and what people say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request

from holdfast.flows.adaptive.saying import AdaptiveWish, say_weights
from holdfast.flows.adaptive.telling import LOG_MOST, every_adaptive_step, standing_of_step, weighing_json
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, EffectShape
from holdfast.kernel.moments import to_millis
from holdfast.ports.adaptive import Mode
from holdfast.wiring import Application

LOG_USUAL = 100


@dataclass(frozen=True, kw_only=True)
class SpanShape:
    """A figure per person, and between what it lies with a confidence of 95 %; null where nothing can be said."""

    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class PathShape:
    """One path, as of now, in units of the goals' worth per person.

    `share` is of the people outside the slice, `propensity` the chance of anybody. `people` were sent down it; for
    `seen` of them it is known what they bring: the young count for a part. `believed` is drawn towards all paths;
    `unbiased` is of those whose time is over, weighed by the chance they had. `best` is the chance that it is the best,
    `loss` what is lost per person if it is chosen for good and another is the best.
    """

    path: str
    share: float
    propensity: float
    people: int
    seen: float
    rate: float | None
    believed: SpanShape
    unbiased: SpanShape
    best: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class LearntShape:
    """What was known of a path at a weighing."""

    path: str
    people: int
    seen: float
    mean: float
    deviation: float
    best: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class WeighingShape:
    """One weighing: the shares from then on, and why. `groups` of people have shares of their own."""

    number: int
    at: str
    mode: Mode
    shares: dict[str, float]
    slice: float
    groups: int
    reason: str
    by: str
    seed: int
    learnt: list[LearntShape]


@dataclass(frozen=True, kw_only=True)
class TriedGoalShape:
    """A goal, and in what time; its worth, times a number among the event's properties where `value` names one."""

    event: str
    within_seconds: int
    worth: float
    value: str


@dataclass(frozen=True, kw_only=True)
class AdaptiveShape:
    """How an adaptive step stands, and every weighing, newest first.

    `gain` is what a person brings more than where people are divided evenly.
    """

    experiment: str
    journey: str
    version: int
    as_of: str
    code_version: str
    mode: Mode
    slice: float
    goals: list[TriedGoalShape]
    paths: list[PathShape]
    gain: EffectShape
    words: str
    log: list[WeighingShape]


@dataclass(frozen=True, kw_only=True)
class AdaptiveListed:
    """One adaptive step, with its last weighing; null before the first."""

    experiment: str
    journey: str
    version: int
    paths: list[str]
    last: WeighingShape | None


@dataclass(frozen=True, kw_only=True)
class AdaptiveList:
    """Every adaptive step, in order of name."""

    steps: list[AdaptiveListed]


@dataclass(frozen=True, kw_only=True)
class AdaptiveWishShape:
    """What is to become of the paths: a `winner` goes with `declared`, `shares` with `manual`."""

    __pydantic_config__ = WISH

    mode: Mode
    winner: str | None = None
    shares: dict[str, float] | None = None


def adaptive_routes(app: Application) -> APIRouter:
    """The routes of adaptive paths."""
    routes = APIRouter(prefix="/api/adaptive", tags=["Adaptive paths"], dependencies=[needs("read")])

    @routes.get("")
    async def adaptive_steps() -> AdaptiveList:
        """Every adaptive step of a journey that is not archived, with the shares people have now."""
        found = await every_adaptive_step(app.state)
        listed = [
            AdaptiveListed(
                experiment=step.experiment,
                journey=step.play.id,
                version=step.play.version,
                paths=list(step.step.paths),
                last=None if last is None else msgspec.convert(weighing_json(last), WeighingShape),
            )
            for step, last in found
        ]
        return AdaptiveList(steps=listed)

    @routes.get("/{experiment}")
    async def adaptive_standing(
        experiment: str,
        log: Annotated[int, Query(ge=1, le=LOG_MOST, description="Weighings told of, newest first.")] = LOG_USUAL,
    ) -> AdaptiveShape:
        """How a step's paths stand at this moment: shares, what is believed of each, the gain, and the change log.

        The step is named `<journey>.<step>`.
        """
        now_ms = to_millis(app.clock.now())
        standing = await standing_of_step(app.state, app.history, experiment, as_of_ms=now_ms, log=log)
        return msgspec.convert(standing.as_json(), AdaptiveShape)

    @routes.put("/{experiment}", dependencies=[needs("decisions:publish")])
    async def say_adaptive(experiment: str, wish: AdaptiveWishShape, request: Request) -> WeighingShape:
        """Freeze the shares, declare a winner, set shares by hand, or let the step learn again.

        This is for whoever comes to the step from now on; those who have a path keep it.
        """
        said = AdaptiveWish(mode=wish.mode, winner=wish.winner, shares=wish.shares)
        weighing = await say_weights(app.state, app.clock, experiment, said, by=asked_by(app, request))
        return msgspec.convert(weighing_json(weighing), WeighingShape)

    return routes
