"""What the simulated shop wants of its people, and what its people do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

USERS = ("ann", "ben", "cem", "dot", "eva")
DEVICES = ("phone", "tablet", "laptop")
EVENTS = ("Signed Up", "Checkout Started", "Bought", "Page Read")
MAIL = {"channel": "email", "template": {"subject": "To {{ person.user_id }}", "text": "Hello."}}


def _send(topic: str, to: str, **fields: object) -> dict[str, object]:
    return {"type": "send", "topic": topic, **MAIL, **fields, "exits": {"sent": to, "withheld": to}}


def journeys(wait_seconds: int) -> list[dict[str, Any]]:
    """One with a wait for an event, one people leave at their goal, one for receipts."""
    return [
        {
            "id": "welcome",
            "name": "Welcome",
            "goal": {"event": "Bought", "within_seconds": 86_400},
            "start": "in",
            "steps": {
                "in": {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "first"}},
                "first": _send("news", "until"),
                "until": {
                    "type": "until",
                    "event": "Bought",
                    "seconds": wait_seconds,
                    "exits": {"happened": "out", "expired": "second"},
                },
                "second": _send("news", "out"),
                "out": {"type": "exit"},
            },
        },
        {
            "id": "rescue",
            "name": "Rescue",
            "holdout": 0.2,
            "goal": {"event": "Bought", "within_seconds": 86_400},
            "leave_on_goal": True,
            "start": "in",
            "steps": {
                "in": {
                    "type": "trigger",
                    "event": "Checkout Started",
                    "again": "after_exit",
                    "exits": {"entered": "wait"},
                },
                "wait": {"type": "wait", "seconds": wait_seconds, "exits": {"waited": "mail"}},
                "mail": _send("offers", "rest"),
                "rest": {"type": "wait", "seconds": 2 * wait_seconds, "exits": {"waited": "out"}},
                "out": {"type": "exit"},
            },
        },
        {
            "id": "receipt",
            "name": "Receipt",
            "goal": {"event": "Bought", "within_seconds": 86_400},
            "start": "in",
            "steps": {
                "in": {
                    "type": "trigger",
                    "event": "Bought",
                    "again": "per_key",
                    "key_property": "order_id",
                    "exits": {"entered": "mail"},
                },
                "mail": _send("receipts", "out", transactional=True),
                "out": {"type": "exit"},
            },
        },
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody said about being written to, in one message."""

    user: str
    granted: bool
    stamp: tuple[int, str]
    """When they said it, and the message's id: of two the greater stands."""


@dataclass(slots=True, kw_only=True)
class Batch:
    """One request: its messages, and whether it was ever acknowledged."""

    messages: list[dict[str, Any]]
    first_ms: int
    good: frozenset[str] = frozenset()
    consents: list[Consent] = field(default_factory=list)
    acknowledged_at: int | None = None
    """In world order."""

    @property
    def body(self) -> bytes:
        return json.dumps({"batch": self.messages}).encode()


class Chatter:
    """Draws what people say; every message has an id of its own."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._number = 0

    def batch(self, now_ms: int) -> Batch:
        """A request of one to four messages."""
        batch = Batch(messages=[], first_ms=now_ms)
        for _ in range(self._chance.choice((1, 1, 2, 4))):
            self._add(batch, now_ms)
        return batch

    def _add(self, batch: Batch, now_ms: int) -> None:
        self._number += 1
        message_id = f"m{self._number}"
        late_ms = self._chance.choice((0, 0, 0, 60_000, 3_600_000))
        at_ms = now_ms - late_ms
        user = self._chance.choice(USERS)
        message: dict[str, Any] = {"messageId": message_id, "timestamp": _iso(at_ms)}
        message |= self._who(user)
        kind = self._chance.random()
        if kind < 0.06:
            batch.messages.append({"type": "track", "messageId": message_id, "userId": user})
            return
        if kind < 0.28:
            message |= {"type": "identify", "userId": user, "traits": {"email": self._address(user), "n": late_ms}}
        elif kind < 0.36:
            message |= {"type": "alias", "userId": user, "previousId": self._chance.choice(USERS + DEVICES)}
            if message["previousId"] == user:
                message["previousId"] = self._chance.choice(DEVICES)
        elif kind < 0.48:
            granted = self._chance.random() < 0.35
            message |= {"type": "track", "event": "Consent Changed", "userId": user}
            message["properties"] = {"channel": "email", "granted": granted}
            batch.consents.append(Consent(user=user, granted=granted, stamp=(at_ms, message_id)))
        else:
            name = self._chance.choice(EVENTS)
            message |= {"type": "track", "event": name, "properties": {"order_id": self._chance.randrange(30)}}
        batch.messages.append(message)
        batch.good |= {message_id}

    def _who(self, user: str) -> dict[str, str]:
        match self._chance.random():
            case drawn if drawn < 0.6:
                return {"userId": user}
            case drawn if drawn < 0.8:
                return {"userId": user, "anonymousId": self._chance.choice(DEVICES)}
            case _:
                return {"anonymousId": self._chance.choice(DEVICES)}

    def _address(self, user: str) -> str:
        return f"{user}{self._chance.choice(('', '', '', '2'))}@example.com"


def _iso(at_ms: int) -> str:
    from holdfast.kernel.moments import format_moment, from_millis

    return format_moment(from_millis(at_ms))


Act = Literal["say", "again", "retry", "garbage", "merge", "unmerge", "journey", "unsubscribe", "read", "replay"]
ACTS: dict[Act, int] = {
    "say": 60,
    "again": 8,
    "retry": 10,
    "garbage": 1,
    "merge": 6,
    "unmerge": 6,
    "journey": 4,
    "unsubscribe": 3,
    "read": 3,
    "replay": 1,
}
