"""Trying: one message by a connection, now, so that somebody sees what its provider says.

It goes to whoever is named and to nobody else, is no message of any journey, and is counted nowhere. An address that
may not be written to is not written to by this way either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from holdfast.decisions.gate import GateRules
from holdfast.decisions.medium import Medium
from holdfast.events.event import Json
from holdfast.flows.delivery.send import Office
from holdfast.flows.people.erased import suppressed_of
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.messages.content import Words, parse_content
from holdfast.messages.parcel import InDoubt, Parcel, Verdict
from holdfast.ports.channel import ToDevices
from holdfast.ports.state import Send, View

TRY_SECONDS_MOST = 90
"""How long a provider may take to answer; somebody is looking."""
_SAID: Mapping[str, str] = {
    "subject": "A test from {workspace}",
    "title": "A test from {workspace}",
    "html": "<p>This is a test from {workspace}: the connection {connection} works.</p>",
    "text": "This is a test from {workspace}: the connection {connection} works.",
    "body": "This is a test from {workspace}: the connection {connection} works.",
}
"""What is said where nobody says anything else, by the name of the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is to be tried."""

    connection: str
    to: str
    workspace_name: str
    content: Mapping[str, object] | None = None
    """What to say, as a send step's `template` says it; None says that it is a test."""


async def check_address(view: View, rules: GateRules, medium: Medium, address: str) -> None:
    """Raises Conflict for an address that is suppressed."""
    suppressed = await suppressed_of(view, rules, medium.name, [address])
    if suppressed:
        raise Conflict(
            f"{address!r:.200} may not be written to: {next(iter(suppressed.values()))}.",
            code="suppressed",
            path="$.to",
            hint="Try another address.",
        )


async def try_office(office: Office, medium: Medium, trial: Trial, now: datetime) -> Verdict:
    """Hand one message to the connection's provider, and say what came of it.

    Raises Invalid for content or an address that cannot be.
    """
    if isinstance(office.channel, ToDevices):
        raise Invalid(
            "a push message goes to a device, which has no address to be typed.",
            code="no_address",
            path="$.to",
            hint="Publish a journey for a segment of yourself alone, and look at what becomes of it.",
        )
    send = _send(medium, trial, to_millis(now))
    try:
        parcel = office.channel.parcel(send, _words(medium, trial, now))
    except ValueError as error:
        raise Invalid(f"{error}", code="bad_address", path="$.to", hint="Give an address of this channel.") from error
    if not isinstance(parcel, Parcel):
        return parcel
    try:
        async with asyncio.timeout(TRY_SECONDS_MOST):
            return await office.carrier.carry(parcel)
    except TimeoutError:
        return InDoubt(f"It did not answer within {TRY_SECONDS_MOST} seconds.")


def _send(medium: Medium, trial: Trial, now_ms: int) -> Send:
    return Send(
        key=effect_key("trial", trial.connection, trial.to, now_ms),
        identity=0,
        origin_kind="journey",
        origin="trial",
        version=0,
        step="trial",
        channel=medium.name,
        template="",
        topic="",
        transactional=True,
        address=trial.to,
        created_ms=now_ms,
        not_before_ms=now_ms,
    )


def _words(medium: Medium, trial: Trial, now: datetime) -> Words:
    """What is said. Raises Invalid."""
    content = parse_content(medium, trial.content or _sample(medium, trial), path="$.content")
    said = content.render({"workspace": {"name": trial.workspace_name}, "person": {}}, now=now)
    if isinstance(said, Words):
        return said
    raise Invalid(
        "what is to be said cannot be put into words here.",
        code="not_rendered",
        path="$.content",
        hint="Write it without catalogues, coupons and linked content.",
    )


def _sample(medium: Medium, trial: Trial) -> dict[str, Json]:
    """Content that says that it is a test, of the parts the medium has."""
    if medium.name == "webhook":
        return {"url": trial.to, "body": "{}"}
    # Braces of a name would be Liquid.
    names = {"workspace": trial.workspace_name.replace("{", "("), "connection": trial.connection}
    return {each.name: _SAID[each.name].format(**names) for each in fields(medium.content) if each.name in _SAID}
