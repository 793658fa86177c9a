"""Assignment: which variant of an experiment somebody gets, and whether they take part at all.

It is drawn by hash of the experiment's salt and the name the person is known by. So it needs no memory, is the same on
every machine, and survives deletion and return. What somebody was told to have got first stands before the draw: a
stranger who turns out to be somebody goes on with what they saw.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from holdfast.decisions.experiment import Experiment
from holdfast.decisions.shares import drawn_name
from holdfast.segments.condition import Facts, Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody gets of an experiment."""

    variant: str
    propensity: float
    """The chance they had of it; in (0, 1]."""
    is_new: bool
    """Whether they got nothing of the experiment before."""


def assign(experiment: Experiment, among: Iterable[Experiment], facts: Facts, now: datetime) -> Given | None:
    """What this person gets; None for somebody who does not take part, and while the experiment does not run.

    Args:
        among: every experiment there is, this one too: no two that run in one layer have anybody in common.
    """
    if experiment.state != "running":
        return None
    before = facts.variant(experiment.id) or ""
    if _is_taken(experiment, among, facts, takes_part=bool(before)):
        return None
    if not before and not _may_begin(experiment, facts, now):
        return None
    # A variant that is closed is nobody's any more; who had it draws again.
    variant = before if experiment.variants.get(before, 0) > 0 else drawn_variant(experiment, facts.user_id)
    return Given(variant=variant, propensity=experiment.variants[variant], is_new=not before)


def drawn_variant(experiment: Experiment, person_key: str) -> str:
    """The variant a person draws: the same whenever it is asked, while the shares stay as they are."""
    return drawn_name(experiment.variants, f"experiment:{experiment.drawn_by}", person_key)


def _may_begin(experiment: Experiment, facts: Facts, now: datetime) -> bool:
    if experiment.layer is not None and not experiment.layer.holds(facts.user_id):
        return False
    # What is not known of somebody is not guessed: they take part once it is.
    return experiment.audience is None or experiment.audience.holds(facts, now) is Truth.TRUE


def _is_taken(experiment: Experiment, among: Iterable[Experiment], facts: Facts, *, takes_part: bool) -> bool:
    """Whether another experiment of the layer has them already.

    Their place in the layer is that of their name, and a stranger who becomes known gets another name. Of two who turn
    out to be one and were in two experiments, the first by name keeps them, so that from then on they are in one.
    """
    if experiment.layer is None:
        return False
    return any(
        facts.variant(each.id)
        for each in among
        if each.state == "running"
        and each.layer is not None
        and each.layer.layer == experiment.layer.layer
        and (each.id < experiment.id if takes_part else each.id != experiment.id)
    )
