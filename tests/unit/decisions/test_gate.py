from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.gate import (
    Cap,
    Contact,
    GateRules,
    Permit,
    Reason,
    Standing,
    Withheld,
    gate,
    standing_of,
)
from holdfast.events.event import Event
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import EMPTY, Profile, learn

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEWS = Contact(channel="email", topic="news")
RECEIPT = Contact(channel="email", topic="receipts", transactional=True)
FINE = Standing(address="ada@example.com", consent=True)
STRICT = GateRules(consent_default="required", caps=(Cap(channel="email", most=1, within_seconds=60),))

# Every marketing reason at once; taking them away one by one shows the order.
WORST = Standing(address="", consent=False, suppressed="bounced", recent_ms=(to_millis(NOW),))


def test_there_is_exactly_one_reason_the_first_that_applies() -> None:
    contact = replace(NEWS, arm="holdout")
    standing = WORST
    found = []
    mends: list[tuple[Contact, dict[str, object]]] = [
        (NEWS, {}),
        (NEWS, {"address": "ada@example.com"}),
        (NEWS, {"suppressed": None}),
        (NEWS, {"consent": True}),
        (NEWS, {"recent_ms": ()}),
    ]
    for mended, change in mends:
        answer = gate(contact, standing, STRICT, NOW)
        assert isinstance(answer, Withheld)
        found.append(answer.reason)
        contact, standing = mended, replace(standing, **change)  # type: ignore[arg-type]  # Named fields, one by one.
    assert found == list(get_args(Reason))
    assert gate(contact, standing, STRICT, NOW) == Permit()


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
    assert gate(replace(RECEIPT, arm="holdout"), standing, STRICT, NOW) == answer


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
    written = replace(FINE, recent_ms=(to_millis(NOW),))
    just_before = NOW + timedelta(seconds=60, milliseconds=-1)
    assert gate(NEWS, written, rules, just_before) == Withheld("capped")
    assert gate(NEWS, written, rules, NOW + timedelta(seconds=60)) == Permit()


def test_a_cap_is_for_its_channel() -> None:
    rules = GateRules(caps=(Cap(channel="sms", most=0, within_seconds=60),))
    assert gate(NEWS, FINE, rules, NOW) == Permit()
    assert gate(replace(NEWS, channel="sms"), FINE, rules, NOW) == Withheld("capped")


def test_the_look_back_is_that_of_the_longest_cap() -> None:
    rules = GateRules(
        caps=(
            Cap(channel="email", most=1, within_seconds=60),
            Cap(channel="email", most=9, within_seconds=3600),
            Cap(channel="sms", most=9, within_seconds=7200),
        )
    )
    assert rules.look_back_seconds("email") == 3600
    assert rules.look_back_seconds("push") == 0


@pytest.mark.parametrize(("most", "within"), [(-1, 60), (1, 0), (1, -5)])
def test_a_cap_that_means_nothing_cannot_be_built(most: int, within: int) -> None:
    with pytest.raises(ValueError, match="use"):
        Cap(channel="email", most=most, within_seconds=within)


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
        if gate(NEWS, standing, rules, now) == Permit():
            standing = standing.contacted(now)
    for cap in caps:
        for first in standing.recent_ms:
            inside = [at for at in standing.recent_ms if first <= at < first + cap.within_seconds * 1000]
            assert len(inside) <= cap.most


@given(st.lists(st.integers(0, 30_000)).map(sorted), st.integers(1, 4))
def test_a_cap_withholds_no_more_than_it_must(asked_at: list[int], most: int) -> None:
    rules = GateRules(caps=(Cap(channel="email", most=most, within_seconds=5),))
    standing = FINE
    for at in asked_at:
        now = NOW + timedelta(milliseconds=at)
        in_window = [each for each in standing.recent_ms if to_millis(now) - 5000 < each]
        assert (gate(NEWS, standing, rules, now) == Permit()) == (len(in_window) < most)
        if len(in_window) < most:
            standing = standing.contacted(now)


def _said(profile: Profile, message_id: str, *, topic: str | None, granted: bool) -> Profile:
    properties: dict[str, str | bool] = {"channel": "email", "granted": granted}
    if topic is not None:
        properties["topic"] = topic
    return learn(
        profile,
        Event(
            name="Consent Changed",
            user_id="ada",
            timestamp=NOW,
            received_at=NOW,
            message_id=message_id,
            properties=dict(properties),
        ),
    )
