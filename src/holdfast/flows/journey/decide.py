"""Decide: publish journeys and campaigns, pause, resume, stop and archive them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from holdfast.decisions.document import Kind
from holdfast.events.event import Json
from holdfast.flows.content.strictness import UNQUESTIONED, Strictness
from holdfast.flows.journey.broadcasts import stop_runs
from holdfast.flows.journey.decision_drafts import draft_of
from holdfast.flows.journey.publishing import apply_decisions
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.ports.state import OVER, Decision, DecisionState, State, View

Verb = Literal["pause", "resume", "stop", "archive", "restore"]

_STATES: dict[Verb, DecisionState] = {
    "pause": "paused",
    "resume": "live",
    "stop": "stopped",
    "archive": "archived",
    "restore": "stopped",
}


async def publish(
    state: State,
    kind: Kind,
    definition: bytes,
    *,
    now: datetime,
    move: Mapping[str, str] | None = None,
    strictness: Strictness = UNQUESTIONED,
) -> Decision:
    """Publish a version and set it live; the same definition again changes nothing.

    Args:
        move: where people under way go on in it: their step now, and the step of this version. Others stay on theirs.
        strictness: what its words are held to, beside asking for nothing that nobody provides.

    Raises Invalid for a definition or a move that cannot be, Conflict when the id names something of the other kind.
    """
    draft = draft_of(kind, definition, move=move)
    (done,) = await apply_decisions(state, [draft], now=now, whole=False, start=True, strictness=strictness)
    return done.decision


async def set_state(state: State, kind: Kind, decision_id: str, verb: Verb) -> Decision:
    """Pause, resume, stop, archive or restore the newest version.

    Only what is stopped is archived; restored, it is stopped again, and publishing it anew starts it.

    Raises NotFound, and Conflict where the state it is in does not allow that.
    """
    async with state.begin() as transaction:
        before = await _newest(transaction, decision_id)
        if before is None or before.kind != kind:
            raise NotFound(f"there is no {kind} {decision_id!r:.120}.", hint=f"GET /api/{kind}s lists them.")
        _check(before, verb)
        decision = replace(before, state=_STATES[verb])
        await transaction.put_decision(decision)
        said: dict[str, Json] = {"id": decision.id, "version": decision.version, "state": decision.state}
        await note_turn(transaction, "decision", said)
        if decision.state in OVER:
            await stop_runs(transaction, decision.id)
    return decision


def _check(before: Decision, verb: Verb) -> None:
    """Raise Conflict where the state does not allow the verb. The same verb again changes nothing."""
    match verb:
        case "archive" if before.state not in OVER:
            hint = f"Stop it first: everybody on it leaves then. POST /api/{before.kind}s/{before.id}/stop does it."
            raise Conflict(f"this {before.kind} is {before.state}; only what is stopped is archived.", hint=hint)
        case "restore" if before.state not in OVER:
            raise Conflict(f"this {before.kind} is not archived.", hint="There is nothing to restore.")
        case "stop" if before.state == "archived":
            raise Conflict(f"this {before.kind} is stopped and archived already.", hint="Restore it to see it listed.")
        case "pause" | "resume" if before.state in OVER:
            raise Conflict(f"this {before.kind} was stopped.", hint="Publish it again to start a new version.")
        case _:
            pass


async def _newest(view: View, decision_id: str) -> Decision | None:
    return next((each for each in await view.decisions() if each.id == decision_id), None)
