"""Survey: audiences at two moments, over many days, against one another, and by how they can be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pyarrow as pa

from holdfast.decisions.gate import GateRules
from holdfast.flows.audience.library import load_library
from holdfast.flows.audience.reach import Reach, Wish, reach_of
from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.measures.insight_fields import TimeZone
from holdfast.measures.periods import Period, moment_of, starts
from holdfast.ports.audiences import Audiences, Counted, Overlap, Side
from holdfast.ports.clock import Clock
from holdfast.ports.state import State, View
from holdfast.segments.builders import all_of
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Condition, people_words
from holdfast.segments.conditions.in_segment import InSegment
from holdfast.segments.library import Library, resolve

Audience = Condition | Mapping[str, object] | str
"""A condition, its JSON form, or the id of a saved segment."""

MOMENTS_AT_ONCE = 6
"""Moments asked about in one statement, so that each stays well within the limits of a question."""
POINTS_MOST = 366
"""Points of one history of sizes."""
HISTORY_PERIODS: tuple[Period, ...] = ("day", "week", "month")
_DAYS_MOST = {"day": 2, "week": 7, "month": 31}
"""Days in a period at most, and one more where the clocks change."""

Told = Callable[[int, int], None]
"""Told how much is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What became of an audience between two moments."""

    since_ms: int
    until_ms: int
    before: int
    after: int
    entered: int
    left: int

    @property
    def stayed(self) -> int:
        """Who was there at both moments."""
        return self.before - self.left

    def words(self, condition: Condition) -> str:
        """The same in plain words."""
        return (
            f"{people_words(condition)}: {self.before:,} before and {self.after:,} after; "
            f"{self.entered:,} entered and {self.left:,} left."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SizePoint:
    """An audience at the end of a day, week or month, and who came and went in it."""

    start_ms: int
    """When the period began."""
    as_of_ms: int
    """The last millisecond of it; now, when it is not over."""
    people: int
    entered: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyor:
    """Answers about audiences. Definitions must be whole: every segment they name bound to them."""

    audiences: Audiences
    state: State
    rules: GateRules
    zone: ZoneInfo
    clock: Clock

    def now_ms(self) -> int:
        """This moment."""
        return to_millis(self.clock.now())

    def moment(self, text: str | None, path: str) -> int:
        """The milliseconds a day (its midnight in the workspace's zone) or a moment means; without any, now.

        Raises Invalid for what is none, and for what is yet to come.
        """
        if text is None:
            return self.now_ms()
        hint = 'Write "2026-03-01" or "2026-03-01T08:00:00+01:00", and nothing that is yet to come.'
        try:
            at_ms = moment_of(text, self.zone)
        except ValueError as cause:
            raise Invalid(f"{text!r:.100} is no moment.", code="wrong_value", path=path, hint=hint) from cause
        if at_ms > self.now_ms():
            raise Invalid("This moment is yet to come.", code="out_of_range", path=path, hint=hint)
        return at_ms

    async def changes(self, condition: Condition, *, since_ms: int, until_ms: int) -> Changes:
        """Who entered and who left between two moments. Raises Invalid when the first is not before the second."""
        check_moments(since_ms, until_ms)
        before, after = await self.audiences.sizes(condition, [since_ms, until_ms])
        return Changes(
            since_ms=since_ms,
            until_ms=until_ms,
            before=before.people,
            after=after.people,
            entered=after.entered,
            left=after.left,
        )

    async def moved(
        self,
        condition: Condition,
        side: Side,
        *,
        since_ms: int,
        until_ms: int,
        limit: int | None = None,
        offset: int = 0,
    ) -> pa.Table:
        """The people who entered or left, as they stand now; columns as `ports.columns.PEOPLE_COLUMNS`."""
        check_moments(since_ms, until_ms)
        check_page(limit, offset)
        return await self.audiences.moved(
            condition, side, since_ms=since_ms, until_ms=until_ms, limit=limit, offset=offset
        )

    async def sizes(
        self,
        condition: Condition,
        *,
        period: Period = "day",
        last: int = 30,
        zone: ZoneInfo | None = None,
        progress: Told = lambda done, total: None,
    ) -> list[SizePoint]:
        """The size at the end of each of the last periods, the one under way included; oldest first.

        Args:
            progress: told points done, and in all, now and again.

        Raises Invalid and TooLarge.
        """
        edges = self._edges(period, last, zone or self.zone)
        # The moment before the first period is asked about, too, for who came and went in it.
        ends = [edge - 1 for edge in edges[:-1]] + [edges[-1]]
        points: list[SizePoint] = []
        while len(points) < len(edges) - 1:
            done = len(points)
            found = await self.audiences.sizes(condition, ends[done : done + MOMENTS_AT_ONCE])
            points += [
                SizePoint(
                    start_ms=edges[done + place],
                    as_of_ms=each.at_ms,
                    people=each.people,
                    entered=each.entered,
                    left=each.left,
                )
                for place, (_, each) in enumerate(pairwise(found))
            ]
            progress(len(points), len(edges) - 1)
        return points

    def _edges(self, period: Period, last: int, zone: ZoneInfo) -> list[int]:
        """The starts of the last periods, and now."""
        if period not in HISTORY_PERIODS:
            raise Invalid(
                f"{period!r:.100} is no such period.",
                path="$.period",
                hint=f"Use one of: {', '.join(HISTORY_PERIODS)}.",
            )
        if last < 1:
            raise Invalid("There is nothing to tell.", code="out_of_range", path="$.last", hint="Use 1 or more.")
        if last > POINTS_MOST:
            raise TooLarge(
                f"{last} points are too many.",
                path="$.last",
                hint=f"Use at most {POINTS_MOST}; ask by week or by month.",
            )
        now = self.clock.now()
        since = now - timedelta(days=_DAYS_MOST[period] * last)
        found = starts(max(0, to_millis(since)), to_millis(now) + 1, period, zone)
        return [*found[-last:], to_millis(now)]

    async def overlap(self, conditions: Sequence[Condition]) -> Overlap:
        """What 2 to 50 audiences have in common, now. Raises Invalid and TooLarge."""
        return await self.audiences.overlap(conditions, as_of_ms=self.now_ms())

    async def audience(self, condition: Condition, *, at_ms: int | None = None) -> Counted:
        """How many people it holds for now, or held for at a past moment; out of those there are, or were."""
        if at_ms is None:
            return await self.audiences.audience(condition, as_of_ms=self.now_ms())
        (size,) = await self.audiences.sizes(condition, [at_ms])
        (everyone,) = await self.audiences.sizes(all_of(), [at_ms])
        return Counted(as_of_ms=at_ms, people=size.people, everyone=everyone.people)

    async def audience_people(
        self, condition: Condition, *, at_ms: int | None = None, limit: int | None = None, offset: int = 0
    ) -> pa.Table:
        """The same people, as they stand now; columns as `ports.columns.PEOPLE_COLUMNS`."""
        check_page(limit, offset)
        if at_ms is None:
            return await self.audiences.audience_people(condition, as_of_ms=self.now_ms(), limit=limit, offset=offset)
        return await self.audiences.then(condition, at_ms=at_ms, limit=limit, offset=offset)

    async def reach(self, condition: Condition, wish: Wish, progress: Told = lambda done, total: None) -> Reach:
        """How many of an audience can be written to on each channel now, and why the others cannot."""
        as_of_ms = self.now_ms()
        persons = await self.audiences.members(condition, as_of_ms=as_of_ms)
        channels = await reach_of(
            persons, wish, state=self.state, rules=self.rules, now=from_millis(as_of_ms), progress=progress
        )
        return Reach(
            as_of_ms=as_of_ms,
            people=len(persons),
            topic=wish.topic,
            transactional=wish.transactional,
            channels=channels,
        )


async def made_whole(audiences: Sequence[Audience], view: View, paths: Sequence[str]) -> list[Condition]:
    """The conditions that are meant, with every segment they name bound to them.

    Args:
        paths: where each stands in what the caller said.

    Raises Invalid and TooLarge with the path of what is wrong.
    """
    library = await load_library(view)
    return [_whole(each, library, path) for each, path in zip(audiences, paths, strict=True)]


def _whole(audience: Audience, library: Library, path: str) -> Condition:
    try:
        return resolve(_condition(audience, path), library, path=path)
    except Exposed as complaint:
        if isinstance(audience, str):
            complaint.path = path  # The caller wrote an id there, and no condition with fields.
        raise


def _condition(audience: Audience, path: str) -> Condition:
    if isinstance(audience, Condition):
        return audience
    try:
        return InSegment(segment=audience) if isinstance(audience, str) else decode_condition(audience)
    except Exposed as complaint:
        complaint.path = path + complaint.path.removeprefix("$")
        raise


def zone_of(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """The time zone of that name. Raises Invalid when there is none."""
    return otherwise if name is None else ZoneInfo(TimeZone().decode(name, "$.time_zone"))


def check_page(limit: int | None, offset: int) -> None:
    """Complain of a page that cannot be."""
    for name, number in (("limit", limit or 0), ("offset", offset)):
        if not 0 <= number < 2**63:
            raise Invalid(f"{number} is no {name}.", code="out_of_range", path=f"$.{name}", hint="Use 0 or more.")


def check_moments(since_ms: int, until_ms: int) -> None:
    """Complain of a second moment that is no later than the first."""
    if since_ms >= until_ms:
        raise Invalid(
            "Nothing lies between these moments.",
            code="out_of_range",
            path="$.until",
            hint="Make `until` later than `since`.",
        )
