"""Live segments: who is in them at every moment, what is told of it, and what becomes of them as people change."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from holdfast.events.event import IdentityKey
from holdfast.flows.audience import live_index, live_segments
from holdfast.flows.audience.lists import change_list, save_list
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import delete_segment, save_segment
from holdfast.flows.ingest.bulk import load_table
from holdfast.flows.ingest.taking import events_table
from holdfast.flows.journey.decide import set_state
from holdfast.flows.people.identify import merge, unmerge
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.moments import to_millis
from holdfast.ports.live import LiveSegment
from holdfast.segments.builders import all_of, any_of, bucket, did, in_list, in_segment, last_did, trait
from holdfast.segments.condition import Condition
from holdfast.testing.house import House

HALF_AN_HOUR = 30 / 1440
IDLE = last_did("Viewed", before_days=HALF_AN_HOUR) & ~did("Bought", within_days=HALF_AN_HOUR)
"""Viewed, and did not buy within half an hour."""


@dataclass
class Live:
    """A house whose segments are watched."""

    house: House
    told: int = field(default=0)

    async def save(self, name: str, condition: Condition, *, live: bool = True) -> None:
        draft = draft_of(name, name, condition)
        await save_segment(self.house.app.state, replace(draft, live=live), by="test", now=self.house.clock.now())
        await self.house.settle()

    async def segment(self, name: str) -> LiveSegment:
        async with self.house.app.state.view() as view:
            (found,) = [each for each in await view.live_segments() if each.segment == name and each.ended_ms is None]
        return found

    async def members(self, name: str) -> set[str]:
        """Who is in it; the counter says as many."""
        live = await self.segment(name)
        async with self.house.app.state.view() as view:
            persons = [person for person, _ in await view.segment_members(live.number, limit=10_000)]
            names = await view.identities_by_id(persons)
        assert len(persons) == live.size
        return {names[each].key.value for each in persons}

    async def heard(self) -> list[tuple[str, str, str]]:
        """What was told since the last time: who entered or left which segment."""
        rows: list[tuple[str, str, str]] = []
        async for each in _own(self.house):
            if each["event"].startswith("Segment "):
                who = each.get("userId") or each["anonymousId"]
                rows.append((who, each["event"].removeprefix("Segment "), each["properties"]["segment"]))
        new, self.told = rows[self.told :], len(rows)
        return new


async def _own(house: House) -> AsyncIterator[Mapping[str, Any]]:
    for entry in await house.app.log.read(0, max_records=100_000, max_bytes=10**9):
        if entry.record.source == "holdfast":
            for each in json.loads(entry.record.body)["batch"]:
                if each.get("event"):
                    yield each


@pytest.fixture
async def at(tmp_path: Path) -> Live:
    return Live(await House.build(tmp_path))


_count = iter(range(1_000_000))


def does(event: str, user: str = "ann", **properties: Any) -> dict[str, Any]:
    key = f"m{next(_count)}"
    return {"type": "track", "event": event, "userId": user, "messageId": key, "properties": properties}


def says(user: str = "ann", **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "traits": traits, "messageId": f"m{next(_count)}"}


async def test_what_happens_brings_people_in_and_takes_them_out(at: Live) -> None:
    await at.save("keen", did("Viewed", at_least=2) & (trait("plan") == "free"))
    await at.house.happens(says(plan="free"), does("Viewed"))
    assert await at.members("keen") == set()
    await at.house.happens(does("Viewed"), does("Viewed", "ben"), does("Viewed", "ben"))
    assert await at.members("keen") == {"ann"}
    assert await at.heard() == [("ann", "Entered", "keen")]
    await at.house.happens(does("Viewed"))
    assert await at.heard() == [], "who is in does not enter"
    await at.house.happens(says(plan="gold"), says("ben", plan="free"))
    assert await at.members("keen") == {"ben"}
    assert await at.heard() == [("ann", "Left", "keen"), ("ben", "Entered", "keen")]


async def test_what_does_not_happen_brings_people_in_to_the_moment(at: Live) -> None:
    await at.save("idle", IDLE)
    await at.house.happens(does("Viewed"), does("Bought"))
    await at.house.later(minutes=29, seconds=59.999)
    assert await at.members("idle") == set()
    await at.house.later(seconds=0.001)
    assert await at.members("idle") == {"ann"}
    assert await at.heard() == [("ann", "Entered", "idle")]
    await at.house.happens(does("Bought"))
    assert await at.heard() == [("ann", "Left", "idle")]
    await at.house.later(minutes=15)
    await at.house.happens(does("Bought"))
    await at.house.later(minutes=29)
    assert await at.members("idle") == set(), "it counts from the last time"
    await at.house.later(minutes=1)
    assert await at.heard() == [("ann", "Entered", "idle")]


async def test_windows_run_out_and_timers_are_few(at: Live) -> None:
    await at.save("busy", did("Viewed", at_least=3, within_days=7))
    for _ in range(20):
        await at.house.happens(does("Viewed"))
        await at.house.later(hours=1)
    async with at.house.app.state.view() as view:
        timers = await view.due_members(2**60, limit=99)
    assert len(timers) == 1, "one timer a person, however much they do"
    assert await at.members("busy") == {"ann"}
    await at.house.later(days=7)
    assert await at.members("busy") == set()
    assert await at.heard() == [("ann", "Entered", "busy"), ("ann", "Left", "busy")]
    async with at.house.app.state.view() as view:
        assert await view.due_members(2**60, limit=99) == []


async def test_an_event_evaluates_only_what_names_it(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        await at.save(f"a{number}", did(f"Event {number}", within_days=7))
        await at.save(f"t{number}", trait(f"trait{number}") == 1)
    evaluated: list[int] = []
    write = live_segments.Turnings.write

    async def counted(self: Any, transaction: Any) -> int:
        evaluated.append(self.evaluated)
        return await write(self, transaction)

    await at.house.happens(does("Event 1"))
    monkeypatch.setattr(live_segments.Turnings, "write", counted)
    await at.house.happens(does("Event 3"), does("Other"), says(trait5=1, trait6=2))
    assert sum(evaluated) == 3


async def test_an_event_evaluates_only_what_it_may_change(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        await at.save(f"seen-{number}", did("Viewed", within_days=number + 1))
        await at.save(f"not-seen-{number}", did("Bought") & ~did("Viewed", within_days=number + 1))
    await at.save("seldom", did("Viewed", at_least=1, at_most=2, within_days=5))
    await at.house.happens(does("Viewed"), does("Bought"))
    evaluated: list[int] = []
    write = live_segments.Turnings.write

    async def counted(self: Any, transaction: Any) -> int:
        evaluated.append(self.evaluated)
        return await write(self, transaction)

    monkeypatch.setattr(live_segments.Turnings, "write", counted)
    await at.house.happens(does("Viewed"))
    assert sum(evaluated) == 11, "who has seen it has seen it; what asks for two ways is asked"
    await at.house.happens(does("Viewed"))
    assert ("ann", "Left", "seldom") in await at.heard()


async def test_what_asks_for_more_than_was_done_is_not_asked_of(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    await at.save("third", did("Viewed", at_least=3, within_days=5))
    await at.save("buyer", did("Viewed", within_days=5) & did("Bought", within_days=5))
    await at.house.happens(does("Other"))
    evaluated: list[int] = []
    write = live_segments.Turnings.write

    async def counted(self: Any, transaction: Any) -> int:
        evaluated.append(self.evaluated)
        return await write(self, transaction)

    monkeypatch.setattr(live_segments.Turnings, "write", counted)
    await at.house.happens(does("Viewed"), does("Viewed"))
    assert sum(evaluated) == 2, "the buyer's first part is met, so the whole is asked of"
    await at.house.happens(does("Viewed"))
    assert sum(evaluated) == 4
    assert await at.heard() == [("ann", "Entered", "third")]
    await at.house.happens(does("Bought"))
    assert await at.heard() == [("ann", "Entered", "buyer")]
    evaluated.clear()
    await at.house.happens(does("Viewed", "ben"))
    assert sum(evaluated) == 1, "of a newcomer, too"


async def test_what_was_done_under_another_name_counts_for_what_is_asked(at: Live) -> None:
    await at.save("third", did("Viewed", at_least=3, within_days=5))
    await at.house.happens(does("Viewed", "ann"), does("Viewed", "ann"), does("Other", "ben"))
    await merge(at.house.app.state, "ann", "ben", by="test", now=at.house.clock.now())
    await at.house.settle()
    await at.house.happens(does("Viewed", "ben"))
    assert await at.members("third") == {"ann"}


async def test_an_event_of_somebody_whose_timer_is_late_is_asked_of(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their window ran out before the event came; that they left in between is not known yet."""
    await at.save("busy", did("Viewed", at_least=2, within_days=1))
    await at.house.happens(does("Viewed"), does("Viewed"))
    assert await at.members("busy") == {"ann"}
    with monkeypatch.context() as late:
        late.setattr(live_segments.LiveKeeper, "_fire", _nothing)
        await at.house.later(days=3)
        await at.house.happens(does("Viewed"))
        assert await at.members("busy") == set()


async def test_who_is_in_by_an_earlier_meaning_is_asked_of(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    await at.save("busy", did("Viewed"))
    await at.house.happens(does("Viewed"))
    with monkeypatch.context() as before:
        before.setattr(live_segments.LiveKeeper, "_fill", _nothing)
        await at.save("busy", did("Viewed", at_least=5))
        await at.house.happens(does("Viewed"))
        assert await at.members("busy") == set()


async def test_who_was_there_before_is_a_member_and_nothing_is_told(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_segments, "FILLED_MOST", 3)
    await at.house.happens(*(does("Viewed", f"u{n}") for n in range(10)), does("Other", "x"))
    await at.save("seen", did("Viewed", within_days=1))
    assert await at.members("seen") == {f"u{n}" for n in range(10)}
    assert (await at.segment("seen")).filled_ms is not None
    assert await at.heard() == []
    await at.house.later(days=1)
    assert await at.members("seen") == set()
    assert len(await at.heard()) == 10, "from then on they leave like anybody"


async def test_while_it_fills_who_does_something_counts_at_once_and_only_what_is_new_is_told(
    at: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at.house.happens(*(does("Viewed", f"u{n}") for n in range(6)), does("Other", "u6"), does("Other", "u7"))
    monkeypatch.setattr(live_segments.LiveKeeper, "_fill", _nothing)
    await at.save("seen", did("Viewed"))
    assert await at.members("seen") == set()
    await at.house.happens(does("Viewed", "u1"), does("Viewed", "u6"), does("Viewed", "new"))
    assert await at.members("seen") == {"u1", "u6", "new"}
    assert await at.heard() == [("u6", "Entered", "seen"), ("new", "Entered", "seen")]
    monkeypatch.undo()
    await at.house.settle()
    assert await at.members("seen") == {f"u{n}" for n in range(7)} | {"new"}
    assert await at.heard() == []


async def _nothing(*_args: object) -> int:
    return 0


async def test_a_new_definition_looks_at_everybody_and_tells_nothing(at: Live) -> None:
    await at.house.happens(does("Viewed", "ann"), does("Bought", "ben"))
    await at.save("some", did("Viewed"))
    before = await at.segment("some")
    await at.save("some", did("Bought"))
    assert await at.members("some") == {"ben"}
    after = await at.segment("some")
    assert (after.number, after.version) == (before.number, 2)
    await at.save("other", did("Viewed"), live=False)
    await at.save("some", in_segment("other"))
    assert await at.members("some") == {"ann"}
    await at.save("other", any_of(did("Viewed"), did("Bought")), live=False)
    assert await at.members("some") == {"ann", "ben"}, "what it names has changed"
    assert await at.heard() == []
    await at.house.happens(does("Viewed", "cem"))
    assert await at.heard() == [("cem", "Entered", "some")]


async def test_while_a_new_definition_fills_only_what_changes_under_it_is_told(
    at: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was known under the old one: by a window that runs out, or as a member."""
    await at.save("cold", ~did("Viewed", within_days=1))
    await at.save("warm", did("Viewed", within_days=1))
    await at.house.happens(*(does("Viewed", each) for each in ("ann", "ben", "cem")))
    assert len(await at.heard()) == 3
    monkeypatch.setattr(live_segments.LiveKeeper, "_fill", _nothing)
    await at.save("cold", did("Viewed", within_days=30))
    await at.save("warm", did("Viewed", at_most=0))
    await at.house.happens(does("Viewed", "ann"))
    assert await at.members("cold") == {"ann"}
    assert await at.members("warm") == {"ben", "cem"}, "who is not looked at yet is in it as before"
    assert await at.heard() == [], "ann was in the one under its new meaning, and was not in the other"
    await at.house.later(days=1, seconds=1)
    assert await at.members("cold") == {"ann", "ben", "cem"}
    assert await at.members("warm") == set()
    assert await at.heard() == [], "nor does a timer of the old meaning bring anybody in or out"
    await at.house.later(days=29)
    assert await at.members("cold") == set()
    left = [("ann", "Left", "cold"), ("ben", "Left", "cold"), ("cem", "Left", "cold")]
    assert sorted(await at.heard()) == left, "time has gone by under the new one"


async def test_in_another_time_zone_everybody_is_looked_at_again(tmp_path: Path) -> None:
    first = Live(await House.build(tmp_path))
    today = first.house.clock.now().date().isoformat()
    await first.save("noon", did("Viewed", since=f"{today}T12:00:00"))
    await first.house.later(seconds=_seconds_to_noon(first.house.clock.now()) + 60)
    await first.house.happens(does("Viewed"))
    assert await first.members("noon") == {"ann"}
    here = first.house.app
    there = Live(await House.build(tmp_path, state=here.state, log=here.log, time_zone="America/New_York"))
    there.house.clock.advance(seconds=(first.house.clock.now() - there.house.clock.now()).total_seconds())
    await there.house.settle()
    assert await there.members("noon") == set(), "noon comes later there"
    assert (await there.segment("noon")).number == (await first.segment("noon")).number


def _seconds_to_noon(now: datetime) -> float:
    return (now.replace(hour=12, minute=0, second=0, microsecond=0) - now).total_seconds() % 86_400


async def test_however_many_segments_turn_at_once_a_tick_is_soon_over(
    at: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at midnight, or after days at a standstill: who happens to do something meanwhile does not wait."""
    names = [f"s{n}" for n in range(12)]
    for n, name in enumerate(names):
        await at.save(name, did("Viewed", within_days=1 + n / 100))
    people = {f"u{n}" for n in range(30)}
    await at.house.happens(*(does("Viewed", each) for each in sorted(people)))
    monkeypatch.setattr(live_segments, "EVALUATIONS_MOST", 40)
    monkeypatch.setattr(live_segments, "PORTION_LEAST", 2)
    evaluated: list[int] = []
    write = live_segments.Turnings.write

    async def counted(turnings: live_segments.Turnings, transaction: Any) -> int:
        evaluated.append(turnings.evaluated)
        return await write(turnings, transaction)

    monkeypatch.setattr(live_segments.Turnings, "write", counted)
    at.house.clock.advance(days=9)
    await at.house.app.reactor.tick()
    assert 0 < len(await at.members("s0")) < len(people)
    await at.house.settle()
    assert max(evaluated) < 40 + len(names)
    for name in names:
        assert await at.members(name) == set()
    told = await at.heard()
    assert len(told) == len(set(told)) == 2 * len(people) * len(names)
    # Those who are to be looked at anew are no fewer.
    everybody = list(range(1, 31))
    async with at.house.app.state.begin() as transaction:
        await live_segments.look_again(transaction, everybody, told=True)
    evaluated.clear()
    await at.house.settle()
    assert max(evaluated) < 40 + len(names)
    assert sum(evaluated) == len(people) * len(names)


async def test_newcomers_are_in_what_holds_of_anybody(at: Live) -> None:
    await at.save("everyone", all_of())
    await at.save("cold", ~did("Bought", within_days=1))
    await at.save("half", bucket("x", 0, 50))
    await at.house.happens(*(does("Viewed", f"u{n}") for n in range(40)))
    assert len(await at.members("everyone")) == len(await at.members("cold")) == 40
    assert 5 < len(await at.members("half")) < 35
    await at.house.happens(does("Viewed", "u1"), does("Bought", "u2"))
    assert len(await at.members("everyone")) == 40
    assert len(await at.members("cold")) == 39
    await at.house.later(days=1)
    assert len(await at.members("cold")) == 40


async def test_a_segment_that_is_live_no_more_lets_go_of_everything(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_segments, "CLEARED_MOST", 3)
    await at.save("seen", did("Viewed", within_days=7))
    await at.save("too", did("Viewed", within_days=9))
    await at.house.happens(*(does("Viewed", f"u{n}") for n in range(10)))
    number = (await at.segment("seen")).number
    await at.heard()
    await at.save("seen", did("Viewed", within_days=7), live=False)
    async with at.house.app.state.view() as view:
        assert [each.segment for each in await view.live_segments()] == ["too"]
        assert await view.segment_members(number, limit=9) == []
    await at.house.later(days=9)
    async with at.house.app.state.view() as view:
        assert await view.memberships([*range(1, 11)]) == {}
        assert await view.due_members(2**60, limit=9) == []
    assert {(what, segment) for _, what, segment in await at.heard()} == {("Left", "too")}
    await at.save("seen", did("Viewed", within_days=30))
    assert (await at.segment("seen")).number > number
    assert len(await at.members("seen")) == 10
    await delete_segment(at.house.app.state, "seen", by="test", now=at.house.clock.now())
    await at.house.settle()
    async with at.house.app.state.view() as view:
        assert [each.segment for each in await view.live_segments()] == ["too"]


async def test_people_who_are_joined_enter_and_leave_once(at: Live) -> None:
    await at.save("seen", did("Viewed"))
    await at.save("twice", did("Viewed", at_least=2))
    await at.save("once", did("Viewed", at_least=1, at_most=1))
    await at.house.happens(does("Viewed", "ann"), does("Viewed", "ben"), does("Other", "cem"))
    await at.heard()
    state, now = at.house.app.state, at.house.clock.now()
    link = (await merge(state, "ann", "ben", by="test", now=now)).link
    await at.house.settle()
    assert await at.members("seen") == {"ann"}
    assert await at.members("once") == set()
    assert sorted(await at.heard()) == [("ann", "Entered", "twice"), ("ann", "Left", "once")]
    await unmerge(state, link.id, by="test", now=now)
    await at.house.settle()
    assert await at.members("seen") == {"ann", "ben"}
    assert await at.members("twice") == set()
    assert await at.members("once") == {"ann", "ben"}
    told = sorted(await at.heard())
    assert ("ben", "Entered", "seen") not in told, "ben was in it before, as part of ann"
    assert ("ann", "Left", "twice") in told
    assert ("ben", "Left", "twice") in told
    await merge(state, "cem", "ann", by="test", now=now)
    await at.house.settle()
    assert await at.members("seen") == {"ann", "ben"}


async def test_a_login_that_joins_brings_the_devices_past(at: Live) -> None:
    await at.save("seen", did("Viewed"))
    await at.save("warm", did("Viewed") & (trait("plan") == "free"))
    viewed = {"type": "track", "event": "Viewed", "anonymousId": "phone", "messageId": "v"}
    await at.house.happens(viewed, says("ann", plan="free"))
    assert await at.heard() == [("phone", "Entered", "seen")]
    login = {"type": "identify", "userId": "ann", "anonymousId": "phone", "traits": {"a": 1}, "messageId": "l"}
    await at.house.happens(login)
    assert [(what, segment) for _, what, segment in await at.heard()] == [("Entered", "warm")]
    for name in ("seen", "warm"):
        assert len(await at.members(name)) == 1


async def test_late_events_make_it_true_now_and_tell_nothing_of_then(at: Live) -> None:
    await at.save("idle", IDLE)
    await at.save("busy", did("Viewed", at_least=2, within_days=1))
    await at.house.happens(does("Viewed"))
    await at.house.later(hours=30)
    assert await at.heard() == [("ann", "Entered", "idle")]
    at_then = at.house.clock.now().replace(microsecond=0)
    late = does("Bought") | {"timestamp": at_then.isoformat()}
    await at.house.happens(late | {"originalTimestamp": None})
    assert await at.heard() == [("ann", "Left", "idle")]
    old = does("Viewed") | {"timestamp": "2020-01-01T00:00:00Z"}
    await at.house.happens(old)
    assert await at.heard() == []
    assert await at.members("busy") == set()


async def test_one_batch_tells_every_move_once(at: Live) -> None:
    await at.save("odd", did("Viewed", at_least=1, at_most=1))
    await at.save("on", trait("on") == True)  # noqa: E712 - It builds a condition.
    await at.house.happens(does("Viewed"), says(on=True), does("Viewed"), says(on=False))
    assert await at.members("odd") == set()
    heard = await at.heard()
    assert [each for each in heard if each[2] == "odd"] == [("ann", "Entered", "odd"), ("ann", "Left", "odd")]


async def test_what_cannot_be_live_is_refused_with_the_place(at: Live) -> None:
    with pytest.raises(Invalid) as refused:
        await at.save("rich", did("Order", at_least=40, within_days=7) & did("Viewed"))
    assert (refused.value.code, refused.value.path) == ("not_live", "$.of[0].at_least")
    assert "Count to less" in refused.value.hint
    with pytest.raises(Invalid, match="this very event"):
        await at.save("loop", any_of(did("Viewed"), ~did("Segment Entered", within_days=1)))
    await at.save("rich", did("Order", at_least=40, within_days=7), live=False)
    await at.save("plain", did("Viewed"), live=False)
    await at.save("of-plain", in_segment("plain"))
    with pytest.raises(Conflict, match="of-plain"):
        await at.save("plain", did("Order", at_least=40, within_days=7), live=False)
    with pytest.raises(Invalid) as named:
        await at.save("of-rich", in_segment("rich"))
    assert named.value.path == "$.segment"


async def test_a_tick_that_fails_leaves_nothing_and_is_made_again(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the keeper remembers of a transaction that was undone must not be believed."""
    await at.house.happens(does("Viewed", "ann"))
    reactor = at.house.app.reactor
    forget = reactor._forget

    async def full_disk(*_args: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(reactor, "_forget", full_disk)
    with pytest.raises(OSError, match="full"):
        await at.save("seen", did("Viewed", within_days=7))
    monkeypatch.setattr(reactor, "_forget", forget)
    await at.house.settle()
    assert await at.members("seen") == {"ann"}


async def test_the_event_says_which_version_and_is_kept_under_the_name_that_caused_it(at: Live) -> None:
    await at.save("seen", did("Viewed", within_days=1))
    await at.save("seen", did("Viewed", within_days=2))
    await at.house.happens(does("Viewed"))
    (told,) = [each async for each in _own(at.house) if each["event"] == "Segment Entered"]
    assert told["properties"] == {"segment": "seen", "segment_version": 2}
    assert told["userId"] == "ann"
    async with at.house.app.state.view() as view:
        (ann,) = (await view.identities([IdentityKey(kind="user", value="ann")])).values()
        profile = (await view.profiles([ann.id]))[ann.id]
        ((person, since),) = await view.segment_members((await at.segment("seen")).number, limit=9)
    assert profile.tallies["Segment Entered"].count == 1
    assert (person, since) == (ann.person, to_millis(at.house.clock.now()))


async def test_a_journey_begins_by_it(at: Live) -> None:
    await at.save("idle", IDLE)
    await at.house.publish(
        {
            "id": "wake",
            "name": "Wake",
            "goal": {"event": "Bought", "within_seconds": 86_400},
            "start": "in",
            "steps": {
                "in": {
                    "type": "trigger",
                    "event": "Segment Entered",
                    "where": [{"property": "segment", "operator": "equals", "value": "idle"}],
                    "again": "once",
                    "exits": {"entered": "mail"},
                },
                "mail": {
                    "type": "send",
                    "channel": "email",
                    "template": {"subject": "Still there?", "html": "<p>Come back.</p>"},
                    "exits": {"sent": "done", "withheld": "done"},
                },
                "done": {"type": "exit"},
            },
        }
    )
    await at.house.happens(says(email="ann@example.com"), does("Viewed"), does("Bought"))
    await at.house.later(minutes=29)
    assert not at.house.carrier.parcels
    await at.house.later(minutes=1)
    assert len(at.house.carrier.parcels) == 1


async def test_a_table_of_the_past_is_seen_and_not_told_and_a_list_is(at: Live) -> None:
    app = at.house.app
    await save_list(app, "vip", "VIP")
    await at.save("seen", did("Viewed"))
    await at.save("vip", in_list("vip"))
    rows = [{"event": "Viewed", "user_id": f"u{n}", "timestamp": "2020-01-01T00:00:00Z"} for n in range(3)]
    table = events_table(pa.Table.from_pylist(rows), source="python")
    await load_table(table, state=app.state, history=app.history, received=app.clock.now())
    await at.house.settle()
    assert await at.members("seen") == {"u0", "u1", "u2"}
    assert await at.heard() == []
    await change_list(app, "vip", add=["u1"])
    await at.house.settle()
    assert await at.members("vip") == {"u1"}
    assert await at.heard() == [("u1", "Entered", "vip")]


def by_segment(change: str, segment: str = "idle", **also: Any) -> dict[str, Any]:
    """A journey that writes to who came into a segment, or went out of it."""
    return {
        "id": "wake",
        "name": "Wake",
        "goal": {"event": "Bought", "within_seconds": 86_400},
        "start": "in",
        "steps": {
            "in": {
                "type": "segment_change",
                "segment": segment,
                "change": change,
                "exits": {"entered": "mail"},
                **also,
            },
            "mail": {
                "type": "send",
                "channel": "email",
                "template": {"subject": "Still there?", "html": "<p>Come back.</p>"},
                "exits": {"sent": "done", "withheld": "done"},
            },
            "done": {"type": "exit"},
        },
    }


@pytest.mark.parametrize("change", ["entered", "left"])
async def test_a_published_journey_keeps_its_segment_live(at: Live, change: str) -> None:
    await at.save("idle", IDLE, live=False)
    await at.house.happens(says("old", email="old@example.com"), does("Viewed", "old"))
    await at.house.later(hours=1)
    await at.house.publish(by_segment(change))
    await at.house.happens(says(email="ann@example.com"), does("Viewed"))
    assert await at.members("idle") == {"old"}, "who was there is in it, and was not let in"
    await at.house.later(minutes=30)
    assert await at.members("idle") == {"old", "ann"}
    assert [each.to for each in at.house.carrier.parcels] == (["ann@example.com"] if change == "entered" else [])
    await at.house.happens(does("Bought", "old"))
    assert [each.to for each in at.house.carrier.parcels] == [f"{'ann' if change == 'entered' else 'old'}@example.com"]
    await set_state(at.house.app.state, "journey", "wake", "stop")
    await at.house.settle()
    async with at.house.app.state.view() as view:
        assert await view.live_segments() == [], "nothing needs it any more"


async def test_a_journey_cannot_begin_by_a_segment_that_cannot_be_live(at: Live) -> None:
    await at.save("rich", did("Order", at_least=40, within_days=7), live=False)
    with pytest.raises(Invalid) as refused:
        await at.house.publish(by_segment("entered", "rich"))
    assert (refused.value.code, refused.value.path) == ("not_live", "$.steps.in.segment")
    await at.save("plain", did("Order"), live=False)
    await at.house.publish(by_segment("entered", "plain"))
    with pytest.raises(Conflict):
        await at.save("plain", did("Order", at_least=40, within_days=7), live=False)


async def test_what_will_change_sooner_than_was_known_is_looked_at_sooner(at: Live) -> None:
    await at.save("calm", did("Viewed", within_days=30) & ~did("Bought", within_days=1))
    await at.house.happens(does("Viewed"))
    await at.house.happens(does("Bought"))
    assert [what for _, what, _ in await at.heard()] == ["Entered", "Left"]
    await at.house.later(days=1)
    assert await at.members("calm") == {"ann"}
    assert (await at.house.app.reactor.tick()).idle, "a timer that went off is not set again for the same moment"
    await at.house.later(days=29)
    assert [what for _, what, _ in await at.heard()] == ["Entered", "Left"]


async def test_a_filling_that_fails_goes_on_where_it_was(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a tick that came to nothing had reached in memory must not be believed."""
    await at.house.happens(*(does("Viewed", f"u{n}") for n in range(10)))
    monkeypatch.setattr(live_segments, "FILLED_MOST", 3)
    reactor = at.house.app.reactor
    draft = replace(draft_of("seen", "Seen", did("Viewed")), live=True)
    await save_segment(at.house.app.state, draft, by="test", now=at.house.clock.now())
    await reactor.tick()
    forget = reactor._forget

    async def full_disk(*_args: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(reactor, "_forget", full_disk)
    with pytest.raises(OSError, match="full"):
        await reactor.tick()
    monkeypatch.setattr(reactor, "_forget", forget)
    await at.house.settle()
    assert await at.members("seen") == {f"u{n}" for n in range(10)}


async def test_segments_are_read_again_only_when_one_has_changed(at: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    await at.save("seen", did("Viewed"))
    loads: list[int] = []
    load = live_index.load_index

    async def counted(*args: Any) -> Any:
        loads.append(1)
        return await load(*args)

    monkeypatch.setattr(live_segments, "load_index", counted)
    await at.house.happens(does("Viewed"))
    await at.house.later(hours=1)
    assert loads == []
    await at.save("seen", did("Bought"))
    assert len(loads) == 1
