"""The way to the engine in this process: chDB, over one directory.

One handle used by several threads would answer one question at a time; one per thread answers them side by side.
Importing chDB may take half a minute when its library is not in the page cache, so that is left until it is needed.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, LiteralString, TypeVar, cast

import pyarrow as pa

from holdfast.kernel.errors import Conflict, Internal
from holdfast.kernel.sql import sql
from holdfast.stores.clickhouse.declared import IN_MEMORY, embedded_schema
from holdfast.stores.clickhouse.handle import ONE_BLOCK, Handle
from holdfast.stores.clickhouse.spelling import plain
from holdfast.stores.clickhouse.ways import INSERTING, PARSING, Refusal, code_in

T = TypeVar("T")

_log = logging.getLogger(__name__)

_CONFIG = """<clickhouse>
    <!-- Half of the memory is left to the rest of the machine; caches are a fraction of what a server would take. -->
    <max_server_memory_usage_to_ram_ratio>0.6</max_server_memory_usage_to_ram_ratio>
    <mark_cache_size>268435456</mark_cache_size>
    <index_mark_cache_size>134217728</index_mark_cache_size>
    <background_pool_size>4</background_pool_size>
    <merge_tree>
        <!-- Parts that were written anew, as without somebody to be forgotten, are looked for every few seconds. -->
        <cleanup_delay_period>1</cleanup_delay_period>
        <max_cleanup_delay_period>2</max_cleanup_delay_period>
        <cleanup_delay_period_random_add>0</cleanup_delay_period_random_add>{durability}
    </merge_tree>
</clickhouse>
"""
_DURABLE = """
        <!-- What `add` returned from survives a power cut, and so does what a merge makes of it. -->
        <fsync_after_insert>1</fsync_after_insert>
        <fsync_part_directory>1</fsync_part_directory>
        <min_rows_to_fsync_after_merge>1</min_rows_to_fsync_after_merge>
        <old_parts_lifetime>480</old_parts_lifetime>"""


class Embedded:
    """The engine over a directory, which is made if need be.

    With `durable`, what an insert returned from survives a power cut; without, only the end of the process.
    """

    database = "default"
    empty_database = "analyst"
    alone = True
    processes = sql("system.processes")
    kill = sql("KILL QUERY")
    map_in_memory = sql("identity_person")

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = directory
        self.durable = durable

    def connect(self, *, analyst: bool = False) -> EmbeddedConnection:  # chDB knows no users.
        return EmbeddedConnection(_connect(self.directory, durable=self.durable))

    def prepare(self, handle: Handle) -> None:
        for statement in embedded_schema():
            handle.command(statement)

    def close(self) -> None:
        """Nothing is shared that connections do not hold themselves."""


class EmbeddedConnection:
    """One of chDB's connections."""

    rows_given = sql("Python(rows)")
    values_most = sys.maxsize

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  # chDB's connection has no types.
        self._connection = connection
        self._failed = False
        """Whether the last statement failed, and may have left something behind."""

    def text(self, statement: str, form: LiteralString, values: Mapping[str, str]) -> bytes:
        return cast("bytes", self._told(lambda: self._connection.query(statement, form, params=dict(values))).bytes())

    def table(self, statement: str, values: Mapping[str, str], rows: pa.Table | None = None) -> pa.Table:
        return cast("pa.Table", self._over(rows, statement, "ArrowTable", values))

    def run(self, statement: str, values: Mapping[str, str]) -> None:
        self._told(lambda: self._connection.query(statement, "Null", params=dict(values)))

    def insert(self, table: str, columns: Sequence[str], rows: pa.Table, token: str) -> None:
        # By a question, not by `send_insert`, which takes for written what could not be, as on a full disk, and says
        # nothing of it. And not from Arrow's memory, for which the engine holds Python's lock: nobody would get in
        # meanwhile. The rows are one block, so that the token stands for all of them.
        names = ", ".join(columns)
        known = f", insert_deduplication_token = '{plain(token)}'" if token else ""
        with _streamed(rows) as path:
            self.run(
                f"INSERT INTO {table} ({names}) SELECT {names} FROM file('{path}', 'ArrowStream') "
                f"SETTINGS max_threads = 1{ONE_BLOCK}{known}",
                {},
            )

    def insert_bulk(self, table: str, columns: Sequence[str], rows: pa.Table) -> None:
        """As it says, read from Arrow's memory as the rows lie."""
        names = ", ".join(columns)
        self._over(rows, f"INSERT INTO {table} ({names}) SELECT {names} FROM Python(rows)", "Null", {})

    def use(self, database: str | None) -> None:
        self.run(f"USE {database or Embedded.database}", {})

    @contextmanager
    def session(self) -> Iterator[None]:
        yield  # A connection keeps its temporary tables by itself.

    def close(self) -> None:
        self._connection.close()

    def _over(self, rows: pa.Table | None, text: str, form: str, values: Mapping[str, str]) -> object:
        def ask(rows: pa.Table | None) -> object:  # noqa: ARG001  # chDB finds it by its name.
            return self._connection.query(text, form, params=dict(values))

        return self._told(lambda: ask(rows))

    def _told(self, work: Callable[[], T]) -> T:
        """The work. chDB raises RuntimeError and kin; the code in the text tells them apart."""
        try:
            if self._failed:
                # What a statement had answered when it failed is given to whoever asks next, before their own answer.
                self._connection.query("SELECT 1", "Null")
                self._failed = False
            return work()
        except Exception as cause:
            self._failed = True
            raise Refusal(code_in(str(cause)), str(cause)) from cause


@contextmanager
def _streamed(rows: pa.Table) -> Iterator[str]:
    """The path of a file that holds the rows as a stream of Arrow: in memory, where the system has such files."""
    in_memory = sys.platform == "linux"
    with os.fdopen(os.memfd_create("rows"), "wb") if in_memory else NamedTemporaryFile() as file:
        path = f"/proc/self/fd/{file.fileno()}" if in_memory else str(file.name)
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        yield path


def _connect(directory: Path, *, durable: bool) -> Any:  # noqa: ANN401  # chDB's connection has no types.
    """A connection to the engine over this directory, which is made if need be."""
    import chdb  # noqa: PLC0415  # 555 MB of library: only a process that opens a history pays for it.

    directory.mkdir(parents=True, exist_ok=True)
    _drop_empty_definitions(directory)
    config = directory.parent / f"{directory.name}.xml"
    wanted = _CONFIG.format(durability=_DURABLE if durable else "")
    if not config.exists() or config.read_text(encoding="utf-8") != wanted:
        config.write_text(wanted, encoding="utf-8")
    try:
        connection = chdb.connect(f"{directory}?config-file={config}")
        settings = {**PARSING, **INSERTING}
        connection.query(f"SET {', '.join(f'{name} = {value:d}' for name, value in settings.items())}", "Null")
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


def _drop_empty_definitions(directory: Path) -> None:
    """Remove definitions in which nothing stands of tables that are made anew at each start.

    A full disk leaves one, and the engine opens nothing beside it. Other tables hold what is nowhere else: of none of
    those is a definition removed.
    """
    if _locked(directory):
        return
    for each in (path for name in IN_MEMORY for path in directory.glob(f"metadata/*/{name}.sql")):
        if not each.stat().st_size:
            _log.warning("the definition %s is empty, as a full disk leaves one; it is made anew", each)
            each.unlink()


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
