"""Why somebody got a message or did not: told from the event to the provider, with one reason for each non-send."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holdfast.events.event import IdentityKey
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import apply_segments
from holdfast.flows.content.templates import save_template
from holdfast.flows.journey.calling import Line, Named, call_people
from holdfast.flows.journey.decide import publish, set_state
from holdfast.flows.journey.runs import change_run
from holdfast.flows.journey.trace import ATTEMPTS_MOST, trace
from holdfast.flows.journey.traced import Trace
from holdfast.kernel.errors import NotFound
from holdfast.ports.runs import Run
from holdfast.testing.house import House
from holdfast.wiring import rules_of
from tests.unit.flows.test_react import RESCUE, does, identify
from tests.unit.flows.test_under_way import LONGER, begins, buys


async def a_house(tmp_path: Path) -> House:
    house = await House.build(tmp_path)
    await house.publish(RESCUE)
    return house


async def traced(house: House, person: str = "ann") -> Trace:
    async with house.app.state.view() as view:
        return await trace(view, house.app.history, person, "rescue", house.app.zone)


def told(found: Trace, attempt: int = -1) -> list[tuple[str, str, str, str]]:
    return [(each.stage, each.step, each.outcome, each.reason) for each in found.attempts[attempt].moments]


async def test_a_send_from_the_event_to_the_provider(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    await house.happens(identify("ann"), begins("ann"))
    found = await traced(house)
    assert found.words() == "Entered 1 of 1 times. Last: Entered version 1."
    assert told(found)[:3] == [
        ("event", "", "Checkout Started", ""),
        ("entry", "", "entered", "treated"),
        ("step", "cart", "entered", ""),
    ]
    (stage, step, outcome, reason) = told(found)[3]
    assert (stage, step, outcome) == ("waiting", "wait", "waiting")
    assert reason.startswith("for Order Completed or until 2")
    await house.later(seconds=61)
    found = await traced(house)
    assert [each[:3] for each in told(found)[3:]] == [
        ("step", "wait", "expired"),
        ("gate", "mail", "permitted"),
        ("step", "mail", "sent"),
        ("left", "done", "done"),
        ("render", "mail", "rendered"),
        ("send", "mail", "handed_over"),
        ("provider", "mail", "sent"),
    ]
    times = [each.at_ms for each in found.attempts[0].moments]
    assert times == sorted(times)
    assert times[3] - times[2] >= 60_000
    assert len({each.send for each in found.attempts[0].moments if each.send}) == 1


async def test_a_non_send_has_its_one_reason(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    nobody = {**identify("ann"), "traits": {"plan": "gold"}}
    await house.happens(nobody, begins("ann"))
    await house.later(seconds=61)
    assert [each for each in told(await traced(house)) if each[0] in {"gate", "step", "send", "provider"}][-2:] == [
        ("gate", "mail", "withheld", "no_address"),
        ("step", "mail", "withheld", ""),
    ]
    await house.publish({**RESCUE, "holdout": 0.999})
    await house.happens(identify("bea"), begins("bea"))
    await house.later(seconds=61)
    found = await traced(house, "bea")
    assert found.attempts[0].arm == "holdout"
    assert ("gate", "mail", "withheld", "holdout") in told(found)


async def test_why_somebody_did_not_enter(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(identify("ann"), {**begins("ann"), "messageId": "0"})
    wanted: dict[str, Any] = {
        **RESCUE["steps"]["cart"],
        "cool_down_seconds": 3600,
        "where": [{"property": "total", "operator": "greater_than", "value": 5}],
        "only_if": {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"},
    }
    await house.later(seconds=1)
    await house.publish({**RESCUE, "steps": {**RESCUE["steps"], "cart": wanted}})
    for number, properties in enumerate(({"total": 1}, {"total": 9})):
        await house.happens({**begins("ann"), "messageId": f"1{number}", "properties": properties})
        await house.later(seconds=1)
    found = await traced(house)
    assert [each.reason for each in found.attempts] == ["not_published", "where", "condition"]
    assert not any(each.entered for each in found.attempts)
    assert found.words().startswith("Entered 0 of 3 times.")
    await house.happens({"type": "identify", "userId": "ann", "traits": {"plan": "gold"}, "messageId": "i2"})
    for number in range(2):
        await house.happens({**begins("ann"), "messageId": f"2{number}", "properties": {"total": 10 + number}})
        await house.later(seconds=1)
    await house.happens({**buys("ann"), "messageId": "o1"})
    await house.happens({**begins("ann"), "messageId": "3", "properties": {"total": 12}})
    found = await traced(house)
    assert [(each.entered, each.reason) for each in found.attempts[2:]] == [
        (False, "otherwise_then"),  # It was for her plan, which is another by now.
        (True, ""),
        (False, "still_inside"),
        (False, "cool_down"),
    ]
    assert ("left", "bought", "bought", "") in told(found, 3)


async def test_who_never_did_it_and_what_does_not_run(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    await house.happens(identify("ann"))
    assert (await traced(house)).attempts == ()
    assert (
        await traced(house)
    ).words() == "No event of theirs, and no run, that could have let them in has reached us."
    await set_state(house.app.state, "journey", "rescue", "pause")
    await house.happens(begins("ann"))
    assert [each.reason for each in (await traced(house)).attempts] == ["paused"]
    with pytest.raises(NotFound) as found:
        await traced(house, "nobody")
    assert found.value.path == "person"
    async with house.app.state.view() as view:
        with pytest.raises(NotFound) as found:
            await trace(view, house.app.history, "ann", "none", house.app.zone)
    assert found.value.path == "origin"


async def test_a_move_to_another_version_is_told(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    await house.happens(identify("ann"), begins("ann"))
    draft = json.dumps(LONGER).encode()
    await publish(house.app.state, "journey", draft, now=house.clock.now(), move={"wait": "wait"})
    assert [each[:2] for each in told(await traced(house))[-2:]] == [("step", "wait"), ("waiting", "wait")]
    await house.later(seconds=121)
    found = await traced(house)
    assert found.attempts[0].version == 2
    steps = [each[1:3] for each in told(found) if each[0] in {"step", "gate"}]
    assert steps == [
        ("cart", "entered"), ("wait", "moved"), ("wait", "expired"), ("mail", "permitted"), ("mail", "sent"),
    ]  # fmt: skip


async def test_others_are_not_told_of(tmp_path: Path) -> None:
    house = await a_house(tmp_path)
    await house.happens(identify("ann"), begins("ann"), identify("bea"), begins("bea"))
    await house.later(seconds=61)
    assert len((await traced(house)).attempts) == 1
    sends = {each.send for each in (await traced(house)).attempts[0].moments} - {""}
    others = {each.send for each in (await traced(house, "bea")).attempts[0].moments} - {""}
    assert len(sends) == len(others) == 1
    assert sends != others
    assert replace((await traced(house)), user_id="bea") != await traced(house, "bea")


async def test_two_events_of_one_moment_are_two_attempts(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    wanted = {**RESCUE["steps"]["cart"], "where": [{"property": "total", "operator": "greater_than", "value": 5}]}
    await house.publish({**RESCUE, "steps": {**RESCUE["steps"], "cart": wanted}})
    at = house.clock.now().isoformat()
    small, large = (
        {**begins("ann"), "messageId": f"m{n}", "timestamp": at, "properties": {"total": n}} for n in (1, 9)
    )
    await house.happens(identify("ann"), small, large)
    assert {(each.entered, each.reason) for each in (await traced(house)).attempts} == {(True, ""), (False, "where")}


NEWS: dict[str, Any] = {
    "id": "rescue",
    "name": "News",
    "goal": {"event": "Order Completed", "within_seconds": 86_400},
    "send": {"channel": "email", "template": {"subject": "News", "text": "News."}},
}
AT = {"type": "dates", "at": ["2026-01-05T10:00"], "time_zone": "UTC", "latest_seconds": 86_400}
GOLD = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}


async def a_run(tmp_path: Path, *people: dict[str, Any], **trigger: Any) -> House:
    """A house in which a campaign for an audience is about to be sent at ten, in an hour."""
    house = await House.build(tmp_path)
    await house.happens(*people)
    await house.publish({**NEWS, "trigger": {**AT, **trigger}})
    await house.later(hours=1)
    return house


async def the_run(house: House) -> Run:
    async with house.app.state.view() as view:
        (run,) = await view.runs_of("rescue", limit=2)
    return run


async def test_a_run_from_the_turn_to_the_provider(tmp_path: Path) -> None:
    house = await a_run(tmp_path, identify("ann"))
    found = await traced(house)
    assert [(each.entered, each.run) for each in found.attempts] == [(True, (await the_run(house)).id)]
    assert [each[:3] for each in told(found)] == [
        ("run", "", "turn"),
        ("entry", "", "entered"),
        ("step", "trigger", "entered"),
        ("gate", "send", "permitted"),
        ("step", "send", "sent"),
        ("left", "exit", "exit"),
        ("render", "send", "rendered"),
        ("send", "send", "handed_over"),
        ("provider", "send", "sent"),
    ]
    assert told(found)[0][3] == "2026-01-05T10:00:00"


async def test_who_is_not_in_the_audience_of_a_run(tmp_path: Path) -> None:
    house = await a_run(tmp_path, identify("ann", plan="gold"), identify("bea"), audience=GOLD)
    assert [each.reason for each in (await traced(house, "bea")).attempts] == ["not_in_audience"]
    assert told(await traced(house, "bea")) == [
        ("run", "", "done", "2026-01-05T10:00:00"),
        ("entry", "", "not_entered", "not_in_audience"),
    ]
    assert (await traced(house, "bea")).attempts[0].words() == (
        "They are not in the audience of the run, as they are now."
    )


async def test_an_audience_is_asked_for_again_by_what_they_did(tmp_path: Path) -> None:
    """What nobody keeps with the profile is looked up in the history."""
    bought: dict[str, object] = {"type": "did", "event": "Order Completed"}
    bought["where"] = [{"property": "total", "operator": "greater_than", "value": 5}]
    large, small = ({**buys(who), "messageId": who, "properties": {"total": n}} for who, n in (("ann", 9), ("bea", 1)))
    people = (identify("ann"), identify("bea"), large, small)
    house = await a_run(tmp_path, *people, audience=bought, only_if=GOLD)
    assert [each.reason for each in (await traced(house, "ann")).attempts] == ["condition"]
    assert [each.reason for each in (await traced(house, "bea")).attempts] == ["not_in_audience"]


async def test_a_run_that_is_held_paused_and_stopped_is_told_of_to_who_waits_in_it(tmp_path: Path) -> None:
    people = [identify(f"p{number}") for number in range(3)]
    house = await a_run(tmp_path, *people, identify("ann"), hold_above=2, most_people=3)
    run = await the_run(house)

    async def reasons() -> list[str]:
        found = [(await traced(house, name)).attempts[-1].reason for name in ("p0", "p1", "p2", "ann")]
        return sorted(found)

    assert await reasons() == ["held", "held", "held", "not_chosen"]
    await change_run(house.app.state, "rescue", run.id, "confirm", now=house.clock.now())
    await change_run(house.app.state, "rescue", run.id, "pause", now=house.clock.now())
    assert await reasons() == ["not_chosen", "run_paused", "run_paused", "run_paused"]
    await change_run(house.app.state, "rescue", run.id, "resume", now=house.clock.now())
    assert await reasons() == ["not_chosen", "not_yet", "not_yet", "not_yet"]
    await change_run(house.app.state, "rescue", run.id, "stop", now=house.clock.now())
    assert await reasons() == ["run_stopped"] * 4


async def test_a_day_off_and_an_hour_that_is_past_are_told(tmp_path: Path) -> None:
    # The sixth is a holiday in a part of Germany.
    people = (
        identify("ann", country="DE-BY"),
        identify("tokyo", timezone="Asia/Tokyo"),
        identify("denver", timezone="America/Denver"),
    )
    house = await a_run(tmp_path, *people, at=["2026-01-06T10:00"], time_zone="person", on_day_off="skip")
    await house.later(days=2)
    assert [each.reason for each in (await traced(house, "ann")).attempts] == ["day_off"]
    assert [each.entered for each in (await traced(house, "denver")).attempts] == [True]
    await house.publish({**NEWS, "trigger": {**AT, "at": ["2026-01-07T14:00"], "latest_seconds": 60}})
    await house.later(hours=4)
    assert {each.reason for each in (await traced(house, "tokyo")).attempts} <= {"", "past", "missed"}


async def test_who_got_no_place_before_the_cut_off_is_told_so(tmp_path: Path) -> None:
    a_minute = {"throttle": {"people": 1, "per": "minute"}, "cut_off_seconds": 90}
    house = await a_run(tmp_path, *(identify(name) for name in ("ann", "bea", "cy")), **a_minute)
    assert [each.entered for each in (await traced(house, "bea")).attempts] == [True]
    assert [each.reason for each in (await traced(house, "cy")).attempts] == ["too_late"]


async def test_whose_hour_was_past_when_somebody_confirmed_the_run_is_told_so(tmp_path: Path) -> None:
    house = await a_run(tmp_path, identify("ann"), hold_above=0, latest_seconds=3_600)
    await house.later(hours=2)
    await change_run(house.app.state, "rescue", (await the_run(house)).id, "confirm", now=house.clock.now())
    await house.settle()
    assert [each.reason for each in (await traced(house)).attempts] == ["past"]


async def test_that_the_business_was_closed_is_told(tmp_path: Path) -> None:
    house = await House.build(tmp_path, closed_days="2026-01-06")
    await house.happens(identify("ann"))
    at = {**AT, "at": ["2026-01-06T10:00"], "on_day_off": "skip"}
    await house.publish({**NEWS, "trigger": at})
    await house.later(days=2)
    async with house.app.state.view() as view:
        asked = (view, house.app.history, "ann", "rescue", house.app.zone)
        found = await trace(*asked, closed=house.app.rules.closed)
    (attempt,) = found.attempts
    assert (attempt.entered, attempt.reason) == (False, "day_off")
    assert "closed" in attempt.words()


async def test_of_runs_that_did_not_mean_somebody_the_last_is_told(tmp_path: Path) -> None:
    trigger = {"type": "date_trait", "date_trait": "birthday", "yearly": True, "at": "12:00", "time_zone": "UTC"}
    house = await House.build(tmp_path)
    await house.happens(identify("ann", birthday="1990-01-07"), identify("bea"))
    await house.publish({**NEWS, "trigger": trigger})
    await house.later(hours=3)
    for _ in range(6):
        await house.later(days=1)
    assert [(each.entered, each.reason) for each in (await traced(house)).attempts] == [
        (True, ""),
        (False, "not_in_audience"),
    ]
    assert [each.reason for each in (await traced(house, "bea")).attempts] == ["not_in_audience"]


async def test_a_call_is_told_by_the_campaign_it_is_for(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(identify("ann"))
    await house.publish({**NEWS, "trigger": {"type": "api", "only_if": GOLD}})
    await house.publish({**NEWS, "id": "other", "trigger": {"type": "api"}})
    for campaign in ("other", "rescue"):
        line = Line(
            state=house.app.state,
            tell=house.app.tell,
            catch_up=house.app.catch_up,
            rules=rules_of(house.app.settings),
            zone=house.app.zone,
        )
        ann = Named(key=IdentityKey(kind="user", value="ann"))
        await call_people(line, campaign, "k", [ann], properties={}, now=house.clock.now())
        await house.settle()
    assert [(each.event, each.reason) for each in (await traced(house)).attempts] == [("Campaign Called", "condition")]


async def test_calls_for_others_hide_none_for_it_and_are_none_from_before_it_was_there(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(identify("ann"))
    await house.publish({**NEWS, "id": "other", "trigger": {"type": "api", "only_if": GOLD}})
    line = Line(
        state=house.app.state,
        tell=house.app.tell,
        catch_up=house.app.catch_up,
        rules=rules_of(house.app.settings),
        zone=house.app.zone,
    )

    async def calls(campaign: str, key: str) -> None:
        ann = Named(key=IdentityKey(kind="user", value="ann"))
        await call_people(line, campaign, key, [ann], properties={}, now=house.clock.now())
        await house.later(seconds=1)

    await calls("other", "early")
    await house.publish({**NEWS, "trigger": {"type": "api", "only_if": GOLD}})
    await calls("rescue", "k")
    for number in range(ATTEMPTS_MOST + 1):
        await calls("other", f"{number}")
    assert [(each.event, each.reason) for each in (await traced(house)).attempts] == [("Campaign Called", "condition")]


@pytest.mark.parametrize(
    ("says", "outcome", "reason"),
    [
        ('{% abort "sold out" %}', "withheld", "aborted: sold out"),
        ("{% for each in (1..1000000) %}x{% endfor %}", "failed", "It could not be"),
    ],
)
async def test_what_could_not_be_put_into_words_is_not_told_as_said_by_the_gate_or_the_provider(
    tmp_path: Path, says: str, outcome: str, reason: str
) -> None:
    house = await House.build(tmp_path)
    send = {**NEWS["send"], "template": {"subject": "News", "text": says}}
    await house.publish({**NEWS, "trigger": {"event": "Asked", "again": "once"}, "send": send})
    await house.happens(identify("ann"), does("Asked", user="ann"))
    found = [each for each in told(await traced(house)) if each[0] in {"gate", "render", "send", "provider"}]
    assert [each[:3] for each in found] == [("gate", "send", "permitted"), ("render", "send", outcome)]
    assert found[-1][3].startswith(reason)


async def test_a_saved_template_is_told_by_its_name(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    saved = {"name": "Hello", "medium": "email", "content": {"subject": "News", "text": "News."}}
    await save_template(house.app.state, "hello", saved, now=house.clock.now())
    send = {**NEWS["send"], "template": {"saved": "hello"}}
    await house.publish({**NEWS, "trigger": {"event": "Asked", "again": "once"}, "send": send})
    await house.happens(identify("ann"), does("Asked", user="ann"))
    (render,) = [each for each in told(await traced(house)) if each[0] == "render"]
    assert render[2] == "rendered"
    assert render[3].startswith("hello v1")


async def test_what_waits_for_the_end_of_quiet_hours_says_so(tmp_path: Path) -> None:
    house = await House.build(tmp_path, quiet_from="08:00", quiet_until="20:00")
    await house.publish({**NEWS, "trigger": {"event": "Asked", "again": "once"}})
    await house.happens(identify("ann"), does("Asked", user="ann"))
    assert ("send", "send", "pending", "quiet_hours until 2026-01-05T20:00:00.000Z") in told(await traced(house))
    await house.later(hours=12)
    assert [each[2] for each in told(await traced(house)) if each[0] == "provider"] == ["sent"]


async def test_which_segment_led_in_is_told(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    draft = replace(draft_of("gold", "Gold", GOLD), live=True)
    await apply_segments(house.app.state, [draft], by="a test", now=house.clock.now())
    await house.settle()
    await house.publish({**NEWS, "trigger": {"type": "segment_change", "segment": "gold"}})
    await house.happens(identify("ann"))
    await house.happens({**identify("ann"), "traits": {"plan": "gold", "email": "ann@x.example"}, "messageId": "g"})
    assert told(await traced(house))[:3] == [
        ("event", "", "Segment Entered", ""),
        ("segment", "", "entered", "gold"),
        ("entry", "", "entered", "treated"),
    ]
