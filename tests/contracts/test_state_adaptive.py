"""The state contract: weighings of adaptive paths."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.decisions.weights import Weights
from holdfast.ports.adaptive import PathLearnt, Weighing
from holdfast.ports.state import State
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

LEARNT = PathLearnt(path="a", people=10, seen=7.5, rate=None, mean=0.05, deviation=0.01, best=0.7, loss=0.001)


def weighing(experiment: str, number: int, *, reason: str = "because") -> Weighing:
    weights = Weights(number=number, shares={"b": 0.25, "a": 0.75}, slice=0.05, cells={'["\\ud800"]': {"a": 1.0}})
    return Weighing(
        experiment=experiment, weights=weights, mode="learning", at_ms=number, reason=reason, learnt=(LEARNT,)
    )


async def test_the_last_weighing_of_each_step_is_found(state: State) -> None:
    async with state.begin() as transaction:
        for each in (weighing("j.x", 1), weighing("j.x", 2), weighing("j.x", 10), weighing("j.xy", 3)):
            assert await transaction.add_weighing(each)
    async with state.view() as view:
        asked = await view.last_weighings(["j.x", "j.y", "j.xy"])
        assert asked == {"j.x": weighing("j.x", 10), "j.xy": weighing("j.xy", 3)}
        assert await view.last_weighings([]) == {}
        assert await view.weighed() == {"j.x": 10, "j.xy": 3}


async def test_the_log_of_weighings_is_read_backwards(state: State) -> None:
    async with state.begin() as transaction:
        for number in range(1, 13):
            await transaction.add_weighing(weighing("j.x", number))
        await transaction.add_weighing(weighing("j.y", 1))
    async with state.view() as view:
        assert [each.number for each in await view.weighings("j.x", limit=3)] == [12, 11, 10]
        assert [each.number for each in await view.weighings("j.x", limit=9, before=3)] == [2, 1]
        assert await view.weighing("j.x", 4) == weighing("j.x", 4)
        assert await view.weighing("j.x", 40) is None


async def test_a_number_is_given_once(state: State) -> None:
    first = weighing("j.x", 1)
    async with state.begin() as transaction:
        assert await transaction.add_weighing(first)
    async with state.begin() as transaction:
        assert not await transaction.add_weighing(replace(first, reason="another"))
    async with state.view() as view:
        assert await view.last_weighings(["j.x"]) == {"j.x": first}


async def test_what_is_not_committed_was_never_weighed(state: State) -> None:
    async def breaks() -> None:
        async with state.begin() as transaction:
            await transaction.add_weighing(weighing("j.x", 1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await breaks()
    async with state.view() as view:
        assert await view.weighed() == {}
