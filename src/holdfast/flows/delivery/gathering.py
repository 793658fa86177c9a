"""Gathering: those who ask for something while a transaction is under way are served by the next one, together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Gathering(Generic[Asked, Answer]):
    """Serves many who ask one by one. What they ask for is told apart by equality; the same twice is served once."""

    def __init__(self, serve: Callable[[Sequence[Asked]], Awaitable[Mapping[Asked, Answer]]], *, most: int) -> None:
        """Nobody has asked yet.

        Args:
            serve: answers some; called for one gathering at a time. What it raises, all of them are told.
            most: how many are served at once.
        """
        self._serve = serve
        self._most = most
        self._waiting: dict[Asked, list[asyncio.Future[Answer | None]]] = {}
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer | None:
        """What is answered; None when there is no answer to it."""
        waiting: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(asked, []).append(waiting)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.get_running_loop().create_task(self._serve_all())
        return await waiting

    async def close(self) -> None:
        """Wait until nobody is being served; whether they were is told to whoever asked."""
        if self._serving is not None:
            await asyncio.wait([self._serving])

    async def _serve_all(self) -> None:
        while self._waiting:
            served = {each: self._waiting.pop(each) for each in list(islice(self._waiting, self._most))}
            try:
                answers = await self._serve(list(served))
            except BaseException as error:
                for waiting in (each for those in served.values() for each in those if not each.done()):
                    waiting.set_exception(error if isinstance(error, Exception) else RuntimeError("called off"))
                if not isinstance(error, Exception):
                    raise
                continue
            for asked, those in served.items():
                for waiting in (each for each in those if not each.done()):
                    waiting.set_result(answers.get(asked))
