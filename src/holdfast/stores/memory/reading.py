"""Questions to the state in memory, answered from one snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from holdfast.decisions.made import Made
from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, IdentityKey
from holdfast.ports.parts import part_of
from holdfast.ports.state import (
    WAITED_MS_MOST,
    AccessKey,
    Answered,
    BadRecord,
    Decision,
    DecisionState,
    Entered,
    Identity,
    Lane,
    LaneTotals,
    SavedSegment,
    Send,
    SendState,
    StepCount,
    lane_order,
)
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import Profile, combine
from holdfast.stores.memory.accounts import ReadingAccounts
from holdfast.stores.memory.adaptive import ReadingAdaptive
from holdfast.stores.memory.boards import ReadingBoards
from holdfast.stores.memory.catalogues import ReadingCatalogues
from holdfast.stores.memory.connections import ReadingConnections
from holdfast.stores.memory.devices import ReadingDevices
from holdfast.stores.memory.dictionary import ReadingDictionary
from holdfast.stores.memory.erasure import ReadingErasure
from holdfast.stores.memory.experiments import ReadingExperiments
from holdfast.stores.memory.holdouts import ReadingHoldouts
from holdfast.stores.memory.inbox import ReadingInbox
from holdfast.stores.memory.live import ReadingLive
from holdfast.stores.memory.receipts import ReadingReceipts
from holdfast.stores.memory.runs import MemoryRuns
from holdfast.stores.memory.sharing import ReadingSharing
from holdfast.stores.memory.teamwork import ReadingTeamwork
from holdfast.stores.memory.templates import ReadingTemplates
from holdfast.stores.memory.turns import MemoryTurns
from holdfast.stores.memory.words import ReadingWords

_K = TypeVar("_K")
_V = TypeVar("_V")

CONTACTED: frozenset[SendState] = frozenset({"pending", "claimed", "sent", "in_doubt"})
"""A send in one of these states has reached somebody, or may."""


class MemoryView(
    ReadingErasure,
    MemoryRuns,
    ReadingLive,
    MemoryTurns,
    ReadingTemplates,
    ReadingExperiments,
    ReadingCatalogues,
    ReadingConnections,
    ReadingInbox,
    ReadingReceipts,
    ReadingDevices,
    ReadingAdaptive,
    ReadingBoards,
    ReadingDictionary,
    ReadingSharing,
    ReadingHoldouts,
    ReadingAccounts,
    ReadingTeamwork,
    ReadingWords,
):
    """A snapshot. It answers by looking through whole tables where that is simplest: this store is for small worlds."""

    # Who.
    async def identities(self, keys: Sequence[IdentityKey]) -> dict[IdentityKey, Identity]:
        tables = self._tables
        return {key: tables.identities[tables.numbers[key]] for key in keys if key in tables.numbers}

    async def identities_by_id(self, ids: Sequence[int]) -> dict[int, Identity]:
        return _chosen(self._tables.identities, ids)

    async def members(self, persons: Sequence[int]) -> dict[int, list[Identity]]:
        wanted = set(persons)
        found: dict[int, list[Identity]] = defaultdict(list)
        for identity in self._tables.identities.values():  # Numbers are given in order, so these are in order.
            if identity.person in wanted:
                found[identity.person].append(identity)
        return dict(found)

    async def profiles(self, identities: Sequence[int]) -> dict[int, Profile]:
        return _chosen(self._tables.profiles, identities)

    async def outlines(self, identities: Sequence[int]) -> dict[int, Profile]:
        return {
            each: Profile(traits=whole.traits, first_seen_ms=whole.first_seen_ms, last_seen_ms=whole.last_seen_ms)
            for each, whole in (await self.profiles(identities)).items()
        }

    async def sayings(self, persons: Sequence[int]) -> dict[int, Profile]:
        members = await self.members(persons)
        known = await self.profiles([each.id for those in members.values() for each in those])
        told = {
            each: Profile(traits=whole.traits, consent=whole.consent, devices=whole.devices)
            for each, whole in known.items()
        }
        found = {person: [told[each.id] for each in those if each.id in told] for person, those in members.items()}
        return {person: combine(those) for person, those in found.items() if those}

    async def links(self, identities: Sequence[int]) -> list[Link]:
        wanted = set(identities)
        return [link for link in self._tables.links.values() if link.first in wanted or link.second in wanted]

    async def link(self, link_id: int) -> Link | None:
        return self._tables.links.get(link_id)

    async def count_people(self) -> int:
        return sum(1 for identity in self._tables.identities.values() if identity.person == identity.id)

    async def stale_people(self, *, limit: int) -> list[tuple[int, int]]:
        last = {person: sequence for sequence, person in sorted(self._tables.stale)[:limit]}
        return sorted(last.items(), key=lambda each: (each[1], each[0]))

    # What came in.
    async def offset(self, group: str) -> int:
        return self._tables.offsets.get(group, 0)

    async def offsets(self) -> dict[str, int]:
        return dict(self._tables.offsets)

    async def seen(self, hashes: Sequence[int]) -> dict[int, int]:
        return {number: position for number, (position, _) in _chosen(self._tables.seen, hashes).items()}

    async def skipped(self, first: int, last: int) -> frozenset[int]:
        return frozenset(position for position in self._tables.skipped if first <= position <= last)

    async def bad_records(self, *, limit: int, before_id: int | None, replayed: bool | None) -> list[BadRecord]:
        newest_first = reversed(self._tables.bad_records.values())
        wanted = (
            each
            for each in newest_first
            if (before_id is None or each.id < before_id)
            and (replayed is None or replayed == (each.replayed_ms is not None))
        )
        return list(islice(wanted, limit))

    async def bad_records_by_id(self, ids: Sequence[int]) -> list[BadRecord]:
        return list(_chosen(self._tables.bad_records, sorted(set(ids))).values())

    async def count_bad_records(self, *, by_code: bool = False) -> dict[str, int]:
        waiting = [each.code for each in self._tables.bad_records.values() if each.replayed_ms is None]
        return dict(Counter(waiting)) if by_code else {"all": len(waiting)}

    async def emitted(self, *, limit: int, after_id: int = 0) -> list[tuple[int, Event]]:
        return list(islice((each for each in self._tables.emitted.items() if each[0] > after_id), limit))

    async def last_emitted(self) -> int:
        return max(self._tables.emitted, default=0)

    # Decisions.
    async def decisions(self, *, latest: bool = True) -> list[Decision]:
        every = [decision for _, decision in sorted(self._tables.decisions.items())]
        newest = {decision.id: decision for decision in every}
        return list(newest.values()) if latest else every

    async def decision_states(self) -> list[tuple[str, int, DecisionState]]:
        return [(each.id, each.version, each.state) for _, each in sorted(self._tables.decisions.items())]

    async def open_visits(self, identities: Sequence[int]) -> list[Visit]:
        wanted = set(identities)
        return [visit for visit in self._under_way() if visit.identity in wanted]

    async def visits_of(self, identities: Sequence[int], *, limit: int) -> list[Visit]:
        wanted = set(identities)
        found = [visit for visit in self._tables.visits.values() if visit.identity in wanted]
        return sorted(found, key=lambda visit: -visit.id)[:limit]

    async def due_visits(
        self, now_ms: int, *, limit: int, without: Sequence[str] = (), part: int | None = None
    ) -> list[Visit]:
        due = [
            (visit.due_ms, visit.id, visit)
            for visit in self._under_way()
            if visit.due_ms is not None and visit.due_ms <= now_ms and visit.origin not in without
        ]
        wanted = (each for *_, each in sorted(due, key=lambda each: each[:2]) if part in (None, part_of(each.identity)))
        return list(islice(wanted, limit))

    async def due_parts(self, now_ms: int, *, without: Sequence[str] = ()) -> list[int]:
        due = await self.due_visits(now_ms, limit=len(self._tables.visits), without=without)
        return sorted({part_of(visit.identity) for visit in due})

    async def next_due(self) -> int | None:
        visits = (visit.due_ms for visit in self._under_way() if visit.due_ms is not None)
        sends = (send.not_before_ms for send in self._tables.sends.values() if send.state == "pending")
        timers = (due_ms for due_ms, _ in self._tables.member_timers)
        return min((*visits, *sends, *timers), default=None)

    async def entered(self, origins: Sequence[str], identities: Sequence[int]) -> dict[tuple[str, int], Entered]:
        wanted, who = set(origins), set(identities)
        found: dict[tuple[str, int], list[Visit]] = defaultdict(list)
        for visit in self._tables.visits.values():
            if visit.origin in wanted and visit.identity in who:
                found[visit.origin, visit.identity].append(visit)
        return {each: _summed(visits) for each, visits in found.items()}

    async def step_counts(self, origin: str) -> list[StepCount]:
        return [
            StepCount(origin=of, version=version, step=step, exit=by, count=count)
            for (of, version, step, by), count in sorted(self._tables.step_counts.items())
            if of == origin
        ]

    async def waiting(self, origin: str) -> dict[str, int]:
        return dict(Counter(visit.step for visit in self._under_way() if visit.origin == origin))

    async def under_way(self, origin: str) -> dict[int, int]:
        return dict(Counter(visit.version for visit in self._under_way() if visit.origin == origin))

    async def standing(self, origin: str) -> dict[tuple[int, str], int]:
        return dict(Counter((visit.version, visit.step) for visit in self._under_way() if visit.origin == origin))

    async def visits_at(self, origin: str, version: int, step: str, *, limit: int, after_id: int = 0) -> list[Visit]:
        found = (
            visit
            for visit in self._under_way()
            if (visit.origin, visit.version, visit.step) == (origin, version, step) and visit.id > after_id
        )
        return sorted(found, key=lambda visit: visit.id)[:limit]

    # Sends.
    async def sends(self, keys: Sequence[str]) -> dict[str, Send]:
        return _chosen(self._tables.sends, keys)

    async def sends_of(self, *, origin: str | None, identities: Sequence[int] | None, limit: int) -> list[Send]:
        wanted = (
            send
            for send in reversed(self._tables.sends.values())
            if (origin is None or send.origin == origin) and (identities is None or send.identity in identities)
        )
        return list(islice(wanted, limit))

    async def send_totals(self, origin: str | None) -> dict[SendState, int]:
        counts = Counter(send.state for send in self._tables.sends.values() if origin is None or send.origin == origin)
        for (of, state), count in self._tables.totals_forgotten.items():
            counts[state] += count if origin is None or of == origin else 0
        return {state: count for state, count in counts.items() if count}

    async def claimed_before(self, at_ms: int) -> list[Send]:
        claimed = [
            (send.claimed_ms, send)
            for send in self._tables.sends.values()
            if send.state == "claimed" and send.claimed_ms is not None and send.claimed_ms < at_ms
        ]
        return [send for _, send in sorted(claimed, key=lambda each: each[0])]

    async def overdue_claims(self, before_ms: int, *, limit: int) -> list[Send]:
        overdue = [
            (send.claimed_ms or 0, send)
            for send in self._tables.sends.values()
            if send.state == "claimed" and send.send_by_ms is not None and send.send_by_ms < before_ms
        ]
        return [send for _, send in sorted(overdue, key=lambda each: each[0])[:limit]]

    async def lane_totals(self) -> list[LaneTotals]:
        standing: dict[Lane, list[Send]] = defaultdict(list)
        for send in self._tables.sends.values():
            if send.state in ("pending", "claimed", "in_doubt"):
                standing[send.lane].append(send)
        return [
            LaneTotals(
                lane=lane,
                pending=sum(send.state == "pending" for send in sends),
                claimed=sum(send.state == "claimed" for send in sends),
                in_doubt=sum(send.state == "in_doubt" for send in sends),
                next_ms=min((send.not_before_ms for send in sends if send.state == "pending"), default=None),
            )
            for lane, sends in sorted(standing.items(), key=lambda each: lane_order(each[0]))
        ]

    async def answers(self, keys: Sequence[str]) -> dict[str, list[Answered]]:
        return {key: list(self._tables.answers[key]) for key in keys if key in self._tables.answers}

    async def dead_letters(
        self,
        *,
        limit: int,
        origin: str | None = None,
        channel: str | None = None,
        before: tuple[int, str] | None = None,
    ) -> list[Send]:
        found = [
            ((send.settled_ms or 0, send.key), send)
            for send in self._tables.sends.values()
            if send.dead and origin in (None, send.origin) and channel in (None, send.channel)
        ]
        wanted = [(place, send) for place, send in found if before is None or place < before]
        return [send for _, send in sorted(wanted, key=lambda each: each[0], reverse=True)[:limit]]

    async def count_dead_letters(self) -> dict[str, int]:
        return dict(sorted(Counter(send.channel for send in self._tables.sends.values() if send.dead).items()))

    async def contacts(self, identities: Sequence[int], since_ms: int) -> dict[int, list[Made]]:
        wanted = set(identities)
        found: dict[int, list[Made]] = defaultdict(list)
        for send in self._tables.sends.values():
            if send.identity not in wanted or send.transactional or send.state not in CONTACTED:
                continue
            at_ms = max(send.created_ms, send.not_before_ms)
            if max(at_ms, send.claimed_ms or 0) >= since_ms and send.created_ms >= since_ms - WAITED_MS_MOST:
                made = Made(
                    channel=send.channel,
                    topic=send.topic,
                    at_ms=at_ms,
                    key=send.key,
                    handed_ms=send.claimed_ms,
                    priority=send.priority,
                )
                found[send.identity].append(made)
        return {who: sorted(made, key=lambda each: (each.at_ms, each.key)) for who, made in found.items()}

    async def spent(self, origins: Sequence[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for (origin, day), cost in self._tables.spending.items():
            if origin in origins:
                found[origin][day] = cost
        return dict(found)

    async def suppressed(self, channel: str, addresses: Sequence[str]) -> dict[str, str]:
        reasons = ((address, self._tables.suppressions.get((channel, address.lower()))) for address in addresses)
        return {address: reason for address, reason in reasons if reason is not None}

    # Small things.
    async def keys(self) -> list[AccessKey]:
        return sorted(self._tables.keys.values(), key=lambda key: (key.created_ms, key.name))

    async def segments(self) -> list[SavedSegment]:
        return [segment for segment in self._newest_segments().values() if not segment.deleted]

    async def deleted_segments(self) -> list[SavedSegment]:
        return [segment for segment in self._newest_segments().values() if segment.deleted]

    async def segment_versions(self, segment_id: str, *, limit: int, before: int | None = None) -> list[SavedSegment]:
        newest_first = (segment for _, segment in sorted(self._tables.segments.items(), reverse=True))
        wanted = (each for each in newest_first if each.id == segment_id and (before is None or each.version < before))
        return list(islice(wanted, limit))

    async def segment_version(self, segment_id: str, version: int) -> SavedSegment | None:
        return self._tables.segments.get((segment_id, version))

    async def note(self, name: str) -> str | None:
        return self._tables.notes.get(name)

    def _newest_segments(self) -> dict[str, SavedSegment]:
        return {name: segment for (name, _), segment in sorted(self._tables.segments.items())}

    def _under_way(self) -> Iterable[Visit]:
        return (visit for visit in self._tables.visits.values() if visit.left_ms is None)


def _chosen(table: Mapping[_K, _V], wanted: Iterable[_K]) -> dict[_K, _V]:
    return {each: table[each] for each in wanted if each in table}


def _summed(visits: Sequence[Visit]) -> Entered:
    return Entered(
        count=len(visits),
        last_ms=max(visit.entered_ms for visit in visits),
        open=any(visit.left_ms is None for visit in visits),
        keys=frozenset(visit.entry_key for visit in visits),
    )
