"""The mailbox on SQLite."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from holdfast.ports.mailbox import Mail, OpenedMail
from holdfast.stores.mailbox.reading import read_message

T = TypeVar("T")

FILE = "mailbox.sqlite"
KEPT_MOST = 50_000
"""Older mail than the newest so many is let go of."""
TIDY_EVERY = 1_000
"""After how many deliveries the oldest are let go of."""

_TABLES = """
CREATE TABLE IF NOT EXISTS mail (
  id INTEGER PRIMARY KEY AUTOINCREMENT, received_ms INTEGER NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  subject TEXT NOT NULL, preview TEXT NOT NULL, send TEXT NOT NULL, size_bytes INTEGER NOT NULL, raw BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS mail_of ON mail (recipient COLLATE NOCASE, id);
CREATE INDEX IF NOT EXISTS mail_of_send ON mail (send);
"""
_COLUMNS = "id, received_ms, sender, recipient, subject, preview, send, size_bytes"
_WANTED = """
FROM mail WHERE (:recipient = '' OR recipient = :recipient COLLATE NOCASE)
  AND (:text = '' OR subject LIKE :like ESCAPE '!' OR preview LIKE :like ESCAPE '!' OR recipient LIKE :like ESCAPE '!')
"""


class SqliteMailbox:
    """Answers `ports.mailbox.Mailbox`. One thread has the file; mail is durable before it is acknowledged."""

    def __init__(self, directory: Path) -> None:
        """Open the mailbox in the directory, making it as needed."""
        directory.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="holdfast-mailbox")
        self._connection = sqlite3.connect(directory / FILE, check_same_thread=False, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _TABLES)
        self._delivered = 0

    async def put(self, *, sender: str, recipients: Sequence[str], raw: bytes, received_ms: int) -> None:
        """Keep one message for each recipient."""
        await self._run(lambda: self._put(sender, recipients, raw, received_ms))

    async def find(self, *, to: str, text: str, limit: int, before: int | None) -> tuple[list[Mail], int]:
        """Mail, newest first, and how much there is in all."""
        return await self._run(lambda: self._list(to, text, limit, before))

    async def holds(self, sends: Sequence[str]) -> set[str]:
        """Those of the sends whose mail was kept."""
        return await self._run(lambda: self._holds(sends))

    async def read(self, mail_id: int) -> OpenedMail | None:
        """One message, opened."""
        return await self._run(lambda: self._read(mail_id))

    async def close(self) -> None:
        """Let go of the file."""
        await self._run(self._connection.close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _put(self, sender: str, recipients: Sequence[str], raw: bytes, received_ms: int) -> None:
        content = read_message(raw)
        rows = [
            (received_ms, sender, each, content.subject, content.preview, content.send, len(raw), raw)
            for each in recipients
        ]
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(
                "INSERT INTO mail (received_ms, sender, recipient, subject, preview, send, size_bytes, raw) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._delivered += len(rows)
            if self._delivered >= TIDY_EVERY:
                self._connection.execute(
                    "DELETE FROM mail WHERE id <= (SELECT coalesce(max(id), 0) FROM mail) - ?", (KEPT_MOST,)
                )
                self._delivered = 0
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _list(self, to: str, text: str, limit: int, before: int | None) -> tuple[list[Mail], int]:
        escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        wanted = {"recipient": to.strip(), "text": text, "like": f"%{escaped}%", "before": before, "limit": limit}
        # Only our own text is put together here; what was asked for goes beside it.
        rows = self._connection.execute(
            "SELECT " + _COLUMNS + _WANTED + " AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
            wanted,
        ).fetchall()
        total: int = self._connection.execute("SELECT count(*) " + _WANTED, wanted).fetchone()[0]
        return [_mail(row) for row in rows], total

    def _holds(self, sends: Sequence[str]) -> set[str]:
        question = "SELECT DISTINCT send FROM mail WHERE send IN (SELECT value FROM json_each(?))"
        return {row[0] for row in self._connection.execute(question, (json.dumps(list(sends)),))}

    def _read(self, mail_id: int) -> OpenedMail | None:
        row = self._connection.execute("SELECT " + _COLUMNS + ", raw FROM mail WHERE id = ?", (mail_id,)).fetchone()
        if row is None:
            return None
        content = read_message(row[8])
        return OpenedMail(
            mail=_mail(row), html=content.html, text=content.text, headers=content.headers, links=content.links
        )


def _mail(row: Sequence[object]) -> Mail:
    number, received_ms, sender, to, subject, preview, send, size_bytes = row[:8]
    return Mail(
        id=int(str(number)),
        received_ms=int(str(received_ms)),
        sender=str(sender),
        to=str(to),
        subject=str(subject),
        preview=str(preview),
        send=str(send),
        size_bytes=int(str(size_bytes)),
    )
