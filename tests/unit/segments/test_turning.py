"""Until a condition says it may turn, it does not: of generated conditions, people and moments."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Event, Json
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.profiles.profile import EMPTY, Profile, Stamped, learn
from holdfast.segments.builders import did, in_segment, trait
from holdfast.segments.calendars import UNITS, Calendar
from holdfast.segments.catalogue import declared
from holdfast.segments.condition import Condition, Facts, PastEvent, Truth
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.first_did import FirstDid
from holdfast.segments.conditions.last_did import LastDid
from holdfast.segments.conditions.trait import Trait
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.library import resolve
from holdfast.segments.operators import OPERATORS
from holdfast.segments.turning import next_day
from holdfast.segments.zones import DAY_MS, clock_changes, wall_ms, zones
from tests.unit.segments.cases import DATES, LIBRARY, NOW_MS, World, a_world, conditions, of_declaration

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
AHEAD_MS = (1, 2, 999, MINUTE_MS, HOUR_MS, DAY_MS - 1, DAY_MS, DAY_MS + 1, 7 * DAY_MS, 30 * DAY_MS, 366 * DAY_MS)
STEPS_MOST = 2_000
"""Turns on the way through a year or so: a condition that says too often that it may turn makes no progress."""


def facts_of(world: World) -> dict[int, HistoryFacts]:
    pasts: dict[int, dict[str, list[PastEvent]]] = defaultdict(lambda: defaultdict(list))
    for each in world.happened:
        past = PastEvent(timestamp=from_millis(each.at_ms), properties=each.properties)
        pasts[world.joined.get(each.identity, each.identity)][each.name].append(past)
    return {
        number: HistoryFacts(traits, pasts[number], user_id=world.user_id(number), groups=world.groups_of(number))
        for number, traits in world.traits.items()
    }


def profile_of(traits: Mapping[str, Json], events: Mapping[str, list[int]]) -> Profile:
    """A live profile of the same, as the events would have made it."""
    profile = EMPTY
    for name, moments in events.items():
        for at_ms in moments:
            at = from_millis(at_ms)
            event = Event(name=name, user_id="u", timestamp=at, received_at=at, message_id=f"{name}{at_ms}")
            profile = learn(profile, event)
    said = {name: Stamped(0, "m", value) for name, value in traits.items()}
    return Profile(traits=said, tallies=profile.tallies, first_seen_ms=1)


def moments_to_try(now_ms: int, turns_ms: int | None, draw: random.Random) -> list[int]:
    """Moments from now to just before it may turn, the last of them most of all."""
    end_ms = now_ms + 800 * DAY_MS if turns_ms is None else turns_ms
    near = [now_ms + ahead for ahead in AHEAD_MS] + [end_ms - ahead for ahead in AHEAD_MS]
    near += [draw.randrange(now_ms, max(now_ms + 1, end_ms)) for _ in range(6)]
    return [at for at in near if now_ms <= at < end_ms]


def check_constant(condition: Condition, facts: Facts, now_ms: int, draw: random.Random) -> int | None:
    """It does not change before it may; returns when that is."""
    now = from_millis(now_ms)
    turns = condition.turns_at(facts, now)
    turns_ms = None if turns is None else to_millis(turns)
    assert turns_ms is None or turns_ms > now_ms, f"{condition!r} makes no progress at {now}"
    truth = condition.holds(facts, now)
    assert condition.standing(facts, now) == (truth, turns), f"{condition!r} asked for both at once at {now}"
    for at_ms in moments_to_try(now_ms, turns_ms, draw):
        found = condition.holds(facts, from_millis(at_ms))
        assert found is truth, (
            f"{condition!r} is {truth} at {now} and {found} at {format_moment(from_millis(at_ms))}, "
            f"though it said it would not turn before {turns}; traits {facts.traits}"
        )
    return turns_ms


GENERATE = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


def now_of(draw: random.Random) -> int:
    return max(0, NOW_MS + draw.choice((0, -1, 1, 1)) * draw.choice((0, *AHEAD_MS)))


@GENERATE
@given(seed=st.integers(0, 2**32), condition=conditions())
def test_nothing_turns_before_it_says_so(seed: int, condition: Condition) -> None:
    draw = random.Random(seed)
    people = list(facts_of(a_world(seed, people=12, events=60)).values())
    for facts in people:
        check_constant(condition, facts, now_of(draw), draw)


@pytest.mark.parametrize("name", sorted(declared()))
@GENERATE
@given(seed=st.integers(0, 2**32), data=st.data())
def test_each_declaration_says_when_it_may_turn(name: str, seed: int, data: st.DataObject) -> None:
    draw = random.Random(seed)
    condition = data.draw(of_declaration(declared()[name]))
    for facts in facts_of(a_world(seed, people=8, events=60)).values():
        check_constant(condition, facts, now_of(draw), draw)


@pytest.mark.parametrize("shape", [Did, FirstDid, LastDid])
@GENERATE
@given(seed=st.integers(0, 2**32), data=st.data())
def test_live_profiles_turn_when_they_say(shape: type[Condition], seed: int, data: st.DataObject) -> None:
    """Of a live profile, which may have forgotten when the first times were, and of all that happened, alike."""
    draw = random.Random(seed)
    (declaration,) = (each for each in declared().values() if each.shape is shape)
    condition = data.draw(of_declaration(declaration))
    span_ms = draw.choice((2, MINUTE_MS, DAY_MS, 40 * DAY_MS, 3_000 * DAY_MS))
    moments = sorted(
        max(0, NOW_MS + draw.randrange(-span_ms, span_ms // 4 + 1)) for _ in range(draw.choice((1, 3, 40)))
    )
    traits = {"timezone": draw.choice(("Europe/Berlin", "America/Havana", "Pacific/Apia", 7))}
    events = {condition.event: moments}  # type: ignore[attr-defined]  # All three have one.
    live = ProfileFacts(profile_of(traits, events))
    past = {
        name: [PastEvent(timestamp=from_millis(at), properties={}) for at in those] for name, those in events.items()
    }
    whole = HistoryFacts(traits, past)
    now_ms = now_of(draw)
    turns = [check_constant(condition, facts, now_ms, draw) for facts in (live, whole)]
    if len(moments) <= 32 and not condition.where:  # type: ignore[attr-defined]
        assert turns[0] == turns[1], "with nothing forgotten they say the same"


ROLLING = [
    Calendar(unit=unit, count=count, back=back, rolling=True) for unit in UNITS for count in (1, 2) for back in (0, 1)
]
WHOLE = [Calendar(unit=unit, count=count, back=back) for unit in UNITS for count in (1, 3) for back in (0, 2)]
NASTY_ZONES = (
    "America/Havana",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Beirut",
)


@pytest.mark.parametrize("calendar", [*ROLLING, *WHOLE], ids=repr)
def test_stretches_of_the_calendar_are_followed_through_a_year(calendar: Calendar) -> None:
    """From turn to turn, over every change of the clocks and 29 February, in zones whose midnights come twice."""
    draw = random.Random(repr(calendar))
    for name in NASTY_ZONES:
        zone = zones()[name]
        year = 2011 if name in {"Pacific/Apia", "America/St_Johns"} else 2024
        start_ms = to_millis(datetime(year, 1, 30, 22, 30, tzinfo=UTC))
        changes = clock_changes(zone, start_ms, start_ms + 370 * DAY_MS)
        moments = [draw.choice(changes) + draw.randrange(-3, 4) * HOUR_MS // 2 for _ in range(2)]
        moments.append(start_ms + draw.randrange(40 * DAY_MS))
        condition = Did(event="e", at_least=draw.choice((1, 2)), calendar=calendar, time_zone=name)
        facts = HistoryFacts({}, {"e": [PastEvent(timestamp=from_millis(at), properties={}) for at in moments]})
        follow(condition, facts, min(moments) - DAY_MS, 420, draw)


TOLD_FROM_TODAY = [name for name, operator in OPERATORS.items() if operator.days_alike is not None]


def test_the_operators_that_tell_from_today_are_known() -> None:
    assert len(TOLD_FROM_TODAY) == 8


@pytest.mark.parametrize("operator", TOLD_FROM_TODAY)
def test_dates_are_followed_through_two_years(operator: str) -> None:
    draw = random.Random(operator)
    for value in (*DATES, "2024-12-31", "2025-01-01T00:00:00+14:00", "2024-02-29T23:59:59-11:00"):
        condition = Trait(trait="x", operator=operator, value=draw.choice((0, 1, 2, 30, 365)), time_zone="person")
        traits = {"x": value, "timezone": draw.choice(NASTY_ZONES)}
        follow(condition, HistoryFacts(traits, {}), to_millis(datetime(2023, 11, 5, 12, tzinfo=UTC)), 800, draw)


def follow(condition: Condition, facts: Facts, now_ms: int, days: int, draw: random.Random) -> int:
    """From turn to turn; returns how many there were."""
    end_ms = now_ms + days * DAY_MS
    for turned in range(STEPS_MOST):
        turns_ms = check_constant(condition, facts, now_ms, draw)
        if turns_ms is None or turns_ms > end_ms:
            return turned
        now_ms = turns_ms
    raise AssertionError(f"{condition!r} turned {STEPS_MOST} times in {days} days")


def test_turns_are_few_where_little_can_change() -> None:
    """A timer too many is an evaluation too many, for each of a hundred million people."""
    draw = random.Random(1)
    start_ms = to_millis(datetime(2026, 1, 1, tzinfo=UTC))
    birthday = HistoryFacts({"born": "1990-07-04"}, {})
    assert follow(trait("born").anniversary_in(3), birthday, start_ms, 365, draw) <= 6
    every_hour = [PastEvent(timestamp=from_millis(start_ms - n * HOUR_MS), properties={}) for n in range(20)]
    often = HistoryFacts({"plan": "free"}, {"e": every_hour})
    assert follow(~did("e", within_days=7), often, start_ms, 365, draw) == 1
    assert follow(did("e", at_least=3, within_days=7), often, start_ms, 365, draw) == 1
    never = did("e", within_days=7) & (trait("plan") == "gold")
    assert never.turns_at(often, from_millis(start_ms)) is None
    nobody = HistoryFacts({}, {})
    for condition in (~did("e", within_days=7), Did(event="e", calendar=Calendar(unit="day"))):
        assert condition.turns_at(nobody, from_millis(start_ms)) is None


def test_what_was_not_done_turns_to_the_millisecond() -> None:
    at_ms = to_millis(datetime(2026, 1, 1, 12, tzinfo=UTC))
    facts = HistoryFacts({}, {"e": [PastEvent(timestamp=from_millis(at_ms), properties={})]})
    condition = resolve(~did("e", within_days=30 / 1440), LIBRARY)
    turns = condition.turns_at(facts, from_millis(at_ms))
    assert turns == from_millis(at_ms + 30 * MINUTE_MS)
    assert condition.holds(facts, from_millis(at_ms + 30 * MINUTE_MS - 1)) is Truth.FALSE
    assert condition.holds(facts, from_millis(at_ms + 30 * MINUTE_MS)) is Truth.TRUE
    assert resolve(in_segment("gold"), LIBRARY).turns_at(facts, from_millis(at_ms)) is None


@example(at_ms=to_millis(datetime(2026, 3, 28, 23, tzinfo=UTC)), name="Europe/Berlin")
@example(at_ms=to_millis(datetime(2011, 12, 30, 9, 30, tzinfo=UTC)), name="Pacific/Apia")
@given(at_ms=st.integers(0, to_millis(datetime(2040, 1, 1, tzinfo=UTC))), name=st.sampled_from(sorted(zones())))
@settings(max_examples=60, deadline=None)
def test_until_the_next_day_it_is_the_same_day(at_ms: int, name: str) -> None:
    zone = ZoneInfo(name)
    end_ms = next_day(at_ms, zone)
    assert at_ms < end_ms <= at_ms + DAY_MS
    for each in (at_ms, (at_ms + end_ms) // 2, end_ms - 1):
        assert wall_ms(each, zone) // DAY_MS == wall_ms(at_ms, zone) // DAY_MS


@pytest.mark.parametrize("least", range(5))
@pytest.mark.parametrize("at_most", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("within_days", [None, 1, 3])
def test_counts_in_the_last_days_say_when_they_turn(least: int, at_most: int | None, within_days: int | None) -> None:
    if at_most is not None and at_most < least:
        return
    condition = Did(event="A", at_least=least, at_most=at_most, within_days=within_days)
    for days_ago in ([], [0], [1], [2, 0.5], [4, 2.5, 1.5, 0.5, -1], [0.9, 0.8, 0.7, 0.6], [-1, -2]):
        moments = sorted(round(NOW_MS - each * DAY_MS) for each in days_ago)
        check_constant(condition, ProfileFacts(profile_of({}, {"A": moments})), NOW_MS, random.Random(1))
