"""Which lists of people there are, and what they are called. Who is on them is in the people's traits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from holdfast.kernel.errors import NotFound
from holdfast.ports.state import Transaction, View

_NOTE = "lists"
"""The state's note of the lists, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleList:
    """A list of people, put together by hand."""

    id: str
    name: str
    made_ms: int
    changed_ms: int
    """When somebody was last put on it or taken off; no later change of it bears this moment again."""
    going: bool = False
    """Whether it is deleted, and people may still have to be taken off: then it is there for nobody else."""


async def lists_of(view: View) -> dict[str, PeopleList]:
    """Every list by its id, in order of id; those that are going are there no more."""
    return {name: each for name, each in (await every_list(view)).items() if not each.going}


async def every_list(view: View) -> dict[str, PeopleList]:
    """The same, with those that are going."""
    noted = await view.note(_NOTE)
    return {} if noted is None else msgspec.json.decode(noted, type=dict[str, PeopleList])


async def find_list(view: View, list_id: str) -> PeopleList:
    """The list of that id. Raises NotFound."""
    found = (await lists_of(view)).get(list_id)
    if found is None:
        hint = "GET /api/lists lists them."
        raise NotFound(f"there is no list {list_id!r:.120}.", code="unknown_list", path="list_id", hint=hint)
    return found


async def note_lists(transaction: Transaction, lists: Mapping[str, PeopleList]) -> None:
    """Keep these, and no others; those that are going have to be among them."""
    kept = {list_id: lists[list_id] for list_id in sorted(lists)}
    await transaction.set_note(_NOTE, msgspec.json.encode(kept).decode())
