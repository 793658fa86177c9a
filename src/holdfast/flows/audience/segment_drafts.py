"""Drafts: segments to be saved, checked but for what they refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, cast

import msgspec

from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.kernel.shown import can_be_shown
from holdfast.segments.codec import decode_condition, encode_condition
from holdfast.segments.condition import Condition

NAME_MOST = 200
DESCRIPTION_MOST = 2_000

_FIELDS: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {"id": (str,), "name": (str,), "definition": (Mapping, Condition), "description": (str,), "live": (bool,)}
)
_MAY_BE_LEFT_OUT = frozenset({"description", "live"})
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A segment to be saved."""

    id: str
    name: str
    description: str | None
    """None leaves the one that is saved."""
    condition: Condition
    path: str = "$"
    """Where it stands in what the caller said, for complaints."""
    live: bool | None = None
    """Whether it is to be live; None leaves that as it is."""

    @property
    def definition(self) -> bytes:
        """The JSON form that is kept."""
        return canonical(self.condition)


def canonical(condition: Condition) -> bytes:
    """The one JSON text of a condition. Raises Invalid for half of a surrogate pair."""
    try:
        return msgspec.json.encode(encode_condition(condition))
    except UnicodeEncodeError as error:
        raise Invalid(
            "a text in it holds half of a surrogate pair, which is no character.",
            code="bad_text",
            path="$",
            hint="Write the whole character.",
        ) from error


def draft_of(  # noqa: PLR0917 - no two of them can be mistaken for one another.
    segment_id: str,
    name: str,
    definition: Condition | Mapping[str, object],
    description: str | None = None,
    path: str = "$",
    definition_path: str = "$",
) -> Draft:
    """The draft of what a caller said, checked but for what it refers to.

    Args:
        path: where the whole stands; complaints of the name begin with it.
        definition_path: where the definition stands.

    Raises Invalid and TooLarge.
    """
    if not _ID.fullmatch(segment_id):
        hint = "Use small letters, digits and hyphens, at most 100, such as gold-customers."
        where = "segment_id" if path == "$" else f"{path}.id"
        raise Invalid(f"{segment_id!r:.120} is no segment id.", code="bad_id", path=where, hint=hint)
    draft = Draft(
        id=segment_id,
        name=_line(name, f"{path}.name", most=NAME_MOST, empty="Give it a name people recognise."),
        description=None
        if description is None
        else _line(description, f"{path}.description", most=DESCRIPTION_MOST, empty=None),
        condition=_at(definition_path, definition),
        path=definition_path,
    )
    _check_text(draft, definition_path)
    return draft


def drafts_of(documents: Sequence[Mapping[str, object]]) -> list[Draft]:
    """The drafts of objects with id, name, definition and perhaps description; paths begin with `$.segments[0]`.

    Raises Invalid and TooLarge.
    """
    return [_draft_in(document, f"$.segments[{index}]") for index, document in enumerate(documents)]


def _draft_in(document: Mapping[str, object], path: str) -> Draft:
    for field in document:
        if field not in _FIELDS:
            message = f"{field!r:.120} is no field of a segment."
            raise Invalid(message, code="unknown_field", path=path, hint=f"There is {', '.join(_FIELDS)}.")
    for field, wanted in _FIELDS.items():
        if field not in document and field not in _MAY_BE_LEFT_OUT:
            raise Invalid(f"{field!r} is missing.", code="missing_field", path=path, hint=f"Add {field!r}.")
        if field in document and not isinstance(document[field], wanted):
            hint = _TYPE_HINTS[wanted]
            raise Invalid("this is of another type.", code="wrong_type", path=f"{path}.{field}", hint=hint)
    given = cast("dict[str, Any]", document)
    draft = draft_of(
        given["id"],
        given["name"],
        given["definition"],
        given.get("description", ""),
        path=path,
        definition_path=f"{path}.definition",
    )
    return replace(draft, live=given.get("live", False))


_TYPE_HINTS: Mapping[tuple[type, ...], str] = MappingProxyType(
    {
        (str,): "Write it in quotes.",
        (bool,): "Write true or false.",
        (Mapping, Condition): 'Write {"type": "did", "event": "…"}.',
    }
)


def _line(text: str, path: str, *, most: int, empty: str | None) -> str:
    told = text.strip()
    if not told and empty is not None:
        raise Invalid("the name is empty.", code="empty", path=path, hint=empty)
    if len(told) > most:
        raise TooLarge(f"this is {len(told):,} characters long.", path=path, hint=f"Write {most:,} or fewer.")
    if not can_be_shown(told, lines=empty is None):
        raise Invalid("it holds a character that cannot be shown.", code="bad_text", path=path, hint="Take it out.")
    return told


def _at(path: str, definition: Condition | Mapping[str, object]) -> Condition:
    if isinstance(definition, Condition):
        return definition
    try:
        return decode_condition(definition)
    except Exposed as complaint:
        complaint.path = path + complaint.path.removeprefix("$")
        raise


def _check_text(draft: Draft, path: str) -> None:
    try:
        draft.definition  # noqa: B018 - it raises where the text cannot be kept.
    except Invalid as complaint:
        complaint.path = path
        raise
