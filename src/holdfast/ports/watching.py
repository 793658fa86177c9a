"""What is watched, in the state: the leaves of conditions that are live, and how far the past was gathered for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One leaf that is watched: profiles keep what it asks for under its number."""

    number: int
    """Given by the store; never given again."""
    leaf: str
    """Its one JSON text."""
    since_offset: int
    """The log offset from which on every event is looked at as it comes; what came before stands in the history."""
    filled_to: int = 0
    """Up to which identity what came before was gathered."""
    filled: bool = False
    """Whether it was gathered for everybody."""


class WatchView(Protocol):
    """Reading what is watched."""

    async def watches(self) -> list[Watch]:
        """Every leaf that is watched, in order of number."""
        ...


class WatchTransaction(WatchView, Protocol):
    """Changing what is watched."""

    async def add_watches(self, watches: Sequence[Watch]) -> list[Watch]:
        """Watch more; returns them with their numbers, in the same order."""
        ...

    async def put_watch(self, watch: Watch) -> None:
        """Say how far one is filled, by its number; one that is not there is passed over."""
        ...

    async def drop_watches(self, numbers: Sequence[int]) -> None:
        """Watch these no more."""
        ...
