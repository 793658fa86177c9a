"""Parcels and verdicts: what is handed to a provider, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One rendered message for one address. The same send makes the same parcel on every retry."""

    key: str
    """The send's key; providers with idempotency keys are given it, mail carries it in its Message-ID."""
    channel: str
    sender: str
    to: str
    body: bytes
    """The message in the form its transport takes; for email a complete RFC 5322 message with CRLF line ends."""
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    """Where a carrier that speaks HTTP takes it."""
    method: str = "POST"
    copies: tuple[Parcel, ...] = ()
    """The same message for other addresses of the same person; all of them together are one send."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it."""

    provider_id: str = ""
    gone: tuple[str, ...] = ()
    """Addresses of the person that turned out to be dead, where others took it."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The provider says: not now. It has not been taken."""

    reason: str
    after_seconds: int = 60
    blame: Literal["domain", "provider"] = "domain"
    """Whose trouble it is: that of the recipient's domain, which alone is slowed down, or the provider's own."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider says: no."""

    reason: str
    gone: bool = False
    """The address itself is dead; write to it no more."""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The answer was lost: it may or may not have been taken."""

    reason: str


Verdict: TypeAlias = Accepted | Deferred | Refused | InDoubt
