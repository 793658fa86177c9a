"""Schedules and days off: nothing twice, nothing lost, whatever clocks and calendars do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.days_off import countries, country_for, is_day_off
from holdfast.decisions.entry import NotEntered, enter
from holdfast.decisions.fields import decode_fields
from holdfast.decisions.journey import Journey, decode_journey
from holdfast.decisions.nodes import start_types
from holdfast.decisions.pace import Places, Throttle
from holdfast.decisions.schedule import STRETCH, coming, next_occurrence, occurrences
from holdfast.decisions.start import Admitted, Applicant, Occasion
from holdfast.decisions.steps.date_trait import anniversary
from holdfast.decisions.visit import Visit
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import EMPTY
from holdfast.segments.condition import UTC_ZONE
from holdfast.segments.facts import ChangedFacts, ProfileFacts

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
)
zones = st.sampled_from(ZONES)
days = st.dates(date(2010, 1, 1), date(2035, 12, 31))
times = st.sampled_from(("00:00", "01:30", "02:00", "02:30", "02:59:59", "12:00", "23:59:59"))
weekdays = st.lists(
    st.sampled_from(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")), min_size=1
)


def a_start(kind: str, **given_fields: Any) -> Timed:
    made = decode_fields(start_types()[kind], given_fields, "$")
    assert isinstance(made, Timed)
    return made


def applicant(now: datetime, **traits: Json) -> Applicant:
    return Applicant(origin="news", person_key="ada", facts=ChangedFacts(ProfileFacts(EMPTY), traits), now=now)


def occasion(wall: str) -> Occasion:
    at = datetime.fromisoformat(wall)
    return Occasion(run=1, key=wall, at=at.replace(tzinfo=UTC), wall=at)


@given(
    zone=zones,
    first=days,
    clocks=st.tuples(st.lists(times, min_size=1, max_size=3), weekdays),
    weeks=st.integers(1, 4),
    month_days=st.one_of(st.none(), st.lists(st.integers(1, 31), min_size=1, max_size=2)),
)
def test_going_on_from_each_occurrence_loses_none_and_gives_none_twice(
    zone: str, first: date, clocks: tuple[list[str], list[str]], weeks: int, month_days: list[int] | None
) -> None:
    at, mask = clocks
    fields: dict[str, Any] = {"at": at, "days": mask, "every_weeks": weeks, "starts_on": first.isoformat()}
    try:
        start = a_start("recurring", **fields, days_of_month=month_days, time_zone=zone)
    except Invalid:
        return
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)
    whole = [each for _, each in zip(range(12), occurrences(start, begin, UTC_ZONE), strict=False)]
    stepped = []
    after = begin
    for _ in whole:
        found = next_occurrence(start, after, UTC_ZONE)
        assert found is not None
        stepped.append(found)
        after = found.opens
    assert stepped == whole
    assert all(one.opens < other.opens and one.key < other.key for one, other in pairwise(whole))
    # By hand, day by day: every wanted wall time is there, but for those that clocks that went forward ran together.
    wanted = [
        datetime.combine(day, time.fromisoformat(each))
        for day in (first + timedelta(days=number) for number in range(4_000))
        if f"{day:%A}".lower() in mask
        and ((day - timedelta(days=day.weekday())) - (first - timedelta(days=first.weekday()))).days // 7 % weeks == 0
        and (
            month_days is None
            or day.day in month_days
            or ((day + timedelta(days=1)).day == 1 and max(month_days) > day.day)
        )
        for each in sorted(set(at))
    ]
    walls = [each.wall for each in whole]
    if walls:
        expected = [each for each in wanted if each <= walls[-1]]
        missing = [each for each in expected if each not in walls]
        opens = {each.opens for each in whole}
        clock = ZoneInfo(zone)
        for each in missing:  # Left out by the clock, and run together with another of the same moment.
            back = each.replace(tzinfo=clock).astimezone(UTC).astimezone(clock).replace(tzinfo=None)
            assert back != each
            assert any(
                abs(moment - each.replace(tzinfo=clock).astimezone(UTC)) <= timedelta(days=1) for moment in opens
            )
        assert [each for each in walls if each not in expected] == []


@pytest.mark.parametrize(
    ("zone", "wall", "moment"),
    [
        # The clocks of New York go from two to three; those of Lord Howe by half an hour; Apia left out a whole day.
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00:00+00:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00+00:00"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00:00+00:00"),
        # They come twice: the first.
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00+00:00"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),
    ],
)
def test_a_time_that_is_left_out_or_comes_twice_comes_once(zone: str, wall: str, moment: str) -> None:
    start = a_start("dates", at=[wall], time_zone=zone)
    found = list(occurrences(start, datetime(2000, 1, 1, tzinfo=UTC), UTC_ZONE))
    assert [each.opens for each in found] == [datetime.fromisoformat(moment)]


def test_everybodys_own_clock_takes_26_hours() -> None:
    start = a_start("dates", at=["2026-01-10T09:00"])
    found = next_occurrence(start, datetime(2026, 1, 1, tzinfo=UTC), UTC_ZONE)
    assert found is not None
    assert (found.opens, found.closes) == (datetime(2026, 1, 9, 19, tzinfo=UTC), datetime(2026, 1, 10, 21, tzinfo=UTC))
    late = datetime(2026, 1, 10, 20, tzinfo=UTC)
    assert [each.key for each in coming(start, late, UTC_ZONE, 5)] == ["2026-01-10T09:00:00"]
    assert coming(start, late + timedelta(hours=1), UTC_ZONE, 5) == []


@given(zone=zones, first=days, at=times, seconds=st.integers(0, 26 * 3_600))
def test_nobodys_moment_lies_outside_the_stretch(zone: str, first: date, at: str, seconds: int) -> None:
    wall = datetime.combine(first, time.fromisoformat(at))
    start = a_start("dates", at=[wall.isoformat(timespec="seconds")], if_past="next_day", latest_seconds=26 * 3_600)
    found = next_occurrence(start, datetime(2000, 1, 1, tzinfo=UTC), UTC_ZONE)
    assert found is not None
    admitted = start.admits(occasion(found.key), applicant(found.opens, timezone=zone))
    assert isinstance(admitted, Admitted)
    moment = admitted.due or found.opens
    # A day that a zone leaves out comes to the first moment after.
    assert found.opens <= moment <= found.closes + timedelta(days=1 if zone == "Pacific/Apia" else 0)
    # Whenever they are come to, they have that moment, or, where it is past, none.
    again = start.admits(occasion(found.key), applicant(found.opens + timedelta(seconds=seconds), timezone=zone))
    assert isinstance(again, Admitted)
    assert again.due in (None, moment)


@pytest.mark.parametrize(
    ("country", "day", "off"),
    [
        ("DE", "2026-10-03", True),  # German Unity, a Saturday.
        ("DE", "2026-01-06", False),
        ("DE-BY", "2026-01-06", True),  # Epiphany in Bavaria.
        ("US", "2026-07-03", True),  # Independence Day, kept on the Friday before.
        ("FR", "2026-07-14", True),
        ("JP", "2026-05-04", True),
        ("IN", "2026-01-26", True),
        ("SA", "2026-03-06", True),  # A Friday.
        ("SA", "2026-03-08", False),  # A Sunday.
        (None, "2026-12-25", False),  # A Friday; nothing is known but the weekend.
        (None, "2026-12-26", True),
    ],
)
def test_days_off_are_those_of_the_country(country: str | None, day: str, off: bool) -> None:
    assert is_day_off(date.fromisoformat(day), country) is off


@pytest.mark.parametrize("written", ["BE-Flemish", "be-flemish", " BE-FLEMISH "])
def test_a_region_is_known_however_its_name_is_written(written: str) -> None:
    start = a_start("recurring", at=["12:00"], country="BE-Flemish", on_day_off="skip", time_zone="UTC")
    assert start.country == "BE-Flemish"
    facts = applicant(datetime(2026, 1, 1, tzinfo=UTC), country=written).facts
    assert country_for("person", None, facts) == "BE-Flemish"


def test_every_country_has_a_calendar() -> None:
    assert len(countries()) > 150
    for country in sorted(countries())[::7]:
        assert sum(not is_day_off(date(2026, 1, 1) + timedelta(days=each), country) for each in range(365)) > 180


@given(
    first=days, country=st.sampled_from(("DE", "US-CA", "SA", "JP", None)), policy=st.sampled_from(("skip", "shift"))
)
def test_nobody_is_written_to_on_a_day_off(first: date, country: str | None, policy: str) -> None:
    start = a_start("recurring", at=["12:00"], on_day_off=policy, time_zone="UTC", latest_seconds=60)
    keys = []
    for number in range(14):
        day = first + timedelta(days=number)
        now = datetime.combine(day, time(12), UTC)
        answer = start.admits(occasion(f"{day}T12:00:00"), applicant(now, country=country))
        if isinstance(answer, Admitted):
            keys.append(answer.key)
            assert not is_day_off(date.fromisoformat(answer.key[:10]), country)
        else:
            assert (answer, policy) == ("day_off", "skip")
            assert is_day_off(day, country)
    # Shifted to a day that has its own, it goes by the same name: the second does not enter.
    work = {f"{day}T12:00:00" for day in (first + timedelta(n) for n in range(14)) if not is_day_off(day, country)}
    assert work <= set(keys)


@pytest.mark.parametrize(
    ("written", "year", "kept"),
    [("2004-02-29", 2026, "2026-02-28"), ("2004-02-29", 2028, "2028-02-29"), ("1990-12-31", 2026, "2026-12-31")],
)
def test_a_leap_day_is_kept_on_the_28th_in_other_years(written: str, year: int, kept: str) -> None:
    assert anniversary(date.fromisoformat(written), year) == date.fromisoformat(kept)


@given(born=st.dates(date(1950, 1, 1), date(2009, 12, 31)), year=st.integers(2010, 2034), offset=st.integers(-365, 365))
def test_a_birthday_comes_once_in_each_year_and_everybody_asked_for_is_found(
    born: date, year: int, offset: int
) -> None:
    start = a_start(
        "date_trait", date_trait="born", yearly=True, offset_days=offset, at="09:00", time_zone="UTC", if_past="skip"
    )
    traits: dict[str, Json] = {"born": born.isoformat()}
    wanted = anniversary(born, year) + timedelta(days=offset)
    found = []
    for day in (wanted + timedelta(days=each) for each in (-366, -365, -2, -1, 0, 1, 2)):
        now = datetime.combine(day, time(8), UTC)
        answer = start.admits(occasion(f"{day}T09:00:00"), applicant(now, **traits))
        if isinstance(answer, Admitted):
            found.append(day)
            everybody = start.everybody(occasion(f"{day}T09:00:00"), now, UTC_ZONE)
            assert everybody.holds(ChangedFacts(ProfileFacts(EMPTY), traits), now).name == "TRUE"
    assert wanted in found
    assert sum(abs((day - wanted).days) < 300 for day in found) == 1


@given(
    people=st.integers(1, 5),
    per=st.sampled_from(("minute", "hour")),
    asked=st.lists(st.integers(0, 600_000), min_size=1, max_size=60),
)
def test_no_minute_and_no_hour_holds_more_than_it_may(people: int, per: Any, asked: list[int]) -> None:
    throttle = Throttle(people=people, per=per)
    places = Places(throttle, {}, 0)
    got: dict[int, int] = {}
    for number, at_ms in enumerate(asked):
        if number % 7 == 6:  # As if a tick ended here.
            places = Places(throttle, dict(places.taken), 0)
        given_ms = places.take(at_ms)
        assert given_ms >= at_ms
        # Nobody waits while there is a place for them.
        earlier = range(at_ms // throttle.per_ms, given_ms // throttle.per_ms)
        assert all(got.get(each, 0) == people for each in earlier)
        got[given_ms // throttle.per_ms] = got.get(given_ms // throttle.per_ms, 0) + 1
    assert max(got.values()) <= people


def a_journey(**trigger: Any) -> Journey:
    return decode_journey(
        {
            "id": "news",
            "name": "News",
            "goal": {"event": "Order Completed", "within_seconds": 60},
            "start": "in",
            "steps": {"in": {**trigger, "exits": {"entered": "out"}}, "out": {"type": "exit"}},
        }
    )


def test_the_cut_off_counts_from_the_persons_own_time() -> None:
    journey = a_journey(type="dates", at=["2026-01-10T09:00"], cut_off_seconds=600, latest_seconds=3_600)

    def entered(hour: int, minute: int, zone: str) -> Visit | NotEntered:
        asked = applicant(datetime(2026, 1, 10, hour, minute, tzinfo=UTC), timezone=zone)
        return enter(
            journey,
            1,
            occasion("2026-01-10T09:00:00"),
            identity=1,
            person_key="ada",
            facts=asked.facts,
            before=None,
            now=asked.now,
        )

    berlin = entered(7, 0, "Europe/Berlin")
    assert isinstance(berlin, Visit)
    assert berlin.due_ms == to_millis(datetime(2026, 1, 10, 8, tzinfo=UTC))
    assert berlin.variables["run"] == {
        "id": 1,
        "occasion": "2026-01-10T09:00:00",
        "not_after": "2026-01-10T08:10:00.000Z",
    }
    assert isinstance(entered(8, 10, "Europe/Berlin"), Visit)
    assert entered(8, 11, "Europe/Berlin") == NotEntered("too_late")
    assert entered(9, 1, "Europe/Berlin") == NotEntered("past")


def test_the_stretch_is_that_of_the_zones_there_are() -> None:
    offsets = [datetime(2026, 7, 1, tzinfo=UTC).astimezone(ZoneInfo(each)).utcoffset() for each in ZONES]
    known = [each for each in offsets if each is not None]
    assert max(known) - min(known) == STRETCH


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"at": []}, "empty", "$.at"),
        ({"at": ["25:00"]}, "wrong_value", "$.at[0]"),
        ({"at": ["09:00"], "every_weeks": 2}, "contradiction", "$.every_weeks"),
        ({"at": ["09:00"], "starts_on": "2026-02-30"}, "wrong_value", "$.starts_on"),
        ({"at": ["09:00"], "starts_on": "2026-03-01", "ends_on": "2026-02-01"}, "contradiction", "$.ends_on"),
        ({"at": ["09:00"], "country": "XX"}, "unknown_country", "$.country"),
        ({"at": ["09:00"], "days_of_month": [32]}, "out_of_range", "$.days_of_month[0]"),
        ({"at": ["09:00"], "throttle": {"people": 0, "per": "minute"}}, "out_of_range", "$.throttle.people"),
    ],
)
def test_a_schedules_complaint_says_where_and_what_to_do(fields: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        a_start("recurring", **fields)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert caught.value.hint
