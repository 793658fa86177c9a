"""/api/audit: who changed what, when, and from where."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from holdfast.http.api.approval_shapes import About, ChangePlace, change_places
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, moment_text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.kernel.sheet import sheet_text
from holdfast.ports.teamwork import AuditEntry, AuditQuery, ByKind
from holdfast.wiring import Application

ENTRIES_MOST = 500
ROWS_AT_ONCE = 1_000
_HEADER = ("id", "at", "who", "who_name", "who_kind", "action", "kind", "about", "name", "changes", "from")


@dataclass(frozen=True, kw_only=True)
class ByShape:
    """Who did it: an account by its email, an api key by its name, a command on the machine itself."""

    id: str
    name: str
    kind: ByKind


@dataclass(frozen=True, kw_only=True)
class AuditShape:
    """One change. `changes` are the places that differ; secrets are never told. `source` is where it was asked from."""

    id: int
    at: str
    by: ByShape
    action: str
    about: About
    changes: list[ChangePlace]
    source: str

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        return cls(
            id=entry.id,
            at=moment_text(entry.at_ms),
            by=ByShape(id=entry.by, name=entry.by_name, kind=entry.by_kind),
            action=entry.action,
            about=About(kind=entry.kind, id=entry.about, name=entry.name),
            changes=change_places(entry.changes),
            source=entry.source,
        )


@dataclass(frozen=True, kw_only=True)
class AuditPage:
    """Entries, newest first; `next` asks for those before them."""

    entries: list[AuditShape]
    next: int | None


def audit_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/audit", tags=["Teamwork"], dependencies=[needs("audit:read")])

    @routes.get("")
    async def listed(
        query: Annotated[AuditQuery, Depends(_query)],
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MOST, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=ENTRIES_MOST)] = 100,
    ) -> AuditPage:
        """Who changed what, newest first. Every change there ever was is in it."""
        async with app.state.view() as view:
            found = await view.audit(query, limit=limit, before=before)
        following = found[-1].id if len(found) == limit and found[-1].id > 1 else None
        return AuditPage(entries=[AuditShape.of(each) for each in found], next=following)

    @routes.get("/export", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
    async def export(query: Annotated[AuditQuery, Depends(_query)]) -> StreamingResponse:
        """The same as a table, all of it."""
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return StreamingResponse(_rows(app, query), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


_Moment = Annotated[str | None, Query(max_length=64, description="A moment, such as 2026-01-31T12:00:00Z.")]


def _query(
    *,
    who: Annotated[str, Query(max_length=500, description="An account's email, or the name of a key.")] = "",
    kind: Annotated[str, Query(max_length=100, description="Only changes of such things: `journey`.")] = "",
    about: Annotated[str | None, Query(max_length=500, description="Only of the one with this id.")] = None,
    since: _Moment = None,
    until: _Moment = None,
) -> AuditQuery:
    if about is not None and not kind:
        raise Invalid("an id says not of what kind it is.", path="kind", hint="Give kind, such as journey.")
    return AuditQuery(
        by=who, kind=kind, about=about, since_ms=_moment(since, "since"), until_ms=_moment(until, "until")
    )


def _moment(text: str | None, path: str) -> int | None:
    if text is None:
        return None
    try:
        found: datetime = parse_moment(text)
    except ValueError as error:
        raise Invalid(f"{text!r:.80} is no moment.", path=path, hint="Write 2026-01-31T12:00:00Z.") from error
    return to_millis(found)


async def _rows(app: Application, query: AuditQuery) -> AsyncIterator[str]:
    yield _line(_HEADER)
    before: int | None = None
    while True:
        async with app.state.view() as view:
            found = await view.audit(query, limit=ROWS_AT_ONCE, before=before)
        if not found:
            return
        before = found[-1].id
        yield "".join(_line(_row(each)) for each in found)


def _row(entry: AuditEntry) -> tuple[str, ...]:
    changes = json.dumps([vars(each) for each in change_places(entry.changes)], ensure_ascii=False)
    said = (entry.by, entry.by_name, entry.by_kind, entry.action, entry.kind, entry.about, entry.name, changes)
    return (str(entry.id), moment_text(entry.at_ms), *map(sheet_text, said), sheet_text(entry.source))


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
