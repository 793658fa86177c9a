"""What mail providers tell: read from their documented calls, and from nobody else's."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from holdfast.channels.declared import providers
from holdfast.channels.mailgun_inbound import SIGNED_SECONDS
from holdfast.channels.mailgun_inbound import read_webhook as read_mailgun
from holdfast.channels.postmark_inbound import read_webhook as read_postmark
from holdfast.channels.sendgrid_inbound import SIGNED_SECONDS as GRID_SECONDS
from holdfast.channels.sendgrid_inbound import read_events
from holdfast.channels.ses_inbound import Topic, read_sns
from holdfast.messages.heard.inbound import Arrival, Certified, Forged, Inbound, Receipt, Told, Unreadable
from tests.unit.channels.sns_signing import CERTIFICATE, NOTIFICATION, signed

SEND = "00112233445566778899aabbccddeeff"
SECRET = "a secret of ours"
AT_MS = 1_767_603_600_000
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def call(body: bytes, query: Mapping[str, str] | None = None, **headers: str) -> Arrival:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Arrival(
        method="POST", url="https://h.example/in/x", query=query or {}, headers=named, body=body, at_ms=AT_MS
    )


def sns(body: bytes, password: str = SECRET) -> Inbound:
    return read_sns(Topic(password=SECRET), call(body, {"password": password}))


def ses(event: Mapping[str, Any], **mail: Any) -> Inbound:
    mail = {"messageId": "0102", "destination": ["ada@there.example"], "tags": {"send": [SEND]}, **mail}
    return notified(json.dumps({**event, "mail": mail}))


def notified(message: str) -> Inbound:
    """As SNS brings a message, and verified."""
    said = sns(json.dumps(signed({**NOTIFICATION, "Message": message})).encode())
    assert isinstance(said, Certified), said
    return said.judge(CERTIFICATE)


def sendgrid(body: bytes, *, stamp: str = "1767603600", over: bytes | None = None) -> Inbound:
    signature = b64encode(KEY.sign(stamp.encode() + (body if over is None else over), ec.ECDSA(SHA256()))).decode()
    headers = {
        "x_twilio_email_event_webhook_signature": signature,
        "x_twilio_email_event_webhook_timestamp": stamp,
    }
    return read_events(PUBLIC, call(body, None, **headers))


def grid(**event: Any) -> Inbound:
    given = {"email": "ada@there.example", "timestamp": 1767603000, "sg_event_id": "e1", "sg_message_id": "m1"}
    return sendgrid(json.dumps([{**given, "send": SEND, **event}]).encode())


def mailgun(event: Any, *, key: str = SECRET, seconds: int = AT_MS // 1_000) -> Inbound:
    token = "t" * 50
    signed = hmac.new(key.encode(), f"{seconds}{token}".encode(), hashlib.sha256).hexdigest()
    signature = {"timestamp": str(seconds), "token": token, "signature": signed}
    return read_mailgun(SECRET, call(json.dumps({"signature": signature, "event-data": event}).encode()))


def gun(event: str, **said: Any) -> Inbound:
    return mailgun(
        {
            "id": "ev1",
            "event": event,
            "timestamp": 1767603000.5,
            "recipient": "ada@there.example",
            "message": {"headers": {"message-id": "m1@mg"}},
            "user-variables": {"send": SEND},
            **said,
        }
    )


def postmark(said: Any, password: str = SECRET) -> Inbound:
    header = "Basic " + b64encode(f"holdfast:{password}".encode()).decode()
    return read_postmark(SECRET, call(json.dumps(said).encode(), authorization=header))


def mark(record: str, **said: Any) -> Inbound:
    given = {"RecordType": record, "MessageID": "m1", "Recipient": "ada@there.example", "Metadata": {"send": SEND}}
    return postmark({**given, **said})


def bounced(kind: str, subtype: str, status: str = "", said: str = "") -> Mapping[str, Any]:
    recipient = {"emailAddress": "ada@there.example", "status": status, "diagnosticCode": said}
    bounce = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [recipient], "feedbackId": "f1"}
    return {"eventType": "Bounce", "bounce": {**bounce, "timestamp": "2026-01-05T08:50:00.000Z"}}


def one(said: Inbound) -> Receipt:
    assert isinstance(said, Told), said
    (receipt,) = said.things
    assert isinstance(receipt, Receipt)
    assert receipt.send == SEND
    assert receipt.address == "ada@there.example"
    return receipt


@pytest.mark.parametrize(
    ("said", "kind", "gone"),
    [
        (lambda: ses({"eventType": "Delivery", "delivery": {"timestamp": "2026-01-05T08:50:00Z"}}), "delivered", False),
        (lambda: ses(bounced("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 unknown")), "bounced", True),
        (lambda: ses(bounced("Permanent", "Suppressed")), "bounced", True),
        (lambda: ses(bounced("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 blocked")), "bounced", False),
        (lambda: ses(bounced("Transient", "MailboxFull", "5.2.2", "full")), "bounced", False),
        (lambda: ses(bounced("Transient", "General", "5.1.1", "unknown")), "bounced", False),
        (
            lambda: ses(
                {
                    "notificationType": "Complaint",
                    "complaint": {"complainedRecipients": [{"emailAddress": "ada@there.example"}]},
                }
            ),
            "complained",
            False,
        ),
        (lambda: grid(event="delivered", response="250 OK"), "delivered", False),
        (lambda: grid(event="bounce", type="bounce", status="5.1.1", reason="550 5.1.1 unknown"), "bounced", True),
        (lambda: grid(event="bounce", type="blocked", status="5.1.1", reason="550 spam"), "bounced", False),
        (lambda: grid(event="bounce", type="bounce", status="5.2.2", reason="552 full"), "bounced", False),
        (lambda: grid(event="dropped", reason="Bounced Address"), "failed", True),
        (lambda: grid(event="dropped", reason="Unsubscribed Address"), "failed", False),
        (lambda: grid(event="spamreport"), "complained", False),
        (lambda: grid(event="group_unsubscribe"), "unsubscribed", False),
        (lambda: gun("delivered"), "delivered", False),
        (
            lambda: gun("failed", severity="permanent", **{"delivery-status": {"message": "550 5.1.1 No such user"}}),
            "bounced",
            True,
        ),
        (lambda: gun("failed", severity="permanent", reason="suppress-bounce"), "bounced", True),
        (
            lambda: gun("failed", severity="permanent", **{"delivery-status": {"message": "550 5.7.1 blocked"}}),
            "bounced",
            False,
        ),
        (lambda: gun("complained"), "complained", False),
        (lambda: gun("unsubscribed"), "unsubscribed", False),
        (lambda: mark("Delivery", DeliveredAt="2026-01-05T08:50:00Z"), "delivered", False),
        (lambda: mark("Bounce", Type="HardBounce", ID=42, Email="ada@there.example"), "bounced", True),
        (lambda: mark("Bounce", Type="SoftBounce", ID=42), "bounced", False),
        (lambda: mark("Bounce", Type="Blocked", ID=42), "bounced", False),
        (lambda: mark("SpamComplaint", Type="SpamComplaint", ID=42), "complained", False),
        (
            lambda: mark("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression"),
            "unsubscribed",
            False,
        ),
    ],
)
def test_what_providers_tell(said: Callable[[], Inbound], kind: str, gone: bool) -> None:
    receipt = one(said())
    assert (receipt.kind, receipt.gone) == (kind, gone)
    assert receipt.id
    assert one(said()).id == receipt.id, "told again, it is the same"


@pytest.mark.parametrize(
    "said",
    [
        lambda: grid(event="processed"),
        lambda: grid(event="deferred"),
        lambda: gun("accepted"),
        lambda: gun("failed", severity="temporary"),
        lambda: mark("Bounce", Type="AutoResponder"),
        lambda: mark("SubscriptionChange", SuppressSending=False),
        lambda: mark("SubscriptionChange", SuppressSending=True, SuppressionReason="HardBounce"),
        lambda: ses({"eventType": "Send", "send": {}}),
        lambda: ses({"eventType": "DeliveryDelay"}),
    ],
)
def test_what_is_no_news_tells_nothing(said: Callable[[], Inbound]) -> None:
    assert said() == Told()


def test_moments_and_agents_are_the_providers() -> None:
    assert one(grid(event="open", useragent=FIREFOX)).at_ms == 1_767_603_000_000
    assert one(grid(event="open", useragent=FIREFOX)).agent == "human"
    assert one(grid(event="open", useragent="Mozilla/5.0")).agent == "machine"
    assert one(gun("clicked", url="https://s.example", **{"client-info": {"user-agent": FIREFOX}})).agent == "human"
    assert one(gun("opened", **{"client-info": {"user-agent": FIREFOX, "bot": "apple"}})).agent == "machine"
    assert one(gun("delivered")).at_ms == 1_767_603_000_500
    assert one(mark("Delivery", DeliveredAt="2026-01-05T08:50:00Z")).at_ms == 1_767_603_000_000
    assert one(mark("Delivery", DeliveredAt="soon")).at_ms == AT_MS


FORGERIES: list[Callable[[], Inbound]] = [
    lambda: sns(b"{}", "another"),
    lambda: read_sns(Topic(), call(b"{}", {"password": ""})),
    lambda: sendgrid(b"[]", over=b"[ ]"),
    lambda: sendgrid(b"[]", stamp=str(AT_MS // 1_000 - GRID_SECONDS - 1)),
    lambda: sendgrid(b"[]", stamp=str(AT_MS // 1_000 + GRID_SECONDS + 1)),
    lambda: sendgrid(b"[]", stamp=""),
    lambda: sendgrid(b"[]", stamp="soon"),
    lambda: read_events("", call(b"[]")),
    lambda: read_events(PUBLIC, call(b"[]")),
    lambda: read_events("no key", call(b"[]", x_twilio_email_event_webhook_signature="x")),
    lambda: mailgun({"id": "e", "event": "complained"}, key="another"),
    lambda: mailgun({"id": "e", "event": "complained"}, seconds=AT_MS // 1_000 - SIGNED_SECONDS - 1),
    lambda: mailgun({"id": "e", "event": "complained"}, seconds=AT_MS // 1_000 + SIGNED_SECONDS + 1),
    lambda: read_mailgun("", call(b'{"signature": {"timestamp": "1767603600", "token": "t", "signature": ""}}')),
    lambda: postmark({"RecordType": "Delivery"}, "another"),
    lambda: read_postmark("", call(b"{}", authorization="Basic Og==")),
    lambda: read_postmark(SECRET, call(b"{}", authorization="Bearer x")),
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_nobody_else_is_believed(forgery: Callable[[], Inbound]) -> None:
    assert isinstance(forgery(), Forged)


def test_who_calls_again_for_a_day_is_believed() -> None:
    assert sendgrid(b"[]", stamp=str(AT_MS // 1_000 - GRID_SECONDS)) == Told()


def test_what_is_signed_and_says_nothing_is_kept_to_be_looked_at() -> None:
    assert isinstance(sendgrid(b"{}"), Unreadable)
    assert isinstance(mailgun({}), Unreadable)
    assert isinstance(postmark([]), Unreadable)
    assert isinstance(sns(b"?"), Unreadable)
    assert isinstance(notified("?"), Unreadable)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(SEND),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "event",
                    "eventType",
                    "bounce",
                    "mail",
                    "tags",
                    "send",
                    "RecordType",
                    "Type",
                    "id",
                    "timestamp",
                    "Metadata",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_is_signed_is_read(said: Any) -> None:
    body = json.dumps(said).encode()
    for read in (sns(body), sendgrid(body), mailgun(said), postmark(said)):
        assert isinstance(read, (Told, Unreadable))
    assert isinstance(ses(said if isinstance(said, dict) else {}), (Told, Unreadable))


@given(st.binary(max_size=60), st.text(max_size=20))
def test_whatever_the_bytes_reading_never_raises(body: bytes, text: str) -> None:
    for name in ("ses", "sendgrid", "mailgun", "postmark"):
        assert providers()[name].inbound is not None
    header = {"authorization": text, "x_twilio_email_event_webhook_signature": text}
    for read, secret in ((_sns, SECRET), (read_events, PUBLIC), (read_mailgun, SECRET), (read_postmark, SECRET)):
        assert read(secret, call(body, {"password": text}, **header)) is not None
        assert read(text, call(body, {"password": text}, **header)) is not None


def _sns(password: str, arrival: Arrival) -> Inbound:
    return read_sns(Topic(password=password), arrival)
