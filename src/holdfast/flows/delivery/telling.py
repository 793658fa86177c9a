"""Telling what became of a message: the events of its life after it was sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from holdfast.events.event import Event, IdentityKey, Json, own_event
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import Send, View
from holdfast.profiles.profile import CONSENT_CHANGED

MESSAGE_DELIVERED = "Message Delivered"
MESSAGE_BOUNCED = "Message Bounced"
MESSAGE_OPENED = "Message Opened"
MESSAGE_CLICKED = "Message Clicked"
MESSAGE_REPLIED = "Message Replied"
MESSAGE_UNSUBSCRIBED = "Message Unsubscribed"
MESSAGE_COMPLAINED = "Message Complained"
MESSAGE_RECEIVED = "Message Received"
"""What a person wrote to us; the only one of these that need not be about a send."""
ENGAGEMENT_RECLASSIFIED = "Message Engagement Reclassified"
"""An opening or a click turned out to be a machine's. What was told stays told; this takes it back.

Properties: `event`, the message id of what was told; `deed`, `opened` or `clicked`; `was`, whose it had been taken for.
"""

Tell = Callable[[Sequence[Event]], Awaitable[None]]
"""Makes own events durable in the log."""


def about(send: Send) -> dict[str, Json]:
    """What every event about a send says of it."""
    return {
        "send": send.key,
        "origin": send.origin,
        "origin_kind": send.origin_kind,
        "version": send.version,
        "step": send.step,
        "channel": send.channel,
        "topic": send.topic,
        "template": send.template,
    }


def message_event(
    name: str,
    user: IdentityKey,
    at: datetime,
    key: tuple[str | int, ...],
    *,
    send: Send | None = None,
    said: Mapping[str, Json] | None = None,
) -> Event:
    """One event about a message.

    Args:
        key: what makes it this event and no other; told again, it is the same.
        send: the message.
        said: what is told beside what it is about.
    """
    properties = {**({} if send is None else about(send)), **(said or {})}
    return own_event(name, user=user, at=at, properties=properties, key=key)


def consent_event(
    user: IdentityKey,
    at: datetime,
    key: tuple[str | int, ...],
    *,
    channel: str,
    granted: bool,
    topic: str = "",
    send: str = "",
    address: str = "",
) -> Event:
    """Consent given or taken.

    Args:
        topic: which it is about; empty for the whole channel.
        send: the message in whose answer it was said.
        address: where it was said, where it holds for whoever is written to there.
    """
    said: dict[str, Json] = {"channel": channel, "granted": granted}
    said |= {name: value for name, value in (("topic", topic), ("send", send), ("address", address)) if value}
    return own_event(CONSENT_CHANGED, user=user, at=at, properties=said, key=(*key, to_millis(at)))


async def owners_of(view: View, sends: Sequence[Send]) -> dict[str, IdentityKey]:
    """The names the sends' people went by when they were asked for, by the send's key."""
    owners = await view.identities_by_id(sorted({each.identity for each in sends}))
    return {each.key: owners[each.identity].key for each in sends if each.identity in owners}
