"""The Event: one thing that happened, as it is kept for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from holdfast.kernel.ids import effect_key

Json: TypeAlias = "str | int | float | bool | None | list[Json] | dict[str, Json]"
if TYPE_CHECKING:
    JsonValue = Json
else:
    JsonValue = Any  # msgspec cannot decode a recursive type; what was JSON before is JSON still.
Kind = Literal["track", "identify", "page", "screen", "group", "alias"]

OWN_SOURCE = "holdfast"
"""The source of events Holdfast itself makes; no write key may carry this name."""

LIST_TRAITS = "list/"
"""Traits that begin so say which lists somebody is on; the rest of the name is the list's id. Only we may say them."""

NAMES: Mapping[Kind, str] = {
    "identify": "Identified",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Group Joined",
    "alias": "Aliased",
}
"""What calls without a name of their own are called in the history."""


class IdentityKey(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One name somebody goes by. Events are stored under it for ever; who that is may change."""

    kind: Literal["user", "anonymous"]
    value: str


# Structs here and in the decisions: what is made for every step of everybody takes a fifth of a dataclass's time. And
# gc=False: none of them is part of a circle, so the garbage collector need not look through them.
class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing that happened.

    `timestamp` is when it happened, corrected for the client's clock; `received_at` when it reached us. Both are aware
    UTC instants. `properties` are a track call's properties, an identify or group call's traits.
    """

    name: str
    kind: Kind = "track"
    user_id: str | None = None
    anonymous_id: str | None = None
    timestamp: datetime
    received_at: datetime
    message_id: str
    properties: Mapping[str, JsonValue] = {}
    context: Mapping[str, JsonValue] = {}
    previous_id: str | None = None
    """For an alias: the name used so far."""
    group_id: str | None = None
    source: str = ""
    """The name of the write key it came through; `holdfast` for our own."""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("an event needs a name")
        if not self.user_id and not self.anonymous_id:
            raise ValueError("an event needs a user_id or an anonymous_id")
        if not self.message_id:
            raise ValueError("an event needs a message_id")

    @property
    def identity(self) -> IdentityKey:
        """The identity the event is stored under: the user when one is named, else the anonymous one."""
        if self.user_id:
            return IdentityKey(kind="user", value=self.user_id)
        return IdentityKey(kind="anonymous", value=self.anonymous_id or "")

    @property
    def is_our_saying(self) -> bool:
        """Whether it is what we say of somebody, such as which list they are on, and nothing they did."""
        return self.kind == "identify" and self.source == OWN_SOURCE

    @property
    def is_a_journeys_saying(self) -> bool:
        """Whether a step of a journey says it of somebody: it starts nothing, or journeys could go on for ever."""
        return self.is_our_saying and "origin" in self.context

    @property
    def dedup_hash(self) -> int:
        """64 bits of the message id: two events with the same message id are one event."""
        return message_hash(self.message_id)


def reserved_trait(names: Iterable[str]) -> str | None:
    """The first of these names of traits that only we may say; None when there is none."""
    return next((name for name in names if name.startswith(LIST_TRAITS)), None)


def message_hash(message_id: str) -> int:
    """The first eight bytes of the SHA-256 of the message id, little-endian.

    Not `hash64`: ClickHouse reckons this one too, so that a bulk import need not hash row by row in Python.
    """
    return int.from_bytes(hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).digest()[:8], "little")


def own_event(
    name: str,
    *,
    user: IdentityKey,
    at: datetime,
    properties: Mapping[str, Json],
    key: tuple[str | int, ...],
    kind: Kind = "track",
    context: Mapping[str, Json] | None = None,
) -> Event:
    """An event Holdfast makes about a person.

    Args:
        user: the identity it is about.
        at: when it happened.
        key: what makes it unique; the message id is made of it, so a retry makes the same event.
    """
    return Event(
        name=name,
        kind=kind,
        user_id=user.value if user.kind == "user" else None,
        anonymous_id=user.value if user.kind == "anonymous" else None,
        timestamp=at,
        received_at=at,
        message_id=effect_key(name, *key),
        properties=properties,
        context={} if context is None else context,
        source=OWN_SOURCE,
    )
