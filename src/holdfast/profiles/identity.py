"""Identity: which names belong to one person, and how that comes to be and is undone.

A person is a set of identities joined by links. Links are only ever added or undone; who a person is follows from the
links that stand, whatever order they came in. Events and profiles stay with their identity, so undoing a link gives back
exactly what was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdfast.events.event import Event, IdentityKey

LinkKind = Literal["login", "alias", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two identities that were said to be one person; the audit of a merge."""

    id: int = 0
    """Given by the store."""
    first: int
    second: int
    kind: LinkKind
    at_ms: int
    by: str
    """Who said so: a message id for events, an api key's name for a person."""
    undone_ms: int | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an event says about two names being one person."""

    first: IdentityKey
    second: IdentityKey
    kind: LinkKind


def claim_of(event: Event) -> Claim | None:
    """The claim an event makes, if it makes one.

    A call with both a user id and an anonymous id says the anonymous one logged in; an alias says the previous id is the
    user's. An alias' previous id is taken for a user's name unless it is also the event's anonymous id.
    """
    if event.kind == "alias" and event.previous_id and event.user_id:
        if event.previous_id == event.user_id:
            return None
        kind: Literal["user", "anonymous"] = "anonymous" if event.previous_id == event.anonymous_id else "user"
        return Claim(
            first=IdentityKey(kind=kind, value=event.previous_id),
            second=IdentityKey(kind="user", value=event.user_id),
            kind="alias",
        )
    if event.user_id and event.anonymous_id:
        return Claim(
            first=IdentityKey(kind="anonymous", value=event.anonymous_id),
            second=IdentityKey(kind="user", value=event.user_id),
            kind="login",
        )
    return None
