"""Kinds of fields that adaptive steps have: names of paths, and numbers between two bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from holdfast.decisions.fields import Kind, at, wrong_type
from holdfast.decisions.shares import NAMES_LEAST, NAMES_MOST, branch_name
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class PathNames(Kind):
    """The names of a few paths, each once."""

    def decode(self, value: object, path: str) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)):
            raise wrong_type(value, "a list of names", path)
        if not NAMES_LEAST <= len(value) <= NAMES_MOST:
            hint = f'Use {NAMES_LEAST} to {NAMES_MOST}, such as ["mail", "push", "wait"].'
            raise Invalid(f"These are {len(value)} names.", code="out_of_range", path=path, hint=hint)
        names = tuple(branch_name(each, at(path, index)) for index, each in enumerate(value))
        if len(set(names)) < len(names):
            raise Invalid("A name is there twice.", code="contradiction", path=path, hint="Name each path once.")
        return names

    def encode(self, value: object) -> Json:
        return list(cast("tuple[str, ...]", value))

    def schema(self) -> dict[str, Json]:
        return {
            "type": "array",
            "format": "paths",
            "items": {"type": "string"},
            "minItems": NAMES_LEAST,
            "maxItems": NAMES_MOST,
            "uniqueItems": True,
        }


@dataclass(frozen=True, slots=True)
class Between(Kind):
    """A number between two bounds, which may be it; the lower one not where it must be `above`."""

    least: float
    most: float
    above: bool = False

    def decode(self, value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong_type(value, "a number", path)
        if not self.least <= value <= self.most or (self.above and value == self.least):
            lower = f"more than {self.least:g}" if self.above else f"{self.least:g}"
            hint = f"Use {lower} up to {self.most:g}."
            raise Invalid(f"{value} cannot be.", code="out_of_range", path=path, hint=hint)
        return float(value)

    def schema(self) -> dict[str, Json]:
        return {"type": "number", "exclusiveMinimum" if self.above else "minimum": self.least, "maximum": self.most}
