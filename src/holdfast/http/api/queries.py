"""/api/queries: what is being asked of the history, how far it has come, and calling it off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Header, Request

from holdfast.http.needs import needs
from holdfast.kernel.errors import Busy, Conflict, NotFound
from holdfast.ports.asking import Asking, UnderWay, asked_as
from holdfast.wiring import Application

ID_MOST = 100
PLAIN_ID = r"^[A-Za-z0-9_.-]+$"

QueryId = Annotated[
    str | None,
    Header(
        alias="Holdfast-Query",
        max_length=ID_MOST,
        pattern=PLAIN_ID,
        description="An id of your own making, to follow the question by at /api/queries, and to call it off.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class QueryShape:
    """A question under way.

    `progress` is a share of 1: of the rows that are to be read, those that were.
    """

    id: str
    words: str
    progress: float
    elapsed_ms: float
    rows_read: int
    rows_total: int
    memory_bytes: int

    @classmethod
    def of(cls, told: UnderWay) -> QueryShape:
        return cls(
            id=told.id,
            words=told.words,
            progress=round(told.share, 4),
            elapsed_ms=round(told.elapsed_seconds * 1000, 1),
            rows_read=told.rows_read,
            rows_total=told.rows_total,
            memory_bytes=told.memory_bytes,
        )


@dataclass(frozen=True, kw_only=True)
class QueryList:
    """Every question under way, the oldest first."""

    queries: list[QueryShape]


def asking_of(app: Application) -> Callable[..., AsyncIterator[None]]:
    """A dependency of calls that ask the history: the question has an id, and ends when nobody waits for it."""

    async def asked(request: Request, query_id: QueryId = None) -> AsyncIterator[None]:
        words = f"{request.method} {request.url.path}"
        with asked_as(Asking(id=query_id or uuid4().hex, words=words)) as asking:
            watching = asyncio.create_task(_cancel_when_left(request, app, asking.id))
            try:
                yield
            except Conflict as refusal:
                if refusal.code == "cancelled" and app.closing.is_set():
                    raise Busy(
                        "the server is stopping.", code="stopping", hint="Ask again when it runs again."
                    ) from refusal
                raise
            finally:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watching

    return asked


async def _cancel_when_left(request: Request, app: Application, asking_id: str) -> None:
    # The body was read before, so the next that is received says that the client has left. A caller in this process
    # never leaves, and says something else.
    if (await request.receive())["type"] == "http.disconnect":
        await app.cancel(asking_id)


def query_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/queries", tags=["Queries"], dependencies=[needs("read")])

    @routes.get("")
    async def queries() -> QueryList:
        """Every question under way, the oldest first."""
        return QueryList(queries=[QueryShape.of(each) for each in await app.under_way()])

    @routes.delete("/{query_id}", status_code=204)
    async def cancel(query_id: str) -> None:
        """Call a question off. Whoever asked it gets the error `cancelled`."""
        if not await app.cancel(query_id):
            raise NotFound(
                f"no question {query_id!r:.120} is under way.",
                hint="GET /api/queries lists them; it may have been answered just now.",
            )

    return routes
