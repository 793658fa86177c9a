"""What the people of the simulated shop say and do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from holdfast.events.event import IdentityKey
from holdfast.kernel.moments import format_moment, from_millis

USERS = ("ann", "ben", "cem", "dot", "eva", "fay")
DEVICES = ("phone", "tablet", "laptop")
EVENTS = {
    "Page Read": 8,
    "Checkout Started": 3,
    "Bought": 3,
    "Signed Up": 2,
    "Show Followed": 1,
    "Ticket Opened": 1,
    "Ticket Solved": 1,
}
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "nowhere")
LATE_MS = (0, 0, 0, 0, 60_000, 3_600_000, 40 * 3_600_000)
"""How late something may be told."""


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
    offsets: list[int] = field(default_factory=list)
    """Where in the log it is, each time it came and was made durable."""

    @property
    def body(self) -> bytes:
        return json.dumps({"batch": self.messages}).encode()


def names_of(message: dict[str, Any]) -> set[IdentityKey]:
    """The names under which a message may be of somebody."""
    if message["type"] == "alias":
        names = {IdentityKey(kind="user", value=message["userId"])}
        previous = message["previousId"]
        return names | {IdentityKey(kind="user", value=previous), IdentityKey(kind="anonymous", value=previous)}
    if "userId" in message:
        return {IdentityKey(kind="user", value=message["userId"])}
    return {IdentityKey(kind="anonymous", value=message["anonymousId"])}


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

    def released(self, now_ms: int) -> Batch:
        """The shop tells of a thing: an episode of a show some follow."""
        message_id = self._next_id()
        message = {
            "type": "track",
            "event": "Episode Released",
            "messageId": message_id,
            "timestamp": _iso(now_ms),
            "userId": "shop",
            "properties": {"show_id": self._chance.randrange(2), "episode_id": self._chance.randrange(20)},
        }
        return Batch(messages=[message], first_ms=now_ms, good=frozenset({message_id}))

    def _next_id(self) -> str:
        self._number += 1
        return f"m{self._number}"

    def _add(self, batch: Batch, now_ms: int) -> None:
        message_id = self._next_id()
        late_ms = self._chance.choice(LATE_MS)
        at_ms = now_ms - late_ms
        user = self._chance.choice(USERS)
        message: dict[str, Any] = {"messageId": message_id, "timestamp": _iso(at_ms)}
        message |= self._who(user)
        kind = self._chance.random()
        if kind < 0.06:
            batch.messages.append({"type": "track", "messageId": message_id, "userId": user})
            return
        if kind < 0.28:
            message |= {"type": "identify", "userId": user, "traits": self._traits(user) | {"n": late_ms}}
        elif kind < 0.29:
            message |= {"type": "alias", "userId": user, "previousId": self._chance.choice(USERS + DEVICES)}
            if message["previousId"] == user:
                message["previousId"] = self._chance.choice(DEVICES)
        elif kind < 0.38:
            granted = self._chance.random() < 0.6
            message |= {"type": "track", "event": "Consent Changed", "userId": user}
            message["properties"] = {"channel": "email", "granted": granted}
            batch.consents.append(Consent(user=user, granted=granted, stamp=(at_ms, message_id)))
        else:
            (name,) = self._chance.choices(list(EVENTS), list(EVENTS.values()))
            properties = {"order_id": self._chance.randrange(30), "show_id": self._chance.randrange(2)}
            message |= {"type": "track", "event": name, "properties": properties}
        batch.messages.append(message)
        batch.good |= {message_id}

    def _who(self, user: str) -> dict[str, str]:
        match self._chance.random():
            case drawn if drawn < 0.8:
                return {"userId": user}
            case drawn if drawn < 0.84:
                return {"userId": user, "anonymousId": self._chance.choice(DEVICES)}
            case _:
                return {"anonymousId": self._chance.choice(DEVICES)}

    def _traits(self, user: str) -> dict[str, Any]:
        """An address, and now and then something else."""
        number = USERS.index(user)
        traits: dict[str, Any] = {"email": f"{user}{self._chance.choice(('', '', '', '2'))}@example.com"}
        if self._chance.random() < 0.5:
            traits["timezone"] = ZONES[(number + (self._chance.random() < 0.1)) % len(ZONES)]
        if self._chance.random() < 0.5:
            traits["birthday"] = f"1990-{self._chance.choice(('03', '10'))}-{10 + 3 * number}"
        if self._chance.random() < 0.3:
            traits["plan"] = self._chance.choice(("free", "gold"))
        return traits


def _iso(at_ms: int) -> str:
    return format_moment(from_millis(at_ms))


Act = Literal[
    "say", "again", "retry", "garbage", "released", "called", "merge", "unmerge", "pause", "publish", "stop", "run",
    "segment", "unsubscribe", "read", "replay", "letters", "erase", "prepare",
]  # fmt: skip
ACTS: dict[Act, float] = {
    "say": 60,
    "again": 8,
    "retry": 10,
    "garbage": 1,
    "released": 2,
    "called": 2,
    "merge": 2,
    "unmerge": 3,
    "pause": 4,
    "publish": 2,
    "stop": 0.5,
    "run": 1,
    "segment": 1,
    "unsubscribe": 1,
    "read": 6,
    "replay": 1,
    "letters": 2,
    "erase": 0.3,
    "prepare": 5,
}
