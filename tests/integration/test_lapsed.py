"""What waits with whoever carries it, for a connection, a token or a place, is begun no more once it was claimed too
long ago: it is put back, and the gate is asked again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from holdfast.channels.carriers.http import HttpCarrier
from holdfast.channels.carriers.inbox import InboxCarrier
from holdfast.channels.carriers.smpp import SmppCarrier
from holdfast.channels.carriers.smpp_session import SmppDoor
from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.webhook import read
from holdfast.flows.delivery.lanes import SEND_WITHIN_MS
from holdfast.kernel.moments import to_millis
from holdfast.messages.parcel import Accepted, Lapsed, Parcel, Verdict
from holdfast.testing import FakeClock
from holdfast.testing.house import House
from tests.integration import test_inbox as inbox
from tests.integration import test_push as push
from tests.integration.smtp_servers import Scripted, running
from tests.integration.test_delivery import journey, people
from tests.integration.test_email_smtp import CALM, a_parcel
from tests.integration.test_sms_smpp import CALM as CALM_SMSC
from tests.integration.test_sms_smpp import Heard
from tests.integration.test_sms_smpp import a_parcel as a_text
from tests.integration.test_webhooks import a_hook
from tests.integration.test_webhooks import parcel as a_call
from tests.smsc import OK, Smsc
from tests.smsc import running as smsc_running

ADDRESS = {"type": "identify", "userId": "ada", "messageId": "i", "traits": {"email": "ada@mail.example"}}
NO_MORE = {"channel": "email", "granted": False}


def by(clock: FakeClock, parcel: Parcel) -> Parcel:
    """The parcel of a send that is claimed now."""
    return parcel.begun_by(to_millis(clock.now()) + SEND_WITHIN_MS)


@dataclass
class SlowGreeting(Scripted):
    """Time goes by until it greets whoever connects."""

    meanwhile: Callable[[], object] = lambda: None

    async def _say(self, stage: str, usual: bytes, writer: asyncio.StreamWriter) -> bool:
        if stage == "greeting":
            waited = self.meanwhile()
            if asyncio.iscoroutine(waited):
                await waited
        return await super()._say(stage, usual, writer)


async def test_a_mail_that_waited_for_its_connection_is_begun_no_more_and_the_connection_serves_the_next() -> None:
    clock = FakeClock()
    async with running(SlowGreeting(meanwhile=lambda: clock.advance(seconds=31))) as server:
        carrier = SmtpCarrier("127.0.0.1", server.port, tls="none", patience=CALM, clock=clock)
        assert await carrier.carry(by(clock, a_parcel())) == Lapsed()
        assert server.mails == []
        assert await carrier.carry(by(clock, a_parcel())) == Accepted("A1")
        assert server.connections == 1
        await carrier.close()


async def test_what_nobody_gave_a_moment_goes_whenever_it_can() -> None:
    clock = FakeClock()
    async with running(SlowGreeting(meanwhile=lambda: clock.advance(hours=9))) as server:
        carrier = SmtpCarrier("127.0.0.1", server.port, tls="none", patience=CALM, clock=clock)
        assert await carrier.carry(a_parcel()) == Accepted("A1")
        await carrier.close()


@dataclass
class ClockOf:
    """The clock of a house that is still to be built."""

    house: House | None = None

    def now(self) -> datetime:
        assert self.house is not None
        return self.house.clock.now()


@pytest.mark.parametrize("transactional", [False, True])
async def test_who_opts_out_while_a_connection_is_waited_for_is_not_written_to(
    tmp_path: Path, *, transactional: bool
) -> None:
    clock = ClockOf()
    server = SlowGreeting()
    async with running(server):
        carrier = SmtpCarrier("127.0.0.1", server.port, tls="none", patience=CALM, clock=clock)
        house = clock.house = await House.build(tmp_path, carrier=cast("Any", carrier))

        async def opts_out() -> None:
            assert clock.house is not None
            if server.connections > 1:
                return
            said = {"type": "track", "userId": "ada", "messageId": "c", "event": "Consent Changed"}
            body = json.dumps({"batch": [{**said, "properties": NO_MORE}]}).encode()
            await clock.house.app.collector.collect("batch", body, "default")
            clock.house.clock.advance(seconds=40)

        server.meanwhile = opts_out
        await house.publish(journey(transactional=transactional))
        await house.happens(ADDRESS, people("mail.example", 1)[1] | {"userId": "ada"})
        async with house.app.state.view() as view:
            totals = await view.send_totals(None)
        assert totals == ({"sent": 1} if transactional else {"withheld": 1})
        assert len(server.mails) == transactional
        await house.app.close()


async def test_a_text_that_waited_for_its_session_is_begun_no_more() -> None:
    clock = FakeClock()
    smsc = Smsc()

    def binds(number: int) -> int:
        clock.advance(minutes=2)
        return OK

    smsc.bind_status = binds
    async with smsc_running(smsc):
        carrier = an_smpp_carrier(smsc, clock)
        assert await carrier.carry(by(clock, a_text())) == Lapsed()
        assert await carrier.carry(by(clock, a_text())) == Accepted("1001")
        await carrier.close()
    assert smsc.binds == 1


async def test_a_text_that_waited_for_its_place_is_begun_no_more_and_of_one_that_was_the_rest_goes() -> None:
    clock = FakeClock()
    smsc = Smsc()

    def answers(number: int) -> int:
        if number == 1:
            clock.advance(minutes=2)
        return OK

    smsc.answer = answers
    async with smsc_running(smsc):
        carrier = an_smpp_carrier(smsc, clock, window=1)
        sent: Sequence[Verdict] = await asyncio.gather(
            carrier.carry(by(clock, a_text("x" * 400))), carrier.carry(by(clock, a_text(key="b" * 32)))
        )
        await carrier.close()
    assert list(sent) == [Accepted("1003"), Lapsed()]
    assert len(smsc.taken) == 3, "half a message is worse than a late one"


def an_smpp_carrier(smsc: Smsc, clock: FakeClock, window: int = 10) -> SmppCarrier:
    return SmppCarrier(
        SmppDoor(host="127.0.0.1", port=smsc.port, system_id="holdfast", password="secret"),
        told=Heard(),
        now_ms=lambda: to_millis(clock.now()),
        window=window,
        patience=CALM_SMSC,
    )


async def test_a_push_message_that_waited_for_a_token_is_begun_no_more() -> None:
    clock = FakeClock()
    async with push.firebase(clock) as (service, settings, carrier):
        service.devices = {"t1", "t2"}
        gives = service._token
        waits = iter((True, False))

        def slowly(asked: Any) -> Any:
            given = gives(asked)
            if next(waits):
                clock.advance(seconds=40)
            return given

        setattr(service, "_token", slowly)  # noqa: B010 - A method is replaced on purpose.
        message = push.for_firebase(settings, push.android("t1"), push.android("t2"))
        assert await carrier.carry(by(clock, message)) == Lapsed()
        assert service.shown == []
        assert isinstance(await carrier.carry(by(clock, message)), Accepted)
        assert len(service.shown) == 2
        assert len(service.tokens) == 1, "what was waited for is there for the next"


async def test_a_call_that_waited_for_its_connection_is_begun_no_more() -> None:
    clock = FakeClock()

    def seals(parcel: Parcel) -> dict[str, str]:
        clock.advance(seconds=20)  # In the place of the wait, which comes right after it.
        return {}

    carrier = HttpCarrier(read=read, allow_private=True, seal=seals, clock=clock)
    async with a_hook() as hook:
        assert await carrier.carry(by(clock, a_call(hook.url))) == Accepted("200")
        late = by(clock, a_call(hook.url))
        clock.advance(seconds=15)
        assert await carrier.carry(late) == Lapsed()
        assert len(hook.calls) == 1
        again: Verdict = await carrier.carry(by(clock, a_call(hook.url)))
        assert again == Accepted("200")
        await carrier.close()
        await asyncio.sleep(0.05)  # The server hears that both connections are closed.


async def test_what_waited_for_the_inbox_to_be_written_to_is_kept_for_nobody(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    site = inbox.Site(house)
    await site.known(inbox.ADA)
    first, late = by(house.clock, await site.parcel(inbox.ADA, "one")), await site.parcel(inbox.ADA, "two")
    late = by(house.clock, late)
    carrier = InboxCarrier(house.app.state, house.clock)
    assert await carrier.carry(first) == Accepted(first.key)
    async with house.app.state.begin():
        waiting = asyncio.ensure_future(carrier.carry(late))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        house.clock.advance(seconds=31)
    assert await waiting == Lapsed()
    await house.app.close()
