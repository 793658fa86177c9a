"""Recent: what ticks took in of the newest log entries and whom it changed, for whoever copies it into the history.

The archivist would find the same by itself: it would read the entries, make events of them and ask which of them were
new, whose they are, and what is known of those. The reactor knew all of that a moment ago. This is only memory:
whatever is not in it is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.ports.history import HistoryRow, PersonRow

EVENTS_MOST = 40_000
"""How many events are remembered: those of three seconds when it is busiest. The oldest go first."""
PEOPLE_MOST = 20_000
"""How many changed people are remembered. Beyond that all are let go of."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The entries one tick took in, from `start` to before `following`, and what was new in them."""

    start: int
    following: int
    rows: Sequence[HistoryRow]


class Recent:
    """Stretches of the log, each as a tick that is committed took it in, and people it changed. There may be gaps."""

    def __init__(self, *, events_most: int = EVENTS_MOST, people_most: int = PEOPLE_MOST) -> None:
        """Nothing is remembered yet."""
        self._stretches: deque[_Stretch] = deque()
        self._events = 0
        self._events_most = events_most
        self._people: dict[int, PersonRow] = {}
        self._people_most = people_most

    def changed(self, people: Mapping[int, PersonRow]) -> None:
        """Remember by their numbers whom a tick changed, once it stands: as they are, if nobody is joined to them.

        The version of each is the number of the change, as `stale_people` tells it.
        """
        if len(self._people) + len(people) > self._people_most:
            self._people.clear()
        self._people.update(people)

    def taken(self, stale: Sequence[tuple[int, int]]) -> dict[int, PersonRow]:
        """Those of these people who are remembered as that very change left them. They are remembered no longer."""
        found: dict[int, PersonRow] = {}
        for person, change in stale:
            known = self._people.pop(person, None)
            # Whoever was changed since, by a tick or by somebody else, is not as they are remembered.
            if known is not None and known.version == change:
                found[person] = known
        return found

    def add(self, start: int, following: int, rows: Sequence[HistoryRow]) -> None:
        """Remember what a tick took in, once it stands."""
        self._stretches.append(_Stretch(start, following, rows))
        self._events += len(rows)
        while self._events > self._events_most:
            self._forget_oldest()

    def since(self, start: int, *, most: int) -> tuple[list[HistoryRow], int]:
        """The events from that offset on, as far as all are known, and the offset to go on from: `start` for nothing.

        Args:
            most: how many events to stop at; one stretch comes whole.
        """
        rows: list[HistoryRow] = []
        following = start
        for each in self._stretches:
            if each.start < following:
                continue
            if each.start > following or (rows and len(rows) + len(each.rows) > most):
                break
            rows += each.rows
            following = each.following
        return rows, following

    def next_after(self, offset: int) -> int | None:
        """Where the first stretch begins that lies behind the offset."""
        return next((each.start for each in self._stretches if each.start > offset), None)

    def forget(self, before: int) -> None:
        """Let go of what lies before the offset: nobody asks for it again."""
        while self._stretches and self._stretches[0].following <= before:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._events -= len(self._stretches.popleft().rows)
