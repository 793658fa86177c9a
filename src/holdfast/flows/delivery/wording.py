"""Wording: what a message says, and the few bytes in which that is kept until the message is handed over again.

Every attempt hands over the same: a provider that knows the key of a message takes other words under it for an error,
or sends them. What a template asks for (traits, catalogues, pages of others) changes between two attempts, so what it
came to is kept. Where a message in doubt may be handed over again, that is done before it is handed over, for the
process may be killed before it is told what came of it. Where it may not, only an attempt known not to have ended the
matter has a second, and what was said is kept with that knowledge. When the matter ends, nothing is left.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from holdfast.flows.delivery.gathering import Gathering
from holdfast.kernel.moments import to_millis
from holdfast.messages.content import Words
from holdfast.ports.clock import Clock
from holdfast.ports.state import Send, Settlement, State, Told, Transaction, View

BYTES_MOST = 1_000_000
"""What takes more when it is pressed is not kept, and is written anew: no mail that anybody reads is as long."""

AT_ONCE_MOST = 500
"""Wordings kept in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What one message says to one person, and which saved template says so."""

    words: Words
    told: Told | None = None
    """None where the step says it itself."""


def pressed(wording: Wording) -> bytes:
    """The wording as bytes, about a fifth of its length; none where it is too long to be kept."""
    told = None if wording.told is None else asdict(wording.told)
    # JSON in ASCII takes all that a text may hold, halves of surrogate pairs too, and whole numbers of any length.
    body = zlib.compress(json.dumps([wording.words.parts, told], separators=(",", ":")).encode("ascii"))
    return body if len(body) <= BYTES_MOST else b""


def unpressed(body: bytes) -> Wording:
    """The wording that was pressed."""
    parts, told = json.loads(zlib.decompress(body))
    return Wording(words=Words(parts), told=None if told is None else Told(**told))


def may_go_on(settlement: Settlement) -> bool:
    """Whether a send that is settled so may be handed over again: later, or once somebody says so."""
    return settlement.state == "pending" or (settlement.state == "in_doubt" and settlement.dead)


async def kept_wordings(view: View, sends: Sequence[Send]) -> dict[str, Wording]:
    """What earlier attempts at claimed sends said, by key. Nothing is asked where nobody tried before."""
    again = [each.key for each in sends if each.is_tried_again]
    kept = await view.kept_words(again) if again else {}
    return {key: unpressed(body) for key, body in kept.items()}


async def keep_or_drop(
    transaction: Transaction, sends: Mapping[str, Send], settlements: Sequence[Settlement], now_ms: int
) -> None:
    """Keep what was said by sends that may be handed over again, and let go of it for those that may not.

    Args:
        sends: as they were before they were settled.
        settlements: of a send the first counts, as in the outbox.
    """
    first: dict[str, Settlement] = {}
    for each in settlements:
        if sends[each.key].state == "claimed":
            first.setdefault(each.key, each)
    kept = {key: each.words for key, each in first.items() if each.words}
    ended = [key for key, each in first.items() if not may_go_on(each) and (each.kept or sends[key].is_tried_again)]
    if kept:
        await transaction.keep_words(kept, now_ms)
    if ended:
        await transaction.drop_words(ended)


class WordsDesk:
    """Keeps what messages say before they are handed over: many in one transaction."""

    def __init__(self, *, state: State, clock: Clock) -> None:
        """Nothing is kept yet."""
        self._state = state
        self._clock = clock
        self._asked = Gathering(self._kept, most=AT_ONCE_MOST)

    async def keep(self, send: Send, wording: Wording) -> bool:
        """Whether the claimed send may be handed over: what it says is durable, and the claim still stands.

        Another may have taken the claim over meanwhile, or the person may have been forgotten.
        """
        return await self._asked.ask((send.key, send.claimed_by, pressed(wording))) is True

    async def close(self) -> None:
        """Wait for what is being kept."""
        await self._asked.close()

    async def _kept(self, asks: Sequence[tuple[str, str, bytes]]) -> dict[tuple[str, str, bytes], bool]:
        async with self._state.begin() as transaction:
            found = await transaction.sends([key for key, _, _ in asks])
            standing = {key: each.claimed_by for key, each in found.items() if each.state == "claimed"}
            ours = [each for each in asks if standing.get(each[0]) == each[1]]
            kept = {key: body for key, _, body in ours if body}
            if kept:
                await transaction.keep_words(kept, to_millis(self._clock.now()))
        return dict.fromkeys(ours, True)
