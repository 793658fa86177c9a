"""Who takes messages, by which lanes, and who fills them with content."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence

from holdfast.channels.carriers.web import WebFetcher
from holdfast.flows.content.coupons import CouponDesk
from holdfast.flows.content.linked import LinkedContent
from holdfast.flows.content.lookups import Lookups
from holdfast.flows.delivery.filling import Filler
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.offices import Offices
from holdfast.flows.delivery.send import Office, Sender
from holdfast.messages.links import Linker
from holdfast.messages.liquid.linked_hosts import decode_hosts
from holdfast.messages.mail.warm_up import decode_warm_ups
from holdfast.outgoing import Outgoing
from holdfast.ports.channel import FromDomain
from holdfast.ports.clock import Clock
from holdfast.ports.state import Settlement, State
from holdfast.settings import Settings, decode_domain_rates, decode_send_rates
from holdfast.wiring.mail import Mail

OWNER_BYTES = 6


def lanes_of(settings: Settings) -> Lanes:
    """Lanes, of no channel yet."""
    warm_ups = decode_warm_ups(settings.email_warm_up, "email_warm_up")
    return Lanes(
        {},
        owner=secrets.token_hex(OWNER_BYTES),
        rates=decode_send_rates(settings.send_rates),
        domain_rates=decode_domain_rates(settings.domain_rates),
        warm_ups={} if warm_ups is None else {"email": warm_ups},
    )


async def open_offices(outgoing: Outgoing, mail: Mail, lanes: Lanes) -> Offices:
    """Who takes messages; the lanes are those of their channels, now and whenever there are others."""

    def changed(now: Mapping[str, Office], anew: Collection[str]) -> None:
        channels = {medium: office.channel for medium, office in now.items()}
        lanes.carry(
            {medium: channel.doubt for medium, channel in channels.items()},
            anew=anew,
            sender_domains={
                medium: channel.sender_domain for medium, channel in channels.items() if isinstance(channel, FromDomain)
            },
        )

    offices = outgoing.offices(mail.carrier, mail.mailbox, changed=changed)
    await offices.refresh()
    return offices


def filler_of(settings: Settings, state: State, clock: Clock, coupons: CouponDesk | None = None) -> Filler:
    """Who puts content into words, with what it asks for."""
    fetcher = WebFetcher(allow_private=settings.webhook_private)
    hosts = decode_hosts(settings.linked_hosts, "linked_hosts")
    return Filler(
        lookups=Lookups(state=state, clock=clock),
        coupons=coupons or CouponDesk(state=state, clock=clock),
        linked=LinkedContent(fetcher=fetcher, hosts=hosts, clock=clock),
    )


def sender_of(
    settings: Settings,
    state: State,
    clock: Clock,
    *,
    offices: Offices,
    lanes: Lanes,
    linker: Linker,
    settle: Callable[[Sequence[Settlement]], None],
) -> Sender:
    """Who hands messages over."""
    return Sender(
        state=state,
        clock=clock,
        offices=offices,
        lanes=lanes,
        linker=linker,
        workspace_name=settings.workspace_name,
        settle=settle,
        filler=filler_of(settings, state, clock),
        time_zone=settings.time_zone,
        help_contact=settings.help_contact,
    )
