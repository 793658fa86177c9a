"""Saved insights and boards: kept under an id, deleted, brought back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

import msgspec

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, NotFound, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.kernel.shown import can_be_shown
from holdfast.ports.boards import Analysis, AnalysisKind
from holdfast.ports.state import State, View

NAME_CHARACTERS_MOST = 200
DESCRIPTION_CHARACTERS_MOST = 2_000
DEFINITION_BYTES_MOST = 256 * 1024
ANALYSES_MOST = 2_000
"""Saved insights, or boards, in one workspace."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_CALLED: Mapping[AnalysisKind, str] = {"insight": "saved insight", "board": "board"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One to be saved."""

    kind: AnalysisKind
    id: str
    name: str
    description: str
    definition: Mapping[str, object]
    """A JSON object."""


async def listed(view: View, kind: AnalysisKind, *, deleted: bool = False) -> Sequence[Analysis]:
    """Those there are, or those that were deleted; by name."""
    found = await view.analyses(kind, deleted=deleted)
    return sorted(found, key=lambda each: (each.name.casefold(), each.id))


async def find_analysis(view: View, kind: AnalysisKind, analysis_id: str) -> Analysis:
    """One that is there. Raises NotFound."""
    found = await view.analysis(kind, analysis_id)
    if found is None or found.deleted:
        hint = "It was deleted; restore brings it back." if found is not None else "PUT saves one."
        raise NotFound(f"there is no {_CALLED[kind]} {analysis_id!r:.120}.", hint=hint)
    return found


async def save_analysis(state: State, wanted: Wanted, *, by: str, now: datetime) -> Analysis:
    """Save it under its id, in the place of what is there; the same again changes nothing.

    Raises Invalid and TooLarge with the path of what cannot be.
    """
    drafted = _checked(wanted, by=by, now=now)
    async with state.begin() as transaction:
        before = await transaction.analysis(wanted.kind, wanted.id)
        if before is not None and _says_the_same(before, drafted):
            return before
        if before is None or before.deleted:
            await _check_room(transaction, wanted.kind)
        return await transaction.put_analysis(drafted)


async def delete_analysis(state: State, kind: AnalysisKind, analysis_id: str, *, by: str, now: datetime) -> None:
    """Delete it; it can be brought back. Raises NotFound."""
    async with state.begin() as transaction:
        found = await find_analysis(transaction, kind, analysis_id)
        await transaction.put_analysis(replace(found, deleted=True, version=0, by=by, saved_ms=to_millis(now)))


async def restore_analysis(state: State, kind: AnalysisKind, analysis_id: str, *, by: str, now: datetime) -> Analysis:
    """Bring back what was deleted, as it was; what is there stays. Raises NotFound, TooLarge."""
    async with state.begin() as transaction:
        found = await transaction.analysis(kind, analysis_id)
        if found is None:
            raise NotFound(f"there never was a {_CALLED[kind]} {analysis_id!r:.120}.", hint="PUT saves one.")
        if not found.deleted:
            return found
        await _check_room(transaction, kind)
        back = replace(found, deleted=False, version=0, by=by, saved_ms=to_millis(now))
        return await transaction.put_analysis(back)


def document_of(analysis: Analysis) -> dict[str, Json]:
    """What it says."""
    return cast("dict[str, Json]", msgspec.json.decode(analysis.definition))


def _says_the_same(before: Analysis, after: Analysis) -> bool:
    return replace(before, version=0, by="", saved_ms=0) == replace(after, version=0, by="", saved_ms=0)


def _checked(wanted: Wanted, *, by: str, now: datetime) -> Analysis:
    if not _ID.fullmatch(wanted.id):
        hint = "Use small letters, digits and hyphens, at most 100, such as orders-by-week."
        raise Invalid(f"{wanted.id!r:.120} is no id.", code="bad_id", path=f"{wanted.kind}_id", hint=hint)
    name = _line(wanted.name, "$.name", most=NAME_CHARACTERS_MOST)
    if not name:
        raise Invalid("the name is empty.", code="empty", path="$.name", hint="Give it a name people recognise.")
    return Analysis(
        kind=wanted.kind,
        id=wanted.id,
        name=name,
        description=_line(wanted.description, "$.description", most=DESCRIPTION_CHARACTERS_MOST, lines=True),
        definition=_encoded(wanted.definition),
        by=by,
        saved_ms=to_millis(now),
    )


def _line(text: str, path: str, *, most: int, lines: bool = False) -> str:
    told = text.strip()
    if len(told) > most:
        raise TooLarge(f"this is {len(told):,} characters long.", path=path, hint=f"Write {most:,} or fewer.")
    if not can_be_shown(told, lines=lines):
        raise Invalid("it holds a character that cannot be shown.", code="bad_text", path=path, hint="Take it out.")
    return told


def _encoded(definition: Mapping[str, object]) -> bytes:
    try:
        text = msgspec.json.encode(definition)
    except UnicodeEncodeError as error:
        raise Invalid(
            "a text in it holds half of a surrogate pair, which is no character.",
            code="bad_text",
            path="$",
            hint="Write the whole character.",
        ) from error
    if len(text) > DEFINITION_BYTES_MOST:
        raise TooLarge(f"it is over {DEFINITION_BYTES_MOST:,} bytes.", path="$", hint="Make two of it.")
    return text


async def _check_room(view: View, kind: AnalysisKind) -> None:
    if len(await view.analyses(kind)) >= ANALYSES_MOST:
        hint = "Delete those that nobody looks at any more."
        raise TooLarge(f"there are {ANALYSES_MOST:,} already, which is the most.", hint=hint)
