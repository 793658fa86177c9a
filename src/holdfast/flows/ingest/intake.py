"""Intake: what one tick changes about people. Events are learnt, timers fire, and both move those on journeys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast
from zoneinfo import ZoneInfo

from holdfast.decisions.gate import GateRules
from holdfast.decisions.visit import Visit, run_of
from holdfast.events.event import IdentityKey
from holdfast.flows.audience.live_segments import LiveKeeper
from holdfast.flows.delivery.claiming import call_off, called_off
from holdfast.flows.delivery.hearing import hear
from holdfast.flows.ingest.handing import Handing, parted
from holdfast.flows.ingest.numbering import sift
from holdfast.flows.ingest.reading import Placed
from holdfast.flows.ingest.tasks import Found, Share
from holdfast.flows.journey.playbook import Playbook
from holdfast.flows.journey.travel import Known, LettingIn, Travel, Travelled, Traveller, load_travellers
from holdfast.flows.people.devices import Came, came, hand_over
from holdfast.flows.people.erased import without_erased
from holdfast.flows.people.identify import apply_claims
from holdfast.flows.people.person import lone_row
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.hands import Hands, HasHands
from holdfast.ports.history import HistoryRow, PersonRow
from holdfast.ports.state import BadRecord, Identity, Moving, Transaction, View
from holdfast.profiles.identity import Claim, claims_of
from holdfast.profiles.profile import EMPTY, Profile, learn

Happened = Callable[[Transaction, Playbook, Sequence[Placed]], Awaitable[object]]
DUE_MOST = 2_000
"""Timers fired in one tick."""
WRITTEN_AT_ONCE = 400
"""Profiles written while the next are learnt."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of learning some events."""

    profiles: dict[int, Profile]
    """What is known of whose they were, these events included; by identity."""
    turned_up: list[Came]
    """Devices that turned up with somebody."""


class Intake:
    """Takes in events and fires timers, within the transaction of a tick."""

    def __init__(self, rules: GateRules, zone: ZoneInfo, live: LiveKeeper) -> None:
        """With the workspace's rules for contacting people, its time zone, and who keeps its live segments."""
        self._rules = rules
        self._zone = zone
        self._live = live
        self.taken: Sequence[HistoryRow] = ()
        """What was new the last time events were taken in, as the history has it."""
        self._changed: tuple[Sequence[Identity], Mapping[int, Profile], int] = ((), {}, 0)
        """Whose they were, what is known of them since, and the number of that change."""
        self._handing = Handing()
        self._met: set[int] = set()
        """Persons whom this tick has looked at or changed: what a hand reads of them is old."""
        self._anybody_met = False
        """Whether there are more of them, and it is not known who."""

    def use(self, hands: Hands) -> None:
        """Have these do part of the work from now on. Not while anything is taken in."""
        self._handing = Handing(hands)

    @property
    def hands(self) -> int:
        """How many do part of the work just now."""
        return self._handing.hands.ready

    def adopt(self, rules: GateRules) -> None:
        """Go by other contact rules from now on. Not while anything is taken in."""
        self._rules = rules

    def changed(self) -> dict[int, PersonRow]:
        """Whom it changed then, by the number of the person: as they are, if nobody is joined to them."""
        owners, profiles, change = self._changed
        return {
            each.id: lone_row(each.id, each.key, profiles[each.id], change) for each in owners if each.id == each.person
        }

    async def take_in(
        self,
        transaction: Transaction,
        placed: Sequence[Placed],
        bad: Sequence[BadRecord],
        playbook: Playbook,
        happened: Happened,
    ) -> int:
        """Learn what happened, and move whom it concerns; returns how many events were new.

        Args:
            placed: what was read, in its order.
            bad: what could be no event.
            happened: told of the new ones, for those that are about things.
        """
        self.taken, self._changed = (), ((), {}, 0)
        self._met, self._anybody_met = set(), False
        if bad:
            await transaction.add_bad_records(bad)
        if not placed:
            return 0
        sifted = await sift(transaction, placed)
        fresh = await without_erased(transaction, sifted.fresh, self._rules.veil_key)
        if not fresh:
            await sifted.remember(transaction, fresh, placed[-1].received_ms)
            return 0
        identities, new, here = await _recognise(transaction, fresh)
        owners = [identities[each.identity] for each in fresh]
        self._met = {each.person for each in owners}
        self.taken = [
            HistoryRow(identity=owner.id, event=each.event, hashed=each.dedup_hash)
            for owner, each in zip(owners, fresh, strict=True)
        ]
        # The first of them is decided at its own time, and the caps look back from there.
        first_ms = min(each.received_ms for each in fresh)
        ours: Share = list(zip(owners, fresh, strict=True))
        shares: list[Share] = []
        among = self._handing.among(transaction, playbook, self._live, len(fresh) - len(here))
        if among:
            ours, shares = parted(ours, here, self._handing.tasks(len(fresh), among))
        change = 0

        async def remember() -> None:
            # From here on a store is told and not asked: it may write while what follows is reckoned.
            nonlocal change
            change = await transaction.touch_people(sorted(self._met))
            await sifted.remember(transaction, fresh, placed[-1].received_ms)

        tasks = [self._handing.learning(share, placed[-1].received_ms, first_ms, new) for share in shares]
        async with self._handing.given(tasks) as found:
            learnt = await self.learn(transaction, ours, playbook, first_ms, meanwhile=remember)
            turned_up = learnt.turned_up
            for share, finding in zip(shares, found, strict=True):
                came_of_it = await finding
                if came_of_it is None:
                    turned_up += (await self.learn(transaction, share, playbook, first_ms)).turned_up
                else:
                    await _take_over(transaction, came_of_it)
                    turned_up += came_of_it.turned_up
        self._changed = ([owner for owner, _ in ours], learnt.profiles, change)
        await hand_over(transaction, turned_up)
        await hear(transaction, fresh, identities, learnt.profiles)
        await happened(transaction, playbook, fresh)
        return len(fresh)

    async def learn(
        self,
        transaction: Transaction,
        share: Share,
        playbook: Playbook,
        first_ms: int,
        *,
        meanwhile: Callable[[], Awaitable[object]] | None = None,
    ) -> Learnt:
        """Learn these events of people who are known, and move whom they concern.

        Args:
            first_ms: when the first event of the tick was received.
            meanwhile: done once nothing more is read.
        """
        fresh = [each for _, each in share]
        profiles = dict(await transaction.profiles(list(dict.fromkeys(owner.id for owner, _ in share))))
        travellers = await self._in_play(transaction, share, profiles, playbook, first_ms)
        travel = await self._travel(transaction, playbook)
        happenings = await self._live.happenings(transaction, ((owner, each.event) for owner, each in share), profiles)
        if meanwhile is not None:
            await meanwhile()
        watching, turned_up = self._live.watching, list[Came]()
        moments = {received_ms: from_millis(received_ms) for received_ms in {each.received_ms for each in fresh}}
        learnt: dict[int, Profile] = {}
        for identity, each in share:
            now = moments[each.received_ms]
            traveller = travellers.get(identity.person)
            # Who travels may have been changed on the way.
            known = profiles if traveller is None else traveller.profiles
            before = known.get(identity.id, EMPTY)
            profile = learn(before, each.event, watching)
            if profile.devices is not before.devices:
                turned_up.extend(came(identity.id, before, profile))
            profiles[identity.id] = learnt[identity.id] = profile
            happenings.happened(identity, each.event, profile, now)
            if traveller is not None:
                traveller.knows(identity.id, profile)
                travel.happened(traveller, each.event, identity.id, now)
            if len(learnt) == WRITTEN_AT_ONCE:
                await transaction.put_profiles(learnt)
                learnt = {}
        await transaction.put_profiles(learnt)
        await _write(transaction, travel.done, self._rules)
        await happenings.write(transaction)
        return Learnt(profiles, turned_up)

    async def _travel(self, transaction: View, playbook: Playbook, *, spends: bool = True) -> Travel:
        spent = await _spent(transaction, playbook) if spends else {}
        last = await transaction.last_weighings(playbook.adaptive) if playbook.adaptive else {}
        weights = {experiment: weighing.weights for experiment, weighing in last.items()}
        return Travel(playbook, self._rules, self._zone, spent, self._live.watching, weights=weights)

    async def _in_play(
        self,
        transaction: Transaction,
        share: Share,
        profiles: Mapping[int, Profile],
        playbook: Playbook,
        now_ms: int,
    ) -> dict[int, Traveller]:
        """The people whose events may move them: those on a journey, and those an event may let in."""
        stirred = [(owner, each) for owner, each in share if each.event.name in playbook.stirring]
        if not stirred:
            return {}
        begun = {each.event.name for _, each in stirred} & playbook.by_event.keys()
        begins = {owner.person for owner, each in stirred if each.event.name in begun}
        members = await transaction.members(sorted({owner.person for owner, _ in stirred}))
        person_of = {each.id: person for person, those in members.items() for each in those}
        visits = await transaction.open_visits(list(person_of))
        going = begins | {person_of[visit.identity] for visit in visits}
        known = Known(
            members={person: those for person, those in members.items() if person in going},
            visits=visits,
            asked={owner.id for owner, _ in share},
            profiles=profiles,
        )
        entering = {play.id for name in begun for play in playbook.by_event[name]}
        return await load_travellers(
            transaction, sorted(going), playbook, self._rules, now_ms, entering=entering, known=known
        )

    async def fire(self, transaction: Transaction, playbook: Playbook, now_ms: int) -> int:
        """Wake whose time has come; returns how many."""
        without = sorted(playbook.paused)
        among = self._handing.among(transaction, playbook, self._live, DUE_MOST)
        if among:
            return await self._fire_by_hands(transaction, playbook, now_ms, without=without, among=among)
        due = await transaction.due_visits(now_ms, limit=DUE_MOST, without=without)
        await self.wake(transaction, playbook, due, now_ms)
        return len(due)

    async def _fire_by_hands(
        self, transaction: Transaction, playbook: Playbook, now_ms: int, *, without: Sequence[str], among: int
    ) -> int:
        helped = cast("HasHands", transaction)
        limit = DUE_MOST * among
        tasks = self._handing.tasks(limit, among)
        shares = await helped.due_shares(now_ms, limit=limit, among=tasks, without=without, apart=self._met)
        ours = shares.pop(-1, [])
        if not self._handing.is_worth_giving(sum(map(len, shares.values()))):
            ours = list(chain(ours, *shares.values()))
            shares = {}
        self._anybody_met = self._anybody_met or bool(shares)
        given: list[list[int]] = [[] for _ in range(self._handing.tasks(sum(map(len, shares.values())), among))]
        for number, share in shares.items():
            given[number % len(given)] += share
        given = [share for share in given if share]
        async with self._handing.given([self._handing.waking(share, now_ms) for share in given]) as found:
            if ours:
                await self.wake(transaction, playbook, await helped.visits_by_id(ours), now_ms)
            for share, finding in zip(given, found, strict=True):
                came_of_it = await finding
                if came_of_it is None:
                    await self.wake(transaction, playbook, await helped.visits_by_id(share), now_ms)
                else:
                    await helped.take_over(came_of_it.writes)
        return len(ours) + sum(map(len, given))

    async def wake(self, transaction: Transaction, playbook: Playbook, due: Sequence[Visit], now_ms: int) -> None:
        """Wake these visits, whose time has come."""
        if not due:
            return
        owners = await transaction.identities_by_id([visit.identity for visit in due])
        persons = sorted({owner.person for owner in owners.values()})
        self._met.update(persons)
        travellers = await load_travellers(transaction, persons, playbook, self._rules, now_ms, visits=due)
        travel, now = await self._travel(transaction, playbook), from_millis(now_ms)
        stopped = await _stopped(transaction, due)
        for visit in sorted(due, key=_turn):
            travel.due(travellers[owners[visit.identity].person], visit.id, now, stopped=visit.id in stopped)
        await _write(transaction, travel.done, self._rules)

    async def fire_of(
        self, transaction: Moving, playbook: Playbook, persons: Sequence[int], now_ms: int, *, spends: bool
    ) -> int:
        """Wake these people, wherever their time has come; returns how many visits.

        Args:
            persons: those who are forgotten by now are passed over.
            spends: whether it may be gone by what is spent. Otherwise they wait where a budget would be asked for.
        """
        travellers = await load_travellers(transaction, persons, playbook, self._rules, now_ms)
        without = waiting_without(playbook, spends=spends)
        due = {
            visit.id: (visit, person)
            for person, traveller in travellers.items()
            for visit in traveller.visits
            if visit.due_ms is not None and visit.due_ms <= now_ms and visit.origin not in without
        }
        travel = await self._travel(transaction, playbook, spends=spends)
        stopped = await _stopped(transaction, [visit for visit, _ in due.values()])
        for visit, person in sorted(due.values(), key=lambda each: _turn(each[0])):
            travel.due(travellers[person], visit.id, from_millis(now_ms), stopped=visit.id in stopped)
        await _write(transaction, travel.done, self._rules)
        return len(due)

    async def let_in(
        self, transaction: Transaction, playbook: Playbook, persons: Sequence[int], now_ms: int, *, by: LettingIn
    ) -> Counter[str]:
        """Let these people in; returns how many are in each arm, or in none for which reason.

        Args:
            persons: their numbers when they were chosen; some may have been joined, or forgotten, since.
        """
        owners = await transaction.identities_by_id(persons)
        among = 0
        if by.places is None and not self._anybody_met:
            among = self._handing.among(transaction, playbook, self._live, len(persons))
        ours, shares = list(persons), list[list[int]]()
        if among:
            tasks = self._handing.tasks(len(persons), among)
            ours, shares = _persons_parted(persons, owners, self._met, tasks)
        self._met.update(each.person for each in owners.values())  # Another run of this tick may ask for them, too.
        given = [self._handing.letting_in(share, by.occasion.run, now_ms) for share in shares]
        async with self._handing.given(given) as found:
            came = await self.admit(transaction, playbook, ours, owners, now_ms, by=by)
            for share, finding in zip(shares, found, strict=True):
                came_of_it = await finding
                if came_of_it is None:
                    came += await self.admit(transaction, playbook, share, owners, now_ms, by=by)
                else:
                    await _take_over(transaction, came_of_it)
                    came.update(came_of_it.counts)
        return came

    async def admit(
        self,
        transaction: Transaction,
        playbook: Playbook,
        persons: Sequence[int],
        owners: Mapping[int, Identity],
        now_ms: int,
        *,
        by: LettingIn,
    ) -> Counter[str]:
        """Let these people in here.

        Args:
            owners: whom these numbers mean now.
        """
        came: Counter[str] = Counter()
        if not persons:
            return came
        whole = sorted({owners[person].person for person in persons if person in owners})
        travellers = await load_travellers(
            transaction, whole, playbook, self._rules, now_ms, entering=(by.play.id,), visits=()
        )
        travel, now = await self._travel(transaction, playbook), from_millis(now_ms)
        for person in persons:
            traveller = travellers.get(owners[person].person) if person in owners else None
            if traveller is None:
                came["forgotten"] += 1
            else:
                came[travel.let_in(traveller, by, now)] += 1
        await _write(transaction, travel.done, self._rules)
        return came


def _persons_parted(
    persons: Sequence[int], owners: Mapping[int, Identity], here: Collection[int], among: int
) -> tuple[list[int], list[list[int]]]:
    """Those who stay here, and so many shares to be given; who is one person by now is in one of them."""
    ours: list[int] = []
    shares: list[list[int]] = [[] for _ in range(among)]
    for person in persons:
        owner = owners.get(person)
        (ours if owner is None or owner.person in here else shares[owner.person % among]).append(person)
    return ours, shares


def waiting_without(playbook: Playbook, *, spends: bool) -> frozenset[str]:
    """The origins in which nobody moves: what is paused and, unless it may be spent, all that leads to a budget."""
    return playbook.paused if spends else playbook.paused | playbook.to_budgets


def _turn(visit: Visit) -> tuple[int, int, str, str, int]:
    """When it is woken among the others. Not by its number: made anew from the log, it may have another."""
    return visit.due_ms or 0, visit.identity, visit.origin, visit.entry_key, visit.entered_ms


async def _stopped(transaction: View, due: Sequence[Visit]) -> set[int]:
    """Those of the visits that wait for the hour of a run that was stopped."""
    waiting = {visit.id: run for visit in due if visit.seq == 0 and (run := run_of(visit.variables)) is not None}
    states = await transaction.run_states(sorted(set(waiting.values()))) if waiting else {}
    return {visit for visit, run in waiting.items() if states.get(run) == "stopped"}


async def _take_over(transaction: Transaction, found: Found) -> None:
    await cast("HasHands", transaction).take_over(found.writes)


async def _spent(transaction: View, playbook: Playbook) -> dict[str, dict[str, int]]:
    budgeted = playbook.budgeted
    return await transaction.spent(budgeted) if budgeted else {}


async def _recognise(
    transaction: Transaction, fresh: Sequence[Placed]
) -> tuple[dict[IdentityKey, Identity], set[int], set[int]]:
    """Number the identities and apply the claims.

    Returns whose they are, the numbers of the new ones, and the persons whom claims are about.
    """
    claimed = [(each, claims_of(each.event)) for each in fresh]
    names = [each.identity for each in fresh]
    names += [name for _, claims in claimed for claim in claims for name in claim.names]
    keys = list(dict.fromkeys(names))
    known = await transaction.identities(keys)
    # Where nobody claims anything, and that is usual, they stand in order of arrival as they are.
    wanted, claims = _resolved(claimed, known) if len(names) > len(fresh) else (keys, [])
    new = [key for key in wanted if key not in known]
    numbered: set[int] = set()
    claimants: set[int] = set()
    if new:
        added = await transaction.add_identities(new, fresh[0].received_ms)
        numbered = {each.id for each in added.values()}
        known = known | added
    if claims:
        await apply_claims(transaction, claims, known)
        known = await transaction.identities(list(known))
        claimants = {known[name].person for claim, *_ in claims for name in (claim.first, claim.second)}
    return known, numbered, claimants


def _resolved(
    claimed: Sequence[tuple[Placed, Sequence[Claim]]], known: Container[IdentityKey]
) -> tuple[list[IdentityKey], list[tuple[Claim, int, str]]]:
    """Every name of the batch in order of arrival, and the claims, each with the names it means.

    An alias means who was known before it: before the batch, or by an earlier event in it.
    """
    arrived: dict[IdentityKey, None] = {}
    claims: list[tuple[Claim, int, str]] = []
    before = _Either(known, arrived)
    for each, said in claimed:
        meant = [claim.resolved(before) for claim in said]
        claims += [(claim, to_millis(each.event.timestamp), each.event.message_id) for claim in meant]
        arrived.setdefault(each.identity)
        for claim in meant:
            arrived.setdefault(claim.first)
            arrived.setdefault(claim.second)
    return list(arrived), claims


@dataclass(frozen=True, slots=True)
class _Either:
    """What is in one or the other."""

    one: Container[IdentityKey]
    other: Container[IdentityKey]

    def __contains__(self, key: object) -> bool:
        return key in self.one or key in self.other


async def _write(transaction: Moving, done: Travelled, rules: GateRules) -> None:
    new = [visit for number, visit in done.visits.items() if number < 0]
    old = [visit for number, visit in done.visits.items() if number > 0]
    # Asked before anything is written: whoever only records that can ask nothing any more.
    outranked = await called_off(transaction, done.outranked, done.sends) if done.outranked else []
    if old:
        await transaction.put_visits(old)
    if done.heard:
        await transaction.put_profiles(done.profiles())
    if done.sends:
        await transaction.add_sends(done.sends)
    if done.passed:
        await transaction.count_steps(done.step_counts())
    if done.events:
        await transaction.emit(done.events)
    if done.spent:
        await transaction.spend(done.spent)
    if outranked:
        await call_off(transaction, outranked, done.outranked, rules)
    # What takes a number comes last: see `ports.state.PartTransaction`.
    if done.heard:
        await transaction.touch_people(done.people())
    if new:
        await transaction.add_visits(new)
