"""Channels: how a message is put into the form its transport takes. No input or output: a carrier does that."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.parcel import Parcel, Refused
from holdfast.ports.state import Send
from holdfast.profiles.devices import DeviceType


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


@runtime_checkable
class ToDevices(Protocol):
    """What a channel says besides that writes to every device of a person.

    The sends it is given have them all as their address, as `profiles.devices.write_devices` writes them: those that
    are there when the message is handed over, and not when it was decided.
    """

    @property
    def device_types(self) -> Collection[DeviceType]:
        """Which devices it writes to."""
        ...


@runtime_checkable
class Answering(Protocol):
    """What a channel says besides on which some things may be said only to who has written to us lately."""

    def answers_within_seconds(self, words: Words) -> int | None:
        """How long after the person's last message these words may be said; None for always."""
        ...


@runtime_checkable
class FromDomain(Protocol):
    """What a channel says besides whose messages are all from one domain, which is judged by what it sent before."""

    @property
    def sender_domain(self) -> str:
        """Such as `shop.example`."""
        ...
