"""Time zones: whose day it is, when it begins, and what the clock on the wall says. In Python, and bound into SQL.

The engine's own tables of time zones are never asked: they may be of another year than Python's. What depends on a zone
is reckoned here and bound as numbers, for one zone, or for each zone a person may live in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Annotated, Protocol, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.kernel.sql import Sql, bind, fill
from holdfast.segments.condition import Facts, FieldKind, Scope

WORKSPACE, PERSON = "workspace", "person"
ZONE_TRAIT = "timezone"
"""The trait that names the time zone a person lives in."""
DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})
"""Files that lie among the time zones and name none."""
_OTHER_CLOCKS = ("posix/", "right/")
"""Folders with all of them once more, with seconds that leap and without."""

TimeZoneName: TypeAlias = Annotated[
    str,
    FieldKind(
        "time_zone",
        "whose clock tells the days: `workspace`, `person` (their trait `timezone`, else the workspace's), or a time "
        "zone such as `Europe/Berlin`",
        tries=(
            WORKSPACE,
            PERSON,
            "Europe/Berlin",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "America/Havana",
            "America/Santiago",
            "Pacific/Apia",
        ),
    ),
]


@cache
def zones() -> Mapping[str, ZoneInfo]:
    """Every time zone there is, by its name."""
    return {name: ZoneInfo(name) for name in sorted(available_timezones() - _NO_PLACES)}


@lru_cache(maxsize=1_024)
def _is_one(name: str) -> bool:
    """Whether it is among them, by reading that one alone: all of them take a tenth of a second."""
    if name in _NO_PLACES or name.startswith(_OTHER_CLOCKS):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def check_time_zone(value: object, path: str = "$.time_zone") -> None:
    """Complain of what names no time zone."""
    if not isinstance(value, str):
        raise Invalid("A time zone is a text.", code="wrong_type", path=path, hint='Write "Europe/Berlin".')
    if value not in (WORKSPACE, PERSON) and not _is_one(value):
        close = get_close_matches(value[:100], (WORKSPACE, PERSON, *zones()), n=1)
        raise Invalid(
            f"There is no time zone {value!r:.100}.",
            code="unknown_time_zone",
            path=path,
            hint=f"Did you mean {close[0]!r}?" if close else "Use `workspace`, `person` or a name like Europe/Berlin.",
        )


def zone_for(time_zone: str, facts: Facts) -> ZoneInfo:
    """The zone a checked name means for one person."""
    if time_zone == WORKSPACE:
        return facts.zone
    if time_zone != PERSON:
        return zones()[time_zone]
    named = facts.traits.get(ZONE_TRAIT)
    return zones().get(named, facts.zone) if isinstance(named, str) else facts.zone


def zone_traits(time_zone: str) -> tuple[str, ...]:
    """The traits that a checked name makes a condition look at."""
    return (ZONE_TRAIT,) if time_zone == PERSON else ()


def zone_words(time_zone: str) -> str:
    """Whose time it is in plain words, with a space before it; nothing for the workspace's."""
    match time_zone:
        case "workspace":
            return ""
        case "person":
            return " in their own time zone"
        case name:
            return f" in the time of {name}"


@dataclass(frozen=True, slots=True)
class Standpoint:
    """The moment a question is asked at, and the zone its days are told in."""

    now_ms: int
    zone: ZoneInfo

    @property
    def today(self) -> int:
        """The day it is there, counted from the first of 1970."""
        return wall_ms(self.now_ms, self.zone) // DAY_MS

    def sql(self, reckon: Callable[[Standpoint], int]) -> Sql:
        """What comes out of it here, as a value."""
        return bind("Int64", reckon(self))


@dataclass(frozen=True, slots=True)
class TheirStandpoints:
    """The moment a question is asked at, told in the zone of the person of each row of `people`."""

    now_ms: int
    zone: ZoneInfo
    """For those who have none of their own."""

    def sql(self, reckon: Callable[[Standpoint], int]) -> Sql:
        """What comes out of it for the person of the row."""
        here = reckon(Standpoint(self.now_ms, self.zone))
        return theirs(here, {name: reckon(Standpoint(self.now_ms, zone)) for name, zone in zones().items()})


class Standpoints(Protocol):
    """One standpoint, or everybody's own."""

    def sql(self, reckon: Callable[[Standpoint], int]) -> Sql: ...


def of_facts(facts: Facts, now: datetime) -> Standpoint:
    """Now, in the workspace's time zone: where properties of events are compared with dates."""
    return Standpoint(to_millis(now), facts.zone)


def of_scope(scope: Scope) -> Standpoint:
    """The same for what is asked in SQL."""
    return Standpoint(scope.as_of_ms, scope.zone)


def standpoints(time_zone: str, now_ms: int, zone: ZoneInfo) -> Standpoints:
    """Where a checked name puts us; `zone` is the workspace's."""
    if time_zone == PERSON:
        return TheirStandpoints(now_ms, zone)
    return Standpoint(now_ms, zone if time_zone == WORKSPACE else zones()[time_zone])


def theirs(here: int, by_zone: Mapping[str, int]) -> Sql:
    """Over a row of `people`: the number of the person's own zone, or that of the workspace's."""
    other = {name: number for name, number in by_zone.items() if number != here}
    if not other:
        return bind("Int64", here)
    pieces = {
        "named": fill("text[ [[trait]] ]", {"trait": bind("String", ZONE_TRAIT)}),
        "names": bind("Array(String)", list(other)),
        "numbers": bind("Array(Int64)", list(other.values())),
        "here": bind("Int64", here),
    }
    return fill("transform([[named]], [[names]], [[numbers]], [[here]])", pieces)


def offset_ms(at_ms: int, zone: ZoneInfo) -> int:
    """How far the clocks of a zone are ahead of UTC at a moment from 1970 to 2199."""
    return _offset_seconds(at_ms // 1_000, zone) * 1_000


def wall_ms(at_ms: int, zone: ZoneInfo) -> int:
    """What the clock on the wall says at a moment: the moment at which one in UTC says the same."""
    return at_ms + offset_ms(at_ms, zone)


def moment_of_wall(wall: datetime, zone: ZoneInfo) -> int:
    """When a clock without a zone says so in the zone, in milliseconds; it may be before 1970.

    Of two such moments the first. A time that is left out, when clocks are put forward, is counted on from before.
    """
    offset = wall.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    return (wall.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC) - offset) // timedelta(milliseconds=1)


def start_of_day(day: int, zone: ZoneInfo) -> int:
    """When a day, counted from the first of 1970, begins: its midnight comes for the first time, or would have come."""
    return moment_of_wall(datetime.combine(date_of(day), datetime.min.time()), zone)


def date_of(day: int) -> date:
    """The date of a day counted from the first of 1970; at most the last and at least the first Python knows."""
    return date.fromordinal(min(max(day + _EPOCH_DAY, 1), date.max.toordinal()))


def day_of(written: date) -> int:
    """A date, counted from the first of 1970."""
    return written.toordinal() - _EPOCH_DAY


PROBE_SECONDS = 6 * 86_400
"""How far apart clocks are looked at. No zone changed them twice within it since 1970; a test holds us to that."""
_OFFSET_BITS, _MOMENT_BITS = 18, 34
_OFFSET_ADDED = 1 << (_OFFSET_BITS - 1)


def local_seconds(zone: ZoneInfo, since_ms: int, until_ms: int) -> Sql:
    """Over a row with `ts` in the stretch: what the clock of the zone says, in seconds as one in UTC would count."""
    return _local_seconds([_offsets(zone, since_ms, until_ms)], bind("Int64", 0))


def their_local_seconds(zone: ZoneInfo, since_ms: int, until_ms: int) -> tuple[Sql, Sql]:
    """The same for the person's own zone: first a number of it over a row of `people`, which is to be `zone_rule`.

    Zones whose clocks go alike in the stretch have the same number, so that there are far fewer than zones.
    """
    rules = [_offsets(zone, since_ms, until_ms)]
    number_of = {rules[0]: 0}
    by_zone: dict[str, int] = {}
    for name, each in zones().items():
        rule = _offsets(each, since_ms, until_ms)
        if rule not in number_of:
            number_of[rule] = len(rules)
            rules.append(rule)
        by_zone[name] = number_of[rule]
    return theirs(0, by_zone), _local_seconds(rules, _ZONE_RULE)


_ZONE_RULE = Sql(("zone_rule",))


def _local_seconds(rules: Sequence[tuple[tuple[int, int], ...]], rule: Sql) -> Sql:
    """Seconds of a row's `ts`, and the offset that was reached last before it under the rule.

    Rule, moment and offset stand in one number, so that the last change before a moment is found by one search in a
    sorted list, whatever the zone.
    """
    seconds = Sql(("intDiv(toUnixTimestamp64Milli(ts), 1000)",))
    if len(rules) == 1 and len(rules[0]) == 1:
        return fill("([[seconds]] + [[offset]])", {"seconds": seconds, "offset": bind("Int64", rules[0][0][1])})
    keys = [
        (number << (_MOMENT_BITS + _OFFSET_BITS)) + (at << _OFFSET_BITS) + offset + _OFFSET_ADDED
        for number, changes in enumerate(rules)
        for at, offset in changes
    ]
    pieces = {
        "seconds": seconds,
        "rule": rule,
        "keys": bind("Array(Int64)", keys),
        "of_rule": bind("Int64", 1 << (_MOMENT_BITS + _OFFSET_BITS)),
        "of_moment": bind("Int64", 1 << _OFFSET_BITS),
        "mask": bind("Int64", (1 << _OFFSET_BITS) - 1),
        "added": bind("Int64", _OFFSET_ADDED),
    }
    return fill(
        "([[seconds]] + bitAnd(roundDown(toInt64([[rule]] * [[of_rule]] + [[seconds]] * [[of_moment]] + [[mask]]), "
        "[[keys]]), [[mask]]) - [[added]])",
        pieces,
    )


def clock_changes(zone: ZoneInfo, since_ms: int, until_ms: int) -> tuple[int, ...]:
    """When the clocks of a zone are put forward or back after the one moment and up to the other, in milliseconds."""
    return tuple(at * 1_000 for at, _ in _offsets(zone, since_ms, until_ms)[1:])


def _offsets(zone: ZoneInfo, since_ms: int, until_ms: int) -> tuple[tuple[int, int], ...]:
    """How far the clocks are ahead of UTC from when on, in seconds: at the start of the stretch and at each change."""
    since, until = max(0, since_ms // 1_000), max(0, until_ms // 1_000)
    first_year, last_year = from_millis(since * 1_000).year, from_millis(max(since, until) * 1_000).year
    changes = (each for year in range(first_year, last_year + 1) for each in _changes(zone, year))
    return (
        (since, _offset_seconds(since, zone)),
        *((at, offset) for at, offset in changes if since < at <= until),
    )


@lru_cache(maxsize=100_000)
def _changes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """When the clocks of a zone were or will be put forward or back in a year of UTC, and by how far they then are."""
    first, end = (round(datetime(each, 1, 1, tzinfo=UTC).timestamp()) for each in (year, year + 1))
    found = []
    before, offset = first - 1, _offset_seconds(first - 1, zone)
    for at in (*range(first, end, PROBE_SECONDS), end - 1):
        if (now := _offset_seconds(at, zone)) != offset:
            low, high = before, at
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset_seconds(middle, zone) == offset else (low, middle)
            found.append((high, now))
        before, offset = at, now
    return tuple(found)


def _offset_seconds(at: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset() or timedelta()
    return offset.days * 86_400 + offset.seconds
