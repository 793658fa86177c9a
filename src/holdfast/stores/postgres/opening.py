"""Reaching the database: its address, how long things may take, and the settings of a connection."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg

from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import hash64
from holdfast.stores.packing import signed
from holdfast.stores.postgres.refusals import BROKEN, in_our_words
from holdfast.stores.postgres.session import Connection

STATEMENTS_MOST = 512
"""Statements that stay prepared on a connection: more than there are."""
ANSWER_SECONDS = 15.0
"""How much longer than the server's own limit we wait for it to say that the limit is reached."""
UNDO_SECONDS = 5.0

_WORKSPACE = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things may take before somebody gives up."""

    connect_seconds: float = 10.0
    statement_seconds: float = 60.0
    """One question or change."""
    idle_seconds: float = 60.0
    """A transaction in which nothing happens: its process hangs, and everybody waits for it."""
    view_idle_seconds: float = 600.0
    """A snapshot of which nothing is asked. It holds nobody up, but keeps old rows from being cleared away."""
    turn_seconds: float = 30.0
    """Waiting for the other processes before a transaction."""
    views_most: int = 16
    """Snapshots open at once, each with a connection of its own; whoever comes after them waits for one to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the state is.

    Args:
        url: such as `postgresql://user:password@host:5432/database`.
        workspace: the schema of the database that holds the state; one database may hold several.
    """

    url: str = field(repr=False)  # It may hold a password.
    workspace: str
    limits: Limits

    def __post_init__(self) -> None:
        if not _WORKSPACE.fullmatch(self.workspace):
            raise Invalid(
                f"{self.workspace!r} cannot be the name of a schema.",
                code="state_workspace",
                hint="Use small letters, digits and underscores, and begin with a letter.",
            )

    @property
    def turn(self) -> int:
        """The number of the lock that whoever changes the state holds."""
        return signed(hash64("state", self.workspace))

    async def connect(self, *, idle_seconds: float, silent_seconds: float = 0) -> Connection:
        """A new connection. Raises Busy when the server cannot be reached, Invalid when it does not let us in.

        Args:
            idle_seconds: how long nothing may happen in a transaction before the server ends the connection.
            silent_seconds: how long nothing may be asked outside one; 0 for as long as one likes.
        """
        limits = self.limits
        with in_our_words():
            return await asyncpg.connect(
                self.url,
                timeout=limits.connect_seconds,
                command_timeout=limits.statement_seconds + ANSWER_SECONDS,
                statement_cache_size=STATEMENTS_MOST,
                max_cached_statement_lifetime=0,
                server_settings={
                    "application_name": f"holdfast {socket.gethostname()[:32]} {os.getpid()}",
                    "search_path": f'"{self.workspace}"',
                    "statement_timeout": _millis(limits.statement_seconds),
                    "idle_in_transaction_session_timeout": _millis(idle_seconds),
                    "idle_session_timeout": _millis(silent_seconds),
                    "lock_timeout": _millis(limits.turn_seconds),
                    # A host that is gone must not hold the lock until TCP gives up, which takes hours.
                    "tcp_keepalives_idle": "10",
                    "tcp_keepalives_interval": "5",
                    "tcp_keepalives_count": "4",
                    "tcp_user_timeout": "30000",
                    # A process that died in the middle of a long question: do not finish it for nobody.
                    "client_connection_check_interval": "1000",
                    # Every query is short and written for its index. A plan is made once, perhaps when a table is
                    # empty and reading it whole looks cheap, and is kept while the table grows.
                    "enable_seqscan": "off",
                    "enable_hashjoin": "off",
                    "enable_mergejoin": "off",
                    "jit": "off",
                },
            )


async def undo(connection: Connection) -> None:
    """End the transaction and forget what it did; a connection on which that fails is closed, which does the same."""
    try:
        await connection.execute("ROLLBACK", timeout=UNDO_SECONDS)
    except BROKEN:
        connection.terminate()
    except BaseException:
        connection.terminate()
        raise


async def hang_up(connection: Connection) -> None:
    """Close a connection in good order, or else close it."""
    with suppress(*BROKEN):
        await connection.close(timeout=UNDO_SECONDS)


def _millis(seconds: float) -> str:
    return str(round(seconds * 1_000))
