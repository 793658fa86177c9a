"""A session: one SQLite connection, used from the thread that owns it, with async methods in front."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from functools import partial, update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec

from holdfast.kernel.errors import Internal
from holdfast.stores.packing import bad_text

Row = tuple[Any, ...]
_S = TypeVar("_S", bound="Session")
_P = ParamSpec("_P")
_T = TypeVar("_T")

ROWS_WRITTEN = 256
"""So few rows are written where they are come by: whoever asks for anything after it would wait for the thread."""


class Session:
    """The ground the readers and writers of each topic stand on.

    Args:
        connection: the one connection of this session.
        executor: where its thread is; calls of one session never overlap.
    """

    rows_at_once = 0
    """Work on so few rows is done where it is asked for: it takes less time than going to the thread and back."""

    def __init__(self, connection: sqlite3.Connection, executor: Executor) -> None:
        self._connection = connection
        self._executor = executor
        self._over = False
        self._behind: Future[None] | None = None
        """The last of what was left to the thread."""
        self._failed: BaseException | None = None
        """Why the first of it failed; nothing else is done after that."""

    def end(self) -> None:
        """Refuse every later call: the snapshot or transaction is no more."""
        self._over = True

    @property
    def is_behind(self) -> bool:
        """Whether something that was left to the thread may not be done yet, or failed: only the thread may go on."""
        return self._behind is not None and (self._failed is not None or not self._behind.done())

    def at_once(self, work: Callable[[], _T]) -> _T:
        """Do the work here and now. It must be little, and nothing may be behind."""
        self._check()
        try:
            return work()
        except UnicodeEncodeError as error:
            raise bad_text(error) from error

    async def hop(self, work: Callable[[], _T]) -> _T:
        """Do the work in the session's thread."""
        self._check()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._after_all, work)
        except UnicodeEncodeError as error:
            raise bad_text(error) from error

    def leave(self, query: str, *values: object, rows: int) -> None:
        """Have the thread do this statement, and go on meanwhile.

        Whatever is asked for afterwards comes after it. Should it fail, so does what is asked for next, or the commit.
        It is one statement, however many rows it writes: the thread wants the interpreter back after each, and whoever
        works meanwhile gives it away late.

        Args:
            rows: about how many rows it writes. A few are written here and now.
        """
        self._check()
        if not rows:
            return
        if rows <= min(ROWS_WRITTEN, self.rows_at_once) and not self.is_behind:
            self.at_once(partial(self._do, query, *values))
        else:
            self._leave(partial(self._do, query, *values))

    def _leave(self, work: Callable[[], None]) -> None:
        self._behind = self._executor.submit(self._go_on, work)

    async def undo(self) -> None:
        """Roll back, once all that was left to the thread is over, whatever came of it."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._connection.rollback)

    def _go_on(self, work: Callable[[], None]) -> None:
        if self._failed is None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - Whoever asks next is told.
                self._failed = error

    def _after_all(self, work: Callable[[], _T]) -> _T:
        if self._failed is not None:
            raise self._failed
        return work()

    def _check(self) -> None:
        if self._over:
            raise Internal("this view or transaction is over; begin another")

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

    def _change(self, query: str, *values: object) -> int:
        """How many rows were changed, added or deleted."""
        return self._connection.execute(query, values).rowcount

    def _change_all(self, query: str, rows: Iterable[Sequence[object]]) -> int:
        """The same of all of them together."""
        return self._connection.executemany(query, rows).rowcount


def in_thread(
    work: Callable[Concatenate[_S, _P], _T],
) -> Callable[Concatenate[_S, _P], Coroutine[Any, Any, _T]]:
    """Makes a method that waits for the disk one that is awaited: it runs in the session's thread.

    What is given a few keys or rows and no more is small enough to be done at once, where the session allows it.
    """

    async def hopping(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        if self.rows_at_once and not self.is_behind:
            given = [len(each) for each in args if isinstance(each, Collection) and not isinstance(each, str)]
            if given and sum(given) <= self.rows_at_once:
                return self.at_once(partial(work, self, *args, **kwargs))
        return await self.hop(partial(work, self, *args, **kwargs))

    update_wrapper(hopping, work)
    return hopping


def briefly(
    work: Callable[Concatenate[_S, _P], _T],
) -> Callable[Concatenate[_S, _P], Coroutine[Any, Any, _T]]:
    """The same for what reads or writes a row or two by their key: a session that allows it does it at once."""

    async def brief(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        if self.rows_at_once and not self.is_behind:
            return self.at_once(partial(work, self, *args, **kwargs))
        return await self.hop(partial(work, self, *args, **kwargs))

    update_wrapper(brief, work)
    return brief


def few_at_once(
    work: Callable[Concatenate[_S, _P], list[_T]],
) -> Callable[Concatenate[_S, _P], Coroutine[Any, Any, list[_T]]]:
    """The same for what lists up to `limit` rows in the order of an index: mostly there are few, and then at once.

    That there are more is known by asking for one more than so few; then all are asked for in the thread. So is what
    leaves rows out: there may be any number of them before the first that is meant.
    """

    async def looking(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> list[_T]:
        few = 0 if self.is_behind else self.rows_at_once
        said: dict[str, Any] = kwargs
        if few and not said.get("without"):
            found = self.at_once(partial(work, self, *args, **{**said, "limit": min(said["limit"], few + 1)}))
            if len(found) <= few or said["limit"] <= few + 1:
                return found
        return await self.hop(partial(work, self, *args, **kwargs))

    update_wrapper(looking, work)
    return looking


def numbers(values: Iterable[int]) -> str:
    """Whole numbers as one bound value, for `json_each`: however many, in order, so that pages are met once."""
    return msgspec.json.encode(sorted(values)).decode()


def placed(bodies: Mapping[Any, bytes]) -> tuple[str, bytes]:
    """Bodies by number, or by name, as two bound values: for `json_each` where each stands, and all of them in a row.

    Where it begins, from 0, and how long it is are one number: `value >> 32` and `value & 0xFFFFFFFF`.
    """
    places: dict[Any, int] = {}
    start = 0
    for key, body in bodies.items():
        places[key] = start << 32 | len(body)
        start += len(body)
    return msgspec.json.encode(places).decode(), b"".join(bodies.values())


def texts(values: Sequence[str]) -> str:
    """Texts as one bound value, for `json_each`. For names of ours only: SQLite ends a JSON text at its first NUL."""
    return msgspec.json.encode(values).decode()
