"""Those under way when a version is published: who would go another way, and who is moved to it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from holdfast.decisions.ahead import MOVED, StepChange, changes_ahead, moved
from holdfast.decisions.fields import at, one_of
from holdfast.decisions.journey import Journey
from holdfast.flows.journey.decision_drafts import DecisionDraft
from holdfast.flows.journey.playbook import play_of, stopped_until
from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.ports.state import Decision, StepCount, Transaction, View

MOVED_MOST = 100_000
"""People moved in one transaction, which everything else waits for."""
BATCH = 5_000
"""Visits moved at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """The people who stand at one step of one version."""

    version: int
    step: str
    people: int
    """How many visits; whoever is there by two entries counts twice."""
    exists: bool
    """Whether the version to be published has a step of that name."""
    ahead: tuple[StepChange, ...]
    """What lies ahead of them and is otherwise in it; nearest first."""
    moves_to: str | None
    """The step of it at which they go on; None for those who stay on their version."""

    @property
    def goes_elsewhere(self) -> bool:
        """Whether they could go another way in it than in theirs."""
        return any(each.leads_elsewhere for each in self.ahead)


async def under_way(view: View, draft: DecisionDraft, version: int) -> tuple[UnderWay, ...]:
    """Who is under way on other versions of what is to be published as that one; by version and step.

    Who leaves, since their version was stopped, is told of only where they are moved.

    Raises Invalid where `move` cannot be: it names a step that neither version has, or the trigger.
    """
    decisions = await view.decisions(latest=False)
    stopped = stopped_until(decisions).get(draft.id, 0)
    standing = {
        (on, step): people
        for (on, step), people in (await view.standing(draft.id)).items()
        if on != version and (on > stopped or step in draft.move)
    }
    old = journeys_of(decisions, draft.id)
    _check_move(draft, {each: journey for each, journey in old.items() if each != version})
    found = [
        UnderWay(
            version=on,
            step=step,
            people=people,
            exists=step in draft.journey.steps,
            ahead=changes_ahead(old[on], draft.journey, step) if on in old else (),
            moves_to=draft.move.get(step),
        )
        for (on, step), people in sorted(standing.items())
    ]
    moving = sum(each.people for each in found if each.moves_to is not None)
    if moving > MOVED_MOST:
        raise TooLarge(
            f"these are {moving:,} people to move.",
            path=draft.move_path,
            hint=f"{MOVED_MOST:,} are moved at once; move one step at a time, or let them finish on their version.",
        )
    return tuple(found)


def journeys_of(decisions: list[Decision], decision_id: str) -> dict[int, Journey]:
    """Every version of it as the journey it means; those that are not valid any more are left out."""
    journeys: dict[int, Journey] = {}
    for each in decisions:
        if each.id == decision_id:
            with suppress(Exposed):
                journeys[each.version] = play_of(each).journey
    return journeys


async def move_people(
    transaction: Transaction, draft: DecisionDraft, version: int, places: tuple[UnderWay, ...], now: datetime
) -> None:
    """Let those go on in the published version who are to; the next tick sees what becomes of them there."""
    for place in places:
        if place.moves_to is not None:
            await _move(transaction, draft, version, place, place.moves_to, now)


async def _move(  # noqa: PLR0917 - no two of them can be mistaken for one another.
    transaction: Transaction, draft: DecisionDraft, version: int, place: UnderWay, to: str, now: datetime
) -> None:
    last = 0
    while True:
        visits = await transaction.visits_at(draft.id, place.version, place.step, limit=BATCH, after_id=last)
        if not visits:
            break
        last = visits[-1].id
        await transaction.put_visits([moved(draft.journey, version, each, to, now) for each in visits])
    left = StepCount(origin=draft.id, version=place.version, step=place.step, exit=MOVED, count=place.people)
    came = StepCount(origin=draft.id, version=version, step=to, exit="entered", count=place.people)
    await transaction.count_steps([left, came])


def _check_move(draft: DecisionDraft, old: Mapping[int, Journey]) -> None:
    steps, before = draft.journey.steps, sorted({name for journey in old.values() for name in journey.steps})
    for step, to in draft.move.items():
        path = at(draft.move_path, step)
        if step not in before:
            message = f"No earlier version has a step {step!r:.120} to move anybody from."
            raise Invalid(message, code="unknown_step", path=path, hint=one_of(step, tuple(before)))
        if to not in steps:
            message = f"This version has no step {to!r:.120} to move anybody to."
            raise Invalid(message, code="unknown_step", path=path, hint=one_of(to, tuple(steps)))
        if steps[to].step.starts:
            hint = "Move them to the step after it."
            raise Invalid("Nobody can be moved to the trigger.", code="leads_to_trigger", path=path, hint=hint)
