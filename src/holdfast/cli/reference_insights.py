"""The page of insights, from their declarations."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any, cast

from holdfast.cli.markdown import table
from holdfast.decisions.fields import schema_of
from holdfast.measures.insight import Act, Declared
from holdfast.measures.insight_catalogue import declared_insights

INTRODUCTION = """# Insights

What people did, as tables. A question is JSON, the same in the API (`POST /api/insights/{kind}`), on the command line
(`holdfast insight KIND QUESTION`) and in Python (`ws.insight(kind, question)`, or by the kind's name, such as
`ws.funnel` and `ws.retention`, with the fields as arguments). Events belong to the person their identity belongs to
now, so events that come late, and people who turn out to be one, change every answer at once.

Every number opens to the people behind it: `POST /api/insights/{kind}/people` with `question` and `cell`, or
`.people(...)` of the result in Python.

An *act* is the name of an event, a list of names of which any will do, or an object:
"""


def insights_page() -> str:
    """Every kind of insight: what is asked, the table, and what names a cell."""
    kinds = "\n".join(_insight(each) for each in declared_insights().values())
    return f"{INTRODUCTION}\n{fields_table(Act)}\n{kinds}"


def _insight(each: Declared) -> str:
    examples = "\n".join(json.dumps(example, ensure_ascii=False) for example in each.examples)
    columns = [(f"`{column.name}`", column.type, column.about) for column in each.columns]
    return (
        f"## `{each.name}`\n\n{each.about}\n\n{inspect.getdoc(each.shape)}\n\n{fields_table(each.shape)}\n"
        f"```json\n{examples}\n```\n\nThe table:\n\n{table(('Column', 'Holds', 'What it says'), columns)}\n"
        f"What names a cell:\n\n{fields_table(each.cell)}"
    )


def fields_table(shape: type[Any]) -> str:
    """The fields of a declaration: what each holds, what it is by default, and what it says."""
    properties = cast("Mapping[str, Mapping[str, Any]]", schema_of(shape)["properties"])
    rows = [
        (
            f"`{name}`",
            _words(each),
            f"`{json.dumps(each['default'], ensure_ascii=False)}`" if "default" in each else "required",
            str(each.get("description", "")),
        )
        for name, each in properties.items()
    ]
    return table(("Field", "Holds", "Default", "What it says"), rows)


def _words(schema: Mapping[str, Any]) -> str:
    """What a field holds."""
    match schema:
        case {"anyOf": [inner, {"type": "null"}]}:
            return f"{_words(inner)}, or null"
        case {"enum": options}:
            return " or ".join(f"`{each}`" for each in options)
        case {"format": "condition"}:
            return "a [condition](conditions.md)"
        case {"format": format_name}:
            return f"{'an' if format_name == 'act' else 'a'} {format_name}".replace("-", " ")
        case {"type": "object", "properties": parts}:
            return "an object of " + ", ".join(f"`{name}` ({_words(each)})" for name, each in parts.items())
        case {"type": "object", "maxProperties": most}:
            return f"an object of up to {most}, each {_words(schema['additionalProperties'])}"
        case {"type": "array", "minItems": least, "maxItems": most}:
            return f"{least} to {most} of: {_words(schema['items'])}"
        case {"type": "array"}:
            return "a list of comparisons: `property`, `operator`, `value`"
        case {"type": "integer" | "number" as kind, "minimum": least, "maximum": most}:
            return f"{'a whole number' if kind == 'integer' else 'a number'}, {least:g} to {most:g}"
    return {"boolean": "true or false", "string": "text"}[str(schema["type"])]
