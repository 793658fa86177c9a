"""The seat: a place that one process at a time holds, and that is free at once when its process is no more."""

from __future__ import annotations

from typing import Protocol


class Seat(Protocol):
    """Held by at most one process. Who holds it may lose it at any time, and is told when it asks."""

    async def take(self) -> bool:
        """Take it if it is free; whether it is ours. Raises Busy when that cannot be known."""
        ...

    async def is_held(self) -> bool:
        """Whether it is still ours. False as well when that cannot be known."""
        ...

    async def stand_by(self) -> None:
        """Be counted among those who have no seat and help, until it is taken, left or lost.

        Raises Busy when that cannot be.
        """
        ...

    async def helpers(self) -> int:
        """How many others are counted so; 0 when that cannot be known."""
        ...

    async def leave(self) -> None:
        """Let go of it."""
        ...
