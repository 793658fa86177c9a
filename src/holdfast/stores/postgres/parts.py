"""Moving people of one part, beside others who move those of other parts.

All of them share the state's lock, which everybody else takes for themselves: so an event is taken in, people are
joined or a send is claimed while nobody moves anybody. Among each other they hold locks of three kinds, and PostgreSQL
lets go of all of them with the transaction:

- *Parts*: whoever changes a person holds the person's part. It is tried for, never waited for.
- *Budgets*: whoever goes by what is spent holds them from before it is read, whoever spends from then on.
- *The end*: rows that number things in one row for all (visits, changes of people, turns) are written under a lock that
  is taken last. It is held until the commit, so whoever reads a number finds all below it, and turns stand in an order
  in which the transactions may be done again.

Nobody waits for a part, budgets come before the end, and nobody waits for anything after it: there can be no deadlock.
Counters of steps and sends have rows of their own for each part, so nobody waits for another's row either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.decisions.visit import Visit
from holdfast.kernel.errors import Internal
from holdfast.kernel.ids import hash64
from holdfast.ports.turns import Turn
from holdfast.stores.packing import signed
from holdfast.stores.postgres.journeys import ChangingJourneys
from holdfast.stores.postgres.outbox import ChangingOutbox
from holdfast.stores.postgres.people import ChangingPeople
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Connection
from holdfast.stores.postgres.turns import ChangingTurns

_SQL = load("parts")


class MovingPart(ChangingPeople, ChangingJourneys, ChangingOutbox, ChangingTurns):
    """Changes of people of a part, each under the lock it needs."""

    def __init__(self, connection: Connection, workspace: str) -> None:
        """In a transaction that shares the state's lock. No part is held yet."""
        super().__init__(connection)
        self._workspace = workspace
        self._parts: set[int] = set()
        self._budgets = self._ending = False

    async def take_part(self, part: int) -> bool:
        if part in self._parts:
            return True
        if self._ending or not await self._number(_SQL["try_lock"], self._lock("part", part)):
            return False
        if not self._parts:
            # Nobody else has this part until the commit, hence none of its rows of counters: 0 is everybody else's.
            await self._do(_SQL["count_apart"], str(part + 1))
        self._parts.add(part)
        return True

    async def take_budgets(self) -> bool:
        if not self._budgets:
            self._budgets = bool(await self._number(_SQL["try_lock"], self._lock("budgets")))
        return self._budgets

    async def spend(self, amounts: Mapping[tuple[str, str], int]) -> None:
        if not self._budgets:
            if self._ending:
                raise Internal("what is spent is written before what is for the end")
            await self._do(_SQL["wait_lock"], self._lock("budgets"))
            self._budgets = True
        await super().spend(amounts)

    async def touch_people(self, persons: Sequence[int]) -> int:
        await self._end_alone()
        return await super().touch_people(persons)

    async def add_visits(self, visits: Sequence[Visit]) -> list[Visit]:
        await self._end_alone()
        return await super().add_visits(visits)

    async def add_turn(self, turn: Turn) -> None:
        await self._end_alone()
        await super().add_turn(turn)

    async def _end_alone(self) -> None:
        """From here on nobody else gives numbers."""
        if not self._ending:
            await self._do(_SQL["wait_lock"], self._lock("end"))
            self._ending = True

    def _lock(self, what: str, part: int = 0) -> int:
        return signed(hash64("moving", what, str(part), self._workspace))
