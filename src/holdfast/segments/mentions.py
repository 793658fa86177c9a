"""Which saved segments and lists a condition names, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal, TypeAlias, cast, get_args

from holdfast.segments.codec import kind_of
from holdfast.segments.condition import Condition, Part

Mentioned: TypeAlias = Literal["segment", "list"]
"""The kinds of fields that name something kept apart: `condition.SegmentId`, `in_list.ListId`."""
KINDS: tuple[str, ...] = get_args(Mentioned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place where a condition names a saved segment, or a list of people."""

    path: str
    """Such as `$.of[0].segment`."""
    kind: Mentioned
    id: str


def mentions_in(condition: Condition, path: str = "$") -> Iterator[Mention]:
    """Every place in the condition's own JSON form, at any depth, in order; not those in the segments it names."""
    return _in(condition, path)


def mentions_within(value: object, path: str = "$") -> Iterator[Mention]:
    """The same of every condition in the fields of a declared value, such as a question, at any depth."""
    if isinstance(value, Condition):
        yield from _in(value, path)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from mentions_within(each, f"{path}.{name}")
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            match each:
                case (str(name), Condition() as named):  # By name in JSON.
                    yield from _in(named, f"{path}.{name}")
                case _:
                    yield from mentions_within(each, f"{path}[{index}]")
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if field.init:
                yield from mentions_within(getattr(value, field.name), f"{path}.{field.name}")


def _in(of: Condition | Part, path: str) -> Iterator[Mention]:
    for field in fields(of):  # type: ignore[arg-type]  # Conditions and their parts are dataclasses.
        if not field.init:
            continue
        value = getattr(of, field.name)
        kind = kind_of(type(of), field.name)
        for each, where in _each(value, f"{path}.{field.name}"):
            if isinstance(each, (Condition, Part)):
                yield from _in(each, where)
            elif kind is not None and kind.name in KINDS and isinstance(each, str):
                yield Mention(path=where, kind=cast("Mentioned", kind.name), id=each)


def _each(value: object, path: str) -> Iterator[tuple[object, str]]:
    if not isinstance(value, tuple):
        yield value, path
        return
    for index, each in enumerate(value):
        yield each, f"{path}[{index}]"
