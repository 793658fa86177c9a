"""/api/journeys/apply: journeys and campaigns as files say them, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from fastapi import APIRouter
from pydantic import Field

from holdfast.flows.advice import Advice, advice_on
from holdfast.flows.decision_drafts import DRAFTS_MOST, DecisionDraft, drafts_of
from holdfast.flows.playbook import definition_of
from holdfast.flows.publishing import Publication, PublishedKind, apply_decisions
from holdfast.http.api.segment_shapes import DifferenceShape
from holdfast.http.shapes import WISH, Properties, Truth
from holdfast.kernel.errors import Exposed
from holdfast.ports.discovery import Discovery
from holdfast.ports.state import Decision
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class AdviceShape:
    """One thing that looks wrong with a definition; nothing is refused for it."""

    code: str
    path: str
    message: str
    hint: str

    @classmethod
    def of(cls, advice: Advice) -> Self:
        return cls(code=advice.code, path=advice.path, message=advice.message, hint=advice.hint)


@dataclass(frozen=True, kw_only=True)
class PublicationShape:
    """What becomes of one journey or campaign. `absent` is there, and not among those applied; it is left alone."""

    change: PublishedKind
    kind: Literal["journey", "campaign"]
    id: str
    name: str
    version: int
    state: Literal["live", "paused", "stopped"]
    state_before: Literal["live", "paused", "stopped"] | None
    differences: list[DifferenceShape]

    @classmethod
    def of(cls, publication: Publication) -> Self:
        after, before = publication.decision, publication.before
        return cls(
            change=publication.kind,
            kind=after.kind,
            id=after.id,
            name=_name(after),
            version=after.version,
            state=after.state,
            state_before=None if before is None else before.state,
            differences=[DifferenceShape.of(each) for each in publication.differences],
        )


@dataclass(frozen=True, kw_only=True)
class ApplyJourneysWish:
    """Journeys and campaigns to publish together: each its definition, beside `kind`.

    `dry_run` changes nothing and tells what would be changed.
    """

    __pydantic_config__ = WISH

    journeys: Annotated[list[Properties], Field(max_length=DRAFTS_MOST)]
    dry_run: Truth = False


@dataclass(frozen=True, kw_only=True)
class AppliedJourneys:
    """What became of each, by id; `warnings` tells what looks wrong with them, by its place in what was applied."""

    dry_run: bool
    changes: list[PublicationShape]
    warnings: list[AdviceShape]


def decision_file_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/journeys", tags=["Journeys"])

    @routes.post("/apply")
    async def apply(wish: ApplyJourneysWish) -> AppliedJourneys:
        """Publish many journeys and campaigns, all or none. What says the same already is left alone.

        A changed one that is paused stays paused; one that was stopped runs again.
        """
        drafts = drafts_of(wish.journeys)
        changes = await apply_decisions(app.state, drafts, now=app.clock.now(), dry_run=wish.dry_run)
        return AppliedJourneys(
            dry_run=wish.dry_run,
            changes=[PublicationShape.of(each) for each in changes],
            warnings=await warnings_on(app, drafts),
        )

    return routes


async def warnings_on(app: Application, drafts: Sequence[DecisionDraft]) -> list[AdviceShape]:
    """What looks wrong with the drafts; of traits and properties, where the history knows of them."""
    discovery = app.history if isinstance(app.history, Discovery) else None
    return [AdviceShape.of(each) for draft in drafts for each in await advice_on(draft, discovery)]


def _name(decision: Decision) -> str:
    try:
        return definition_of(decision).name
    except Exposed:
        return decision.id
