"""What a profile keeps of single events, for conditions that look at more than how often and when.

What is kept of a name of events is a set of its latest ones, with the moment before which others were let go. Such sets
can be joined in any order, and with themselves: an event that is learnt as it comes, and found once more in the history
when what came before is gathered, is there once. So gathering needs no cut between the past and what comes meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from holdfast.events.event import Event
from holdfast.kernel.moments import to_millis

if TYPE_CHECKING:
    from holdfast.events.event import Json as JsonValue
else:
    JsonValue = Any  # msgspec cannot decode a recursive type; what was JSON before is JSON still.

MOMENTS_MOST = 32
"""Entries kept where only their moments matter: "at least N times in T" is exact up to this N."""
VALUES_MOST = 100
"""Entries kept where values are kept with them."""
VALUE_BYTES_MOST = 200
"""A value longer than this, as JSON, is not kept, nor a number of more bits; whatever asks for it is not known."""
ENTRIES_MOST = 4_000
"""Entries of one identity in all, whatever is watched."""
EVERYTHING = -1
"""The moment before which others were let go, where none were."""


# gc=False here and below: what is JSON holds no cycles, and there are millions of these.
class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event: when it happened, the hash of its message id, and the values that are kept of it."""

    at_ms: int
    event_id: int
    values: tuple[JsonValue, ...] | None = ()
    """In the order in which they are wanted; null for one that is not there. None: they are too long to be kept."""

    @property
    def key(self) -> tuple[int, int]:
        """What makes it one event; entries are in order of it."""
        return self.at_ms, self.event_id


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The latest of the events that are watched together."""

    first_ms: int
    """When the very first was."""
    after_ms: int
    """Those after this moment are all here, and of this moment some; older ones were let go. `EVERYTHING` where none
    were."""
    negative: bool
    """Whether the first value of any was a number below 0."""
    entries: tuple[Entry, ...]
    """Oldest first, one at least."""


class Watcher(Protocol):
    """What looks at events of one name, and wants some of them kept."""

    @property
    def number(self) -> int:
        """What it is kept under."""
        ...

    def entry(self, event: Event) -> Entry | None:
        """What is to be kept of an event of that name; None where it does not count."""
        ...


class Watchers(Protocol):
    """All there are."""

    @property
    def numbers(self) -> Collection[int]: ...

    def of(self, event: str) -> Sequence[Watcher]:
        """Those that look at events of that name."""
        ...


def entry_of(event: Event, values: Iterable[JsonValue]) -> Entry:
    """The event with these values of it, unless one is too long."""
    return entry_at(to_millis(event.timestamp), event.dedup_hash, values)


def entry_at(at_ms: int, event_id: int, values: Iterable[JsonValue]) -> Entry:
    """The same of an event of which only this is known."""
    kept = tuple(values)
    return Entry(at_ms, event_id, None if any(map(_is_long, kept)) else kept)


def kept_of(entry: Entry) -> Kept:
    """What is kept of a single event."""
    return Kept(entry.at_ms, EVERYTHING, _is_negative(entry), (entry,))


def latest_of(newest: Iterable[Entry], *, first_ms: int, negative: bool, most: int) -> Kept:
    """What is kept of these events: the newest of some more, no more than one of them too many.

    Args:
        newest: newest first. Where they are more than `most`, there may be further ones.
        first_ms: when the first of all was.
        negative: whether the first value of any of all was a number below 0.
        most: how many are kept.
    """
    found = list(newest)
    entries = {each.key: each for each in found[:most]}
    return Kept(
        first_ms=first_ms,
        after_ms=found[most].at_ms if len(found) > most else EVERYTHING,
        # Of a value that is too long nobody knows what it is.
        negative=negative or any(each.values is None for each in found),
        entries=tuple(entries[key] for key in sorted(entries)),
    )


def joined(one: Kept | None, other: Kept) -> Kept:
    """What is kept of both; those that are in both count once."""
    if one is None:
        return other
    after_ms = max(one.after_ms, other.after_ms)
    every = {each.key: each for each in (*one.entries, *other.entries) if each.at_ms >= after_ms}
    entries = [every[key] for key in sorted(every)]
    most = MOMENTS_MOST if all(each.values == () for each in entries) else VALUES_MOST
    return _cut(
        Kept(
            first_ms=min(one.first_ms, other.first_ms),
            after_ms=after_ms,
            negative=one.negative or other.negative,
            entries=tuple(entries),
        ),
        most,
    )


def all_joined(one: dict[int, Kept], other: dict[int, Kept]) -> dict[int, Kept]:
    """The same for everything that is kept of two identities, by number."""
    if not (one and other):
        return one or other
    both = dict(one)
    for number, kept in other.items():
        both[number] = joined(both.get(number), kept)
    return bounded(both)


def watched(kept: dict[int, Kept], event: Event, watchers: Watchers) -> dict[int, Kept]:
    """What is kept of an identity after one more event; what nobody watches any more is let go."""
    watching = watchers.of(event.name)
    # Every event comes through here, and most are of no name that is watched.
    if not watching and not (kept and any(number not in watchers.numbers for number in kept)):
        return kept
    now = {number: each for number, each in kept.items() if number in watchers.numbers}
    for each in watching:
        entry = each.entry(event)
        if entry is not None:
            now[each.number] = joined(now.get(each.number), kept_of(entry))
    return bounded(now)


def bounded(kept: dict[int, Kept]) -> dict[int, Kept]:
    """The same with no more than ENTRIES_MOST entries: of whatever has most, the oldest half is let go."""
    if len(kept) * VALUES_MOST <= ENTRIES_MOST:
        return kept
    left = dict(kept)
    while sum(len(each.entries) for each in left.values()) > ENTRIES_MOST:
        number = max(left, key=lambda each: (len(left[each].entries), each))
        left[number] = _cut(left[number], len(left[number].entries) // 2)
    return left


def _cut(kept: Kept, most: int) -> Kept:
    if len(kept.entries) <= most:
        return kept
    return msgspec.structs.replace(kept, after_ms=kept.entries[-most - 1].at_ms, entries=kept.entries[-most:])


def _is_long(value: JsonValue) -> bool:
    if isinstance(value, (str, list, dict)):
        try:
            return len(msgspec.json.encode(value)) > VALUE_BYTES_MOST
        except (UnicodeEncodeError, OverflowError):
            return True  # Half of a surrogate pair, which no store keeps; a giant number in a list.
    return isinstance(value, int) and value.bit_length() > VALUE_BYTES_MOST


def _is_negative(entry: Entry) -> bool:
    if not entry.values:
        return entry.values is None
    first = entry.values[0]
    return isinstance(first, (int, float)) and first < 0
