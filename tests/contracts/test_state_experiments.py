"""The state contract: experiments keep every version."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.ports.experiments import SavedExperiment
from holdfast.ports.state import State
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

SPRING = SavedExperiment(id="spring", saved_ms=1, by="änn", definition=b"\x00\xff")


async def test_every_change_makes_a_version_and_the_same_again_makes_none(state: State) -> None:
    changes = (
        SPRING,
        replace(SPRING, definition=b"{}", saved_ms=2, by=""),
        replace(SPRING, saved_ms=2**45, by="ben"),
    )
    async with state.begin() as transaction:
        assert await transaction.experiment_changes() == 0
        for number, change in enumerate(changes, 1):
            assert await transaction.put_experiment(change) == replace(change, version=number)
            again = replace(change, saved_ms=99, by="somebody", version=77)
            assert await transaction.put_experiment(again) == replace(change, version=number), "the first saver stays"
        assert await transaction.experiment_changes() == 3
    versions = [replace(change, version=number) for number, change in enumerate(changes, 1)]
    async with state.view() as view:
        assert await view.experiments() == [versions[-1]]
        assert await view.experiment_versions("spring", limit=9) == versions[::-1]
        assert await view.experiment_versions("spring", limit=1, before=3) == [versions[1]]
        assert await view.experiment_versions("summer", limit=9) == []


async def test_each_has_versions_of_its_own_and_they_come_in_order(state: State) -> None:
    async with state.begin() as transaction:
        for name in ("b", "a-2", "a", "a_1", "b"):
            await transaction.put_experiment(replace(SPRING, id=name, definition=name.encode()))
        await transaction.put_experiment(replace(SPRING, id="b", definition=b"2"))
    async with state.view() as view:
        found = [(each.id, each.version) for each in await view.experiments()]
        assert found == [("a", 1), ("a-2", 1), ("a_1", 1), ("b", 2)]
        assert await view.experiment_changes() == 5


async def test_what_a_block_that_raises_did_to_experiments_is_undone(state: State) -> None:
    async with state.begin() as transaction:
        kept = await transaction.put_experiment(SPRING)

    async def change() -> None:
        async with state.begin() as transaction:
            await transaction.put_experiment(replace(SPRING, definition=b"lost"))
            raise ValueError("undo")

    with pytest.raises(ValueError, match="undo"):
        await change()
    async with state.view() as view:
        assert await view.experiments() == [kept]
