"""What a trace tells: attempts to enter a journey or campaign, each moment by moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from holdfast.ports.state import DecisionState

Stage = Literal[
    "event", "run", "segment", "entry", "step", "gate", "render", "send", "provider", "person", "waiting", "left"
]
"""An event that tells of a live segment is followed by `segment`: that they came into it, or went out."""

WHY_NOT: Mapping[str, str] = {
    "not_published": "It was not published yet.",
    "where": "The event's properties were not as the trigger asks.",
    "late": "It reached us too long after it happened.",
    "no_key": "The event has nothing where the trigger's key should be.",
    "entered_before": "The person had entered before, and may not enter again.",
    "still_inside": "The person was still under way.",
    "cool_down": "The person had entered too short a time before.",
    "condition": "The person is not as the trigger asks, as they are now.",
    "unknown": "It cannot be known at once whether the person is as the trigger asks.",
    "paused": "It is paused.",
    "stopped": "It was stopped.",
    "archived": "It was stopped and archived.",
    "other_day": "The day in their trait is another one, or there is none.",
    "day_off": "It was a weekend or a public holiday where they live, or the business was closed.",
    "past": "The hour was past where they live.",
    "too_late": "Their turn came after the cut-off.",
    "not_in_audience": "They are not in the audience of the run, as they are now.",
    "not_chosen": "The audience was larger than the most people it may have, and others were taken.",
    "not_yet": "Their turn in the run has not come yet.",
    "preparing": "The audience of the run is being asked for.",
    "held": "The run is held: its audience is larger than was allowed, and nobody has confirmed it.",
    "run_paused": "The run is paused, and their turn has not come.",
    "run_stopped": "The run was stopped before their turn came.",
    "missed": "The time of the run was past when it could have begun.",
    "otherwise_then": "Nothing bars it as things are now; the person, a segment or its state was otherwise then.",
}
"""Why somebody did not enter, by reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceMoment:
    """One thing that happened, or did not."""

    at_ms: int
    stage: Stage
    outcome: str
    """A word: an exit, `permitted`, `withheld`, a state of a send, what the provider said."""
    step: str = ""
    reason: str = ""
    """Why, in one word, where there is a why."""
    send: str = ""
    """The key of the send it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One time the person entered, or an event or a run that might have let them in and did not."""

    event: str
    event_ms: int | None
    """When it happened; None where it is not known any more."""
    entered: bool
    reason: str
    """Why not, in one word; empty for who entered."""
    version: int | None
    arm: str
    moments: tuple[TraceMoment, ...]
    """In order of time."""
    run: int | None = None
    """The run it is about, where it is about one."""

    def words(self) -> str:
        """Whether the person entered, in a sentence."""
        return f"Entered version {self.version}." if self.entered else WHY_NOT.get(self.reason, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one journey or campaign did with one person."""

    user_id: str
    origin: str
    kind: Literal["journey", "campaign"]
    name: str
    state: DecisionState
    attempts: tuple[Attempt, ...]
    """The last ones, oldest first."""

    def words(self) -> str:
        """What came of it, in a sentence."""
        if not self.attempts:
            return "No event of theirs, and no run, that could have let them in has reached us."
        entered = sum(each.entered for each in self.attempts)
        return f"Entered {entered} of {len(self.attempts)} times. Last: {self.attempts[-1].words()}"
