"""Dispatch: claims and settlements in a process of their own, beside whoever reacts.

Several may work on one outbox. A claim bears its owner's name and a term. While its owner lives, it is settled well
within the time after which another takes it over; and what an owner says of a claim that was taken over is not heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from holdfast.decisions.gate import GateRules
from holdfast.flows.delivery.claiming import claim, recovered, settle, untaken
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.send import CARRY_SECONDS_MOST
from holdfast.flows.journey.playbook import load_playbook
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.state import Send, Settlement, State, View

TAKE_OVER_MS = (CARRY_SECONDS_MOST + 300) * 1_000
"""How long after its term a claim is taken over: handing one over is cut off long before, and settled at once."""
TAKE_OVER_EVERY_MS = 30_000
TAKEN_OVER_MOST = 1_000

Behind = Callable[[View], Awaitable[bool]]
"""Tells whether events wait that may say that somebody has opted out."""
Delivered = Callable[[Sequence[str]], Awaitable[set[str]]]
"""Tells which of some sends were taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycled:
    """What a cycle came to."""

    settled: int = 0
    claimed: int = 0
    put_off: int = 0
    taken_over: int = 0

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.settled or self.claimed or self.put_off or self.taken_over)


class Dispatcher:
    """Runs cycles, one at a time: each settles what was sent and claims what is sent next, in one transaction."""

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        rules: GateRules,
        lanes: Lanes,
        hand_over: Callable[[Sequence[Send]], None],
        behind: Behind,
        delivered: Delivered | None = None,
        kept: Collection[str] = (),
    ) -> None:
        """Nothing is claimed yet.

        Args:
            lanes: with an owner of their own; two dispatchers share neither lanes nor owner.
            hand_over: takes the sends of a cycle once the claim is durable: `Sender.take`.
            behind: asked in each cycle.
            delivered: asked what became of claims whose owner is no more, where their provider can be asked: what it
                took is sent, what it did not take is sent now.
            kept: the channels whose sends it can be asked about.
        """
        self._state = state
        self._clock = clock
        self._rules = rules
        self._lanes = lanes
        self._hand_over = hand_over
        self._behind = behind
        self._delivered = delivered
        self._kept = frozenset(kept)
        self._settlements: list[Settlement] = []
        self._turn = asyncio.Lock()
        self._cycling: set[asyncio.Task[Cycled]] = set()
        self._looked_ms: int | None = None

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """What became of sends handed over; written by the next cycle."""
        self._settlements.extend(settlements)

    async def adopt(self, rules: GateRules) -> None:
        """Go by other contact rules from the next cycle on."""
        async with self._turn:
            self._rules = rules

    async def cycle(self) -> Cycled:
        """Settle, take over and claim; a cycle that has begun goes on to its end, whoever is cancelled meanwhile."""
        cycling = asyncio.ensure_future(self._cycle_alone())
        self._cycling.add(cycling)
        cycling.add_done_callback(self._cycling.discard)
        return await asyncio.shield(cycling)

    async def _cycle_alone(self) -> Cycled:
        async with self._turn:
            settlements, self._settlements = self._settlements, []
            try:
                with ExitStack() as undone:
                    cycled, claimed = await self._commit(settlements, undone)
                    undone.pop_all()
            except BaseException:
                # Those that were written after all change nothing when they are written again.
                self._settlements = settlements + self._settlements
                raise
            if claimed:
                self._hand_over(claimed)
            return cycled

    async def _commit(self, settlements: Sequence[Settlement], undone: ExitStack) -> tuple[Cycled, Sequence[Send]]:
        """The transaction; `undone` is called when it fails."""
        now_ms = to_millis(self._clock.now())
        orphans = await self._taken_over(now_ms)
        async with self._state.begin() as transaction:
            await settle(transaction, settlements, now_ms)
            # Whatever others said of them meanwhile stands: only what is claimed as it was is settled.
            await settle(transaction, orphans, now_ms)
            playbook = await load_playbook(transaction)
            behind = await self._behind(transaction)
            claimed = await claim(transaction, playbook, self._rules, self._lanes, now_ms, behind=behind)
            undone.callback(self._lanes.untaken, claimed.sends)
            undone.callback(self.settle, untaken(claimed.sends))
        cycled = Cycled(
            settled=len(settlements),
            claimed=len(claimed.sends),
            put_off=claimed.put_off,
            taken_over=len(orphans),
        )
        return cycled, claimed.sends

    async def _taken_over(self, now_ms: int) -> list[Settlement]:
        """What becomes of claims whose owner is no more: it would have settled them by now. Looked for now and then."""
        if self._looked_ms is not None and 0 <= now_ms - self._looked_ms < TAKE_OVER_EVERY_MS:
            return []
        async with self._state.view() as view:
            found = await view.overdue_claims(now_ms - TAKE_OVER_MS, limit=TAKEN_OVER_MOST)
        asked = [send.key for send in found if send.channel in self._kept]
        taken = await self._delivered(asked) if self._delivered is not None and asked else None
        if len(found) < TAKEN_OVER_MOST:
            self._looked_ms = now_ms
        return [
            recovered(send, taken if send.channel in self._kept else None, now_ms, self._lanes.doubt(send.channel))
            for send in found
        ]
