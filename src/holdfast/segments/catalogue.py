"""The conditions there are, by the `type` of their JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from holdfast.kernel.catalogue import discover
from holdfast.segments import conditions
from holdfast.segments.condition import Condition, Declared


@cache
def declared() -> Mapping[str, Declared]:
    """Every declaration, by the name of its type."""
    found = (each for each in discover(conditions, "CONDITION").values() if isinstance(each, Declared))
    return {each.name: each for each in found}


@cache
def _by_shape() -> Mapping[type[Condition], Declared]:
    return {each.shape: each for each in declared().values()}


def declaration_of(condition: Condition) -> Declared:
    """The declaration a condition is of."""
    return _by_shape()[type(condition)]
