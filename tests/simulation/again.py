"""The same once more by another way: what is kept up as things happen, against what is reckoned from everything there
is; the log from its beginning; and the engine's SQL."""

from __future__ import annotations

from typing import Any

import msgspec

from holdfast.flows.audience.library import load_library
from holdfast.flows.delivery.lanes import NO_LANES
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.ingest.reading import REACT
from holdfast.flows.people.person import shown_as
from holdfast.kernel.moments import from_millis
from holdfast.profiles.profile import EMPTY, Profile, combine
from holdfast.segments.builders import did, prop
from holdfast.segments.condition import Condition, Truth
from holdfast.segments.facts import ProfileFacts
from holdfast.segments.library import resolve
from holdfast.stores.memory.state import MemoryState
from holdfast.stores.memory.tables import Tables
from tests.simulation.world import World


async def live_as_asked_anew(world: World) -> list[str]:
    """Who is in each live segment is who its definition holds for, of their profile and of the whole history."""
    broken = []
    for name, condition in (await definitions(world)).items():
        inside = members(world.tables, name)
        anew = _holds_for(world, condition)
        if inside != anew:
            broken.append(f"{name} has {sorted(inside)} in it, and by their profiles it is {sorted(anew)}")
        table = await world.history.people_table(condition, as_of_ms=world.clock.now_ms)
        asked = {int(person) for person in table.column("person").to_numpy()}
        if inside != asked:
            broken.append(f"{name} has {sorted(inside)} in it, and by the history it is {sorted(asked)}")
    return broken


async def definitions(world: World) -> dict[str, Condition]:
    """The live segments there are, with all they name bound to them."""
    async with world.state.view() as view:
        library = await load_library(view)
        live = [each.segment for each in await view.live_segments() if each.ended_ms is None]
    return {each: resolve(library[each], library) for each in live}


def members(tables: Tables, name: str) -> set[int]:
    """The persons in a live segment."""
    numbers = {each.number for each in tables.live_segments.values() if each.segment == name and each.ended_ms is None}
    return {person for number, person in tables.segment_members if number in numbers}


def _holds_for(world: World, condition: Condition) -> set[int]:
    tables, now = world.tables, from_millis(world.clock.now_ms)
    groups: dict[int, list[Any]] = {}
    for identity in tables.identities.values():
        groups.setdefault(identity.person, []).append(identity)
    found = set()
    for person, those in groups.items():
        whole = combine(tables.profiles.get(each.id, EMPTY) for each in those)
        facts = ProfileFacts(whole, user_id=shown_as(those).value, zone=world.rules.zone)
        if condition.holds(facts, now) is Truth.TRUE:
            found.add(person)
    return found


async def same_when_replayed(world: World) -> list[str]:
    """Another state that reads the log from its beginning comes to the same people."""
    state = MemoryState()
    async with state.begin() as transaction:
        for segment in sorted(world.tables.segments.values(), key=lambda each: each.version):
            await transaction.put_segment(segment)
    reactor = Reactor(
        log=world.log,
        state=state,
        clock=world.clock,
        rules=world.rules,
        hand_over=lambda sends: None,
        lanes=NO_LANES,
        dedup_days=10_000,
        zone=world.rules.zone,
    )
    while (await state_offset(state)) < await world.log.end() or not (await reactor.tick()).idle:
        await reactor.tick()
    return _differences(world, state._committed)


async def state_offset(state: MemoryState) -> int:
    """How far it has read."""
    async with state.view() as view:
        return await view.offset(REACT)


def _differences(world: World, again: Tables) -> list[str]:
    first = world.tables
    gone = bool(world.witness.forgotten)
    kept = {each.key: first.profiles.get(each.id, EMPTY) for each in first.identities.values()}
    anew = {each.key: again.profiles.get(each.id, EMPTY) for each in again.identities.values()}
    if gone:
        kept, anew = (
            {key: without_aliases(each, kept.get(key, EMPTY)) for key, each in of.items()} for of in (kept, anew)
        )
    # What the erased said before and say again is known by its id and not taken in; the log alone cannot tell that.
    names = (
        kept.keys() & anew.keys() - {name for each in world.witness.forgotten for name in each.names}
        if gone
        else kept.keys() | anew.keys()
    )
    broken = [
        f"replayed, {name.value} is another: {difference(kept.get(name, EMPTY), anew.get(name, EMPTY))}"
        for name in sorted(names, key=lambda each: (each.kind, each.value))
        if kept.get(name) != anew.get(name)
    ]
    if world.merged_by_hand or gone:
        return broken
    if first.identities != again.identities:
        broken.append("replayed, people are numbered or joined otherwise")
    live = sorted({each.segment for each in again.live_segments.values() if each.ended_ms is None})
    return broken + [
        f"{name} has {members(first, name)} in it, and replayed {members(again, name)}"
        for name in live
        if members(first, name) != members(again, name)
    ]


def without_aliases(profile: Profile, kept: Profile) -> Profile:
    """The profile but for how often, and when, its owner was said to be somebody else.

    When that somebody is erased, the saying goes from log and history; the count stays in the profile that is `kept`,
    and so does that it was the first or the last that was heard of its owner.
    """
    said = kept.tallies.get("Aliased")
    first = said is not None and kept.first_seen_ms == said.first_ms
    last = said is not None and kept.last_seen_ms in said.recent_ms
    return msgspec.structs.replace(
        profile,
        tallies={name: each for name, each in profile.tallies.items() if name != "Aliased"},
        first_seen_ms=0 if first else profile.first_seen_ms,
        last_seen_ms=0 if last else profile.last_seen_ms,
    )


def difference(one: Profile, other: Profile) -> str:
    """Where two profiles differ."""
    said = []
    for field in ("traits", "consent", "tallies"):
        mine, theirs = getattr(one, field), getattr(other, field)
        names = [name for name in sorted(mine.keys() | theirs.keys()) if mine.get(name) != theirs.get(name)]
        said += [f"{field} {name}: {mine.get(name)} and {theirs.get(name)}" for name in names]
    return "; ".join(said) or f"{one} and {other}"


def entered(origin: str) -> Condition:
    """Who ever entered a journey."""
    return did("Journey Entered", where=prop("origin") == origin)


async def sql_agrees(world: World, other: Any) -> list[str]:
    """Another history that is brought about alike, and answers by SQL, tells the same.

    Args:
        other: an empty one.
    """
    for made in world.history.made:
        await made(other)
    broken = []
    conditions = await definitions(world)
    visits = world.tables.visits.values()
    conditions |= {f"entered {origin}": entered(origin) for origin in sorted({each.origin for each in visits})}
    for name, condition in conditions.items():
        asked = {row.person for row in await other.people(condition, as_of_ms=world.clock.now_ms, limit=10_000)}
        if name.startswith("entered "):
            owners = [each.identity for each in visits if each.origin == name.removeprefix("entered ")]
            here = {world.tables.identities[each].person for each in owners}
        else:
            here = members(world.tables, name)
        if asked != here:
            broken.append(f"{name}: live {sorted(here)}, by SQL {sorted(asked)}")
    return broken
