"""What the engine says of an analyst's query, said to the analyst: without our SQL and places in its source."""

from __future__ import annotations

import re

from holdfast.kernel.errors import Exposed, Invalid
from holdfast.stores.clickhouse.engine import Refusal

_SYNTAX, _UNKNOWN_IDENTIFIER, _UNKNOWN_FUNCTION, _UNKNOWN_TABLE, _BAD_PARAMETER, _NO_PARAMETER = (
    62,
    47,
    46,
    60,
    457,
    456,
)
_OURS_TO_MEND = frozenset({49, 74, 75, 76, 107, 210, 243, 252, 1001, 1002})
"""Broken promises of the engine, and files it cannot read or write."""
_MESSAGE_MOST = 500
_ENDS = re.compile(
    r"[:.,?] In scope |\. Maybe you meant |: While |: while |[:.]? In query |: \(?In file|\s\(version |\. Stack trace",
    re.DOTALL,
)
_PLACE = re.compile(r"failed at position (\d+)(?: \(([^\n]{0,80}?)\))?:")
_MEANT = re.compile(r"Maybe you meant: \[([^\]]*)\]")
_UNBALANCED = re.compile(r"Unmatched parentheses: .*", re.DOTALL)
_HINTS = {
    _UNKNOWN_IDENTIFIER: "docs/reference/sql.md lists the columns; a property is text['plan'] or number['price'].",
    _UNKNOWN_FUNCTION: "docs/reference/sql.md lists the functions.",
    _UNKNOWN_TABLE: "There are the views events, people, messages, segments and segment_members.",
    _NO_PARAMETER: "Give a value for every {name:Type} in the query, by params.",
    _BAD_PARAMETER: "Give a value that reads as the type the query names.",
}


def complaint(refusal: Refusal) -> Exposed | Refusal:
    """The error for the one who wrote the query; the refusal itself when it is no fault of the query."""
    if "Error while writing a table" in refusal.said:
        return Invalid(
            "the answer is no table.", code="bad_sql", path="$.query", hint="Ask for columns that are less nested."
        )
    if refusal.code in _OURS_TO_MEND or not refusal.code:
        return refusal
    said = re.sub(r"^(?:Code: \d+\. )?(?:DB::Exception: )?", "", refusal.said.strip())
    if refusal.code == _SYNTAX:
        return _syntax(said)
    said = re.sub(r"\s*\([A-Z_]+\)\s*$", "", said)
    meant = _MEANT.search(said)
    said = _ENDS.split(_MEANT.sub("", said), maxsplit=1)[0].strip().rstrip(".:")
    hint = f"Did you mean {meant.group(1)}?" if meant else _HINTS.get(refusal.code, "See docs/reference/sql.md.")
    return Invalid(f"{said[:_MESSAGE_MOST]}.", code="bad_sql", path="$.query", hint=hint)


def _syntax(said: str) -> Invalid:
    if "Multi-statements" in said:
        return Invalid(
            "there is more than one statement.", code="bad_sql", path="$.query", hint="Ask one SELECT at a time."
        )
    place = _PLACE.search(said)
    where = f" at character {place.group(1)}" if place else ""
    near = f", near {place.group(2)!r}" if place and place.group(2) else ""
    hint = "Brackets do not match." if _UNBALANCED.search(said) else "Check commas, brackets and quotes before it."
    return Invalid(f"this is no SQL{where}{near}.", code="bad_sql", path="$.query", hint=hint)
