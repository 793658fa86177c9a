"""/api/trace: what a journey or campaign did with one person, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query

from holdfast.flows.journey.trace import trace
from holdfast.flows.journey.traced import Attempt, Stage, Trace, TraceMoment
from holdfast.http.needs import needs
from holdfast.http.shapes import moment_text
from holdfast.kernel.errors import Invalid
from holdfast.ports.state import DecisionState
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class TraceMomentShape:
    """One thing that happened at a `stage`, or did not: `outcome` says what, in a word, and `reason` why.

    At a step the outcome is the exit taken; at the gate `permitted` or `withheld`; at `render` `rendered`, with the
    saved template for a reason, `withheld` where the template itself called it off, or `failed`; at the provider
    `sent`, `failed` or `in_doubt`; of a segment `entered` or `left`, with its id for a reason; of a run its state, or
    `turn` when the person's turn came in it, with the occasion for a reason.
    """

    at: str
    stage: Stage
    outcome: str
    step: str
    reason: str
    send: str

    @classmethod
    def of(cls, moment: TraceMoment) -> Self:
        return cls(
            at=moment_text(moment.at_ms),
            stage=moment.stage,
            outcome=moment.outcome,
            step=moment.step,
            reason=moment.reason,
            send=moment.send,
        )


@dataclass(frozen=True, kw_only=True)
class AttemptShape:
    """One time the person entered, or an event or `run` that might have let them in and did not, for one reason."""

    event: str
    event_at: str | None
    entered: bool
    reason: str
    words: str
    version: int | None
    arm: str
    run: int | None
    moments: list[TraceMomentShape]

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(
            event=attempt.event,
            event_at=None if attempt.event_ms is None else moment_text(attempt.event_ms),
            entered=attempt.entered,
            reason=attempt.reason,
            words=attempt.words(),
            version=attempt.version,
            arm=attempt.arm,
            run=attempt.run,
            moments=[TraceMomentShape.of(each) for each in attempt.moments],
        )


@dataclass(frozen=True, kw_only=True)
class TraceShape:
    """What one journey or campaign did with one person: the last attempts, oldest first."""

    user_id: str
    origin: str
    kind: Literal["journey", "campaign"]
    name: str
    state: DecisionState
    words: str
    attempts: list[AttemptShape]

    @classmethod
    def of(cls, told: Trace) -> Self:
        return cls(
            user_id=told.user_id,
            origin=told.origin,
            kind=told.kind,
            name=told.name,
            state=told.state,
            words=told.words(),
            attempts=[AttemptShape.of(each) for each in told.attempts],
        )


def _the_one(*said: str) -> str:
    """The one id that was given. Raises Invalid."""
    given = {each for each in said if each}
    if len(given) != 1:
        hint = "Give the id of one journey or campaign: origin=ID, journey=ID or campaign=ID."
        raise Invalid("it takes one journey or campaign to trace.", path="origin", hint=hint)
    return given.pop()


def trace_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/trace", tags=["Journeys"], dependencies=[needs("people:read")])

    @routes.get("")
    async def traced(
        person: Annotated[str, Query(description="A user id, else an anonymous id.")],
        origin: Annotated[str, Query(description="The id of a journey or campaign.")] = "",
        journey: Annotated[str, Query(description="The same, said of a journey.")] = "",
        campaign: Annotated[str, Query(description="The same, said of a campaign.")] = "",
    ) -> TraceShape:
        """Why a person got a message or did not: event or run, segment, entry, steps, gate, render, send, provider.

        Why somebody did not enter is found by asking again; what it depends on of the person is as it is now.
        """
        of = _the_one(origin, journey, campaign)
        await app.catch_up()
        async with app.state.view() as view:
            return TraceShape.of(await trace(view, app.history, person, of, app.zone, closed=app.rules.closed))

    return routes
