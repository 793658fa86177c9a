"""/api/approvals: what would contact people, and waits until a second person agrees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Path, Query, Request
from starlette.types import Message, Scope

from holdfast.flows.accounts.caller import Caller
from holdfast.flows.accounts.permissions import EVERYTHING
from holdfast.flows.teamwork.approving import (
    WAITS_MS,
    ApprovalRule,
    Asked,
    asked_in,
    check_decision,
    check_words,
    decline,
    find_approval,
    rule_of,
    set_rule,
)
from holdfast.flows.teamwork.deed import Carrying, Deed, Overtaken
from holdfast.http.api.approval_shapes import ApprovalShape
from holdfast.http.attending import Attending, asks_for_two, deed_in
from holdfast.http.needs import caller_in, needs
from holdfast.http.path_names import keeping_names
from holdfast.http.shapes import NUMBER_MOST, WISH
from holdfast.kernel.errors import Busy, Conflict
from holdfast.kernel.moments import to_millis
from holdfast.ports.teamwork import Approval, ApprovalState
from holdfast.wiring import Application

PAGE_MOST = 200

Number = Annotated[int, Path(ge=1, le=NUMBER_MOST)]


@dataclass(frozen=True, kw_only=True)
class ApprovalPage:
    """What was asked for, newest first; `next` asks for those before them. `waiting` is how many wait in all."""

    approvals: list[ApprovalShape]
    next: int | None
    waiting: int
    mentions: int
    """How many comments turn to the caller, are not settled, and were not read by them."""


@dataclass(frozen=True, kw_only=True)
class DecisionWish:
    """What somebody says of it: to approve or refuse what somebody else asked for, or to withdraw one's own."""

    __pydantic_config__ = WISH

    say: Literal["approve", "refuse", "withdraw"]
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleWish:
    """Whether a second person has to agree before people are contacted."""

    __pydantic_config__ = WISH

    rule: ApprovalRule


@dataclass(frozen=True, kw_only=True)
class RuleShape:
    """Whether a second person has to agree; `fixed` where the settings of the server say so, and not the console."""

    rule: ApprovalRule
    fixed: bool


def approval_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/approvals", tags=["Teamwork"], dependencies=[needs("read")])

    @routes.get("")
    async def listed(
        request: Request,
        state: Annotated[ApprovalState | None, Query(description="Only those that stand so.")] = None,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MOST)] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
    ) -> ApprovalPage:
        """What would contact people, and waits, or waited, for a second person."""
        now_ms = to_millis(app.clock.now())
        async with app.state.view() as view:
            found = await view.approvals(state, limit=limit, before=before)
            waiting = await view.count_waiting_approvals(now_ms - WAITS_MS + 1)
            mentions = await view.count_mentions(caller_in(request).by)
        following = found[-1].id if len(found) == limit and found[-1].id > 1 else None
        caller = caller_in(request).by
        shapes = [ApprovalShape.of(each, now_ms, caller) for each in found]
        return ApprovalPage(approvals=shapes, next=following, waiting=waiting, mentions=mentions)

    @routes.get("/rule")
    async def rule() -> RuleShape:
        """Whether a second person has to agree before people are contacted."""
        async with app.state.view() as view:
            found = await rule_of(view, fixed=asks_for_two(app))
        return RuleShape(rule=found.rule, fixed=found.fixed)

    @routes.put("/rule", dependencies=[needs("accounts:write")])
    async def change_rule(wish: RuleWish) -> RuleShape:
        """Ask for a second person from now on, or no more. What waits goes on waiting."""
        found = await set_rule(app.state, wish.rule, fixed=asks_for_two(app))
        return RuleShape(rule=found.rule, fixed=found.fixed)

    @routes.get("/{approval_id}")
    async def one(approval_id: Number, request: Request) -> ApprovalShape:
        """One of them, with the whole call that waits."""
        async with app.state.view() as view:
            found = await find_approval(view, approval_id)
        return ApprovalShape.of(found, to_millis(app.clock.now()), caller_in(request).by)

    @routes.post("/{approval_id}")
    async def decide(approval_id: Number, wish: DecisionWish, request: Request) -> ApprovalShape:
        """Approve or refuse what somebody else asked for, or withdraw what one asked for oneself.

        Approved, it is done at once, as it was asked: with the definition it was asked with. It is not done when what
        it is about was changed since, and then it is `overtaken`.
        """
        caller, words, now_ms = caller_in(request), check_words(wish.words), to_millis(app.clock.now())
        async with app.state.view() as view:
            approval = await find_approval(view, approval_id)
        check_decision(approval, wish.say, by=caller.by, may_approve=caller.may("approve"), now_ms=now_ms)
        deed = deed_in(request)
        if wish.say != "approve":
            to: Literal["refused", "withdrawn"] = "refused" if wish.say == "refuse" else "withdrawn"
            deed.action = f"approval.{to}"
            done = await decline(app.state, approval.id, to, by=caller.by, words=words, now_ms=now_ms)
            return ApprovalShape.of(done, now_ms, caller.by)
        status, answer = await _carry_out(
            app, request, approval, Carrying(approval=approval.id, words=words, agreeing=deed)
        )
        if status >= 300:
            await _not_done(app, approval, deed, status, answer)
        async with app.state.view() as view:
            return ApprovalShape.of(await find_approval(view, approval.id), now_ms, caller.by)

    return routes


async def _carry_out(app: Application, request: Request, approval: Approval, carrying: Carrying) -> tuple[int, bytes]:
    """Make the call that waits, in the name of who asked for it: its answer."""
    asked = asked_in(approval)
    caller = Caller(kind=asked.by_kind, name=approval.by_name, by=approval.by, permissions=EVERYTHING)
    scope = _scope(request.scope, asked, {"caller": caller, "carrying": carrying})
    status, parts = 0, []

    async def receive() -> Message:
        return {"type": "http.request", "body": asked.body.encode(), "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await Attending(request.app, app)(scope, receive, send)
    return status, b"".join(parts)


def _scope(outer: Scope, asked: Asked, state: dict[str, object]) -> Scope:
    body = asked.body.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return keeping_names(
        {
            "type": "http",
            "asgi": outer["asgi"],
            "http_version": "1.1",
            "method": asked.method,
            "scheme": outer["scheme"],
            "path": unquote(asked.path),
            "raw_path": asked.path.encode("latin-1"),
            "query_string": asked.query.encode("latin-1"),
            "root_path": "",
            "headers": headers,
            "server": outer.get("server"),
            "client": outer.get("client"),
            "state": state,
        }
    )


async def _not_done(app: Application, approval: Approval, deed: Deed, status: int, answer: bytes) -> None:
    """Raise what was in the way. Where that is for good, it waits no more."""
    problem = json.loads(answer).get("error", {}) if answer else {}
    said = f"{problem.get('message', '')} {problem.get('hint', '')}".strip()
    if problem.get("code") == "decided":
        raise Conflict("somebody has decided on it already.", code="decided", hint="Look at it again.")
    if status >= 500:
        raise Busy("it could not be done at this moment.", hint="Try again. " + said)
    deed.action = "approval.overtaken"
    now_ms = to_millis(app.clock.now())
    await decline(app.state, approval.id, "overtaken", by=deed.by, words=said[:500], now_ms=now_ms)
    raise Overtaken(f"it was not done: {said}", hint="Whoever asked is to look at it again, and ask anew.")
