"""Experiments kept: every version, checked before it is saved against the others there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import msgspec

from holdfast.decisions.experiment import Experiment, decode_experiment, encode_experiment
from holdfast.decisions.fields import one_of
from holdfast.decisions.layers import free_stretches
from holdfast.events.event import Json
from holdfast.flows.experiment.loading import decoded, load_experiments, whole
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.experiments import SavedExperiment
from holdfast.ports.state import State, Transaction, View

VERSIONS_MOST = 1_000
"""Versions that are told at once."""


async def save_experiment(
    state: State, definition: Mapping[str, object] | bytes, *, by: str = "", now: datetime
) -> SavedExperiment:
    """Save an experiment as the next version of its id; the same again makes none.

    Raises:
        Invalid: it is wrong in itself, or asks for a segment that is not there; with the path.
        Conflict: it meets another in its layer, or would divide anew the people of one that runs.
    """
    experiment = decode_experiment(definition)
    async with state.begin() as transaction:
        await _check(transaction, experiment)
        return await _put(transaction, experiment, by=by, now=now)


async def stop_experiment(state: State, experiment_id: str, *, by: str = "", now: datetime) -> SavedExperiment:
    """Stop an experiment: nobody takes part any more, and what was found stays. Raises NotFound."""
    async with state.begin() as transaction:
        newest = await find_experiment(transaction, experiment_id)
        stopped: dict[str, object] = {**encode_experiment(decoded(newest.definition)), "state": "stopped"}
        return await _put(transaction, decode_experiment(stopped), by=by, now=now)


async def declare_winner(
    state: State, experiment_id: str, variant: str, *, by: str = "", now: datetime
) -> SavedExperiment:
    """Give everybody who takes part this variant from now on, whatever they had. Said again, it changes nothing.

    Raises:
        NotFound: there is no such experiment.
        Invalid: it has no such variant.
        Conflict: it does not run, so that nobody would get it.
    """
    async with state.begin() as transaction:
        newest = await find_experiment(transaction, experiment_id)
        experiment = decoded(newest.definition)
        if variant not in experiment.variants:
            raise Invalid(
                f"The experiment {experiment.id!r} has no variant {variant!r:.80}.",
                code="unknown_variant",
                path="$.variant",
                hint=one_of(variant, tuple(experiment.variants)),
            )
        if experiment.state != "running":
            said = "has not begun" if experiment.state == "draft" else "is over"
            raise Conflict(
                f"The experiment {experiment.id!r} {said}, so nobody would get its winner.",
                code="not_running",
                path="$.variant",
                hint="Save it with the state `running` first.",
            )
        # A variant whose share is 0 is closed: who had it draws again, and there is one to draw.
        shares = {name: float(name == variant) for name in experiment.variants}
        return await _put(transaction, replace(experiment, variants=shares), by=by, now=now)


async def find_experiment(view: View, experiment_id: str, version: int | None = None) -> SavedExperiment:
    """A version of an experiment; without a number the newest. Raises NotFound."""
    before = None if version is None else version + 1
    found = next(iter(await view.experiment_versions(experiment_id, limit=1, before=before)), None)
    if found is None or version not in (None, found.version):
        there = tuple(each.id for each in await view.experiments())
        if experiment_id in there:
            raise NotFound(f"{experiment_id!r} has no version {version}.", hint="Look at its versions.")
        raise NotFound(f"There is no experiment {experiment_id!r:.80}.", hint=one_of(experiment_id, there))
    return found


def definition_in(saved: SavedExperiment) -> dict[str, Json]:
    """What a version says, as its author may write it."""
    return encode_experiment(decoded(saved.definition))


async def _put(transaction: Transaction, experiment: Experiment, *, by: str, now: datetime) -> SavedExperiment:
    before = await transaction.experiment_changes()
    saved = await transaction.put_experiment(
        SavedExperiment(id=experiment.id, saved_ms=to_millis(now), by=by, definition=_kept(experiment))
    )
    if await transaction.experiment_changes() != before:
        said: dict[str, Json] = {"id": saved.id, "version": saved.version}
        await note_turn(transaction, "experiment", said, at_ms=saved.saved_ms)
    return saved


async def _check(view: View, experiment: Experiment) -> None:
    bound = await whole(view, experiment)
    complaint = None if bound.audience is None else bound.audience.not_live("$.audience")
    if complaint is not None:
        raise complaint
    there = await load_experiments(view)
    before = there.pop(experiment.id, None)
    if before is not None:
        _check_change(before, experiment)
    elif any(each.id == experiment.id for each in await view.templates("template")):
        raise Conflict(
            f"{experiment.id!r} is a template, whose variants are an experiment of that name.",
            path="$.id",
            hint="Choose another id; results are kept by it.",
        )
    if experiment.state != "stopped":
        _check_layer(experiment, there.values())


def _check_change(before: Experiment, after: Experiment) -> None:
    """Complain of a change that would make two experiments of one."""
    if before.state == "draft":
        return
    if after.state == "draft":
        raise Conflict(
            f"The experiment {after.id!r} has run already.",
            path="$.state",
            hint="Stop it, and make a new one under another id.",
        )
    for name in ("salt", "layer"):
        if getattr(before, name) != getattr(after, name):
            raise Conflict(
                f"With another {name} people would be divided anew, while what they got before counts.",
                path=f"$.{name}",
                hint="Stop it, and make a new one under another id.",
            )


def _check_layer(experiment: Experiment, others: Iterable[Experiment]) -> None:
    """Complain of another experiment on the same stretch of the layer, unless it is over."""
    stretch = experiment.layer
    if stretch is None:
        return
    beside = [each for each in others if each.state != "stopped" and each.layer and each.layer.layer == stretch.layer]
    met = next((each for each in beside if each.layer and stretch.meets(each.layer)), None)
    if met is not None:
        free = free_stretches(each.layer for each in beside if each.layer)
        left = ", ".join(f"{begins:g} to {ends:g}" for begins, ends in free)
        raise Conflict(
            f"The experiment {met.id!r} has that stretch of the layer {stretch.layer!r}.",
            path="$.layer",
            hint=f"Free is {left}." if left else "The layer is full: stop one of its experiments first.",
        )


def _kept(experiment: Experiment) -> bytes:
    """What it says, as it is kept. Raises Invalid for half of a surrogate pair."""
    try:
        return msgspec.json.encode(encode_experiment(experiment))
    except UnicodeEncodeError as error:
        raise Invalid(
            "A text in it holds half of a surrogate pair, which is no character.",
            code="bad_text",
            path="$",
            hint="Write the whole character.",
        ) from error
