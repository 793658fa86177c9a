"""What publishing something sets going: whom it is for, by which channels, when it first writes, and what bounds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.decisions.broadcast import Broadcast, Timed
from holdfast.decisions.days_off import ENGLISH, country_named
from holdfast.decisions.durations import in_words
from holdfast.decisions.gate import GateRules
from holdfast.decisions.journey import Journey
from holdfast.decisions.marked_days import MarkedDay, countries_marked, marked_days
from holdfast.decisions.resolving import resolved_journey
from holdfast.decisions.schedule import Occurrence, coming
from holdfast.flows.audience.library import load_library
from holdfast.flows.journey.decision_drafts import DecisionDraft
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import History
from holdfast.ports.state import State
from holdfast.segments.condition import Condition
from holdfast.segments.conditions.all_of import All

LATELY_DAYS = 7
"""How far back is looked for those who did what lets people in."""
TIMES_TOLD = 12
"""How many times of a schedule are told, the soonest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is to be known before people are written to."""

    people: int | None
    """In the audience at this moment; where an event lets people in, who did it in the last LATELY_DAYS. None where
    nobody can know, for a program names them."""
    of: int
    """Everybody there is."""
    lately_days: int | None
    """None where `people` is of this moment."""
    channels: tuple[str, ...]
    next_at_ms: int | None
    """When the first of them is let in, where a schedule says so, and never before now; None where something has to
    happen first."""
    coming: tuple[Occurrence, ...]
    """The next times of a schedule, at most TIMES_TOLD; none where there is none."""
    marked: tuple[MarkedDay, ...]
    """Closed days and public holidays in the months of those times."""
    holdout: float
    global_holdout: float
    caps: tuple[str, ...]
    """Each in words."""
    quiet: str
    """The quiet hours in words; empty for none."""


async def outlook_on(
    draft: DecisionDraft,
    *,
    state: State,
    history: History,
    rules: GateRules,
    now: datetime,
    zone: ZoneInfo,
    lived_in: Sequence[str] = (),
    language: str = ENGLISH,
) -> Outlook:
    """The outlook on a draft that could be published. Raises Invalid where it names what is not there.

    Args:
        lived_in: the countries that people's traits name, the commonest first.
        language: in which holidays are named: two letters.
    """
    async with state.view() as view:
        journey = resolved_journey(draft.journey, await load_library(view))
    start = journey.trigger
    asked = _prospects(journey)
    times = coming(start, now, zone, TIMES_TOLD) if isinstance(start, Timed) else []
    sayings = (node.step.says() for node in journey.steps.values())
    return Outlook(
        people=None if asked is None else await history.count(asked, as_of_ms=to_millis(now)),
        of=await history.count_everyone(),
        lately_days=None if isinstance(start, Broadcast) else LATELY_DAYS,
        channels=tuple(sorted({each.channel for each in sayings if each is not None})),
        # A day begins somewhere fourteen hours before it does in Greenwich: the first of its times may be past by now.
        next_at_ms=to_millis(max(times[0].opens, now)) if times else None,
        coming=tuple(times),
        marked=_marked(start, times, lived_in, rules, language) if isinstance(start, Timed) else (),
        holdout=journey.holdout,
        global_holdout=rules.global_holdout,
        caps=tuple(_cap_words(rules)),
        quiet=_quiet_words(rules),
    )


def _marked(
    start: Timed, times: Sequence[Occurrence], lived_in: Sequence[str], rules: GateRules, language: str
) -> tuple[MarkedDay, ...]:
    countries = countries_marked(start.country, start.default_country, map(country_named, lived_in))
    return marked_days((each.wall.date() for each in times), countries, rules.closed, language)


def _prospects(journey: Journey) -> Condition | None:
    """Who would be let in, so far as it can be asked."""
    found, only_if = journey.trigger.prospects(LATELY_DAYS), journey.trigger.rules().only_if
    if found is None or only_if is None:
        return found
    return All(of=(found, only_if))


def _cap_words(rules: GateRules) -> list[str]:
    return [
        f"{cap.most} in {in_words(cap.within_seconds)}"
        + (f" on {cap.channel}" if cap.channel else "")
        + (f" about {cap.topic}" if cap.topic else "")
        for cap in rules.caps
    ]


def _quiet_words(rules: GateRules) -> str:
    quiet = rules.quiet
    if quiet is None:
        return ""
    hours = [f"{minute // 60:02}:{minute % 60:02}" for minute in (quiet.from_minute, quiet.until_minute)]
    becomes = "what is due then waits" if quiet.policy == "defer" else "what is due then is not sent"
    return f"{hours[0]} to {hours[1]}, {becomes}"
