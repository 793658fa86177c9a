"""The engine: ClickHouse in this process (chDB), reached by a few threads with a handle each.

One handle used by several threads would answer one question at a time; one per thread answers them side by side.
Importing chDB may take half a minute when its library is not in the page cache, so that is left until a history is
opened.
"""

from __future__ import annotations

import asyncio
import atexit
import fcntl
import json
import logging
import math
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, LiteralString, TypeVar, cast

import pyarrow as pa

from holdfast.kernel.errors import Busy, Conflict, Internal, TooLarge
from holdfast.kernel.sql import Sql, Value, bind, fill, sql
from holdfast.ports.analyst import SqlValue
from holdfast.ports.asking import Asking, UnderWay, asking_now
from holdfast.stores.clickhouse.apart import Apart

T = TypeVar("T")

_log = logging.getLogger(__name__)

_CONFIG = """<clickhouse>
    <!-- Half of the memory is left to the rest of the machine; caches are a fraction of what a server would take. -->
    <max_server_memory_usage_to_ram_ratio>0.6</max_server_memory_usage_to_ram_ratio>
    <mark_cache_size>268435456</mark_cache_size>
    <index_mark_cache_size>134217728</index_mark_cache_size>
    <background_pool_size>4</background_pool_size>
    <merge_tree>{durability}
    </merge_tree>
</clickhouse>
"""
_DURABLE = """
        <!-- What `add` returned from survives a power cut, and so does what a merge makes of it. -->
        <fsync_after_insert>1</fsync_after_insert>
        <fsync_part_directory>1</fsync_part_directory>
        <min_rows_to_fsync_after_merge>1</min_rows_to_fsync_after_merge>
        <old_parts_lifetime>480</old_parts_lifetime>"""

QUERY_BYTES_MOST = 16_000_000
QUERY_PIECES_MOST = 2_000_000
"""Text of one question, without its values, and names and signs in it: the largest segment there may be has room."""
_TIMED_OUT, _TOO_MUCH_MEMORY, _TOO_SLOW, _TOO_MUCH_ANSWER = 159, 241, 160, 396
_CANCELLED = (394, 735)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_ANALYST = (
    ", readonly = 1, allow_ddl = 0, allow_introspection_functions = 0, function_range_max_elements_in_block = 10000000"
)
"""What an analyst's question is run with beside the limits."""
_ONE_BLOCK = (
    ", max_insert_threads = 1, min_insert_block_size_rows = 1000000000, "
    "min_insert_block_size_bytes = 0, max_insert_block_size = 1000000000"
)
_WORK_SECONDS = 86_400.0
"""The longest that work of our own may take."""
_OVERRUN_SECONDS = 5.0
"""How much longer than its limit a statement may take before it is given up: the limit is kept between blocks only."""
_HELD_UP_EXIT = 70
"""The exit code of a process in which a statement did not end; EX_SOFTWARE of sysexits.h."""
_LOOK_SECONDS = 0.5
"""How often it is looked whether a statement goes on for too long."""
_CLOSE_SECONDS = 5.0
"""How long what others asked may take to end when the engine is closed."""
_KILL_EVERY_SECONDS = 0.05
"""A statement is seen a little after it is sent; until the question has ended, it is killed again and again."""


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


class Refusal(Internal):
    """The engine refused: with which code, and in which words."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"the event store refused: {said}")
        self.code = code
        self.said = said


class Handle:
    """One thread's way to the engine. Not to be shared between threads."""

    def __init__(self, connection: Any, limits: Limits) -> None:  # noqa: ANN401  # chDB's connection has no types.
        self._connection = connection
        self._limits = limits
        self._ticket: Ticket | None = None

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
        told: bytes = self._ask(question, "JSONCompactEachRow").bytes()
        return [json.loads(line) for line in told.decode("utf-8", "surrogatepass").split("\n") if line]

    def number(self, question: Sql) -> int:
        """The answer, when it is one number."""
        return int(self.rows(question)[0][0])

    def table(self, question: Sql) -> pa.Table:
        """The answer as Arrow."""
        return cast("pa.Table", self._ask(question, "ArrowTable"))

    def whole_table(self, question: Sql) -> pa.Table:
        """The same for an answer that all of a table is read for.

        It is sorted when all is read: kept in order all the way, it takes a third more, which pays for a page alone.
        """
        return cast("pa.Table", self._ask(question, "ArrowTable", ", optimize_read_in_order = 0"))

    def analyst_table(self, question: Sql, given: Mapping[str, str], *, bytes_most: int) -> pa.Table:
        """The answer to an analyst's question as Arrow. Raises TooLarge beyond so many bytes."""
        more = f"{_ANALYST}, max_result_bytes = {bytes_most:d}"
        return cast("pa.Table", self._ask(question, "ArrowTable", more, given))

    def analyst_lines(self, question: Sql, given: Mapping[str, str]) -> list[str]:
        """The answer as lines of text, run with nothing but the values."""
        text, values = question.render()
        spelt_out = {name: spelt(value) for name, value in values.items()} | dict(given)
        told: bytes = self._guarded(lambda: self._connection.query(text, "TSVRaw", params=spelt_out)).bytes()
        return told.decode("utf-8", "replace").rstrip("\n").split("\n")

    def absorb(self, statement: Sql, *, threads: int | None = None) -> None:
        """Run an INSERT … SELECT of ours whose rows are written in one block: all of them, or none.

        Args:
            threads: how many cores it may take, when they are to be fewer than a question's.
        """
        limits = replace(self._limits, seconds=_WORK_SECONDS, threads=threads or self._limits.threads)
        self._ask(statement, "Null", _ONE_BLOCK, limits=limits)

    def fill_from(self, table: LiteralString, question: Sql) -> None:
        """Put the answer into a table of ours, within the limits."""
        self._ask(sql("INSERT INTO ") + sql(table) + sql(" ") + question, "Null")

    @contextmanager
    def within(self, database: LiteralString) -> Iterator[None]:
        """Names without a database are looked for in that one within the block."""
        self.command(f"USE {database}")
        try:
            yield
        finally:
            self.command("USE default")

    def command(self, text: str) -> None:
        """Run a statement of our own, without values."""
        self._guarded(lambda: self._connection.query(text, "Null"))

    def run(self, statement: Sql) -> None:
        """Run a statement that answers nothing; no limits apply."""
        text, values = statement.render()
        given = {name: spelt(value) for name, value in values.items()}
        self._guarded(lambda: self._connection.query(text, "Null", params=given))

    def insert(self, table: str, columns: Sequence[str], rows: pa.Table, *, token: str = "") -> None:
        """Insert the rows, all or none per partition. A token that came before changes nothing.

        Args:
            token: must be plain text of our own making.
        """
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        settings = f" SETTINGS insert_deduplication_token = '{_plain(token)}'" if token else ""
        statement = f"INSERT INTO {table} ({', '.join(columns)}){settings}"

        def send() -> None:
            with self._connection.send_insert(statement, "ArrowStream") as inserter:
                inserter.append(sink.getvalue().to_pybytes())
                inserter.finish()

        self._guarded(send)

    def insert_bulk(self, table: str, columns: Sequence[str], rows: pa.Table) -> None:
        """Insert many rows, read from Arrow's memory as they lie.

        Not safe to repeat: the caller leaves out what is there.
        """
        names = ", ".join(columns)
        self._over(rows, f"INSERT INTO {table} ({names}) SELECT {names} FROM Python(rows)", "Null", {})

    def table_over(self, rows: pa.Table, question: Sql) -> pa.Table:
        """The answer to a question of our own that may read the rows, as `Python(rows)`. In Arrow."""
        text, values = question.render()
        return cast("pa.Table", self._over(rows, text, "ArrowTable", values))

    def close(self) -> None:
        self._connection.close()

    def _over(self, rows: pa.Table, text: str, form: str, values: Mapping[str, Value]) -> object:
        given = {name: spelt(value) for name, value in values.items()}

        def ask(rows: pa.Table) -> object:  # noqa: ARG001  # chDB finds it by its name.
            return self._connection.query(text, form, params=given)

        return self._guarded(lambda: ask(rows))

    def _ask(
        self,
        question: Sql,
        form: str,
        more: str = "",
        own: Mapping[str, str] = _NOTHING,
        limits: Limits | None = None,
    ) -> Any:  # noqa: ANN401  # chDB's results have no types.
        text, values = question.render()
        limits = limits or self._limits
        tag = ""
        if self._ticket is not None:
            self._ticket.check()
            tag = f", log_comment = '{_plain(self._ticket.tag)}'"
        settings = (
            f" SETTINGS max_execution_time = {limits.seconds:f}, max_memory_usage = {limits.memory_bytes:d}, "
            f"max_threads = {limits.threads:d}, max_bytes_before_external_group_by = {limits.memory_bytes // 2:d}, "
            f"max_bytes_before_external_sort = {limits.memory_bytes // 2:d}{tag}{more}"
        )
        given = {name: spelt(value) for name, value in values.items()} | dict(own)
        return self._guarded(lambda: self._connection.query(text + settings, form, params=given))

    def _guarded(self, work: Callable[[], T]) -> T:
        ticket = self._ticket
        if ticket is not None:
            ticket.statement_since = time.monotonic()
        try:
            return work()
        except Exception as cause:  # chDB raises RuntimeError and kin; the code in the text tells them apart.
            raise self._complaint(cause) from cause
        finally:
            if ticket is not None:
                ticket.statement_since = None

    def _complaint(self, cause: Exception) -> Exception:
        found = re.search(r"Code: (\d+)", str(cause))
        refused = int(found.group(1)) if found else 0
        match refused:
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
        return Refusal(refused, str(cause))


class Engine:
    """The one engine of this process. Handles are made as threads need them.

    With `durable`, what an insert returned from survives a power cut; without, only the end of the process.
    """

    def __init__(self, directory: Path, *, limits: Limits, threads: int = 4, durable: bool = True) -> None:
        self._directory = directory
        self._durable = durable
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="history")
        # Asking how far questions are, and ending them, must not wait for the questions.
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history-beside")
        self.adding = threading.Lock()
        """Held while events are inserted: the numbers of their blocks come to light in order."""
        self._own = threading.local()
        self._apart = Apart()
        self._spare: list[Handle] = []
        self._handles: list[Handle] = []
        self._tickets: dict[str, Ticket] = {}
        self._numbers = count(1)
        self._lock = threading.Lock()
        # A process that ends without closing has joined the threads by then. The engine's own end must come before that
        # of the library it is part of, or the process dies of it.
        atexit.register(self._let_go)

    async def run(self, work: Callable[[Handle], T]) -> T:
        """Do the work on one of the threads, with its handle; what it asks is asked as `asking_now()` says.

        When the waiting is given up, so is what is asked.
        """
        ticket = self._new_ticket()
        future = self._pool.submit(self._do, ticket, work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            ticket.called_off = True
            if future.cancel():
                self._tickets.pop(ticket.tag, None)
            else:
                self._beside.submit(self._kill, [ticket])
            raise

    async def run_apart(self, work: Callable[[Handle], T]) -> T:
        """The same for what others wrote, on threads on which nothing else waits.

        Raises Busy `too_slow` when the engine does not come back from a statement in time, though it may go on.
        """
        ticket = self._new_ticket()
        try:
            piece = self._apart.begin(lambda: self._do_apart(ticket, work))
        except Busy:
            self._tickets.pop(ticket.tag, None)
            raise
        waiting = asyncio.wrap_future(piece.future)
        try:
            while not (await asyncio.wait({waiting}, timeout=_LOOK_SECONDS))[0]:
                if ticket.overran(self._limits.seconds + _OVERRUN_SECONDS):
                    self._tickets.pop(ticket.tag, None)
                    self._apart.give_up(piece)
                    waiting.cancel()
                    _log.error("A question does not end, and keeps a core busy: %s", ticket.asking.words or "SQL")
                    raise too_slow(self._limits)
            return waiting.result()
        except asyncio.CancelledError:
            ticket.called_off = True
            waiting.cancel()
            if piece.future.cancelled():
                self._tickets.pop(ticket.tag, None)
            else:
                self._beside.submit(self._kill, [ticket])
            raise

    def run_here(self, work: Callable[[Handle], T]) -> T:
        """Do the work on one of the threads and wait for it."""
        return self._pool.submit(self._do, self._new_ticket(), work).result()

    async def under_way(self) -> list[UnderWay]:
        """What was asked under an id and is not answered yet, the oldest first."""
        return await asyncio.get_running_loop().run_in_executor(self._beside, self._progress)

    async def cancel(self, asking_id: str) -> bool:
        """Call off what is asked under an id; False when nothing is."""
        meant = [each for each in list(self._tickets.values()) if each.asking.id == asking_id]
        for each in meant:
            each.asking.cancelled = True
        if meant:
            await asyncio.get_running_loop().run_in_executor(self._beside, self._kill, meant)
        return bool(meant)

    def close(self) -> None:
        """Wait for work in hand, then let go of the directory. What others asked is called off."""
        self._pool.shutdown(wait=True)
        until = time.monotonic() + _CLOSE_SECONDS
        while not self._apart.is_empty() and time.monotonic() < until:
            for each in list(self._tickets.values()):
                each.asking.cancelled = True
            self._handle().run(_END_ALL)
            time.sleep(_KILL_EVERY_SECONDS)
        self._beside.shutdown(wait=True)
        atexit.unregister(self._let_go)
        if self._apart.is_empty():
            self._let_go()
        else:
            atexit.register(_leave)

    def _let_go(self) -> None:
        if not self._apart.is_empty():
            _leave()
        for handle in self._handles:
            handle.close()
        self._handles.clear()

    def _new_ticket(self) -> Ticket:
        ticket = Ticket(tag=f"asked-{next(self._numbers)}", asking=asking_now() or Asking(id=""))
        self._tickets[ticket.tag] = ticket
        return ticket

    def _do(self, ticket: Ticket, work: Callable[[Handle], T]) -> T:
        handle = self._handle()
        try:
            with handle.working_on(ticket):
                return work(handle)
        finally:
            ticket.done = True
            self._tickets.pop(ticket.tag, None)

    def _do_apart(self, ticket: Ticket, work: Callable[[Handle], T]) -> T:
        with self._lock:
            handle = self._spare.pop() if self._spare else self._new_handle()
        try:
            with handle.working_on(ticket):
                return work(handle)
        finally:
            ticket.done = True
            self._tickets.pop(ticket.tag, None)
            self._spare.append(handle)

    def _progress(self) -> list[UnderWay]:
        tickets: dict[str, list[Ticket]] = {}
        for each in list(self._tickets.values()):
            if each.asking.id:
                tickets.setdefault(each.asking.id, []).append(each)
        told = {row[0]: [int(cell) for cell in row[1:]] for row in self._handle().rows(_UNDER_WAY)} if tickets else {}
        return [_together(each, [told[one.tag] for one in each if one.tag in told]) for each in tickets.values()]

    def _kill(self, tickets: Sequence[Ticket]) -> None:
        until = time.monotonic() + self._limits.seconds
        while any(not each.done for each in tickets) and time.monotonic() < until:
            tags = bind("Array(String)", [each.tag for each in tickets])
            self._handle().run(fill("KILL QUERY WHERE Settings['log_comment'] IN [[tags]] ASYNC", {"tags": tags}))
            time.sleep(_KILL_EVERY_SECONDS)

    def _handle(self) -> Handle:
        handle: Handle | None = getattr(self._own, "handle", None)
        if handle is None:
            with self._lock:
                handle = self._new_handle()
            self._own.handle = handle
        return handle

    def _new_handle(self) -> Handle:
        handle = Handle(_connect(self._directory, durable=self._durable), self._limits)
        self._handles.append(handle)
        return handle


_END_ALL = sql("KILL QUERY WHERE Settings['log_comment'] != '' ASYNC")


def _leave() -> None:
    """End the process at once: a statement runs that does not end, and the library would die of being closed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_HELD_UP_EXIT)


_UNDER_WAY = sql(
    "SELECT Settings['log_comment'], read_rows, total_rows_approx, memory_usage FROM system.processes "
    "WHERE Settings['log_comment'] != ''"
)


def _together(tickets: Sequence[Ticket], told: Sequence[Sequence[int]]) -> UnderWay:
    """The progress of all that is asked under one id. What waits for a thread has read nothing."""
    read, total, memory = (sum(each[index] for each in told) for index in range(3))
    return UnderWay(
        id=tickets[0].asking.id,
        words=tickets[0].asking.words,
        elapsed_seconds=time.monotonic() - min(each.since for each in tickets),
        rows_read=read,
        rows_total=total,
        memory_bytes=max(0, memory),
    )


def _connect(directory: Path, *, durable: bool) -> Any:  # noqa: ANN401  # chDB's connection has no types.
    """A connection to the engine over this directory, which is made if need be."""
    import chdb  # noqa: PLC0415  # 555 MB of library: only a process that opens a history pays for it.

    directory.mkdir(parents=True, exist_ok=True)
    config = directory.parent / f"{directory.name}.xml"
    wanted = _CONFIG.format(durability=_DURABLE if durable else "")
    if not config.exists() or config.read_text(encoding="utf-8") != wanted:
        config.write_text(wanted, encoding="utf-8")
    try:
        connection = chdb.connect(f"{directory}?config-file={config}")
        connection.query(
            f"SET max_query_size = {QUERY_BYTES_MOST:d}, max_ast_elements = {QUERY_PIECES_MOST:d}, "
            f"max_expanded_ast_elements = {QUERY_PIECES_MOST:d}",
            "Null",
        )
        return connection
    except Exception as cause:
        if "already initialized with path" in str(cause):
            raise Conflict(
                "This process has another workspace open.",
                code="another_workspace",
                hint="Close it first: the event store takes one workspace per process.",
            ) from cause
        if _locked(directory):
            raise Conflict(
                f"Another process has {directory} open.",
                code="workspace_in_use",
                hint="Stop that process, or ask it over HTTP.",
            ) from cause
        raise Internal(f"the event store could not be opened: {cause}") from cause


def _locked(directory: Path) -> bool:
    """Whether another process has the directory open. chDB prints that, but its error does not say it."""
    try:
        with (directory / "status").open("rb") as status:
            fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def spelt(value: Value | SqlValue) -> str:
    """A bound value as chDB reads it. It takes bound text to be escaped, so everything but letters and digits is."""
    match value:
        case None:
            return "\\N"
        case bool():
            return "1" if value else "0"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")
        case str():
            return _escaped(value)
        case list():
            return f"[{','.join(_element(each) for each in value)}]"


def _element(value: SqlValue) -> str:
    if value is None:
        return "NULL"
    return f"'{_escaped(value)}'" if isinstance(value, str) else spelt(value)


def _escaped(text: str) -> str:
    r"""Every byte that is no letter or digit as `\xHH`; a lone surrogate as the three bytes it would have."""
    if text.isascii() and text.isalnum():
        return text
    raw = text.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02X}" for byte in raw)


def _plain(token: str) -> str:
    """The token in letters, digits and a few signs, so that it can stand in a statement."""
    return "".join(
        each if each.isascii() and (each.isalnum() or each in ":-_.") else f"%{ord(each):x}" for each in token
    )
