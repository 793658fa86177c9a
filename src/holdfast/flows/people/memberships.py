"""Which saved segments somebody is in, from all they ever did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.flows.audience.library import load_library
from holdfast.flows.people.explain import facts_about
from holdfast.ports.history import History
from holdfast.ports.state import Identity, SavedSegment, View
from holdfast.segments.condition import Condition, Truth
from holdfast.segments.explain import events_of
from holdfast.segments.library import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A saved segment, and whether somebody is in it."""

    segment: SavedSegment
    condition: Condition
    truth: Truth


async def memberships(
    members: Sequence[Identity], *, view: View, history: History, zone: ZoneInfo, now: datetime
) -> list[Membership]:
    """Of every saved segment, by name, whether the person of these identities is in it.

    What they did is read once for all of them. Raises TooLarge, as `facts_about`.
    """
    library = await load_library(view)
    saved = sorted(await view.segments(), key=lambda each: (each.name, each.id))
    whole = {each.id: resolve(library[each.id], library) for each in saved}
    names = sorted({name for condition in whole.values() for name in events_of(condition)})
    facts = await facts_about(names, members, view=view, history=history, zone=zone, now=now)
    return [
        Membership(segment=each, condition=whole[each.id], truth=whole[each.id].holds(facts, now)) for each in saved
    ]
