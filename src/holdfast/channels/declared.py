"""What a channel says of itself, so that forms, docs and tests need to know nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdfast.channels.smtp_reply import Reply, Stage
from holdfast.messages.parcel import Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer a provider documents, where in the dialogue it comes, and what it means to us."""

    stage: Stage
    reply: Reply
    means: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One channel."""

    label: str
    medium: Literal["email"]
    """What a journey's send step calls it."""
    needs: tuple[str, ...]
    """The parts of a message it takes."""
    source: str
    """Where its rules are written down."""
    answers: tuple[Answer, ...]
    """Answers the provider documents; the contract suite holds the channel to them."""
