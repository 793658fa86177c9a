"""What Postmark tells of mail: its webhooks. Source: postmarkapp.com/developer/webhooks.

Postmark signs nothing; a call is known for genuine by the password its address was given (Basic authentication).
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Mapping

from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.messages.foreign import read_json, text
from holdfast.messages.heard.agent import agent_of
from holdfast.messages.heard.inbound import Arrival, Forged, Inbound, Receipt, ReceiptKind, Told, Unreadable

_KINDS: Mapping[str, ReceiptKind] = {
    "Delivery": "delivered",
    "Bounce": "bounced",
    "SpamComplaint": "complained",
    "Open": "opened",
    "Click": "clicked",
    "SubscriptionChange": "unsubscribed",
}
_DEAD = frozenset({"HardBounce", "BadEmailAddress"})
_NOT_BOUNCES = frozenset({"Subscribe", "Unsubscribe", "AutoResponder", "AddressChange", "ChallengeVerification"})
"""Mail that came back and says something else."""
_TIMES = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


def read_webhook(password: str, arrival: Arrival) -> Inbound:
    """What a call says.

    Args:
        password: the one of the address it calls; empty where none is set up: nothing is genuine.
    """
    if not password or not _is_genuine(password, arrival.headers.get("authorization", "")):
        return Forged("it gives another password")
    said = read_json(arrival.body)
    name = text(said, "RecordType")
    if not isinstance(said, Mapping) or not name:
        return Unreadable("it is no record of Postmark's")
    kind = _KINDS.get(name)
    if kind is None or text(said, "Type") in _NOT_BOUNCES or not _ends_it(name, said):
        return Told()
    return Told(things=(_receipt(kind, name, said, arrival),))


def _ends_it(name: str, said: Mapping[str, object]) -> bool:
    """For a change of a subscription: whether it is the person who ended it; the other reasons come as themselves."""
    if name != "SubscriptionChange":
        return True
    return said.get("SuppressSending") is True and text(said, "SuppressionReason") == "ManualSuppression"


def _receipt(kind: ReceiptKind, name: str, said: Mapping[str, object], arrival: Arrival) -> Receipt:
    number, type_ = text(said, "MessageID"), text(said, "Type")
    at = next((when for each in _TIMES if (when := text(said, each))), "")
    reason = " ".join(filter(None, (text(said, "Details"), text(said, "Description")))) or type_
    url = text(said, "OriginalLink")
    return Receipt(
        kind=kind,
        id=f"{number}:{name}:{text(said, 'ID')}:{at}:{url}",
        at_ms=_moment(at, arrival.at_ms),
        send=text(said, "Metadata", "send"),
        provider_id=number,
        address=text(said, "Recipient") or text(said, "Email"),
        reason=reason if kind in ("bounced", "complained") else "",
        gone=kind == "bounced" and type_ in _DEAD,
        agent=agent_of(text(said, "UserAgent"), opening=kind == "opened"),
        url=url,
    )


def _is_genuine(password: str, header: str) -> bool:
    scheme, _, rest = header.partition(" ")
    try:
        given = b64decode(rest.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(given, password.encode())


def _moment(said: str, otherwise_ms: int) -> int:
    try:
        return to_millis(parse_moment(said))
    except (ValueError, OverflowError):
        return otherwise_ms
