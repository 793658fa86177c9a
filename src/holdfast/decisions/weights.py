"""Weights: how large a share of people each path of an adaptive step gets, as it was weighed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.events.event import Json

CELL_TEXT_MOST = 100
"""Characters of a trait's value that tell one group of people from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What one weighing came to."""

    number: int = 0
    """Which weighing it is, from 1 on; 0 before the first."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """By path, of the people outside the slice; they add up to 1. None for evenly."""
    slice: float = 0.0
    """The share of people who are divided evenly whatever the shares are; in [0, 1]."""
    cells: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The shares of people whose declared traits are as `cell_of` says, where they have shares of their own."""


def cell_of(traits: Mapping[str, Json], context: Sequence[str]) -> str:
    """Which group somebody is in by these traits; empty where none is asked for.

    >>> cell_of({"plan": "free", "age": 41}, ["plan", "city"])
    '["free",""]'
    """
    if not context:
        return ""
    return json.dumps([_text(traits.get(name)) for name in context], separators=(",", ":"))


def _text(value: Json) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text[:CELL_TEXT_MOST]
