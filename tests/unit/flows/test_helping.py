"""Helping: timers that others let fire do what the tick would have done, and what is made anew is the same."""

from __future__ import annotations

import asyncio
import json
import random
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from holdfast.flows.ingest.acting import begin_acting
from holdfast.flows.ingest.helping import Helper
from holdfast.flows.ingest.reading import REACT
from holdfast.flows.journey.decide import set_state
from holdfast.flows.people.identify import merge
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.chosen_settings import choose_settings
from holdfast.flows.upkeep.rebuild import Rebuilding, rebuild
from holdfast.kernel.moments import to_millis
from holdfast.ports.log import Entry, Record
from holdfast.ports.parts import PARTS, part_of
from holdfast.ports.state import State
from holdfast.ports.turns import Turn
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState, MemoryTransaction
from holdfast.stores.memory.tables import Tables
from holdfast.testing.house import House
from holdfast.wiring import rules_of
from tests.unit.flows.test_react import RESCUE, does, identify
from tests.unit.flows.test_rebuild import Life, differing


class Helped(House):
    """A house whose timers fire by a helper."""

    @classmethod
    def of(cls, house: House) -> Helped:
        """The same house from now on."""
        helped = cls(house.app, house.clock, house.carrier)
        app = house.app
        helped.helper = Helper(
            log=app.log,
            state=app.state,
            clock=house.clock,
            rules=rules_of(app.settings, app.secret),
            zone=ZoneInfo(app.settings.time_zone),
        )
        app.reactor.leave_timers(to_others=True)
        return helped

    helper: Helper

    async def settle(self) -> None:
        """Until nothing is left to do, for the helper either."""
        while True:
            await super().settle()
            if not await self.helper.help():
                return


async def helped(tmp_path: Path, **settings: object) -> Helped:
    return Helped.of(await House.build(tmp_path, **settings))  # type: ignore[arg-type]


async def turns(state: State) -> list[Turn]:
    async with state.view() as view:
        return await view.turns(after_id=0, limit=1_000)


def addresses(house: House) -> list[str]:
    return sorted(parcel.to for parcel in house.carrier.parcels)


async def test_timers_fire_at_their_second_and_the_mails_go(tmp_path: Path) -> None:
    house = await helped(tmp_path)
    await house.publish(RESCUE)
    users = [f"u{number}" for number in range(2 * PARTS)]
    await house.happens(*(identify(each) for each in users), *(does("Checkout Started", each) for each in users))
    await house.later(seconds=59)
    assert not house.carrier.parcels
    await house.later(seconds=1)
    assert addresses(house) == sorted(f"{each}@example.com" for each in users)
    await house.later(hours=5)
    assert len(house.carrier.parcels) == len(users)
    assert house.helper.fired == len(users)
    people = [turn for turn in await turns(house.app.state) if turn.kind == "people"]
    assert len(people) == PARTS
    assert all(turn.start == turn.next and turn.said["spends"] is False for turn in people)
    ticks = [turn for turn in await turns(house.app.state) if turn.kind == "tick"]
    assert {turn.said.get("others") for turn in ticks} == {True}


async def test_a_tick_fires_no_timer_that_is_left_to_others_until_it_is_alone_again(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    house.app.reactor.leave_timers(to_others=True)
    await house.later(seconds=60)
    assert not house.carrier.parcels
    house.app.reactor.leave_timers(to_others=False)
    await house.settle()
    assert addresses(house) == ["ann@example.com"]


async def test_no_timer_overtakes_what_came_in_time(tmp_path: Path) -> None:
    house = await helped(tmp_path)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    house.clock.advance(seconds=59.999)
    # Bought a millisecond before the wait is over; whoever acts has not come to it yet.
    bought = json.dumps({"batch": [does("Order Completed")]}).encode()
    at_ms = to_millis(house.clock.now())
    await house.app.log.append([Record(kind="batch", source="web", received_ms=at_ms, body=bought)])
    house.clock.advance(seconds=30)
    assert await house.helper.help() == 0
    await house.settle()
    assert not house.carrier.parcels
    async with house.app.state.view() as view:
        (identity,) = (await view.identities_by_id([1])).values()
        assert [(visit.step, visit.left_by) for visit in await view.visits_of([identity.id], limit=9)] == [
            ("bought", "bought")
        ]


async def test_who_waits_for_an_event_that_is_not_read_yet_is_due_as_of_then(tmp_path: Path) -> None:
    """An event of somebody else came after the wait was over, and is not taken in: the timer fires all the same."""
    house = await helped(tmp_path)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    house.clock.advance(seconds=90)
    at_ms = to_millis(house.clock.now())
    body = json.dumps({"batch": [does("Other", "bob")]}).encode()
    await house.app.log.append([Record(kind="batch", source="web", received_ms=at_ms, body=body)])
    house.clock.advance(seconds=90)
    assert await house.helper.help() == 1
    (turn,) = [turn for turn in await turns(house.app.state) if turn.kind == "people"]
    assert turn.at_ms == at_ms - 1
    async with house.app.state.view() as view:
        assert turn.start == await view.offset(REACT)


async def test_somebody_of_several_parts_is_moved_as_one(tmp_path: Path) -> None:
    """Two journeys of theirs are due, under names of different parts; the cap lets one mail through."""
    house = await helped(tmp_path, cap_email_per_day=1)
    await house.publish(RESCUE)
    await house.publish({**RESCUE, "id": "second"})
    await house.happens(identify("ann"), identify("bob"), does("Checkout Started", "ann"))
    await house.happens(does("Checkout Started", "bob"))
    await merge(house.app.state, "ann", "bob", by="test", now=house.clock.now())
    await house.later(seconds=60)
    assert len(house.carrier.parcels) == 1
    people = [turn.said["people"] for turn in await turns(house.app.state) if turn.kind == "people"]
    assert people == [[1]]
    assert part_of(1) != part_of(2)


async def test_what_is_paused_waits(tmp_path: Path) -> None:
    house = await helped(tmp_path)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    await set_state(house.app.state, "journey", "rescue", "pause")
    await house.later(seconds=90)
    assert not house.carrier.parcels
    await set_state(house.app.state, "journey", "rescue", "resume")
    await house.settle()
    assert addresses(house) == ["ann@example.com"]


async def test_a_budget_is_never_overspent_and_is_left_alone_where_somebody_else_spends(tmp_path: Path) -> None:
    state = Taken()
    house = Helped.of(await House.build(tmp_path, state=state, message_costs="email 1"))
    await house.publish({**RESCUE, "budget": {"minor": 2, "per": "all"}})
    lead = deepcopy(RESCUE) | {"id": "lead"}
    lead["steps"]["cart"]["event"] = "Led"
    lead["steps"]["wait"]["exits"]["expired"] = "on"
    lead["steps"]["on"] = {"type": "enter_journey", "journey": "rescue", "exits": {"next": "done"}}
    del lead["steps"]["mail"]
    await house.publish(lead)
    users = [f"u{number}" for number in range(4)]
    await house.happens(*(identify(each) for each in users), *(does("Checkout Started", each) for each in users))
    await house.happens(identify("led"), does("Led", "led"))
    state.are_taken = True
    await house.later(seconds=60)
    assert house.helper.fired == 0, "and what leads to a budget waits as well"
    state.are_taken = False
    await house.settle()
    assert house.helper.fired == 5
    async with state.view() as view:
        assert sum((await view.spent(["rescue"]))["rescue"].values()) == 2_000
    assert len(house.carrier.parcels) == 2


async def test_who_is_due_twice_waits_where_somebody_else_spends_and_goes_on_where_nothing_is_spent(
    tmp_path: Path,
) -> None:
    state = Taken()
    house = Helped.of(await House.build(tmp_path, state=state, message_costs="email 1"))
    await house.publish({**RESCUE, "budget": {"minor": 1, "per": "all"}})
    await house.publish({**RESCUE, "id": "free"})
    await house.happens(identify(), does("Checkout Started"))
    state.are_taken = True
    await house.later(seconds=60)
    async with state.view() as view:
        assert [visit.origin for visit in await view.open_visits([1])] == ["rescue"]
        assert await view.spent(["rescue"]) == {}
    state.are_taken = False
    await house.settle()
    async with state.view() as view:
        assert sum((await view.spent(["rescue"]))["rescue"].values()) == 1_000
    assert house.helper.fired == 2


class Taken(MemoryState):
    """A state of which somebody else may hold the budgets."""

    are_taken = False

    def _transaction(self, tables: Tables) -> MemoryTransaction:
        transaction = super()._transaction(tables)
        if self.are_taken:
            transaction.take_budgets = _taken  # type: ignore[method-assign]
        return transaction


async def _taken() -> bool:
    return False


async def test_nobody_helps_an_earlier_holdfast_or_by_other_rules_than_those_in_force(tmp_path: Path) -> None:
    house = await helped(tmp_path)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    house.clock.advance(seconds=60)
    await begin_acting(house.app.state, "new")
    async with house.app.state.begin() as transaction:
        await transaction.set_note("acting", "one of an earlier Holdfast")
    assert await house.helper.help() == 0
    assert not house.helper.wanted
    await begin_acting(house.app.state, "newer")
    async with house.app.state.begin() as transaction:
        await choose_settings(transaction, {"cap_email_per_day": 1})
    assert await house.helper.help() == 0
    house.helper.revision = 1
    assert await house.helper.help() == 1
    assert house.helper.wanted


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
async def test_what_is_made_anew_is_the_same_whoever_fired(tmp_path: Path, seed: int) -> None:
    life = await Life.begin(tmp_path, seed)
    alone = life.house
    life.house = Helped.of(alone)
    # With a source of its own, so that the life is the same that it would be alone.
    draw = random.Random(seed)
    for _ in range(6):
        life.house.app.reactor.leave_timers(to_others=draw.random() < 0.7)
        await life.live(20)
    assert isinstance(life.house, Helped)
    assert life.house.helper.fired > 3
    done, state, history = await life.again()
    found = await compare_states(life.house.app.state, state)
    assert differing(found) == {}
    assert found["visits"].rows > 3
    assert done.told_otherwise == 0
    assert done.without_turns == 0
    assert await history.size() == await life.house.app.history.size()


async def test_a_copy_goes_on_with_what_others_fired_since(tmp_path: Path) -> None:
    """The copy had come as far in the log as the state is now; timers fired since, and nothing else happened."""
    house = await helped(tmp_path)
    app = house.app
    await house.publish(RESCUE)
    await house.happens(*(identify(each) for each in ("ann", "bob")), does("Checkout Started", "ann"))
    await house.later(seconds=30)
    await house.happens(does("Checkout Started", "bob"))
    await house.later(seconds=30)
    copy, history = MemoryState(), MemoryHistory(currency=app.settings.currency)
    copy._committed = replace(app.state.unattended._committed)  # type: ignore[attr-defined]
    house.clock.advance(seconds=30)
    assert await house.helper.help() == 1
    assert [turn.kind for turn in await turns(app.state)][-1] == "people"
    given = Rebuilding(
        log=app.log,
        before=app.state,
        state=copy,
        history=history,
        rules=rules_of(app.settings),
        zone=ZoneInfo(app.settings.time_zone),
        goes_on=True,
    )
    await rebuild(given)
    found = differing(await compare_states(app.state, copy))
    assert found == {}, found
    async with copy.view() as view:
        assert {visit.step for visit in await view.visits_of([1, 2], limit=9)} == {"done"}


async def test_who_was_moved_is_known_again_though_somebody_before_them_is_forgotten(tmp_path: Path) -> None:
    life = await Life.begin(tmp_path, 8)
    life.house = Helped.of(life.house)
    await life.live(60)
    eraser = life.house.app.eraser
    assert (await eraser.run((await eraser.request("u1", by="test")).id)).done_ms is not None
    await life.live(40)
    assert isinstance(life.house, Helped)
    assert life.house.helper.fired > 3
    done, state, _ = await life.again()
    found = differing(await compare_states(life.house.app.state, state))
    assert found == {}
    assert done.told_otherwise == 0


class Silent(MemoryLog):
    """A log that gives no answer until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        self.asked.set()
        await self.may_answer.wait()
        return await super().read(offset, max_records=max_records, max_bytes=max_bytes)


async def test_nobody_waits_for_a_helper_whose_log_does_not_answer(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.publish(RESCUE)
    await house.happens(identify(), does("Checkout Started"))
    house.clock.advance(seconds=60)
    log = Silent()
    helper = Helper(log=log, state=house.app.state, clock=house.clock, rules=rules_of(house.app.settings))
    helping = asyncio.create_task(helper.help())
    async with asyncio.timeout(60):
        await log.asked.wait()
        async with house.app.state.begin() as transaction:
            await transaction.set_note("meanwhile", "somebody else")
        log.may_answer.set()
        assert await helping == 1
