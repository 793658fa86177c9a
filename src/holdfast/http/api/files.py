"""/api/import and /api/export: files, while the server runs."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from holdfast.http.needs import needs
from holdfast.integrations.files.mapping import decode_mapping
from holdfast.kernel.errors import Busy, Invalid, NotFound
from holdfast.kernel.shown import can_be_shown
from holdfast.wiring import Application, Progress

_ENDINGS = (".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz", ".ndjson")
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "description": "The file itself.",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
NAME_BYTES_MOST = 200
"""File systems take 255."""


@dataclass(frozen=True, kw_only=True)
class ImportedShape:
    """What became of a file's rows."""

    rows: int
    added: int
    known: int
    bad: int
    stopped: bool
    """Whether it was called off before the file's end: `rows` says how far it had come."""


@dataclass(frozen=True, kw_only=True)
class UnderWayShape:
    """A file that is being taken in: how many of its rows are, of how many where that is known, else of 0."""

    label: str
    done: int
    total: int
    called_off: bool
    """Whether it stops once the rows it is at are in."""


@dataclass(frozen=True, kw_only=True)
class ImportShape:
    """The import under way, if there is one."""

    under_way: UnderWayShape | None


def file_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", tags=["Files"], dependencies=[needs("sql")])

    @routes.post("/import", dependencies=[needs("data:write")], openapi_extra=FILE_BODY)
    async def take(
        request: Request,
        name: Annotated[str, Query(description="The file's name; its ending says the format.")],
        mapping: Annotated[str, Query(description="What the columns mean, as a JSON object.")],
    ) -> ImportedShape:
        """Take in the file that is the body. Again changes nothing; bad rows go to the error stream.

        `GET /api/import` tells how far it is, and `DELETE /api/import` calls it off: what is in by then stays, and
        the same file again goes on from there.
        """
        plain = _plain(name)
        chosen = decode_mapping(mapping)
        async with kept_file(app, request.stream(), plain, may_be_called_off=True) as file:
            imported = await app.import_file(file, chosen, shown_progress(app))
        return ImportedShape(
            rows=imported.rows,
            added=imported.added,
            known=imported.known,
            bad=imported.bad,
            stopped=imported.stopped,
        )

    @routes.get("/import", dependencies=[needs("data:write")])
    async def under_way() -> ImportShape:
        """How far the file is that is being taken in."""
        doing = app.progress
        if doing is None or doing.called_off is None:
            return ImportShape(under_way=None)
        return ImportShape(
            under_way=UnderWayShape(label=doing.label, done=doing.done, total=doing.total, called_off=doing.called_off)
        )

    @routes.delete("/import", status_code=204, dependencies=[needs("data:write")])
    async def call_off() -> None:
        """Call the import under way off. It stops once the rows it is at are in; whoever began it is told so."""
        if app.progress is None or app.progress.called_off is None:
            raise NotFound("no file is being taken in.", hint="It is done, or was never begun in this process.")
        app.progress = replace(app.progress, called_off=True)

    @routes.get("/export", response_class=FileResponse)
    async def give(file_format: Annotated[Literal["parquet", "csv", "jsonl"], Query(alias="format")]) -> FileResponse:
        """Every event, oldest first, as a file."""
        folder = tempfile.TemporaryDirectory(dir=app.settings.data_dir, prefix="export-")
        file = Path(folder.name) / f"events.{file_format}"
        try:
            await app.export_file(file, file_format)
        except BaseException:
            folder.cleanup()
            raise
        return FileResponse(file, filename=file.name, background=BackgroundTask(folder.cleanup))

    return routes


def _plain(name: str) -> str:
    """The name alone: it is part of where each bad row came from, and a path in it is not ours to follow."""
    plain = Path(name).name
    if not plain.lower().endswith(_ENDINGS):
        raise Invalid(f"{name!r:.100} is no file we can read.", path="name", hint=f"End it in {', '.join(_ENDINGS)}.")
    return _file_name(name)


@contextlib.asynccontextmanager
async def kept_file(
    app: Application, chunks: AsyncIterator[bytes], name: str, *, may_be_called_off: bool = False
) -> AsyncIterator[Path]:
    """The file that is the body of a call, for as long as it is taken in; one at a time, and told as progress.

    Raises Invalid for a name that is none, Busy while another is under way.
    """
    plain = _file_name(name)
    if app.progress is not None:
        raise Busy(f"{app.progress.label} is under way.", hint="Try again when it is done.")
    called_off = False if may_be_called_off else None
    app.progress = Progress(label=f"Importing {plain}", done=0, total=0, called_off=called_off)
    try:
        with tempfile.TemporaryDirectory(dir=app.settings.data_dir, prefix="import-") as folder:
            file = Path(folder) / plain
            await _keep(chunks, file)
            yield file
    finally:
        app.progress = None


def _file_name(name: str) -> str:
    """The name alone, without any path. Raises Invalid."""
    plain = Path(name).name
    if plain in {"", ".."} or not can_be_shown(plain) or len(plain.encode()) > NAME_BYTES_MOST:
        hint = f"Use letters that can be seen, at most {NAME_BYTES_MOST} bytes of them."
        raise Invalid(f"{name!r:.100} is no name for a file.", path="name", hint=hint)
    return plain


async def _keep(chunks: AsyncIterator[bytes], file: Path) -> None:
    with file.open("wb") as kept:
        async for chunk in chunks:
            kept.write(chunk)


def shown_progress(app: Application) -> Callable[[int, int | None], None]:
    """What tells how far the work under way has come."""

    def show(done: int, total: int | None) -> None:
        if app.progress is not None:
            app.progress = replace(app.progress, done=done, total=total or 0)

    return show
