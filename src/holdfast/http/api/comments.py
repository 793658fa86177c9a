"""/api/comments: what people say to each other of what they work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Self, cast
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request

from holdfast.flows.accounts.mailing import mention_words
from holdfast.flows.teamwork.commenting import (
    change_comment,
    comments_on,
    drop_comment,
    mentions_in,
    mentions_of,
    read_mention,
    say,
)
from holdfast.flows.teamwork.described import describe
from holdfast.flows.teamwork.things import ThingKind, decode_thing
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Truth, moment, moment_text
from holdfast.http.team_mail import mail_colleague
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


@dataclass(frozen=True, kw_only=True)
class MentionShape(CommentShape):
    """A comment that turns to the caller, and what the thing it is about is called."""

    name: str


@dataclass(frozen=True, kw_only=True)
class MentionList:
    """What turns to the caller, is not settled, and was not read by them yet: newest first."""

    mentions: list[MentionShape]


PAGES: Mapping[ThingKind, str] = MappingProxyType(
    {
        "journey": "journeys",
        "campaign": "campaigns",
        "experiment": "experiments",
        "segment": "segments",
        "template": "content",
        "block": "content/blocks",
    }
)
"""Where each kind has its page in the console."""


def mention_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/mentions", tags=["Teamwork"], dependencies=[needs("read")])

    @routes.get("")
    async def listed(request: Request) -> MentionList:
        """What others said that turns to the caller and is not settled, until they have read it."""
        caller = caller_in(request).by
        async with app.state.view() as view:
            found = await mentions_of(view, caller)
        return MentionList(
            mentions=[MentionShape(name=name, **vars(CommentShape.of(each, caller))) for each, name in found]
        )

    @routes.delete("/{comment_id}", status_code=204)
    async def read(comment_id: Number, request: Request) -> None:
        """One has read it: it leaves the list. The comment stays."""
        await read_mention(app.state, comment_id, by=caller_in(request).by)

    return routes


async def _mail(app: Application, comment: Comment, told: Sequence[str]) -> None:
    """Mail it to those it turns to, where mail goes out."""
    if not told:
        return
    async with app.state.view() as view:
        said = await describe(view, comment.kind, comment.about)
    page = PAGES[cast("ThingKind", comment.kind)]
    link = f"{app.settings.url}/{page}/{quote(comment.about, safe='')}"
    about = (said.name if said is not None else "") or comment.about
    words = mention_words(app.settings.workspace_name, comment.by_name or comment.by, about, comment.text, link)
    for each in told:
        await mail_colleague(app, each, words)


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
        """Say something. Whom it turns to find it under `GET /api/mentions`, and in their mail where mail goes out."""
        caller, now_ms = caller_in(request), to_millis(app.clock.now())
        thing = decode_thing(wish.about, "$.about")
        kept, told = await say(app.state, thing, wish.text, by=caller.by, by_name=caller.name, now_ms=now_ms)
        await _mail(app, kept, told)
        return CommentShape.of(kept, caller.by)

    @routes.put("/{comment_id}")
    async def changed(comment_id: Number, wish: CommentChange, request: Request) -> CommentShape:
        """Say it differently, resolve it, or open it again."""
        caller, now_ms = caller_in(request), to_millis(app.clock.now())
        kept, told = await change_comment(
            app.state,
            comment_id,
            text=wish.text,
            resolved=wish.resolved,
            by=caller.by,
            now_ms=now_ms,
        )
        await _mail(app, kept, told)
        return CommentShape.of(kept, caller.by)

    @routes.delete("/{comment_id}", status_code=204)
    async def dropped(comment_id: Number, request: Request) -> None:
        """Take back what one said."""
        await drop_comment(app.state, comment_id, by=caller_in(request).by)

    return routes
