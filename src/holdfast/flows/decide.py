"""Decide: publish journeys and campaigns, pause, resume and stop them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

import msgspec

from holdfast.decisions.campaign import Campaign, decode_campaign, encode_campaign
from holdfast.decisions.journey import Journey, decode_journey, encode_journey
from holdfast.decisions.resolving import resolved_campaign, resolved_journey
from holdfast.decisions.step import Step
from holdfast.decisions.steps.send import Send
from holdfast.flows.library import load_library
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.messages.template import parse_message
from holdfast.ports.state import Decision, State, View

Kind = Literal["journey", "campaign"]
Verb = Literal["pause", "resume", "stop"]

_STATES: dict[Verb, Literal["live", "paused", "stopped"]] = {"pause": "paused", "resume": "live", "stop": "stopped"}


async def publish(state: State, kind: Kind, definition: bytes, *, now: datetime) -> Decision:
    """Publish a version and set it live; the same definition again changes nothing.

    Raises Invalid for a definition that cannot be, Conflict when the id names something of the other kind.
    """
    if kind == "campaign":
        campaign = decode_campaign(definition)
        named: Campaign | Journey = campaign
        _check_template(campaign.send, "$.send")
        decision_id, canonical = campaign.id, msgspec.json.encode(encode_campaign(campaign))
    else:
        named = journey = decode_journey(definition)
        for step_id, node in journey.steps.items():
            _check_template(node.step, f"$.steps.{step_id}")
        decision_id, canonical = journey.id, msgspec.json.encode(encode_journey(journey))
    async with state.begin() as transaction:
        await _check_names(transaction, named)
        before = await _newest(transaction, decision_id)
        if before is not None and before.kind != kind:
            hint = "Choose another id; results are kept by it."
            raise Conflict(f"{decision_id!r} is a {before.kind} already.", path="$.id", hint=hint)
        if before is not None and before.definition == canonical and before.state == "live":
            return before
        decision = Decision(
            id=decision_id,
            kind=kind,
            version=before.version + 1 if before else 1,
            state="live",
            definition=canonical,
            published_ms=to_millis(now),
        )
        await transaction.put_decision(decision)
    return decision


async def _check_names(view: View, named: Campaign | Journey) -> None:
    """Complain of a segment or a list that is not there, and of one that cannot be known at once where it must."""
    library = await load_library(view)
    if isinstance(named, Campaign):
        resolved_campaign(named, library)
    else:
        resolved_journey(named, library)


def _check_template(step: Step, path: str) -> None:
    """Complain of a template now, and not when the first message is due."""
    if isinstance(step, Send):
        said = step.template
        parse_message(said.subject, said.html, said.text, path=f"{path}.template")


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
    return decision


async def _newest(view: View, decision_id: str) -> Decision | None:
    return next((each for each in await view.decisions() if each.id == decision_id), None)
