"""/api/lanes and /api/dead-letters: how delivery stands, and what could not be delivered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import Field

from holdfast.flows.delivery.dead_letters import Decided, Which, drop_letters, is_too_old, replay_letters
from holdfast.flows.delivery.lanes import Carrying
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Truth, moment, moment_text
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import Answered, LaneTotals, Send, Urgency
from holdfast.wiring import Application

AT_ONCE_MOST = 1_000
"""How many letters may be named in one call."""
KEY_MOST = 200
_PLACE = re.compile(r"([0-9]{1,15})-(.{1,200})", re.DOTALL)

Key = Annotated[str, Field(min_length=1, max_length=KEY_MOST)]


@dataclass(frozen=True, kw_only=True)
class LaneShape:
    """One lane: sends of one channel and one urgency. `oldest_due_at` is when the first that waits might have gone."""

    channel: str
    urgency: Urgency
    waiting: int
    under_way: int
    in_doubt: int
    oldest_due_at: str | None
    late_seconds: float
    """How long that is ago; 0 when it is still to come."""

    @classmethod
    def of(cls, totals: LaneTotals, now_ms: int) -> Self:
        late_ms = 0 if totals.next_ms is None else max(0, now_ms - totals.next_ms)
        return cls(
            channel=totals.lane.channel,
            urgency=totals.lane.urgency,
            waiting=totals.pending,
            under_way=totals.claimed,
            in_doubt=totals.in_doubt,
            oldest_due_at=moment(totals.next_ms),
            late_seconds=late_ms / 1_000,
        )


@dataclass(frozen=True, kw_only=True)
class SlowedShape:
    """A domain that is not given all there is for it, and when it is tried again."""

    domain: str
    until: str
    deferrals: int


@dataclass(frozen=True, kw_only=True)
class ProviderShape:
    """A channel's provider, as this process sees it. After a start the breaker is closed and every domain trusted."""

    channel: str
    breaker: Literal["closed", "open", "half_open"]
    opens_at: str | None
    """When a provider that is left alone is tried again."""
    rate: str
    """Such as `50/s`; empty where nothing limits it."""
    slowed: list[SlowedShape]

    @classmethod
    def of(cls, carrying: Carrying) -> Self:
        return cls(
            channel=carrying.channel,
            breaker=carrying.breaker,
            opens_at=moment(carrying.opens_ms),
            rate="" if carrying.rate is None else str(carrying.rate),
            slowed=[
                SlowedShape(domain=each.domain, until=moment_text(each.until_ms), deferrals=each.deferrals)
                for each in carrying.slowed
            ],
        )


@dataclass(frozen=True, kw_only=True)
class LanePage:
    """How delivery stands; `dead_letters` counts them by channel."""

    as_of: str
    lanes: list[LaneShape]
    providers: list[ProviderShape]
    dead_letters: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class AnswerShape:
    """What came of one attempt."""

    at: str
    said: str

    @classmethod
    def of(cls, answered: Answered) -> Self:
        return cls(at=moment_text(answered.at_ms), said=answered.said)


@dataclass(frozen=True, kw_only=True)
class DeadLetterShape:
    """A message nobody tries to deliver any more, why, and what came of each attempt, oldest first."""

    key: str
    origin_kind: Literal["journey", "campaign", "keyword"]
    origin: str
    version: int
    step: str
    channel: str
    topic: str
    transactional: bool
    address: str
    state: Literal["failed", "in_doubt"]
    """`in_doubt`: it may have been delivered; replayed, it may be delivered twice."""
    reason: str
    attempts: int
    created_at: str
    dead_at: str
    replayable: bool
    """False for marketing that is too old to be tried again."""
    answers: list[AnswerShape]

    @classmethod
    def of(cls, send: Send, answers: Sequence[Answered], now_ms: int) -> Self:
        return cls(
            key=send.key,
            origin_kind=send.origin_kind,
            origin=send.origin,
            version=send.version,
            step=send.step,
            channel=send.channel,
            topic=send.topic,
            transactional=send.transactional,
            address=send.address,
            state="in_doubt" if send.state == "in_doubt" else "failed",
            reason=send.reason,
            attempts=send.attempts,
            created_at=moment_text(send.created_ms),
            dead_at=moment_text(send.settled_ms or 0),
            replayable=not is_too_old(send, now_ms),
            answers=[AnswerShape.of(each) for each in answers],
        )


@dataclass(frozen=True, kw_only=True)
class DeadLetterPage:
    """Dead letters, newest first; give `next_before` as `before` for those after them."""

    dead_letters: list[DeadLetterShape]
    next_before: str | None
    total: int


@dataclass(frozen=True, kw_only=True)
class LetterWish:
    """Which dead letters: those named, or `all` of them, if need be of one `origin` or one `channel`."""

    __pydantic_config__ = WISH

    keys: Annotated[list[Key], Field(max_length=AT_ONCE_MOST)] = field(default_factory=list)
    all: Truth = False
    origin: Key | None = None
    channel: Key | None = None

    def which(self) -> Which:
        """What is meant. Raises Invalid when it is not said, or said twice."""
        if self.all == bool(self.keys):
            raise Invalid(
                "which letters is not said.", path="$.keys", hint="Give their keys, or `all`: true, not both."
            )
        if self.keys and (self.origin is not None or self.channel is not None):
            raise Invalid("keys name letters already.", path="$.keys", hint="Give `origin` and `channel` with `all`.")
        return Which(keys=self.keys or None, origin=self.origin, channel=self.channel)


@dataclass(frozen=True, kw_only=True)
class ReplayedLetters:
    """How many wait to be sent again, how many are too old for it, and how many keys are no dead letter's."""

    replayed: int
    too_old: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class DroppedLetters:
    """How many are let go of, and how many keys are no dead letter's."""

    dropped: int
    unknown: int


def delivery_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", tags=["Delivery"], dependencies=[needs("people:read")])

    @routes.get("/lanes", dependencies=[needs("read")])
    async def lanes() -> LanePage:
        """How much waits in each lane, how late it is, and how the providers stand."""
        now_ms = to_millis(app.clock.now())
        async with app.state.view() as view:
            totals = await view.lane_totals()
            dead = await view.count_dead_letters()
        here = app.offices.here if app.offices is not None else ()
        return LanePage(
            as_of=moment_text(now_ms),
            lanes=[LaneShape.of(each, now_ms) for each in totals],
            providers=[ProviderShape.of(each) for each in app.lanes.carrying(now_ms) if each.channel not in here],
            dead_letters=dead,
        )

    @routes.get("/dead-letters")
    async def listed(
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
        before: Annotated[str | None, Query(max_length=220, description="`next_before` of the page before.")] = None,
        origin: Annotated[str | None, Query(max_length=KEY_MOST, description="Of one journey or campaign.")] = None,
        channel: Annotated[str | None, Query(max_length=KEY_MOST, description="Of one channel.")] = None,
    ) -> DeadLetterPage:
        """What could not be delivered, why, and what came of each attempt."""
        place = None if before is None else _place(before)
        async with app.state.view() as view:
            found = await view.dead_letters(limit=limit, origin=origin, channel=channel, before=place)
            answers = await view.answers([each.key for each in found])
            total = sum((await view.count_dead_letters()).values())
        now_ms = to_millis(app.clock.now())
        last = found[-1] if len(found) == limit else None
        return DeadLetterPage(
            dead_letters=[DeadLetterShape.of(each, answers.get(each.key, ()), now_ms) for each in found],
            next_before=None if last is None else f"{last.settled_ms or 0}-{last.key}",
            total=total,
        )

    @routes.get("/dead-letters/{key}")
    async def one(key: Annotated[str, Path(max_length=KEY_MOST)]) -> DeadLetterShape:
        """One dead letter."""
        async with app.state.view() as view:
            send = (await view.sends([key])).get(key)
            answers = await view.answers([key])
        if send is None or not send.dead:
            raise NotFound(
                f"there is no dead letter {key!r:.80}.", path="key", hint="GET /api/dead-letters lists them."
            )
        return DeadLetterShape.of(send, answers.get(key, ()), to_millis(app.clock.now()))

    @routes.post("/dead-letters/replay", dependencies=[needs("decisions:publish")])
    async def replayed(wish: LetterWish) -> ReplayedLetters:
        """Try letters again, under the same keys. Each passes the gate once more: who opted out is not written to."""
        done = await replay_letters(app.state, wish.which(), now=app.clock.now())
        app.wake.set()
        return ReplayedLetters(replayed=done.done, too_old=done.too_old, unknown=done.unknown)

    @routes.post("/dead-letters/drop", dependencies=[needs("decisions:publish")])
    async def dropped(wish: LetterWish) -> DroppedLetters:
        """Let go of letters: they count as failed, and are listed no more."""
        done: Decided = await drop_letters(app.state, wish.which())
        return DroppedLetters(dropped=done.done, unknown=done.unknown)

    return routes


def _place(before: str) -> tuple[int, str]:
    found = _PLACE.fullmatch(before)
    if found is None:
        raise Invalid(
            f"{before!r:.60} is no place in the list.", path="before", hint="Give `next_before` of the page before."
        )
    return int(found[1]), found[2]
