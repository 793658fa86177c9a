"""Audiences from Python: who came and went, how many there were day by day, what segments share, who can be reached."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import polars as pl

from holdfast.flows.audience.reach import Reach, Wish
from holdfast.flows.audience.survey import Audience, Changes, SizePoint, Surveyor, Told, zone_of
from holdfast.flows.measure.drawing import Plot
from holdfast.flows.measure.drawing_table import draw_table
from holdfast.flows.measure.insights import plain_object
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis
from holdfast.measures.periods import Period
from holdfast.ports.audiences import Counted, Overlap, Side
from holdfast.segments.condition import Condition, people_words

T = TypeVar("T")
Time = str | date | datetime
"""A moment, or a day: its midnight in the workspace's time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesResult:
    """What became of an audience between two moments."""

    found: Changes
    words: str
    ask_people: Callable[[Side, int | None, int], pl.DataFrame]

    @property
    def entered(self) -> int:
        """How many were not there at the first moment and are at the second."""
        return self.found.entered

    @property
    def left(self) -> int:
        """How many were there at the first moment and are not at the second."""
        return self.found.left

    @property
    def table(self) -> pl.DataFrame:
        """One row: since, until, before, after, entered, left, stayed."""
        found = self.found
        return pl.DataFrame(
            {
                "since": [from_millis(found.since_ms)],
                "until": [from_millis(found.until_ms)],
                "before": [found.before],
                "after": [found.after],
                "entered": [found.entered],
                "left": [found.left],
                "stayed": [found.stayed],
            }
        )

    def plot(self) -> Plot:
        """Bars: who was there before, who left, who stayed, who entered, who is there after."""
        found = self.found
        rows = [("before", found.before), ("left", -found.left), ("stayed", found.stayed)]
        rows += [("entered", found.entered), ("after", found.after)]
        return draw_table(pl.DataFrame(rows, schema=["", "people"], orient="row"), self.words)

    def people(self, side: Side = "entered", *, limit: int | None = None, offset: int = 0) -> pl.DataFrame:
        """Who `entered` or `left`, as they stand now: person, user_id, first_seen, last_seen, traits (JSON text)."""
        if side not in ("entered", "left"):
            raise Invalid(f"{side!r:.100} is no way to go.", path="$.side", hint='Use "entered" or "left".')
        return self.ask_people(side, limit, offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapResult:
    """What several audiences have in common."""

    names: tuple[str, ...]
    found: Overlap

    @property
    def table(self) -> pl.DataFrame:
        """A row for each two: first, second, both, either, share_of_first, share_of_second, likeness."""
        common = self.found.common
        rows = []
        for one, first in enumerate(self.names):
            for other, second in enumerate(self.names[one + 1 :], one + 1):
                both = common[one][other]
                either = common[one][one] + common[other][other] - both
                shares = (share(both, common[one][one]), share(both, common[other][other]), share(both, either))
                rows.append((first, second, both, either, *shares))
        types: dict[str, Any] = {"first": pl.String, "second": pl.String, "both": pl.Int64, "either": pl.Int64}
        types |= dict.fromkeys(("share_of_first", "share_of_second", "likeness"), pl.Float64)
        return pl.DataFrame(rows, schema=types, orient="row")

    def plot(self) -> Plot:
        """A grid: how many of each segment, a row each, are in each other one."""
        names, common = self.names, self.found.common
        rows = [
            (first, second, share(common[one][other], common[one][one]))
            for one, first in enumerate(names)
            for other, second in enumerate(names)
        ]
        schema = {"of": pl.String, "are in": pl.String, "share": pl.Float64}
        table = pl.DataFrame(rows, schema=schema, orient="row")
        title = "How much of each segment is in each other one."
        return draw_table(table, title, across="are in", value="share", by="of", kind="grid", shares=True)

    @property
    def matrix(self) -> pl.DataFrame:
        """How many people each two have in common; an audience with itself is its size."""
        columns = {name: list(row) for name, row in zip(self.names, self.found.common, strict=True)}
        return pl.DataFrame({"segment": list(self.names), **columns})

    @property
    def combinations(self) -> pl.DataFrame:
        """The largest combinations: segments, people who are in exactly these, their share of all who are in any."""
        found = self.found.combinations
        return pl.DataFrame(
            {
                "segments": [[self.names[place] for place in each.sets] for each in found],
                "people": [each.people for each in found],
                "share": [share(each.people, self.found.in_any) for each in found],
            },
            schema={"segments": pl.List(pl.String), "people": pl.Int64, "share": pl.Float64},
        )

    @property
    def in_any(self) -> int:
        """People in at least one of them."""
        return self.found.in_any

    @property
    def in_all(self) -> int:
        """People in every one of them."""
        return self.found.in_all

    @property
    def in_one(self) -> int:
        """People in exactly one of them."""
        return self.found.in_one

    @property
    def as_of(self) -> datetime:
        """The moment it is true of."""
        return from_millis(self.found.as_of_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachResult:
    """How an audience can be reached now."""

    found: Reach

    @property
    def table(self) -> pl.DataFrame:
        """A row for each channel and outcome: `reachable`, else the one reason why not; people, share."""
        rows = [
            (each.channel, outcome, people, share(people, each.people))
            for each in self.found.channels
            for outcome, people in (("reachable", each.reachable), *sorted(each.reasons.items()))
        ]
        types: dict[str, Any] = {"channel": pl.String, "outcome": pl.String, "people": pl.Int64, "share": pl.Float64}
        return pl.DataFrame(rows, schema=types, orient="row")

    def plot(self) -> Plot:
        """Bars for each channel: how many can be reached, and how many cannot, by reason."""
        return draw_table(self.table, "How many can be reached.", across="channel", value="people", by="outcome")

    @property
    def people(self) -> int:
        """How many are in the audience."""
        return self.found.people

    @property
    def as_of(self) -> datetime:
        """The moment it is true of."""
        return from_millis(self.found.as_of_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceResult:
    """How many people an audience has, and the way to them."""

    found: Counted
    words: str
    ask_people: Callable[[int | None, int], pl.DataFrame]

    @property
    def count(self) -> int:
        """How many people."""
        return self.found.people

    @property
    def everyone(self) -> int:
        """Out of how many."""
        return self.found.everyone

    @property
    def as_of(self) -> datetime:
        """The moment it is true of: up to a minute ago, though never before anything was tracked that may change it."""
        return from_millis(self.found.as_of_ms)

    def people(self, *, limit: int | None = None, offset: int = 0) -> pl.DataFrame:
        """Who they are, as they stand now: person, user_id, first_seen, last_seen, traits (JSON text)."""
        return self.ask_people(limit, offset)


class Surveyed(ABC):
    """Whoever answers about audiences."""

    @abstractmethod
    def survey(
        self, audiences: Sequence[Audience], ask: Callable[[Surveyor, list[Condition]], Coroutine[Any, Any, T]]
    ) -> T:
        """Ask with everything tracked so far taken in, of audiences made whole."""

    def segment_changes(self, segment: Audience, since: Time, until: Time | None = None) -> ChangesResult:
        """Who entered a segment and who left it between two moments; without the second, until now.

        Both moments are asked of all that is known now: late events and merges count. Raises Invalid.
        """
        first, last = _text(since), _text(until)

        async def ask(surveyor: Surveyor, whole: list[Condition]) -> ChangesResult:
            since_ms, until_ms = surveyor.moment(first, "$.since"), surveyor.moment(last, "$.until")
            found = await surveyor.changes(whole[0], since_ms=since_ms, until_ms=until_ms)
            return ChangesResult(found=found, words=found.words(whole[0]), ask_people=people)

        def people(side: Side, limit: int | None, offset: int) -> pl.DataFrame:
            async def page(surveyor: Surveyor, whole: list[Condition]) -> pl.DataFrame:
                since_ms, until_ms = result.found.since_ms, result.found.until_ms
                return pl.DataFrame(
                    await surveyor.moved(
                        whole[0], side, since_ms=since_ms, until_ms=until_ms, limit=limit, offset=offset
                    )
                )

            return self.survey([segment], page)

        result = self.survey([segment], ask)
        return result

    def segment_history(
        self,
        segment: Audience,
        *,
        period: Period = "day",
        last: int = 30,
        time_zone: str | None = None,
        progress: Told = lambda done, total: None,
    ) -> pl.DataFrame:
        """The size of a segment at the end of each of the last days, weeks or months, and who came and went.

        Args:
            period: `day`, `week` or `month`.
            last: how many of them, at most 366; the one under way is the last.
            time_zone: whose days they are; the workspace's by default.
            progress: told points done, and in all, now and again; from another thread.

        Returns:
            start and as_of in the time zone, people, entered, left; oldest first.
        """

        async def ask(surveyor: Surveyor, whole: list[Condition]) -> pl.DataFrame:
            zone = zone_of(time_zone, surveyor.zone)
            points = await surveyor.sizes(whole[0], period=period, last=last, zone=zone, progress=progress)
            return _points(points, zone)

        return self.survey([segment], ask)

    def overlap(self, segments: Sequence[Audience] | Mapping[str, Audience]) -> OverlapResult:
        """What 2 to 50 segments have in common, now.

        Args:
            segments: saved ids or conditions; a mapping names them, else a condition is called by its place.
        """
        named = (
            segments if isinstance(segments, Mapping) else {_name(each, n): each for n, each in enumerate(segments, 1)}
        )
        if len(named) < len(segments):
            raise Invalid("A segment is named twice.", path="$.segments", hint="Name each of them once.")

        async def ask(surveyor: Surveyor, whole: list[Condition]) -> OverlapResult:
            return OverlapResult(names=tuple(named), found=await surveyor.overlap(whole))

        return self.survey(list(named.values()), ask)

    def reach(
        self,
        segment: Audience,
        *,
        topic: str = "",
        transactional: bool = False,
        progress: Told = lambda done, total: None,
    ) -> ReachResult:
        """How many of a segment can be written to on each channel now, and why each of the others cannot.

        Args:
            topic: what it would be about; consent to it counts where it was given or taken.
            transactional: whether it would be part of what the person bought or asked for.
            progress: told people done, and in all, now and again; from another thread.
        """

        async def ask(surveyor: Surveyor, whole: list[Condition]) -> ReachResult:
            wish = Wish(topic=topic, transactional=transactional)
            return ReachResult(found=await surveyor.reach(whole[0], wish, progress))

        return self.survey([segment], ask)

    def audience(self, segment: Audience, *, at: Time | None = None) -> AudienceResult:
        """How many people a segment has, or had at a past moment; and who they are.

        Now, its parts are kept as sets and put together, so that asking again with other ands, ors and nots is quick.
        """
        moment = _text(at)

        async def ask(surveyor: Surveyor, whole: list[Condition]) -> AudienceResult:
            at_ms = None if moment is None else surveyor.moment(moment, "$.at")
            found = await surveyor.audience(whole[0], at_ms=at_ms)
            return AudienceResult(found=found, words=f"{people_words(whole[0])}.", ask_people=people)

        def people(limit: int | None, offset: int) -> pl.DataFrame:
            async def page(surveyor: Surveyor, whole: list[Condition]) -> pl.DataFrame:
                at_ms = None if moment is None else result.found.as_of_ms
                return pl.DataFrame(await surveyor.audience_people(whole[0], at_ms=at_ms, limit=limit, offset=offset))

            return self.survey([segment], page)

        result = self.survey([segment], ask)
        return result


def share(part: int, whole: int) -> float | None:
    """The part's share; None of nothing."""
    return part / whole if whole else None


def _name(segment: Audience, place: int) -> str:
    return segment if isinstance(segment, str) else f"segment {place}"


def _text(at: Time | None) -> str | None:
    return None if at is None else str(plain_object({"at": at})["at"])


def _points(points: Sequence[SizePoint], zone: ZoneInfo) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "start": pl.Series([each.start_ms for each in points], dtype=pl.Int64),
            "as_of": pl.Series([each.as_of_ms for each in points], dtype=pl.Int64),
            "people": pl.Series([each.people for each in points], dtype=pl.Int64),
            "entered": pl.Series([each.entered for each in points], dtype=pl.Int64),
            "left": pl.Series([each.left for each in points], dtype=pl.Int64),
        }
    )
    moments = pl.col("start", "as_of").cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(str(zone))
    return frame.with_columns(moments)
