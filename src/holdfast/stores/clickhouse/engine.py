"""The engine: ClickHouse in this process (chDB), reached by a few threads with a handle each.

One handle used by several threads would answer one question at a time; one per thread answers them side by side.
Importing chDB may take half a minute when its library is not in the page cache, so that is left until a history is
opened.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import math
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import pyarrow as pa

from holdfast.kernel.errors import Busy, Conflict, Internal, TooLarge
from holdfast.kernel.sql import Sql, Value

T = TypeVar("T")

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

_TIMED_OUT, _TOO_MUCH_MEMORY, _TOO_SLOW = 159, 241, 160


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


class Handle:
    """One thread's way to the engine. Not to be shared between threads."""

    def __init__(self, connection: Any, limits: Limits) -> None:  # noqa: ANN401  # chDB's connection has no types.
        self._connection = connection
        self._limits = limits

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

    def _ask(self, question: Sql, form: str) -> Any:  # noqa: ANN401  # chDB's results have no types.
        text, values = question.render()
        limits = self._limits
        settings = (
            f" SETTINGS max_execution_time = {limits.seconds:f}, max_memory_usage = {limits.memory_bytes:d}, "
            f"max_threads = {limits.threads:d}, max_bytes_before_external_group_by = {limits.memory_bytes // 2:d}, "
            f"max_bytes_before_external_sort = {limits.memory_bytes // 2:d}"
        )
        given = {name: spelt(value) for name, value in values.items()}
        return self._guarded(lambda: self._connection.query(text + settings, form, params=given))

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Exception as cause:  # chDB raises RuntimeError and kin; the code in the text tells them apart.
            raise self._complaint(cause) from cause

    def _complaint(self, cause: Exception) -> Exception:
        found = re.search(r"Code: (\d+)", str(cause))
        match int(found.group(1)) if found else 0:
            case code if code in (_TIMED_OUT, _TOO_SLOW):
                return Busy(
                    f"This question took longer than {self._limits.seconds:g} s.",
                    code="too_slow",
                    hint="Ask about a shorter time or fewer conditions, or raise the limit on a question's time.",
                )
            case code if code == _TOO_MUCH_MEMORY:
                return TooLarge(
                    f"This question needs more than {self._limits.memory_bytes // 1024**2} MiB of memory.",
                    code="too_much_memory",
                    hint="Ask about a shorter time or fewer people, or raise the limit on a question's memory.",
                )
        return Internal(f"the event store refused: {cause}")


class Engine:
    """The one engine of this process. Handles are made as threads need them.

    With `durable`, what an insert returned from survives a power cut; without, only the end of the process.
    """

    def __init__(self, directory: Path, *, limits: Limits, threads: int = 4, durable: bool = True) -> None:
        self._directory = directory
        self._durable = durable
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="history")
        self._own = threading.local()
        self._handles: list[Handle] = []
        self._lock = threading.Lock()

    async def run(self, work: Callable[[Handle], T]) -> T:
        """Do the work on one of the threads, with its handle."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(self._handle()))

    def run_here(self, work: Callable[[Handle], T]) -> T:
        """Do the work on one of the threads and wait for it."""
        return self._pool.submit(lambda: work(self._handle())).result()

    def close(self) -> None:
        """Wait for work in hand, then let go of the directory."""
        self._pool.shutdown(wait=True)
        for handle in self._handles:
            handle.close()
        self._handles.clear()

    def _handle(self) -> Handle:
        handle: Handle | None = getattr(self._own, "handle", None)
        if handle is None:
            with self._lock:
                handle = Handle(_connect(self._directory, durable=self._durable), self._limits)
                self._handles.append(handle)
            self._own.handle = handle
        return handle


def _connect(directory: Path, *, durable: bool) -> Any:  # noqa: ANN401  # chDB's connection has no types.
    """A connection to the engine over this directory, which is made if need be."""
    import chdb  # noqa: PLC0415  # 555 MB of library: only a process that opens a history pays for it.

    directory.mkdir(parents=True, exist_ok=True)
    config = directory.parent / f"{directory.name}.xml"
    wanted = _CONFIG.format(durability=_DURABLE if durable else "")
    if not config.exists() or config.read_text(encoding="utf-8") != wanted:
        config.write_text(wanted, encoding="utf-8")
    try:
        return chdb.connect(f"{directory}?config-file={config}")
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


def spelt(value: Value) -> str:
    """A bound value as chDB reads it. It takes bound text to be escaped, so everything but letters and digits is."""
    match value:
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


def _element(value: str | float) -> str:
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
