"""The SMPP carrier: one session kept bound, since receipts and answers come in by it, and messages out through it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from holdfast.channels.carriers.smpp_session import (
    LostError,
    NotWrittenError,
    RefusedBindError,
    SmppDoor,
    SmppPatience,
    SmppSession,
    TooLateError,
    open_session,
)
from holdfast.channels.smpp import (
    LATER_SECONDS,
    STATUSES,
    SmppSettings,
    incoming_of,
    joined,
    plain_id,
    receipt_of,
    verdict,
)
from holdfast.channels.smpp_pdu import GarbledError, Message, Pdu, PduReader, read_id
from holdfast.channels.smpp_text import DefaultAlphabet
from holdfast.messages.heard.inbound import Incoming, Receipt
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Lapsed, Parcel, Refused, Verdict

_log = logging.getLogger(__name__)

WINDOW = 10
"""How many messages are submitted before the first is answered; what most message centres permit."""
PART_TRIES = 8
"""How often the rest of a message is submitted again, of which a part was taken."""

Told = Callable[[Sequence[Receipt | Incoming]], Awaitable[None]]
"""Makes receipts and incoming messages durable; raises when it cannot."""


class SmppCarrier:
    """Carries parcels to one message centre; answers `ports.carrier.Carrier`.

    The session is bound by `start`, or by the first parcel, and again whenever it is lost. What was submitted and not
    answered is in doubt; what was not submitted is deferred. Of a message in parts the rest is submitted again while
    the message centre says later, since half a message is worse than a late one.
    """

    def __init__(
        self,
        door: SmppDoor,
        *,
        told: Told,
        now_ms: Callable[[], int],
        window: int = WINDOW,
        patience: SmppPatience | None = None,
        alphabet: DefaultAlphabet = "gsm_7",
        hexadecimal_ids: bool = False,
    ) -> None:
        """Nothing is connected yet.

        Args:
            told: is told of receipts and of what people write; what it has not taken is brought again.
            hexadecimal_ids: whether message ids are hexadecimal at submission and decimal in receipts.
        """
        self._door = door
        self._told = told
        self._now_ms = now_ms
        self._window = window
        self._patience = patience or SmppPatience()
        self._alphabet = alphabet
        self._hexadecimal_ids = hexadecimal_ids
        self._closed = False
        self._keeper: asyncio.Task[None] | None = None
        self._session: SmppSession | None = None
        self._tried = asyncio.Event()
        """Set when a session stands, or the last attempt at one has failed."""
        self._trouble = ""
        self._refused = False
        """Whether the last attempt was answered with no."""

    def start(self) -> None:
        """Keep a session bound from now on. Doing so again changes nothing."""
        if self._keeper is None and not self._closed:
            self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def carry(self, parcel: Parcel) -> Verdict:
        """Submit one message. Never raises for what the message centre says or fails to say."""
        self.start()
        try:
            bodies = [each.body for each in PduReader().feed(parcel.body)]
        except GarbledError as error:
            return Refused(f"It is no parcel for a message centre: {error}")
        if not bodies:
            return Refused("There is nothing in it.")
        await self._tried.wait()
        session = self._session
        if session is None:
            return Deferred(self._trouble, LATER_SECONDS, "provider")
        return await self._submit(session, bodies, lapsed=lambda: parcel.has_lapsed(self._now_ms()))

    async def close(self) -> None:
        """Say goodbye."""
        self._closed = True
        keeper, self._keeper = self._keeper, None
        session, self._session = self._session, None
        if keeper is not None:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        if session is not None:
            await session.leave()
        self._trouble = "The connection to the message centre is closed."
        self._tried.set()

    async def _keep(self) -> None:
        """Bind, wait until the session is lost, and bind again."""
        clock = asyncio.get_running_loop().time
        wait = self._patience.again_least
        while True:
            began = clock()
            self._session = session = await self._bound()
            self._tried.set()
            if session is not None:
                reason = await asyncio.shield(session.ended)
                self._session = None
                self._tried.clear()  # Parcels wait for the next attempt, which is about to be made.
                self._trouble = f"The session with the message centre {self._name} was lost: {reason}"
                _log.warning("%s", self._trouble)
            if self._refused:
                wait = self._patience.again_most  # Who knocks with a wrong password again and again is locked out.
            elif clock() - began > self._patience.again_most:
                wait = self._patience.again_least
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._patience.again_most)

    async def _bound(self) -> SmppSession | None:
        self._refused = False
        try:
            return await open_session(self._door, window=self._window, patience=self._patience, brought=self._tell)
        except LostError as lost:
            self._trouble = f"The message centre {self._name} could not be reached: {lost}"
        except RefusedBindError as refused:
            self._refused = True
            why = STATUSES.get(refused.status, "its own code")
            self._trouble = f"The message centre {self._name} refused the bind: {refused.status:#04x} ({why})"
        except ValueError as error:
            self._trouble = f"The message centre {self._name} cannot be asked: {error}"
        _log.warning("%s", self._trouble)
        return None

    @property
    def _name(self) -> str:
        return f"{self._door.host}:{self._door.port}"

    async def _submit(self, session: SmppSession, bodies: Sequence[bytes], *, lapsed: Callable[[], bool]) -> Verdict:
        """All parts together; those that were not taken again, as long as others were, however late it is by then."""
        taken: dict[int, str] = {}
        left = list(range(len(bodies)))
        worst: Verdict = Deferred("It was not submitted.", blame="provider")
        for _ in range(PART_TRIES):
            late = _never if taken else lapsed
            answers = await asyncio.gather(*(self._submitted(session, bodies[at], lapsed=late) for at in left))
            again: list[int] = []
            for at, answer in zip(left, answers, strict=True):
                match answer:
                    case Accepted(message_id):
                        taken[at] = message_id
                    case Deferred():
                        again.append(at)
                        worst = answer
                    case _:
                        return _of_part(answer, at, len(bodies))
            if not again:
                return Accepted(plain_id(taken[len(bodies) - 1], hexadecimal=self._hexadecimal_ids))
            if not taken:
                return worst
            left = again
            await asyncio.sleep(self._patience.pause)
        return InDoubt(f"{len(taken)} of its {len(bodies)} parts were taken, and the rest was not: {_reason(worst)}")

    async def _submitted(self, session: SmppSession, body: bytes, *, lapsed: Callable[[], bool]) -> Verdict:
        try:
            answer = await session.submit(body, lapsed=lapsed)
        except TooLateError:
            return Lapsed()
        except NotWrittenError as lost:
            return Deferred(f"The session with the message centre was lost: {lost}", blame="provider")
        except LostError as lost:
            return InDoubt(f"It was submitted and not answered: {lost}")
        said = _verdict(answer)
        if isinstance(said, Deferred) and answer.status == _THROTTLED:
            session.pause()
        return said

    async def _tell(self, brought: Sequence[Sequence[Message]]) -> None:
        things = [thing for parts in brought if (thing := self._thing(parts)) is not None]
        if things:
            await self._told(things)

    def _thing(self, parts: Sequence[Message]) -> Receipt | Incoming | None:
        now_ms = self._now_ms()
        if parts[0].is_receipt:
            return receipt_of(parts[0], now_ms, hexadecimal=self._hexadecimal_ids)
        said = [incoming_of(each, now_ms, alphabet=self._alphabet) for each in parts]
        numbered = [(part, each) for each, part in said if part is not None]
        return joined(numbered) if numbered else said[0][0]


def smpp_carrier(settings: SmppSettings, *, told: Told, now_ms: Callable[[], int]) -> SmppCarrier:
    """The carrier of a connection. Call `start`, so that receipts come in though nothing goes out."""
    door = SmppDoor(
        host=settings.host.strip(),
        port=settings.port,
        system_id=settings.system_id,
        password=settings.password,
        system_type=settings.system_type,
        context=ssl.create_default_context() if settings.tls else None,
    )
    return SmppCarrier(
        door,
        told=told,
        now_ms=now_ms,
        window=settings.window,
        alphabet=cast("DefaultAlphabet", settings.alphabet),
        hexadecimal_ids=settings.hexadecimal_ids,
    )


def _never() -> bool:
    return False


_THROTTLED = 0x58
_NACK = 0x8000_0000


def _verdict(answer: Pdu) -> Verdict:
    # A generic_nack says that the command itself was not understood: it has not been taken.
    status = answer.status or (0xFF if answer.command == _NACK else 0)
    return verdict(status, read_id(answer))


def _of_part(answer: Verdict, at: int, of: int) -> Verdict:
    """The verdict on a part, said of the message."""
    if of == 1 or not isinstance(answer, Refused | InDoubt):
        return answer
    reason = f"Part {at + 1} of {of}: {answer.reason}"
    return Refused(reason) if isinstance(answer, Refused) else InDoubt(reason)


def _reason(verdict: Verdict) -> str:
    return verdict.reason if isinstance(verdict, Deferred | Refused | InDoubt) else ""
