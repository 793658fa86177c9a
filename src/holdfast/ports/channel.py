"""Channels: how a message is put into the form its transport takes. No input or output: a carrier does that."""

from __future__ import annotations

from typing import Protocol

from holdfast.messages.parcel import Parcel
from holdfast.messages.template import Words
from holdfast.ports.state import Send


class Channel(Protocol):
    """One way to say things."""

    def parcel(self, send: Send, words: Words) -> Parcel:
        """The parcel for the send's address; the same on every retry.

        Raises ValueError when the address cannot be written to.
        """
        ...
