"""Several processes let timers fire at once, over a real PostgreSQL: what one would have done, and nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from holdfast.flows.ingest.helping import Helper
from holdfast.flows.people.identify import merge
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.rebuild import Rebuilding, rebuild
from holdfast.ports.state import State
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.state import MemoryState
from holdfast.stores.postgres.state import PostgresState
from holdfast.testing import an_event
from holdfast.testing.house import House
from holdfast.wiring import rules_of
from tests.postgres_server import PostgresServer

PEOPLE, HELPERS, JOINED = 160, 3, 50
WAIT_SECONDS = 120
_MAIL = {"type": "send", "channel": "email", "template": {"subject": "Hello", "html": "<p>Good day.</p>"}}


def journey(name: str, **steps: Any) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "goal": {"event": "Bought", "within_seconds": 86_400},
        "start": "start",
        "steps": {
            "start": {"type": "trigger", "event": "Came", "again": "after_exit", "exits": {"entered": "wait"}},
            "wait": {"type": "wait", "seconds": 60, "exits": {"waited": "mail"}},
            "mail": {**_MAIL, "exits": {"sent": "count", "withheld": "count"}},
            "count": {
                "type": "update_trait",
                "trait": "times",
                "change": "increment",
                "value": 1,
                "exits": {"updated": "on", "unchanged": "on"},
            },
            "on": {"type": "enter_journey", "journey": "after", "exits": {"next": "end"}},
            "end": {"type": "exit"},
            **steps,
        },
    }


AFTER = {
    "id": "after",
    "name": "After",
    "goal": {"event": "Bought", "within_seconds": 86_400},
    "start": "start",
    "steps": {
        "start": {"type": "trigger", "event": "Never", "again": "after_exit", "exits": {"entered": "rest"}},
        "rest": {"type": "wait", "seconds": 120, "exits": {"waited": "end"}},
        "end": {"type": "exit"},
    },
}


@dataclass(slots=True, kw_only=True)
class Shop:
    """A house, and those who help in it, each over connections of their own."""

    house: House
    helpers: list[Helper]

    async def all_together(self, *, joins: int = 0) -> None:
        """Time has passed: everybody at once, until nobody finds anything to do; meanwhile people are joined."""
        self.house.app.reactor.leave_timers(to_others=True)

        async def help_out(helper: Helper) -> None:
            in_vain = 0
            while in_vain < 2:
                in_vain = 0 if await helper.help() else in_vain + 1

        async def join() -> None:
            for number in range(joins):
                one, other = f"u{number}", f"u{PEOPLE - 1 - number}"
                await merge(self.house.app.state, one, other, by="test", now=self.house.clock.now())

        async with asyncio.timeout(WAIT_SECONDS):
            await asyncio.gather(join(), self.house.settle(), *map(help_out, self.helpers))
            await self.house.settle()
            await asyncio.gather(*map(help_out, self.helpers))
            await self.house.settle()


@asynccontextmanager
async def shop(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[Shop]:
    workspace = postgres.workspace()
    async with AsyncExitStack() as opened:

        async def state() -> PostgresState:
            made = await postgres.open(workspace)
            opened.push_async_callback(made.close)
            return made

        house = await House.build(tmp_path, state=await state(), **SETTINGS)
        app = house.app
        helpers = [
            Helper(
                log=app.log,
                state=await state(),
                clock=house.clock,
                rules=rules_of(app.settings, app.secret),
                zone=ZoneInfo(app.settings.time_zone),
            )
            for _ in range(HELPERS)
        ]
        yield Shop(house=house, helpers=helpers)


SETTINGS: dict[str, Any] = {"cap_email_per_day": 1, "message_costs": "email 1"}


async def everybody_comes(house: House) -> None:
    """Two journeys are begun by each; some are one person with somebody of another part."""
    for each in (AFTER, journey("one"), journey("two")):
        await house.publish(each)
    users = [f"u{number}" for number in range(PEOPLE)]
    identified = [
        {"type": "identify", "userId": user, "messageId": f"i-{user}", "traits": {"email": f"{user}@example.com"}}
        for user in users
    ]
    await house.happens(*identified)
    came = [{"type": "track", "event": "Came", "userId": user, "messageId": f"c-{user}"} for user in users]
    await house.happens(*came)
    for number in range(JOINED):
        await merge(house.app.state, f"u{number}", f"u{2 * JOINED - number}", by="test", now=house.clock.now())
    await house.settle()


async def made_anew(house: House) -> dict[str, list[str]]:
    """What differs in what is made anew of the log."""
    app, state = house.app, MemoryState()
    given = Rebuilding(
        log=app.log,
        before=app.state,
        state=state,
        history=MemoryHistory(currency=app.settings.currency),
        rules=rules_of(app.settings),
        zone=ZoneInfo(app.settings.time_zone),
    )
    done = await rebuild(given)
    assert done.told_otherwise == 0
    return await differing(app.state, state)


async def differing(one: State, other: State) -> dict[str, list[str]]:
    found = await compare_states(one, other)
    assert found["visits"].rows > PEOPLE
    return {table: each.examples for table, each in found.items() if not each.same and table != "turns"}


async def told(house: House) -> int:
    async with house.app.state.view() as view:
        assert await view.last_emitted() == 0, "all of it is in the log"
    return await house.app.history.size()


async def test_several_do_what_one_would_have_done(tmp_path: Path, postgres: PostgresServer) -> None:
    alone = await House.build(tmp_path, **SETTINGS)
    async with shop(tmp_path, postgres) as together:
        for house in (alone, together.house):
            await everybody_comes(house)
        for seconds in (60, 120):
            await alone.later(seconds=seconds)
            together.house.clock.advance(seconds=seconds)
            await together.all_together()
        assert sum(each.fired for each in together.helpers) > 2 * PEOPLE
        assert sum(each.fired > 0 for each in together.helpers) > 1
        house = together.house
        assert len(house.carrier.parcels) == PEOPLE - JOINED, "one each: the cap holds whoever asks"
        assert await differing(alone.app.state, house.app.state) == {}
        assert await told(house) == await told(alone)
        assert await made_anew(house) == {}


async def test_people_are_joined_while_others_move_them(tmp_path: Path, postgres: PostgresServer) -> None:
    async with shop(tmp_path, postgres) as together:
        await everybody_comes(together.house)
        for seconds in (60, 120):
            together.house.clock.advance(seconds=seconds)
            await together.all_together(joins=20 if seconds == 60 else 0)
        house = together.house
        assert sum(each.fired for each in together.helpers) > PEOPLE
        keys = [parcel.key for parcel in house.carrier.parcels]
        assert len(keys) == len(set(keys))
        async with house.app.state.view() as view:
            for origin in ("one", "two"):
                counts = Counter({(each.step, each.exit): each.count for each in await view.step_counts(origin)})
                assert counts["end", "entered"] == counts["start", "entered"] == PEOPLE
                assert await view.waiting(origin) == {}
                assert counts["mail", "sent"] + counts["mail", "withheld"] == PEOPLE
            spent = (await view.spent(["one", "two"])).values()
            assert sum(sum(days.values()) for days in spent) == 1_000 * len(keys)
        assert await made_anew(house) == {}


async def test_nothing_is_lost_that_is_told_out_of_order(tmp_path: Path, postgres: PostgresServer) -> None:
    """One tells first and ends last; meanwhile what another told is there, and whoever acts looks."""
    workspace = postgres.workspace()
    async with AsyncExitStack() as opened:
        one, other = [await postgres.open(workspace) for _ in range(2)]
        for state in (one, other):
            opened.push_async_callback(state.close)
        house = await House.build(tmp_path, state=one, **SETTINGS)
        async with other.begin_part(1) as slow:
            assert slow is not None
            await slow.emit([an_event("First", message_id="first")])
            async with one.begin_part(2) as quick:
                assert quick is not None
                await quick.emit([an_event("Second", message_id="second")])
            await house.app.reactor.pump()
        await house.settle()
        history = await house.app.history.size()
        async with one.view() as view:
            assert await view.count_bad_records() == {"all": 0}
            assert await view.last_emitted() == 0
        assert history == 2
