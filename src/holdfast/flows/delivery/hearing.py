"""Hearing: what follows from the receipts that come in by the log.

It follows in the tick that takes them in, and from nothing but the log and the state: whoever makes the state anew from
the log comes to the same. Only our own events are heard: nobody who may send events can stop mail to somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.decisions.gate import SOFT_SUPPRESSIONS
from holdfast.decisions.told import MESSAGE_QUEUED
from holdfast.events.event import OWN_SOURCE, Event, IdentityKey, Json
from holdfast.flows.delivery.confirming import confirmation_for
from holdfast.flows.delivery.telling import (
    MESSAGE_BOUNCED,
    MESSAGE_CLICKED,
    MESSAGE_COMPLAINED,
    MESSAGE_DELIVERED,
    MESSAGE_OPENED,
    MESSAGE_RECEIVED,
    MESSAGE_REPLIED,
    consent_event,
    message_event,
)
from holdfast.flows.ingest.reading import Placed
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.messages.heard.bounces import bounce_kind, status_in
from holdfast.ports.state import Identity, Send, Transaction
from holdfast.profiles.profile import CONSENT_CHANGED, EMPTY, Profile

BOUNCED = "bounced"
UNREACHABLE = "unreachable"
"""Suppressed because mail came back again and again."""
COMPLAINED = "complained"
UNSUBSCRIBED = "unsubscribed"

SOFT_BOUNCES_MOST = 5
"""So many mails that come back within the window, and the address is taken for dead."""
SOFT_BOUNCE_DAYS = 14
DAY_MS = 86_400_000

_FAILED = "Message Failed"
_ARRIVED = frozenset({MESSAGE_DELIVERED, MESSAGE_OPENED, MESSAGE_CLICKED, MESSAGE_REPLIED, MESSAGE_COMPLAINED})
"""What can only be said of a message that was sent."""
_HEARD = _ARRIVED | {MESSAGE_BOUNCED, MESSAGE_RECEIVED, _FAILED, CONSENT_CHANGED}
_REOPENED = frozenset({"telegram"})
"""Channels on which an address that was dead lives again when somebody writes from it: who has blocked a bot and comes
back is the same person. Behind a telephone number there may be another by then."""


async def hear(
    transaction: Transaction,
    fresh: Sequence[Placed],
    identities: Mapping[IdentityKey, Identity],
    profiles: Mapping[int, Profile],
) -> None:
    """Suppress, or let be written to again, as these events say; and settle doubts about messages that arrived.

    Who has said a word such as STOP gets an answer.

    Args:
        identities: those the events came under.
        profiles: what is known of them, these events included.
    """
    ours = [each for each in fresh if is_heard(each.event)]
    ours = [each for each in ours if each.event.name != CONSENT_CHANGED or _text(each.event, "address")]
    if not ours:
        return
    keys = list(dict.fromkeys(key for each in ours if (key := _text(each.event, "send"))))
    sends = await transaction.sends(keys) if keys else {}
    for each in ours:
        if each.event.name == MESSAGE_RECEIVED:
            identity = identities[each.identity].id
            await _answer(transaction, each, identity, profiles.get(identity, EMPTY))
        await _hear(transaction, each.event, sends.get(_text(each.event, "send")), each.received_ms)
    arrived = {_text(each.event, "send") for each in ours if each.event.name in _ARRIVED}
    doubted = sorted(key for key in arrived if key in sends and sends[key].state == "in_doubt" and sends[key].dead)
    if doubted:
        # It was sent after all: nobody is to send it again.
        await transaction.drop_dead_letters(doubted)
        await transaction.drop_words(doubted)


def is_heard(event: Event) -> bool:
    """Whether anything may follow from it here."""
    return event.source == OWN_SOURCE and event.name in _HEARD


async def _hear(transaction: Transaction, event: Event, send: Send | None, at_ms: int) -> None:
    channel = send.channel if send is not None else _text(event, "channel")
    address = send.address if send is not None else _text(event, "address") or _text(event, "from")
    match event.name:
        case _ if not (channel and address):
            return
        case "Message Bounced" if event.properties.get("gone") is True:
            await _suppress(transaction, channel, address, BOUNCED, at_ms)
        case "Message Bounced" if send is not None and event.properties.get("kind") == "soft":
            await _came_back(transaction, send, at_ms)
        case "Message Failed" if send is not None and _is_mailbox_trouble(event):
            await _came_back(transaction, send, at_ms)
        case "Message Received" if channel in _REOPENED:
            if (await transaction.suppressed(channel, [address])).get(address) == BOUNCED:
                await transaction.lift_suppression(channel, address)
        case "Message Complained":
            await _suppress(transaction, channel, address, COMPLAINED, at_ms)
        case "Consent Changed":
            await _said_at(transaction, event, _text(event, "address"), at_ms)


async def _answer(transaction: Transaction, heard: Placed, identity: int, profile: Profile) -> None:
    """Ask for the answer to a keyword, and let be written to again who had stopped and starts.

    That somebody had stopped is known here and nowhere before: their stop may be one line above in the log.
    """
    event, channel, address = heard.event, _text(heard.event, "channel"), _text(heard.event, "from")
    keyword = _text(event, "keyword")
    if not (channel and address and keyword):
        return
    suppressed = (await transaction.suppressed(channel, [address])).get(address)
    if suppressed is not None and suppressed not in SOFT_SUPPRESSIONS:
        return
    stopped = suppressed == UNSUBSCRIBED
    if keyword == "start" and stopped:
        await transaction.lift_suppression(channel, address)
        await transaction.emit([_granted(heard, channel, profile)])
    send = confirmation_for(event, identity, profile, stopped=stopped, at_ms=heard.received_ms)
    if send is not None:
        await transaction.add_sends([send])
        at = from_millis(heard.received_ms)
        await transaction.emit([message_event(MESSAGE_QUEUED, heard.identity, at, (send.key,), send=send)])


def _granted(heard: Placed, channel: str, profile: Profile) -> Event:
    """The consent of who starts again: of a later moment than the stop, which some providers tell to the second only.

    It names no address. That one is open by now, and may have been closed again when this is read.
    """
    said = profile.consent.get(channel)
    at_ms = max(to_millis(heard.event.timestamp), 0 if said is None else said.at_ms + 1)
    return consent_event(heard.identity, from_millis(at_ms), (heard.event.message_id,), channel=channel, granted=True)


async def _said_at(transaction: Transaction, event: Event, address: str, at_ms: int) -> None:
    """A refusal of a whole channel holds for the address, whoever else is written to there; until it is taken back."""
    channel, granted = _text(event, "channel"), event.properties.get("granted")
    if _text(event, "topic") or not channel:
        return
    if granted is False:
        await _suppress(transaction, channel, address, UNSUBSCRIBED, at_ms)
    elif granted is True and (await transaction.suppressed(channel, [address])).get(address) == UNSUBSCRIBED:
        await transaction.lift_suppression(channel, address)


async def _came_back(transaction: Transaction, send: Send, at_ms: int) -> None:
    await transaction.note_soft_bounce(send.channel, send.address, send.key, at_ms)
    since_ms = at_ms - SOFT_BOUNCE_DAYS * DAY_MS
    if await transaction.soft_bounces(send.channel, send.address, since_ms) >= SOFT_BOUNCES_MOST:
        await _suppress(transaction, send.channel, send.address, UNREACHABLE, at_ms)


async def _suppress(transaction: Transaction, channel: str, address: str, reason: str, at_ms: int) -> None:
    """A dead address stays one, whatever its owner says of advertising."""
    before = (await transaction.suppressed(channel, [address])).get(address)
    if before is None or before in SOFT_SUPPRESSIONS or reason not in SOFT_SUPPRESSIONS:
        await transaction.suppress(channel, address, reason, at_ms)


def _is_mailbox_trouble(event: Event) -> bool:
    """Whether a server refused the mail for the state of the mailbox, which may pass: it is full, say."""
    reason = _text(event, "reason")
    status = status_in(reason)
    return (
        event.properties.get("channel") == "email"
        and event.properties.get("gone") is not True
        and status[1:].startswith(".2.")
        and bounce_kind(status, reason) == "soft"
    )


def _text(event: Event, name: str) -> str:
    said: Json = event.properties.get(name)
    return said if isinstance(said, str) else ""
