"""Every kind of insight, by its declaration: its examples can be asked, said, written down and read back."""

from __future__ import annotations

import pytest

from holdfast.decisions.fields import encode_fields
from holdfast.measures.insight_catalogue import declared_insights, decode_question
from holdfast.segments.condition import Scope

NOW_MS = 1_780_000_000_000
CASES = [(name, example) for name, each in declared_insights().items() for example in each.examples]
NASTY = "a'b\\{p0:String}; DROP TABLE events --"


def test_the_kinds_are_there() -> None:
    assert {"trend", "funnel", "retention"} <= set(declared_insights())


@pytest.mark.parametrize(("kind", "example"), CASES)
def test_an_example_can_be_asked(kind: str, example: dict[str, object]) -> None:
    question = decode_question(kind, example)
    assert question.words().endswith(".")
    assert decode_question(kind, encode_fields(question)) == question
    text, params = question.sql(Scope(workspace=4711, as_of_ms=NOW_MS)).render()
    assert "workspace = {p" in text
    assert 4711 in params.values()


@pytest.mark.parametrize(("kind", "example"), CASES)
def test_an_empty_answer_has_the_declared_columns(kind: str, example: dict[str, object]) -> None:
    answer = decode_question(kind, example).answer([], Scope(workspace=1, as_of_ms=NOW_MS))
    declared = declared_insights()[kind].columns
    assert [each for each in declared if each in answer.columns] == list(answer.columns)
    assert {len(row) for row in answer.rows} <= {len(answer.columns)}


@pytest.mark.parametrize("kind", ["trend", "funnel"])
def test_values_are_bound_never_written_into_the_text(kind: str) -> None:
    act = {"events": [NASTY], "where": [{"property": NASTY, "operator": "equals", "value": NASTY}]}
    question = {"breakdown": NASTY, **({"event": act} if kind == "trend" else {"steps": [act, act]})}
    text, _ = decode_question(kind, question).sql(Scope(workspace=1, as_of_ms=NOW_MS)).render()
    assert "DROP" not in text
