"""Values a journey may give a trait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

from holdfast.decisions.fields import Kind, Text, wrong_type
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid

NUMBER_MOST = 2**53
"""Up to here every whole number is one to a double too, in the browser and in the history."""


@dataclass(frozen=True, slots=True)
class TraitValue(Kind):
    """Text, a number, true, false, or null."""

    def decode(self, value: object, path: str) -> Json:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return Text(least=0).decode(value, path)
        if not isinstance(value, (int, float)):
            raise wrong_type(value, "text, a number, true, false or null", path)
        if not abs(value) <= NUMBER_MOST:  # Of what is no number this is not true either.
            raise Invalid(
                f"{value} is too large a number.", code="out_of_range", path=path, hint=f"Use at most {NUMBER_MOST:,}."
            )
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": ["string", "number", "boolean", "null"], "format": "trait_value"}


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
