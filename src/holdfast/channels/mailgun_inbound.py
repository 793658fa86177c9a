"""What Mailgun tells of mail: its webhooks. Source: documentation.mailgun.com/docs/mailgun/user-manual/webhooks.

The signature is over a timestamp and a token and not over the rest; so it is good for a while only, in which Mailgun
itself calls again where we did not answer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from holdfast.messages.foreign import part, read_json, text, whole
from holdfast.messages.heard.agent import Agent, agent_of
from holdfast.messages.heard.bounces import bounce_kind, status_in
from holdfast.messages.heard.inbound import Arrival, Forged, Inbound, Receipt, ReceiptKind, Told, Unreadable

SIGNED_SECONDS = 9 * 3_600
"""How long after its timestamp a call is taken: Mailgun calls again for eight hours."""

_KINDS: Mapping[str, ReceiptKind] = {
    "delivered": "delivered",
    "failed": "bounced",
    "rejected": "failed",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}


def read_webhook(key: str, arrival: Arrival) -> Inbound:
    """What a call says.

    Args:
        key: the signing key; empty where none is set up: nothing is genuine.
    """
    said = read_json(arrival.body)
    if not isinstance(said, Mapping):
        return Forged("it is no JSON object, and so signed by nobody")
    if not _is_genuine(key, said, arrival.at_ms):
        return Forged("its signature is not Mailgun's, or old")
    event = part(said, "event-data")
    number = text(event, "id")
    if not isinstance(event, Mapping) or not number:
        return Unreadable("it brings no event")
    kind = _KINDS.get(text(event, "event"))
    if kind is None or text(event, "severity") == "temporary":
        return Told()
    return Told(things=(_receipt(kind, number, event, arrival),))


def _receipt(kind: ReceiptKind, number: str, event: Mapping[str, object], arrival: Arrival) -> Receipt:
    at = part(event, "timestamp")
    status = part(event, "delivery-status")
    said = text(status, "message") or text(status, "description") or text(event, "reason")
    code = text(status, "enhanced-code") or status_in(said)
    return Receipt(
        kind=kind,
        id=number,
        at_ms=int(at * 1_000) if isinstance(at, (int, float)) and 0 <= at < 10**11 else arrival.at_ms,
        send=text(event, "user-variables", "send"),
        provider_id=text(event, "message", "headers", "message-id"),
        address=text(event, "recipient"),
        reason=said if code in said else f"{code} {said}",
        gone=kind == "bounced" and (text(event, "reason") == "suppress-bounce" or bounce_kind(code, said) == "hard"),
        agent=_agent(event, opening=kind == "opened"),
        url=text(event, "url"),
    )


def _agent(event: Mapping[str, object], *, opening: bool) -> Agent:
    if text(event, "client-info", "bot"):
        return "machine"  # Mailgun knows it for one.
    return agent_of(text(event, "client-info", "user-agent"), address=text(event, "ip"), opening=opening)


def _is_genuine(key: str, said: Mapping[str, object], at_ms: int) -> bool:
    stamp, token = text(said, "signature", "timestamp"), text(said, "signature", "token")
    seconds = whole(said, "signature", "timestamp")
    if not key or seconds is None or not token or abs(at_ms / 1_000 - seconds) > SIGNED_SECONDS:
        return False
    digest = hmac.new(key.encode(), f"{stamp}{token}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    return hmac.compare_digest(text(said, "signature", "signature").encode("utf-8", "replace"), digest.encode())
