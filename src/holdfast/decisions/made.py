"""Contacts that were made, or are on their way to be: what caps, fatigue and priority reckon with."""

from __future__ import annotations

import msgspec

from holdfast.decisions.caps import PRIORITY_USUAL


class Made(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A contact that was made, or is on its way to be made."""

    channel: str
    topic: str
    at_ms: int
    """The moment it was meant for: when it was asked for, or the moment it was put off to."""
    transactional: bool = False
    """Then no cap counts it."""
    priority: int = PRIORITY_USUAL
    """What it counts against others for the same person."""
    key: str = ""
    """Of its send, where it has one by now."""
    handed_ms: int | None = None
    """When it was handed over to be delivered; None while it waits."""

    @property
    def waits(self) -> bool:
        """Whether it can still be called off."""
        return self.handed_ms is None and bool(self.key)
