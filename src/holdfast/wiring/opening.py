"""Opening a workspace: its stores, its seat, its mail, and the application over them."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Awaitable

from holdfast.flows.audience.list_members import finish_saying
from holdfast.flows.ingest.acting import begin_acting
from holdfast.kernel.errors import Busy
from holdfast.places import Ground, SystemClock, open_ground, open_history, open_seat
from holdfast.ports.clock import Clock
from holdfast.ports.history import History
from holdfast.ports.log import Log
from holdfast.ports.state import State
from holdfast.settings import Settings
from holdfast.wiring.application import Application
from holdfast.wiring.assembling import assemble
from holdfast.wiring.mail import Mail, open_mail, take_bounces
from holdfast.wiring.offices import OWNER_BYTES


async def open_application(
    settings: Settings,
    *,
    clock: Clock | None = None,
    serving: bool = True,
    ground: Ground | None = None,
    history: Awaitable[History] | None = None,
) -> Application:
    """Open the workspace and put the application together.

    Args:
        serving: whether messages are sent; a workspace opened to ask questions sends none, and claims none.
        ground: state and log, where they are open already: then whoever opened them closes them, after the application.
        history: the history, where it is being opened already: it is closed with the application.

    Raises Busy or Conflict when another process has the workspace open, or reacts on the same state.
    """
    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as opened:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if settings.is_shared:
            await _sit_down(settings, opened)
        state, log, past = await _open_stores(settings, opened, ground, history)
        if settings.is_shared:
            state = await begin_acting(state, secrets.token_hex(OWNER_BYTES))
        mail: Mail | None = None
        if serving:
            mail = await open_mail(settings, clock, opened)
        app = await assemble(settings, clock=clock, log=log, state=state, history=past, mail=mail)
        await finish_saying(state, past, clock)
        if serving:
            kept = mail.mailbox if mail is not None else None
            await app.reactor.recover(None if kept is None else kept.holds, on=app.outgoing.kept())
            await take_bounces(settings, app.arrivals, clock, opened)
        # Everything is in the application's hands now; `close` lets go of it in this order.
        app.opened = opened.pop_all()
    return app


async def open_asking(settings: Settings, *, clock: Clock | None = None) -> Application:
    """The application of a process that answers questions and takes wishes, while others react and send.

    Raises Busy, Invalid or Conflict when state, log or history cannot be opened.
    """
    async with contextlib.AsyncExitStack() as opened:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        state, log, history = await _open_stores(settings, opened)
        app = await assemble(
            settings, clock=clock or SystemClock(), log=log, state=state, history=history, mail=None, reacts=False
        )
        app.opened = opened.pop_all()
    return app


async def _sit_down(settings: Settings, opened: contextlib.AsyncExitStack) -> None:
    """Take the seat of the one process that reacts, until the application closes. Raises Busy when it is taken."""
    seat = open_seat(settings)
    opened.push_async_callback(seat.leave)
    if not await seat.take():
        raise Busy(
            "another process reacts on this state already.",
            code="workspace_in_use",
            hint="Stop it first, or start `holdfast react`, which stands by and takes over when that one ends.",
        )


async def _open_stores(
    settings: Settings,
    opened: contextlib.AsyncExitStack,
    ground: Ground | None = None,
    history: Awaitable[History] | None = None,
) -> tuple[State, Log, History]:
    ground = ground or await open_ground(settings, opened)
    past = await (history if history is not None else open_history(settings))
    opened.push_async_callback(past.close)
    return ground.state, ground.log, past
