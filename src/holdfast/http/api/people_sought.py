"""/api/people: those who are looked for, which segments each is in, and the traits we give them ourselves."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from holdfast.flows.people.memberships import Membership, memberships
from holdfast.flows.people.person import shown_as
from holdfast.flows.people.traits import trait_change
from holdfast.http.api.people import PAGE_MOST, members_of, shown_person
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, PeoplePage, PersonShape, Properties, Truth, Whole
from holdfast.integrations.files.write import FileFormat, write_people
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import PeopleOrder, Sought
from holdfast.segments import condition as conditions
from holdfast.wiring import Application

TRAITS_MOST = 1_000
"""Traits named in one question."""
_TRUTHS: dict[conditions.Truth, Literal["true", "false", "unknown"]] = {
    conditions.Truth.TRUE: "true",
    conditions.Truth.FALSE: "false",
    conditions.Truth.UNKNOWN: "unknown",
}


@dataclass(frozen=True, kw_only=True)
class SoughtQuestion:
    """Whom to look for, and which page of them: all of it must be true of them.

    With `traits`, each person is told with those and no others: null where they have none.
    """

    __pydantic_config__ = WISH

    text: str = ""
    """Part of their user id or of any text trait."""
    known: Truth | None = None
    """Only people who were ever known by a user id, or only those who never were."""
    definition: Properties | None = None
    """Only people a segment's definition holds for; `{"type": "in_segment", "segment": "…"}` names a saved one."""
    order: PeopleOrder = "last_seen"
    ascending: Truth = False
    traits: Annotated[list[str], Field(max_length=TRAITS_MOST)] | None = None
    limit: Annotated[Whole, Field(ge=1, le=PAGE_MOST)] = 50
    offset: Annotated[Whole, Field(ge=0, le=NUMBER_MOST)] = 0


@dataclass(frozen=True, kw_only=True)
class TraitsWish:
    """Traits to give somebody; one that is null is taken away."""

    __pydantic_config__ = WISH

    set: Properties = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TraitsShape:
    """Their traits as they stand."""

    traits: Properties


@dataclass(frozen=True, kw_only=True)
class MembershipShape:
    """A saved segment, whether somebody is in it, and what it asks, in words."""

    id: str
    name: str
    live: bool
    truth: Literal["true", "false", "unknown"]
    words: str

    @classmethod
    def of(cls, found: Membership) -> MembershipShape:
        return cls(
            id=found.segment.id,
            name=found.segment.name,
            live=found.segment.live,
            truth=_TRUTHS[found.truth],
            words=found.condition.words(),
        )


@dataclass(frozen=True, kw_only=True)
class MembershipList:
    """Every saved segment, by name."""

    segments: list[MembershipShape]


def sought_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", tags=["People"], dependencies=[needs("people:read")])

    async def sought(
        text: str,
        known: bool | None,
        definition: Properties | bytes | str | None,
        order: PeopleOrder = "last_seen",
        *,
        ascending: bool = False,
    ) -> Sought:
        return Sought(
            text=text,
            known=known,
            among=None if definition is None else await app.condition(definition),
            as_of_ms=to_millis(app.clock.now()),
            order=order,
            ascending=ascending,
        )

    @routes.post("/people/find")
    async def find(question: Annotated[SoughtQuestion, Body()]) -> PeoplePage:
        """The people looked for, a page at a time, in the order asked for; and how many they are."""
        await app.catch_up()
        wanted = await sought(
            question.text, question.known, question.definition, question.order, ascending=question.ascending
        )
        rows, total = await app.history.seek(wanted, limit=question.limit, offset=question.offset)
        return PeoplePage(people=[PersonShape.of(row, question.traits) for row in rows], total=total)

    @routes.get("/export/people", response_class=FileResponse, dependencies=[needs("sql")], tags=["Files"])
    async def export(
        file_format: Annotated[FileFormat, Query(alias="format")],
        text: Annotated[str, Query(description="Part of a user id or of any text trait.")] = "",
        known: Annotated[bool | None, Query(description="Only people with a user id, or only those without.")] = None,
        definition: Annotated[
            str | None, Query(description="Only people it holds for: a segment's definition, as a JSON object.")
        ] = None,
        trait: Annotated[
            list[str] | None, Query(max_length=TRAITS_MOST, description="A column each; without any, all as one.")
        ] = None,
    ) -> FileResponse:
        """People as a file, in order of person number, with their traits."""
        await app.catch_up()
        table = await app.history.sought_table(await sought(text, known, definition))
        folder = tempfile.TemporaryDirectory(dir=app.settings.data_dir, prefix="export-")
        file = Path(folder.name) / f"people.{file_format}"
        try:
            await write_people(table, file, file_format, traits=trait)
        except BaseException:
            folder.cleanup()
            raise
        return FileResponse(file, filename=file.name, background=BackgroundTask(folder.cleanup))

    @routes.get("/people/{user_id:name}/segments")
    async def segments(user_id: str) -> MembershipList:
        """Every saved segment, and whether the person is in it."""
        await app.catch_up()
        async with app.state.view() as view:
            found = await memberships(
                await members_of(view, user_id), view=view, history=app.history, zone=app.zone, now=app.clock.now()
            )
        return MembershipList(segments=[MembershipShape.of(each) for each in found])

    @routes.put("/people/{user_id:name}/traits", dependencies=[needs("people:write")])
    async def traits(user_id: str, wish: Annotated[TraitsWish, Body()], request: Request) -> TraitsShape:
        """Give somebody traits, or take some away. It counts at once, and is an event in their history."""
        await app.catch_up()
        async with app.state.view() as view:
            key = shown_as(await members_of(view, user_id))
        await app.tell([trait_change(key, wish.set, by=asked_by(app, request), now=app.clock.now())])
        await app.catch_up()
        async with app.state.view() as view:
            return TraitsShape(traits=(await shown_person(view, user_id)).traits)

    return routes
