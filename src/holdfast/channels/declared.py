"""What a provider says of itself, so that forms, docs, wiring and tests need to know nothing more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias

import holdfast.channels as provider_modules
from holdfast.channels.smtp_reply import Reply, Stage
from holdfast.kernel.catalogue import discover
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Deferred, Parcel, Verdict
from holdfast.ports.channel import Channel

Transport: TypeAlias = Literal["smtp", "http", "http2", "smpp", "kept", "inbox"]
"""What carries it: one carrier each."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a command of SMTP that a provider documents, where in the dialogue it comes, and what it means."""

    stage: Stage
    reply: Reply
    means: Verdict


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer over HTTP that a provider documents, and what it means to us."""

    reply: HttpReply
    means: Verdict
    note: str = ""
    """What the provider says about it, in few words of ours."""


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """A command_status of SMPP, and what it means to us."""

    status: int
    means: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every channel is given of the workspace it speaks for."""

    linker: Linker
    workspace_name: str
    connection: str = ""
    """The connection's name: what the provider calls back is at `/in/<connection>`."""

    @property
    def callback_url(self) -> str:
        """Where the provider tells what became of messages."""
        return f"{self.linker.base_url.rstrip('/')}/in/{self.connection}" if self.connection else ""


@dataclass(frozen=True, slots=True)
class Granted:
    """A token that was fetched."""

    headers: Mapping[str, str]
    """What a call bears by it."""
    seconds: int
    """How long it is good for."""


@dataclass(frozen=True, slots=True)
class Granting:
    """How a provider gives a token that calls bear for a while, such as an hour."""

    ask: Callable[[Any, int], Parcel]
    """The call that asks for it, by the settings and the moment, in seconds since 1970."""
    read: Callable[[HttpReply], Granted | Deferred]
    """What came of it. Never raises, whatever the status and the bytes."""


@dataclass(frozen=True, slots=True)
class NoSettings:
    """A provider that asks for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One provider of one medium."""

    name: str
    """What a connection calls it: the name of its module."""
    label: str
    medium: str
    """What a journey's send step calls it."""
    transport: Transport
    source: str
    """Where its rules are written down."""
    settings: type[Any] = NoSettings
    """The declaration of what it needs to be told: frozen, its fields with kinds; those of kind `Secret` are sealed."""
    complete: Callable[[Mapping[str, object], bytes], Mapping[str, object]] | None = None
    """Adds to settings what nobody need say, such as a key of our own: made of random bytes where there is none, and
    what follows from it. Raises Invalid with the path of what is wrong."""
    open: Callable[[Any, Desk], Channel]
    """The channel by its settings. Raises Invalid for settings that do not go together."""
    read: Callable[[HttpReply, Parcel], Verdict] | None = None
    """Over HTTP: what an answer means. Never raises, whatever the status and the bytes."""
    seal: Callable[[Any, Parcel, int], Mapping[str, str]] | None = None
    """Over HTTP: headers that depend on the moment, in seconds since 1970: signatures, tokens."""
    grant: Granting | None = None
    """Over HTTP: a token that is fetched beforehand."""
    elsewhere: Callable[[Parcel, HttpReply], Parcel | None] | None = None
    """Over HTTP: the parcel for another of the provider's servers, where this answer says it may be meant for that."""
    answers: tuple[Answer | HttpAnswer | StatusAnswer, ...] = field(default=())
    """Answers the provider documents; the contract suite holds the channel to them."""
    inbound: Callable[..., Any] | None = None
    """Reads what the provider tells us by itself: `(settings, arrival) -> Inbound`; None where it tells nothing."""


@cache
def providers() -> Mapping[str, Declared]:
    """Every provider there is, by name."""
    found = discover(provider_modules, "CHANNEL").values()
    return {each.name: each for each in found if isinstance(each, Declared)}
