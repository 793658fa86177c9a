"""Naming: that the experiments which a journey names are there, with the variants it names."""

from __future__ import annotations

from holdfast.decisions.fields import at, one_of, under
from holdfast.decisions.steps.experiment import Experiment as ExperimentStep
from holdfast.flows.experiment.loading import decoded
from holdfast.flows.journey.decision_drafts import DecisionDraft
from holdfast.kernel.errors import Invalid
from holdfast.ports.state import View


async def check_experiments(view: View, draft: DecisionDraft) -> None:
    """Complain of an experiment that is not there, or has no such variant. Raises Invalid with the path of the step."""
    asked = {name: node.step for name, node in draft.journey.steps.items() if isinstance(node.step, ExperimentStep)}
    if not asked:
        return
    there = {each.id: each for each in await view.experiments()}
    with under(draft.path):
        for name, step in asked.items():
            path = at("$.steps", name)
            if step.experiment not in there:
                raise Invalid(
                    f"There is no experiment {step.experiment!r}.",
                    code="unknown_experiment",
                    path=f"{path}.experiment",
                    hint=f"Save it first. {one_of(step.experiment, tuple(there))}",
                )
            variants = tuple(decoded(there[step.experiment].definition).variants)
            for number, variant in enumerate(step.variants):
                if variant not in variants:
                    raise Invalid(
                        f"The experiment {step.experiment!r} has no variant {variant!r}.",
                        code="unknown_variant",
                        path=f"{path}.variants[{number}]",
                        hint=one_of(variant, variants),
                    )
