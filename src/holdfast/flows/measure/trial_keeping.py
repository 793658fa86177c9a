"""Trials from Python, beside reading one: every one there is, one over time, and planning; as tables and pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import polars as pl

from holdfast.events.event import Json
from holdfast.flows.measure.drawing import Plot
from holdfast.flows.measure.drawing_table import draw_table
from holdfast.flows.measure.trial_course import Course, course_of_trial
from holdfast.flows.measure.trial_list import every_trial
from holdfast.flows.measure.trials import trial_wish
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.measures.compared import Found
from holdfast.measures.planned import TrialPlan, plan_by_people, plan_trial
from holdfast.ports.clock import Clock
from holdfast.ports.history import History
from holdfast.ports.state import State

T = TypeVar("T")
MOMENTS = 16
LIFTS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Times the lift that is planned for: what larger and smaller ones take is told beside it."""


@dataclass(frozen=True)
class TrialCourse:
    """One metric of a trial over time."""

    course: Course

    @property
    def json(self) -> dict[str, Json]:
        """The form it has in every interface. Money is in minor units."""
        return self.course.as_json()

    @cached_property
    def table(self) -> pl.DataFrame:
        """A row for each moment and variant: the difference as it was to be read then; null where nothing was."""
        rows = [
            {
                "at": from_millis(point.at_ms),
                "variant": each.variant,
                "people": each.people,
                "difference": each.difference.value if isinstance(each.difference, Found) else None,
                "low": each.difference.low if isinstance(each.difference, Found) else None,
                "high": each.difference.high if isinstance(each.difference, Found) else None,
                "is_sure": each.is_sure,
            }
            for point in self.course.points
            for each in point.reading.comparisons
        ]
        moments = pl.Datetime("ms", "UTC")
        numbers = dict.fromkeys(("difference", "low", "high"), pl.Float64())
        schema = {"at": moments, "variant": pl.String(), "people": pl.Int64(), **numbers, "is_sure": pl.Boolean()}
        return pl.DataFrame(rows, schema=schema)

    def plot(self) -> Plot:
        """Lines: the difference of each variant from the base over time."""
        title = f"{self.course.measured.subject.id}: {self.course.metric.name}"
        read = self.table.filter(pl.col("difference").is_not_null())
        return draw_table(read, title, across="at", value="difference", by="variant", kind="lines")


@dataclass(frozen=True)
class PlannedTrial:
    """How many people a trial takes."""

    plan: TrialPlan
    people_a_day: float | None
    within_days: float

    @property
    def words(self) -> str:
        """The plan in plain words."""
        return self.plan.words()

    @property
    def json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return self.plan.as_json()

    @cached_property
    def table(self) -> pl.DataFrame:
        """A row a lift, among them the planned one: how many people show it, and in how many days."""
        rows = []
        for times in LIFTS:
            try:
                each = self.plan if times == 1 else self._again(self.plan.lift * times)
            except Invalid:  # A share that cannot be, or more people than there are.
                continue
            rows.append({"lift": each.lift, "people_each": each.people_each, "people": each.people, "days": each.days})
        schema = {"lift": pl.Float64(), "people_each": pl.Int64(), "people": pl.Int64(), "days": pl.Int64()}
        return pl.DataFrame(rows, schema=schema)

    def plot(self) -> Plot:
        """Bars: how many people each lift takes."""
        drawn = self.table.select(
            pl.col("lift").map_elements(lambda each: f"{each:+.1%}", return_dtype=pl.String), "people"
        )
        return draw_table(drawn, self.words, across="lift", value="people", kind="bars")

    def _again(self, lift: float) -> TrialPlan:
        plan = self.plan
        return plan_trial(
            base=plan.base,
            lift=lift,
            variants=plan.variants,
            confidence=plan.confidence,
            power=plan.power,
            people_a_day=self.people_a_day,
            within_days=self.within_days,
        )


class Room(Protocol):
    """What trials are read from."""

    @property
    def state(self) -> State: ...
    @property
    def history(self) -> History: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def settings(self) -> Money: ...


class Money(Protocol):
    """The settings that say in what, and by whose calendar, it is told."""

    @property
    def currency(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


class TrialKeeper(ABC):
    """Whoever trials are read from."""

    @abstractmethod
    def on_trials(self, work: Callable[[Room], Coroutine[Any, Any, T]]) -> T:
        """Do something about trials, once all that has come in is known, and wait for it."""

    def trials(self) -> pl.DataFrame:
        """Every trial there is, a row each; `ws.trial(id)` reads one."""

        async def asked(room: Room) -> list[dict[str, Any]]:
            async with room.state.view() as view:
                return [asdict(each) for each in await every_trial(view)]

        rows = self.on_trials(asked)
        columns = ("id", "kind", "name", "state", "origin", "goal")
        told = [{**{name: each[name] for name in columns}, "variants": list(each["variants"])} for each in rows]
        schema = {**dict.fromkeys(columns, pl.String()), "variants": pl.List(pl.String())}
        return pl.DataFrame(told, schema=schema)

    def trial_course(
        self, trial: str, metric: str | None = None, *, moments: int = MOMENTS, **how: object
    ) -> TrialCourse:
        """One metric over time: what was to be read at so many moments. `.table`, `.plot()` and `.json`.

        Args:
            metric: such as `revenue_7d`; without it, what decides.
            how: as of `trial`.

        Raises Invalid, and NotFound when there is no such trial.
        """
        wish = trial_wish(how)

        async def asked(room: Room) -> TrialCourse:
            found = await course_of_trial(
                room.state,
                room.history,
                trial,
                wish,
                metric=metric,
                moments=moments,
                now_ms=to_millis(room.clock.now()),
                currency=room.settings.currency,
                zone=room.settings.time_zone,
            )
            return TrialCourse(found)

        return self.on_trials(asked)

    def plan_trial(
        self,
        base: float,
        *,
        lift: float | None = None,
        people: float | None = None,
        variants: int = 2,
        confidence: float = 0.95,
        power: float = 0.8,
        people_a_day: float | None = None,
        within_days: float = 7.0,
    ) -> PlannedTrial:
        """How many people show a lift, or what lift so many people show. `.words`, `.table`, `.plot()` and `.json`.

        Args:
            base: the share that reaches the goal now, such as 0.05.
            lift: the smallest relative change that matters, such as 0.1; or `people`, of all variants together.
            people_a_day: how many are assigned a day, all variants together.
            within_days: how long each is followed.

        Raises Invalid.
        """
        if (lift is None) == (people is None):
            raise Invalid("give a lift or people.", path="$.lift", hint="Say what is to be shown, or by how many.")
        if people is not None:
            plan = plan_by_people(base, people, variants, confidence, power, people_a_day, within_days)
        else:
            plan = plan_trial(
                base=base,
                lift=lift or 0.0,
                variants=variants,
                confidence=confidence,
                power=power,
                people_a_day=people_a_day,
                within_days=within_days,
            )
        return PlannedTrial(plan, people_a_day, within_days)
