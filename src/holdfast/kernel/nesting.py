"""How deep lists and objects of JSON lie in one another: what is too deep can be read, and never be written again."""

from __future__ import annotations

from collections.abc import Iterable


def lies_within(value: object, levels: int) -> bool:
    """Whether no list or object of it lies deeper than that; a plain value lies at no level, `[]` at the first.

    Level by level and without recursion, so that it can judge what any recursion would break on.
    """
    nested: list[dict[object, object] | list[object]] = _nested((value,))
    for _ in range(levels):
        if not nested:
            return True
        nested = [inner for outer in nested for inner in _nested(_inside(outer))]
    return not nested


def _inside(outer: dict[object, object] | list[object]) -> Iterable[object]:
    return outer.values() if isinstance(outer, dict) else outer


def _nested(values: Iterable[object]) -> list[dict[object, object] | list[object]]:
    return [each for each in values if isinstance(each, (dict, list))]
