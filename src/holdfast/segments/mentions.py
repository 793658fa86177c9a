"""Which saved segments a condition names, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from holdfast.segments.codec import kind_of
from holdfast.segments.condition import Condition, Part

KIND = "segment"
"""The kind of field that names a segment: `condition.SegmentId`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place where a condition names a saved segment."""

    path: str
    """Such as `$.of[0].segment`."""
    segment: str


def mentions_in(condition: Condition, path: str = "$") -> Iterator[Mention]:
    """Every place in the condition's own JSON form, at any depth, in order; not those in the segments it names."""
    return _in(condition, path)


def _in(of: Condition | Part, path: str) -> Iterator[Mention]:
    for field in fields(of):  # type: ignore[arg-type]  # Conditions and their parts are dataclasses.
        if not field.init:
            continue
        value = getattr(of, field.name)
        kind = kind_of(type(of), field.name)
        for each, where in _each(value, f"{path}.{field.name}"):
            if isinstance(each, (Condition, Part)):
                yield from _in(each, where)
            elif kind is not None and kind.name == KIND and isinstance(each, str):
                yield Mention(path=where, segment=each)


def _each(value: object, path: str) -> Iterator[tuple[object, str]]:
    if not isinstance(value, tuple):
        yield value, path
        return
    for index, each in enumerate(value):
        yield each, f"{path}[{index}]"
