"""Rebuild: the state and the history made anew from the log.

The real reactor reads the same entries in the same portions, with timers firing up to the same moments, and between its
ticks what people did by hand is done again: `ports.turns` says all that. Where a turn is missing (an earlier Holdfast
noted none, or only the log outlived a disaster) each entry is taken in alone, and timers fire when they are due.

Nothing is sent. What became of sends is taken from the log, where we told it: they are settled when that is read. Who
entered by a run of a campaign is in the log as well; who was in its audience is not, and not asked again.

What is not in the log is carried over from the state before: see `carry`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import pyarrow as pa

from holdfast.decisions.broadcast import Broadcast
from holdfast.decisions.gate import GateRules
from holdfast.decisions.pace import Places
from holdfast.decisions.told import JOURNEY_ENTERED, JOURNEY_LEFT, MESSAGE_QUEUED
from holdfast.decisions.visit import run_of
from holdfast.events.event import OWN_SOURCE, Event, IdentityKey, Json
from holdfast.flows.audience.gathering import EVERYBODY, Gatherer
from holdfast.flows.audience.live_segments import LiveKeeper
from holdfast.flows.delivery.claiming import give_back, settle
from holdfast.flows.delivery.suppressing import suppress_again
from holdfast.flows.ingest.archive import Archivist
from holdfast.flows.ingest.bulk import load_table
from holdfast.flows.ingest.intake import Intake
from holdfast.flows.ingest.numbering import sift
from holdfast.flows.ingest.own import MESSAGE_NAMES
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.ingest.reading import REACT, Placed, decoded
from holdfast.flows.journey.broadcasts import broadcast_of, occasion_of
from holdfast.flows.journey.decision_drafts import draft_of
from holdfast.flows.journey.playbook import load_playbook
from holdfast.flows.journey.travel import LettingIn
from holdfast.flows.journey.under_way import move_people, under_way
from holdfast.flows.people.identify import merge, unmerge
from holdfast.flows.upkeep.carry import Before, carry_after, carry_before
from holdfast.flows.upkeep.carry_content import carry_weighings
from holdfast.flows.upkeep.chronicle import name_said
from holdfast.flows.upkeep.rebuild_stage import Numbers, TurnClock, TurnLog, TurnState, heard
from holdfast.flows.upkeep.trim import TRIMMED_NOTE
from holdfast.kernel.errors import Conflict, Internal, NotFound
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.ports.history import History
from holdfast.ports.log import Entry, Log
from holdfast.ports.runs import Run
from holdfast.ports.state import Send, Settlement, State, Transaction
from holdfast.ports.turns import Turn

TURNS_AT_ONCE = 5_000
ENTRIES_AT_ONCE = 1_000
BYTES_AT_ONCE = 16_000_000
RECORDS_MOST = 1_000_000
"""Entries of one tick: as many as its turn says."""
END_OF_TIME_MS = 2**62

STATE_OF = {name: state for state, name in MESSAGE_NAMES.items()}
TOLD_BY_TICKS = frozenset({JOURNEY_ENTERED, JOURNEY_LEFT, MESSAGE_QUEUED, "Segment Entered", "Segment Left"})
"""What nobody but a tick tells, and a rebuild must come to again."""

Tables = Callable[[int], Awaitable[pa.Table | None]]
"""The past events that came in tables at a moment (ms), in the columns of `EVENT_TABLE`; None when they are gone."""


async def no_tables(_received_ms: int) -> pa.Table | None:
    """Where there is no history to take them from."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilding:
    """What is made anew, of what, and under which rules."""

    log: Log
    before: State
    """The state there was, or a copy of it: what is not in the log is carried over from it. It is only read."""
    state: State
    """The one that is made: empty, or where `goes_on`, a copy of `before`."""
    history: History
    rules: GateRules
    zone: ZoneInfo
    doubts: Mapping[str, DoubtPolicy] = field(default_factory=dict)
    """What each channel does about sends in doubt."""
    dedup_days: int = 30
    tables: Tables = no_tables
    goes_on: bool = False
    """Whether `state` and `history` are a copy from an earlier moment, which only the rest of the log is read into."""
    progress: Callable[[int, int], None] = lambda done, total: None
    """Told up to which offset the log is read, and where it ends."""


@dataclass(slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild came to."""

    entries: int = 0
    """Log entries read."""
    ticks: int = 0
    without_turns: int = 0
    """Entries of which no turn says how they were taken in."""
    settled: int = 0
    """Sends settled as the log tells."""
    told_otherwise: int = 0
    """Own events in the log that the rebuild did not come to."""
    tables_gone: int = 0
    """Tables of past events that are in no history any more: load them again."""
    runs_gone: int = 0
    """People who entered by runs of campaigns that the state before knows nothing of."""
    by_hand_gone: int = 0
    """Merges and unmerges of people who are not there any more."""
    carried: dict[str, int] = field(default_factory=dict)
    """What was carried over from the state before, by what it is."""


async def rebuild(given: Rebuilding) -> Rebuilt:
    """Make the state and the history anew. Nothing else is changed, and nothing is sent.

    Raises Conflict when the beginning of the log is gone, so that it does not tell all there was.
    """
    return await _Rebuild(given).run()


class _Rebuild:
    """A rebuild under way."""

    def __init__(self, given: Rebuilding) -> None:
        self._given = given
        self._done = Rebuilt()
        self._clock = TurnClock()
        self._log = TurnLog(given.log)
        self._state = TurnState(given.state)
        self._reactor = Reactor(
            log=self._log,
            state=self._state,
            clock=self._clock,
            rules=given.rules,
            hand_over=_nobody_sends,
            batch_records=RECORDS_MOST,
            dedup_days=given.dedup_days,
            zone=given.zone,
        )
        self._intake = Intake(given.rules, given.zone, LiveKeeper(given.zone))
        self._archivist = Archivist(log=given.log, state=given.state, history=given.history)
        self._gatherer = Gatherer(state=self._state, history=given.history)
        self._places: dict[tuple[str, str], Mapping[int, int]] = {}
        """By campaign, and minute or hour: the places taken under its throttle."""
        self._loaded: set[int] = set()
        """The moments of the tables that were loaded again."""

    async def run(self) -> Rebuilt:
        given, done = self._given, self._done
        before = await Before.read(given.before)
        async with given.state.view() as view:
            start = await view.offset(REACT)
        await self._check_log(start)
        if not given.goes_on:
            done.carried = await carry_before(before, given.state)
            if before.has_gaps:
                self._state.numbers = Numbers(given.before)
        end = await given.log.end()
        await self._turns(before, start, end)
        await self._until(before, end)
        await self._archivist.flush()
        done.carried |= await carry_after(before, given.state, self._state.told, fresh=not given.goes_on)
        async with given.before.view() as view, given.state.begin() as transaction:
            done.carried |= {"weighings": await carry_weighings(view, transaction)}
        return done

    async def _check_log(self, start: int) -> None:
        """Raise Conflict when entries from there on are gone."""
        async with self._given.before.view() as view:
            trimmed = int(await view.note(TRIMMED_NOTE) or 0)
            turns = await view.turns(after_id=0, limit=1)
        if start == 0 and not (turns and turns[0].start == 0):
            # What an earlier Holdfast trimmed was noted nowhere. Some logs begin at 0, others at 1.
            first = await self._given.log.read(0, max_records=1, max_bytes=1)
            trimmed = max([trimmed, *(each.offset for each in first if each.offset > 1)])
        if trimmed > start:
            raise Conflict(
                f"the log begins at offset {trimmed}: what was before it was let go of, and cannot be read again.",
                code="log_trimmed",
                hint="Start from a back-up that has read at least so far: holdfast rebuild --from COPY --into DIR.",
            )

    async def _turns(self, before: Before, start: int, end: int) -> None:
        last, copied = 0, await self._last_copied()
        while True:
            async with self._given.before.view() as view:
                turns = await view.turns(after_id=last, limit=TURNS_AT_ONCE)
            for turn in turns:
                if turn.next > end or turn.start < start:
                    continue
                if self._given.goes_on and (turn.id <= copied if turn.kind == "people" else turn.start == start):
                    continue  # Of the copy's own past; whatever it says was done.
                await self._until(before, turn.start)
                await self._turn(before, turn)
            if not turns:
                return
            last = turns[-1].id

    async def _last_copied(self) -> int:
        """The number of the last turn that a copy has had."""
        last = 0
        async with self._given.state.view() as view:
            while turns := await view.turns(after_id=last, limit=TURNS_AT_ONCE):
                last = turns[-1].id
        return last

    async def _turn(self, before: Before, turn: Turn) -> None:
        match turn.kind:
            case "tick" | "people":
                await self._go_on(before, turn)
            case "decision":
                await self._decide(before, turn)
            case "segment" | "experiment":
                save = before.save_segment if turn.kind == "segment" else before.save_experiment
                await save(self._given.state, str(turn.said["id"]), _whole(turn.said["version"]))
            case "merge" | "unmerge":
                await self._by_hand(turn)
            case "table":
                await self._load(turn.at_ms)
            case "weighing":
                await self._weigh(turn)
            case "gathering":
                await self._archivist.flush()
                await self._gatherer.gather_again(str(turn.said["leaf"]), _whole(turn.said["to"]))
            case "suppression":
                await self._suppress(turn)
            case "letters":
                await self._replay(turn)

    async def _go_on(self, before: Before, turn: Turn) -> None:
        """A tick; or timers of some people fire, as they did beside the ticks."""
        if turn.kind == "tick":
            await self._tick(before, turn.next, turn.at_ms, others=turn.said.get("others") is True)
            self._given.progress(turn.next, await self._given.log.end())
            return
        await before.save_unnoted(self._given.state, turn.at_ms)
        self._clock.now_ms = turn.at_ms
        persons = turn.said["people"]
        people = [_whole(each) for each in persons] if isinstance(persons, list) else []
        await self._reactor.wake(people, spends=turn.said["spends"] is True)

    async def _by_hand(self, turn: Turn) -> None:
        try:
            await self._join_or_part(turn)
        except (NotFound, Conflict):
            # They are forgotten, or came in a table that is gone.
            self._done.by_hand_gone += 1

    async def _join_or_part(self, turn: Turn) -> None:
        by, now = str(turn.said["by"]), from_millis(turn.at_ms)
        if turn.kind == "merge":
            first, second = await self._key_of(turn.said["first"]), await self._key_of(turn.said["second"])
            await merge(self._state, first, second, by=by, now=now)
            return
        links = turn.said["links"]
        for link in links if isinstance(links, list) else ():
            await unmerge(self._state, await self._link_of(link), by=by, now=now)

    async def _key_of(self, said: Json) -> IdentityKey:
        """The name a turn says, by its number in the state before. Raises NotFound when it is forgotten."""
        if not isinstance(said, int):
            return name_said(said)
        async with self._given.before.view() as view:
            found = await view.identities_by_id([said])
        if not found:
            raise NotFound(f"nobody has the number {said} any more.")
        return found[said].key

    async def _link_of(self, said: Json) -> int:
        """The link a turn says, by its ends and its kind, as it is numbered here. Raises NotFound when it is not."""
        if not isinstance(said, list):
            return _whole(said)  # An earlier Holdfast said its id.
        keys = [await self._key_of(each) for each in said[:2]]
        async with self._given.state.view() as view:
            known = await view.identities(keys)
            ends = {each.id for each in known.values()}
            links = await view.links(sorted(ends))
        for each in links:
            if each.stands and each.kind == said[2] and {each.first, each.second} == ends:
                return each.id
        raise NotFound("nothing joins the two.")

    async def _decide(self, before: Before, turn: Turn) -> None:
        decision = before.decisions.get((str(turn.said["id"]), _whole(turn.said["version"])))
        if decision is None:
            return
        state = next(each for each in ("live", "paused", "stopped", "archived") if each == turn.said["state"])
        move = turn.said.get("move")
        async with self._state.begin() as transaction:
            draft = draft_of(decision.kind, decision.definition, move=_texts(move) if move else None)
            places = await under_way(transaction, draft, decision.version) if move else ()
            await transaction.put_decision(replace(decision, state=state))
            await move_people(transaction, draft, decision.version, places, from_millis(turn.at_ms))

    async def _weigh(self, turn: Turn) -> None:
        async with self._given.before.view() as view, self._state.begin() as transaction:
            weighing = await view.weighing(str(turn.said["experiment"]), _whole(turn.said["number"]))
            if weighing is not None:
                await transaction.add_weighing(weighing)

    async def _suppress(self, turn: Turn) -> None:
        key = self._given.rules.veil_key
        async with self._given.before.view() as view, self._state.begin() as transaction:
            await suppress_again(view, transaction, turn.said, turn.at_ms, key)

    async def _replay(self, turn: Turn) -> None:
        keys = turn.said["keys"]
        async with self._state.begin() as transaction:
            letters = [str(each) for each in keys] if isinstance(keys, list) else []
            await transaction.replay_dead_letters(letters, turn.at_ms)

    async def _load(self, received_ms: int) -> None:
        """The whole of a table, where the first chunk of it was taken in."""
        if received_ms in self._loaded:
            return
        self._loaded.add(received_ms)
        self._state.numbers = Numbers(self._given.before)
        table = await self._given.tables(received_ms)
        if table is None or not table.num_rows:
            self._done.tables_gone += 1
            return
        await self._archivist.flush()
        await load_table(table, state=self._state, history=self._given.history, received=from_millis(received_ms))

    async def _until(self, before: Before, end: int) -> None:
        """Take in entries of which no turn says how: each alone, and first what fell due before it."""
        while True:
            async with self._given.state.view() as view:
                offset = await view.offset(REACT)
            entries = await self._given.log.read(offset, max_records=ENTRIES_AT_ONCE, max_bytes=BYTES_AT_ONCE)
            entries = [each for each in entries if each.offset < end]
            if not entries:
                return
            for entry in entries:
                received_ms = max(entry.record.received_ms, self._clock.now_ms)
                await before.save_unnoted(self._given.state, received_ms)
                await self._fall_due(entry.offset, received_ms)
                await self._tick(before, entry.offset + 1, received_ms)
                self._done.without_turns += 1
                await self._check_taken_in(entry.offset)

    async def _check_taken_in(self, offset: int) -> None:
        async with self._given.state.view() as view:
            if await view.offset(REACT) <= offset:
                raise Internal(f"the log entry at {offset} cannot be taken in")

    async def _fall_due(self, offset: int, until_ms: int) -> None:
        """Let timers fire, each at its own moment, up to then."""
        while True:
            async with self._given.state.view() as view:
                playbook = await load_playbook(view)
                visits = await view.due_visits(until_ms, limit=1, without=sorted(playbook.paused))
                members = await view.due_members(until_ms, limit=1)
            due = [each.due_ms for each in visits if each.due_ms is not None] + [due_ms for due_ms, _ in members]
            if not due:
                return
            self._log.limit = offset
            self._clock.now_ms = max(self._clock.now_ms, min(due))
            self._reactor.leave_timers(to_others=False)
            if (await self._reactor.tick()).idle:
                return  # Who is due and cannot be moved waits.
            self._done.ticks += 1

    async def _tick(self, before: Before, following: int, at_ms: int, *, others: bool = False) -> None:
        """A tick that takes in what is below `following`, and lets timers fire up to a moment.

        Args:
            others: whether those of journeys were left to others.
        """
        await before.save_unnoted(self._given.state, at_ms)
        self._log.limit = following
        async with self._given.state.view() as view:
            offset = await view.offset(REACT)
        entries = await self._log.read(offset, max_records=RECORDS_MOST, max_bytes=BYTES_AT_ONCE)
        own = _own_events(entries)
        fresh = await self._fresh(own)
        await self._hear(before, fresh)
        self._clock.now_ms = at_ms
        self._reactor.leave_timers(to_others=others)
        await self._reactor.tick()
        while entries and offset < following:
            async with self._given.state.view() as view:
                offset = await view.offset(REACT)
            if offset < following and not await self._log.read(offset, max_records=1, max_bytes=1):
                break  # Offsets may skip.
            if offset < following:
                await self._reactor.tick()
        await self._gather_untold(before)
        self._done.ticks += 1
        self._done.entries += len(entries)
        told = {each.dedup_hash: each for each in fresh if each.name in TOLD_BY_TICKS}
        self._done.told_otherwise += len(told) - heard(self._state.told, told)
        heard(self._state.told, {each.event.dedup_hash: each.event for each in own})

    async def _gather_untold(self, before: Before) -> None:
        """What is watched from this tick on, and no turn tells when its past was gathered, is gathered at once."""
        async with self._given.state.view() as view:
            lacking = [each.leaf for each in await view.watches() if not each.filled]
        untold = [each for each in lacking if each not in before.gathered]
        if untold:
            await self._archivist.flush()
        for leaf in untold:
            await self._gatherer.gather_again(leaf, EVERYBODY)

    async def _fresh(self, own: Sequence[Placed]) -> list[Event]:
        """Those that were not read before."""
        if not own:
            return []
        async with self._given.state.view() as view:
            sifted = await sift(view, own)
        return list({each.dedup_hash: each.event for each in sifted.fresh}.values())

    async def _hear(self, before: Before, fresh: Sequence[Event]) -> None:
        """What the log tells of that a tick does not come to by itself: ends of sends, and who entered by a run."""
        ends = [each for each in fresh if each.name in STATE_OF]
        if ends:
            await self._settle(ends)
        entered = [each for each in fresh if each.name == JOURNEY_ENTERED]
        if entered and before.has_runs:
            await self._let_in(entered)

    async def _settle(self, ends: Sequence[Event]) -> None:
        async with self._state.begin() as transaction:
            for event in ends:
                key = str(event.properties.get("send"))
                send = (await transaction.sends([key])).get(key)
                if send is None or send.state in ("sent", "withheld"):
                    continue
                at_ms = to_millis(event.timestamp)
                await transaction.take_sends([key], at_ms)
                settlement = self._settlement(send, event)
                await settle(transaction, [settlement], at_ms)
                if settlement.state == "withheld":
                    await give_back(transaction, [send], {key}, self._given.rules)
                self._done.settled += 1

    def _settlement(self, send: Send, event: Event) -> Settlement:
        state = STATE_OF[event.name]
        gone = event.properties.get("gone") is True
        remedy = self._given.doubts.get(send.channel, ONCE).remedy(transactional=send.transactional)
        return Settlement(
            key=send.key,
            state=state,
            reason=str(event.properties.get("reason", "")),
            provider_id=str(event.properties.get("provider_id", "")),
            gone=gone,
            dead=(state == "failed" and not gone) or (state == "in_doubt" and remedy != "drop"),
        )

    async def _let_in(self, entered: Sequence[Event]) -> None:
        """Those among them who entered by a run, at the moment they did."""
        for event in entered:
            found = await self._by_run(event)
            if found is None:
                continue
            identity, run = found
            async with self._state.begin() as transaction:
                await self._enter(transaction, identity, run, to_millis(event.timestamp))

    async def _by_run(self, event: Event) -> tuple[int, Run] | None:
        """The number of who entered, and the run they entered by; None for who entered by something that happened."""
        origin, entry_key = event.properties.get("origin"), event.properties.get("entry_key")
        async with self._given.state.view() as view:
            playbook = await load_playbook(view)
            identity = (await view.identities([event.identity])).get(event.identity)
        play = playbook.find(str(origin), _whole(event.properties.get("version")))
        if identity is None or play is None or not isinstance(play.journey.trigger, Broadcast):
            return None
        async with self._given.before.view() as view:
            members = await view.identities([event.identity])
            visits = await view.visits_of([each.id for each in members.values()], limit=RECORDS_MOST)
            visit = next((each for each in visits if (each.origin, each.entry_key) == (origin, entry_key)), None)
            number = None if visit is None else run_of(visit.variables)
            run = None if number is None else await view.run(number)
        if visit is None:
            self._done.runs_gone += 1
        return None if run is None else (identity.id, run)

    async def _enter(self, transaction: Transaction, identity: int, run: Run, now_ms: int) -> None:
        playbook = await load_playbook(transaction)
        play = playbook.find(run.origin, run.version)
        if play is None:
            return
        throttle = broadcast_of(play).throttle
        taken = {} if throttle is None else self._places.get((run.origin, throttle.per), {})
        places = None if throttle is None else Places(throttle, taken, now_ms)
        by = LettingIn(play=play, occasion=occasion_of(run), places=places)
        await self._intake.let_in(transaction, playbook, [identity], now_ms, by=by)
        if throttle is not None and places is not None:
            self._places[run.origin, throttle.per] = dict(places.taken)


def _own_events(entries: Sequence[Entry]) -> list[Placed]:
    own = [each for each in entries if each.record.source == OWN_SOURCE]
    return decoded(own)[0]


def _nobody_sends(sends: Sequence[Send]) -> None:
    raise AssertionError(f"a rebuild claimed {len(sends)} sends")


def _whole(said: Json) -> int:
    return said if isinstance(said, int) else 0


def _texts(said: Json) -> dict[str, str]:
    return {name: str(value) for name, value in said.items()} if isinstance(said, dict) else {}
