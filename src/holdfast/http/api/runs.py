"""/api/campaigns/{id}/runs, /next and /trigger: occasions of what lets in an audience, and calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, Self
from uuid import uuid4

from fastapi import APIRouter, Query
from pydantic import Field

from holdfast.decisions.document import Kind
from holdfast.decisions.schedule import Occurrence
from holdfast.decisions.visit import Arm
from holdfast.events.event import IdentityKey
from holdfast.flows.journey.calling import Became, Line, Named, call_audience, call_people, check_call
from holdfast.flows.journey.runs import COMING_MOST, RunVerb, change_run, coming_of, decision_named, runs_of
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Properties, moment, moment_text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.ports.runs import Run, RunState
from holdfast.wiring import Application, rules_of

RUNS_SHOWN = 100
KEY_MOST = 200


@dataclass(frozen=True, kw_only=True)
class RunOf:
    """One occasion of a campaign: how large its audience is, how many of it were asked, and what became of them.

    `counts` says how many are `treated`, `holdout` or `global_holdout`, and how many did not enter, by the reason.
    """

    id: int
    key: str
    state: RunState
    version: int
    event: str
    at: str
    began: str
    ended: str | None
    as_of: str | None
    people: int | None
    chosen: int
    asked: int
    counts: dict[str, int]
    properties: Properties
    reason: str


@dataclass(frozen=True, kw_only=True)
class RunsShape:
    """Runs, newest first."""

    runs: list[RunOf]


@dataclass(frozen=True, kw_only=True)
class OccurrenceShape:
    """A time of a schedule: what the clock says, and when it first and last says so where people live."""

    wall: str
    opens: str
    closes: str

    @classmethod
    def of(cls, found: Occurrence) -> Self:
        """The shape of one."""
        return cls(
            wall=found.key, opens=moment_text(to_millis(found.opens)), closes=moment_text(to_millis(found.closes))
        )


@dataclass(frozen=True, kw_only=True)
class ComingShape:
    """The next times of a schedule, soonest first."""

    occurrences: list[OccurrenceShape]


@dataclass(frozen=True, kw_only=True)
class CalledPerson:
    """Somebody a call names, by one of their two names, and what is said of the call for them."""

    __pydantic_config__ = WISH

    user_id: str | None = None
    anonymous_id: str | None = None
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CallShape:
    """A call: the people, or nobody for the whole audience; what is said of it; a key that makes it safe to repeat."""

    __pydantic_config__ = WISH

    people: list[CalledPerson] | None = None
    properties: Properties = field(default_factory=dict)
    idempotency_key: Annotated[str, Field(max_length=KEY_MOST)] | None = None


@dataclass(frozen=True, kw_only=True)
class BecameShape:
    """What a call came to for one person.

    `pending`: it is durable, and not taken in yet. `send` is the state of what was to be sent, once it was asked for.
    """

    user_id: str | None
    anonymous_id: str | None
    outcome: Literal["entered", "not_entered", "pending"]
    arm: Arm | None
    send: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class CallAnswer:
    """What became of each person named, in the same order; or the run that is for the whole audience."""

    idempotency_key: str
    people: list[BecameShape]
    run: RunOf | None


def run_shape(run: Run) -> RunOf:
    """A run as JSON."""
    return RunOf(
        id=run.id,
        key=run.key,
        state=run.state,
        version=run.version,
        event=run.name,
        at=moment_text(run.at_ms),
        began=moment_text(run.created_ms),
        ended=moment(run.ended_ms),
        as_of=moment(run.as_of_ms),
        people=run.found,
        chosen=run.chosen,
        asked=run.cursor,
        counts=dict(run.counts),
        properties=dict(run.properties),
        reason=run.reason,
    )


def run_routes(app: Application, kind: Kind) -> APIRouter:
    """The routes of the runs of journeys, or of campaigns."""
    routes = APIRouter(
        prefix=f"/api/{kind}s/{{decision_id}}", tags=[f"{kind.capitalize()}s"], dependencies=[needs("read")]
    )

    @routes.get("/runs")
    async def runs(
        decision_id: str,
        limit: Annotated[int, Query(ge=1, le=RUNS_SHOWN)] = RUNS_SHOWN,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MOST)] = None,
    ) -> RunsShape:
        """The occasions there were, newest first: audience, how far each has come, and what became of people."""
        async with app.state.view() as view:
            found = await runs_of(view, decision_id, kind, limit=limit, before_id=before)
        return RunsShape(runs=[run_shape(run) for run in found])

    @routes.get("/next")
    async def coming(decision_id: str, count: Annotated[int, Query(ge=1, le=COMING_MOST)] = 5) -> ComingShape:
        """The next times of a schedule, as they would come if nothing changed; none of what has no schedule."""
        async with app.state.view() as view:
            decision = await decision_named(view, decision_id, kind)
        found = coming_of(decision, now=app.clock.now(), zone=app.zone, count=count)
        return ComingShape(occurrences=[OccurrenceShape.of(each) for each in found])

    @routes.post("/runs/{run_id}/{verb}", dependencies=[needs("decisions:publish")])
    async def change(decision_id: str, run_id: int, verb: RunVerb) -> RunOf:
        """Confirm a run that is held; pause one (nobody more enters), resume it, or stop it for good.

        Paused, who has entered goes on, at their hour too. Stopped, who waits for their hour leaves, and what of a
        campaign waits to be delivered is withheld as `stopped`.
        """
        run = await change_run(app.state, decision_id, min(run_id, NUMBER_MOST), verb, kind=kind, now=app.clock.now())
        app.wake.set()
        return run_shape(run)

    @routes.post("/trigger", dependencies=[needs("decisions:publish")])
    async def trigger(decision_id: str, call: CallShape) -> CallAnswer:
        """Let in people by name, or the whole audience; for a trigger of type `api`.

        A call that is repeated under its `idempotency_key` lets nobody in twice, and tells the same.
        """
        key = call.idempotency_key or uuid4().hex
        check_call(key, call.properties, "$")
        now = app.clock.now()
        async with app.state.view() as view:
            await decision_named(view, decision_id, kind)
        if call.people is None:
            run = await call_audience(app.state, decision_id, key, properties=call.properties, now=now)
            app.preparer.wanted.set()
            return CallAnswer(idempotency_key=key, people=[], run=run_shape(run))
        named = [_named(each, f"$.people[{index}]") for index, each in enumerate(call.people)]
        line = Line(state=app.state, tell=app.tell, catch_up=app.catch_up, rules=rules_of(app.settings), zone=app.zone)
        became = await call_people(line, decision_id, key, named, properties=call.properties, now=now)
        app.wake.set()
        return CallAnswer(idempotency_key=key, people=[_became(each) for each in became], run=None)

    return routes


def _named(person: CalledPerson, path: str) -> Named:
    if (person.user_id is None) == (person.anonymous_id is None):
        raise Invalid("somebody is named by one name.", path=path, hint="Give user_id or anonymous_id.")
    name = person.user_id if person.anonymous_id is None else person.anonymous_id
    check_call(name or "", person.properties, path)
    key = IdentityKey(kind="anonymous" if person.user_id is None else "user", value=name or "")
    return Named(key=key, properties=person.properties)


def _became(found: Became) -> BecameShape:
    is_user = found.key.kind == "user"
    return BecameShape(
        user_id=found.key.value if is_user else None,
        anonymous_id=None if is_user else found.key.value,
        outcome=found.outcome,
        arm=found.arm,
        send=found.send or None,
        reason=found.reason or None,
    )
