"""The demo's parts: where it may make room, and how it cuts a past into pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.cli.demo import MARKER, make_room
from holdfast.cli.demo_elsewhere import PastElsewhere, Recipe
from holdfast.cli.demo_past import pieces_of
from holdfast.decisions.gate import GateRules
from holdfast.kernel.errors import Busy, Conflict, Internal
from holdfast.sim.past import make_past
from holdfast.stores.sqlite.lock import Lock


def room(directory: Path) -> None:
    make_room(directory, people=10, seed=1)


def test_a_new_or_empty_directory_is_taken(tmp_path: Path) -> None:
    room(tmp_path / "a" / "b")
    assert [each.name for each in (tmp_path / "a" / "b").iterdir()] == [MARKER]
    (tmp_path / "empty").mkdir()
    room(tmp_path / "empty")
    assert (tmp_path / "empty" / MARKER).is_file()


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    room(tmp_path)
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "part.bin").write_bytes(b"1")
    (tmp_path / "state.db").write_bytes(b"2")
    room(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [MARKER]


def test_nothing_else_is_ever_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(Conflict) as caught:
        room(tmp_path)
    assert caught.value.code == "not_a_demo"
    assert caught.value.hint
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(Conflict):
        room(tmp_path / "thesis.txt")


def test_what_a_link_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    room(tmp_path / "demo")
    (tmp_path / "demo" / "link").symlink_to(tmp_path / "mine")
    room(tmp_path / "demo")
    assert (tmp_path / "mine" / "thesis.txt").is_file()


def test_a_running_demo_is_not_replaced(tmp_path: Path) -> None:
    room(tmp_path)
    lock = Lock(tmp_path)
    try:
        with pytest.raises(Busy):
            room(tmp_path)
        assert (tmp_path / MARKER).is_file()
    finally:
        lock.release()


@given(st.lists(st.integers(min_value=0, max_value=9), min_size=1, max_size=60), st.integers(min_value=1, max_value=20))
def test_pieces_hold_everything_once_and_people_whole(people: list[int], rows: int) -> None:
    people = sorted(people)
    table = pa.table({"row": list(range(len(people))), "person": people})
    pieces = pieces_of(table, np.array(people), rows)
    got = [piece.to_pydict() for piece in pieces]
    assert sorted(row for piece in got for row in piece["row"]) == list(range(len(people)))
    assert all(piece["row"] for piece in got)
    whose = [set(piece["person"]) for piece in got]
    assert sum(map(len, whose)) == len(set(people))
    for piece in got:
        for person in set(piece["person"]):
            mine = [row for row, who in zip(piece["row"], piece["person"], strict=True) if who == person]
            assert mine == sorted(mine)


async def test_a_past_made_elsewhere_is_the_past() -> None:
    recipe = Recipe(people=80, newcomers=5, seed=9, until_ms=1_790_000_000_000, rules=GateRules())
    here = make_past(np.random.default_rng(9), recipe.world, until_ms=recipe.until_ms)
    elsewhere = PastElsewhere(recipe)
    try:
        beginning, aftermath = await elsewhere.beginning(), await elsewhere.aftermath()
    finally:
        elsewhere.close()
    table, person = here.days.by_person()
    assert beginning.table.equals(table)
    assert (beginning.person == person).all()
    assert (np.diff(person) >= 0).all()
    assert sorted_ids(table) == sorted_ids(here.days.table)
    assert sorted_ids(aftermath.table) == sorted_ids(here.aftermath)
    assert aftermath.visits == here.ledger.visits
    assert aftermath.sends == here.ledger.sends
    assert aftermath.step_counts == here.ledger.step_counts()


async def test_a_past_whose_process_died_is_missed() -> None:
    recipe = Recipe(people=2_000, newcomers=5, seed=9, until_ms=1_790_000_000_000, rules=GateRules())
    elsewhere = PastElsewhere(recipe)
    elsewhere.close()
    with pytest.raises(Internal):
        await elsewhere.beginning()


def sorted_ids(table: pa.Table) -> list[str]:
    return sorted(str(each) for each in table["message_id"].to_pylist())
