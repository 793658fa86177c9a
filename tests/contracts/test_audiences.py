"""Audiences in chDB against brute force over the events: past moments, comings and goings, kept sets, overlap."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.kernel.sql import Sql, bind, sql
from holdfast.ports.audiences import SETS_MOST, HasAudiences, Overlap, Side
from holdfast.ports.history import HistoryRow
from holdfast.segments.builders import all_of, any_of, did, prop, trait
from holdfast.segments.condition import Condition, PastEvent, Scope, Truth
from holdfast.segments.conditions.in_list import list_trait
from holdfast.segments.facts import HistoryFacts
from holdfast.segments.looked_at import trait_names
from holdfast.stores.clickhouse import audiences as kept_sets
from holdfast.stores.clickhouse import sets
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import chdb_history, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.unit.segments.cases import (
    EVENTS,
    LISTS_THERE,
    MOMENTS_MS,
    NAMES,
    NOW_MS,
    TRAIT_VALUES,
    ZONES,
    conditions,
)

SIDES: tuple[Side, ...] = ("entered", "left")
DAY = 86_400_000
GENERATED = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@dataclass(frozen=True, slots=True)
class Lived:
    """A history in chDB, and the same as a list of what each identity did, under whom it stands now."""

    history: ChdbHistory
    rows: tuple[HistoryRow, ...]
    joined: Mapping[int, int]

    def person_of(self, identity: int) -> int:
        return self.joined.get(identity, identity)

    def at(self, condition: Condition, at_ms: int) -> list[int]:
        """Whom the condition held for at a moment, event by event."""
        events: dict[int, dict[str, list[PastEvent]]] = defaultdict(lambda: defaultdict(list))
        said: dict[int, list[tuple[int, str, Mapping[str, Json]]]] = defaultdict(list)
        of_groups: dict[str, list[tuple[int, str, Mapping[str, Json]]]] = defaultdict(list)
        joined: dict[int, set[str]] = defaultdict(set)
        now = from_millis(at_ms)
        for each in self.rows:
            event, who = each.event, self.person_of(each.identity)
            if event.timestamp > now:
                continue
            events[who][event.name].append(PastEvent(timestamp=event.timestamp, properties=event.properties))
            saying = (to_millis(event.timestamp), event.message_id, event.properties)
            if event.kind == "identify":
                said[who].append(saying)
            group = event.properties.get("group_id")
            if event.name == "Group Joined" and isinstance(group, str) and group:
                of_groups[group].append(saying)
                joined[who].add(group)
        groups = {group: last_said(sayings) for group, sayings in of_groups.items()}
        return [
            who
            for who in sorted(events)
            if condition.holds(
                HistoryFacts(
                    last_said(said[who]),
                    events[who],
                    user_id=f"u{who}",
                    groups=[groups[each] for each in sorted(joined[who])],
                ),
                now,
            )
            is Truth.TRUE
        ]


def last_said(sayings: Iterable[tuple[int, str, Mapping[str, Json]]]) -> dict[str, Json]:
    """Of each trait what was said last; null takes it back."""
    traits: dict[str, Json] = {}
    for _, _, properties in sorted(sayings, key=lambda each: each[:2]):
        traits |= properties
    return {name: value for name, value in traits.items() if value is not None}


def lived(engine: Engine, seed: int, *, people: int = 40, events: int = 300) -> Lived:
    """Identities do things and say who they are, over and over; ties in time, late ones, some joined to another."""
    draw = random.Random(seed)
    numbers = range(1, people + 1)
    joined = {draw.choice(numbers): draw.choice(numbers) for _ in range(draw.randrange(12))}
    rows = []
    for number in range(events):
        about: dict[str, Any] = {name: draw.choice(TRAIT_VALUES) for name in NAMES if draw.random() < 0.6}
        kind, name = draw.choice((("identify", "Identified"), ("group", "Group Joined"), ("track", "Identified"),
                                  *(("track", each) for each in EVENTS)))  # fmt: skip
        if kind == "identify":
            about |= {"timezone": draw.choice(ZONES), list_trait(draw.choice(LISTS_THERE)): draw.choice((True, None))}
        if kind == "group":
            about |= {"group_id": draw.choice(("a", "b", "A", "", 1, None))}
        fields: dict[str, Any] = {"properties": about, "kind": kind, "message_id": f"m{draw.randrange(9)}-{number}"}
        rows.append(row(draw.choice(numbers), name, draw.choice(MOMENTS_MS), **fields))
    draw.shuffle(rows)
    world = Lived(chdb_history(engine), tuple(rows), joined)
    first: dict[int, int] = {}
    for each in rows:
        at_ms = to_millis(each.event.timestamp)
        who = world.person_of(each.identity)
        first[who] = min(first.get(who, at_ms), at_ms)

    async def load() -> None:
        history = world.history
        # As they stand, they are told to be what they never were: nothing of it may be seen of a past moment.
        stands: dict[str, Json] = dict.fromkeys((*NAMES, "timezone"), "UTC")
        await history.put_people([person(who, stands, first_seen_ms=at_ms) for who, at_ms in first.items()])
        await history.put_people([person(who, gone=True) for who in joined if who not in first])
        await history.add(rows, token="rows")
        await history.map_identities(joined, version=1)

    asyncio.run(load())
    return world


def numbers_of(table: Any) -> list[int]:
    return list(table.column("person").to_pylist())


@GENERATED
@given(seed=st.integers(0, 2**32), asked=st.lists(conditions(), min_size=7, max_size=9))
def test_past_moments_are_reckoned_event_by_event(engine: Engine, seed: int, asked: list[Condition]) -> None:
    world = lived(engine, seed)
    draw = random.Random(seed)

    async def compare() -> None:
        for condition in asked:
            moments = sorted(draw.sample(MOMENTS_MS, 5))
            expected = [set(world.at(condition, at_ms)) for at_ms in moments]
            sizes = await world.history.audiences.sizes(condition, moments)
            assert [each.at_ms for each in sizes] == moments
            assert [each.people for each in sizes] == [len(each) for each in expected], condition
            came = [(len(after - before), len(before - after)) for before, after in pairwise([set(), *expected])]
            assert [(each.entered, each.left) for each in sizes] == came, condition
            since_ms, until_ms = moments[1], moments[3]
            for side in SIDES:
                table = await world.history.audiences.moved(condition, side, since_ms=since_ms, until_ms=until_ms)
                wanted = expected[3] - expected[1] if side == "entered" else expected[1] - expected[3]
                assert numbers_of(table) == sorted(wanted), condition
            table = await world.history.audiences.then(condition, at_ms=moments[2], limit=3, offset=1)
            assert numbers_of(table) == sorted(expected[2])[1:4]

    asyncio.run(compare())


@GENERATED
@given(seed=st.integers(0, 2**32), asked=st.lists(conditions(), min_size=6, max_size=8))
def test_kept_sets_say_what_is_asked_anew(engine: Engine, seed: int, asked: list[Condition]) -> None:
    world = lived(engine, seed)
    history, audiences = world.history, world.history.audiences
    asked += [asked[0] & ~asked[1], any_of(), ~all_of(), any_of(asked[2], all_of(~asked[3], asked[4])), asked[0]]

    async def compare() -> None:
        everyone = await history.count_everyone()
        for condition in asked:
            found = await audiences.audience(condition, as_of_ms=NOW_MS)
            assert (found.people, found.everyone) == (await history.count(condition, as_of_ms=NOW_MS), everyone)
            people = numbers_of(await history.people_table(condition, as_of_ms=NOW_MS))
            assert numbers_of(await audiences.audience_people(condition, as_of_ms=NOW_MS)) == people
            assert (
                numbers_of(await audiences.audience_people(condition, as_of_ms=NOW_MS, limit=2, offset=1))
                == (people[1:3])
            )
            assert (await audiences.members(condition, as_of_ms=NOW_MS)).tolist() == people
        compared = asked[:4] + asked[-3:]
        members = [set((await audiences.members(each, as_of_ms=NOW_MS)).tolist()) for each in compared]
        check_overlap(await audiences.overlap(compared, as_of_ms=NOW_MS), members, everyone)

    asyncio.run(compare())


def check_overlap(found: Overlap, members: Sequence[set[int]], everyone: int) -> None:
    """The same, person by person."""
    assert found.everyone == everyone
    assert found.common == tuple(tuple(len(one & other) for other in members) for one in members)
    among = Counter(
        tuple(place for place, each in enumerate(members) if who in each) for who in set[int]().union(*members)
    )
    assert found.in_any == among.total()
    assert found.in_all == among[tuple(range(len(members)))]
    assert found.in_one == sum(people for places, people in among.items() if len(places) == 1)
    assert {each.sets: each.people for each in found.combinations} == dict(among)
    sizes = [each.people for each in found.combinations]
    assert sizes == sorted(sizes, reverse=True)


def test_what_is_late_and_who_is_joined_changes_the_past_at_once(engine: Engine) -> None:
    history = chdb_history(engine)
    bought = did("Bought", within_days=2)

    async def sizes() -> list[int]:
        return [each.people for each in await history.audiences.sizes(bought, [5 * DAY, 6 * DAY, 8 * DAY])]

    async def story() -> None:
        await history.put_people([person(1, first_seen_ms=DAY), person(2, first_seen_ms=DAY)])
        await history.add([row(1, "Bought", 5 * DAY)], token="a")
        assert await sizes() == [1, 1, 0]
        await history.add([row(2, "Bought", 4 * DAY + 1, message_id="late")], token="b")
        assert await sizes() == [2, 2, 0]
        await history.map_identities({2: 1}, version=2)
        await history.put_people([person(2, gone=True, version=2)])
        assert await sizes() == [1, 1, 0]

    asyncio.run(story())


def test_traits_are_as_they_were(engine: Engine) -> None:
    history = chdb_history(engine)

    def said(at_ms: int, message: str, **traits: Json) -> HistoryRow:
        return row(1, "Identified", at_ms, kind="identify", properties=traits, message_id=message)

    async def story() -> None:
        await history.put_people([person(1, {"plan": "gold"}, first_seen_ms=DAY), person(2, first_seen_ms=DAY)])
        told = [said(2 * DAY, "a", plan="free"), said(3 * DAY, "b", plan=30), said(3 * DAY, "a", plan="tie"),
                said(4 * DAY, "c", plan="lost"),
            said(4 * DAY, "d", plan=None), said(5 * DAY, "e", plan="gold", list=["x"])]  # fmt: skip
        await history.add([*told, row(1, "Identified", 6 * DAY, properties={"plan": "no call of identify"})], token="a")
        moments = [DAY - 1, DAY, 2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY, 6 * DAY]

        async def sizes(condition: Condition) -> list[int]:
            return [each.people for each in await history.audiences.sizes(condition, moments)]

        assert await sizes(trait("plan") == "free") == [0, 0, 1, 0, 0, 0, 0]
        assert await sizes(trait("plan") == 30) == [0, 0, 0, 1, 0, 0, 0]
        assert await sizes(trait("plan") == "gold") == [0, 0, 0, 0, 0, 1, 1]
        assert await sizes(trait("plan").is_not_set()) == [0, 2, 1, 1, 2, 1, 1]
        assert await sizes(trait("plan").is_set() & trait("list").contains("x")) == [0, 0, 0, 0, 0, 1, 1]
        assert await sizes(all_of()) == [0, 2, 2, 2, 2, 2, 2]

    asyncio.run(story())


def test_traits_are_looked_for_at_any_depth() -> None:
    inner = any_of(~(trait("a") == 1), did("A", where=prop("no trait") == 1) & trait("b").is_set())
    assert trait_names(inner) == {"a", "b"}
    assert trait_names(did("A", within_days=1)) == frozenset()


def test_sets_are_used_again_until_something_changes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    history = chdb_history(engine)
    made: list[int] = []
    keep = sets.keep

    def counting(scope: Scope, number: int, condition: Condition) -> Sql:
        made.append(number)
        return keep(scope, number, condition)

    monkeypatch.setattr(sets, "keep", counting)
    bought = did("Bought", within_days=1)
    fresh = history.audiences._fresh_ms

    async def asked(at_ms: int) -> tuple[int, int, int]:
        made.clear()
        found = await history.audiences.audience(bought, as_of_ms=at_ms)
        return found.people, found.as_of_ms, len(made)

    async def story() -> None:
        await history.put_people([person(1), person(2)])
        assert await asked(NOW_MS) == (0, NOW_MS, 2)
        assert await asked(NOW_MS + fresh - 1) == (0, NOW_MS, 0)
        # A change is in every answer after it, at the moment that is asked about.
        await history.add([row(1, "Bought", NOW_MS + 30_000)], token="a")
        assert await asked(NOW_MS + 59_999) == (1, NOW_MS + 59_999, 2)
        await history.add([row(2, "Bought", NOW_MS)], token="b")
        assert await asked(NOW_MS + 59_999) == (2, NOW_MS + 59_999, 2)
        await history.map_identities({2: 1}, version=2)
        await history.put_people([person(2, gone=True, version=2)])
        assert await asked(NOW_MS + 60_000) == (1, NOW_MS + 60_000, 2)
        # Windows move with time; and whoever asks about an earlier moment is told of it.
        later = NOW_MS + 60_000 + fresh
        assert (await asked(later - 1))[1:] == (NOW_MS + 60_000, 0)
        assert (await asked(later))[1:] == (later, 2)
        assert await asked(NOW_MS) == (1, NOW_MS, 2)

    asyncio.run(story())


def kept_in(engine: Engine, history: ChdbHistory) -> int:
    question = sql("SELECT count() FROM people_sets WHERE workspace = ") + bind("UInt32", history._workspace)
    return engine.run_here(lambda handle: handle.number(question))


def test_sets_out_of_date_and_too_many_are_let_go(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_sets, "SETS_KEPT_MOST", 4)
    history = chdb_history(engine)

    async def story() -> None:
        await history.put_people([person(1)])
        for number in range(9):
            await history.audiences.audience(did(f"A{number}"), as_of_ms=NOW_MS)
            assert kept_in(engine, history) <= 4
        await history.audiences.overlap([did(f"B{number}") for number in range(9)], as_of_ms=NOW_MS)
        assert kept_in(engine, history) <= 4
        await history.put_people([person(2)])
        await history.audiences.audience(did("A"), as_of_ms=NOW_MS)
        assert kept_in(engine, history) == 2

    asyncio.run(story())


def test_a_question_that_is_given_up_leaves_nothing_behind(engine: Engine) -> None:
    history = chdb_history(engine)
    asked = [did(f"A{number}") for number in range(8)]

    async def story() -> None:
        await history.put_people([person(1, {"plan": "gold"})])
        for hops in range(12):
            waiting = asyncio.create_task(history.audiences.overlap(asked, as_of_ms=NOW_MS + hops))
            await asyncio.sleep(0.002 * hops)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await history.put_people([person(2, {"plan": "gold"})])
        assert (await history.audiences.overlap([all_of(), *asked], as_of_ms=NOW_MS)).in_any == 2
        await history.put_people([person(3)])
        assert (await history.audiences.audience(trait("plan") == "gold", as_of_ms=NOW_MS)).people == 2
        assert kept_in(engine, history) == 2

    asyncio.run(story())


def test_many_questions_at_once_and_changes_between(engine: Engine) -> None:
    """Nobody's sets go while they are asked about, and nobody is told less than was there when they asked."""
    history = chdb_history(engine)

    async def ask(number: int) -> None:
        least = done[0]
        found = await history.audiences.audience(did("Bought") & ~did(f"A{number % 3}"), as_of_ms=NOW_MS)
        assert least <= found.people <= done[0] + 1

    async def change() -> None:
        for number in range(1, 13):
            await history.put_people([person(number)])
            await history.add([row(number, "Bought", NOW_MS)], token=f"t{number}")
            done[0] = number
            await asyncio.sleep(0.005)

    async def story() -> None:
        await asyncio.gather(change(), *(ask(number) for number in range(20)), *(ask(number) for number in range(20)))

    done = [0]
    asyncio.run(story())


def test_true_is_not_one(engine: Engine) -> None:
    """The two conditions are equal to Python, and mean other people."""
    history = chdb_history(engine)
    truth, one = trait("x") == True, trait("x") == 1  # noqa: E712

    async def story() -> None:
        await history.put_people([person(1, {"x": True}), person(2, {"x": 1}), person(3, {"x": 1})])
        assert (await history.audiences.audience(truth, as_of_ms=NOW_MS)).people == 1
        assert (await history.audiences.audience(one, as_of_ms=NOW_MS)).people == 2
        found = await history.audiences.overlap([truth, one, one], as_of_ms=NOW_MS)
        check_overlap(found, [{1}, {2, 3}, {2, 3}], 3)

    asyncio.run(story())


@pytest.mark.parametrize(("count", "error"), [(0, Invalid), (1, Invalid), (SETS_MOST + 1, TooLarge)])
def test_too_few_and_too_many_sets_are_refused(engine: Engine, count: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        asyncio.run(chdb_history(engine).audiences.overlap([did("A")] * count, as_of_ms=NOW_MS))


def test_as_many_sets_as_are_allowed(engine: Engine) -> None:
    history = chdb_history(engine)
    assert isinstance(history, HasAudiences)

    async def story() -> None:
        numbers = range(1, SETS_MOST + 1)
        await history.put_people([person(number, {"n": number}) for number in numbers])
        members: list[set[int]] = [set(range(number, SETS_MOST + 1)) for number in numbers]
        found = await history.audiences.overlap([trait("n") >= number for number in numbers], as_of_ms=NOW_MS)
        check_overlap(found, members, SETS_MOST)

    asyncio.run(story())
