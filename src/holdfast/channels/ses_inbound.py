"""What Amazon SES tells of mail, by Amazon SNS. Source: docs.aws.amazon.com/ses/latest/dg/event-publishing-*.html.

SNS signs with a key that changes and has to be fetched; a call is known for genuine by the password in its address
instead, which is set where the subscription is made.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping

from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.messages.foreign import each, part, read_json, text
from holdfast.messages.heard.bounces import bounce_kind
from holdfast.messages.heard.inbound import Arrival, Forged, Inbound, Receipt, ReceiptKind, Told, Unreadable

_KINDS: Mapping[str, ReceiptKind] = {
    "Delivery": "delivered",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "failed",
    "Subscription": "unsubscribed",
}
_DEAD = frozenset({"NoEmail", "Suppressed", "OnAccountSuppressionList"})
"""Kinds of permanent bounces that speak of the address; `General` may be anything, and the server's words decide."""


def read_sns(password: str, arrival: Arrival) -> Inbound:
    """What a call of SNS says.

    Args:
        password: what the address it calls ends in, as `?password=`; empty where none is set up: nothing is genuine.
    """
    given = arrival.query.get("password", "").encode("utf-8", "replace")
    if not password or not hmac.compare_digest(given, password.encode()):
        return Forged("its address has another password")
    envelope = read_json(arrival.body)
    match text(envelope, "Type"):
        case "SubscriptionConfirmation":
            return Unreadable(f"Amazon asks to confirm the subscription: open {text(envelope, 'SubscribeURL')}")
        case "Notification":
            event = read_json(text(envelope, "Message").encode("utf-8", "replace"))
        case _:
            event = envelope  # Delivered raw.
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
