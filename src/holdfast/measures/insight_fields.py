"""Kinds of fields that questions have beyond those of journeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

from holdfast.decisions.fields import Kind, as_object, at, wrong_type
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.measures.periods import moment_of

SMALL = 1e-3


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number between two, both allowed."""

    least: int
    most: int

    def decode(self, value: object, path: str) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(value, "a whole number", path)
        if not self.least <= value <= self.most:
            raise _out_of_range(path, self.least, self.most)
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A number between two, both allowed."""

    least: float
    most: float

    def decode(self, value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong_type(value, "a number", path)
        # No number that is none lies between two, and a whole number need not fit a float to lie beyond them.
        if not self.least <= value <= self.most:
            raise _out_of_range(path, self.least, self.most)
        return float(value)

    def schema(self) -> dict[str, Json]:
        return {"type": "number", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Listed(Kind):
    """A list of another kind, of so many elements."""

    kind: Kind
    least: int
    most: int

    def decode(self, value: object, path: str) -> tuple[object, ...]:
        if not isinstance(value, (list, tuple)):
            raise wrong_type(value, "a list", path)
        if len(value) < self.least:
            raise Invalid(f"{len(value)} are too few.", code="too_few", path=path, hint=f"Give {self.least} or more.")
        if len(value) > self.most:
            raise TooLarge(f"{len(value)} are too many.", path=path, hint=f"Use at most {self.most}.")
        return tuple(self.kind.decode(each, at(path, index)) for index, each in enumerate(value))

    def encode(self, value: object) -> Json:
        return [self.kind.encode(each) for each in cast("tuple[object, ...]", value)]

    def schema(self) -> dict[str, Json]:
        return {"type": "array", "items": self.kind.schema(), "minItems": self.least, "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Named(Kind):
    """An object whose names are the caller's own, of another kind each; as pairs in the order they were given."""

    kind: Kind
    most: int

    def decode(self, value: object, path: str) -> tuple[tuple[str, object], ...]:
        given = as_object(value, path)
        if len(given) > self.most:
            raise TooLarge(f"{len(given)} are too many.", path=path, hint=f"Use at most {self.most}.")
        return tuple((name, self.kind.decode(each, at(path, name))) for name, each in given.items())

    def encode(self, value: object) -> Json:
        return {name: self.kind.encode(each) for name, each in cast("tuple[tuple[str, object], ...]", value)}

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "additionalProperties": self.kind.schema(), "maxProperties": self.most}


@dataclass(frozen=True, slots=True)
class TimeZone(Kind):
    """The name of a time zone."""

    def decode(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, "the name of a time zone", path)
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError) as cause:
            raise Invalid(
                f"There is no time zone {value!r:.100}.", code="unknown_time_zone", path=path, hint="Use Europe/Berlin."
            ) from cause
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "time-zone"}


@dataclass(frozen=True, slots=True)
class MomentText(Kind):
    """A date, or a moment."""

    def decode(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, "a date or a moment", path)
        try:
            moment_of(value, ZoneInfo("UTC"))
        except ValueError as cause:
            raise Invalid(
                f"{value!r:.100} is neither a date nor a moment of 1970 to 2198.",
                code="bad_moment",
                path=path,
                hint="Write 2026-01-31, or 2026-01-31T12:00:00Z.",
            ) from cause
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "date or moment"}


def _out_of_range(path: str, least: float, most: float) -> Invalid:
    # The smallest there are stand for "not nothing": one millisecond of a day reads as noise.
    known = f"more than 0, and up to {most:g}" if 0 < least < SMALL else f"{least:g} to {most:g}"
    return Invalid("This number is out of range.", code="out_of_range", path=path, hint=f"Use {known}.")
