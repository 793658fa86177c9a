"""Flow, pivot, stickiness, lifecycle and interval, without a history: what they bind, say, draw and reckon."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from holdfast.measures.insight_catalogue import declared_insights, decode_question
from holdfast.segments.condition import Scope

SCOPE = Scope(workspace=1, as_of_ms=1_780_000_000_000)
NASTY = "a'b\\{p0:String}; DROP TABLE events --"
ACT = {"events": [NASTY], "where": [{"property": NASTY, "operator": "equals", "value": NASTY}]}
WHEN = {"type": "did", "event": NASTY, "where": ACT["where"]}
QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("flow", {"event": ACT, "events": [NASTY], "by": NASTY}),
    ("flow", {"event": ACT, "leave_out": [NASTY], "direction": "both", "start": "each", "collapse": False}),
    ("pivot", {"event": ACT, "rows": NASTY, "columns": {"trait": NASTY}, "measure": "sum", "property": NASTY}),
    ("stickiness", {"event": ACT}),
    ("stickiness", {"event": ACT, "show": "power_users"}),
    ("lifecycle", {"event": ACT}),
    ("lifecycle", {"stages": [{"name": NASTY, "when": WHEN}], "show": "moves", "lost": NASTY}),
    ("interval", {"event": ACT, "gap": "every"}),
)


@pytest.mark.parametrize(("kind", "question"), QUESTIONS)
def test_values_are_bound_never_written_into_the_text(kind: str, question: dict[str, Any]) -> None:
    text, params = decode_question(kind, question).sql(SCOPE).render()
    assert "DROP" not in text
    assert any("DROP" in str(each) for each in params.values())


@pytest.mark.parametrize(("kind", "question"), QUESTIONS)
def test_what_is_drawn_is_in_the_table(kind: str, question: dict[str, Any]) -> None:
    asked = decode_question(kind, question)
    picture = asked.picture()
    drawn = {picture.across, picture.value, *((picture.by,) if picture.by is not None else ())}
    assert drawn <= {each.name for each in asked.answer([], SCOPE).columns}


@pytest.mark.parametrize(
    ("kind", "question", "words"),
    [
        ("flow", {"event": "A"}, "What people do next after “A”, the first time, in 3 steps and 7 days."),
        (
            "flow",
            {"event": "A", "direction": "before", "steps": 1, "start": "each", "by": "category"},
            "What people do before “A”, each time, in 1 step and 7 days, by category.",
        ),
        (
            "pivot",
            {"event": "A", "rows": {"trait": "plan"}, "columns": {"period": "week"}, "measure": "people"},
            "How many people did “A”, by the person's plan and by week.",
        ),
        ("stickiness", {"event": "A"}, "How many people a day, in 7 days and in 30 days did “A”."),
        ("stickiness", {"event": "A", "show": "power_users"}, "On how many days people did “A”."),
        (
            "lifecycle",
            {"event": "A", "show": "moves"},
            (
                "How many people are new to “A”, returning, resurrected, dormant or away, per week, "
                "and from which stage to which they went."
            ),
        ),
        (
            "interval",
            {"event": "A", "nth": 3},
            (
                "How many days go by after the 3rd day with “A” until the next, "
                "and within how many 80% of those who come back do."
            ),
        ),
    ],
)
def test_a_question_is_said_in_plain_words(kind: str, question: dict[str, Any], words: str) -> None:
    assert decode_question(kind, question).words() == words


def test_every_example_has_a_cell_that_can_be_asked_for() -> None:
    for kind in ("flow", "pivot", "stickiness", "lifecycle", "interval"):
        assert declared_insights()[kind].examples


def test_the_curve_is_that_of_a_published_example() -> None:
    """Remission under 6-mercaptopurine, weeks: Freireich et al. (1963), as in Kalbfleisch & Prentice, "The Statistical
    Analysis of Failure Time Data", where the Kaplan-Meier estimate is printed. Those with a plus were still watched.
    """
    weeks = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
    gaps = Counter((int(each.removesuffix("+")), not each.endswith("+")) for each in weeks.split())
    rows: list[tuple[int, int, bool, int, int]] = [(0, days, came, number, 0) for (days, came), number in gaps.items()]
    rows.append((3, 0, False, 21, 9))
    asked = decode_question("interval", {"event": "A", "within_days": 35, "least_people": 9})
    answer = asked.answer(rows, SCOPE)
    away = {days: round(1 - float(returned or 0), 3) for days, _, _, returned, *_ in answer.rows}
    published = {5: 1, 6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448, 35: 0.448}
    assert {days: away[days] for days in published} == published
    assert {at_risk for days, at_risk, *_ in answer.rows if days == 10} == {15}


def test_an_empty_history_has_no_interval_and_says_why() -> None:
    answer = decode_question("interval", {"event": "A"}).answer([], SCOPE)
    assert len(answer.rows) == 90
    assert {each[5:] for each in answer.rows} == {
        (None, None, None, "Too few came back within 90 days to tell: 0, where 30 are needed.")
    }
