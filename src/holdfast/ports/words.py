"""Words, in the state: what a message said when it was first handed over, for as long as it may be again.

Nothing is kept of a message that goes through at once, which most do. `flows.delivery.keeping` says what the bytes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class WordsView(Protocol):
    """Reading what messages said."""

    async def kept_words(self, sends: Sequence[str]) -> dict[str, bytes]:
        """What is kept for these sends, by key; those nothing is kept for are left out."""
        ...


class WordsTransaction(WordsView, Protocol):
    """Changing it."""

    async def keep_words(self, words: Mapping[str, bytes], at_ms: int) -> None:
        """Keep what sends said; what is kept already stands."""
        ...

    async def drop_words(self, sends: Sequence[str]) -> None:
        """Let go of it: nobody tries these sends again."""
        ...

    async def forget_words(self, before_ms: int, *, limit: int) -> int:
        """Let go of so many of those kept before then, the oldest first; how many there were."""
        ...
