"""Messages that are kept in the built-in mailbox, on whatever medium, in the place of going out."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.parcel import Parcel
from holdfast.ports.state import Send


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChannel:
    """Makes a parcel of what a message says, part by part."""

    sender: str
    """Whom it is shown to be from."""

    @property
    def doubt(self) -> DoubtPolicy:
        """Every delivery is kept, the second of the same message too."""
        return ONCE

    def parcel(self, send: Send, words: Words) -> Parcel:
        """What it says, as JSON."""
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=self.sender,
            to=send.address,
            body=msgspec.json.encode(words.parts),
        )
