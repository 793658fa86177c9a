"""What is said on other media than mail: by people with telephones and apps, and by who carries messages to them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from random import Random
from typing import Any

from holdfast.kernel.moments import format_moment, from_millis
from holdfast.messages.parcel import Parcel, Refused, Verdict
from holdfast.profiles.devices import device_id
from tests.push_service import Subscription
from tests.simulation.plans import LATE_MS, USERS, Batch, Chatter
from tests.simulation.provider import Provider
from tests.simulation.shop import GOAL, Kind

APP = "example.shop"
TO_DEVICES = ("mobile_push", "web_push")
GENERATIONS = 3
"""How many telephones and browsers each has, one after the other."""
EVENTS = {"Asked": 4, "Page Read": 4, "Looked Around": 3, "Signed Up": 3, "Bought": 2}
SAYS: dict[str, dict[str, str]] = {
    "sms": {"text": "Hello {{ person.user_id }}."},
    "mobile_push": {"title": "Hello {{ person.user_id }}"},
    "web_push": {"title": "Hello {{ person.user_id }}"},
    "in_app": {"title": "Hello {{ person.user_id }}"},
    "inbox": {"title": "Hello {{ person.user_id }}"},
}


def phone_of(user: str) -> str:
    """Their number, for good."""
    return f"+43664123456{USERS.index(user)}"


def token_of(user: str, generation: int) -> str:
    """What Apple calls a telephone of theirs."""
    return hashlib.sha256(f"{user} {generation}".encode()).hexdigest()


def endpoint_of(user: str, generation: int) -> str:
    """Where a browser of theirs is written to."""
    return f"https://push.example/{user}-{generation}"


def decisions() -> dict[str, tuple[Kind, dict[str, Any]]]:
    """What is published: something on every medium, and a text that is part of what somebody bought."""
    often = {"again": "after_exit", "cool_down_seconds": 1_800}
    each_order = {"again": "per_key", "key_property": "order_id"}
    return {
        "text": _campaign("text", "Asked", "sms", often),
        "nudge": _campaign("nudge", "Page Read", "mobile_push", often),
        "ping": _campaign("ping", "Looked Around", "web_push", often),
        "banner": _campaign("banner", "Signed Up", "in_app", often),
        "letter": _campaign("letter", "Signed Up", "inbox", often),
        "slip": _campaign("slip", "Bought", "sms", each_order, transactional=True),
    }


def _campaign(
    name: str, event: str, channel: str, trigger: dict[str, Any], **send: object
) -> tuple[Kind, dict[str, Any]]:
    said = {"channel": channel, "topic": "updates", "template": SAYS[channel], **send}
    return "campaign", {
        "id": name,
        "name": name.title(),
        "goal": GOAL,
        "trigger": {"event": event, **trigger},
        "send": said,
    }


class PhoneChatter(Chatter):
    """Draws what people with telephones say; a device that is no more says nothing more."""

    def __init__(self, chance: Random, phones: Phones) -> None:
        super().__init__(chance)
        self._phones = phones

    def _add(self, batch: Batch, now_ms: int) -> None:
        message_id, user = self._next_id(), self._chance.choice(USERS)
        message: dict[str, Any] = {"messageId": message_id, "userId": user, "timestamp": self._moment(now_ms)}
        kind = self._chance.random()
        if kind < 0.2:
            message |= {"type": "identify", "traits": {"phone": phone_of(user)}}
        elif kind < 0.3:
            message |= {"type": "track", "event": "Consent Changed"}
            message["properties"] = {"channel": self._chance.choice(TO_DEVICES), "granted": self._chance.random() < 0.7}
        elif kind < 0.55:
            message |= self._subscribed(user)
        else:
            (name,) = self._chance.choices(list(EVENTS), list(EVENTS.values()))
            message |= {"type": "track", "event": name, "properties": {"order_id": self._chance.randrange(40)}}
        batch.messages.append(message)
        batch.good |= {message_id}

    def _moment(self, now_ms: int) -> str:
        return format_moment(from_millis(now_ms - self._chance.choice(LATE_MS)))

    def _subscribed(self, user: str) -> dict[str, Any]:
        """A browser, or an app, allows messages."""
        said: dict[str, Any] = {}
        if self._chance.random() < 0.5:
            if token := self._alive([token_of(user, each) for each in range(GENERATIONS)]):
                said = {"token": token, "type": "ios"}
        elif endpoint := self._alive([endpoint_of(user, each) for each in range(GENERATIONS)]):
            made = Subscription.made(endpoint)
            said = {"endpoint": endpoint, "keys": {"p256dh": made.p256dh, "auth": made.auth}}
        return {"type": "track", "event": "Push Subscribed", "properties": said}

    def _alive(self, tokens: list[str]) -> str:
        """One of those there still are; empty when all are gone."""
        left = [each for each in tokens if device_id(each) not in self._phones.dead]
        return self._chance.choice(left) if left else ""


class Phones(Provider):
    """The operators and push services, moody as any provider; devices die, and they know it first."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.dead: dict[str, int] = {}
        """By the device's id: when it came to its end."""
        self.handed: defaultdict[tuple[str, str], list[tuple[int, bytes]]] = defaultdict(list)
        """What was taken, by the send's key and where it went: when, and what."""
        self.media: dict[str, str] = {}
        """Of what was taken: on which medium it went, by the send's key."""

    def _answer(self, parcel: Parcel) -> Verdict:
        if parcel.to in self.dead:
            return Refused("there is no such device any more", gone=True, since_ms=self.dead[parcel.to])
        before = self.taken[parcel.key]
        verdict = super()._answer(parcel)
        if self.taken[parcel.key] > before:
            self.handed[parcel.key, parcel.to].append((self._now_ms(), parcel.body))
            self.media[parcel.key] = parcel.channel
        if isinstance(verdict, Refused) and verdict.gone and parcel.channel in TO_DEVICES:
            self.dead[parcel.to] = self._now_ms()
        return verdict

    def texts(self) -> list[str]:
        """The keys of texts that were taken, in the order they were."""
        return [key for key, medium in self.media.items() if medium == "sms"]
