"""Sends: messages to one person each, from before they are done until they are settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from holdfast.decisions.caps import PRIORITY_USUAL
from holdfast.decisions.made import Made
from holdfast.events.event import Json
from holdfast.messages.parcel import Gone

WAITED_MS_MOST = 7 * 86_400_000
"""How long a contact may have waited to be made and still be found by when it was. Those that waited longer, in a
journey that was paused for weeks, are forgotten by the caps that much sooner."""
SendState = Literal["pending", "claimed", "sent", "failed", "withheld", "in_doubt"]
Urgency = Literal["transactional", "journey", "broadcast"]
"""What goes first: what somebody bought or asked for, then what a journey says, then what goes to many at once."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Sends that wait for each other and for nobody else: those of one channel and one urgency."""

    channel: str
    urgency: Urgency


URGENCIES: tuple[Urgency, ...] = ("transactional", "journey", "broadcast")
"""In order: the most urgent first."""


def lane_order(lane: Lane) -> tuple[str, int]:
    """Where a lane stands among others: by channel, the most urgent first."""
    return lane.channel, URGENCIES.index(lane.urgency)


def urgency_of(origin_kind: str, *, transactional: bool) -> Urgency:
    """How urgent what such an origin asks for is."""
    if transactional:
        return "transactional"
    return "journey" if origin_kind == "journey" else "broadcast"


class Send(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One message to one person: written before it is done, under a key that is the same on every retry."""

    key: str
    identity: int
    origin_kind: Literal["journey", "campaign", "keyword"]
    """`keyword`: no decision asked for it; it answers a word such as STOP."""
    origin: str
    """The id of the journey or campaign that asked for it."""
    version: int
    step: str
    channel: str
    template: str
    topic: str
    transactional: bool = False
    address: str
    variables: Mapping[str, Json] = {}
    """What the template sees beside the person: the event that led here."""
    state: SendState = "pending"
    created_ms: int
    not_before_ms: int
    attempts: int = 0
    claimed_ms: int | None = None
    settled_ms: int | None = None
    reason: str = ""
    """Why it was withheld, failed or is in doubt."""
    claimed_by: str = ""
    """The claim it is under, or was under last: its sender's name and the number of the round."""
    send_by_ms: int | None = None
    """Until when whoever claimed it may begin to hand it over."""
    tried_ms: int | None = None
    """When it was first claimed to be handed over, and not put back untried."""
    dead: bool = False
    """Whether it is a dead letter: nobody tries it any more, and somebody is to say what becomes of it."""
    priority: int = PRIORITY_USUAL
    """What it counts against others for the same person."""
    cost: int = 0
    """What it costs, in thousandths of a minor unit of the workspace's currency."""

    @property
    def is_tried_again(self) -> bool:
        """Whether it was tried before it was claimed this time, or put off; so that words may be kept for it."""
        return self.attempts > 1 or bool(self.reason)

    @property
    def lane(self) -> Lane:
        """Where it waits."""
        return Lane(self.channel, urgency_of(self.origin_kind, transactional=self.transactional))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Which saved template a message was told in."""

    template: str
    version: int
    variant: str
    language: str
    """Empty where the template does not say."""
    propensity: float = 1.0
    """The chance the person had of that variant; 1 where there is one alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a claimed send."""

    key: str
    state: SendState
    reason: str = ""
    not_before_ms: int = 0
    """For `pending` again (deferred): when to try next."""
    provider_id: str = ""
    """For `sent`: what the provider calls it."""
    gone: bool = False
    """For `failed`: the address is dead, and is to be suppressed."""
    untried: bool = False
    """For `pending` again: it was put off before anybody tried, and taking it is no attempt after all."""
    claimed_by: str | None = None
    """The claim it settles: a send that is under another one by now is left alone. None settles whichever it is."""
    unwritten: bool = False
    """For `failed`: it could not be put into words, or into its channel's form, and was handed to nobody."""
    dead: bool = False
    """For `failed` and `in_doubt`: it becomes a dead letter."""
    lost: tuple[Gone, ...] = ()
    """Devices of the person that are gone. The address of the send is no more than a name of one: it stands."""
    told: Told | None = None
    """What it said; None where its step said it itself, or nothing was handed over."""
    words: bytes = b""
    """For a send that may be handed over again: what it said, to be kept until then. Empty to leave that as it is."""
    kept: bool = False
    """Whether what it said may have been kept before it was handed over: it is let go of once the matter has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTotals:
    """What stands in a lane."""

    lane: Lane
    pending: int
    claimed: int
    in_doubt: int
    next_ms: int | None
    """When the soonest of the pending may go, or might have gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of one attempt at a send that did not end well."""

    at_ms: int
    said: str


class SendView(Protocol):
    """Reading sends."""

    async def sends(self, keys: Sequence[str]) -> dict[str, Send]: ...

    async def sends_of(self, *, origin: str | None, identities: Sequence[int] | None, limit: int) -> list[Send]:
        """Newest first."""
        ...

    async def send_totals(self, origin: str | None) -> dict[SendState, int]: ...

    async def claimed_before(self, at_ms: int) -> list[Send]:
        """Sends claimed before then and never settled: in doubt."""
        ...

    async def overdue_claims(self, before_ms: int, *, limit: int) -> list[Send]:
        """Claimed sends whose `send_by_ms` is before then, oldest claim first; those that have none are left out."""
        ...

    async def lane_totals(self) -> list[LaneTotals]:
        """What stands in each lane, in order of channel and urgency; lanes in which nothing stands may be left out."""
        ...

    async def answers(self, keys: Sequence[str]) -> dict[str, list[Answered]]:
        """What came of the attempts at these sends that did not end well, oldest first."""
        ...

    async def dead_letters(
        self,
        *,
        limit: int,
        origin: str | None = None,
        channel: str | None = None,
        before: tuple[int, str] | None = None,
    ) -> list[Send]:
        """Dead letters, newest first by `settled_ms`, then by key; only those after `before` in that order."""
        ...

    async def count_dead_letters(self) -> dict[str, int]:
        """How many dead letters there are, by channel."""
        ...

    async def contacts(self, identities: Sequence[int], since_ms: int) -> dict[int, list[Made]]:
        """The marketing contacts of each identity, on every channel: sends not withheld and not failed, oldest first.

        Those that were meant for a moment from `since_ms` on, or handed over then. One that was asked for more than
        `WAITED_MS_MOST` before may be left out.
        """
        ...

    async def spent(self, origins: Sequence[str]) -> dict[str, dict[str, int]]:
        """What these journeys' messages cost, by day (such as `2026-11-22`), in thousandths of a minor unit."""
        ...

    async def suppressed(self, channel: str, addresses: Sequence[str]) -> dict[str, str]:
        """Suppressed addresses among these, with the reason. Addresses are compared in lower case."""
        ...


class SendTransaction(SendView, Protocol):
    """Changing sends."""

    async def add_sends(self, sends: Sequence[Send]) -> None:
        """Write sends; one whose key exists is passed over."""
        ...

    async def claim_sends(
        self,
        now_ms: int,
        rooms: Mapping[Lane, int],
        *,
        without: Sequence[str] = (),
        claimed_by: str = "",
        send_by_ms: int | None = None,
    ) -> list[Send]:
        """Take pending sends that are due and mark them claimed now: of each lane so many at most, longest due first.

        Lanes come in the order in which they are given. Taking a send counts an attempt. Those of the origins `without`
        are left where they are.
        """
        ...

    async def settle_sends(self, settlements: Sequence[Settlement], at_ms: int) -> None:
        """Write what became of claimed sends. A send that is no longer claimed, or by another claim, is left alone.

        What came of an attempt is kept for `answers` when it did not end well: for `failed`, `in_doubt`, and `pending`
        unless untried.
        """
        ...

    async def replay_dead_letters(self, keys: Sequence[str], at_ms: int) -> list[str]:
        """Make dead letters pending again, due at `at_ms`, as if nobody had tried; returns those that were any."""
        ...

    async def drop_dead_letters(self, keys: Sequence[str]) -> list[str]:
        """Make dead letters plain failures, or plain doubts, for good; returns those that were any."""
        ...

    async def withhold_sends(self, keys: Sequence[str], reason: str, at_ms: int) -> None:
        """Call off sends that wait. Those that wait no more are left alone."""
        ...

    async def spend(self, amounts: Mapping[tuple[str, str], int]) -> None:
        """Add to what journeys spent on days, by origin and day; what is given back is below 0."""
        ...

    async def suppress(self, channel: str, address: str, reason: str, at_ms: int) -> None: ...
