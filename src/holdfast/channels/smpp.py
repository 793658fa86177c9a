"""Text messages by SMPP. Source: SMPP Protocol Specification v3.4 (5.1.3 status codes, appendix B receipts)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, cast

from holdfast.channels.declared import Declared, Desk, StatusAnswer
from holdfast.channels.smpp_pdu import Command, Message, Pdu, Place, pack_message
from holdfast.channels.smpp_text import DefaultAlphabet, Part, encoded, read_fate, read_text
from holdfast.decisions.fields import Choice, Secret, Text, Truthy, Whole
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import effect_key, hash64
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.heard.inbound import Incoming, Receipt, ReceiptKind
from holdfast.messages.parcel import Accepted, Deferred, Parcel, Refused, Verdict
from holdfast.messages.text.senders import SenderLines, SenderPool, read_senders
from holdfast.messages.text.sms_segments import SEGMENTS_MOST, segments_of
from holdfast.ports.state import Send
from holdfast.profiles.phone import is_phone_number

THROTTLED_SECONDS = 5
"""How long a message waits that was one too many for the second it came in."""
LATER_SECONDS = 60
MINUTE_MS = 60_000

_INTERNATIONAL, _NETWORK, _LETTERS = 1, 3, 5
"""Kinds of numbers (5.2.5): in full, a short code, a name."""
_ISDN = 1

STATUSES = {
    0x01: "ESME_RINVMSGLEN, the length is wrong",
    0x02: "ESME_RINVCMDLEN, the command's length is wrong",
    0x03: "ESME_RINVCMDID, the command is unknown",
    0x04: "ESME_RINVBNDSTS, not bound for that",
    0x05: "ESME_RALYBND, bound already",
    0x08: "ESME_RSYSERR, system error",
    0x0A: "ESME_RINVSRCADR, the sender is not permitted",
    0x0B: "ESME_RINVDSTADR, the number is not valid there",
    0x0D: "ESME_RBINDFAIL, the bind failed",
    0x0E: "ESME_RINVPASWD, wrong password",
    0x0F: "ESME_RINVSYSID, wrong system_id",
    0x14: "ESME_RMSGQFUL, its queue is full",
    0x15: "ESME_RINVSERTYP, the service type is wrong",
    0x45: "ESME_RSUBMITFAIL, it could not be submitted",
    0x48: "ESME_RINVSRCTON, the sender's kind of number is wrong",
    0x50: "ESME_RINVDSTTON, the number's kind is wrong",
    0x53: "ESME_RINVSYSTYP, wrong system_type",
    0x58: "ESME_RTHROTTLED, too many in a second",
    0x61: "ESME_RINVSCHED, the time is wrong",
    0x62: "ESME_RINVEXPIRY, the validity is wrong",
    0x64: "ESME_RX_T_APPN, not now",
    0x65: "ESME_RX_P_APPN, never",
    0x66: "ESME_RX_R_APPN, rejected",
    0xFE: "ESME_RDELIVERYFAILURE, delivery failed",
    0xFF: "ESME_RUNKNOWNERR, unknown error",
}
_LATER = frozenset({0x04, 0x05, 0x08, 0x0D, 0x0E, 0x0F, 0x14, 0x53, 0x64, 0xFF})
"""Said of the message centre or of our account there, not of the message: it must not use the message up."""
_FATES: dict[str, ReceiptKind] = {
    "DELIVRD": "delivered",
    "ACCEPTD": "sent",
    "ENROUTE": "sent",
    "EXPIRED": "failed",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
    "SKIPPED": "failed",
}
"""UNKNOWN and SCHEDLD say nothing of where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppSettings:
    """An account at a message centre."""

    host: Annotated[str, Text(most=253), "Where the message centre is."]
    port: Annotated[int, Whole(least=1, most=65_535), "Its port."] = 2775
    tls: Annotated[Truthy, "Whether it is spoken to in TLS; else everybody on the way can read along."] = False
    system_id: Annotated[str, Text(most=15), "The account."]
    password: Annotated[str, Secret(most=8), "Its password: SMPP takes 8 characters."]
    system_type: Annotated[str, Text(least=0, most=12), "What the operator wants to be told; mostly nothing."] = ""
    senders: Annotated[
        str, SenderLines(least=1), "Numbers, short codes or names, one a line; `DE: TeaCup` for one country's numbers."
    ]
    window: Annotated[
        int, Whole(least=1, most=500), "How many messages are submitted before the first is answered."
    ] = 10
    alphabet: Annotated[
        str,
        Choice(("gsm_7", "latin_1")),
        "What the message centre takes data_coding 0 for; if `@` and `$` arrive as others, it is the other one.",
    ] = "gsm_7"
    hexadecimal_ids: Annotated[
        Truthy, "Whether message ids are hexadecimal when a message is submitted and decimal in receipts."
    ] = False
    valid_hours: Annotated[
        int, Whole(most=72), "How long a message is worth delivering; 0 as long as the operator thinks fit."
    ] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppChannel:
    """Makes what is submitted of a text message."""

    senders: SenderPool
    alphabet: DefaultAlphabet
    valid_hours: int

    @property
    def doubt(self) -> DoubtPolicy:
        """SMPP knows no keys: a repeated submission would be a second message."""
        return ONCE

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """What is submitted; the same on every retry."""
        if not is_phone_number(send.address):
            raise ValueError(f"{send.address!r:.60} is no telephone number")
        sender = self.senders.choose(send.address)
        if sender is None:
            return Refused(f"There is no sender for the country of {send.address}")
        # A text message carries no picture: its address goes along.
        said = "\n".join(filter(None, (words.text("text").strip(), words.text("media_url").strip())))
        if segments_of(said).count > SEGMENTS_MOST:
            return Refused(f"It is longer than {SEGMENTS_MOST} text messages")
        body = submission(
            said,
            key=send.key,
            sender=sender,
            to=send.address,
            alphabet=self.alphabet,
            valid_hours=self.valid_hours,
        )
        return Parcel(key=send.key, channel=send.channel, sender=sender, to=send.address, body=body)


def smpp_channel(settings: SmppSettings, desk: Desk) -> SmppChannel:  # noqa: ARG001 - It is told by its own session.
    """The channel of an account. Raises Invalid for words that SMPP cannot carry."""
    for name in ("system_id", "password", "system_type"):
        said: str = getattr(settings, name)
        if not said.isascii() or "\x00" in said:
            raise Invalid("SMPP takes letters of ASCII here.", path=f"$.{name}", hint="Ask the operator for another.")
    return SmppChannel(
        senders=read_senders(settings.senders),
        alphabet=cast("DefaultAlphabet", settings.alphabet),
        valid_hours=settings.valid_hours,
    )


def submission(
    text: str, *, key: str, sender: str, to: str, alphabet: DefaultAlphabet = "gsm_7", valid_hours: int = 0
) -> bytes:
    """The submit_sm of each part of a text, one after the other, without their numbers: the same on every retry.

    A receipt is asked for the last part alone, and the message is known by its id: parts arrive together or not at all,
    nearly always, and one message should have one fate.

    Args:
        to: in E.164.
        valid_hours: how long it is worth delivering, less than 100; 0 as long as the message centre thinks fit.
    """
    parts, coding, esm_class = encoded(text, reference=hash64(key) & 0xFF, alphabet=alphabet)
    return b"".join(
        Pdu(
            command=Command.SUBMIT_SM,
            body=pack_message(
                Message(
                    source=_source(sender),
                    destination=Place(to.removeprefix("+"), _INTERNATIONAL, _ISDN),
                    text=part,
                    coding=coding,
                    esm_class=esm_class,
                    validity=f"0000{valid_hours // 24:02}{valid_hours % 24:02}0000000R" if valid_hours else "",
                    registered=1 if number == len(parts) else 0,
                )
            ),
        ).packed()
        for number, part in enumerate(parts, 1)
    )


def _source(sender: str) -> Place:
    if sender.startswith("+"):
        return Place(sender[1:], _INTERNATIONAL, _ISDN)
    return Place(sender, _NETWORK, 0) if sender.isdigit() else Place(sender, _LETTERS, 0)


def verdict(status: int, message_id: str = "") -> Verdict:
    """What the command_status of a submit_sm_resp means for the message.

    No status tells that a number is dead: an operator that takes only local forms says ESME_RINVDSTADR of all others.
    """
    if status == 0:
        return Accepted(message_id)
    said = f"The message centre said {status:#04x} ({STATUSES.get(status, 'its own code')})"
    if status == 0x58:
        return Deferred(said, THROTTLED_SECONDS, "provider")
    if status in _LATER:
        return Deferred(said, LATER_SECONDS, "provider")
    return Refused(said)


def receipt_of(message: Message, at_ms: int, *, hexadecimal: bool = False) -> Receipt | None:
    """What a delivery receipt tells of a message of ours; None when it tells nothing.

    The time it gives is the message centre's, of no stated zone: it counts as of when it came.

    Args:
        hexadecimal: whether the ids given at submission are hexadecimal, and decimal in the receipts.
    """
    fate = read_fate(message)
    kind = _FATES.get(fate.state)
    if kind is None or not fate.id:
        return None
    number = hexadecimal and fate.id.isascii() and fate.id.isdigit()
    message_id = plain_id(f"{int(fate.id):X}" if number else fate.id, hexadecimal=hexadecimal)
    return Receipt(
        kind=kind,
        id=f"{message_id}:{fate.state}",
        at_ms=at_ms,
        provider_id=message_id,
        address=_dialled(message.source.address),
        reason=f"{fate.state}, network error {fate.error}" if kind == "failed" else "",
    )


def plain_id(message_id: str, *, hexadecimal: bool) -> str:
    """A message id in the one form we keep, however the message centre pads it."""
    return message_id.upper().lstrip("0") if hexadecimal else message_id


def incoming_of(message: Message, at_ms: int, *, alphabet: DefaultAlphabet = "gsm_7") -> tuple[Incoming, Part | None]:
    """What a person wrote, and which part of a longer message it is.

    SMPP names no incoming message: the same words in the same minute are one, so that one brought twice counts once.
    """
    text, part = read_text(message, alphabet)
    source, ours = _dialled(message.source.address), _dialled(message.destination.address)
    minute = at_ms // MINUTE_MS
    return (
        Incoming(
            medium="sms",
            id=effect_key(source, ours, message.text.hex(), minute),
            at_ms=at_ms,
            address=source,
            to=ours,
            text=text,
        ),
        part,
    )


def joined(parts: Sequence[tuple[Part, Incoming]]) -> Incoming:
    """The message its parts make, in their order; those that are missing leave a gap."""
    ordered = sorted(parts, key=lambda each: each[0].number)
    first = ordered[0][1]
    of = ordered[0][0].of
    missing: list[Json] = [*sorted({*range(1, of + 1)} - {each.number for each, _ in ordered})]
    return Incoming(
        medium=first.medium,
        id=effect_key(*(each.id for _, each in ordered)),
        at_ms=min(each.at_ms for _, each in ordered),
        address=first.address,
        to=first.to,
        text="".join(each.text for _, each in ordered),
        extra={"parts": of, "missing": missing} if missing else {},
    )


def _dialled(address: str) -> str:
    """A number as we write it: message centres leave out the plus."""
    digits = address.removeprefix("+")
    return f"+{digits}" if digits.isascii() and digits.isdigit() and len(digits) > 8 else address


CHANNEL = Declared(
    name="smpp",
    label="SMPP",
    medium="sms",
    transport="smpp",
    source="SMPP Protocol Specification v3.4",
    settings=SmppSettings,
    open=smpp_channel,
    answers=tuple(StatusAnswer(status, verdict(status)) for status in (0x00, *STATUSES)),
)
