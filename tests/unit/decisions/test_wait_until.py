"""Waiting for a time of the day, and for a day that a trait names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from holdfast.decisions.fields import decode_fields, encode_fields
from holdfast.decisions.journey import decode_journey
from holdfast.decisions.nodes import step_types
from holdfast.decisions.step import Go, Outcome, Park, Place, Step
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.segments.condition import UTC_ZONE
from holdfast.segments.facts import HistoryFacts
from tests.unit.decisions.journeys import cart_rescue

IDENTIFIED = frozenset({"Identified"})
SUNDAY_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_step(type_name: str, **given: Any) -> Step:
    return decode_fields(step_types()[type_name], given, "$")


def stood(step: Step, arrived: datetime, *, later: float = 0, zone: ZoneInfo = UTC_ZONE, **traits: Json) -> Outcome:
    now = arrived + timedelta(seconds=later)
    return step.stand(Place(now=now, arrived=arrived, event=None, facts=HistoryFacts(traits, {}, zone=zone)))


def test_it_waits_for_the_hour_of_that_day_or_the_next() -> None:
    step = a_step("wait_until", at="18:00:30", time_zone="workspace")
    due = datetime(2026, 3, 1, 18, 0, 30, tzinfo=UTC)
    assert stood(step, SUNDAY_NOON) == Park(due)
    assert stood(step, SUNDAY_NOON, later=6 * 3600 + 29.999) == Park(due)
    assert stood(step, SUNDAY_NOON, later=6 * 3600 + 30) == Go("waited")
    assert stood(step, due) == Park(due + timedelta(days=1))
    assert stood(step, due - timedelta(milliseconds=1)) == Park(due)


def test_whose_clock_it_is() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    arrived = datetime(2026, 3, 1, 12, tzinfo=UTC)
    nine = a_step("wait_until", at="09:00")
    assert stood(nine, arrived, timezone="America/New_York") == Park(arrived + timedelta(hours=2), IDENTIFIED)
    assert stood(nine, arrived, zone=berlin) == Park(arrived + timedelta(hours=20), IDENTIFIED)
    assert stood(nine, arrived, zone=berlin, timezone="Nowhere/Land") == stood(nine, arrived, zone=berlin)
    theirs = a_step("wait_until", at="09:00", time_zone="workspace")
    assert stood(theirs, arrived, zone=berlin, timezone="America/New_York") == Park(arrived + timedelta(hours=20))
    tokyo = a_step("wait_until", at="09:00", time_zone="Asia/Tokyo")
    assert stood(tokyo, arrived, zone=berlin) == Park(arrived + timedelta(hours=12))


def test_it_waits_for_a_weekday() -> None:
    step = a_step("wait_until", at="09:00", days=["friday", "tuesday", "friday"], time_zone="workspace")
    assert stood(step, SUNDAY_NOON) == Park(datetime(2026, 3, 3, 9, tzinfo=UTC))
    assert stood(step, datetime(2026, 3, 3, 9, tzinfo=UTC)) == Park(datetime(2026, 3, 6, 9, tzinfo=UTC))
    assert encode_fields(step)["days"] == ["tuesday", "friday"]


def test_the_weekday_is_that_of_their_clock() -> None:
    """It is Sunday noon in London, and Monday two in the morning on Kiritimati."""
    step = a_step("wait_until", at="09:00", days=["monday"])
    assert stood(step, SUNDAY_NOON, timezone="Pacific/Kiritimati") == Park(
        datetime(2026, 3, 1, 19, tzinfo=UTC), IDENTIFIED
    )


def test_who_comes_too_late_may_be_passed_over() -> None:
    step = a_step("wait_until", at="09:00", days=["sunday", "wednesday"], time_zone="workspace", if_past="skip")
    assert stood(step, SUNDAY_NOON) == Go("past")
    assert stood(step, SUNDAY_NOON.replace(hour=9)) == Go("past")
    assert stood(step, SUNDAY_NOON.replace(hour=8)) == Park(SUNDAY_NOON.replace(hour=9))
    assert stood(step, SUNDAY_NOON + timedelta(days=1)) == Park(datetime(2026, 3, 4, 9, tzinfo=UTC))


def test_a_loop_through_it_goes_round_once_a_day() -> None:
    definition = cart_rescue()
    daily: dict[str, Any] = {"type": "wait_until", "at": "09:00", "exits": {"waited": "mail"}}
    definition["steps"] |= {"daily": daily}
    definition["steps"]["mail"]["exits"] = {"sent": "daily", "withheld": "done"}
    decode_journey(definition)
    daily |= {"if_past": "skip"}
    with pytest.raises(Invalid, match="'past' leads nowhere"):
        decode_journey(definition)
    daily["exits"] = {"waited": "mail", "past": "mail"}
    with pytest.raises(Invalid, match="circles"):
        decode_journey(definition)


def test_it_waits_for_the_day_in_a_trait() -> None:
    step = a_step("wait_until_date", date_trait="renews_on", offset_days=-3, at="10:00", time_zone="Europe/Berlin")
    due = datetime(2026, 3, 29, 8, tzinfo=UTC)
    assert stood(step, SUNDAY_NOON, renews_on="2026-04-01") == Park(due, IDENTIFIED)
    wait = (due - SUNDAY_NOON).total_seconds()
    assert stood(step, SUNDAY_NOON, later=wait - 0.001, renews_on="2026-04-01") == Park(due, IDENTIFIED)
    assert stood(step, SUNDAY_NOON, later=wait, renews_on="2026-04-01") == Go("waited")
    assert stood(step, due, renews_on="2026-04-01") == Go("past")


def test_a_moment_means_its_day_by_the_same_clock() -> None:
    step = a_step("wait_until_date", date_trait="renews_on", at="10:00", time_zone="Europe/Berlin")
    assert stood(step, SUNDAY_NOON, renews_on="2026-03-09T23:30:00Z") == Park(
        datetime(2026, 3, 10, 9, tzinfo=UTC), IDENTIFIED
    )
    assert stood(step, SUNDAY_NOON, renews_on="2026-03-09T23:30:00") == Park(
        datetime(2026, 3, 9, 9, tzinfo=UTC), IDENTIFIED
    )


@pytest.mark.parametrize("value", [None, "", "soon", 20260401, True, ["2026-04-01"], "2026-02-30", "9999-12-31"])
def test_what_names_no_day_is_missing(value: Json) -> None:
    step = a_step("wait_until_date", date_trait="renews_on", offset_days=1, at="10:00")
    assert stood(step, SUNDAY_NOON, renews_on=value) == Go("missing")
    assert stood(step, SUNDAY_NOON) == Go("missing")


def test_another_day_is_waited_for_instead() -> None:
    step = a_step("wait_until_date", date_trait="renews_on", at="12:00", time_zone="workspace")
    later = 10 * 86_400
    assert stood(step, SUNDAY_NOON, later=later, renews_on="2026-04-01") == Park(
        datetime(2026, 4, 1, 12, tzinfo=UTC), IDENTIFIED
    )
    assert stood(step, SUNDAY_NOON, later=later, renews_on="2026-03-08") == Go("waited")
    assert stood(step, SUNDAY_NOON, later=later, renews_on="2026-02-08") == Go("past")
    assert stood(step, SUNDAY_NOON, later=later) == Go("missing")


@pytest.mark.parametrize(
    ("type_name", "given", "code", "path"),
    [
        ("wait_until", {"at": "24:00"}, "wrong_value", "$.at"),
        ("wait_until", {"at": "9:00"}, "wrong_value", "$.at"),
        ("wait_until", {"at": "09:00\n"}, "wrong_value", "$.at"),
        ("wait_until", {"at": 9}, "wrong_type", "$.at"),
        ("wait_until", {}, "missing_field", "$"),
        ("wait_until", {"at": "09:00", "days": []}, "empty", "$.days"),
        ("wait_until", {"at": "09:00", "days": ["mon"]}, "unknown_choice", "$.days[0]"),
        ("wait_until", {"at": "09:00", "days": "monday"}, "wrong_type", "$.days"),
        ("wait_until", {"at": "09:00", "time_zone": "Europe/Berln"}, "unknown_time_zone", "$.time_zone"),
        ("wait_until", {"at": "09:00", "if_past": "drop"}, "unknown_choice", "$.if_past"),
        ("wait_until_date", {"date_trait": "", "at": "09:00"}, "empty", "$.date_trait"),
        ("wait_until_date", {"date_trait": "a", "at": "09:00", "offset_days": 0.5}, "wrong_type", "$.offset_days"),
        ("wait_until_date", {"date_trait": "a", "at": "09:00", "offset_days": 9999}, "out_of_range", "$.offset_days"),
    ],
)
def test_what_cannot_be_is_refused(type_name: str, given: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        a_step(type_name, **given)
    assert (caught.value.code, caught.value.path) == (code, path) or path == "$"
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    ("type_name", "given", "title", "note"),
    [
        ("wait_until", {"at": "09:00"}, "Wait until 09:00", "In their own time zone"),
        ("wait_until", {"at": "09:00:30", "time_zone": "workspace"}, "Wait until 09:00:30", ""),
        (
            "wait_until",
            {"at": "18:00", "days": ["sunday", "monday"], "time_zone": "Europe/Berlin"},
            "Wait until 18:00",
            "On Mon, Sun in the time of Europe/Berlin",
        ),
        (
            "wait_until_date",
            {"date_trait": "renews_on", "offset_days": -3, "at": "10:00"},
            "Wait until renews_on",
            "3 days before, 10:00 in their own time zone",
        ),
        (
            "wait_until_date",
            {"date_trait": "renews_on", "offset_days": 1, "at": "10:00", "time_zone": "workspace"},
            "Wait until renews_on",
            "1 day after, 10:00",
        ),
    ],
)
def test_cards_read_well(type_name: str, given: dict[str, Any], title: str, note: str) -> None:
    step = a_step(type_name, **given)
    assert (step.title(), step.note()) == (title, note)
