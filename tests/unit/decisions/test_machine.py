"""The state machine by example: the two journeys of the demo, told moment by moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import holdfast.sim
from holdfast.decisions.campaign import decode_campaign
from holdfast.decisions.caps import Cap
from holdfast.decisions.entry import EntryBefore, NotEntered, enter
from holdfast.decisions.gate import GateRules, Permit, Withheld
from holdfast.decisions.holdout import arm_of
from holdfast.decisions.journey import Journey, decode_journey
from holdfast.decisions.machine import Advance, Arrived, Due, Happened, Wake, advance, fail, stop
from holdfast.decisions.medium import medium_called
from holdfast.decisions.nodes import Node
from holdfast.decisions.visit import Visit
from holdfast.events.event import IdentityKey
from holdfast.kernel.moments import to_millis
from holdfast.messages.content import Words, parse_content
from holdfast.profiles.profile import EMPTY, learn
from holdfast.segments.facts import ProfileFacts
from tests.unit.decisions.journeys import REACHABLE, START, a_scene, a_visit, an_event, cart_rescue

DEMO = Path(holdfast.sim.__file__).parent / "decisions"
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def moved(journey: Journey, visit: Visit, wake: Wake, now: datetime, **scene: Any) -> Advance:
    return advance(journey, visit, wake, a_scene(now, **scene))


@pytest.fixture
def rescue() -> Journey:
    return decode_journey(cart_rescue())


@pytest.fixture
def waiting(rescue: Journey) -> Visit:
    return moved(rescue, a_visit(rescue), Arrived(), START).visit


def test_who_starts_a_checkout_waits(rescue: Journey) -> None:
    entered = moved(rescue, a_visit(rescue), Arrived(), START)
    assert (entered.visit.step, entered.visit.seq) == ("wait", 1)
    assert entered.visit.due_ms == to_millis(START + timedelta(minutes=45))
    assert entered.visit.waits_for == {"Order Completed"}
    assert entered.passed == (("cart", "entered"), ("wait", "entered"))
    assert entered.sends == ()
    [told] = entered.told
    event = told.event(IdentityKey(kind="user", value="ada"), START)
    assert (event.name, event.source, event.user_id) == ("Journey Entered", "holdfast", "ada")
    assert event.properties == {
        "origin": "cart-rescue",
        "origin_kind": "journey",
        "version": 1,
        "arm": "treated",
        "entry_key": "m1",
    }


def test_who_buys_in_time_gets_nothing(rescue: Journey, waiting: Visit) -> None:
    now = START + timedelta(minutes=44)
    left = moved(rescue, waiting, Happened(an_event("Order Completed", now)), now)
    assert (left.visit.left_by, left.visit.left_ms) == ("bought", to_millis(now))
    assert left.visit.due_ms is None
    assert left.visit.waits_for == frozenset()
    assert left.sends == ()
    assert left.passed == (("wait", "happened"), ("bought", "entered"))
    assert [each.name for each in left.told] == ["Journey Left"]
    assert left.told[0].properties["by"] == "bought"


def test_who_does_not_is_written_to(rescue: Journey, waiting: Visit) -> None:
    now = START + timedelta(minutes=45)
    written = moved(rescue, waiting, Due(), now)
    [asked] = written.sends
    assert (asked.step, asked.channel, asked.topic, asked.address) == ("mail", "email", "marketing", "ada@example.com")
    assert (asked.template, asked.transactional) == ("cart-rescue/1/mail", False)
    assert asked.verdict == Permit()
    assert written.passed == (("wait", "expired"), ("mail", "entered"), ("mail", "sent"), ("done", "entered"))
    assert written.visit.left_by == "done"
    assert [each.name for each in written.told] == ["Message Queued", "Journey Left"]
    assert written.told[0].properties == {
        "origin": "cart-rescue",
        "origin_kind": "journey",
        "version": 1,
        "send": asked.key,
        "step": "mail",
        "channel": "email",
        "topic": "marketing",
        "template": "cart-rescue/1/mail",
    }
    [made] = written.standing["email"].recent
    assert (made.at_ms, made.channel, made.topic) == (to_millis(now), "email", "marketing")


def test_an_order_that_comes_too_late_stops_nothing(rescue: Journey, waiting: Visit) -> None:
    now = START + timedelta(minutes=45)
    written = moved(rescue, waiting, Happened(an_event("Order Completed", now)), now)
    assert [each.verdict for each in written.sends] == [Permit()]


@pytest.mark.parametrize(
    "wake",
    [Due(), Arrived(), Happened(an_event("Product Viewed")), Happened(an_event("Checkout Started"))],
)
def test_being_woken_for_nothing_changes_nothing(rescue: Journey, waiting: Visit, wake: Wake) -> None:
    assert moved(rescue, waiting, wake, START + timedelta(minutes=30)) == Advance(visit=waiting, standing=REACHABLE)


def test_the_holdout_is_not_written_to(rescue: Journey) -> None:
    held = structs.replace(a_visit(rescue), arm="holdout")
    held = moved(rescue, held, Arrived(), START).visit
    withheld = moved(rescue, held, Due(), START + timedelta(minutes=45))
    assert [each.verdict for each in withheld.sends] == [Withheld("holdout")]
    assert withheld.passed[-2:] == (("mail", "withheld"), ("done", "entered"))
    assert [each.name for each in withheld.told] == ["Message Withheld", "Journey Left"]
    assert withheld.told[0].properties["reason"] == "holdout"
    assert withheld.standing["email"].recent == ()


def test_a_channel_nobody_spoke_of_has_no_address(rescue: Journey, waiting: Visit) -> None:
    withheld = moved(rescue, waiting, Due(), START + DAY, standing={})
    assert [each.verdict for each in withheld.sends] == [Withheld("no_address")]


def test_the_same_send_has_the_same_key_and_the_next_entry_another(rescue: Journey, waiting: Visit) -> None:
    once = moved(rescue, waiting, Due(), START + DAY).sends[0].key
    again = moved(rescue, waiting, Due(), START + 2 * DAY).sends[0].key
    other = moved(rescue, structs.replace(waiting, entry_key="m2"), Due(), START + DAY).sends[0].key
    assert once == again
    assert once != other


def test_a_loop_asks_anew_each_time_round() -> None:
    definition = cart_rescue()
    definition["steps"]["pause"] = {"type": "wait", "seconds": 60, "exits": {"waited": "mail"}}
    definition["steps"]["mail"]["exits"] = {"sent": "pause", "withheld": "done"}
    journey = decode_journey(definition)
    visit, keys, now = a_visit(journey), set(), START
    visit = moved(journey, visit, Arrived(), now).visit
    for _ in range(5):
        now += timedelta(hours=1)
        step = moved(journey, visit, Due(), now)
        visit = step.visit
        keys |= {each.key for each in step.sends}
    assert len(keys) == 5
    assert visit.step == "pause"


def test_an_event_counts_for_one_step_only() -> None:
    definition = cart_rescue()
    definition["steps"]["second"] = {**definition["steps"]["wait"]}
    definition["steps"]["wait"] |= {"exits": {"happened": "second", "expired": "mail"}}
    journey = decode_journey(definition)
    visit = moved(journey, a_visit(journey), Arrived(), START).visit
    now = START + SECOND
    once = moved(journey, visit, Happened(an_event("Order Completed", now)), now)
    assert (once.visit.step, once.visit.arrived_ms) == ("second", to_millis(now))
    assert moved(journey, once.visit, Happened(an_event("Order Completed", now)), now).visit.left_by == "bought"


def test_two_messages_in_one_instant_do_not_break_a_cap() -> None:
    definition = cart_rescue()
    definition["steps"]["more"] = {**definition["steps"]["mail"]}
    definition["steps"]["mail"] |= {"exits": {"sent": "more", "withheld": "more"}}
    journey = decode_journey(definition)
    rules = GateRules(caps=(Cap(channel="email", most=1, within_seconds=60),))
    visit = moved(journey, a_visit(journey), Arrived(), START).visit
    written = moved(journey, visit, Due(), START + DAY, rules=rules)
    assert [each.verdict for each in written.sends] == [Permit(), Withheld("capped")]


def leaving_on_goal() -> Journey:
    definition = cart_rescue(leave_on_goal=True, goal={"event": "Product Viewed", "within_seconds": 60})
    return decode_journey(definition)


def test_who_reaches_the_goal_leaves_if_the_journey_says_so() -> None:
    journey = leaving_on_goal()
    visit = moved(journey, a_visit(journey), Arrived(), START).visit
    assert visit.waits_for == {"Order Completed", "Product Viewed"}
    at_last = START + timedelta(seconds=60)
    left = moved(journey, visit, Happened(an_event("Product Viewed", at_last)), at_last)
    assert left.visit.left_by == "goal"
    assert left.passed == (("wait", "goal"),)
    assert left.told[-1].properties["by"] == "goal"
    late = at_last + timedelta(milliseconds=1)
    assert moved(journey, visit, Happened(an_event("Product Viewed", late)), late).visit == visit


def test_a_step_that_waits_for_the_goal_itself_goes_on_by_it() -> None:
    for leaves in (True, False):
        journey = decode_journey(cart_rescue(leave_on_goal=leaves))
        visit = moved(journey, a_visit(journey), Arrived(), START).visit
        now = START + SECOND
        assert moved(journey, visit, Happened(an_event("Order Completed", now)), now).visit.left_by == "bought"


def test_the_event_a_step_waits_for_that_is_not_as_it_wants_is_the_goal_all_the_same() -> None:
    definition = cart_rescue()
    definition["steps"]["wait"]["where"] = [{"property": "revenue", "operator": "at_least", "value": 50}]
    journey = decode_journey(definition)
    visit = moved(journey, a_visit(journey), Arrived(), START).visit
    now = START + SECOND
    assert moved(journey, visit, Happened(an_event("Order Completed", now, revenue=49)), now).visit.left_by == "goal"
    assert moved(journey, visit, Happened(an_event("Order Completed", now, revenue=50)), now).visit.left_by == "bought"


def test_who_comes_to_a_goal_step_leaves_by_goal() -> None:
    definition = cart_rescue()
    definition["steps"]["bought"] = {"type": "goal"}
    journey = decode_journey(definition)
    visit = moved(journey, a_visit(journey), Arrived(), START).visit
    now = START + SECOND
    left = moved(journey, visit, Happened(an_event("Order Completed", now)), now)
    assert (left.visit.left_by, left.visit.step) == ("goal", "bought")
    assert left.passed == (("wait", "happened"), ("bought", "entered"))
    assert left.told[-1].properties["by"] == "goal"


def test_who_reaches_the_goal_stays_if_it_does_not(rescue: Journey, waiting: Visit) -> None:
    now = START + SECOND
    assert moved(rescue, waiting, Happened(an_event("Order Completed", now)), now).visit.left_by == "bought"


@pytest.mark.parametrize(("take_out", "by"), [(stop, "stopped"), (fail, "failed")])
def test_somebody_can_be_taken_out(
    rescue: Journey, waiting: Visit, take_out: Callable[[Journey, Visit, datetime], Advance], by: str
) -> None:
    out = take_out(rescue, waiting, START + SECOND)
    assert (out.visit.left_by, out.visit.left_ms, out.visit.due_ms) == (by, to_millis(START + SECOND), None)
    assert out.visit.waits_for == frozenset()
    assert out.visit.seq == waiting.seq + 1
    assert out.passed == (("wait", by),)
    assert [(each.name, each.properties["by"]) for each in out.told] == [("Journey Left", by)]
    assert take_out(rescue, out.visit, START + DAY) == Advance(visit=out.visit)


@pytest.mark.parametrize("wake", [Due(), Happened(an_event("Order Completed"))])
def test_who_has_left_stays_away_even_where_the_store_kept_a_timer(rescue: Journey, waiting: Visit, wake: Wake) -> None:
    over = structs.replace(waiting, left_ms=to_millis(START), left_by="stopped")
    assert moved(rescue, over, wake, START + DAY) == Advance(visit=over, standing=REACHABLE)


def test_who_stands_where_there_is_no_step_leaves_visibly(rescue: Journey, waiting: Visit) -> None:
    lost = moved(rescue, structs.replace(waiting, step="gone"), Due(), START + DAY)
    assert lost.visit.left_by == "failed"
    assert lost.passed == (("gone", "failed"),)


def test_circles_end(rescue: Journey, waiting: Visit) -> None:
    """Validation refuses such a journey; were one to come about, it must not hold up everybody else."""
    mail = rescue.steps["mail"]
    circle = replace(
        rescue, steps={**rescue.steps, "mail": Node(step=mail.step, exits={"sent": "mail", "withheld": "mail"})}
    )
    left = moved(circle, waiting, Due(), START + DAY)
    assert left.visit.left_by == "failed"
    assert len({each.key for each in left.sends}) == len(left.sends)


def test_the_demo_rescues_carts() -> None:
    journey = decode_journey((DEMO / "cart-rescue.json").read_bytes())
    assert journey.goal.within_seconds == 3 * DAY.total_seconds()
    person = next(name for name in map(str, range(100)) if arm_of(journey.id, name, journey.holdout) == "treated")
    visit = moved(journey, a_visit(journey, person_key=person), Arrived(), START).visit
    [asked] = moved(journey, visit, Due(), START + timedelta(seconds=45)).sends
    assert asked.verdict == Permit()


def test_the_demo_wins_back_only_who_stayed_away() -> None:
    journey = decode_campaign((DEMO / "win-back.json").read_bytes()).journey()

    def looked_in(*orders: timedelta, before: EntryBefore | None = None) -> Visit | NotEntered:
        profile = EMPTY
        for number, ago in enumerate(orders):
            profile = learn(profile, an_event("Order Completed", START - ago, f"o{number}"))
        return enter(
            journey,
            1,
            an_event("Product Viewed"),
            identity=1,
            person_key="ada",
            facts=ProfileFacts(profile),
            before=before,
            now=START,
        )

    assert looked_in() == NotEntered("condition")
    assert looked_in(40 * DAY, 29 * DAY) == NotEntered("condition")
    visit = looked_in(40 * DAY, 31 * DAY)
    assert isinstance(visit, Visit)
    recently = EntryBefore(count=1, last_ms=to_millis(START - 29 * DAY), open=False)
    assert looked_in(40 * DAY, before=recently) == NotEntered("cool_down")
    [asked] = moved(journey, structs.replace(visit, arm="treated"), Arrived(), START).sends
    assert (asked.template, asked.topic) == ("win-back/1/send", "marketing")


@pytest.mark.parametrize("person", [{}, {"first_name": "Ada <3"}])
@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"product": "Sea Salt", "cart_url": "https://tidewrack.example/cart/t"},
        {
            "cart_url": "https://tidewrack.example/cart/t",
            "currency": "EUR",
            "products": [{"product": "Net", "price": 9.5}] * 3,
        },
    ],
)
def test_the_demos_words_can_be_said_to_anybody(person: dict[str, Any], properties: dict[str, Any]) -> None:
    rescue = decode_journey((DEMO / "cart-rescue.json").read_bytes())
    win_back = decode_campaign((DEMO / "win-back.json").read_bytes()).journey()
    for step in (rescue.steps["mail"].step, win_back.steps["send"].step):
        says = step.says()
        assert says is not None
        message = parse_content(medium_called(says.channel, "$"), says.content)
        variables: dict[str, Any] = {
            "person": person,
            "event": {"properties": properties},
            "links": {"unsubscribe": "https://shop.example/u/1"},
            "workspace": {"name": "Tidewrack & Co."},
        }
        said = message.render(variables, now=START)
        assert isinstance(said, Words), said
        html, text = said.text("html"), said.text("text")
        assert "https://shop.example/u/1" in html
        assert "https://shop.example/u/1" in text
        assert "Tidewrack &amp; Co." in html
        assert "{{" not in said.text("subject") + html + text
        assert "<3" not in html
