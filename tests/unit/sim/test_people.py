"""The people: who they are and what is planted in them."""

from __future__ import annotations

import numpy as np
import pytest

from holdfast.sim.names import mail_word
from holdfast.sim.people import DEVICES_MOST, Effects, Habits, Population, populate
from holdfast.sim.rhythm import DAY_MS
from holdfast.sim.shop import MARKETS, PRODUCTS, SOURCES

UNTIL_MS = 1_790_000_000_000


def some_people(count: int = 6_000, seed: int = 3, newcomers: int = 0, effects: Effects | None = None) -> Population:
    return populate(
        np.random.default_rng(seed),
        count,
        newcomers=newcomers,
        start_ms=UNTIL_MS - 90 * DAY_MS,
        until_ms=UNTIL_MS,
        habits=Habits(),
        effects=effects or Effects(),
    )


def test_shares_add_up() -> None:
    assert sum(market.share for market in MARKETS) == pytest.approx(1)
    assert sum(source.share for source in SOURCES) == pytest.approx(1)
    assert len({product.id for product in PRODUCTS}) == len(PRODUCTS)


def test_everybody_has_names_of_their_own() -> None:
    people = some_people()
    known = [name for name in people.user_ids if name]
    assert len(set(known)) == len(known)
    mails = [mail for mail in people.emails if mail]
    assert len(set(mails)) == len(mails)
    assert all(mail.isascii() and mail.endswith(".example") for mail in mails)
    assert len(set(people.device_ids)) == len(people) * DEVICES_MOST


def test_names_are_as_people_write_them() -> None:
    people = some_people()
    everything = " ".join(people.given + people.family)
    for sign in ("ß", "İ", "Ł", "ή", "翔", "נ", "ी", "م", "김", "🌊", "’"):
        assert sign in everything
    assert max(map(len, people.family)) > 120


def test_a_mail_word_is_plain() -> None:
    assert mail_word("Großkreutz") == "grosskreutz"
    assert mail_word("Łukasz") == "lukasz"
    assert mail_word("İpek") == "ipek"
    assert not mail_word("海野浜")


def test_habits_come_out_as_asked() -> None:
    people, habits = some_people(20_000), Habits()
    known = people.known
    assert 1 - known.mean() == pytest.approx(habits.anonymous, abs=0.01)
    assert people.buyer.mean() == pytest.approx(habits.buyers, abs=0.015)
    assert not (people.buyer & ~known).any()
    assert people.refuses[known].mean() == pytest.approx(habits.refuse, abs=0.01)
    assert people.rate[people.buyer].mean() == pytest.approx(habits.rate_shape / habits.rate_scale_days, rel=0.04)
    assert people.dropout.mean() == pytest.approx(habits.dropout_a / (habits.dropout_a + habits.dropout_b), rel=0.03)
    assert people.devices.max() == DEVICES_MOST


def test_effects_are_planted_around_their_average() -> None:
    effects = Effects(cart=0.2, win_back=0.05, spread=0.5)
    people = some_people(20_000, effects=effects)
    assert people.cart_effect.mean() == pytest.approx(0.2, rel=0.02)
    assert people.cart_effect.std() == pytest.approx(0.1, rel=0.05)
    assert people.win_back_effect.mean() == pytest.approx(0.05, rel=0.03)
    assert people.cart_effect.min() >= 0
    assert people.cart_effect.max() <= 1


def test_no_effect_is_none_at_all() -> None:
    people = some_people(500, effects=Effects(cart=0.0, win_back=0.0))
    assert not people.cart_effect.any()
    assert not people.win_back_effect.any()


def test_newcomers_have_yet_to_come() -> None:
    people = some_people(100, newcomers=20)
    assert len(people) == 120
    assert np.isfinite(people.arrival).tolist() == [True] * 100 + [False] * 20
    assert (people.arrival[:100] < people.end[:100]).all()


def test_traits_say_what_is_so() -> None:
    people = some_people(300)
    row = next(row for row, mail in enumerate(people.emails) if mail and people.birthday[row])
    traits = people.traits(row)
    assert traits["email"] == people.emails[row]
    assert traits["country"] == MARKETS[int(people.market[row])].country
    assert traits["newsletter"] is (not people.refuses[row])
    without = next(row for row, mail in enumerate(people.emails) if not mail)
    assert "email" not in people.traits(without)
