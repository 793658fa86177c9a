"""The carrier to people's inboxes: a message is delivered by being kept until their app or site asks for it.

What comes while the state is being written goes into it together, in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from holdfast.channels.carriers.kept import kept_message
from holdfast.channels.inbox import EXPIRES
from holdfast.kernel.errors import Busy
from holdfast.kernel.moments import to_millis
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Lapsed, Parcel, Refused, Verdict
from holdfast.ports.clock import Clock
from holdfast.ports.inbox import InboxItem
from holdfast.ports.mailbox import Mailbox
from holdfast.ports.state import State, Transaction

INBOX_MOST = 200
"""As many messages wait for one person at most; older ones make room."""
GROUP_MOST = 200
EXPIRED_AT_ONCE = 500
"""How many expired messages are cleared away while others are delivered."""

_Waiting = tuple[Parcel, "asyncio.Future[Verdict]"]


class InboxCarrier:
    """Answers `ports.carrier.Carrier`."""

    def __init__(self, state: State, clock: Clock, mailbox: Mailbox | None = None) -> None:
        """Nothing is delivered yet.

        Args:
            mailbox: where a copy is kept of what is delivered, so that it can be read in the console.
        """
        self._state = state
        self._clock = clock
        self._mailbox = mailbox
        self._waiting: list[_Waiting] = []
        self._delivering: asyncio.Task[None] | None = None

    async def carry(self, parcel: Parcel) -> Verdict:
        """Deliver one. Delivered again it changes nothing: its send's key is known."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((parcel, verdict))
        if self._delivering is None:
            self._delivering = asyncio.create_task(self._deliver_waiting())
        return await verdict

    async def close(self) -> None:
        """Wait for what is being delivered."""
        if self._delivering is not None:
            await self._delivering

    async def _deliver_waiting(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_MOST], self._waiting[GROUP_MOST:]
                verdicts = await self._delivered([parcel for parcel, _ in group])
                for (_, waits), verdict in zip(group, verdicts, strict=True):
                    if not waits.done():
                        waits.set_result(verdict)
        finally:
            self._delivering = None

    async def _delivered(self, parcels: Sequence[Parcel]) -> list[Verdict]:
        try:
            async with self._state.begin() as transaction:
                now_ms = to_millis(self._clock.now())  # What others wrote may have taken its time.
                verdicts = await _put(transaction, parcels, now_ms)
        except Busy as error:
            # Were it kept after all, delivering it again changes nothing.
            return [Deferred(str(error), blame="provider")] * len(parcels)
        except Exception as error:  # noqa: BLE001 - Of a commit that fails nobody knows.
            return [InDoubt(f"{error!r:.200}")] * len(parcels)
        if self._mailbox is not None:
            kept = [each for each, verdict in zip(parcels, verdicts, strict=True) if isinstance(verdict, Accepted)]
            try:
                await self._mailbox.keep([kept_message(each) for each in kept], now_ms)
            except Exception as error:  # noqa: BLE001 - It is delivered; next time the copy is kept.
                return [Deferred(f"The mailbox could not keep it: {error!r:.200}", blame="provider")] * len(parcels)
        return verdicts


async def _put(transaction: Transaction, parcels: Sequence[Parcel], now_ms: int) -> list[Verdict]:
    sends = await transaction.sends([each.key for each in parcels])
    items: list[InboxItem] = []
    verdicts: list[Verdict] = []
    for parcel in parcels:
        send, expires_ms = sends.get(parcel.key), int(parcel.headers[EXPIRES])
        if send is None:
            # Erased meanwhile: in the same transaction, so that nothing comes back.
            verdicts.append(Refused("Nobody is there any more to be shown it."))
        elif parcel.has_lapsed(now_ms):
            verdicts.append(Lapsed())
        elif expires_ms <= now_ms:
            verdicts.append(Refused("It had expired before it could be delivered."))
        else:
            verdicts.append(Accepted(parcel.key))
            items.append(
                InboxItem(
                    key=parcel.key,
                    identity=send.identity,
                    medium=parcel.channel,
                    words=parcel.body,
                    added_ms=now_ms,
                    expires_ms=expires_ms,
                )
            )
    await transaction.add_inbox(items)
    owners = await transaction.identities_by_id(sorted({each.identity for each in items}))
    for members in (await transaction.members(sorted({each.person for each in owners.values()}))).values():
        await transaction.trim_inbox([each.id for each in members], INBOX_MOST)
    await transaction.expire_inbox(now_ms, limit=EXPIRED_AT_ONCE)
    return verdicts
