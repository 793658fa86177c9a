"""Experiments as they are saved now, with the segments their audiences name bound to them."""

from __future__ import annotations

import logging
from functools import lru_cache

from holdfast.decisions.experiment import Experiment, decode_experiment
from holdfast.flows.audience.library import load_library
from holdfast.kernel.errors import Exposed
from holdfast.ports.state import View
from holdfast.segments.library import refers, resolve_in

_log = logging.getLogger(__name__)


@lru_cache(maxsize=4096)
def decoded(definition: bytes) -> Experiment:
    """The experiment of a definition; a version never changes, so what it decodes to never does either."""
    return decode_experiment(definition)


async def load_experiments(view: View) -> dict[str, Experiment]:
    """The newest version of each, by id. One that is not valid any more is left out: nobody takes part in it."""
    found: dict[str, Experiment] = {}
    for saved in await view.experiments():
        try:
            found[saved.id] = await whole(view, decoded(saved.definition))
        except Exposed as refusal:
            _log.error("Version %d of the experiment %s is not valid any more: %s", saved.version, saved.id, refusal)
    return found


async def whole(view: View, experiment: Experiment) -> Experiment:
    """The experiment with the segments its audience names bound to it. Raises Invalid and TooLarge, with the path."""
    return resolve_in(experiment, await load_library(view)) if refers(experiment) else experiment
