"""Turns: which of the sends at hand is handed to the provider next.

A channel has so many places. Marketing may take all but a few of them, so that a receipt never waits for a broadcast;
of the marketing lanes the one with fewer on their way is next, so that neither starves; and a domain that is slow does
not take all the places there are.
"""

from __future__ import annotations

from collections import Counter, deque

from holdfast.flows.delivery.domains import domain_of
from holdfast.ports.state import URGENCIES, Send, Urgency

PLACES = 24
"""Sends of a channel that are with the provider at once. A receipt has its place while what it says is being kept,
which may take as long as a tick: with a dozen, forty receipts a second were more than they carried."""
MARKETING_PLACES = 20
DOMAIN_PLACES = 16
"""Of transactional sends, and of the others, to one domain."""


class Turns:
    """The sends of one channel that wait for a place, and those that have one."""

    def __init__(self) -> None:
        self._waiting: dict[Urgency, deque[Send]] = {urgency: deque() for urgency in URGENCIES}
        self._placed: Counter[Urgency] = Counter()
        self._domains: Counter[tuple[str, bool]] = Counter()

    def add(self, send: Send) -> None:
        """It waits for a place from now on."""
        self._waiting[send.lane.urgency].append(send)

    def next(self) -> Send | None:
        """The one whose turn it is; it has a place until `done`. None when nobody may go now."""
        total = self._placed.total()
        if total >= PLACES:
            return None
        order: list[Urgency] = ["transactional"]
        if total - self._placed["transactional"] < MARKETING_PLACES:
            order += sorted(("journey", "broadcast"), key=lambda each: self._placed[each])
        return next((send for urgency in order if (send := self._first(urgency)) is not None), None)

    def done(self, send: Send) -> None:
        """Its place is free."""
        self._placed[send.lane.urgency] -= 1
        domain = (domain_of(send.address), send.transactional)
        self._domains[domain] -= 1
        if not self._domains[domain]:
            del self._domains[domain]

    def emptied(self) -> list[Send]:
        """All that wait; nobody waits after it."""
        waiting = [send for lane in self._waiting.values() for send in lane]
        for lane in self._waiting.values():
            lane.clear()
        return waiting

    def _first(self, urgency: Urgency) -> Send | None:
        """The first of a lane whose domain has a place."""
        lane = self._waiting[urgency]
        for at, send in enumerate(lane):
            domain = (domain_of(send.address), send.transactional)
            if self._domains[domain] < DOMAIN_PLACES:
                del lane[at]
                self._placed[urgency] += 1
                self._domains[domain] += 1
                return send
        return None
