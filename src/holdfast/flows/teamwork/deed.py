"""Deeds: what a caller does to the workspace, noted in the transaction that does it.

Whoever takes a call in opens a slot for it (`open_slot`), and says in it what the call is about to do (`Deed`). The
state of the application is an attended one: the first transaction that begins while the slot is open looks what the
thing says before and after, and keeps the audit entry with the change itself, so that there is neither without the
other. No code that changes something has to know of it, and none can forget it.

The same place holds a change to what it was made of: to the version its author saw (`based_on`), and to what stood
there when a second person was asked (`carrying`). And it can try a change without making it (`rehearsed`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from holdfast.events.event import Json
from holdfast.flows.teamwork.described import (
    Described,
    changes_between,
    changes_said,
    describe,
    encoded,
    fingerprint,
)
from holdfast.kernel.errors import Conflict, Exposed
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.ports.state import PartTransaction, State, Transaction, View
from holdfast.ports.teamwork import Approval, AuditEntry, AuditQuery, ByKind


class MovedOn(Conflict):
    """Somebody saved the thing since the caller read it; nothing was changed."""

    default_code = "moved_on"

    def __init__(self, message: str, *, code: str = "", path: str = "", hint: str = "", **told: object) -> None:
        super().__init__(message, code=code, path=path, hint=hint)
        self.told = told

    def as_json(self) -> dict[str, Any]:
        """The complaint, with who was first, when, and with what."""
        return {**super().as_json(), **self.told}


class Overtaken(Conflict):
    """What was asked for cannot be done as it was asked."""

    default_code = "overtaken"


class Rehearsed(Exception):
    """A change was tried, is possible, and was undone again. No error: it is how a trial of a transaction ends."""

    def __init__(self, deed: Deed, before: Sequence[Described | None], after: Sequence[Described | None]) -> None:
        super().__init__("this change was only tried")
        self.deed = deed
        self.before = fingerprint_of(before)
        self.name = next((each.name for each in (*after, *before) if each is not None), "")
        pairs = zip(before, after, strict=True)
        self.changes = next((found for one in pairs if (found := changes_between(*one)) != b"[]"), b"[]")

    def entry(self, action: str, about: str, name: str) -> AuditEntry:
        """The entry of what was done with it instead."""
        said = encoded([{"path": "$.action", "before": None, "after": self.deed.action}])
        return _entry(replace(self.deed, action=action, kind="approval"), about, name, said)


@dataclass(slots=True, kw_only=True)
class Deed:
    """What a call is about to do."""

    by: str
    by_name: str
    by_kind: ByKind
    at_ms: int
    source: str
    """The address it came from."""
    action: str
    kind: str
    about: tuple[str, ...] = ("",)
    """The ids of what it changes: one, unless it changes many at once."""
    said: Mapping[str, Json] = field(default_factory=dict)
    """What the call says, for things that are not described. Secrets may be in it; they are not kept."""
    based_on: int | None = None
    """The version its author has read."""
    carrying: Carrying | None = None
    rehearsed: bool = False
    """Whether it is only tried."""
    prunes: bool = False
    """Whether it changes every other thing of the kind, too: segments alone can be pruned."""
    seen: Sequence[Described | None] = ()
    """What it is about said when the call came; for what is done outside the state's transactions."""
    noted: bool = False
    """Whether its entry is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """That a deed is what a second person agreed to."""

    approval: int
    words: str
    agreeing: Deed
    """The deed of whoever agrees."""


@dataclass(slots=True)
class Slot:
    """Where the deed of a call is said, once it is known which it is."""

    deed: Deed | None = None


_SLOT: ContextVar[Slot | None] = ContextVar("slot", default=None)


@contextmanager
def open_slot(slot: Slot) -> Iterator[Slot]:
    """What is done within the block is done by the call that the slot is of."""
    token = _SLOT.set(slot)
    try:
        yield slot
    finally:
        # Work that the call left behind in other tasks is not the call's any more.
        slot.deed = None
        _SLOT.reset(token)


def present_slot() -> Slot | None:
    """The slot of the call under way."""
    return _SLOT.get()


class Attended:
    """A state that notes what callers do to it."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def unattended(self) -> State:
        """The state itself."""
        return self._state

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction; the first of a call keeps its entry."""
        slot = _SLOT.get()
        if slot is None or slot.deed is None or slot.deed.noted:
            return self._state.begin()
        return self._attended(slot.deed)

    @asynccontextmanager
    async def _attended(self, deed: Deed) -> AsyncIterator[Transaction]:
        async with self._state.begin() as transaction:
            if deed.prunes:
                deed.about = tuple(dict.fromkeys([*deed.about, *(each.id for each in await transaction.segments())]))
            before = [await describe(transaction, deed.kind, each) for each in deed.about]
            moved_on = await _moved_on(transaction, deed, before)
            if moved_on is not None and deed.carrying is not None:
                raise moved_on
            approval = await _check(transaction, deed, before)
            try:
                yield transaction
            except Exposed as refusal:
                if moved_on is None:
                    raise
                raise moved_on from refusal
            after = [await describe(transaction, deed.kind, each) for each in deed.about]
            if moved_on is not None and fingerprint_of(after) != fingerprint_of(before):
                raise moved_on
            if deed.rehearsed:
                raise Rehearsed(deed, before, after)
            await _note(transaction, deed, before, after)
            if approval is not None and deed.carrying is not None:
                await _agree(transaction, approval, deed.carrying)
        deed.noted = True
        if deed.carrying is not None:
            deed.carrying.agreeing.noted = True

    def begin_part(self, part: int) -> AbstractAsyncContextManager[PartTransaction | None]:
        """As of the state itself: no caller moves people on."""
        return self._state.begin_part(part)

    def view(self) -> AbstractAsyncContextManager[View]:
        """A snapshot."""
        return self._state.view()

    async def purge(self) -> bool:
        """As of the state itself."""
        return await self._state.purge()

    async def close(self) -> None:
        """As of the state itself."""
        await self._state.close()


async def look_before(state: State, deed: Deed) -> None:
    """See what it is about, before anything is done."""
    async with state.view() as view:
        deed.seen = [await describe(view, deed.kind, each) for each in deed.about]


async def note_after(state: State, deed: Deed) -> None:
    """Keep the entry of what was done outside the state's transactions, or by somebody who does not attend to them."""
    if not deed.noted:
        itself = state.unattended if isinstance(state, Attended) else state
        async with itself.begin() as transaction:
            after = [await describe(transaction, deed.kind, each) for each in deed.about]
            await _note(transaction, deed, deed.seen or after, after)
        deed.noted = True


def fingerprint_of(described: Sequence[Described | None]) -> str:
    """A text that is the same as long as all of them say the same."""
    return ".".join(fingerprint(each)[:16] for each in described)


async def _check(transaction: Transaction, deed: Deed, before: Sequence[Described | None]) -> Approval | None:
    """Raise Overtaken where things are not as they were when who asked for approval saw them."""
    if deed.carrying is None:
        return None
    approval = await transaction.approval(deed.carrying.approval)
    if approval is None or approval.state != "waiting":
        raise Conflict("somebody has decided on it already.", code="decided", hint="Look at it again.")
    if approval.before != fingerprint_of(before):
        raise Overtaken(
            f"the {deed.kind} was changed after this was asked for.",
            hint="Whoever asked is to look at it again, and ask anew.",
        )
    return approval


async def _moved_on(view: View, deed: Deed, before: Sequence[Described | None]) -> MovedOn | None:
    """The complaint that the thing is not as its author saw it; None where it is.

    It is made only of what changes the thing: whoever says again what stands there, for the answer got lost or they
    pressed twice, is told that it stands there.
    """
    if deed.based_on is None or len(deed.about) != 1:
        return None
    version = before[0].version if before[0] is not None else 0
    if version == deed.based_on:
        return None
    (about,) = deed.about
    last = next(iter(await view.audit(AuditQuery(kind=deed.kind, about=about), limit=1)), None)
    who = (last.by_name or last.by) if last is not None else "somebody"
    return MovedOn(
        f"{who} saved this {deed.kind} since you read it."
        if version
        else f"this {deed.kind} is not there any more, or never was.",
        path="$.based_on",
        hint=f"Read version {version}, and save on top of it." if version else "Leave based_on out to make it anew.",
        by="" if last is None else last.by,
        at=None if last is None else format_moment(from_millis(last.at_ms)),
        version=version,
    )


async def _note(
    transaction: Transaction, deed: Deed, before: Sequence[Described | None], after: Sequence[Described | None]
) -> None:
    approved: list[dict[str, Json]] = []
    if deed.carrying is not None:
        approved = [{"path": "approved_by", "before": None, "after": deed.carrying.agreeing.by}]
    for about, was, now in zip(deed.about, before, after, strict=True):
        changes = changes_between(was, now)
        if len(deed.about) > 1 and changes == b"[]":
            continue
        if was is None and now is None:
            changes = changes_said(deed.said)
        if approved:
            changes = encoded([*msgspec.json.decode(changes, type=list[dict[str, Any]]), *approved])
        named = now or was
        await transaction.add_audit(_entry(_as_done(deed, was, now), about, named.name if named else "", changes))


def _as_done(deed: Deed, was: Described | None, now: Described | None) -> Deed:
    """The deed as it was done to this one: campaigns are published with journeys, and what is pruned is deleted."""
    kind = next((each.kind for each in (now, was) if each is not None and each.kind), deed.kind)
    action = kind + deed.action.removeprefix(deed.kind)
    if deed.prunes and now is None:
        action = f"{kind}.deleted"
    return replace(deed, kind=kind, action=action)


async def _agree(transaction: Transaction, approval: Approval, carrying: Carrying) -> None:
    agreeing = carrying.agreeing
    decided = replace(
        approval, state="approved", decided_by=agreeing.by, decided_ms=agreeing.at_ms, words=carrying.words
    )
    await transaction.put_approval(decided)
    draft = await transaction.draft(approval.kind, approval.about)
    if draft is not None and draft.by == approval.by and draft.updated_ms <= approval.asked_ms:
        # What they wrote is what was asked for, and is done.
        await transaction.drop_draft(approval.kind, approval.about)
    changes = encoded([{"path": "$.words", "before": None, "after": carrying.words}]) if carrying.words else b"[]"
    entry = replace(agreeing, action="approval.approved", kind="approval")
    await transaction.add_audit(_entry(entry, str(approval.id), approval.name or approval.about, changes))


def _entry(deed: Deed, about: str, name: str, changes: bytes) -> AuditEntry:
    return AuditEntry(
        at_ms=deed.at_ms,
        by=deed.by,
        by_name=deed.by_name,
        by_kind=deed.by_kind,
        action=deed.action,
        kind=deed.kind,
        about=about,
        name=name,
        changes=changes,
        source=deed.source,
    )
