"""Mail by way of a real Postfix: every one arrives once, signed as it was sent, and what bounces says whose it is."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session

from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.email_smtp import EmailSmtp, email_channel
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.mail.sending_domain import SendingDomain
from holdfast.messages.mail.verp import bounced_send
from holdfast.messages.parcel import Accepted, Parcel, Refused
from holdfast.testing import a_send
from tests.postfix_server import UNKNOWN, postfix
from tests.unit.messages.signing import holds, rsa_signer

LINKER = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")
DOMAIN = SendingDomain(name="shop.example", signers=(rsa_signer(),), bounce_host="bounces.shop.example")
GONE = "gone.example"
ARRIVE_SECONDS = 60
CREATED_MS = 1_700_000_000_000
MAILS = 150
WORDS = Words(
    {
        "subject": "Grüße: dein Wagen wartet",
        "html": '<p>.\n.<a href="https://shop.example/">Kauf ich</a></p>',
        "text": "",
    }
)


@dataclass
class NextServer:
    """The server Postfix hands mail to. It knows nobody at `GONE`."""

    arrived: dict[str, list[Envelope]] = field(default_factory=dict)
    """By recipient."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address.endswith(GONE):
            return "550 5.1.1 There is nobody by that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        self.arrived.setdefault(envelope.rcpt_tos[0], []).append(envelope)
        self.news.set()
        return "250 OK"

    async def has(self, count: int) -> None:
        async with asyncio.timeout(ARRIVE_SECONDS):
            while sum(map(len, self.arrived.values())) < count:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def relayed() -> AsyncIterator[tuple[NextServer, SmtpCarrier]]:
    """A carrier to a Postfix, and the server that is handed what comes through."""
    behind = NextServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(behind, hostname="next.example"), "127.0.0.1", 0)
    with postfix(server.sockets[0].getsockname()[1]) as port:
        carrier = SmtpCarrier("127.0.0.1", port, tls="none", connections_most=6)
        try:
            yield behind, carrier
        finally:
            await carrier.close()
            server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 1)


def channel() -> EmailSmtp:
    return email_channel("Shop <shop@shop.example>", linker=LINKER, workspace_name="shop", domain=DOMAIN)


def parcel(number: int, host: str = "mail.example") -> Parcel:
    send = a_send(effect_key("postfix", number), address=f"p{number}@{host}", created_ms=CREATED_MS)
    return channel().parcel(send, WORDS)


def content(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


async def test_mail_goes_through_and_comes_back_as_it_should() -> None:
    # One test and not several: it is the start of Postfix that takes its time.
    async with relayed() as (behind, carrier):
        parcels = [parcel(number) for number in range(MAILS)]
        verdicts = await asyncio.gather(*map(carrier.carry, parcels))
        assert all(isinstance(each, Accepted) and each.provider_id for each in verdicts), verdicts
        await behind.has(MAILS)
        assert {to: len(mails) for to, mails in behind.arrived.items()} == {each.to: 1 for each in parcels}
        for each in parcels:
            arrived = behind.arrived[each.to][0]
            assert arrived.mail_from == each.sender
            assert bounced_send(each.sender, LINKER.key) == each.key
            # Relays put their own headers above ours, and touch nothing below.
            signed = content(arrived)[content(arrived).index(b"DKIM-Signature:") :]
            assert signed == each.body
        assert holds(content(behind.arrived[parcels[0].to][0]), rsa_signer())

        refused = await carrier.carry(parcel(MAILS, UNKNOWN))
        assert isinstance(refused, Refused)
        assert refused.gone

        bounced = parcel(MAILS + 1, GONE)
        assert isinstance(await carrier.carry(bounced), Accepted)
        await behind.has(MAILS + 1)
        (report,) = behind.arrived[bounced.sender]
        assert report.mail_from in ("", "<>")
        assert bounced_send(report.rcpt_tos[0], LINKER.key) == bounced.key
        message = email.message_from_bytes(content(report), policy=email.policy.default)
        assert message.get_content_type() == "multipart/report"
        assert "5.1.1" in str(message)
