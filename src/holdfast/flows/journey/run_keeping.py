"""Campaigns that let in an audience, from Python: what comes next, the runs there were, calls, and runs steered."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from holdfast.decisions.schedule import Occurrence
from holdfast.events.event import IdentityKey, Json
from holdfast.flows.journey.calling import Became, Line, Named, call_audience, call_people, check_call
from holdfast.flows.journey.journey_keeping import JourneyKeeper
from holdfast.flows.journey.runs import RunVerb, change_run, coming_of, runs_of
from holdfast.ports.runs import Run

T = TypeVar("T")
RUNS_MOST = 100
"""Runs told at once."""


class RunKeeper(JourneyKeeper):
    """Whoever keeps journeys and campaigns, and lets people in."""

    @abstractmethod
    def on_the_line(self, work: Callable[[Line, datetime], Coroutine[Any, Any, T]]) -> T:
        """Do something to runs, now, let follow what follows, and wait for it."""

    def next_occurrences(self, campaign_id: str, count: int = 5) -> list[Occurrence]:
        """The next times of a schedule, as they would come if nothing changed; none of what has no schedule.

        Raises NotFound.
        """
        decision = self.newest(campaign_id)

        async def asked(line: Line, now: datetime) -> list[Occurrence]:
            return coming_of(decision, now=now, zone=line.zone, count=count)

        return self.on_the_line(asked)

    def runs(self, campaign_id: str, *, limit: int = RUNS_MOST, before: int | None = None) -> Sequence[Run]:
        """The runs there were, newest first: how large each audience is, how far each has come, what became of people.

        Args:
            limit: the most to tell, 1 to RUNS_MOST.
            before: only those with a smaller number.

        Raises NotFound.
        """
        kind = self.newest(campaign_id).kind

        async def asked(line: Line, _now: datetime) -> Sequence[Run]:
            async with line.state.view() as view:
                most = max(1, min(limit, RUNS_MOST))
                return await runs_of(view, campaign_id, kind, limit=most, before_id=before)

        return self.on_the_line(asked)

    def change_run(self, campaign_id: str, run: int, verb: RunVerb) -> Run:
        """Confirm a run that is held; pause one (nobody more enters), resume it, or stop it for good.

        Raises NotFound, and Conflict where the state it is in does not allow that.
        """
        kind = self.newest(campaign_id).kind
        return self.on_the_line(
            lambda line, now: change_run(line.state, campaign_id, run, verb, kind=kind, now=now),
        )

    def trigger(
        self,
        campaign_id: str,
        people: Iterable[str | Named],
        *,
        properties: Mapping[str, Json] | None = None,
        key: str | None = None,
    ) -> list[Became]:
        """Let people in by a call, and tell what became of each, in the same order.

        Args:
            people: user ids; or `Named`, with properties of each person's own.
            properties: what is said of the call for everybody.
            key: what makes it safe to repeat: said again, it lets nobody in twice.

        Raises NotFound; Conflict where it is not live; Invalid where it does not begin by a call; TooLarge.
        """
        named = [
            each if isinstance(each, Named) else Named(key=IdentityKey(kind="user", value=each)) for each in people
        ]
        said, key = dict(properties or {}), key or uuid4().hex
        check_call(key, said, "$")
        for index, each in enumerate(named):
            check_call(each.key.value, each.properties, f"$.people[{index}]")
        return self.on_the_line(
            lambda line, now: call_people(line, campaign_id, key, named, properties=said, now=now),
        )

    def trigger_audience(
        self, campaign_id: str, *, properties: Mapping[str, Json] | None = None, key: str | None = None
    ) -> Run:
        """Begin a run for the whole audience; the same key again gives the run there is.

        Raises as `trigger` does.
        """
        said, key = dict(properties or {}), key or uuid4().hex
        check_call(key, said, "$")
        run = self.on_the_line(
            lambda line, now: call_audience(line.state, campaign_id, key, properties=said, now=now),
        )

        async def asked(line: Line, _now: datetime) -> Run:
            async with line.state.view() as view:
                return await view.run(run.id) or run

        return self.on_the_line(asked)


def _named(person: str | Named) -> Named:
    return person if isinstance(person, Named) else Named(key=IdentityKey(kind="user", value=person))
