"""What is watched: kept in step with the live segments and journeys there are, and ready for the tick.

A leaf is watched from the tick on that first knows of it; what came before is gathered from the history meanwhile: see
`flows.audience.gathering`. A leaf that nothing asks for any more is dropped at once, and what profiles keep of it goes
when they next learn something.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache

from holdfast.decisions.journey import Journey
from holdfast.flows.audience.live_index import LiveIndex
from holdfast.flows.ingest.reading import REACT
from holdfast.flows.journey.playbook import Playbook
from holdfast.kernel.errors import Exposed
from holdfast.ports.state import OVER, Transaction, View
from holdfast.ports.watching import Watch
from holdfast.segments.leaf import Leaf, decode_leaf, encode_leaf
from holdfast.segments.watching import NOTHING_WATCHED, Watched, Watching, leaves_in, watching_of

_log = logging.getLogger(__name__)

LEAVES_MOST = 1_000
"""Leaves that are watched in one workspace; what asks for more does not know."""


class WatchKeeper:
    """Keeps what is watched in step, within the transactions of ticks."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self.watching = NOTHING_WATCHED
        """As it is in this tick."""
        self._asked_by: tuple[object, object] | None = None
        self._kept: tuple[object, object] | None = None
        """For whom what is watched is known to be written; a tick that came to nothing leaves none."""
        self.is_settled = False
        """Whether this tick found it as the last one left it, and all of the past is gathered."""
        self.is_changed = False
        """Whether something else is watched from this tick on."""

    async def begin(self, transaction: Transaction, playbook: Playbook, index: LiveIndex) -> None:
        """Begin a tick with what these ask for."""
        self._asked_by, kept = (playbook, index), self._kept
        self._kept = None
        # Compared as themselves: both are made anew when anything in them changes.
        same = kept is not None and kept[0] is playbook and kept[1] is index
        self.is_settled = same and all(each.filled for each in self.watching.by_leaf.values())
        self.is_changed = False
        if self.is_settled:
            return
        rows = await transaction.watches()
        if not same:
            before = [row.number for row in rows]
            rows = await _in_step(transaction, _wanted(playbook, index), rows)
            self.is_changed = before != [row.number for row in rows]
        self.watching = _watching(rows)

    async def look(self, view: View) -> None:
        """See what is watched, and leave it as it is."""
        self.watching = await load_watching(view)

    def keep(self) -> None:
        """The tick was written."""
        self._kept = self._asked_by


async def load_watching(view: View) -> Watching:
    """What is watched, as the state has it."""
    return _watching(await view.watches())


def _watching(rows: Sequence[Watch]) -> Watching:
    found: list[Watched] = []
    for row in rows:
        with suppress(Exposed):  # Of an operator that an earlier Holdfast had: the tick drops it.
            found.append(_watched(row))
    return watching_of(found) if found else NOTHING_WATCHED


def _watched(row: Watch) -> Watched:
    return Watched(number=row.number, leaf=_decoded(row.leaf), filled_to=row.filled_to, filled=row.filled)


@lru_cache(maxsize=4096)
def _decoded(leaf: str) -> Leaf:
    return decode_leaf(leaf)


def _wanted(playbook: Playbook, index: LiveIndex) -> dict[str, Leaf]:
    """Every leaf that is asked for, by its text."""
    found: dict[str, Leaf] = {}
    for watched in index.watched.values():
        found |= _by_text(watched.leaves)
    for play in playbook.plays.values():
        if play.state not in OVER:
            found |= _of_journey(_Same(play.journey))
    return found


def _by_text(leaves: Iterable[Leaf]) -> dict[str, Leaf]:
    return {encode_leaf(each): each for each in leaves}


class _Same:
    """A journey as itself: it is decoded once, and is no key for its many parts."""

    __slots__ = ("journey",)

    def __init__(self, journey: Journey) -> None:
        self.journey = journey

    def __hash__(self) -> int:
        return id(self.journey)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.journey is self.journey


@lru_cache(maxsize=4096)
def _of_journey(same: _Same) -> Mapping[str, Leaf]:
    return _by_text(leaves_in(same.journey))


async def _in_step(transaction: Transaction, wanted: Mapping[str, Leaf], rows: Sequence[Watch]) -> list[Watch]:
    """What is watched, after watching what is wanted and is not yet, and dropping what is wanted no more."""
    gone = [row.number for row in rows if row.leaf not in wanted]
    if gone:
        await transaction.drop_watches(gone)
    left = [row for row in rows if row.leaf in wanted]
    there = {row.leaf for row in left}
    new = [leaf for leaf in wanted if leaf not in there]
    room = LEAVES_MOST - len(left)
    if len(new) > room:
        _log.error("%d conditions on properties of events are not kept live: at most %d are.", len(new), LEAVES_MOST)
    if not new[:room]:
        return left
    since_offset = await transaction.offset(REACT)
    added = [Watch(number=0, leaf=leaf, since_offset=since_offset) for leaf in new[:room]]
    return [*left, *await transaction.add_watches(added)]
