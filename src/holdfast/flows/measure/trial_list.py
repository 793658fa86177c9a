"""Every trial there is: what can be read by its id, though nobody has set anything up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.decisions.steps.split import Split
from holdfast.flows.experiment.loading import decoded
from holdfast.flows.journey.playbook import Play, play_of
from holdfast.flows.measure.trial_subject import NEAR, template_shares
from holdfast.ports.state import Decision, View

ListedKind = Literal["experiment", "template", "step", "journey", "campaign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialListed:
    """One trial, before anything of it is read."""

    id: str
    """As `/api/trials/{id}` takes it."""
    kind: ListedKind
    name: str
    state: str
    """`draft`, `running` or `stopped`; of a journey or campaign its own."""
    origin: str
    """The id of the experiment, journey, campaign or template it belongs to."""
    variants: tuple[str, ...]
    goal: str
    """The event it is decided by."""
    within_seconds: int
    shares: dict[str, float]
    """As designed."""
    changed_ms: int
    """When its definition was saved last."""


async def every_trial(view: View) -> list[TrialListed]:
    """Experiments, then splits, then holdouts of journeys and campaigns, each in order of id; what is archived not."""
    plays = [each for each in _plays(await view.decisions(latest=True)) if each.state != "archived"]
    experiments = [*await _experiments(view), *await _templates(view)]
    splits = [each for play in plays for each in _splits(play)]
    holdouts = [_holdout(play) for play in plays if play.journey.holdout]
    return [*experiments, *splits, *holdouts]


async def _experiments(view: View) -> list[TrialListed]:
    found = []
    for saved in await view.experiments():
        said = decoded(saved.definition)
        goal = said.goals[0] if said.goals else NEAR
        found.append(
            TrialListed(
                id=saved.id,
                kind="experiment",
                name=said.name,
                state=said.state,
                origin=saved.id,
                variants=tuple(said.variants),
                goal=goal.event,
                within_seconds=goal.within_seconds,
                shares=dict(said.variants),
                changed_ms=saved.saved_ms,
            )
        )
    return found


async def _templates(view: View) -> list[TrialListed]:
    found = []
    for heading in await view.templates("template"):
        shares = await template_shares(view, heading.id)
        if not shares:
            continue
        found.append(
            TrialListed(
                id=heading.id,
                kind="template",
                name=heading.name,
                state="running",
                origin=heading.id,
                variants=tuple(shares),
                goal=NEAR.event,
                within_seconds=NEAR.within_seconds,
                shares=shares,
                changed_ms=heading.saved_ms,
            )
        )
    return found


def _splits(play: Play) -> Iterator[TrialListed]:
    for step_id, node in play.journey.steps.items():
        if isinstance(node.step, Split):
            yield TrialListed(
                id=f"journey:{play.id}.{step_id}",
                kind="step",
                name=play.journey.name,
                state=play.state,
                origin=play.id,
                variants=tuple(node.step.shares),
                goal=play.journey.goal.event,
                within_seconds=play.journey.goal.within_seconds,
                shares=dict(node.step.shares),
                changed_ms=play.published_ms,
            )


def _holdout(play: Play) -> TrialListed:
    holdout = play.journey.holdout
    return TrialListed(
        id=f"{play.kind}:{play.id}",
        kind=play.kind,
        name=play.journey.name,
        state=play.state,
        origin=play.id,
        variants=("treated", "holdout"),
        goal=play.journey.goal.event,
        within_seconds=play.journey.goal.within_seconds,
        shares={"treated": 1 - holdout, "holdout": holdout},
        changed_ms=play.published_ms,
    )


def _plays(decisions: Sequence[Decision]) -> list[Play]:
    return sorted((play_of(each) for each in decisions), key=lambda each: (each.kind, each.id))
