"""What SendGrid tells of mail: its Event Webhook. Source: twilio.com/docs/sendgrid/for-developers/tracking-events."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from holdfast.messages.foreign import each, read_json, text, whole
from holdfast.messages.heard.agent import agent_of
from holdfast.messages.heard.bounces import bounce_kind
from holdfast.messages.heard.inbound import Arrival, Forged, Inbound, Receipt, ReceiptKind, Told, Unreadable

SIGNED_SECONDS = 3 * 86_400
"""How long after its timestamp a call is taken: SendGrid calls again for a day. What was told before is known by its id
for much longer, so that a call overheard tells nothing new while it is taken."""

_KINDS: Mapping[str, ReceiptKind] = {
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "failed",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}
_DROPPED_AS_DEAD = frozenset({"Bounced Address", "Invalid"})


def read_events(key: str, arrival: Arrival) -> Inbound:
    """What a call says.

    Args:
        key: the public key it is verified with, base64 of DER; empty where none is set up: nothing is genuine.
    """
    if not _is_genuine(key, arrival):
        return Forged("its signature is not SendGrid's, or old")
    said = read_json(arrival.body)
    if not isinstance(said, list):
        return Unreadable("it is no list of events")
    return Told(things=tuple(_receipts(said, arrival)))


def _receipts(said: object, arrival: Arrival) -> Iterator[Receipt]:
    for event in each({"events": said}, "events"):
        kind, number = _KINDS.get(text(event, "event")), text(event, "sg_event_id")
        if kind is None or not number:
            continue
        seconds = whole(event, "timestamp")
        reason = text(event, "reason")
        yield Receipt(
            kind=kind,
            id=number,
            at_ms=arrival.at_ms if seconds is None else seconds * 1_000,
            send=text(event, "send"),
            provider_id=text(event, "sg_message_id"),
            address=text(event, "email"),
            reason=reason,
            gone=_is_gone(kind, event, reason),
            agent=agent_of(text(event, "useragent"), address=text(event, "ip"), opening=kind == "opened"),
            url=text(event, "url"),
        )


def _is_gone(kind: ReceiptKind, event: Mapping[str, object], reason: str) -> bool:
    if kind == "failed":
        return reason in _DROPPED_AS_DEAD
    # A bounce of type `blocked` is a refusal for now, whatever its code.
    return (
        kind == "bounced" and text(event, "type") != "blocked" and bounce_kind(text(event, "status"), reason) == "hard"
    )


def _is_genuine(key: str, arrival: Arrival) -> bool:
    """Whether the signature is of the timestamp and the very bytes of the body, and that is not long ago."""
    stamp = arrival.headers.get("x-twilio-email-event-webhook-timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or abs(arrival.at_ms / 1_000 - int(stamp[:15])) > SIGNED_SECONDS:
        return False
    try:
        public = load_der_public_key(b64decode(key, validate=True))
        signature = b64decode(arrival.headers.get("x-twilio-email-event-webhook-signature", ""), validate=True)
        if not isinstance(public, EllipticCurvePublicKey):
            return False
        public.verify(signature, stamp.encode() + arrival.body, ECDSA(SHA256()))
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
