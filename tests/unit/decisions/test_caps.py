from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdfast.decisions.caps import Cap, decode_caps, free_ms, outranked
from holdfast.decisions.made import Made
from holdfast.decisions.medium import media
from holdfast.decisions.rule_texts import RULES_MOST
from holdfast.kernel.errors import Invalid

DAY = 86_400


@pytest.mark.parametrize(("most", "within"), [(-1, 60), (1, 0), (1, -5)])
def test_a_cap_that_means_nothing_cannot_be_built(most: int, within: int) -> None:
    with pytest.raises(ValueError, match="use"):
        Cap(channel="email", most=most, within_seconds=within)


def test_caps_are_written_as_they_are_said() -> None:
    assert decode_caps("5 in 7 days; 1 in 24 hours about news;\n 2 in 1 week  on email about offers;", "caps") == (
        Cap(most=5, within_seconds=7 * DAY),
        Cap(topic="news", most=1, within_seconds=DAY),
        Cap(channel="email", topic="offers", most=2, within_seconds=7 * DAY),
    )
    assert decode_caps(" ; ", "caps") == ()


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "five in 7 days",
        "5 in a week",
        "5 in 7 days on",
        "5 in 7 days about News",
        "5 in 7 days about news on email",
        "5 in 7 days on mail",
        "-1 in 7 days",
        "0 in 7 days",
        "1 in 0 days",
        "1 in 91 days",
        "1.5 in 7 days",
        "5 in 7 months",
        "5 in 7 days, 1 in 1 day",
        "٣ in 7 days",
        ";".join(["1 in 1 day"] * (RULES_MOST + 1)),
    ],
)
def test_what_is_no_cap_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        decode_caps(text, "contact_caps")
    assert refusal.value.path == "contact_caps"
    assert refusal.value.hint


def test_a_cap_on_a_channel_that_is_none_says_which_there_are() -> None:
    with pytest.raises(Invalid) as refusal:
        decode_caps("1 in 1 day on mail", "contact_caps")
    assert refusal.value.code == "unknown_channel"
    assert set(refusal.value.hint.removeprefix("There is ").removesuffix(".").split(", ")) == set(media())


made = st.builds(Made, channel=st.sampled_from(("email", "sms")), topic=st.just("news"), at_ms=st.integers(0, 9_000))
caps = st.builds(
    Cap, channel=st.sampled_from(("", "email")), most=st.integers(0, 3), within_seconds=st.sampled_from((1, 2, 5))
)


@given(st.lists(caps, max_size=3), st.lists(made, max_size=5), st.integers(0, 9_000))
def test_the_first_free_moment_is_free_and_none_before_it_is(caps: list[Cap], recent: list[Made], at_ms: int) -> None:
    def free(at: int) -> bool:
        return all(cap.allows(recent, at) for cap in caps)

    found = free_ms(caps, recent, at_ms)
    # From 14 seconds on nothing of what was made is in any window.
    assert found == next((at for at in range(at_ms, 15_000) if free(at)), None)
    assert (found is None) == any(cap.most == 0 for cap in caps)


waiting = st.lists(
    st.builds(
        Made,
        channel=st.just("email"),
        topic=st.sampled_from(("news", "offers")),
        at_ms=st.integers(0, 20).map(lambda s: s * 1000),
        priority=st.sampled_from((10, 50, 90)),
        handed_ms=st.sampled_from((None, 0)),
        transactional=st.booleans(),
    ),
    max_size=6,
).map(lambda those: tuple(replace(each, key=str(place)) for place, each in enumerate(those)))


@given(waiting, st.sampled_from((0, 50, 100)), st.integers(0, 3), st.sampled_from(("", "news")))
def test_room_is_made_by_as_few_as_can_be_and_only_by_what_matters_less_and_waits(
    recent: tuple[Made, ...], priority: int, most: int, topic: str
) -> None:
    cap = Cap(topic=topic, most=most, within_seconds=10)

    def allowed(those: tuple[Made, ...]) -> bool:
        return cap.allows(those, 10_000)

    assume(not allowed(recent))
    out = outranked(allowed, recent, priority)
    lesser = [e for e in recent if e.priority < priority and e.handed_ms is None and not e.transactional]
    if out is None:
        assert not allowed(tuple(each for each in recent if each not in lesser))
        return
    assert set(out) <= set(lesser)
    assert allowed(tuple(each for each in recent if each not in out))
    for each in out:
        assert not allowed(tuple(other for other in recent if other not in out or other is each))


def test_the_least_important_makes_room_and_of_those_the_last() -> None:
    made = [
        Made(channel="email", topic="news", at_ms=at, priority=priority, key=key)
        for at, priority, key in ((1_000, 40, "a"), (2_000, 10, "b"), (3_000, 10, "c"))
    ]
    cap = Cap(most=3, within_seconds=60)
    out = outranked(lambda those: cap.allows(those, 4_000), tuple(made), 50)
    assert out is not None
    assert [each.key for each in out] == ["c"]
