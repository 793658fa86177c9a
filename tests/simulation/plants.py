"""Mistakes planted into the engine on purpose, to see that the simulator notices each of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec
from msgspec import structs

from holdfast.events.segment_spec import decode
from holdfast.flows.delivery import claiming, send
from holdfast.flows.delivery.claiming import Claimed
from holdfast.flows.ingest import archive, numbering, react
from holdfast.flows.ingest.archive import Archivist
from holdfast.flows.ingest.intake import Intake
from holdfast.flows.ingest.own import own_records
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.ingest.reading import ARCHIVE, INDEXES, REACT, Placed
from holdfast.kernel.moments import to_millis
from holdfast.messages.parcel import InDoubt, Parcel
from holdfast.ports.state import Send, Settlement
from holdfast.stores.memory.state import MemoryTransaction

Plant = Callable[[], contextlib.AbstractContextManager[object]]


def _offset_before_effects() -> contextlib.AbstractContextManager[object]:
    """How far the log is read is committed before what was read has had its effects."""
    sound = Intake.take_in

    def planted(reactor: Reactor) -> contextlib.AbstractContextManager[object]:
        async def take_in(self: Intake, transaction: Any, placed: Sequence[Placed], *others: Any) -> int:
            if placed:
                await _commit_early(reactor, transaction, placed[-1].position // INDEXES + 1)
            return await sound(self, transaction, placed, *others)

        return patch.object(Intake, "take_in", take_in)

    return in_each_tick(planted)


def in_each_tick(
    planted: Callable[[Reactor], contextlib.AbstractContextManager[object]],
) -> contextlib.AbstractContextManager[object]:
    """A mistake that needs to know whose tick it is in."""
    sound = Reactor._tick

    async def tick(self: Reactor, settlements: Any, records: int) -> Any:
        with planted(self):
            return await sound(self, settlements, records)

    return patch.object(Reactor, "_tick", tick)


async def _commit_early(reactor: Reactor, transaction: Any, offset: int) -> None:
    inner: Any = reactor._state
    committed = inner._inner._committed
    committed.offsets = committed.offsets | {REACT: offset}
    await reactor._state._faults.point("the next write")  # type: ignore[attr-defined]  # The simulator's wrapping.


def _handed_over_before_commit() -> contextlib.AbstractContextManager[object]:
    """Claimed sends are on their way before the claim is durable."""
    sound = claiming.claim

    def planted(reactor: Reactor) -> contextlib.AbstractContextManager[object]:
        async def claim(*given: Any, **named: Any) -> Claimed:
            claimed = await sound(*given, **named)
            if claimed.sends:
                reactor._hand_over(claimed.sends)
            return Claimed()

        return patch.object(react, "claim", claim)

    return in_each_tick(planted)


def _settlement_lost() -> contextlib.AbstractContextManager[object]:
    """A tick that fails takes what was to be settled with it."""

    async def tick_alone(self: Reactor) -> Any:
        async with self._turn:
            settlements, self._settlements = self._settlements, []
            return await self._tick_around_poison(settlements)

    return patch.object(Reactor, "_tick_alone", tick_alone)


def _no_recover() -> contextlib.AbstractContextManager[object]:
    """What the dead had claimed is not looked for."""

    async def recover(self: Reactor, delivered: Any = None) -> int:
        return 0

    return patch.object(Reactor, "recover", recover)


def _sent_again_when_in_doubt() -> contextlib.AbstractContextManager[object]:
    """What the dead had claimed is simply sent."""
    return patch.object(react, "recovered", lambda each, *_: Settlement(key=each.key, state="pending", reason="again"))


def _lost_answer_is_retried() -> contextlib.AbstractContextManager[object]:
    """A lost answer is taken for a no."""
    sound = send.settlement_of

    def settlement_of(each: Send, verdict: Any, now_ms: int, *doubt: Any) -> Settlement:
        if isinstance(verdict, InDoubt):
            return Settlement(key=each.key, state="pending", reason=verdict.reason, not_before_ms=now_ms)
        return sound(each, verdict, now_ms, *doubt)

    return patch.object(send, "settlement_of", settlement_of)


def _seen_not_marked() -> contextlib.AbstractContextManager[object]:
    """Of message ids only those of the batch are compared."""

    async def unseen(transaction: Any, placed: Sequence[Any]) -> list[Any]:
        return list({each.event.dedup_hash: each for each in reversed(placed)}.values())[::-1]

    return patch.object(numbering, "unseen", unseen)


def _numbers_not_kept() -> contextlib.AbstractContextManager[object]:
    """How far own events are taken in is not written down."""

    async def keep(transaction: Any, kept: numbering.Numbering) -> None:
        await transaction.set_note(numbering.NUMBERING, msgspec.json.encode(structs.replace(kept, taken=0)).decode())

    return patch.object(numbering, "keep_numbering", keep)


def _skipped_not_marked() -> contextlib.AbstractContextManager[object]:
    """The archive is not told which own events came again."""

    async def mark_skipped(self: MemoryTransaction, positions: Sequence[int], at_ms: int) -> None:
        pass

    return patch.object(MemoryTransaction, "mark_skipped", mark_skipped)


def _told_before_it_is_taken_in() -> contextlib.AbstractContextManager[object]:
    """What is told counts as taken in."""

    async def tell_on(transaction: Any, epoch: str | None, *, upto: int) -> numbering.Numbering:
        told = await numbering.tell_on(transaction, epoch, upto=upto)
        told = structs.replace(told, taken=max(told.taken, upto))
        await numbering.keep_numbering(transaction, told)
        return told

    return patch.object(react, "tell_on", tell_on)


def _own_events_forgotten_first() -> contextlib.AbstractContextManager[object]:
    """Own events are deleted before they are in the log."""

    async def pump(self: Reactor) -> int:
        async with self._state.begin() as transaction:
            waiting = await transaction.emitted(limit=1_000)
            if waiting:
                await transaction.forget_emitted(waiting[-1][0])
        if waiting:
            await self._log.append(own_records([event for _, event in waiting], to_millis(self._clock.now())))
        return len(waiting)

    return patch.object(Reactor, "pump", pump)


def _forgotten_unread() -> contextlib.AbstractContextManager[object]:
    """More own events are forgotten than were told."""

    async def pump(self: Reactor) -> int:
        async with self._state.view() as view:
            waiting = await view.emitted(limit=1_000)
        if waiting:
            await self._log.append(own_records([event for _, event in waiting], to_millis(self._clock.now())))
            async with self._state.begin() as transaction:
                await transaction.forget_emitted(2**62)
        return len(waiting)

    return patch.object(Reactor, "pump", pump)


def _archive_offset_first() -> contextlib.AbstractContextManager[object]:
    """How far the archive is goes to the disk before the events do."""
    sound = Archivist._add

    async def add(self: Archivist, rows: Any, token: str) -> None:
        async with self._state.begin() as transaction:
            await transaction.set_offset(ARCHIVE, int(token.partition("-")[2].partition("/")[0]))
        await sound(self, rows, token)

    return patch.object(Archivist, "_add", add)


def _archive_asks_nobody() -> contextlib.AbstractContextManager[object]:
    """After a failure the archive does not ask what is there already, and its tokens have changed."""

    async def unknown(self: Archivist, rows: Any) -> Any:
        return rows

    return patch.object(Archivist, "_unknown", unknown)


def _doubt_only_at_start() -> contextlib.AbstractContextManager[object]:
    """The archive asks what is there after a start, and not after a failure of its own."""
    sound = Archivist._flush_events

    async def flush_events(self: Archivist) -> tuple[int, bool]:
        first = _FIRST.get(id(self._turn))
        if self._doubtful_before is None and first is not None and first[0] is self._turn:
            self._doubtful_before = first[1]
        try:
            return await sound(self)
        finally:
            _FIRST.setdefault(id(self._turn), (self._turn, self._doubtful_before or 0))

    return patch.object(Archivist, "_flush_events", flush_events)


_FIRST: dict[int, tuple[object, int]] = {}


def _archive_overtakes() -> contextlib.AbstractContextManager[object]:
    """The archive reads to the log's end, and takes what was not taken in yet for refused."""
    sound = Archivist._flush_events

    async def flush_events(self: Archivist) -> tuple[int, bool]:
        done = await sound(self)
        async with self._state.begin() as transaction:
            await transaction.set_offset(ARCHIVE, await self._log.end())
        return done

    return patch.object(Archivist, "_flush_events", flush_events)


def _claim_without_recheck() -> contextlib.AbstractContextManager[object]:
    """What the gate let through once is sent whatever was said since."""

    async def still_refused(*_: Any) -> list[Settlement]:
        return []

    return patch.object(claiming, "still_refused", still_refused)


def permitted_for_ever() -> contextlib.AbstractContextManager[object]:
    """Whoever carries a message is not told until when what was permitted may be begun."""
    return patch.object(Parcel, "begun_by", lambda self, moment_ms: self)


def _people_forgotten_first() -> contextlib.AbstractContextManager[object]:
    """That somebody changed is forgotten before the history is told."""
    sound = Archivist._flush_people

    async def flush_people(self: Archivist) -> bool:
        async with self._state.begin() as transaction:
            stale = await transaction.stale_people(limit=3)
            await transaction.untouch_people(stale)
        more = await sound(self)
        async with self._state.begin() as transaction:
            await transaction.touch_people([person for person, _ in stale])
        return more

    return patch.object(Archivist, "_flush_people", flush_people)


def _mapping_said_once() -> contextlib.AbstractContextManager[object]:
    """Whoever was told of once is never told of again, wherever they moved."""
    sound = Archivist._flush_people

    class Once(dict[int, int]):
        def get(self, key: int, default: Any = None) -> Any:
            return _Everything() if key in self else default

    async def flush_people(self: Archivist) -> bool:
        if not isinstance(self._told, Once):
            self._told = Once()
        return await sound(self)

    return patch.object(Archivist, "_flush_people", flush_people)


class _Everything:
    """Equal to all."""

    __hash__ = None  # type: ignore[assignment]  # It is only compared.

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


def _ids_forgotten_by_the_clock() -> contextlib.AbstractContextManager[object]:
    """Message ids are forgotten by the clock, whether or not the archive has asked for them."""

    async def forget(self: Reactor, transaction: Any, now_ms: int) -> None:
        await transaction.forget_seen(now_ms - self._dedup_ms)

    return patch.object(Reactor, "_forget", forget)


def _tick_cut_short() -> contextlib.AbstractContextManager[object]:
    """A tick is cancelled with whoever asked for it, and what it had claimed by then is not put back."""

    async def tick(self: Reactor) -> Any:
        return await self._tick_alone()

    return patch.multiple(Reactor, tick=tick, _unclaim=lambda self, sends: self._lanes.untaken(sends))


def _archive_chokes() -> contextlib.AbstractContextManager[object]:
    """The archive cannot get past a request that is no request."""

    def choke(*args: Any, **fields: Any) -> Any:
        try:
            return decode(*args, **fields)
        except ValueError as error:
            raise OSError("choked") from error
        except Exception as error:
            raise OSError("choked") from error

    return patch.object(archive, "decode", choke)


def _counters_outside() -> contextlib.AbstractContextManager[object]:
    """Step counters are counted in a place of their own, before the rest is committed."""

    async def count_steps(self: MemoryTransaction, passed: Any) -> None:
        for each in passed:
            place = (each.origin, each.version, each.step, each.exit)
            _COUNTED[place] = _COUNTED.get(place, 0) + each.count
        self._tables.step_counts = dict(_COUNTED)

    @contextmanager
    def planted() -> Iterator[None]:
        _COUNTED.clear()
        with patch.object(MemoryTransaction, "count_steps", count_steps):
            yield

    return planted()


_COUNTED: dict[tuple[str, int, str, str], int] = {}

PLANTS: tuple[Plant, ...] = (
    _offset_before_effects,
    _handed_over_before_commit,
    _settlement_lost,
    _no_recover,
    _sent_again_when_in_doubt,
    _lost_answer_is_retried,
    _seen_not_marked,
    _numbers_not_kept,
    _skipped_not_marked,
    _told_before_it_is_taken_in,
    _own_events_forgotten_first,
    _forgotten_unread,
    _archive_offset_first,
    _archive_asks_nobody,
    _doubt_only_at_start,
    _archive_overtakes,
    _claim_without_recheck,
    permitted_for_ever,
    _people_forgotten_first,
    _mapping_said_once,
    _ids_forgotten_by_the_clock,
    _tick_cut_short,
    _archive_chokes,
    _counters_outside,
)
