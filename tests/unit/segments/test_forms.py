"""The forms of conditions: whole, true to the codec, and the console's operators those there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from holdfast.segments.catalogue import declared
from holdfast.segments.codec import encode_condition
from holdfast.segments.condition import Declared
from holdfast.segments.forms import condition_schema
from holdfast.segments.operators import OPERATORS

KINDS = list(declared().values())
CONSOLE = Path(__file__).parents[3] / "console" / "src" / "pages" / "segments" / "operators.ts"


@pytest.mark.parametrize("each", KINDS, ids=lambda each: each.name)
def test_every_example_can_be_written_with_the_form(each: Declared) -> None:
    schema = condition_schema(each.shape)
    for example in each.examples:
        told = json.loads(json.dumps(encode_condition(example)))
        assert told.pop("type") == each.name
        fits(told, schema)


def fits(told: object, schema: Any) -> None:
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    match schema.get("type"):
        case "object" if "properties" in schema:
            assert isinstance(told, dict)
            assert set(schema["required"]) <= set(told)
            for name, value in told.items():
                fits(value, schema["properties"][name])
        case "array":
            assert isinstance(told, list | dict)
            for each in told if isinstance(told, list) else ():
                fits(each, schema["items"])
        case "string":
            assert isinstance(told, str)
            assert told in schema.get("enum", [told])
        case "integer" | "number":
            assert isinstance(told, int | float)
        case "boolean":
            assert isinstance(told, bool)


def test_what_may_be_left_out_says_what_it_is_then() -> None:
    schema: dict[str, Any] = condition_schema(declared()["did"].shape)
    assert schema["required"] == ["event"]
    assert schema["properties"]["event"] == {
        "type": "string",
        "format": "event",
        "description": "the name of an event",
    }
    for name in ("at_least", "within_days", "where", "time_zone"):
        assert "default" in schema["properties"][name]


def test_the_console_knows_every_operator_and_what_it_takes() -> None:
    known = dict(re.findall(r"^  (\w+): \{.*takes: '(\w+)'", CONSOLE.read_text(encoding="utf-8"), re.MULTILINE))
    assert known == {name: each.takes.name.lower() for name, each in OPERATORS.items()}
