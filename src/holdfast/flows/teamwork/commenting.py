"""Comments: what people say to each other of a journey, campaign, segment, template or experiment. Plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from holdfast.flows.teamwork.described import describe
from holdfast.flows.teamwork.things import Thing
from holdfast.kernel.errors import Forbidden, Invalid, NotFound, TooLarge
from holdfast.ports.state import State, Transaction, View
from holdfast.ports.teamwork import Comment

TEXT_CHARACTERS_MOST = 4_000
COMMENTS_MOST = 500
"""Comments told of one thing, the newest."""
_MENTION = re.compile(r"(?<![\w.@])@([\w.+-]+@[\w-]+(?:\.[\w-]+)+)")


def mentions_in(text: str) -> list[str]:
    """The addresses that a comment turns to, `@ann@shop.example`: each once, in order."""
    return list(dict.fromkeys(each.lower() for each in _MENTION.findall(text)))


async def comments_on(view: View, thing: Thing) -> Sequence[Comment]:
    """What was said of it, oldest first."""
    return await view.comments(thing.kind, thing.about, limit=COMMENTS_MOST)


async def say(state: State, thing: Thing, text: str, *, by: str, by_name: str, now_ms: int) -> Comment:
    """Say something of a thing. Raises NotFound where there is none, Invalid and TooLarge for the text."""
    said = Comment(kind=thing.kind, about=thing.about, by=by, by_name=by_name, at_ms=now_ms, text=checked_text(text))
    async with state.begin() as transaction:
        if await describe(transaction, thing.kind, thing.about) is None:
            raise NotFound(f"there is no {thing.kind} {thing.about!r:.120}.", path="$.about", hint="Save it first.")
        return await transaction.put_comment(said)


async def change_comment(
    state: State, comment_id: int, *, text: str | None, resolved: bool | None, by: str, now_ms: int
) -> Comment:
    """Say it differently, which only its author may; or resolve it, or open it again.

    Raises NotFound, Forbidden, and Invalid or TooLarge for the text.
    """
    async with state.begin() as transaction:
        comment = await _found(transaction, comment_id)
        if text is not None and (said := checked_text(text)) != comment.text:
            _check_own(comment, by)
            comment = replace(comment, text=said, edited_ms=now_ms)
        if resolved is not None and resolved != (comment.resolved_ms is not None):
            comment = replace(comment, resolved_ms=now_ms if resolved else None, resolved_by=by if resolved else "")
        return await transaction.put_comment(comment)


async def drop_comment(state: State, comment_id: int, *, by: str) -> None:
    """Take back what one said. Raises NotFound, Forbidden."""
    async with state.begin() as transaction:
        _check_own(await _found(transaction, comment_id), by)
        await transaction.drop_comment(comment_id)


def checked_text(text: str) -> str:
    """The text without space around it. Raises Invalid, TooLarge."""
    said = text.strip()
    if not said:
        raise Invalid("this says nothing.", path="$.text", hint="Write what you have to say.")
    if len(said) > TEXT_CHARACTERS_MOST:
        raise TooLarge(f"that is over {TEXT_CHARACTERS_MOST} characters.", path="$.text", hint="Say it shorter.")
    return said


async def _found(transaction: Transaction, comment_id: int) -> Comment:
    found = await transaction.comment(comment_id)
    if found is None:
        raise NotFound("there is no such comment.", hint="Its author may have taken it back.")
    return found


def _check_own(comment: Comment, by: str) -> None:
    if comment.by != by:
        raise Forbidden("only who said it changes it.", hint="Answer it instead.")
