"""A small nasty world, lived once in earnest: late events, duplicates, merges, zones, a change of the clocks, bounces.

Whatever happens in it hangs on its seed. Its clock stops wherever something happened or falls due, as a server that is
never behind would, so that what it did can be held against what a replay says it would do.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from holdfast.flows.people.identify import merge, unmerge
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.messages.parcel import Accepted, InDoubt, Parcel, Refused, Verdict
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.house import House

BEGIN = datetime(2026, 3, 24, 12, 0, tzinfo=UTC)
"""A few days before clocks are put forward in Europe."""
DAYS = 9
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "nowhere", None)
SETTINGS: dict[str, Any] = {
    "cap_email_per_day": 2,
    "contact_caps": "3 in 3 days; 1 in 12 hours on email about news",
    "quiet_from": "21:00",
    "quiet_until": "08:00",
    "quiet_policy": "defer",
    "time_zone": "Europe/Berlin",
    "global_holdout": 0.1,
}


def a_send(topic: str, on: str, *, transactional: bool = False) -> dict[str, object]:
    return {
        "type": "send",
        "channel": "email",
        "topic": topic,
        "transactional": transactional,
        "template": {"subject": "Hello", "text": "Hello"},
        "exits": {"sent": on, "withheld": on},
    }


CART: dict[str, Any] = {
    "id": "cart",
    "name": "Cart",
    "holdout": 0.25,
    "goal": {"event": "Order Completed", "within_seconds": 2 * 86_400},
    "start": "begin",
    "steps": {
        "begin": {
            "type": "trigger",
            "event": "Cart Added",
            "again": "after_exit",
            "cool_down_seconds": 7_200,
            "latest_seconds": 10_800,
            "only_if": {"type": "did", "event": "Order Completed", "at_most": 2},
            "exits": {"entered": "wait"},
        },
        "wait": {
            "type": "until",
            "event": "Order Completed",
            "seconds": 2_700,
            "exits": {"happened": "bought", "expired": "count"},
        },
        "count": {
            "type": "update_trait",
            "trait": "carts_left",
            "change": "increment",
            "value": 1,
            "exits": {"updated": "often", "unchanged": "often"},
        },
        "often": {
            "type": "branch",
            "condition": {"type": "trait", "trait": "carts_left", "operator": "greater_than", "value": 1},
            "exits": {"yes": "second", "no": "first", "unknown": "first"},
        },
        "first": a_send("offers", "morning"),
        "second": a_send("news", "morning"),
        "morning": {"type": "wait_until", "at": "09:30", "exits": {"waited": "last"}},
        "last": a_send("offers", "done"),
        "done": {"type": "exit"},
        "bought": {"type": "exit"},
    },
}
VIEWS: dict[str, Any] = {
    "id": "aviews",
    "name": "Views",
    "holdout": 0.1,
    "goal": {"event": "Cart Added", "within_seconds": 86_400},
    "start": "begin",
    "steps": {
        "begin": {
            "type": "trigger",
            "event": "Product Viewed",
            "again": "per_key",
            "key_property": "product",
            "exits": {"entered": "fork"},
        },
        "fork": {"type": "split", "shares": {"now": 0.5, "later": 0.5}, "exits": {"now": "mail", "later": "wait"}},
        "wait": {"type": "wait", "seconds": 32_400, "exits": {"waited": "mail"}},
        "mail": a_send("news", "done"),
        "done": {"type": "exit"},
    },
}
RECEIPT: dict[str, Any] = {
    "id": "zcarts",
    "name": "Also at the cart",
    "goal": {"event": "Order Completed", "within_seconds": 86_400},
    "trigger": {"event": "Cart Added", "again": "after_exit", "latest_seconds": 86_400},
    "send": {
        "channel": "email",
        "topic": "news",
        "template": {"subject": "Hello", "text": "Hello"},
    },
}
PLAYS = {each["id"]: each for each in (CART, VIEWS, RECEIPT)}


class Provider(KeptParcels):
    """Refuses some for good, and is not heard of others; whom and what hangs on the message alone."""

    async def carry(self, parcel: Parcel) -> Verdict:
        chance = random.Random(parcel.key).random()
        if chance < 0.08:
            return Refused("No such mailbox.", gone=True)
        return InDoubt("No answer.") if chance < 0.14 else Accepted(parcel.key)


@dataclass(slots=True)
class Lived:
    """What the world did, counted from its own tables."""

    entered: Counter[str] = field(default_factory=Counter)
    sends: Counter[tuple[str, ...]] = field(default_factory=Counter)
    exits: Counter[tuple[str, str]] = field(default_factory=Counter)


class World:
    """People to whom things happen, and a house that reacts."""

    def __init__(self, house: House, seed: int, people: int) -> None:
        self.house = house
        self._chance = random.Random(seed)
        self._people = [f"p{number}" for number in range(people)]
        self._number = 0
        self.happened: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        """Events by name, each once."""

    @classmethod
    async def live(cls, data_dir: Path, seed: int, *, people: int = 14, things: int = 260) -> World:
        """Live the whole of it."""
        house = await House.build(data_dir, carrier=Provider(), **SETTINGS)
        house.clock.advance(seconds=(BEGIN - house.clock.now()).total_seconds())
        for play in PLAYS.values():
            await house.publish(play)
        world = cls(house, seed, people)
        for who in world._people[: -people // 5]:
            await world._arrive(world._identify(who))
        for _ in range(things):
            await world._go_to(
                house.clock.now() + timedelta(seconds=world._chance.expovariate(things / (DAYS * 86_400)))
            )
            await world._something()
        await world._go_to(house.clock.now() + timedelta(days=1))
        return world

    async def did(self, origin: str) -> Lived:
        """What a journey or campaign did, by the house's own state."""
        lived = Lived()
        zone = self.house.app.zone
        async with self.house.app.state.view() as view:
            ids = range(1, 10_000)
            visits = [each for each in await view.visits_of(list(ids), limit=100_000) if each.origin == origin]
            sends = await view.sends_of(origin=origin, identities=None, limit=100_000)
            lived.exits.update({(each.step, each.exit): each.count for each in await view.step_counts(origin)})
        lived.entered.update(each.arm for each in visits)
        for send in sends:
            state = "waiting" if send.state == "pending" else send.state
            at_ms = {"withheld": send.settled_ms, "waiting": send.not_before_ms}.get(state, send.claimed_ms)
            day = from_millis(at_ms or 0).astimezone(zone).date().isoformat()
            reason = send.reason if state == "withheld" else ""
            lived.sends[send.step, send.channel, day, state, reason] += 1
        return lived

    async def _go_to(self, moment: datetime) -> None:
        """Time goes by, with a stop wherever something falls due."""
        moment -= timedelta(microseconds=moment.microsecond % 1_000)
        while True:
            async with self.house.app.state.view() as view:
                due_ms = await view.next_due()
            if due_ms is None or due_ms >= to_millis(moment):
                break
            now = self.house.clock.now()
            await self.house.later(seconds=max(0.0, (from_millis(due_ms) - now) / timedelta(seconds=1)))
        self.house.clock.advance(seconds=max(0.0, (moment - self.house.clock.now()) / timedelta(seconds=1)))

    async def _something(self) -> None:
        chance, draw = self._chance, self._chance.random()
        who = chance.choice(self._people)
        if draw < 0.62:
            await self._arrive(*(self._act(who) for _ in range(chance.choice((1, 1, 1, 2)))))
        elif draw < 0.74:
            await self._arrive(self._identify(who))
        elif draw < 0.80:
            consent = {"channel": "email", "granted": chance.random() < 0.6}
            if chance.random() < 0.4:
                consent["topic"] = "news"
            await self._arrive(self._track(who, "Consent Changed", **consent))
        elif draw < 0.88:
            await self._arrive({**self._track(who, "Product Viewed", product="x"), "anonymousId": f"device of {who}"})
        elif draw < 0.91:
            await self._arrive({"type": "alias", "previousId": f"device of {who}", "userId": who})
        else:
            await self._join(who, chance.choice(self._people))

    async def _join(self, one: str, other: str) -> None:
        state, now = self.house.app.state, self.house.clock.now()
        try:
            if self._chance.random() < 0.5:
                await merge(state, one, other, by="a test", now=now)
            else:
                await unmerge(state, (one, other), by="a test", now=now)
        except (NotFound, Conflict):
            return
        self.happened["joined"] += 1
        await self.house.settle()

    def _act(self, who: str) -> dict[str, Any]:
        chance = self._chance
        name = chance.choice(("Cart Added", "Cart Added", "Product Viewed", "Product Viewed", "Order Completed"))
        device = f"device of {who}" if chance.random() < 0.35 else None
        act = self._track(who, name, product=chance.choice("abc"), revenue=chance.choice((10, 20.5)))
        return act if device is None else {**act, "userId": None, "anonymousId": device}

    def _identify(self, who: str) -> dict[str, Any]:
        traits = {"email": f"{who}@example.com", "timezone": self._chance.choice(ZONES)}
        return {"type": "identify", "userId": who, "traits": traits}

    def _track(self, who: str, name: str, **properties: object) -> dict[str, Any]:
        return {"type": "track", "event": name, "userId": who, "properties": properties}

    async def _arrive(self, *messages: Mapping[str, Any]) -> None:
        """Some come late, and some come again."""
        told = []
        for place, message in enumerate(messages):
            self._number += 1
            late = self._chance.choice((0, 0, 0, 0, 600, 9_000, 90_000, 5 * 86_400))
            happened = self.house.clock.now() - timedelta(seconds=late + 10 - place)
            given = {"messageId": f"m{self._number}", "timestamp": format_moment(happened)}
            told.append({**given, **message})
            self.happened["late"] += late > 0
        self.told.update(each["event"] for each in told if "event" in each)
        told.sort(key=lambda each: each["timestamp"])
        await self.house.happens(*told)
        if self._chance.random() < 0.1:
            self.happened["again"] += 1
            await self._go_to(self.house.clock.now() + timedelta(seconds=self._chance.randrange(60)))
            await self.house.happens(*told)
        await asyncio.sleep(0)
