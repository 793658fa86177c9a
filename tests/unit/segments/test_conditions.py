"""Conditions by themselves: builders, words, unknowns, and what a live profile can decide."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Event, Json
from holdfast.kernel.moments import from_millis
from holdfast.ports.columns import maps_of
from holdfast.profiles.profile import EMPTY, NAMES_MOST, RECENT_MOST, Profile, Stamped, Tally, combine, learn
from holdfast.segments.builders import (
    all_of,
    any_of,
    did,
    did_amount,
    first_did,
    last_did,
    mostly,
    mostly_at,
    only_did,
    prop,
    trait,
)
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import UTC_ZONE, Condition, PastEvent, Scope, Truth, people_words
from holdfast.segments.conditions.all_of import All
from holdfast.segments.conditions.any_of import Any as AnyOf
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.live import knowable_live
from holdfast.segments.values import gather, lay_out, same
from holdfast.segments.watching import Watching
from holdfast.segments.zones import Standpoint
from tests.unit.segments.cases import NOW_MS, SCALARS, VALUES, World, a_world, conditions, watching_all

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)
HERE = Standpoint(NOW_MS, UTC_ZONE)
HOUR = timedelta(hours=1)
NOBODY = HistoryFacts({}, {})
UNKNOWN = did("Unknown", where=prop("a").is_set())
BLANK = ProfileFacts(Profile(tallies={"Unknown": Tally(count=1, first_ms=1, recent_ms=(1,))}))


def facts(*days_ago: float, **traits: Json) -> HistoryFacts:
    events = [PastEvent(timestamp=NOW - timedelta(days=days), properties={"n": n}) for n, days in enumerate(days_ago)]
    return HistoryFacts(traits, {"E": events})


def busy(times: int, *, every: timedelta = timedelta(hours=1)) -> ProfileFacts:
    profile = EMPTY
    for n in range(times):
        at = NOW - every * n
        profile = learn(profile, Event(name="E", user_id="u", timestamp=at, received_at=at, message_id=str(n)))
    return ProfileFacts(profile)


def test_builders_read_like_a_sentence() -> None:
    segment = did("Order Completed", at_least=3, within_days=30, where=prop("revenue") > 50) & ~did(
        "App Uninstalled", within_days=90
    )
    assert segment.words() == (
        "did “Order Completed” at least 3 times in the last 30 days, where revenue is greater than 50 "
        "and did not do “App Uninstalled” in the last 90 days"
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (did("E"), "did “E”"),
        (did("E", within_days=1), "did “E” in the last day"),
        (did("E", within_days=0.5), "did “E” in the last 0.5 days"),
        (did("E", at_least=2, at_most=2), "did “E” exactly 2 times"),
        (did("E", at_least=1, at_most=1), "did “E” exactly once"),
        (did("E", at_most=3), "did “E” at most 3 times"),
        (did("E", at_most=0), "did not do “E”"),
        (first_did("E", within_days=1), "first did “E” in the last day"),
        (~last_did("E", before_days=1), "did not last do “E” at least 1 day ago"),
        (last_did("E", within_days=9, before_days=2), "last did “E” in the last 9 days at least 2 days ago"),
        (did("E", at_least=1, at_most=4), "did “E” 1 to 4 times"),
        (~did("E", at_least=3), "did not do “E” at least 3 times"),
        (~~did("E"), "did “E”"),
        (trait("country") == "DE", 'whose country is "DE"'),
        (~(trait("plan").is_any_of(["gold", 3])), 'are not among those whose plan is any of "gold", 3'),
        (trait("email").is_set(), "whose email is set"),
        (did("A") & (did("B") | did("C")), "did “A” and (did “B” or did “C”)"),
        (did("A") & (trait("b") == 1), "who did “A” and whose b is 1"),
        ((trait("b") == 1) | ~did("A"), "whose b is 1 or who did not do “A”"),
        ((trait("b") == 1) & (did("A") | did("C")), "whose b is 1 and who (did “A” or did “C”)"),
        (did("A") & (did("C") | (trait("b") == 1)), "who did “A” and (who did “C” or whose b is 1)"),
        ((did("A") | did("C")) & did("D"), "(did “A” or did “C”) and did “D”"),
        (~((trait("b") == 1) & did("A")), "are not among those whose b is 1 and who did “A”"),
        (~(did("A") | did("B")), "are not among those who did “A” or did “B”"),
        (all_of(), "are anybody at all"),
        (any_of(), "are nobody"),
        (did("E", where=(prop("a") == 1) & prop("b").contains("x")), 'did “E”, where a is 1 and b contains "x"'),
    ],
)
def test_words(condition: Condition, words: str) -> None:
    assert condition.words() == words


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (did("A"), "People who did “A”"),
        (trait("b").is_true(), "People whose b is true"),
        ((did("A") | did("C")) & did("D"), "People who (did “A” or did “C”) and did “D”"),
        ((did("A") | (trait("b") == 1)) & did("D"), "People (who did “A” or whose b is 1) and who did “D”"),
        (all_of(), "Everybody"),
        (any_of(), "Nobody"),
    ],
)
def test_people_in_plain_words(condition: Condition, words: str) -> None:
    assert people_words(condition) == words


def test_joining_opens_up_what_is_joined_already() -> None:
    a, b, c = did("A"), did("B"), did("C")
    assert a & b & c == All(of=(a, b, c)) == a & (b & c)
    assert a | b | c == AnyOf(of=(a, b, c)) == a | (b | c)
    assert a & b | c == AnyOf(of=(All(of=(a, b)), c))


def test_python_words_that_would_lose_a_condition_are_refused() -> None:
    with pytest.raises(TypeError, match="write & for and"):
        bool(did("A"))
    with pytest.raises(TypeError, match="join comparisons with &"):
        bool(prop("a") > 1)
    with pytest.raises(TypeError):
        {trait("a")}  # It is the making that fails.


def test_the_comparisons_of_a_where_must_all_hold() -> None:
    first_two = facts(1, 2, 3)
    assert did("E", at_least=2, where=prop("n") < 2).holds(first_two, NOW) is Truth.TRUE
    assert did("E", where=(prop("n") < 2) & (prop("n") > 1)).holds(first_two, NOW) is Truth.FALSE
    assert did("E", where=[prop("n") < 2, prop("n") >= 1]).holds(first_two, NOW) is Truth.TRUE


def test_unknown_is_never_guessed_away() -> None:
    yes, no = all_of(), any_of()
    assert UNKNOWN.holds(BLANK, NOW) is Truth.UNKNOWN
    table = {
        yes & UNKNOWN: Truth.UNKNOWN,
        no & UNKNOWN: Truth.FALSE,
        UNKNOWN & no: Truth.FALSE,
        yes | UNKNOWN: Truth.TRUE,
        UNKNOWN | yes: Truth.TRUE,
        no | UNKNOWN: Truth.UNKNOWN,
        ~UNKNOWN: Truth.UNKNOWN,
        ~yes: Truth.FALSE,
        all_of(UNKNOWN, UNKNOWN, no): Truth.FALSE,
        any_of(UNKNOWN, UNKNOWN, yes): Truth.TRUE,
    }
    assert {condition: condition.holds(BLANK, NOW) for condition in table} == table


def test_a_busy_profile_knows_what_it_remembers() -> None:
    often = busy(RECENT_MOST + 8)
    assert did("E", at_least=RECENT_MOST, within_days=30).holds(often, NOW) is Truth.TRUE
    assert did("E", at_least=3, within_days=30).holds(often, NOW) is Truth.TRUE
    assert did("E", at_least=RECENT_MOST + 1, within_days=1.5).holds(often, NOW) is Truth.UNKNOWN
    assert did("E", at_least=RECENT_MOST + 8, within_days=1.5).holds(often, NOW) is Truth.FALSE
    assert did("E", at_least=RECENT_MOST + 8, within_days=30).holds(often, NOW) is Truth.TRUE
    assert did("E", at_most=1, since=NOW - 40 * HOUR, until=NOW - 38 * HOUR).holds(often, NOW) is Truth.UNKNOWN
    assert did("E", since=NOW - 40 * HOUR, until=NOW - 38 * HOUR).holds(often, NOW) is Truth.TRUE
    assert did("E", until=NOW - 39 * HOUR).holds(often, NOW) is Truth.FALSE
    # Eight are forgotten: the first of them at 39 hours ago, the others from then to 31 hours ago.
    all_but_one = NOW - 39 * HOUR + timedelta(milliseconds=1)
    assert did("E", at_least=RECENT_MOST + 8, since=all_but_one).holds(often, NOW) is Truth.FALSE
    assert did("E", at_least=RECENT_MOST + 7, since=all_but_one).holds(often, NOW) is Truth.UNKNOWN
    assert did("E", at_least=8, since=NOW - 40 * HOUR, until=NOW - 31 * HOUR).holds(often, NOW) is Truth.UNKNOWN
    assert did("E", at_least=9, since=NOW - 40 * HOUR, until=NOW - 31 * HOUR).holds(often, NOW) is Truth.FALSE
    assert did("E", at_least=RECENT_MOST + 9, within_days=30).holds(often, NOW) is Truth.FALSE
    assert did("E", at_most=RECENT_MOST - 1, within_days=30).holds(often, NOW) is Truth.FALSE
    assert did("E", at_least=RECENT_MOST + 8).holds(often, NOW) is Truth.TRUE
    assert did("E", at_least=3, within_days=0.1).holds(often, NOW) is Truth.TRUE
    assert did("E", at_most=3, within_days=0.1).holds(often, NOW) is Truth.TRUE
    assert did("E", at_least=4, within_days=0.1).holds(often, NOW) is Truth.FALSE


def test_first_and_last_times_by_hand() -> None:
    thrice = facts(30, 8, 2)
    held = {
        first_did("E"): True,
        first_did("E", within_days=31): True,
        first_did("E", within_days=30): False,
        first_did("E", before_days=30): True,
        first_did("E", before_days=31): False,
        first_did("E", since=NOW - timedelta(9), until=NOW): False,
        first_did("E", within_days=9, where=prop("n") == 1): True,
        last_did("E", within_days=2): False,
        last_did("E", within_days=3): True,
        last_did("E", before_days=2): True,
        last_did("E", before_days=3): False,
        last_did("E", since=NOW - timedelta(9), until=NOW - timedelta(3)): False,
        last_did("E", until=NOW): True,
        last_did("E", before_days=8, where=prop("n") < 2): True,
        first_did("F"): False,
        last_did("F", before_days=1): False,
    }
    assert {condition: condition.holds(thrice, NOW) is Truth.TRUE for condition in held} == held


def test_a_busy_profile_knows_the_first_time_and_the_last() -> None:
    often = busy(RECENT_MOST + 8)
    for days in (0.5, 1, 1.5, 1.6, 1.7, 2):
        for asked in (first_did, last_did):
            assert asked("E", within_days=days).holds(often, NOW) is Truth.of(asked is last_did or days >= 1.625)
            assert asked("E", before_days=days).holds(often, NOW) is Truth.of(asked is first_did and days <= 1.625)


def test_a_crowded_profile_does_not_know_of_other_names() -> None:
    tallies = {f"E{n}": Tally(count=1, first_ms=1, recent_ms=(1,)) for n in range(NAMES_MOST)}
    crowded = ProfileFacts(Profile(tallies=tallies, crowded=True))
    assert did("Other").holds(crowded, NOW) is Truth.UNKNOWN
    assert did("Other", where=prop("a").is_set()).holds(crowded, NOW) is Truth.UNKNOWN
    assert did("E1").holds(crowded, NOW) is Truth.TRUE


def test_a_where_is_known_of_those_who_never_did_it() -> None:
    assert did("E", where=prop("a") == 1).holds(ProfileFacts(EMPTY), NOW) is Truth.FALSE
    assert did("E", where=prop("a") == 1, within_days=1).holds(busy(1, every=timedelta(days=9)), NOW) is Truth.UNKNOWN
    old = ProfileFacts(Profile(tallies={"E": Tally(count=1, first_ms=1, recent_ms=(1,))}))
    assert did("E", where=prop("a") == 1, within_days=1).holds(old, NOW) is Truth.FALSE


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        (did("E"), None),
        (did("E", at_least=1_000), None),
        (did("E", at_least=RECENT_MOST, within_days=7), None),
        (did("E", at_most=RECENT_MOST - 1, within_days=7), None),
        (trait("a") == 1, None),
        (all_of(did("E"), ~did("F", within_days=1)), None),
        (first_did("E", within_days=7), None),
        (last_did("E", before_days=7), None),
        (last_did("E", where=prop("a") == 1), None),
        (did("E", at_least=RECENT_MOST, where=prop("a") == 1), None),
        (did("E", at_least=RECENT_MOST + 1, where=prop("a") == 1), "$.at_least"),
        (did("E", at_most=RECENT_MOST, where=prop("a") == 1), "$.at_most"),
        (did("E", where=prop("a") == 1, until=NOW), "$.until"),
        (did("E", until=NOW), "$.until"),
        (did("E", at_least=RECENT_MOST + 1, since=NOW), "$.at_least"),
        (did("E", where=prop("a") == 1), None),
        (did("E", at_least=RECENT_MOST + 1, within_days=7), "$.at_least"),
        (did("E", at_most=RECENT_MOST, within_days=7), "$.at_most"),
        (only_did("E", where=prop("a") == 1), None),
        (did_amount("E", "sum", of="a", at_least=1, within_days=7), None),
        (mostly("E", prop("a") == 1), None),
        (mostly_at("E", hour=9), "$.part"),
        (did_amount("E", "sum", of="a", at_least=1, until=NOW), "$.until"),
        (all_of(did("E"), any_of(~only_did("E", where=prop("a") == 1, until=NOW))), "$.of[1].of[0].of.until"),
    ],
)
def test_whether_a_live_profile_can_decide(condition: Condition, path: str | None) -> None:
    found = knowable_live(condition)
    assert (None if found is None else found.path) == path
    assert found is None or found.hint


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.lists(conditions(), min_size=8, max_size=12))
def test_a_live_profile_never_contradicts_the_history(seed: int, asked: list[Condition]) -> None:
    world = a_world(seed, people=8, events=150)
    now = from_millis(NOW_MS)
    watching = watching_all(asked)
    for number, profile in _profiles(world, watching).items():
        live, whole = ProfileFacts(profile, watching=watching, identities=[number]), _history(world, number)
        for condition in asked:
            said = condition.holds(live, now)
            truth = condition.holds(whole, now)
            assert truth is not Truth.UNKNOWN
            assert said in (truth, Truth.UNKNOWN), (condition, number)
            # What is too long to be kept, or no text, is not known.
            kept = (entry for each in profile.watched.values() for entry in each.entries)
            known = all(at <= NOW_MS for at in _moments(world, number)) and all(
                each.values is not None for each in kept
            )
            if knowable_live(condition) is None and known:
                assert said is truth, (condition, number)


def _profiles(world: World, watching: Watching) -> dict[int, Profile]:
    profiles: dict[int, list[Profile]] = defaultdict(list)
    for n, each in enumerate(world.happened):
        at = from_millis(each.at_ms)
        event = Event(
            name=each.name, user_id="u", timestamp=at, received_at=at, message_id=f"{n}", properties=each.properties
        )
        profiles[world.joined.get(each.identity, each.identity)].append(learn(EMPTY, event, watching))
    for number, traits in world.traits.items():
        profiles[number].append(Profile(traits={name: Stamped(1, "m", value) for name, value in traits.items()}))
    return {number: combine(profiles[number]) for number in world.traits}


def _history(world: World, number: int) -> HistoryFacts:
    pasts: dict[str, list[PastEvent]] = defaultdict(list)
    for each in world.happened:
        if world.joined.get(each.identity, each.identity) == number:
            pasts[each.name].append(PastEvent(timestamp=from_millis(each.at_ms), properties=each.properties))
    return HistoryFacts(world.traits[number], pasts)


def _moments(world: World, number: int) -> list[int]:
    return [each.at_ms for each in world.happened if world.joined.get(each.identity, each.identity) == number]


def test_a_window_is_whole_milliseconds_even_when_now_is_not() -> None:
    now = NOW + timedelta(microseconds=999)
    edge = HistoryFacts({}, {"E": [PastEvent(timestamp=NOW - timedelta(days=1), properties={})]})
    assert did("E", within_days=1).holds(edge, now) is Truth.FALSE
    assert did("E", within_days=1 + 1 / 86_400_000).holds(edge, now) is Truth.TRUE


def test_missing_values_match_only_is_not_set() -> None:
    for missing in ({}, {"a": None}, {"a": float("nan")}, {"a": float("inf")}):
        assert not Comparison(name="a", operator="not_equals", value=1).holds(missing, HERE)
        assert not Comparison(name="a", operator="is_none_of", value=(1,)).holds(missing, HERE)
        assert not Comparison(name="a", operator="is_set").holds(missing, HERE)
        assert Comparison(name="a", operator="is_not_set").holds(missing, HERE)


def test_types_do_not_mix() -> None:
    assert not same("30", 30)
    assert not same(True, 1)
    assert not same(False, 0)
    assert not same(2**53 + 1, float(2**53))
    assert same(1, 1.0)
    assert same(-0.0, 0)
    distinct = [each for n, each in enumerate(SCALARS) if not any(same(each, other) for other in SCALARS[:n])]
    assert len(distinct) < len(SCALARS)


def test_values_laid_out_are_gathered_as_they_were() -> None:
    values = {str(n): value for n, value in enumerate(VALUES)}
    laid = lay_out(values)
    assert gather(laid) == values
    assert {name: type(value) for name, value in gather(laid).items() if not isinstance(value, (int, float))} == {
        name: type(value) for name, value in values.items() if not isinstance(value, (int, float))
    }
    assert lay_out({"n": float("nan"), "l": [float("inf")], "d": {"a": [float("nan")]}}).other == {
        "n": "null",
        "l": "[\nnull\n]",
        "d": '{"a":[null]}',
    }


def test_maps_of_columns_of_rows_are_laid_out_the_same_way() -> None:
    """The bulk path lays plain values out by itself."""
    rows: list[dict[str, Json]] = [{}, *({"a": value, "b": "x"} for value in VALUES), {"n": float("nan")}]
    tables = maps_of(rows)
    for name in ("text", "number", "other"):
        raw: Any = tables[name].combine_chunks()
        keys = [each.as_py() for each in raw.keys]
        items = [each.as_buffer().to_pybytes() if name != "number" else each.as_py() for each in raw.items]
        pairs = list(zip(keys, items, strict=True))
        expected: list[tuple[str, object]] = []
        for laid in map(lay_out, rows):
            for key, value in getattr(laid, name).items():
                expected.append((key, value if name == "number" else value.encode("utf-8", "surrogatepass")))
        assert sorted(pairs, key=repr) == sorted(expected, key=repr)


def test_no_zero_is_negative() -> None:
    assert math.copysign(1, lay_out({"a": -0.0}).number["a"]) == 1
    assert math.copysign(1, maps_of([{"a": -0.0}])["number"][0].as_py()[0][1]) == 1


def test_sql_takes_values_only_by_binding() -> None:
    nasty = "'; DROP TABLE events --"
    condition = did(nasty, where=prop(nasty).is_any_of([nasty, 1])) & (trait(nasty) == nasty)
    text, values = condition.sql(Scope(workspace=9, as_of_ms=NOW_MS)).render()
    assert "DROP" not in text
    assert nasty in values.values()
    assert text.count("workspace = {") == text.count("FROM events")
    assert 9 in values.values()
