"""Bursts: what several hits on one message say together about who made them.

Scanners look at mail before people do. They fetch every link within a moment, the one nobody can see too, often before
the mail is in anybody's inbox; and they call themselves whatever they like. A person follows one link at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.messages.heard.agent import Agent

Deed = Literal["opened", "clicked", "trapped"]

TOGETHER_MS = 2_000
"""Two different links followed within so long were followed by a machine."""
TRAP_MS = 60_000
"""How long before and after somebody followed the link that cannot be seen everything is by the same machine."""
EARLY_MS = 5_000
"""A click so soon after the mail was handed over may be anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One request for something in a message."""

    deed: Deed
    at_ms: int
    agent: Agent
    """Who made it, by the request alone."""
    url: str = ""
    """For a click: where it led."""


def judged(hit: Hit, others: Iterable[Hit], *, sent_ms: int | None) -> Agent:
    """Who made a hit, in the light of the others on the same message.

    Args:
        others: those before and after it; the hit itself may be among them.
        sent_ms: when the message was handed over; None where that is not known.
    """
    if hit.agent == "machine" or hit.deed == "trapped":
        return "machine"
    for other in others:
        apart_ms = abs(other.at_ms - hit.at_ms)
        if other.deed == "trapped" and apart_ms <= TRAP_MS:
            return "machine"
        if hit.deed == other.deed == "clicked" and other.url != hit.url and apart_ms <= TOGETHER_MS:
            return "machine"
    if hit.deed == "clicked" and sent_ms is not None and hit.at_ms - sent_ms < EARLY_MS:
        return "unknown"
    return hit.agent


def recent(hits: Sequence[Hit], now_ms: int) -> tuple[Hit, ...]:
    """Those that still bear on what comes now."""
    return tuple(each for each in hits if now_ms - each.at_ms <= TRAP_MS)
