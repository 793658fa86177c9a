"""What operators about dates, versions, letters, lists, regions and places mean, by examples and by the calendar."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest

import holdfast
from holdfast.events.event import Json
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import to_millis
from holdfast.segments.builders import Named, near, prop, trait
from holdfast.segments.codec import decode_condition, encode_condition
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, Truth
from holdfast.segments.facts import HistoryFacts
from holdfast.segments.letter_case import small_letters
from holdfast.segments.operator_row import Operand, Takes
from holdfast.segments.operators import OPERATORS
from holdfast.segments.regions import REGIONS
from holdfast.segments.versions import version_key
from holdfast.segments.zones import Standpoint

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)
X: Named[Condition] = trait("x")  # type: ignore[assignment]  # A trait is a condition.


def holds(condition: Condition, value: Json, *, now: datetime = NOW, zone: str = "UTC", **traits: Json) -> bool:
    truth = condition.holds(HistoryFacts({"x": value, **traits}, {}, zone=ZoneInfo(zone)), now)
    assert truth is not Truth.UNKNOWN
    return truth is Truth.TRUE


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        (X.between(18, 25), [18, 25, 18.0, 20.5], [17.999, 25.001, "20", True]),
        (X.is_true(), [True], [1, "true", False]),
        (X.is_false(), [False], [0, "false", True, ""]),
        (X.does_not_contain("a"), ["b", [], ["ab"], 3], ["a", "bab", ["a"], None]),
        (X.contains_any_of(["a", 3]), ["xa", ["a"], [3.0], [1, 3]], ["b", "3", [], ["3"], 3]),
        (X.contains_all_of(["a", "b"]), ["ab", "ba", ["a", "b", 1]], ["a", ["a"], ["ab"]]),
        (X.contains_all_of([]), ["", []], [3, True, {}, None]),
        (X.contains_all_of(["3", 3]), [["3", 3]], ["3", ["3"]]),
        (X.contains_none_of(["a", 3]), ["b", [], 3, {}], ["a", [3], None]),
        (X.has_size(exactly=0), [[]], ["", {}, [1], None]),
        (X.has_size(at_least=2), [[1, 1], [[], {}], ["\n", "\n\n"]], [[1], "ab", {"a": 1, "b": 2}]),
        (X.has_size(at_most=1), [[], ["\n"]], [[1, 2], "a"]),
        (X.equals_ignoring_case("straße"), ["STRAßE", "Straße", "ſtraße"], ["STRASSE", "strase", 3]),
        (X.equals_ignoring_case("σας"), ["ΣΑΣ", "σασ"], ["σα"]),
        (X.contains_ignoring_case("ÄR"), ["Märchen", "ÄRGER"], ["Marchen", ["är"]]),
        (X.is_in_region("EU"), ["DE", "de"], ["De", "GB", "EU", "", " DE", 3, ["DE"]]),
        (X.is_not_in_region("DACH"), ["FR", "", 3], ["DE", "ch", None]),
        (X.version_at_least("1.9"), ["1.9", "1.9.0", "v1.10", "2"], ["1.9-rc.1", "1.8.99", "x", 2, "1.9 "]),
        (X.version_less_than("2.0.0"), ["2.0.0-rc.1", "1.99"], ["2", "2.0.0+build"]),
        (X.version_is("2.0"), ["2", "V02.0.0+x"], ["2.0-a"]),
        (X.version_greater_than("2.0-beta.2"), ["2.0-beta.11", "2.0"], ["2.0-beta", "2.0-beta.2"]),
        (X.version_at_most("2.0"), ["2.0", "1"], ["2.0.0.0.0.1"]),
    ],
)
def test_what_matches(condition: Condition, yes: list[Json], no: list[Json]) -> None:
    assert [each for each in yes if not holds(condition, each)] == []
    assert [each for each in no if holds(condition, each)] == []
    assert decode_condition(encode_condition(condition)) == condition


def test_versions_are_in_the_order_the_specification_prints() -> None:
    """Source: Semantic Versioning 2.0.0, item 11."""
    printed = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"]
    printed += ["1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"]
    for earlier, later in combinations(printed, 2):
        assert (version_key(earlier) or "") < (version_key(later) or ""), (earlier, later)


def test_letters_are_folded_once_for_all() -> None:
    for code in range(0x20000):
        letter = chr(code)
        assert small_letters(small_letters(letter)) == small_letters(letter)
        assert len(small_letters(letter)) == 1


def test_regions_hold_every_country_once_per_division() -> None:
    continents = [REGIONS[name] for name in ("Africa", "Americas", "Asia", "Europe", "Oceania")]
    assert sum(map(len, continents)) == len(frozenset().union(*continents)) == 248  # ISO 3166-1 without Antarctica.
    assert len(REGIONS["EU"]) == 27
    assert REGIONS["Eurozone"] < REGIONS["EU"] < REGIONS["EEA"]
    assert REGIONS["ASEAN"] == REGIONS["South-eastern Asia"]
    assert all(len(code) == 2 and code.isupper() for codes in REGIONS.values() for code in codes)


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        (
            X.before("2026-03-29"),
            ["2026-03-28", "2026-03-28T23:59", "2026-03-28T22:59:59Z"],
            ["2026-03-29", "2026-03-28T23:00Z"],
        ),
        (
            X.after("2026-03-28"),
            ["2026-03-29", "2026-03-29T00:00", "2026-03-28T23:00Z"],
            ["2026-03-28T23:59", "2026-03-28T22:59Z"],
        ),
        (
            X.on("2026-03-29"),
            ["2026-03-29", "2026-03-29T21:59:59.999Z", "2026-03-28T23:00Z"],
            ["2026-03-29T22:00Z", "2026-03-30"],
        ),
        (
            X.after("2026-03-28T12:00"),
            ["2026-03-28T12:00:00.001", "2026-03-28T11:00:00.001Z"],
            ["2026-03-28T11:00Z", "2026-03-28"],
        ),
        (
            X.before("2026-03-28T12:00Z"),
            ["2026-03-28T13:59:59+02:00", "2026-03-28T12:59"],
            ["2026-03-28T12:00Z", "2026-03-28T13:00"],
        ),
        (X.days_since(0), ["2026-03-29", "2026-03-28T23:00Z"], ["2026-03-28", "2026-03-30"]),
        (
            X.days_since(3),
            ["2026-03-26", "2026-03-26T23:59"],
            ["2026-03-25", "2026-03-27", "2026-02-30", 20260326, True],
        ),
        (X.days_since(at_least=3), ["2026-03-26", "1900-01-01", "0001-01-01"], ["2026-03-27", "2026-04-26"]),
        (X.days_since(at_most=3), ["2026-03-26", "2026-03-29"], ["2026-03-25", "2026-03-30"]),
        (X.days_until(3), ["2026-04-01", "2026-03-31T22:00Z"], ["2026-03-31", "2026-04-02"]),
        (X.days_until(at_least=3), ["2026-04-01", "9999-12-31"], ["2026-03-31"]),
        (X.days_until(at_most=3), ["2026-04-01", "2026-03-29"], ["2026-03-28", "2026-04-02"]),
        (X.anniversary_in(3), ["1990-04-01", "2025-04-01T23:00:00-10:00"], ["2026-04-01", "1990-04-02", "1990-04-31"]),
    ],
)
def test_dates_in_berlin(condition: Condition, yes: list[Json], no: list[Json]) -> None:
    """On the Sunday clocks are put forward."""
    assert [each for each in yes if not holds(condition, each, zone="Europe/Berlin")] == []
    assert [each for each in no if holds(condition, each, zone="Europe/Berlin")] == []


def test_whose_birthday_it_is() -> None:
    new_year = datetime(2025, 12, 31, 12, tzinfo=UTC)
    own = trait("x", time_zone="person").anniversary_in(0)
    assert holds(own, "1990-01-01", now=new_year, timezone="Pacific/Kiritimati")
    assert not holds(own, "1990-01-01", now=new_year, timezone="Pacific/Pago_Pago")
    assert holds(own, "1990-12-31", now=new_year, timezone="nowhere")


@pytest.mark.parametrize(
    ("now", "days", "kept"),
    [("2026-02-25", 3, True), ("2026-02-26", 3, False), ("2024-02-25", 3, False), ("2024-02-26", 3, True)],
)
def test_a_leap_day_is_kept_on_the_28th(now: str, days: int, kept: bool) -> None:
    assert holds(X.anniversary_in(days), "2000-02-29", now=datetime.fromisoformat(now).replace(tzinfo=UTC)) == kept


def test_anniversaries_within_days_are_those_in_each() -> None:
    draw = random.Random(3)
    for _ in range(400):
        now = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(days=draw.randrange(1_500))
        born = (date(1996, 1, 1) + timedelta(days=draw.randrange(12_000))).isoformat()
        days = draw.choice((0, 1, 7, 31, 364, 365))
        each = any(holds(X.anniversary_in(day), born, now=now) for day in range(days + 1))
        assert holds(X.anniversary_within(days), born, now=now) == each, (now, born, days)


def test_days_since_is_the_difference_of_dates() -> None:
    draw = random.Random(4)
    for _ in range(300):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=draw.randrange(600_000))
        zone = draw.choice(("Europe/Berlin", "Pacific/Apia", "America/Havana", "Australia/Lord_Howe"))
        at = now - timedelta(minutes=draw.randrange(20_000))
        gone = (now.astimezone(ZoneInfo(zone)).date() - at.astimezone(ZoneInfo(zone)).date()).days
        for days in (gone - 1, gone, gone + 1):
            if days >= 0:
                assert holds(X.days_since(days), at.isoformat(), now=now, zone=zone) == (days == gone)


@pytest.mark.parametrize(
    ("operator", "value", "code", "path", "hint"),
    [
        ("between", 3, "wrong_value", "$.value", "[18, 25]"),
        ("between", [1, 2, 3], "wrong_value", "$.value", "[18, 25]"),
        ("between", [1, "2"], "wrong_value", "$.value[1]", "without quotes"),
        ("between", [2, 1], "never_true", "$.value", "lower"),
        ("is_true", True, "wrong_value", "$.value", "out"),
        ("size_is", 1.5, "wrong_value", "$.value", "number"),
        ("size_at_least", -1, "wrong_value", "$.value", "Use 0"),
        ("days_since_is", True, "wrong_value", "$.value", "number"),
        ("days_until_at_most", 36_526, "wrong_value", "$.value", "36525"),
        ("anniversary_in_days", 366, "wrong_value", "$.value", "365"),
        ("date_before", "2026-02-30", "wrong_value", "$.value", "2026-03-01"),
        ("date_before", "0026-02-03", "wrong_value", "$.value", "2026-03-01"),
        ("date_on", "2026-02-03T10:00", "wrong_value", "$.value", "time of day"),
        ("date_after", 2026, "wrong_value", "$.value", "quotes"),
        ("version_is", "1.x", "wrong_value", "$.value", "1.10.2"),
        ("is_in_region", "Eurpe", "wrong_value", "$.value", "'Europe'"),
        ("contains_any_of", "a", "wrong_value", "$.value", "list"),
        ("equals_ignoring_case", 3, "wrong_value", "$.value", "quotes"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(operator: str, value: object, code: str, path: str, hint: str) -> None:
    told = {"type": "not", "of": {"type": "trait", "trait": "x", "operator": operator, "value": value}}
    with pytest.raises(Exposed) as caught:
        decode_condition(told)
    assert (caught.value.code, caught.value.path) == (code, path.replace("$", "$.of"))
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_has_an_example_that_works(name: str) -> None:
    operator = OPERATORS[name]
    assert (operator.example is None) == (operator.takes is Takes.NOTHING)
    comparison = Comparison(name="x", operator=name, value=operator.example)
    assert comparison.words().startswith(f"x {operator.label}")
    assert comparison.holds({}, Standpoint(to_millis(NOW), ZoneInfo("UTC"))) == operator.of_missing


@pytest.mark.parametrize("field", ["latitude", "longitude", "within_km"])
@pytest.mark.parametrize("value", [True, "3", 1e9])
def test_places_out_of_bounds(field: str, value: object) -> None:
    told = {"type": "near", "latitude": 1, "longitude": 1, "within_km": 1} | {field: value}
    with pytest.raises(Exposed) as caught:
        decode_condition(told)
    assert caught.value.path == f"$.{field}"


def test_places() -> None:
    """A degree of a great circle is 111.195 km; Berlin and Munich are 504.3 km apart."""

    def at(latitude: Json, longitude: Json) -> HistoryFacts:
        return HistoryFacts({"latitude": latitude, "longitude": longitude}, {})

    munich = at(48.137, 11.575)
    assert near(52.52, 13.405, within_km=504.4).holds(munich, NOW) is Truth.TRUE
    assert near(52.52, 13.405, within_km=504.3).holds(munich, NOW) is Truth.FALSE
    assert near(0, 0, within_km=111.196).holds(at(1, 0), NOW) is Truth.TRUE
    assert near(0, 0, within_km=111.194).holds(at(0, -1), NOW) is Truth.FALSE
    assert near(0, 179.5, within_km=111.2).holds(at(0, -179.5), NOW) is Truth.TRUE
    assert near(90, 0, within_km=0.001).holds(at(90, 123), NOW) is Truth.TRUE
    assert near(0, 0, within_km=20_015).holds(at(0, 179.9), NOW) is Truth.TRUE
    for nowhere in (at("1", 0), at(91, 0), at(0, 181), at(True, 0), at(None, 0), HistoryFacts({}, {})):
        assert near(0, 0, within_km=20_015).holds(nowhere, NOW) is Truth.FALSE
    assert near(52.52, 13.405, within_km=25).words() == (
        "are within 25 km of 52.52, 13.405 by their latitude and longitude"
    )


def test_builders_are_at_hand() -> None:
    asked = holdfast.trait("birthday", time_zone="person").anniversary_in(3)
    assert asked.words() == "whose birthday has its anniversary in so many days: 3 in their own time zone"
    assert (prop("x").days_since(at_most=3) & prop("y").is_true())[0].operator == "days_since_at_most"
    with pytest.raises(ValueError, match="one of"):
        prop("x").days_since(1, at_least=2)
    assert holdfast.did("E", calendar=holdfast.calendar("month"), since=date(2026, 3, 1)).words() == (
        "did “E” this month since 2026-03-01"
    )
    value: Operand = asked.value
    assert value == 3
