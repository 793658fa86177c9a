"""Bounces as a real Postfix makes them: read, told, and followed by what must follow."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.email_smtp import email_channel
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.inbound import Arrivals
from holdfast.flows.delivery.life import message_life
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.mail.sending_domain import SendingDomain
from holdfast.messages.parcel import Accepted
from holdfast.testing import a_send
from holdfast.testing.house import House
from tests.postfix_server import postfix
from tests.unit.messages.signing import rsa_signer

REFUSALS = {
    "gone.example": "550 5.1.1 There is nobody by that name",
    "full.example": "552 5.2.2 Mailbox full",
    "wary.example": "550 5.7.1 Service unavailable; client host blocked",
}
BOUNCES = "bounces.shop.example"
ARRIVE_SECONDS = 60
WORDS = Words({"subject": "Hello", "html": "<p>Hello</p>", "text": ""})


class NextServer:
    """Refuses mail as `REFUSALS` says, and hands what comes to return addresses to who reads it."""

    def __init__(self, arrivals: Arrivals) -> None:
        self.arrivals = arrivals
        self.reports: asyncio.Queue[bool] = asyncio.Queue()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        refusal = REFUSALS.get(address.rpartition("@")[2])
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        assert isinstance(envelope.content, bytes)
        self.reports.put_nowait(await self.arrivals.mail(envelope.content, envelope.rcpt_tos))
        return "250 OK"


async def test_what_postfix_reports_is_understood(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    app = house.app
    linker = Linker(base_url="https://t.example", key=app.secret)
    domain = SendingDomain(name="shop.example", signers=(rsa_signer(),), bounce_host=BOUNCES)
    channel = email_channel("Shop <shop@shop.example>", linker=linker, workspace_name="shop", domain=domain)
    ada = IdentityKey(kind="user", value="ada")
    async with app.state.begin() as transaction:
        identity = (await transaction.add_identities([ada], 0))[ada].id
        sends = {host: a_send(effect_key(host), identity=identity, address=f"ada@{host}") for host in REFUSALS}
        await transaction.add_sends(list(sends.values()))
    behind = NextServer(app.arrivals)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(behind, hostname="next.example"), "127.0.0.1", 0
    )
    with postfix(server.sockets[0].getsockname()[1]) as port:
        carrier = SmtpCarrier("127.0.0.1", port, tls="none")
        try:
            for send in sends.values():
                assert isinstance(await carrier.carry(channel.parcel(send, WORDS)), Accepted)
            async with asyncio.timeout(ARRIVE_SECONDS):
                assert [await behind.reports.get() for _ in sends] == [True] * len(sends)
        finally:
            await carrier.close()
            server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 1)
    # The sends of this test are nobody's to make: only what was heard of them matters.
    async with app.state.begin() as transaction:
        await transaction.withhold_sends([each.key for each in sends.values()], "stopped", 0)
    await house.settle()
    async with app.state.view() as view:
        found = await view.suppressed("email", [each.address for each in sends.values()])
        assert found == {"ada@gone.example": "bounced"}, "a full mailbox and a refusal of us kill no address"
        assert await view.soft_bounces("email", "ada@full.example", 0) == 1
        assert await view.soft_bounces("email", "ada@wary.example", 0) == 0
        for host, refusal in REFUSALS.items():
            lived = await message_life(view, app.history, sends[host].key)
            assert lived.life.status == "bounced"
            assert refusal.partition(" ")[2] in lived.life.moments[-1].said
