"""Filling: content put into words for one person, with what it asks for fetched on the way.

Rendering does no input or output: it says what it needs, which is fetched here, and is done again, until nothing is
wanting. A coupon that was taken for a message that is not handed over after all goes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.events.event import Json
from holdfast.flows.content.coupons import CouponDesk
from holdfast.flows.content.linked import Answer, LinkedContent, NoAnswer
from holdfast.flows.content.lookups import Lookups, NoCatalogue
from holdfast.kernel.moments import from_millis
from holdfast.messages.content import Content, Words
from holdfast.messages.liquid.needs import (
    ROUNDS_MOST,
    Aborted,
    CatalogueItems,
    Coupon,
    Linked,
    Need,
    Recommended,
    Wanting,
)
from holdfast.messages.liquid.template import RenderFailed
from holdfast.messages.parcel import Deferred, Refused
from holdfast.ports.state import Send

LATER_SECONDS = 60
"""When a message is tried again that waits for what a web address answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A message in words, and what was taken for it."""

    words: Words
    taken: tuple[str, ...] = ()
    """The pools it got a code of just now: give them back if nobody is shown it."""


FilledOrNot: TypeAlias = Filled | Refused | Deferred | Aborted


class Filler:
    """Puts content into words."""

    def __init__(self, *, lookups: Lookups, coupons: CouponDesk, linked: LinkedContent) -> None:
        """Nothing is fetched yet."""
        self._lookups = lookups
        self._coupons = coupons
        self._linked = linked

    async def fill(self, content: Content, variables: Mapping[str, Json], send: Send) -> FilledOrNot:
        """The words for the send's person; or why there are none, and then nothing is taken."""
        taken: list[str] = []
        try:
            filled = await self._filled(content, variables, send, taken)
        except BaseException:
            await self.give_back(send, taken)
            raise
        if not isinstance(filled, Filled):
            await self.give_back(send, taken)
        return filled

    async def give_back(self, send: Send, pools: Sequence[str]) -> None:
        """Nobody is shown the codes that were taken for it."""
        await self._coupons.give_back(pools, send.key)

    async def close(self) -> None:
        """Let go of what is kept open."""
        await self._linked.close()

    async def _filled(
        self, content: Content, variables: Mapping[str, Json], send: Send, taken: list[str]
    ) -> FilledOrNot:
        known: dict[Need, Json] = {}
        for _ in range(ROUNDS_MOST):
            match content.render(variables, now=from_millis(send.created_ms), known=known):
                case RenderFailed(reason):
                    return Refused(f"It could not be rendered: {reason}")
                case Aborted() as aborted:
                    return aborted
                case Wanting(needs):
                    fetched = await self._fetched(needs, send, taken)
                    if isinstance(fetched, (Refused, Deferred)):
                        return fetched
                    known |= fetched
                case words:
                    return Filled(words=words, taken=tuple(taken))
        return Refused(f"It could not be rendered: what it asks for leads to more, over {ROUNDS_MOST} times.")

    async def _fetched(
        self, needs: Sequence[Need], send: Send, taken: list[str]
    ) -> dict[Need, Json] | Refused | Deferred:
        found: dict[Need, Json] = {}
        items = await self._lookups.found([each for each in needs if isinstance(each, (CatalogueItems, Recommended))])
        if isinstance(items, NoCatalogue):
            return Refused(f"There is no catalogue {items.name!r:.100}.")
        found |= items
        # What is taken for good comes last, when nothing else can fail any more.
        for need in sorted(needs, key=lambda each: isinstance(each, Coupon)):
            if isinstance(need, Linked):
                answer = await self._linked.answer(need)
                if isinstance(answer, NoAnswer) and need.required:
                    return _not_without(answer)
                found[need] = answer.value if isinstance(answer, Answer) else None
            elif isinstance(need, Coupon):
                claimed = await self._coupons.claim(need.pool, send.key)
                if claimed is None:
                    return Refused(f"There is no coupon left in {need.pool!r:.100}, or no such pool.")
                found[need] = claimed.code
                if claimed.fresh:
                    taken.append(need.pool)
        return found


def _not_without(answer: NoAnswer) -> Refused | Deferred:
    said = f"It needs an answer: {answer.reason}"
    return Refused(said) if answer.lasting else Deferred(said, LATER_SECONDS)
