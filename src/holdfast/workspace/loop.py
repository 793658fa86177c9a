"""The workspace's own thread, in which all it does is done while callers wait."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

from holdfast.kernel.errors import Exposed
from holdfast.ports.asking import Asking, UnderWay, asked_as
from holdfast.ports.state import View
from holdfast.segments.condition import Condition
from holdfast.settings import Settings
from holdfast.wiring import open_application

T = TypeVar("T")
PROGRESS_SECONDS = 0.25
"""How often whoever watches is told."""
STOP_SECONDS = 5.0
"""How long a question that is called off is waited for."""
_watching: ContextVar[Callable[[UnderWay], None] | None] = ContextVar("watching", default=None)
Segment = Condition | Mapping[str, object] | str
"""A condition, its JSON form, or the id of a saved segment."""


class Loop:
    """An open workspace, and the thread it lives in."""

    def __init__(self, settings: Settings) -> None:
        """Open the workspace in `settings.data_dir`, making it as needed.

        Raises Busy when another process (a running server) has it open.
        """
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="holdfast-workspace", daemon=True)
        self._thread.start()
        try:
            self._app = self._wait(open_application(settings, serving=False))
        except BaseException:
            self._end_loop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the workspace. What was tracked is durable already."""
        if self._loop.is_closed():
            return
        self._wait(self._app.close())
        self._end_loop()

    @contextlib.contextmanager
    def watched(self, progress: Callable[[UnderWay], None]) -> Iterator[None]:
        """Whatever is asked by this thread within the block tells now and then how far it has come.

        Ctrl-C calls off what is being asked, within or without such a block.
        """
        token = _watching.set(progress)
        try:
            yield
        finally:
            _watching.reset(token)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work, done in the workspace's own thread. Interrupted, it calls off what is being asked."""
        asking = Asking(id=uuid4().hex)
        with asked_as(asking):
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return self._watched(future, asking)
        except KeyboardInterrupt:
            self._call_off(future, asking)
            raise

    def _call_off(self, future: Future[T], asking: Asking) -> None:
        app = getattr(self, "_app", None)  # Not there yet when it is the opening that is interrupted.
        if app is not None:
            asyncio.run_coroutine_threadsafe(app.cancel(asking.id), self._loop).result(STOP_SECONDS)
            with contextlib.suppress(Exposed, TimeoutError):
                future.result(STOP_SECONDS)

    def _watched(self, future: Future[T], asking: Asking) -> T:
        progress = _watching.get()
        while progress is not None:
            with contextlib.suppress(TimeoutError):
                return future.result(PROGRESS_SECONDS)
            if future.done():
                break
            told = asyncio.run_coroutine_threadsafe(self._app.under_way(), self._loop).result()
            for each in told:
                if each.id == asking.id:
                    progress(each)
        return future.result()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _changed(self, work: Coroutine[Any, Any, T]) -> T:
        async def settled() -> T:
            await self._app.settle()
            done = await work
            await self._app.settle()
            return done

        return self._wait(settled())

    def _viewed(self, ask: Callable[[View], Coroutine[Any, Any, T]]) -> T:
        async def asked() -> T:
            async with self._app.state.view() as view:
                return await ask(view)

        return self._wait(asked())
