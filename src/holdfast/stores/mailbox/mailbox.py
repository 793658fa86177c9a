"""The mailbox on SQLite."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from holdfast.ports.mailbox import EMAIL, KeptMessage, Mail, OpenedMail
from holdfast.stores.mailbox.reading import glimpse, read_message

T = TypeVar("T")
Delivery: TypeAlias = tuple[int, str, str, bytes] | tuple[int, KeptMessage]
"""When it came, from whom, to whom, and the message; or when it came, and what of another medium."""

FILE = "mailbox.sqlite"
KEPT_MOST = 50_000
"""Older mail than the newest so many is let go of."""
GROUP_MOST = 64
"""Messages kept in one transaction: each waits for the disk once."""
TIDY_EVERY = 1_000
"""After how many deliveries the oldest are let go of."""

_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
_TABLES = """
CREATE TABLE IF NOT EXISTS mail (
  id INTEGER PRIMARY KEY AUTOINCREMENT, received_ms INTEGER NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  subject TEXT NOT NULL, preview TEXT NOT NULL, send TEXT NOT NULL, size_bytes INTEGER NOT NULL, raw BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS mail_of ON mail (recipient COLLATE NOCASE, id);
CREATE INDEX IF NOT EXISTS mail_of_send ON mail (send);
"""
# Mailboxes made before there were other media held mail.
_MEDIUM = "ALTER TABLE mail ADD COLUMN medium TEXT NOT NULL DEFAULT 'email'"
_MEDIUM_INDEX = "CREATE INDEX IF NOT EXISTS mail_of_medium ON mail (medium, id)"
_COLUMNS = "id, received_ms, sender, recipient, subject, preview, send, size_bytes, medium"
_WANTED = """
FROM mail WHERE (:medium = '' OR medium = :medium) AND (:recipient = '' OR recipient = :recipient COLLATE NOCASE)
  AND (:sends IS NULL OR send IN (SELECT value FROM json_each(:sends)))
  AND (:text = '' OR subject LIKE :like ESCAPE '!' OR preview LIKE :like ESCAPE '!' OR recipient LIKE :like ESCAPE '!')
"""
_THEIRS = """ FROM mail WHERE send IN (SELECT value FROM json_each(?1))
  OR (send = '' AND lower(recipient) IN (SELECT value FROM json_each(?2)))"""


class SqliteMailbox:
    """Answers `ports.mailbox.Mailbox`. One thread has the file; mail is durable before it is acknowledged."""

    def __init__(self, directory: Path) -> None:
        """Open the mailbox in the directory, making it as needed."""
        directory.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="holdfast-mailbox")
        self._connection = sqlite3.connect(directory / FILE, check_same_thread=False, isolation_level=None)
        self._connection.executescript(_PRAGMAS + _TABLES)
        if "medium" not in {row[1] for row in self._connection.execute("PRAGMA table_info(mail)")}:
            self._connection.execute(_MEDIUM)
        self._connection.execute(_MEDIUM_INDEX)
        self._delivered = 0
        self._waiting: list[tuple[asyncio.Future[None], list[Delivery]]] = []
        self._keeping: asyncio.Future[None] | None = None

    async def put(self, *, sender: str, recipients: Sequence[str], raw: bytes, received_ms: int) -> None:
        """Keep one message for each recipient. What comes while the disk is busy goes to it together."""
        await self._deliver([(received_ms, sender, each, raw) for each in recipients])

    async def keep(self, messages: Sequence[KeptMessage], received_ms: int) -> None:
        """Keep messages of other media, likewise."""
        await self._deliver([(received_ms, each) for each in messages])

    async def _deliver(self, deliveries: list[Delivery]) -> None:
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append((kept, deliveries))
        if self._keeping is None:
            self._keeping = asyncio.ensure_future(self._keep_waiting())
        await kept

    async def _keep_waiting(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_MOST], self._waiting[GROUP_MOST:]
                deliveries = [each for _, those in group for each in those]
                try:
                    await self._run(partial(self._put, deliveries))
                except Exception as error:  # noqa: BLE001  # Handed on to everybody who waits for this group.
                    for kept, _ in group:
                        if not kept.done():
                            kept.set_exception(error)
                else:
                    for kept, _ in group:
                        if not kept.done():
                            kept.set_result(None)
        finally:
            self._keeping = None

    async def find(
        self,
        *,
        to: str,
        text: str,
        limit: int,
        before: int | None,
        medium: str = "",
        sends: Sequence[str] | None = None,
    ) -> tuple[list[Mail], int]:
        """Messages, newest first, and how many there are in all."""
        escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        wanted = {
            "medium": medium,
            "sends": None if sends is None else json.dumps(list(sends)),
            "recipient": to.strip(),
            "text": text,
            "like": f"%{escaped}%",
            "before": before,
            "limit": limit,
        }
        return await self._run(lambda: self._list(wanted))

    async def holds(self, sends: Sequence[str]) -> set[str]:
        """Those of the sends whose mail was kept."""
        return await self._run(lambda: self._holds(sends))

    async def read(self, mail_id: int) -> OpenedMail | None:
        """One message, opened."""
        return await self._run(lambda: self._read(mail_id))

    async def forget(self, sends: Sequence[str], addresses: Sequence[str]) -> int:
        """Delete mail of these sends, and what others wrote to these addresses; how many."""
        return await self._run(lambda: self._forget(sends, addresses))

    async def count_of(self, sends: Sequence[str], addresses: Sequence[str]) -> int:
        """How much mail `forget` would delete."""
        return await self._run(lambda: self._count_of(sends, addresses))

    async def close(self) -> None:
        """Let go of the file. Mail that is waiting is kept first."""
        if self._keeping is not None:
            await self._keeping
        await self._run(self._connection.close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _put(self, deliveries: Sequence[Delivery]) -> None:
        rows = [_row(each) for each in deliveries]
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(
                "INSERT INTO mail (received_ms, sender, recipient, subject, preview, send, size_bytes, medium, raw) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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

    def _list(self, wanted: Mapping[str, str | int | None]) -> tuple[list[Mail], int]:
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

    def _forget(self, sends: Sequence[str], addresses: Sequence[str]) -> int:
        wanted = (json.dumps(list(sends)), json.dumps([each.lower() for each in addresses]))
        gone = self._connection.execute("DELETE" + _THEIRS, wanted).rowcount
        # Also after a process that died in between: deleted rows are zeros in the file, but not in the log before it.
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def _count_of(self, sends: Sequence[str], addresses: Sequence[str]) -> int:
        wanted = (json.dumps(list(sends)), json.dumps([each.lower() for each in addresses]))
        count: int = self._connection.execute("SELECT count(*)" + _THEIRS, wanted).fetchone()[0]
        return count

    def _read(self, mail_id: int) -> OpenedMail | None:
        row = self._connection.execute("SELECT " + _COLUMNS + ", raw FROM mail WHERE id = ?", (mail_id,)).fetchone()
        if row is None:
            return None
        mail, raw = _mail(row), row[9]
        if mail.medium != EMAIL:
            return OpenedMail(mail=mail, html="", text=mail.preview, headers={}, links=[], words=json.loads(raw))
        content = read_message(raw)
        return OpenedMail(mail=mail, html=content.html, text=content.text, headers=content.headers, links=content.links)


def _row(delivery: Delivery) -> tuple[object, ...]:
    if len(delivery) == 2:
        received_ms, kept = delivery
        shown = (kept.title, kept.preview, kept.send)
        return (received_ms, kept.sender, kept.to, *shown, len(kept.words), kept.medium, kept.words)
    received_ms, sender, recipient, raw = delivery
    seen = glimpse(raw)
    return (received_ms, sender, recipient, seen.subject, seen.preview, seen.send, len(raw), EMAIL, raw)


def _mail(row: Sequence[object]) -> Mail:
    number, received_ms, sender, to, subject, preview, send, size_bytes, medium = row[:9]
    return Mail(
        id=int(str(number)),
        received_ms=int(str(received_ms)),
        sender=str(sender),
        to=str(to),
        subject=str(subject),
        preview=str(preview),
        send=str(send),
        size_bytes=int(str(size_bytes)),
        medium=str(medium),
    )
