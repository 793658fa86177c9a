"""The dictionary: what events, their properties and people's traits mean, in somebody's words, in the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one name means."""

    event: str
    """The event it is the name of, or a property's; empty for a trait."""
    name: str
    """The property or trait; empty for the event itself."""
    text: str
    by: str
    """Who wrote it last."""
    saved_ms: int


class DictionaryView(Protocol):
    """Looking up."""

    async def meanings(self, event: str | None = None) -> list[Meaning]:
        """Those of an event and its properties, of traits (the event ""), or all; in order of event and name."""
        ...


class DictionaryTransaction(DictionaryView, Protocol):
    """Writing."""

    async def put_meaning(self, meaning: Meaning) -> None:
        """Write one in the place of what stood there; one without words takes it out."""
        ...
