"""How mail goes out, where it is kept if it stays here, and where what bounces comes in."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.flows.delivery.inbound import Arrivals
from holdfast.kernel.errors import Busy
from holdfast.messages.heard.reports import READ_BYTES_MOST
from holdfast.ports.carrier import Carrier
from holdfast.ports.clock import Clock
from holdfast.ports.mailbox import Mailbox
from holdfast.settings import Settings
from holdfast.stores.mailbox import SqliteMailbox
from holdfast.stores.mailbox.server import MailboxServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How mail goes out, and where it is kept if it stays here."""

    carrier: Carrier
    mailbox: Mailbox | None


async def open_mail(settings: Settings, clock: Clock, opened: contextlib.AsyncExitStack) -> Mail:
    """The way mail goes, open until `opened` is closed."""
    if not settings.mailbox:
        carrier = SmtpCarrier(
            settings.smtp_host,
            settings.smtp_port,
            user=settings.smtp_user,
            password=settings.smtp_password,
            tls=settings.smtp_tls,
            clock=clock,
        )
        return Mail(carrier=carrier, mailbox=None)
    mailbox = SqliteMailbox(settings.data_dir)
    opened.push_async_callback(mailbox.close)
    server = MailboxServer(mailbox, clock)
    port = await server.start()
    opened.push_async_callback(server.close)
    return Mail(carrier=SmtpCarrier("127.0.0.1", port, tls="none", clock=clock), mailbox=mailbox)


async def take_bounces(settings: Settings, arrivals: Arrivals, clock: Clock, opened: contextlib.AsyncExitStack) -> None:
    """Take mail that comes to return addresses, until `opened` is closed. Raises Busy when the port is taken."""
    if not settings.bounce_port:
        return
    server = MailboxServer(arrivals, clock, kept_bytes_most=READ_BYTES_MOST)  # No more of a report is ever read.
    try:
        await server.start(settings.host, settings.bounce_port)
    except OSError as error:
        hint = "Set bounce_port to a port that is free, or to 0."
        raise Busy(f"bounces cannot be taken at port {settings.bounce_port}: {error.strerror}.", hint=hint) from error
    opened.push_async_callback(server.close)
