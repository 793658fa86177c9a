"""What a mail does: exactly the planted chance, and in an order that can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.sim.people import Effects
from holdfast.sim.reaction import CHANCES, MAILS_MOST, draw_chances, react

chance = st.floats(min_value=0, max_value=1, exclude_max=True)
chances = st.lists(chance, min_size=CHANCES, max_size=CHANCES)


@given(chances, chance)
def test_a_mail_makes_buy_exactly_who_is_below_the_effect(drawn: list[float], effect: float) -> None:
    reaction = react(drawn, effect, Effects(), open_ms=1_000)
    assert (reaction.buys_ms is not None) == (drawn[0] < effect)


@given(chances, chance)
def test_opening_comes_before_clicking_before_buying(drawn: list[float], effect: float) -> None:
    reaction = react(drawn, effect, Effects(), open_ms=60_000)
    steps = (reaction.opens_ms, reaction.clicks_ms, reaction.buys_ms)
    there = [each for each in steps if each is not None]
    assert there == sorted(there)
    assert all(each > 0 for each in there)
    assert (reaction.buys_ms is None) or len(there) == 3
    if reaction.clicks_ms is not None or reaction.unsubscribes_ms is not None:
        assert reaction.opens_ms is not None


@given(chances)
def test_no_effect_makes_nobody_buy(drawn: list[float]) -> None:
    assert react(drawn, 0.0, Effects(), open_ms=1_000).buys_ms is None


def test_chances_add_up_to_what_is_planted() -> None:
    drawn = draw_chances(np.random.default_rng(2), 4_000).reshape(-1, CHANCES)
    assert len(drawn) == 4_000 * MAILS_MOST
    effects = Effects(opens=0.4, clicks=0.25, unsubscribes=0.02)
    reactions = [react(each, 0.1, effects, open_ms=1_000) for each in drawn.tolist()]
    bought = [each for each in reactions if each.buys_ms is not None]
    others = [each for each in reactions if each.buys_ms is None]
    opened = [each for each in others if each.opens_ms is not None]
    assert len(bought) / len(reactions) == pytest.approx(0.1, abs=0.006)
    assert len(opened) / len(others) == pytest.approx(0.4, abs=0.01)
    assert sum(each.unsubscribes_ms is not None for each in others) / len(others) == pytest.approx(0.02, abs=0.003)
    assert np.median([each.opens_ms or 0 for each in opened]) == pytest.approx(1_000, rel=0.05)
