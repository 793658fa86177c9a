"""What Amazon SES tells of mail, by Amazon SNS. Source: docs.aws.amazon.com/ses/latest/dg/event-publishing-*.html.

A message of SNS is signed, and anybody with a topic of their own can have one signed: so it must come by the topic that
is named, or by an address with the password that is set where the subscription is made. Messages that are delivered raw
bear no signature; the password is all there is.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from holdfast.channels.sns_signature import SIGNED, certificate_url, mistrust
from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.messages.foreign import each, part, read_json, text
from holdfast.messages.heard.bounces import bounce_kind
from holdfast.messages.heard.inbound import (
    Arrival,
    Certified,
    Forged,
    Heard,
    Inbound,
    Receipt,
    ReceiptKind,
    Told,
    Unreadable,
)

_KINDS: Mapping[str, ReceiptKind] = {
    "Delivery": "delivered",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "failed",
    "Subscription": "unsubscribed",
}
_DEAD = frozenset({"NoEmail", "Suppressed", "OnAccountSuppressionList"})
"""Kinds of permanent bounces that speak of the address; `General` may be anything, and the server's words decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """By what a call of SNS is known to be meant for us; at least one of the two must be set up."""

    arn: str = ""
    """The topic's name at AWS, such as `arn:aws:sns:eu-west-1:123456789012:mail`; empty for any."""
    password: str = ""
    """What the address it calls ends in, as `?password=`; empty for none."""


def read_sns(topic: Topic, arrival: Arrival) -> Inbound:
    """What a call of SNS says, or where the certificate is that it has to be verified with first."""
    if not (topic.password or topic.arn):
        return Forged("neither a password nor a topic is set up")
    given = arrival.query.get("password", "").encode("utf-8", "replace")
    if topic.password and not hmac.compare_digest(given, topic.password.encode()):
        return Forged("its address has another password")
    envelope = read_json(arrival.body)
    if not isinstance(envelope, Mapping) or text(envelope, "Type") not in SIGNED:
        return _event(envelope, arrival) if topic.password else Forged("it is delivered raw, and so is not signed")
    if topic.arn and text(envelope, "TopicArn") != topic.arn:
        return Forged("it comes by another topic")
    url = certificate_url(envelope)
    if not url:
        return Forged("its certificate is not at an address of SNS")
    return Certified(url, lambda certificate: _verified(envelope, certificate, arrival))


def _verified(envelope: Mapping[str, object], certificate: bytes, arrival: Arrival) -> Heard:
    why = mistrust(envelope, certificate, arrival.at_ms)
    if why:
        return Forged(why)
    match text(envelope, "Type"):
        case "SubscriptionConfirmation":
            return Unreadable(f"Amazon asks to confirm the subscription: open {text(envelope, 'SubscribeURL')}")
        case "UnsubscribeConfirmation":
            return Unreadable(f"The subscription is ended; to have it again, open {text(envelope, 'SubscribeURL')}")
        case _:
            return _event(read_json(text(envelope, "Message").encode("utf-8", "replace")), arrival)


def _event(event: object, arrival: Arrival) -> Heard:
    name = text(event, "eventType") or text(event, "notificationType")
    if not isinstance(event, Mapping) or not name:
        return Unreadable("it is no event of SES")
    return Told(things=tuple(_receipts(name, event, arrival)))


def _receipts(name: str, event: Mapping[str, object], arrival: Arrival) -> Iterator[Receipt]:
    kind = _KINDS.get(name)
    told = part(event, name.lower())
    if kind is None:
        return
    number = text(event, "mail", "messageId")
    sends = part(event, "mail", "tags", "send")
    send = sends[0] if isinstance(sends, list) and sends and isinstance(sends[0], str) else ""
    for whom in _whom(kind, event, told):
        status, said = text(whom, "status"), text(whom, "diagnosticCode")
        yield Receipt(
            kind=kind,
            id=f"{number}:{name}:{text(told, 'feedbackId')}:{text(whom, 'emailAddress')}",
            at_ms=_moment(text(told, "timestamp"), arrival.at_ms),
            send=send,
            provider_id=number,
            address=text(whom, "emailAddress"),
            reason=said or status or text(told, "bounceSubType") or text(told, "complaintFeedbackType"),
            gone=kind == "bounced" and _is_gone(told, status, said),
        )


def _whom(kind: ReceiptKind, event: Mapping[str, object], told: object) -> Iterator[Mapping[str, object]]:
    lists = {"bounced": "bouncedRecipients", "complained": "complainedRecipients"}
    if kind in lists:
        yield from each(told, lists[kind])
        return
    addressed = part(event, "mail", "destination")
    first = addressed[0] if isinstance(addressed, list) and addressed else ""
    yield {"emailAddress": first}


def _is_gone(told: object, status: str, said: str) -> bool:
    if text(told, "bounceType") != "Permanent":
        return False
    return text(told, "bounceSubType") in _DEAD or bounce_kind(status, said) == "hard"


def _moment(said: str, otherwise_ms: int) -> int:
    try:
        return to_millis(parse_moment(said))
    except (ValueError, OverflowError):
        return otherwise_ms
