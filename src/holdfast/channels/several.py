"""Several channels for one medium, each for the devices it reaches: one message, by as many providers as it takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.parcel import Parcel, Refused
from holdfast.ports.channel import Channel, ToDevices
from holdfast.ports.state import Send
from holdfast.profiles.devices import DeviceType


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralChannels:
    """Makes one parcel of what each of them would send; the others' are copies."""

    channels: Sequence[Channel]
    """At least one."""

    @property
    def doubt(self) -> DoubtPolicy:
        """As the first of them that repeats nothing has it, else as the one that knows keys for the shortest time."""
        return min((each.doubt for each in self.channels), key=lambda doubt: doubt.idempotent_seconds)

    @property
    def device_types(self) -> Collection[DeviceType]:
        """Which devices they write to, all of them together."""
        return {kind for each in self.channels if isinstance(each, ToDevices) for kind in each.device_types}

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """The message for every device that any of them reaches; refused when none does, as the last one says."""
        made = [each.parcel(send, words) for each in self.channels]
        parcels = [each for each in made if isinstance(each, Parcel)]
        if not parcels:
            return made[-1]
        first, *others = (single for each in parcels for single in (each.with_copies(()), *each.copies))
        return first.with_copies(others)
