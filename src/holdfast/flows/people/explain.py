"""Why one person is in a segment or not, from all they ever did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.flows.people.person import person_row
from holdfast.kernel.errors import TooLarge
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.history import History
from holdfast.ports.state import Identity, View
from holdfast.segments.condition import Condition, PastEvent
from holdfast.segments.explain import Explained, events_of, explain
from holdfast.segments.facts import HistoryFacts
from holdfast.segments.groups import GROUP_JOINED

EVENTS_MOST = 100_000
"""Events of one name that are read for an explanation. Only a robot has more."""


async def explain_person(
    condition: Condition, members: Sequence[Identity], *, view: View, history: History, zone: ZoneInfo, now: datetime
) -> list[Explained]:
    """Every condition of the segment, the outermost first, for the person of these identities.

    Raises TooLarge when they did one thing more than EVENTS_MOST times: then it cannot be said from a part of it.
    """
    facts = await history_facts(condition, members, view=view, history=history, zone=zone, now=now)
    return explain(condition, facts, now)


async def history_facts(
    condition: Condition, members: Sequence[Identity], *, view: View, history: History, zone: ZoneInfo, now: datetime
) -> HistoryFacts:
    """All that the condition asks of the person of these identities. Raises TooLarge, as above."""
    return await facts_about(events_of(condition), members, view=view, history=history, zone=zone, now=now)


async def facts_about(
    names: Sequence[str], members: Sequence[Identity], *, view: View, history: History, zone: ZoneInfo, now: datetime
) -> HistoryFacts:
    """Who the person of these identities is, and all they did of these names. Raises TooLarge, as above."""
    ids = [each.id for each in members]
    person = person_row(members[0].person, members, await view.profiles(ids))
    past: dict[str, list[PastEvent]] = {}
    for name in names:
        found = await history.timeline(ids, limit=EVENTS_MOST + 1, name=name)
        if len(found) > EVENTS_MOST:
            raise TooLarge(
                f"They did “{name}” more than {EVENTS_MOST} times.",
                path="person",
                hint="Count the segment; so much cannot be explained event by event.",
            )
        past[name] = [
            PastEvent(timestamp=from_millis(each.timestamp_ms), properties=each.properties, source=each.source)
            for each in found
        ]
    groups = await history.groups(ids, as_of_ms=to_millis(now)) if GROUP_JOINED in past else ()
    return HistoryFacts(person.traits, past, user_id=person.user_id, zone=zone, groups=groups)
