"""Suppressing by hand: forbidding an address, and letting one be written to again.

What follows from receipts is in the log; what somebody does by hand is noted as a turn, so that whoever makes the state
anew comes to the same. The turn knows the address by its veil only: turns outlive people who ask to be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from holdfast.decisions.fields import one_of
from holdfast.decisions.medium import media
from holdfast.events.event import Json
from holdfast.flows.people.erased import veiled_address
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.receipts import ADDRESS_CHARACTERS_MOST
from holdfast.ports.state import State, Transaction, View

BY_HAND = "by_hand"
"""Why an address is suppressed that somebody has forbidden: nothing goes there, receipts neither."""


async def suppress_by_hand(state: State, channel: str, address: str, *, by: str, now: datetime, veil_key: bytes) -> str:
    """Forbid an address; returns why it is suppressed: as before, where it was. Raises Invalid."""
    _check(channel, address)
    address = _compared(channel, address)
    async with state.begin() as transaction:
        before = (await transaction.suppressed(channel, [address])).get(address)
        if before is not None:
            return before
        await transaction.suppress(channel, address, BY_HAND, to_millis(now))
        await note_turn(
            transaction, "suppression", _said("added", channel, address, by, veil_key), at_ms=to_millis(now)
        )
    return BY_HAND


async def lift_by_hand(state: State, channel: str, address: str, *, by: str, now: datetime, veil_key: bytes) -> str:
    """Let an address be written to again; returns why it was not. Raises Invalid, and NotFound when it was."""
    _check(channel, address)
    async with state.begin() as transaction:
        reason = await transaction.lift_suppression(channel, address)
        if reason is None and (compared := as_compared(channel, address)):
            address, reason = compared, await transaction.lift_suppression(channel, compared)
        if reason is None:
            hint = "`holdfast suppressions list` shows them."
            raise NotFound(f"{address!r:.200} is not suppressed for {channel}.", code="not_suppressed", hint=hint)
        await note_turn(
            transaction, "suppression", _said("lifted", channel, address, by, veil_key), at_ms=to_millis(now)
        )
    return reason


async def suppress_again(
    before: View, transaction: Transaction, said: Mapping[str, Json], at_ms: int, key: bytes
) -> None:
    """Do again what was done by hand.

    Args:
        before: the state it was done to: it knows the addresses that are suppressed still.
    """
    channel, veil = str(said["channel"]), str(said["veil"])
    added = said["did"] == "added"
    known = [
        each
        for each in await (before if added else transaction).every_suppression()
        if each.channel == channel and veil in (each.address, veiled_address(channel, each.address, key))
    ]
    if not added:
        for each in known:
            await transaction.lift_suppression(channel, each.address)
        return
    # Of an address that was let go of later nobody knows more than the veil; the gate asks for that as well.
    address, reason = (known[0].address, known[0].reason) if known else (veil, BY_HAND)
    await transaction.suppress(channel, address, reason, at_ms)


def as_compared(channel: str, address: str) -> str:
    """An address as somebody writes it, in the form the gate knows it in; empty when it can be none."""
    medium = media().get(channel)
    return address if medium is None else medium.written(address)


def _compared(channel: str, address: str) -> str:
    compared = as_compared(channel, address)
    if not compared:
        hint = "Give a telephone number with the prefix of its country, such as +4915112345678."
        raise Invalid(f"{address!r:.60} is no address on {channel}.", path="$.address", hint=hint)
    return compared


def _said(did: str, channel: str, address: str, by: str, veil_key: bytes) -> dict[str, Json]:
    return {"did": did, "channel": channel, "veil": veiled_address(channel, address, veil_key), "by": by}


def _check(channel: str, address: str) -> None:
    if channel not in media():
        raise Invalid(
            f"there is no channel {channel!r:.60}.",
            code="unknown_channel",
            path="$.channel",
            hint=one_of(channel, tuple(media())),
        )
    if not address.strip() or len(address) > ADDRESS_CHARACTERS_MOST or not address.isprintable():
        raise Invalid(f"{address!r:.60} is no address.", path="$.address", hint="Give one as the person has it.")
