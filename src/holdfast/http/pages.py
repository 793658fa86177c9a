"""The console's files: one page for every path, and assets that never change under their name."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from holdfast.kernel.errors import NotFound

FOLDER = Path(__file__).parent / "console"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page carries the same policy; only the header can say who may frame it."""
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_UNBUILT = """<!doctype html><html lang="en"><title>Holdfast</title><h1>The console is not built</h1>
<p>The API works. Run <code>make setup</code> in the project's root to build the console, then reload.</p>"""


class _PageConvertor(PathConvertor):
    """`{path:page}`: every path that is the console's to show, and none that other callers ask for and miss."""

    regex = r"(?!(?:api|assets|session|shared|v1|m|in)(?:/|$)).*"


register_url_convertor("page", _PageConvertor())


def _file(folder: Path, name: str) -> Path | None:
    """The file of that name within the folder; None when there is none, or it lies elsewhere."""
    if "\0" in name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


def _encoded(path: Path, accepted: str) -> tuple[Path, dict[str, str]]:
    """The smallest form of the file the browser takes."""
    for suffix, coding in ((".br", "br"), (".gz", "gzip")):
        packed = path.with_name(path.name + suffix)
        if coding in accepted and packed.is_file():
            return packed, {"Content-Encoding": coding, "Vary": "Accept-Encoding"}
    return path, {"Vary": "Accept-Encoding"}


def console_routes(folder: Path = FOLDER) -> list[Route]:
    """The routes; the last takes every path nobody else took."""

    async def asset(request: Request) -> Response:
        path = _file(folder / "assets", request.path_params["name"])
        if path is None:
            raise NotFound("there is no such file.", hint="Reload the page: its files have other names by now.")
        served, headers = _encoded(path, request.headers.get("accept-encoding", ""))
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return FileResponse(
            served, media_type=kind, headers={**SAFE, **headers, "Cache-Control": "public, max-age=31536000, immutable"}
        )

    async def page(_request: Request) -> Response:
        index = folder / "index.html"
        headers = {**SAFE, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
        if not index.is_file():
            return HTMLResponse(_UNBUILT, 503, headers)
        return FileResponse(index, media_type="text/html; charset=utf-8", headers=headers)

    return [
        Route("/assets/{name:path}", asset, methods=["GET", "HEAD"]),
        Route("/{path:page}", page, methods=["GET", "HEAD"]),
    ]
