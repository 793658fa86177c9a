"""The library of segments as the state has it."""

from __future__ import annotations

from holdfast.flows.audience.list_registry import lists_of
from holdfast.ports.state import View
from holdfast.segments.library import Library


async def load_library(view: View) -> Library:
    """Every saved segment, and the ids of the lists there are."""
    definitions = {each.id: each.definition for each in await view.segments()}
    return Library(definitions, lists=frozenset(await lists_of(view)))
