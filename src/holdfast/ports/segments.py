"""Saved segments, in every version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSegment:
    """A named segment definition in its JSON form: one immutable version of it."""

    id: str
    name: str
    description: str = ""
    definition: bytes
    updated_ms: int
    """When this version was saved."""
    by: str = ""
    """Who saved it, where that is known."""
    version: int = 0
    """From 1; given by the store. A deletion takes a number too, so numbers never start again."""
    deleted: bool = False
    """True for the version that says it was deleted: the definition is as it was then."""
    live: bool = False
    """Whether it is kept at every moment who is in it."""


def says_the_same(one: SavedSegment, other: SavedSegment) -> bool:
    """Whether all that is said of it is the same: saving the other over the one makes no version."""
    return (one.name, one.description, one.definition, one.live) == (
        other.name,
        other.description,
        other.definition,
        other.live,
    )


class SegmentView(Protocol):
    """Reading saved segments."""

    async def segments(self) -> list[SavedSegment]:
        """The saved segments, each in its newest version, in order of id; deleted ones are left out."""
        ...

    async def deleted_segments(self) -> list[SavedSegment]:
        """For each id that was deleted and not saved since, the version that says so; in order of id."""
        ...

    async def segment_versions(self, segment_id: str, *, limit: int, before: int | None = None) -> list[SavedSegment]:
        """Every version of a segment, deletions too, newest first; only those numbered below `before`, if given."""
        ...

    async def segment_version(self, segment_id: str, version: int) -> SavedSegment | None: ...


class SegmentTransaction(SegmentView, Protocol):
    """Changing saved segments."""

    async def put_segment(self, segment: SavedSegment) -> SavedSegment:
        """Save it as the next version of its id; returns it with its number.

        Where it says what is saved now (`says_the_same`), nothing changes and what is saved is returned.
        """
        ...

    async def delete_segment(self, segment_id: str, *, at_ms: int, by: str = "") -> SavedSegment | None:
        """Leave it out of `segments`; its versions stay. Returns the one that says so; None when it was not saved."""
        ...
