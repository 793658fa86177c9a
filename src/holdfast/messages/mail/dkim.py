"""DKIM signatures (RFC 6376; RFC 8463 for Ed25519): by them a domain vouches for a mail and for each header named.

`c=relaxed/simple`: headers may be folded anew on the way; the body may not be touched, and no relay has a reason to,
for it is quoted-printable in short lines. The signature is the same on every retry: its moment is the letter's own.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from holdfast.kernel.errors import Invalid

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]

RSA_BITS_LEAST = 1_024
"""What receivers still look at (RFC 8301); we make keys of 2,048."""
SIGNED: tuple[str, ...] = (
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "feedback-id",
)
"""What is vouched for where it stands. RFC 8058 asks for both `List-Unsubscribe` headers."""
SEALED = frozenset({"from", "to", "reply-to", "subject", "list-unsubscribe", "list-unsubscribe-post"})
"""Named once more than they stand: nobody can add a second one that programs might show or follow instead."""

LINE_CHARACTERS = 72
"""How long a line of the header may be, less what ends it."""
NAME_CHARACTERS_MOST = 253

_BLANKS = re.compile(rb"[ \t]+")
_PADDING, _HASH = PKCS1v15(), hashes.SHA256()
_KEY_HINT = "Give a private key in PEM (PKCS #8), without a password: RSA of 2,048 bits, or Ed25519."
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs mails for one domain with one key. Make it with `signer`."""

    domain: str
    """What vouches: the domain of the sender's address, or one above it, so that DMARC takes it for aligned."""
    selector: str
    """Which key: receivers ask `<selector>._domainkey.<domain>` for its public half."""
    key: RSAPrivateKey | Ed25519PrivateKey
    signed: tuple[str, ...] = SIGNED
    """The headers vouched for, in lower case; fewer where a provider writes some of them anew."""

    @property
    def algorithm(self) -> Algorithm:
        """What the signature is made with."""
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    def header(self, headers: Sequence[bytes], hashed: str, *, at_seconds: int) -> bytes:
        """The header `DKIM-Signature`, folded, with CRLF at its end; it stands above those it signs.

        Args:
            headers: each header of the message, whole and without the CRLF at its end, in order.
            hashed: the body's `body_hash`.
            at_seconds: when it is signed (`t=`), in Unix seconds.
        """
        standing: dict[str, list[bytes]] = {}
        for each in headers:
            written, _, value = each.partition(b":")
            standing.setdefault(written.strip().lower().decode("latin-1"), []).append(value)
        names: list[str] = []
        said: list[bytes] = []
        for name in self.signed:
            values = standing.get(name, [])
            seals = name in SEALED and (values or name == "from")
            names += [name] * (len(values) + bool(seals))
            # From the last to the first (RFC 6376, 5.4.2): what is put on top later is not what was signed.
            said += [relaxed(name, value) for value in reversed(values)]
        head = self._head(names, hashed, at_seconds)
        said.append(relaxed("dkim-signature", head.partition(b":")[2]).removesuffix(b"\r\n"))
        signature = b64encode(self._sign(b"".join(said)))
        return head + b"".join(b"\r\n " + each for each in _cut(signature)) + b"\r\n"

    def _head(self, names: Sequence[str], hashed: str, at_seconds: int) -> bytes:
        """The header up to the signature itself."""
        lines = (
            f"DKIM-Signature: v=1; a={self.algorithm}; c=relaxed/simple;",
            f" d={self.domain};",
            f" s={self.selector}; t={at_seconds};",
            _named(tuple(names)),
            f" bh={hashed};",
            " b=",
        )
        return "\r\n".join(lines).encode("ascii")

    def _sign(self, said: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(said, _PADDING, _HASH)
        return self.key.sign(sha256(said).digest())  # RFC 8463 (3): the hash is what is signed.


def signer(domain: str, selector: str, private_key: bytes, *, signed: tuple[str, ...] = SIGNED) -> Signer:
    """What signs for the domain.

    Args:
        private_key: PEM (PKCS #8), unencrypted, RSA or Ed25519.

    Raises Invalid for another key, or a name that cannot stand in the DNS.
    """
    for name, path in ((domain, "dkim_domain"), (selector, "dkim_selector")):
        if not is_host(name):
            raise Invalid(
                f"{name!r:.100} is no name in the DNS.", path=path, hint="Use a–z, 0–9 and -, with dots between."
            )
    try:
        key = serialization.load_pem_private_key(private_key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid("This is no private key.", code="bad_key", path="dkim_key", hint=_KEY_HINT) from error
    if isinstance(key, RSAPrivateKey) and key.key_size < RSA_BITS_LEAST:
        raise Invalid(f"The key has {key.key_size} bits only.", code="bad_key", path="dkim_key", hint=_KEY_HINT)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise Invalid("This is a key of another kind.", code="bad_key", path="dkim_key", hint=_KEY_HINT)
    return Signer(domain=domain, selector=selector, key=key, signed=signed)


def is_host(name: str) -> bool:
    """Whether it can be a name in the DNS, written as we write it: in small letters, and international ones encoded."""
    return len(name) <= NAME_CHARACTERS_MOST and _NAME.fullmatch(name) is not None


def public_record(signs: Signer) -> str:
    """What is published in the DNS, as TXT of `<selector>._domainkey.<domain>`: the public half of the key."""
    public = signs.key.public_key()
    if signs.algorithm == "rsa-sha256":
        kind, form = "rsa", (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    else:
        kind, form = "ed25519", (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; p={b64encode(public.public_bytes(*form)).decode('ascii')}"


def body_hash(body: bytes) -> str:
    """The hash of a body that signatures carry (`bh=`), in base 64: SHA-256 of it in the simple form."""
    return b64encode(sha256(simple_body(body)).digest()).decode("ascii")


def simple_body(body: bytes) -> bytes:
    """The body as `simple` has it: exactly one line end at its end (RFC 6376, 3.4.3)."""
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n"):
        return body
    while body.endswith(b"\r\n"):
        body = body[:-2]
    return body + b"\r\n"


def relaxed(name: str, value: bytes) -> bytes:
    """A header as `relaxed` has it: one line, single blanks, none at either end (RFC 6376, 3.4.2); with a CRLF."""
    unfolded = value.replace(b"\r\n", b"").strip(b" \t")
    if b"  " in unfolded or b"\t" in unfolded:
        unfolded = _BLANKS.sub(b" ", unfolded)
    return name.encode("latin-1") + b":" + unfolded + b"\r\n"


@lru_cache(maxsize=64)
def _named(names: tuple[str, ...]) -> str:
    """The tag `h=`, folded; nearly all mails have the same headers."""
    lines, line = [], " h="
    for index, name in enumerate(names):
        put = name if index == 0 else f":{name}"
        if len(line) + len(put) > LINE_CHARACTERS:
            lines.append(f"{line}:")
            line = f"  {name}"
        else:
            line += put
    return "\r\n".join([*lines, f"{line};"])


def _cut(signature: bytes) -> list[bytes]:
    return [signature[at : at + LINE_CHARACTERS] for at in range(0, len(signature), LINE_CHARACTERS)]
