"""Mail addresses: what can be written to, and how it stands in a header or an envelope."""

from __future__ import annotations

import re
from dataclasses import dataclass

ADDRESS_BYTES_MOST = 254
"""How long an address may be (RFC 5321, 4.5.3.1.3, less the angle brackets)."""
LOCAL_BYTES_MOST = 64

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?")
_LITERAL = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]+)\]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address, in the form it is written to: the domain in lower-case ASCII (IDNA), the local part as it came."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether every server can carry it; otherwise the server must offer SMTPUTF8."""
        return self.local.isascii()


def read_address(text: str) -> Mailbox | None:
    """The mailbox a text names; None when mail cannot be sent to it.

    Only the bare form `someone@shop.example` is taken: no display names, comments or quoted local parts, which in a
    customer's data are mistakes or attempts to add recipients.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not local.isprintable():
        return None
    host = _host(domain)
    if host is None:
        return None
    try:
        sizes = len(local.encode("utf-8")), len(f"{local}@{host}".encode())
    except UnicodeEncodeError:  # A lone surrogate.
        return None
    return Mailbox(local, host) if sizes[0] <= LOCAL_BYTES_MOST and sizes[1] <= ADDRESS_BYTES_MOST else None


def read_sender(text: str) -> tuple[str, Mailbox | None]:
    """The display name and the mailbox of `Shop <hello@shop.example>`, or of a bare address; None for neither."""
    name, bracket, rest = text.strip().partition("<")
    if not bracket:
        return "", read_address(text)
    inside, _, after = rest.partition(">")
    return name.strip().strip('"').strip(), read_address(inside) if not after.strip() else None


def _host(domain: str) -> str | None:
    if _LITERAL.fullmatch(domain):
        return domain
    try:
        host = domain.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        return None
    return host if host and all(_LABEL.fullmatch(label) for label in host.split(".")) else None
