"""Channels: how a message is put into the form its transport takes. No input or output: a carrier does that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from holdfast.decisions.step import Step
from holdfast.events.event import Json
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.parcel import Parcel, Refused
from holdfast.ports.state import Send


class Channel(Protocol):
    """One way to say things."""

    @property
    def doubt(self) -> DoubtPolicy:
        """What becomes of a message when nobody can know whether it was taken."""
        ...

    def compose(self, send: Send, step: Step, variables: Mapping[str, Json]) -> Parcel | Refused:
        """The parcel for the send's address, as the journey's step says it; the same on every retry.

        Refused when it cannot be said to this person. Raises ValueError when the address cannot be written to, and
        Exposed when the step's own words are wrong.
        """
        ...
