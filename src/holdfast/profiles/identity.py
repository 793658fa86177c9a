"""Identity: which names belong to one person, and how that comes to be and is undone.

A person is a set of identities joined by links. Links are only ever added or undone; who a person is follows from the
links that stand, whatever order they came in. Events and profiles stay with their identity, so undoing a link gives
back exactly what was.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Literal

from holdfast.events.event import Event, IdentityKey

LinkKind = Literal["login", "alias", "merge"]

Refusal = Literal["undone", "two_users"]
"""Why a claim does not become a link: a person undid that link on purpose, or it would make two users one."""


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

    @property
    def stands(self) -> bool:
        """Whether it was not undone."""
        return self.undone_ms is None

    @property
    def pair(self) -> tuple[int, int]:
        """The two it joins, smaller first: who was named first makes no difference."""
        return (self.first, self.second) if self.first <= self.second else (self.second, self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an event says about two names being one person."""

    first: IdentityKey
    second: IdentityKey
    kind: LinkKind

    @property
    def names(self) -> tuple[IdentityKey, ...]:
        """Every identity it may be about: look these up, then ask `resolved`."""
        if self.kind == "alias" and self.first.kind == "user":
            return (self.first, self.second, _as_anonymous(self.first))
        return (self.first, self.second)

    def resolved(self, known: Container[IdentityKey]) -> Claim:
        """The claim with the identity meant, given which of its `names` are known.

        An alias does not say whether its previous id was a user's or an anonymous one: it is whichever is known, a
        user's when both or neither are.
        """
        anonymous = _as_anonymous(self.first)
        if self.kind != "alias" or self.first in known or anonymous not in known:
            return self
        return Claim(first=anonymous, second=self.second, kind=self.kind)


def claims_of(event: Event) -> tuple[Claim, ...]:
    """The claims an event makes about who is who.

    A call with both a user id and an anonymous id says the anonymous one logged in; an alias says the previous id is
    the user's, and where it has an anonymous id too, both.
    """
    if not event.user_id or (event.kind != "alias" and not event.anonymous_id):
        return ()
    user = IdentityKey(kind="user", value=event.user_id)
    claims = []
    if event.kind == "alias" and event.previous_id and event.previous_id != event.user_id:
        kind: Literal["user", "anonymous"] = "anonymous" if event.previous_id == event.anonymous_id else "user"
        claims.append(Claim(first=IdentityKey(kind=kind, value=event.previous_id), second=user, kind="alias"))
    if event.anonymous_id and not any(claim.first.kind == "anonymous" for claim in claims):
        anonymous = IdentityKey(kind="anonymous", value=event.anonymous_id)
        claims.append(Claim(first=anonymous, second=user, kind="login"))
    return tuple(claims)


def claim_of(event: Event) -> Claim | None:
    """The weightiest claim an event makes, if it makes one: an alias before a login."""
    return next(iter(claims_of(event)), None)


def refusal(kind: LinkKind, *, undone: bool, users_first: int, users_second: int) -> Refusal | None:
    """Why two persons must not become one by this claim; None when they may.

    A login never joins two users: on a device that several people share, the one who logged in first keeps what was
    done before, and the others stay apart. What a person undid, no event does again; only a person may.

    Args:
        kind: how the claim was made.
        undone: whether a link between the same two identities was undone before.
        users_first: how many user identities the first one's person has.
        users_second: the same for the second, which is another person.
    """
    if kind == "merge":
        return None
    if undone:
        return "undone"
    if kind == "login" and users_first and users_second:
        return "two_users"
    return None


def persons(ids: Iterable[int], links: Iterable[Link]) -> dict[int, int]:
    """The person of each identity: the smallest identity among those joined to it by links that stand.

    Identities that only a standing link names are in the answer too. The order of links does not matter.
    """
    parent = {each: each for each in ids}
    for link in links:
        if link.stands:
            _join(parent, link.first, link.second)
    return {each: _root(parent, each) for each in parent}


def _join(parent: dict[int, int], first: int, second: int) -> None:
    one = _root(parent, parent.setdefault(first, first))
    other = _root(parent, parent.setdefault(second, second))
    parent[max(one, other)] = min(one, other)


def _root(parent: dict[int, int], each: int) -> int:
    root = each
    while parent[root] != root:
        root = parent[root]
    while parent[each] != root:  # Shorten the way for whoever comes next.
        parent[each], each = root, parent[each]
    return root


def _as_anonymous(key: IdentityKey) -> IdentityKey:
    return IdentityKey(kind="anonymous", value=key.value)
