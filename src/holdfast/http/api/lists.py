"""/api/lists: lists of people, put together by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query

from holdfast.flows.audience.list_members import ListChange
from holdfast.flows.audience.lists import all_lists, change_list, count_list, delete_list, list_users, save_list
from holdfast.http.api.segment_shapes import UsedBy, UseShape
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, PeoplePage, PersonShape, moment_text
from holdfast.kernel.moments import to_millis
from holdfast.segments.conditions.in_list import InList
from holdfast.wiring import Application

PAGE_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class ListShape:
    """A list, and how many people are on it."""

    id: str
    name: str
    people: int
    made_at: str


@dataclass(frozen=True, kw_only=True)
class ListChangeShape(ListShape):
    """The same, and what a change came to: people put on and taken off, and names that nobody went by."""

    added: int
    removed: int
    unknown: int
    unknown_names: list[str]


@dataclass(frozen=True, kw_only=True)
class ListsShape:
    """Every list, by id."""

    lists: list[ListShape]


@dataclass(frozen=True, kw_only=True)
class ListWish:
    """What a list is to be called, and who is to be on it: user ids, else anonymous ids.

    In place of an id, `{"kind": "anonymous", "value": "…"}` says what kind of name it is, and a number is a person's.
    Without a name it keeps the one it has; without people, everybody stays.
    """

    __pydantic_config__ = WISH

    name: str | None = None
    people: list[Any] | None = None


@dataclass(frozen=True, kw_only=True)
class ListPeopleWish:
    """People to put on a list and to take off, named as in saving it; who is in both is taken off."""

    __pydantic_config__ = WISH

    add: list[Any] = field(default_factory=list)
    remove: list[Any] = field(default_factory=list)


def list_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/lists", tags=["Lists"], dependencies=[needs("read")])

    @routes.get("")
    async def lists() -> ListsShape:
        """Every list."""
        return ListsShape(lists=[_shape(each) for each in await all_lists(app)])

    @routes.get("/{list_id}")
    async def one(list_id: str) -> ListShape:
        """One list."""
        return _shape(await count_list(app, list_id))

    @routes.get("/{list_id}/people", dependencies=[needs("people:read")])
    async def people(
        list_id: str,
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
        offset: Annotated[int, Query(ge=0, le=NUMBER_MOST)] = 0,
    ) -> PeoplePage:
        """The people on a list."""
        found = await count_list(app, list_id)
        as_of_ms = to_millis(app.clock.now())
        rows = await app.history.people(InList(list=list_id), as_of_ms=as_of_ms, limit=limit, offset=offset)
        return PeoplePage(people=[PersonShape.of(row) for row in rows], total=found.people)

    @routes.get("/{list_id}/used-by")
    async def used_by(list_id: str) -> UsedBy:
        """Who uses a list: segments, journeys and campaigns, KPIs, and where in their definitions."""
        return UsedBy(used_by=[UseShape.of(each) for each in await list_users(app, list_id)])

    @routes.put("/{list_id}", dependencies=[needs("analyses:write")])
    async def save(list_id: str, wish: ListWish) -> ListChangeShape:
        """Make a list, or change one. Names nobody goes by are put on it too, and told."""
        return _change_shape(await save_list(app, list_id, wish.name, wish.people))

    @routes.post("/{list_id}/people", dependencies=[needs("analyses:write")])
    async def change(list_id: str, wish: ListPeopleWish) -> ListChangeShape:
        """Put people on a list and take people off."""
        return _change_shape(await change_list(app, list_id, add=wish.add, remove=wish.remove))

    @routes.delete("/{list_id}", dependencies=[needs("analyses:write")], status_code=204)
    async def delete(list_id: str) -> None:
        """Take everybody off a list and forget it; refused while something asks for it."""
        await delete_list(app, list_id)

    return routes


def _shape(found: ListChange) -> ListShape:
    kept = found.list
    return ListShape(id=kept.id, name=kept.name, people=found.people, made_at=moment_text(kept.made_ms))


def _change_shape(done: ListChange) -> ListChangeShape:
    kept = done.list
    return ListChangeShape(
        id=kept.id,
        name=kept.name,
        people=done.people,
        made_at=moment_text(kept.made_ms),
        added=done.added,
        removed=done.removed,
        unknown=done.unknown,
        unknown_names=list(done.unknown_names),
    )
