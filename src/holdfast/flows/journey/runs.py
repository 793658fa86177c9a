"""Runs of campaigns as people see and steer them: what comes next, what came, and confirm, pause, resume and stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.document import Kind
from holdfast.decisions.schedule import Occurrence, coming
from holdfast.flows.journey.broadcasts import end_run
from holdfast.flows.journey.playbook import play_of
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.runs import Run, RunState
from holdfast.ports.state import OVER, Decision, State, View

RunVerb = Literal["confirm", "pause", "resume", "stop"]

_FROM: dict[RunVerb, tuple[RunState, ...]] = {
    "confirm": ("held",),
    "pause": ("running",),
    "resume": ("paused",),
    "stop": ("preparing", "held", "running", "paused", "done"),
}
COMING_MOST = 366
"""Times of a schedule that are told at once."""


async def decision_named(view: View, decision_id: str, kind: Kind = "campaign") -> Decision:
    """The newest version of a journey or campaign. Raises NotFound."""
    for each in await view.decisions():
        if (each.id, each.kind) == (decision_id, kind):
            return each
    raise NotFound(f"there is no {kind} {decision_id!r:.120}.", hint=f"GET /api/{kind}s lists them.")


def coming_of(decision: Decision, *, now: datetime, zone: ZoneInfo, count: int) -> list[Occurrence]:
    """The next times of what begins by a schedule; none of what does not, or is not live."""
    start = play_of(decision).journey.trigger
    if not isinstance(start, Timed) or decision.state != "live":
        return []
    return coming(start, now, zone, min(count, COMING_MOST))


async def runs_of(
    view: View, decision_id: str, kind: Kind = "campaign", *, limit: int, before_id: int | None = None
) -> Sequence[Run]:
    """Its runs, newest first. Raises NotFound."""
    await decision_named(view, decision_id, kind)
    return await view.runs_of(decision_id, limit=limit, before_id=before_id)


async def change_run(
    state: State, decision_id: str, run_id: int, verb: RunVerb, *, now: datetime, kind: Kind = "campaign"
) -> Run:
    """Confirm one that is held; pause, resume or stop one under way.

    Paused, nobody enters by it; those who have entered go on, at their hour too. Stopped, nobody enters any more, who
    still waits for their hour leaves then without being sent anything, and what of a campaign waits to be delivered is
    withheld.

    Raises NotFound, and Conflict where the state it is in does not allow that.
    """
    now_ms = to_millis(now)
    async with state.begin() as transaction:
        decision = await decision_named(transaction, decision_id, kind)
        run = await transaction.run(run_id)
        if run is None or run.origin != decision_id:
            raise NotFound(
                f"{decision_id!r:.120} has no run {run_id}.", hint=f"`holdfast campaign runs {decision_id}` lists them."
            )
        if run.state not in _FROM[verb]:
            raise Conflict(
                f"this run is {run.state}; {verb} is for one that is {' or '.join(_FROM[verb])}.",
                hint="Look at its state again; somebody else may have changed it.",
            )
        if verb != "stop" and decision.state in OVER:
            raise Conflict(f"this {decision.kind} was stopped.", hint="Publish it again to start a new version.")
        if verb == "stop":
            return await end_run(transaction, run, "stopped", now_ms, reason="Somebody stopped it.")
        paused = verb == "pause"
        run = replace(run, state="paused" if paused else "running", wake_ms=None if paused else now_ms, reason="")
        await transaction.put_run(run)
    return run
