"""The commands of insights: what is typed is the question that was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from holdfast.cli import insight_kinds
from holdfast.cli.insight_kinds import kinds, main_of, typed
from holdfast.decisions.fields import schema_of
from holdfast.measures.insight import Declared
from holdfast.measures.insight_catalogue import declared_insights

EXAMPLES = [(each, example) for each in declared_insights().values() for example in each.examples]


HELP = ["-h", "--help"]
"""As at the program's own command line: a command keeps for good what the first context says."""


def understood(each: Declared, words: list[str]) -> Mapping[str, object]:
    """The question that a command line means."""
    with kinds()[each.name].make_context(each.name, list(words), help_option_names=HELP) as context:
        fields = cast("Mapping[str, Mapping[str, Any]]", schema_of(each.shape)["properties"])
        given = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in context.params.items()
            if name in fields
        }
        return insight_kinds._question(main_of(each), fields, given)


@pytest.mark.parametrize(("each", "example"), EXAMPLES, ids=lambda each: getattr(each, "name", ""))
def test_an_example_that_is_typed_is_the_example(each: Declared, example: dict[str, object]) -> None:
    assert understood(each, typed(each, example)) == example


def test_what_may_be_left_out_may_stand_first_too() -> None:
    kind = declared_insights()["lifecycle"]
    assert understood(kind, ["App Opened"]) == {"event": "App Opened"}
    assert understood(kind, []) == {}
    whole = '{"stages": [], "period": "day"}'
    assert understood(kind, [whole, "--period", "week"]) == {"stages": [], "period": "week"}
