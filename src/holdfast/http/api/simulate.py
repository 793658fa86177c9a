"""/api/simulate: what a journey or campaign, published or a draft, would have done over a period of the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from holdfast.events.event import Json
from holdfast.flows.rehearsal.simulate import PEOPLE_MOST, PEOPLE_USUAL, SimulationWish, definition_or_id
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Properties, Whole
from holdfast.wiring import Application

TEXT_MOST = 200


@dataclass(frozen=True, kw_only=True)
class SimulateWish:
    """What to simulate: the `id` of what is published, or a `definition`, which may hold its `kind`.

    `over` is a number of days up to now, such as `30d`, or a period such as `2026-10-01..2026-11-01`. At most `people`
    are replayed, drawn by hash; null for everybody. `costs` is what one message costs by channel, in minor units of the
    workspace's currency; null for what the workspace's settings say.
    """

    __pydantic_config__ = WISH

    id: Annotated[str, Field(max_length=TEXT_MOST)] | None = None
    definition: Properties | None = None
    over: Annotated[str, Field(max_length=TEXT_MOST)] = "30d"
    people: Annotated[Whole, Field(ge=1, le=PEOPLE_MOST)] | None = PEOPLE_USUAL
    costs: dict[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class EstimateShape:
    """How many there would be; where a sample was replayed, between what that lies with a confidence of 95 %."""

    count: int
    low: int
    high: int


@dataclass(frozen=True, kw_only=True)
class SimulatedJourney:
    """What was simulated; `published`, whether it is what is published under that id, word for word."""

    id: str
    name: str
    kind: Literal["journey", "campaign"]
    version: int
    published: bool


@dataclass(frozen=True, kw_only=True)
class SimulatedPeople:
    """Who did what the trigger names, and how many of them were replayed."""

    could_enter: int
    replayed: int
    sampled: bool


@dataclass(frozen=True, kw_only=True)
class EnteredOn:
    """Entries of one day, by arm."""

    day: str
    arms: dict[str, EstimateShape]


@dataclass(frozen=True, kw_only=True)
class SimulatedEntries:
    """Who would enter: people by the arm of their first entry, entries by arm, and by day and arm."""

    people: dict[str, EstimateShape]
    entries: dict[str, EstimateShape]
    by_day: list[EnteredOn]


@dataclass(frozen=True, kw_only=True)
class KeptOut(EstimateShape):
    """Events of the trigger's name that would let nobody in, for one reason."""

    reason: str
    words: str


@dataclass(frozen=True, kw_only=True)
class SimulatedPath(EstimateShape):
    """One way through it, as steps with the exits taken; `share` is of all entries."""

    steps: list[str]
    share: float


@dataclass(frozen=True, kw_only=True)
class SimulatedStep:
    """What would become of those who come to a step; `waiting` stand there when the period ends."""

    id: str
    title: str
    note: str
    came: EstimateShape
    exits: dict[str, EstimateShape]
    waiting: EstimateShape


@dataclass(frozen=True, kw_only=True)
class SimulatedSends(EstimateShape):
    """Messages of one step, channel and day: `sent`, `failed`, `in_doubt`, `withheld` for a reason, or `waiting`."""

    step: str
    channel: str
    day: str
    outcome: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SimulatedCost:
    """What the messages handed over would cost, in minor units of the currency; `unpriced` channels are not in it."""

    currency: str
    minor: float
    low: float
    high: float
    by_channel: dict[str, float]
    unpriced: list[str]


@dataclass(frozen=True, kw_only=True)
class BaselineShape:
    """Of those who entered and were replayed, how many reached the goal in time anyway; nothing was sent to them."""

    event: str
    people: int
    reached: int
    open_people: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class SimulatedLink:
    """How many go from one step to another, or to an end of their own in brackets, or still stand there."""

    from_: Annotated[str, Field(alias="from", serialization_alias="from")]
    exit: str
    to: str
    count: int


@dataclass(frozen=True, kw_only=True)
class DiagramShape:
    """The steps and how many go from one to another."""

    nodes: list[str]
    links: list[SimulatedLink]


@dataclass(frozen=True, kw_only=True)
class SimulationShape:
    """What would have happened. Nothing was sent.

    `outcomes` are messages by outcome, the withheld by reason; `deferred` would wait for quiet hours to be over.
    `effect.status` is `measured` (by its own trial so far), `detectable` (the least rise that would show) or `unknown`.
    """

    journey: SimulatedJourney
    words: str
    since: str
    until: str
    time_zone: str
    people: SimulatedPeople
    entered: SimulatedEntries
    not_entered: list[KeptOut]
    paths: list[SimulatedPath]
    steps: list[SimulatedStep]
    sends: list[SimulatedSends]
    outcomes: dict[str, EstimateShape]
    deferred: EstimateShape
    cost: SimulatedCost | None
    goal: BaselineShape
    effect: Properties
    diagram: DiagramShape


def simulate_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/simulate", tags=["Journeys"], dependencies=[needs("decisions:write")])

    @routes.post("", response_model=SimulationShape)
    async def simulate(wish: SimulateWish) -> dict[str, Json]:
        """Replay the history through a journey or campaign: who enters, what is sent and withheld, at what cost.

        It may take a while: `Holdfast-Query` gives it an id to follow it by at /api/queries, where it tells of people,
        and to call it off.
        """
        asked = definition_or_id(wish.definition, wish.id)
        await app.catch_up()
        done = await app.simulator.simulate(
            SimulationWish(definition=asked, over=wish.over, people=wish.people, costs=wish.costs)
        )
        return done.as_json()

    return routes
