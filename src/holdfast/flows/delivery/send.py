"""Send: claimed sends are written, carried, and what became of them is told to whoever claimed them.

A send in doubt (the answer was lost after the message was handed over) is dealt with as its channel declares; mail is
not sent again: at most once. One that was certainly not taken is tried again later, a few times, further and further
apart, and then lies among the dead letters.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace

from holdfast.flows.delivery.filling import Filler
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.turns import Turns
from holdfast.flows.delivery.wording import WordsDesk, may_go_on, pressed
from holdfast.flows.delivery.writing import Context, Writer, Written
from holdfast.kernel.chance import share
from holdfast.kernel.moments import to_millis
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.links import Linker
from holdfast.messages.liquid.needs import Aborted
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Lapsed, Refused, Verdict
from holdfast.ports.carrier import Carrier
from holdfast.ports.channel import Channel
from holdfast.ports.clock import Clock
from holdfast.ports.state import Send, Settlement, State

_log = logging.getLogger(__name__)

ATTEMPTS_MOST = 8
FIRST_WAIT_SECONDS = 30
WAIT_SECONDS_MOST = 3_600
JITTER = 0.25
"""How far a wait is stretched or shortened at most, so that what failed together does not come back together."""
GIVE_UP_SECONDS = {False: 86_400, True: 3 * 86_400}
"""How long after it was first tried nobody tries a send any more: marketing, and what is transactional."""
CARRY_SECONDS_MOST = 1_500
"""How long handing one over may take; longer than every carrier's own patience."""


def wait_seconds(send: Send, deferred: Deferred) -> float:
    """How long until a deferred send is tried again: twice as long each time, at least what the provider asked for.

    The jitter is made of the send's key: two processes reckon the same.
    """
    doubled = FIRST_WAIT_SECONDS * 2.0 ** max(0, send.attempts - 1)
    stretch = 1 + JITTER * (2 * share(f"retry:{send.attempts}", send.key) - 1)
    return max(float(deferred.after_seconds), min(WAIT_SECONDS_MOST, doubled) * stretch)


def settlement_of(send: Send, verdict: Verdict, now_ms: int, doubt: DoubtPolicy = ONCE) -> Settlement:
    """What a verdict means for the send."""
    match verdict:
        case Accepted(provider_id, lost):
            return Settlement(
                key=send.key, state="sent", provider_id=provider_id, lost=lost, claimed_by=send.claimed_by
            )
        case Deferred(reason):
            return _again(send, verdict, now_ms, doubt) or _failed(send, f"Given up after {_tries(send)}: {reason}")
        case Refused(reason, gone):
            return replace(_failed(send, reason, gone=gone), lost=verdict.lost)
        case InDoubt(reason):
            return settled_doubt(send, reason, now_ms, doubt)


def settled_doubt(send: Send, reason: str, now_ms: int, doubt: DoubtPolicy) -> Settlement:
    """What becomes of a send nobody knows the end of: the channel says."""
    remedy = doubt.remedy(transactional=send.transactional)
    again = _again(send, Deferred(reason), now_ms, doubt) if remedy == "resend" else None
    return again or Settlement(
        key=send.key, state="in_doubt", reason=reason, dead=remedy != "drop", claimed_by=send.claimed_by
    )


def _again(send: Send, deferred: Deferred, now_ms: int, doubt: DoubtPolicy) -> Settlement | None:
    """The send put back until its next attempt; None when there is to be none."""
    later_ms = now_ms + int(wait_seconds(send, deferred) * 1000)
    give_up_seconds = GIVE_UP_SECONDS[send.transactional]
    if doubt.idempotent_seconds:
        # Later the provider would take the same key for another message.
        give_up_seconds = min(give_up_seconds, doubt.idempotent_seconds)
    first_ms = now_ms if send.tried_ms is None else send.tried_ms
    if send.attempts >= ATTEMPTS_MOST or later_ms > first_ms + 1000 * give_up_seconds:
        return None
    return Settlement(
        key=send.key,
        state="pending",
        reason=deferred.reason,
        not_before_ms=later_ms,
        claimed_by=send.claimed_by,
    )


def _too_late_again(send: Send) -> Settlement:
    """What becomes of a send that was tried too long ago to be tried again: it may have been taken."""
    reason = "It was tried before, too long ago for its provider to tell it from another message."
    return Settlement(key=send.key, state="in_doubt", reason=reason, dead=True, claimed_by=send.claimed_by)


def _failed(send: Send, reason: str, *, gone: bool = False) -> Settlement:
    # To write to an address that is dead would never be right: there is nothing to be decided about it.
    return Settlement(key=send.key, state="failed", reason=reason, gone=gone, dead=not gone, claimed_by=send.claimed_by)


def _unwritten(send: Send, why: Refused | Deferred | Aborted, now_ms: int) -> Settlement:
    """What becomes of a send that was handed to nobody."""
    if isinstance(why, Aborted):
        # As it is meant: there is nothing for anybody to look into.
        reason = f"aborted: {why.reason}" if why.reason else "aborted"
        return Settlement(key=send.key, state="withheld", reason=reason, claimed_by=send.claimed_by)
    return replace(settlement_of(send, why, now_ms), unwritten=True)


def _tries(send: Send) -> str:
    return "1 try" if send.attempts == 1 else f"{send.attempts} tries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One channel: who writes its messages, and who carries them."""

    channel: Channel
    carrier: Carrier


class Sender:
    """Takes claimed sends and sees them through; the lanes say how many at a time.

    What it holds is what was claimed: as much as the lanes have room, however much waits.
    """

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        offices: Mapping[str, Office],
        lanes: Lanes,
        linker: Linker,
        workspace_name: str,
        settle: Callable[[Sequence[Settlement]], None],
        filler: Filler,
        time_zone: str = "UTC",
        help_contact: str = "",
    ) -> None:
        """Nothing is sent yet.

        Args:
            offices: by channel; the lanes are of the same channels. There may be others from one moment to the next.
            filler: puts content into words; it is closed with the sender.
            time_zone: the workspace's.
            help_contact: where people get help; empty for nowhere.
            settle: told what became of each send.
        """
        self._state = state
        self._clock = clock
        self._offices = offices
        self._lanes = lanes
        self._settle = settle
        self._filler = filler
        self._writer = Writer(
            clock=clock,
            linker=linker,
            workspace_name=workspace_name,
            filler=filler,
            time_zone=time_zone,
            help_contact=help_contact,
        )
        self._words = WordsDesk(state=state, clock=clock)
        self._turns: defaultdict[str, Turns] = defaultdict(Turns)
        self._finishing = False
        self._open: dict[str, Send] = {}
        """Taken and not settled."""
        self._contexts: dict[str, Context] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def adopt(self, *, workspace_name: str, help_contact: str) -> None:
        """Go by another name, and another place to get help, in what is written from now on."""
        self._writer.adopt(workspace_name=workspace_name, help_contact=help_contact)

    @property
    def offices(self) -> Mapping[str, Office]:
        """Who writes and who carries now, by channel."""
        return self._offices

    def take(self, sends: Sequence[Send]) -> None:
        """Begin to send; returns at once. Each was let through by `Lanes.put_off`."""
        self._open |= {send.key: send for send in sends}
        self._lanes.take(sends, self._now_ms())
        if self._finishing:
            self._put_back_all()
            return
        self._start(self._begin(sends))

    async def finish(self, *, seconds: float) -> None:
        """Wait for what is under way; what is not done by then is given up, and in doubt if it was handed over."""
        self._finishing = True
        self._lanes.close()
        deadline = asyncio.get_running_loop().time() + seconds
        # One send that ends makes room for the next, which is a task of its own.
        while self._tasks and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        late = list(self._tasks)
        for each in late:
            each.cancel()
        self._drop_turns()
        await asyncio.gather(*late, return_exceptions=True)
        self._put_back_all()
        await self._words.close()
        await self._filler.close()
        await asyncio.gather(*(office.carrier.close() for office in self._offices.values()))

    def _now_ms(self) -> int:
        return to_millis(self._clock.now())

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _drop_turns(self) -> None:
        for turns in self._turns.values():
            turns.emptied()

    def _put_back_all(self) -> None:
        """Nobody works on what is open: not begun, so not in doubt. Whoever starts next sends it."""
        self._put_back(list(self._open.values()), "The server stopped before it was sent.")

    def _put_back(self, sends: Sequence[Send], reason: str) -> None:
        """These were not begun, and are as due as they were."""
        for send in sends:
            self._lanes.let_go(send)
        self._done(
            [
                Settlement(
                    key=send.key,
                    state="pending",
                    reason=reason,
                    not_before_ms=send.not_before_ms,
                    untried=True,
                    claimed_by=send.claimed_by,
                )
                for send in sends
            ]
        )

    async def _begin(self, sends: Sequence[Send]) -> None:
        try:
            async with self._state.view() as view:
                context = await self._writer.load(view, sends)
        except Exception as error:  # noqa: BLE001 - Whatever it was, these sends must be put back.
            # Nothing was handed over, so nothing is in doubt.
            _log.exception("Loading what %d sends need failed.", len(sends))
            for send in sends:
                self._lanes.let_go(send)
            now_ms = self._now_ms()
            self._done([settlement_of(send, Deferred(f"Not prepared: {error!r:.200}"), now_ms) for send in sends])
            return
        for send in sends:
            self._contexts[send.key] = context
            self._turns[send.channel].add(send)
        for channel in {send.channel for send in sends}:
            self._go_on(channel)

    def _go_on(self, channel: str) -> None:
        """Give every free place to whose turn it is."""
        turns = self._turns[channel]
        while True:
            if self._lanes.is_open(channel, self._now_ms()):
                self._put_back(turns.emptied(), "The provider is left alone for a while.")
                return
            send = turns.next()
            if send is None:
                return
            self._start(self._send(send, turns))

    async def _send(self, send: Send, turns: Turns) -> None:
        try:
            await self._hand_over(send)
        finally:
            turns.done(send)
            self._go_on(send.channel)

    async def _hand_over(self, send: Send) -> None:
        if self._put_off_late(send):
            return
        office = self._offices.get(send.channel)
        if office is None:
            self._put_back([send], "Nothing carries it any more; it waits for a connection.")
            return
        if self._is_forgotten(send, office.channel.doubt):
            self._lanes.let_go(send)
            self._done([_too_late_again(send)])
            return
        written = await self._writer.write(send, self._contexts[send.key], office.channel)
        if not isinstance(written, Written):
            self._lanes.let_go(send)
            self._done([_unwritten(send, written, self._now_ms())])
        elif not self._put_off_late(send):  # What it asked for may have taken its time.
            await self._carry(send, written, office)

    async def _carry(self, send: Send, written: Written, office: Office) -> None:
        """Hand it over, what it says being durable where it may be handed over again by somebody who knows no end."""
        doubt = office.channel.doubt
        kept_before = doubt.repeats(transactional=send.transactional)
        if kept_before and not written.again and not await self._kept(send, written):
            return
        try:
            async with asyncio.timeout(CARRY_SECONDS_MOST):
                verdict = await office.carrier.carry(written.parcel.begun_by(send.send_by_ms))
        except asyncio.CancelledError:
            self._ended(send, InDoubt("Stopped while it was on its way."), doubt, written, kept_before=kept_before)
            raise
        except Exception as error:  # noqa: BLE001 - It may have raised after the message was handed over.
            _log.exception("A carrier raised; it must answer with a verdict.")
            verdict = InDoubt(f"{error!r:.200}")
        self._ended(send, verdict, doubt, written, kept_before=kept_before)

    async def _kept(self, send: Send, written: Written) -> bool:
        """Keep what it says; whether it may be handed over now. If not, it is dealt with."""
        try:
            stands = await self._words.keep(send, written.wording)
        except Exception as error:  # noqa: BLE001 - Whatever it was, the send was handed to nobody.
            _log.exception("Keeping what the send %s says failed.", send.key)
            self._lanes.let_go(send)
            self._done([settlement_of(send, Deferred(f"Not prepared: {error!r:.200}"), self._now_ms())])
            return False
        if not stands:
            # It is another's by now, or nobody's: nothing we say of it would be heard.
            self._lanes.let_go(send)
            self._open.pop(send.key, None)
            self._contexts.pop(send.key, None)
            return False
        return not self._put_off_late(send)

    def _is_forgotten(self, send: Send, doubt: DoubtPolicy) -> bool:
        """Whether its provider may know its key no more, so that one more attempt could be one more message.

        It was put back in time, and then something else put it off: quiet hours, a pause, a process that was not there.
        """
        if not doubt.idempotent_seconds or send.tried_ms is None:
            return False
        return self._now_ms() > send.tried_ms + 1_000 * doubt.idempotent_seconds

    def _put_off_late(self, send: Send) -> bool:
        """Put back what waited too long: what was permitted at the claim may not be any more, and is asked anew."""
        if send.send_by_ms is None or self._now_ms() <= send.send_by_ms:
            return False
        self._put_back([send], "It waited too long for its turn.")
        return True

    def _ended(self, send: Send, verdict: Verdict, doubt: DoubtPolicy, written: Written, *, kept_before: bool) -> None:
        if isinstance(verdict, Lapsed):
            # It waited with whoever carries it, and was handed to nobody: what was permitted is asked anew.
            self._put_back([send], verdict.reason)
            return
        now_ms = self._now_ms()
        self._lanes.ended(send, verdict, now_ms)
        settlement = settlement_of(send, verdict, now_ms, doubt)
        settlement = replace(settlement, told=written.wording.told, kept=kept_before)
        if may_go_on(settlement) and not written.again and not kept_before:
            settlement = replace(settlement, words=pressed(written.wording))
        self._done([settlement])

    def _done(self, settlements: Sequence[Settlement]) -> None:
        for each in settlements:
            self._open.pop(each.key, None)
            self._contexts.pop(each.key, None)
        self._settle(settlements)
