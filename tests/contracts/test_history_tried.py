"""The history contract: who an adaptive step sent where, and what came of it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from holdfast.events.event import OWN_SOURCE
from holdfast.measures.learning.question import BINS, CompanyQuestion, CompanyRow, TriedGoal, TriedQuestion, TriedRow
from holdfast.ports.history import History, HistoryRow
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.memory.history import MemoryHistory
from tests.contracts.history_contract import AT, HOUR, SECOND, chdb_history, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.history_contract import history as history  # noqa: PLC0414 - The fixture.

WINDOW_MS = BINS * HOUR
BIN = HOUR
"""Of the question below."""
BEGIN = AT - AT % BIN
"""So that batches begin on whole hours."""
QUESTION = TriedQuestion(
    experiment="j.x",
    goals=(TriedGoal(event="Bought", within_seconds=WINDOW_MS // 1000),),
    as_of_ms=BEGIN + 100 * BIN,
)


def assigned(identity: int, variant: str, at_ms: int, **said: Any) -> HistoryRow:
    about = {"experiment": "j.x", "variant": variant, "propensity": 0.5, "evenly": False, "arm": "treated"} | said
    return row(identity, VARIANT_ASSIGNED, at_ms, source=OWN_SOURCE, properties=about, message_id=f"a{identity}{at_ms}")


def bought(identity: int, at_ms: int, name: str = "Bought", **said: Any) -> HistoryRow:
    return row(identity, name, at_ms, properties=said, message_id=f"{name}{identity}{at_ms}")


async def asked(history: History, rows: list[HistoryRow], question: TriedQuestion = QUESTION) -> list[TriedRow]:
    await history.add(rows, token="t")
    return await history.tried(question)


async def test_people_are_told_by_path_batch_and_delay(history: History) -> None:
    rows = [
        assigned(1, "a", BEGIN),
        assigned(2, "a", BEGIN + BIN - 1),
        assigned(3, "b", BEGIN, evenly=True, propensity=0.25),
        assigned(4, "a", BEGIN + BIN),
        bought(1, BEGIN + 1),
        bought(2, BEGIN + 3 * BIN),
        bought(2, BEGIN + 4 * BIN),
        bought(3, BEGIN),
        bought(4, BEGIN + BIN + WINDOW_MS),
        bought(9, BEGIN + 5),
    ]
    first, second, third = await asked(history, rows)
    batch = BEGIN // BIN
    assert (first.variant, first.batch, first.people, first.evenly, first.propensity) == ("a", batch, 2, False, 0.5)
    assert first.reached == (1, 0, 1, *[0] * (BINS - 3)), "the first purchase counts, from when they came"
    assert (first.brought, first.squares) == (2.0, 2.0)
    assert (second.batch, second.people) == (batch + 1, 1)
    assert second.reached == (*[0] * (BINS - 1), 1), "the window's last moment is in it"
    assert (third.variant, third.evenly, third.propensity, third.brought) == ("b", True, 0.25, 0.0)


async def test_only_bins_that_passed_for_the_whole_batch_count(history: History) -> None:
    rows = [assigned(1, "a", BEGIN), bought(1, BEGIN + 30), assigned(2, "a", BEGIN), bought(2, BEGIN + BIN + 30)]
    early = [
        replace(QUESTION, as_of_ms=BEGIN + BIN - 1),
        replace(QUESTION, as_of_ms=BEGIN + 2 * BIN),
        replace(QUESTION, as_of_ms=BEGIN + 3 * BIN),
    ]
    await history.add(rows, token="t")
    found = [(await history.tried(each))[0] for each in early]
    assert [each.people for each in found] == [2, 2, 2]
    assert [each.brought for each in found] == [0.0, 1.0, 2.0]
    assert await history.tried(replace(QUESTION, as_of_ms=BEGIN - 1)) == []
    assert await history.tried(replace(QUESTION, since_ms=BEGIN + 1)) == []


async def test_who_is_left_alone_and_who_says_so_themselves_is_left_out(history: History) -> None:
    forged = row(3, VARIANT_ASSIGNED, BEGIN, properties={"experiment": "j.x", "variant": "a", "propensity": 1})
    rows = [
        assigned(1, "a", BEGIN, arm="holdout"),
        assigned(2, "a", BEGIN, arm="global_holdout"),
        forged,
        assigned(4, "a", BEGIN, experiment="j.other"),
    ]
    assert await asked(history, rows) == []


async def test_two_devices_of_one_person_count_once_by_what_was_first(history: History) -> None:
    await history.map_identities({2: 1}, version=1)
    rows = [assigned(1, "b", BEGIN + 5), assigned(2, "a", BEGIN + 3), bought(1, BEGIN + BIN)]
    (found,) = await asked(history, rows)
    assert (found.variant, found.people, found.brought) == ("a", 1, 1.0)


async def test_several_goals_have_their_worth_and_their_windows(history: History) -> None:
    goals = (
        TriedGoal(event="Bought", within_seconds=WINDOW_MS // 1000, worth=2.0, value="price"),
        TriedGoal(event="Viewed", within_seconds=60, worth=0.5),
    )
    rows = [
        assigned(1, "a", BEGIN, cell='["free"]'),
        bought(1, BEGIN + 10 * SECOND, "Viewed"),
        bought(1, BEGIN + 2 * BIN, price=30),
        assigned(2, "a", BEGIN, cell='["free"]'),
        bought(2, BEGIN + 61 * SECOND, "Viewed"),
        bought(2, BEGIN + BIN, price="dear"),
    ]
    (found,) = await asked(history, rows, replace(QUESTION, goals=goals))
    assert found.cell == '["free"]'
    assert found.brought == pytest.approx(60.5)
    assert found.squares == pytest.approx(60.5**2)
    assert sum(found.reached) == 3, "a price that is no number is a goal that brought nothing"


async def test_both_histories_say_the_same_of_anything(engine: Engine) -> None:
    chance = random.Random(6)
    rows: list[HistoryRow] = []
    for identity in range(1, 120):
        at_ms = BEGIN + chance.randrange(60 * BIN)
        cell = chance.choice(["", '["x"]'])
        rows.append(assigned(identity, chance.choice("abc"), at_ms, cell=cell, evenly=chance.random() < 0.3))
        for _ in range(chance.randrange(4)):
            name = chance.choice(["Bought", "Viewed"])
            rows.append(bought(identity, at_ms + chance.randrange(-BIN, 25 * BIN), name, price=chance.randrange(9)))
    goals = (
        TriedGoal(event="Bought", within_seconds=WINDOW_MS // 1000, value="price"),
        TriedGoal(event="Viewed", within_seconds=7 * 3600, worth=0.25),
    )
    memory, chdb = MemoryHistory(currency="USD"), chdb_history(engine)
    for each in (memory, chdb):
        await each.map_identities({n: n - 1 for n in range(10, 60, 5)}, version=1)
        await each.add(rows, token="t")
    for hours in (5, 40, 90):
        question = replace(QUESTION, goals=goals, as_of_ms=BEGIN + hours * BIN + 77)
        expected, found = await memory.tried(question), await chdb.tried(question)
        assert [replace(each, worth=(), squares=0) for each in found] == [
            replace(each, worth=(), squares=0) for each in expected
        ]
        for one, other in zip(found, expected, strict=True):
            assert one.worth == pytest.approx(other.worth)
            assert one.squares == pytest.approx(other.squares)
        assert sum(each.people for each in found) > 5


STEPS = CompanyQuestion(experiments=("j.x", "j.y", "j.z"), bin_ms=BIN, as_of_ms=BEGIN + 10 * BIN)


def met(rows: list[CompanyRow]) -> dict[tuple[int, int, str, int, str], float]:
    return {(each.step, each.other, each.variant, each.age, each.other_variant): each.people for each in rows}


async def test_who_had_which_paths_is_told_for_each_two_steps_both_ways(history: History) -> None:
    rows = [
        assigned(1, "a", BEGIN),
        assigned(1, "b", BEGIN + BIN),  # Later: what was first counts.
        assigned(1, "m", BEGIN + 2 * BIN, experiment="j.y"),
        assigned(2, "a", BEGIN + BIN - 1),
        assigned(2, "m", BEGIN + 2 * BIN + 7, experiment="j.y"),
        assigned(3, "a", BEGIN),
        assigned(4, "b", BEGIN),
        assigned(4, "n", BEGIN, experiment="j.y", arm="holdout"),
        assigned(5, "b", BEGIN),
        assigned(5, "q", BEGIN, experiment="j.other"),
    ]
    for number, each in enumerate(rows):
        rows[number] = structs.replace(each, event=structs.replace(each.event, message_id=f"m{number}"))
    await history.add(rows, token="t")
    found = met(await history.company(STEPS))
    assert found == {(0, 1, "a", 9, "m"): 2.0, (1, 0, "m", 7, "a"): 2.0}
    assert list(found) == sorted(found)
    fading = met(await history.company(replace(STEPS, half_life_bins=5.0)))
    assert fading == {(0, 1, "a", 9, "m"): pytest.approx(2 * 0.25), (1, 0, "m", 7, "a"): pytest.approx(2 * 0.5**1.6)}
    assert await history.company(replace(STEPS, since_ms=BEGIN + 1)) != []
    assert await history.company(replace(STEPS, since_ms=BEGIN + BIN)) == []
    assert await history.company(replace(STEPS, as_of_ms=BEGIN + BIN)) == []


async def test_both_histories_say_the_same_of_company(engine: Engine) -> None:
    chance = random.Random(8)
    rows: list[HistoryRow] = []
    for identity in range(1, 150):
        at_ms = BEGIN + chance.randrange(60 * BIN)
        for step in ("j.x", "j.y", "j.z"):
            if chance.random() < 0.7:
                at_ms += chance.randrange(9 * BIN)
                arm = chance.choice(["", "treated", "treated", "holdout"])
                told = assigned(identity, chance.choice("abc"), at_ms, experiment=step, arm=arm)
                rows.append(structs.replace(told, event=structs.replace(told.event, message_id=f"{step}{identity}")))
    memory, chdb = MemoryHistory(currency="USD"), chdb_history(engine)
    for each in (memory, chdb):
        await each.map_identities({n: n - 1 for n in range(10, 90, 5)}, version=1)
        await each.add(rows, token="t")
    for given in ({}, {"half_life_bins": 7.5}, {"as_of_ms": BEGIN + 30 * BIN + 9, "since_ms": BEGIN + 8 * BIN}):
        question = replace(STEPS, **({"as_of_ms": BEGIN + 70 * BIN} | given))
        expected, found = met(await memory.company(question)), met(await chdb.company(question))
        assert list(found) == list(expected)
        assert list(found.values()) == pytest.approx(list(expected.values()))
        assert len(found) > 20
