"""Discovery: which properties and traits there are, for a picker that fills while somebody types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from holdfast.events.event import Json
from holdfast.ports.history import PropertyType

VALUES_KEPT = 50
"""The commonest values of a property that are kept at hand."""
VALUE_CHARACTERS_MOST = 200
"""Characters of a value that are told apart; a longer one is told as text, cut short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValue:
    """A value, and how often it was seen: of events how many, of traits how many people have it.

    Where a property has very many values, how often is an upper bound.
    """

    value: Json
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProperty:
    """A property or trait."""

    name: str
    types: Mapping[PropertyType, int]
    """How often it was of each type."""
    first_ms: int
    """The first event that had it; of a trait, when the first who has it was first seen."""
    last_ms: int
    """The last event that had it; of a trait, when the last who has it was last seen."""
    values: tuple[KnownValue, ...]
    """Its commonest values, of the type it mostly is."""

    @property
    def type(self) -> PropertyType:
        """The type it mostly is."""
        return max(self.types, key=lambda each: (self.types[each], each))

    @property
    def count(self) -> int:
        """How often it was seen."""
        return sum(self.types.values())


@runtime_checkable
class Discovery(Protocol):
    """What is known of properties. Every event that `add` returned from is counted."""

    async def known_properties(self, event: str | None, *, text: str = "", limit: int) -> list[KnownProperty]:
        """Properties of an event, or of None traits, whose name contains the text, whatever its case.

        Those that begin with it come first, then those seen most.
        """
        ...

    async def known_values(self, event: str | None, name: str, *, text: str = "", limit: int) -> list[KnownValue]:
        """Values of a property, or with the event None of a trait, that contain the text; those seen most first."""
        ...
