"""Decide: publish journeys and campaigns, pause, resume and stop them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from holdfast.decisions.document import Kind
from holdfast.flows.broadcasts import stop_runs
from holdfast.flows.decision_drafts import draft_of
from holdfast.flows.publishing import apply_decisions
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.ports.state import Decision, State, View

Verb = Literal["pause", "resume", "stop"]

_STATES: dict[Verb, Literal["live", "paused", "stopped"]] = {"pause": "paused", "resume": "live", "stop": "stopped"}


async def publish(
    state: State, kind: Kind, definition: bytes, *, now: datetime, move: Mapping[str, str] | None = None
) -> Decision:
    """Publish a version and set it live; the same definition again changes nothing.

    Args:
        move: where people under way go on in it: their step now, and the step of this version. Others stay on theirs.

    Raises Invalid for a definition or a move that cannot be, Conflict when the id names something of the other kind.
    """
    draft = draft_of(kind, definition, move=move)
    (done,) = await apply_decisions(state, [draft], now=now, whole=False, start=True)
    return done.decision


async def set_state(state: State, kind: Kind, decision_id: str, verb: Verb) -> Decision:
    """Pause, resume or stop the newest version. Raises NotFound, and Conflict for what is stopped already."""
    async with state.begin() as transaction:
        before = await _newest(transaction, decision_id)
        if before is None or before.kind != kind:
            raise NotFound(f"there is no {kind} {decision_id!r:.120}.", hint=f"GET /api/{kind}s lists them.")
        if before.state == "stopped" and verb != "stop":
            raise Conflict(f"this {kind} was stopped.", hint="Publish it again to start a new version.")
        decision = replace(before, state=_STATES[verb])
        await transaction.put_decision(decision)
        if decision.state == "stopped":
            await stop_runs(transaction, decision.id)
    return decision


async def _newest(view: View, decision_id: str) -> Decision | None:
    return next((each for each in await view.decisions() if each.id == decision_id), None)
