"""Receive: openings, clicks and unsubscribing, as events through the door everything comes by.

A receipt's message id is made of the send, what happened and the minute it happened in: mail programs that fetch a
picture twice at once count once, and a person who opens the mail again tomorrow counts again. Unsubscribing counts
once, for as long as message ids are remembered; the refusal it is stands anew each time it is said: who came back may
leave again by the same old mail.

Who opened or clicked is judged by what happened to the message in the last minute, as far as this process saw it. What
was taken for a person's and turns out to be a machine's is taken back by an event of its own: the log only grows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from holdfast.events.event import Event, IdentityKey, Json
from holdfast.flows.delivery.telling import (
    ENGAGEMENT_RECLASSIFIED,
    MESSAGE_CLICKED,
    MESSAGE_OPENED,
    MESSAGE_UNSUBSCRIBED,
    Tell,
    consent_event,
    message_event,
)
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.agent import Agent
from holdfast.messages.heard.bursts import Deed, Hit, judged, recent
from holdfast.messages.links import Link, LinkKind, decode_link, encode_link
from holdfast.ports.clock import Clock
from holdfast.ports.state import Send, State, View

MINUTE_MS = 60_000
SENDS_MOST = 20_000
"""Of how many messages it is kept what happened to them in the last minute: those something happened to last."""
HITS_MOST = 50
"""How much of it is kept of one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What somebody who followed an unsubscribe link is about to end."""

    channel: str
    topic: str
    address: str
    language: str = ""
    """What they are written to in, where they said it; such as `de`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What was told of a hit."""

    hit: Hit
    agent: Agent
    event: str
    """The event's message id; empty where none was told."""


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
        self._lately: OrderedDict[str, tuple[_Told, ...]] = OrderedDict()

    async def opened(self, token: str, agent: Agent) -> bool:
        """The pixel was fetched; whether the link was ours."""
        found = await self._found(token, "open")
        if found is None:
            return False
        await self._hit(found, "opened", agent)
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
        await self._hit(found, "clicked", agent)
        return found.link.target

    async def trapped(self, token: str) -> bool:
        """The link was followed that nobody can see; whether it was ours."""
        found = await self._found(token, "trap")
        if found is None:
            return False
        await self._hit(found, "trapped", "machine")
        return True

    async def subscription(self, token: str) -> Subscription | None:
        """What the unsubscribe link would end; looking changes nothing."""
        found = await self._found(token, "unsubscribe")
        return None if found is None else found.subscription

    def preferences_token(self, token: str) -> str | None:
        """The token of the preferences page of whoever has this unsubscribe link."""
        link = decode_link(token, self._key)
        if link is None or link.kind != "unsubscribe":
            return None
        return encode_link(Link(kind="preferences", send=link.send), self._key)

    async def unsubscribed(self, token: str) -> Subscription | None:
        """End it. Doing so again changes nothing."""
        found = await self._found(token, "unsubscribe")
        if found is None:
            return None
        send, user, now = found.send, found.user, self._clock.now()
        consent = consent_event(
            user,
            now,
            (send.key, "unsubscribed"),
            channel=send.channel,
            granted=False,
            topic=send.topic,
            send=send.key,
        )
        await self._tell([message_event(MESSAGE_UNSUBSCRIBED, user, now, (send.key,), send=send), consent])
        return found.subscription

    async def _hit(self, found: FoundSend, deed: Deed, agent: Agent) -> None:
        """Tell of a hit, and take back what it shows to have been a machine's."""
        now, send = self._clock.now(), found.send
        now_ms = to_millis(now)
        hit = Hit(deed=deed, at_ms=now_ms, agent=agent, url=found.link.target)
        before = self._before(send.key, now_ms)
        hits = [*(each.hit for each in before), hit]
        judgement = judged(hit, hits, sent_ms=send.settled_ms or send.claimed_ms)
        event = _event(found, hit, judgement, now)
        machines = [
            each
            for each in before
            if each.agent != "machine" and judged(each.hit, hits, sent_ms=None) == "machine" and each.event
        ]
        back = {each.event: _taken_back(found, each, now) for each in machines}
        await self._tell([event, *back.values()])
        kept = tuple(replace(each, agent="machine") if each in machines else each for each in before)
        self._remember(send.key, (*kept, _Told(hit=hit, agent=judgement, event=event.message_id)))

    def _before(self, send: str, now_ms: int) -> tuple[_Told, ...]:
        told = self._lately.get(send, ())
        near = set(recent([each.hit for each in told], now_ms))
        return tuple(each for each in told if each.hit in near)

    def _remember(self, send: str, told: Sequence[_Told]) -> None:
        self._lately[send] = tuple(told[-HITS_MOST:])
        self._lately.move_to_end(send)
        while len(self._lately) > SENDS_MOST:
            self._lately.popitem(last=False)

    async def _found(self, token: str, kind: LinkKind) -> FoundSend | None:
        link = decode_link(token, self._key)
        if link is None or link.kind != kind:
            return None
        async with self._state.view() as view:
            return await find_send(view, link)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSend:
    """The send a link is of, and whose it is."""

    link: Link
    send: Send
    user: IdentityKey
    language: str

    @property
    def subscription(self) -> Subscription:
        send = self.send
        return Subscription(channel=send.channel, topic=send.topic, address=send.address, language=self.language)


async def find_send(view: View, link: Link) -> FoundSend | None:
    """The send a link is of; None when it is forgotten."""
    send = (await view.sends([link.send])).get(link.send)
    if send is None:
        return None
    owner = (await view.identities_by_id([send.identity])).get(send.identity)
    if owner is None:
        return None
    said = (await view.sayings([owner.person])).get(owner.person)
    language = "" if said is None else language_of(said.trait_values())
    return FoundSend(link=link, send=send, user=owner.key, language=language)


def language_of(traits: dict[str, Json]) -> str:
    """The language somebody is written to in, as their traits say it: `de` for `de-AT`; empty for none."""
    said = traits.get("language") or traits.get("locale")
    return said[:2].lower() if isinstance(said, str) else ""


def _event(found: FoundSend, hit: Hit, agent: Agent, now: datetime) -> Event:
    send = found.send
    if hit.deed == "opened":
        key: tuple[str | int, ...] = (send.key, agent, _minute(now))
        return message_event(MESSAGE_OPENED, found.user, now, key, send=send, said={"agent": agent})
    said: dict[str, Json] = {"url": hit.url, "agent": agent}
    if hit.deed == "trapped":
        said |= {"trap": True}
    return message_event(
        MESSAGE_CLICKED, found.user, now, (send.key, hit.url, agent, _minute(now)), send=send, said=said
    )


def _taken_back(found: FoundSend, told: _Told, now: datetime) -> Event:
    said: dict[str, Json] = {"event": told.event, "deed": told.hit.deed, "was": told.agent, "agent": "machine"}
    return message_event(
        ENGAGEMENT_RECLASSIFIED, found.user, now, (found.send.key, told.event), send=found.send, said=said
    )


def _minute(at: datetime) -> int:
    return to_millis(at) // MINUTE_MS
