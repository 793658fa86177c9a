"""What is on trial: whose people, and what is known of what it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from holdfast.decisions.experiment import Experiment, ExperimentGoal, decode_experiment
from holdfast.decisions.experiment_metrics import ExperimentMetric
from holdfast.decisions.journey import Goal, Journey
from holdfast.flows.journey.playbook import play_of
from holdfast.kernel.errors import Exposed, NotFound
from holdfast.measures.compared import Way
from holdfast.measures.metrics import DAY_SECONDS, Assigned, Entered, Whom
from holdfast.measures.statistics.sequential import LOOKS
from holdfast.messages.saved.saved import decode_template
from holdfast.ports.state import Decision, View

ORDERS = "Order Completed"
"""What brings revenue, and what an experiment is for that names no goal."""
GUARDRAILS = ("Message Unsubscribed",)
NEAR = Goal(event=ORDERS, within_seconds=7 * DAY_SECONDS)
Kind = Literal["journey", "campaign", "step", "experiment", "holdout"]
HINT = "Name an experiment by its id, or write journey:ID, campaign:ID or journey:ID.STEP."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is on trial: whose people, and what is known of what it is for."""

    id: str
    kind: Kind
    whom: Whom
    goal: Goal = NEAR
    windows: tuple[int, ...] = ()
    guardrails: tuple[str, ...] = GUARDRAILS
    shares: Mapping[str, float] | None = None
    """As designed; None where the chances that were told with assignments say it."""
    since_ms: int = 0
    """When the shares as they stand came to be."""
    planned_people: int | None = None
    reading: Way = "sequential"
    variants: tuple[str, ...] = ()
    goals: tuple[ExperimentGoal, ...] = ()
    """All there are, with what they are worth."""
    metrics: tuple[ExperimentMetric, ...] = ()
    primary: str = ""


async def subject_of(view: View, trial: str) -> Subject:
    """What an id names. Raises NotFound."""
    kind, colon, rest = trial.partition(":")
    if not colon:
        return await _experiment(view, trial)
    if kind not in {"journey", "campaign"}:
        raise NotFound(f"there is no trial {trial!r:.120}.", code="unknown_trial", hint=HINT)
    origin, _, step = rest.partition(".")
    versions = [each for each in await view.decisions(latest=False) if each.id == origin and each.kind == kind]
    if not versions:
        raise NotFound(f"there is no {kind} {origin!r:.120}.", code="unknown_trial", hint=HINT)
    newest = max(versions, key=lambda each: each.version)
    journey = play_of(newest).journey
    if step:
        if not any(step in play_of(each).journey.steps for each in versions):
            raise NotFound(f"{origin!r:.120} has no step {step!r:.120}.", code="unknown_trial", hint=HINT)
        return Subject(id=trial, kind="step", whom=Assigned(experiment=f"{origin}.{step}"), goal=journey.goal)
    shares, since_ms = _held_out(versions, journey)
    return Subject(
        id=trial, kind=newest.kind, whom=Entered(origin=origin), goal=journey.goal, shares=shares, since_ms=since_ms
    )


async def _experiment(view: View, trial: str) -> Subject:
    for saved in await view.experiments():
        if saved.id == trial:
            return _of_experiment(decode_experiment(saved.definition))
    # A step's experiment is called by the journey and the step; a template's by the template.
    origin, dot, _ = trial.partition(".")
    goal = next((play_of(each).journey.goal for each in await view.decisions() if dot and each.id == origin), NEAR)
    variants = tuple(await template_shares(view, trial))
    return Subject(id=trial, kind="experiment", whom=Assigned(experiment=trial), goal=goal, variants=variants)


async def template_shares(view: View, template_id: str) -> dict[str, float]:
    """The shares of a saved template's variants; none of one that has no variants, or is not there."""
    heading = next(iter(await view.template_headings("template", [template_id])), None)
    if heading is None or heading.deleted:
        return {}
    saved = await view.template_version("template", template_id, heading.version)
    with suppress(Exposed):
        shares = {} if saved is None else decode_template(saved.definition).variants
        return {name: each.share for name, each in shares.items()} if len(shares) > 1 else {}
    return {}


def _of_experiment(experiment: Experiment) -> Subject:
    goals = experiment.goals
    goal = Goal(event=goals[0].event, within_seconds=goals[0].within_seconds) if goals else NEAR
    same = tuple(each.within_seconds for each in goals if each.event == goal.event)
    return Subject(
        id=experiment.id,
        kind="experiment",
        whom=Assigned(experiment=experiment.id),
        goal=goal,
        windows=same if len(set(same)) > 1 else (),
        guardrails=experiment.guardrails,
        # Fewer than one a look are read as though nobody had planned.
        planned_people=experiment.planned_people if (experiment.planned_people or 0) >= LOOKS else None,
        reading=experiment.reading,
        variants=tuple(experiment.variants),
        goals=goals,
        metrics=experiment.metrics,
        primary=experiment.primary,
    )


def _held_out(versions: Sequence[Decision], journey: Journey) -> tuple[dict[str, float] | None, int]:
    """The shares of the arms, and since when they are these: whoever entered before had other chances."""
    if not journey.holdout:
        return None, 0
    since_ms = 0
    ordered = sorted(versions, key=lambda each: -each.version)
    for each, before in pairwise(ordered):
        if play_of(before).journey.holdout != journey.holdout:
            since_ms = each.published_ms
            break
    return {"treated": 1 - journey.holdout, "holdout": journey.holdout}, since_ms
