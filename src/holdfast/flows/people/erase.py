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
from collections.abc import Collection, Mapping, Sequence

import msgspec

from holdfast.decisions.medium import addresses_in, media, personal_media
from holdfast.flows.ingest.bulk import being_loaded
from holdfast.flows.ingest.reading import REACT
from holdfast.flows.people.erased import ERASED_NOTE, Plan, names_of, veil_of, veiled_address
from holdfast.flows.people.erasing import Erasing
from holdfast.flows.people.erasure_record import Record, decoded
from holdfast.flows.people.erasure_stores import EVERYTHING, WAIT_SECONDS, Stores, kept_erasure, until_true
from holdfast.flows.people.identify import find_identity
from holdfast.flows.people.prove_erased import erased_as
from holdfast.kernel.errors import Busy, NotFound
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.ports.erasure import Erasure, Tombstone
from holdfast.ports.state import Identity, Send, Transaction
from holdfast.ports.teamwork import AuditQuery
from holdfast.profiles.profile import Profile, combine

_log = logging.getLogger(__name__)
REQUEST_SECONDS = 20.0
"""How long a request waits for what is in the log to be taken in, and for a message that is on its way to them."""
CARRIED_MS_MOST = 60_000
"""How long after its claim a message may still be on its way."""
PURGE_NOTE = "erasure_purge"
"""The state's note that traces of a plan may still be in its files."""


class _NotYetError(Exception):
    """An erasure cannot begin at this moment; says why."""


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
        await transaction.put_erasure(kept_erasure(record, msgspec.json.encode(plan)))
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
            work = Erasing(at=self._at, record=record, plan=plan)
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
                await transaction.put_erasure(kept_erasure(done, b""))
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
        if wanted and await until_true(self._at.state.purge):
            async with self._at.state.begin() as transaction:
                await transaction.set_note(PURGE_NOTE, "")

    async def _read(self, erasure_id: str) -> tuple[Erasure, Record]:
        async with self._at.state.view() as view:
            erasure = await view.erasure(erasure_id)
        if erasure is None:
            hint = "`holdfast people erased` lists them."
            raise NotFound(f"there is no erasure {erasure_id!r:.100}.", code="unknown_erasure", hint=hint)
        return erasure, decoded(erasure.record)

    async def _save(self, work: Erasing) -> None:
        async with self._at.state.begin() as transaction:
            now = await transaction.erasure(work.record.id)
            if now is not None and now.done_ms is None:
                await transaction.put_erasure(kept_erasure(work.record, msgspec.json.encode(work.plan)))

    async def _note_problem(self, record: Record, problem: str) -> Record:
        told = msgspec.structs.replace(record, problem=problem)
        async with self._at.state.begin() as transaction:
            now = await transaction.erasure(record.id)
            if now is None or now.done_ms is not None:
                return record if now is None else decoded(now.record)
            await transaction.put_erasure(kept_erasure(told, now.plan))
        _log.warning("The erasure %s is not done: %s", record.id, problem)
        return told


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


async def _blank_audit(transaction: Transaction, plan: Plan) -> int:
    """Take who they were out of the audit log. Who did what, and when, stays: that is of whoever did it."""
    names = sorted({value for _, value in plan.names})
    forbidden = await transaction.audit(AuditQuery(kind="suppression"), limit=EVERYTHING)
    # An entry says an address as it was written by hand, which may be in capitals or with spaces in a number.
    theirs = sorted({each.about for each in forbidden if _is_one_of(each.about, plan.addresses)})
    return await transaction.blank_audit("person", names) + await transaction.blank_audit("suppression", theirs)


def _is_one_of(address: str, addresses: Collection[str]) -> bool:
    return any(form.lower() in addresses for form in {address, *(each.written(address) for each in media().values())})
