"""Export: everything that is held of one person, part by part, as one file that programs can read.

Parts come one after the other and are never all in memory: somebody may have done a great deal.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from holdfast.decisions.medium import addresses_in
from holdfast.decisions.visit import Visit
from holdfast.events.cut import says
from holdfast.events.event import LIST_TRAITS, Json
from holdfast.flows.audience.library import load_library
from holdfast.flows.delivery.wording import unpressed
from holdfast.flows.people.explain import explain_person
from holdfast.flows.people.identify import find_identity
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import Exposed, Invalid, NotFound
from holdfast.kernel.moments import from_millis
from holdfast.ports.catalogues import CouponCode
from holdfast.ports.clock import Clock
from holdfast.ports.erasure import Suppression
from holdfast.ports.history import History, TimelineEvent
from holdfast.ports.inbox import InboxItem
from holdfast.ports.mailbox import Mailbox
from holdfast.ports.state import Answered, BadRecord, Identity, Send, State, View
from holdfast.profiles.devices import Device, Heard
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import Profile, Stamped, combine
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Truth
from holdfast.segments.library import resolve

PersonFormat = Literal["json", "jsonl"]
Item: TypeAlias = tuple[str, object]
"""The name of a part, and one thing in it."""

EVENTS_AT_ONCE = 5_000
MAIL_AT_ONCE = 100
RECORDS_AT_ONCE = 500
EVERYTHING = 2**31 - 1
"""As a limit: no limit. What one person has is read whole."""

SINGLE = frozenset({"person"})
"""Parts that are one object; every other is a list."""
PARTS = (
    "person",
    "identities",
    "links",
    "traits",
    "consent",
    "devices",
    "lists",
    "segments",
    "visits",
    "sends",
    "coupons",
    "suppressions",
    "inbox",
    "mail",
    "bad_records",
    "events",
)
"""Every part, in order; each is there, empty where nothing is held."""

_WITH_WORDS = frozenset({"pending", "claimed", "in_doubt"})
"""The states of sends that may be handed over again, and of which it may be kept what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Where people are held."""

    state: State
    history: History
    mailbox: AbstractAsyncContextManager[Mailbox | None]
    clock: Clock
    zone: ZoneInfo
    workspace_name: str


async def write_person(holder: Holder, name: str, file: Path, file_format: PersonFormat) -> None:
    """Write everything that is held of somebody. The file is whole, or not there. Raises NotFound and Invalid."""
    draft = file.with_name(file.name + ".part")
    try:
        try:
            with draft.open("wb") as kept:
                async for piece in export_person(holder, name, file_format):
                    kept.write(piece)
        except OSError as error:
            hint = "Choose another place."
            raise Invalid(f"cannot be written: {error.strerror}.", path=str(file), hint=hint) from error
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


async def export_person(holder: Holder, name: str, file_format: PersonFormat) -> AsyncIterator[bytes]:
    """Everything that is held of somebody, as bytes of a file: one JSON object, or a line for each thing.

    Raises NotFound, before the first byte.
    """
    items = items_of(holder, name)
    written = _lines(items) if file_format == "jsonl" else _document(items)
    async for piece in written:
        yield piece


async def _lines(items: AsyncIterator[Item]) -> AsyncIterator[bytes]:
    async for part, item in items:
        yield msgspec.json.encode({"part": part, "item": item}) + b"\n"


async def _document(items: AsyncIterator[Item]) -> AsyncIterator[bytes]:
    waiting = list(PARTS)
    part, first = "", True
    async for name, item in items:
        if name != part:
            yield _closed(part) + b"".join(_empty(waiting.pop(0)) for _ in range(waiting.index(name)))
            yield _opened(waiting.pop(0))
            part, first = name, True
        yield (b"" if first else b",\n") + msgspec.json.encode(item)
        first = False
    yield _closed(part) + b"".join(map(_empty, waiting)) + b"}\n"


def _opened(part: str) -> bytes:
    comma = b"{" if part == PARTS[0] else b",\n"
    return comma + msgspec.json.encode(part) + (b":" if part in SINGLE else b":[")


def _closed(part: str) -> bytes:
    return b"" if not part or part in SINGLE else b"]"


def _empty(part: str) -> bytes:
    return _opened(part) + b"]"


async def items_of(holder: Holder, name: str) -> AsyncIterator[Item]:
    """Each thing that is held of somebody, with the part it belongs to; parts in the order of `PARTS`."""
    now = holder.clock.now()
    async with holder.state.view() as view:
        identity = await find_identity(view, name)
        if identity is None:
            hint = "Give any id they go by."
            raise NotFound(f"nobody goes by {name!r:.200}.", code="unknown_person", hint=hint)
        members = (await view.members([identity.person]))[identity.person]
        ids = [each.id for each in members]
        profiles = await view.profiles(ids)
        for item in await _of_state(view, members, profiles, now, holder.workspace_name):
            yield item
        for item in await _segments(view, members, holder, now):
            yield item
        sends = await view.sends_of(origin=None, identities=ids, limit=EVERYTHING)
        kept = await view.kept_words([each.key for each in sends if each.state in _WITH_WORDS])
        answers = await view.answers([each.key for each in sends])
        for visit in reversed(await view.visits_of(ids, limit=EVERYTHING)):
            yield "visits", _visit(visit)
        addresses = _addresses(profiles, sends)
        suppressions = await view.suppressions(addresses)
        inbox = await view.inbox(ids, now_ms=0, limit=EVERYTHING)
        coupons = await view.coupons_of([send.key for send in sends])
    for told in _messages(sends, kept, answers, suppressions, inbox):
        yield told
    for coupon in coupons:
        yield "coupons", _coupon(coupon)
    async for mail in _mail(holder.mailbox, addresses, {send.key for send in sends}):
        yield "mail", mail
    words = {each.key.value for each in members} | set(addresses)
    async for record in _bad_records(holder.state, words):
        yield "bad_records", _bad_record(record)
    async for event in _events(holder.history, ids):
        yield "events", _event(event)


def _messages(
    sends: Sequence[Send],
    kept: Mapping[str, bytes],
    answers: Mapping[str, Sequence[Answered]],
    suppressions: Sequence[Suppression],
    inbox: Sequence[InboxItem],
) -> Iterator[Item]:
    """What was sent to them, oldest first, and where nobody may write to them."""
    yield from (("sends", _send(each, kept.get(each.key), answers.get(each.key, ()))) for each in reversed(sends))
    for each in suppressions:
        yield "suppressions", {"channel": each.channel, "address": each.address, "reason": each.reason}
    yield from (("inbox", _inbox_item(each)) for each in reversed(inbox))


async def _of_state(
    view: View, members: Sequence[Identity], profiles: Mapping[int, Profile], now: datetime, workspace_name: str
) -> list[Item]:
    whole = combine(profiles.values())
    links = await view.links([each.id for each in members])
    ends = await view.identities_by_id(sorted({end for link in links for end in (link.first, link.second)}))
    person = {
        "user_id": shown_as(members).value,
        "number": members[0].person,
        "workspace": workspace_name,
        "exported_at": now.isoformat(),
        "first_seen": _at(whole.first_seen_ms or None),
        "last_seen": _at(whole.last_seen_ms or None),
        "event_counts": {event: tally.count for event, tally in sorted(whole.tallies.items())},
    }
    traits = {name: said for name, said in whole.traits.items() if not name.startswith(LIST_TRAITS)}
    lists = {name: said for name, said in whole.traits.items() if name.startswith(LIST_TRAITS)}
    items: list[Item] = [("person", person)]
    items += [("identities", {"kind": each.key.kind, "value": each.key.value, "number": each.id}) for each in members]
    items += [("links", _link(link, ends)) for link in links]
    items += [("traits", _said(name, said)) for name, said in sorted(traits.items())]
    items += [("consent", _said(name, said)) for name, said in sorted(whole.consent.items())]
    items += [("devices", _device(device, heard)) for device, heard in sorted(whole.devices.items())]
    items += [
        ("lists", {"list": name.removeprefix(LIST_TRAITS), "member": said.value is True, "at": _at(said.at_ms)})
        for name, said in sorted(lists.items())
    ]
    return items


async def _segments(view: View, members: Sequence[Identity], holder: Holder, now: datetime) -> list[Item]:
    """The saved segments, and whether they are in each; where that cannot be told, why."""
    library = await load_library(view)
    items: list[Item] = []
    for saved in await view.segments():
        told: dict[str, Json] = {"id": saved.id, "name": saved.name}
        try:
            condition = resolve(decode_condition(saved.definition), library)
            explained = await explain_person(
                condition, members, view=view, history=holder.history, zone=holder.zone, now=now
            )
            told["member"] = {Truth.TRUE: True, Truth.FALSE: False}.get(explained[0].truth)
        except Exposed as reason:
            told |= {"member": None, "why": str(reason)}
        items.append(("segments", told))
    return items


def _addresses(profiles: Mapping[int, Profile], sends: Sequence[Send]) -> list[str]:
    told = (*profiles.values(), combine(profiles.values()))
    found = {address for each in told for address in addresses_in(each)}
    return sorted((found | {send.address for send in sends}) - {""})


async def _mail(
    opened: AbstractAsyncContextManager[Mailbox | None], addresses: Sequence[str], sends: set[str]
) -> AsyncIterator[dict[str, object]]:
    """Mail to their addresses: of their own sends, and what others wrote."""
    async with opened as mailbox:
        if mailbox is None:
            return
        for address in addresses:
            before: int | None = None
            while True:
                found, _ = await mailbox.find(to=address, text="", limit=MAIL_AT_ONCE, before=before)
                for each in found:
                    mail = await mailbox.read(each.id) if not each.send or each.send in sends else None
                    if mail is not None:
                        yield {
                            "at": _at(each.received_ms),
                            "from": each.sender,
                            "to": each.to,
                            "subject": each.subject,
                            "send": each.send,
                            "headers": dict(mail.headers),
                            "text": mail.text,
                            "html": mail.html,
                            "medium": each.medium,
                            "words": mail.words,
                        }
                if len(found) < MAIL_AT_ONCE:
                    break
                before = found[-1].id


async def _bad_records(state: State, words: set[str]) -> AsyncIterator[BadRecord]:
    before: int | None = None
    while True:
        async with state.view() as view:
            records = await view.bad_records(limit=RECORDS_AT_ONCE, before_id=before, replayed=None)
        for each in records:
            if says(each.body.encode("utf-8", "surrogatepass"), words):
                yield each
        if len(records) < RECORDS_AT_ONCE:
            return
        before = records[-1].id


async def _events(history: History, ids: Sequence[int]) -> AsyncIterator[TimelineEvent]:
    """Every event, newest first."""
    before: int | None = None
    while True:
        page = await history.timeline(ids, limit=EVENTS_AT_ONCE, before_ms=before)
        for each in page:
            yield each
        if len(page) < EVENTS_AT_ONCE:
            return
        before = page[-1].timestamp_ms


def _at(millis: int | None) -> str | None:
    return None if millis is None else from_millis(millis).isoformat()


def _said(name: str, said: Stamped) -> dict[str, object]:
    return {"name": name, "value": said.value, "at": _at(said.at_ms), "message_id": said.message_id}


def _device(device: str, heard: Heard) -> dict[str, object]:
    held = (
        {}
        if heard.device is None
        else dict(zip(Device.__struct_fields__, msgspec.to_builtins(heard.device), strict=True))
    )
    return {"id": device, "gone": heard.device is None, **held, "at": _at(heard.at_ms), "message_id": heard.message_id}


def _link(link: Link, ends: Mapping[int, Identity]) -> dict[str, object]:
    return {
        "id": link.id,
        "kind": link.kind,
        "first": _name(ends.get(link.first)),
        "second": _name(ends.get(link.second)),
        "at": _at(link.at_ms),
        "by": link.by,
        "undone_at": _at(link.undone_ms),
        "undone_by": link.undone_by,
    }


def _name(identity: Identity | None) -> dict[str, str] | None:
    return None if identity is None else {"kind": identity.key.kind, "value": identity.key.value}


def _visit(visit: Visit) -> dict[str, object]:
    return {
        "journey": visit.origin,
        "version": visit.version,
        "arm": visit.arm,
        "step": visit.step,
        "entered_at": _at(visit.entered_ms),
        "left_at": _at(visit.left_ms),
        "left_by": visit.left_by,
        "variables": dict(visit.variables),
        "trail": [{"step": step, "exit": by, "at": _at(at_ms)} for step, by, at_ms in visit.trail],
    }


def _coupon(coupon: CouponCode) -> dict[str, object]:
    return {"pool": coupon.pool, "code": coupon.code, "send": coupon.send, "given_at": _at(coupon.given_ms)}


def _send(send: Send, kept: bytes | None, answers: Sequence[Answered]) -> dict[str, object]:
    says = {} if kept is None else {"says": dict(unpressed(kept).words.parts)}
    return says | {
        "key": send.key,
        "origin": send.origin,
        "origin_kind": send.origin_kind,
        "version": send.version,
        "step": send.step,
        "channel": send.channel,
        "address": send.address,
        "template": send.template,
        "topic": send.topic,
        "transactional": send.transactional,
        "state": send.state,
        "reason": send.reason,
        "created_at": _at(send.created_ms),
        "settled_at": _at(send.settled_ms),
        "variables": dict(send.variables),
        "answers": [{"at": _at(each.at_ms), "said": each.said} for each in answers],
    }


def _inbox_item(item: InboxItem) -> dict[str, object]:
    return {
        "send": item.key,
        "channel": item.medium,
        "content": msgspec.json.decode(item.words),
        "at": _at(item.added_ms),
        "expires_at": _at(item.expires_ms),
        "delivered_at": _at(item.delivered_ms),
        "opened_at": _at(item.opened_ms),
        "clicked_at": _at(item.clicked_ms),
        "dismissed_at": _at(item.dismissed_ms),
    }


def _bad_record(record: BadRecord) -> dict[str, object]:
    return {
        "at": _at(record.at_ms),
        "source": record.source,
        "code": record.code,
        "message": record.message,
        "body": record.body,
        "origin": record.origin,
    }


def _event(event: TimelineEvent) -> dict[str, object]:
    return {
        "event": event.name,
        "kind": event.kind,
        "timestamp": _at(event.timestamp_ms),
        "received_at": _at(event.received_ms),
        "message_id": event.message_id,
        "identity": {"kind": event.identity.kind, "value": event.identity.value},
        "source": event.source,
        "properties": dict(event.properties),
        "context": dict(event.context),
    }
