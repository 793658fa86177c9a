"""Outcomes: what became of each arm of a trial, as sufficient statistics."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.decisions.visit import Arm

ENTERED = "Journey Entered"
"""The event by which a person enters a trial; its properties name the `origin` and the `arm`."""

ARMS: tuple[Arm, ...] = ("treated", "holdout")
"""The arms that are compared."""
APART: Arm = "global_holdout"
"""What people of the global holdout enter as: in neither arm, for nothing the journey does reaches them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeQuestion:
    """Who entered, what counts as a conversion, and by when.

    A person enters the trial with their first `Journey Entered` event of the origin and keeps that event's arm. The
    window runs from that moment, not counting it, for `within_seconds`. People whose window is still open at `as_of_ms`
    are counted apart.
    """

    origin: str
    goal_event: str
    within_seconds: int
    as_of_ms: int
    currency: str
    """Only revenue in this currency is added up."""
    since_ms: int = 0
    """Leave out people who entered before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmOutcome:
    """One arm: people whose window has closed, and what they did in it. Revenue in minor units."""

    arm: Arm
    people: int
    open_people: int
    """Entered, but their window has not closed: in no other figure here."""
    converted: int
    orders: int
    revenue_minor: int
    revenue_minor_squares: float
    """Sum over people of the square of their revenue."""
    other_currency_orders: int
