"""One run at an erasure: forgetting somebody in each store, and searching every one of them again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import msgspec

from holdfast.events.cut import says
from holdfast.events.event import Event
from holdfast.flows.ingest.bulk import being_loaded
from holdfast.flows.ingest.reading import ARCHIVE
from holdfast.flows.people.erased import Plan, names_of
from holdfast.flows.people.erasure_log import LogCutter
from holdfast.flows.people.erasure_record import Found, Record
from holdfast.flows.people.erasure_stores import EVERYTHING, Stores, kept_erasure, until_true
from holdfast.kernel.moments import to_millis
from holdfast.ports.erasure import Rewritable, Whom
from holdfast.ports.state import State

READ_RECORDS, READ_BYTES = 1_000, 8_000_000
LOADING_SECONDS = 20.0
"""How long a table that is being loaded may take to reach the history."""
CLOCKS_APART_MS = 60_000
"""How far the clock of whoever took an entry in may be ahead of that of whoever erases."""
RECORDS_AT_ONCE = 500
DAY_MS = 86_400_000


class Erasing:
    """One run at one erasure. Each step is done whatever was done before: what is gone already costs a look."""

    def __init__(self, *, at: Stores, record: Record, plan: Plan) -> None:
        self.at = at
        self.record = record
        self.plan = plan
        self.verified: list[Found] = []

    def whom(self, *, within_ms: int = 0) -> Whom:
        """Who they were, as the history knows them; with what others said up to so long after it was asked for."""
        return Whom(
            identities=tuple(self.plan.identities),
            names=tuple(sorted(self.plan.keys, key=lambda each: (each.kind, each.value))),
            last_identity=self.record.last_identity,
            until_ms=self.record.requested_ms + within_ms,
        )

    async def all_taken_in(self) -> bool:
        """Wait until nobody is about to tell the history of them."""
        await self.at.catch_up()
        # A table that is not all in the history by then was being loaded by a process that died: what it brings when it
        # is loaded again is older than the erasure, and refused.
        await until_true(self._nothing_is_loaded, seconds=LOADING_SECONDS)
        return await until_true(self._nobody_tells)

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
            self.plan.counted = dict(await self.at.history.held_of(self.whom(within_ms=CLOCKS_APART_MS)))
            async with self.at.state.begin() as transaction:
                await transaction.put_erasure(kept_erasure(self.record, msgspec.json.encode(self.plan)))
        again = self.record.has("history")
        removed = await self.at.history.forget(self.whom(within_ms=CLOCKS_APART_MS), events=self.plan.events)
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
            removed = await self.at.log.rewrite(await self.at.log.end(), LogCutter(self.plan, self.record).cut)
            self._done("log", "their names, in every message", {"entries rewritten": removed})
            return
        days = self.at.log_keep_days
        by_ms = self.record.requested_ms + days * DAY_MS if days else None
        self.record = msgspec.structs.replace(self.record, log_gone_by_ms=by_ms)
        self._done("log", "nothing: this log cannot be rewritten, and drops its entries with age", {})

    async def problem(self) -> str:
        """Search every store again; what is still there, in words, or nothing."""
        if not await until_true(self.at.history.purge):
            return "The history's old files are still being given back."
        if not await until_true(self.at.state.purge):
            return "The state's files are still being cleaned."
        self.verified = await self.search()
        left = [each.store for each in self.verified if not each.nothing]
        return f"Something of theirs was found again in: {', '.join(left)}." if left else ""

    async def search(self) -> list[Found]:
        """Look for them in every store."""
        in_history = await self.at.history.held_of(self.whom())
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
        cutter = LogCutter(self.plan, self.record)
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
