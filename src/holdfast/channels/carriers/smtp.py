"""The SMTP carrier: a pool of connections to one server, and a verdict for every parcel, whatever happens."""

from __future__ import annotations

import asyncio
import ssl
from ipaddress import ip_address

from holdfast.channels.carriers.smtp_connection import (
    Door,
    Patience,
    RefusedEntryError,
    SmtpConnection,
    Tls,
    open_connection,
)
from holdfast.channels.carriers.smtp_wire import BrokenError
from holdfast.channels.email_smtp import verdict
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.messages.parcel import Deferred, Lapsed, Parcel, Verdict
from holdfast.ports.clock import Clock

CONNECTIONS_MOST = 24
"""As many as there are places for a channel's sends, so that none waits here for one that came before it."""
MAILS_PER_CONNECTION = 200
"""After so many a connection is closed and a new one opened: balancers in front of relays like that."""
IDLE_SECONDS_MOST = 20.0
"""How long an unused connection is kept."""


class SmtpCarrier:
    """Carries parcels to one SMTP server; answers `ports.carrier.Carrier`.

    A connection that breaks before the final dot leaves the mail untaken: `Deferred`. After the dot, with no answer,
    nobody knows: `InDoubt`. A kept connection that turns out to be closed costs one more try on a fresh one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str = "",
        password: str = "",
        tls: Tls = "starttls",
        context: ssl.SSLContext | None = None,
        hello_name: str = "localhost",
        connections_most: int = CONNECTIONS_MOST,
        patience: Patience | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Nothing is connected yet.

        Args:
            context: for servers whose certificate the machine does not know; else the machine's own store decides.
            clock: tells whether a mail has lapsed while a connection was waited for; without one none ever does.

        Raises Invalid when a password would cross a network unencrypted.
        """
        if user and tls == "none" and not _is_loopback(host):
            raise Invalid(
                "the password would be sent unencrypted",
                path="smtp_tls",
                hint="Set smtp_tls to starttls or tls, or leave smtp_user empty.",
            )
        if tls != "none" and context is None:
            context = ssl.create_default_context()
        self._door = Door(
            host=host, port=port, tls=tls, context=context, user=user, password=password, hello_name=hello_name
        )
        self._patience = patience or Patience()
        self._clock = clock
        self._places = asyncio.Semaphore(connections_most)
        self._idle: list[SmtpConnection] = []
        self._closed = False

    async def carry(self, parcel: Parcel) -> Verdict:
        """Deliver one mail. Never raises for what the server says or fails to say."""
        async with self._places:
            while (kept := self._kept()) is not None:
                answer = await self._deliver(kept, parcel)
                if not isinstance(answer, BrokenError):
                    return answer
            try:
                fresh = await open_connection(self._door, self._patience)
            except BrokenError as broken:
                reason = f"The mail server {self._name} could not be used ({broken.stage}): {broken.reason}"
                return Deferred(reason, blame="provider")
            except RefusedEntryError as refused:
                return verdict(refused.stage, refused.reply)
            answer = await self._deliver(fresh, parcel)
            if isinstance(answer, BrokenError):
                reason = f"The mail server {self._name} broke off ({answer.stage}): {answer.reason}"
                return Deferred(reason, blame="provider")
            return answer

    async def close(self) -> None:
        """Say goodbye on the connections kept. Mails under way see theirs through."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(each.leave() for each in idle))

    @property
    def _name(self) -> str:
        return f"{self._door.host}:{self._door.port}"

    def _kept(self) -> SmtpConnection | None:
        """The connection used last, if it is still good."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fit and now - connection.idle_since <= IDLE_SECONDS_MOST:
                return connection
            connection.abort()
        return None

    async def _deliver(self, connection: SmtpConnection, parcel: Parcel) -> Verdict | BrokenError:
        try:
            # The connection may have taken minutes, and is kept for whoever comes next, who waits no more.
            answer = Lapsed() if self._has_lapsed(parcel) else await connection.deliver(parcel)
        except BrokenError as broken:
            connection.abort()
            return broken
        except BaseException:
            connection.abort()  # Cancelled in mid-sentence: nothing more can be said on it.
            raise
        if self._closed or connection.delivered >= MAILS_PER_CONNECTION:
            await connection.leave()
        elif connection.is_fit:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()
        return answer

    def _has_lapsed(self, parcel: Parcel) -> bool:
        return self._clock is not None and parcel.has_lapsed(to_millis(self._clock.now()))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
