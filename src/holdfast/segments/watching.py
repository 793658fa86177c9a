"""What is watched: the leaves of all that is live, each with how far the past was gathered for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from holdfast.events.event import Event
from holdfast.profiles.profile import Profile
from holdfast.profiles.watched import EVERYTHING, Entry, Kept
from holdfast.segments.leaf import Leaf, Seen, SeenEvent
from holdfast.segments.library import conditions_in

_NOTHING = Kept(0, EVERYTHING, False, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One leaf that is watched."""

    number: int
    """What profiles keep it under; never given twice."""
    leaf: Leaf
    filled_to: int = 0
    """Up to which identity the past was gathered."""
    filled: bool = False
    """Whether it was gathered for everybody."""

    def entry(self, event: Event) -> Entry | None:
        """What is to be kept of an event of that name; None where it does not count."""
        return self.leaf.entry(event)

    def knows(self, identities: Iterable[int]) -> bool:
        """Whether all that these identities ever did is known."""
        return self.filled or all(each <= self.filled_to for each in identities)


@dataclass(frozen=True, slots=True)
class Watching:
    """All that is watched, found by the name of the event and by what it is."""

    numbers: frozenset[int] = frozenset()
    by_event: Mapping[str, Sequence[Watched]] = field(default_factory=lambda: MappingProxyType({}))
    by_leaf: Mapping[str, Watched] = field(default_factory=lambda: MappingProxyType({}))
    """By fingerprint."""

    def of(self, event: str) -> Sequence[Watched]:
        """What looks at events of that name."""
        return self.by_event.get(event, ())

    def filled(self, leaves: Iterable[Leaf]) -> bool:
        """Whether all of these are watched, and their past was gathered for everybody."""
        return all((found := self.by_leaf.get(each.fingerprint)) is not None and found.filled for each in leaves)

    def seen(self, leaf: Leaf, profile: Profile, identities: Iterable[int]) -> Seen | None:
        """What is known of the events of a leaf of the person of these identities; None where that is not all."""
        found = self.by_leaf.get(leaf.fingerprint)
        if found is None or not found.knows(identities):
            return None
        return seen_of(leaf, profile.watched.get(found.number))


NOTHING_WATCHED = Watching()


def seen_of(leaf: Leaf, kept: Kept | None) -> Seen:
    """What is known by what a profile keeps of a leaf."""
    known = _NOTHING if kept is None else kept
    return Seen(
        events=[
            SeenEvent(at_ms=each.at_ms, values=None if each.values is None else leaf.named(each.values))
            for each in known.entries
        ],
        after_ms=known.after_ms,
        first_ms=None if kept is None else kept.first_ms,
        negative=known.negative,
    )


def watching_of(watched: Sequence[Watched]) -> Watching:
    """All of these together."""
    by_event: dict[str, list[Watched]] = {}
    for each in watched:
        by_event.setdefault(each.leaf.event, []).append(each)
    return Watching(
        frozenset(each.number for each in watched), by_event, {each.leaf.fingerprint: each for each in watched}
    )


def leaves_in(value: object) -> Iterator[Leaf]:
    """What is to be watched for the conditions in a condition or a declared value, all they name bound to them."""
    for each in conditions_in(value):
        yield from each.leaves()
