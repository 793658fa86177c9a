"""Receipts, in the state: what tells whose a receipt is, and addresses nobody may write to.

Most providers echo the key of our send, and nothing has to be looked up. For the others it is kept, for a while, which
send each of their numbers is; and for media on which people write back, whom an address was written to last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

ADDRESS_CHARACTERS_MOST = 320
PROVIDER_ID_CHARACTERS_MOST = 200
"""Longer ones are not kept: no provider has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The last message an address was sent."""

    channel: str
    address: str
    """In lower case."""
    identity: int
    """Whom it was sent to."""
    send: str
    at_ms: int
    provider_id: str = ""
    """What the provider calls the message; not told when it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedAddress:
    """An address nobody may write to, since when, and why."""

    channel: str
    address: str
    reason: str
    at_ms: int


class ReceiptView(Protocol):
    """Reading what tells whose a receipt is, and suppressed addresses."""

    async def sends_by_provider_id(self, channel: str, ids: Sequence[str]) -> dict[str, str]:
        """The keys of the sends the provider of a channel calls so, by what it calls them."""
        ...

    async def reached(self, channel: str, addresses: Sequence[str]) -> dict[str, Reached]:
        """The last message each of these addresses was sent, by address in lower case."""
        ...

    async def suppressed_addresses(
        self, *, limit: int, channel: str | None = None, before: tuple[int, str, str] | None = None
    ) -> list[SuppressedAddress]:
        """Suppressed addresses, the newest first, then by channel and address; those after `before` in that order."""
        ...

    async def soft_bounces(self, channel: str, address: str, since_ms: int) -> int:
        """How many messages came back from an address, for now only, since then."""
        ...


class ReceiptTransaction(ReceiptView, Protocol):
    """Changing it."""

    async def note_reached(self, reached: Sequence[Reached]) -> None:
        """Keep what the provider calls each message, and that it is the last one its address was sent."""
        ...

    async def note_soft_bounce(self, channel: str, address: str, send: str, at_ms: int) -> None:
        """Keep that a message came back; a message counts once."""
        ...

    async def lift_suppression(self, channel: str, address: str) -> str | None:
        """Let an address be written to again; returns why it was not, None when it was."""
        ...

    async def forget_receipts(self, before_ms: int, *, limit: int) -> int:
        """Let go of so many of the providers' numbers, and of what came back, from before then; how many there were."""
        ...
