"""Drawing: which path of an adaptive step somebody gets.

Shares come from what was learnt, and are the same for everybody until they are weighed again. What somebody draws
depends on nothing but the step, the number of the weighing and the name they are known by: so it can be told again from
the log, whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.decisions.shares import drawn_name
from holdfast.decisions.weights import Weights
from holdfast.kernel.chance import share


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The path somebody gets."""

    path: str
    propensity: float
    """The chance they had of it, in the slice or outside it; in (0, 1]."""
    evenly: bool
    """Whether they are in the slice."""


def draw(weights: Weights, paths: Sequence[str], experiment: str, key: str, cell: str = "") -> Drawn:
    """The path that somebody draws.

    Who is in the slice is in it at every weighing, as long as it is as large.
    """
    even = dict.fromkeys(paths, 1 / len(paths))
    shares = shares_for(weights.cells.get(cell, weights.shares), paths)
    evenly = share(f"slice:{experiment}", key) < weights.slice
    path = (
        drawn_name(even, f"evenly:{experiment}", key)
        if evenly
        else drawn_name(shares, f"adaptive:{experiment}:{weights.number}", key)
    )
    propensity = (1 - weights.slice) * shares[path] + weights.slice / len(paths)
    return Drawn(path=path, propensity=propensity, evenly=evenly)


def shares_for(shares: Mapping[str, float], paths: Sequence[str]) -> dict[str, float]:
    """The shares of these paths, though others were weighed.

    A path that is new gets what it would evenly; the others divide the rest as they did among themselves.

    >>> shares_for({"a": 0.75, "b": 0.25, "gone": 0.5}, ["a", "b", "new", "other"])
    {'a': 0.375, 'b': 0.125, 'new': 0.25, 'other': 0.25}
    """
    known = {path: shares[path] for path in paths if path in shares}
    whole = sum(known.values())
    if whole <= 0:
        return dict.fromkeys(paths, 1 / len(paths))
    left = len(known) / len(paths)
    return {path: left * (known[path] / whole) if path in known else 1 / len(paths) for path in paths}
