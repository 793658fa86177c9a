"""Counting replays: what each of a sample of people came to, and what that says of everybody.

Sources:
    Cochran (1977), "Sampling Techniques", 3rd edition, sections 2.4 to 2.9: the total of a population from a simple
    random sample without replacement, its standard error, and its normal limits.
    Wilson (1927): the interval of a share, see `measures.trial`; for what is true or not true of somebody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, floor, sqrt
from statistics import NormalDist
from zoneinfo import ZoneInfo

from holdfast.decisions.visit import Visit
from holdfast.events.event import Json
from holdfast.flows.rehearsal.simulation_world import Replayed
from holdfast.kernel.moments import from_millis
from holdfast.measures.trial import CONFIDENCE, wilson
from holdfast.ports.state import Send

Key = tuple[str, ...]
"""What is counted: its kind, and what tells it apart within it."""

ENTRIES, PEOPLE, ENTERED_ON, REFUSED, PATH, PASSED, WAITING, SEND, OUTCOME, PAID, DEFERRED, GOAL = (
    "entries", "people", "entered_on", "refused", "path", "passed", "waiting", "send", "outcome", "paid", "deferred",
    "goal",
)  # fmt: skip
HANDED_OVER = ("sent", "failed", "in_doubt")
"""What a provider was given, and is paid for."""
UNDER_WAY = "…"
"""How a path ends whose end is not reached within the period."""
PATH_STEPS_MOST = 30
"""Steps of a path that are told; a longer one is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How many there would be, and between what that lies with a confidence of 95 %."""

    count: int
    low: int
    high: int

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {"count": self.count, "low": self.low, "high": self.high}


@dataclass(slots=True)
class Tally:
    """Sums over the people of a sample, and the sums of squares from which chance is gauged."""

    sums: Counter[Key] = field(default_factory=Counter)
    squares: Counter[Key] = field(default_factory=Counter)

    def add(self, counts: Counter[Key]) -> None:
        """What one person came to."""
        self.sums.update(counts)
        self.squares.update({key: count * count for key, count in counts.items()})

    def join(self, other: Tally) -> None:
        """What other people came to."""
        self.sums.update(other.sums)
        self.squares.update(other.squares)

    def keys(self, kind: str) -> list[Key]:
        """What was counted of that kind, in order."""
        return sorted(key for key in self.sums if key[0] == kind)

    def total(self, kind: str, *starts: str) -> int:
        """All of that kind that begins so, in the sample."""
        head = (kind, *starts)
        return sum(count for key, count in self.sums.items() if key[: len(head)] == head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How a sample of people speaks for everybody it was drawn from."""

    sampled: int
    everybody: int

    def estimate(self, count: int, squares: int) -> Estimate:
        """What a count in the sample says of everybody.

        Args:
            squares: the sum of the squares of what each person came to.
        """
        if self.sampled >= self.everybody or not self.sampled:
            return Estimate(count=count, low=count, high=count)
        least, share = count, self.everybody / self.sampled
        most = self.everybody - (self.sampled - count) if squares == count else None
        if squares == count:  # Each came to one or none, so it is a share of people.
            low, high = (limit * self.everybody for limit in wilson(count, self.sampled))
        else:
            middle = count * share
            spread = max(0.0, (squares - count * count / self.sampled) / max(1, self.sampled - 1))
            rest = 1 - self.sampled / self.everybody
            half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * self.everybody * sqrt(spread / self.sampled * rest)
            low, high = middle - half, middle + half
        # Those who were looked at are certain.
        high = ceil(high) if most is None else min(ceil(high), most)
        return Estimate(count=round(count * share), low=max(least, floor(low)), high=int(high))

    def of(self, tally: Tally, *keys: Key) -> Estimate:
        """The same for what was tallied; of several keys, of which each person has one at most."""
        return self.estimate(sum(tally.sums[key] for key in keys), sum(tally.squares[key] for key in keys))


def counted(replayed: Replayed, persons: Sequence[int], zone: ZoneInfo) -> Counter[Key]:
    """What the replay of a few people came to, for those of them who are asked about."""
    asked = set(persons)
    person_of = replayed.person_of
    counts: Counter[Key] = Counter()
    visits = [each for each in replayed.visits if person_of[each.identity] in asked]
    first: dict[int, Visit] = {}
    for visit in sorted(visits, key=lambda each: (each.entered_ms, each.id)):
        first.setdefault(person_of[visit.identity], visit)
        counts[ENTRIES, visit.arm] += 1
        counts[ENTERED_ON, day_of(visit.entered_ms, zone), visit.arm] += 1
        counts[(PATH, *path_of(visit))] += 1
        if visit.left_ms is None:
            counts[WAITING, visit.step] += 1
    for person, visit in first.items():
        counts[PEOPLE, visit.arm] += 1
        reached = replayed.reached[person]
        counts[GOAL, "open" if reached is None else "reached" if reached else "missed"] += 1
    for identity, _, reason in replayed.refused:
        if person_of[identity] in asked:
            counts[REFUSED, reason] += 1
    for step, exit_name, count in _passed(replayed, visits, asked):
        counts[PASSED, step, exit_name] += count
    counts.update(_sends((each for each in replayed.sends if person_of[each.identity] in asked), zone))
    return counts


def _sends(sends: Iterable[Send], zone: ZoneInfo) -> Counter[Key]:
    counts: Counter[Key] = Counter()
    for send in sends:
        key = _send_key(send, zone)
        counts[key] += 1
        counts[(OUTCOME, *key[4:])] += 1
        if key[4] in HANDED_OVER:
            counts[PAID, send.channel] += 1
        if send.not_before_ms > send.created_ms:
            counts[(DEFERRED,)] += 1
    return counts


def day_of(at_ms: int, zone: ZoneInfo) -> str:
    """The day of a moment in a time zone, such as `2026-11-22`."""
    return from_millis(at_ms).astimezone(zone).date().isoformat()


def days_between(since_ms: int, until_ms: int, zone: ZoneInfo) -> list[str]:
    """Every day of a period, in order."""
    first, last = (from_millis(each).astimezone(zone).date() for each in (since_ms, max(since_ms, until_ms - 1)))
    return [
        datetime.fromordinal(number).replace(tzinfo=UTC).date().isoformat()
        for number in range(first.toordinal(), last.toordinal() + 1)
    ]


def path_of(visit: Visit) -> tuple[str, ...]:
    """The way of a visit: each step with the exit taken, and the step where it ended or stands."""
    way = [f"{step}: {exit_name}" for step, exit_name, _ in visit.trail]
    if visit.left_ms is None:
        way += [visit.step, UNDER_WAY]
    elif not visit.trail or visit.trail[-1][:2] != (visit.step, visit.left_by):
        way.append(visit.left_by)
    return tuple(way) if len(way) <= PATH_STEPS_MOST else (*way[: PATH_STEPS_MOST - 1], UNDER_WAY)


def _passed(replayed: Replayed, visits: Sequence[Visit], asked: set[int]) -> Iterator[tuple[str, str, int]]:
    if asked.issuperset(replayed.person_of.values()):
        yield from ((each.step, each.exit, each.count) for each in replayed.step_counts)
        return
    # Others were replayed with them, and the counters tell of all.
    for step, exit_name in _trails(visits):
        yield step, exit_name, 1


def _trails(visits: Iterable[Visit]) -> Iterator[tuple[str, str]]:
    for visit in visits:
        for place, (step, exit_name, _) in enumerate(visit.trail):
            if place:
                yield step, "entered"
            yield step, exit_name
        if not visit.trail or visit.trail[-1][:2] != (visit.step, visit.left_by):
            yield visit.step, "entered"


def _send_key(send: Send, zone: ZoneInfo) -> Key:
    """Handed over: the day it was. Withheld: the day it was asked for, or would have been handed over."""
    match send.state:
        case "sent" | "failed" | "in_doubt":
            at_ms = send.claimed_ms
        case "withheld":
            at_ms = send.settled_ms
        case _:
            at_ms = send.not_before_ms
    outcome = "waiting" if send.state in ("pending", "claimed") else send.state
    reason = send.reason if send.state == "withheld" else ""
    at_ms = send.created_ms if at_ms is None else at_ms
    return (SEND, send.step, send.channel, day_of(at_ms, zone), outcome, reason)
