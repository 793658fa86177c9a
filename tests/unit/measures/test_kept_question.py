"""Questions as they are kept: asked by the calendar, without what is about drawing."""

from __future__ import annotations

from datetime import date

import pytest

from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.kept_question import question_kept, start_of

SUNDAY = date(2026, 11, 22)
ORDERS = {"event": {"events": ["Order Completed"]}}


@pytest.mark.parametrize(
    ("kind", "kept", "since"),
    [
        ("trend", {"when": {"last_days": 1}}, "2026-11-22"),
        ("trend", {"when": {"last_days": 30}}, "2026-10-24"),
        ("trend", {"when": {"last_days": 30}, "period": "week"}, "2026-10-19"),
        ("trend", {"when": {"last_days": 30}, "period": "quarter"}, "2026-10-01"),
        ("trend", {"when": {"last_days": 2}, "period": "hour"}, "2026-11-21"),
        ("lifecycle", {"when": {"last_days": 7}}, "2026-11-16"),
        ("revenue", {"when": {"last_days": 90}}, "2026-08-01"),
        ("revenue", {"when": {"last_days": 90}, "period": "year"}, "2026-01-01"),
        ("interval", {"when": {"last_days": 7}}, "2026-11-16"),
    ],
)
def test_the_last_days_begin_with_a_whole_period(kind: str, kept: dict[str, object], since: str) -> None:
    asked = question_kept(kind, {**ORDERS, **kept}, today=SUNDAY)  # type: ignore[dict-item]  # JSON, each of them.
    assert asked["since"] == since
    assert "until" not in asked
    assert "when" not in asked
    decode_question(kind, asked)


def test_what_the_board_says_stands_over_what_the_question_says() -> None:
    kept = {**ORDERS, "when": {"last_days": 7}, "segment": "gold"}
    asked = question_kept("trend", kept, today=SUNDAY, when={"since": "2026-01-01", "until": None}, segment="all")  # type: ignore[arg-type]  # JSON.
    assert (asked["since"], asked["segment"]) == ("2026-01-01", {"type": "in_segment", "segment": "all"})
    assert "until" not in asked
    assert question_kept("trend", kept, today=SUNDAY)["segment"] == {"type": "in_segment", "segment": "gold"}  # type: ignore[arg-type]  # As above.
    assert "since" not in question_kept("trend", ORDERS, today=SUNDAY)  # type: ignore[arg-type]  # As above.


def test_what_is_drawn_and_what_was_never_finished_is_left_out() -> None:
    where = [
        {"property": "", "operator": "equals", "value": 1},
        {"property": "plan", "operator": "equals", "value": ""},
        {"property": "plan", "operator": "is_any_of", "value": []},
        {"property": "plan", "operator": "is_set"},
        {"property": "paid", "operator": "equals", "value": False},
    ]
    kept = {"event": {"events": ["A"], "where": where}, "b": {"event": {"events": []}}, "chart": "bars", "beside": True}
    asked = question_kept("trend", kept, today=SUNDAY)  # type: ignore[arg-type]  # JSON.
    assert asked == {"event": {"events": ["A"], "where": where[3:]}}
    both = question_kept("trend", {**kept, "formula": "a / b"}, today=SUNDAY)  # type: ignore[dict-item]  # As above.
    assert both["b"] == {"event": {"events": []}}


def test_what_it_means_to_be_there_is_the_kind_of_retention() -> None:
    kept = {"first": {"events": ["A"]}, "again": {"events": []}, "rule": "unbounded"}
    asked = question_kept("retention", kept, today=SUNDAY)  # type: ignore[arg-type]  # JSON.
    assert asked == {"first": {"events": ["A"]}, "kind": "unbounded"}
    decode_question("retention", asked)


def test_periods_begin_where_calendars_say() -> None:
    assert start_of("week", SUNDAY) == date(2026, 11, 16)
    assert start_of("week", date(2026, 11, 16)) == date(2026, 11, 16)
    assert start_of("month", SUNDAY) == date(2026, 11, 1)
    assert start_of("quarter", date(2026, 12, 31)) == date(2026, 10, 1)
    assert start_of("year", SUNDAY) == date(2026, 1, 1)
    assert start_of("minute", SUNDAY) == SUNDAY
