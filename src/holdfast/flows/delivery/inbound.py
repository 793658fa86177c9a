"""Inbound: what providers and mail servers say of our messages, and what people write back, as events.

A provider's own file verifies and reads what came, and does nothing else; here it is found out whose it is, and told
under message ids made of the connection and the provider's id. So a call that is made again, or overheard and sent by
somebody else, tells nothing new; and when we answer that all is well, it is durable.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, get_args

from holdfast.events.event import NAMES, Event, IdentityKey, Json, own_event
from holdfast.flows.delivery.telling import (
    MESSAGE_BOUNCED,
    MESSAGE_CLICKED,
    MESSAGE_COMPLAINED,
    MESSAGE_DELIVERED,
    MESSAGE_OPENED,
    MESSAGE_RECEIVED,
    MESSAGE_REPLIED,
    MESSAGE_UNSUBSCRIBED,
    Tell,
    consent_event,
    message_event,
    owners_of,
)
from holdfast.kernel.errors import Busy
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.messages.heard.bounces import Bounce, bounce_kind, read_bounces, status_in
from holdfast.messages.heard.complaints import read_complaint
from holdfast.messages.heard.inbound import (
    Arrival,
    Certified,
    Heard,
    Inbound,
    Incoming,
    Receipt,
    ReceiptKind,
    Told,
    Unreadable,
)
from holdfast.messages.heard.reports import read_report, reported_send
from holdfast.messages.start_token import read_start
from holdfast.messages.text.keywords import Keyword, read_keyword, suggests_stop
from holdfast.ports.clock import Clock
from holdfast.ports.receipts import Reached
from holdfast.ports.state import BadRecord, Send, State

_log = logging.getLogger(__name__)

TEXT_CHARACTERS_MOST = 10_000
"""How much is kept of what a person writes."""
EXTRA_CHARACTERS_MOST = 10_000
"""Of what else a provider says of an incoming message, as JSON; more is left out."""
REPLY_MS_MOST = 3 * 86_400_000
"""How long after the last message to an address what comes from there is taken for an answer to it."""
PATIENCE_SECONDS = 2.0
"""How long a receipt waits for us to note what its provider calls the message: some are quicker than we are."""
LOOK_SECONDS = 0.1
FRESH_MS = 60_000
"""An older receipt waits for nothing: what it is about was noted long ago, or never will be."""

_NAMES: dict[ReceiptKind, str] = {
    "delivered": MESSAGE_DELIVERED,
    "opened": MESSAGE_OPENED,
    "clicked": MESSAGE_CLICKED,
    "bounced": MESSAGE_BOUNCED,
    # It was taken, and could not be delivered: what we call failed is what the provider did not take.
    "failed": MESSAGE_BOUNCED,
    "complained": MESSAGE_COMPLAINED,
    "unsubscribed": MESSAGE_UNSUBSCRIBED,
}
"""What each kind of receipt is told as. That a message was sent we have told ourselves; that it is late is no news."""


async def no_certificates(_url: str) -> bytes:
    """Where nothing is fetched."""
    raise Busy("nothing is fetched here.", code="no_certificate", hint="Call again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inlet:
    """A connection by which things come in."""

    connection: str
    medium: str
    read: Callable[[Arrival], Inbound]
    """The provider's own reading of it, with what is set up for the connection."""
    certificate: Callable[[str], Awaitable[bytes]] = no_certificates
    """What stands at an address that the provider's reading asks for. Raises Busy where it cannot be had now."""


Inlets = Callable[[str], Awaitable[Inlet | None]]
"""The inlet of a connection; None where there is no such connection, or nothing comes in by it."""


async def no_inlets(_connection: str) -> Inlet | None:
    """Where no connection is set up by which anything comes in."""
    return None


class Arrivals:
    """Takes what comes in."""

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        tell: Tell,
        key: bytes,
        inlets: Inlets,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Nothing is read yet.

        Args:
            tell: makes own events durable in the log.
            key: what return addresses and links are signed with.
        """
        self._state = state
        self._clock = clock
        self._tell = tell
        self._key = key
        self._inlets = inlets
        self._patience_seconds = patience_seconds

    async def take(self, connection: str, arrival: Arrival) -> Heard | None:
        """Take a provider's call; when this returns, what it says is durable. None for no such connection.

        Raises Busy when the log takes no more, or the certificate of its signature cannot be had: the provider is to
        call again.
        """
        inlet = await self._inlets(connection)
        if inlet is None:
            return None
        said = inlet.read(arrival)
        if isinstance(said, Certified):
            said = said.judge(await inlet.certificate(said.url))
        if isinstance(said, Unreadable):
            await self._set_aside(connection, arrival, said)
        elif isinstance(said, Told):
            await self.told(inlet.connection, inlet.medium, said.things)
        return said

    async def told(self, connection: str, medium: str, things: Sequence[Receipt | Incoming]) -> int:
        """Tell things that came by a connection, in the order in which they happened; returns how many events."""
        news = [_clean(each) for each in things if isinstance(each, Incoming) or each.kind in _NAMES]
        if not news:
            return 0
        known = await self._known(medium, news)
        events = [
            event
            for each in sorted(news, key=lambda each: each.at_ms)
            for event in self._events(connection, medium, each, known)
        ]
        if events:
            await self._tell(events)
        return len(events)

    async def mail(self, raw: bytes, recipients: Sequence[str]) -> bool:
        """Take a mail that came to a return address; whether it was a bounce or a complaint about a mail of ours."""
        report = read_report(raw)
        key = None if report is None else reported_send(report, recipients, self._key)
        if report is None or key is None:
            return False
        async with self._state.view() as view:
            send = (await view.sends([key])).get(key)
            owners = await owners_of(view, [send]) if send is not None else {}
        if send is None or key not in owners:
            return False
        now, user = self._clock.now(), owners[key]
        complaint = read_complaint(report)
        if complaint is not None:
            said: dict[str, Json] = {"kind": complaint.kind}
            await self._tell([message_event(MESSAGE_COMPLAINED, user, now, (key, "report"), send=send, said=said)])
            return True
        bounce = _of(send, read_bounces(report))
        if bounce is None:
            return False
        said = {"gone": bounce.kind == "hard", "kind": bounce.kind, "reason": bounce.reason}
        # However often it is reported, one mail bounces once in one way.
        key_of_event = (key, "report", bounce.kind, bounce.status)
        await self._tell([message_event(MESSAGE_BOUNCED, user, now, key_of_event, send=send, said=said)])
        return True

    async def put(
        self,
        *,
        sender: str,
        recipients: Sequence[str],
        raw: bytes,
        received_ms: int,
    ) -> None:
        """Take a mail from a mail server; one that is about no mail of ours is taken, and nothing follows."""
        await self.mail(raw, recipients)

    async def _known(self, medium: str, things: Sequence[Receipt | Incoming]) -> _Known:
        """Whose the things are; waits a little for sends whose provider's number is not noted yet."""
        until = asyncio.get_running_loop().time() + self._patience_seconds
        now_ms = to_millis(self._clock.now())
        while True:
            known = await self._look_up(medium, things)
            missing = [each for each in things if known.misses(each)]
            if not any(now_ms - each.at_ms < FRESH_MS for each in missing):
                return known
            if asyncio.get_running_loop().time() >= until:
                return known
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_up(self, medium: str, things: Sequence[Receipt | Incoming]) -> _Known:
        async with self._state.view() as view:
            numbers = [each.provider_id for each in things if each.provider_id]
            numbered = await view.sends_by_provider_id(medium, numbers) if numbers else {}
            addresses = sorted({each.address.lower() for each in things if each.address})
            reached = await view.reached(medium, addresses) if addresses else {}
            keys = {each.send for each in things if each.send} | set(numbered.values())
            keys |= {each.send for each in reached.values()}
            sends = await view.sends(sorted(keys))
            owners = await owners_of(view, list(sends.values()))
            started = {
                token: who for each in things if (token := _start(each)) and (who := read_start(token, self._key))
            }
            persons = await view.identities_by_id(
                sorted({each.identity for each in reached.values()} | set(started.values()))
            )
        return _Known(
            numbered=numbered,
            reached=reached,
            sends=sends,
            owners=owners,
            names={each.id: each.key for each in persons.values()},
            started=started,
        )

    def _events(self, connection: str, medium: str, thing: Receipt | Incoming, known: _Known) -> Iterable[Event]:
        at = from_millis(min(thing.at_ms, to_millis(self._clock.now())))
        key = ("in", connection, thing.id)
        if isinstance(thing, Incoming):
            return _incoming_events(medium, thing, known, at, key)
        return _receipt_events(medium, thing, known, at, key)

    async def _set_aside(self, connection: str, arrival: Arrival, said: Unreadable) -> None:
        body = arrival.body or arrival.url.encode()
        record = BadRecord(
            at_ms=arrival.at_ms,
            source=connection,
            code="unreadable_arrival",
            message=f"{said.reason:.500}",
            path="$",
            hint="The provider says something its documentation did not: tell those who maintain its channel.",
            body=body.decode("utf-8", "replace"),
            origin=f"in:{connection}:{hashlib.sha256(body).hexdigest()[:32]}",
        )
        async with self._state.begin() as transaction:
            await transaction.add_bad_records([record])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the state says of some things."""

    numbered: dict[str, str]
    reached: dict[str, Reached]
    sends: dict[str, Send]
    owners: dict[str, IdentityKey]
    """By send."""
    names: dict[int, IdentityKey]
    """By identity, of those who were reached."""
    started: dict[str, int]
    """By start tokens: the identities they name."""

    def send(self, thing: Receipt | Incoming) -> Send | None:
        """The send a thing says it is about."""
        return self.sends.get(thing.send) or self.sends.get(self.numbered.get(thing.provider_id, ""))

    def by_address(self, thing: Receipt | Incoming) -> Reached | None:
        """The last message its address was sent."""
        return self.reached.get(thing.address.lower())

    def misses(self, thing: Receipt | Incoming) -> bool:
        """Whether it is about a message that may be noted any moment; an answer is to the last one, if not to that."""
        unknown = bool(thing.provider_id) and self.send(thing) is None
        return unknown and not (isinstance(thing, Incoming) and self.by_address(thing))

    def answered(self, thing: Incoming) -> Send | None:
        """The send that somebody answers: the one they say, else the last one, if it is not long ago."""
        said, last = self.send(thing), self.by_address(thing)
        if said is not None or last is None or not 0 <= thing.at_ms - last.at_ms <= REPLY_MS_MOST:
            return said
        return self.sends.get(last.send)

    def starter(self, thing: Receipt | Incoming) -> IdentityKey | None:
        """Who has come by a link of ours."""
        return self.names.get(self.started.get(_start(thing), -1))

    def who(self, thing: Receipt | Incoming, send: Send | None, medium: str) -> IdentityKey:
        """Whose it is: of who came by our link, else of whom the send was to, or the address was last written to."""
        starter = self.starter(thing)
        if starter is not None:
            return starter
        if send is not None and send.key in self.owners:
            return self.owners[send.key]
        last = self.by_address(thing)
        if last is not None and last.identity in self.names:
            return self.names[last.identity]
        return IdentityKey(kind="anonymous", value=f"{medium}:{thing.address}")


def _clean(thing: Receipt | Incoming) -> Receipt | Incoming:
    """The thing without what no text can hold: JSON may spell half a character. No provider means it, people may."""
    texts: dict[str, Any] = {
        each.name: _clean_text(value) for each in fields(thing) if isinstance(value := getattr(thing, each.name), str)
    }
    cleaned = replace(thing, **texts)
    if not isinstance(cleaned, Incoming) or not cleaned.extra:
        return cleaned
    whole = json.dumps(dict(cleaned.extra), ensure_ascii=False)
    extra = json.loads(_clean_text(whole)) if len(whole) <= EXTRA_CHARACTERS_MOST else {}
    return replace(cleaned, extra=extra)


def _clean_text(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _receipt_events(
    medium: str, receipt: Receipt, known: _Known, at: datetime, key: tuple[str, str, str]
) -> list[Event]:
    send = known.send(receipt)
    if send is None and (not receipt.address or receipt.kind in ("delivered", "opened", "clicked")):
        # Of a message that others sent by the same account, or that is forgotten.
        _log.info("A receipt by %s is about no message of ours.", key[1])
        return []
    user = known.who(receipt, send, medium)
    said: dict[str, Json] = {} if send is not None else {"channel": medium, "address": receipt.address}
    match receipt.kind:
        case "bounced" | "failed":
            said |= {"gone": receipt.gone, "kind": _bounce_kind(medium, receipt), "reason": receipt.reason[:500]}
        case "opened":
            said |= {"agent": receipt.agent}
        case "clicked":
            said |= {"agent": receipt.agent, "url": receipt.url}
        case "complained":
            said |= {"kind": receipt.reason[:80] or "abuse"}
    events = [message_event(_NAMES[receipt.kind], user, at, key, send=send, said=said)]
    if receipt.kind == "unsubscribed":
        address = receipt.address or (send.address if send is not None else "")
        events.append(consent_event(user, at, key, channel=medium, granted=False, address=address))
    return events


def _incoming_events(
    medium: str, incoming: Incoming, known: _Known, at: datetime, key: tuple[str, str, str]
) -> list[Event]:
    send = known.answered(incoming)
    user = known.who(incoming, send, medium)
    keyword = _keyword(incoming)
    said: dict[str, Json] = {
        "channel": medium,
        "from": incoming.address,
        "to": incoming.to,
        "text": incoming.text[:TEXT_CHARACTERS_MOST],
        **({"send": send.key} if send is not None else {}),
        **({"keyword": keyword} if keyword is not None else {}),
        **({"confirmed": True} if keyword is not None and incoming.confirmed else {}),
        **({"suggests_stop": True} if suggests_stop(incoming.text) else {}),
        **({"extra": dict(incoming.extra)} if incoming.extra else {}),
    }
    events = [message_event(MESSAGE_RECEIVED, user, at, key, said=said)]
    if known.starter(incoming) is not None:
        events.append(_connected(medium, incoming, user, at, key))
    elif send is not None:
        events.append(message_event(MESSAGE_REPLIED, user, at, key, send=send))
    if keyword == "stop":
        if send is not None:
            events.append(message_event(MESSAGE_UNSUBSCRIBED, user, at, key, send=send))
        events.append(consent_event(user, at, key, channel=medium, granted=False, address=incoming.address))
    return events


def _start(thing: Receipt | Incoming) -> str:
    """The start token it came with; empty for none."""
    said = thing.extra.get("start") if isinstance(thing, Incoming) else None
    return said if isinstance(said, str) else ""


def _keyword(incoming: Incoming) -> Keyword | None:
    """What it asks for. A provider may know words of the account's own, and a link of ours says start."""
    said = incoming.extra.get("keyword")
    known = next((each for each in get_args(Keyword) if each == said), None)
    return known or ("start" if _start(incoming) else read_keyword(incoming.text))


def _connected(medium: str, incoming: Incoming, user: IdentityKey, at: datetime, key: tuple[str, str, str]) -> Event:
    """The person is reached where they have come from."""
    trait: dict[str, Json] = {f"{medium}_chat": incoming.address}
    return own_event(NAMES["identify"], user=user, at=at, properties=trait, key=(*key, "start"), kind="identify")


def _bounce_kind(medium: str, receipt: Receipt) -> str:
    if receipt.gone:
        return "hard"
    if medium != "email":
        return "block"  # A carrier filters, or a phone is off: neither is counted against the number.
    kind = bounce_kind(status_in(receipt.reason), receipt.reason)
    return "soft" if kind == "hard" else kind


def _of(send: Send, bounces: Sequence[Bounce]) -> Bounce | None:
    """The one of the send's own address; the report may be of where it was forwarded to."""
    own = [each for each in bounces if each.recipient.lower() == send.address.lower()]
    return next(iter(own or bounces), None)
