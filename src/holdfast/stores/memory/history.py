"""The history in memory: the same answers as on disk, by the Python meaning of conditions."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import pyarrow as pa
from msgspec import structs

from holdfast.decisions.visit import Arm
from holdfast.events.event import OWN_SOURCE, IdentityKey, Json, message_hash
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.measures.learning.question import CompanyQuestion, CompanyRow, TriedQuestion, TriedRow
from holdfast.measures.metrics import Lives, Outcomes, Tally, cap_of
from holdfast.measures.outcome import APART, ARMS, ENTERED, ArmOutcome, OutcomeQuestion
from holdfast.measures.revenue import revenue_of
from holdfast.ports.columns import EXPORT_COLUMNS, PEOPLE_COLUMNS, PERSON_COLUMNS, trait_column, with_traits
from holdfast.ports.erasure import Whom
from holdfast.ports.history import (
    EXAMPLES_MOST,
    LATE_MOMENTS_MOST,
    SAMPLE_ROWS,
    ActivityBucket,
    Gathered,
    HistoryRow,
    NameCount,
    PeopleOrder,
    PersonRow,
    PropertyType,
    SeenProperty,
    Sought,
    TimelineEvent,
    bucket_starts,
)
from holdfast.ports.trials import LIVES_MOST
from holdfast.profiles.watched import Kept, entry_at, joined, kept_of
from holdfast.segments.condition import UTC_ZONE, Condition, PastEvent, Truth
from holdfast.segments.facts import HistoryFacts
from holdfast.segments.groups import GROUP_JOINED, group_of, group_traits
from holdfast.segments.leaf import Leaf
from holdfast.segments.looked_at import trait_names
from holdfast.segments.values import element_text, gather, is_number, lay_out
from holdfast.stores.memory.trials import TrialReader
from holdfast.stores.memory.tried import company, tried


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """One event as it is kept."""

    identity: int
    name: str
    kind: str
    at_ms: int
    received_ms: int
    message_id: str
    user_id: str
    anonymous_id: str
    source: str
    properties: Mapping[str, Json]
    context: Mapping[str, Json]

    @property
    def key(self) -> tuple[int, int]:
        """What makes it one event: when, and the hash of its message id."""
        return self.at_ms, message_hash(self.message_id)


def _bears(event: _Kept, whom: Whom) -> bool:
    """Whether an event of somebody else bears their anonymous id."""
    strangers = {name.value for name in whom.names if name.kind == "anonymous"}
    return _is_old(event, whom) and event.anonymous_id in strangers


def _speaks_of(event: _Kept, whom: Whom) -> bool:
    """Whether it is somebody else's alias for a name of theirs."""
    previous = event.properties.get("previous_id")
    named = event.kind == "alias" and _is_old(event, whom)
    return named and previous in {name.value for name in whom.names}


def _is_old(event: _Kept, whom: Whom) -> bool:
    return event.identity <= whom.last_identity and event.received_ms <= whom.until_ms


class MemoryHistory:
    """Every event and every person of one workspace, in memory."""

    def __init__(self, *, currency: str = "USD", zone: ZoneInfo = UTC_ZONE) -> None:
        self._currency = currency
        self._zone = zone
        self._events: list[_Kept] = []
        self._tokens: set[str] = set()
        self._people: dict[int, PersonRow] = {}
        self._persons: dict[int, tuple[int, int]] = {}
        """Identity to version and person."""

    async def add(self, rows: Sequence[HistoryRow], *, token: str) -> None:
        if token in self._tokens:
            return
        self._tokens.add(token)
        self._events.extend(_kept(row) for row in rows)

    async def add_table(self, table: pa.Table, *, token: str) -> int:
        there = {event.key for event in self._events}
        before = len(self._events)
        for event in _kept_of_table(table):
            if event.key not in there:
                there.add(event.key)
                self._events.append(event)
        return len(self._events) - before

    async def known(self, ids: Sequence[int], *, first_ms: int, last_ms: int) -> set[int]:
        wanted = set(ids)
        return {event.key[1] for event in self._events if first_ms <= event.at_ms <= last_ms} & wanted

    async def map_identities(self, persons: Mapping[int, int], *, version: int) -> None:
        for identity, person in persons.items():
            if version >= self._persons.get(identity, (0, 0))[0]:
                self._persons[identity] = (version, person)

    async def put_people(self, rows: Sequence[PersonRow]) -> None:
        for row in rows:
            before = self._people.get(row.person)
            if before is None or row.version >= before.version:
                self._people[row.person] = row

    async def count(self, condition: Condition, *, as_of_ms: int) -> int:
        return len(self._chosen(condition, as_of_ms))

    async def people(self, condition: Condition, *, as_of_ms: int, limit: int, offset: int = 0) -> list[PersonRow]:
        return self._chosen(condition, as_of_ms)[offset : offset + limit]

    async def people_table(
        self, condition: Condition, *, as_of_ms: int, traits: Sequence[str] | None = None
    ) -> pa.Table:
        rows = self._chosen(condition, as_of_ms)
        if traits is None:
            return _whole_table(rows)
        chosen = {name: trait_column([row.traits.get(name) for row in rows]) for name in traits}
        return with_traits(pa.table(_columns(rows), schema=PERSON_COLUMNS), chosen)

    async def count_everyone(self) -> int:
        return len(self._everyone())

    async def find(self, text: str, *, limit: int, offset: int = 0) -> tuple[list[PersonRow], int]:
        return await self.seek(Sought(text=text), limit=limit, offset=offset)

    async def seek(self, sought: Sought, *, limit: int, offset: int = 0) -> tuple[list[PersonRow], int]:
        found = self._sought(sought)
        found.sort(key=_ORDERS[sought.order], reverse=not sought.ascending)
        return found[offset : offset + limit], len(found)

    async def sought_table(self, sought: Sought) -> pa.Table:
        return _whole_table(self._sought(sought))

    def _sought(self, sought: Sought) -> list[PersonRow]:
        """Those looked for, in order of person number."""
        text = sought.text.lower()
        rows = self._everyone() if sought.among is None else self._chosen(sought.among, sought.as_of_ms)
        return [
            row
            for row in rows
            if sought.known in (None, row.known) and any(text in each.lower() for each in _texts(row))
        ]

    async def timeline(
        self, identities: Sequence[int], *, limit: int, before_ms: int | None = None, name: str | None = None
    ) -> list[TimelineEvent]:
        wanted = set(identities)
        found = [
            event
            for event in self._events
            if event.identity in wanted
            and (before_ms is None or event.at_ms < before_ms)
            and (name is None or event.name == name)
        ]
        found.sort(key=lambda event: (event.at_ms, event.message_id), reverse=True)
        if limit <= 0 or not found:
            return []
        last_ms = found[min(limit, len(found)) - 1].at_ms
        return [self._told(event) for event in found if event.at_ms >= last_ms]

    async def groups(self, identities: Sequence[int], *, as_of_ms: int) -> list[dict[str, Json]]:
        joined = self._joined_groups(as_of_ms)
        known = self._groups(as_of_ms)
        return [known[group] for group in sorted({each for one in identities for each in joined.get(one, ())})]

    async def recent(self, *, limit: int, since_ms: int) -> list[TimelineEvent]:
        found = [event for event in self._events if event.received_ms >= since_ms]
        found.sort(key=lambda event: (event.received_ms, event.at_ms, event.message_id), reverse=True)
        return [self._told(event) for event in found[:limit]]

    async def names(self) -> list[NameCount]:
        grouped: dict[str, list[_Kept]] = defaultdict(list)
        for event in self._events:
            grouped[event.name].append(event)
        counts = [
            NameCount(
                name=name,
                count=len(events),
                people=len({self._person_of(event.identity) for event in events}),
                first_ms=min(event.at_ms for event in events),
                last_ms=max(event.at_ms for event in events),
            )
            for name, events in grouped.items()
        ]
        return sorted(counts, key=lambda each: (-each.count, each.name))

    async def volumes(self, *, since_ms: int, until_ms: int, bucket_seconds: int) -> dict[str, list[int]]:
        starts = bucket_starts(since_ms, until_ms, bucket_seconds)
        found: dict[str, list[int]] = {}
        for event in self._events:
            if since_ms <= event.at_ms < until_ms:
                counted = found.setdefault(event.name, [0] * len(starts))
                counted[(event.at_ms - since_ms) // (bucket_seconds * 1000)] += 1
        return found

    async def activity(self, *, since_ms: int, until_ms: int, bucket_seconds: int) -> list[ActivityBucket]:
        starts = bucket_starts(since_ms, until_ms, bucket_seconds)
        buckets: dict[int, list[_Kept]] = defaultdict(list)
        for event in self._events:
            # What we said of people, such as that they are on a list, is nothing they did.
            ours = event.kind == "identify" and event.source == OWN_SOURCE
            if since_ms <= event.at_ms < until_ms and not ours:
                buckets[(event.at_ms - since_ms) // (bucket_seconds * 1000)].append(event)
        return [
            ActivityBucket(
                start_ms=start,
                events=len(buckets[index]),
                people=len({self._person_of(event.identity) for event in buckets[index]}),
            )
            for index, start in enumerate(starts)
        ]

    async def outcomes(self, question: OutcomeQuestion) -> list[ArmOutcome]:
        entered = self._entered(question)
        won = [
            (arm, self._won(person, at_ms, question))
            for person, (at_ms, arm) in entered.items()
            if at_ms + question.within_seconds * 1000 <= question.as_of_ms
        ]
        still_open = Counter(arm for _, arm in entered.values())
        still_open.subtract(Counter(arm for arm, _ in won))
        return [
            ArmOutcome(
                arm=arm,
                people=sum(1 for each, _ in won if each == arm),
                open_people=still_open[arm],
                converted=sum(1 for each, orders in won if each == arm and orders),
                orders=sum(len(orders) for each, orders in won if each == arm),
                revenue_minor=sum(sum(_in(orders, question.currency)) for each, orders in won if each == arm),
                revenue_minor_squares=float(
                    sum(sum(_in(orders, question.currency)) ** 2 for each, orders in won if each == arm)
                ),
                other_currency_orders=sum(
                    1
                    for each, orders in won
                    for currency, _ in orders
                    if each == arm and currency not in ("", question.currency)
                ),
            )
            for arm in (*ARMS, *((APART,) if APART in {each for _, each in entered.values()} else ()))
        ]

    async def tried(self, question: TriedQuestion) -> list[TriedRow]:
        return tried(self._events, self._person_of, question)

    async def company(self, question: CompanyQuestion) -> list[CompanyRow]:
        return company(self._events, self._person_of, question)

    async def trial_tallies(self, question: Outcomes) -> list[Tally]:
        return self._trial(question).tallies()

    async def trial_course(self, question: Outcomes, moments_ms: Sequence[int]) -> list[list[Tally]]:
        return [self._trial(replace(question, as_of_ms=each)).tallies() for each in moments_ms]

    async def trial_cap(self, question: Outcomes, *, first_people: int | None = None) -> float | None:
        first = LIVES_MOST if first_people is None else first_people
        one = replace(question, metrics=question.metrics[:1])
        return cap_of(self._trial(one).lives(first).values[:, 0])

    async def trial_lives(self, question: Outcomes, *, first_people: int) -> Lives:
        return self._trial(question).lives(min(first_people, LIVES_MOST))

    async def size(self) -> int:
        return len(self._events)

    async def export(self, *, batch_rows: int) -> AsyncIterator[pa.RecordBatch]:
        events = sorted(self._events, key=lambda event: (event.at_ms, event.message_id))
        for start in range(0, len(events), batch_rows):
            yield self._batch(events[start : start + batch_rows])

    async def events_of(self, identities: Sequence[int]) -> pa.Table:
        wanted = set(identities)
        events = [event for event in self._events if event.identity in wanted]
        events.sort(key=lambda event: (event.received_ms, event.at_ms, event.message_id))
        return pa.Table.from_batches([self._batch(events)], schema=EXPORT_COLUMNS)

    async def received_long_after(self, lag_ms: int) -> list[int]:
        late = {event.received_ms for event in self._events if event.received_ms - event.at_ms > lag_ms}
        return sorted(late)[-LATE_MOMENTS_MOST:]

    async def gather(self, leaf: Leaf, *, after: int, limit: int) -> Gathered:
        doers = sorted({each.identity for each in self._events if each.name == leaf.event and each.identity > after})
        chosen, kept = set(doers[:limit]), dict[int, Kept]()
        for each in self._events:
            if each.name == leaf.event and each.identity in chosen and leaf.counts(each.properties):
                entry = entry_at(*each.key, map(each.properties.get, leaf.keeps))
                kept[each.identity] = joined(kept.get(each.identity), kept_of(entry))
        return Gathered(kept=kept, to=None if len(doers) < limit else max(chosen))

    async def event_names(self, identities: Sequence[int]) -> list[str]:
        return sorted({event.name for event in self._events if event.identity in set(identities)})

    async def forget(self, whom: Whom, *, events: Sequence[str]) -> dict[str, int]:
        held, gone = await self.held_of(whom), set(whom.identities)
        self._events = [
            replace(event, anonymous_id="") if _bears(event, whom) else event
            for event in self._events
            if event.identity not in gone and not _speaks_of(event, whom)
        ]
        self._people = {person: row for person, row in self._people.items() if person not in gone}
        self._persons = {
            each: (version, person)
            for each, (version, person) in self._persons.items()
            if each not in gone and person not in gone
        }
        return held

    async def purge(self) -> bool:
        return True

    async def held_of(self, whom: Whom) -> dict[str, int]:
        gone = set(whom.identities)
        others = [event for event in self._events if event.identity not in gone]
        return {
            "events": len(self._events) - len(others),
            "aliases": sum(_speaks_of(event, whom) for event in others),
            "names": sum(_bears(event, whom) for event in others),
            "people": len(gone & self._people.keys()),
            "identity_map": sum(each in gone or person in gone for each, (_, person) in self._persons.items()),
        }

    async def close(self) -> None:
        """Nothing is held that needs letting go."""

    async def event_properties(self, name: str) -> list[SeenProperty]:
        events = sorted((event for event in self._events if event.name == name), key=lambda event: -event.at_ms)
        return _seen(event.properties for event in events[:SAMPLE_ROWS])

    async def trait_properties(self) -> list[SeenProperty]:
        rows = sorted(self._everyone(), key=lambda row: -row.last_seen_ms)
        return _seen(row.traits for row in rows[:SAMPLE_ROWS])

    def _person_of(self, identity: int) -> int:
        _, person = self._persons.get(identity, (0, identity))
        return person

    def _everyone(self) -> list[PersonRow]:
        return sorted((row for row in self._people.values() if not row.gone), key=lambda row: row.person)

    def _chosen(self, condition: Condition, as_of_ms: int, rows: Sequence[PersonRow] | None = None) -> list[PersonRow]:
        now = from_millis(as_of_ms)
        pasts: dict[int, dict[str, list[PastEvent]]] = defaultdict(lambda: defaultdict(list))
        for event in self._events:
            past = PastEvent(timestamp=from_millis(event.at_ms), properties=event.properties, source=event.source or "")
            pasts[self._person_of(event.identity)][event.name].append(past)
        known = self._groups(as_of_ms)
        groups: dict[int, set[str]] = defaultdict(set)
        for identity, those in self._joined_groups(as_of_ms).items():
            groups[self._person_of(identity)] |= those
        chosen = []
        for row in self._everyone() if rows is None else rows:
            theirs = [known[group] for group in sorted(groups[row.person])]
            if condition.holds(self._facts(row, pasts[row.person], theirs), now) is Truth.TRUE:
                chosen.append(row)
        return chosen

    def _facts(
        self, row: PersonRow, past: Mapping[str, Sequence[PastEvent]], groups: Sequence[Mapping[str, Json]]
    ) -> HistoryFacts:
        return HistoryFacts(row.traits, past, user_id=row.user_id, zone=self._zone, groups=groups)

    def _groups(self, as_of_ms: int) -> dict[str, dict[str, Json]]:
        """The traits of every group by its id."""
        return group_traits(
            (event.at_ms, event.message_id, event.properties)
            for event in self._events
            if event.name == GROUP_JOINED and event.at_ms <= as_of_ms
        )

    def _joined_groups(self, as_of_ms: int) -> dict[int, set[str]]:
        """The groups each identity joined."""
        joined: dict[int, set[str]] = defaultdict(set)
        for event in self._events:
            group = group_of(event.properties)
            if event.name == GROUP_JOINED and event.at_ms <= as_of_ms and group is not None:
                joined[event.identity].add(group)
        return joined

    def _told(self, event: _Kept) -> TimelineEvent:
        return TimelineEvent(
            person=self._person_of(event.identity),
            name=event.name,
            kind=event.kind,
            timestamp_ms=event.at_ms,
            received_ms=event.received_ms,
            message_id=event.message_id,
            identity=IdentityKey(kind="user", value=event.user_id)
            if event.user_id
            else IdentityKey(kind="anonymous", value=event.anonymous_id),
            source=event.source,
            properties=gather(lay_out(event.properties)),
            context=event.context,
        )

    def _trial(self, question: Outcomes) -> TrialReader:
        return TrialReader(
            self._events,
            self._everyone(),
            person_of=self._person_of,
            currency=self._currency,
            question=question,
            chosen_then=self._chosen_then,
        )

    def _chosen_then(self, condition: Condition, at_ms: int) -> set[int]:
        """The numbers of the people a condition held for at a moment, by their traits as they were said by then."""
        then: dict[int, dict[str, Json]] = defaultdict(dict)
        for event in sorted(self._events, key=lambda each: (each.at_ms, each.message_id)):
            if event.name == "Identified" and event.at_ms <= at_ms:
                then[self._person_of(event.identity)].update(event.properties)
        rows = [
            structs.replace(row, traits={name: said for name, said in then[row.person].items() if said is not None})
            for row in self._everyone()
            if row.first_seen_ms <= at_ms
        ]
        return {row.person for row in self._chosen(condition, at_ms, rows if trait_names(condition) else None)} & {
            row.person for row in rows
        }

    def _entered(self, question: OutcomeQuestion) -> dict[int, tuple[int, Arm]]:
        """When and into which arm each person entered: by their first entry of all, if it is not before `since_ms`."""
        first: dict[int, tuple[int, str, Json]] = {}
        for event in self._events:
            if event.name != ENTERED or event.properties.get("origin") != question.origin:
                continue
            if event.at_ms <= question.as_of_ms:
                entry = (event.at_ms, event.message_id, event.properties.get("arm"))
                person = self._person_of(event.identity)
                first[person] = min(first.get(person, entry), entry, key=lambda each: each[:2])
        return {
            person: (at_ms, arm)
            for person, (at_ms, _, said) in first.items()
            for arm in (*ARMS, APART)
            if said == arm and at_ms >= question.since_ms
        }

    def _won(self, person: int, entered_ms: int, question: OutcomeQuestion) -> list[tuple[str, int]]:
        """Currency and minor units of the person's orders in their window."""
        orders = [
            revenue_of(event.properties, self._currency)
            for event in self._events
            if event.name == question.goal_event
            and self._person_of(event.identity) == person
            and entered_ms < event.at_ms <= entered_ms + question.within_seconds * 1000
        ]
        return [("", 0) if money is None else (money.currency, money.minor) for money in orders]

    def _batch(self, events: Sequence[_Kept]) -> pa.RecordBatch:
        columns: dict[str, list[object]] = {
            "event": [event.name for event in events],
            "identity": [event.identity for event in events],
            "timestamp": [from_millis(event.at_ms) for event in events],
            "received_at": [from_millis(event.received_ms) for event in events],
            "message_id": [_valid(event.message_id) for event in events],
            "kind": [event.kind for event in events],
            "source": [event.source for event in events],
            "user_id": [_valid(event.user_id) for event in events],
            "anonymous_id": [_valid(event.anonymous_id) for event in events],
            "properties": [json.dumps(event.properties) for event in events],
            "context": [json.dumps(event.context) for event in events],
            "person": [self._person_of(event.identity) for event in events],
        }
        return pa.RecordBatch.from_pydict(columns, schema=EXPORT_COLUMNS)


def _kept(row: HistoryRow) -> _Kept:
    event = row.event
    return _Kept(
        identity=row.identity,
        name=event.name,
        kind=event.kind,
        at_ms=to_millis(event.timestamp),
        received_ms=to_millis(event.received_at),
        message_id=event.message_id,
        user_id=event.user_id or "",
        anonymous_id=event.anonymous_id or "",
        source=event.source,
        properties=event.properties,
        context=event.context,
    )


def _kept_of_table(table: pa.Table) -> Iterable[_Kept]:
    mapped = "text" in table.column_names
    for row in table.to_pylist(maps_as_pydicts="strict"):
        if mapped:
            texts, others = row["text"], row["other"]
            properties = {**texts, **row["number"], **{name: json.loads(told) for name, told in others.items()}}
        else:
            properties = json.loads(row["properties"] or "{}")
        yield _Kept(
            identity=row["identity"],
            name=row["event"],
            kind=row["kind"],
            at_ms=to_millis(row["timestamp"]),
            received_ms=to_millis(row["received_at"]),
            message_id=row["message_id"],
            user_id=row["user_id"] or "",
            anonymous_id=row["anonymous_id"] or "",
            source=row["source"],
            properties=properties,
            context=json.loads(row["context"] or "{}"),
        )


_ORDERS: Mapping[PeopleOrder, Callable[[PersonRow], int | str]] = {
    "last_seen": lambda row: row.last_seen_ms,
    "first_seen": lambda row: row.first_seen_ms,
    "user_id": lambda row: row.user_id.lower(),
}


def _columns(rows: Sequence[PersonRow]) -> dict[str, list[object]]:
    """The columns of `PERSON_COLUMNS`."""
    return {
        "person": [row.person for row in rows],
        "user_id": [_valid(row.user_id) for row in rows],
        "first_seen": [from_millis(row.first_seen_ms) for row in rows],
        "last_seen": [from_millis(row.last_seen_ms) for row in rows],
    }


def _whole_table(rows: Sequence[PersonRow]) -> pa.Table:
    """With all their traits, as JSON."""
    traits: list[object] = [_valid(json.dumps(row.traits)) for row in rows]
    return pa.table(_columns(rows) | {"traits": traits}, schema=PEOPLE_COLUMNS)


def _texts(row: PersonRow) -> Iterable[str]:
    return (row.user_id, *(value for value in row.traits.values() if isinstance(value, str)))


def _in(orders: Iterable[tuple[str, int]], currency: str) -> Iterable[int]:
    return (minor for each, minor in orders if each == currency)


def _valid(text: str) -> str:
    """The text with replacement signs where it is not UTF-8."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _seen(samples: Iterable[Mapping[str, Json]]) -> list[SeenProperty]:
    counts: dict[str, dict[PropertyType, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for values in samples:
        for name, value in values.items():
            kind = _type_of(value)
            if kind is not None:
                counts[name][kind][value if isinstance(value, str) else element_text(value)] += 1
    found: list[SeenProperty] = []
    for name in sorted(counts):
        kind, examples = min(counts[name].items(), key=lambda each: (-each[1].total(), each[0]))
        commonest = sorted(examples.items(), key=lambda each: (-each[1], each[0]))[:EXAMPLES_MOST]
        shown = tuple(text if kind == "text" else json.loads(text) for text, _ in commonest)
        found.append(SeenProperty(name=name, type=kind, examples=shown))
    return found


def _type_of(value: Json) -> PropertyType | None:
    match value:
        case bool():
            return "truth"
        case str():
            return "text"
        case list():
            return "list"
        case dict():
            return "object"
    return "number" if is_number(value) else None
