"""Hands: whoever works out what a tick comes to, it comes to the same, and is written in one piece."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from holdfast.events.event import IdentityKey
from holdfast.flows.audience.segment_drafts import Draft, draft_of
from holdfast.flows.audience.segments import save_segment
from holdfast.flows.ingest import handing
from holdfast.flows.ingest.hand import Hand
from holdfast.flows.ingest.handing import parted
from holdfast.flows.ingest.reading import Placed
from holdfast.flows.ingest.tasks import Learn, Wake, decode_task, encode
from holdfast.flows.journey import broadcasts
from holdfast.flows.people.identify import merge
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.chosen_settings import choose_settings
from holdfast.ports.state import Identity
from holdfast.profiles.profile import learn as learn_for_real
from holdfast.segments.builders import did, prop
from holdfast.stores.sqlite.recording import SqliteRecorder
from holdfast.stores.sqlite.state import FILE, SqliteState
from holdfast.testing import an_event
from holdfast.testing.house import House
from holdfast.wiring import Application
from tests.unit.flows.test_broadcasts import a_campaign, identify, track
from tests.unit.flows.test_rebuild import Life, differing


class HandsHere:
    """Hands of this process, each over a connection of its own."""

    def __init__(self, app: Application, directory: Path, count: int) -> None:
        self.app = app
        self.ready = count
        self.least = 1
        self.recorders = [SqliteRecorder(directory) for _ in range(count)]
        self.hands = [
            Hand(each, rules=app.rules, revision=app.choices.revision, zone=app.zone) for each in self.recorders
        ]
        self.did: Counter[str] = Counter()
        self.could_not = 0
        self.fails: Callable[[], bool] = lambda: False
        self.tasks: list[Any] = []
        self._turns = [asyncio.Lock() for _ in range(count)]

    @property
    def revision(self) -> int:
        return self.app.choices.revision

    async def give(self, hand: int, task: bytes) -> bytes | None:
        async with self._turns[hand]:  # One task after the other, as a process does them.
            found = None if self.fails() else await self.hands[hand].do(task)
        if found is None:
            self.could_not += 1
        else:
            self.tasks.append(decode_task(task))
            self.did[type(self.tasks[-1]).__name__] += 1
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
    monkeypatch.setattr(handing, "PORTION", 1)


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


@pytest.mark.parametrize("seed", [0, 3, 6, 8, 10, 13])
async def test_hands_that_fail_now_and_then_change_nothing(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    async with life_with_hands(tmp_path, seed, 3) as (life, hands):
        hands.fails = lambda: draw.random() < 0.4
        await life.live(120)
        assert hands.did["Learn"] > 10
        assert hands.could_not > 10
        _, state, _ = await life.again()
        assert differing(await compare_states(life.house.app.state, state)) == {}


@dataclass
class Told:
    """A story that is being told."""

    house: House
    hands: HandsHere | None
    """None where it is told without them."""
    path: Path
    """The state's file."""

    async def comes(self, *messages: dict[str, Any]) -> None:
        """These arrive, and nothing follows yet."""
        await self.house.app.collector.collect("batch", json.dumps({"batch": messages}).encode(), "shop")


Story = Callable[[Told], Awaitable[object]]


async def told_twice(tmp_path: Path, story: Story, *, count: int = 2, **settings: Any) -> HandsHere:
    """Tell it with hands and without: everything must come to the same. The hands are closed by now."""
    states, mails, lent = [], [], None
    for name in ("with", "without"):
        state = SqliteState(tmp_path / name)
        house = await House.build(tmp_path / name, state=state, **settings)
        hands = HandsHere(house.app, tmp_path / name, count) if name == "with" else None
        if hands is not None:
            await house.app.reactor.use(hands)
        await story(Told(house, hands, tmp_path / name / FILE))
        if hands is not None:
            await hands.close()
            lent = hands
        states.append(state)
        mails.append(Counter(parcel.to for parcel in house.carrier.parcels))
    found = await compare_states(*states)
    for state in states:
        await state.close()
    assert differing(found) == {}
    assert mails[0] == mails[1]
    assert lent is not None
    return lent


PEOPLE = [f"p{number:02}" for number in range(24)]
AT_TEN = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}
DAY = 86_400


def a_journey(name: str, event: str = "Seen", *, priority: int = 50, **more: Any) -> dict[str, Any]:
    mail = {"channel": "email", "template": {"subject": "Hello", "text": "."}, "priority": priority}
    return {
        "id": name,
        "name": name,
        "goal": {"event": "Bought", "within_seconds": DAY},
        "start": "seen",
        "steps": {
            "seen": {"type": "trigger", "event": event, "again": "after_exit", "exits": {"entered": "rest"}},
            "rest": {"type": "wait", "seconds": 600, "exits": {"waited": "mail"}},
            "mail": {"type": "send", "exits": {"sent": "mark", "withheld": "mark"}} | mail,
            "mark": {
                "type": "update_trait",
                "trait": "asked",
                "change": "increment",
                "value": 1,
                "exits": {"updated": "end", "unchanged": "end"},
            },
            "end": {"type": "exit"},
        },
    } | more


async def everybody(told: Told) -> None:
    """They are known, and somebody has looked at what they did."""
    await told.house.happens(*(identify(name, plan=["free", "gold"][int(name[1:]) % 2]) for name in PEOPLE))


async def test_timers_and_events_of_the_same_people_in_one_tick(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        await told.house.publish(a_journey("hello"))
        await everybody(told)
        await told.house.happens(*(track("Seen", name) for name in PEOPLE))
        told.house.clock.advance(seconds=601)
        # What they do and what their time has come for: a third of them both.
        await told.comes(*(track("Seen", name, 1) for name in PEOPLE[:8]))
        await told.house.app.reactor.tick()
        await told.house.later(hours=1)

    hands = await told_twice(tmp_path, story)
    assert {"Learn", "Wake"} <= hands.did.keys()
    assert hands.could_not == 0


async def test_what_makes_room_for_others_is_told_by_hands_too(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        for name, event, priority in (("news", "Seen", 10), ("alarm", "Seen", 90), ("more", "More", 95)):
            await told.house.publish(a_journey(name, event, priority=priority))
        await everybody(told)
        await told.house.happens(*(track("Seen", name) for name in PEOPLE))
        await told.house.later(minutes=2)
        await told.house.happens(*(track("More", name) for name in PEOPLE))
        await told.house.later(hours=1)
        async with told.house.app.state.view() as view:
            sends = await view.sends_of(origin=None, identities=None, limit=1_000)
        assert {each.reason for each in sends} >= {"outranked"}

    hands = await told_twice(tmp_path, story, cap_email_per_day=1, quiet_from="08:00", quiet_until="11:00")
    assert hands.did["Wake"] > 0
    assert hands.could_not == 0


async def test_a_campaign_is_let_in_by_hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "ENTER_MOST", 6)

    async def story(told: Told) -> None:
        await everybody(told)
        await told.house.publish(a_campaign(AT_TEN, holdout=0.3))
        told.house.clock.advance(hours=1)
        await told.house.app.reactor.tick()
        await told.house.app.preparer.prepare()
        # Some are joined since they were chosen, and one is forgotten.
        state, now = told.house.app.state, told.house.clock.now()
        await merge(state, "p18", "p19", by="ann", now=now)
        await merge(state, "p02", "p20", by="ann", now=now)
        eraser = told.house.app.eraser
        assert (await eraser.run((await eraser.request("p22", by="test")).id)).done_ms is not None
        await told.house.settle()
        async with told.house.app.state.view() as view:
            (run,) = await view.runs_of("news", limit=10)
        assert (run.state, run.counts["forgotten"]) == ("done", 1)
        assert run.counts["treated"] > run.counts["holdout"] > 0

    hands = await told_twice(tmp_path, story)
    assert hands.did["LetIn"] >= 4
    assert hands.could_not == 0


async def test_two_runs_of_one_tick_ask_for_the_same_people(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        await everybody(told)
        twice = AT_TEN | {"at": ["2026-01-05T10:00", "2026-01-05T10:01"], "again": "once"}
        await told.house.publish(a_campaign(twice, holdout=0.2))
        await told.house.publish(a_campaign(AT_TEN, id="other"))
        told.house.clock.advance(hours=1, seconds=61)
        await told.house.app.reactor.tick()
        await told.house.app.preparer.prepare()
        await told.house.settle()
        async with told.house.app.state.view() as view:
            runs = await view.runs_of("news", limit=10)
            numbers = [each.id for each in (await view.identities([_user(name) for name in PEOPLE])).values()]
            visits = await view.visits_of(numbers, limit=1_000)
        assert len(runs) == 2
        assert max(Counter((visit.origin, visit.identity) for visit in visits).values()) == 1

    hands = await told_twice(tmp_path, story, cap_email_per_day=1)
    assert hands.did["LetIn"] > 0


async def test_a_throttle_and_a_budget_stay_with_the_tick(tmp_path: Path) -> None:
    async def throttled(told: Told) -> None:
        await everybody(told)
        await told.house.publish(a_campaign(AT_TEN | {"throttle": {"people": 5, "per": "minute"}}))
        await told.house.later(hours=1)
        assert len(told.house.carrier.parcels) < 5
        await told.house.later(minutes=10)
        assert len(told.house.carrier.parcels) == len(PEOPLE)

    async def budgeted(told: Told) -> None:
        await told.house.publish(a_journey("hello", budget={"minor": 5, "per": "all"}))
        await everybody(told)
        await told.house.happens(*(track("Seen", name) for name in PEOPLE))
        await told.house.later(hours=1)
        assert len(told.house.carrier.parcels) == 10

    hands = await told_twice(tmp_path / "throttle", throttled)
    assert hands.did["LetIn"] == 0
    hands = await told_twice(tmp_path / "budget", budgeted, message_costs="email 0.5")
    assert hands.did == {}


async def test_whoever_joins_in_a_tick_stays_with_it_and_who_is_new_is_said_to_be(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        await told.house.publish(a_journey("hello"))
        await everybody(told)
        await told.comes(
            *(track("Seen", name) for name in PEOPLE),
            {"type": "track", "event": "Seen", "anonymousId": "a1", "messageId": "x1"},
            {"type": "identify", "userId": "p03", "anonymousId": "a1", "messageId": "x2"},
            {"type": "alias", "userId": "p04", "previousId": "p09", "messageId": "x3"},
            *(track("Seen", name, 2) for name in ("p03", "p04", "p09", "new")),
        )
        await told.house.settle()
        told.house.clock.advance(seconds=700)
        await told.comes({"type": "identify", "userId": "p05", "anonymousId": "a1", "messageId": "x4"})
        await told.house.settle()
        await told.house.later(hours=1)

    hands = await told_twice(tmp_path, story, count=3)
    learnt = {event.message_id for task in hands.tasks if isinstance(task, Learn) for *_, event in task.events}
    assert {"Seen/p00/0", "Seen/p23/0", "Seen/new/2"} <= learnt
    assert not {"x2", "x3", "Seen/p03/2", "Seen/p04/0", "Seen/p04/2", "Seen/p09/0"} & learnt
    (given,) = (task for task in hands.tasks if isinstance(task, Learn) and task.new)
    assert set(given.new) == {number for number, *_, event in given.events if event.user_id == "new"}


async def test_nobody_is_in_two_shares() -> None:
    owners = [Identity(id=number, key=_user(f"u{number}"), person=1 + number % 7) for number in range(1, 40)]
    events = [
        (owner, Placed(position=0, received_ms=0, event=an_event(), identity=owner.key, dedup_hash=0))
        for owner in owners
    ]
    ours, shares = parted(events, {3, 5}, 3)
    persons = [{owner.person for owner, _ in share} for share in (ours, *shares)]
    assert persons[0] == {3, 5}
    assert sum(map(len, persons)) == len(set.union(*persons)) == 7
    assert sorted(owner.id for share in (ours, *shares) for owner, _ in share) == list(range(1, 40))


@pytest.mark.parametrize("among", [1, 2, 3])
def test_much_is_given_in_several_tasks_to_each_and_little_in_one(among: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing, "PORTION", 200)
    given = handing.Handing()
    assert [given.tasks(count, among) for count in (0, 1, 200 * among, 400 * among - 1)] == [among] * 4
    assert given.tasks(400 * among, among) == 2 * among
    assert given.tasks(10**6, among) == handing.TASKS_MOST * among


async def test_a_record_nobody_foresaw_is_set_aside_as_without_hands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def learn(profile: Any, event: Any, *more: Any) -> Any:
        if event.name == "Poison":
            raise ValueError("nobody foresaw this")
        return learn_for_real(profile, event, *more)

    monkeypatch.setattr("holdfast.flows.ingest.intake.learn", learn)

    async def story(told: Told) -> None:
        await everybody(told)
        for name in PEOPLE:
            await told.comes(track("Seen", name), *([track("Poison", name)] if name == "p11" else []))
        await told.house.settle()
        async with told.house.app.state.view() as view:
            bad = await view.bad_records(limit=10, before_id=None, replayed=None)
            profiles = await view.profiles(list(range(1, 100)))
        assert [each.code for each in bad] == ["unforeseen"]
        assert sum("Seen" in each.tallies for each in profiles.values()) == len(PEOPLE) - 1

    hands = await told_twice(tmp_path, story)
    assert hands.could_not > 0


NASTY: dict[str, Any] = {
    "a number of any length": {"properties": {"n": 10**40}},
    "half a character": {"properties": {"said": "\ud800"}},
    "half a character in a name": {"userId": "p\ud800"},
    "nothing in a name": {"userId": "p\0\0"},
    "deep": {"properties": json.loads('{"a":' * 90 + "1" + "}" * 90)},
    "large": {"properties": {"said": "é" * 3_000, "numbers": [2**64 - 1, -(2**63), 1e308, 5e-324, 0.1, -0.0]}},
    "of long ago": {"timestamp": "1971-01-01T00:00:00.000001Z"},
}


@pytest.mark.parametrize("nasty", NASTY)
async def test_whatever_is_said_comes_to_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture, nasty: str) -> None:
    async def story(told: Told) -> None:
        await told.house.publish(a_journey("hello"))
        await everybody(told)
        for number in range(2):  # The second time everybody is known.
            odd = track("Seen", "p00", 100 + number) | NASTY[nasty]
            await told.comes(*(track("Seen", name, number) for name in PEOPLE), odd)
            await told.house.settle()
        await told.house.later(hours=1)

    hands = await told_twice(tmp_path, story)
    assert hands.did["Learn"] > 0
    assert "failed" not in caplog.text, "no tick broke on what no message can carry"


async def test_of_a_tick_that_fails_at_its_end_nothing_is_kept_and_all_is_done_again(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        await told.house.publish(a_journey("hello"))
        await everybody(told)
        await told.house.happens(*(track("Seen", name) for name in PEOPLE[:12]))
        told.house.clock.advance(seconds=700)
        await told.comes(*(track("Seen", name) for name in PEOPLE[12:]))
        if told.hands is not None:
            before, did_before = _dump(told.path), told.hands.did.total()
            other = sqlite3.connect(told.path)
            refuse = "BEGIN SELECT RAISE(ABORT, 'not now'); END"
            other.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON turn {refuse}")
            with pytest.raises(sqlite3.IntegrityError, match="not now"):
                await told.house.app.reactor.tick()
            assert told.hands.did.total() >= did_before + 4, "they were asked to learn and to wake"
            other.execute("DROP TRIGGER refuse")
            other.close()
            assert _dump(told.path) == before
        await told.house.settle()
        await told.house.later(hours=1)

    assert (await told_twice(tmp_path, story)).could_not == 0


async def test_what_a_hand_says_is_undone_with_a_tick_that_could_not_write_it(tmp_path: Path) -> None:
    """The second of two hands says what cannot be written: what the first said goes with it."""

    async def story(told: Told) -> None:
        await told.house.publish(a_journey("hello"))
        await everybody(told)
        await told.comes(*(track("Seen", name) for name in PEOPLE))
        if told.hands is not None:
            before = _dump(told.path)
            other = sqlite3.connect(told.path)
            refuse = "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            other.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON visit WHEN new.identity % 2 = 1 {refuse}")
            with pytest.raises(sqlite3.IntegrityError, match="not this one"):
                await told.house.app.reactor.tick()
            other.execute("DROP TRIGGER refuse")
            other.close()
            assert _dump(told.path) == before
        await told.house.later(hours=1)

    assert (await told_twice(tmp_path, story)).did["Learn"] >= 4


def _dump(path: Path) -> list[str]:
    """All that the state's file says by now."""
    with sqlite3.connect(path) as connection:
        found = [line for line in connection.iterdump() if "TRIGGER" not in line]
    connection.close()
    return found


async def test_a_hand_goes_by_the_settings_of_who_gives(tmp_path: Path) -> None:
    state = SqliteState(tmp_path / "state")
    house = await House.build(tmp_path, state=state)
    await house.happens(identify("ann"))
    recorder = SqliteRecorder(tmp_path / "state")
    app = house.app
    hand = Hand(recorder, rules=app.rules, revision=app.choices.revision, zone=app.zone)
    ann = (1, 1, 5, an_event(user_id="ann", message_id="m"))

    def task(revision: int) -> bytes:
        return encode(Learn(revision, 5, 5, [ann]))

    before = app.choices.revision
    assert await hand.do(task(before)) is not None
    assert await hand.do(task(before + 1)) is None
    async with state.begin() as transaction:
        await choose_settings(transaction, {"cap_email_per_day": 1})
    # The state has it, and nobody goes by it yet: whose settings are meant is not known.
    assert await hand.do(task(before)) is None
    hand.adopt(app.rules, before + 1)
    assert await hand.do(task(before)) is None
    assert await hand.do(task(before + 1)) is not None
    await recorder.close()
    await state.close()


async def test_what_no_tick_has_brought_up_to_date_yet_is_no_fault_of_a_hand(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = SqliteState(tmp_path / "state")
    house = await House.build(tmp_path, state=state)
    recorder = SqliteRecorder(tmp_path / "state")
    app = house.app
    hand = Hand(recorder, rules=app.rules, revision=app.choices.revision, zone=app.zone)
    await hand.get_ready()
    await save_segment(state, _live("keen", n=1), by="test", now=house.clock.now())
    await hand.get_ready()  # The segment has no number yet.
    await house.settle()
    await save_segment(state, _live("keen", n=2), by="test", now=house.clock.now())
    await hand.get_ready()  # It is not begun anew yet.
    await house.publish(a_journey("hello"))
    await hand.get_ready()  # Nor does anybody watch for what journeys start with.
    task = encode(Wake(app.choices.revision, 5, []))
    assert await hand.do(task) is None
    await house.settle()
    assert await hand.do(task) is not None
    assert caplog.text == ""
    await recorder.close()
    await state.close()


def _live(name: str, *, n: int) -> Draft:
    return replace(draft_of(name, name, did("Seen", where=prop("n") > n)), live=True)


async def test_a_setting_that_is_chosen_meanwhile_is_gone_by(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        house = told.house
        await house.publish(a_journey("hello"))
        await everybody(told)
        for number, most in enumerate((0, 1, 0)):
            async with house.app.state.begin() as transaction:
                await choose_settings(transaction, {"cap_email_per_day": most})
            await told.comes(*(track("Seen", name, 10 * number) for name in PEOPLE))
            await house.settle()  # The hands do not know of it yet.
            await house.app.choices.look()
            if told.hands is not None:
                for each in told.hands.hands:
                    each.adopt(house.app.rules, house.app.choices.revision)
            await house.happens(*(track("Seen", name, 10 * number + 1) for name in PEOPLE))
            await house.later(minutes=11)

    hands = await told_twice(tmp_path, story)
    assert hands.did["Wake"] >= 6
    assert hands.could_not > 0


async def test_nothing_is_given_while_the_past_of_a_live_segment_is_looked_at(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        await everybody(told)
        await told.house.happens(*(track("Seen", name, n=3) for name in PEOPLE[:5]))
        await save_segment(told.house.app.state, _live("keen", n=1), by="test", now=told.house.clock.now())
        given = 0 if told.hands is None else told.hands.did.total()
        await told.comes(*(track("Seen", name, 1, n=3) for name in PEOPLE[5:]))
        await told.house.app.reactor.tick()
        assert told.hands is None or told.hands.did.total() == given, "what is watched was new in this tick"
        await told.house.settle()
        given = 0 if told.hands is None else told.hands.did.total()
        await told.house.happens(*(track("Seen", name, 2, n=3) for name in PEOPLE))
        assert told.hands is None or told.hands.did.total() > given
        async with told.house.app.state.view() as view:
            (live,) = await view.live_segments()
            assert len(await view.segment_members(live.number, limit=100)) == len(PEOPLE)

    assert (await told_twice(tmp_path, story)).could_not == 0


def _user(name: str) -> IdentityKey:
    return IdentityKey(kind="user", value=name)
