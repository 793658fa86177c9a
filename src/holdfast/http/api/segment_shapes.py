"""Saved segments as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from holdfast.flows.audience.segments import Change, ChangeKind
from holdfast.flows.audience.used_by import Use
from holdfast.http.shapes import Properties, moment_text
from holdfast.kernel.errors import Exposed
from holdfast.ports.state import SavedSegment
from holdfast.segments.codec import decode_condition, encode_condition
from holdfast.segments.condition import Declared, people_words
from holdfast.segments.difference import Difference
from holdfast.segments.forms import condition_schema


@dataclass(frozen=True, kw_only=True)
class ConditionKind:
    """A kind of condition: `schema` is the JSON Schema of what it holds beside its `type`."""

    type: str
    label: str
    about: str
    schema: Properties
    example: Properties

    @classmethod
    def of(cls, each: Declared) -> Self:
        example = encode_condition(each.examples[0])
        schema = condition_schema(each.shape)
        return cls(type=each.name, label=each.label, about=each.about, schema=schema, example=example)


@dataclass(frozen=True, kw_only=True)
class ConditionKinds:
    """Every kind of condition."""

    kinds: list[ConditionKind]


@dataclass(frozen=True, kw_only=True)
class UseShape:
    """One place where a saved segment, or a list, is used: `path` stands in the definition of what uses it.

    `version` is that of a journey people are still under way on, where it is not the newest.
    """

    kind: Literal["segment", "journey", "campaign", "kpi"]
    id: str
    name: str
    path: str
    version: int | None = None

    @classmethod
    def of(cls, use: Use) -> Self:
        return cls(kind=use.kind, id=use.id, name=use.name, path=use.path, version=use.version)


@dataclass(frozen=True, kw_only=True)
class UsedBy:
    """Who uses a segment, or a list."""

    used_by: list[UseShape]


@dataclass(frozen=True, kw_only=True)
class SegmentShape:
    """A saved segment, and who uses it."""

    id: str
    name: str
    description: str
    definition: Properties
    words: str
    version: int
    updated_at: str
    by: str
    live: bool
    used_by: list[UseShape]

    @classmethod
    def of(cls, saved: SavedSegment, used_by: Sequence[Use] = ()) -> Self:
        return cls(
            id=saved.id,
            name=saved.name,
            description=saved.description,
            definition=definition_of(saved),
            words=words_of(saved),
            version=saved.version,
            updated_at=moment_text(saved.updated_ms),
            by=saved.by,
            live=saved.live,
            used_by=[UseShape.of(use) for use in used_by],
        )


@dataclass(frozen=True, kw_only=True)
class VersionShape:
    """One version of a segment; `deleted` is true of the one that says it was deleted."""

    id: str
    version: int
    name: str
    description: str
    definition: Properties
    words: str
    saved_at: str
    by: str
    live: bool
    deleted: bool

    @classmethod
    def of(cls, saved: SavedSegment) -> Self:
        return cls(
            id=saved.id,
            version=saved.version,
            name=saved.name,
            description=saved.description,
            definition=definition_of(saved),
            words=words_of(saved),
            saved_at=moment_text(saved.updated_ms),
            by=saved.by,
            live=saved.live,
            deleted=saved.deleted,
        )


@dataclass(frozen=True, kw_only=True)
class DifferenceShape:
    """One place where two documents differ. What was added has no `before`, what was removed no `after`: both null."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any

    @classmethod
    def of(cls, difference: Difference) -> Self:
        return cls(path=difference.path, kind=difference.kind, before=difference.before, after=difference.after)


@dataclass(frozen=True, kw_only=True)
class ChangeShape:
    """What becomes of one segment. `absent` is saved, and not among those applied."""

    kind: ChangeKind
    id: str
    name: str
    version: int
    words_before: str | None
    words_after: str | None
    differences: list[DifferenceShape]
    used_by: list[UseShape]

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(
            kind=change.kind,
            id=change.segment.id,
            name=change.segment.name,
            version=change.segment.version,
            words_before=None if change.before is None else words_of(change.before),
            words_after=None if change.kind == "deleted" else words_of(change.segment),
            differences=[DifferenceShape.of(each) for each in change.differences],
            used_by=[UseShape.of(use) for use in change.used_by],
        )


def definition_of(saved: SavedSegment) -> dict[str, Any]:
    """The definition in its JSON form; as it was kept, where it is not valid any more."""
    try:
        return encode_condition(decode_condition(saved.definition))
    except Exposed:
        kept: dict[str, Any] = json.loads(saved.definition)
        return kept


def words_of(saved: SavedSegment) -> str:
    """Who they are, in one plain sentence."""
    try:
        return f"{people_words(decode_condition(saved.definition))}."
    except Exposed as complaint:
        return f"This definition is not valid any more: {complaint}"
