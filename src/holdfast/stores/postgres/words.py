"""What messages said, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Session

_SQL = load("words")


class ReadingWords(Session):
    """Questions about what messages said."""

    async def kept_words(self, sends: Sequence[str]) -> dict[str, bytes]:
        return dict(await self._rows(_SQL["kept_words"], list(sends)))


class ChangingWords(ReadingWords):
    """Changes of it."""

    async def keep_words(self, words: Mapping[str, bytes], at_ms: int) -> None:
        await self._do_all(_SQL["keep_words"], ((send, at_ms, body) for send, body in words.items()))

    async def drop_words(self, sends: Sequence[str]) -> None:
        await self._do(_SQL["drop_words"], list(sends))

    async def forget_words(self, before_ms: int, *, limit: int) -> int:
        return len(await self._rows(_SQL["forget_words"], before_ms, limit))
