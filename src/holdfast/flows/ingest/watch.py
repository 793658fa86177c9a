"""Watch: what is happening now, for whoever looks on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from holdfast.events.event import Event
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import TooMany
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import HistoryRow, TimelineEvent
from holdfast.ports.state import Identity, State
from holdfast.profiles.profile import EMPTY, Profile, combine

KEPT = 500
"""How many of the newest events are kept for those who look on."""
MINUTE_MS = 60_000
LOOKED_MS = 60_000
"""How long after somebody looked it is taken for somebody looking on: pages ask anew more often than that."""
FOUND_MOST = 200
"""So many of the newest events with the words somebody looks for wait to be shown to them."""
SEARCHES_MOST = 20
"""So many may look for words at once: each event is held against the words of each of them."""
SEARCHED_AT_ONCE = 10_000
"""Of more events archived at once than this, the newest are searched: it takes 5 microseconds each."""
TRIED_AGAIN_SECONDS = 10


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


class Search:
    """What somebody looks for among all that happens, and the events found that they were not shown yet."""

    def __init__(self, text: str) -> None:
        # As it is read, or as it stands in JSON: a quotation mark within a value has a stroke before it there.
        self._words = frozenset((text.casefold(), _json(text)[1:-1].casefold()))
        self._found: deque[Happened] = deque(maxlen=FOUND_MOST)

    def is_in(self, said: str) -> bool:
        """Whether the words stand in the case-folded JSON of something."""
        return any(each in said for each in self._words)

    def add(self, happened: Happened) -> None:
        """Keep an event in which they stand."""
        self._found.append(happened)

    def forget(self, identities: frozenset[int]) -> None:
        """Let go of the events of these identities."""
        self._found = deque((each for each in self._found if each.row.identity not in identities), maxlen=FOUND_MOST)

    def taken(self) -> list[Happened]:
        """What was found since this was asked last, oldest first."""
        found = list(self._found)
        self._found.clear()
        return found


class Watch:
    """The newest events and how many came in the last minute. Bounded, in memory, gone with the process."""

    def __init__(self) -> None:
        self._kept: deque[Happened] = deque(maxlen=KEPT)
        self._number = 0
        self._seconds: deque[tuple[int, int]] = deque()
        self._looked_ms = 0
        self._searches: list[Search] = []

    def look(self, now_ms: int) -> None:
        """Take note that somebody looks, in a browser or at a live stream."""
        self._looked_ms = max(self._looked_ms, now_ms)

    def is_looked_at(self, now_ms: int) -> bool:
        """Whether somebody did lately: what is done for show alone can wait otherwise."""
        return now_ms - self._looked_ms < LOOKED_MS

    def added(self, rows: Sequence[HistoryRow], now_ms: int) -> None:
        """Take note of archived events."""
        self._number += len(rows)
        # All others are only counted: thousands come at a time when it is busy.
        newest = rows[-(SEARCHED_AT_ONCE if self._searches else KEPT) :]
        first = self._number - len(newest) + 1
        happened = [Happened(number=number, row=row) for number, row in enumerate(newest, first)]
        self._kept.extend(happened[-KEPT:])
        if self._searches:
            _look_through(happened, self._searches)
        self._seconds.append((now_ms, len(rows)))
        self._drop(now_ms)

    def forget(self, identities: frozenset[int]) -> None:
        """Let go of the events of these identities."""
        self._kept = deque((each for each in self._kept if each.row.identity not in identities), maxlen=KEPT)
        for search in self._searches:
            search.forget(identities)

    def let_search(self) -> None:
        """Raises TooMany when as many look for words already as may."""
        if len(self._searches) >= SEARCHES_MOST:
            raise TooMany(
                f"{SEARCHES_MOST} others look for events at this moment.",
                code="searches_most",
                hint="Close the pages that still look for events, or look again in a moment.",
                retry_seconds=TRIED_AGAIN_SECONDS,
            )

    @contextmanager
    def searched(self, text: str) -> Iterator[Search]:
        """Look for a text in all that is kept, and in all that happens before the block ends.

        It is looked for in what an event says itself; by whom it is, only the state knows (`found`).
        """
        search = Search(text)
        _look_through(list(self._kept), [search])
        self._searches.append(search)
        try:
            yield search
        finally:
            self._searches.remove(search)

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


def _look_through(happened: Sequence[Happened], searches: Sequence[Search]) -> None:
    for each in happened:
        said = _said(each.row.event)
        for search in searches:
            if search.is_in(said):
                search.add(each)


def _said(event: Event) -> str:
    """What can be looked for in an event: all of it that is shown."""
    shown = (event.name, event.kind, event.source, event.message_id, event.identity.value)
    return _json((shown, event.properties, event.context)).casefold()


def _json(said: object) -> str:
    return msgspec.json.encode(said).decode()


async def named(state: State, happened: Sequence[Happened]) -> list[Seen]:
    """The events with the people they are about."""
    return [seen for _, seen in await _whose(state, happened)]


async def _whose(state: State, happened: Sequence[Happened]) -> list[tuple[Happened, Seen]]:
    if not happened:
        return []
    async with state.view() as view:
        identities = await view.identities_by_id(sorted({each.row.identity for each in happened}))
        members = await view.members(sorted({each.person for each in identities.values()}))
        profiles = await view.profiles([each.id for those in members.values() for each in those])
    seen = []
    for each in happened:
        if each.row.identity not in identities:
            continue  # They were forgotten a moment ago.
        person = identities[each.row.identity].person
        seen.append((each, _seen(each.row, person, members[person], profiles)))
    return seen


async def found(state: State, search: Search, newest: Sequence[Happened]) -> list[Seen]:
    """What was found since this was asked last, oldest first: by what an event says, or by whom it is.

    Args:
        newest: what happened since, as far as it is kept: in these the name they are shown under is looked for too.
    """
    by_words = {each.number: each for each in search.taken()}
    others = [each for each in newest if each.number not in by_words]
    by_name = {
        happened.number: seen
        for happened, seen in await _whose(state, others)
        if search.is_in(_json((seen.user_id, seen.name)).casefold())
    }
    told = by_name | {happened.number: seen for happened, seen in await _whose(state, list(by_words.values()))}
    return [told[number] for number in sorted(told)][-FOUND_MOST:]


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
