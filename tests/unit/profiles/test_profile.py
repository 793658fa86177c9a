"""The profile folds: the same answer whatever order events and identities come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.events.event import Event
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import CONSENT_CHANGED, EMPTY, NAMES_MOST, RECENT_MOST, Profile, combine, learn
from holdfast.testing import START, an_event
from tests.unit.profiles.strategies import histories


def learnt(events: list[Event]) -> Profile:
    profile = EMPTY
    for event in events:
        profile = learn(profile, event)
    return profile


def shuffled(events: list[Event], shuffler: Any) -> list[Event]:
    mixed = list(events)
    shuffler.shuffle(mixed)
    return mixed


SHUFFLER = st.randoms(use_true_random=False)


@given(histories(), SHUFFLER)
def test_learning_does_not_depend_on_order(events: list[Event], shuffler: Any) -> None:
    assert learnt(events) == learnt(shuffled(events, shuffler))


@given(histories(), st.lists(st.integers(0, 2), min_size=12, max_size=12), SHUFFLER)
def test_learning_apart_and_combining_is_learning_together(
    events: list[Event], owners: list[int], shuffler: Any
) -> None:
    groups: list[list[Event]] = [[], [], []]
    for event, owner in zip(events, owners, strict=False):
        groups[owner].append(event)
    profiles = [learnt(group) for group in groups]
    together = learnt(events)
    assert combine(profiles) == combine(reversed(profiles)) == together
    assert combine([combine(profiles[:2]), profiles[2]]) == combine([profiles[0], combine(profiles[1:])]) == together


@given(histories())
def test_the_fold_agrees_with_reading_the_whole_history(events: list[Event]) -> None:
    profile = learnt(events)
    moments = [to_millis(event.timestamp) for event in events]
    assert profile.first_seen_ms == min(moments, default=0)
    theirs = [at_ms for at_ms, event in zip(moments, events, strict=True) if not event.is_our_saying]
    assert profile.last_seen_ms == max(theirs, default=0)
    newest: dict[str, Any] = {}
    for event in sorted(events, key=lambda each: (each.timestamp, each.message_id)):
        if event.kind == "identify":
            newest.update(event.properties)
    assert profile.trait_values() == {name: value for name, value in newest.items() if value is not None}
    for name in {event.name for event in events}:
        assert profile.tallies[name].count == sum(1 for event in events if event.name == name)


@given(histories(), st.integers(-10, 200), st.integers(0, 200))
def test_a_count_is_what_counting_gives(events: list[Event], start: int, length: int) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    until = since + timedelta(minutes=length)
    truth = sum(1 for event in events if event.name == "A" and since < event.timestamp <= until)
    ever = sum(1 for event in events if event.name == "A" and event.timestamp <= until)
    assert learnt(events).count("A", since=since, until=until) == truth
    assert learnt(events).count("A", since=None, until=until) == ever


@settings(max_examples=50)
@given(st.lists(st.integers(0, 120), min_size=RECENT_MOST - 2, max_size=60), st.integers(-5, 125), st.integers(0, 60))
def test_a_count_beyond_memory_is_right_or_unknown(minutes: list[int], start: int, length: int) -> None:
    events = [
        an_event("A", timestamp=START + timedelta(minutes=each), message_id=f"m{number}")
        for number, each in enumerate(minutes)
    ]
    profile = learnt(events)
    since = START + timedelta(minutes=start)
    until = since + timedelta(minutes=length)
    truth = sum(1 for event in events if since < event.timestamp <= until)
    assert profile.count("A", since=since, until=until) in (truth, None)
    assert profile.count("A", since=None, until=START + timedelta(days=9)) == len(events)
    if len(events) <= RECENT_MOST:
        assert profile.count("A", since=since, until=until) == truth


@given(histories())
def test_a_profile_survives_being_written(events: list[Event]) -> None:
    profile = learnt([event for event in events if r"\ud800" not in repr(event)])  # Half a pair is no text.
    plain = msgspec.json.decode(msgspec.json.encode(profile), type=Profile)
    assert plain == profile


def an_identify(at: datetime, message_id: str, **traits: Any) -> Event:
    return an_event("Identified", kind="identify", timestamp=at, message_id=message_id, properties=traits)


def test_a_late_event_does_not_overwrite_what_was_said_later() -> None:
    newer = an_identify(START, "m1", plan="gold")
    older = an_identify(START - timedelta(days=1), "m2", plan="silver", city="Rome")
    assert learnt([newer, older]).trait_values() == {"plan": "gold", "city": "Rome"}


def test_null_removes_a_trait_and_a_late_value_does_not_bring_it_back() -> None:
    removed = learnt([an_identify(START, "m1", plan=None)])
    assert removed.trait_values() == {}
    assert learn(removed, an_identify(START - timedelta(days=1), "m2", plan="gold")).trait_values() == {}
    assert learn(removed, an_identify(START + timedelta(days=1), "m3", plan="gold")).trait_values() == {"plan": "gold"}


def test_at_one_instant_the_message_id_decides() -> None:
    one, other = an_identify(START, "m1", plan="gold"), an_identify(START, "m2", plan="silver")
    assert learnt([one, other]).trait_values() == learnt([other, one]).trait_values() == {"plan": "silver"}


def test_the_first_instant_of_1970_is_a_moment_like_any_other() -> None:
    first = an_event("A", timestamp=datetime(1970, 1, 1, tzinfo=UTC), message_id="m1")
    later = an_event("A", timestamp=START, message_id="m2")
    assert learnt([first, later]).first_seen_ms == learnt([later, first]).first_seen_ms == 0
    assert combine([learnt([first]), learnt([later])]).first_seen_ms == 0


def test_a_robots_names_are_limited_the_same_in_any_order() -> None:
    events = [an_event(f"E{number:04}", message_id=f"m{number}") for number in range(NAMES_MOST + 20)]
    twice = [*events, *(an_event("E0001", message_id=f"n{number}") for number in range(3))]
    forward, backward = learnt(twice), learnt(twice[::-1])
    assert forward == backward
    assert len(forward.tallies) == NAMES_MOST
    assert forward.crowded
    assert combine([learnt(twice[:300]), learnt(twice[300:])]) == forward
    assert forward.count("E0001", since=None, until=START) == 4
    assert forward.count("Never Heard Of", since=None, until=START) is None
    assert learnt(events[:NAMES_MOST]).crowded is False


def consent(granted: Any, message_id: str, *, minutes: int = 0, **properties: Any) -> Event:
    return an_event(
        CONSENT_CHANGED,
        timestamp=START + timedelta(minutes=minutes),
        message_id=message_id,
        properties={"granted": granted, "channel": "email"} | properties,
    )


def test_consent_nobody_spoke_of_is_neither_given_nor_refused() -> None:
    assert EMPTY.consents_to("email", "news") is None
    assert learnt([consent(True, "m1", topic="offers")]).consents_to("email", "news") is None


def test_refusing_a_channel_stands_above_its_topics() -> None:
    profile = learnt([consent(True, "m1", topic="news"), consent(False, "m2")])
    assert profile.consents_to("email", "news") is False
    assert profile.consent_values() == {"email": False, "email/news": True}


def test_refusing_a_topic_leaves_the_channel() -> None:
    profile = learnt([consent(True, "m1"), consent(False, "m2", topic="news")])
    assert profile.consents_to("email", "news") is False
    assert profile.consents_to("email", "offers") is True


def test_a_late_consent_does_not_undo_a_later_refusal() -> None:
    refused = consent(False, "m1", minutes=5)
    assert learnt([refused, consent(True, "m2")]).consents_to("email", "news") is False


@pytest.mark.parametrize(
    "nonsense",
    [
        {"granted": "yes"},
        {"granted": None},
        {"channel": ""},
        {"channel": 5},
        {"channel": "email/news"},
        {"topic": 0},
        {"topic": []},
        {"topic": False},
    ],
)
def test_nonsense_gives_no_consent(nonsense: dict[str, Any]) -> None:
    event = an_event(CONSENT_CHANGED, properties={"granted": True, "channel": "email"} | nonsense)
    assert learnt([event]).consent == {}
