"""What a condition looks at, at any depth, told by the kinds of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from holdfast.segments.codec import kind_of
from holdfast.segments.condition import Condition, Part


def trait_names(condition: Condition) -> frozenset[str]:
    """Every trait the condition looks at, itself or in its parts."""
    return frozenset(_traits(condition))


def _traits(of: Condition | Part) -> Iterator[str]:
    if isinstance(of, Condition):
        yield from of.hidden_traits()
    for field in fields(of):  # type: ignore[arg-type]  # Conditions and their parts are dataclasses.
        value = getattr(of, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, (Condition, Part)):
                yield from _traits(each)
            elif field.init and isinstance(each, str) and _is_trait(type(of), field.name):
                yield each


def _is_trait(shape: type[Condition | Part], name: str) -> bool:
    kind = kind_of(shape, name)
    return kind is not None and kind.name == "trait"
