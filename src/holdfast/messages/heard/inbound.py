"""What comes to us from outside about messages: receipts of providers, and what people write.

A provider calls us, or a mail server brings a report. Each channel's file says what such an arrival means, in one pure
function of the raw bytes; here is what it may answer. What it answers becomes events under message ids made of
`Receipt.id`, so that a call made twice says nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from holdfast.events.event import Json
from holdfast.messages.heard.agent import Agent

ReceiptKind = Literal[
    "sent",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "complained",
    "unsubscribed",
    "failed",
    "deferred",
]

STALE_SECONDS = 300
"""How far the moment within a signature may lie from ours, where a provider signs one: what somebody overheard and
sends again later is no longer taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request as it came, before anybody has looked into it."""

    method: str
    url: str
    """The whole address as the outside knows it, with its query: some providers sign it."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Of a name that is there more than once, the last."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Under lower-case names."""
    body: bytes = b""
    """Exactly as it came: signatures are over these bytes."""
    at_ms: int = 0
    """When it reached us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a provider says became of one message.

    It is of the send whose key it echoes; else of the one the provider called `provider_id`; else of nobody, and only
    its address counts.
    """

    kind: ReceiptKind
    id: str
    """What makes it this receipt and no other: the same whenever the provider says it again."""
    at_ms: int
    """When it happened, by the provider's clock."""
    send: str = ""
    """Our key of the send, where the provider echoes it."""
    provider_id: str = ""
    address: str = ""
    reason: str = ""
    gone: bool = False
    """For `bounced` and `failed`: the address is dead."""
    agent: Agent = "unknown"
    """For `opened` and `clicked`: who did it, where the provider knows."""
    url: str = ""
    """For `clicked`: where it led."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What a person wrote to us."""

    medium: str
    id: str
    """The same whenever the provider brings it again."""
    at_ms: int
    address: str
    """Whom it is from."""
    to: str = ""
    """Which of ours it was written to."""
    text: str = ""
    send: str = ""
    """Our key of the send it answers, where the provider echoes it."""
    provider_id: str = ""
    """What the provider calls the message it answers."""
    confirmed: bool = False
    """Whether the provider itself answers STOP, START and HELP, so that we do not."""
    extra: Mapping[str, Json] = field(default_factory=dict)
    """What else is told of it: a button, a picture's address, a profile name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """It is genuine, and says these things; perhaps none that concern us."""

    things: tuple[Receipt | Incoming, ...] = ()
    answer: bytes = b""
    """What the provider wants to read in our answer, which is 200."""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The provider asks whether the address is ours; the answer is this text, and nothing happens."""

    text: str


@dataclass(frozen=True, slots=True)
class Forged:
    """It is not signed as the provider signs, or long ago: it has no effect."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """It is genuine, and not what the provider documents: kept among the bad records."""

    reason: str


Heard: TypeAlias = Told | Challenge | Forged | Unreadable
"""What an arrival means."""


@dataclass(frozen=True, slots=True)
class Certified:
    """It is signed with a key whose certificate has to be fetched before it can be told what it means."""

    url: str
    """Where the certificate is: an address of the provider's own, and of nobody who only says so."""
    judge: Callable[[bytes], Heard]
    """What the arrival means, by the certificate as it was answered. Never raises."""


Inbound: TypeAlias = Heard | Certified
"""What a provider's `inbound` answers, whatever the bytes; it never raises."""
