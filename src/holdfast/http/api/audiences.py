"""/api/segments, about audiences: comings and goings, sizes over time, what segments share, who can be reached."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from holdfast.decisions.gate import Reason
from holdfast.flows.audience.reach import ChannelReach, Wish
from holdfast.flows.audience.survey import Audience, made_whole, zone_of
from holdfast.http.api.insights import PersonBehind, people_behind
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Properties, Truth, Whole, moment_text
from holdfast.ports.audiences import check_sets
from holdfast.segments.condition import Condition, people_words
from holdfast.wiring import Application

PAGE_MOST = 10_000
TOPIC_MOST = 200
Named = str | Properties
"""The id of a saved segment, or a definition."""
Limit = Annotated[Whole, Field(ge=0, le=PAGE_MOST)]
Offset = Annotated[Whole, Field(ge=0, le=NUMBER_MOST)]


@dataclass(frozen=True, kw_only=True)
class AudienceQuestion:
    """A segment (id or definition), now or at a past moment, and which page of its people."""

    __pydantic_config__ = WISH

    segment: Named
    at: str | None = None
    limit: Limit = 0
    offset: Offset = 0


@dataclass(frozen=True, kw_only=True)
class AudienceShape:
    """How many people, out of how many, and as of when: up to a minute ago, never before what may have changed it."""

    count: int
    of: int
    as_of: str
    took_ms: float
    words: str
    people: list[PersonBehind]


@dataclass(frozen=True, kw_only=True)
class ChangesQuestion:
    """A segment, two moments (days or moments; now without the second), and which page of those who `side`."""

    __pydantic_config__ = WISH

    segment: Named
    since: str
    until: str | None = None
    side: Literal["entered", "left"] = "entered"
    limit: Limit = 0
    offset: Offset = 0


@dataclass(frozen=True, kw_only=True)
class ChangesShape:
    """How many there were and are, how many came and went, and a page of one side of them."""

    since: str
    until: str
    before: int
    after: int
    entered: int
    left: int
    stayed: int
    took_ms: float
    words: str
    people: list[PersonBehind]


@dataclass(frozen=True, kw_only=True)
class HistoryQuestion:
    """A segment, and how many days, weeks or months back, in whose time zone."""

    __pydantic_config__ = WISH

    segment: Named
    period: Literal["day", "week", "month"] = "day"
    last: Whole = 30
    time_zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class HistoryPoint:
    """The size at the end of a period, and who came and went in it."""

    start: str
    as_of: str
    people: int
    entered: int
    left: int


@dataclass(frozen=True, kw_only=True)
class HistoryShape:
    """The points, oldest first; the last is now."""

    points: list[HistoryPoint]
    time_zone: str
    took_ms: float
    words: str


@dataclass(frozen=True, kw_only=True)
class OverlapQuestion:
    """Two to fifty segments: ids or definitions."""

    __pydantic_config__ = WISH

    segments: list[Named]


@dataclass(frozen=True, kw_only=True)
class CombinationShape:
    """People who are in exactly these segments, by their places from 0."""

    segments: list[int]
    people: int


@dataclass(frozen=True, kw_only=True)
class OverlapShape:
    """What the segments have in common: `common[i][j]` people are in both i and j, `common[i][i]` in i."""

    of: int
    as_of: str
    common: list[list[int]]
    in_any: int
    in_all: int
    in_one: int
    combinations: list[CombinationShape]
    took_ms: float
    words: list[str]


@dataclass(frozen=True, kw_only=True)
class ReachQuestion:
    """A segment, and what its people would be written to about."""

    __pydantic_config__ = WISH

    segment: Named
    topic: Annotated[str, Field(max_length=TOPIC_MOST)] = ""
    transactional: Truth = False


@dataclass(frozen=True, kw_only=True)
class ChannelShape:
    """A channel: who can be reached on it, and how many cannot, each for one reason."""

    channel: str
    reachable: int
    reasons: dict[Reason, int]


@dataclass(frozen=True, kw_only=True)
class ReachShape:
    """The reach of a segment on every channel."""

    people: int
    as_of: str
    channels: list[ChannelShape]
    took_ms: float
    words: str


def audience_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/segments", tags=["Segments"], dependencies=[needs("read")])

    @routes.post("/audience", dependencies=[needs("people:read")])
    async def audience(question: AudienceQuestion) -> AudienceShape:
        """Count a segment, now or at a past moment, and list its people; the sets it is made of are kept and reused."""
        (condition,) = await _whole(app, [question.segment], ["$.segment"])
        surveyor, started = app.surveyor, time.perf_counter()
        at_ms = None if question.at is None else surveyor.moment(question.at, "$.at")
        found = await surveyor.audience(condition, at_ms=at_ms)
        took_ms = _since(started)
        people = (
            await surveyor.audience_people(condition, at_ms=at_ms, limit=question.limit, offset=question.offset)
            if question.limit
            else None
        )
        return AudienceShape(
            count=found.people,
            of=found.everyone,
            as_of=moment_text(found.as_of_ms),
            took_ms=took_ms,
            words=_words(condition),
            people=[] if people is None else people_behind(people),
        )

    @routes.post("/changes", dependencies=[needs("people:read")])
    async def changes(question: ChangesQuestion) -> ChangesShape:
        """Who entered a segment and who left it between two moments, by all that is known now."""
        (condition,) = await _whole(app, [question.segment], ["$.segment"])
        surveyor, started = app.surveyor, time.perf_counter()
        since_ms = surveyor.moment(question.since, "$.since")
        until_ms = surveyor.moment(question.until, "$.until")
        found = await surveyor.changes(condition, since_ms=since_ms, until_ms=until_ms)
        took_ms = _since(started)
        people = (
            await surveyor.moved(
                condition,
                question.side,
                since_ms=since_ms,
                until_ms=until_ms,
                limit=question.limit,
                offset=question.offset,
            )
            if question.limit
            else None
        )
        return ChangesShape(
            since=moment_text(since_ms),
            until=moment_text(until_ms),
            before=found.before,
            after=found.after,
            entered=found.entered,
            left=found.left,
            stayed=found.stayed,
            took_ms=took_ms,
            words=found.words(condition),
            people=[] if people is None else people_behind(people),
        )

    @routes.post("/history")
    async def history(question: HistoryQuestion) -> HistoryShape:
        """The size of a segment at the end of each day, week or month, and who came and went, by all known now."""
        (condition,) = await _whole(app, [question.segment], ["$.segment"])
        surveyor, started = app.surveyor, time.perf_counter()
        zone = zone_of(question.time_zone, surveyor.zone)
        points = await surveyor.sizes(condition, period=question.period, last=question.last, zone=zone)
        return HistoryShape(
            points=[
                HistoryPoint(
                    start=moment_text(each.start_ms),
                    as_of=moment_text(each.as_of_ms),
                    people=each.people,
                    entered=each.entered,
                    left=each.left,
                )
                for each in points
            ],
            time_zone=str(zone),
            took_ms=_since(started),
            words=_words(condition),
        )

    @routes.post("/overlap")
    async def overlap(question: OverlapQuestion) -> OverlapShape:
        """What segments have in common: every two, all, any, exactly one, and the largest combinations."""
        check_sets(len(question.segments))
        paths = [f"$.segments[{place}]" for place in range(len(question.segments))]
        conditions = await _whole(app, question.segments, paths)
        started = time.perf_counter()
        found = await app.surveyor.overlap(conditions)
        return OverlapShape(
            of=found.everyone,
            as_of=moment_text(found.as_of_ms),
            common=[list(row) for row in found.common],
            in_any=found.in_any,
            in_all=found.in_all,
            in_one=found.in_one,
            combinations=[
                CombinationShape(segments=list(each.sets), people=each.people) for each in found.combinations
            ],
            took_ms=_since(started),
            words=[_words(each) for each in conditions],
        )

    @routes.post("/reach")
    async def reach(question: ReachQuestion) -> ReachShape:
        """How many of a segment could be written to on each channel now, and why each of the others could not."""
        (condition,) = await _whole(app, [question.segment], ["$.segment"])
        started = time.perf_counter()
        found = await app.surveyor.reach(condition, Wish(topic=question.topic, transactional=question.transactional))
        return ReachShape(
            people=found.people,
            as_of=moment_text(found.as_of_ms),
            channels=[_channel(each) for each in found.channels],
            took_ms=_since(started),
            words=_words(condition),
        )

    return routes


async def _whole(app: Application, named: Sequence[Audience], paths: Sequence[str]) -> list[Condition]:
    """The conditions that are meant, once everything that came before is taken in."""
    async with app.state.view() as view:
        conditions = await made_whole(named, view, paths)
    await app.catch_up()
    return conditions


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def _words(condition: Condition) -> str:
    return f"{people_words(condition)}."


def _channel(found: ChannelReach) -> ChannelShape:
    return ChannelShape(channel=found.channel, reachable=found.reachable, reasons=dict(found.reasons))
