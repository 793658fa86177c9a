"""What is kept of single events: whatever order they come in, however often, and in however many parts."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.profiles import watched as module
from holdfast.profiles.profile import Profile
from holdfast.profiles.watched import Entry, Kept, all_joined, entry_at, joined, kept_of
from holdfast.stores.packing import decoder, pack

ENTRIES = st.builds(Entry, st.integers(0, 8), st.integers(0, 3), st.just(()))


def kept(entries: list[Entry]) -> Kept:
    found: Kept | None = None
    for each in entries:
        found = joined(found, kept_of(each))
    assert found is not None
    return found


@given(st.lists(ENTRIES, min_size=1, max_size=30), st.integers(0, 2**32))
def test_joining_is_a_set_in_whatever_order_and_however_often(entries: list[Entry], seed: int) -> None:
    draw = random.Random(seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "MOMENTS_MOST", 4)
        whole = kept(entries)
        again = [*entries, *draw.choices(entries, k=5)]
        draw.shuffle(again)
        parts = [again[start : start + 4] for start in range(0, len(again), 4)]
        by_parts = kept_of(again[0])
        for part in parts:
            by_parts = joined(kept(part), by_parts)
    assert by_parts == whole
    every = sorted({each.key for each in entries})
    assert [each.key for each in whole.entries] == every[-4:]
    assert whole.after_ms == (-1 if len(every) <= 4 else every[-5][0])
    assert whole.first_ms == every[0][0]


@given(st.lists(st.lists(ENTRIES, min_size=1, max_size=12), min_size=1, max_size=6))
def test_of_all_together_no_more_is_kept_than_fits_and_since_when_stays_true(parts: list[list[Entry]]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "ENTRIES_MOST", 10)
        patched.setattr(module, "VALUES_MOST", 4)
        whole = all_joined({-1: kept(parts[0][:1])}, {n: kept(part) for n, part in enumerate(parts)})
    assert sum(len(each.entries) for each in whole.values()) <= 10 or len(whole) * 4 <= 10
    for number, part in enumerate(parts):
        later = {each.key for each in part if each.at_ms > whole[number].after_ms}
        assert later <= {each.key for each in whole[number].entries}


def test_what_is_too_long_is_not_kept() -> None:
    long: list[Json] = ["x" * 300, ["x" * 300], {"a": ["x" * 99] * 9}, 10**400, "\ud83d", {"a": "\ud83d"}]
    short: list[Json] = ["x" * 190, 10**50, -(2**70), 0.1, None, True, [1, "a", 10**40], {"a": None}]
    for value in long:
        assert entry_at(1, 2, (value,)).values is None
    for value in short:
        assert entry_at(1, 2, (value,)).values == (value,)
    assert kept_of(entry_at(1, 2, ("x" * 300, 1))).negative, "it may be anything"
    assert [kept_of(entry_at(1, 2, (value, -1))).negative for value in (-1, 0, "-1", None)] == [True, *[False] * 3]


def test_a_giant_number_is_written_and_read_back() -> None:
    profile = Profile(watched={7: kept([entry_at(n, 2**64 - n, (10**50, "a", n)) for n in range(1, 4)])})
    assert decoder(Profile).decode(pack(profile)) == profile
    small = Profile(watched={7: kept([entry_at(n, 2**64 - n, (n,)) for n in range(1, 4)])})
    assert decoder(Profile).decode(pack(small)) == small
    assert all(one.key < other.key for one, other in pairwise(profile.watched[7].entries))
