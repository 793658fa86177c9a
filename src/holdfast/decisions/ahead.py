"""What lies ahead of somebody under way: whether another version leads them another way, and how they go on in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from msgspec import structs

from holdfast.decisions.journey import Goal, Journey
from holdfast.decisions.machine import GOAL
from holdfast.decisions.nodes import Node
from holdfast.decisions.steps.send import Send
from holdfast.decisions.visit import Visit
from holdfast.kernel.moments import to_millis

StepChangeKind = Literal["gone", "exits", "fields", "words", "goal"]
"""`gone`: there is no such step any more; `exits`: its exits lead elsewhere; `fields`: it does something else; `words`:
it sends, and only what is said differs; `goal`, told of no step but of `goal`: another goal takes people out."""

MOVED = "moved"
"""What leaving a step for another version is called, in counters and trails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """A step ahead that another version does not have as it is."""

    step: str
    kind: StepChangeKind

    @property
    def leads_elsewhere(self) -> bool:
        """Whether it may change the way of those who come to it; other words do not."""
        return self.kind != "words"


def changes_ahead(old: Journey, new: Journey, step: str) -> tuple[StepChange, ...]:
    """What another version has otherwise, of the steps somebody who stands at `step` may still come to; nearest first.

    Steps that are only in the new version are not told: something old leads elsewhere, or nobody comes to them.
    """
    changes = ((name, _change(old.steps[name], new.steps.get(name))) for name in _ahead(old, step))
    told = [StepChange(step=name, kind=kind) for name, kind in changes if kind is not None]
    if _way_out(old) != _way_out(new):
        told.append(StepChange(step=GOAL, kind="goal"))
    return tuple(told)


def moved(new: Journey, version: int, visit: Visit, step: str, now: datetime) -> Visit:
    """The visit, gone on to a step of another version. It falls due at once, and that step says what becomes of it.

    Who stays at a step of the same name came there when they came: being moved restarts no wait. The arm, what let them
    in, and the time they entered stay as they are.
    """
    now_ms = to_millis(now)
    waits_for = new.steps[step].step.wakes() | ({new.goal.event} if new.leave_on_goal else frozenset())
    return structs.replace(
        visit,
        version=version,
        step=step,
        seq=visit.seq + 1,
        arrived_ms=visit.arrived_ms if step == visit.step else now_ms,
        # Whoever waits for their hour at the start goes on waiting for it.
        due_ms=visit.due_ms if new.steps[step].step.starts else now_ms,
        waits_for=waits_for,
        trail=visit.passing([(visit.step, MOVED, now_ms)]),
    )


def _way_out(journey: Journey) -> Goal | None:
    """The goal that takes people out wherever they wait."""
    return journey.goal if journey.leave_on_goal else None


def _ahead(journey: Journey, step: str) -> Iterator[str]:
    seen, coming = {step}, [step] if step in journey.steps else []
    while coming:
        name = coming.pop(0)
        yield name
        new = [to for to in dict.fromkeys(journey.steps[name].exits.values()) if to not in seen]
        seen.update(new)
        coming += new


def _change(old: Node, new: Node | None) -> StepChangeKind | None:
    if new is None:
        return "gone"
    if old.exits != new.exits:
        return "exits"
    one, other = old.step, new.step
    if one == other:
        return None
    if isinstance(one, Send) and isinstance(other, Send) and replace(one, template=other.template) == other:
        return "words"
    return "fields"
