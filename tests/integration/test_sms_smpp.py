"""The SMPP carrier against a message centre that throttles, breaks off, falls silent, and brings what people write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from holdfast.channels.carriers.smpp import SmppCarrier, Told
from holdfast.channels.carriers.smpp_session import BROUGHT_MOST, SmppDoor, SmppPatience
from holdfast.channels.declared import providers
from holdfast.channels.opening import Outside, SetUp, open_together
from holdfast.channels.smpp import SmppSettings, submission
from holdfast.messages.heard.inbound import Incoming, Receipt
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.places import SystemClock
from tests.smsc import HANG_UP, NACK, OK, SILENCE, THROTTLED, ReceiptForm, Smsc, running
from tests.unit.channels.sends import DESK, a_send, words_on

CALM = SmppPatience(connect=5, bind=5, answer=5, quiet=60, pause=0.02, parts=5, again_least=0.01, again_most=0.05)
HASTY = SmppPatience(
    connect=5, bind=0.2, answer=0.2, quiet=60, pause=0.02, parts=0.1, again_least=0.01, again_most=0.05
)
NOW_MS = 1_795_771_800_000


class Heard:
    """What was told, and the wait for it."""

    def __init__(self) -> None:
        self.things: list[Receipt | Incoming] = []
        self.fails = 0

    async def __call__(self, things: Sequence[Receipt | Incoming]) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("the log is not there")
        self.things += things


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not holds():
            await asyncio.sleep(0.002)


def a_parcel(text: str = "Hello", key: str = "a" * 32) -> Parcel:
    body = submission(text, key=key, sender="Tea", to="+436641234567")
    return Parcel(key=key, channel="sms", sender="Tea", to="+436641234567", body=body, headers={})


@asynccontextmanager
async def carrying(
    smsc: Smsc,
    *,
    told: Told | None = None,
    patience: SmppPatience = CALM,
    window: int = 10,
    password: str = "secret",
    hexadecimal_ids: bool = False,
) -> AsyncIterator[SmppCarrier]:
    async with running(smsc):
        carrier = SmppCarrier(
            SmppDoor(host="127.0.0.1", port=smsc.port, system_id="holdfast", password=password),
            told=told or Heard(),
            now_ms=lambda: NOW_MS,
            window=window,
            patience=patience,
            hexadecimal_ids=hexadecimal_ids,
        )
        try:
            yield carrier
        finally:
            await carrier.close()


async def test_messages_go_out_over_one_session_through_a_window() -> None:
    smsc = Smsc()
    async with carrying(smsc) as carrier:
        verdicts = await asyncio.gather(*(carrier.carry(a_parcel(f"No {each}", f"{each:032}")) for each in range(50)))
    ids = [each.provider_id for each in verdicts if isinstance(each, Accepted)]
    assert sorted(ids) == [f"{1001 + each}" for each in range(50)]
    assert sorted(smsc.texts) == sorted(f"No {each}".encode() for each in range(50))
    assert smsc.binds == 1
    assert 1 < smsc.open_most <= 10
    assert smsc.heard[-1] == "unbind"


async def test_a_long_message_is_known_by_its_last_part() -> None:
    smsc = Smsc()
    async with carrying(smsc) as carrier:
        assert await carrier.carry(a_parcel("x" * 400)) == Accepted("1003")
    assert [each.registered_delivery for each in smsc.taken] == [0, 0, 1]
    assert [each.short_message[5] for each in smsc.taken] == [1, 2, 3]
    assert len({each.short_message[3] for each in smsc.taken}) == 1


@pytest.mark.parametrize("form", ["words", "options"])
async def test_receipts_come_back_by_the_id_that_was_given(form: ReceiptForm) -> None:
    smsc, told = Smsc(receipts=form), Heard()
    async with carrying(smsc, told=told) as carrier:
        assert await carrier.carry(a_parcel()) == Accepted("1001")
        await until(lambda: len(smsc.answered) == 1)
    (receipt,) = told.things
    assert isinstance(receipt, Receipt)
    assert (receipt.kind, receipt.provider_id, receipt.address) == ("delivered", "1001", "+436641234567")
    assert receipt.at_ms == NOW_MS
    assert [status for _, status in smsc.answered] == [OK]


async def test_ids_are_one_though_they_are_written_in_two_ways() -> None:
    smsc, told = Smsc(receipts="words", hexadecimal_ids=True), Heard()
    async with carrying(smsc, told=told, hexadecimal_ids=True) as carrier:
        answer = await carrier.carry(a_parcel())
        await until(lambda: bool(told.things))
    (receipt,) = told.things
    assert isinstance(answer, Accepted)
    assert isinstance(receipt, Receipt)
    assert answer.provider_id == receipt.provider_id == "3E9"


async def test_too_many_in_a_second_are_deferred_and_the_provider_is_spared() -> None:
    smsc = Smsc(per_second=20)
    async with carrying(smsc) as carrier:
        verdicts = await asyncio.gather(*(carrier.carry(a_parcel(key=f"{each:032}")) for each in range(40)))
    deferred = [each for each in verdicts if isinstance(each, Deferred)]
    assert {each.blame for each in deferred} == {"provider"}
    assert {each.after_seconds for each in deferred} == {5}
    assert len(deferred) == smsc.throttled > 0
    assert len(smsc.taken) + len(deferred) == 40, "what was throttled was not taken, and what was taken was said to be"


async def test_after_a_throttled_one_nothing_is_submitted_for_a_moment() -> None:
    smsc = Smsc(answer=lambda number: THROTTLED if number == 1 else OK)
    async with carrying(smsc, window=1, patience=SmppPatience(pause=0.1)) as carrier:
        await asyncio.gather(carrier.carry(a_parcel()), carrier.carry(a_parcel(key="b" * 32)))
    assert smsc.came[1] - smsc.came[0] >= 0.09


async def test_the_rest_of_a_message_follows_when_its_first_part_was_taken() -> None:
    smsc = Smsc(answer=lambda number: THROTTLED if number in (2, 3, 4) else OK)
    async with carrying(smsc) as carrier:
        assert isinstance(await carrier.carry(a_parcel("x" * 400)), Accepted)
    assert sorted(each.short_message[5] for each in smsc.taken) == [1, 2, 3], "each part once"


async def test_half_a_message_is_in_doubt_and_no_part_is_sent_twice() -> None:
    smsc = Smsc(answer=lambda number: OK if number == 1 else THROTTLED)
    async with carrying(smsc, patience=HASTY) as carrier:
        answer = await carrier.carry(a_parcel("x" * 400))
    assert isinstance(answer, InDoubt)
    assert answer.reason.startswith("1 of its 3 parts were taken")
    assert len(smsc.taken) == 1


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (THROTTLED, Deferred("The message centre said 0x58 (ESME_RTHROTTLED, too many in a second)", 5, "provider")),
        (0x0B, Refused("The message centre said 0x0b (ESME_RINVDSTADR, the number is not valid there)")),
        (0x14, Deferred("The message centre said 0x14 (ESME_RMSGQFUL, its queue is full)", 60, "provider")),
    ],
)
async def test_a_status_is_a_verdict(status: int, means: Verdict) -> None:
    async with carrying(Smsc(answer=lambda number: status)) as carrier:
        assert await carrier.carry(a_parcel()) == means


async def test_a_part_that_is_refused_refuses_the_message() -> None:
    async with carrying(Smsc(answer=lambda number: 0x45 if number == 2 else OK)) as carrier:
        answer = await carrier.carry(a_parcel("x" * 200))
    assert isinstance(answer, Refused)
    assert answer.reason.startswith("Part 2 of 2: ")


@pytest.mark.parametrize("end", [SILENCE, HANG_UP])
async def test_what_was_submitted_and_not_answered_is_in_doubt(end: int) -> None:
    smsc = Smsc(answer=lambda number: end if number == 1 else OK)
    async with carrying(smsc, patience=HASTY) as carrier:
        assert isinstance(await carrier.carry(a_parcel()), InDoubt)
        assert await carrier.carry(a_parcel(key="b" * 32)) == Accepted("1001"), "it is bound again by itself"
    assert smsc.binds == (2 if end == HANG_UP else 1)


async def test_a_lost_session_is_known_at_once_by_all_that_wait() -> None:
    smsc = Smsc(answer=lambda number: HANG_UP if number == 3 else SILENCE)
    async with carrying(smsc, patience=SmppPatience(answer=600, again_least=0.01)) as carrier, asyncio.timeout(120):
        verdicts = await asyncio.gather(*(carrier.carry(a_parcel(key=f"{each:032}")) for each in range(3)))
    assert all(isinstance(each, InDoubt) for each in verdicts)


async def test_a_command_that_is_not_understood_was_not_taken() -> None:
    async with carrying(Smsc(answer=lambda number: NACK)) as carrier:
        assert isinstance(await carrier.carry(a_parcel()), Deferred)


async def test_a_wrong_password_defers_and_says_so() -> None:
    async with carrying(Smsc(), password="wrong") as carrier:
        answer = await carrier.carry(a_parcel())
    assert isinstance(answer, Deferred)
    assert answer.blame == "provider"
    assert "0x0e (ESME_RINVPASWD, wrong password)" in answer.reason
    assert "secret" not in answer.reason


async def test_a_password_smpp_cannot_carry_defers_and_says_so() -> None:
    async with carrying(Smsc(), password="much too long") as carrier:
        answer = await carrier.carry(a_parcel())
    assert isinstance(answer, Deferred)
    assert "8 of password" in answer.reason
    assert "much too long" not in answer.reason


async def test_no_message_centre_at_all_defers() -> None:
    smsc = Smsc()
    async with running(smsc):
        port = smsc.port
    carrier = SmppCarrier(
        SmppDoor(host="127.0.0.1", port=port, system_id="a", password="b"),
        told=Heard(),
        now_ms=lambda: 0,
        patience=CALM,
    )
    answer = await carrier.carry(a_parcel())
    await carrier.close()
    assert isinstance(answer, Deferred)
    assert answer.blame == "provider"
    assert isinstance(await carrier.carry(a_parcel()), Deferred), "once closed it stays closed"


async def test_a_refused_bind_is_tried_again() -> None:
    smsc = Smsc(bind_status=lambda number: 0x0D if number < 3 else OK)
    async with carrying(smsc) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 3)
        async with asyncio.timeout(120):
            while not isinstance(await carrier.carry(a_parcel()), Accepted):
                await asyncio.sleep(0.01)


async def test_a_wrong_password_is_not_tried_again_at_once() -> None:
    smsc = Smsc()
    patience = SmppPatience(again_least=0.001, again_most=60)
    async with carrying(smsc, password="wrong", patience=patience) as carrier:
        for _ in range(5):
            assert isinstance(await carrier.carry(a_parcel()), Deferred)
            await asyncio.sleep(0.02)
    assert smsc.binds == 1


async def test_a_dead_line_is_noticed_and_bound_again() -> None:
    smsc = Smsc(keeps_link=False)
    patience = SmppPatience(quiet=0.05, link=0.05, again_least=0.01, again_most=0.02)
    async with carrying(smsc, patience=patience) as carrier:
        carrier.start()
        await until(lambda: smsc.binds >= 2)
    assert "enquire_link" in smsc.heard


async def test_a_quiet_line_that_answers_is_kept() -> None:
    smsc = Smsc()
    patience = SmppPatience(quiet=0.02, link=5, again_least=0.01, again_most=0.02)
    async with carrying(smsc, patience=patience) as carrier:
        carrier.start()
        await until(lambda: smsc.heard.count("enquire_link") >= 3)
        smsc.say("enquire_link")
        await until(lambda: "enquire_link_resp" in smsc.heard)
    assert smsc.binds == 1


async def test_the_message_centre_may_end_the_session() -> None:
    smsc = Smsc()
    async with carrying(smsc) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1 and smsc._writers != [])
        smsc.say("unbind")
        await until(lambda: smsc.binds == 2)
        assert isinstance(await carrier.carry(a_parcel()), Accepted)
    assert "unbind_resp" in smsc.heard


async def test_what_people_write_is_told_and_then_answered() -> None:
    smsc, told = Smsc(), Heard()
    async with carrying(smsc, told=told) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1)
        first = smsc.deliver(b"STOP")
        second = smsc.deliver("Привет".encode("utf-16-be"), coding=8, sender="436649999999")
        await until(lambda: len(smsc.answered) == 2)
    assert [(each.address, each.text) for each in told.things if isinstance(each, Incoming)] == [
        ("+436641234567", "STOP"),
        ("+436649999999", "Привет"),
    ]
    assert smsc.answered == [(first, OK), (second, OK)]


async def test_what_could_not_be_taken_stays_with_the_message_centre() -> None:
    smsc, told = Smsc(), Heard()
    told.fails = 1
    async with carrying(smsc, told=told) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1)
        smsc.deliver(b"STOP")
        await until(lambda: len(smsc.answered) == 1)
        assert told.things == []
        smsc.deliver(b"STOP")
        await until(lambda: len(smsc.answered) == 2)
    assert [status for _, status in smsc.answered] == [0x64, OK]
    assert len(told.things) == 1


async def test_more_than_can_be_held_stays_with_the_message_centre() -> None:
    smsc, goes_on = Smsc(), asyncio.Event()

    async def told(things: Sequence[Receipt | Incoming]) -> None:
        await goes_on.wait()

    async with carrying(smsc, told=told) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1)
        for _ in range(BROUGHT_MOST + 1):
            smsc.deliver(b"x")
        await until(lambda: bool(smsc.answered))
        assert [status for _, status in smsc.answered] == [0x14]
        goes_on.set()
        await until(lambda: len(smsc.answered) == BROUGHT_MOST + 1)
        smsc.deliver(b"x")
        await until(lambda: len(smsc.answered) == BROUGHT_MOST + 2)
    assert {status for _, status in smsc.answered[1:]} == {OK}


def a_part(number: int, of: int, text: bytes) -> bytes:
    return bytes((5, 0, 3, 77, of, number)) + text


async def test_a_message_in_parts_is_told_and_answered_as_one() -> None:
    smsc, told = Smsc(), Heard()
    async with carrying(smsc, told=told) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1)
        smsc.deliver(a_part(2, 2, b"world"), esm_class=0x40)
        smsc.deliver(b"between")
        await until(lambda: len(smsc.answered) == 1)
        assert [each.text for each in told.things if isinstance(each, Incoming)] == ["between"], "half of it waits"
        smsc.deliver(a_part(1, 2, b"Hello "), esm_class=0x40)
        await until(lambda: len(smsc.answered) == 3)
    assert [each.text for each in told.things if isinstance(each, Incoming)] == ["between", "Hello world"]


async def test_a_part_that_does_not_come_is_not_waited_for_forever() -> None:
    smsc, told = Smsc(), Heard()
    async with carrying(smsc, told=told, patience=HASTY) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1)
        smsc.deliver(a_part(1, 2, b"Hello "), esm_class=0x40)
        await until(lambda: len(smsc.answered) == 1)
    (thing,) = told.things
    assert isinstance(thing, Incoming)
    assert (thing.text, thing.extra) == ("Hello ", {"parts": 2, "missing": [2]})


async def test_a_delivery_that_cannot_be_read_does_not_stop_the_next() -> None:
    smsc, told = Smsc(), Heard()
    async with carrying(smsc, told=told) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1)
        smsc.write_raw(bytes((0, 0, 0, 18, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2)))
        smsc.deliver(b"after it")
        await until(lambda: len(smsc.answered) == 2)
    assert [each.text for each in told.things if isinstance(each, Incoming)] == ["after it"]


async def test_an_unknown_command_is_said_to_be_one() -> None:
    smsc = Smsc()
    async with carrying(smsc) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1)
        smsc.write_raw(bytes((0, 0, 0, 16, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 9)))
        await until(lambda: "generic_nack" in smsc.heard)
        assert isinstance(await carrier.carry(a_parcel()), Accepted)


async def test_what_is_no_smpp_ends_the_session_and_the_next_one_works() -> None:
    smsc = Smsc()
    async with carrying(smsc) as carrier:
        carrier.start()
        await until(lambda: smsc.binds == 1)
        smsc.write_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await until(lambda: smsc.binds == 2)
        assert isinstance(await carrier.carry(a_parcel()), Accepted)


async def test_what_is_no_parcel_for_it_is_refused() -> None:
    async with carrying(Smsc()) as carrier:
        for body in (b"", b"Subject: a mail of more than sixteen bytes"):
            parcel = Parcel(key="a", channel="sms", sender="", to="", body=body, headers={})
            assert isinstance(await carrier.carry(parcel), Refused)


async def test_a_connection_is_opened_and_hears() -> None:
    heard: list[tuple[str, str, str]] = []

    async def told(connection: str, medium: str, things: Sequence[Receipt | Incoming]) -> None:
        heard.extend((connection, medium, type(each).__name__) for each in things)

    async with running(Smsc(receipts="words")) as smsc:
        settings = SmppSettings(
            host="127.0.0.1", port=smsc.port, system_id="holdfast", password="secret", senders="Tea"
        )
        set_up = SetUp(declared=providers()["smpp"], settings=settings, desk=DESK)
        channel, carrier = open_together([set_up], Outside(clock=SystemClock(), private=True, told=told))
        await until(lambda: smsc.binds == 1)
        smsc.deliver(b"STOP")
        parcel = channel.parcel(a_send("sms", "+436641234567"), words_on("sms", {"text": "Hello"}))
        assert isinstance(parcel, Parcel)
        assert isinstance(await carrier.carry(parcel), Accepted)
        await until(lambda: len(smsc.answered) == 2)
        await carrier.close()
    assert sorted(heard) == [("main", "sms", "Incoming"), ("main", "sms", "Receipt")]


async def nobody(connection: str, medium: str, things: Sequence[Receipt | Incoming]) -> None:
    raise OSError("nobody is there")


async def test_where_nobody_hears_the_message_centre_keeps_it() -> None:
    async with running(Smsc()) as smsc:
        settings = SmppSettings(
            host="127.0.0.1", port=smsc.port, system_id="holdfast", password="secret", senders="Tea"
        )
        set_up = SetUp(declared=providers()["smpp"], settings=settings, desk=DESK)
        _, carrier = open_together([set_up], Outside(clock=SystemClock(), private=True, told=nobody))
        await until(lambda: smsc.binds == 1)
        smsc.deliver(b"STOP")
        await until(lambda: len(smsc.answered) == 1)
        await carrier.close()
    assert [status for _, status in smsc.answered] == [0x64]
