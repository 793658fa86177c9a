"""A state in memory for replays: small worlds that begin alike, where people have the numbers they have in earnest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from holdfast.events.event import IdentityKey
from holdfast.kernel.errors import Internal
from holdfast.ports.state import Identity, Send
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState, MemoryTransaction
from holdfast.stores.memory.tables import Tables


class RehearsalTransaction(MemoryTransaction):
    """A transaction that numbers identities as it was told to."""

    numbers: Mapping[IdentityKey, int]

    async def add_identities(self, keys: Sequence[IdentityKey], at_ms: int) -> dict[IdentityKey, Identity]:
        tables = self._tables
        if len(set(keys)) < len(keys) or any(key in tables.numbers for key in keys):
            raise Internal("identities to add must be new and distinct")
        added: dict[IdentityKey, Identity] = {}
        # Whom nobody told of comes after all others: they are no older than those.
        following = max((*self.numbers.values(), *tables.identities), default=0) + 1
        for key in keys:
            number = self.numbers.get(key, following)
            following += number == following
            added[key] = Identity(id=number, key=key, person=number)
        every = tables.identities | {each.id: each for each in added.values()}
        tables.identities = {number: every[number] for number in sorted(every)}
        tables.numbers = tables.numbers | {key: each.id for key, each in added.items()}
        return added


class RehearsalState(MemoryState):
    """Answers `ports.state.State`."""

    def __init__(self, numbers: Mapping[IdentityKey, int], tables: Tables) -> None:
        """A state that begins as the tables say.

        Args:
            numbers: which number each identity gets once it is met.
        """
        super().__init__()
        self._numbers = numbers
        self._committed = replace(tables)

    @property
    def tables(self) -> Tables:
        """What was committed; never changed again."""
        return self._committed

    def _transaction(self, tables: Tables) -> MemoryTransaction:
        transaction = RehearsalTransaction(tables)
        transaction.numbers = self._numbers
        return transaction

    def lay(self, send: Send) -> None:
        """Put somebody else's send as it stands, in the place of what was known of it; between transactions only."""
        self._committed = replace(self._committed, sends=self._committed.sends | {send.key: send})


class RehearsalStage:
    """A log and a state of their own. Answers `flows.rehearsal.simulation_world.Stage`."""

    def __init__(self, numbers: Mapping[IdentityKey, int], like: RehearsalStage | None) -> None:
        """Nothing is in the log; the state begins as that of `like` stands now."""
        self.log = MemoryLog()
        self.state: RehearsalState = RehearsalState(numbers, Tables() if like is None else like.state.tables)

    def lay(self, send: Send) -> None:
        """See `RehearsalState.lay`."""
        self.state.lay(send)
