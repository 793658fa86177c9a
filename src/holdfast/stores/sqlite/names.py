"""Names remembered: whose an event is, mostly known without asking the file.

Each event names somebody, and those who do something mostly did something a while ago. One connection writes, so what
it has read or written of a name stays true until it writes otherwise. Should anybody else have written after all, as
with a database shell, everything is asked for anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from sqlite3 import Connection

from holdfast.events.event import IdentityKey
from holdfast.ports.state import Identity
from holdfast.stores.sqlite.erasure import ChangingErasure
from holdfast.stores.sqlite.people import ChangingPeople

NAMES_MOST = 50_000
"""Names in each of two generations, about 350 bytes each: when one is full, the older goes."""


class Names:
    """Identities by their names, those asked for of late."""

    def __init__(self, most: int = NAMES_MOST) -> None:
        """None yet.

        Args:
            most: how many each of two generations has; 0 for remembering none.
        """
        self._most = most
        self._young: dict[IdentityKey, Identity] = {}
        self._old: dict[IdentityKey, Identity] = {}
        self._version: int | None = None

    def begin(self, version: int) -> None:
        """A transaction begins; another version than before, of what others wrote, makes everything unknown."""
        if version != self._version:
            self.clear()
            self._version = version

    def find(self, keys: Sequence[IdentityKey]) -> tuple[dict[IdentityKey, Identity], list[IdentityKey]]:
        """Those that are remembered, and the names that are not."""
        found: dict[IdentityKey, Identity] = {}
        missing: list[IdentityKey] = []
        for key in keys:
            identity = self._young.get(key)
            if identity is None:
                identity = self._old.get(key)
                if identity is None:
                    missing.append(key)
                    continue
                self._keep(key, identity)
            found[key] = identity
        return found, missing

    def keep(self, found: Mapping[IdentityKey, Identity]) -> None:
        """Remember these."""
        for key, identity in found.items():
            self._keep(key, identity)

    def forget(self, keys: Iterable[IdentityKey]) -> None:
        """Whose these are is to be asked anew."""
        for key in keys:
            self._young.pop(key, None)
            self._old.pop(key, None)

    def clear(self) -> None:
        """Remember nothing."""
        self._young, self._old = {}, {}

    def _keep(self, key: IdentityKey, identity: Identity) -> None:
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}
        if self._most:
            self._young[key] = identity


class RememberingNames(ChangingPeople, ChangingErasure):
    """A transaction that asks the file only for names that are not remembered."""

    def __init__(self, connection: Connection, executor: Executor, names: Names) -> None:
        super().__init__(connection, executor)
        self._names = names

    async def identities(self, keys: Sequence[IdentityKey]) -> dict[IdentityKey, Identity]:
        self._check()
        found, missing = self._names.find(keys)
        if missing:
            asked = await super().identities(missing)
            self._names.keep(asked)
            found |= asked
        return found

    async def add_identities(self, keys: Sequence[IdentityKey], at_ms: int) -> dict[IdentityKey, Identity]:
        added = await super().add_identities(keys, at_ms)
        self._names.keep(added)
        return added

    async def assign(self, moves: Mapping[int, int]) -> None:
        await super().assign(moves)
        moved = await self.identities_by_id(list(moves))
        self._names.forget(each.key for each in moved.values())

    async def forget_identities(self, identities: Sequence[int]) -> dict[str, int]:
        self._names.clear()  # No name is kept of them anywhere, and not here either.
        return await super().forget_identities(identities)
