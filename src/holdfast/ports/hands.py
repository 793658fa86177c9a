"""Hands: processes that work out what a tick comes to for some of its people, while the tick sees to the rest.

A hand reads the state as the last commit left it and changes nothing: what it would write it says, and the tick writes
that together with everything else. So a tick stays one transaction of one process, whoever worked on it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from holdfast.decisions.visit import Visit
from holdfast.kernel.errors import Internal
from holdfast.ports.state import Identity, Transaction


class UnknownHere(Internal):
    """What was asked for can only be known where it is written down."""


class Recorded(Transaction, Protocol):
    """A transaction that writes nothing down: it keeps what was to be written.

    It reads the state as it is, so nothing may be read any more once anything is to be written: that raises Internal.
    What tells how much it changed, or the number of something new, raises UnknownHere.
    """

    async def visits_by_id(self, ids: Sequence[int]) -> list[Visit]:
        """Those of the visits there are, soonest due first."""
        ...

    def presume(self, identities: Sequence[Identity]) -> None:
        """Take it that these are there, each a person of its own: the tick that asks has just numbered them."""
        ...

    def written(self) -> bytes:
        """All that was to be written, in its order, as `HasHands.take_over` understands it; empty for nothing."""
        ...


class Recorder(Protocol):
    """Gives transactions over a state that another process changes."""

    def begin(self) -> AbstractAsyncContextManager[Recorded]:
        """One at a time; each sees what was committed when it began."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class HasHands(Protocol):
    """A transaction that part of its work can be done for by hands."""

    async def due_shares(
        self, now_ms: int, *, limit: int, among: int, without: Sequence[str], apart: Collection[int]
    ) -> dict[int, list[int]]:
        """The ids of visits to be woken, soonest due, in shares: each person is in one of them.

        Args:
            among: how many shares there are, by the person's number; they are called 0 and up.
            without: origins whose visits are passed over.
            apart: persons who are in a share of their own, -1.
        """
        ...

    async def visits_by_id(self, ids: Sequence[int]) -> list[Visit]:
        """Those of the visits there are, soonest due first."""
        ...

    async def take_over(self, writes: bytes) -> None:
        """Write what a hand found, after all that was to be written before and before whatever comes later."""
        ...


class Hands(Protocol):
    """Those hands there are."""

    @property
    def ready(self) -> int:
        """How many may be given something; they are numbered from 0."""
        ...

    @property
    def revision(self) -> int:
        """Of the chosen settings that are in force here."""
        ...

    @property
    def least(self) -> int:
        """So many events or people may be worth giving, where they usually are."""
        ...

    async def give(self, hand: int, task: bytes) -> bytes | None:
        """Have a hand do this; what it found, or None when it could not, for whatever reason."""
        ...

    def done(self, count: int) -> None:
        """A tick has taken in, woken or let in so many: where there are many, hands are made ready."""
        ...


class NoHands:
    """Nobody: a tick does everything itself."""

    ready = revision = least = 0

    async def give(self, hand: int, task: bytes) -> bytes | None:
        """Nobody does it."""
        return None

    def done(self, count: int) -> None:
        """Nothing follows."""


NO_HANDS = NoHands()
