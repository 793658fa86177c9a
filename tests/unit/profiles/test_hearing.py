"""Hearing what an event says before it is learnt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import Event
from holdfast.profiles.profile import EMPTY, hear, learn

START = datetime(2026, 3, 1, tzinfo=UTC)

identifies = st.builds(
    lambda number, seconds, traits: Event(
        name="Identified",
        kind="identify",
        user_id="ann",
        timestamp=START + timedelta(seconds=seconds),
        received_at=START,
        message_id=f"m{number}",
        properties=traits,
    ),
    st.integers(0, 10**9),
    st.integers(-2, 2),
    st.dictionaries(st.sampled_from(("plan", "points")), st.sampled_from(("gold", 1, None)), max_size=2),
)
several = st.lists(identifies, max_size=5)
# No two messages have one id, and it decides between two of one moment: here from either side.
ours = st.tuples(identifies, st.sampled_from(("a", "z"))).map(
    lambda drawn: msgspec.structs.replace(drawn[0], message_id=drawn[1])
)


@given(several, ours, several)
def test_what_was_heard_is_learnt_as_if_it_never_was(before: list[Event], said: Event, between: list[Event]) -> None:
    plain = EMPTY
    for event in before:
        plain = learn(plain, event)
    heard = hear(plain, said)
    assert (heard.tallies, heard.first_seen_ms, heard.last_seen_ms) == (
        plain.tallies,
        plain.first_seen_ms,
        plain.last_seen_ms,
    )
    for event in [*between, said]:
        plain, heard = learn(plain, event), learn(heard, event)
    assert heard == plain
