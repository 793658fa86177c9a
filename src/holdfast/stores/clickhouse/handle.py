"""One thread's way of asking: statements with their limits, and what the engine says, in our own words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, LiteralString, TypeVar

import pyarrow as pa

from holdfast.kernel.errors import Busy, Conflict, TooLarge
from holdfast.kernel.sql import Sql, sql
from holdfast.ports.asking import Asking
from holdfast.stores.clickhouse.spelling import plain, rendered
from holdfast.stores.clickhouse.ways import Connection, Refusal, Way

T = TypeVar("T")

_TIMED_OUT, _TOO_MUCH_MEMORY, _TOO_SLOW, _TOO_MUCH_ANSWER = 159, 241, 160, 396
_CANCELLED = (394, 735)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_ANALYST = (
    ", readonly = 1, allow_ddl = 0, allow_introspection_functions = 0, function_range_max_elements_in_block = 10000000"
)
"""What an analyst's question is run with beside the limits."""
ONE_BLOCK = (
    ", max_insert_threads = 1, min_insert_block_size_rows = 1000000000, "
    "min_insert_block_size_bytes = 0, max_insert_block_size = 1000000000"
)
"""Settings with which an INSERT … SELECT writes all of its rows at once."""
_WORK_SECONDS = 86_400.0
"""The longest that work of our own may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one question may use."""

    seconds: float = 30.0
    memory_bytes: int = 4 * 1024**3
    threads: int = 4
    """Cores one question may take."""

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.memory_bytes <= 0 or self.threads <= 0:
            raise ValueError("a limit is more than nothing; use the defaults if in doubt")


@dataclass(slots=True, kw_only=True, eq=False)
class Ticket:
    """One piece of work for a handle. Its tag is the `log_comment` by which the engine knows its statements."""

    tag: str
    asking: Asking
    since: float = field(default_factory=time.monotonic)
    called_off: bool = False
    """Whoever waited for this piece waits no more, whatever becomes of the rest of what is asked."""
    done: bool = False
    statement_since: float | None = None
    """When the statement it is at was sent."""

    def overran(self, seconds: float) -> bool:
        """Whether the statement it is at goes on for longer than that."""
        since = self.statement_since
        return since is not None and time.monotonic() - since > seconds

    def check(self) -> None:
        """Raise Conflict when it was called off."""
        if self.called_off or self.asking.cancelled:
            raise cancelled()


def cancelled() -> Conflict:
    """What the asker of a question that was called off is told."""
    return Conflict("This question was cancelled.", code="cancelled", hint="Ask it again if it is still wanted.")


def too_slow(limits: Limits) -> Busy:
    """What the asker of a question that takes too long is told."""
    return Busy(
        f"This question took longer than {limits.seconds:g} s.",
        code="too_slow",
        hint="Ask about a shorter time or fewer conditions, or raise the limit on a question's time.",
    )


class Handle:
    """One thread's way to the engine. Not to be shared between threads."""

    def __init__(self, connection: Connection, way: Way, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._ticket: Ticket | None = None
        self.way = way
        self.rows_given = connection.rows_given
        """What the rows of `table_over` are called in its question."""

    @contextmanager
    def working_on(self, ticket: Ticket) -> Iterator[None]:
        """What is asked within the block is known by the ticket. Raises Conflict when it was called off."""
        ticket.check()
        self._ticket = ticket
        try:
            yield
        finally:
            self._ticket = None
            ticket.done = True

    def rows(self, question: Sql) -> list[list[Any]]:
        """The answer, a list per row; 64-bit integers whole, moments as they are formatted."""
        text, values = self._limited(question)
        told = self._answered(lambda: self._connection.text(text, "JSONCompactEachRow", values))
        return [json.loads(line) for line in told.decode("utf-8", "surrogatepass").split("\n") if line]

    def number(self, question: Sql) -> int:
        """The answer, when it is one number."""
        return int(self.rows(question)[0][0])

    def table(self, question: Sql) -> pa.Table:
        """The answer as Arrow."""
        return self._table(question)

    def whole_table(self, question: Sql) -> pa.Table:
        """The same for an answer that all of a table is read for.

        It is sorted when all is read: kept in order all the way, it takes a third more, which pays for a page alone.
        """
        return self._table(question, ", optimize_read_in_order = 0")

    def analyst_table(self, question: Sql, given: Mapping[str, str], *, bytes_most: int) -> pa.Table:
        """The answer to an analyst's question as Arrow. Raises TooLarge beyond so many bytes."""
        return self._table(question, f"{_ANALYST}, max_result_bytes = {bytes_most:d}", given)

    def analyst_lines(self, question: Sql, given: Mapping[str, str]) -> list[str]:
        """The answer as lines of text, run with nothing but the values."""
        text, values = self._rendered(question, given)
        told = self._guarded(lambda: self._connection.text(text, "TSVRaw", values))
        return told.decode("utf-8", "replace").rstrip("\n").split("\n")

    def absorb(self, statement: Sql, *, threads: int | None = None) -> None:
        """Run an INSERT … SELECT of ours whose rows are written in one block: all of them, or none.

        Args:
            threads: how many cores it may take, when they are to be fewer than a question's.
        """
        limits = replace(self._limits, seconds=_WORK_SECONDS, threads=threads or self._limits.threads)
        text, values = self._limited(statement, ONE_BLOCK, limits=limits)
        self._guarded(lambda: self._connection.run(text, values))

    def fill_from(self, table: LiteralString, question: Sql) -> None:
        """Put the answer into a table of ours, within the limits."""
        text, values = self._limited(sql("INSERT INTO ") + sql(table) + sql(" ") + question)
        self._guarded(lambda: self._connection.run(text, values))

    @contextmanager
    def within(self, database: str) -> Iterator[None]:
        """Names without a database are looked for in that one within the block."""
        self._guarded(lambda: self._connection.use(database))
        try:
            yield
        finally:
            self._guarded(lambda: self._connection.use(None))

    @contextmanager
    def session(self) -> Iterator[None]:
        """Temporary tables that are made within the block are there until it ends."""
        with self._connection.session():
            yield

    def command(self, text: str) -> None:
        """Run a statement of our own, without values."""
        self._guarded(lambda: self._connection.run(text, {}))

    def run(self, statement: Sql) -> None:
        """Run a statement that answers nothing; no limits apply."""
        text, values = self._rendered(statement)
        self._guarded(lambda: self._connection.run(text, values))

    def insert(self, table: str, columns: Sequence[str], rows: pa.Table, *, token: str = "") -> None:
        """Insert the rows, all or none per partition. A token that came before changes nothing."""
        self._guarded(lambda: self._connection.insert(table, columns, rows, token))

    def insert_bulk(self, table: str, columns: Sequence[str], rows: pa.Table) -> None:
        """Insert many rows. Not safe to repeat: the caller leaves out what is there."""
        self._guarded(lambda: self._connection.insert_bulk(table, columns, rows))

    def table_over(self, rows: pa.Table, question: Sql) -> pa.Table:
        """The answer to a question of our own that may read the rows, which it calls `rows_given`. In Arrow."""
        text, values = self._rendered(question)
        return self._guarded(lambda: self._connection.table(text, values, rows))

    def close(self) -> None:
        self._connection.close()

    def _table(self, question: Sql, more: str = "", given: Mapping[str, str] = _NOTHING) -> pa.Table:
        text, values = self._limited(question, more, given)
        return self._answered(lambda: self._connection.table(text, values))

    def _limited(
        self, question: Sql, more: str = "", given: Mapping[str, str] = _NOTHING, limits: Limits | None = None
    ) -> tuple[str, dict[str, str]]:
        """The text with the limits at its end, and the values."""
        text, values = self._rendered(question, given)
        limits = limits or self._limits
        tag = ""
        if self._ticket is not None:
            self._ticket.check()
            tag = f", log_comment = '{plain(self._ticket.tag)}'"
        settings = (
            f" SETTINGS max_execution_time = {limits.seconds:f}, max_memory_usage = {limits.memory_bytes:d}, "
            f"max_threads = {limits.threads:d}, max_bytes_before_external_group_by = {limits.memory_bytes // 2:d}, "
            f"max_bytes_before_external_sort = {limits.memory_bytes // 2:d}{tag}{more}"
        )
        return text + settings, values

    def _rendered(self, question: Sql, given: Mapping[str, str] = _NOTHING) -> tuple[str, dict[str, str]]:
        """The text, and all values spelt."""
        text, values = rendered(question, values_most=self._connection.values_most)
        return text, values | dict(given)

    def _answered(self, work: Callable[[], T]) -> T:
        told = self._guarded(work)
        if self._ticket is not None:
            self._ticket.check()  # A statement that was ended may give less than its answer, and say nothing of it.
        return told

    def _guarded(self, work: Callable[[], T]) -> T:
        ticket = self._ticket
        if ticket is not None:
            ticket.statement_since = time.monotonic()
        try:
            return work()
        except Refusal as refusal:
            told = self._complaint(refusal)
            if told is refusal:
                raise
            raise told from refusal
        finally:
            if ticket is not None:
                ticket.statement_since = None

    def _complaint(self, refusal: Refusal) -> Exception:
        match refusal.code:
            case code if code in (_TIMED_OUT, _TOO_SLOW):
                return too_slow(self._limits)
            case code if code == _TOO_MUCH_MEMORY:
                return TooLarge(
                    f"This question needs more than {self._limits.memory_bytes // 1024**2} MiB of memory.",
                    code="too_much_memory",
                    hint="Ask about a shorter time or fewer people, or raise the limit on a question's memory.",
                )
            case code if code == _TOO_MUCH_ANSWER:
                return TooLarge(
                    "The answer is too large.",
                    code="too_much_answer",
                    hint="Ask for fewer columns or rows, or for totals in their place.",
                )
            case code if code in _CANCELLED:
                return cancelled()
        return refusal
