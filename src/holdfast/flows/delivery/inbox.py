"""Inbox: what an app or site is shown of what waits for its person, and what it tells back.

Each thing that happens to a message is written once, with its event in the same transaction; telling it again changes
nothing.

Whoever asks says for whom. A user id opens nothing by itself: it is known to many, so the business's server has to sign
for it. An anonymous id cannot be guessed, and opens what waits for it as long as nobody has signed in under it: from
then on it is somebody's, and anybody who has a write key could have said so of an id of their own.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias, get_args

import msgspec

from holdfast.events.event import Event, IdentityKey, Json, own_event
from holdfast.kernel.errors import Busy, NotFound, Unauthorized
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.inbox import InboxItem
from holdfast.ports.state import Send, State, View

SHOWN_MOST = 200
"""As many as a person's inbox keeps."""
Happened: TypeAlias = Literal["read", "clicked", "dismissed"]
"""What an app may tell of a message."""
HAPPENED: tuple[Happened, ...] = get_args(Happened)

MESSAGE_DELIVERED = "Message Delivered"
MESSAGE_OPENED = "Message Opened"
MESSAGE_CLICKED = "Message Clicked"
MESSAGE_DISMISSED = "Message Dismissed"

_KEY = re.compile(r"[0-9a-f]{32}")
"""What keys of sends look like; nothing else is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """For whom an app or site asks."""

    key: IdentityKey
    signed_for: bool
    """Whether the business's server signed for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as an app is given it."""

    item: InboxItem
    words: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an app is given."""

    messages: Sequence[Shown]
    unread: int
    """How many messages in the whole inbox wait to be opened; what is shown in the app for a moment is none of them."""


class Inboxes:
    """Everybody's inbox, as apps and sites come to it."""

    def __init__(self, *, state: State, clock: Clock, told: Callable[[], None]) -> None:
        """Nothing is read yet.

        Args:
            told: called when own events wait to be put into the log.
        """
        self._state = state
        self._clock = clock
        self._told = told

    async def shown(
        self, asker: Asker, *, medium: str = "", since: datetime | None = None, limit: int = SHOWN_MOST
    ) -> Page:
        """What waits for somebody, newest first; from then on it counts as delivered.

        Args:
            medium: only what was sent as `in_app`, or to the `inbox`.
            since: only what came or changed after then, dismissed messages too: so an app keeps what it has up to date.
                Otherwise everything that was not dismissed.

        Raises Unauthorized when the asker may not see it.
        """
        now_ms = to_millis(self._clock.now())
        async with self._state.view() as view:
            theirs = await _opened(view, asker)
            items = await view.inbox(theirs, now_ms=now_ms, limit=SHOWN_MOST) if theirs else []
        wanted = [each for each in items if medium in ("", each.medium) and _is_wanted(each, since)][:limit]
        with contextlib.suppress(Busy):  # It is shown all the same, and counts when it is asked for next.
            await self._delivered([each.key for each in wanted if each.delivered_ms is None], now_ms)
        return Page(
            messages=[Shown(item=each, words=msgspec.json.decode(each.words)) for each in wanted],
            unread=sum(_is_unread(each) for each in items),
        )

    async def happened(self, asker: Asker, key: str, what: Happened, *, url: str = "") -> InboxItem:
        """Something happened to a message; returns it as it stands. What happened before changes nothing.

        Args:
            url: for `clicked`: where it led.

        Raises Unauthorized when the asker may not see it, NotFound when it is not theirs or is no more.
        """
        now_ms = to_millis(self._clock.now())
        async with self._state.begin() as transaction:
            theirs = set(await _opened(transaction, asker))
            found = await transaction.inbox_items([key]) if _KEY.fullmatch(key) else {}
            item = found.get(key)
            if item is None or item.identity not in theirs or item.expires_ms <= now_ms:
                hint = "GET /v1/inbox lists what waits."
                raise NotFound(f"no message {key!r:.60} waits for them.", code="unknown_message", hint=hint)
            changed, names = _after(item, what, now_ms)
            if changed == item:
                return item
            await transaction.mark_inbox([changed])
            about = {MESSAGE_CLICKED: {"url": url}} if url else {}
            await transaction.emit(await _events(transaction, [(item, name) for name in names], now_ms, about))
        self._told()
        return changed

    async def _delivered(self, keys: Sequence[str], now_ms: int) -> None:
        if not keys:
            return
        async with self._state.begin() as transaction:
            items = (await transaction.inbox_items(keys)).values()
            new = [each for each in items if each.delivered_ms is None]
            await transaction.mark_inbox([replace(each, delivered_ms=now_ms) for each in new])
            await transaction.emit(await _events(transaction, [(each, MESSAGE_DELIVERED) for each in new], now_ms))
        self._told()


async def _opened(view: View, asker: Asker) -> list[int]:
    """The identities whose messages the asker may see; none when nobody goes by the name. Raises Unauthorized."""
    identity = (await view.identities([asker.key])).get(asker.key)
    if identity is None:
        return []
    members = (await view.members([identity.person]))[identity.person]
    if not asker.signed_for and (asker.key.kind == "user" or any(each.key.kind == "user" for each in members)):
        raise Unauthorized(
            "whoever goes by this id has signed in somewhere.",
            code="token_needed",
            hint="Send a token of theirs, signed by your server, in the header X-Holdfast-Person.",
        )
    return [each.id for each in members]


def _is_wanted(item: InboxItem, since: datetime | None) -> bool:
    if since is None:
        return item.dismissed_ms is None
    changes = (item.added_ms, item.opened_ms, item.clicked_ms, item.dismissed_ms)
    return max(each for each in changes if each is not None) > to_millis(since)


def _is_unread(item: InboxItem) -> bool:
    return item.medium == "inbox" and item.opened_ms is None and item.dismissed_ms is None


def _after(item: InboxItem, what: Happened, now_ms: int) -> tuple[InboxItem, list[str]]:
    """The message after something happened to it, and what is told of it: what was not told before."""
    changed, names = item, []
    if item.delivered_ms is None:
        changed = replace(changed, delivered_ms=now_ms)
        names.append(MESSAGE_DELIVERED)
    # Who clicks has opened.
    if what != "dismissed" and item.opened_ms is None:
        changed = replace(changed, opened_ms=now_ms)
        names.append(MESSAGE_OPENED)
    if what == "clicked" and item.clicked_ms is None:
        changed = replace(changed, clicked_ms=now_ms)
        names.append(MESSAGE_CLICKED)
    if what == "dismissed" and item.dismissed_ms is None:
        changed = replace(changed, dismissed_ms=now_ms)
        names.append(MESSAGE_DISMISSED)
    return changed, names


async def _events(
    view: View,
    happenings: Sequence[tuple[InboxItem, str]],
    now_ms: int,
    about: Mapping[str, Mapping[str, Json]] | None = None,
) -> list[Event]:
    """What tells of these messages what happened to them. One whose person was forgotten meanwhile is left out."""
    owners = await view.identities_by_id(sorted({item.identity for item, _ in happenings}))
    sends = await view.sends(sorted({item.key for item, _ in happenings}))
    return [
        own_event(
            name,
            user=owners[item.identity].key,
            at=from_millis(now_ms),
            properties=_said(item, sends.get(item.key), name) | dict((about or {}).get(name, {})),
            key=(item.key,),
        )
        for item, name in happenings
        if item.identity in owners
    ]


def _said(item: InboxItem, send: Send | None, name: str) -> dict[str, Json]:
    said: dict[str, Json] = {"send": item.key}
    if send is not None:
        said |= {"origin": send.origin, "origin_kind": send.origin_kind, "step": send.step}
    said["channel"] = item.medium
    # An app says so when somebody did it: no picture is fetched here by anybody's machine.
    return said if name == MESSAGE_DELIVERED else said | {"agent": "human"}
