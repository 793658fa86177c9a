"""A session: one SQLite connection, used from the thread that owns it, with async methods in front."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial, update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec

from holdfast.kernel.errors import Internal
from holdfast.stores.packing import bad_text

Row = tuple[Any, ...]
_S = TypeVar("_S", bound="Session")
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Session:
    """The ground the readers and writers of each topic stand on.

    Args:
        connection: the one connection of this session.
        executor: where its thread is; calls of one session never overlap.
    """

    def __init__(self, connection: sqlite3.Connection, executor: Executor) -> None:
        self._connection = connection
        self._executor = executor
        self._over = False

    def end(self) -> None:
        """Refuse every later call: the snapshot or transaction is no more."""
        self._over = True

    async def hop(self, work: Callable[[], _T]) -> _T:
        """Do the work in the session's thread."""
        if self._over:
            raise Internal("this view or transaction is over; begin another")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except UnicodeEncodeError as error:
            raise bad_text(error) from error

    def _rows(self, query: str, *values: object) -> list[Row]:
        return self._connection.execute(query, values).fetchall()

    def _row(self, query: str, *values: object) -> Row | None:
        row: Row | None = self._connection.execute(query, values).fetchone()
        return row

    def _number(self, query: str, *values: object) -> int:
        row = self._row(query, *values)
        return int(row[0]) if row else 0

    def _do(self, query: str, *values: object) -> None:
        self._connection.execute(query, values)

    def _do_all(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        self._connection.executemany(query, rows)


def in_thread(
    work: Callable[Concatenate[_S, _P], _T],
) -> Callable[Concatenate[_S, _P], Coroutine[Any, Any, _T]]:
    """Makes a method that waits for the disk one that is awaited: it runs in the session's thread."""

    async def hopping(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await self.hop(partial(work, self, *args, **kwargs))

    update_wrapper(hopping, work)
    return hopping


def numbers(values: Iterable[int]) -> str:
    """Whole numbers as one bound value, for `json_each`: however many, in order, so that pages are met once."""
    return msgspec.json.encode(sorted(values)).decode()


def texts(values: Sequence[str]) -> str:
    """Texts as one bound value, for `json_each`. For names of ours only: SQLite ends a JSON text at its first NUL."""
    return msgspec.json.encode(values).decode()
