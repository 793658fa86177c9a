"""What looks at properties of events is known live: as it happens, and of what came before it was asked."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from holdfast.events.event import IdentityKey
from holdfast.flows.audience import gathering
from holdfast.flows.audience.gathering import Gatherer
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import save_segment
from holdfast.flows.ingest.bulk import load_table
from holdfast.flows.ingest.taking import events_table
from holdfast.flows.journey.decide import set_state
from holdfast.flows.people.identify import merge, unmerge
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.ports.history import Gathered
from holdfast.profiles.watched import MOMENTS_MOST
from holdfast.segments.builders import did, did_amount, first_did, last_did, mostly, only_did, prop, trait
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition
from holdfast.testing.house import House
from tests.unit.flows.test_live_segments import Live, does, says

RICH = did("Order", where=prop("revenue") > 50)
TWICE = did("Order", at_least=2, within_days=10, where=prop("revenue") > 50)


@pytest.fixture
async def at(tmp_path: Path) -> Live:
    return Live(await House.build(tmp_path))


def order(revenue: float, user: str = "ann", *, at: str | None = None, **more: Any) -> dict[str, Any]:
    return {**does("Order", user, revenue=revenue, **more), **({} if at is None else {"timestamp": at})}


def tabled(events: list[dict[str, Any]]) -> pa.Table:
    """The same as a table of the past."""
    rows = [
        {
            "event": each["event"],
            "user_id": each["userId"],
            "timestamp": each["timestamp"],
            "properties": json.dumps(each["properties"]),
        }
        for each in events
    ]
    return events_table(pa.Table.from_pylist(rows), source="python")


async def by_history(at: Live, condition: Condition) -> set[str]:
    await at.house.settle()
    rows = await at.house.app.history.people(condition, as_of_ms=to_millis(at.house.clock.now()), limit=10_000)
    return {row.user_id for row in rows}


async def watched_now(at: Live) -> list[tuple[int, int, bool]]:
    async with at.house.app.state.view() as view:
        return [(each.number, each.filled_to, each.filled) for each in await view.watches()]


async def test_what_happens_brings_people_in_and_time_takes_them_out(at: Live) -> None:
    await at.save("twice", TWICE)
    await at.house.happens(order(60), order(10), order(70, "ben"))
    assert await at.members("twice") == set()
    await at.house.later(days=4)
    await at.house.happens(order(50.1))
    assert await at.members("twice") == {"ann"}
    assert await at.heard() == [("ann", "Entered", "twice")]
    await at.house.later(days=6, seconds=-0.001)
    assert await at.members("twice") == {"ann"}
    await at.house.later(seconds=0.001)
    assert await at.members("twice") == set()
    assert await at.heard() == [("ann", "Left", "twice")]


async def test_whoever_did_it_before_is_found_and_it_is_not_told(at: Live) -> None:
    await at.house.happens(order(60), order(10, "ben"), order(99, "cem"), says("dan", plan="gold"))
    await at.save("rich", RICH)
    assert await at.members("rich") == {"ann", "cem"}
    assert await at.heard() == []
    await at.house.happens(order(51, "ben"), order(1, "dan"))
    assert await at.members("rich") == {"ann", "ben", "cem"}
    assert await at.heard() == [("ben", "Entered", "rich")]


async def test_until_the_past_is_gathered_nobody_is_thought_to_be_out(
    at: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody in it all along must not seem to enter, nor be missed, whatever comes in between."""
    await at.house.happens(order(60), order(10, "ben"))

    async def later(_self: Gatherer) -> int:
        return 0

    with monkeypatch.context() as patched:
        patched.setattr(Gatherer, "gather", later)
        await at.save("rich", RICH)
        await at.save("poor", ~RICH & did("Order"))
        await at.house.happens(order(61), order(70, "new"))
        assert await at.members("rich") == set()
        assert await at.members("poor") == set()
        assert (await at.segment("rich")).filled_ms is None
    await at.house.settle()
    assert await at.members("rich") == {"ann", "new"}
    assert await at.members("poor") == {"ben"}
    assert await at.heard() == []


async def test_gathering_that_dies_between_any_two_parts_goes_on(tmp_path: Path) -> None:
    at = Live(await House.build(tmp_path))
    await at.house.happens(*(order(40 + each, f"u{each}") for each in range(30)))
    gatherer = Gatherer(state=at.house.app.state, history=at.house.app.history, identities_most=7)
    at.house.app.gatherer = gatherer
    begin, calls = at.house.app.state.begin, 0

    def dying() -> Any:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise OSError("the process dies")
        return begin()

    await at.house.app.log.end()
    saved = gatherer.gather

    async def gather() -> int:
        """As a process that dies, and is started again."""
        while True:
            at.house.app.state.begin = dying  # type: ignore[method-assign]
            try:
                return await saved()
            except OSError:
                continue
            finally:
                at.house.app.state.begin = begin  # type: ignore[method-assign]

    gatherer.gather = gather  # type: ignore[method-assign]
    await at.save("rich", RICH)
    assert calls > 5
    assert await at.members("rich") == {f"u{each}" for each in range(11, 30)} == await by_history(at, RICH)


async def test_merging_and_parting_are_exact(at: Live) -> None:
    await at.save("twice", TWICE)
    await at.house.happens(order(60, "ann"), order(60, "ben"))
    assert await at.members("twice") == set()
    ann, ben = IdentityKey(kind="user", value="ann"), IdentityKey(kind="user", value="ben")
    link = await _linked(at, ann, ben)
    assert await at.members("twice") == {"ann"}
    await unmerge(at.house.app.state, link, by="test", now=at.house.clock.now())
    await at.house.settle()
    assert await at.members("twice") == set()


async def _linked(at: Live, one: IdentityKey, other: IdentityKey) -> int:
    merged = await merge(at.house.app.state, one, other, by="test", now=at.house.clock.now())
    await at.house.settle()
    return merged.link.id


async def test_an_event_that_comes_late_or_twice_counts_once_and_when_it_was(at: Live) -> None:
    await at.save("twice", TWICE)
    await at.save("first", first_did("Order", within_days=10, where=prop("revenue") > 50))
    await at.save("last", last_did("Order", before_days=5, where=prop("revenue") > 50))
    eight = format_moment(at.house.clock.now() - timedelta(days=8))
    twelve = format_moment(at.house.clock.now() - timedelta(days=12))
    late = order(60, at=eight)
    await at.house.happens(late, late)
    await at.house.happens(late)
    assert await at.members("twice") == set()
    assert (await at.members("first"), await at.members("last")) == ({"ann"}, {"ann"})
    await at.house.happens(order(60))
    assert (await at.members("twice"), await at.members("last")) == ({"ann"}, set())
    await at.house.happens(order(60, at=twelve))
    assert await at.members("first") == set()


async def test_what_nobody_asks_for_any_more_is_let_go(at: Live) -> None:
    await at.house.happens(order(60))
    await at.save("rich", RICH)
    await at.save("same", RICH & (trait("plan") == "gold"))
    ((number, _, filled),) = await watched_now(at)
    assert filled, "two conditions that say the same are watched as one"
    assert await _kept(at) == [{number}]
    await at.save("same", did("Order"))
    assert len(await watched_now(at)) == 1
    await at.save("rich", did("Order"))
    assert await watched_now(at) == []
    await at.house.happens(order(60))
    assert await _kept(at) == [set()]
    await at.save("rich", RICH)
    assert [each for each, _, _ in await watched_now(at)] > [number]
    assert await at.members("rich") == {"ann"}


async def _kept(at: Live) -> list[set[int]]:
    async with at.house.app.state.view() as view:
        members = await view.members(await view.persons_after(0, limit=1_000))
        profiles = await view.profiles([each.id for those in members.values() for each in those])
    return [set(each.watched) for each in profiles.values()]


async def test_a_table_of_the_past_counts_too(at: Live) -> None:
    await at.save("rich", RICH)
    app = at.house.app
    table = tabled(
        [order(60, "old", at=format_moment(at.house.clock.now())), order(6, "old", at="2020-01-01T00:00:00Z")]
    )
    await load_table(table, state=app.state, history=app.history, received=at.house.clock.now())
    await at.house.settle()
    assert await at.members("rich") == {"old"} == await by_history(at, RICH)
    assert await at.heard() == []


JOURNEY: Mapping[str, Any] = {
    "id": "thanks",
    "name": "Thanks",
    "goal": {"event": "Order", "within_seconds": 3600},
    "start": "in",
    "steps": {
        "in": {
            "type": "trigger",
            "event": "Visited",
            "only_if": {"type": "did", "event": "Order"},
            "again": "after_exit",
            "cool_down_seconds": 0,
            "latest_seconds": 3600,
            "exits": {"entered": "rich"},
        },
        "rich": {
            "type": "branch",
            "condition": {
                "type": "did",
                "event": "Order",
                "at_least": 2,
                "where": [{"property": "revenue", "operator": "greater_than", "value": 50}],
            },
            "exits": {"yes": "yes", "no": "no"},
        },
        "yes": {"type": "exit"},
        "no": {"type": "exit"},
    },
}


async def test_a_journey_branches_by_what_happened_before_it_was_published(at: Live) -> None:
    await at.house.happens(order(60), order(60), order(60, "ben"), order(6, "ben"))
    await at.house.publish(JOURNEY)
    await at.house.settle()
    await at.house.happens(does("Visited"), does("Visited", "ben"))
    async with at.house.app.state.view() as view:
        passed = {(each.step, each.exit): each.count for each in await view.step_counts("thanks")}
    assert (passed["rich", "yes"], passed["rich", "no"]) == (1, 1)
    await set_state(at.house.app.state, "journey", "thanks", "stop")
    await at.house.settle()
    assert await watched_now(at) == []


@pytest.mark.parametrize("seed", range(4))
async def test_live_is_what_the_history_says_whatever_happens(  # noqa: C901 - One case for each thing that may happen.
    at: Live, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Events in any order, on time and late, merges, partings, tables, and segments that come and go meanwhile."""
    monkeypatch.setattr(gathering, "IDENTITIES_MOST", 3)
    draw = random.Random(seed)
    asked: dict[str, Condition] = {
        "rich": RICH,
        "twice": TWICE,
        "never": ~RICH & did("Order"),
        "often": did("Order", at_least=3, at_most=MOMENTS_MOST - 1, within_days=20, where=prop("revenue") > 20),
        "new": first_did("Order", within_days=9, where=prop("revenue") <= 50),
        "idle": last_did("Order", before_days=4, within_days=15, where=prop("shop") == "a"),
        "spent": did_amount("Order", "sum", of="revenue", at_least=200, within_days=30),
        "average": did_amount("Order", "average", of="revenue", at_most=30, within_days=8),
        "kinds": did_amount("Order", "distinct", of="shop", at_least=2, where=prop("revenue") > 20),
        "only": only_did("Order", within_days=6, where=prop("revenue") > 20),
        "mostly": mostly("Order", prop("shop") == "a", within_days=14),
        "soon": did("Order", where=Comparison(name="until", operator="days_until_at_most", value=3)),
    }
    users = [f"u{each}" for each in range(8)]
    links: list[int] = []
    live: set[str] = set()
    for name in ("rich", "often"):
        await at.save(name, asked[name])
        live.add(name)
    compared = 0
    for turn in range(50):
        now = at.house.clock.now()
        match draw.choice(("order", "order", "order", "order", "later", "save", "drop", "merge", "part", "table")):
            case "order":
                await at.house.happens(*(_drawn(draw, now, users) for _ in range(draw.choice((1, 5, 40)))))
            case "later":
                await at.house.later(days=draw.choice((0.2, 1, 5)))
            case "save":
                name = draw.choice(sorted(asked))
                await at.save(name, asked[name])
                live.add(name)
            case "drop" if len(live) > 2:
                name = draw.choice(sorted(live))
                await at.save(name, asked[name], live=False)
                live.discard(name)
            case "merge":
                one, other = (IdentityKey(kind="user", value=each) for each in draw.sample(users, 2))
                async with at.house.app.state.view() as view:
                    known = await view.identities([one, other])
                if len({each.person for each in known.values()}) == 2:
                    links.append(await _linked(at, one, other))
            case "part" if links:
                link = links.pop(draw.randrange(len(links)))
                await unmerge(at.house.app.state, link, by="test", now=now)
            case "table":
                table = tabled([_drawn(draw, now, users) for _ in range(3)])
                app = at.house.app
                await load_table(table, state=app.state, history=app.history, received=now)
        await at.house.settle()
        for name in sorted(live):
            assert await at.members(name) == await by_history(at, asked[name]), (turn, name)
            compared += 1
    assert compared > 40


def _drawn(draw: random.Random, now: Any, users: list[str]) -> dict[str, Any]:
    moment = format_moment(now - timedelta(days=draw.choice((0, 0, 0.5, 3, 12, 40))))
    until = format_moment(now + timedelta(days=draw.choice((1, 3, 8))))[:10]
    return order(draw.choice((10, 30, 60)), draw.choice(users), at=moment, shop=draw.choice("ab"), until=until)


async def test_nothing_is_gathered_of_whoever_is_forgotten_meanwhile(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read of them before they were forgotten must not make them somebody again."""
    await at.house.happens(order(60), order(70, "ben"))
    history = at.house.app.history
    read = history.gather

    async def gather(*args: Any, **more: Any) -> Gathered:
        found = await read(*args, **more)
        async with at.house.app.state.begin() as transaction:
            (ann,) = (await transaction.identities([IdentityKey(kind="user", value="ann")])).values()
            await transaction.forget_identities([ann.id])
        return found

    monkeypatch.setattr(history, "gather", gather)
    await at.save("rich", RICH)
    async with at.house.app.state.view() as view:
        assert not await view.profiles([1])
    assert await at.members("rich") == {"ben"}


async def test_nothing_is_gathered_before_the_history_has_what_came_before(at: Live) -> None:
    app = at.house.app
    await at.house.happens(does("Visited"))
    body = json.dumps({"batch": [order(60)]}).encode()
    await app.collector.collect("batch", body, "default")
    await app.reactor.tick()
    draft = replace(draft_of("rich", "rich", RICH), live=True)
    await save_segment(app.state, draft, by="test", now=at.house.clock.now())
    await app.reactor.tick()
    assert await app.gatherer.gather() == 0, "the order is taken in, and not archived yet"
    assert [filled for _, _, filled in await watched_now(at)] == [False]
    await app.archivist.flush()
    assert await app.gatherer.gather() == 1
    await at.house.settle()
    assert await at.members("rich") == {"ann"}
