"""/api/journeys/apply: journeys and campaigns as files say them, many at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from fastapi import APIRouter
from pydantic import Field

from holdfast.flows.decision_drafts import DRAFTS_MOST, drafts_of
from holdfast.flows.playbook import definition_of
from holdfast.flows.publishing import Publication, PublishedKind, apply_decisions
from holdfast.http.api.segment_shapes import DifferenceShape
from holdfast.http.shapes import WISH, Properties, Truth
from holdfast.kernel.errors import Exposed
from holdfast.ports.state import Decision
from holdfast.wiring import Application


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
    """What became of each, by id."""

    dry_run: bool
    changes: list[PublicationShape]


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
        return AppliedJourneys(dry_run=wish.dry_run, changes=[PublicationShape.of(each) for each in changes])

    return routes


def _name(decision: Decision) -> str:
    try:
        return definition_of(decision).name
    except Exposed:
        return decision.id
