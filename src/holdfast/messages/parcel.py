"""Parcels and verdicts: what is handed to a provider, and what it answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    begin_by_ms: int | None = field(default=None, compare=False)
    """When it may be begun to be handed over at the latest; None for whenever. It is no part of what is said."""

    def with_copies(self, others: Iterable[Parcel]) -> Parcel:
        """The parcel with the same message for others."""
        return replace(self, copies=tuple(others))

    def begun_by(self, moment_ms: int | None) -> Parcel:
        """The parcel with its copies, none of them to be begun later than that."""
        copies = tuple(each.begun_by(moment_ms) for each in self.copies)
        return replace(self, begin_by_ms=moment_ms, copies=copies)

    def has_lapsed(self, now_ms: int) -> bool:
        """Whether it may not be begun any more."""
        return self.begin_by_ms is not None and now_ms > self.begin_by_ms


@dataclass(frozen=True, slots=True)
class Gone:
    """One of the places where a person is reached turned out to be dead."""

    place: str
    """Such as the id of a device."""
    since_ms: int | None = None
    """As of when, where the provider says: what was heard of it since still stands."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it."""

    provider_id: str = ""
    lost: tuple[Gone, ...] = ()
    """Places where the person is reached no more, where others took it."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The provider says: not now. It has not been taken."""

    reason: str
    after_seconds: int = 60
    blame: Literal["domain", "provider"] = "domain"
    """Whose trouble it is: that of the recipient's domain, which alone is slowed down, or the provider's own."""


@dataclass(frozen=True, slots=True)
class Lapsed(Deferred):
    """No provider said anything: it waited for its turn with one, and may not be begun any more. Nobody is to blame."""

    reason: str = "It waited too long for its turn."
    after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider says: no."""

    reason: str
    gone: bool = False
    """The address itself is dead; write to it no more."""
    since_ms: int | None = None
    """As of when it is, where the provider says."""
    lost: tuple[Gone, ...] = ()
    """Where it went to several places: those that are dead. `gone` says whether all of them are."""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The answer was lost: it may or may not have been taken."""

    reason: str


Verdict: TypeAlias = Accepted | Deferred | Refused | InDoubt
