"""Drafts: what was written and is not saved yet, kept as it is typed. Two people never overwrite one silently.

There is one draft of each thing. Whoever saves it says which revision they had before them; when it is another by now,
somebody else has written meanwhile, and is told with what they wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from holdfast.events.event import Json
from holdfast.flows.teamwork.deed import MovedOn
from holdfast.flows.teamwork.things import Thing
from holdfast.kernel.errors import Invalid, NotFound, TooLarge
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.ports.state import State, View
from holdfast.ports.teamwork import Draft

DRAFT_BYTES_MOST = 1024 * 1024
DRAFTS_MOST = 500
NAME_CHARACTERS_MOST = 200
"""Of the name that a draft goes by in lists."""


async def find_draft(view: View, thing: Thing) -> Draft:
    """The draft of it. Raises NotFound."""
    found = await view.draft(thing.kind, thing.about)
    if found is None:
        raise NotFound(f"there is no draft of {str(thing)!r:.120}.", hint="PUT keeps one.")
    return found


async def every_draft(view: View) -> Sequence[Draft]:
    """Drafts, the one saved last first."""
    return await view.drafts(limit=DRAFTS_MOST)


async def keep_draft(
    state: State,
    thing: Thing,
    definition: Mapping[str, Any],
    *,
    based_on: int,
    revision: int,
    by: str,
    by_name: str,
    now_ms: int,
) -> Draft:
    """Keep what was written.

    Args:
        based_on: the version it began from; 0 for what was never saved.
        revision: the revision that the writer had before them; 0 where there was no draft.

    Raises MovedOn when it is another by now, TooLarge, Invalid.
    """
    text = _encoded(definition)
    async with state.begin() as transaction:
        before = await transaction.draft(thing.kind, thing.about)
        if (before.revision if before is not None else 0) != revision:
            raise _moved_on(thing, before)
        if before is not None and (before.definition, before.based_on) == (text, based_on):
            return before
        kept = Draft(
            kind=thing.kind,
            about=thing.about,
            definition=text,
            based_on=based_on,
            # From the clock, so that it is never that of a draft which was thrown away; and higher, whatever the clock.
            revision=max(now_ms, revision + 1),
            by=by,
            by_name=by_name,
            updated_ms=now_ms,
        )
        await transaction.put_draft(kept)
    return kept


async def drop_draft(state: State, thing: Thing, revision: int | None) -> None:
    """Throw it away; without a revision whichever it is. Raises MovedOn when it is another by now."""
    async with state.begin() as transaction:
        before = await transaction.draft(thing.kind, thing.about)
        if before is None:
            return
        if revision is not None and before.revision != revision:
            raise _moved_on(thing, before)
        await transaction.drop_draft(thing.kind, thing.about)


def draft_document(draft: Draft) -> dict[str, Json]:
    """What was written."""
    return cast("dict[str, Json]", msgspec.json.decode(draft.definition))


def draft_name(draft: Draft) -> str:
    """What it is called in what was written; empty where that says nothing of it."""
    try:
        named = msgspec.json.decode(draft.definition, type=_Named).name
    except msgspec.DecodeError:
        return ""
    return named[:NAME_CHARACTERS_MOST] if isinstance(named, str) else ""


class _Named(msgspec.Struct):
    name: Any = ""


def _moved_on(thing: Thing, draft: Draft | None) -> MovedOn:
    if draft is None:
        return MovedOn(
            "the draft was saved, or thrown away, by somebody else.",
            code="draft_moved_on",
            path="$.revision",
            hint="Begin a new one with revision 0.",
            by="",
            at=None,
            draft=None,
        )
    return MovedOn(
        f"{draft.by_name or draft.by or 'somebody'} has written in the draft of this {thing.kind}.",
        code="draft_moved_on",
        path="$.revision",
        hint=f"Take over what they wrote, or keep yours with revision {draft.revision}.",
        by=draft.by,
        at=format_moment(from_millis(draft.updated_ms)),
        draft={
            "definition": draft_document(draft),
            "based_on": draft.based_on,
            "revision": draft.revision,
        },
    )


def _encoded(definition: Mapping[str, Any]) -> bytes:
    try:
        text = msgspec.json.encode(definition)
    except UnicodeEncodeError as error:
        raise Invalid(
            "a text in it holds half of a surrogate pair, which is no character.",
            code="bad_text",
            path="$.definition",
            hint="Write the whole character.",
        ) from error
    if len(text) > DRAFT_BYTES_MOST:
        raise TooLarge(f"the draft is over {DRAFT_BYTES_MOST} bytes.", path="$.definition", hint="Save a part of it.")
    return text
