"""Handing: what of a tick is given to hands, and how it is got back.

Given is what is about one person at a time: learning what somebody did, waking them, letting them in. Each person is in
one share, so no two look at the same, and what a hand reads, the state as it was before this tick, is how it still is
for those in its share; who is new it is told. Whatever is not so stays with the tick: whoever is joined in it, and
whoever was moved in it before. What a hand does not do, for whatever reason, the tick does itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from contextlib import asynccontextmanager

import msgspec

from holdfast.flows.audience.live_segments import LiveKeeper
from holdfast.flows.delivery.hearing import is_heard
from holdfast.flows.ingest.reading import Placed
from holdfast.flows.ingest.tasks import Found, Learn, LetIn, Share, Task, Wake, decode_found, encode
from holdfast.flows.journey.playbook import Playbook
from holdfast.ports.hands import NO_HANDS, Hands, HasHands
from holdfast.ports.state import Identity, Transaction

GIVEN_LEAST = 500
"""So few events or people are done sooner than given away: there and back takes some milliseconds."""
PORTION = 200
"""Events or people in a task, where there are many: what comes of one is written while a hand is at its next."""
TASKS_MOST = 4
"""Tasks that a hand is given at once, at most: to each belongs some reading that is the same for all."""


class Handing:
    """Gives to the hands there are."""

    def __init__(self, hands: Hands = NO_HANDS) -> None:
        """Those hands."""
        self.hands = hands

    def is_worth_giving(self, count: int) -> bool:
        """Whether so many events or people are done sooner by others."""
        return count >= min(GIVEN_LEAST, self.hands.least)

    def among(self, transaction: Transaction, playbook: Playbook, live: LiveKeeper, count: int) -> int:
        """Among how many hands so much may be parted in this tick; 0 where it does it all itself.

        What a hand goes by is what was committed. So none is given anything as long as this tick goes by anything
        newer, nor where what one person spends is missing for the next.
        """
        if not self.is_worth_giving(count) or not self.hands.ready or not live.is_settled or playbook.budgeted:
            return 0
        return self.hands.ready if isinstance(transaction, HasHands) else 0

    def tasks(self, count: int, among: int) -> int:
        """In how many tasks so much is given to so many hands: the same number to each."""
        return among * max(1, min(TASKS_MOST, count // (PORTION * among)))

    def learning(self, share: Share, now_ms: int, first_ms: int, new: Collection[int]) -> Task:
        """The task of learning these events.

        Args:
            new: identities that this tick has numbered.
        """
        return Learn(
            self.hands.revision,
            now_ms,
            first_ms,
            [(owner.id, owner.person, each.received_ms, each.event) for owner, each in share],
            list({owner.id for owner, _ in share if owner.id in new}) if new else [],
        )

    def waking(self, visits: list[int], now_ms: int) -> Task:
        """The task of waking these visits."""
        return Wake(self.hands.revision, now_ms, visits)

    def letting_in(self, persons: list[int], run: int, now_ms: int) -> Task:
        """The task of letting these people in by a run."""
        return LetIn(self.hands.revision, now_ms, run, persons)

    @asynccontextmanager
    async def given(self, tasks: Sequence[Task]) -> AsyncIterator[Sequence[Awaitable[Found | None]]]:
        """Have a hand do each of these, and go on meanwhile; None for what one could not do.

        They come back about in the order of the tasks: each hand does its own one after the other.
        """
        hands = max(self.hands.ready, 1)
        doing = [asyncio.ensure_future(self._do(number % hands, task)) for number, task in enumerate(tasks)]
        if doing:
            await asyncio.sleep(0)  # They begin now, and not when the tick first waits for anything.
        try:
            yield doing
        finally:
            for each in doing:
                each.cancel()
            await asyncio.gather(*doing, return_exceptions=True)

    async def _do(self, hand: int, task: Task) -> Found | None:
        try:
            given = encode(task)
        except (UnicodeEncodeError, OverflowError, RecursionError):
            return None  # Whoever sends may put half a character into it, or a number of any length.
        found = await self.hands.give(hand, given)
        try:
            return None if found is None else decode_found(found)
        except msgspec.DecodeError:
            return None  # It means nothing here; no event is to blame for that.


def parted(events: Sequence[tuple[Identity, Placed]], here: Collection[int], among: int) -> tuple[Share, list[Share]]:
    """Those that stay here, and so many shares to be given.

    Args:
        here: persons who stay.
    """
    staying = {owner.person for owner, each in events if is_heard(each.event)}.union(here)
    ours: list[tuple[Identity, Placed]] = []
    shares: list[list[tuple[Identity, Placed]]] = [[] for _ in range(among)]
    for each in events:
        person = each[0].person
        (ours if person in staying else shares[person % among]).append(each)
    return ours, list(shares)
