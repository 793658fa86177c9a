"""The past of the people who are replayed: what happened to them, instant by instant, as it reached us.

An event is replayed when it was received, for that is when we could decide upon it. What a file brought in later was
received long after it happened, and all of it in one moment: it is replayed when it happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import msgspec
import pyarrow as pa

from holdfast.decisions.told import JOURNEY_ENTERED, JOURNEY_LEFT, MESSAGE_QUEUED, MESSAGE_WITHHELD
from holdfast.events.event import OWN_SOURCE, IdentityKey, Json
from holdfast.flows.ingest.own import MESSAGE_NAMES
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.ports.history import History
from holdfast.ports.log import Record
from holdfast.ports.state import Identity, View
from holdfast.profiles.identity import Link
from holdfast.profiles.variants import VARIANT_ASSIGNED

LATE_DAYS = 7
"""What came more than so long after it happened was brought in by a file; so was whatever came in the same moment."""
LATE_MS = LATE_DAYS * 86_400_000
RECORD_EVENTS = 500
"""Events in one record of a replayed log."""
TOLD = frozenset(
    {JOURNEY_ENTERED, JOURNEY_LEFT, MESSAGE_QUEUED, MESSAGE_WITHHELD, VARIANT_ASSIGNED, *MESSAGE_NAMES.values()}
)
"""What journeys tell of themselves: of the one that is simulated, the replay tells it anew."""
NOTHING = msgspec.Raw(b"{}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """One event of the past."""

    at_ms: int
    """When it is replayed."""
    happened_ms: int
    identity: int
    key: IdentityKey
    name: str
    source: str
    message_id: str
    message: Mapping[str, object]
    """As the log has it, its properties unread."""

    @property
    def properties(self) -> dict[str, Any]:
        """Its properties, or the traits it says."""
        raw = self.message.get("traits", self.message.get("properties", NOTHING))
        return msgspec.json.decode(raw, type=dict[str, Any]) if isinstance(raw, msgspec.Raw) else {}

    @property
    def is_told(self) -> bool:
        """Whether a journey told it of itself."""
        return self.source == OWN_SOURCE and self.name in TOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Somebody said that two names are one person, or took it back."""

    at_ms: int
    kind: Literal["merge", "unmerge"]
    first: IdentityKey
    second: IdentityKey
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePast:
    """The past of a few people who were ever joined with one another: of one person, as a rule."""

    persons: tuple[int, ...]
    """Whose it is, of those asked for."""
    person_of: Mapping[int, int]
    """Each identity and the person it belongs to today."""
    numbers: Mapping[IdentityKey, int]
    events: Sequence[PastEvent] = ()
    """In the order in which they are replayed."""
    joined: Sequence[Joined] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Identities that were ever joined: what one of them does may concern the others."""

    identities: tuple[Identity, ...]
    links: tuple[Link, ...]
    persons: tuple[int, ...]
    """Of those asked for."""


async def circles_of(view: View, persons: Sequence[int]) -> list[Circle]:
    """The circles of these people, each once."""
    wanted = set(persons)
    members = await view.members(persons)
    known = {each.id: each for those in members.values() for each in those}
    links: dict[int, Link] = {}
    fresh = list(known)
    while fresh:
        found = await view.links(fresh)
        links |= {each.id: each for each in found}
        ends = {end for each in found for end in (each.first, each.second)} - known.keys()
        named = await view.identities_by_id(sorted(ends))
        theirs = await view.members(sorted({each.person for each in named.values()} - wanted))
        added = {**named, **{each.id: each for those in theirs.values() for each in those}}
        fresh = sorted(added.keys() - known.keys())
        known |= added
    return _circles(known, list(links.values()), wanted)


def _circles(known: Mapping[int, Identity], links: Sequence[Link], wanted: Container[int]) -> list[Circle]:
    root = {each: each for each in known}

    def find(each: int) -> int:
        while root[each] != each:
            root[each] = root[root[each]]
            each = root[each]
        return each

    pairs = [(each.id, each.person) for each in known.values()] + [each.pair for each in links]
    for one, other in pairs:
        if one in root and other in root:
            root[max(find(one), find(other))] = min(find(one), find(other))
    groups: dict[int, list[Identity]] = defaultdict(list)
    for number in sorted(known):
        groups[find(number)].append(known[number])
    return [
        Circle(
            identities=tuple(those),
            links=tuple(each for each in links if find(each.first) == group),
            persons=tuple(sorted({each.person for each in those if each.person in wanted})),
        )
        for group, those in groups.items()
    ]


async def table_of(history: History, circles: Sequence[Circle]) -> pa.Table:
    """Every event of the circles."""
    return await history.events_of(sorted({each.id for circle in circles for each in circle.identities}))


def pasts_of(circles: Sequence[Circle], table: pa.Table, brought_in: Collection[int]) -> list[PeoplePast]:
    """Each circle's past.

    Args:
        table: every event of the circles, as `History.events_of` gives them.
        brought_in: the moments at which files were taken in, see `LATE_DAYS`.
    """
    whose = {each.id: place for place, circle in enumerate(circles) for each in circle.identities}
    events: list[list[PastEvent]] = [[] for _ in circles]
    names = [frozenset(each.key for each in circle.identities) for circle in circles]
    moments: dict[str, list[Any]] = {
        column: table[column].cast(pa.int64()).to_pylist() for column in ("timestamp", "received_at")
    }
    plain = table.drop_columns(["timestamp", "received_at", "person"]).to_pylist()
    for row, happened, received in zip(plain, moments["timestamp"], moments["received_at"], strict=True):
        place = whose[row["identity"]]
        at_ms = happened if received in brought_in else received
        events[place].append(_past_event(row, at_ms, happened, received, names[place]))
    for each in events:
        each.sort(key=lambda event: (event.at_ms, _turn(event), event.happened_ms, event.message_id))
    return [_past(circle, those) for circle, those in zip(circles, events, strict=True)]


def _turn(event: PastEvent) -> int:
    """Within one instant what journeys tell comes in after what made them, and what became of a send after the send."""
    return 0 if not event.is_told else 2 if event.name in MESSAGE_NAMES.values() else 1


def _past(circle: Circle, events: list[PastEvent]) -> PeoplePast:
    key_of = {each.id: each.key for each in circle.identities}
    joined = [each for link in circle.links for each in _joined(link, key_of)]
    return PeoplePast(
        persons=circle.persons,
        person_of={each.id: each.person for each in circle.identities},
        numbers={each.key: each.id for each in circle.identities},
        events=events,
        joined=sorted(joined, key=lambda each: each.at_ms),
    )


def _joined(link: Link, key_of: Mapping[int, IdentityKey]) -> Iterable[Joined]:
    """What people said; what events claim comes with the events."""
    first, second = key_of.get(link.first), key_of.get(link.second)
    if first is None or second is None:
        return
    if link.kind == "merge":
        yield Joined(at_ms=link.at_ms, kind="merge", first=first, second=second, by=link.by)
    if link.undone_ms is not None:
        yield Joined(at_ms=link.undone_ms, kind="unmerge", first=first, second=second, by=link.undone_by)


def _past_event(
    row: Mapping[str, Any], at_ms: int, happened_ms: int, received_ms: int, names: Container[IdentityKey]
) -> PastEvent:
    user, stranger = row["user_id"] or None, row["anonymous_id"] or None
    key = IdentityKey(kind="user", value=user) if user else IdentityKey(kind="anonymous", value=stranger or "")
    if user and stranger and IdentityKey(kind="anonymous", value=stranger) not in names:
        stranger = None  # A device that is somebody else's: the claim was heard, and not followed.
    return PastEvent(
        at_ms=at_ms,
        happened_ms=happened_ms,
        identity=row["identity"],
        key=key,
        name=row["event"],
        source=row["source"] or "",
        message_id=row["message_id"],
        message=_message(row, user, stranger, happened_ms, received_ms),
    )


def _message(
    row: Mapping[str, Any], user: str | None, stranger: str | None, happened_ms: int, received_ms: int
) -> dict[str, object]:
    kind = row["kind"]
    message: dict[str, object] = {
        "type": kind,
        "messageId": row["message_id"],
        "timestamp": format_moment(from_millis(happened_ms)),
        "receivedAt": format_moment(from_millis(received_ms)),
        "traits" if kind in ("identify", "group") else "properties": msgspec.Raw((row["properties"] or "{}").encode()),
        "context": msgspec.Raw((row["context"] or "{}").encode()),
    }
    if kind == "track":
        message["event"] = row["event"]
    if kind in ("alias", "group"):
        said: dict[str, Json] = msgspec.json.decode(row["properties"] or "{}")
        message |= {"previousId": said.get("previous_id"), "groupId": said.get("group_id")}
    named = {"userId": user, "anonymousId": stranger}
    return message | {name: value for name, value in named.items() if value is not None}


def records_of(events: Sequence[PastEvent]) -> list[Record]:
    """The events as records of a log, in order; each holds what came together."""
    records: list[Record] = []
    for (source, at_ms), together in groupby(events, key=lambda event: (event.source, event.at_ms)):
        messages = [event.message for event in together]
        for start in range(0, len(messages), RECORD_EVENTS):
            body = msgspec.json.encode({"batch": messages[start : start + RECORD_EVENTS]})
            # As an import: the times stand as they are, for clocks that were wrong were put right when it came.
            records.append(
                Record(kind="batch" if source == OWN_SOURCE else "import", source=source, received_ms=at_ms, body=body)
            )
    return records
