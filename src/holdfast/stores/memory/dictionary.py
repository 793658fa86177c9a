"""What names mean, in memory."""

from __future__ import annotations

from holdfast.ports.dictionary import Meaning
from holdfast.stores.memory.session import Session


class ReadingDictionary(Session):
    """Questions about it."""

    async def meanings(self, event: str | None = None) -> list[Meaning]:
        found = (each for each in self._tables.meanings.values() if event is None or each.event == event)
        return sorted(found, key=lambda each: (each.event, each.name))


class ChangingDictionary(ReadingDictionary):
    """Changes of it."""

    async def put_meaning(self, meaning: Meaning) -> None:
        place = (meaning.event, meaning.name)
        others = {key: each for key, each in self._tables.meanings.items() if key != place}
        self._tables.meanings = others | {place: meaning} if meaning.text else others
