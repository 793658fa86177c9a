"""Look-ups: items of catalogues, for messages that are put into words.

Messages of one broadcast ask for the same few items again and again, so what was found serves for a few seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from holdfast.events.event import Json
from holdfast.messages.liquid.needs import CatalogueItems, Need, Recommended
from holdfast.ports.catalogues import CatalogueItem
from holdfast.ports.clock import Clock
from holdfast.ports.state import State, View

FRESH_SECONDS = 5
"""How long what was looked up serves."""
KEPT_MOST = 20_000
TOP_MOST = 500
"""How many top items are looked at for recommendations: those left out of them are among these."""


@dataclass(frozen=True, slots=True)
class NoCatalogue:
    """There is no catalogue of that name."""

    name: str


@dataclass(slots=True)
class _Fresh:
    """What was looked up a moment ago."""

    until: datetime
    catalogues: frozenset[str] = frozenset()
    items: dict[tuple[str, str], CatalogueItem | None] = field(default_factory=dict)
    tops: dict[str, Sequence[CatalogueItem]] = field(default_factory=dict)

    def lacks(self, need: CatalogueItems | Recommended) -> bool:
        """Whether the need cannot be met from it."""
        named = ((need.catalogue, each) in self.items for each in need.ids)
        if need.catalogue not in self.catalogues or not all(named):
            return True
        return isinstance(need, Recommended) and need.catalogue not in self.tops

    def value(self, need: CatalogueItems | Recommended) -> Json:
        """What the need's value is."""
        named = [self.items.get((need.catalogue, each)) for each in need.ids]
        if isinstance(need, CatalogueItems):
            return [_shown(each) for each in named if each is not None]
        every = {each.id: each for each in (*named, *self.tops.get(need.catalogue, ())) if each is not None}
        shown = [each for name, each in every.items() if name not in need.without]
        return [_shown(each) for each in shown[: need.count]]


class Lookups:
    """Looks items up. Used from one event loop."""

    def __init__(self, *, state: State, clock: Clock) -> None:
        """Nothing is read yet."""
        self._state = state
        self._clock = clock
        self._kept: _Fresh | None = None

    async def found(self, needs: Sequence[CatalogueItems | Recommended]) -> dict[Need, Json] | NoCatalogue:
        """What each need's value is."""
        fresh = self._fresh()  # Ours until the end, though it may be another's turn and a newer one be begun meanwhile.
        unread = [need for need in needs if fresh.lacks(need)]
        if unread:
            async with self._state.view() as view:
                await _read(view, unread, fresh)
        missing = next((need.catalogue for need in needs if need.catalogue not in fresh.catalogues), None)
        return {need: fresh.value(need) for need in needs} if missing is None else NoCatalogue(missing)

    def _fresh(self) -> _Fresh:
        now, kept = self._clock.now(), self._kept
        if kept is None or now >= kept.until or len(kept.items) > KEPT_MOST:
            self._kept = kept = _Fresh(now + timedelta(seconds=FRESH_SECONDS))
        return kept


async def _read(view: View, needs: Sequence[CatalogueItems | Recommended], fresh: _Fresh) -> None:
    fresh.catalogues |= {each.name for each in await view.catalogues()}
    for catalogue in sorted({need.catalogue for need in needs} & fresh.catalogues):
        those = [need for need in needs if need.catalogue == catalogue]
        wanted = {each for need in those for each in need.ids if (catalogue, each) not in fresh.items}
        # Half of a surrogate pair is in no store, and would spoil the question for the others.
        asked = sorted(each for each in wanted if each == each.encode("utf-8", "ignore").decode())
        items = await view.catalogue_items(catalogue, asked)
        fresh.items |= {(catalogue, each): items.get(each) for each in wanted}
        if catalogue not in fresh.tops and any(isinstance(need, Recommended) for need in those):
            fresh.tops[catalogue] = await view.top_items(catalogue, limit=TOP_MOST)


def _shown(item: CatalogueItem) -> Json:
    return {**item.fields, "id": item.id}
