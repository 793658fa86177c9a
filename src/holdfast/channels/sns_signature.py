"""How Amazon SNS signs its calls. Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.

The certificate of the key stands at an address within the message; only an address of SNS itself is believed. Pure:
whoever verifies fetches the certificate.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from holdfast.kernel.moments import from_millis
from holdfast.messages.foreign import text

CERTIFICATE_URL = re.compile(
    r"https://sns\.[a-z0-9-]{3,32}\.amazonaws\.com(\.cn)?/[A-Za-z0-9._-]{1,120}\.pem", re.ASCII
)
"""The pattern that the validators of AWS's own SDKs hold the certificate's address to, and no more than it needs."""
SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""What is signed, in order, by the kind of message."""
_MAY_BE_MISSING = "Subject"
_HASHES: Mapping[str, SHA1 | SHA256] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - Version 1 is what topics have unless told.


def certificate_url(envelope: object) -> str:
    """Where the certificate of a message is; empty where it is said to be anywhere but at SNS."""
    said = text(envelope, "SigningCertURL")
    return said if CERTIFICATE_URL.fullmatch(said) else ""


def mistrust(envelope: Mapping[str, object], certificate: bytes, at_ms: int) -> str:
    """Why a message is not what SNS signed with the key of a certificate; empty where it is. Never raises.

    Args:
        certificate: as PEM, from `certificate_url`.
        at_ms: when it came: the certificate must be good then.
    """
    said = canonical(envelope)
    algorithm = _HASHES.get(text(envelope, "SignatureVersion"))
    if said is None or algorithm is None:
        return "it lacks what SNS signs, or is signed in a way that is not known"
    try:
        signature = b64decode(text(envelope, "Signature"), validate=True)
        known = load_pem_x509_certificate(certificate)
        key = known.public_key()
        if not known.not_valid_before_utc <= from_millis(at_ms) <= known.not_valid_after_utc:
            return "its certificate is not good at this moment"
        if not isinstance(key, rsa.RSAPublicKey):
            return "its certificate is of another kind of key"
        key.verify(signature, said, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return "it has another signature"
    except (ValueError, binascii.Error, TypeError):
        return "its signature or its certificate cannot be read"
    return ""


def canonical(envelope: Mapping[str, object]) -> bytes | None:
    """The bytes that are signed: each name and its value on lines of their own. None where one is missing."""
    names = SIGNED.get(text(envelope, "Type"), ())
    lines: list[str] = []
    for name in names:
        value = envelope.get(name)
        if value is None and name == _MAY_BE_MISSING:
            continue
        if not isinstance(value, str):
            return None
        lines += (name, value)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass") if lines else None
