"""Turns: what the log does not say of how the state came to be, and when.

Events are in the log; in which portions they were taken in, what the clock said when timers fired, and what people did
to the state by hand are not. Each is kept as a turn, in the transaction that made it, so that the state can be made
anew from the log: every turn again, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from holdfast.events.event import IdentityKey, Json
from holdfast.ports.erasure import Suppression, Tombstone

TurnKind = Literal[
    "tick",
    "people",
    "decision",
    "segment",
    "merge",
    "unmerge",
    "table",
    "suppression",
    "weighing",
    "experiment",
    "gathering",
    "letters",
]
"""`tick`: entries were taken in, timers fired, or something else is watched from then on. `people`: timers of some
people fired. `decision`: a journey or campaign was published, paused, resumed, stopped, archived or restored.
`segment`: a version of a segment was saved, or deleted. `merge`, `unmerge`: people were joined or parted by hand.
`table`: past events came in a table, which is not in the log. `suppression`: an address was forbidden, or let be
written to again, by hand. `weighing`: the paths of an adaptive step were weighed. `experiment`: a version of an
experiment was saved. `gathering`: part of what came before something was watched was put into profiles. `letters`: dead
letters were replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One change of the state."""

    id: int = 0
    """Given by the store; later ones have higher numbers."""
    kind: TurnKind
    start: int
    """The next log offset to be taken in before it."""
    next: int
    """The same after it: only a tick moves it."""
    at_ms: int
    """Its moment; for a tick, up to when timers fired."""
    said: Mapping[str, Json] = field(default_factory=dict)
    """What it was; empty for a tick, unless others let timers of journeys fire meanwhile."""


class TurnView(Protocol):
    """Reading turns."""

    async def turns(self, *, after_id: int, limit: int) -> list[Turn]:
        """Those numbered above `after_id`, in order."""
        ...

    async def every_tombstone(self) -> list[Tombstone]:
        """What is kept of the names that were erased; in order of name and erasure."""
        ...

    async def every_suppression(self) -> list[Suppression]:
        """Every address nobody may be written to at; in order of channel and address."""
        ...

    async def notes(self) -> dict[str, str]:
        """Every small named value."""
        ...


class TurnTransaction(TurnView, Protocol):
    """Keeping turns, and what making a state anew asks of the store besides."""

    async def add_turn(self, turn: Turn) -> None:
        """Keep it as the last one, whatever its `id` says."""
        ...

    async def forget_turns(self, before: int) -> None:
        """Let go of those, from the first one on, whose `next` is not above the offset."""
        ...

    async def add_numbered(self, numbers: Mapping[IdentityKey, int], at_ms: int) -> None:
        """Add new identities under numbers of their own, which nobody has; each starts as a person of its own."""
        ...

    async def take_sends(self, keys: Sequence[str], at_ms: int) -> None:
        """Claim these, whatever they wait for, so that they can be settled; those that are withheld or sent stay so."""
        ...
