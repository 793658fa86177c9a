"""Saved templates and blocks, in the state: every version of each, which never changes.

Both are kept alike. A template says all of a message on one medium; a block is a piece that templates share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, Protocol

SavedKind = Literal["template", "block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One version of a template or a block, but for what it says."""

    kind: SavedKind
    id: str
    version: int = 0
    """From 1; given by the store. A deletion takes a number too, so numbers never start again."""
    name: str
    medium: str = ""
    """Of a template: what it is said by. Of a block: nothing, as any medium may use it."""
    saved_ms: int
    by: str = ""
    """Who saved it, where that is known."""
    deleted: bool = False
    """True for the version that says it was deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTemplate(Heading):
    """One version, with what it says."""

    definition: bytes
    """Its JSON form; of a deletion, as it was then."""

    @property
    def heading(self) -> Heading:
        """The same without what it says."""
        return Heading(**{each.name: getattr(self, each.name) for each in fields(Heading)})


def reads_the_same(one: SavedTemplate, other: SavedTemplate) -> bool:
    """Whether saving the other over the one makes no version: neither was deleted, and they say the same."""
    said = (one.deleted, one.name, one.medium, one.definition)
    return said == (False, other.name, other.medium, other.definition)


class TemplateView(Protocol):
    """Reading templates and blocks."""

    async def templates(self, kind: SavedKind) -> list[Heading]:
        """The newest version of each that is saved now, in order of id; deleted ones are left out."""
        ...

    async def template_versions(
        self, kind: SavedKind, saved_id: str, *, limit: int, before: int | None = None
    ) -> list[Heading]:
        """Every version of one, deletions too, newest first; only those numbered below `before`, if given."""
        ...

    async def template_version(self, kind: SavedKind, saved_id: str, version: int) -> SavedTemplate | None: ...

    async def template_headings(self, kind: SavedKind, ids: Sequence[str] | None = None) -> list[Heading]:
        """Every version of these, deletions too, in order of id and version; of all there are when None."""
        ...


class TemplateTransaction(TemplateView, Protocol):
    """Changing templates and blocks."""

    async def put_template(self, saved: SavedTemplate) -> SavedTemplate:
        """Save it as the next version of its kind and id; returns it with its number.

        Where it says what is saved now (`reads_the_same`), nothing changes and what is saved is returned.
        """
        ...

    async def delete_template(
        self, kind: SavedKind, saved_id: str, *, at_ms: int, by: str = ""
    ) -> SavedTemplate | None:
        """Leave it out of `templates`; its versions stay. Returns the one that says so; None when it was not saved."""
        ...
