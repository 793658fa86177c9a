"""Leaves: the events a condition looks at one by one, so that a profile can keep of them what the condition needs.

A profile tallies events by name. Whatever looks at their properties asks for a leaf: those of one name of which some
comparisons hold, with the values of some properties. Comparisons that say the same at any time are made as the event
comes; for those with the day it is, the value is kept, and they are made when it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

from holdfast.events.event import Event, Json
from holdfast.kernel.ids import effect_key
from holdfast.profiles.watched import Entry, entry_of
from holdfast.segments.comparison import Comparison, all_hold, decode_comparisons, encode_comparisons
from holdfast.segments.zones import Standpoint

ANYWHEN = Standpoint(0, ZoneInfo("UTC"))
"""For comparisons that say the same at any time and anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """Events of one name of which some comparisons hold, or not all of them, with some of their properties."""

    event: str
    where: tuple[Comparison, ...]
    """Only such as say the same at any time and anywhere."""
    keeps: tuple[str, ...]
    """Names of the properties whose values are wanted."""
    denied: bool = False
    """Whether it is those of which not all of the comparisons hold."""
    fingerprint: str = field(init=False)
    """The same for leaves that say the same."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "fingerprint", effect_key(encode_leaf(self)))

    def entry(self, event: Event) -> Entry | None:
        """What a profile is to keep of an event of that name; None where it does not count."""
        if not self.counts(event.properties):
            return None
        return entry_of(event, (event.properties.get(name) for name in self.keeps))

    def counts(self, properties: Mapping[str, Json]) -> bool:
        """Whether an event of that name with these properties is one of them."""
        return all_hold(self.where, properties, ANYWHEN) is not self.denied

    def named(self, values: Sequence[Json]) -> dict[str, Json]:
        """The values that were kept, by the names of their properties."""
        return dict(zip(self.keeps, values, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """One event of a leaf."""

    at_ms: int
    values: Mapping[str, Json] | None
    """Those that were asked for, by the names of their properties; None where they were too long to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a person's events of a leaf."""

    events: Sequence[SeenEvent]
    """Oldest first; what lies in the future too."""
    after_ms: int
    """Those after this moment are all here, and of this moment some; -1: all are here."""
    first_ms: int | None
    """The very first time; None where it never happened."""
    negative: bool
    """Whether the first value of any may be a number below 0."""


def leaf_of(event: str, where: Sequence[Comparison], keeps: tuple[str, ...] = (), *, denied: bool = False) -> Leaf:
    """What a condition on events with all of `where`, or not with all of it, needs; and the values of some properties.

    The values of `keeps` come first; those for comparisons that are left open are kept after them.
    """
    return _leaf(event, _Same(tuple(where)), keeps, denied=denied)


def open_comparisons(where: Sequence[Comparison], *, denied: bool = False) -> list[Comparison]:
    """Those of the comparisons that a leaf leaves open: what says something else on another day.

    Where it is denied that all hold, one that is open leaves all open.
    """
    found = [each for each in where if not each.meaning.timeless]
    return list(where) if denied and found else found


def encode_leaf(leaf: Leaf) -> str:
    """The one JSON text of a leaf."""
    told: dict[str, Json] = {
        "event": leaf.event,
        "keeps": list(leaf.keeps),
        "where": encode_comparisons(leaf.where),
        **({"denied": True} if leaf.denied else {}),
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def decode_leaf(text: str) -> Leaf:
    """The leaf a text means. Raises Invalid where an operator is not there any more."""
    told = json.loads(text)
    return Leaf(
        event=told["event"],
        keeps=tuple(told["keeps"]),
        where=decode_comparisons(told["where"]),
        denied=told.get("denied", False),
    )


class _Same:
    """Comparisons as themselves: to Python `1 == True`, and a leaf is not to be taken for another for that."""

    __slots__ = ("where",)

    def __init__(self, where: tuple[Comparison, ...]) -> None:
        self.where = where

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.where)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Same)
            and len(self.where) == len(other.where)
            and all(one is another for one, another in zip(self.where, other.where, strict=True))
        )


@lru_cache(maxsize=8192)
def _leaf(event: str, same: _Same, keeps: tuple[str, ...], *, denied: bool) -> Leaf:
    left_open = open_comparisons(same.where, denied=denied)
    closed = tuple(each for each in same.where if not any(each is other for other in left_open))
    kept = tuple(dict.fromkeys((*keeps, *(each.name for each in left_open))))
    # With nothing to be made as it comes, every event of that name is one.
    return Leaf(event=event, where=closed, keeps=kept, denied=denied and bool(closed))
