"""The life of a message, and the one table of what may follow what.

Receipts come late, twice, and in any order, and their clocks are not ours. So the table leaves no choice: of any two
states one may follow the other, never both ways round, and what may follow the later may follow the earlier. Whichever
order things are heard in, the same status comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from holdfast.messages.heard.agent import Agent

Status = Literal[
    "queued",  # Asked for, and let through by the gate.
    "in_doubt",  # Handed over, and the answer was lost.
    "failed",  # The provider refused it, or nobody could reach the provider.
    "withheld",  # The gate said no, at once or when it was asked again.
    "sent",  # The provider took it.
    "delivered",  # It is where the person reads.
    "bounced",  # The provider had taken it, and could not deliver it.
    "opened",
    "clicked",
    "replied",
    "unsubscribed",
    "complained",
]

_LATER_THAN_SENT: tuple[Status, ...] = (
    "delivered", "bounced", "opened", "clicked", "replied", "unsubscribed", "complained"
)  # fmt: skip

FOLLOWS: Mapping[Status, frozenset[Status]] = {
    "queued": frozenset(("in_doubt", "failed", "withheld", "sent", *_LATER_THAN_SENT)),
    # A receipt settles a doubt; and what failed, or was doubted, may be tried again, or be barred by then.
    "in_doubt": frozenset(("failed", "withheld", "sent", *_LATER_THAN_SENT)),
    "failed": frozenset(("withheld", "sent", *_LATER_THAN_SENT)),
    "withheld": frozenset(("sent", *_LATER_THAN_SENT)),
    "sent": frozenset(_LATER_THAN_SENT),
    # Servers say that they took it before they find that they cannot keep it.
    "delivered": frozenset(("bounced", "opened", "clicked", "replied", "unsubscribed", "complained")),
    # Somebody read it after all: one of several places it was forwarded to sent it back.
    "bounced": frozenset(("opened", "clicked", "replied", "unsubscribed", "complained")),
    "opened": frozenset(("clicked", "replied", "unsubscribed", "complained")),
    "clicked": frozenset(("replied", "unsubscribed", "complained")),
    "replied": frozenset(("unsubscribed", "complained")),
    "unsubscribed": frozenset(("complained",)),
    "complained": frozenset(),
}
"""What may follow each status."""

STATUS_OF: Mapping[str, Status] = {
    "Message Queued": "queued",
    "Message In Doubt": "in_doubt",
    "Message Failed": "failed",
    "Message Withheld": "withheld",
    "Message Sent": "sent",
    "Message Delivered": "delivered",
    "Message Bounced": "bounced",
    "Message Opened": "opened",
    "Message Clicked": "clicked",
    "Message Replied": "replied",
    "Message Unsubscribed": "unsubscribed",
    "Message Complained": "complained",
}
"""What each of our events says of the message it is about."""

_OF_A_PERSON: frozenset[Status] = frozenset({"opened", "clicked"})
_RANK: Mapping[Status, int] = {each: rank for rank, each in enumerate(get_args(Status))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened to a message."""

    status: Status
    at_ms: int
    """When, by the clock of whoever says it."""
    agent: Agent = "human"
    """For `opened` and `clicked`: who did it. What a machine or nobody knows who did, is told and makes no status."""
    said: str = ""
    """A reason, where it leads, the provider's number: whatever goes with it."""

    @property
    def makes_status(self) -> bool:
        """Whether the message's status may come of it."""
        return self.agent == "human" or self.status not in _OF_A_PERSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What became of a message."""

    status: Status | None
    """None where nothing was heard of it."""
    moments: tuple[Moment, ...]
    """In order of their own time; at the same time in the order in which they may follow each other."""


def life_of(moments: Iterable[Moment]) -> Life:
    """The life these moments make, in whatever order they come; the same one twice is one."""
    ordered = sorted(set(moments), key=lambda each: (each.at_ms, _RANK[each.status], each.agent, each.said))
    return Life(status=status_of([each.status for each in ordered if each.makes_status]), moments=tuple(ordered))


def status_of(said: Sequence[Status]) -> Status | None:
    """The status after all of these, in whatever order they come.

    >>> status_of(["delivered", "queued", "sent"])
    'delivered'
    """
    status: Status | None = None
    for each in said:
        if status is None or each in FOLLOWS[status]:
            status = each
    return status
