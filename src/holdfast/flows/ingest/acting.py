"""Acting: of several processes that could react, one does, and what one writes after it was relieved is refused.

The seat says who begins; it cannot stop somebody who was paused and does not know that the seat is lost. So whoever
takes it writes a name into the state, and every transaction of theirs begins by looking whether it still stands there:
in the same transaction, under the same lock, so that nothing can come between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from holdfast.kernel.errors import Busy
from holdfast.ports.state import PartTransaction, State, Transaction, View

ACTING = "acting"
"""The note with the name of whoever acts."""
HELPED = "acting/helped"
"""The note with the name of whoever acts and knows of others who move people meanwhile: see `helping`."""


class Relieved(Busy):
    """Another process acts by now; nothing was changed."""

    default_code = "relieved"


async def begin_acting(state: State, name: str) -> State:
    """Act from now on; returns the state to do so on. Whoever acted before can change nothing from then on.

    Args:
        name: given to nobody else, ever.
    """
    async with state.begin() as transaction:
        await transaction.set_note(ACTING, name)
        await transaction.set_note(HELPED, name)
    return _Fenced(state, name)


class _Fenced:
    """The state, which is changed only as long as it is we who act."""

    def __init__(self, state: State, name: str) -> None:
        self._state = state
        self._name = name

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self._state.begin() as transaction:
            if await transaction.note(ACTING) != self._name:
                raise Relieved("another process has taken over.", hint="It goes on where this one was.")
            yield transaction

    def begin_part(self, part: int) -> AbstractAsyncContextManager[PartTransaction | None]:
        # Whoever is of use may do that, acting or not.
        return self._state.begin_part(part)

    def view(self) -> AbstractAsyncContextManager[View]:
        return self._state.view()

    async def purge(self) -> bool:
        return await self._state.purge()

    async def close(self) -> None:
        await self._state.close()
