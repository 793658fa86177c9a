"""Live segments made ready for the tick: each with its definition, and found by what may change it."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from holdfast.events.event import Event
from holdfast.kernel.errors import Exposed
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.ports.live import LiveSegment
from holdfast.ports.state import SavedSegment, Transaction
from holdfast.profiles.profile import Profile
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import UTC_ZONE, Condition
from holdfast.segments.depending import Depends, depends_on
from holdfast.segments.growing import Growing, Needed, growing, needed
from holdfast.segments.leaf import Leaf
from holdfast.segments.library import Library, resolve
from holdfast.segments.live import cannot_be_live
from holdfast.segments.watching import leaves_in

_log = logging.getLogger(__name__)

LIVE_MOST = 1_000
"""Segments that may be live in one workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One live segment as the tick uses it."""

    live: LiveSegment
    condition: Condition
    depends: Depends
    growing: Growing
    needed: Needed | None = None
    leaves: tuple[Leaf, ...] = ()
    """What is watched for it."""

    @property
    def number(self) -> int:
        return self.live.number


@dataclass(slots=True)
class LiveIndex:
    """The live segments of a workspace, by number and by what may change them. Brought up to date as they fill."""

    changes: int = -1
    """Of saved segments, as of when it was made."""
    wanted: frozenset[str] = frozenset()
    """The ids that were to be live though they do not say so themselves."""
    watched: dict[int, Watched] = field(default_factory=dict)
    ending: tuple[int, ...] = ()
    """Numbers of those that are live no more and still have members."""
    by_event: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_trait: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    anybody: set[int] = field(default_factory=set)
    filling: set[int] = field(default_factory=set)
    """Numbers of those of whom not everybody has been looked at."""

    def add(self, watched: Watched) -> None:
        """Find it from now on by what it depends on."""
        number = watched.number
        self.watched[number] = watched
        for name in watched.depends.events:
            self.by_event[name].add(number)
        for name in watched.depends.traits:
            self.by_trait[name].add(number)
        if watched.depends.anybody:
            self.anybody.add(number)
        if watched.live.filled_ms is None:
            self.filling.add(number)

    def put(self, live: LiveSegment) -> None:
        """How far it is filled has changed."""
        self.watched[live.number] = replace(self.watched[live.number], live=live)
        if live.filled_ms is not None:
            self.filling.discard(live.number)

    def concerned(self, event: Event) -> AbstractSet[int]:
        """The segments that an event may bring somebody into, or take them out of."""
        found: AbstractSet[int] = self.by_event.get(event.name, _NONE)
        if event.kind == "identify":
            for name in event.properties:
                if name in self.by_trait:
                    found = found | self.by_trait[name]
        return found

    def possible(self, profile: Profile) -> set[int]:
        """The segments somebody with this profile may be in; in all others they are not."""
        if profile.crowded:
            return set(self.watched)
        found = set(self.anybody)
        for name in profile.tallies:
            found |= self.by_event.get(name, _NONE)
        for name in profile.traits:
            found |= self.by_trait.get(name, _NONE)
        return found

    def unfilled(self, person: int, numbers: Iterable[int]) -> set[int]:
        """Those of the segments for which the person has not been looked at yet."""
        if not self.filling:
            return set()
        return {each for each in numbers if each in self.filling and self.watched[each].live.filled_to < person}


_NONE: frozenset[int] = frozenset()


async def load_index(
    transaction: Transaction, wanted: Collection[str], now: datetime, zone: ZoneInfo = UTC_ZONE
) -> LiveIndex:
    """The index as the state has it, after bringing the state up to date with what is saved.

    What is live for the first time, or means something else than before, is to be filled; what is live no more is to
    be emptied. A segment that cannot be live any more, by what it names, keeps nobody until it is mended.

    Args:
        wanted: ids of segments that are to be live, whatever they say themselves.
        zone: the workspace's time zone. In another one, they mean something else.
    """
    saved = await transaction.segments()
    kept = await transaction.live_segments()
    index = LiveIndex(changes=await transaction.segment_changes(), wanted=frozenset(wanted))
    library = Library({each.id: each.definition for each in saved})
    standing = {each.segment: each for each in kept if each.ended_ms is None}
    to_be = [each for each in saved if each.live or each.id in wanted]
    for each in to_be[:LIVE_MOST]:
        condition = _condition(each, library)
        if condition is None:
            continue
        live = await _brought_up(transaction, each, standing.pop(each.id, None), _fingerprint(each, library, zone), now)
        watched = Watched(
            live=live,
            condition=condition,
            depends=depends_on(condition, now),
            growing=growing(condition),
            needed=needed(condition),
            leaves=tuple(leaves_in(condition)),
        )
        index.add(watched)
    for gone in standing.values():
        await transaction.put_live_segment(replace(gone, ended_ms=to_millis(now)))
    ended = (each.number for each in kept if each.ended_ms is not None)
    index.ending = (*ended, *(each.number for each in standing.values()))
    return index


def _condition(saved: SavedSegment, library: Library) -> Condition | None:
    """What it means; None when it cannot be live (any more)."""
    try:
        condition = _whole(saved.id, saved.definition, library.behind(decode_condition(saved.definition)))
        complaint: Exposed | None = cannot_be_live(condition)
    except Exposed as refusal:
        complaint = refusal
    if complaint is None:
        return condition
    _log.error("Segment %s is kept live no more: %s", saved.id, complaint)
    return None


@lru_cache(maxsize=4096)
def _whole(segment_id: str, definition: bytes, behind: tuple[tuple[str, bytes], ...]) -> Condition:
    return resolve(decode_condition(definition), Library(dict(behind)), saved_as=segment_id)


async def _brought_up(
    transaction: Transaction, saved: SavedSegment, live: LiveSegment | None, fingerprint: str, now: datetime
) -> LiveSegment:
    """The live segment as it is to be from now on."""
    now_ms = to_millis(now)
    if live is None:
        fresh = LiveSegment(number=0, segment=saved.id, version=saved.version, fingerprint=fingerprint, since_ms=now_ms)
        return await transaction.add_live_segment(fresh)
    if live.fingerprint == fingerprint:
        same = replace(live, version=saved.version)
    else:
        same = replace(
            live, version=saved.version, fingerprint=fingerprint, since_ms=now_ms, filled_to=0, filled_ms=None
        )
    if same != live:
        await transaction.put_live_segment(same)
    return same


def _fingerprint(saved: SavedSegment, library: Library, zone: ZoneInfo) -> str:
    """Of the definition and of all it comes to name, and of the time zone its days are those of."""
    behind = library.behind(decode_condition(saved.definition))
    parts = (saved.definition, *(part for name, definition in behind for part in (name.encode(), definition)))
    # That of UTC says nothing, as those of an earlier Holdfast did not of any.
    return effect_key(*(part.hex() for part in parts), *([] if zone == UTC_ZONE else [str(zone)]))
