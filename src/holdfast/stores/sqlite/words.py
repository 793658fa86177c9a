"""What messages said, in SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, in_thread, texts

_SQL = load("words")


class ReadingWords(Session):
    """Questions about what messages said."""

    @in_thread
    def kept_words(self, sends: Sequence[str]) -> dict[str, bytes]:
        return dict(self._rows(_SQL["kept_words"], texts(sends)))


class ChangingWords(ReadingWords):
    """Changes of it."""

    @in_thread
    def keep_words(self, words: Mapping[str, bytes], at_ms: int) -> None:
        self._do_all(_SQL["keep_words"], ((send, at_ms, body) for send, body in words.items()))

    @in_thread
    def drop_words(self, sends: Sequence[str]) -> None:
        self._do_all(_SQL["drop_words"], ((send,) for send in sends))

    @in_thread
    def forget_words(self, before_ms: int, *, limit: int) -> int:
        return self._change(_SQL["forget_words"], before_ms, limit)
