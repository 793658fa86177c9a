"""A visit: one person's way through one journey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from holdfast.events.event import Event, Json
from holdfast.kernel.ids import neighbouring_key
from holdfast.kernel.moments import parse_moment

Arm = Literal["treated", "holdout", "global_holdout"]
"""What part somebody has in a trial: written to, left alone to compare with, or left alone by everything and compared
with nobody."""

BEFORE_MOST = timedelta(hours=1)
"""How long before what led somebody in something may have happened and count there: clocks are not that far apart. What
is older comes from an import, or from a telephone that was offline, and is no answer to it."""
TRAIL_MOST = 100
"""Steps a visit remembers having passed."""


class Visit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where somebody stands in a journey (or a campaign, which is a journey of one send).

    It belongs to the identity that entered, and follows it through merges. It moves only by `seq`: a timer or an event
    meant for an earlier `seq` does nothing.
    """

    id: int = 0
    """Given by the store."""
    origin: str
    """The id of the journey or campaign."""
    version: int
    identity: int
    entry_key: str
    """What tells the person's entries into the journey apart; the same event never enters twice."""
    arm: Arm
    step: str
    """The step the person stands at; after leaving, the last one."""
    seq: int = 0
    entered_ms: int
    arrived_ms: int
    """When the person came to this step. Waking does not restart a wait."""
    due_ms: int | None = None
    """When to wake at the latest; None when only an event can."""
    waits_for: frozenset[str] = frozenset()
    """Names of events to wake for."""
    variables: Mapping[str, Json] = {}
    """What led in: `event.name`, `event.timestamp`, `event.properties`; of a run also `run.id`, `run.occasion`, and
    `run.not_after` where there is a cut-off."""
    trail: tuple[tuple[str, str, int], ...] = ()
    """The way so far: each step passed, by which exit, and when; of a long way the last `TRAIL_MOST`."""
    left_ms: int | None = None
    left_by: str = ""
    """Why the visit ended: the name of the exit, `goal`, `stopped` or `failed`."""

    def numbered(self, number: int) -> Visit:
        """The same visit under that number."""
        return msgspec.structs.replace(self, id=number)

    def passing(self, passed: Iterable[tuple[str, str, int]]) -> tuple[tuple[str, str, int], ...]:
        """The trail, with steps passed since, each with its exit and when."""
        return (*self.trail, *passed)[-TRAIL_MOST:]

    def effect_key_at(self, step: str, seq: int) -> str:
        """The key of what is asked for at that step and move: the same on every retry, another the next time round."""
        return neighbouring_key(self.origin, self.identity, self.version, self.entry_key, step, seq)


def not_after(variables: Mapping[str, Json]) -> datetime | None:
    """The cut-off among what led somebody in: nothing is sent to them later; None when there is none."""
    run = variables.get("run")
    said = run.get("not_after") if isinstance(run, dict) else None
    return parse_moment(said) if isinstance(said, str) else None


def run_of(variables: Mapping[str, Json]) -> int | None:
    """The run that let somebody in, among what led them in; None where it was an event of theirs."""
    run = variables.get("run")
    said = run.get("id") if isinstance(run, dict) else None
    return said if isinstance(said, int) else None


def occasion_of(variables: Mapping[str, Json]) -> str:
    """The key of the occasion that let somebody in, among what led them in; empty where it was an event of theirs."""
    run = variables.get("run")
    said = run.get("occasion") if isinstance(run, dict) else None
    return said if isinstance(said, str) else ""


def is_older(event: Event, variables: Mapping[str, Json]) -> bool:
    """Whether the event happened so long before what led somebody in that it counts for nothing there."""
    led = variables.get("event")
    said = led.get("timestamp") if isinstance(led, dict) else None
    return isinstance(said, str) and event.timestamp < parse_moment(said) - BEFORE_MOST
