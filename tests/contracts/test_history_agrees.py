"""Every condition means the same in SQL and in Python: the generated proof, on chDB.

Each example loads one random world and asks many random conditions of it at once, then compares, person by person.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.kernel.moments import from_millis
from holdfast.kernel.sql import join, sql
from holdfast.segments.catalogue import declared
from holdfast.segments.condition import Condition, PastEvent, Truth
from holdfast.segments.facts import HistoryFacts
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import chdb_history, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.unit.segments.cases import NOW_MS, World, conditions, worlds

CONDITIONS_AT_ONCE = 25


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(world=worlds(), asked=st.lists(conditions(), min_size=1, max_size=CONDITIONS_AT_ONCE))
def test_sql_and_python_choose_the_same_people(engine: Engine, world: World, asked: list[Condition]) -> None:
    history = chdb_history(engine)
    asyncio.run(_load(history, world))
    expected = [_by_python(world, condition) for condition in asked]
    found = _by_sql(history, asked)
    for condition, people, those in zip(asked, expected, found, strict=True):
        assert those == people, f"{condition!r}: SQL chose {those}, Python {people}"
    assert asyncio.run(history.count(asked[0], as_of_ms=NOW_MS)) == len(expected[0])


@pytest.mark.parametrize("name", sorted(declared()))
def test_examples_of_each_declaration_can_be_asked(engine: Engine, name: str) -> None:
    history = chdb_history(engine)
    asyncio.run(history.put_people([person(1, {"country": "DE"}), person(2)]))
    for example in declared()[name].examples:
        rows = asyncio.run(history.people(example, as_of_ms=NOW_MS, limit=5))
        facts = {1: HistoryFacts({"country": "DE"}, {}), 2: HistoryFacts({}, {})}
        now = from_millis(NOW_MS)
        assert [each.person for each in rows] == [n for n in facts if example.holds(facts[n], now) is Truth.TRUE]


async def _load(history: ChdbHistory, world: World) -> None:
    await history.put_people(
        [person(number, traits, gone=number in world.gone) for number, traits in world.traits.items()]
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


def _by_python(world: World, condition: Condition) -> list[int]:
    pasts: dict[int, dict[str, list[PastEvent]]] = defaultdict(lambda: defaultdict(list))
    for each in world.happened:
        past = PastEvent(timestamp=from_millis(each.at_ms), properties=each.properties)
        pasts[world.joined.get(each.identity, each.identity)][each.name].append(past)
    now = from_millis(NOW_MS)
    return [
        number
        for number, traits in world.traits.items()
        if number not in world.gone and condition.holds(HistoryFacts(traits, pasts[number]), now) is Truth.TRUE
    ]


def _by_sql(history: ChdbHistory, asked: list[Condition]) -> list[list[int]]:
    scope = history._scope(NOW_MS)
    columns = (sql("arraySort(groupArrayIf(person, ") + each.sql(scope) + sql("))") for each in asked)
    question = sql("SELECT ") + join(", ", columns) + sql(" FROM people FINAL WHERE workspace = ") + scope.here
    (found,) = history._engine.run_here(lambda handle: handle.rows(question))
    return found
