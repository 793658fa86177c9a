"""What the shop runs: the cart rescue and the win-back, as their definitions stand in `decisions/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Literal

from holdfast.decisions.campaign import decode_campaign
from holdfast.decisions.journey import Journey, decode_journey
from holdfast.sim.memory import needed
from holdfast.sim.people import Population
from holdfast.sim.rhythm import Array

CART_RESCUE, WIN_BACK, AFTER_ORDER = "cart-rescue", "win-back", "after-order"
VERSION = 1
_WEAKER = {(AFTER_ORDER, "picks"): 0.15}
"""Mails that cause a share of the purchases that others of the kind do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A journey or campaign the shop runs."""

    kind: Literal["journey", "campaign"]
    definition: bytes
    """Its JSON form, as it is published."""
    journey: Journey
    version: int = VERSION
    id: str = field(init=False)
    begins_with: str = field(init=False)
    """The event that lets people in."""
    needs: frozenset[str] = field(init=False)
    """Events without which nobody gets in."""

    def __post_init__(self) -> None:
        # Looked at once for each event of each person, so reckoned once.
        object.__setattr__(self, "id", self.journey.id)
        (event,) = self.journey.trigger.event_names()
        object.__setattr__(self, "begins_with", event)
        object.__setattr__(self, "needs", needed(self.journey.trigger.rules().only_if))


@cache
def running() -> tuple[Running, ...]:
    """The shop's journeys and campaigns."""
    cart, back = _definition(CART_RESCUE), _definition(WIN_BACK)
    return (
        Running(kind="journey", definition=cart, journey=decode_journey(cart)),
        Running(kind="campaign", definition=back, journey=decode_campaign(back).journey()),
    )


@cache
def after_order() -> Running:
    """The journey after a first order, whose paths are still being learnt."""
    definition = _definition(AFTER_ORDER)
    return Running(kind="journey", definition=definition, journey=decode_journey(definition))


def _definition(name: str) -> bytes:
    return resources.files("holdfast.sim").joinpath("decisions", f"{name}.json").read_bytes()


def effect_of(population: Population, origin: str, step: str = "") -> Array:
    """The planted effect of the origin's mails: each person's chance that one causes a purchase. Shape (people,).

    Args:
        step: the one that sends, where an origin sends several.
    """
    whole = population.cart_effect if origin == CART_RESCUE else population.win_back_effect
    return whole * _WEAKER.get((origin, step), 1.0)
