from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdfast.decisions.caps import Cap
from holdfast.decisions.fatigue import Fatigue
from holdfast.decisions.gate import (
    Contact,
    Contacted,
    GateRules,
    Permit,
    Reason,
    Standing,
    Withheld,
    gate,
    made_by,
    standing_of,
)
from holdfast.decisions.made import Made
from holdfast.decisions.quiet import QuietHours
from holdfast.decisions.recovery import ServiceHold
from holdfast.events.event import Event
from holdfast.kernel.chance import place
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import EMPTY, Profile, Tally, learn

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEWS = Contact(channel="email", topic="news")
RECEIPT = Contact(channel="email", topic="receipts", transactional=True)
FINE = Standing(address="ada@example.com", consent=True)
STRICT = GateRules(
    consent_default="required",
    caps=(Cap(channel="email", most=1, within_seconds=60),),
    quiet=QuietHours(from_minute=12 * 60, until_minute=12 * 60 + 1, policy="drop"),
    global_holdout=0.99,
    fatigue=(Fatigue(unanswered=1, within_seconds=3600, most=0, rest_seconds=60),),
    service_holds=(ServiceHold(opened="Ticket Opened", solved="Ticket Solved", most_seconds=3600),),
)
TROUBLE = {"Ticket Opened": Tally(count=1, first_ms=to_millis(NOW) - 1, recent_ms=(to_millis(NOW) - 1,))}


def made(*at: datetime, channel: str = "email", topic: str = "news") -> tuple[Made, ...]:
    return tuple(Made(channel=channel, topic=topic, at_ms=to_millis(each)) for each in at)


# Every marketing reason at once; taking them away one by one shows the order.
WORST = Standing(address="", consent=False, suppressed="bounced", recent=made(NOW), person_key="ada", tallies=TROUBLE)
DEAR = replace(NEWS, affordable=False)
LATE = replace(DEAR, not_after=NOW - timedelta(seconds=1))


def test_there_is_exactly_one_reason_the_first_that_applies() -> None:
    contact, standing, rules = replace(LATE, arm="holdout"), WORST, STRICT
    found = []
    mends: list[tuple[Contact, dict[str, object]]] = [
        (contact, {"person_key": ""}),
        (LATE, {}),
        (LATE, {"address": "ada@example.com"}),
        (LATE, {"suppressed": None}),
        (LATE, {"consent": True}),
        (LATE, {"tallies": {}}),
        (DEAR, {}),
        (DEAR, {"zone": ZoneInfo("Europe/Berlin")}),
        (DEAR, {"answered_ms": to_millis(NOW)}),
        (DEAR, {"recent": ()}),
        (NEWS, {}),
    ]
    for mended, change in mends:
        answer = gate(contact, standing, rules, NOW)
        assert isinstance(answer, Withheld)
        found.append(answer.reason)
        contact, standing = mended, replace(standing, **change)
    # What is outranked was permitted before.
    assert found == [each for each in get_args(Reason) if each != "outranked"]
    assert gate(contact, standing, rules, NOW) == Permit()


@pytest.mark.parametrize(
    ("standing", "answer"),
    [
        (replace(WORST, address="a@b.example", suppressed=None), Permit()),
        (replace(WORST, address="a@b.example", suppressed="unsubscribed"), Permit()),
        (replace(WORST, address="a@b.example", suppressed="complained"), Permit()),
        (replace(WORST, address="a@b.example", suppressed="550 no such mailbox"), Withheld("suppressed")),
        (WORST, Withheld("no_address")),
    ],
)
def test_marketing_rules_never_hold_back_what_is_transactional(standing: Standing, answer: Permit | Withheld) -> None:
    assert gate(replace(RECEIPT, arm="holdout", affordable=False), standing, STRICT, NOW) == answer


@pytest.mark.parametrize("reason", ["unsubscribed", "complained", "550 no such mailbox"])
def test_every_suppression_holds_back_marketing(reason: str) -> None:
    assert gate(NEWS, replace(FINE, suppressed=reason), GateRules(), NOW) == Withheld("suppressed")


def test_silence_means_what_the_rules_say() -> None:
    silent = replace(FINE, consent=None)
    assert gate(NEWS, silent, GateRules(consent_default="granted"), NOW) == Permit()
    assert gate(NEWS, silent, GateRules(consent_default="required"), NOW) == Withheld("no_consent")


def test_consent_is_asked_for_the_topic() -> None:
    profile = _said(_said(EMPTY, "m1", topic=None, granted=True), "m2", topic="news", granted=False)
    standing = standing_of(profile, "email", address="ada@example.com")
    assert gate(NEWS, standing, GateRules(), NOW) == Withheld("no_consent")
    assert gate(replace(NEWS, topic="offers"), standing, GateRules(consent_default="required"), NOW) == Permit()


def test_refusing_the_channel_refuses_every_topic() -> None:
    profile = _said(_said(EMPTY, "m1", topic="news", granted=True), "m2", topic=None, granted=False)
    standing = standing_of(profile, "email", address="ada@example.com")
    assert gate(NEWS, standing, GateRules(), NOW) == Withheld("no_consent")


def test_a_topic_may_be_agreed_to_when_the_channel_was_not_spoken_of() -> None:
    standing = standing_of(_said(EMPTY, "m1", topic="news", granted=True), "email", address="ada@example.com")
    required = GateRules(consent_default="required")
    assert gate(NEWS, standing, required, NOW) == Permit()
    assert gate(replace(NEWS, topic="offers"), standing, required, NOW) == Withheld("no_consent")


def test_another_channels_consent_is_another_matter() -> None:
    standing = standing_of(_said(EMPTY, "m1", topic=None, granted=False), "sms", address="+49")
    assert standing.consent is None


def test_a_cap_is_exact_at_the_edge() -> None:
    rules = GateRules(caps=(Cap(channel="email", most=1, within_seconds=60),))
    written = replace(FINE, recent=made(NOW))
    just_before = NOW + timedelta(seconds=60, milliseconds=-1)
    assert gate(NEWS, written, rules, just_before) == Withheld("capped")
    assert gate(NEWS, written, rules, NOW + timedelta(seconds=60)) == Permit()


def test_a_cap_is_for_its_channel() -> None:
    rules = GateRules(caps=(Cap(channel="sms", most=0, within_seconds=60),))
    assert gate(NEWS, FINE, rules, NOW) == Permit()
    assert gate(replace(NEWS, channel="sms"), FINE, rules, NOW) == Withheld("capped")


def test_the_look_back_is_that_of_the_longest_window() -> None:
    rules = GateRules(
        caps=(
            Cap(channel="email", most=1, within_seconds=60),
            Cap(channel="email", most=9, within_seconds=3600),
            Cap(channel="sms", most=9, within_seconds=7200),
        )
    )
    assert rules.look_back_seconds() == 7200
    for within, rest in ((3600, 9000), (9000, 3600)):
        tiring = Fatigue(unanswered=1, within_seconds=within, most=1, rest_seconds=rest)
        assert dataclasses.replace(rules, fatigue=(tiring,)).look_back_seconds() == 9000
    assert GateRules().look_back_seconds() == 0


def test_a_cap_on_a_topic_counts_it_on_every_channel_and_no_other_topic() -> None:
    rules = GateRules(caps=(Cap(topic="news", most=1, within_seconds=60),))
    by_sms = replace(FINE, recent=made(NOW, channel="sms"))
    assert gate(NEWS, by_sms, rules, NOW) == Withheld("capped")
    assert gate(replace(NEWS, topic="offers"), by_sms, rules, NOW) == Permit()
    assert gate(NEWS, replace(FINE, recent=made(NOW, topic="offers")), rules, NOW) == Permit()


def test_a_cap_over_all_counts_every_channel_and_topic() -> None:
    rules = GateRules(caps=(Cap(most=2, within_seconds=60),))
    once = made(NOW, channel="sms", topic="offers")
    assert gate(NEWS, replace(FINE, recent=once), rules, NOW) == Permit()
    assert gate(NEWS, replace(FINE, recent=(*once, *made(NOW))), rules, NOW) == Withheld("capped")


def test_what_was_transactional_counts_for_no_cap() -> None:
    rules = GateRules(caps=(Cap(most=1, within_seconds=60),))
    receipt = made_by(RECEIPT, Permit(), NOW)
    assert gate(NEWS, FINE.contacted(receipt), rules, NOW) == Permit()
    assert gate(NEWS, FINE.contacted(made_by(NEWS, Permit(), NOW)), rules, NOW) == Withheld("capped")


QUIET = QuietHours(from_minute=22 * 60, until_minute=8 * 60)
NIGHT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_quiet_hours_put_marketing_off_to_their_end_or_drop_it() -> None:
    assert gate(NEWS, FINE, GateRules(quiet=QUIET), NIGHT) == Permit(MORNING)
    assert gate(NEWS, FINE, GateRules(quiet=dataclasses.replace(QUIET, policy="drop")), NIGHT) == Withheld(
        "quiet_hours"
    )
    for policy in (QUIET, dataclasses.replace(QUIET, policy="drop")):
        assert gate(NEWS, FINE, GateRules(quiet=policy), NOW) == Permit()
        assert gate(RECEIPT, FINE, GateRules(quiet=policy), NIGHT) == Permit()


def test_what_would_wait_for_the_morning_beyond_its_cut_off_is_too_late_already() -> None:
    rules = GateRules(quiet=QUIET)
    assert gate(replace(NEWS, not_after=MORNING), FINE, rules, NIGHT) == Permit(MORNING)
    just_before = replace(NEWS, not_after=MORNING - timedelta(milliseconds=1))
    assert gate(just_before, FINE, rules, NIGHT) == Withheld("too_late")
    assert gate(replace(RECEIPT, not_after=NIGHT), FINE, rules, NIGHT) == Permit()


def test_it_is_quiet_by_the_persons_clock_else_by_the_workspaces() -> None:
    tokyo, berlin = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
    rules = GateRules(quiet=QUIET, zone=berlin)
    assert gate(NEWS, replace(FINE, zone=tokyo), rules, NIGHT) == Permit()
    assert gate(NEWS, FINE, rules, NIGHT) == Permit(MORNING - timedelta(hours=1))
    traits = learn(
        EMPTY,
        msgspec.structs.replace(
            _consent("m1"), name="Identified", kind="identify", properties={"timezone": "Asia/Tokyo"}
        ),
    )
    assert standing_of(traits, "email", address="a@b").zone == tokyo
    nowhere = learn(
        EMPTY,
        msgspec.structs.replace(_consent("m1"), name="Identified", kind="identify", properties={"timezone": "Nowhere"}),
    )
    assert standing_of(nowhere, "email", address="a@b").zone is None


def test_a_cap_is_asked_about_the_moment_a_contact_is_put_off_to() -> None:
    rules = GateRules(quiet=QUIET, caps=(Cap(most=1, within_seconds=4 * 3600),))
    first = gate(NEWS, FINE, rules, NIGHT)
    assert first == Permit(MORNING)
    waiting = FINE.contacted(made_by(NEWS, first, NIGHT))
    # Asked for hours after the one and hours before it comes; and yet both would come at eight.
    for hours in (3, 4, 7):
        assert gate(NEWS, waiting, rules, NIGHT + timedelta(hours=hours)) == Withheld("capped")
    in_the_evening = replace(FINE, recent=made(NIGHT - timedelta(hours=3)))
    assert gate(NEWS, in_the_evening, rules, NIGHT) == Permit(MORNING)
    assert gate(NEWS, waiting, rules, MORNING + timedelta(hours=3, minutes=59)) == Withheld("capped")
    assert gate(NEWS, waiting, rules, MORNING + timedelta(hours=4)) == Permit()


def test_whoever_asks_next_minds_what_was_made_and_not_what_made_room_for_it() -> None:
    rules = GateRules(caps=(Cap(topic="news", most=1, within_seconds=60), Cap(most=2, within_seconds=60)))
    dull = Made(channel="sms", topic="news", at_ms=to_millis(NOW), priority=10, key="dull")
    before = {channel: replace(FINE, recent=(dull,)) for channel in ("email", "sms")}
    weighty = replace(NEWS, priority=90)
    answer = gate(weighty, before["email"], rules, NOW)
    assert answer == Permit(instead_of=("dull",))
    after = Contacted(before, made_by(weighty, answer, NOW, "weighty"), answer.instead_of)
    offer = Contact(channel="sms", topic="offers", priority=10)
    assert gate(offer, after["sms"], rules, NOW) == Permit(), "one is made, and there is room for two"
    assert gate(replace(offer, topic="news"), after["sms"], rules, NOW) == Withheld("capped")


def test_the_global_holdout_gets_no_marketing_of_any_kind() -> None:
    rules = GateRules(global_holdout=0.3)
    names = [f"person {number}" for number in range(2000)]
    held = {name for name in names if gate(NEWS, replace(FINE, person_key=name), rules, NOW) != Permit()}
    assert 500 < len(held) < 700
    for name in sorted(held)[:20]:
        standing = replace(FINE, person_key=name)
        for contact in (NEWS, replace(NEWS, topic="offers"), replace(NEWS, arm="holdout")):
            assert gate(contact, standing, rules, NOW) == Withheld("global_holdout")
        assert gate(RECEIPT, standing, rules, NOW) == Permit()
    more = {
        name
        for name in names
        if gate(NEWS, replace(FINE, person_key=name), GateRules(global_holdout=0.4), NOW) != Permit()
    }
    assert held < more, "raising the share lets nobody out"


def test_who_entered_as_globally_held_out_stays_so_for_that_visit() -> None:
    assert gate(replace(NEWS, arm="global_holdout"), FINE, GateRules(), NOW) == Withheld("global_holdout")


contacts = st.builds(
    Contact,
    channel=st.sampled_from(("email", "sms")),
    topic=st.sampled_from(("news", "offers")),
    transactional=st.booleans(),
    arm=st.sampled_from(("treated", "holdout", "global_holdout")),
    affordable=st.booleans(),
    not_after=st.sampled_from((None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(hours=1))),
)
standings = st.builds(
    Standing,
    address=st.sampled_from(("", "ada@example.com")),
    consent=st.sampled_from((None, True, False)),
    topics=st.dictionaries(st.sampled_from(("news", "offers")), st.sampled_from((None, True, False))),
    suppressed=st.sampled_from((None, "unsubscribed", "complained", "bounced")),
    recent=st.lists(
        st.builds(
            Made,
            channel=st.sampled_from(("email", "sms")),
            topic=st.sampled_from(("news", "offers")),
            at_ms=st.integers(-90, 90).map(lambda minutes: to_millis(NOW) + minutes * 60_000),
            transactional=st.booleans(),
        ),
        max_size=4,
    ).map(tuple),
    person_key=st.sampled_from(("", "ada", "ben", "cid", "dee")),
    zone=st.sampled_from((None, ZoneInfo("Asia/Tokyo"), ZoneInfo("Australia/Lord_Howe"))),
    answered_ms=st.sampled_from((0, to_millis(NOW) - 30_000, to_millis(NOW))),
    tallies=st.sampled_from(({}, TROUBLE)),
)
quiets = st.builds(
    QuietHours,
    from_minute=st.integers(0, 719),
    until_minute=st.integers(720, 1439),
    policy=st.sampled_from(("defer", "drop")),
)
rulebooks = st.builds(
    GateRules,
    consent_default=st.sampled_from(("granted", "required")),
    caps=st.lists(
        st.builds(
            Cap,
            channel=st.sampled_from(("", "email")),
            topic=st.sampled_from(("", "news")),
            most=st.integers(0, 3),
            within_seconds=st.sampled_from((60, 3600)),
        ),
        max_size=3,
    ).map(tuple),
    quiet=st.one_of(st.none(), quiets),
    zone=st.just(ZoneInfo("Europe/Berlin")),
    global_holdout=st.sampled_from((0.0, 0.5)),
    fatigue=st.lists(
        st.builds(
            Fatigue,
            channel=st.sampled_from(("", "email")),
            unanswered=st.integers(1, 2),
            within_seconds=st.sampled_from((60, 3600)),
            most=st.integers(0, 1),
            rest_seconds=st.sampled_from((60, 3600)),
        ),
        max_size=2,
    ).map(tuple),
    service_holds=st.sampled_from((STRICT.service_holds, ())),
)


def reasons(contact: Contact, standing: Standing, rules: GateRules) -> list[Reason]:
    """Every reason there is, each said apart from the others and from how the gate asks."""
    zone, now_ms, marketing = standing.zone or rules.zone, to_millis(NOW), not contact.transactional
    quiet = rules.quiet
    dropped = quiet is not None and quiet.policy == "drop" and quiet.hold(now_ms, zone)
    at_ms = now_ms if quiet is None or dropped else quiet.over_ms(now_ms, zone)
    said = standing.topics.get(contact.topic, standing.consent)
    full = False
    for cap in rules.caps:
        ours = cap.channel in ("", contact.channel) and cap.topic in ("", contact.topic)
        count = 0
        for each in standing.recent:
            counts = not each.transactional and cap.channel in ("", each.channel) and cap.topic in ("", each.topic)
            count += counts and abs(each.at_ms - at_ms) < cap.within_seconds * 1000
        full = full or (ours and count >= cap.most)
    tired = False
    for rule in rules.fatigue:
        if rule.channel not in ("", contact.channel):
            continue
        ours_made = [e.at_ms for e in standing.recent if not e.transactional and rule.channel in ("", e.channel)]
        lately = [at for at in ours_made if max(standing.answered_ms, at_ms - rule.within_seconds * 1000) < at <= at_ms]
        resting = [at for at in ours_made if abs(at - at_ms) < rule.rest_seconds * 1000]
        tired = tired or (len(lately) >= rule.unanswered and len(resting) >= rule.most)
    in_trouble = bool(rules.service_holds) and standing.tallies == TROUBLE
    drawn = standing.person_key != "" and place("global_holdout", standing.person_key) < rules.global_holdout * 2**64
    holds: dict[Reason, bool] = {
        "global_holdout": marketing and (contact.arm == "global_holdout" or drawn),
        "holdout": marketing and contact.arm == "holdout",
        "no_address": standing.address == "",
        "suppressed": standing.suppressed == "bounced" or (marketing and standing.suppressed is not None),
        "no_consent": marketing and (rules.consent_default == "required" if said is None else not said),
        "service_hold": marketing and in_trouble,
        "too_late": contact.not_after is not None
        and (contact.not_after < NOW or (marketing and not dropped and to_millis(contact.not_after) < at_ms)),
        "quiet_hours": marketing and dropped,
        "fatigued": marketing and tired,
        "capped": marketing and full,
        "over_budget": marketing and not contact.affordable,
        "outranked": False,
    }
    return [reason for reason in get_args(Reason) if holds[reason]]


@given(contacts, standings, rulebooks)
def test_every_contact_withheld_has_the_first_of_its_reasons_and_no_other_is(
    contact: Contact, standing: Standing, rules: GateRules
) -> None:
    found = reasons(contact, standing, rules)
    match gate(contact, standing, rules, NOW):
        case Withheld(reason):
            assert found[:1] == [reason]
        case Permit(not_before):
            assert found == []
            zone = standing.zone or rules.zone
            quiet = rules.quiet is not None and rules.quiet.hold(to_millis(NOW), zone)
            assert (not_before is not None) == (quiet and not contact.transactional)


@given(contacts, standings, rulebooks)
def test_without_what_speaks_of_the_hour_the_reasons_are_those_of_the_person(
    contact: Contact, standing: Standing, rules: GateRules
) -> None:
    answer = gate(contact, standing, rules.of_the_person(), NOW)
    of_the_hour = ("quiet_hours", "fatigued", "capped")
    lasting = [each for each in reasons(contact, standing, rules) if each not in of_the_hour]
    assert answer == (Withheld(lasting[0]) if lasting else Permit())


caps = st.lists(
    st.builds(Cap, channel=st.just("email"), most=st.integers(0, 4), within_seconds=st.sampled_from((1, 5, 20))),
    max_size=3,
)
# Moments in milliseconds, bunched at the edges of the windows, in any order: clocks are set back, logs are read late.
asked_at = st.lists(st.sampled_from([at for s in (0, 1, 4, 5, 6, 20, 21, 25) for at in (s * 1000, s * 1000 + 1)]))


@given(caps, asked_at)
def test_no_sequence_of_contacts_breaks_a_cap_in_any_window(caps: list[Cap], asked_at: list[int]) -> None:
    standing, rules = FINE, GateRules(caps=tuple(caps))
    for at in asked_at:
        now = NOW + timedelta(milliseconds=at)
        answer = gate(NEWS, standing, rules, now)
        if isinstance(answer, Permit):
            standing = standing.contacted(made_by(NEWS, answer, now))
    moments = [each.at_ms for each in standing.recent]
    for cap in caps:
        for first in moments:
            inside = [at for at in moments if first <= at < first + cap.within_seconds * 1000]
            assert len(inside) <= cap.most


@given(st.lists(st.integers(0, 30_000)).map(sorted), st.integers(1, 4))
def test_a_cap_withholds_no_more_than_it_must(asked_at: list[int], most: int) -> None:
    rules = GateRules(caps=(Cap(channel="email", most=most, within_seconds=5),))
    standing = FINE
    for at in asked_at:
        now = NOW + timedelta(milliseconds=at)
        in_window = [each for each in standing.recent if to_millis(now) - 5000 < each.at_ms]
        assert (gate(NEWS, standing, rules, now) == Permit()) == (len(in_window) < most)
        if len(in_window) < most:
            standing = standing.contacted(made_by(NEWS, Permit(), now))


def _said(profile: Profile, message_id: str, *, topic: str | None, granted: bool) -> Profile:
    properties: dict[str, str | bool] = {"channel": "email", "granted": granted}
    if topic is not None:
        properties["topic"] = topic
    return learn(profile, msgspec.structs.replace(_consent(message_id), properties=dict(properties)))


def _consent(message_id: str) -> Event:
    return Event(name="Consent Changed", user_id="ada", timestamp=NOW, received_at=NOW, message_id=message_id)
