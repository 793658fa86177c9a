"""Every step there is, tested by existing; then what each one is for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.durations import in_words
from holdfast.decisions.fields import decode_fields
from holdfast.decisions.gate import Contact
from holdfast.decisions.nodes import step_types
from holdfast.decisions.step import Ask, Change, Go, Leave, Outcome, Park, Place, Step
from holdfast.events.event import Event
from holdfast.profiles.profile import EMPTY, Profile, learn
from holdfast.segments.facts import ProfileFacts
from tests.unit.decisions.journeys import NAMES, START, an_event, steps_of

NOTE_MOST = 200

every_step = pytest.mark.parametrize("type_", step_types().values(), ids=step_types().keys())
events = st.one_of(st.none(), st.sampled_from(NAMES).map(an_event))
delays = st.sampled_from((0, 1, 2, 59, 60, 61, 3600, 10**6)).map(lambda seconds: timedelta(seconds=seconds))


def a_step(type_name: str, **given: Any) -> Step:
    return decode_fields(step_types()[type_name], given, "$")


def stood(
    step: Step, event: Event | None = None, *, after: timedelta = timedelta(0), profile: Profile = EMPTY
) -> Outcome:
    return step.stand(Place(now=START + after, arrived=START, event=event, facts=ProfileFacts(profile)))


def drawn(data: st.DataObject, type_: type[Step]) -> Step:
    given_fields = data.draw(steps_of(type_))
    return decode_fields(type_, given_fields, "$", beside=("type",))


@every_step
@given(data=st.data())
def test_every_step_goes_by_an_exit_it_has_or_stays_with_something_to_wake_it(
    type_: type[Step], data: st.DataObject
) -> None:
    step, event, after = drawn(data, type_), data.draw(events), data.draw(delays)
    match stood(step, event, after=after):
        case Go(exit_name):
            assert exit_name in step.ways()
        case Change(_, _, exit_name):
            assert exit_name in step.ways()
        case Ask(_, sent, withheld):
            assert {sent, withheld} <= set(step.ways())
        case Park(due, waits_for):
            assert due is None or due > START + after
            assert waits_for <= step.wakes()
        case Leave():
            # Or they waited at the start, and are not whom it is for any more.
            assert step.ways() == () or (step.starts and after > timedelta(0))


@every_step
@given(data=st.data())
def test_every_step_that_stays_goes_when_it_is_due_and_not_before(type_: type[Step], data: st.DataObject) -> None:
    step = drawn(data, type_)
    parked = stood(step)
    if isinstance(parked, Park) and parked.due is not None:
        assert isinstance(stood(step, after=parked.due - START), Go)
        assert stood(step, after=parked.due - START - timedelta(milliseconds=1)) == parked


@every_step
@given(data=st.data())
def test_a_step_that_says_it_rests_does(type_: type[Step], data: st.DataObject) -> None:
    step = drawn(data, type_)
    assert isinstance(stood(step), Park) or not step.rests()


@every_step
@given(data=st.data())
def test_every_step_fits_its_card(type_: type[Step], data: st.DataObject) -> None:
    step = drawn(data, type_)
    assert step.title()
    assert len(step.note()) <= NOTE_MOST
    assert "\n" not in step.title() + step.note()


@every_step
def test_only_the_trigger_lets_in(type_: type[Step]) -> None:
    assert ("entered" in type_.exits) == type_.starts
    assert type_.__doc__


def test_a_wait_is_exact() -> None:
    wait = a_step("wait", seconds=60)
    assert stood(wait) == Park(START + timedelta(seconds=60))
    assert stood(wait, after=timedelta(seconds=60, milliseconds=-1)) == Park(START + timedelta(seconds=60))
    assert stood(wait, after=timedelta(seconds=60)) == Go("waited")


def test_until_takes_the_event_it_waits_for() -> None:
    until = a_step(
        "until",
        event="Order Completed",
        seconds=60,
        where=[{"property": "revenue", "operator": "at_least", "value": 50}],
    )
    parked = Park(START + timedelta(seconds=60), frozenset({"Order Completed"}))
    assert stood(until) == parked
    assert stood(until, an_event("Order Completed", revenue=49)) == parked
    assert stood(until, an_event("Product Viewed", revenue=50)) == parked
    assert stood(until, an_event("Order Completed", revenue=50)) == Go("happened")


def test_an_event_wins_until_the_time_is_up() -> None:
    until = a_step("until", event="Order Completed", seconds=60)
    order = an_event("Order Completed")
    assert stood(until, order, after=timedelta(seconds=60, milliseconds=-1)) == Go("happened")
    assert stood(until, order, after=timedelta(seconds=60)) == Go("expired")


def test_a_branch_parts_by_what_is_true_on_arriving() -> None:
    branch = a_step("branch", condition={"type": "did", "event": "Order Completed", "within_days": 1})
    bought = learn(EMPTY, an_event("Order Completed"))
    assert stood(branch) == Go("no")
    assert stood(branch, profile=bought) == Go("yes")
    assert stood(branch, profile=bought, after=timedelta(days=1)) == Go("no")


def test_a_branch_does_not_guess() -> None:
    where = [{"property": "revenue", "operator": "at_least", "value": 50}]
    branch = a_step("branch", condition={"type": "did", "event": "Order Completed", "where": where})
    assert stood(branch, profile=learn(EMPTY, an_event("Order Completed"))) == Go("unknown")


def test_a_send_asks() -> None:
    send = a_step(
        "send", channel="email", topic="receipts", transactional=True, template={"subject": "Paid", "text": "Thanks"}
    )
    contact = Contact(channel="email", topic="receipts", transactional=True)
    assert stood(send) == Ask(contact, sent="sent", withheld="withheld")


@pytest.mark.parametrize(
    ("type_name", "fields", "title", "note"),
    [
        ("wait", {"seconds": 5400}, "Wait", "1 h 30 min"),
        ("until", {"event": "Order Completed", "seconds": 2700}, "Until Order Completed", "Up to 45 min"),
        ("trigger", {"event": "Cart", "again": "once"}, "Cart", "Once"),
        (
            "trigger",
            {"event": "Cart", "again": "after_exit", "cool_down_seconds": 172_800},
            "Cart",
            "Again after leaving, 2 days apart",
        ),
        ("trigger", {"event": "Cart", "again": "per_key", "key_property": "order_id"}, "Cart", "Once per order_id"),
        ("branch", {"condition": {"type": "did", "event": "Cart"}}, "Branch", "did “Cart”"),
        ("exit", {}, "Exit", ""),
        ("goal", {}, "Goal", ""),
    ],
)
def test_cards_read_well(type_name: str, fields: dict[str, Any], title: str, note: str) -> None:
    step = a_step(type_name, **fields)
    assert (step.title(), step.note()) == (title, note)


@pytest.mark.parametrize(
    ("channel", "template", "title"),
    [
        ("email", {"subject": "Your cart is waiting", "text": "Hello"}, "Email: Your cart is waiting"),
        (
            "email",
            {"subject": '{{ person.first_name | default: "Hello" }}, your cart is waiting', "text": "Hello"},
            "Email: Your cart is waiting",
        ),
        (
            "email",
            {"subject": "Welcome back{% if person.first_name %}, {{ person.first_name }}{% endif %}!", "text": "Hello"},
            "Email: Welcome back!",
        ),
        ("email", {"subject": "{{ event.properties.title }}", "text": "Hello"}, "Email"),
        ("sms", {"saved": "order-received"}, "SMS: Order received"),
        ("whatsapp", {"template": "order_received", "language": "en"}, "WhatsApp: Order received"),
        ("web_push", {"title": "Still thinking?", "body": "It waits."}, "Web push: Still thinking?"),
    ],
)
def test_a_send_is_called_by_its_channel_and_what_it_says(channel: str, template: dict[str, Any], title: str) -> None:
    assert a_step("send", channel=channel, template=template).title() == title


@pytest.mark.parametrize(
    ("channel", "fields", "note"),
    [
        ("email", {}, "Topic “marketing”"),
        ("email", {"topic": "news"}, "Topic “news”"),
        ("email", {"topic": "news", "transactional": True}, "Transactional"),
        ("slack", {}, ""),
    ],
)
def test_a_sends_note_is_what_the_gate_goes_by(channel: str, fields: dict[str, Any], note: str) -> None:
    said = {"text": "Hello"} if channel == "slack" else {"subject": "Hello", "text": "Hello"}
    assert a_step("send", channel=channel, template=said, **fields).note() == note


def test_a_long_subject_is_cut() -> None:
    title = a_step("send", channel="email", template={"subject": "so much " * 100, "text": "Hello"}).title()
    assert len(title) <= 80
    assert title.endswith("…")


def test_a_long_branch_is_cut() -> None:
    many = {"type": "all", "of": [{"type": "did", "event": f"Event number {each}"} for each in range(20)]}
    note = a_step("branch", condition=many).note()
    assert len(note) <= 60
    assert note.endswith("…")


def test_nobody_can_be_parked_without_something_to_wake_them() -> None:
    with pytest.raises(ValueError, match="forgotten"):
        Park(None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (1, "1 s"), (61, "1 min 1 s"), (3661, "1 h 1 min"), (86_400, "1 day"), (180_000, "2 days 2 h")],
)
def test_durations_read_well(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
