from __future__ import annotations

import pytest

from holdfast.decisions.fatigue import Fatigue, decode_fatigue
from holdfast.decisions.made import Made
from holdfast.kernel.errors import Invalid

DAY_MS = 86_400_000
NOW_MS = 100 * DAY_MS
RULE = Fatigue(unanswered=3, within_seconds=30 * 86_400, most=1, rest_seconds=14 * 86_400)


def mails(*days_ago: float, channel: str = "email", transactional: bool = False) -> list[Made]:
    return [
        Made(channel=channel, topic="news", at_ms=NOW_MS - int(ago * DAY_MS), transactional=transactional)
        for ago in days_ago
    ]


@pytest.mark.parametrize(
    ("recent", "answered_days_ago", "allowed"),
    [
        (mails(1, 2), None, True),  # Two are no three.
        (mails(1, 2, 3), None, False),  # Three unanswered, and one of them within two weeks.
        (mails(15, 16, 17), None, True),  # They have rested.
        (mails(14, 16, 17), None, True),  # The window is half open.
        (mails(13.99, 16, 17), None, False),
        (mails(1, 2, 31), None, True),  # The third is too long ago to count.
        (mails(1, 2, -1), None, True),  # The third is put off until tomorrow: nobody can have answered it.
        (mails(1, 2, 3), 2.5, True),  # They answered after the first of them.
        (mails(1, 2, 3), 3.5, False),  # Before all of them.
        (mails(1, 2, 3, transactional=True), None, True),  # A receipt wants no answer.
    ],
)
def test_who_does_not_answer_gets_less(recent: list[Made], answered_days_ago: float | None, allowed: bool) -> None:
    answered_ms = 0 if answered_days_ago is None else NOW_MS - int(answered_days_ago * DAY_MS)
    assert RULE.allows(recent, answered_ms, NOW_MS) is allowed


def test_a_rule_about_a_channel_counts_only_that() -> None:
    on_sms = Fatigue(channel="sms", unanswered=2, within_seconds=86_400, most=0, rest_seconds=86_400)
    assert on_sms.allows(mails(0.1, 0.2, 0.3), 0, NOW_MS)
    assert not on_sms.allows(mails(0.1, 0.2, channel="sms"), 0, NOW_MS)
    assert not on_sms.concerns("email")


def test_rules_are_read_as_they_are_written() -> None:
    assert decode_fatigue(" after 5 in 30 days, 1 in 2 weeks ; after 1 in 1 hour on sms, 0 in 60 days;", "fatigue") == (
        Fatigue(unanswered=5, within_seconds=30 * 86_400, most=1, rest_seconds=14 * 86_400),
        Fatigue(channel="sms", unanswered=1, within_seconds=3_600, most=0, rest_seconds=60 * 86_400),
    )
    assert decode_fatigue("", "fatigue") == ()


@pytest.mark.parametrize(
    "text",
    [
        "after 5 in 30 days",
        "5 in 30 days, 1 in 14 days",
        "after 0 in 30 days, 1 in 14 days",
        "after 5 in 0 days, 1 in 14 days",
        "after 5 in 30 days, 1 in 91 days",
        "after 5 in 30 days on E-Mail, 1 in 14 days",
        "after 5 in 30 days on mail, 1 in 14 days",
        "; ".join(["after 5 in 30 days, 1 in 14 days"] * 21),
    ],
)
def test_what_is_no_rule_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_fatigue(text, "fatigue")
    assert refused.value.path == "fatigue"
    assert refused.value.hint
