"""Shares of people by name, and which of the names somebody draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import fsum
from typing import cast

from holdfast.decisions.fields import Kind, Name, as_object, at, wrong_type
from holdfast.events.event import Json
from holdfast.kernel.chance import share
from holdfast.kernel.errors import Invalid

NAMES_LEAST, NAMES_MOST = 2, 20
TAKEN = frozenset({"entered", "goal", "stopped", "failed"})
"""What the counters of steps call something else."""
_SLACK = 1e-9
"""How far a sum may be off 1: ten times 0.1 is not 1 to a computer."""


@dataclass(frozen=True, slots=True)
class Shares(Kind):
    """The share of people of each name; all add up to 1."""

    def decode(self, value: object, path: str) -> dict[str, float]:
        given = as_object(value, path)
        if not NAMES_LEAST <= len(given) <= NAMES_MOST:
            raise Invalid(
                f"These are {len(given)} names.",
                code="out_of_range",
                path=path,
                hint=f'Use {NAMES_LEAST} to {NAMES_MOST}, such as {{"control": 0.5, "variant": 0.5}}.',
            )
        shares = {branch_name(name, at(path, name)): _share(each, at(path, name)) for name, each in given.items()}
        if abs((whole := fsum(shares.values())) - 1) > _SLACK:
            raise Invalid(
                f"The shares add up to {whole:g}.",
                code="not_one",
                path=path,
                hint="Let them add up to 1: 0.1 is a tenth.",
            )
        return shares

    def encode(self, value: object) -> Json:
        return dict(cast("Mapping[str, float]", value))

    def schema(self) -> dict[str, Json]:
        share_of_one: dict[str, Json] = {"type": "number", "minimum": 0, "maximum": 1}
        return {
            "type": "object",
            "format": "shares",
            "minProperties": NAMES_LEAST,
            "maxProperties": NAMES_MOST,
            "additionalProperties": share_of_one,
        }


def drawn_name(shares: Mapping[str, float], salt: str, key: str) -> str:
    """The name that `key` draws under `salt`: by hash, so it is the same whenever it is asked.

    Whoever draws a name goes on drawing it while the shares stay as they are, in whatever order they are written. Where
    one grows at the cost of the next in the alphabet, only people of those two move.
    """
    at_share = share(salt, key)
    names = sorted(shares)
    ends = accumulate(shares[name] for name in names)
    drawn = next((name for name, end in zip(names, ends, strict=True) if at_share < end), None)
    # The last end may fall short of 1 by a rounding; who falls behind it belongs to the last that has a share at all.
    return drawn or next(name for name in reversed(names) if shares[name] > 0)


def shares_words(shares: Mapping[str, float]) -> str:
    """The shares in plain words.

    >>> shares_words({"control": 0.5, "variant": 0.5})
    'control 50%, variant 50%'
    """
    return ", ".join(f"{name} {each * 100:g}%" for name, each in shares.items())


def branch_name(name: object, path: str) -> str:
    """The name of a way out that its author names. Raises Invalid."""
    decoded = Name().decode(name, path)
    if decoded in TAKEN:
        hint = f"Choose another; {', '.join(sorted(TAKEN))} mean something else among a step's numbers."
        raise Invalid(f"A branch cannot be called {decoded!r}.", code="bad_id", path=path, hint=hint)
    return decoded


def _share(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(value, "a number", path)
    if not 0 <= value <= 1:
        raise Invalid(f"{value} is no share.", code="out_of_range", path=path, hint="Use 0 to 1; 0.1 is a tenth.")
    return float(value)
