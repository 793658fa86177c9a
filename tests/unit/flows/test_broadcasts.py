"""Campaigns that let in an audience, told from end to end in a house with a clock that is turned by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.decisions import broadcast, pace
from holdfast.events.event import IdentityKey, Json
from holdfast.flows.journey import broadcasts
from holdfast.flows.journey.calling import Became, Line, Named, call_audience, call_people
from holdfast.flows.journey.decide import set_state
from holdfast.flows.journey.runs import change_run
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.moments import to_millis
from holdfast.messages.parcel import Deferred
from holdfast.ports.runs import Run
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.house import House
from holdfast.wiring import rules_of

HOUR, DAY = 3_600, 86_400


def a_campaign(trigger: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": "news",
        "name": "News",
        "goal": {"event": "Order Completed", "within_seconds": DAY},
        "trigger": trigger,
        "send": {"channel": "email", "template": {"subject": "News", "text": "Read {{ event.properties.title }}."}},
    } | changes


def identify(user: str, **traits: Any) -> dict[str, Any]:
    told = {"email": f"{user}@example.com"} | traits
    return {"type": "identify", "userId": user, "messageId": f"{user}{sorted(told.items())}", "traits": told}


def track(event: str, user: str, number: int = 0, **properties: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": event,
        "userId": user,
        "messageId": f"{event}/{user}/{number}",
        "properties": properties,
    }


async def a_house(tmp_path: Path, *messages: dict[str, Any], **settings: Any) -> House:
    """A house on a Monday, 5 January 2026, at nine in the morning in UTC."""
    house = await House.build(tmp_path, **settings)
    if messages:
        await house.happens(*messages)
    return house


async def runs(house: House, origin: str = "news") -> list[Run]:
    """Oldest first."""
    async with house.app.state.view() as view:
        return (await view.runs_of(origin, limit=100))[::-1]


def written(house: House) -> list[str]:
    """To whom mail went, in order; lets go of it."""
    to = [parcel.to.partition("@")[0] for parcel in house.carrier.parcels]
    house.carrier.parcels.clear()
    return to


def in_brief(found: Sequence[Run]) -> list[tuple[str, str, dict[str, int]]]:
    return [(run.key, run.state, dict(run.counts)) for run in found]


async def test_a_campaign_is_sent_once_to_a_segment(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann", plan="gold"), identify("bob"), identify("cy", plan="gold"))
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    await house.publish(
        a_campaign({"type": "dates", "at": ["2026-01-05T12:00"], "time_zone": "workspace", "audience": gold})
    )
    await house.later(hours=2, minutes=59, seconds=59)
    assert written(house) == []
    assert await runs(house) == []
    await house.later(seconds=1)
    assert sorted(written(house)) == ["ann", "cy"]
    (run,) = await runs(house)
    assert (run.key, run.state, run.found, run.chosen, run.cursor) == ("2026-01-05T12:00:00", "done", 2, 2, 2)
    assert run.counts == {"treated": 2}
    await house.later(days=400)
    assert written(house) == []
    assert len(await runs(house)) == 1


async def test_everybody_is_written_to_when_it_is_nine_where_they_live(tmp_path: Path) -> None:
    house = await a_house(
        tmp_path,
        identify("kiribati", timezone="Pacific/Kiritimati"),
        identify("tokyo", timezone="Asia/Tokyo"),
        identify("berlin", timezone="Europe/Berlin"),
        identify("nowhere"),
        identify("honolulu", timezone="Pacific/Honolulu"),
    )
    await house.publish(a_campaign({"type": "recurring", "at": ["09:00"], "days": ["wednesday"]}))
    order: list[tuple[str, str]] = []
    for _ in range(24 * 4):
        await house.later(hours=1)
        order += [(name, f"{house.clock.now():%a %H}") for name in written(house)]
    assert order == [
        ("kiribati", "Tue 19"),
        ("tokyo", "Wed 00"),
        ("berlin", "Wed 08"),
        ("nowhere", "Wed 09"),
        ("honolulu", "Wed 19"),
    ]


@pytest.mark.parametrize("asked", ["audience", "only_if"])
async def test_who_is_not_meant_any_more_when_it_is_nine_where_they_live_is_left_out(
    tmp_path: Path, asked: str
) -> None:
    house = await a_house(
        tmp_path,
        identify("ann", plan="gold", timezone="Pacific/Honolulu"),
        identify("bob", plan="gold", timezone="Pacific/Honolulu"),
        identify("cy", plan="gold", timezone="Pacific/Kiritimati"),
    )
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-07T09:00"], asked: gold}))
    await house.later(hours=34)
    assert written(house) == ["cy"]
    await house.happens(identify("ann", plan="silver"), identify("cy", plan="silver"))
    await house.later(hours=24)
    assert written(house) == ["bob"]
    async with house.app.state.view() as view:
        left = Counter(each.left_by for each in await view.visits_of([1, 2, 3], limit=9))
        counts = {(each.step, each.exit): each.count for each in await view.step_counts("news")}
    assert left == {"exit": 2, "condition": 1}
    assert (counts["trigger", "entered"], counts["trigger", "condition"]) == (2, 1)


async def test_who_waits_for_a_place_and_is_not_meant_any_more_is_left_out(tmp_path: Path) -> None:
    house = await a_house(tmp_path, *(identify(f"p{n}", plan="gold") for n in range(3)))
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    a_minute = {"throttle": {"people": 1, "per": "minute"}, "audience": gold, "time_zone": "UTC"}
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], **a_minute}))
    await house.later(hours=1)
    assert written(house) == ["p0"]
    await house.happens(identify("p1", plan="silver"))
    await house.later(minutes=5)
    assert written(house) == ["p2"]


@pytest.mark.parametrize(("if_past", "late"), [("skip", []), ("next_day", ["tokyo"])])
async def test_whose_hour_is_past_is_left_out_or_waits_for_the_next_day(
    tmp_path: Path, if_past: str, late: list[str]
) -> None:
    house = await a_house(
        tmp_path, identify("tokyo", timezone="Asia/Tokyo"), identify("denver", timezone="America/Denver")
    )
    # It is six in the evening in Tokyo, and two in the morning in Denver.
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "if_past": if_past}))
    await house.later(hours=8)
    assert written(house) == ["denver"]
    await house.later(hours=7, minutes=59)
    assert written(house) == []
    await house.later(minutes=1)
    assert written(house) == late
    (run,) = await runs(house)
    assert run.counts == ({"treated": 2} if late else {"treated": 1, "past": 1})


async def test_days_off_are_those_of_the_persons_country(tmp_path: Path) -> None:
    house = await a_house(
        tmp_path,
        identify("greta", country="DE", timezone="UTC"),
        identify("saad", country="SA", timezone="UTC"),
        identify("emma", country="US", timezone="UTC"),
    )
    trigger = {"type": "recurring", "at": ["12:00"], "on_day_off": "skip", "time_zone": "UTC"}
    await house.publish(a_campaign(trigger))
    said: dict[str, list[str]] = {"greta": [], "saad": [], "emma": []}
    await house.later(days=13, hours=4)
    written(house)
    for _ in range(24 * 7):
        await house.later(hours=1)
        for name in written(house):
            said[name].append(f"{house.clock.now():%a %d}")
    # Monday the 19th of January is Martin Luther King's day; in Saudi Arabia Friday and Saturday are the weekend.
    assert said == {
        "greta": ["Mon 19", "Tue 20", "Wed 21", "Thu 22", "Fri 23"],
        "saad": ["Mon 19", "Tue 20", "Wed 21", "Thu 22", "Sun 25"],
        "emma": ["Tue 20", "Wed 21", "Thu 22", "Fri 23"],
    }


async def test_what_is_shifted_to_a_day_of_its_own_is_sent_once(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("greta", country="DE"))
    await house.publish(
        a_campaign({"type": "recurring", "at": ["10:00"], "on_day_off": "shift", "time_zone": "workspace"})
    )
    days: list[str] = []
    for _ in range(24 * 8):
        await house.later(hours=1)
        days += [f"{house.clock.now():%a}"] * len(written(house))
    # The sixth is a holiday in some of Germany only; Saturday's and Sunday's would come on Monday, which has its own.
    assert days == ["Mon", "Tue", "Wed", "Thu", "Fri", "Mon"]


@pytest.mark.parametrize("time_zone", ["person", "Europe/Berlin"])
async def test_of_times_that_clocks_leave_out_together_one_is_sent(tmp_path: Path, time_zone: str) -> None:
    house = await a_house(tmp_path, identify("greta", timezone="Europe/Berlin"))
    house.clock.advance(days=82)
    await house.publish(
        a_campaign({"type": "recurring", "at": ["02:15", "02:45", "03:00", "03:30"], "time_zone": time_zone})
    )
    sent: list[str] = []
    for _ in range(4 * 36):
        await house.later(minutes=15)
        sent += [f"{house.clock.now():%d %H:%M}" for _ in written(house)]
    # In Germany it is three o'clock there after two.
    assert sent == ["29 01:00", "29 01:30"]


async def test_nobody_is_written_to_while_the_business_is_closed_and_a_change_of_that_holds_at_once(
    tmp_path: Path,
) -> None:
    house = await a_house(tmp_path, identify("greta", country="DE"), closed_days="2026-01-07 to 2026-01-08, 01-13")
    daily = {"type": "recurring", "at": ["10:00"], "on_day_off": "skip", "time_zone": "workspace"}
    await house.publish(a_campaign(daily))
    await house.publish(a_campaign({**daily, "at": ["11:00"], "on_day_off": "keep"}, id="always", name="Always"))
    days: list[str] = []
    for hour in range(24 * 9):
        await house.later(hours=1)
        days += [f"{house.clock.now():%a %d %H}" for _ in written(house)]
        if hour == 24 * 6:
            await house.app.adopt(replace(house.app.settings, closed_days=""))
    assert [each for each in days if each.endswith("10")] == [
        "Mon 05 10",
        "Tue 06 10",
        "Fri 09 10",
        "Mon 12 10",
        "Tue 13 10",
    ]
    assert len([each for each in days if each.endswith("11")]) == 9


async def test_too_large_an_audience_waits_for_somebody_to_confirm_it(tmp_path: Path) -> None:
    house = await a_house(tmp_path, *(identify(f"p{n}") for n in range(5)))
    await house.publish(
        a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "hold_above": 4, "most_people": 3})
    )
    await house.later(hours=1)
    (run,) = await runs(house)
    assert (run.state, run.found, run.chosen, run.cursor) == ("held", 5, 3, 0)
    assert written(house) == []
    await change_run(house.app.state, "news", run.id, "confirm", now=house.clock.now())
    await house.settle()
    assert len(written(house)) == 3
    (run,) = await runs(house)
    assert (run.state, run.counts) == ("done", {"treated": 3})


def test_of_too_many_those_are_chosen_whom_chance_chooses_for_that_campaign() -> None:
    people = np.arange(1, 10_001, dtype=np.uint32)
    some, others = (broadcasts.chosen(people, 1_000, origin) for origin in ("news", "offers"))
    assert list(some) == sorted(set(some)) == list(broadcasts.chosen(people, 1_000, "news"))
    for each in (some, others):
        assert len(each) == 1_000
        assert 4_600 < each.mean() < 5_400, "who came first is not favoured: within four deviations"
    assert 60 < len(np.intersect1d(some, others)) < 140, "and who is left out of the one may be in the other"
    assert set(broadcasts.chosen(people, 999, "news")) < set(some)
    assert list(broadcasts.chosen(people[:3], 3, "news")) == [1, 2, 3]


async def test_an_audience_of_just_so_many_waits_for_nobody(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"), identify("bob"))
    at = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "hold_above": 2}
    await house.publish(a_campaign(at))
    await house.later(hours=1)
    assert [(run.state, run.found) for run in await runs(house)] == [("done", 2)]


async def test_an_audience_is_of_everybody_who_came_before_its_run_though_not_archived_yet(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"))
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}))
    house.clock.advance(hours=1)
    await house.app.collector.collect("batch", json.dumps({"batch": [identify("bob")]}).encode(), "default")
    assert (await house.app.reactor.tick()).begun == 1
    assert await house.app.preparer.prepare() == 1
    await house.settle()
    assert sorted(written(house)) == ["ann", "bob"]


async def test_a_run_that_is_stopped_while_its_audience_is_looked_for_stays_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await a_house(tmp_path, identify("ann"))
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}))
    sound = broadcasts.audience_of

    async def audience_of(*asked: Any, **more: Any) -> Any:
        (run,) = await runs(house)
        await change_run(house.app.state, "news", run.id, "stop", now=house.clock.now())
        return await sound(*asked, **more)

    monkeypatch.setattr(broadcasts, "audience_of", audience_of)
    await house.later(hours=1)
    assert [run.state for run in await runs(house)] == ["stopped"]
    assert written(house) == []


async def test_a_schedule_that_is_published_anew_keeps_its_new_times_and_none_of_the_old(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"))
    daily = {"type": "recurring", "at": ["10:00"], "time_zone": "UTC"}
    await house.publish(a_campaign(daily))
    await house.later(minutes=5)  # The next time is known by now.
    await house.publish(a_campaign(daily | {"at": ["12:00"]}))
    await house.later(hours=2)
    assert written(house) == []
    await house.later(hours=1)
    assert written(house) == ["ann"]
    assert [run.key for run in await runs(house)] == ["2026-01-05T12:00:00"]


async def test_a_throttle_spreads_people_over_the_minutes(tmp_path: Path) -> None:
    house = await a_house(tmp_path, *(identify(f"p{n}") for n in range(5)))
    await house.publish(
        a_campaign(
            {
                "type": "dates",
                "at": ["2026-01-05T10:00"],
                "time_zone": "UTC",
                "throttle": {"people": 2, "per": "minute"},
                "cut_off_seconds": 90,
            }
        )
    )
    await house.later(hours=1)
    counted = [len(written(house))]
    for _ in range(5):
        await house.later(seconds=30)
        counted.append(len(written(house)))
    assert counted == [1, 1, 1, 1, 0, 0]
    (run,) = await runs(house)
    assert run.counts == {"treated": 4, "too_late": 1}


async def test_a_throttle_is_one_for_all_runs_of_a_campaign(tmp_path: Path) -> None:
    seen = [track("Product Viewed", f"p{n}", sku, sku=sku) for n in range(3) for sku in (1, 2, 3)]
    house = await a_house(tmp_path, *(identify(f"p{n}") for n in range(3)), *seen)
    trigger = {
        "type": "business_event",
        "event": "Price Dropped",
        "event_property": "sku",
        "their_event": "Product Viewed",
        "their_property": "sku",
        "throttle": {"people": 2, "per": "minute"},
    }
    await house.publish(a_campaign(trigger))
    await house.happens(*(track("Price Dropped", "catalogue", sku, sku=sku) for sku in (1, 2)))
    sent = [len(written(house))]
    await house.later(seconds=30)
    sent.append(len(written(house)))
    await house.happens(track("Price Dropped", "catalogue", 3, sku=3))
    for _ in range(5):
        await house.later(minutes=1)
        sent.append(len(written(house)))
    assert sent == [1, 1, 2, 2, 2, 1, 0]
    assert [run.state for run in await runs(house)] == ["done"] * 3


async def test_a_stopped_run_gives_the_places_of_a_throttle_back(tmp_path: Path) -> None:
    house = await a_house(tmp_path, *(identify(f"p{n}") for n in range(4)))
    hourly = {"throttle": {"people": 1, "per": "hour"}, "time_zone": "UTC"}
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T09:30", "2026-01-05T10:30"], **hourly}))
    await house.later(minutes=30)
    assert len(written(house)) == 1
    await change_run(house.app.state, "news", 1, "stop", now=house.clock.now())
    await house.later(hours=1)
    assert len(written(house)) == 1


async def test_what_a_provider_put_off_past_the_cut_off_is_not_sent(tmp_path: Path) -> None:
    carrier = KeptParcels(Deferred("Come again."))
    house = await House.build(tmp_path, carrier=carrier)
    await house.happens(identify("ann"))
    at = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "cut_off_seconds": 1}
    await house.publish(a_campaign(at))
    await house.later(hours=1)
    assert written(house) == ["ann"]
    await house.later(hours=1)
    assert written(house) == []
    async with house.app.state.view() as view:
        (send,) = await view.sends_of(origin="news", identities=[1], limit=10)
    assert (send.state, send.reason) == ("withheld", "too_late")


async def test_a_throttle_plans_only_so_far_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many people wait for a place: what is planned is written anew with every tick."""
    monkeypatch.setattr(pace, "AHEAD_MOST", 4)
    monkeypatch.setattr(broadcasts, "ENTER_MOST", 2)
    house = await a_house(tmp_path, *(identify(f"p{n:02}") for n in range(12)))
    throttle = {"people": 1, "per": "minute"}
    at = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "throttle": throttle, "again": "once"}
    await house.publish(a_campaign(at))
    await house.later(hours=1)
    (run,) = await runs(house)
    assert (run.cursor, len(run.places), run.state) == (4, 4, "running")
    counted = [len(written(house))]
    for _ in range(11):
        await house.later(minutes=1)
        counted.append(len(written(house)))
        (run,) = await runs(house)
        assert len(run.places) <= 5
    assert counted == [1] * 12
    assert (await runs(house))[0].state == "done"


async def test_fewer_are_let_in_while_others_act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has just bought waits for no more than a short tick, whatever else is going on."""
    monkeypatch.setattr(broadcasts, "ENTER_MOST", 5)
    monkeypatch.setattr(broadcasts, "BESIDE_MOST", 2)
    house = await a_house(tmp_path, *(identify(f"p{n:02}") for n in range(20)))
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}))
    house.clock.advance(hours=1)
    assert (await house.app.reactor.tick()).begun == 1
    await house.app.preparer.prepare()
    let_in = [(await house.app.reactor.tick()).let_in]
    await house.app.collector.collect("track", json.dumps(track("Order Completed", "p00")).encode(), "web")
    for seconds in (0, 0.5, 0.499, 0.001, 60):
        house.clock.advance(seconds=seconds)
        let_in.append((await house.app.reactor.tick()).let_in)
    # What we tell of it ourselves is no sign that others act; only that it waits is.
    assert let_in == [5, 0, 2, 2, 5, 5]
    await house.settle()
    assert len(set(written(house))) == 20


async def test_however_much_others_do_every_other_tick_lets_people_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasts, "BESIDE_MOST", 4)
    house = await a_house(tmp_path, *(identify(f"p{n:02}") for n in range(20)))
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}))
    house.clock.advance(hours=1)
    assert (await house.app.reactor.tick()).begun == 1
    await house.app.preparer.prepare()
    let_in = []
    for number in range(10):
        ordered = json.dumps(track("Order Completed", f"p{number:02}"))
        await house.app.collector.collect("track", ordered.encode(), "web")
        let_in.append((await house.app.reactor.tick()).let_in)
    assert let_in == [0, 4, 0, 4, 0, 4, 0, 4, 0, 4]
    await house.settle()
    assert len(set(written(house))) == 20


async def test_who_cannot_be_asked_for_keeps_no_other_audience_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await a_house(tmp_path, identify("ann"))
    audience_of = broadcasts.audience_of

    async def broken(history: Any, condition: Any, *, as_of_ms: int) -> Any:
        if "plan" in str(condition):
            raise RuntimeError("The engine is out of memory.")
        return await audience_of(history, condition, as_of_ms=as_of_ms)

    monkeypatch.setattr(broadcasts, "audience_of", broken)
    at = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    await house.publish(a_campaign(at | {"audience": gold}, id="broken"))
    await house.publish(a_campaign(at))
    with pytest.raises(RuntimeError):
        await house.later(hours=1)
    assert [each.state for each in await runs(house, "broken")] == ["preparing"]
    await house.settle()
    assert written(house) == ["ann"]


async def test_the_end_of_the_calendar_stops_nobody_else(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"))
    for number, at in enumerate(("9999-12-31T23:59:59", "0001-01-01T00:00")):
        await house.publish(a_campaign({"type": "dates", "at": [at]}, id=f"never{number}"))
    late = {"type": "recurring", "at": ["23:00"], "starts_on": "9999-12-31", "days_of_month": [31]}
    await house.publish(a_campaign(late, id="never"))
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}))
    await house.later(hours=1)
    assert written(house) == ["ann"]


async def test_a_day_beyond_the_calendar_is_none(tmp_path: Path) -> None:
    """Said when the audience was known already, so that only their turn comes to it."""
    house = await a_house(tmp_path, identify("ann", renews_on="2026-01-05"), identify("bob", renews_on="2026-01-05"))
    on = {"type": "date_trait", "date_trait": "renews_on", "at": "12:00", "time_zone": "UTC", "hold_above": 1}
    await house.publish(a_campaign(on))
    await house.later(hours=3)
    (run,) = [each for each in await runs(house) if each.found]
    await house.happens(identify("bob", renews_on="9999-12-31T23:59:59-12:00"))
    await change_run(house.app.state, "news", run.id, "confirm", now=house.clock.now())
    await house.later(minutes=1)
    assert written(house) == ["ann"]
    (run,) = [each for each in await runs(house) if each.found]
    assert run.counts == {"treated": 1, "other_day": 1}


async def test_a_stopped_campaign_says_when_its_runs_ended(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"))
    at = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "hold_above": 0}
    await house.publish(a_campaign(at))
    await house.later(hours=1)
    assert [each.state for each in await runs(house)] == ["held"]
    await set_state(house.app.state, "campaign", "news", "stop")
    await house.publish(a_campaign(at, name="Anew"))  # Before any tick has seen that it was stopped.
    await house.later(seconds=1)
    (run,) = await runs(house)
    assert (run.state, run.ended_ms) == ("stopped", to_millis(house.clock.now()))
    assert written(house) == []


async def test_what_was_missed_for_too_long_is_seen_and_not_sent(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"))
    await house.publish(
        a_campaign(
            {"type": "recurring", "at": ["10:00"], "time_zone": "UTC", "latest_seconds": 2 * HOUR},
        )
    )
    # Nothing runs for three days: down for all that time.
    house.clock.advance(days=2, hours=2, minutes=30)
    await house.settle()
    assert in_brief(await runs(house)) == [
        ("2026-01-05T10:00:00", "missed", {}),
        ("2026-01-06T10:00:00", "missed", {}),
        ("2026-01-07T10:00:00", "done", {"treated": 1}),
    ]
    assert written(house) == ["ann"]


@pytest.mark.parametrize(
    ("at", "if_past", "day", "state"),
    [
        ("07:00", "skip", None, None),
        ("07:00", "next_day", "Tue 06 07:00", "done"),
        ("12:00", "skip", None, "missed"),
        ("12:00", "next_day", "Tue 06 12:00", "done"),
    ],
)
async def test_a_time_that_is_past_by_one_clock_waits_for_the_next_day_too(
    tmp_path: Path, at: str, if_past: str, day: str | None, state: str | None
) -> None:
    """It was published two hours too late; or nothing ran from three hours before to two hours after."""
    house = await a_house(tmp_path, identify("ann", timezone="Asia/Tokyo"))
    dates = {"type": "dates", "at": [f"2026-01-05T{at}"], "time_zone": "workspace", "if_past": if_past}
    await house.publish(a_campaign(dates))
    house.clock.advance(hours=5)
    found: list[str] = []
    for _ in range(24 * 2):
        await house.settle()
        found += [f"{house.clock.now():%a %d %H:%M}" for _ in written(house)]
        await house.later(hours=1)
    assert found == ([] if day is None else [day])
    assert [run.state for run in await runs(house)] == ([] if state is None else [state])


async def test_paused_it_starts_nothing_and_stopped_it_ends_what_waits(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann", timezone="America/Denver"))
    await house.publish(a_campaign({"type": "recurring", "at": ["10:00"], "latest_seconds": HOUR}))
    await house.later(hours=2)
    (run,) = [each for each in await runs(house) if each.key == "2026-01-05T10:00:00"]
    assert (run.state, run.counts) == ("done", {"treated": 1})
    await set_state(house.app.state, "campaign", "news", "pause")
    await house.later(hours=7)
    assert written(house) == []
    await set_state(house.app.state, "campaign", "news", "resume")
    await house.later(seconds=1)
    assert written(house) == ["ann"]
    await set_state(house.app.state, "campaign", "news", "stop")
    await house.later(days=3)
    assert written(house) == []


async def test_birthdays_are_kept_every_year_also_those_of_a_leap_day(tmp_path: Path) -> None:
    house = await a_house(
        tmp_path,
        identify("ann", birthday="1990-01-07"),
        identify("leap", birthday="2004-02-29"),
        identify("newborn", birthday="2026-01-07"),
        identify("tokyo", birthday="1999-01-07", timezone="Asia/Tokyo"),
        identify("unknown", birthday="soon"),
    )
    await house.publish(a_campaign({"type": "date_trait", "date_trait": "birthday", "yearly": True, "at": "09:00"}))
    found: list[tuple[str, str]] = []
    for _ in range(24 * 60):
        await house.later(hours=1)
        found += [(name, f"{house.clock.now():%m-%d %H}") for name in written(house)]
    assert found == [("tokyo", "01-07 00"), ("ann", "01-07 09"), ("leap", "02-28 09")]


@pytest.mark.parametrize(("offset", "day"), [(-3, "01-12"), (0, "01-15"), (2, "01-17")])
async def test_a_renewal_is_announced_days_before_or_after(tmp_path: Path, offset: int, day: str) -> None:
    house = await a_house(
        tmp_path, identify("ann", renews_on="2026-01-15"), identify("bob", renews_on="2026-01-15T23:30:00-08:00")
    )
    await house.publish(
        a_campaign(
            {"type": "date_trait", "date_trait": "renews_on", "offset_days": offset, "at": "12:00", "time_zone": "UTC"}
        )
    )
    found: list[tuple[str, str]] = []
    for _ in range(24 * 16):
        await house.later(hours=1)
        found += [(name, f"{house.clock.now():%m-%d}") for name in written(house)]
    assert [each for each in found if each[0] == "ann"] == [("ann", day)]
    # What is half past eleven in the evening there is the next day in UTC.
    assert [name for name, _ in found] == ["ann", "bob"]


@pytest.mark.parametrize("renews_on", ["2026-02-07", None, "never"])
async def test_a_day_that_is_put_off_while_they_wait_for_their_hour_is_announced_no_more(
    tmp_path: Path, renews_on: str | None
) -> None:
    in_honolulu = {"renews_on": "2026-01-08", "timezone": "Pacific/Honolulu"}
    house = await a_house(tmp_path, identify("ann", **in_honolulu), identify("bob", **in_honolulu))
    trigger = {"type": "date_trait", "date_trait": "renews_on", "offset_days": -1, "at": "09:00"}
    await house.publish(a_campaign(trigger))
    await house.later(hours=34)
    (run,) = [each for each in await runs(house) if each.key.startswith("2026-01-07")]
    assert run.counts == {"treated": 2}, "both wait for nine where they live"
    await house.happens(identify("ann", renews_on=renews_on))
    await house.later(hours=24)
    assert written(house) == ["bob"]
    async with house.app.state.view() as view:
        left = Counter(each.left_by for each in await view.visits_of([1, 2], limit=9))
        counts = {(each.step, each.exit): each.count for each in await view.step_counts("news")}
    assert left == {"exit": 1, "other_day": 1}
    assert (counts["trigger", "entered"], counts["trigger", "other_day"]) == (1, 1)


async def test_a_trait_that_changed_meanwhile_starts_nothing(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann", birthday="1990-01-06", plan="gold"))
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    await house.publish(
        a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "audience": gold, "hold_above": 0})
    )
    await house.later(hours=1)
    (run,) = await runs(house)
    assert (run.state, run.found) == ("held", 1)
    await house.happens(identify("ann", plan="free"))
    await change_run(house.app.state, "news", run.id, "confirm", now=house.clock.now())
    await house.settle()
    (run,) = await runs(house)
    assert run.counts == {"condition": 1}
    assert written(house) == []


async def test_a_new_episode_is_told_to_who_follows_the_show(tmp_path: Path) -> None:
    house = await a_house(
        tmp_path,
        identify("ann"),
        identify("bob"),
        identify("cy"),
        track("Show Followed", "ann", show_id="s1"),
        track("Show Followed", "bob", show_id="s2"),
        track("Show Followed", "cy", show_id="s1"),
    )
    trigger = {
        "type": "business_event",
        "event": "Episode Released",
        "event_property": "show_id",
        "their_event": "Show Followed",
        "their_property": "show_id",
        "within_days": 30,
        "key_property": "episode_id",
    }
    await house.publish(a_campaign(trigger))
    episode: dict[str, Any] = {"show_id": "s1", "episode_id": "e7", "title": "The end"}
    await house.happens(track("Episode Released", "catalogue", **episode))
    assert sorted(written(house)) == ["ann", "cy"]
    await house.happens(track("Episode Released", "catalogue", 2, **episode))
    assert written(house) == []
    assert [(run.key, run.found) for run in await runs(house)] == [('"e7"', 2)]
    await house.later(days=31)
    await house.happens(track("Episode Released", "catalogue", 3, **(episode | {"episode_id": "e8"})))
    assert written(house) == []
    assert (await runs(house))[-1].found == 0


async def test_a_holdout_is_left_alone_by_a_broadcast_too(tmp_path: Path) -> None:
    house = await a_house(tmp_path, *(identify(f"p{n}") for n in range(60)))
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}, holdout=0.5))
    await house.later(hours=1)
    await house.later(minutes=10)  # One provider takes only so many at once.
    (run,) = await runs(house)
    assert set(run.counts) == {"treated", "holdout"}
    assert len(written(house)) == run.counts["treated"]
    assert sum(run.counts.values()) == 60


async def test_who_does_it_in_the_meantime_gets_nothing(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"), identify("bob"))
    await house.publish(
        a_campaign(
            {"event": "Checkout Started", "again": "after_exit"},
            unless={"event": "Order Completed", "seconds": HOUR},
        )
    )
    await house.happens(track("Checkout Started", "ann"), track("Checkout Started", "bob"))
    await house.later(minutes=30)
    await house.happens(track("Order Completed", "bob"))
    await house.later(minutes=29, seconds=59)
    assert written(house) == []
    await house.later(seconds=1)
    assert written(house) == ["ann"]


async def call(house: House, key: str, *users: str, **properties: Json) -> list[Became]:
    app = house.app
    line = Line(state=app.state, tell=app.tell, catch_up=app.catch_up, rules=rules_of(app.settings), zone=app.zone)
    named = [Named(key=IdentityKey(kind="user", value=each)) for each in users]
    found = await call_people(line, "news", key, named, properties=properties, now=house.clock.now())
    await house.settle()
    return found


async def test_a_call_tells_of_each_person_what_became_of_them(tmp_path: Path) -> None:
    house = await a_house(
        tmp_path, identify("ann", plan="gold"), identify("bob"), *(identify(f"p{n}") for n in range(9))
    )
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    await house.publish(a_campaign({"type": "api", "only_if": gold}, holdout=0.0))
    ann, bob, stranger = await call(house, "order-7", "ann", "bob", "stranger", title="Yours")
    assert (ann.outcome, ann.arm, ann.send) == ("entered", "treated", "claimed")
    assert (bob.outcome, bob.reason) == ("not_entered", "condition")
    assert (stranger.outcome, stranger.reason) == ("not_entered", "condition")
    assert written(house) == ["ann"]
    (ann,) = await call(house, "order-7", "ann", title="Yours")
    assert (ann.outcome, ann.send) == ("entered", "sent")
    assert written(house) == []
    (ann,) = await call(house, "order-8", "ann")
    assert ann.outcome == "entered"
    assert written(house) == ["ann"]


async def test_a_call_that_did_not_let_somebody_in_does_not_do_so_later(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"))
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    await house.publish(a_campaign({"type": "api", "only_if": gold}))
    (ann,) = await call(house, "order-7", "ann")
    assert (ann.outcome, ann.reason) == ("not_entered", "condition")
    await house.happens(identify("ann", plan="gold"))
    (ann,) = await call(house, "order-7", "ann")
    assert (ann.outcome, ann.reason) == ("not_entered", "otherwise_then")
    (ann,) = await call(house, "order-8", "ann")
    assert ann.outcome == "entered"


async def test_whom_asking_breaks_holds_up_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await a_house(tmp_path, identify("ann", country="ZZ"), identify("bob"))

    def broken(country: str, default: str | None, facts: Any) -> str | None:
        if facts.traits.get("country") == "ZZ":
            raise RuntimeError("A calendar that breaks.")
        return None

    monkeypatch.setattr(broadcast, "country_for", broken)
    at = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "on_day_off": "skip"}
    await house.publish(a_campaign(at))
    await house.later(hours=1)
    assert in_brief(await runs(house)) == [("2026-01-05T10:00:00", "done", {"failed": 1, "treated": 1})]
    assert written(house) == ["bob"]


async def test_a_call_keeps_holdout_and_cool_down(tmp_path: Path) -> None:
    house = await a_house(tmp_path, *(identify(f"p{n}") for n in range(40)))
    await house.publish(a_campaign({"type": "api", "again": "once"}, holdout=0.5))
    people = [f"p{n}" for n in range(40)]
    became = await call(house, "a", *people)
    await house.later(minutes=10)
    assert {each.arm for each in became} == {"treated", "holdout"}
    held = {each.key.value for each in became if each.arm == "holdout"}
    assert set(written(house)) == set(people) - held
    assert {each.reason for each in became if each.arm == "holdout"} == {"holdout"}
    assert {(each.outcome, each.reason) for each in await call(house, "b", *people)} == {
        ("not_entered", "entered_before")
    }


async def test_a_call_may_be_for_the_whole_audience(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"), identify("bob"))
    now = house.clock.now()
    await house.publish(a_campaign({"type": "api", "whole_audience": True}))
    run = await call_audience(house.app.state, "news", "k", properties={"title": "All"}, now=now)
    house.app.preparer.wanted.set()
    await house.settle()
    assert sorted(written(house)) == ["ann", "bob"]
    again = await call_audience(house.app.state, "news", "k", properties={}, now=now)
    assert (again.id, again.state, again.counts) == (run.id, "done", {"treated": 2})


async def test_who_is_named_or_handed_over_need_not_be_in_the_audience(tmp_path: Path) -> None:
    """The audience is whom an occasion is for; `only_if` is for everybody."""
    house = await a_house(tmp_path, identify("ann", plan="gold"), identify("bob"))
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    await house.publish(a_campaign({"type": "api", "whole_audience": True, "audience": gold}))
    assert [each.outcome for each in await call(house, "a", "ann", "bob")] == ["entered", "entered"]
    await house.later(minutes=1)
    assert sorted(written(house)) == ["ann", "bob"]
    await house.publish(a_campaign({"type": "dates", "at": ["2026-02-05T12:00"], "audience": gold}))
    start = {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "on"}}
    on = {"type": "enter_journey", "journey": "news", "exits": {"next": "end"}}
    goal = {"event": "Order Completed", "within_seconds": DAY}
    steps = {"start": start, "on": on, "end": {"type": "exit"}}
    await house.publish({"id": "leads", "name": "Leads", "goal": goal, "start": "start", "steps": steps})
    await house.happens(track("Signed Up", "ann"), track("Signed Up", "bob"))
    assert sorted(written(house)) == ["ann", "bob"]


async def test_what_is_not_called_or_not_live_takes_no_call(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"))
    await house.publish(a_campaign({"event": "Signed Up", "again": "once"}))
    with pytest.raises(Invalid, match="call"):
        await call(house, "a", "ann")
    await house.publish(a_campaign({"type": "api"}))
    with pytest.raises(Invalid, match="named"):
        await call_audience(house.app.state, "news", "k", properties={}, now=house.clock.now())
    await set_state(house.app.state, "campaign", "news", "pause")
    with pytest.raises(Conflict, match="paused"):
        await call(house, "a", "ann")


async def test_nobody_calls_in_somebody_elses_name(tmp_path: Path) -> None:
    """What a client tracks under the name of our own event is no call."""
    house = await a_house(tmp_path, identify("ann"))
    await house.publish(a_campaign({"type": "api"}))
    forged = track("Campaign Called", "ann") | {"context": {"campaign": "news", "key": "k"}}
    await house.happens(forged)
    assert written(house) == []


async def test_a_stopped_run_ends_for_who_waits_for_their_hour(tmp_path: Path) -> None:
    house = await a_house(
        tmp_path, identify("berlin", timezone="Europe/Berlin"), identify("denver", timezone="America/Denver")
    )
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T12:00"]}))
    await house.later(hours=2)
    assert written(house) == ["berlin"]
    (run,) = await runs(house)
    assert run.counts == {"treated": 2}
    await change_run(house.app.state, "news", run.id, "stop", now=house.clock.now())
    await house.later(days=2)
    assert written(house) == []
    async with house.app.state.view() as view:
        visits = {visit.identity: visit.left_by for visit in await view.visits_of([1, 2], limit=9)}
        assert visits[2] == "stopped", "nobody asks the gate for them any more"
        assert await view.sends_of(origin="news", identities=[2], limit=9) == []


async def test_the_segment_one_comes_into_lets_one_in(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"))
    from holdfast.flows.audience.segment_drafts import draft_of
    from holdfast.flows.audience.segments import save_segment
    from holdfast.segments.builders import trait

    await save_segment(
        house.app.state, draft_of("gold", "Gold", trait("plan") == "gold"), by="a test", now=house.clock.now()
    )
    await house.publish(a_campaign({"type": "segment_change", "segment": "gold"}))
    await house.later(minutes=1)
    await house.happens(identify("ann", plan="gold"))
    await house.later(minutes=1)
    assert written(house) == ["ann"]


async def test_a_stopped_run_withholds_what_waits_to_be_delivered(tmp_path: Path) -> None:
    """The emergency brake: what the gate let through for the morning is not sent either; another run's is."""
    house = await a_house(tmp_path, identify("ann"), identify("bob"), quiet_from="08:00", quiet_until="12:00")
    ann, bob = (
        {"type": "trait", "trait": "email", "operator": "equals", "value": f"{name}@example.com"}
        for name in ("ann", "bob")
    )
    at = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC"}
    await house.publish(a_campaign(at | {"audience": ann}))
    await house.publish(a_campaign(at | {"audience": bob}, id="other"))
    await house.later(hours=1)
    (run,) = await runs(house)
    assert run.counts == {"treated": 1}
    await change_run(house.app.state, "news", run.id, "stop", now=house.clock.now())
    await house.later(hours=2)
    assert written(house) == ["bob"]
    async with house.app.state.view() as view:
        (send,) = await view.sends_of(origin="news", identities=[1], limit=10)
    assert (send.state, send.reason) == ("withheld", "stopped")


async def test_a_stopped_run_stops_nothing_that_it_led_into(tmp_path: Path) -> None:
    house = await a_house(tmp_path, identify("ann"), quiet_from="08:00", quiet_until="12:00")
    await house.publish(a_campaign({"event": "Never", "again": "once"}))
    leading = {
        "id": "leading",
        "name": "Leading",
        "goal": {"event": "Order Completed", "within_seconds": DAY},
        "start": "in",
        "steps": {
            "in": {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "exits": {"entered": "hand"}},
            "hand": {"type": "enter_journey", "journey": "news", "exits": {"next": "out"}},
            "out": {"type": "exit"},
        },
    }
    await house.publish(leading)
    await house.later(hours=1)
    (run,) = await runs(house, "leading")
    await change_run(house.app.state, "leading", run.id, "stop", now=house.clock.now(), kind="journey")
    await house.later(hours=2)
    assert written(house) == ["ann"]


@pytest.mark.parametrize(("within_seconds", "sent"), [(DAY, []), (60, ["denver"])])
async def test_who_waits_for_their_hour_leaves_by_the_goal_and_comes_no_sooner_by_it(
    tmp_path: Path, within_seconds: int, sent: list[str]
) -> None:
    house = await a_house(tmp_path, identify("denver", timezone="America/Denver"))
    goal = {"event": "Order Completed", "within_seconds": within_seconds}
    await house.publish(a_campaign({"type": "dates", "at": ["2026-01-05T12:00"]}, goal=goal))
    await house.settle()
    await house.later(hours=2)
    # Eleven o'clock in UTC, four in the morning in Denver.
    await house.happens(track("Order Completed", "denver"))
    assert written(house) == []
    await house.later(hours=8)
    assert written(house) == sent
