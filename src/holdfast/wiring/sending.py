"""A process that sends and does nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from holdfast.events.event import Event
from holdfast.flows.delivery.dispatch import Dispatcher
from holdfast.flows.delivery.inbound import Arrivals
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.offices import Offices
from holdfast.flows.delivery.send import Sender
from holdfast.flows.upkeep.chosen_settings import chosen_settings
from holdfast.messages.heard.inbound import Incoming, Receipt
from holdfast.messages.links import Linker
from holdfast.outgoing import Outgoing
from holdfast.places import secret_of
from holdfast.ports.clock import Clock
from holdfast.ports.state import Settlement, State, View
from holdfast.settings import Settings
from holdfast.wiring.choices import Choices, with_choices
from holdfast.wiring.mail import Mail
from holdfast.wiring.offices import lanes_of, open_offices, sender_of
from holdfast.wiring.rules import rules_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a process is made of that sends and nothing else."""

    sender: Sender
    dispatcher: Dispatcher
    lanes: Lanes
    offices: Offices
    wake: asyncio.Event
    """Set when something came of a send."""
    choices: Choices


async def assemble_sending(
    settings: Settings,
    *,
    clock: Clock,
    state: State,
    mail: Mail,
    behind: Callable[[View], Awaitable[bool]],
    tell: Callable[[Sequence[Event]], Awaitable[None]],
) -> Sending:
    """What sends, over a state that is open; others react.

    Args:
        behind: tells whether events wait that may say that somebody has opted out.
        tell: makes own events durable in the log.
    """
    async with state.view() as view:
        chosen = await chosen_settings(view)
    set_up, settings = settings, with_choices(settings, chosen)
    secret = await secret_of(settings, state)
    linker, wake = Linker(base_url=settings.url, key=secret, traps=settings.link_traps), asyncio.Event()

    async def heard(connection: str, medium: str, things: Sequence[Receipt | Incoming]) -> None:
        await arrivals.told(connection, medium, things)

    outgoing = Outgoing(settings, state=state, clock=clock, linker=linker, secret=secret, told=heard)
    arrivals = Arrivals(state=state, clock=clock, tell=tell, key=secret, inlets=outgoing.inlet)
    lanes = lanes_of(settings)
    offices = await open_offices(outgoing, mail, lanes)

    def settled(settlements: Sequence[Settlement]) -> None:
        dispatcher.settle(settlements)
        wake.set()

    sender = sender_of(settings, state, clock, offices=offices, lanes=lanes, linker=linker, settle=settled)
    dispatcher = Dispatcher(
        state=state,
        clock=clock,
        rules=rules_of(settings, secret),
        lanes=lanes,
        hand_over=sender.take,
        behind=behind,
        delivered=None if mail.mailbox is None else mail.mailbox.holds,
        kept=outgoing.kept(),
    )

    async def adopt(now: Settings) -> None:
        await dispatcher.adopt(rules_of(now, secret))
        sender.adopt(workspace_name=now.workspace_name, help_contact=now.help_contact)

    choices = Choices(set_up=set_up, state=state, in_force=settings, revision=chosen.revision, adopt=adopt)
    return Sending(sender=sender, dispatcher=dispatcher, lanes=lanes, offices=offices, wake=wake, choices=choices)
