"""Broadcasts: what the starting steps that let in an audience have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from holdfast.decisions.days_off import ON_DAY_OFF, PERSON, Country, OnDayOff, country_for, is_day_off
from holdfast.decisions.fields import Choice, Duration, LiveConditionOrNone, Nested, OrNull, Seconds, Whole
from holdfast.decisions.local_times import moment_at
from holdfast.decisions.pace import PEOPLE_MOST, Throttle
from holdfast.decisions.start import AGAINS, Admitted, Again, Applicant, Cause, EntryRules, NoEntry, Occasion, Start
from holdfast.decisions.step import Go, Leave, Outcome, Place
from holdfast.decisions.time_fields import WhoseTime
from holdfast.decisions.visit import occasion_of
from holdfast.events.event import Event
from holdfast.kernel.errors import Invalid
from holdfast.segments.condition import Condition, Facts
from holdfast.segments.conditions.all_of import All
from holdfast.segments.library import is_resolved
from holdfast.segments.zones import PERSON as PERSONS_CLOCK
from holdfast.segments.zones import zone_for

AHEAD_DAYS = 366
"""How many days off in a row are looked past: spans of closed days may follow one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast(Start):
    """Let in everybody in the audience, each at most as often as `again` says."""

    audience: Annotated[
        LiveConditionOrNone,
        "Who is meant, as of the moment it starts: any condition, such as a saved segment; null for everybody.",
    ] = None
    only_if: Annotated[
        LiveConditionOrNone, "What must be known to be true of the person when their turn comes; null for nothing."
    ] = None
    again: Annotated[
        Again,
        Choice(AGAINS),
        "Who was here before: `once` never again, `after_exit` when they have left, `per_key` every time.",
    ] = "per_key"
    cool_down_seconds: Annotated[int, Duration(least=0), "How long after the last entry nobody enters again."] = 0
    most_people: Annotated[
        int | None,
        OrNull(Whole(least=1, most=PEOPLE_MOST)),
        "How many people at most; of more it is always the same ones, by hash.",
    ] = None
    hold_above: Annotated[
        int | None,
        OrNull(Whole(least=0, most=PEOPLE_MOST)),
        "Of an audience larger than this nobody enters until somebody has confirmed it; null for any size.",
    ] = None
    throttle: Annotated[Throttle | None, OrNull(Nested(Throttle)), "How many people a minute or hour at most."] = None
    cut_off_seconds: Annotated[
        int | None, OrNull(Duration()), "How long after their time nobody is sent anything any more; null for ever."
    ] = None

    def stand(self, place: Place) -> Outcome:
        """Who has waited for their hour, or their place, must still be whom it is for."""
        barred = self.rules().bar(place.facts, place.now) if place.now > place.arrived else None
        return Go("entered") if barred is None else Leave(barred)

    def rules(self) -> EntryRules:
        return EntryRules(
            again=self.again,
            cool_down_seconds=self.cool_down_seconds,
            only_if=self.only_if,
            not_if_denied=self.audience,
        )

    def complaints(self) -> Iterator[Invalid]:
        # Whether what it names can be known is asked again once that is bound to it.
        if self.only_if is not None and is_resolved(self.only_if):
            complaint = self.only_if.not_live("$.only_if")
            if complaint is not None:
                yield complaint

    def everybody(self, occasion: Occasion, as_of: datetime, zone: ZoneInfo) -> Condition:  # See below.
        """Who is asked for, as of the moment it starts. `admits` may leave out some of them.

        Args:
            zone: the workspace's time zone.
        """
        return self.narrowed()

    def prospects(self, days: int) -> Condition | None:  # It is an audience of this moment, whatever they did.
        return self.narrowed()

    def narrowed(self, *more: Condition) -> Condition:
        """The audience, of whom more must be true."""
        parts = (*more, *(() if self.audience is None else (self.audience,)))
        return parts[0] if len(parts) == 1 else All(of=parts)

    def not_after(self, at: datetime) -> datetime | None:
        """When it is too late for somebody whose time is then."""
        return None if self.cut_off_seconds is None else at + timedelta(seconds=self.cut_off_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed(Broadcast):
    """Let in everybody in the audience when it is their time."""

    time_zone: Annotated[
        WhoseTime,
        "Whose clock: `person` (their trait `timezone`, else the workspace's), `workspace`, or a zone's name.",
    ] = PERSONS_CLOCK
    if_past: Annotated[
        Literal["skip", "next_day"],
        Choice(("skip", "next_day")),
        "Whose time is past when it starts: `skip` leaves them out, `next_day` takes that time of the next day.",
    ] = "skip"
    latest_seconds: Annotated[
        Seconds, "How late it may be: a time that is past for longer than this is past. Of a server's, too."
    ] = 3_600
    on_day_off: Annotated[
        OnDayOff,
        Choice(ON_DAY_OFF),
        "On a weekend, a holiday or a closed day: `keep` the day, `skip` it, or `shift` to the next working day.",
    ] = "keep"
    country: Annotated[
        str, Country(), "Whose days off: `person` (by their trait `country`), or a country such as DE or US-CA."
    ] = PERSON
    default_country: Annotated[
        str | None,
        OrNull(Country(person=False)),
        "The country of those of whom it is not known; null for Saturdays and Sundays only.",
    ] = None

    @abstractmethod
    def walls(self, first: date) -> Iterator[datetime]:
        """The times from a day on, in order and each once, for at most `schedule.SEARCH_DAYS`."""

    def stand(self, place: Place) -> Outcome:
        """Whose time it is none of any more, while they have waited for it, is left out."""
        wall = occasion_of(place.variables) if place.now > place.arrived else ""
        reason = self.bars(datetime.fromisoformat(wall), place.facts) if wall else None
        return Broadcast.stand(self, place) if reason is None else Leave(reason)

    def admits(self, cause: Cause, applicant: Applicant) -> Admitted | NoEntry:
        if isinstance(cause, Event) or cause.wall is None:
            return "other_event"
        reason = self.bars(cause.wall, applicant.facts)
        return reason if reason is not None else self._in_time(cause.wall, applicant)

    def bars(self, wall: datetime, facts: Facts) -> NoEntry | None:  # Some schedules ask.
        """Why the time is none for this person, whatever the clock says there."""
        return None

    def _in_time(self, wall: datetime, applicant: Applicant) -> Admitted | NoEntry:
        """When it is their time, if it still comes."""
        zone = zone_for(self.time_zone, applicant.facts)
        day, now = self._working_day(wall.date(), applicant), applicant.now
        if day is None:
            return "day_off"
        at = moment_at(day, wall.time(), zone)
        if now - at > timedelta(seconds=self.latest_seconds):
            if self.if_past == "skip":
                return "past"
            later = self._next(wall, zone, applicant)
            if later is None:
                return "day_off"
            at = later
        # Named by what the clock says then: what is shifted to a day that has a time of its own is not sent twice, and
        # of times that are left out together, when clocks are put forward, one is sent.
        return Admitted(
            key=at.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds"),
            due=at if at > now else None,
            not_after=self.not_after(at),
        )

    def _working_day(self, day: date, applicant: Applicant) -> date | None:
        """The day it is for them: the one asked for, or the next working day; None for none."""
        if not self._is_day_off(day, applicant):
            return day
        ahead = (day + timedelta(days=number) for number in range(1, AHEAD_DAYS + 1))
        wanted = ahead if self.on_day_off == "shift" else ()
        return next((each for each in wanted if not self._is_day_off(each, applicant)), None)

    def _next(self, wall: datetime, zone: ZoneInfo, applicant: Applicant) -> datetime | None:
        """That time of the next day on which it is yet to come, and which is no day off; None for none."""
        first = max(wall.date(), applicant.now.astimezone(zone).date() - timedelta(days=1))
        for day in (first + timedelta(days=number) for number in range(1, AHEAD_DAYS + 1)):
            at = moment_at(day, wall.time(), zone)
            if at > applicant.now and not self._is_day_off(day, applicant):
                return at
        return None

    def _is_day_off(self, day: date, applicant: Applicant) -> bool:
        """Whether it is one for them, where that matters."""
        if self.on_day_off == "keep":
            return False
        return is_day_off(day, country_for(self.country, self.default_country, applicant.facts), applicant.closed)
