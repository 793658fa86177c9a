"""Parting ways by the variant of an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.assignment import assign
from holdfast.decisions.experiment import Experiment as Document
from holdfast.decisions.fields import Many, Name
from holdfast.decisions.shares import NAMES_MOST, TAKEN
from holdfast.decisions.step import Assign, Go, Outcome, Place, Step, contradiction, cut
from holdfast.kernel.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment(Step):
    """Leave by the variant the person has of a saved experiment; each name in `variants` is an exit.

    The experiment says how large the shares are, who takes part, and which other experiments leave them alone. One
    experiment may stand in several journeys, in messages and in an app at once: whoever got a variant in one of them
    has it everywhere.

    Leave by `apart` where the person takes no part: they are not of its audience, another experiment of its layer has
    them, it does not run, or their variant is none of those named here.
    """

    experiment: Annotated[str, Name(format="experiment"), "The id of the experiment."]
    variants: Annotated[tuple[str, ...], Many(Name(), most=NAMES_MOST), "The names of its variants."]

    exits = ("apart",)
    exits_of = "variants"

    def stand(self, place: Place) -> Outcome:
        document = place.experiments.get(self.experiment)
        given = None if document is None else assign(document, place.experiments.values(), place.facts, place.now)
        if document is None or given is None or given.variant not in self.variants:
            return Go("apart")
        return Assign(
            experiment=self.experiment,
            variant=given.variant,
            propensity=given.propensity,
            exit=given.variant,
            about=_about(document),
        )

    def title(self) -> str:
        return "Experiment"

    def note(self) -> str:
        return cut(self.experiment)

    def complaints(self) -> Iterator[Invalid]:
        if not self.variants:
            yield contradiction("$.variants", "An experiment has variants.", hint="Name each; each is an exit.")
        if len(set(self.variants)) < len(self.variants):
            yield contradiction("$.variants", "Two variants have one name.", hint="Name each once.")
        for name in self.variants:
            if name in TAKEN or name in self.exits:
                hint = "Choose another name in the experiment, too."
                yield contradiction("$.variants", f"{name!r} means something else among a step's exits.", hint=hint)


def _about(document: Document) -> Mapping[str, str]:
    return {} if document.layer is None else {"layer": document.layer.layer}


STEP = Experiment
