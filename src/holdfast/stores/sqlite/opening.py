"""Opening the database file: pragmas and schema."""

from __future__ import annotations

import re
import sqlite3
from importlib.resources import files
from pathlib import Path

from holdfast.kernel.errors import Conflict

BUSY_SECONDS = 10.0
"""How long to wait for somebody with a database shell open."""
STATEMENTS_MOST = 256
WRITER_CACHE_KIB = 65_536
READER_CACHE_KIB = 8_192

_NAME = re.compile(r"(\d{4})_\w+\.sql")


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes. Every commit is on disk when it returns (synchronous=FULL)."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_MOST,
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Checkpoints are made by their own thread: here they would be a pause in somebody's commit.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA temp_store = MEMORY")
    # What is deleted, of a person who is to be forgotten or of a row that has moved, is overwritten with zeros.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read."""
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_MOST,
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
    return connection


def migrations() -> dict[int, str]:
    """The changes of the schema, in order, by the version each leads to."""
    here = files("holdfast.stores.sqlite.migrations")
    found = {int(match[1]): each for each in here.iterdir() if (match := _NAME.fullmatch(each.name))}
    return {version: found[version].read_text("utf-8") for version in sorted(found)}


def migrate(connection: sqlite3.Connection, changes: dict[int, str]) -> None:
    """Bring the schema to the newest version; each change is made whole or not at all.

    Raises Conflict when the file was written by a newer Holdfast.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT")
    made = {version for (version,) in connection.execute("SELECT version FROM schema_version")}
    version, newest = max(made, default=0), max(changes)
    if version > newest:
        raise Conflict(
            f"the state has schema version {version}; this Holdfast knows versions up to {newest}",
            code="schema_too_new",
            hint="Use the newer Holdfast that wrote it, or open a copy made before.",
        )
    # Not only those above the newest made: a change may reach a workspace after one with a higher number.
    for each in sorted(changes.keys() - made):
        _make(connection, each, changes[each])


def _make(connection: sqlite3.Connection, version: int, change: str) -> None:
    # One transaction with its own record: a change that fails, or is cut off, is undone whole and can be made again.
    record = f"INSERT INTO schema_version (version) VALUES ({version:d})"
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{change}\n;{record};\nCOMMIT;")
    except sqlite3.Error:
        connection.rollback()
        raise
