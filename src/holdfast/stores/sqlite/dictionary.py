"""What names mean, in SQLite."""

from __future__ import annotations

from holdfast.ports.dictionary import Meaning
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread

_SQL = load("dictionary")


class ReadingDictionary(Session):
    """Questions about it."""

    @in_thread
    def meanings(self, event: str | None = None) -> list[Meaning]:
        if event is None:
            return [_meaning(row) for row in self._rows(_SQL["every_meaning"])]
        return [_meaning(row) for row in self._rows(_SQL["meanings"], event)]


class ChangingDictionary(ReadingDictionary):
    """Changes of it."""

    @in_thread
    def put_meaning(self, meaning: Meaning) -> None:
        if not meaning.text:
            self._do(_SQL["drop_meaning"], meaning.event, meaning.name)
            return
        self._do(_SQL["put_meaning"], meaning.event, meaning.name, meaning.text, meaning.by, meaning.saved_ms)


def _meaning(row: Row) -> Meaning:
    event, name, text, by, saved_ms = row
    return Meaning(event=event, name=name, text=text, by=by, saved_ms=saved_ms)
