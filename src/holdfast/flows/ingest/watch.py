"""Watch: what is happening now, for whoever looks on."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.flows.people.person import shown_as
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import HistoryRow, TimelineEvent
from holdfast.ports.state import Identity, State
from holdfast.profiles.profile import EMPTY, Profile, combine

KEPT = 500
"""How many of the newest events are kept for those who look on."""
MINUTE_MS = 60_000
LOOKED_MS = 60_000
"""How long after somebody looked it is taken for somebody looking on: pages ask anew more often than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event as it is watched: numbered in the order it was archived."""

    number: int
    row: HistoryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A watched event with who it was about."""

    event: TimelineEvent
    user_id: str
    name: str


class Watch:
    """The newest events and how many came in the last minute. Bounded, in memory, gone with the process."""

    def __init__(self) -> None:
        self._kept: deque[Happened] = deque(maxlen=KEPT)
        self._number = 0
        self._seconds: deque[tuple[int, int]] = deque()
        self._looked_ms = 0

    def look(self, now_ms: int) -> None:
        """Take note that somebody looks, in a browser or at a live stream."""
        self._looked_ms = max(self._looked_ms, now_ms)

    def is_looked_at(self, now_ms: int) -> bool:
        """Whether somebody did lately: what is done for show alone can wait otherwise."""
        return now_ms - self._looked_ms < LOOKED_MS

    def added(self, rows: Sequence[HistoryRow], now_ms: int) -> None:
        """Take note of archived events."""
        for row in rows[-KEPT:]:
            self._kept.append(Happened(number=self._number + 1, row=row))
            self._number += 1
        self._seconds.append((now_ms, len(rows)))
        self._drop(now_ms)

    def forget(self, identities: frozenset[int]) -> None:
        """Let go of the events of these identities."""
        self._kept = deque((each for each in self._kept if each.row.identity not in identities), maxlen=KEPT)

    def per_minute(self, now_ms: int) -> int:
        """Events archived in the last minute."""
        self._drop(now_ms)
        return sum(count for _, count in self._seconds)

    @property
    def number(self) -> int:
        """The number of the newest event."""
        return self._number

    def since(
        self, number: int, *, most: int, until: int | None = None, identities: frozenset[int] | None = None
    ) -> list[Happened]:
        """Events after that number, and none after `until`, oldest first; only the newest `most`."""
        last = self._number if until is None else until
        found = [
            each
            for each in self._kept
            if number < each.number <= last and (identities is None or each.row.identity in identities)
        ]
        return found[-most:]

    def _drop(self, now_ms: int) -> None:
        while self._seconds and self._seconds[0][0] < now_ms - MINUTE_MS:
            self._seconds.popleft()


async def named(state: State, happened: Sequence[Happened]) -> list[Seen]:
    """The events with the people they are about."""
    async with state.view() as view:
        identities = await view.identities_by_id(sorted({each.row.identity for each in happened}))
        members = await view.members(sorted({each.person for each in identities.values()}))
        profiles = await view.profiles([each.id for those in members.values() for each in those])
    seen = []
    for each in happened:
        if each.row.identity not in identities:
            continue  # They were forgotten a moment ago.
        person = identities[each.row.identity].person
        seen.append(_seen(each.row, person, members[person], profiles))
    return seen


def _seen(row: HistoryRow, person: int, members: Sequence[Identity], profiles: dict[int, Profile]) -> Seen:
    event = row.event
    whole = combine(profiles.get(each.id, EMPTY) for each in members)
    return Seen(
        event=TimelineEvent(
            person=person,
            name=event.name,
            kind=event.kind,
            timestamp_ms=to_millis(event.timestamp),
            received_ms=to_millis(event.received_at),
            message_id=event.message_id,
            identity=event.identity,
            source=event.source,
            properties=event.properties,
            context=event.context,
        ),
        user_id=shown_as(members).value,
        name=called(whole),
    )


def called(profile: Profile) -> str:
    """What to call a person: their name, else their mail address, else nothing."""
    traits = profile.trait_values()
    texts = {name: value for name, value in traits.items() if isinstance(value, str) and value.strip()}
    full = " ".join(texts[name].strip() for name in ("first_name", "last_name") if name in texts)
    return texts.get("name", "").strip() or full or texts.get("email", "").strip()
