"""Where people are held, and waiting for what keeps those stores up with each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from holdfast.flows.people.erasure_record import Record, encoded
from holdfast.ports.clock import Clock
from holdfast.ports.erasure import Erasure
from holdfast.ports.history import History
from holdfast.ports.log import Log
from holdfast.ports.mailbox import Mailbox
from holdfast.ports.state import State

EVERYTHING = 2**31 - 1
"""As a limit: no limit. What one person has is read whole."""
WAIT_SECONDS = 0.1
PATIENCE_SECONDS = 120.0
"""How long one run waits for what others do, before it leaves the rest to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where people are held, and what keeps the stores up with each other."""

    state: State
    log: Log
    history: History
    mailbox: Callable[[], AbstractAsyncContextManager[Mailbox | None]]
    """The mailbox there is, whether mail is kept in it now or was once."""
    clock: Clock
    secret: bytes
    catch_up: Callable[[], Awaitable[None]]
    """Take in and archive what is in the log."""
    forget_watched: Callable[[frozenset[int]], None]
    """Forget the events of these identities that are shown as they happen."""
    log_keep_days: int = 0
    """How long the log is kept; 0 is for ever."""


async def until_true(ask: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS) -> bool:
    """Ask until it is true, or the time is up; the last answer."""
    until = asyncio.get_running_loop().time() + seconds
    while not await ask():
        if asyncio.get_running_loop().time() > until:
            return False
        await asyncio.sleep(WAIT_SECONDS)
    return True


def kept_erasure(record: Record, plan: bytes) -> Erasure:
    """The erasure as the state keeps it: its record, and the plan of what is left."""
    return Erasure(
        id=record.id,
        requested_ms=record.requested_ms,
        until=record.until,
        done_ms=record.done_ms,
        plan=plan,
        record=encoded(record),
    )
