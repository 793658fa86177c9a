"""Mail to those who work here, where mail goes out: never to the built-in mailbox, which whoever sees people reads."""

from __future__ import annotations

import asyncio
import contextlib

from holdfast.flows.accounts.mailing import mail_link
from holdfast.messages.content import Words
from holdfast.wiring import Application

MAILED_SECONDS = 10
"""How long somebody waits for what they asked for to be mailed to another."""


async def mail_colleague(app: Application, to: str, words: Words) -> bool:
    """Mail it to somebody who works here; whether the provider has taken it."""
    if app.sender is None or app.settings.mailbox:
        return False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MAILED_SECONDS):
            return await mail_link(app.sender.offices, to, words, now=app.clock.now())
    return False
