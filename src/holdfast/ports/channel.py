"""Channels: how a message is put into the form its transport takes. No input or output: a carrier does that."""

from __future__ import annotations

from typing import Protocol

from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.parcel import Parcel, Refused
from holdfast.ports.state import Send


class Channel(Protocol):
    """One way to say things, by one provider."""

    @property
    def doubt(self) -> DoubtPolicy:
        """What becomes of a message when nobody can know whether it was taken."""
        ...

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """The parcel for the send's address; the same words make the same parcel on every retry.

        Refused when it cannot be said to this person. Raises ValueError when the address cannot be written to.
        """
        ...
