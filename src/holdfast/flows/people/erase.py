"""Erase: forgetting a person in every store, to the end, and proving it.

It begins with one transaction of the state, in which everything the state holds of the person goes and a plan of the
rest is kept. Whatever was in the log by then is theirs and goes; whoever turns up under their name afterwards is
somebody new. Each store after that is a step that can be done again: an erasure may be cut off at any line, and two may
work at the same one.

When every store is done they are all searched again. Only a search that finds nothing ends it: then the plan, which
says who they were, is emptied, and the record is sealed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import msgspec

from holdfast.decisions.medium import addresses_in, personal_media
from holdfast.events.cut import Knife, says
from holdfast.events.event import OWN_SOURCE, Event, IdentityKey
from holdfast.flows.ingest.bulk import being_loaded
from holdfast.flows.ingest.reading import ARCHIVE, REACT
from holdfast.flows.people.erased import ERASED_NOTE, Plan, names_of, veil_of, veiled_address
from holdfast.flows.people.erasure_record import Found, Record, decoded, encoded
from holdfast.flows.people.identify import find_identity
from holdfast.kernel.errors import Busy, NotFound
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.erasure import Erasure, Rewritable, Tombstone, Whom
from holdfast.ports.history import History
from holdfast.ports.log import Entry, Log
from holdfast.ports.mailbox import Mailbox
from holdfast.ports.state import Identity, Send, State, Transaction, View
from holdfast.profiles.profile import Profile, combine

_log = logging.getLogger(__name__)

EVERYTHING = 2**31 - 1
"""As a limit: no limit. What one person has is read whole."""
CARRIED_MS_MOST = 60_000
"""How long after its claim a message may still be on its way."""
REQUEST_SECONDS = 20.0
"""How long a request waits for what is in the log to be taken in, and for a message that is on its way to them."""
WAIT_SECONDS = 0.1
PATIENCE_SECONDS = 120.0
"""How long one run waits for what others do, before it leaves the rest to the next."""
LOADING_SECONDS = 20.0
"""How long a table that is being loaded may take to reach the history."""
RECORDS_AT_ONCE = 500
READ_RECORDS, READ_BYTES = 1_000, 8_000_000
DAY_MS = 86_400_000


class _NotYetError(Exception):
    """An erasure cannot begin at this moment; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where people are held, and what keeps the stores up with each other."""

    state: State
    log: Log
    history: History
    mailbox: Callable[[], AbstractAsyncContextManager[Mailbox | None]]
    """The mailbox there is, whether mail is kept in it now or was once."""
    clock: Clock
    secret: bytes
    catch_up: Callable[[], Awaitable[None]]
    """Take in and archive what is in the log."""
    forget_watched: Callable[[frozenset[int]], None]
    """Forget the events of these identities that are shown as they happen."""
    log_keep_days: int = 0
    """How long the log is kept; 0 is for ever."""


class Eraser:
    """Erases people. Safe to use from several tasks and processes at once."""

    def __init__(self, stores: Stores) -> None:
        """Nothing is read or changed yet."""
        self.stores = stores
        self._at = stores
        self._turn = asyncio.Lock()

    async def request(self, name: str, *, by: str) -> Record:
        """Begin to erase whoever goes by the name. What was begun before, or is done, is given as it stands.

        When it returns, the state has forgotten them: nobody moves them or writes to them any more.

        Raises NotFound when nobody goes by the name or ever was erased under it, Busy while more is in the log than can
        be taken in at once, or a message to them is being handed over.
        """
        until = asyncio.get_running_loop().time() + REQUEST_SECONDS
        # Whatever is in the log by now is theirs, so it has to be taken in before they are forgotten.
        end = await self._at.log.end()
        while True:
            await self._at.catch_up()
            try:
                async with self._at.state.begin() as transaction:
                    return await self._begin(transaction, name, by, end)
            except _NotYetError as reason:
                if asyncio.get_running_loop().time() > until:
                    raise Busy(str(reason), code="not_yet", hint="Ask again in a minute.") from None
            await asyncio.sleep(WAIT_SECONDS)

    async def _begin(self, transaction: Transaction, name: str, by: str, end: int) -> Record:
        if await transaction.offset(REACT) < end:
            raise _NotYetError("What has reached the log is not all taken in yet.")
        identity = await find_identity(transaction, name)
        if identity is None:
            record = await erased_as(transaction, name, self._at.secret)
            if record is None:
                raise NotFound(f"nobody goes by {name!r:.200}.", code="unknown_person", hint="Give any id they go by.")
            return record
        now_ms = to_millis(self._at.clock.now())
        members = (await transaction.members([identity.person]))[identity.person]
        plan, profiles = await _planned(transaction, members, now_ms)
        record = Record(
            id=effect_key("erasure", now_ms, *(each.id for each in members)),
            requested_ms=now_ms,
            by=by,
            until=await transaction.offset(REACT),
            names=sorted(veil_of(each.key, self._at.secret) for each in members),
            identities=plan.identities,
            last_identity=await transaction.last_identity(),
        )
        removed = await self._forget_in_state(transaction, plan, profiles, now_ms)
        record = record.with_step("state", "the numbers of their identities, and their names", removed, now_ms)
        stones = [Tombstone(name=each, erasure=record.id, until=record.until, at_ms=now_ms) for each in record.names]
        await transaction.add_tombstones(stones)
        noted = (await transaction.note(ERASED_NOTE) or "0").split()[0]
        await transaction.set_note(ERASED_NOTE, f"{max(int(noted), record.until)} {record.id}")
        await transaction.put_erasure(_kept(record, msgspec.json.encode(plan)))
        return record

    async def _forget_in_state(
        self, transaction: Transaction, plan: Plan, profiles: Mapping[int, Profile], now_ms: int
    ) -> dict[str, int]:
        sends = await transaction.sends_of(origin=None, identities=plan.identities, limit=EVERYTHING)
        codes = await transaction.forget_coupons([each.key for each in sends])
        removed = await transaction.forget_identities(plan.identities)
        emitted = await transaction.emitted(limit=EVERYTHING)
        theirs = [number for number, event in emitted if not plan.keys.isdisjoint(names_of(event))]
        await transaction.drop_emitted(theirs)
        kept = await self._refusals(transaction, plan, profiles)
        listed = await transaction.suppressions(plan.addresses)
        await transaction.drop_suppressions(plan.addresses)
        for (channel, veil), reason in kept.items():
            await transaction.suppress(channel, veil, reason, now_ms)
        # The history is told that they are no more; before that, what it was being told of them is written.
        await transaction.touch_people(plan.persons)
        coupons = {"coupons": codes} if codes else {}
        named = await _blank_audit(transaction, plan)
        told = {"audit entries": named} if named else {}
        return removed | coupons | told | {"own events": len(theirs), "suppressed addresses": len(listed)}

    async def _refusals(
        self, transaction: Transaction, plan: Plan, profiles: Mapping[int, Profile]
    ) -> dict[tuple[str, str], str]:
        """What must outlive them: addresses that are not to be written to, by their hashes, with the reason."""
        found = {
            (each.channel, veiled_address(each.channel, each.address, self._at.secret)): each.reason
            for each in await transaction.suppressions(plan.addresses)
        }
        whole = combine(profiles.values())
        for channel in personal_media():
            said = {name: granted for name, granted in whole.consent_values().items() if name.split("/")[0] == channel}
            if False in said.values():
                for address in plan.addresses:
                    veil = veiled_address(channel, address, self._at.secret)
                    found.setdefault((channel, veil), "unsubscribed")
        return found

    async def run(self, erasure_id: str) -> Record:
        """Do what is left of an erasure; the record as it then stands, which says what is in the way if it is not done.

        Raises NotFound.
        """
        async with self._turn:
            erasure, record = await self._read(erasure_id)
            if erasure.done_ms is not None:
                return record
            plan = msgspec.json.decode(erasure.plan, type=Plan)
            work = _Work(at=self._at, record=record, plan=plan)
            if not await work.all_taken_in():
                return await self._note_problem(record, "The history has yet to take in what came before.")
            for step in (work.history, work.bad_records, work.mailbox, work.log):
                await step()
                await self._save(work)
            problem = await work.problem()
            if problem:
                return await self._note_problem(work.record, problem)
            done = work.record.sealed(self._at.secret, work.verified, to_millis(self._at.clock.now()))
            async with self._at.state.begin() as transaction:
                await transaction.put_erasure(_kept(done, b""))
                await transaction.set_note(PURGE_NOTE, "1")
        await self.purge()
        return done

    async def resume(self) -> int:
        """Do what is left of every erasure; returns how many are still not done."""
        await self.purge()
        async with self._at.state.view() as view:
            waiting = await view.erasures(open_only=True)
        left = 0
        for each in waiting:
            left += (await self.run(each.id)).done_ms is None
        return left

    async def purge(self) -> None:
        """Have the last plan's traces leave the state's files, if they have not yet."""
        async with self._at.state.view() as view:
            wanted = await view.note(PURGE_NOTE)
        if wanted and await _until_true(self._at.state.purge):
            async with self._at.state.begin() as transaction:
                await transaction.set_note(PURGE_NOTE, "")

    async def _read(self, erasure_id: str) -> tuple[Erasure, Record]:
        async with self._at.state.view() as view:
            erasure = await view.erasure(erasure_id)
        if erasure is None:
            hint = "`holdfast people erased` lists them."
            raise NotFound(f"there is no erasure {erasure_id!r:.100}.", code="unknown_erasure", hint=hint)
        return erasure, decoded(erasure.record)

    async def _save(self, work: _Work) -> None:
        async with self._at.state.begin() as transaction:
            now = await transaction.erasure(work.record.id)
            if now is not None and now.done_ms is None:
                await transaction.put_erasure(_kept(work.record, msgspec.json.encode(work.plan)))

    async def _note_problem(self, record: Record, problem: str) -> Record:
        told = msgspec.structs.replace(record, problem=problem)
        async with self._at.state.begin() as transaction:
            now = await transaction.erasure(record.id)
            if now is None or now.done_ms is not None:
                return record if now is None else decoded(now.record)
            await transaction.put_erasure(_kept(told, now.plan))
        _log.warning("The erasure %s is not done: %s", record.id, problem)
        return told


PURGE_NOTE = "erasure_purge"
"""The state's note that traces of a plan may still be in its files."""


async def _blank_audit(transaction: Transaction, plan: Plan) -> int:
    """Take who they were out of the audit log. Who did what, and when, stays: that is of whoever did it."""
    names = sorted({value for _, value in plan.names})
    addresses = sorted({*plan.addresses, *(each.lower() for each in plan.addresses)})
    return await transaction.blank_audit("person", names) + await transaction.blank_audit("suppression", addresses)


class _Work:
    """One run at one erasure. Each step is done whatever was done before: what is gone already costs a look."""

    def __init__(self, *, at: Stores, record: Record, plan: Plan) -> None:
        self.at = at
        self.record = record
        self.plan = plan
        self.verified: list[Found] = []

    @property
    def whom(self) -> Whom:
        return Whom(
            identities=tuple(self.plan.identities),
            names=tuple(sorted(self.plan.keys, key=lambda each: (each.kind, each.value))),
            last_identity=self.record.last_identity,
        )

    async def all_taken_in(self) -> bool:
        """Wait until nobody is about to tell the history of them."""
        await self.at.catch_up()
        # A table that is not all in the history by then was being loaded by a process that died: what it brings when it
        # is loaded again is older than the erasure, and refused.
        await _until_true(self._nothing_is_loaded, seconds=LOADING_SECONDS)
        return await _until_true(self._nobody_tells)

    async def _nothing_is_loaded(self) -> bool:
        if not self.plan.loading:
            return True
        async with self.at.state.view() as view:
            return set(self.plan.loading).isdisjoint(await being_loaded(view))

    async def _nobody_tells(self) -> bool:
        async with self.at.state.view() as view:
            archived = await view.offset(ARCHIVE) >= self.record.until
            told = {person for person, _ in await view.stale_people(limit=EVERYTHING)}
        if archived and told.isdisjoint(self.plan.persons):
            return True
        await self.at.catch_up()
        return False

    async def history(self) -> None:
        """Their events and their row, and what is counted of them."""
        if self.plan.events is None:
            self.plan.events = await self.at.history.event_names(self.plan.identities)
            self.plan.counted = dict(await self.at.history.held_of(self.whom))
            async with self.at.state.begin() as transaction:
                await transaction.put_erasure(_kept(self.record, msgspec.json.encode(self.plan)))
        again = self.record.has("history")
        removed = await self.at.history.forget(self.whom, events=self.plan.events)
        self.at.forget_watched(frozenset(self.plan.identities))
        looked_for = "the numbers of their identities, and their names in events of others"
        self._done("history", looked_for, removed if again else self.plan.counted)

    async def bad_records(self) -> None:
        """Records that could not be events and name them."""
        theirs: list[int] = []
        async for number, body in _bad_records(self.at.state, until_ms=self.record.requested_ms):
            if says(body.encode("utf-8", "surrogatepass"), self.plan.words):
                theirs.append(number)
        async with self.at.state.begin() as transaction:
            await transaction.drop_bad_records(theirs)
        self._done("bad records", "their names and addresses, in any field", {"bad records": len(theirs)})

    async def mailbox(self) -> None:
        """What was delivered to the built-in mailbox in their place."""
        async with self.at.mailbox() as mailbox:
            gone = 0 if mailbox is None else await mailbox.forget(self.plan.sends, self.plan.addresses)
        self._done("mailbox", "mail of their sends, and to their addresses", {"mail": gone})

    async def log(self) -> None:
        """Their messages in the log."""
        if isinstance(self.at.log, Rewritable):
            removed = await self.at.log.rewrite(await self.at.log.end(), _Cutter(self.plan, self.record).cut)
            self._done("log", "their names, in every message", {"entries rewritten": removed})
            return
        days = self.at.log_keep_days
        by_ms = self.record.requested_ms + days * DAY_MS if days else None
        self.record = msgspec.structs.replace(self.record, log_gone_by_ms=by_ms)
        self._done("log", "nothing: this log cannot be rewritten, and drops its entries with age", {})

    async def problem(self) -> str:
        """Search every store again; what is still there, in words, or nothing."""
        if not await _until_true(self.at.history.purge):
            return "The history's old files are still being given back."
        if not await _until_true(self.at.state.purge):
            return "The state's files are still being cleaned."
        self.verified = await self.search()
        left = [each.store for each in self.verified if not each.nothing]
        return f"Something of theirs was found again in: {', '.join(left)}." if left else ""

    async def search(self) -> list[Found]:
        """Look for them in every store."""
        in_history = await self.at.history.held_of(self.whom)
        return [
            await self._verified_state(),
            Found(
                store="history",
                looked_for="the numbers of their identities, and their names",
                found=dict(in_history),
            ),
            await self._verified_mailbox(),
            await self._verified_log(),
        ]

    async def _verified_state(self) -> Found:
        async with self.at.state.view() as view:
            held = await view.held(self.plan.identities)
            named = await view.identities(list(self.plan.keys))
            emitted = await view.emitted(limit=EVERYTHING)
        held["names"] = sum(each.id <= self.record.last_identity for each in named.values())
        held["own events"] = sum(self._is_old(event) for _, event in emitted)
        held["bad records"] = 0
        async for _, body in _bad_records(self.at.state, until_ms=self.record.requested_ms):
            held["bad records"] += says(body.encode("utf-8", "surrogatepass"), self.plan.words)
        return Found(store="state", looked_for="the numbers of their identities, names and addresses", found=held)

    async def _verified_mailbox(self) -> Found:
        async with self.at.mailbox() as mailbox:
            # To their addresses somebody new may get mail since; what came from their own sends is theirs.
            mail = 0 if mailbox is None else await mailbox.count_of(self.plan.sends, [])
        return Found(store="mailbox", looked_for="mail of their sends", found={"mail": mail})

    async def _verified_log(self) -> Found:
        """Read the log from its beginning, and look for them with the same eyes as when they were cut out."""
        looked_for = "their names, in every message that came before"
        if not isinstance(self.at.log, Rewritable):
            first = await self.at.log.read(0, max_records=1, max_bytes=1)
            if first and first[0].offset < self.record.until:
                return Found(store="log", looked_for=looked_for, found={"entries not dropped yet": 1})
        cutter = _Cutter(self.plan, self.record)
        offset, theirs, mentioned = 0, 0, 0
        while entries := await self.at.log.read(offset, max_records=READ_RECORDS, max_bytes=READ_BYTES):
            offset = entries[-1].offset + 1
            found = await asyncio.to_thread(cutter.look, entries)
            theirs, mentioned = theirs + found[0], mentioned + found[1]
            if offset >= self.record.until and not found[0]:
                break
        self.record = msgspec.structs.replace(self.record, mentioned=mentioned)
        return Found(store="log", looked_for=looked_for, found={"entries": theirs})

    def _is_old(self, event: Event) -> bool:
        old = to_millis(event.timestamp) <= self.record.requested_ms
        return old and not self.plan.keys.isdisjoint(names_of(event))

    def _done(self, store: str, looked_for: str, removed: Mapping[str, int]) -> None:
        self.record = self.record.with_step(store, looked_for, removed, to_millis(self.at.clock.now()))


class _Cutter:
    """Cuts somebody's messages out of log entries."""

    def __init__(self, plan: Plan, record: Record) -> None:
        self._until, self._at_ms = record.until, record.requested_ms
        self._words = plan.words
        self._before = Knife(names=plan.keys, words=plan.words)
        # Our own events may have been on their way to the log when they were erased.
        self._after = Knife(names=plan.keys, only=self._is_late)

    def cut(self, entry: Entry) -> bytes | None:
        """The body without their messages; None where there are none."""
        record = entry.record
        knife = self._before if entry.offset < self._until else self._after
        if knife is self._after and record.kind != "import" and record.source != OWN_SOURCE:
            return None
        return knife.cut(record.kind, record.body, received_ms=record.received_ms, source=record.source)

    def look(self, entries: Sequence[Entry]) -> tuple[int, int]:
        """How many of the entries are not cut yet, and how many of the others hold a word of theirs."""
        theirs = mentioned = 0
        for entry in entries:
            if self.cut(entry) is not None:
                theirs += 1
            elif entry.offset < self._until and self._before.may_touch(entry.record.body):
                mentioned += says(entry.record.body, self._words)
        return theirs, mentioned

    def _is_late(self, event: Event) -> bool:
        return to_millis(event.timestamp) <= self._at_ms


async def _planned(
    transaction: Transaction, members: Sequence[Identity], now_ms: int
) -> tuple[Plan, dict[int, Profile]]:
    """Who goes, and what else is theirs. Raises _NotYetError."""
    ids = [each.id for each in members]
    profiles = await transaction.profiles(ids)
    sends = await transaction.sends_of(origin=None, identities=ids, limit=EVERYTHING)
    if any(_is_on_its_way(send, now_ms) for send in sends):
        raise _NotYetError("A message to them is on its way.")
    told = (*profiles.values(), combine(profiles.values()))
    addresses = {send.address for send in sends}
    addresses |= {address for each in told for address in addresses_in(each)}
    plan = Plan(
        identities=ids,
        persons=sorted({each.person for each in members}),
        names=[(each.key.kind, each.key.value) for each in members],
        addresses=sorted({form for each in addresses if each for form in (each, each.lower())}),
        sends=[send.key for send in sends],
        loading=await being_loaded(transaction),
    )
    return plan, profiles


def _is_on_its_way(send: Send, now_ms: int) -> bool:
    return send.state == "claimed" and send.claimed_ms is not None and now_ms - send.claimed_ms < CARRIED_MS_MOST


async def erased_as(view: View, name: str, key: bytes) -> Record | None:
    """The latest erasure of somebody who went by the name; None when nobody who did was ever erased."""
    veils = [veil_of(each, key) for each in readings(name)]
    stones = await view.tombstones(veils)
    if not stones:
        return None
    latest = max(stones.values(), key=lambda each: (each.at_ms, each.until))
    erasure = await view.erasure(latest.erasure)
    return None if erasure is None else decoded(erasure.record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A certificate, tried again."""

    record: Record
    genuine: bool
    """Whether it was sealed with this workspace's secret, and not altered since."""
    found: tuple[Found, ...] = ()
    """What a search finds now; empty where no name was given to search for."""

    @property
    def holds(self) -> bool:
        """Whether it is genuine, and nothing was found."""
        return self.genuine and all(each.nothing for each in self.found)


async def prove(stores: Stores, name: str) -> Proof:
    """Find the certificate of whoever went by the name, check its seal, and search every store for the name again.

    Raises NotFound when nobody was ever erased under it.
    """
    await stores.catch_up()
    async with stores.state.view() as view:
        record = await erased_as(view, name, stores.secret)
    if record is None:
        raise NotFound(f"nobody was erased as {name!r:.200}.", code="never_erased", hint="Names are compared exactly.")
    names = [each for each in readings(name) if veil_of(each, stores.secret) in record.names]
    plan = Plan(
        identities=record.identities,
        persons=[],
        names=[(each.kind, each.value) for each in names],
        addresses=[],
        sends=[],
    )
    found = await _Work(at=stores, record=record, plan=plan).search()
    return Proof(record=record, genuine=record.is_genuine(stores.secret), found=tuple(found))


def readings(name: str) -> tuple[IdentityKey, IdentityKey]:
    """What a name may mean."""
    return IdentityKey(kind="user", value=name), IdentityKey(kind="anonymous", value=name)


async def _bad_records(state: State, *, until_ms: int) -> AsyncIterator[tuple[int, str]]:
    """Every bad record that came by then, with its number, the newest first."""
    before: int | None = None
    while True:
        async with state.view() as view:
            records = await view.bad_records(limit=RECORDS_AT_ONCE, before_id=before, replayed=None)
        for each in records:
            if each.at_ms <= until_ms:
                yield each.id, each.body
        if len(records) < RECORDS_AT_ONCE:
            return
        before = records[-1].id


async def _until_true(ask: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS) -> bool:
    """Ask until it is true, or the time is up; the last answer."""
    until = asyncio.get_running_loop().time() + seconds
    while not await ask():
        if asyncio.get_running_loop().time() > until:
            return False
        await asyncio.sleep(WAIT_SECONDS)
    return True


def _kept(record: Record, plan: bytes) -> Erasure:
    return Erasure(
        id=record.id,
        requested_ms=record.requested_ms,
        until=record.until,
        done_ms=record.done_ms,
        plan=plan,
        record=encoded(record),
    )
