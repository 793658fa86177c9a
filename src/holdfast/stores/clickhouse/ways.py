"""The ways to the engine: what a handle needs of one, whether it is in this process or at the end of a wire.

Both ways are asked the same statements. Where the two must differ, they say so here: how rows are given along with a
question, which databases are ours, and whether anybody else changes what is there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, LiteralString, Protocol

import pyarrow as pa

from holdfast.kernel.errors import Internal
from holdfast.kernel.sql import Sql

if TYPE_CHECKING:
    from holdfast.stores.clickhouse.handle import Handle

QUERY_BYTES_MOST = 16_000_000
QUERY_PIECES_MOST = 2_000_000
"""Text of one question, without its values, and names and signs in it: the largest segment there may be has room."""
PARSING: Mapping[str, int] = {
    "max_query_size": QUERY_BYTES_MOST,
    "max_ast_elements": QUERY_PIECES_MOST,
    "max_expanded_ast_elements": QUERY_PIECES_MOST,
}
"""Settings that every statement is read with."""
INSERTING: Mapping[str, int] = {"max_partitions_per_insert_block": 0}
"""Settings that rows are inserted with. Months are partitions, and what is brought of the past may be of any number."""


class Refusal(Internal):
    """The engine refused: with which code, and in which words."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"the event store refused: {said}")
        self.code = code
        self.said = said


class Connection(Protocol):
    """One thread's connection. Values are spelt already. Everything raises Refusal when the engine refuses."""

    rows_given: Sql
    """What rows that are given along with a statement are called in it."""
    values_most: int
    """Characters of all values of a statement; those beyond are to be written into its text."""

    def text(self, statement: str, form: LiteralString, values: Mapping[str, str]) -> bytes:
        """The answer, in one of ClickHouse's formats."""
        ...

    def table(self, statement: str, values: Mapping[str, str], rows: pa.Table | None = None) -> pa.Table:
        """The answer as Arrow; the statement may read the rows."""
        ...

    def run(self, statement: str, values: Mapping[str, str]) -> None:
        """Run a statement that answers nothing."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: pa.Table, token: str) -> None:
        """Insert rows in one block; a token that came before changes nothing, and none is no token."""
        ...

    def insert_bulk(self, table: str, columns: Sequence[str], rows: pa.Table) -> None:
        """Insert many rows, in as many blocks as it takes."""
        ...

    def use(self, database: str | None) -> None:
        """Look there for names without a database; None is where our tables are."""
        ...

    def session(self) -> AbstractContextManager[None]:
        """Temporary tables that are made within the block are there until it ends."""
        ...

    def close(self) -> None: ...


class Way(Protocol):
    """A way to one database of ours."""

    database: str
    """Where our tables are."""
    empty_database: str
    """Where nothing is: the SQL of analysts is run there."""
    alone: bool
    """Whether nobody else changes the database as long as this process has it open."""
    processes: Sql
    """The table of statements under way, wherever they may run."""
    kill: Sql
    """What a statement that ends others begins with."""
    map_in_memory: Sql
    """The table by which the map of identities in memory is written, on every node there is."""

    def connect(self, *, analyst: bool = False) -> Connection:
        """A connection for one thread.

        Args:
            analyst: for statements that others wrote.

        Raises:
            Conflict: the database is somebody else's for now.
            Busy: it cannot be reached.
        """
        ...

    def prepare(self, handle: Handle) -> None:
        """Make what is not there yet, for whoever opens a history. Raises Conflict when it is another's to make."""
        ...

    def close(self) -> None:
        """Let go of what all connections share, once they are closed."""
        ...


def code_in(said: str) -> int:
    """The code of an error by its words; 0 when there is none."""
    found = re.search(r"Code: (\d+)", said)
    return int(found.group(1)) if found else 0
