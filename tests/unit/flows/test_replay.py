"""Replaying bad records: each becomes one event, however often and whenever it is tried."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from holdfast.flows.ingest.replay import ReplayDone, replay
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import BadRecord
from holdfast.testing.house import House


async def records(house: House) -> list[BadRecord]:
    async with house.app.state.view() as view:
        return await view.bad_records(limit=9, before_id=None, replayed=None)


async def mended(house: House) -> ReplayDone:
    app = house.app
    bodies = {each.id: each.body.replace('"trak"', '"track"') for each in await records(house)}
    return await replay(app.state, app.collector, ids=sorted(bodies), bodies=bodies, now=app.clock.now())


async def seen(house: House) -> list[int]:
    """When they did it, the latest first."""
    async with house.app.state.view() as view:
        identities = await view.persons_after(0, limit=9)
    return [each.timestamp_ms for each in await house.app.history.timeline(identities, limit=9)]


async def test_records_that_say_the_same_are_an_event_each_of_when_they_came(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    said = {"type": "trak", "event": "Seen", "userId": "ada"}
    await house.happens(said, said)
    house.clock.advance(seconds=1)
    await house.happens(said, {**said, "messageId": None, "timestamp": "2026-01-05T08:00:00Z"})
    came_ms = to_millis(house.clock.now())
    house.clock.advance(days=3)
    assert (await mended(house)).replayed == 4
    await house.settle()
    at_ms = await seen(house)
    assert (len(at_ms), len(set(at_ms)), at_ms[0]) == (4, 3, came_ms)


async def test_who_dies_before_it_is_marked_and_two_at_once_add_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await House.build(tmp_path)
    await house.happens({"type": "trak", "event": "Seen", "userId": "ada"})
    with monkeypatch.context() as killed:
        killed.setattr(house.app.state, "begin", None)
        with pytest.raises(TypeError):
            await mended(house)
    house.clock.advance(seconds=1)
    await asyncio.gather(mended(house), mended(house))
    house.clock.advance(days=1)
    assert (await mended(house)).replayed == 0
    await house.settle()
    assert len(await seen(house)) == 1
