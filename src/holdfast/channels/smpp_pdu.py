"""SMPP 3.4: its PDUs as bytes and back, without a socket. Source: SMPP Protocol Specification v3.4, chapters 3 to 5.

Our own and not smpplib: that one blocks, draws the reference of a long message by chance (a retry would be another
message), and cuts escaped characters and emoji in two. Tests hold ours to its reading.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

PDU_BYTES_MOST = 70_000
"""How long a PDU may be: one with a message_payload of 64 KB."""
SHORT_MESSAGE_BYTES_MOST = 254
HEADER_BYTES = 16
RESPONSE = 0x8000_0000
"""The bit by which an answer's command differs from what it answers."""

UDH_PRESENT = 0x40
"""In esm_class: the message begins with a user data header."""
_MESSAGE_TYPE = 0x3C
_RECEIPT_TYPES = (0x04, 0x20)
"""In esm_class: a delivery receipt; an intermediate notification."""


class Command(IntEnum):
    """What a PDU asks for (5.1.2.1)."""

    BIND_TRANSCEIVER = 0x09
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102
    DATA_SM = 0x103
    GENERIC_NACK = 0x8000_0000


class Tag(IntEnum):
    """Optional parameters we read (5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_PART = 0x020F
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class GarbledError(ValueError):
    """What came is no SMPP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """One PDU: its header taken apart, its body as it came."""

    command: int
    status: int = 0
    sequence: int = 0
    body: bytes = b""

    @property
    def is_answer(self) -> bool:
        """Whether it answers one of ours."""
        return bool(self.command & RESPONSE)

    def packed(self) -> bytes:
        """The bytes that go over the wire."""
        header = struct.pack(">LLLL", HEADER_BYTES + len(self.body), self.command, self.status, self.sequence)
        return header + self.body


class PduReader:
    """Puts PDUs together from whatever pieces they come in."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Pdu]:
        """The PDUs completed by these bytes. Raises GarbledError when they cannot be SMPP."""
        data = self._rest + data
        found: list[Pdu] = []
        at = 0
        while len(data) - at >= HEADER_BYTES:
            length, command, status, sequence = struct.unpack_from(">LLLL", data, at)
            if not HEADER_BYTES <= length <= PDU_BYTES_MOST:
                raise GarbledError(f"a PDU of {length} bytes")
            if len(data) - at < length:
                break
            body = data[at + HEADER_BYTES : at + length]
            found.append(Pdu(command=command, status=status, sequence=sequence, body=body))
            at += length
        self._rest = data[at:]
        return found


@dataclass(frozen=True, slots=True)
class Place:
    """An address, with the kind of number and the numbering plan it is of (5.2.5, 5.2.6)."""

    address: str
    kind: int = 0
    plan: int = 0

    def packed(self) -> bytes:
        """As it stands in a PDU."""
        return bytes((self.kind, self.plan)) + _c_octets(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What submit_sm, deliver_sm and data_sm carry."""

    source: Place
    destination: Place
    text: bytes
    """In the alphabet `coding` names; with a user data header before it where `esm_class` says so."""
    coding: int = 0
    esm_class: int = 0
    service: str = ""
    validity: str = ""
    """Until when it is worth delivering; empty as the message centre thinks fit."""
    registered: int = 0
    """1 asks for a delivery receipt."""
    options: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def is_receipt(self) -> bool:
        """Whether it tells of a message of ours."""
        return self.esm_class & _MESSAGE_TYPE in _RECEIPT_TYPES or Tag.RECEIPTED_MESSAGE_ID in self.options


def pack_message(message: Message) -> bytes:
    """The body of a submit_sm or deliver_sm. Raises ValueError for a text that is too long for one."""
    if len(message.text) > SHORT_MESSAGE_BYTES_MOST:
        raise ValueError(f"a short message of {len(message.text)} bytes; {SHORT_MESSAGE_BYTES_MOST} are the most")
    flags = bytes((message.esm_class, 0, 0))  # Protocol 0, no priority.
    coding = bytes((message.registered, 0, message.coding, 0, len(message.text)))
    return b"".join(
        (
            _c_octets(message.service),
            message.source.packed(),
            message.destination.packed(),
            flags,
            _c_octets(""),  # To be delivered at once.
            _c_octets(message.validity),
            coding,
            message.text,
            *(struct.pack(">HH", tag, len(value)) + value for tag, value in message.options.items()),
        )
    )


def read_message(pdu: Pdu) -> Message:
    """What a submit_sm, deliver_sm or data_sm says. Raises GarbledError."""
    try:
        return _data(pdu.body) if pdu.command == Command.DATA_SM else _short(pdu.body)
    except (IndexError, struct.error, ValueError) as error:
        raise GarbledError(f"a message that cannot be read: {error}") from error


def pack_bind(system_id: str, password: str, system_type: str) -> bytes:
    """The body of a bind_transceiver. Raises ValueError for words too long for it (4.1.5)."""
    if len(system_id) > 15 or len(password) > 8 or len(system_type) > 12:
        raise ValueError("SMPP takes 15 characters of system_id, 8 of password and 12 of system_type")
    version, any_address = bytes((0x34, 0, 0)), _c_octets("")
    return _c_octets(system_id) + _c_octets(password) + _c_octets(system_type) + version + any_address


def read_id(pdu: Pdu) -> str:
    """The message id in the answer to a submit_sm; empty when it holds none."""
    return pdu.body.partition(b"\x00")[0].decode("latin-1")


def _short(body: bytes) -> Message:
    service, at = _read_c_octets(body, 0)
    source, at = _read_place(body, at)
    destination, at = _read_place(body, at)
    esm_class = body[at]
    _, at = _read_c_octets(body, at + 3)
    validity, at = _read_c_octets(body, at)
    registered, _, coding, _, length = body[at : at + 5]
    text = body[at + 5 : at + 5 + length]
    if len(text) < length:
        raise ValueError("its text is cut off")
    options = _read_options(body, at + 5 + length)
    return Message(
        source=source,
        destination=destination,
        text=options.get(Tag.MESSAGE_PAYLOAD, b"") or text,
        coding=coding,
        esm_class=esm_class,
        service=service,
        validity=validity,
        registered=registered,
        options=options,
    )


def _data(body: bytes) -> Message:
    service, at = _read_c_octets(body, 0)
    source, at = _read_place(body, at)
    destination, at = _read_place(body, at)
    esm_class, registered, coding = body[at : at + 3]
    options = _read_options(body, at + 3)
    return Message(
        source=source,
        destination=destination,
        text=options.get(Tag.MESSAGE_PAYLOAD, b""),
        coding=coding,
        esm_class=esm_class,
        service=service,
        registered=registered,
        options=options,
    )


def _read_options(body: bytes, at: int) -> dict[int, bytes]:
    options: dict[int, bytes] = {}
    while at < len(body):
        tag, length = struct.unpack_from(">HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if len(value) < length:
            raise ValueError("an optional parameter is cut off")
        options[tag] = value
        at += 4 + length
    return options


def _read_place(body: bytes, at: int) -> tuple[Place, int]:
    kind, plan = body[at], body[at + 1]
    address, at = _read_c_octets(body, at + 2)
    return Place(address, kind, plan), at


def _read_c_octets(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(b"\x00", at)
    return body[at:end].decode("latin-1"), end + 1


def _c_octets(text: str) -> bytes:
    """A string as SMPP ends it. Raises ValueError for one that would end early, or is no ASCII."""
    if "\x00" in text:
        raise ValueError("a zero within a string")
    return text.encode("ascii") + b"\x00"
