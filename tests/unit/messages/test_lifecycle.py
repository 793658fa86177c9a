"""The life of a message: one table, and the same status whichever order things are heard in."""

from __future__ import annotations

from itertools import permutations
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages.heard.agent import Agent
from holdfast.messages.heard.lifecycle import FOLLOWS, STATUS_OF, Moment, Status, life_of, status_of

STATUSES: tuple[Status, ...] = get_args(Status)
AGENTS: tuple[Agent, ...] = get_args(Agent)
moments = st.builds(
    Moment,
    status=st.sampled_from(STATUSES),
    at_ms=st.integers(0, 5),
    agent=st.sampled_from(AGENTS),
    said=st.sampled_from(["", "a"]),
)


def test_the_table_speaks_of_every_status_and_leaves_no_choice() -> None:
    assert FOLLOWS.keys() == set(STATUSES) == set(STATUS_OF.values())
    for one in STATUSES:
        assert one not in FOLLOWS[one]
        for other in STATUSES:
            if one != other:
                assert (other in FOLLOWS[one]) is not (one in FOLLOWS[other]), f"{one} and {other}"
            if other in FOLLOWS[one]:
                assert FOLLOWS[other] <= FOLLOWS[one], f"what follows {other} follows {one}"


@given(st.sets(st.sampled_from(STATUSES), max_size=6))
def test_every_order_gives_the_same_status(said: set[Status]) -> None:
    assert len({status_of(order) for order in permutations(said)}) == 1


@given(st.lists(moments, max_size=8), st.randoms(use_true_random=False))
def test_a_life_does_not_depend_on_the_order_it_is_heard_in_nor_on_hearing_twice(
    heard: list[Moment], chance: st.DataObject
) -> None:
    again = [*heard, *heard[:3]]
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert life_of(again) == life_of(heard)
    assert [each.at_ms for each in life_of(heard).moments] == sorted(each.at_ms for each in life_of(heard).moments)


def test_what_machines_do_is_told_and_makes_no_status() -> None:
    sent = Moment(status="sent", at_ms=1)
    scanned = Moment(status="clicked", at_ms=2, agent="machine")
    assert life_of([sent, scanned]).status == "sent"
    assert life_of([sent, scanned]).moments == (sent, scanned)
    assert life_of([sent, Moment(status="clicked", at_ms=2, agent="unknown")]).status == "sent"
    assert life_of([sent, Moment(status="clicked", at_ms=2)]).status == "clicked"


def test_what_matters_most_stands() -> None:
    assert status_of(["sent", "delivered", "bounced"]) == "bounced"
    assert status_of(["in_doubt", "delivered"]) == "delivered", "a receipt settles a doubt"
    assert status_of(["failed", "sent"]) == "sent", "a dead letter was tried again"
    assert status_of(["complained", "clicked", "opened"]) == "complained"
    assert status_of([]) is None
