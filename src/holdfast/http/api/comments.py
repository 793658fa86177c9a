"""/api/comments: what people say to each other of what they work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query, Request

from holdfast.flows.teamwork.commenting import change_comment, comments_on, drop_comment, mentions_in, say
from holdfast.flows.teamwork.things import decode_thing
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Truth, moment, moment_text
from holdfast.kernel.moments import to_millis
from holdfast.ports.teamwork import Comment
from holdfast.wiring import Application

AboutText = Annotated[str, Query(max_length=300, description="Its kind and id, such as `journey:cart-rescue`.")]

Number = Annotated[int, Path(ge=1, le=NUMBER_MOST)]


@dataclass(frozen=True, kw_only=True)
class CommentWish:
    """A comment: plain text. `@ann@shop.example` in it turns to somebody."""

    __pydantic_config__ = WISH

    about: str
    text: str


@dataclass(frozen=True, kw_only=True)
class CommentChange:
    """What to change of a comment: what it says, which its author may; or whether what it is about is settled."""

    __pydantic_config__ = WISH

    text: str | None = None
    resolved: Truth | None = None


@dataclass(frozen=True, kw_only=True)
class CommentShape:
    """What somebody said. `mentions` are those it turns to; `own` says whether it is the caller's."""

    id: int
    about: str
    by: str
    by_name: str
    at: str
    text: str
    mentions: list[str]
    edited_at: str | None
    resolved_at: str | None
    resolved_by: str
    own: bool

    @classmethod
    def of(cls, comment: Comment, caller: str) -> Self:
        return cls(
            id=comment.id,
            about=f"{comment.kind}:{comment.about}",
            by=comment.by,
            by_name=comment.by_name,
            at=moment_text(comment.at_ms),
            text=comment.text,
            mentions=mentions_in(comment.text),
            edited_at=moment(comment.edited_ms),
            resolved_at=moment(comment.resolved_ms),
            resolved_by=comment.resolved_by,
            own=comment.by == caller,
        )


@dataclass(frozen=True, kw_only=True)
class CommentList:
    """What was said of something, oldest first."""

    comments: list[CommentShape]


def comment_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/comments", tags=["Teamwork"], dependencies=[needs("read")])

    @routes.get("")
    async def listed(about: AboutText, request: Request) -> CommentList:
        """What was said of a journey, campaign, segment, template, block or experiment."""
        caller = caller_in(request).by
        async with app.state.view() as view:
            found = await comments_on(view, decode_thing(about, "about"))
        return CommentList(comments=[CommentShape.of(each, caller) for each in found])

    @routes.post("", status_code=201)
    async def said(wish: CommentWish, request: Request) -> CommentShape:
        """Say something."""
        caller, now_ms = caller_in(request), to_millis(app.clock.now())
        thing = decode_thing(wish.about, "$.about")
        kept = await say(app.state, thing, wish.text, by=caller.by, by_name=caller.name, now_ms=now_ms)
        return CommentShape.of(kept, caller.by)

    @routes.put("/{comment_id}")
    async def changed(comment_id: Number, wish: CommentChange, request: Request) -> CommentShape:
        """Say it differently, resolve it, or open it again."""
        caller, now_ms = caller_in(request), to_millis(app.clock.now())
        kept = await change_comment(
            app.state,
            comment_id,
            text=wish.text,
            resolved=wish.resolved,
            by=caller.by,
            now_ms=now_ms,
        )
        return CommentShape.of(kept, caller.by)

    @routes.delete("/{comment_id}", status_code=204)
    async def dropped(comment_id: Number, request: Request) -> None:
        """Take back what one said."""
        await drop_comment(app.state, comment_id, by=caller_in(request).by)

    return routes
