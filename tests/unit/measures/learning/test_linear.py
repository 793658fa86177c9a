"""Shares of groups of people: the posterior as it is by hand, and groups that are hardly known."""

from __future__ import annotations

import numpy as np
import pytest

from holdfast.measures.learning.beliefs import Beliefs
from holdfast.measures.learning.linear import _posterior, _Prior, cell_shares, features

BELIEVED = Beliefs(
    mean=np.array([0.05, 0.06]),
    deviation=np.array([0.004, 0.004]),
    people=np.array([2_000.0, 2_000.0]),
    rate=np.array([0.05, 0.06]),
)


def test_each_value_of_each_trait_has_a_column() -> None:
    design = features([("free", "de"), ("paid", "de"), ("free", "fr")])
    assert design.tolist() == [[1, 1, 0, 1, 0], [1, 0, 1, 1, 0], [1, 1, 0, 0, 1]]


def test_one_coefficient_is_the_normal_posterior() -> None:
    """By hand: precision 1 / 0.1² + 300 = 400, mean 0.5 + 300 * (0.9 - 0.5) / 400 = 0.8."""
    prior = _Prior(mean=0.5, deviation=0.1, spread=1.0)
    mean, root = _posterior(np.ones((1, 1)), np.array([300.0]), np.array([0.9]), prior)
    assert mean == pytest.approx([0.8])
    assert root @ root.T == pytest.approx(np.array([[1 / 400]]))


def test_a_group_of_which_little_is_known_is_treated_as_all() -> None:
    design = features([("big",), ("small",)])
    people = np.array([[2_000.0, 2_000.0], [5.0, 5.0]])
    brought = np.array([[100.0, 120.0], [2.0, 0.0]])
    shares = cell_shares(design, people, brought, BELIEVED, variance=0.05, temper=0.3, seed=1)
    assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert abs(shares[0, 1] - shares[1, 1]) < 0.25
    assert shares[1, 1] > 0.5, "two lucky ones of five do not turn it round"
