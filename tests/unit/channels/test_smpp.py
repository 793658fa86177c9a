"""SMPP: our bytes as another implementation reads them, texts cut where they may be, receipts of every shape."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import smpp  # type: ignore[import-untyped]

from holdfast.channels.carriers.smpp import smpp_carrier
from holdfast.channels.smpp import SmppSettings, incoming_of, joined, receipt_of, smpp_channel, submission, verdict
from holdfast.channels.smpp_pdu import (
    PDU_BYTES_MOST,
    Command,
    GarbledError,
    Message,
    Pdu,
    PduReader,
    Place,
    pack_bind,
    pack_message,
    read_message,
)
from holdfast.channels.smpp_text import DefaultAlphabet, Part, encoded, read_text
from holdfast.decisions.fields import decode_fields, encode_fields
from holdfast.kernel.errors import Invalid
from holdfast.messages.parcel import Accepted, Deferred, Parcel, Refused
from holdfast.messages.text.sms_segments import decode_gsm, encode_gsm, is_gsm
from tests.unit.channels.sends import DESK, a_send, words_on

READ: dict[int, Callable[[bytes], str]] = {
    0: decode_gsm,
    3: lambda raw: raw.decode("latin-1"),
    8: lambda raw: raw.decode("utf-16-be"),
}
PLACE = Place("436641234567", 1, 1)
TEXTS = st.text(max_size=500) | st.text("aé€[]{}~😀Ω\x0c", max_size=400)


def as_smpplib_reads(raw: bytes) -> list[Any]:
    pdus = []
    while raw:
        (length,) = struct.unpack_from(">L", raw)
        pdus.append(smpp.parse_pdu(raw[:length], client=None, need_sequence=False, allow_unknown_opt_params=True))
        raw = raw[length:]
    return pdus


def a_message(text: bytes = b"", *, esm_class: int = 0x04, coding: int = 0, **options: bytes) -> Message:
    tags = {"id": 0x1E, "state": 0x427, "error": 0x423}
    given = {tags[name]: value for name, value in options.items()}
    return Message(source=PLACE, destination=PLACE, text=text, esm_class=esm_class, coding=coding, options=given)


@given(TEXTS, st.sampled_from(["gsm_7", "latin_1"]))
def test_another_implementation_reads_what_we_submit(text: str, alphabet: DefaultAlphabet) -> None:
    raw = submission(text, key="a" * 32, sender="+436601111111", to="+436641234567", alphabet=alphabet, valid_hours=50)
    read = as_smpplib_reads(raw)
    said = []
    for number, each in enumerate(read, 1):
        assert each.command == "submit_sm"
        assert (each.source_addr_ton, each.source_addr_npi, each.source_addr) == (1, 1, b"436601111111")
        assert (each.dest_addr_ton, each.dest_addr_npi, each.destination_addr) == (1, 1, b"436641234567")
        assert each.validity_period == b"000002020000000R"
        assert each.registered_delivery == (1 if number == len(read) else 0), "one message has one fate"
        assert len(each.short_message) <= 140 * (8 / 7 if each.data_coding == 0 else 1)
        body = each.short_message
        if len(read) > 1:
            assert each.esm_class == 0x40
            assert body[:3] == bytes((5, 0, 3))
            assert (body[4], body[5]) == (len(read), number)
            body = body[6:]
        said.append(READ[each.data_coding](body))
    # Each part by itself: no character is cut in two.
    assert "".join(said) == "".join("?" if "\ud800" <= each <= "\udfff" else each for each in text)


def test_a_retry_is_the_same_and_another_message_has_another_reference() -> None:
    def reference(key: str) -> int:
        return int(
            as_smpplib_reads(submission("x" * 200, key=key, sender="Tea", to="+436641234567"))[0].short_message[3]
        )

    assert reference("a") == reference("a")
    assert len({reference(str(each)) for each in range(50)}) > 40


@pytest.mark.parametrize(("sender", "kind", "plan"), [("Tea & Cup", 5, 0), ("12345", 3, 0), ("+436601111111", 1, 1)])
def test_a_sender_is_a_name_a_short_code_or_a_number(sender: str, kind: int, plan: int) -> None:
    (pdu,) = as_smpplib_reads(submission("Hi", key="a", sender=sender, to="+436641234567"))
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr.decode()) == (
        kind,
        plan,
        sender.removeprefix("+"),
    )
    assert pdu.validity_period == b""


@pytest.mark.parametrize(
    ("length", "char", "parts"),
    [(160, "a", 1), (161, "a", 2), (70, "Ж", 1), (71, "Ж", 2), (80, "€", 1), (81, "€", 2), (36, "😀", 2)],
)
def test_texts_are_cut_where_they_are_paid_for(length: int, char: str, parts: int) -> None:
    assert len(encoded(char * length, reference=1)[0]) == parts


SETTINGS = SmppSettings(
    host="smsc.example", system_id="holdfast", password="secret", senders="+436601111111\nDE: TeaCup", valid_hours=2
)


def parcel_of(to: str = "+436641234567", **parts: str) -> Parcel | Refused:
    words = words_on("sms", {"text": "Hello", **parts})
    parcel = smpp_channel(SETTINGS, DESK).parcel(a_send("sms", to), words)
    assert parcel == smpp_channel(SETTINGS, DESK).parcel(a_send("sms", to), words), "a retry is the same"
    return parcel


def test_a_send_is_submitted_from_the_sender_of_the_country() -> None:
    parcel = parcel_of(media_url="https://shop.example/a.jpg")
    assert isinstance(parcel, Parcel)
    (pdu,) = as_smpplib_reads(parcel.body)
    assert (pdu.source_addr, pdu.destination_addr) == (b"436601111111", b"436641234567")
    assert pdu.short_message == encode_gsm("Hello\nhttps://shop.example/a.jpg")
    assert pdu.validity_period == b"000000020000000R"
    there = parcel_of("+4915112345678")
    assert isinstance(there, Parcel)
    assert as_smpplib_reads(there.body)[0].source_addr == b"TeaCup"


def test_what_cannot_be_submitted_is_refused() -> None:
    assert isinstance(parcel_of(text="{% for a in (1..1000) %}" + "x" * 40 + "{% endfor %}"), Refused)
    with pytest.raises(ValueError, match="no telephone number"):
        parcel_of("0664")


@pytest.mark.parametrize("name", ["system_id", "password", "system_type"])
def test_words_that_smpp_cannot_carry_are_refused_when_they_are_set_up(name: str) -> None:
    with pytest.raises(Invalid) as wrong:
        smpp_channel(decode_fields(SmppSettings, {**encode_fields(SETTINGS), name: "geh€im"}, "$"), DESK)
    assert wrong.value.path == f"$.{name}"
    assert "geh€im" not in str(wrong.value)


def test_the_carrier_is_of_the_settings() -> None:
    async def told(things: object) -> None: ...

    carrier = smpp_carrier(replace(SETTINGS, tls=True, window=3, hexadecimal_ids=True), told=told, now_ms=lambda: 0)
    door = carrier._door
    assert (door.host, door.port, door.system_id, door.password) == ("smsc.example", 2775, "holdfast", "secret")
    assert door.context is not None
    assert door.context.check_hostname
    assert (carrier._window, carrier._hexadecimal_ids) == (3, True)


def test_another_implementation_reads_the_bind() -> None:
    raw = Pdu(command=Command.BIND_TRANSCEIVER, sequence=7, body=pack_bind("holdfast", "secret", "sms")).packed()
    (pdu,) = as_smpplib_reads(raw)
    assert (pdu.system_id, pdu.password, pdu.system_type, pdu.sequence) == (b"holdfast", b"secret", b"sms", 7)
    assert pdu.interface_version == 0x34


@pytest.mark.parametrize(
    "words", [("x" * 16, "", ""), ("x", "y" * 9, ""), ("x", "", "z" * 13), ("é", "", ""), ("a\0b", "", "")]
)
def test_words_that_cannot_stand_in_a_bind_are_refused(words: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match=r"SMPP takes|zero|ascii"):
        pack_bind(*words)


PDUS = st.builds(
    Pdu,
    command=st.integers(0, 2**32 - 1),
    status=st.integers(0, 2**32 - 1),
    sequence=st.integers(0, 2**32 - 1),
    body=st.binary(max_size=60),
)


@given(st.lists(PDUS, max_size=5), st.data())
def test_pdus_are_read_whatever_pieces_they_come_in(pdus: list[Pdu], data: st.DataObject) -> None:
    raw = b"".join(each.packed() for each in pdus)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    reader = PduReader()
    found: list[Pdu] = []
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        found += reader.feed(raw[start:end])
    assert found == pdus


@pytest.mark.parametrize("length", [0, 15, PDU_BYTES_MOST + 1, 2**32 - 1])
def test_a_pdu_of_an_impossible_length_is_garbled(length: int) -> None:
    with pytest.raises(GarbledError):
        PduReader().feed(struct.pack(">LLLL", length, 4, 0, 1))


@given(st.sampled_from([Command.DELIVER_SM, Command.DATA_SM]), st.binary(max_size=120))
def test_any_bytes_are_a_message_or_garbled(command: Command, body: bytes) -> None:
    try:
        message = read_message(Pdu(command=command, body=body))
    except GarbledError:
        return
    read_text(message)
    receipt_of(message, 0)
    incoming_of(message, 0)


MESSAGES = st.builds(
    Message,
    source=st.builds(Place, st.text("0123456789", max_size=20), st.integers(0, 255), st.integers(0, 255)),
    destination=st.builds(Place, st.text("0123456789", max_size=20), st.integers(0, 255), st.integers(0, 255)),
    text=st.binary(max_size=254),
    coding=st.integers(0, 255),
    esm_class=st.integers(0, 255),
    service=st.text("abc", max_size=5),
    registered=st.integers(0, 255),
    options=st.dictionaries(st.integers(1, 0x200), st.binary(max_size=20), max_size=3),
)


@given(MESSAGES)
def test_a_message_packed_and_read_is_the_same(message: Message) -> None:
    pdu = Pdu(command=Command.DELIVER_SM, body=pack_message(message))
    assert read_message(pdu) == message
    for cut in range(len(pdu.body)):
        try:
            short = read_message(Pdu(command=Command.DELIVER_SM, body=pdu.body[:cut]))
        except GarbledError:
            continue
        assert short.text == message.text, "cut off within its text"
    read_text(message)
    receipt_of(message, 0, hexadecimal=True)


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (0x58, Deferred("The message centre said 0x58 (ESME_RTHROTTLED, too many in a second)", 5, "provider")),
        (0x14, Deferred("The message centre said 0x14 (ESME_RMSGQFUL, its queue is full)", 60, "provider")),
        (0x0E, Deferred("The message centre said 0x0e (ESME_RINVPASWD, wrong password)", 60, "provider")),
        (0x0B, Refused("The message centre said 0x0b (ESME_RINVDSTADR, the number is not valid there)")),
        (0x0A, Refused("The message centre said 0x0a (ESME_RINVSRCADR, the sender is not permitted)")),
        (0x45, Refused("The message centre said 0x45 (ESME_RSUBMITFAIL, it could not be submitted)")),
        (0x400, Refused("The message centre said 0x400 (its own code)")),
    ],
)
def test_statuses_mean_what_the_standard_says(status: int, means: Deferred | Refused) -> None:
    assert verdict(status) == means


@given(st.integers(0, 2**32 - 1))
def test_any_status_is_a_verdict(status: int) -> None:
    answer = verdict(status, "id")
    assert isinstance(answer, Accepted) == (status == 0)
    assert not (isinstance(answer, Refused) and answer.gone), "no status says that a number is dead"


WORDS = b"id:%s sub:001 dlvrd:001 submit date:2611220810 done date:2611220811 stat:%s err:003 text:id:9 stat:UNDELIV"


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("DELIVRD", "delivered"),
        ("UNDELIV", "failed"),
        ("EXPIRED", "failed"),
        ("REJECTD", "failed"),
        ("ACCEPTD", "sent"),
        ("ENROUTE", "sent"),
    ],
)
def test_a_receipt_in_words(state: str, kind: str) -> None:
    receipt = receipt_of(a_message(WORDS % (b"0012", state.encode())), 5)
    assert receipt is not None
    assert (receipt.kind, receipt.provider_id, receipt.at_ms, receipt.address) == (kind, "0012", 5, "+436641234567")
    assert receipt.reason == (f"{state}, network error 003" if kind == "failed" else "")
    assert not receipt.gone


def test_a_receipt_in_other_words() -> None:
    receipt = receipt_of(a_message(b"Stat:delivrd ID:77 Err:000 Text:"), 5)
    assert receipt is not None
    assert (receipt.kind, receipt.provider_id) == ("delivered", "77")


def test_optional_parameters_are_believed_before_words() -> None:
    said = a_message(WORDS % (b"1", b"DELIVRD"), id=b"abc\0", state=b"\x05", error=b"\x03\x00\x21")
    receipt = receipt_of(said, 5)
    assert receipt is not None
    assert (receipt.kind, receipt.provider_id, receipt.reason) == ("failed", "abc", "UNDELIV, network error 33")


@pytest.mark.parametrize(
    "text", [b"", b"id:1", b"stat:DELIVRD", b"id:1 stat:UNKNOWN", b"id:1 stat:SCHEDLD", b"\xff\x00"]
)
def test_a_receipt_that_says_nothing_is_none(text: bytes) -> None:
    assert receipt_of(a_message(text), 5) is None


def test_ids_that_are_hexadecimal_here_and_decimal_there_are_one() -> None:
    receipt = receipt_of(a_message(WORDS % (b"0000004779", b"DELIVRD")), 5, hexadecimal=True)
    assert receipt is not None
    assert receipt.provider_id == "12AB"


@pytest.mark.parametrize(
    ("raw", "coding", "text"),
    [
        (encode_gsm("Grüße [5 €]"), 0, "Grüße [5 €]"),
        (b"plain", 1, "plain"),
        ("Grüße".encode("latin-1"), 3, "Grüße"),
        ("Привет 😀".encode("utf-16-be"), 8, "Привет 😀"),
        (b"\x00\x01", 4, ""),
    ],
)
def test_what_people_write_is_read_in_its_alphabet(raw: bytes, coding: int, text: str) -> None:
    said, part = incoming_of(a_message(raw, esm_class=0, coding=coding), 5)
    assert (said.text, said.address, said.medium, part) == (text, "+436641234567", "sms", None)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (bytes((5, 0, 3, 9, 2, 1)), Part(9, 1, 2)),
        (bytes((6, 8, 4, 1, 2, 3, 3)), Part(258, 3, 3)),
        (bytes((3, 0x24, 1, 0)), None),
        (bytes((5, 0, 3, 9, 2, 3)), None),
        (bytes((5, 0, 3, 9, 1, 1)), None),
        (bytes((8, 0x24, 1, 0, 0, 3, 9, 2, 2)), Part(9, 2, 2)),
    ],
)
def test_parts_say_which_they_are(header: bytes, part: Part | None) -> None:
    assert read_text(a_message(header + b"text!", esm_class=0x40))[1] == part


def test_parts_are_joined_in_their_order_and_gaps_are_told() -> None:
    def one(number: int, of: int, text: bytes) -> Any:
        said, part = incoming_of(a_message(bytes((5, 0, 3, 9, of, number)) + text, esm_class=0x40), 5)
        return part, said

    whole = joined([one(2, 2, b"world"), one(1, 2, b"Hello ")])
    assert (whole.text, whole.extra) == ("Hello world", {})
    assert whole.id == joined([one(1, 2, b"Hello "), one(2, 2, b"world")]).id
    assert joined([one(3, 3, b"c"), one(1, 3, b"a")]).extra == {"parts": 3, "missing": [2]}


def test_the_same_words_in_the_same_minute_are_one() -> None:
    def named(at_ms: int, text: bytes = b"yes") -> str:
        return incoming_of(a_message(text, esm_class=0), at_ms)[0].id

    assert named(0) == named(59_999)
    assert len({named(0), named(60_000), named(0, b"no")}) == 3


@given(st.binary(max_size=50))
def test_any_septets_are_a_text(raw: bytes) -> None:
    assert is_gsm(decode_gsm(raw).replace("\ufffd", ""))


@given(st.text("aé€[]{}~^\\|ΩΞ\x0c\n", max_size=50))
def test_what_is_encoded_is_decoded(text: str) -> None:
    assert decode_gsm(encode_gsm(text)) == text
