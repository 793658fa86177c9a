"""Time zones and stretches of the calendar, against the calendar itself."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo
from zoneinfo._zoneinfo import ZoneInfo as TransparentZone  # type: ignore[import-not-found]  # It has no stub.

import pytest

from holdfast.kernel.errors import Exposed, Invalid
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.profiles.profile import EMPTY
from holdfast.segments.builders import calendar, did, first_did, last_did, mostly_at, trait
from holdfast.segments.calendars import UNITS, Calendar
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import PastEvent, Scope, Truth
from holdfast.segments.conditions.did import Did
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.live import knowable_live
from holdfast.segments.spans import Span, spans_of
from holdfast.segments.zones import PROBE_SECONDS, _offsets, check_time_zone, zones

BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str, zone: str = "UTC") -> int:
    return to_millis(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def index(day: date, unit: str) -> int:
    """The number of the day, week, month, quarter or year a day is in."""
    match unit:
        case "day":
            return day.toordinal()
        case "week":
            return (day.toordinal() - 1) // 7
        case "month":
            return day.year * 12 + day.month
        case "quarter":
            return day.year * 4 + (day.month - 1) // 3
    return day.year


@pytest.mark.parametrize("unit", UNITS)
def test_a_stretch_of_the_calendar_is_the_days_that_lie_in_it(unit: str) -> None:
    draw = random.Random(unit)
    # Where clocks go back over midnight, as they did in Newfoundland, a day is not all of its date: see below.
    names = [name for name in zones() if "St_Johns" not in name and "Newfoundland" not in name]
    for _ in range(300):
        zone = zones()[draw.choice(names)]
        now_ms = draw.randrange(ms("1990-01-01"), ms("2037-01-01"))
        stretch = Calendar(unit=unit, count=draw.choice((1, 2, 7)), back=draw.choice((0, 1, 3)))
        first_ms, end_ms = stretch.edges_ms(now_ms, zone)
        runs = index(from_millis(now_ms).astimezone(zone).date(), unit)
        for at_ms in (first_ms - 1, first_ms, end_ms - 1, end_ms, draw.randrange(first_ms - 10**9, end_ms + 10**9)):
            theirs = index(from_millis(at_ms).astimezone(zone).date(), unit)
            wanted = runs - stretch.back - stretch.count < theirs <= runs - stretch.back
            assert (first_ms <= at_ms < end_ms) == wanted, (stretch, zone, now_ms, at_ms)


@pytest.mark.parametrize(
    ("zone", "now", "unit", "first", "end"),
    [
        ("America/Santiago", "2025-09-07T12:00", "day", "2025-09-07T04:00", "2025-09-08T03:00"),  # 23 hours, from 1:00.
        ("America/Santiago", "2025-04-05T12:00", "day", "2025-04-05T03:00", "2025-04-06T04:00"),  # 25, the last twice.
        ("America/Havana", "2025-11-02T12:00", "day", "2025-11-02T04:00", "2025-11-03T05:00"),  # Midnight comes twice.
        (
            "Australia/Lord_Howe",
            "2025-10-05T00:00",
            "day",
            "2025-10-04T13:30",
            "2025-10-05T13:00",
        ),  # Half an hour less.
        ("Pacific/Apia", "2011-12-30T10:00", "day", "2011-12-30T10:00", "2011-12-31T10:00"),  # The 31st: no 30th was.
        ("Asia/Kathmandu", "1985-12-31T18:20", "day", "1985-12-30T18:30", "1985-12-31T18:30"),
        ("Europe/Berlin", "2026-03-29T21:59", "day", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("Europe/Berlin", "2026-03-29T21:59", "week", "2026-03-22T23:00", "2026-03-29T22:00"),
        ("Europe/Berlin", "2026-03-29T22:00", "week", "2026-03-29T22:00", "2026-04-05T22:00"),
        ("Europe/Berlin", "2026-03-29T22:00", "quarter", "2025-12-31T23:00", "2026-03-31T22:00"),
        ("America/St_Johns", "2005-10-30T02:00", "day", "2005-10-30T02:30", "2005-10-31T03:30"),
    ],
)
def test_hard_days(zone: str, now: str, unit: str, first: str, end: str) -> None:
    now_ms = ms(now) + (0 if "St_Johns" not in zone else 30 * 60_000)
    assert Calendar(unit=unit).edges_ms(now_ms, ZoneInfo(zone)) == (ms(first), ms(end))


def test_the_day_that_was_left_out_is_empty() -> None:
    first_ms, end_ms = Calendar(unit="day", back=1).edges_ms(ms("2011-12-30T10:00"), ZoneInfo("Pacific/Apia"))
    assert first_ms == end_ms


@pytest.mark.parametrize(
    ("stretch", "now", "since", "until"),
    [
        (calendar("month", rolling=True), "2026-03-31T10:00", "2026-02-28T10:00", "2026-03-31T10:00"),
        (calendar("month", rolling=True), "2024-03-31T10:00", "2024-02-29T10:00", "2024-03-31T10:00"),
        (calendar("year", rolling=True), "2024-02-29T10:00", "2023-02-28T10:00", "2024-02-29T10:00"),
        (calendar("month", count=2, back=1, rolling=True), "2026-03-31T10:00", "2025-12-31T10:00", "2026-02-28T10:00"),
        (calendar("day", rolling=True), "2026-03-29T12:00", "2026-03-28T12:00", "2026-03-29T12:00"),  # 23 hours.
        (calendar("week", rolling=True), "2026-04-01T02:30", "2026-03-25T02:30", "2026-04-01T02:30"),
        (calendar("quarter", rolling=True), "2026-05-31T00:00", "2026-02-28T00:00", "2026-05-31T00:00"),
    ],
)
def test_rolling_goes_back_by_the_calendar(stretch: Calendar, now: str, since: str, until: str) -> None:
    edges = stretch.edges_ms(ms(now, "Europe/Berlin"), BERLIN)
    assert edges == (ms(since, "Europe/Berlin") + 1, ms(until, "Europe/Berlin") + 1)


def test_no_zone_puts_its_clocks_twice_between_two_looks_at_them() -> None:
    for name in zones():
        clear = TransparentZone.no_cache(name)
        moments = [at for at in clear._trans_utc if at >= 0]
        changes = [at for at in moments if _offset(at, name) != _offset(at - 1, name)]
        assert all(after - before > PROBE_SECONDS for before, after in pairwise(changes)), name


def _offset(at: int, name: str) -> timedelta | None:
    return datetime.fromtimestamp(at, zones()[name]).utcoffset()


def test_clocks_are_known_at_every_moment() -> None:
    draw = random.Random(7)
    for name in draw.sample(sorted(zones()), 40):
        zone = zones()[name]
        offsets = _offsets(zone, 0, ms("2045-01-01"))
        edges = [at + nudge for at, _ in offsets for nudge in (0, -1) if at + nudge >= 0]
        for at in (*edges, *(draw.randrange(ms("2045-01-01") // 1_000) for _ in range(30))):
            told = max(each for each in offsets if each[0] <= at)[1]
            assert timedelta(seconds=told) == _offset(at, name), (name, at)


def facts(traits: dict[str, object], *moments: str, zone: str = "UTC") -> HistoryFacts:
    past = [PastEvent(timestamp=datetime.fromisoformat(each).replace(tzinfo=UTC), properties={}) for each in moments]
    return HistoryFacts(traits, {"E": past}, zone=ZoneInfo(zone))  # type: ignore[arg-type]  # They are JSON.


NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "held"),
    [
        ("America/New_York", Truth.TRUE),  # 19:00 on the day it is there.
        ("Asia/Tokyo", Truth.TRUE),  # 8:00 today.
        ("Mars/Olympus", Truth.FALSE),
        ("america/new_york", Truth.FALSE),
        ("person", Truth.FALSE),
        (3, Truth.FALSE),
        (None, Truth.FALSE),
        (["America/New_York"], Truth.FALSE),
    ],
)
def test_a_person_without_a_zone_lives_in_the_workspaces(timezone: object, held: Truth) -> None:
    late = facts({"timezone": timezone}, "2026-03-09T23:00")  # The day before, in UTC.
    assert did("E", calendar="day", time_zone="person").holds(late, NOW) is held


def test_whose_zone_it_is() -> None:
    late = facts({"timezone": "America/New_York"}, "2026-03-09T23:30", zone="Europe/Berlin")
    assert did("E", calendar="day").holds(late, NOW) is Truth.TRUE  # 0:30 on the 10th in Berlin.
    assert did("E", calendar="day", time_zone="UTC").holds(late, NOW) is Truth.FALSE
    assert did("E", since="2026-03-10").holds(late, NOW) is Truth.TRUE
    assert did("E", since="2026-03-10", time_zone="person").holds(late, NOW) is Truth.FALSE
    assert did("E", since="2026-03-10T00:00Z").holds(late, NOW) is Truth.FALSE
    assert did("E", since="2026-03-10T00:00Z", time_zone="Europe/Berlin").holds(late, NOW) is Truth.FALSE
    assert mostly_at("E", hour=0).holds(late, NOW) is Truth.TRUE
    assert mostly_at("E", hour=19, time_zone="person").holds(late, NOW) is Truth.TRUE
    assert mostly_at("E", weekday="monday", time_zone="person").holds(late, NOW) is Truth.TRUE
    assert mostly_at("E", weekday="monday").holds(late, NOW) is Truth.FALSE


def test_only_persons_with_other_days_cost_a_join() -> None:
    scope = Scope(workspace=1, as_of_ms=to_millis(NOW))
    assert not spans_of(did("E", within_days=3, time_zone="person"), scope).by_zone
    assert not spans_of(did("E", since="2026-03-01T00:00Z", time_zone="person"), scope).by_zone
    assert not spans_of(did("E", calendar="day", time_zone="Asia/Tokyo"), scope).by_zone
    spans = spans_of(did("E", calendar="day", time_zone="person"), scope)
    assert len({*spans.by_zone.values()}) < 60
    assert spans.by_zone["Asia/Tokyo"] == Span(ms("2026-03-09T15:00") - 1, to_millis(NOW))
    assert "JOIN" not in did("E", calendar="day").sql(scope).render()[0]
    assert did("E", calendar="day").sql(scope).render()[0] == did("E", within_days=1).sql(scope).render()[0]


def test_a_live_profile_knows_windows_up_to_now() -> None:
    assert knowable_live(did("E", calendar="day", time_zone="person")) is None
    assert knowable_live(first_did("E", calendar="month")) is None
    assert knowable_live(last_did("E", calendar="month")) is None
    assert knowable_live(trait("b").anniversary_in(3)) is None
    complaint = knowable_live(did("E", calendar=calendar("day", back=1)))
    assert complaint is not None
    assert complaint.path == "$.calendar.back"
    for asked, path in ((did("E", at_least=40, calendar="day"), "$.at_least"), (mostly_at("E", hour=3), "$.part")):
        complaint = knowable_live(asked)
        assert complaint is not None
        assert complaint.path == path
    assert did("E", calendar="day").holds(ProfileFacts(EMPTY), NOW) is Truth.FALSE


@pytest.mark.parametrize(
    ("told", "code", "path", "hint"),
    [
        ({"time_zone": "Europe/Berlinn"}, "unknown_time_zone", "$.time_zone", "Europe/Berlin"),
        ({"time_zone": "localtime"}, "unknown_time_zone", "$.time_zone", "Use"),
        ({"time_zone": 3}, "wrong_type", "$.time_zone", "quotes"),
        ({"calendar": "day"}, "wrong_type", "$.calendar", "unit"),
        ({"calendar": {}}, "missing_field", "$.calendar", "unit"),
        ({"calendar": {"unit": "days"}}, "wrong_value", "$.calendar.unit", "day"),
        ({"calendar": {"unit": "hour"}}, "wrong_value", "$.calendar.unit", "Use one of"),
        ({"calendar": {"unit": "day", "count": 0}}, "out_of_range", "$.calendar.count", "1"),
        ({"calendar": {"unit": "day", "count": True}}, "wrong_type", "$.calendar.count", "number"),
        ({"calendar": {"unit": "year", "back": 101}}, "out_of_range", "$.calendar.back", "100"),
        ({"calendar": {"unit": "day", "rolling": 1}}, "wrong_type", "$.calendar.rolling", "true"),
        ({"calendar": {"unit": "day", "from": 1}}, "unknown_field", "$.calendar.from", "unit"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(told: dict[str, object], code: str, path: str, hint: str) -> None:
    with pytest.raises(Exposed) as caught:
        decode_condition({"type": "all", "of": [{"type": "did", "event": "E", **told}]})
    assert (caught.value.code, caught.value.path) == (code, path.replace("$", "$.of[0]"))
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("told", "code", "path"),
    [
        ({"value": 3}, "missing_field", "$"),
        ({"part": "hour", "property": "x", "value": 3}, "never_true", "$.part"),
        ({"part": "minute", "value": 3}, "wrong_value", "$.part"),
        ({"part": "hour", "value": 24}, "wrong_value", "$.value"),
        ({"part": "hour", "value": True}, "wrong_value", "$.value"),
        ({"part": "weekday", "value": "Monday"}, "wrong_value", "$.value"),
        ({"part": "weekday", "value": ["monday"]}, "wrong_value", "$.value"),
    ],
)
def test_what_is_wrong_with_a_share(told: dict[str, object], code: str, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_condition({"type": "share_of", "event": "E", **told})
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize(
    ("stretch", "words"),
    [
        (calendar("day"), "today"),
        (calendar("day", back=1), "yesterday"),
        (calendar("week"), "this week"),
        (calendar("month", back=1), "last month"),
        (calendar("month", back=3), "in the calendar month 3 months ago"),
        (calendar("day", count=3), "in the last 3 calendar days"),
        (calendar("day", count=3, back=1), "in the 3 calendar days before today"),
        (calendar("month", count=3, back=2), "in the 3 calendar months before this month and 1 month"),
        (calendar("month", rolling=True), "in the last month"),
        (calendar("month", count=3, rolling=True), "in the last 3 months"),
        (calendar("month", count=2, back=1, rolling=True), "between 1 and 3 months ago"),
    ],
)
def test_words(stretch: Calendar, words: str) -> None:
    assert did("E", calendar=stretch).words() == f"did “E” {words}"
    assert (~did("E", calendar=stretch, time_zone="person")).words() == (
        f"did not do “E” {words} in their own time zone"
    )


def test_words_of_zones() -> None:
    assert did("E", within_days=2, time_zone="person").words() == "did “E” in the last 2 days"
    assert (
        did("E", since="2026-03-01", time_zone="Asia/Tokyo").words()
        == "did “E” since 2026-03-01 in the time of Asia/Tokyo"
    )
    assert (
        mostly_at("E", hour=9, time_zone="person").words()
        == "most often do “E” from 9:00 to 9:59 in their own time zone"
    )
    assert mostly_at("E", weekday="friday", calendar="year", time_zone="person").words() == (
        "most often do “E” on a Friday this year in their own time zone"
    )
    assert isinstance(decode_condition({"type": "did", "event": "E", "calendar": {"unit": "day"}}), Did)


def test_a_name_is_checked_by_itself_as_it_would_be_among_all() -> None:
    for name in zones():
        check_time_zone(name)
    others = ("", ".", "Europe", "europe/berlin", "Europe/Berlin/", "Europe//Berlin", "./UTC", "../UTC", "/etc/passwd")
    for name in (*others, "posix/UTC", "right/UTC", "posixrules", "Factory", "zone.tab", "a\0b", "UTC\n", "x" * 5_000):
        assert name not in zones()
        with pytest.raises(Invalid):
            check_time_zone(name)
