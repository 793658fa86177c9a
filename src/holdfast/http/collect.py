"""The collector's routes: the Segment HTTP specification, spoken as its SDKs speak it.

Plain ASGI beneath Starlette's routing: no request objects and no middleware, for this is the path of every event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.events.bad import OverLimit
from holdfast.events.segment_body import BODY_BYTES_MOST, body_over_limit, open_body
from holdfast.flows.ingest.collect import Collected
from holdfast.http.cors import Headers, cors_headers, preflight_headers
from holdfast.http.request_body import Gone, decompressed, read_body
from holdfast.http.write_key import write_key_before_body
from holdfast.kernel.errors import Busy, Exposed, NotFound, Unauthorized
from holdfast.ports.log import RecordKind

SourceOf = Callable[[str], str | None]
"""The name of a write key; None for a key nobody knows."""

_KINDS: tuple[RecordKind, ...] = ("batch", "track", "identify", "page", "screen", "group", "alias", "import")
_BROWSER_PATHS: dict[str, RecordKind] = {kind[0]: kind for kind in _KINDS if kind != "import"}
"""The browser SDK's short paths, such as `/v1/t` for track."""

_JSON = (b"content-type", b"application/json")
_TAKEN = b'{"success":true}'
_TAKEN_HEADERS: Headers = [_JSON, (b"content-length", b"%d" % len(_TAKEN))]
_RETRY_AFTER_SECONDS = b"1"


class Collects(Protocol):
    """What the routes need of the collector."""

    async def collect(self, kind: RecordKind, body: bytes, source: str) -> Collected: ...


def collect_routes(collector: Collects, source_of: SourceOf, *, public_url: str | None = None) -> list[Route]:
    """The routes under `/v1`.

    Args:
        collector: takes the bodies.
        source_of: looks a write key up; called for every request, so it must answer from memory.
        public_url: how browsers reach this server, such as `https://events.example.com`; when None, the settings for
            the browser SDK name the host they were asked of.
    """
    paths: dict[str, RecordKind] = {**{kind: kind for kind in _KINDS}, **_BROWSER_PATHS}
    routes = [Route(f"/v1/{path}", _Collect(kind, collector, source_of)) for path, kind in paths.items()]
    return [*routes, Route("/v1/projects/{key}/settings", _Settings(source_of, public_url))]


class CollectFirst:
    """An application that hands collecting calls straight to their routes and everything else to another.

    Looking a path up costs a tenth of what routing and middleware do, which would be a tenth of a whole batch.
    """

    def __init__(self, direct: Mapping[bytes, ASGIApp], otherwise: ASGIApp) -> None:
        self.direct = direct
        """The routes by their paths, as they are written on the wire."""
        self._by_path = {path.decode(): app for path, app in direct.items()}
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        chosen = self._by_path.get(scope["path"]) if scope["type"] == "http" else None
        await (self._otherwise if chosen is None else chosen)(scope, receive, send)


def collect_first(routes: Sequence[Route], otherwise: ASGIApp) -> CollectFirst:
    """The application of these routes, and of what is asked otherwise."""
    return CollectFirst({route.path.encode(): route.app for route in routes if "{" not in route.path}, otherwise)


class _Collect:
    """One of the calls that bring events."""

    def __init__(self, kind: RecordKind, collector: Collects, source_of: SourceOf) -> None:
        self._kind: RecordKind = kind
        self._collector = collector
        self._source_of = source_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if scope["method"] != "POST":
            await _answer_other_method(scope, headers, send, allowed=b"POST, OPTIONS")
            return
        try:
            await self._take(scope, headers, receive)
        except Exposed as refusal:
            await _answer_refusal(refusal, headers, send)
        except Gone:
            return
        else:
            answer = _TAKEN_HEADERS + cors_headers(headers) if b"origin" in headers else _TAKEN_HEADERS
            await _answer(send, 200, _TAKEN, answer)

    async def _take(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> None:
        key = write_key_before_body(headers, scope["query_string"])
        source = None if key is None else self._source(key)
        body = await read_body(receive, bytes_most=BODY_BYTES_MOST, too_large=body_over_limit)
        body = decompressed(body, headers, bytes_most=BODY_BYTES_MOST, too_large=body_over_limit)
        if source is None:
            source = self._source(open_body(self._kind, body).write_key)
        await self._collector.collect(self._kind, body, source)

    def _source(self, key: str | None) -> str:
        if key is None:
            raise Unauthorized(
                "The request names no write key.", hint="Send the write key as the user of Basic authentication."
            )
        source = self._source_of(key)
        if source is None:
            raise Unauthorized(
                "The write key is unknown.", hint="Copy the write key from the console, or make one: holdfast keys."
            )
        return source


class _Settings:
    """What the browser SDK asks for before it sends anything."""

    def __init__(self, source_of: SourceOf, public_url: str | None) -> None:
        self._source_of = source_of
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if scope["method"] not in ("GET", "HEAD"):
            await _answer_other_method(scope, headers, send, allowed=b"GET, OPTIONS")
            return
        key = scope["path_params"]["key"]
        if self._source_of(key) is None:
            await _answer_refusal(
                NotFound("No source has this write key.", hint="Copy the write key from the console."), headers, send
            )
            return
        body = msgspec.json.encode(_browser_settings(key, self._public_url or _own_url(scope, headers)))
        await _answer(send, 200, body, [_JSON, (b"cache-control", b"no-cache"), *cors_headers(headers)])


def _own_url(scope: Scope, headers: dict[bytes, bytes]) -> str:
    host = headers.get(b"host", b"localhost").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}"


def _browser_settings(key: str, public_url: str) -> dict[str, object]:
    """The settings reply; the SDK sends nothing before it, and sends to the host it names."""
    protocol, _, host = public_url.rstrip("/").partition("://")
    enabled = {"enabled": True}
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{host}/v1",
                "protocol": protocol,
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
                "maybeBundledConfigIds": {},
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {
            "track": {"__default": {"enabled": True, "integrations": {}}},
            "identify": {"__default": enabled},
            "group": {"__default": enabled},
        },
        "edgeFunction": {},
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


async def _answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer_refusal(refusal: Exposed, request: dict[bytes, bytes], send: Send) -> None:
    """The complaint in the shape the SDKs read (`code`, `message`) and in ours (`error`)."""
    error: dict[str, object] = {**refusal.as_json()}
    if isinstance(refusal, OverLimit):
        error |= {"limit": refusal.limit, "unit": refusal.unit}
    body = msgspec.json.encode(
        {"success": False, "code": refusal.code, "message": refusal.message, "error": error},
    )
    headers = [_JSON, (b"content-length", b"%d" % len(body)), *cors_headers(request)]
    if isinstance(refusal, Busy):
        headers.append((b"retry-after", _RETRY_AFTER_SECONDS))
    # No WWW-Authenticate with a 401: browsers would ask the customer's visitors for a password.
    await _answer(send, refusal.status, body, headers)


async def _answer_other_method(scope: Scope, request: dict[bytes, bytes], send: Send, *, allowed: bytes) -> None:
    if scope["method"] == "OPTIONS":
        await _answer(send, 204, b"", preflight_headers(request, allowed))
        return
    body = msgspec.json.encode(
        {
            "success": False,
            "code": "method_not_allowed",
            "message": f"{scope['method']} is not understood here.",
            "error": {
                "code": "method_not_allowed",
                "message": f"{scope['method']} is not understood here.",
                "path": "",
                "hint": f"Use {allowed.decode()}.",
            },
        }
    )
    await _answer(send, 405, body, [_JSON, (b"allow", allowed), *cors_headers(request)])
