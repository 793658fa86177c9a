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
MENTIONS_MOST = 50
"""People one comment turns to."""
_MENTION = re.compile(r"(?<![\w.@])@([\w.+-]+@[\w-]+(?:\.[\w-]+)+)")


def mentions_in(text: str) -> list[str]:
    """The addresses that a comment turns to, `@ann@shop.example`: each once, in order."""
    return list(dict.fromkeys(each.lower() for each in _MENTION.findall(text)))


async def comments_on(view: View, thing: Thing) -> Sequence[Comment]:
    """What was said of it, oldest first."""
    return await view.comments(thing.kind, thing.about, limit=COMMENTS_MOST)


async def say(
    state: State, thing: Thing, text: str, *, by: str, by_name: str, now_ms: int
) -> tuple[Comment, Sequence[str]]:
    """Say something of a thing; returns the comment, and whom it turns to who work here.

    Raises NotFound where there is no such thing, Invalid and TooLarge for the text.
    """
    said = Comment(kind=thing.kind, about=thing.about, by=by, by_name=by_name, at_ms=now_ms, text=checked_text(text))
    async with state.begin() as transaction:
        if await describe(transaction, thing.kind, thing.about) is None:
            raise NotFound(f"there is no {thing.kind} {thing.about!r:.120}.", path="$.about", hint="Save it first.")
        kept = await transaction.put_comment(said)
        return kept, await _turn_to(transaction, kept, mentions_in(kept.text))


async def change_comment(
    state: State, comment_id: int, *, text: str | None, resolved: bool | None, by: str, now_ms: int
) -> tuple[Comment, Sequence[str]]:
    """Say it differently, which only its author may; or resolve it, or open it again.

    Returns it, and whom it turns to now that it did not turn to before.

    Raises NotFound, Forbidden, and Invalid or TooLarge for the text.
    """
    async with state.begin() as transaction:
        comment = before = await _found(transaction, comment_id)
        if text is not None and (said := checked_text(text)) != comment.text:
            _check_own(comment, by)
            comment = replace(comment, text=said, edited_ms=now_ms)
        if resolved is not None and resolved != (comment.resolved_ms is not None):
            comment = replace(comment, resolved_ms=now_ms if resolved else None, resolved_by=by if resolved else "")
        kept = await transaction.put_comment(comment)
        were, now = mentions_in(before.text), mentions_in(kept.text)
        for gone in (each for each in were if each not in now):
            await transaction.drop_mention(gone, kept.id)
        return kept, await _turn_to(transaction, kept, [each for each in now if each not in were])


async def _turn_to(transaction: Transaction, comment: Comment, emails: Sequence[str]) -> Sequence[str]:
    """Note it for those of them who work here; nobody turns to themselves."""
    found = [await transaction.account_by_email(each) for each in emails[:MENTIONS_MOST] if each != comment.by]
    told = [each.email for each in found if each is not None and each.state == "active"]
    for each in told:
        await transaction.put_mention(each, comment.id)
    return told


async def mentions_of(view: View, to: str) -> Sequence[tuple[Comment, str]]:
    """What turns to somebody, is not settled and was not read by them, newest first; each with what it is about."""
    found = await view.mentions(to, limit=COMMENTS_MOST)
    things = {(each.kind, each.about) for each in found}
    described = {(kind, about): await describe(view, kind, about) for kind, about in things}
    names = {each: said.name for each, said in described.items() if said is not None}
    return [(each, names.get((each.kind, each.about)) or each.about) for each in found]


async def read_mention(state: State, comment_id: int, *, by: str) -> None:
    """They have read that one; it is told to them no more."""
    async with state.begin() as transaction:
        await transaction.drop_mention(by, comment_id)


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
