"""Live segments in the tick: who enters and who leaves, by what happens and by time alone, the moment it is so.

An event has only those segments evaluated that name it or a trait it says; what time alone may change is looked at when
that may be, by one timer a person. Entering and leaving are told by an event of their own, which comes back by the log
like any other: journeys start from it there.

Whoever was there before a segment was live is looked at bit by bit, and becomes a member without anything being told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.events.event import Event, IdentityKey, own_event
from holdfast.flows.audience.live_index import LiveIndex, Watched, load_index
from holdfast.flows.audience.watching import WatchKeeper
from holdfast.flows.journey.playbook import Playbook
from holdfast.flows.people.person import shown_as
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.live import NOBODYS, Membership
from holdfast.ports.state import Identity, Transaction, View
from holdfast.profiles.profile import EMPTY, NAMES_MOST, Profile, Tally, combine
from holdfast.segments.condition import Truth
from holdfast.segments.facts import ProfileFacts
from holdfast.segments.live import SEGMENT_ENTERED, SEGMENT_LEFT
from holdfast.segments.watching import Watching

DUE_MOST = 2_000
"""People whose timers go off in one tick."""
REVIEWS_MOST = 1_000
"""People looked at anew in one tick."""
EVALUATIONS_MOST = 5_000
"""Evaluations of one tick in which timers go off, people are looked at anew, or those who were there before are: each.

Somebody may be in every segment there is, and all of it may turn at midnight: so people are no measure of the work."""
PORTION_LEAST = 50
"""People read at once who are to be looked at; twice as many with each portion, while there is little to evaluate."""
FILLED_MOST = 1_000
"""People looked at so in one tick."""
CLEARED_MOST = 2_000
"""Members taken out of a segment that is live no more, in one tick."""


@dataclass(slots=True)
class Person:
    """One person whose segments may change. Changes as the tick goes on."""

    number: int
    members: list[Identity]
    profiles: dict[int, Profile]
    before: Membership
    inside: dict[int, int]
    due: dict[int, int]
    armed_ms: int | None

    @property
    def name(self) -> IdentityKey:
        return shown_as(self.members)

    def whole(self) -> Profile:
        if len(self.members) == 1:  # As nearly everybody is.
            return self.profiles.get(self.members[0].id, EMPTY)
        return combine(self.profiles.get(each.id, EMPTY) for each in self.members)

    def is_new(self) -> bool:
        """Whether nothing is known of them yet."""
        return not self.profiles

    def all_tallied(self) -> bool:
        """Whether it is known of everything that they did how often they did it, and will be with one thing more."""
        names = 0
        for each in self.profiles.values():
            if each.crowded:
                return False
            names += len(each.tallies)
        return names < NAMES_MOST

    def membership(self) -> Membership:
        return Membership(inside=self.inside, due=self.due, armed_ms=self.armed_ms)


@dataclass(slots=True)
class _Moved:
    """What a tick comes to, ready to be written."""

    entered: list[tuple[int, int, int]] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)
    armed: list[tuple[int, int]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


async def load_persons(view: View, numbers: Collection[int], known: Mapping[int, Profile]) -> dict[int, Person]:
    """What is known of these persons, in three queries.

    Args:
        known: profiles of identities as they are by now, which may be later than the view's.
    """
    members = await view.members(sorted(numbers))
    wanted = [each.id for those in members.values() for each in those if each.id not in known]
    profiles = {**(await view.profiles(wanted) if wanted else {}), **known}
    memberships = await view.memberships(sorted(numbers))
    return {
        number: _person(number, those, profiles, memberships.get(number, NOBODYS)) for number, those in members.items()
    }


def _person(number: int, members: list[Identity], profiles: Mapping[int, Profile], membership: Membership) -> Person:
    known = {each.id: profiles[each.id] for each in members if each.id in profiles}
    inside, due, armed_ms = membership.inside.copy(), membership.due.copy(), membership.armed_ms
    return Person(number, members, known, membership, inside, due, armed_ms)


class Turnings:
    """Evaluates live segments of some people, and gathers what comes of it."""

    def __init__(self, index: LiveIndex, zone: ZoneInfo, watching: Watching) -> None:
        """Nothing has been evaluated yet."""
        self._index = index
        self._zone = zone
        self._watching = watching
        self._moved = _Moved()
        self._seen: dict[int, Person] = {}
        self.evaluated = 0

    def look(
        self, person: Person, numbers: Iterable[int], now: datetime, *, told: bool, cause: Event | None = None
    ) -> None:
        """Whether the person is in each of these segments now, and until when that is so.

        Args:
            told: whether entering and leaving is told.
            cause: what happened to them, if anything did: it is told under the same name of theirs.
        """
        watched = self._index.watched
        wanted = [each for each in numbers if each in watched]
        if not wanted:
            return
        self._seen[person.number] = person
        self.evaluated += len(wanted)
        now_ms = to_millis(now)
        facts = ProfileFacts(
            person.whole(),
            user_id=person.name.value,
            zone=self._zone,
            watching=self._watching,
            identities=[each.id for each in person.members],
        )
        for number in wanted:
            condition = watched[number].condition
            truth, turns = condition.standing(facts, now)
            holds = truth is Truth.TRUE
            if holds is not (number in person.inside):
                self._move(person, number, now_ms)
                if told:
                    self._tell(person, number, now_ms, cause)
            self._wake(person, number, None if turns is None else to_millis(turns), now_ms)

    def settle(self, person: Person, numbers: Iterable[int], now: datetime) -> None:
        """Whether the person was in each of these segments before now, which fill: of that nothing is told.

        Of a segment that came to mean something else they may be known as it was before. For whoever was looked at
        since, this is what is known already.
        """
        moments: dict[int, list[int]] = defaultdict(list)
        for number in numbers:
            due_ms, since_ms = person.due.get(number), self._index.watched[number].live.since_ms
            before_ms = to_millis(now) if due_ms is None else max(due_ms - 1, since_ms)
            moments[min(before_ms, to_millis(now))].append(number)
        for at_ms, those in moments.items():
            self.look(person, those, from_millis(at_ms), told=False)

    def keep(self, person: Person) -> None:
        """What is known of the person is written with the rest, and their timer set."""
        self._seen[person.number] = person

    @staticmethod
    def _move(person: Person, number: int, now_ms: int) -> None:
        if person.inside.pop(number, None) is None:
            person.inside[number] = now_ms

    def _tell(self, person: Person, number: int, now_ms: int, cause: Event | None) -> None:
        """Made of what caused it, so that told again it is the same: one event moves somebody at most once."""
        live = self._index.watched[number].live
        told = own_event(
            SEGMENT_ENTERED if number in person.inside else SEGMENT_LEFT,
            user=person.name if cause is None else cause.identity,
            at=from_millis(now_ms),
            properties={"segment": live.segment, "segment_version": live.version},
            key=(live.segment, person.number, now_ms if cause is None else cause.message_id),
        )
        self._moved.events.append(told)

    @staticmethod
    def _wake(person: Person, number: int, turns_ms: int | None, now_ms: int) -> None:
        """Whoever is to be woken sooner anyway is left so: waking too early does no harm, writing each time does."""
        due_ms = person.due.get(number)
        if turns_ms is None:
            if due_ms is not None and due_ms <= now_ms:
                del person.due[number]
        elif due_ms is None or due_ms <= now_ms or turns_ms < due_ms:
            person.due[number] = turns_ms

    async def write(self, transaction: Transaction) -> int:
        """Write what has changed; returns how many entered or left."""
        changed: dict[int, Membership] = {}
        for person in self._seen.values():
            self._sweep(person)
            soonest = min(person.due.values(), default=None)
            if soonest is not None and (person.armed_ms is None or soonest < person.armed_ms):
                person.armed_ms = soonest
                self._moved.armed.append((soonest, person.number))
            membership = person.membership()
            if membership != person.before:
                changed[person.number] = membership
                self._differ(person)
        moved = self._moved
        if changed:
            await transaction.put_memberships(changed)
        if moved.left:
            await transaction.leave_members(moved.left)
        if moved.entered:
            await transaction.enter_members(moved.entered)
        if moved.armed:
            await transaction.arm(moved.armed)
        if moved.events:
            await transaction.emit(moved.events)
        return len(moved.entered) + len(moved.left)

    def _sweep(self, person: Person) -> None:
        """Let go of what is known of segments that are live no more, where it is written anew anyway."""
        for of in (person.inside, person.due):
            if not of.keys() <= self._index.watched.keys():
                for number in [each for each in of if each not in self._index.watched]:
                    del of[number]

    def _differ(self, person: Person) -> None:
        was, now = person.before.inside, person.inside
        # Who left and came back within one tick is there since then.
        self._moved.left += [(number, person.number) for number in was if now.get(number) != was[number]]
        self._moved.entered += [
            (number, person.number, since) for number, since in now.items() if was.get(number) != since
        ]


class Happenings:
    """The events of one tick, as they move those they concern."""

    def __init__(self, index: LiveIndex, turnings: Turnings, persons: Mapping[int, Person]) -> None:
        """`persons` are those whom an event concerns."""
        self._index = index
        self._turnings = turnings
        self._persons = persons

    def happened(self, identity: Identity, event: Event, profile: Profile, now: datetime) -> None:
        """An event was learnt: `profile` is that of the identity, with it."""
        person = self._persons.get(identity.person)
        if person is None:
            return
        concerned = self._index.concerned(event)
        if person.is_new():
            watched, done = self._index.watched, profile.tallies
            concerned = {each for each in concerned | self._index.anybody if not _too_seldom(watched[each], done)}
        elif concerned:
            if self._index.filling:
                # Of whom it is not known whether they were in it before: that is settled first, and not told.
                self._turnings.settle(person, self._index.unfilled(person.number, concerned), now)
            if event.kind != "identify" and person.all_tallied():
                concerned = self._moved(person, concerned, profile, to_millis(now))
        person.profiles[identity.id] = profile
        if concerned:
            self._turnings.look(person, concerned, now, told=True, cause=event)

    def _moved(self, person: Person, concerned: Collection[int], profile: Profile, now_ms: int) -> set[int]:
        """Those that one more event may change for somebody of whom they are known: most only ever say more so.

        Args:
            profile: of the identity it came under, with it.
        """
        filling, watched = self._index.filling, self._index.watched
        tallies = profile.tallies if len(person.members) == 1 else None
        moved = set()
        for number in concerned:
            if number in filling:
                moved.add(number)
                continue
            due_ms, each, inside = person.due.get(number), watched[number], number in person.inside
            if not inside and due_ms is None and tallies is not None and _too_seldom(each, tallies):
                continue
            stays = each.growing.stays_true if inside else each.growing.stays_false
            if not stays or (due_ms is not None and due_ms <= now_ms):
                moved.add(number)
        return moved

    async def write(self, transaction: Transaction) -> int:
        """Write what has changed; returns how many entered or left."""
        return await self._turnings.write(transaction)


def _too_seldom(watched: Watched, tallies: Mapping[str, Tally]) -> bool:
    """Whether what it needs has happened too seldom: then nothing else makes it true, and time neither."""
    needed = watched.needed
    if needed is None:
        return False
    done = tallies.get(needed.event)
    return done is None or done.count < needed.times


class LiveKeeper:
    """Keeps live segments true, within the transactions of ticks."""

    def __init__(self, zone: ZoneInfo) -> None:
        """With the workspace's time zone. Nothing is read yet."""
        self._zone = zone
        self._watches = WatchKeeper()
        self._index = LiveIndex()
        self._kept: LiveIndex | None = None
        """What is known to be written; a tick that came to nothing leaves none."""
        self._is_same = False
        """Whether this tick found what the last one left."""

    async def begin(self, transaction: Transaction, wanted: frozenset[str], now: datetime) -> None:
        """Begin a tick, with the live segments there are, brought up to date with what is saved.

        Args:
            wanted: ids of segments that are to be live, whatever they say themselves.
        """
        index, self._kept = self._kept, None
        self._is_same = True
        if index is None or index.wanted != wanted or index.changes != await transaction.segment_changes():
            index, self._is_same = await load_index(transaction, wanted, now, self._zone), False
        self._index = index

    async def watch(self, transaction: Transaction, playbook: Playbook) -> None:
        """Watch from now on what the live segments and these journeys ask for, and nothing else."""
        await self._watches.begin(transaction, playbook, self._index)

    async def look(self, view: View) -> None:
        """See what is watched, in place of `begin` and `watch`, where nothing is to be brought up to date."""
        await self._watches.look(view)

    @property
    def watching(self) -> Watching:
        """What is watched in this tick."""
        return self._watches.watching

    @property
    def watches_otherwise(self) -> bool:
        """Whether something else is watched from this tick on."""
        return self._watches.is_changed

    @property
    def is_settled(self) -> bool:
        """Whether all that this tick goes by was committed before it, and nobody's past is being looked at."""
        return self._is_same and self._watches.is_settled and not (self._index.filling or self._index.ending)

    def keep(self) -> None:
        """The tick was written."""
        self._kept = self._index
        self._watches.keep()

    async def happenings(
        self, transaction: Transaction, events: Iterable[tuple[Identity, Event]], profiles: Mapping[int, Profile]
    ) -> Happenings:
        """Ready for these events, with what is known of those whom they concern.

        Args:
            profiles: of the identities among them of whom anything is known, as they are before.
        """
        index = self._index
        persons: set[int] = set()
        for identity, event in events if index.watched else ():
            if identity.person in persons:
                continue
            if index.concerned(event) or (index.anybody and identity.id not in profiles):
                persons.add(identity.person)
        loaded = await load_persons(transaction, persons, profiles) if persons else {}
        return Happenings(index, self._turnings(), loaded)

    def _turnings(self) -> Turnings:
        return Turnings(self._index, self._zone, self.watching)

    async def go_on(self, transaction: Transaction, now: datetime) -> int:
        """Whatever is to be done though nothing happened; returns how much was."""
        index = self._index
        if not index.watched and not index.ending:
            return 0
        done = await self._fire(transaction, index, now)
        done += await self._review(transaction, index, now)
        done += await self._fill(transaction, index, now)
        return done + await self._end(transaction, index)

    async def _fire(self, transaction: Transaction, index: LiveIndex, now: datetime) -> int:
        """Look at those whom time alone may have changed."""
        now_ms = to_millis(now)
        timers = await transaction.due_members(now_ms, limit=DUE_MOST)
        if not timers:
            return 0
        turnings = self._turnings()

        def look(_: int, person: Person | None) -> None:
            # Other timers of theirs are left over from before they were to be woken sooner.
            if person is None or person.armed_ms is None or person.armed_ms > now_ms:
                return
            person.armed_ms = None
            due = [number for number, due_ms in person.due.items() if due_ms <= now_ms]
            turnings.settle(person, index.unfilled(person.number, due), now)
            turnings.look(person, due, now, told=True)
            turnings.keep(person)

        looked_at = await self._each(transaction, [person for _, person in timers], turnings, look)
        fired = [each for each in timers if each[1] in looked_at]
        await transaction.disarm(fired)
        await turnings.write(transaction)
        return len(fired)

    async def _each(
        self,
        transaction: Transaction,
        persons: Iterable[int],
        turnings: Turnings,
        look: Callable[[int, Person | None], None],
    ) -> set[int]:
        """Look at these, one after the other, until it is enough for a tick; returns who was looked at."""
        numbers = list(dict.fromkeys(persons))
        reached, portion = 0, max(PORTION_LEAST, EVALUATIONS_MOST // max(1, len(self._index.watched)))
        while reached < len(numbers) and turnings.evaluated < EVALUATIONS_MOST:
            those = numbers[reached : reached + portion]
            loaded = await load_persons(transaction, those, {})
            for number in those:
                if turnings.evaluated >= EVALUATIONS_MOST:
                    break
                look(number, loaded.get(number))
                reached += 1
            portion *= 2
        return set(numbers[:reached])

    async def _review(self, transaction: Transaction, index: LiveIndex, now: datetime) -> int:
        """Look anew at those who were joined or parted, or of whom something was learnt by another way in."""
        asked = await transaction.member_reviews(limit=REVIEWS_MOST)
        if not asked:
            return 0
        turnings, told = self._turnings(), dict(asked)

        def look(number: int, person: Person | None) -> None:
            if person is None:
                return  # Joined into another, who is looked at in their place.
            wanted = index.possible(person.whole()) | person.inside.keys()
            unfilled = index.unfilled(number, wanted)
            turnings.look(person, unfilled, now, told=False)
            turnings.look(person, wanted - unfilled, now, told=told[number])

        looked_at = await self._each(transaction, told, turnings, look)
        await transaction.reviewed(sorted(looked_at))
        await turnings.write(transaction)
        return len(looked_at)

    async def _fill(self, transaction: Transaction, index: LiveIndex, now: datetime) -> int:
        """Look at some of those who were there before a segment was live, and tell nothing of it."""
        # As long as the past is not gathered for what a segment looks at, nobody knows who is in it.
        ready = [each for each in index.filling if self.watching.filled(index.watched[each].leaves)]
        if not ready:
            return 0
        reached = min(index.watched[each].live.filled_to for each in ready)
        together = [each for each in ready if index.watched[each].live.filled_to == reached]
        numbers = await transaction.persons_after(reached, limit=FILLED_MOST)
        persons = await load_persons(transaction, numbers, {})
        turnings = self._turnings()
        for number in numbers:
            person = persons[number]
            possible = index.possible(person.whole()) | person.inside.keys()
            turnings.look(person, [each for each in together if each in possible], now, told=False)
            reached = number
            if turnings.evaluated >= EVALUATIONS_MOST:
                break
        await turnings.write(transaction)
        everybody = len(numbers) < FILLED_MOST and (not numbers or reached == numbers[-1])
        for each in together:
            filled_ms = to_millis(now) if everybody else None
            filled = replace(index.watched[each].live, filled_to=reached, filled_ms=filled_ms)
            await transaction.put_live_segment(filled)
            index.put(filled)
        return max(1, len(numbers))

    @staticmethod
    async def _end(transaction: Transaction, index: LiveIndex) -> int:
        """Take some members out of what is live no more."""
        if not index.ending:
            return 0
        number = index.ending[0]
        cleared = await transaction.clear_members(number, limit=CLEARED_MOST)
        if cleared < CLEARED_MOST:
            await transaction.drop_live_segment(number)
            index.ending = index.ending[1:]
        return max(1, cleared)


async def rejoin(transaction: Transaction, moves: Mapping[int, tuple[int, int]], *, told: bool) -> None:
    """People were joined or parted: until looked at anew, each is in whatever those they were had been in.

    So nobody enters again what one of them was in before. The next tick looks at them.

    Args:
        moves: by identity the person it belonged to and the one it belongs to now; all that have moved.
        told: whether it is told who enters and leaves by it.
    """
    if not await transaction.live_segments():
        return
    pairs = sorted(set(moves.values()))
    known = await transaction.memberships(sorted({each for pair in pairs for each in pair}))
    # Whose own identity has moved is nobody any more.
    gone = {was for was, _ in pairs if was in moves}
    after = {person: known.get(person, NOBODYS) for pair in pairs for person in pair}
    for was, now in pairs:
        heir, left = after[now], known.get(was, NOBODYS)
        after[now] = Membership(inside=left.inside | heir.inside, due=heir.due, armed_ms=heir.armed_ms)
    for person in gone:
        after[person] = NOBODYS
    await transaction.put_memberships(after)
    await transaction.leave_members(
        [(number, person) for person in gone for number in known.get(person, NOBODYS).inside]
    )
    await transaction.enter_members(
        [(number, person, since) for person, each in after.items() for number, since in each.inside.items()]
    )
    await transaction.review_members(sorted(after.keys() - gone), told=told)


async def look_again(transaction: Transaction, persons: Sequence[int], *, told: bool) -> None:
    """Something was learnt of these people by a way in that is no tick: the next ones look at them."""
    if persons and await transaction.live_segments():
        await transaction.review_members(persons, told=told)
