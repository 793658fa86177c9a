"""Attending: every call that changes something is noted, held to its version, and kept back where two have to agree.

It is done around all calls at once, so that none can forget it. `Attending` opens a slot for the call, `attend` (a
dependency of the whole application) says what the call is once that is known, and the state does the rest: see
`flows.teamwork.deed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.events.event import Json
from holdfast.flows.accounts.caller import Caller
from holdfast.flows.accounts.members import whose_link
from holdfast.flows.teamwork.approving import Asked, approval_needed, ask_for_approval
from holdfast.flows.teamwork.deed import Carrying, Deed, Rehearsed, Slot, look_before, note_after, open_slot
from holdfast.http.api.approval_shapes import ApprovalShape
from holdfast.http.auth import caller_of
from holdfast.http.deeds import PAST, QUIET, Act, act_of
from holdfast.http.path_names import name_of
from holdfast.http.problems import problem_response
from holdfast.kernel.errors import Exposed, Invalid
from holdfast.kernel.moments import to_millis
from holdfast.wiring import Application

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
READ_BYTES_MOST = 4 * 1024 * 1024
"""Of a longer body nobody looks for ids in it: a list of people has none that matters here."""
_WITH_VERSIONS = re.compile(
    r"/api/(journeys|campaigns|segments|templates|blocks|experiments|saved-insights|boards)/[^/]+|/api/settings"
)
_TAG = re.compile(r'(?:W/)?"?(\d{1,15})"?')
_FILES = re.compile(r"/api/(import|(catalogues|coupons)/[^/]+/import)")


@dataclass(slots=True)
class Call:
    """What is known of a call before it is routed; kept with the request."""

    slot: Slot
    body: bytes = b""
    said: Mapping[str, Any] = field(default_factory=dict)
    based_on: int | None = None
    carrying: Carrying | None = None
    deed: Deed | None = None


class Attending:
    """Opens the slot, and keeps the entry of what was done outside the state."""

    def __init__(self, inner: ASGIApp, app: Application) -> None:
        self._inner = inner
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] not in CHANGING or not _ours(scope["path"]):
            await self._inner(scope, receive, send)
            return
        call = Call(slot=Slot(), carrying=scope.get("state", {}).get("carrying"))
        try:
            receive = await _read(call, scope, receive)
        except Invalid as refusal:
            await problem_response(refusal)(scope, receive, send)
            return
        scope.setdefault("state", {})["call"] = call

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300 and call.deed is not None:
                await note_after(self._app.state, call.deed)
            await send(message)

        with open_slot(call.slot):
            await self._inner(_with_length(scope, call), receive, noting)


async def attend(request: Request) -> None:
    """Say what the call is about to do, now that it is known which it is. A dependency of the whole application."""
    call = getattr(request.state, "call", None)
    if not isinstance(call, Call):
        return
    method, path = request.method, request.scope["route"].path
    act = act_of(method, path)
    if act is None or _is_dry(request, call) or (f"{method} {path}" in QUIET and _names_people(call)):
        return
    app: Application = request.app.state.application
    who = getattr(request.state, "caller", None) or await _coming(app, request, call)
    call.deed = _deed(app, request, call, act, who)
    if not act.outside:
        call.slot.deed = call.deed
    await look_before(app.state, call.deed)
    contacts = _contacts(act, call, request.path_params)
    call.deed.rehearsed = (
        contacts and call.carrying is None and await approval_needed(app.state, fixed=asks_for_two(app))
    )


def install_rehearsal(api: FastAPI, app: Application) -> None:
    """Answer 202 to what was tried, is possible, and waits for a second person."""
    api.state.application = app

    @api.exception_handler(Rehearsed)
    async def waits(request: Request, tried: Rehearsed) -> Response:
        call: Call = request.state.call
        asked = Asked(
            method=request.method,
            path=request.scope.get("raw_path", b"").decode("latin-1"),
            query=request.scope.get("query_string", b"").decode("latin-1"),
            body=call.body.decode("utf-8", "replace"),
            by_kind=tried.deed.by_kind,
        )
        # From here on the call does something else than it was made for: it asks.
        call.slot.deed = call.deed = None
        approval = await ask_for_approval(app.state, tried, asked)
        return JSONResponse(
            {"approval": asdict(ApprovalShape.of(approval, to_millis(app.clock.now()), approval.by))}, 202
        )


def deed_in(request: Request) -> Deed:
    """What a call is about to do, for those few that say more of it themselves."""
    call: Call = request.state.call
    assert call.deed is not None, "this call is declared as one that only asks"  # noqa: S101 - Ours to keep true.
    return call.deed


def asks_for_two(app: Application) -> bool:
    """Whether the settings of the server ask for a second person, whatever the console says."""
    return app.settings.approval == "second_person"


def _ours(path: str) -> bool:
    return path.startswith(("/api/", "/session/")) or path == "/session"


async def _read(call: Call, scope: Scope, receive: Receive) -> Receive:
    """Look into the body, which was read whole by now; what is ours in it is taken out.

    Raises Invalid for a version that is none.
    """
    tag = dict(scope["headers"]).get(b"if-match", b"").decode("latin-1").strip()
    versioned = scope["method"] == "PUT" and _WITH_VERSIONS.fullmatch(scope["path"]) is not None
    if versioned and tag not in ("", "*"):
        found = _TAG.fullmatch(tag)
        if found is None:
            raise Invalid(f"{tag!r:.60} is no version.", path="If-Match", hint='Send the version read, such as "3".')
        call.based_on = int(found[1])
    if _FILES.fullmatch(scope["path"]):
        return receive
    message = await receive()
    if message["type"] != "http.request" or message.get("more_body"):
        return _first(message, receive)
    call.body = message.get("body", b"")
    if len(call.body) <= READ_BYTES_MOST:
        call.said = _object(call.body)
    if versioned and "based_on" in call.said:
        call.based_on = _version(call.said["based_on"])
        call.said = {name: each for name, each in call.said.items() if name != "based_on"}
        call.body = json.dumps(call.said).encode()
    return _first({"type": "http.request", "body": call.body, "more_body": False}, receive)


def _version(said: object) -> int | None:
    if said is None:
        return None
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said < 2**53:
        raise Invalid(
            "this is no version.", code="wrong_type", path="$.based_on", hint="Say the version that was read."
        )
    return said


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _first(message: Message, receive: Receive) -> Receive:
    """Receive that message, and then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return message

    return again


def _with_length(scope: Scope, call: Call) -> Scope:
    """The scope with the length of the body as it is now."""
    if not call.body:
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    return {**scope, "headers": [*headers, (b"content-length", str(len(call.body)).encode())]}


async def _coming(app: Application, request: Request, call: Call) -> Caller:
    """Who a call is by that nobody has to be let in for: one to come in by, or to go."""
    here = await caller_of(app, request)
    email = call.said.get("email")
    key = app.access.key_of(str(call.said.get("key", "")).strip())
    async with app.state.view() as view:
        if "token" in call.said and not email:
            with suppress(Exposed):
                _, email = await whose_link(view, str(call.said["token"]), now=app.clock.now())
        if isinstance(email, str) and email:
            found = await view.account_by_email(email.strip().lower())
            name = found.name if found is not None else str(call.said.get("name", ""))
            return Caller(kind="account", name=name[:200], by=email.strip().lower()[:500], permissions=frozenset())
    if key is not None:
        return Caller(kind="key", name=key.name, by=key.name, permissions=frozenset())
    return here or Caller(kind="account", name="", by="", permissions=frozenset())


def _deed(app: Application, request: Request, call: Call, act: Act, who: Caller) -> Deed:
    verb = str(request.path_params.get("verb", ""))
    return Deed(
        by=who.by,
        by_name=who.name,
        by_kind=who.kind,
        at_ms=to_millis(app.clock.now()),
        source=request.client.host if request.client is not None else "",
        action=act.action.replace("{verb}", PAST.get(verb, verb)),
        kind=act.kind,
        about=_about(act, call, request.path_params),
        said=_said(call.said) if act.says else {},
        based_on=call.based_on,
        carrying=call.carrying,
        prunes=act.kind == "segment" and call.said.get("prune") is True,
    )


def _said(body: Mapping[str, Any]) -> dict[str, Json]:
    return {str(name)[:80]: value for name, value in body.items()}


def _about(act: Act, call: Call, path: Mapping[str, object]) -> tuple[str, ...]:
    if not act.about.startswith("$."):
        return (name_of(str(path.get(act.about, ""))),)
    head, _, tail = act.about[2:].partition("[].")
    found = call.said.get(head)
    if not tail:
        return (str(found)[:500] if isinstance(found, (str, int)) else "",)
    listed = found if isinstance(found, list) else []
    ids = dict.fromkeys(str(each[tail]) for each in listed if isinstance(each, dict) and tail in each)
    return tuple(ids) or ("",)


def _is_dry(request: Request, call: Call) -> bool:
    return call.said.get("dry_run") is True or request.query_params.get("dry_run", "").lower() in {"true", "1", "yes"}


def _names_people(call: Call) -> bool:
    return call.said.get("people") is not None


def _contacts(act: Act, call: Call, path: Mapping[str, object]) -> bool:
    match act.contacts:
        case "always":
            return not act.verbs or path.get("verb") in act.verbs
        case "running":
            definition = call.said.get("definition")
            return isinstance(definition, dict) and definition.get("state") == "running"
        case "everybody":
            return not _names_people(call)
        case _:
            return False
