"""/api/drafts: what was written and is not saved yet, kept as it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from holdfast.flows.accounts.permissions import Permission
from holdfast.flows.teamwork.drafting import draft_document, draft_name, drop_draft, every_draft, find_draft, keep_draft
from holdfast.flows.teamwork.things import ID_CHARACTERS_MOST, Thing, ThingKind
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Properties, Whole, moment_text
from holdfast.kernel.moments import to_millis
from holdfast.ports.teamwork import Draft
from holdfast.wiring import Application

WRITES: Mapping[ThingKind, Permission] = MappingProxyType(
    {
        "journey": "decisions:write",
        "campaign": "decisions:write",
        "experiment": "decisions:write",
        "segment": "analyses:write",
        "template": "content:write",
        "block": "content:write",
    }
)
"""What writing a draft of each kind needs: the same as saving it, or as drafting it."""

Id = Annotated[str, Path(max_length=ID_CHARACTERS_MOST)]


@dataclass(frozen=True, kw_only=True)
class DraftWish:
    """What was written, the version it began from (0 for what was never saved), and the revision that was read."""

    __pydantic_config__ = WISH

    definition: Properties
    based_on: Annotated[Whole, Field(ge=0, le=NUMBER_MOST)] = 0
    revision: Annotated[Whole, Field(ge=0, le=NUMBER_MOST)] = 0


@dataclass(frozen=True, kw_only=True)
class DraftHeading:
    """A draft there is."""

    kind: str
    id: str
    name: str
    """What it is called in what was written."""
    based_on: int
    revision: int
    by: str
    by_name: str
    updated_at: str


@dataclass(frozen=True, kw_only=True)
class DraftShape(DraftHeading):
    """A draft, with what was written."""

    definition: Properties

    @classmethod
    def of(cls, draft: Draft) -> Self:
        return cls(definition=draft_document(draft), **vars(_heading(draft)))


@dataclass(frozen=True, kw_only=True)
class DraftList:
    """The drafts there are, the one that was written last first."""

    drafts: list[DraftHeading]


def draft_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/drafts", tags=["Teamwork"], dependencies=[needs("read")])

    @routes.get("")
    async def listed() -> DraftList:
        """The drafts there are."""
        async with app.state.view() as view:
            return DraftList(drafts=[_heading(each) for each in await every_draft(view)])

    @routes.get("/{thing_kind}/{about}")
    async def one(thing_kind: ThingKind, about: Id) -> DraftShape:
        """The draft of something: there is one, whoever works on it."""
        async with app.state.view() as view:
            return DraftShape.of(await find_draft(view, Thing(thing_kind, about)))

    @routes.put("/{thing_kind}/{about}")
    async def keep(thing_kind: ThingKind, about: Id, wish: DraftWish, request: Request) -> DraftShape:
        """Keep what was written. It need not be valid.

        `revision` is that of the draft as it was read, 0 where there was none. When somebody else has written since,
        the answer is 409 `draft_moved_on` with `by`, `at` and their `draft`.
        """
        _check_may(request, thing_kind)
        caller = caller_in(request)
        kept = await keep_draft(
            app.state,
            Thing(thing_kind, about),
            wish.definition,
            based_on=wish.based_on,
            revision=wish.revision,
            by=caller.by,
            by_name=caller.name,
            now_ms=to_millis(app.clock.now()),
        )
        return DraftShape.of(kept)

    @routes.delete("/{thing_kind}/{about}", status_code=204)
    async def drop(
        thing_kind: ThingKind,
        about: Id,
        request: Request,
        revision: Annotated[int | None, Query(ge=0, le=NUMBER_MOST, description="Only this one.")] = None,
    ) -> None:
        """Throw it away: it is saved, or was a mistake."""
        _check_may(request, thing_kind)
        await drop_draft(app.state, Thing(thing_kind, about), revision)

    return routes


def _check_may(request: Request, kind: ThingKind) -> None:
    caller_in(request).require(WRITES[kind])


def _heading(draft: Draft) -> DraftHeading:
    return DraftHeading(
        kind=draft.kind,
        id=draft.about,
        name=draft_name(draft),
        based_on=draft.based_on,
        revision=draft.revision,
        by=draft.by,
        by_name=draft.by_name,
        updated_at=moment_text(draft.updated_ms),
    )
