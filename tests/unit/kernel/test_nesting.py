"""How deep JSON lies in itself, to the level, whatever it is made of."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.nesting import lies_within

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


def depth(value: object) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(depth, inside), default=0)


@given(ANY_JSON)
def test_it_is_exact_to_the_level(value: object) -> None:
    deep = depth(value)
    assert lies_within(value, deep)
    assert deep == 0 or not lies_within(value, deep - 1)


@pytest.mark.parametrize("text", ["[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900])
def test_what_breaks_recursion_is_judged(text: str) -> None:
    value = json.loads(text)
    assert lies_within(value, 900)
    assert not lies_within(value, 899)
