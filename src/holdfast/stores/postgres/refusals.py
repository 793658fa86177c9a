"""What PostgreSQL, or the way to it, may answer instead of doing what it was asked, in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg

from holdfast.kernel.errors import Busy, Conflict, Exposed, HoldfastError, Internal, Invalid
from holdfast.stores.packing import bad_text

LOST: tuple[type[BaseException], ...] = (
    OSError,  # Among them: TimeoutError, and refused or reset connections.
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Errors after which a connection may be of no more use."""

BROKEN: tuple[type[BaseException], ...] = (asyncpg.PostgresError, *LOST)
"""Whatever may go wrong between the database and us."""


class UnstorableError(Internal, ValueError):
    """A value that the database cannot hold. It is the fault of the record it came in, which is set aside for that."""


def takes_no_changes() -> Busy:
    """What a standby means to somebody who wants to change something."""
    return Busy(
        "the PostgreSQL server takes no changes: it is a standby.",
        code="state_read_only",
        hint="Name the primary in the address, or wait until this server is promoted.",
    )


@contextmanager
def in_our_words(connection: asyncpg.Connection[asyncpg.Record] | None = None) -> Iterator[None]:
    """Raises what the database says as an error of ours; one that is a fault of our own goes on as it is."""
    try:
        yield
    except BROKEN as error:
        misused = isinstance(error, asyncpg.InterfaceError) and connection is not None and not connection.is_closed()
        said = None if misused else _said(error)
        if said is None:
            raise
        raise said from error


def _said(error: BaseException) -> HoldfastError | None:
    if isinstance(error, asyncpg.DataError) and isinstance(error.__cause__, UnicodeEncodeError):
        return bad_text(error.__cause__)
    if isinstance(error, (asyncpg.DataError, asyncpg.ProgramLimitExceededError)):
        return UnstorableError(str(error))
    for errors, say in _SAYINGS:
        if isinstance(error, errors):
            return say(str(error) or type(error).__name__)
    return None


_SAYINGS: tuple[tuple[tuple[type[BaseException], ...], Callable[[str], Exposed]], ...] = (
    (
        (asyncpg.ClientConfigurationError,),
        lambda said: Invalid(
            f"the address of PostgreSQL cannot be understood: {said}",
            code="state_address",
            hint="Write it as postgresql://user:password@host:5432/database.",
        ),
    ),
    (
        (asyncpg.LockNotAvailableError,),
        lambda said: Busy(
            "another process has been changing the state for too long.",
            code="state_busy",
            hint="Try again; if it stays so, see what that process is doing, and stop it if it hangs.",
        ),
    ),
    (
        (asyncpg.QueryCanceledError,),
        lambda said: Busy(
            "PostgreSQL took too long for one question.",
            code="state_slow",
            hint="Try again; if it stays so, look for what else is loading the database.",
        ),
    ),
    (
        (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError),
        lambda said: Invalid(
            f"PostgreSQL does not let us in: {said}",
            code="state_refused",
            hint="Check the user, the password and the name of the database.",
        ),
    ),
    (
        (asyncpg.InsufficientPrivilegeError,),
        lambda said: Conflict(
            f"PostgreSQL does not allow it: {said}",
            code="state_privilege",
            hint="Let this user create schemas in the database, or make it the owner of the workspace's schema.",
        ),
    ),
    (
        (asyncpg.ReadOnlySQLTransactionError,),
        lambda _: takes_no_changes(),
    ),
    (
        (asyncpg.InsufficientResourcesError,),
        lambda said: Busy(
            f"PostgreSQL has run out of something: {said}",
            code="state_full",
            hint="Give it room: disk, memory, or max_connections, whichever it names.",
        ),
    ),
    (
        (asyncpg.TransactionRollbackError,),
        lambda said: Busy(f"PostgreSQL undid it: {said}", code="state_busy", hint="Try again."),
    ),
    (
        LOST,
        lambda said: Busy(
            f"the connection to PostgreSQL was lost, or could not be made: {said}",
            code="state_unreachable",
            hint="It is made again by itself once the server answers; see that it runs and can be reached.",
        ),
    ),
)
"""What errors mean; the first that fits is said."""
