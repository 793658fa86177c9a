"""Differences say what changed, where, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.segments import difference
from holdfast.segments.difference import differences

scalars = st.sampled_from([None, True, False, 0, 1, 1.0, "", "1", "a"])
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner), max_leaves=12
)


def text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def found_at(document: Any, path: str) -> tuple[Any, Any]:
    *way, last = [int(number) if number else name for number, name in re.findall(r"\[(\d+)\]|\.?([$\w]+)", path)]
    for step in way:
        document = document[step]
    return document, last


@given(before=documents, after=documents)
def test_there_is_none_exactly_where_they_say_the_same(before: Any, after: Any) -> None:
    assert bool(list(differences(before, after))) == (text(before) != text(after))


@given(before=documents, after=documents)
def test_what_is_told_is_what_is_there(before: Any, after: Any) -> None:
    for each in differences(before, after):
        if each.kind in {"added", "changed"}:
            holder, last = found_at({"$": after}, each.path)
            assert text(holder[last]) == text(each.after)
        if each.kind == "changed":
            assert text(each.before) != text(each.after)


@given(
    before=st.dictionaries(st.sampled_from("abcd"), scalars), after=st.dictionaries(st.sampled_from("abcd"), scalars)
)
def test_of_objects_every_difference_is_told_once(before: dict[str, Any], after: dict[str, Any]) -> None:
    kinds = {each.path.removeprefix("$."): each.kind for each in differences(before, after)}
    assert {name for name, kind in kinds.items() if kind == "removed"} == before.keys() - after.keys()
    assert {name for name, kind in kinds.items() if kind == "added"} == after.keys() - before.keys()
    both = before.keys() & after.keys()
    assert {name for name, kind in kinds.items() if kind == "changed"} == {
        name for name in both if text(before[name]) != text(after[name])
    }


def said(before: Any, after: Any) -> list[tuple[str, str]]:
    return [(each.path, each.kind) for each in differences(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([1, 2, 3], [1, 9, 2, 3], [("$[1]", "added")]),
        ([1, 2, 3], [2, 3], [("$[0]", "removed")]),
        ([1, 2], [1, True], [("$[1]", "changed")]),
        ([{"a": 1}, 2], [{"a": 1.0}, 2], [("$[0].a", "changed")]),
        ([1], {}, [("$", "changed")]),
        ({"of": [{"x": 1}, {"y": 1}]}, {"of": [{"y": 1}]}, [("$.of[0]", "removed")]),
    ],
)
def test_lists_are_matched_by_what_is_in_them(before: Any, after: Any, told: list[tuple[str, str]]) -> None:
    assert said(before, after) == told


def test_very_long_lists_are_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difference, "LISTED_MOST", 3)
    assert said([1, 2, 3, 4], [1, 2, 3]) == [("$", "changed")]
    assert said([1, 2, 3, 4], [1, 2, 3, 4]) == []
