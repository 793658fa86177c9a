"""Opening: the channel and the carrier of a connection, as its provider declares them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from holdfast.channels.carriers.each_device import EachDevice
from holdfast.channels.carriers.http import HttpCarrier
from holdfast.channels.carriers.http2 import Http2Carrier, Trust
from holdfast.channels.carriers.smpp import smpp_carrier
from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.declared import Declared, Desk
from holdfast.channels.several import SeveralChannels
from holdfast.kernel.errors import Internal
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.inbound import Incoming, Receipt
from holdfast.messages.parcel import Parcel
from holdfast.ports.carrier import Carrier
from holdfast.ports.channel import Channel
from holdfast.ports.clock import Clock

TO_DEVICES = frozenset({"web_push", "mobile_push"})
"""Media whose messages go to each device of a person."""
TOGETHER = frozenset({"mobile_push"})
"""Media whose connections carry together, each the devices it reaches."""
NAMED_BY_RECIPIENTS = frozenset({"web_push"})
"""Media whose recipients say which server takes their messages."""
NAMED_BY_STEPS = frozenset({"webhook"})
"""Media whose steps say which server is called: any of them may be gone and the others there."""


Told = Callable[[str, str, Sequence[Receipt | Incoming]], Awaitable[None]]
"""Given the connection, the medium and what came; what it has not taken, when it raises, is brought again."""


async def nobody_hears(connection: str, medium: str, things: Sequence[Receipt | Incoming]) -> None:
    """Takes nothing: it is brought again to whoever does."""
    raise Internal(f"nobody is told of {len(things)} things on {medium} by {connection}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """A provider with its settings, secrets and all."""

    declared: Declared
    settings: Any
    desk: Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """How carriers stand to the world."""

    clock: Clock
    private: bool
    """Whether servers in private networks and on this machine may be called."""
    told: Told = nobody_hears
    """Told what comes in by connections that stand open, rather than by calls of the provider's."""


def open_together(set_up: Sequence[SetUp], outside: Outside) -> tuple[Channel, Carrier]:
    """The channel and the carrier of one medium by these connections, of each provider the first.

    Raises Invalid for settings that do not go together.
    """
    first = set_up[0]
    by_provider = {each.declared.name: each for each in reversed(set_up)}
    channels = [each.declared.open(each.settings, each.desk) for each in by_provider.values() if each is not first]
    channel = first.declared.open(first.settings, first.desk)
    if first.declared.medium not in TO_DEVICES:
        return channel, open_carrier(first, outside)
    carriers = {name: open_carrier(each, outside) for name, each in by_provider.items()}
    return (SeveralChannels(channels=[channel, *channels]) if channels else channel), EachDevice(carriers)


def open_carrier(set_up: SetUp, outside: Outside) -> Carrier:
    """What carries the parcels of a connection. Nothing is connected to yet, but where things come in by it, too."""
    declared, settings = set_up.declared, set_up.settings
    match declared.transport:
        case "smtp":
            return SmtpCarrier(
                settings.host,
                settings.port,
                user=settings.user,
                password=settings.password,
                tls=settings.tls,
                clock=outside.clock,
            )
        case "http" if declared.read is not None:
            return HttpCarrier(
                read=declared.read,
                allow_private=outside.private,
                seal=partial(_sealed, set_up, outside.clock),
                blame="domain" if declared.medium in NAMED_BY_STEPS else "provider",
                clock=outside.clock,
            )
        case "http2":
            anywhere = declared.medium in NAMED_BY_RECIPIENTS
            trust = Trust(anywhere=anywhere, private=outside.private, prior=not anywhere)
            return Http2Carrier(declared, settings, clock=outside.clock, trust=trust)
        case "smpp":
            carrier = smpp_carrier(
                settings,
                told=partial(outside.told, set_up.desk.connection, declared.medium),
                now_ms=lambda: to_millis(outside.clock.now()),
            )
            carrier.start()  # Receipts and answers come in though nothing goes out.
            return carrier
        case other:
            raise Internal(f"{declared.name} goes by {other}, which no connection is opened by")


def _sealed(set_up: SetUp, clock: Clock, parcel: Parcel) -> Mapping[str, str]:
    if set_up.declared.seal is None:
        return {}
    return set_up.declared.seal(set_up.settings, parcel, to_millis(clock.now()) // 1_000)
