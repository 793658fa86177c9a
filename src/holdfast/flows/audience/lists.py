"""Lists of people, put together by hand: made, added to, taken from, renamed, deleted.

Who is on a list is a trait of theirs, `list/<id>`, said by an identify event of our own for each who is put on it or
taken off. So merging and unmerging people, erasing them, and asking about one person at once are exact, as for any
trait. The events take the bulk path, so nobody enters a journey by them.

A name nobody goes by yet is put on the list too, and told: whoever turns up under it later is on the list already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from holdfast.flows.audience.list_members import Keeper, ListChange, Named, change_members, count_on, names_of
from holdfast.flows.audience.list_registry import PeopleList, every_list, find_list, lists_of, note_lists
from holdfast.flows.audience.used_by import Use, in_use, users_of
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.kernel.shown import can_be_shown

LISTS_MOST = 1_000
NAME_MOST = 200
"""Characters of a list's name."""
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
        await _emptied(at, list_id)  # Whoever deleted a list of that id may have been stopped on the way.
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
        async with at.state.begin() as transaction:
            kept = await find_list(transaction, list_id)
            if uses := (await users_of(transaction, await transaction.segments())).of_list(list_id):
                raise in_use("list", list_id, uses)
            # From here on nobody can ask for it, whatever comes between this and the last one's being taken off.
            await note_lists(transaction, await every_list(transaction) | {list_id: replace(kept, going=True)})
        await _emptied(at, list_id)


async def list_users(at: Keeper, list_id: str) -> tuple[Use, ...]:
    """Who uses a list: segments, journeys, campaigns, KPIs; and where in their definitions. Raises NotFound."""
    async with at.state.view() as view:
        await find_list(view, list_id)
        return (await users_of(view, await view.segments())).of_list(list_id)


async def _emptied(at: Keeper, list_id: str) -> None:
    """Take everybody off a list that is going, and forget it. The caller holds the turn."""
    async with at.state.view() as view:
        kept = (await every_list(view)).get(list_id)
    if kept is None or not kept.going:
        return
    await change_members(at, kept, [], exactly=True)
    async with at.state.begin() as transaction:
        lists = await every_list(transaction)
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
    if called is not None and not (0 < len(called) <= NAME_MOST and can_be_shown(called)):
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
        await note_lists(transaction, await every_list(transaction) | {list_id: kept})
    return kept
