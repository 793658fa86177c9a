"""Errors as HTTP says them."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Match

from holdfast.kernel.errors import Busy, Exposed, TooLarge, TooMany

_log = logging.getLogger(__name__)


def problem_response(refusal: Exposed) -> JSONResponse:
    """The answer to what the caller can mend."""
    headers = {"Retry-After": "1"} if isinstance(refusal, Busy) else {}
    if isinstance(refusal, TooMany):
        headers["Retry-After"] = str(refusal.retry_seconds)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": refusal.as_json()}, refusal.status, headers)


def _plain(status: int, code: str, message: str, path: str = "", hint: str = "") -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, "path": path, "hint": hint}}, status)


def _refusal(request: Request, error: HTTPException) -> JSONResponse:
    match error.status_code:
        case 404:
            message = f"there is nothing at {request.scope['path']!r:.200}."
            return _plain(404, "not_found", message, "", "See /docs for the calls there are.")
        case 405:
            message = f"{request.method:.20} is not understood here."
            answer = _plain(405, "wrong_method", message, "", "See /docs for the calls there are.")
            answer.headers["Allow"] = ", ".join(_understood(request))
            return answer
        case status:
            return _plain(status, "refused", str(error.detail), "", "See /docs for what this call takes.")


def _understood(request: Request) -> list[str]:
    """The methods the path has a route for; the router itself knows only of the first."""
    routes = request.app.router.routes
    return [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE")
        if any(each.matches({**request.scope, "method": method})[0] is Match.FULL for each in routes)
    ]


def _path(place: tuple[int | str, ...]) -> str:
    """`("body", "of", 0)` as `$.of[0]`; a query's or path's parameter is its own name."""
    where, *rest = place or ("body",)
    if where != "body":
        return str(rest[-1]) if rest else str(where)
    return "$" + "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in rest)


def install_problems(api: FastAPI) -> None:
    """Make every error of the application one shape."""

    @api.exception_handler(Exposed)
    async def exposed(_request: Request, refusal: Exposed) -> JSONResponse:
        return problem_response(refusal)

    @api.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        path = _path(tuple(first["loc"]))
        return _plain(400, "invalid", str(first["msg"]) + ".", path, "See /docs for what this call takes.")

    @api.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        return _refusal(request, error)

    @api.exception_handler(ClientDisconnect)
    async def gone(_request: Request, _error: ClientDisconnect) -> JSONResponse:
        # Nobody is left to read it, and nothing of ours is broken.
        return _plain(400, "gone", "the body ended before it was whole.", "$", "Send it again.")

    @api.exception_handler(RecursionError)
    async def too_deep(_request: Request, _error: RecursionError) -> JSONResponse:
        # Only what lies that deep in itself makes us go so deep.
        return problem_response(
            TooLarge("what was sent lies too deep in itself.", path="$", hint="Nest it less deeply.")
        )

    @api.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _plain(500, "internal", "something broke on our side; nothing was changed.", "", "The log says what.")
