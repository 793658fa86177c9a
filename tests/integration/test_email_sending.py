"""Claimed sends seen through: rendered, carried to a real mailbox, settled; and what is done when that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.email_smtp import email_channel
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.lanes import ROOM, Lanes
from holdfast.flows.delivery.send import (
    ATTEMPTS_MOST,
    FIRST_WAIT_SECONDS,
    JITTER,
    WAIT_SECONDS_MOST,
    Office,
    Sender,
    settlement_of,
    wait_seconds,
)
from holdfast.flows.journey.decide import publish
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.carrier import Carrier
from holdfast.ports.state import Send, Settlement
from holdfast.ports.web import Call, FetchedOrNot
from holdfast.stores.mailbox import SqliteMailbox
from holdfast.stores.mailbox.server import MailboxServer
from holdfast.testing import START, FakeClock, MemoryState, a_profile, a_send
from holdfast.testing.filling import FakeWeb, a_filler

LINKER = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")
NOW_MS = to_millis(START)


def journey(subject: str, html: str) -> dict[str, Any]:
    return {
        "id": "cart-rescue",
        "name": "Cart rescue",
        "holdout": 0.0,
        "goal": {"event": "Order Completed", "within_seconds": 3_600},
        "start": "cart",
        "steps": {
            "cart": {"type": "trigger", "event": "Checkout Started", "again": "once", "exits": {"entered": "mail"}},
            "mail": {
                "type": "send",
                "channel": "email",
                "topic": "marketing",
                "template": {"subject": subject, "html": html},
                "exits": {"sent": "done", "withheld": "done"},
            },
            "done": {"type": "exit"},
        },
    }


class Answering:
    """A provider that answers what it is told to, and counts."""

    def __init__(self, answer: Callable[[Parcel], Verdict]) -> None:
        self.answer = answer
        self.carried: list[Parcel] = []

    async def carry(self, parcel: Parcel) -> Verdict:
        self.carried.append(parcel)
        await asyncio.sleep(0)
        return self.answer(parcel)

    async def close(self) -> None: ...


class Mails:
    """A sender with everything it needs."""

    def __init__(self, carrier: Carrier) -> None:
        self.state = MemoryState()
        self.clock = FakeClock()
        self.settled: list[Settlement] = []
        channel = email_channel("Tea & Cup <shop@shop.example>", linker=LINKER, workspace_name="Tea & Cup")
        self.lanes = Lanes({"email": channel.doubt})
        self.sender = Sender(
            state=self.state,
            clock=self.clock,
            offices={"email": Office(channel=channel, carrier=carrier)},
            lanes=self.lanes,
            linker=LINKER,
            workspace_name="Tea & Cup",
            settle=self.settled.extend,
            filler=a_filler(self.state, self.clock),
        )

    async def prepare(self, subject: str = "Hi {{ person.first_name }}", html: str = "<p>{{ event.name }}</p>") -> None:
        await publish(self.state, "journey", json.dumps(journey(subject, html)).encode(), now=START)
        async with self.state.begin() as transaction:
            zoe = IdentityKey(kind="user", value="zoe")
            number = (await transaction.add_identities([zoe], NOW_MS))[zoe].id
            await transaction.put_profiles({number: a_profile(first_name="Zoë", email="zoe@mail.example")})

    async def see_through(self, *sends: Send) -> list[Settlement]:
        self.sender.take(sends)
        await self.sender.finish(seconds=10)
        return self.settled


def send(number: int = 1, **fields: Any) -> Send:
    given = {"address": f"p{number}@mail.example", "state": "claimed", "attempts": 1} | fields
    return a_send(effect_key("cart", number), variables={"event": {"name": "Checkout Started"}}, **given)


@asynccontextmanager
async def mailbox(directory: Path) -> AsyncIterator[tuple[SqliteMailbox, int]]:
    kept = SqliteMailbox(directory)
    server = MailboxServer(kept, FakeClock())
    try:
        yield kept, await server.start()
    finally:
        await server.close()
        await kept.close()


async def test_a_send_becomes_a_mail(tmp_path: Path) -> None:
    async with mailbox(tmp_path) as (kept, port):
        office = Mails(SmtpCarrier("127.0.0.1", port, tls="none"))
        await office.prepare(
            html='<p>{{ event.name }} at {{ workspace.name }}</p><a href="{{ links.unsubscribe }}">no more</a>'
        )
        (settled,) = await office.see_through(send())
        assert (settled.state, settled.key) == ("sent", send().key)
        (mail,), _ = await kept.find(to="p1@mail.example", text="", limit=5, before=None)
        assert mail.subject == "Hi Zoë"
        assert mail.send == send().key
        opened = await kept.read(mail.id)
        assert opened is not None
        assert "Checkout Started at Tea &amp; Cup" in opened.html
        assert opened.links == [LINKER.unsubscribe(send().key)], "the unsubscribe link itself is not tracked"


async def test_many_sends_are_each_made_once() -> None:
    carrier = Answering(lambda parcel: Accepted(parcel.to))
    office = Mails(carrier)
    await office.prepare()
    settled = await office.see_through(*(send(number) for number in range(ROOM)))
    assert {each.state for each in settled} == {"sent"}
    assert len({each.key for each in settled}) == len(carrier.carried) == ROOM


async def test_a_retry_sends_the_very_same_bytes() -> None:
    carrier = Answering(lambda _: Deferred("not now"))
    office = Mails(carrier)
    await office.prepare(html="<p>{{ 'now' | date: '%H:%M:%S' }}</p>")
    await office.see_through(send())
    again = Mails(carrier)
    await again.prepare(html="<p>{{ 'now' | date: '%H:%M:%S' }}</p>")
    again.clock.advance(hours=5)
    await again.see_through(send(attempts=2))
    assert carrier.carried[0] == carrier.carried[1]


@pytest.mark.parametrize(
    ("html", "address", "because"),
    [
        ("{{ 1 | divided_by: event.properties.nothing }}", "zoe@mail.example", "rendered"),
        ("{% for i in (1..1000000000) %}x{% endfor %}", "zoe@mail.example", "rendered"),
        ("{{ person.nothing }}", "zoe@mail.example", "rendered"),
        ("<p>x</p>", "not an address", "no mail address"),
    ],
)
async def test_what_cannot_be_said_fails_with_the_reason_and_is_never_carried(
    html: str, address: str, because: str
) -> None:
    carrier = Answering(lambda _: Accepted())
    office = Mails(carrier)
    await office.prepare(html=html)
    (settled,) = await office.see_through(send(address=address))
    assert settled.state == "failed"
    assert because in settled.reason
    assert not settled.gone
    assert not carrier.carried


async def test_a_send_of_a_version_nobody_knows_fails() -> None:
    office = Mails(Answering(lambda _: Accepted()))
    await office.prepare()
    (settled,) = await office.see_through(send(version=9))
    assert settled.state == "failed"


async def test_a_send_of_somebody_nobody_knows_holds_no_place_for_ever() -> None:
    office = Mails(Answering(lambda _: Accepted()))
    await office.prepare()
    settled = await office.see_through(send(1, identity=99), send(2))
    assert sorted(each.state for each in settled) == ["failed", "sent"]


async def test_a_carrier_that_raises_leaves_the_send_in_doubt() -> None:
    def broken(_: Parcel) -> Verdict:
        raise RuntimeError("a bug")

    office = Mails(Answering(broken))
    await office.prepare()
    (settled,) = await office.see_through(send())
    assert settled.state == "in_doubt"


async def test_what_is_not_done_when_time_is_up_is_in_doubt_or_not_begun() -> None:
    class Stuck(Answering):
        async def carry(self, parcel: Parcel) -> Verdict:
            self.carried.append(parcel)
            await asyncio.sleep(3_600)
            raise AssertionError

    carrier = Stuck(lambda _: Accepted())
    office = Mails(carrier)
    await office.prepare()
    office.sender.take([send(number) for number in range(ROOM)])
    while not carrier.carried:
        await asyncio.sleep(0.01)
    await office.sender.finish(seconds=0.05)
    states = {each.key: each.state for each in office.settled}
    handed = {each.key for each in carrier.carried}
    assert {key for key, state in states.items() if state == "in_doubt"} == handed
    assert {key for key, state in states.items() if state == "pending"} == states.keys() - handed
    assert len(states) == ROOM


VERDICTS: st.SearchStrategy[Verdict] = st.one_of(
    st.builds(Accepted, st.text()),
    st.builds(Deferred, st.text(), st.integers(0, 100_000)),
    st.builds(Refused, st.text(), st.booleans()),
    st.builds(InDoubt, st.text()),
)


@settings(deadline=None)
@given(VERDICTS, st.integers(1, ATTEMPTS_MOST + 2))
def test_a_verdict_settles_a_send(verdict: Verdict, attempts: int) -> None:
    settled = settlement_of(send(attempts=attempts), verdict, NOW_MS)
    match verdict:
        case Accepted(provider_id):
            assert (settled.state, settled.provider_id) == ("sent", provider_id)
        case Refused(_, gone):
            assert (settled.state, settled.gone) == ("failed", gone)
        case InDoubt():
            assert settled.state == "in_doubt"
        case Deferred(after_seconds=asked):
            waits = wait_seconds(send(attempts=attempts), verdict)
            assert settled.state == ("pending" if attempts < ATTEMPTS_MOST and waits <= 86_400 else "failed")
            assert settled.dead == (settled.state == "failed")
            if settled.state == "pending":
                assert settled.not_before_ms >= NOW_MS + asked * 1_000
    assert settled.gone <= (settled.state == "failed")


@settings(deadline=None)
@given(st.integers(1, ATTEMPTS_MOST - 1), st.binary(min_size=1, max_size=8))
def test_waits_grow_within_bounds_and_are_the_same_in_every_process(attempts: int, key: bytes) -> None:
    waiting = structs.replace(send(attempts=attempts), key=key.hex())
    waits = wait_seconds(waiting, Deferred("x", 0))
    assert waits == wait_seconds(waiting, Deferred("x", 0))
    doubled = min(WAIT_SECONDS_MOST, 30 * 2 ** (attempts - 1))
    assert doubled * (1 - JITTER) <= waits <= doubled * (1 + JITTER)
    assert wait_seconds(waiting, Deferred("x", 99_999)) == 99_999


def test_what_failed_together_does_not_come_back_together() -> None:
    waits: Sequence[float] = [wait_seconds(send(number), Deferred("x", 0)) for number in range(50)]
    assert len(set(waits)) == 50
    assert max(waits) - min(waits) > 5
    assert min(waits) < FIRST_WAIT_SECONDS < max(waits), "some come sooner and others later"


CODED = '<p>{% coupon "WELCOME" as c %}{{ c }}</p>'


async def left(state: MemoryState) -> int:
    async with state.view() as view:
        (pool,) = await view.coupon_pools()
    return pool.left


async def with_codes(office: Mails, html: str = CODED) -> None:
    async with office.state.begin() as transaction:
        await transaction.add_coupons("WELCOME", ["A1", "A2"], 1)
    await office.prepare(html=html)


async def test_a_code_goes_back_when_no_letter_can_be_made_of_it() -> None:
    office = Mails(Answering(lambda parcel: Accepted(parcel.to)))
    await with_codes(office)
    (settled,) = await office.see_through(send(address="no address at all"))
    assert (settled.state, await left(office.state)) == ("failed", 2)


@pytest.mark.parametrize("verdict", [Deferred("not now"), Refused("no"), InDoubt("who knows")])
async def test_a_code_that_was_handed_over_stays_with_its_send(verdict: Verdict) -> None:
    office = Mails(Answering(lambda _: verdict))
    await with_codes(office)
    await office.see_through(send())
    assert await left(office.state) == 1


class SlowWeb(FakeWeb):
    """Takes its time, by the clock."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    async def fetch(self, call: Call) -> FetchedOrNot:
        self._clock.advance(seconds=60)
        return await super().fetch(call)


async def test_what_took_too_long_to_write_is_asked_anew_whether_it_may_be_sent() -> None:
    carrier = Answering(lambda parcel: Accepted(parcel.to))
    office = Mails(carrier)
    web = SlowWeb(office.clock)
    office.sender._writer._filler = a_filler(office.state, office.clock, web=web, hosts="api.shop.example")
    await with_codes(office, CODED + '{% linked "https://api.shop.example/" as x %}')
    (settled,) = await office.see_through(send(send_by_ms=NOW_MS + 30_000))
    assert (settled.state, settled.untried, len(web.calls)) == ("pending", True, 1)
    assert carrier.carried == []
