"""The settings of a process that runs: as it was set up, and what is chosen of them in the console meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from holdfast.flows.measure.holdout_draws import note_holdout_draw
from holdfast.flows.upkeep.chosen_settings import Chosen, chosen_settings
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.holdouts import HoldoutDraw
from holdfast.ports.state import State
from holdfast.settings import CHOOSABLE, Settings, about

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Choices:
    """The settings of a process that runs, and what is chosen of them in the console meanwhile."""

    set_up: Settings
    """As files, variables and flags have them."""
    state: State
    in_force: Settings
    revision: int
    """Of what was chosen, as it was last looked at."""
    adopt: Callable[[Settings], Awaitable[None]]
    """Goes by others from now on, which differ only in what may change while a process runs."""

    async def look(self) -> None:
        """Take up what was chosen since."""
        async with self.state.view() as view:
            chosen = await chosen_settings(view)
        if chosen.revision == self.revision:
            return
        wanted = with_choices(self.set_up, chosen)
        self.in_force = replace(
            self.in_force, **{name: getattr(wanted, name) for name in CHOOSABLE if about(name).live}
        )
        await self.adopt(self.in_force)
        self.revision = chosen.revision


def with_choices(set_up: Settings, chosen: Chosen) -> Settings:
    """The settings, with those of the choices that go with how the server is set up.

    What was chosen may not go with what a file says by now, or a newer version may have chosen what this one does not
    know. The server starts all the same, to be mended, and without as few choices as can be: to do without a cap or
    quiet hours is to write to people who should be left alone.
    """
    values = dict(chosen.values)
    while True:
        try:
            return set_up.with_chosen(values)
        except Invalid as error:
            name = _culprit(set_up, values, error)
            if name is None:
                _log.warning("What was chosen in the console does not go with how the server is set up: %s", error)
                return set_up
            del values[name]
            _log.warning("%s as chosen in the console does not go with how the server is set up: %s", name, error)


def _culprit(set_up: Settings, values: Mapping[str, object], error: Invalid) -> str | None:
    """The choice that an error is about: the one it names, or else one without which there is none."""
    named = (error.path or "").removeprefix("$.values.")
    if named in values:
        return named
    for name in values:
        try:
            set_up.with_chosen({other: value for other, value in values.items() if other != name})
        except Invalid:
            continue
        return name
    return None


async def as_chosen(settings: Settings, state: State) -> Settings:
    """The settings, with what was chosen in the console where nobody says otherwise."""
    async with state.view() as view:
        return with_choices(settings, await chosen_settings(view))


async def note_holdout(state: State, settings: Settings, clock: Clock) -> None:
    """Note how the global holdout is drawn from now on, so that results of other times go by what it was then."""
    draw = HoldoutDraw(
        since_ms=to_millis(clock.now()),
        share=settings.global_holdout,
        rotates=settings.global_holdout_rotates,
        zone=settings.time_zone,
    )
    await note_holdout_draw(state, draw)
