"""Every condition means the same in SQL and in Python: the generated proof, on chDB.

Each example loads one random world and asks many random conditions of it at once, then compares, person by person.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations_with_replacement

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.kernel.moments import from_millis
from holdfast.kernel.sql import join, sql
from holdfast.profiles.profile import EMPTY, Profile, Stamped, combine, learn, with_kept
from holdfast.segments.builders import did_amount, mostly, prop
from holdfast.segments.catalogue import declared
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, PastEvent, Truth
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.trait import Trait
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.library import resolve
from holdfast.segments.live import knowable_live
from holdfast.segments.operators import OPERATORS
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import chdb_history, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.unit.segments.cases import (
    EVERY_OPERAND,
    LIBRARY,
    NOW_MS,
    SCALARS,
    TRAIT_VALUES,
    VALUES,
    Happened,
    World,
    a_world,
    conditions,
    of_declaration,
    watching_all,
)

CONDITIONS_AT_ONCE = 40


# A failure names one condition and one person, so nothing is gained by the minutes that shrinking would take.
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32), asked=st.lists(conditions(), min_size=20, max_size=CONDITIONS_AT_ONCE))
def test_sql_and_python_choose_the_same_people(engine: Engine, seed: int, asked: list[Condition]) -> None:
    world = a_world(seed)
    history = chdb_history(engine)
    asyncio.run(_load(history, world))
    facts = _facts(world)
    for condition, found in zip(asked, _by_sql(history, asked), strict=True):
        people = _by_python(facts, condition)
        assert found == people, _difference(world, condition, found, people)
    assert asyncio.run(history.count(asked[0], as_of_ms=NOW_MS)) == len(_by_python(facts, asked[0]))


@pytest.mark.parametrize("name", sorted(declared()))
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_each_declaration_agrees_for_itself(engine: Engine, name: str, seed: int, data: st.DataObject) -> None:
    """So that none is asked too seldom for its mistakes to be seen."""
    world = a_world(seed, people=40, events=400)
    history = chdb_history(engine)
    asyncio.run(_load(history, world))
    asked = data.draw(st.lists(of_declaration(declared()[name]), min_size=30, max_size=CONDITIONS_AT_ONCE))
    facts = _facts(world)
    for condition, found in zip(asked, _by_sql(history, asked), strict=True):
        people = _by_python(facts, condition)
        assert found == people, _difference(world, condition, found, people)


@pytest.mark.parametrize("name", ["did", "first_did", "last_did", "did_amount", "only_did", "share_of"])
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_a_live_profile_agrees_that_was_gathered_by_sql_and_went_on_by_events(
    engine: Engine, name: str, seed: int, data: st.DataObject
) -> None:
    """Some events lie before it was watched, some after, some in both; they come in any order."""
    drawn = a_world(seed, people=25, events=400)
    # What comes twice never gets so far.
    happened = [replace(each, copy=False) for each in drawn.happened if each.at_ms <= NOW_MS]
    world = replace(drawn, happened=tuple(happened))
    draw = random.Random(seed)
    asked = data.draw(st.lists(of_declaration(declared()[name]), min_size=10, max_size=20))
    watching = watching_all(asked)
    history = chdb_history(engine)
    asyncio.run(_load(history, world))
    profiles: dict[int, Profile] = {}
    for n, each in draw.sample(list(enumerate(world.happened, 1)), len(world.happened)):
        event = row(each.identity, each.name, each.at_ms, properties=each.properties, message_id=f"m{n}").event
        as_it_comes = watching if draw.random() < 0.5 else None
        profiles[each.identity] = learn(profiles.get(each.identity, EMPTY), event, as_it_comes)
    for watched in watching.by_leaf.values():
        gathered = asyncio.run(history.gather(watched.leaf, after=0, limit=1_000))
        for identity, kept in gathered.kept.items():
            profiles[identity] = with_kept(profiles[identity], watched.number, kept)
    facts = {}
    for number in world.traits.keys() - world.gone:
        theirs = [profile for each, profile in profiles.items() if world.joined.get(each, each) == number]
        said = Profile(traits={each: Stamped(1, "m", value) for each, value in world.traits[number].items()})
        facts[number] = ProfileFacts(combine([said, *theirs]), user_id=world.user_id(number), watching=watching)
    now = from_millis(NOW_MS)
    for condition, found in zip(asked, _by_sql(history, asked), strict=True):
        truths = {number: condition.holds(facts[number], now) for number in sorted(facts)}
        unknown = {number for number, truth in truths.items() if truth is Truth.UNKNOWN}
        people = [number for number, truth in truths.items() if truth is Truth.TRUE or number in unknown & set(found)]
        assert found == people, _difference(world, condition, found, people)
        if knowable_live(condition) is None:
            # But for values that are too long to be kept, and text that is none.
            assert all(_lost(facts[number]._profile) for number in unknown), (condition, unknown)


def _lost(profile: Profile) -> bool:
    return any(each.values is None for kept in profile.watched.values() for each in kept.entries)


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_agrees_on_every_pair_of_values(engine: Engine, operator: str) -> None:
    """Each person has one of the values, under a trait and under a property; each value is asked for in turn."""
    world = World(
        traits={number: {"x": value} for number, value in enumerate(TRAIT_VALUES, 1)} | {len(TRAIT_VALUES) + 1: {}},
        gone=frozenset(),
        joined={},
        happened=tuple(
            Happened(identity=number, name="Order", at_ms=NOW_MS, properties={"x": value}, copy=False)
            for number, value in enumerate(TRAIT_VALUES, 1)
        ),
    )
    history = chdb_history(engine)
    asyncio.run(_load(history, world))
    comparisons = [
        Comparison(name="x", operator=operator, value=value) for value in EVERY_OPERAND[OPERATORS[operator].takes]
    ]
    asked: list[Condition] = [Trait(trait="x", operator=operator, value=each.value) for each in comparisons]
    asked += [Did(event="Order", where=(each,)) for each in comparisons[::7]]
    facts = _facts(world)
    for start in range(0, len(asked), CONDITIONS_AT_ONCE):
        part = asked[start : start + CONDITIONS_AT_ONCE]
        for condition, found in zip(part, _by_sql(history, part), strict=True):
            people = _by_python(facts, condition)
            assert found == people, _difference(world, condition, found, people)


def test_values_are_told_apart_alike(engine: Engine) -> None:
    """Each person did it twice, with two of the values: every pair there is."""
    pairs = list(combinations_with_replacement(VALUES, 2))
    happened = [
        Happened(identity=number, name="Order", at_ms=NOW_MS, properties={"x": value}, copy=False)
        for number, pair in enumerate(pairs, 1)
        for value in pair
    ]
    world = World(
        traits={number: {} for number in range(1, len(pairs) + 1)},
        gone=frozenset(),
        joined={},
        happened=tuple(happened),
    )
    history = chdb_history(engine)
    asyncio.run(_load(history, world))
    asked: list[Condition] = [did_amount("Order", "distinct", of="x", at_least=least) for least in (1, 2)]
    asked += [did_amount("Order", "sum", of="x", at_least=much) for much in (-1e17, 0, 1e-6, 30.1, 1e17)]
    asked += [mostly("Order", prop("x") == value) for value in SCALARS[::5]]
    asked += [mostly("Order", prop("x") == value, at_least_percent=50) for value in SCALARS[::9]]
    facts = _facts(world)
    for condition, found in zip(asked, _by_sql(history, asked), strict=True):
        people = _by_python(facts, condition)
        assert found == people, _difference(world, condition, found, people)


def test_a_value_in_two_spellings_is_one_value(engine: Engine) -> None:
    """An integer beyond 2^53 and the float equal to it are laid out differently, and are the same to a comparison."""
    beyond = 2**53 + 2
    spelt_so: list[Json] = [beyond, float(beyond), "a", "a"]
    world = World(
        traits={1: {}, 2: {}},
        gone=frozenset(),
        joined={},
        happened=tuple(
            Happened(identity=number, name="Order", at_ms=NOW_MS, properties={"x": value}, copy=False)
            for number, values in ((1, spelt_so), (2, [*spelt_so, "a"]))
            for value in values
        ),
    )
    history = chdb_history(engine)
    asyncio.run(_load(history, world))
    asked: list[Condition] = [mostly("Order", prop("x") == beyond)]
    assert _by_sql(history, asked) == [[1]]
    assert _by_python(_facts(world), asked[0]) == [1]


@pytest.mark.parametrize("name", sorted(declared()))
def test_examples_of_each_declaration_can_be_asked(engine: Engine, name: str) -> None:
    history = chdb_history(engine)
    asyncio.run(history.put_people([person(1, {"country": "DE"}), person(2)]))
    for example in declared()[name].examples:
        asked = resolve(example, LIBRARY)
        rows = asyncio.run(history.people(asked, as_of_ms=NOW_MS, limit=5))
        facts = {1: HistoryFacts({"country": "DE"}, {}, user_id="u1"), 2: HistoryFacts({}, {}, user_id="u2")}
        now = from_millis(NOW_MS)
        assert [each.person for each in rows] == [n for n in facts if asked.holds(facts[n], now) is Truth.TRUE]


async def _load(history: ChdbHistory, world: World) -> None:
    await history.put_people(
        [
            person(number, traits, gone=number in world.gone, user_id=world.user_id(number))
            for number, traits in world.traits.items()
        ]
    )
    await history.add(
        [
            row(
                each.identity, each.name, each.at_ms, properties=each.properties, message_id=f"m{0 if each.copy else n}"
            )
            for n, each in enumerate(world.happened, 1)
        ],
        token="world",
    )
    await history.map_identities(world.joined, version=1)


def _facts(world: World) -> dict[int, HistoryFacts]:
    """What is known of each person who is not gone."""
    pasts: dict[int, dict[str, list[PastEvent]]] = defaultdict(lambda: defaultdict(list))
    for each in world.happened:
        past = PastEvent(timestamp=from_millis(each.at_ms), properties=each.properties)
        pasts[world.joined.get(each.identity, each.identity)][each.name].append(past)
    return {
        number: HistoryFacts(traits, pasts[number], user_id=world.user_id(number), groups=world.groups_of(number))
        for number, traits in world.traits.items()
        if number not in world.gone
    }


def _by_python(facts: Mapping[int, HistoryFacts], condition: Condition) -> list[int]:
    now = from_millis(NOW_MS)
    return [number for number, theirs in facts.items() if condition.holds(theirs, now) is Truth.TRUE]


def _difference(world: World, condition: Condition, found: list[int], people: list[int]) -> str:
    number = min(set(found) ^ set(people))
    theirs = [each for each in world.happened if world.joined.get(each.identity, each.identity) == number]
    return (
        f"{condition!r}: person {number} is chosen by {'SQL' if number in found else 'Python'} alone; "
        f"traits {world.traits.get(number)}, events {theirs}"
    )


def _by_sql(history: ChdbHistory, asked: list[Condition]) -> list[list[int]]:
    scope = history._scope(NOW_MS)
    columns = (sql("arraySort(groupArrayIf(person, ") + each.sql(scope) + sql("))") for each in asked)
    question = sql("SELECT ") + join(", ", columns) + sql(" FROM people FINAL WHERE workspace = ") + scope.here
    (found,) = history._engine.run_here(lambda handle: handle.rows(question))
    return found
