"""A run that is killed in the middle goes on where it stopped; nobody enters twice, nobody is forgotten."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from holdfast.flows.ingest.intake import Intake
from holdfast.flows.journey import broadcasts
from holdfast.ports.runs import Run
from holdfast.settings import Settings
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.clock import FakeClock
from holdfast.testing.house import House
from holdfast.wiring import Mail, assemble
from tests.unit.flows.test_broadcasts import a_campaign, identify

PEOPLE = 23


class Killed(RuntimeError):
    """The process is no more."""


class Ground:
    """What outlives a process: the disk, the log, the history, the time and the provider."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log, self.history = MemoryLog(), MemoryHistory()
        self.clock, self.carrier = FakeClock(), KeptParcels()

    async def start(self, *, sending: bool = False) -> House:
        """A process, opened on what there is; one that sends nothing claims nothing either."""
        state = SqliteState(self.directory / "state")
        app = await assemble(
            Settings.load(self.directory, {}, {}, working_dir=self.directory),
            clock=self.clock,
            log=self.log,
            state=state,
            history=self.history,
            mail=Mail(carrier=self.carrier, mailbox=None) if sending else None,
        )
        return House(app, self.clock, self.carrier)


async def end(house: House) -> None:
    await house.app.state.close()


async def the_run(house: House) -> Run:
    async with house.app.state.view() as view:
        (run,) = await view.runs_of("news", limit=9)
    return run


async def entered(house: House) -> Counter[int]:
    async with house.app.state.view() as view:
        visits = await view.visits_of(list(range(1, PEOPLE + 1)), limit=1_000)
    return Counter(visit.identity for visit in visits)


async def test_killed_between_batches_it_goes_on_exactly_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "ENTER_MOST", 3)
    ground = Ground(tmp_path)
    house = await ground.start()
    await house.happens(*(identify(f"p{n}") for n in range(PEOPLE)))
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}))
    ground.clock.advance(hours=1)
    await house.app.reactor.tick()
    await house.app.preparer.prepare()
    sound, cursor = Intake.let_in, 0
    for kill_after in range(1, 5):
        batches = 0

        async def let_in(self: Intake, *args: Any, **also: Any) -> Counter[str]:
            nonlocal batches
            came = await sound(self, *args, **also)
            batches += 1
            if batches == kill_after:  # noqa: B023  # It is of this round only.
                raise Killed  # Everything is written, and nothing is committed.
            return came

        with monkeypatch.context() as patched:
            patched.setattr(Intake, "let_in", let_in)
            for _ in range(kill_after - 1):
                await house.app.reactor.tick()
            with pytest.raises(Killed):
                await house.app.reactor.tick()
        cursor = min(PEOPLE, cursor + 3 * (kill_after - 1))
        assert ((await the_run(house)).cursor, (await entered(house)).total()) == (cursor, cursor)
        await end(house)
        house = await ground.start()
    await end(house)
    house = await ground.start(sending=True)
    await house.later(minutes=30)
    await house.later(minutes=30)
    run = await the_run(house)
    assert (run.state, run.cursor, run.counts) == ("done", PEOPLE, {"treated": PEOPLE})
    assert await entered(house) == Counter(range(1, PEOPLE + 1))
    assert Counter(parcel.to for parcel in ground.carrier.parcels) == Counter(
        f"p{n}@example.com" for n in range(PEOPLE)
    )
    await end(house)


async def test_killed_while_its_audience_is_asked_for_it_is_asked_for_again(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    house = await ground.start()
    await house.happens(identify("ann"), identify("bob"))
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}))
    ground.clock.advance(hours=1)
    await house.app.reactor.tick()
    assert (await the_run(house)).state == "preparing"
    await end(house)
    house = await ground.start(sending=True)
    await house.settle()
    assert ((await the_run(house)).state, len(ground.carrier.parcels)) == ("done", 2)
    # Found again by another process at the same time, it changes nothing.
    house.app.preparer.wanted.set()
    await house.settle()
    assert len(ground.carrier.parcels) == 2
    await end(house)
