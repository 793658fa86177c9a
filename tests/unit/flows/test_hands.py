"""Hands: whoever works out what a tick comes to, it comes to the same, and is written in one piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from holdfast.flows.ingest import handing
from holdfast.flows.ingest.hand import Hand
from holdfast.flows.ingest.tasks import decode_task
from holdfast.flows.upkeep.alike import compare_states
from holdfast.stores.sqlite.recording import SqliteRecorder
from holdfast.stores.sqlite.state import SqliteState
from holdfast.wiring import Application
from tests.unit.flows.test_rebuild import Life, differing


class HandsHere:
    """Hands of this process, each over a connection of its own."""

    def __init__(self, app: Application, directory: Path, count: int) -> None:
        self.app = app
        self.ready = count
        self.recorders = [SqliteRecorder(directory) for _ in range(count)]
        self.hands = [
            Hand(each, rules=app.rules, revision=app.choices.revision, zone=app.zone) for each in self.recorders
        ]
        self.did: Counter[str] = Counter()
        self.could_not = 0
        self.fails: Callable[[], bool] = lambda: False

    @property
    def revision(self) -> int:
        return self.app.choices.revision

    async def give(self, hand: int, task: bytes) -> bytes | None:
        found = None if self.fails() else await self.hands[hand].do(task)
        if found is None:
            self.could_not += 1
        else:
            self.did[type(decode_task(task)).__name__] += 1
        return found

    def done(self, count: int) -> None:
        pass

    async def close(self) -> None:
        for each in self.recorders:
            await each.close()


@asynccontextmanager
async def life_with_hands(tmp_path: Path, seed: int, count: int) -> AsyncIterator[tuple[Life, HandsHere]]:
    state = SqliteState(tmp_path / "state")
    life = await Life.begin(tmp_path, seed, state=state)
    hands = HandsHere(life.house.app, tmp_path / "state", count)
    await life.house.app.reactor.use(hands)
    try:
        yield life, hands
    finally:
        await hands.close()
        await state.close()


@pytest.fixture(autouse=True)
def _everything_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing, "GIVEN_LEAST", 1)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13])
async def test_a_life_with_hands_is_made_anew_without_them(tmp_path: Path, seed: int) -> None:
    async with life_with_hands(tmp_path, seed, 1 + seed % 3) as (life, hands):
        await life.live(120)
        assert hands.did["Learn"] > 20
        done, state, history = await life.again()
        found = await compare_states(life.house.app.state, state)
        assert differing(found) == {}
        assert found["visits"].rows > 3
        assert done.told_otherwise == 0
        assert done.without_turns == 0
        assert await history.size() == await life.house.app.history.size()
