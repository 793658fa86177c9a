"""Gathering: for what is newly watched, what came before is put into profiles, from the history, bit by bit.

Every event from the tick on that first watched a leaf is looked at as it comes; every one before stands in the history
once the archive has come so far. What lies in both counts once (`profiles.watched`), so nothing need stand still, and a
part that is gathered twice changes nothing. How far it has come is written with each part, and noted as a turn: until
all of it is there segments and journeys do not know what they ask, and a state made anew is to know it then, too.
"""

from __future__ import annotations

from dataclasses import replace

from holdfast.flows.ingest.reading import ARCHIVE
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.errors import Exposed
from holdfast.ports.history import Gathered, History
from holdfast.ports.state import State, Transaction
from holdfast.ports.watching import Watch
from holdfast.profiles.profile import with_kept
from holdfast.segments.leaf import decode_leaf

IDENTITIES_MOST = 2_000
"""Identities of one part."""
EVERYBODY = 2**40
"""More than there are identities: up to there it is gathered once it is for everybody."""


class Gatherer:
    """Gathers what came before things were watched."""

    def __init__(self, *, state: State, history: History, identities_most: int = IDENTITIES_MOST) -> None:
        """Nothing is read or written yet."""
        self._state = state
        self._history = history
        self._identities_most = identities_most

    async def gather(self) -> int:
        """Gather the next part of each that lacks some; returns how many parts there were."""
        async with self._state.view() as view:
            lacking = [each for each in await view.watches() if not each.filled]
            # As of when the history has all that came before it was watched.
            reached = await view.offset(ARCHIVE) if lacking else 0
        done = 0
        for each in lacking:
            if each.since_offset <= reached:
                done += await self._gather(each)
        return done

    async def gather_again(self, leaf: str, to: int) -> None:
        """Gather for a leaf what is lacking up to an identity, as was done before; further where there is more now."""
        while True:
            async with self._state.view() as view:
                lacking = [each for each in await view.watches() if each.leaf == leaf and not each.filled]
            if not lacking or lacking[0].filled_to >= to or not await self._gather(lacking[0]):
                return

    async def _gather(self, watch: Watch) -> bool:
        try:
            leaf = decode_leaf(watch.leaf)
        except Exposed:
            return False  # Of an operator that an earlier Holdfast had: the next tick drops it.
        found = await self._history.gather(leaf, after=watch.filled_to, limit=self._identities_most)
        async with self._state.begin() as transaction:
            # Dropped meanwhile, or gathered by another process.
            if watch not in await transaction.watches():
                return False
            await _keep(transaction, watch.number, found)
            to = watch.filled_to if found.to is None else found.to
            await transaction.put_watch(replace(watch, filled_to=to, filled=found.to is None))
            await note_turn(transaction, "gathering", {"leaf": watch.leaf, "to": EVERYBODY if found.to is None else to})
        return True


async def _keep(transaction: Transaction, number: int, found: Gathered) -> None:
    # Whoever was forgotten meanwhile has no profile any more, and gets none.
    profiles = await transaction.profiles(sorted(found.kept))
    await transaction.put_profiles(
        {identity: with_kept(profile, number, found.kept[identity]) for identity, profile in profiles.items()}
    )
