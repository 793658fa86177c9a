"""The kinds of insight there are, and the questions their JSON means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from holdfast.decisions.fields import decode_fields, one_of, read_object
from holdfast.kernel.catalogue import discover
from holdfast.kernel.errors import NotFound
from holdfast.measures import insights
from holdfast.measures.insight import Declared, Question


@cache
def declared_insights() -> Mapping[str, Declared]:
    """Every declaration, by name."""
    found = (each for each in discover(insights, "INSIGHT").values() if isinstance(each, Declared))
    return {each.name: each for each in found}


def insight_of(kind: str) -> Declared:
    """The declaration of that name. Raises NotFound."""
    if kind not in declared_insights():
        raise NotFound(
            f"There is no insight {kind!r:.60}.", code="unknown_insight", hint=one_of(kind, tuple(declared_insights()))
        )
    return declared_insights()[kind]


def decode_question(kind: str, data: bytes | str | Mapping[str, object]) -> Question:
    """The question of that kind a JSON object means.

    Raises:
        Invalid: an unknown, missing or wrong field, with its path and a hint.
        NotFound: there is no such kind.
    """
    return decode_fields(insight_of(kind).shape, read_object(data), "$")


def decode_cell(kind: str, value: object) -> Any:  # noqa: ANN401  # Of the class the declaration names.
    """The cell of a table of that kind a JSON object names. Raises Invalid, with paths from `$.cell`."""
    return decode_fields(insight_of(kind).cell, value, "$.cell")
