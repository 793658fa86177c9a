"""What messages said, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.stores.memory.session import Session


class ReadingWords(Session):
    """Questions about what messages said."""

    async def kept_words(self, sends: Sequence[str]) -> dict[str, bytes]:
        kept = self._tables.kept_words
        return {each: kept[each][1] for each in sends if each in kept}


class ChangingWords(ReadingWords):
    """Changes of it."""

    async def keep_words(self, words: Mapping[str, bytes], at_ms: int) -> None:
        self._tables.kept_words = {send: (at_ms, body) for send, body in words.items()} | self._tables.kept_words

    async def drop_words(self, sends: Sequence[str]) -> None:
        gone = set(sends)
        self._tables.kept_words = {send: kept for send, kept in self._tables.kept_words.items() if send not in gone}

    async def forget_words(self, before_ms: int, *, limit: int) -> int:
        old = sorted((at_ms, send) for send, (at_ms, _) in self._tables.kept_words.items() if at_ms < before_ms)[:limit]
        await self.drop_words([send for _, send in old])
        return len(old)
