"""Receive: openings, clicks and unsubscribing, as events through the door everything comes by.

A receipt's message id is made of the send, what happened and the minute it happened in: mail programs that fetch a
picture twice at once count once, and a person who opens the mail again tomorrow counts again. Unsubscribing counts
once, for as long as message ids are remembered; the refusal it is stands anew each time it is said: who came back may
leave again by the same old mail.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.events.event import Event, IdentityKey, Json, own_event
from holdfast.kernel.moments import to_millis
from holdfast.messages.agent import Agent
from holdfast.messages.links import Link, LinkKind, decode_link
from holdfast.ports.clock import Clock
from holdfast.ports.state import Send, State
from holdfast.profiles.profile import CONSENT_CHANGED

MINUTE_MS = 60_000
MESSAGE_OPENED = "Message Opened"
MESSAGE_CLICKED = "Message Clicked"
MESSAGE_UNSUBSCRIBED = "Message Unsubscribed"

Tell = Callable[[Sequence[Event]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What somebody who followed an unsubscribe link is about to end."""

    channel: str
    topic: str
    address: str


class Receiver:
    """Takes receipts by signed links. A link that was not made here, or whose send is gone, is answered with None."""

    def __init__(self, *, state: State, clock: Clock, tell: Tell, key: bytes) -> None:
        """Nothing is read yet.

        Args:
            tell: makes own events durable in the log.
            key: what links are signed with.
        """
        self._state = state
        self._clock = clock
        self._tell = tell
        self._key = key

    async def opened(self, token: str, agent: Agent) -> bool:
        """The pixel was fetched; whether the link was ours."""
        found = await self._found(token, "open")
        if found is None:
            return False
        _, send, user = found
        now = self._clock.now()
        about = _about(send) | {"agent": agent}
        await self._tell([_event(MESSAGE_OPENED, user, now, about, (send.key, agent, _minute(now)))])
        return True

    def leads_to(self, token: str) -> str | None:
        """Where a link leads; that much is in the link itself."""
        link = decode_link(token, self._key)
        return link.target if link is not None and link.kind == "click" else None

    async def clicked(self, token: str, agent: Agent) -> str | None:
        """A link was followed; where it leads. Links of sends long forgotten still lead there."""
        found = await self._found(token, "click")
        if found is None:
            return self.leads_to(token)
        link, send, user = found
        now = self._clock.now()
        about = _about(send) | {"url": link.target, "agent": agent}
        await self._tell([_event(MESSAGE_CLICKED, user, now, about, (send.key, link.target, agent, _minute(now)))])
        return link.target

    async def subscription(self, token: str) -> Subscription | None:
        """What the unsubscribe link would end; looking changes nothing."""
        found = await self._found(token, "unsubscribe")
        if found is None:
            return None
        send = found[1]
        return Subscription(channel=send.channel, topic=send.topic, address=send.address)

    async def unsubscribed(self, token: str) -> Subscription | None:
        """End it. Doing so again changes nothing."""
        found = await self._found(token, "unsubscribe")
        if found is None:
            return None
        _, send, user = found
        now = self._clock.now()
        said: dict[str, Json] = {"channel": send.channel, "topic": send.topic, "granted": False, "send": send.key}
        await self._tell(
            [
                _event(MESSAGE_UNSUBSCRIBED, user, now, _about(send) | {"topic": send.topic}, (send.key,)),
                _event(CONSENT_CHANGED, user, now, said, (send.key, "unsubscribed", to_millis(now))),
            ]
        )
        return Subscription(channel=send.channel, topic=send.topic, address=send.address)

    async def _found(self, token: str, kind: LinkKind) -> tuple[Link, Send, IdentityKey] | None:
        link = decode_link(token, self._key)
        if link is None or link.kind != kind:
            return None
        async with self._state.view() as view:
            send = (await view.sends([link.send])).get(link.send)
            if send is None:
                return None
            owner = (await view.identities_by_id([send.identity])).get(send.identity)
        return None if owner is None else (link, send, owner.key)


def _about(send: Send) -> dict[str, Json]:
    return {
        "send": send.key,
        "origin": send.origin,
        "origin_kind": send.origin_kind,
        "step": send.step,
        "channel": send.channel,
    }


def _event(
    name: str, user: IdentityKey, at: datetime, properties: dict[str, Json], key: tuple[str | int, ...]
) -> Event:
    return own_event(name, user=user, at=at, properties=properties, key=key)


def _minute(at: datetime) -> int:
    return to_millis(at) // MINUTE_MS
