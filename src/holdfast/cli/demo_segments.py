"""The segments the shop has saved, so that there is something to look at and to start from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from holdfast.kernel.moments import to_millis
from holdfast.ports.state import SavedSegment
from holdfast.segments.builders import did, trait
from holdfast.segments.codec import encode_condition
from holdfast.segments.condition import Condition
from holdfast.wiring import Application

SEGMENTS: Mapping[str, Condition] = MappingProxyType(
    {
        "Loyal customers": did("Order Completed", at_least=3, within_days=90),
        "Left a cart this week": did("Cart Added", within_days=7) & ~did("Order Completed", within_days=7),
        "Lapsed after an order": did("Order Completed") & ~did("Order Completed", within_days=30),
        "Newsletter readers in Germany": (trait("newsletter") == True) & (trait("country") == "DE"),  # noqa: E712 - it builds a condition.
    }
)
"""Descriptions by the name people give them; the id is the name with hyphens."""


async def save_segments(app: Application) -> None:
    """Save every one of them."""
    now_ms = to_millis(app.clock.now())
    async with app.state.begin() as transaction:
        for name, condition in SEGMENTS.items():
            definition = msgspec.json.encode(encode_condition(condition))
            id_ = name.lower().replace(" ", "-")
            await transaction.put_segment(SavedSegment(id=id_, name=name, definition=definition, updated_ms=now_ms))
