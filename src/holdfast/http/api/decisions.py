"""/api/journeys and /api/campaigns: what runs, who stands where, and whether it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Body

from holdfast.decisions.campaign import decode_campaign, encode_campaign
from holdfast.decisions.journey import decode_journey, encode_journey
from holdfast.flows.audience.used_by import entered_from
from holdfast.flows.journey.decide import Verb, publish, set_state
from holdfast.flows.journey.playbook import Play, play_of
from holdfast.flows.measure.results import Result, result_of
from holdfast.http.api.decision_files import definition_in
from holdfast.http.needs import needs
from holdfast.http.shapes import (
    ArmShape,
    EffectShape,
    GoalShape,
    LeadShape,
    Properties,
    ResultShape,
    RunDetail,
    RunShape,
    StepShape,
    moment_text,
)
from holdfast.kernel.errors import NotFound
from holdfast.kernel.moments import to_millis
from holdfast.measures.trial import Effect, Inconclusive
from holdfast.ports.state import Decision, SendState, StepCount, View
from holdfast.wiring import Application

Kind = Literal["journey", "campaign"]


def _effect(effect: Effect) -> EffectShape:
    if isinstance(effect, Inconclusive):
        return EffectShape(status="inconclusive", reason=effect.reason)
    return EffectShape(
        status="estimated",
        difference=effect.difference,
        low=effect.low,
        high=effect.high,
        confidence=effect.confidence,
        relative=effect.relative,
    )


def result_shape(result: Result) -> ResultShape:
    """A result as JSON."""
    question = result.question
    arms = [
        ArmShape(
            arm="holdout" if arm.arm == "holdout" else "treated",
            people=arm.people,
            open_people=arm.open_people,
            converted=arm.converted,
            conversion_rate=arm.converted / arm.people if arm.people else None,
            orders=arm.orders,
            revenue_minor=arm.revenue_minor,
            revenue_per_person_minor=arm.revenue_minor / arm.people if arm.people else None,
            other_currency_orders=arm.other_currency_orders,
        )
        for arm in result.arms
    ]
    return ResultShape(
        origin=question.origin,
        goal=GoalShape(event=question.goal_event, within_seconds=question.within_seconds),
        as_of=moment_text(question.as_of_ms),
        currency=question.currency,
        arms=arms,
        global_holdout_people=result.global_holdout_people,
        conversion=_effect(result.trial.conversion),
        revenue_per_person=_effect(result.trial.revenue_per_person),
        words=result.trial.words(),
    )


async def _measured(app: Application, play: Play) -> ResultShape:
    as_of_ms = to_millis(app.clock.now())
    currency = app.settings.currency
    return result_shape(await result_of(app.history, play.id, play.journey, as_of_ms=as_of_ms, currency=currency))


async def run_shapes(
    app: Application, kind: Kind | None = None, *, measured: bool = True, archived: bool = False
) -> list[RunShape]:
    """Every journey and campaign (of the kind) in short; those that are archived only where they are asked for."""
    async with app.state.view() as view:
        decisions = [
            each
            for each in await view.decisions()
            if kind in (None, each.kind) and (archived or each.state != "archived")
        ]
        counted = [await _counts(view, each) for each in decisions]
    shapes = []
    for decision, counts in zip(decisions, counted, strict=True):
        play = play_of(decision)
        shapes.append(
            RunShape(
                kind=decision.kind,
                id=decision.id,
                name=play.journey.name,
                state=decision.state,
                version=decision.version,
                entered=counts.entered,
                waiting=counts.waiting,
                sent=counts.sends.get("sent", 0),
                result=await _measured(app, play) if measured else None,
            )
        )
    return sorted(shapes, key=lambda shape: (shape.name, shape.id))


@dataclass(frozen=True, kw_only=True)
class _Counts:
    entered: int
    waiting: int
    sends: dict[SendState, int]
    standing: dict[str, int]
    passed: list[StepCount]


async def _counts(view: View, decision: Decision) -> _Counts:
    start = play_of(decision).journey.start
    passed = await view.step_counts(decision.id)
    standing = await view.waiting(decision.id)
    totals = await view.send_totals(decision.id)
    return _Counts(
        entered=sum(each.count for each in passed if each.step == start and each.exit == "entered"),
        waiting=sum(standing.values()),
        sends=totals,
        standing=standing,
        passed=passed,
    )


async def _detail(app: Application, kind: Kind, decision_id: str) -> RunDetail:
    async with app.state.view() as view:
        decision = await _found(view, kind, decision_id)
        counts = await _counts(view, decision)
        leads = await entered_from(view, decision_id)
    play = play_of(decision)
    definition = (
        encode_campaign(decode_campaign(decision.definition))
        if kind == "campaign"
        else encode_journey(decode_journey(decision.definition))
    )
    return RunDetail(
        kind=kind,
        id=decision.id,
        name=play.journey.name,
        state=decision.state,
        version=decision.version,
        entered=counts.entered,
        waiting=counts.waiting,
        sent=counts.sends.get("sent", 0),
        result=await _measured(app, play),
        definition=definition,
        steps=_steps(play, counts),
        sends=counts.sends,
        entered_from=[LeadShape(id=each.id, name=each.name, path=each.path, version=each.version) for each in leads],
    )


def _steps(play: Play, counts: _Counts) -> list[StepShape]:
    shapes = []
    for step_id, placed in play.journey.steps.items():
        exits: dict[str, int] = {}
        entered = 0
        for each in counts.passed:
            if each.step != step_id:
                continue
            if each.exit == "entered":
                entered += each.count
            if each.exit != "entered" or step_id == play.journey.start:
                exits[each.exit] = exits.get(each.exit, 0) + each.count
        shapes.append(
            StepShape(
                id=step_id,
                type=placed.step.type_name(),
                title=placed.step.title(),
                note=placed.step.note(),
                entered=entered,
                waiting=counts.standing.get(step_id, 0),
                exits=exits,
            )
        )
    return shapes


async def _found(view: View, kind: Kind, decision_id: str) -> Decision:
    for each in await view.decisions():
        if each.id == decision_id and each.kind == kind:
            return each
    raise NotFound(f"there is no {kind} {decision_id!r:.120}.", hint=f"GET /api/{kind}s lists them.")


def decision_routes(app: Application, kind: Kind) -> APIRouter:
    """The routes of journeys, or of campaigns."""
    routes = APIRouter(prefix=f"/api/{kind}s", tags=[f"{kind.capitalize()}s"], dependencies=[needs("read")])

    @routes.get("")
    async def listed(archived: bool = False) -> dict[str, list[RunShape]]:
        """What there is, by name, each with its result; what is archived only where it is asked for."""
        await app.catch_up()
        return {f"{kind}s": await run_shapes(app, kind, archived=archived)}

    @routes.get("/{decision_id}")
    async def one(decision_id: str) -> RunDetail:
        """The definition, the counts of every step, and the result."""
        await app.catch_up()
        return await _detail(app, kind, decision_id)

    @routes.get("/{decision_id}/results")
    async def results(decision_id: str) -> ResultShape:
        """Treated against holdout: conversion and revenue per person, the difference with its interval."""
        await app.catch_up()
        async with app.state.view() as view:
            decision = await _found(view, kind, decision_id)
        return await _measured(app, play_of(decision))

    @routes.put("/{decision_id}", dependencies=[needs("decisions:publish")])
    async def put(decision_id: str, definition: Annotated[Properties, Body()]) -> RunDetail:
        """Publish a version. Whoever is under way stays on theirs, but for those whom `move` moves.

        `"move": {"old_step": "new_step"}`, beside the definition's own fields, lets the people who stand at the one
        step, on whatever earlier version, go on at the other.
        """
        said = definition_in(definition, decision_id)
        body = msgspec.json.encode(said.definition)
        strictness = app.strictness(allow_unknown=said.allow_unknown)
        await publish(app.state, kind, body, now=app.clock.now(), move=said.move, strictness=strictness)
        return await _detail(app, kind, decision_id)

    @routes.post("/{decision_id}/{verb}", dependencies=[needs("decisions:publish")])
    async def change(decision_id: str, verb: Verb) -> RunDetail:
        """Pause (nobody enters or moves), resume, stop for good (everybody leaves), archive what was stopped, restore.

        `entered_from` tells which steps of others lead people into it, who enter by them no more while it does not run.
        """
        await set_state(app.state, kind, decision_id, verb)
        return await _detail(app, kind, decision_id)

    return routes
