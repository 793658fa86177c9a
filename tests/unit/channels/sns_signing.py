"""Messages signed as Amazon SNS signs them, with a key and a certificate of our own."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GOOD_FROM = datetime(2026, 1, 1, tzinfo=UTC)
GOOD_UNTIL = GOOD_FROM + timedelta(days=30)
URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
NOTIFICATION: Mapping[str, str] = {
    "Type": "Notification",
    "MessageId": "22b80b92",
    "TopicArn": TOPIC,
    "Subject": "Amazon SES Email Event",
    "Message": "{}",
    "Timestamp": "2026-01-05T08:50:00.000Z",
    "SignatureVersion": "1",
    "SigningCertURL": URL,
    "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
}
CONFIRMATION: Mapping[str, str] = {
    **{name: said for name, said in NOTIFICATION.items() if name not in ("Subject", "UnsubscribeURL")},
    "Type": "SubscriptionConfirmation",
    "Token": "2336412f",
    "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
}


def certificate(key: object = KEY) -> bytes:
    """A certificate of a key, good in January 2026, as PEM."""
    assert hasattr(key, "public_key")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(GOOD_FROM)
        .not_valid_after(GOOD_UNTIL)
    )
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)  # type: ignore[arg-type]  # Of whichever kind.


CERTIFICATE = certificate()
OF_A_CURVE = certificate(generate_private_key(SECP256R1()))


def to_be_signed(said: Mapping[str, str]) -> bytes:
    """What the documentation says is signed, written down once more."""
    names = ["Message", "MessageId"]
    names += ["Subject"] if said["Type"] == "Notification" and "Subject" in said else []
    names += ["SubscribeURL"] if said["Type"] != "Notification" else []
    names += ["Timestamp"]
    names += ["Token"] if said["Type"] != "Notification" else []
    return "".join(f"{name}\n{said[name]}\n" for name in (*names, "TopicArn", "Type")).encode()


def signed(said: Mapping[str, str]) -> dict[str, str]:
    """The message with its signature, of the version it says."""
    algorithm = SHA256() if said["SignatureVersion"] == "2" else SHA1()
    return {**said, "Signature": b64encode(KEY.sign(to_be_signed(said), padding.PKCS1v15(), algorithm)).decode()}
