"""Why a run did not let somebody in: found by asking again, as things are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from holdfast.decisions.closed_days import ClosedDays
from holdfast.decisions.entry import EntryBefore, NotEntered, enter
from holdfast.decisions.visit import Visit, run_of
from holdfast.flows.journey.broadcasts import broadcast_of, occasion_of
from holdfast.flows.journey.playbook import Play
from holdfast.flows.journey.traced import Attempt, TraceMoment
from holdfast.flows.people.explain import history_facts
from holdfast.flows.people.person import shown_as
from holdfast.kernel.moments import from_millis
from holdfast.ports.history import History
from holdfast.ports.runs import OPEN, Run
from holdfast.ports.state import Identity, View
from holdfast.segments.condition import Truth
from holdfast.segments.facts import ProfileFacts

NUMBERS_MOST = 20
"""Numbers a person may have gone by in an audience that are looked for: those of the people they once were."""
NOT_MEANT = frozenset({"not_in_audience", "other_day"})
"""Of runs that did not mean the person only the last is told: a birthday campaign has one on every day."""


LATE = frozenset({"past", "too_late"})
"""Reasons that hang on when somebody's turn came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeeker:
    """Looks for what runs came to for one person."""

    view: View
    history: History
    plays: Mapping[tuple[str, int], Play]
    members: Sequence[Identity]
    facts: ProfileFacts
    """As they are now."""
    visits: Sequence[Visit]
    """Theirs in the journey or campaign, oldest first."""
    closed: ClosedDays
    """When the business is closed."""

    async def not_entered(self, origin: str, zone: ZoneInfo, *, limit: int) -> list[Attempt]:
        """The attempts that the last runs came to which did not let the person in.

        Args:
            zone: the workspace's time zone.
            limit: runs that are looked through.
        """
        by_runs = {run_of(visit.variables) for visit in self.visits}
        found: list[Attempt] = []
        not_meant = False
        for run in await self.view.runs_of(origin, limit=limit):
            play = self.plays.get((origin, run.version))
            if run.id in by_runs or play is None:
                continue
            reason = await self._reason(run, play, zone)
            if not (reason in NOT_MEANT and not_meant):
                found.append(_attempt(run, reason))
            not_meant = not_meant or reason in NOT_MEANT
        return found

    async def _reason(self, run: Run, play: Play, zone: ZoneInfo) -> str:
        if run.state in {"preparing", "missed"}:
            return run.state
        if run.as_of_ms is None:
            return "run_stopped"
        if run.state in OPEN:
            place = await self._place(run)
            if place is None:
                return "not_chosen" if await self._is_meant(run, play, zone) else "not_in_audience"
            if place >= run.cursor:
                return {"held": "held", "paused": "run_paused"}.get(run.state, "not_yet")
        elif not await self._is_meant(run, play, zone):
            return "not_in_audience"
        return self._barred(run, play, run.as_of_ms) or self._came_late(run, play) or _left_out(run)

    def _came_late(self, run: Run, play: Play) -> str:
        """Whether it was past when their turn came, which a throttle or who confirmed the run let come later."""
        if run.state != "done" or run.ended_ms is None or run.chosen < (run.found or 0):
            return ""
        reason = self._barred(run, play, run.ended_ms)
        if reason not in LATE and broadcast_of(play).throttle is not None:
            reason = "too_late"  # They had no place before the cut-off; which they would have had, nobody keeps.
        return reason if reason in LATE and run.counts.get(reason) else ""

    def _barred(self, run: Run, play: Play, as_of_ms: int) -> str:
        """Why they were not let in when their turn came then; empty where nothing bars it as they are now."""
        answer = enter(
            play.journey,
            play.version,
            occasion_of(run),
            identity=self.members[0].id,
            person_key=shown_as(self.members).value,
            facts=self.facts,
            before=before_at(self.visits, as_of_ms),
            now=from_millis(as_of_ms),
            closed=self.closed,
        )
        return answer.reason if isinstance(answer, NotEntered) else ""

    async def _is_meant(self, run: Run, play: Play, zone: ZoneInfo) -> bool:
        """Whether they are in the audience as it would be asked for again."""
        as_of = from_millis(run.created_ms if run.as_of_ms is None else run.as_of_ms)
        condition = broadcast_of(play).everybody(occasion_of(run), as_of, zone)
        truth = condition.holds(self.facts, as_of)
        if truth is Truth.UNKNOWN:
            whole = await history_facts(
                condition, self.members, view=self.view, history=self.history, zone=zone, now=as_of
            )
            truth = condition.holds(whole, as_of)
        return truth is Truth.TRUE

    async def _place(self, run: Run) -> int | None:
        """Where in the audience of a run under way they stand; None for nowhere."""
        numbers = sorted({self.members[0].person, *(each.id for each in self.members)})
        for number in numbers[:NUMBERS_MOST]:
            low, high = 0, run.chosen
            while low < high:
                middle = (low + high) // 2
                found = await self.view.run_members(run.id, middle, 1)
                if found and found[0] < number:
                    low = middle + 1
                else:
                    high = middle
            if await self.view.run_members(run.id, low, 1) == [number]:
                return low
        return None


def before_at(visits: Sequence[Visit], at_ms: int) -> EntryBefore | None:
    """What was known of earlier entries at that moment."""
    earlier = [each for each in visits if each.entered_ms <= at_ms]
    if not earlier:
        return None
    return EntryBefore(
        count=len(earlier),
        last_ms=max(each.entered_ms for each in earlier),
        open=any(each.left_ms is None or each.left_ms > at_ms for each in earlier),
        keys=frozenset(each.entry_key for each in earlier),
    )


def _left_out(run: Run) -> str:
    """Why somebody is left out whom nothing bars."""
    if run.state == "stopped":
        return "run_stopped"
    return "not_chosen" if run.chosen < (run.found or 0) else "otherwise_then"


def _attempt(run: Run, reason: str) -> Attempt:
    at_ms = run.created_ms if run.as_of_ms is None else run.as_of_ms
    return Attempt(
        event=run.name,
        event_ms=run.at_ms,
        entered=False,
        reason=reason,
        version=run.version,
        arm="",
        run=run.id,
        moments=(
            TraceMoment(at_ms=run.created_ms, stage="run", outcome=run.state, reason=run.key),
            TraceMoment(at_ms=at_ms, stage="entry", outcome="not_entered", reason=reason),
        ),
    )
