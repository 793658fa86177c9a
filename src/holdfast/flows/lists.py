"""Lists of people, put together by hand: made, added to, taken from, renamed, deleted.

Who is on a list is a trait of theirs, `list/<id>`, said by an identify event of our own for each who is put on it or
taken off. So merging and unmerging people, erasing them, and asking about one person at once are exact, as for any
trait. The events take the bulk path, so nobody enters a journey by them.

A name nobody goes by yet is put on the list too, and told: whoever turns up under it later is on the list already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from holdfast.decisions.journey import Journey
from holdfast.flows.list_members import Keeper, ListChange, Named, change_members, count_on, names_of
from holdfast.flows.list_registry import PeopleList, find_list, lists_of, note_lists
from holdfast.flows.playbook import play_of
from holdfast.kernel.errors import Conflict, Exposed, Invalid, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import View
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Condition
from holdfast.segments.conditions.in_list import InList
from holdfast.segments.library import conditions_in

LISTS_MOST = 1_000
NAME_MOST = 200
"""Characters of a list's name."""
USERS_TOLD = 10
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


async def save_list(
    at: Keeper, list_id: str, name: str | None = None, people: Iterable[Named] | None = None
) -> ListChange:
    """Make a list, or change one: its name where that is given, and who is on it: exactly these people.

    Args:
        name: by default what it is called already, else its id.
        people: without them, whoever is on it stays.

    Raises Invalid for an id, a name or somebody that cannot be, TooLarge over PEOPLE_MOST or LISTS_MOST.
    """
    wanted = None if people is None else names_of(people, "$.people")
    async with at.list_turn:
        kept = await _kept(at, list_id, name)
        if wanted is None:
            return ListChange(list=kept, people=await count_on(at, list_id))
        return await change_members(at, kept, wanted, exactly=True)


async def change_list(
    at: Keeper, list_id: str, *, add: Iterable[Named] = (), remove: Iterable[Named] = ()
) -> ListChange:
    """Put people on a list and take people off; who is in both is taken off.

    Raises NotFound, and Invalid and TooLarge as `save_list`.
    """
    coming, going = names_of(add, "$.add"), names_of(remove, "$.remove")
    async with at.list_turn:
        async with at.state.view() as view:
            kept = await find_list(view, list_id)
        return await change_members(at, kept, coming, going)


async def delete_list(at: Keeper, list_id: str) -> None:
    """Take everybody off a list and forget it. Raises NotFound, and Conflict naming who uses it."""
    async with at.list_turn:
        async with at.state.view() as view:
            kept = await find_list(view, list_id)
            users = await _users(view, list_id)
        if users:
            more = f" and {len(users) - USERS_TOLD} more" if len(users) > USERS_TOLD else ""
            raise Conflict(
                f"the list {list_id!r} is used by {', '.join(users[:USERS_TOLD])}{more}.",
                code="in_use",
                hint="Take it out of there first.",
            )
        await change_members(at, kept, [], exactly=True)
        async with at.state.begin() as transaction:
            lists = await lists_of(transaction)
            lists.pop(list_id, None)
            await note_lists(transaction, lists)


async def count_list(at: Keeper, list_id: str) -> ListChange:
    """The list as it is, and how many are on it. Raises NotFound."""
    async with at.state.view() as view:
        found = await find_list(view, list_id)
    await at.settle()
    return ListChange(list=found, people=await count_on(at, list_id))


async def all_lists(at: Keeper) -> list[ListChange]:
    """Every list as it is, in order of id."""
    async with at.state.view() as view:
        lists = await lists_of(view)
    await at.settle()
    return [ListChange(list=each, people=await count_on(at, each.id)) for each in lists.values()]


async def _kept(at: Keeper, list_id: str, name: str | None) -> PeopleList:
    """The list as it is to be, kept."""
    if not _ID.fullmatch(list_id):
        hint = "Use small letters, digits and hyphens, at most 100, such as press-contacts."
        raise Invalid(f"{list_id!r:.120} is no id of a list.", code="bad_id", path="list_id", hint=hint)
    called = None if name is None else name.strip()
    if called is not None and not (0 < len(called) <= NAME_MOST and called.isprintable()):
        hint = f"Give it a name people recognise, at most {NAME_MOST} characters."
        raise Invalid("This is no name for a list.", code="wrong_value", path="$.name", hint=hint)
    async with at.state.begin() as transaction:
        lists = await lists_of(transaction)
        before = lists.get(list_id)
        if before is None and len(lists) >= LISTS_MOST:
            raise TooLarge(f"There are {LISTS_MOST:,} lists already.", hint="Delete one that nobody needs.")
        now_ms = to_millis(at.clock.now())
        new = PeopleList(id=list_id, name=called or list_id, made_ms=now_ms, changed_ms=0)
        kept = new if before is None else replace(before, name=called or before.name)
        await note_lists(transaction, lists | {list_id: kept})
    return kept


async def _users(view: View, list_id: str) -> list[str]:
    """The saved segments, and the journeys and campaigns not stopped, that ask for the list."""
    users = []
    for saved in await view.segments():
        with suppress(Exposed):  # What is not valid any more asks nothing.
            if _asks(decode_condition(saved.definition), list_id):
                users.append(f"the segment {saved.id!r}")
    for decision in await view.decisions():
        with suppress(Exposed):
            if decision.state != "stopped" and _asks(play_of(decision).journey, list_id):
                users.append(f"the {decision.kind} {decision.id!r}")
    return users


def _asks(value: Condition | Journey, list_id: str) -> bool:
    return any(isinstance(each, InList) and each.list == list_id for each in conditions_in(value))
