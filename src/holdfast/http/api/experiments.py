"""/api/experiments: questions with variants, every version kept, and who gets what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from pydantic import Field

from holdfast.events.event import IdentityKey
from holdfast.flows.experiment.assign import Decided
from holdfast.flows.experiment.loading import decoded
from holdfast.flows.experiment.publishing import (
    VERSIONS_MOST,
    declare_winner,
    definition_in,
    find_experiment,
    save_experiment,
    stop_experiment,
)
from holdfast.http.auth import asked_by
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Properties, Truth, moment_text
from holdfast.kernel.errors import Invalid
from holdfast.ports.experiments import SavedExperiment
from holdfast.wiring import Application

ID_MOST = 200
NAME_MOST = 1_000
ASKED_MOST = 200


@dataclass(frozen=True, kw_only=True)
class ExperimentHeading:
    """One version of an experiment. `state` is `draft`, `running` or `stopped`."""

    id: str
    version: int
    name: str
    state: str
    variants: dict[str, float]
    saved_at: str
    by: str

    @classmethod
    def of(cls, saved: SavedExperiment) -> Self:
        said = decoded(saved.definition)
        return cls(
            id=saved.id,
            version=saved.version,
            name=said.name,
            state=said.state,
            variants=dict(said.variants),
            saved_at=moment_text(saved.saved_ms),
            by=saved.by,
        )


@dataclass(frozen=True, kw_only=True)
class ExperimentShape:
    """One version with what it says."""

    heading: ExperimentHeading
    definition: Properties

    @classmethod
    def of(cls, saved: SavedExperiment) -> Self:
        return cls(heading=ExperimentHeading.of(saved), definition=definition_in(saved))


@dataclass(frozen=True, kw_only=True)
class ExperimentList:
    """Every experiment in its newest version, in order of id."""

    experiments: list[ExperimentHeading]


@dataclass(frozen=True, kw_only=True)
class ExperimentVersions:
    """Versions, newest first; `next_before` asks for those before them."""

    versions: list[ExperimentHeading]
    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class ExperimentWish:
    """What the experiment is to be; its `id` may be left out."""

    __pydantic_config__ = WISH

    definition: Properties


@dataclass(frozen=True, kw_only=True)
class WinnerWish:
    """The variant that everybody is to get."""

    __pydantic_config__ = WISH

    variant: Annotated[str, Field(max_length=NAME_MOST)]


@dataclass(frozen=True, kw_only=True)
class DecideWish:
    """Who is asked for: a `user_id` or an `anonymous_id`; and of which experiments, without them of all that run.

    With `only_look` the history is told nothing, and nobody comes to take part by it.
    """

    __pydantic_config__ = WISH

    user_id: Annotated[str, Field(max_length=NAME_MOST)] = ""
    anonymous_id: Annotated[str, Field(max_length=NAME_MOST)] = ""
    experiments: Annotated[list[Annotated[str, Field(max_length=ID_MOST)]], Field(max_length=ASKED_MOST)] | None = None
    only_look: Truth = False

    def key(self) -> IdentityKey:
        """The name asked for. Raises Invalid for none."""
        if self.user_id:
            return IdentityKey(kind="user", value=self.user_id)
        if self.anonymous_id:
            return IdentityKey(kind="anonymous", value=self.anonymous_id)
        raise Invalid(
            "this does not say for whom.", code="nobody_named", path="$", hint="Give `user_id` or `anonymous_id`."
        )


@dataclass(frozen=True, kw_only=True)
class DecidedShape:
    """What they get of one experiment; `value` is what the experiment says for the variant, or null."""

    variant: str
    value: object


@dataclass(frozen=True, kw_only=True)
class DecidedList:
    """By experiment; those in which they take no part are not there."""

    experiments: dict[str, DecidedShape]

    @classmethod
    def of(cls, decided: list[Decided]) -> Self:
        return cls(
            experiments={each.experiment: DecidedShape(variant=each.variant, value=each.value) for each in decided}
        )


async def _runs(app: Application, experiment_id: str) -> bool:
    """Whether there is such an experiment, and people are divided by it."""
    async with app.state.view() as view:
        saved = [each for each in await view.experiments() if each.id == experiment_id]
    return any(decoded(each.definition).state == "running" for each in saved)


def experiment_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/experiments", tags=["Experiments"], dependencies=[needs("read")])

    @routes.get("")
    async def list_experiments() -> ExperimentList:
        """Every experiment there is."""
        async with app.state.view() as view:
            return ExperimentList(experiments=[ExperimentHeading.of(each) for each in await view.experiments()])

    @routes.post("/decide", dependencies=[needs("people:read")])
    async def decide(wish: DecideWish) -> DecidedList:
        """What somebody gets. The history is told of it, once: their outcome counts from here on.

        With `only_look` the history is told nothing.
        """
        return DecidedList.of(await app.decider.decide(wish.key(), wish.experiments, only_look=wish.only_look))

    @routes.get("/{experiment_id}")
    async def get_experiment(
        experiment_id: str,
        version: Annotated[int | None, Query(ge=1, le=NUMBER_MOST - 1, description="The newest.")] = None,
    ) -> ExperimentShape:
        """One version with what it says."""
        async with app.state.view() as view:
            return ExperimentShape.of(await find_experiment(view, experiment_id, version))

    @routes.put("/{experiment_id}", dependencies=[needs("decisions:write")])
    async def put_experiment(experiment_id: str, wish: ExperimentWish, request: Request) -> ExperimentHeading:
        """Save it as a new version; the same again makes none. It runs when its `state` says so.

        What runs, now or before, needs `decisions:publish` besides.
        """
        definition = {"id": experiment_id, **wish.definition}
        if definition["id"] != experiment_id:
            raise Invalid(
                "The definition has another id.", code="contradiction", path="$.definition.id", hint="Leave it out."
            )
        if definition.get("state") == "running" or await _runs(app, experiment_id):
            caller_in(request).require("decisions:publish")
        return ExperimentHeading.of(
            await save_experiment(app.state, definition, by=asked_by(app, request), now=app.clock.now())
        )

    @routes.post("/{experiment_id}/stop", dependencies=[needs("decisions:publish")])
    async def end_experiment(experiment_id: str, request: Request) -> ExperimentHeading:
        """Stop it: nobody takes part any more. Its results stay."""
        return ExperimentHeading.of(
            await stop_experiment(app.state, experiment_id, by=asked_by(app, request), now=app.clock.now())
        )

    @routes.post("/{experiment_id}/winner", dependencies=[needs("decisions:publish")])
    async def declare(experiment_id: str, wish: WinnerWish, request: Request) -> ExperimentHeading:
        """Declare a winner: whoever takes part gets it from now on, whatever they had. Its results stay.

        It is saved as a new version in which the winner has the share 1. An experiment that does not run is refused.
        """
        return ExperimentHeading.of(
            await declare_winner(app.state, experiment_id, wish.variant, by=asked_by(app, request), now=app.clock.now())
        )

    @routes.get("/{experiment_id}/versions")
    async def experiment_versions(
        experiment_id: str,
        limit: Annotated[int, Query(ge=1, le=VERSIONS_MOST)] = 50,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MOST)] = None,
    ) -> ExperimentVersions:
        """Every version, newest first."""
        async with app.state.view() as view:
            await find_experiment(view, experiment_id)
            found = await view.experiment_versions(experiment_id, limit=limit, before=before)
        following = found[-1].version if len(found) == limit and found[-1].version > 1 else None
        return ExperimentVersions(versions=[ExperimentHeading.of(each) for each in found], next_before=following)

    return routes
