"""The library: saved segments by id, and conditions that refer to them made whole.

A condition may name other segments. Before anybody is asked about it, `resolve` binds what is saved under each name, so
that what is asked of everyone and of one person is one definition.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeVar, cast

from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.segments.codec import CONDITIONS_MOST, DEPTH_MOST, decode_condition
from holdfast.segments.condition import Condition
from holdfast.segments.conditions.in_list import InList
from holdfast.segments.conditions.in_segment import InSegment

Made = TypeVar("Made")

NAMES_SHOWN = 20
"""Names told to whoever named one that is not there."""


class Library(Mapping[str, Condition]):
    """Saved segments by id, each decoded when it is first asked for; and the lists there are.

    Asking for one that is not valid (any more) raises what is wrong with it.
    """

    def __init__(self, definitions: Mapping[str, bytes], lists: Collection[str] | None = None) -> None:
        """Nothing is decoded yet.

        Args:
            definitions: their JSON forms.
            lists: the ids of the lists of people; None when they are not to be checked.
        """
        self._definitions = definitions
        self.lists = lists

    def __getitem__(self, segment: str) -> Condition:
        return _decoded(self._definitions[segment])

    def __contains__(self, segment: object) -> bool:
        return segment in self._definitions

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def __len__(self) -> int:
        return len(self._definitions)

    def behind(self, value: object) -> tuple[tuple[str, bytes], ...]:
        """The segments that the conditions in a value come to name, each with what it is saved as; in order of id."""
        found: dict[str, bytes] = {}
        waiting = [each.segment for each in conditions_in(value) if isinstance(each, InSegment)]
        while waiting:
            segment = waiting.pop()
            if segment in found or segment not in self._definitions:
                continue
            found[segment] = self._definitions[segment]
            with suppress(Exposed):  # What is not valid any more names nobody.
                waiting += [each.segment for each in conditions_in(self[segment]) if isinstance(each, InSegment)]
        return tuple(sorted(found.items()))


@lru_cache(maxsize=4096)
def _decoded(definition: bytes) -> Condition:
    return decode_condition(definition)


def resolve(
    condition: Condition,
    library: Mapping[str, Condition],
    *,
    lists: Collection[str] | None = None,
    saved_as: str | None = None,
    path: str = "$",
) -> Condition:
    """The condition with the definition of every segment it names bound to it, at any depth.

    Args:
        lists: the ids of the lists there are; None where they are not checked. Those of a `Library` by default.
        saved_as: the id it is, or is to be, saved under: then it may not lead back to it.
        path: where it stands; complaints begin with it.

    Raises:
        Invalid: it names a segment or a list that is not there, or segments name one another in a circle.
        TooLarge: with all that it names, it is over `codec.DEPTH_MOST` or `codec.CONDITIONS_MOST`.
    """
    if lists is None and isinstance(library, Library):
        lists = library.lists
    try:
        return _Resolving(library, lists).whole(condition, "$", 1, () if saved_as is None else (saved_as,))
    except Exposed as complaint:
        complaint.path = path + complaint.path.removeprefix("$")
        raise


def resolve_in(value: Made, library: Mapping[str, Condition], *, path: str = "$") -> Made:
    """The same for every condition in the fields of a declared value, such as a question, at any depth.

    Raises as `resolve`; paths begin at the value.
    """
    return cast("Made", _resolved_in(value, library, path))


def refers(value: object) -> bool:
    """Whether a condition in it names a segment, itself or at any depth."""
    return any(isinstance(each, InSegment) for each in conditions_in(value))


def is_resolved(condition: Condition) -> bool:
    """Whether every segment it names is bound to it."""
    return all(each.is_bound for each in conditions_in(condition) if isinstance(each, InSegment))


def conditions_in(value: object) -> Iterator[Condition]:
    """Every condition in a condition or a declared value, the outermost first; those bound to it, too."""
    if isinstance(value, Condition):
        yield value
    if isinstance(value, Mapping):
        for each in value.values():
            yield from conditions_in(each)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from conditions_in(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from conditions_in(getattr(value, field.name, None))


def inner(condition: Condition) -> Iterator[tuple[str, Condition]]:
    """The conditions right inside a condition, each with where it stands from there, such as `.of[0]`.

    What a segment is saved as stands at ` → <id>: $`.
    """
    for name, value in _init_fields(condition):
        if isinstance(value, Condition):
            yield f".{name}", value
        elif isinstance(value, tuple):
            for index, each in enumerate(value):
                if isinstance(each, Condition):
                    yield f".{name}[{index}]", each
    if isinstance(condition, InSegment) and condition.is_bound:
        yield f" → {condition.segment}: $", condition.definition


@dataclass(slots=True)
class _Resolving:
    """One resolving, counting conditions as it goes."""

    library: Mapping[str, Condition]
    lists: Collection[str] | None
    seen: int = 0
    blamed: bool = False
    """Whether a complaint says already in which segment the trouble lies: the innermost."""

    def whole(self, condition: Condition, path: str, depth: int, trail: tuple[str, ...]) -> Condition:
        """The condition made whole; `trail` are the segments it stands in, the outermost first."""
        self.seen += 1
        if depth > DEPTH_MOST or self.seen > CONDITIONS_MOST:
            raise _too_large(path, depth)
        if isinstance(condition, InList):
            self._check_list(condition, path)
        if isinstance(condition, InSegment):
            return condition.bound(self._definition(condition, path, depth, trail))
        return _rebuilt(condition, path, lambda each, where: self.whole(each, where, depth + 1, trail))

    def _definition(self, named: InSegment, path: str, depth: int, trail: tuple[str, ...]) -> Condition:
        if named.segment in trail:
            circle = " → ".join((*trail[trail.index(named.segment) :], named.segment))
            raise Invalid(
                f"These segments name one another in a circle: {circle}.",
                code="cycle",
                path=f"{path}.segment",
                hint="Let one of them say what it means itself.",
            )
        if named.segment not in self.library:
            raise Invalid(
                f"There is no segment {named.segment!r:.120}.",
                code="unknown_segment",
                path=f"{path}.segment",
                hint=_nearest(named.segment, list(self.library), "Save it first."),
            )
        inside = (*trail, named.segment)
        try:
            return self.whole(self.library[named.segment], "$", depth + 1, inside)
        except Exposed as complaint:
            # What is wrong stands in the other definition; what the caller wrote is the name of it.
            if complaint.code != "cycle" and not self.blamed:
                complaint.message = f"In the segment {named.segment!r:.120}, at {complaint.path}: {complaint.message}"
                self.blamed = True
            complaint.path = f"{path}.segment"
            raise

    def _check_list(self, named: InList, path: str) -> None:
        if self.lists is not None and named.list not in self.lists:
            raise Invalid(
                f"There is no list {named.list!r:.120}.",
                code="unknown_list",
                path=f"{path}.list",
                hint=_nearest(named.list, sorted(self.lists), "Make it first."),
            )


def _rebuilt(condition: Condition, path: str, make: Callable[[Condition, str], Condition]) -> Condition:
    """The condition with those right inside it made anew; itself, where that changes none."""
    changed: dict[str, object] = {}
    for name, value in _init_fields(condition):
        if isinstance(value, Condition):
            made: object = make(value, f"{path}.{name}")
        elif isinstance(value, tuple) and any(isinstance(each, Condition) for each in value):
            each_made = tuple(make(each, f"{path}.{name}[{index}]") for index, each in enumerate(value))
            made = value if all(new is old for new, old in zip(each_made, value, strict=True)) else each_made
        else:
            continue
        if made is not value:
            changed[name] = made
    return cast("Condition", replace(cast("Any", condition), **changed)) if changed else condition


def _resolved_in(value: object, library: Mapping[str, Condition], path: str) -> object:
    if isinstance(value, Condition):
        return resolve(value, library, path=path)
    if isinstance(value, tuple):
        each_made = tuple(_resolved_in(each, library, f"{path}[{index}]") for index, each in enumerate(value))
        return value if all(new is old for new, old in zip(each_made, value, strict=True)) else each_made
    if isinstance(value, Mapping):
        by_name = {name: _resolved_in(each, library, f"{path}.{name}") for name, each in value.items()}
        return value if all(by_name[name] is each for name, each in value.items()) else by_name
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {
        name: made
        for name, each in _init_fields(value)
        if (made := _resolved_in(each, library, f"{path}.{name}")) is not each
    }
    return replace(value, **changed) if changed else value


def _init_fields(value: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401  # Any dataclass.
    for field in fields(value):
        if field.init:
            yield field.name, getattr(value, field.name)


def _nearest(given: str, names: list[str], otherwise: str) -> str:
    close = get_close_matches(given, names, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    more = ", …" if len(names) > NAMES_SHOWN else ""
    return f"There is {', '.join(names[:NAMES_SHOWN])}{more}." if names else otherwise


def _too_large(path: str, depth: int) -> TooLarge:
    what = "lie too deep in one another" if depth > DEPTH_MOST else "are too many for one segment"
    return TooLarge(
        f"With those of the segments they name, these conditions {what}.",
        path=path,
        hint=f"Use at most {CONDITIONS_MOST} conditions and {DEPTH_MOST} levels in all.",
    )
