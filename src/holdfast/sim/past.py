"""The past: a shop's people, ninety days of their events, and what its journeys did meanwhile. One seed, one past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from holdfast.decisions.gate import GateRules
from holdfast.events.event import Event
from holdfast.kernel.moments import to_millis
from holdfast.sim import goods
from holdfast.sim.behaviour import Lives, live_through
from holdfast.sim.campaigns import Running, running
from holdfast.sim.ledger import Ledger
from holdfast.sim.outreach import reach_out
from holdfast.sim.people import Effects, Habits, Population, populate
from holdfast.sim.rhythm import DAY_MS, HOUR_MS, Ints
from holdfast.sim.trail import EVENT_KINDS, EVENT_NAMES, ORDER, PAGE, SHOP_SOURCE, VIEW, Trail, leave_trail, plan

DAYS = 90
PEOPLE_MOST = 2_000_000
"""More people than this do not fit in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """How events reach us that are not at once and once."""

    late: float = 0.012
    """Share of looks and pages that arrive hours or days after they happened: a phone without a net."""
    twice: float = 0.003
    """Share of events that are sent twice, since the first answer was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a past is made of."""

    people: int
    newcomers: int = 0
    """Further people who have not come yet, for whoever goes on from the end."""
    days: int = DAYS
    habits: Habits = field(default_factory=Habits)
    effects: Effects = field(default_factory=Effects)
    disorder: Disorder = field(default_factory=Disorder)
    rules: GateRules = field(default_factory=GateRules)
    plays: Sequence[Running] = field(default_factory=running)

    def __post_init__(self) -> None:
        if not 1 <= self.people + self.newcomers <= PEOPLE_MOST:
            raise ValueError(f"a world of {self.people} people cannot be; use 1 to {PEOPLE_MOST}")
        if not 1 <= self.days <= 3660:
            raise ValueError(f"a past of {self.days} days cannot be; use 1 to 3660")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Days:
    """What people did by themselves."""

    events: pa.Table
    """Each event once, person by person: the columns of `flows.ingest.bulk.EVENT_TABLE`."""
    arrivals: Ints
    """Numbers of those events in the order they arrived: some late, some twice."""
    population: Population
    lives: Lives
    trail: Trail

    @property
    def table(self) -> pa.Table:
        """The events in the order they arrived."""
        return self.events.take(self.arrivals)

    def by_person(self) -> tuple[pa.Table, Ints]:
        """The same rows, person by person and each person's in the order they arrived; and whose each row is."""
        whose = self.trail.person[self.arrivals]
        rows = self.arrivals[np.argsort(whose, kind="stable")]
        return self.events.take(rows), self.trail.person[rows]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """What happened, and the truth behind it."""

    days: Days
    aftermath: pa.Table
    """What the shop's journeys set off: Holdfast's own events, and the visits that mails led to. The same columns."""
    ledger: Ledger
    plays: Sequence[Running]

    @property
    def population(self) -> Population:
        """Everybody."""
        return self.days.population

    @property
    def table(self) -> pa.Table:
        """All events."""
        return pa.concat_tables([self.days.table, self.aftermath])


def make_past(rng: np.random.Generator, world: World, *, until_ms: int) -> Past:
    """A past of `world.days` days that ends at `until_ms` (milliseconds since 1970)."""
    return make_aftermath(rng, world, make_days(rng, world, until_ms=until_ms), until_ms=until_ms)


def make_aftermath(rng: np.random.Generator, world: World, days: Days, *, until_ms: int) -> Past:
    """The second part of `make_past`: the world's journeys run over those days, with the same generator."""
    ledger = reach_out(
        rng, days.population, days.trail, world.plays, effects=world.effects, rules=world.rules, until_ms=until_ms
    )
    aftermath = event_table(ledger.events)
    at_ms = np.asarray(aftermath["timestamp"].cast(pa.int64()))
    rows = _in_disorder(rng, np.full(len(at_ms), ORDER), at_ms, world.disorder, until_ms)
    return Past(days=days, aftermath=aftermath.take(rows), ledger=ledger, plays=world.plays)


def make_days(rng: np.random.Generator, world: World, *, until_ms: int) -> Days:
    """The first part of `make_past`."""
    population = populate(
        rng,
        world.people,
        newcomers=world.newcomers,
        start_ms=until_ms - world.days * DAY_MS,
        until_ms=until_ms,
        habits=world.habits,
        effects=world.effects,
    )
    lives, sessions = live_through(rng, population, world.habits)
    trail = leave_trail(rng, population, plan(rng, population, sessions), until_ms=until_ms)
    rows = _in_disorder(rng, trail.what, trail.at_ms, world.disorder, until_ms)
    return Days(events=_trail_table(trail), arrivals=rows, population=population, lives=lives, trail=trail)


def _trail_table(trail: Trail) -> pa.Table:
    names = pa.array(EVENT_NAMES, pa.string()).take(trail.what)
    return pa.table(
        {
            "name": names,
            "kind": pa.array(EVENT_KINDS, pa.string()).take(trail.what),
            "user_id": trail.user_id,
            "anonymous_id": trail.anonymous_id,
            "previous_id": trail.previous_id,
            "timestamp": pa.array(trail.at_ms).cast(pa.timestamp("ms", tz="UTC")),
            "message_id": pa.array(trail.message_id, pa.string()),
            "properties": trail.properties,
            "context": trail.context,
            "source": pa.repeat(pa.scalar(SHOP_SOURCE), len(trail.what)),
        }
    )


def event_table(events: Sequence[Event]) -> pa.Table:
    """Events as rows of the same columns."""
    moments = np.array([to_millis(event.timestamp) for event in events], dtype=np.int64)
    return pa.table(
        {
            "name": pa.array([event.name for event in events], pa.string()),
            "kind": pa.array([str(event.kind) for event in events], pa.string()),
            "user_id": pa.array([event.user_id for event in events], pa.string()),
            "anonymous_id": pa.array([event.anonymous_id for event in events], pa.string()),
            "previous_id": pa.array([event.previous_id for event in events], pa.string()),
            "timestamp": pa.array(moments).cast(pa.timestamp("ms", tz="UTC")),
            "message_id": pa.array([event.message_id for event in events], pa.string()),
            "properties": pa.array([goods.text(dict(event.properties)) for event in events], pa.string()),
            "context": pa.array([goods.text(dict(event.context)) for event in events], pa.string()),
            "source": pa.array([event.source for event in events], pa.string()),
        }
    )


def _in_disorder(rng: np.random.Generator, what: Ints, at_ms: Ints, disorder: Disorder, until_ms: int) -> Ints:
    """Numbers of events in the order they arrived: some looks late, some of all twice."""
    delay = rng.integers(0, 1500, size=len(at_ms))
    looks = (what == PAGE) | (what == VIEW)
    late = looks & (rng.random(len(at_ms)) < disorder.late)
    delay[late] += rng.exponential(9 * HOUR_MS, size=int(late.sum())).astype(np.int64)
    again = np.flatnonzero(rng.random(len(at_ms)) < disorder.twice)
    rows = np.concatenate([np.arange(len(at_ms)), again])
    # What is sent again arrives after the first try timed out.
    tries = at_ms[again] + delay[again] + rng.integers(2_000, 90_000, size=len(again))
    # Whatever is still under way at the end arrives just then.
    arrives = np.minimum(np.concatenate([at_ms + delay, tries]), until_ms)
    return rows[np.argsort(arrives, kind="stable")]
