"""What a process is made of that lets timers fire for whoever acts."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from holdfast.flows.ingest.helping import Helper
from holdfast.flows.upkeep.chosen_settings import chosen_settings
from holdfast.places import secret_of
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log
from holdfast.ports.state import State
from holdfast.settings import Settings
from holdfast.wiring.choices import Choices, with_choices
from holdfast.wiring.rules import rules_of


@dataclass(slots=True, kw_only=True)
class Helping:
    """A helper, and the settings it goes by."""

    helper: Helper
    choices: Choices

    async def look(self) -> None:
        """Take up what was chosen of the settings since. Not while it helps."""
        await self.choices.look()
        self.helper.revision = self.choices.revision


async def assemble_helping(settings: Settings, *, clock: Clock, log: Log, state: State, first: int) -> Helping:
    """A helper over stores that are open.

    Args:
        first: the part of the people it begins with.
    """
    async with state.view() as view:
        chosen = await chosen_settings(view)
    set_up, settings = settings, with_choices(settings, chosen)
    secret = await secret_of(settings, state)
    helper = Helper(
        log=log,
        state=state,
        clock=clock,
        rules=rules_of(settings, secret),
        revision=chosen.revision,
        zone=ZoneInfo(settings.time_zone),
        first=first,
    )

    async def adopt(now: Settings) -> None:
        helper.adopt(rules_of(now, secret))

    choices = Choices(set_up=set_up, state=state, in_force=settings, revision=chosen.revision, adopt=adopt)
    return Helping(helper=helper, choices=choices)
